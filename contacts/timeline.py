"""How the events of contacts read on a timeline."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from crm import timeline
from crm.timeline import Entry

from .choices import ActivityKind, Direction, LeadStatus, Outcome

ICONS = {"call": "phone", "mail": "mail", "meeting": "users", "note": "sticky-note"}


def label(choices: Any, value: str) -> str:
    """The words of a stored choice; the value itself when the list no longer has it."""
    return str(choices(value).label) if value in choices.values else value


@timeline.describes("activity.logged")
def logged(event: Any) -> Entry:
    """A call, mail, meeting or note, as its row is now when the page has fetched it."""
    row = getattr(event, "activity", None)
    values = {name: getattr(row, name) for name in ("kind", "direction", "outcome", "minutes", "note")} if row else event.new
    kind = values.get("kind", "note")
    words = [label(ActivityKind, kind)]
    if kind in ("call", "mail") and values.get("direction") == Direction.INBOUND:
        words = [_("Incoming call") if kind == "call" else _("E-mail received")]
    if values.get("outcome"):
        words.append(label(Outcome, values["outcome"]))
    if values.get("minutes"):
        words.append(_("%(n)s min") % {"n": values["minutes"]})
    url = reverse("contacts:activity_edit", args=[row.pk]) if row and getattr(event, "may_change", False) else ""
    return Entry(
        event.at, " · ".join(words), icon=ICONS.get(kind, "circle"), detail=values.get("note", ""), actor=event.actor, url=url
    )


@timeline.describes("task.created")
def planned(event: Any) -> Entry:
    return Entry(event.at, _("Planned: %(task)s") % {"task": event.subject_name}, icon="calendar-plus", actor=event.actor)


@timeline.describes("task.done")
def done(event: Any) -> Entry:
    return Entry(
        event.at, _("Done: %(task)s") % {"task": event.subject_name}, icon="circle-check", actor=event.actor, tone="success"
    )


@timeline.describes("task.deleted")
def dropped(event: Any) -> Entry:
    return Entry(event.at, _("Task deleted: %(task)s") % {"task": event.old.get("title", "")}, icon="trash-2", actor=event.actor)


@timeline.describes("company.created", "person.created", "lead.created")
def added(event: Any) -> Entry:
    return Entry(event.at, _("%(name)s was added") % {"name": event.subject_name}, icon="plus", actor=event.actor)


@timeline.describes("company.merged", "person.merged")
def merged(event: Any) -> Entry:
    return Entry(
        event.at, _("%(name)s was merged into this") % {"name": event.old.get("name", "")}, icon="merge", actor=event.actor
    )


@timeline.describes("lead.answered")
def answered(event: Any) -> Entry:
    return Entry(event.at, _("First response"), icon="reply", actor=event.actor, tone="success")


@timeline.describes("lead.converted")
def converted(event: Any) -> Entry:
    return Entry(event.at, _("Lead converted"), icon="arrow-right-left", actor=event.actor, tone="success")


@timeline.describes("lead.changed")
def lead_changed(event: Any) -> Entry:
    """A change of status is said as such; other changes in plain words."""
    if "status" not in event.new:
        return timeline.plain(event)
    return Entry(
        event.at, _("Status: %(status)s") % {"status": label(LeadStatus, event.new["status"])}, icon="flag", actor=event.actor
    )
