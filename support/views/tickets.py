"""A ticket: its page, its form, and what is done to it."""

from __future__ import annotations

from typing import Any

from csp.constants import SELF
from csp.decorators import csp_update
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _

from contacts.models import Company, Person, Task
from contacts.services import save_company, save_person
from contacts.views.common import mark_tasks
from crm.access import covers, may, visible_to
from crm.filters import by_id_or_none
from crm.once import once
from crm.toasts import toast
from crm.views.generic import ActionView, DeleteView, DetailView, FormView, RecordView

from .. import catalogue, outgoing, services
from ..choices import UNDECIDED, Author, Category, MailState, Visibility
from ..conversation import conversation_of, said
from ..explain import Explained, explain
from ..forms import AFTER, NewTicketForm, ReplyForm, TicketForm, TicketTaskForm, fresh_nonce
from ..models import Message, Ticket
from ..owners import workers
from .queue import neighbours

AFTER_COOKIE = "after_send"
SENT_COOKIE = "sent"  # tells the page that the draft of a ticket has become a message
YEAR = 365 * 86400
RECENT = 5


def with_list(url: str, query: QueryDict) -> str:
    """The address with the list's own query, so that "next" and "back" stay in the view one came from."""
    query = query.copy()
    for name in ("all", "page", "export"):
        query.pop(name, None)
    return f"{url}?{query.urlencode()}" if query else url


@method_decorator(csp_update({"frame-src": [SELF]}), name="dispatch")  # type: ignore[arg-type]
class TicketPage(DetailView):
    model = Ticket
    template = "support/ticket.html"

    def base(self) -> Any:
        names = ("requester", "requester__company", "company", "queue", "status", "owner", "team", "followed_up", "created_by")
        return Ticket.objects.select_related(*names)

    def extra(self, ticket: Any) -> dict:
        return page_context(self, ticket)


def page_context(view: Any, ticket: Ticket, form: ReplyForm | None = None, since: int | None = None) -> dict[str, Any]:
    """What the ticket's page shows; `form` as it was sent when it could not be carried out, `since` marks what is new."""
    request, user = view.request, view.request.user
    may_change = view.may("change", ticket)
    items, hidden = conversation_of(ticket, user, whole="all" in request.GET, since=since)
    before, after = neighbours(request, ticket) if may_change else (None, None)
    requester_visible = _seen(Person, ticket.requester_id, user)
    context: dict[str, Any] = {
        "items": items,
        "hidden": hidden,
        "clocks": clocks_of(ticket),
        "follow_ups": list(visible_to(ticket.follow_ups.select_related("status"), user)),
        "followed_up": visible_to(Ticket.objects.all(), user).filter(pk=ticket.followed_up_id).first(),
        "company_visible": _seen(Company, ticket.company_id, user),
        "requester_visible": requester_visible,
        "requester_card": card_of(ticket) if may_change or requester_visible else {},
        "recent": recent_of(ticket, user),
        "tags": list(ticket.tags.all()),
        "tasks": mark_tasks(ticket_tasks(ticket, user), user),
        "may_plan": may(user, "task", "add"),
        "previous_url": with_list(reverse("support:ticket", args=[before]), request.GET) if before else "",
        "next_url": with_list(reverse("support:ticket", args=[after]), request.GET) if after else "",
        "list_url": with_list(reverse("support:tickets"), request.GET),
        "query": with_list("", request.GET),
    }
    if may_change:
        context |= {
            "form": form or blank_reply(request, ticket),
            "fields": TicketForm(instance=ticket, user=user),
            "task_form": TicketTaskForm(prefix="task"),
            "to": outgoing.recipient(ticket),
            "solved_status": catalogue.default_status(Category.DONE),
            "may_assign_all": workers(user).exists(),
        }
    return context


def clocks_of(ticket: Ticket) -> list[Explained]:
    """The ticket's promises with the stretches of their clocks; those that still count first, the next due on top."""
    found = explain(ticket)
    return sorted(found, key=lambda clock: (clock.target.outcome not in UNDECIDED, clock.due_at or clock.target.started_at))


