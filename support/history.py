"""A ticket's history as rows, and what is derived from it.

`TicketState` rows and messages are the history itself. Waits, targets with their segments, facts, and a few columns of the ticket
are derived from them here, always for whole tickets, so that running it again gives the same rows. Only what cannot be derived
again is kept: what a target promised when it started, and that it was broken.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _

from analytics import dirty
from crm import events
from crm.events import Origin
from crm.periods import local_day

from . import alarms, facts, sla
from .choices import Category
from .models import (
    Message,
    ReplyWait,
    SlaSegment,
    SlaTarget,
    Ticket,
    TicketFacts,
    TicketState,
    TicketTag,
)
from .story import Story, tell

TRACKED = ("status_id", "category", "owner_id", "team_id", "priority", "queue_id", "policy_id", "calendar_id")
OF_OTHERS = "contact_again_seconds"  # the one fact that other tickets decide
FACT_FIELDS = [field.name for field in TicketFacts._meta.concrete_fields if not field.primary_key and field.name != OF_OTHERS]
KEPT = ("first_response_at", "first_solved_at", "reopen_count", "last_message_at", "unanswered_since", "clock_at")
DERIVED = [*KEPT, "next_due_at", "next_due_metric"]
TARGET_FIELDS = [field.name for field in SlaTarget._meta.concrete_fields if not field.primary_key]


# --- states ----------------------------------------------------------------------------------------------------------


def present_values(ticket: Ticket, promises: sla.Promises) -> dict[str, Any]:
    """How the ticket stands now, as a history row keeps it. A ticket that an import brings solved was promised nothing by us."""
    past = ticket.origin == Origin.IMPORT and ticket.category == Category.DONE
    tags = set(TicketTag.objects.filter(ticket=ticket).values_list("tag_id", flat=True))
    policy = None if past or ticket.sla_met is not None else promises.match(ticket, tags)
    values = {name: getattr(ticket, name) for name in TRACKED[:-2]}
    return {**values, "policy_id": policy.pk if policy else None, "calendar_id": promises.calendar(ticket, policy)}


def begin(ticket: Ticket, promises: sla.Promises) -> TicketState:
    """The first history row of a new ticket."""
    values = present_values(ticket, promises)
    return TicketState.objects.create(ticket=ticket, start=ticket.created_at, by=events.actor(), origin=events.origin(), **values)


def advance(ticket: Ticket, at: dt.datetime, promises: sla.Promises) -> bool:
    """Ends the present row at `at` and starts the next, when the ticket stands differently now. Never before the present row."""
    last = TicketState.objects.get(ticket=ticket, end__isnull=True)
    values = present_values(ticket, promises)
    if all(getattr(last, name) == value for name, value in values.items()):
        return False
    last.end = max(at, last.start)
    last.save(update_fields=["end"])
    TicketState.objects.create(ticket=ticket, start=last.end, by=events.actor(), origin=events.origin(), **values)
    return True


def redate_creation(ticket: Ticket) -> None:
    """Lets the history begin at the ticket's creation date after that was corrected; refused where it would run backwards."""
    first = ticket.states.order_by("start", "pk").first()
    assert first is not None
    spoken = ticket.messages.order_by("at").values_list("at", flat=True)
    moved = spoken.filter(at=first.start).first()
    rest = spoken.exclude(at=moved).first() if moved else spoken.first()
    if any(bound is not None and bound < ticket.created_at for bound in (first.end, rest)):
        raise ValidationError({"created_at": _("Something happened on this ticket before that.")})
    if moved is not None:
        for message in ticket.messages.filter(at=moved):
            message.at = ticket.created_at
            message.save(update_fields=["at"])
    first.start = ticket.created_at
    first.save(update_fields=["start"])


def redate_solve(ticket: Ticket, at: dt.datetime) -> None:
    """Moves the present solve to `at`, not before the row it ended and not after the next."""
    states = list(ticket.states.order_by("start", "pk"))
    number = len(states) - 1
    while number > 0 and states[number - 1].category == Category.DONE:
        number -= 1
    solved, before = states[number], states[number - 1] if number else None
    if before is not None and at < before.start or solved.end is not None and at > solved.end:
        raise ValidationError({"solved_at": _("That does not fit what happened before and after.")})
    solved.start = at
    solved.save(update_fields=["start"])
    if before is not None:
        before.end = at
        before.save(update_fields=["end"])


