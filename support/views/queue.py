"""The queue: the list of tickets with its ready-made views, and what is done to several of them at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Count, OuterRef, Q, Subquery
from django.db.models.functions import Left
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse, reverse_lazy
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from crm.access import may, require, visible_to
from crm.filters import by_id_or_none
from crm.http import safe_next, whole_number
from crm.views.generic import ListView, RecordView

from .. import services
from ..choices import Category, Outcome
from ..columns import TICKETS
from ..filters import COUNTED, DEFAULT_VIEW, VIEWS, QueueFilter, end_of_today
from ..models import Message, SlaTarget, Ticket, TicketStatus
from ..owners import workers

SNIPPET = 160
AT_ONCE = 200  # tickets of one bulk action
REACH = 500  # how far into a view "next" and "previous" look


class TicketList(ListView):
    model = Ticket
    filterset_class = QueueFilter
    columns = TICKETS
    template = "support/tickets.html"
    fragment = "support/_tickets.html"
    rows_template = "support/_ticket_rows.html"
    new_url = reverse_lazy("support:ticket_new")
    new_label = gettext_lazy("New ticket")
    icon = "ticket"
    empty_title = gettext_lazy("No tickets here")
    empty_text = gettext_lazy("What customers ask by form, mail or phone stands here until it is solved.")

    def rows(self) -> Any:
        """With the last thing said that this reader may read."""
        last = Message.objects.readable_by(self.user).filter(ticket=OuterRef("pk")).order_by("-at", "-pk")
        return Ticket.objects.for_list().annotate(
            last_words=Subquery(last.values(words=Left("body", SNIPPET))[:1]),
            last_author=Subquery(last.values("author")[:1]),
            last_visibility=Subquery(last.values("visibility")[:1]),
        )

    def extra(self, page: Any) -> dict:
        undecided = SlaTarget.objects.filter(ticket__in=[row.pk for row in page.rows], outcome=Outcome.PAUSED)
        paused = set(undecided.values_list("ticket_id", flat=True))
        for ticket in page.rows:
            ticket.is_paused = ticket.pk in paused
        may_change = bool(page.rows) and may(self.user, "ticket", "change")
        return {
            "views": tabs_of(self.request),
            "may_change": may_change,
            "workers": workers(self.user) if may_change else (),
            "statuses": TicketStatus.objects.filter(active=True) if may_change else (),
            "query": self.request.GET.urlencode(),
        }


def tabs_of(request: Any) -> list[dict]:
    """The ready-made views with how many tickets wait in each; one query over what is not solved."""
    current = request.GET.get("view") or ("" if request.GET.get("status") or request.GET.get("category") else DEFAULT_VIEW)
    counts = counts_of(request.user)
    return [
        {"label": label, "url": f"{reverse('support:tickets')}?view={key}", "count": counts.get(key), "current": key == current}
        for key, label in VIEWS
    ]


def counts_of(user: Any) -> dict[str, int]:
    """How many unsolved tickets each view holds."""
    now = timezone.now()
    today = Q(next_due_at__gt=now, next_due_at__lt=end_of_today(now))
    which = {
        "mine": Q(owner=user),
        "unassigned": Q(owner__isnull=True),
        "overdue": Q(next_due_at__lte=now),
        "today": today,
        "waiting_customer": Q(category=Category.WAITING_CUSTOMER),
        "waiting_other": Q(category=Category.WAITING_OTHER),
        "open": Q(),
    }
    tickets = visible_to(Ticket.objects.genuine().undone(), user).order_by()
    return tickets.aggregate(**{key: Count("pk", filter=which[key]) if which[key] else Count("pk") for key in COUNTED})


def neighbours(request: Any, ticket: Ticket) -> tuple[int | None, int | None]:
    """The tickets before and after this one in the view that the address names, as they stand now.

    A ticket that is not in the view, or no longer, is followed by the view's first one.
    """
    filterset = QueueFilter(request.GET, queryset=visible_to(Ticket.objects.all(), request.user), request=request)
    ids = list(TICKETS.sorted(filterset.qs, request.GET.get("sort", "")).values_list("pk", flat=True)[:REACH])
    if ticket.pk not in ids:
        return None, ids[0] if ids else None
    at = ids.index(ticket.pk)
    return ids[at - 1] if at else None, ids[at + 1] if at + 1 < len(ids) else None


class TicketsBulk(RecordView):
    """Gives several tickets an assignee, a status or a tag. Each is changed for itself; what is refused is said."""

    model = Ticket
    http_method_names = ["post"]

    def post(self, request: HttpRequest) -> HttpResponse:
        require(self.user, "ticket", "change")
        back = safe_next(request, reverse("support:tickets"))
        ids = [pk for pk in map(whole_number, request.POST.getlist("ids")) if pk is not None][:AT_ONCE]
        try:
            change = self.change()
        except ValidationError as error:
            messages.error(request, " ".join(error.messages))
            return HttpResponseRedirect(back)
        done, refused = 0, []
        for ticket in visible_to(Ticket.objects.all(), self.user, "change").filter(pk__in=ids).order_by("pk"):
            try:
                with transaction.atomic():
                    change(ticket)
                done += 1
            except ValidationError as error:
                refused.append(f"{ticket.number}: {' '.join(error.messages)}")
        if done:
            messages.success(request, ngettext("%(n)s ticket changed", "%(n)s tickets changed", done) % {"n": done})
        for words in refused[:3]:
            messages.error(request, words)
        return HttpResponseRedirect(back)

    def change(self) -> Callable[[Ticket], Any]:
        """What the pressed button does to one ticket. Raises ValidationError for a choice that is not offered."""
        data, what = self.request.POST, self.request.POST.get("do", "")
        if what == "assign":
            owner = None if data.get("owner") == "none" else by_id_or_none(workers(self.user), data.get("owner"))
            if owner is None and data.get("owner") != "none":
                raise ValidationError(_("Choose who takes the tickets."))
            return lambda ticket: services.change_ticket(ticket, owner=owner)
        if what == "status":
            status = by_id_or_none(TicketStatus.objects.filter(active=True), data.get("status"))
            if status is None:
                raise ValidationError(_("Choose a status."))
            return lambda ticket: services.change_ticket(ticket, status=status)
        if what == "tag" and data.get("tag", "").strip():
            word = data["tag"].strip()[:60]
            return lambda ticket: services.add_tag(ticket, word)
        raise ValidationError(_("Choose what to change."))
