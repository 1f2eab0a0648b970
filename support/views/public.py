"""What customers open without a login: the form to ask, and the page of their ticket behind a signed link.

No cookie, no script, no session. Django's CSRF check needs a cookie, so these views are exempt from it; nothing here acts with the
rights of whoever is signed in (`events.acting(None)`), so a foreign page could do no more than its visitor could do at home. The
forms carry a signed mark of their page instead, which makes a page that is sent twice count once and one that a machine sends
at once be asked again.
"""

from __future__ import annotations

from typing import Any

from csp.decorators import csp_exempt
from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import get_language, override
from django.utils.translation import gettext as _

from crm import limits, public_pages
from crm.http import whole_number
from crm.public_pages import public

from .. import links, services
from ..choices import Author, Category, Channel, Visibility
from ..conversation import said
from ..forms import CustomerReplyForm, HelpForm, fresh_nonce
from ..models import Attachment, Message, Ticket
from .files import download

MISSES = 20  # wrong links a minute and address
POSTS = 10  # forms a minute and address
SALT = "support.help"
UNDER_WAY = 60  # how long the first sending may take


def _render(request: HttpRequest, name: str, context: dict[str, Any], status: int = 200) -> HttpResponse:
    language = public_pages.wanted_language(request)
    return public_pages.render(
        f"support/public/{name}.html", {"keep": f"?l={language}" if language else "", **context}, status=status
    )


def _busy(request: HttpRequest) -> HttpResponse:
    return _render(request, "busy", {}, status=429)


def _too_many(request: HttpRequest) -> bool:
    return limits.count("help-post", limits.address_of(request)) > POSTS


# --- asking ----------------------------------------------------------------------------------------------------------


@public
def help_form(request: HttpRequest) -> HttpResponse:
    """The form to ask. What it answers does not tell whether the address is known."""
    if request.method != "POST":
        return _draw_form(request, HelpForm())
    form = HelpForm(request.POST, request.FILES)
    if _too_many(request):
        form.is_valid()
        form.add_error(None, _("That was a lot at once. Please wait a minute and press Send again."))
        return _draw_form(request, form, 429)
    if request.POST.get("website"):
        return _render(request, "thanks", {})
    if not form.is_valid():
        return _draw_form(request, form, 422)
    page = public_pages.page_of(request.POST.get("page", ""), SALT)
    if not page:
        form.add_error(None, _("Please press Send once more."))
        return _draw_form(request, form, 422)
    return _once(request, page, form)


def _once(request: HttpRequest, page: str, form: HelpForm) -> HttpResponse:
    """Opens the ticket; the same page sent again leads to the same ticket."""
    key = f"help:{page}"
    if not cache.add(key, "", UNDER_WAY):  # a process that dies here must not swallow what was asked
        url = cache.get(key)
        return HttpResponseRedirect(url) if url else _render(request, "thanks", {})
    try:
        with transaction.atomic():
            ticket = _open(form.cleaned_data)
            services.acknowledge(ticket)
    except ValidationError as error:
        cache.delete(key)
        form.take_errors(error)
        return _draw_form(request, form, 422)
    except BaseException:
        cache.delete(key)
        raise
    url = reverse("support:status", args=[links.token_for(ticket)]) + f"?new&l={get_language()}"
    cache.set(key, url, public_pages.OPEN_FOR)
    return HttpResponseRedirect(url)


def _open(data: dict[str, Any]) -> Ticket:
    """The ticket of a filled-in form. A known address keeps its own name: nobody renames a person from outside."""
    person = services.requester_of(data["email"], data["name"])
    ticket = Ticket(
        subject=data["subject"],
        requester=person,
        email=data["email"],
        channel=Channel.WEB,
        language=(get_language() or "")[:5],
    )
    if data.get("queue"):
        ticket.queue = data["queue"]
    return services.open_ticket(
        ticket,
        body=data["body"],
        visibility=Visibility.PUBLIC,
        author=Author.CUSTOMER,
        attachments=data["attachments"],
        email=data["email"],
    )


def _draw_form(request: HttpRequest, form: HelpForm, status: int = 200) -> HttpResponse:
    context = {"form": form, "page": public_pages.page_mark(SALT), "files_lost": bool(request.FILES)}
    return _render(request, "help", context, status=status)


