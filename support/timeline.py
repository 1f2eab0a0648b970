"""How the events of tickets read on a timeline, and as lines between messages."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from crm import timeline
from crm.models import Organisation, User
from crm.timeline import Entry

from .choices import Channel, Metric, Priority
from .models import Queue, Ticket, TicketStatus


def _url(event: Any) -> str:
    return reverse("support:ticket", args=[event.subject_id])


def _entry(event: Any, words: str, icon: str, tone: str = "neutral", detail: str = "") -> Entry:
    return Entry(event.at, words % {"ticket": event.subject_name}, icon, detail, event.actor, _url(event), tone=tone)


@timeline.describes("ticket.created")
def opened(event: Any) -> Entry:
    return _entry(event, _("Ticket “%(ticket)s” opened"), "ticket")


@timeline.describes("ticket.solved")
def solved(event: Any) -> Entry:
    return _entry(event, _("Ticket “%(ticket)s” solved"), "circle-check", "success")


@timeline.describes("ticket.reopened")
def reopened(event: Any) -> Entry:
    return _entry(event, _("Ticket “%(ticket)s” opened again"), "rotate-ccw", "warning")


@timeline.describes("ticket.closed")
def closed(event: Any) -> Entry:
    return _entry(event, _("Ticket “%(ticket)s” closed"), "archive")


@timeline.describes("ticket.moved")
def moved(event: Any) -> Entry:
    words = _("Status: %(status)s") % {"status": _named("status", event.new.get("status"))}
    return Entry(event.at, words, "arrow-right", "", event.actor, _url(event))


@timeline.describes("ticket.spam")
def spam(event: Any) -> Entry:
    return Entry(event.at, _("Marked as spam"), "ban", "", event.actor, tone="danger")


@timeline.describes("ticket.no_spam")
def no_spam(event: Any) -> Entry:
    return Entry(event.at, _("Not spam after all"), "rotate-ccw", "", event.actor)


@timeline.describes("ticket.followed_up")
def followed_up(event: Any) -> Entry:
    words = _("Goes on in %(number)s") % {"number": event.new.get("number", "")}
    pk = event.new.get("ticket")
    return Entry(event.at, words, "corner-down-right", "", event.actor, reverse("support:ticket", args=[pk]) if pk else "")


@timeline.describes("ticket.link_revoked")
def link_revoked(event: Any) -> Entry:
    return Entry(event.at, _("The customer's link was revoked"), "link-2-off", "", event.actor)


@timeline.describes("ticket.mail_failed")
def mail_failed(event: Any) -> Entry:
    return Entry(event.at, _("A reply could not be delivered"), "mail-warning", "", event.actor, tone="danger")


@timeline.describes("ticket.sla_warned", "ticket.sla_breached", "ticket.sla_escalated")
def service_level(event: Any) -> Entry:
    metric = event.new.get("metric", "")
    name = str(Metric(metric).label) if metric in Metric.values else metric
    words, icon, tone = {
        "ticket.sla_warned": (_("%(metric)s is due soon"), "clock-alert", "warning"),
        "ticket.sla_breached": (_("%(metric)s was due and is late"), "alarm-clock-off", "danger"),
        "ticket.sla_escalated": (_("%(metric)s: escalated"), "siren", "danger"),
    }[event.kind]
    return Entry(event.at, words % {"metric": name}, icon, "", event.actor, tone=tone)


@timeline.describes("ticket.replied", "ticket.noted")
def said(event: Any) -> None:
    """Messages stand in the conversation; on other pages a note must not even be known to be there."""
    return


@timeline.describes("ticket.changed")
def changed(event: Any) -> Entry:
    """Each field with its old and new value, by name: "Assignee: Nobody → Gus Gray"."""
    lines = []
    for name in event.new:
        if name in ("team", "company", "requester"):  # the team follows from the assignee; the page shows the others
            continue
        old, new = _named(name, event.old.get(name)), _named(name, event.new[name])
        lines.append(f"{_label(name)}: {old} → {new}")
    if len(lines) == 1:
        return Entry(event.at, lines[0], "pencil", "", event.actor, _url(event))
    return Entry(event.at, _("Ticket changed"), "pencil", "\n".join(lines), event.actor, _url(event))


def _label(name: str) -> str:
    if name == "owner":
        return _("Assignee")
    return capfirst(str(Ticket._meta.get_field(name).verbose_name))  # type: ignore[union-attr]


def _named(name: str, value: Any) -> str:
    """A stored value in words."""
    if name == "owner":
        return _names().get((name, value), _("Nobody") if value is None else "—")
    if name in ("queue", "status"):
        return _names().get((name, value), "—")
    for field, choices in (("priority", Priority), ("channel", Channel)):
        if name == field and value in choices.values:
            return str(choices(value).label)
    return timeline.value_in_words(value)


def _names() -> dict[tuple[str, int], str]:
    """The names of people, queues and statuses; read once a request, as long as the organisation's row lives."""
    organisation = Organisation.current()
    names = getattr(organisation, "_ticket_names", None)
    if names is None:
        names = {("owner", pk): name or username for pk, name, username in User.objects.values_list("pk", "name", "username")}
        names |= {("queue", pk): name for pk, name in Queue.objects.values_list("pk", "name")}
        names |= {("status", pk): name for pk, name in TicketStatus.objects.values_list("pk", "name")}
        organisation._ticket_names = names  # type: ignore[attr-defined]
    return names
