"""Writing many tickets at once, for imports and samples: the same rows as `services.open_ticket` and its fellows write, set-based."""

from __future__ import annotations

import copy
import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction

from crm import events
from crm.events import Origin
from crm.models import next_number

from . import history
from .choices import Category
from .models import Message, Tag, Ticket, TicketState, TicketTag
from .services import present_facts
from .sla import Promises

CHUNK = 500
TRACKED = ("status", "owner", "team", "priority", "queue")


@dataclass
class Step:
    """A later change: what is given differs from the step before. `by`: who did it."""

    at: dt.datetime
    changes: dict[str, Any]  # of TRACKED
    by: Any = None


@dataclass
class NewTicket:
    """A ticket to be written: the unsaved row as it stands in the end, how it began, what happened since, what was said."""

    ticket: Ticket
    beginning: dict[str, Any] = field(default_factory=dict)
    steps: Sequence[Step] = ()
    messages: Sequence[Message] = ()
    tags: Sequence[Tag] = ()


def states_of(new: NewTicket, promises: Promises) -> list[TicketState]:
    """The chain of history rows, never a gap, ending where the ticket stands. What came solved was promised nothing by us."""
    ticket = new.ticket
    now = {name: new.beginning.get(name, getattr(ticket, name)) for name in TRACKED}
    promised = not (ticket.origin == Origin.IMPORT and ticket.category == Category.DONE or ticket.sla_met is not None)
    tags = {tag.pk for tag in new.tags}
    chain = [_state(ticket, ticket.created_at, now, None, promises, tags if promised else None)]
    for step in sorted(new.steps, key=lambda step: step.at):
        before, now = now, {**now, **step.changes}
        if before != now:
            chain.append(_state(ticket, max(step.at, chain[-1].start), now, step.by, promises, tags if promised else None))
            chain[-2].end = chain[-1].start
    if any(now[name] != getattr(ticket, name) for name in TRACKED):
        raise ValueError(f"The steps of ticket {ticket.number} do not lead to where it stands.")
    return chain


def _state(
    ticket: Ticket, at: dt.datetime, values: dict[str, Any], by: Any, promises: Promises, tags: set[int] | None
) -> TicketState:
    then = copy.copy(ticket)
    then.queue, then.priority = values["queue"], values["priority"]
    policy = None if tags is None else promises.match(then, tags)
    return TicketState(
        ticket=ticket,
        start=at,
        category=values["status"].category,
        policy=policy,
        calendar_id=promises.calendar(then, policy),
        by=by or events.actor(),
        origin=events.origin(),
        **values,
    )


@transaction.atomic
def create_many(rows: Sequence[NewTicket], promises: Promises | None = None) -> list[Ticket]:
    """Writes the tickets with history, messages, tags, events, and everything derived. Values are taken as given: the caller has
    checked them; the database's constraints still hold."""
    for new in rows:
        events.stamp(new.ticket)
    tickets = write(rows, promises or Promises())
    events.record_many([entry for new in rows for entry in _events(new)])
    return tickets


@transaction.atomic
def write(rows: Sequence[NewTicket], promises: Promises) -> list[Ticket]:
    """The same without creators and events, which the caller tells."""
    unnumbered = [new.ticket for new in rows if not new.ticket.number]
    if unnumbered:
        first = next_number("ticket", len(unnumbered))
        for offset, ticket in enumerate(unnumbered):
            ticket.number = f"T-{first + offset}"
    for new in rows:
        new.ticket.category = new.ticket.status.category
    tickets = Ticket.objects.bulk_create([new.ticket for new in rows], batch_size=500)
    TicketTag.objects.bulk_create([TicketTag(ticket=new.ticket, tag=tag) for new in rows for tag in new.tags], batch_size=500)
    for new in rows:
        for message in new.messages:
            message.ticket = new.ticket
    Message.objects.bulk_create([message for new in rows for message in new.messages], batch_size=500)
    TicketState.objects.bulk_create([state for new in rows for state in states_of(new, promises)], batch_size=500)
    for start in range(0, len(tickets), CHUNK):
        history.rebuild(tickets[start : start + CHUNK], new=True, promises=promises)
    return tickets


def _events(new: NewTicket) -> list[tuple[Any, list[Any]]]:
    ticket = new.ticket
    links = [ticket, ticket.company, ticket.requester]
    told = {**present_facts(ticket), "subject": ticket.subject}
    found = [(events.build("ticket.created", ticket, new=told, at=ticket.created_at), links)]
    for kind, at in (("ticket.solved", ticket.solved_at), ("ticket.closed", ticket.closed_at)):
        if at is not None:
            found.append((events.build(kind, ticket, new=present_facts(ticket), at=at), links))
    return found