# --- the ticket's page -----------------------------------------------------------------------------------------------


@public
def status(request: HttpRequest, token: str) -> HttpResponse:
    """Public messages, an answer, and whether it is solved. Whatever is wrong with a link, the answer is the same."""
    address = limits.address_of(request)
    if limits.used("ticket-miss", address) >= MISSES:
        return _busy(request)
    ticket = links.ticket_of(token)
    if ticket is None:
        limits.count("ticket-miss", address)
        return _render(request, "unknown", {}, status=404)
    with override(public_pages.wanted_language(request) or ticket.language or get_language()):
        if request.method == "POST":
            return _busy(request) if _too_many(request) else _act(request, ticket, token)
        return _draw_ticket(request, ticket, CustomerReplyForm(initial={"nonce": fresh_nonce()}))


def _act(request: HttpRequest, ticket: Ticket, token: str) -> HttpResponse:
    wish = request.POST.get("do", "reply")
    language = public_pages.wanted_language(request)
    here = reverse("support:status", args=[token]) + (f"?l={language}" if language else "")
    if not public_pages.page_of(request.POST.get("page", ""), _salt(ticket)):
        form = CustomerReplyForm(request.POST, request.FILES)
        form.is_valid()
        return _draw_ticket(request, ticket, form, 422, wrong=[_("Please press the button once more.")])
    if wish in ("solved", "reopen"):
        try:
            (services.solve if wish == "solved" else services.reopen)(ticket)
        except ValidationError as error:
            form = CustomerReplyForm(initial={"nonce": fresh_nonce()})
            return _draw_ticket(request, ticket, form, 409, wrong=error.messages)
        return HttpResponseRedirect(here)
    form = CustomerReplyForm(request.POST, request.FILES)
    if not form.is_valid():
        return _draw_ticket(request, ticket, form, 422)
    try:
        message = _reply(ticket, form.cleaned_data)
    except ValidationError as error:
        form.take_errors(error)
        return _draw_ticket(request, ticket, form, 422)
    if message.ticket_id != ticket.pk:
        return HttpResponseRedirect(reverse("support:status", args=[links.token_for(message.ticket)]) + "?new")
    return HttpResponseRedirect(here + ("&sent" if "?" in here else "?sent"))


def _salt(ticket: Ticket) -> str:
    return f"support.ticket.{ticket.pk}"


def _reply(ticket: Ticket, data: dict[str, Any]) -> Message:
    return services.add_message(
        ticket,
        visibility=Visibility.PUBLIC,
        author=Author.CUSTOMER,
        body=data["body"],
        attachments=data["attachments"],
        nonce=data.get("nonce") or "",
        channel=Channel.WEB,
        person=ticket.requester,
        email=ticket.email,
    )


def _draw_ticket(request: HttpRequest, ticket: Ticket, form: Any, code: int = 200, wrong: Any = ()) -> HttpResponse:
    rows = Message.objects.public().filter(ticket=ticket)
    rows = rows.select_related("user", "person").prefetch_related("attachments").order_by("at", "pk")
    context = {
        "ticket": ticket,
        "items": said(rows),
        "form": form,
        "page": public_pages.page_mark(_salt(ticket)),
        "token": links.token_for(ticket),
        "is_new": "new" in request.GET,
        "is_sent": "sent" in request.GET,
        "done": ticket.category == Category.DONE,
        "waits_for_us": ticket.category != Category.DONE and ticket.unanswered_since is not None,
        "waits_for_you": ticket.category == Category.WAITING_CUSTOMER,
        "wrong": wrong,
        "files_lost": bool(request.FILES),
    }
    return _render(request, "status", context, status=code)


@csp_exempt()
@public
def file(request: HttpRequest, token: str, key: str) -> HttpResponse:
    """A file of a public message of the link's own ticket."""
    ticket, pk = links.ticket_of(token), whole_number(key)
    found = Attachment.objects.public().filter(message__ticket=ticket, pk=pk).first() if ticket and pk is not None else None
    return download(found) if found is not None else _render(request, "unknown", {}, status=404)
