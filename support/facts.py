"""The facts of a ticket, from its story (see `models.TicketFacts`). Pure."""

from __future__ import annotations

import datetime as dt
from typing import Any

from crm.periods import local_day

from .choices import WAITING, Category, WaitOutcome
from .models import ReplyWait, TicketFacts, TicketState
from .sla import Promises
from .story import Story, Wait

SECOND = dt.timedelta(seconds=1)


def between(start: dt.datetime, end: dt.datetime) -> int | None:
    """Seconds by the clock on the wall; None when they would be negative: that is an error in the data, not a time."""
    return (end - start) // SECOND if end >= start else None


def business(start: dt.datetime, end: dt.datetime, calendar: int | None, promises: Promises, at: dt.datetime) -> int | None:
    """Working seconds by the version of the calendar that was in force at the closing event; None without a calendar."""
    schedule = promises.schedules.get(calendar or 0)
    return None if schedule is None or end < start else schedule.at(at)[0].elapsed(start, end) // SECOND


def facts_of(story: Story, promises: Promises) -> TicketFacts:
    """Everything but `contact_again_seconds`, which other tickets decide."""
    ticket, first = story.ticket, story.states[0]
    facts = TicketFacts(ticket=ticket, replies=len(story.replies), customer_messages=story.customer_messages)
    facts.early_messages = story.early_messages
    facts.created_day = None if ticket.undated else local_day(ticket.created_at)
    _who(facts, "created", first)
    _response(facts, story, promises)
    _first_solve(facts, story, promises)
    _solve(facts, story, promises)
    return facts


def _who(facts: TicketFacts, name: str, state: TicketState) -> None:
    """Who was in charge when it happened."""
    for dimension in ("owner_id", "team_id", "queue_id", "priority"):
        setattr(facts, f"{name}_{dimension}", getattr(state, dimension))


def _response(facts: TicketFacts, story: Story, promises: Promises) -> None:
    start, at = story.response_from, story.response_at
    if at is None:
        return
    state = story.state_at(at)
    facts.reply_at, facts.reply_day = at, local_day(at)
    _who(facts, "reply", state)
    if start is not None and not story.ticket.undated:
        facts.reply_seconds = between(start, at)
        facts.reply_business = business(start, at, state.calendar_id, promises, at)


def _first_solve(facts: TicketFacts, story: Story, promises: Promises) -> None:
    stated = story.ticket.stated_reopens or 0
    facts.reopens = max(len(story.reopenings), stated)
    facts.soft_reopens = sum(reopening.soft for reopening in story.reopenings)
    if not story.solves:
        return
    ticket, at = story.ticket, story.solves[0]
    state = story.state_at(at)
    facts.first_solved_at, facts.first_solved_day = at, local_day(at)
    _who(facts, "first_solved", state)
    hard = next((reopening for reopening in story.reopenings if not reopening.soft), None)
    if hard is not None:
        facts.reopened_seconds = between(at, hard.at)
    elif stated > len(story.reopenings):
        facts.reopened_seconds = 0  # it was reopened, nobody said when: counted, not left out
    if not ticket.undated:
        facts.first_seconds = between(ticket.created_at, at)
        facts.first_business = business(ticket.created_at, at, state.calendar_id, promises, at)


def _solve(facts: TicketFacts, story: Story, promises: Promises) -> None:
    ticket, at = story.ticket, story.solved_at
    if at is None:
        return
    state = story.state_at(at)
    facts.solved_at, facts.solved_day = at, local_day(at)
    _who(facts, "solved", state)
    facts.first_contact = facts.replies <= 1 and facts.reopens <= facts.soft_reopens
    if ticket.undated:
        return
    facts.full_seconds = between(ticket.created_at, at)
    facts.full_business = business(ticket.created_at, at, state.calendar_id, promises, at)
    for name, categories in (
        ("open", (Category.OPEN, *WAITING)),
        ("handling", (Category.OPEN,)),
        ("waiting", WAITING),
    ):
        spans = [span for category, *span in _spans(story, at) if category in categories]
        worked = [business(start, end, state.calendar_id, promises, at) for start, end in spans]
        setattr(facts, f"{name}_seconds", sum((end - start) // SECOND for start, end in spans))
        known = state.calendar_id in promises.schedules
        setattr(facts, f"{name}_business", sum(seconds or 0 for seconds in worked) if known else None)


def _spans(story: Story, until: dt.datetime) -> list[tuple[Any, dt.datetime, dt.datetime]]:
    """(category, start, end) of each state before the solve."""
    starts = [state.start for state in story.states]
    found = []
    for state, end in zip(story.states, [*starts[1:], until], strict=True):
        if state.start < until:
            found.append((state.category, state.start, min(end, until)))
    return found


def wait_of(wait: Wait, story: Story, promises: Promises) -> ReplyWait:
    """A wait as a row, with who was in charge at its end."""
    state = story.state_at(wait.end) if wait.end else story.states[-1]
    row = ReplyWait(
        ticket=story.ticket,
        first=wait.first,
        started_at=wait.start,
        ended_at=wait.end,
        outcome=wait.outcome,
        by_id=wait.by,
        owner_id=state.owner_id,
        team_id=state.team_id,
        priority=state.priority,
        queue_id=state.queue_id,
    )
    if wait.end is not None and wait.outcome != WaitOutcome.WAITING and not story.ticket.undated:
        row.seconds = between(wait.start, wait.end)
        row.business_seconds = business(wait.start, wait.end, state.calendar_id, promises, wait.end)
    return row