# --- derivation ------------------------------------------------------------------------------------------------------


def replay(ticket: Ticket) -> None:
    """Derives everything of one ticket anew (see `rebuild`)."""
    rebuild([ticket], beside=[ticket.requester_id])


def rebuild(
    tickets: Iterable[Ticket], *, new: bool = False, promises: sla.Promises | None = None, beside: Iterable[int | None] = ()
) -> None:
    """Derives waits, targets, facts and the ticket's own columns anew, writes what is due, and marks the days that these tickets
    touched and touch now. Set-based: the number of queries does not depend on the number of tickets.

    new: they were written in this transaction. beside: requesters whose series of tickets changed in another way than by a solve:
    one of theirs came, went, or is of another type or date. Only then are their other tickets read.
    """
    tickets = list(tickets)
    ids = [ticket.pk for ticket in tickets]
    if not new:
        mark(ids)
    promises = promises or sla.Promises()
    now = timezone.now()
    stories = _stories(tickets)
    _write_waits(stories, promises, new)
    drawn = _write_targets(stories, promises, now, new)
    found = [facts.facts_of(story, promises) for story in stories]
    solved = {} if new else dict(TicketFacts.objects.filter(pk__in=ids).values_list("pk", "solved_at"))
    again = {
        ticket.requester_id for ticket, row in zip(tickets, found, strict=True) if new or solved.get(row.pk) != row.solved_at
    }
    TicketFacts.objects.bulk_create(
        found, update_conflicts=True, unique_fields=["ticket"], update_fields=FACT_FIELDS, batch_size=200
    )
    _keep_columns(stories, drawn)
    _keep_contacts(again | set(beside))
    alarms.raise_due(stories, drawn, now)
    mark(ids)


def _stories(tickets: Sequence[Ticket]) -> list[Story]:
    ids = [ticket.pk for ticket in tickets]
    states = _grouped(TicketState.objects.filter(ticket_id__in=ids).order_by("ticket_id", "start", "pk"))
    spoken = Message.objects.filter(ticket_id__in=ids).defer("body", "html").order_by("ticket_id", "at", "pk")
    messages = _grouped(spoken)
    return [tell(ticket, states[ticket.pk], messages[ticket.pk]) for ticket in tickets]


def _grouped(rows: Iterable[Any]) -> dict[int, list[Any]]:
    found: dict[int, list[Any]] = defaultdict(list)
    for row in rows:
        found[row.ticket_id].append(row)
    return found


def _write_waits(stories: Sequence[Story], promises: sla.Promises, new: bool) -> None:
    if not new:
        ReplyWait.objects.filter(ticket__in=[story.ticket.pk for story in stories]).delete()
    rows = [facts.wait_of(wait, story, promises) for story in stories for wait in story.waits]
    ReplyWait.objects.bulk_create(rows, batch_size=500)


def _write_targets(stories: Sequence[Story], promises: sla.Promises, now: dt.datetime, new: bool) -> dict[int, list[sla.Drawn]]:
    ids = [story.ticket.pk for story in stories]
    existing = {} if new else _grouped(SlaTarget.objects.filter(ticket_id__in=ids))
    before = {row.pk: _values(row) for found in existing.values() for row in found}
    drawn = {story.ticket.pk: sla.draw(story, existing.get(story.ticket.pk, ()), promises, now) for story in stories}
    rows = [item for items in drawn.values() for item in items]
    for item in rows:
        day = local_day(item.target.decided_at) if item.target.decided_at else None
        item.target.decided_day = day  # type: ignore[assignment]  # `bulk_update` does not ask the field for it
    known = {item.target.pk for item in rows if item.target.pk}
    gone = [row.pk for found in existing.values() for row in found if row.pk not in known]
    if gone:
        SlaTarget.objects.filter(pk__in=gone).delete()
    if known:
        SlaSegment.objects.filter(target_id__in=known).delete()
        changed = [item.target for item in rows if item.target.pk and _values(item.target) != before[item.target.pk]]
        SlaTarget.objects.bulk_update(changed, TARGET_FIELDS, batch_size=100)
    SlaTarget.objects.bulk_create([item.target for item in rows if not item.target.pk], batch_size=200)
    for item in rows:
        for segment in item.segments:
            segment.target_id = item.target.pk
    SlaSegment.objects.bulk_create([segment for item in rows for segment in item.segments], batch_size=500)
    return drawn