def _seen(model: Any, pk: int | None, user: Any) -> bool:
    return pk is not None and visible_to(model.objects.filter(pk=pk), user).exists()


def card_of(ticket: Ticket) -> dict[str, Any]:
    """The requester's addresses."""
    person = ticket.requester
    if person is None:
        return {}
    return {"emails": list(person.emails.all()[:3]), "phones": list(person.phones.all()[:3])}


def recent_of(ticket: Ticket, user: Any) -> list[Ticket]:
    """The requester's other tickets, the newest first."""
    if ticket.requester_id is None:
        return []
    others = Ticket.objects.genuine().filter(requester=ticket.requester_id).exclude(pk=ticket.pk)
    return list(visible_to(others.select_related("status"), user).order_by("-created_at", "-pk")[:RECENT])


def ticket_tasks(ticket: Ticket, user: Any) -> Any:
    """Open tasks of the ticket. Who sees a ticket sees what is to be done on it, unless they only look in from sales."""
    if not may(user, "ticket_note", "view"):
        return []
    found = Task.objects.open().filter(ticket_tasks__ticket=ticket)
    return found.select_related("owner").order_by(*Task._meta.ordering)[:20]


def blank_reply(request: Any, ticket: Ticket) -> ReplyForm:
    last = ticket.messages.order_by("-pk").values_list("pk", flat=True).first() or 0
    after = request.COOKIES.get(AFTER_COOKIE)
    initial = {
        "visibility": Visibility.PUBLIC,
        "status": catalogue.default_status(Category.WAITING_CUSTOMER).pk,
        "after": after if after in dict(AFTER) else "stay",
        "last": last,
        "nonce": fresh_nonce(),
    }
    return ReplyForm(initial=initial)


