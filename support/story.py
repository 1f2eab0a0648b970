"""What happened on a ticket, read from its states and messages: waits, replies, solves, reopenings. Pure: asks and writes nothing.

- A customer's message starts a wait unless one is on; the next public message of a person of ours ends it.
- Notes, automatic messages and changes of status answer nothing. Solving ends a wait without an answer.
- Until the first answer a wait is for the first response. A solve without an answer ends that episode: the next message starts
  a new one, so a machine that "solved" it on Monday does not make Friday's first answer four days late.
- A ticket that we opened has no first response.
- A solve that a person took back within five minutes was a slip: it counts nowhere.
"""

from __future__ import annotations

import datetime as dt
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field

from .choices import Author, Category, Visibility, WaitOutcome
from .models import Message, Ticket, TicketState

SLIP = dt.timedelta(minutes=5)


@dataclass
class Wait:
    """From a customer's message to its answer; `by` is who answered."""

    first: bool
    start: dt.datetime
    end: dt.datetime | None = None
    outcome: str = WaitOutcome.WAITING
    by: int | None = None


@dataclass
class Reopening:
    """Soft: it was solved again without a public reply (a "thank you")."""

    at: dt.datetime
    soft: bool = False


@dataclass
class Story:
    ticket: Ticket
    states: list[TicketState]  # without slips
    waits: list[Wait] = field(default_factory=list)
    solves: list[dt.datetime] = field(default_factory=list)
    reopenings: list[Reopening] = field(default_factory=list)
    replies: list[dt.datetime] = field(default_factory=list)
    customer_messages: int = 0
    early_messages: int = 0
    response_at: dt.datetime | None = None
    response_from: dt.datetime | None = None  # null for tickets that we opened
    last_message_at: dt.datetime | None = None

    def state_at(self, at: dt.datetime) -> TicketState:
        """How the ticket stood at that instant, changes of the instant included."""
        number = bisect_right([state.start for state in self.states], at)
        return self.states[max(0, number - 1)]

    @property
    def solved_at(self) -> dt.datetime | None:
        """The present solve."""
        return self.solves[-1] if self.states[-1].category == Category.DONE and self.solves else None


@dataclass(frozen=True)
class _Happening:
    at: dt.datetime
    kind: int
    number: int = 0  # at one instant messages come as they were written, then the status changes
    by: int | None = None
    state: TicketState | None = None


CUSTOMER, REPLY, STATE = range(3)


def tell(ticket: Ticket, states: Sequence[TicketState], messages: Sequence[Message]) -> Story:
    """The story of one ticket from its states in order and its messages."""
    spoken = [row for row in messages if row.visibility == Visibility.PUBLIC and not row.automatic]
    customers = {row.at for row in spoken if row.author == Author.CUSTOMER}
    story = Story(ticket, without_slips(states, customers))
    story.last_message_at = max((row.at for row in messages if row.visibility == Visibility.PUBLIC), default=None)
    happenings = [_Happening(state.start, STATE, state=state) for state in story.states]
    for row in spoken:
        if row.author == Author.CUSTOMER:
            happenings.append(_Happening(row.at, CUSTOMER, row.pk))
        elif row.author == Author.AGENT:
            happenings.append(_Happening(row.at, REPLY, row.pk, by=row.user_id))
    if not customers and not ticket.agent_opened:
        happenings.append(_Happening(ticket.created_at, CUSTOMER))  # an import that tells no messages
    if ticket.stated_response_at and not any(row.author == Author.AGENT for row in spoken):
        happenings.append(_Happening(ticket.stated_response_at, REPLY, 1))
    _Teller(story).run(sorted(happenings, key=lambda item: (item.at, item.kind == STATE, item.number)))
    return story


def without_slips(states: Sequence[TicketState], customers: set[dt.datetime]) -> list[TicketState]:
    """The states less solves that a person took back within five minutes, without a customer having written."""
    kept: list[TicketState] = []
    for number, state in enumerate(states):
        after = next((row for row in states[number + 1 :] if row.category != Category.DONE), None)
        slip = (
            state.category == Category.DONE
            and number > 0
            and after is not None
            and after.by_id is not None
            and after.start not in customers
            and after.start - _entered(states, number) <= SLIP
        )
        if not slip:
            kept.append(state)
    return kept


def _entered(states: Sequence[TicketState], number: int) -> dt.datetime:
    """When the run of done rows that holds this one began."""
    while number > 0 and states[number - 1].category == Category.DONE:
        number -= 1
    return states[number].start


class _Teller:
    """Goes through what happened, in order."""

    def __init__(self, story: Story) -> None:
        self.story = story
        self.waiting: Wait | None = None
        self.answered = story.ticket.agent_opened
        self.episode: dt.datetime | None = None
        self.done = False

    def run(self, happenings: Sequence[_Happening]) -> None:
        for item in happenings:
            if item.kind == CUSTOMER:
                self._customer(item.at)
            elif item.kind == REPLY:
                self._reply(item.at, item.by)
            elif item.state is not None:
                self._state(item.state)

    def _customer(self, at: dt.datetime) -> None:
        self.story.customer_messages += 1
        self.story.early_messages += not self.answered
        if self.waiting is None:
            self.waiting = Wait(not self.answered, at)
            self.story.waits.append(self.waiting)
            self.episode = at

    def _reply(self, at: dt.datetime, by: int | None) -> None:
        self.story.replies.append(at)
        if self.story.response_at is None:
            self.story.response_at = at
        if not self.answered:
            self.answered = True
            self.story.response_from = self.episode or self.story.ticket.created_at
        self._end_wait(at, WaitOutcome.ANSWERED, by)

    def _state(self, state: TicketState) -> None:
        done = state.category == Category.DONE
        if done and not self.done:
            if self.story.reopenings:
                last = self.story.reopenings[-1]
                last.soft = not any(last.at <= reply <= state.start for reply in self.story.replies)
            self.story.solves.append(state.start)
            self._end_wait(state.start, WaitOutcome.CLOSED_UNANSWERED)
        elif self.done and not done:
            self.story.reopenings.append(Reopening(state.start))
        self.done = done

    def _end_wait(self, at: dt.datetime, outcome: str, by: int | None = None) -> None:
        if self.waiting is not None:
            self.waiting.end, self.waiting.outcome, self.waiting.by = at, outcome, by
            self.waiting = None