def _values(row: SlaTarget) -> list[Any]:
    return [getattr(row, field.attname) for field in row._meta.concrete_fields]


def _keep_columns(stories: Sequence[Story], drawn: dict[int, list[sla.Drawn]]) -> None:
    """Writes the ticket's derived columns where they changed."""
    changed = []
    for story in stories:
        ticket = story.ticket
        targets = [item.target for item in drawn[ticket.pk]] if not ticket.spam else []
        due, metric = sla.next_due(targets)
        values = {
            "first_response_at": story.response_at,
            "first_solved_at": story.solves[0] if story.solves else None,
            "reopen_count": max(len(story.reopenings), ticket.stated_reopens or 0),
            "last_message_at": story.last_message_at,
            "unanswered_since": story.waits[-1].start if story.waits and story.waits[-1].end is None else None,
            "clock_at": sla.next_look(targets),
            "next_due_at": due,
            "next_due_metric": metric,
        }
        if any(getattr(ticket, name) != value for name, value in values.items()):
            for name, value in values.items():
                setattr(ticket, name, value)
            changed.append(ticket)
    Ticket.objects.bulk_update(changed, DERIVED, batch_size=200)


def _keep_contacts(requesters: set[int | None]) -> None:
    """How long after each solve its requester opened the next ticket of the same type."""
    rows = Ticket.objects.filter(requester__in=requesters - {None}, spam=False).order_by("requester_id", "created_at", "pk")
    columns = ("pk", "requester_id", "type", "created_at", "undated", "facts__solved_at", "facts__contact_again_seconds")
    series: dict[tuple[int, str], list[tuple]] = defaultdict(list)
    for pk, requester, kind, *rest in rows.values_list(*columns):
        series[requester, kind.casefold()].append((pk, *rest))
    changed = []
    for tickets in series.values():
        for number, (pk, _created, _undated, solved_at, stored) in enumerate(tickets):
            later = (created for _pk, created, undated, *_rest in tickets[number + 1 :] if not undated and created > solved_at)
            again = next(later, None) if solved_at else None
            seconds = None if again is None else (again - solved_at) // facts.SECOND
            if seconds != stored:
                changed.append(TicketFacts(ticket_id=pk, contact_again_seconds=seconds))
    if changed:
        TicketFacts.objects.bulk_update(changed, ["contact_again_seconds"], batch_size=500)
        mark([row.ticket_id for row in changed])


# --- the days a ticket is counted in ---------------------------------------------------------------------------------


Marks = set[tuple[str, "dt.date | None"]]


def mark(ids: Sequence[int]) -> None:
    """Marks every (source, day) in which these tickets are counted as they are stored now. Called before and after a change."""
    dirty.mark(marks_of(ids))


def marks_of(ids: Sequence[int]) -> Marks:
    """The (source, day) pairs in which these tickets are counted as they are stored now."""
    marks: Marks = set()
    for created, replied, first, solved in TicketFacts.objects.filter(pk__in=ids).values_list(
        "created_day", "reply_day", "first_solved_day", "solved_day"
    ):
        marks |= {("tickets.created", created), ("tickets.replied", replied)}
        marks |= {("tickets.first_solved", first), ("tickets.solved", solved)}
    states = TicketState.objects.filter(ticket__in=ids).exclude(category=Category.DONE).order_by()
    for start, end in states.values_list("start_day", "end_day"):
        marks |= {("tickets.opened", start), ("tickets.left", end)}
    waits = ReplyWait.objects.filter(ticket__in=ids).order_by().values_list("started_day", "day")
    for begun, ended in waits:
        marks |= {("tickets.waits", ended), ("tickets.waiting_in", begun), ("tickets.waiting_out", ended)}
    decided = SlaTarget.objects.filter(ticket__in=ids).order_by().values_list("decided_day", flat=True)
    return marks | {("tickets.sla", day) for day in decided}