class TicketMessage(TicketPage):
    """Writes a reply or a note. Stops when something arrived that the writer has not seen."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        ticket = self.fetch("change")
        form = ReplyForm(request.POST, request.FILES)
        if not form.is_valid():
            return self.again(ticket, form, 422)
        previous, following = neighbours(request, ticket)
        try:
            with transaction.atomic():
                self.send(ticket, form.cleaned_data)
        except services.SomethingNew as stop:
            return self.stopped(ticket, form, stop.messages)
        except ValidationError as error:
            form.take_errors(error)
            return self.again(ticket, form, 422)
        return self.sent(ticket, form.cleaned_data, following or previous)

    def send(self, ticket: Ticket, data: dict[str, Any]) -> None:
        public = data["visibility"] == Visibility.PUBLIC
        status = data["status"] if public else None
        if "solve" in self.request.POST:
            status = catalogue.default_status(Category.DONE)
        services.add_message(
            ticket,
            visibility=data["visibility"],
            author=Author.AGENT,
            body=data["body"],
            attachments=data["attachments"],
            status=status,
            expected_last_message_id=data["last"],
            nonce=data["nonce"],
        )

    def sent(self, ticket: Ticket, data: dict[str, Any], following: int | None) -> HttpResponse:
        note = data["visibility"] == Visibility.NOTE
        toast(self.request, _("Note added") if note else _("Reply sent on %(number)s") % {"number": ticket.number})
        after = data["after"] or "stay"
        here = ticket.get_absolute_url()
        target = {"next": reverse("support:ticket", args=[following]) if following else "", "list": reverse("support:tickets")}
        url = here if note else target.get(after, here) or reverse("support:tickets")
        response = HttpResponseRedirect(with_list(url, self.request.GET))
        secure = self.request.is_secure()
        response.set_cookie(AFTER_COOKIE, after, max_age=YEAR, samesite="Lax", secure=secure, httponly=True, path="/tickets/")
        response.set_cookie(SENT_COOKIE, str(ticket.pk), max_age=60, samesite="Lax", secure=secure, path="/tickets/")
        return response

    def stopped(self, ticket: Ticket, form: ReplyForm, later: list[Message]) -> HttpResponse:
        """The page again with what is new, and what was typed; sending once more goes through."""
        seen = form.cleaned_data["last"]
        data = self.request.POST.copy()
        data["last"] = str(max(row.pk for row in later))
        form.data = data
        rows = Message.objects.filter(pk__in=[row.pk for row in later])
        fresh = said(rows.select_related("user", "person").prefetch_related("attachments").order_by("at", "pk"))
        return self.again(ticket, form, 409, since=seen, arrived=fresh)

    def again(self, ticket: Ticket, form: ReplyForm, status: int, since: int | None = None, arrived: Any = ()) -> HttpResponse:
        ticket = self.base().get(pk=ticket.pk)
        from crm.site import panels_for

        context = {
            "ticket": ticket,
            "record": ticket,
            "may_change": True,
            "may_delete": self.may("delete", ticket),
            "panels": list(panels_for(ticket, self.user)),
            "arrived": arrived,
            "files_lost": bool(self.request.FILES),
            **page_context(self, ticket, form, since),
        }
        return render(self.request, self.template, context, status=status)


class TicketEdit(FormView):
    model = Ticket
    form_class = TicketForm
    template = "support/ticket_form.html"

    def base(self) -> Any:
        return Ticket.objects.select_related("requester", "company", "status", "queue", "owner")

    def save(self, form: Any) -> Ticket:
        changes = form.changes()
        save_new_ones(form, changes, self.user)
        if "subject" in changes and not changes["subject"]:
            raise ValidationError({"subject": _("A ticket needs a subject.")})
        return services.change_ticket(form.record, tags=form.changed_tags(), **changes)

    def done_url(self, saved: Any) -> str:
        from crm.http import safe_next

        return safe_next(self.request, with_list(saved.get_absolute_url(), self.request.GET))

    def done_text(self, saved: Any) -> str:
        return _("%(number)s saved") % {"number": saved.number}

    def list_url(self) -> str:
        return reverse("support:tickets")


def save_new_ones(form: Any, changes: dict[str, Any], user: Any) -> None:
    """A company or person that was typed and is not there yet is added with the ticket, as far as the role may."""
    company = changes.get("company")
    if company is not None and company.pk is None:
        if not may(user, "company", "add"):
            raise ValidationError({"company": _("You may not add companies. Leave the field empty; the person's is taken.")})
        changes["company"] = save_company(Company(), name=company.name, domain=company.domain, owner=user)
    person = changes.get("requester")
    if person is not None and person.pk is None:
        if not may(user, "person", "add"):
            raise ValidationError({"requester": _("You may not add people. Choose one who is there.")})
        email = form.cleaned_data.get("requester_email") or ""
        phone = form.cleaned_data.get("requester_phone") or ""
        changes["requester"] = new_requester(person.name, email, phone, changes.get("company"), user)


def new_requester(name: str, email: str, phone: str, company: Company | None, user: Any) -> Person:
    """The person whom a new ticket is for: who has that address already, else a new one. Only whose people they are gives them
    a company."""
    if email:
        found = services.requester_of(email, name)
        if company is not None and found.company_id is None and covers(user, found, "change"):
            found = save_person(found, company=company)
        return found
    return save_person(Person(), name=name, company=company, phones=[(phone, "work")] if phone else [])


class TicketNew(TicketEdit):
    form_class = NewTicketForm
    template = "support/ticket_new.html"
    creates = True

    def make_form(self, record: Any, data: Any = None) -> Any:
        files = self.request.FILES if data is not None else None
        return self.form_class(data, files, instance=record, user=self.user, initial=self.initial(record))

    def initial(self, record: Any) -> dict:
        known = self.request.GET
        person = by_id_or_none(Person.objects.visible_to(self.user), known.get("person"))
        company = by_id_or_none(Company.objects.visible_to(self.user), known.get("company"))
        return {"requester": person.pk if person else None, "company": company.pk if company else None}

    def save(self, form: Any) -> Ticket:
        values, data = form.changes(), form.cleaned_data
        save_new_ones(form, values, self.user)
        values["queue"] = values.get("queue") or catalogue.default_queue()
        how: dict[str, Any] = {
            "customer": {"visibility": Visibility.PUBLIC, "author": Author.CUSTOMER},
            "reply": {"visibility": Visibility.PUBLIC, "author": Author.AGENT},
            "note": {"visibility": Visibility.NOTE, "author": Author.AGENT},
        }[data["opened_by"]]
        return services.open_ticket(
            Ticket(**values), body=data["body"], attachments=data["attachments"], tags=data["tags"], **how
        )

    def done_text(self, saved: Any) -> str:
        return _("%(number)s opened") % {"number": saved.number}


class TicketDelete(DeleteView):
    model = Ticket
    remove = staticmethod(services.delete_ticket)
    list_url = "support:tickets"


class TicketAction(ActionView):
    """One verb on a ticket; one comes back to where one was."""

    model = Ticket

    def back(self, record: Any) -> str:
        return with_list(record.get_absolute_url(), self.request.GET)


class TicketTake(TicketAction):
    def act(self, ticket: Any) -> str:
        services.take(ticket)
        return _("%(number)s is yours") % {"number": ticket.number}


class TicketSolve(TicketAction):
    def act(self, ticket: Any) -> None:
        services.solve(ticket)
        undo = reverse("support:ticket_reopen", args=[ticket.pk])
        toast(self.request, _("%(number)s solved") % {"number": ticket.number}, undo_url=undo)


class TicketReopen(TicketAction):
    def act(self, ticket: Any) -> str:
        services.reopen(ticket)
        return _("%(number)s is open again") % {"number": ticket.number}


class TicketClose(TicketAction):
    def act(self, ticket: Any) -> str:
        services.close(ticket)
        return _("%(number)s closed") % {"number": ticket.number}


class TicketSpam(TicketAction):
    """Takes a ticket out of all numbers, or back in (`spam=0`)."""

    def act(self, ticket: Any) -> None:
        spam = self.request.POST.get("spam", "1") != "0"
        services.mark_spam(ticket, spam)
        words = _("%(number)s is spam") if spam else _("%(number)s is no spam")
        undo = reverse("support:ticket_spam", args=[ticket.pk])
        toast(self.request, words % {"number": ticket.number}, undo_url=undo, undo_fields={"spam": "0" if spam else "1"})


class TicketRevoke(TicketAction):
    def act(self, ticket: Any) -> str:
        services.revoke_link(ticket)
        return _("The customer's links are worthless now; the next reply carries a new one.")


class TicketTaskNew(TicketAction):
    """Plans a follow-up."""

    def act(self, ticket: Any) -> Any:
        from crm.access import require

        require(self.user, "task", "add")
        form = TicketTaskForm(self.request.POST, prefix="task")
        if not form.is_valid():
            raise ValidationError([error for errors in form.errors.values() for error in errors])

        def plan() -> HttpResponse:
            services.save_ticket_task(ticket, Task(), owner=self.user, **form.cleaned_data)
            messages.success(self.request, _("Planned"))
            return HttpResponseRedirect(self.back(ticket))

        return once(self.request, plan)


class MessageSendAgain(RecordView):
    """Tries a mail that could not be delivered once more."""

    model = Message
    http_method_names = ["post"]

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        from crm.access import get_or_404

        message = Message.objects.public().filter(pk=pk, mail_state=MailState.FAILED).first()
        found = visible_to(Ticket.objects.all(), self.user).filter(messages=pk).first()
        ticket = get_or_404(Ticket.objects.all(), self.user, "change", pk=found.pk if found else 0)
        if message is not None:
            outgoing.send_again(message)
            messages.success(request, _("The reply is being sent again."))
        return HttpResponseRedirect(ticket.get_absolute_url())
