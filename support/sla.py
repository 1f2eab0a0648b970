"""Service levels: which policy applies, what its clocks show, and when each promise is kept or broken. Pure but for `match`.

A clock starts with a customer's wait (first response, next reply) or with the ticket (resolution) and ends with the answer or the
first solve. While it is on, a `SlaTarget` holds what was promised; a change of priority or policy ends that row "superseded" and
opens another one that counts from the clock's own start. Resolution pauses while the ticket waits for the customer, and for a
third party when the policy says so; the other two never pause.

A promise is kept when it is fulfilled before its due moment, broken at the due moment otherwise. A broken one stays, whatever
is changed afterwards; only a fulfilment that came in time and was recorded late takes it back.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from .choices import UNDECIDED, Category, Metric, Outcome
from .hours import Schedule
from .models import Calendar, CalendarVersion, SlaGoal, SlaPolicy, SlaSegment, SlaTarget, Ticket, TicketState
from .story import Story

SECOND = dt.timedelta(seconds=1)


class Promises:
    """Policies, goals and calendars as they are now; read once for any number of tickets."""

    def __init__(self) -> None:
        self.policies = list(SlaPolicy.objects.order_by("position", "pk"))
        self.by_pk = {policy.pk: policy for policy in self.policies}
        self.goals = {(goal.policy_id, goal.priority, goal.metric): goal for goal in SlaGoal.objects.all()}
        self.default_calendar = Calendar.objects.filter(is_default=True).values_list("pk", flat=True).first()
        versions: dict[int, list[CalendarVersion]] = {}
        for version in CalendarVersion.objects.order_by("calendar", "pk"):
            versions.setdefault(version.calendar_id, []).append(version)
        self.schedules = {pk: _schedule(rows) for pk, rows in versions.items()}

    def match(self, ticket: Ticket, tags: set[int]) -> SlaPolicy | None:
        """The first active policy whose conditions all hold."""
        return next((policy for policy in self.policies if policy.active and applies(policy, ticket, tags)), None)

    def calendar(self, ticket: Ticket, policy: SlaPolicy | None) -> int | None:
        """The calendar that the ticket's working time goes by: the policy's, else the queue's, else the default one."""
        return (policy.calendar_id if policy else None) or ticket.queue.calendar_id or self.default_calendar

    def goal(self, policy: int | None, priority: str, metric: str) -> SlaGoal | None:
        return self.goals.get((policy, priority, metric)) if policy else None


def _schedule(versions: list[CalendarVersion]) -> Schedule:
    from .hours import schedule_of

    found = schedule_of(sorted(versions, key=lambda row: (row.valid_from is not None, row.valid_from, row.pk)))
    assert found is not None
    return found


def applies(policy: SlaPolicy, ticket: Ticket, tags: set[int]) -> bool:
    """Whether all conditions of the policy hold; empty ones do."""
    return (
        policy.queue_id in (None, ticket.queue_id)
        and policy.type.casefold() in ("", ticket.type.casefold())
        and policy.channel in ("", ticket.channel)
        and policy.company_id in (None, ticket.company_id)
        and (policy.tag_id is None or policy.tag_id in tags)
    )


# --- clocks ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Clock:
    """Something promised, from `start` until it was fulfilled (`end`), if it was."""

    metric: str
    start: dt.datetime
    end: dt.datetime | None


@dataclass
class Phase:
    """A stretch of a clock's life under one policy and one priority."""

    start: dt.datetime
    end: dt.datetime | None
    state: TicketState


@dataclass
class Stretch:
    """A stretch of a target's life, measured in its own clock by one version of its calendar."""

    start: dt.datetime
    end: dt.datetime | None
    running: bool
    category: str
    schedule: Schedule | None

    def elapsed(self, until: dt.datetime) -> dt.timedelta:
        return self.schedule.elapsed(self.start, until) if self.schedule else max(until - self.start, dt.timedelta())

    def due(self, amount: dt.timedelta) -> dt.datetime | None:
        return self.schedule.due(self.start, amount) if self.schedule else self.start + amount


@dataclass
class Drawn:
    """A target with the segments that make up its time."""

    target: SlaTarget
    segments: list[SlaSegment] = field(default_factory=list)


def clocks_of(story: Story) -> Iterator[Clock]:
    """The clocks of a ticket: one for each wait, one for the resolution until the first solve."""
    for wait in story.waits:
        yield Clock(Metric.FIRST_RESPONSE if wait.first else Metric.NEXT_REPLY, wait.start, wait.end)
    yield Clock(Metric.RESOLUTION, story.ticket.created_at, story.solves[0] if story.solves else None)


def phases_of(clock: Clock, states: Sequence[TicketState]) -> list[Phase]:
    """The clock's life cut where priority or policy changed."""
    found: list[Phase] = []
    for state, end in _inside(states, clock.start, clock.end):
        start = max(state.start, clock.start)
        last = found[-1] if found else None
        if last and (last.state.policy_id, last.state.priority) == (state.policy_id, state.priority):
            last.end = end
        else:
            found.append(Phase(start, end, state))
    return found


def _inside(
    states: Sequence[TicketState], start: dt.datetime, end: dt.datetime | None
) -> Iterator[tuple[TicketState, dt.datetime | None]]:
    """The states of [start, end) with where each ends inside it. At least one, however short the time."""
    ends = [state.start for state in states[1:]] + [None]
    last = max((n for n, state in enumerate(states) if state.start <= start), default=0)
    for number in range(last, len(states)):
        state, after = states[number], ends[number]
        if number > last and end is not None and state.start >= end:
            return
        stop = after if end is None else end if after is None else min(after, end)
        yield state, stop


# --- one target ------------------------------------------------------------------------------------------------------


def runs(target: SlaTarget, category: str) -> bool:
    """Whether the target's clock runs while the ticket stands in that category."""
    if target.metric != Metric.RESOLUTION:
        return True
    if category == Category.WAITING_OTHER:
        return not target.pause_waiting_other
    return category != Category.WAITING_CUSTOMER


def open_target(ticket: Ticket, clock: Clock, phase: Phase, promises: Promises) -> SlaTarget | None:
    """A new row for this phase of the clock, with what is promised now; None when nothing is."""
    state = phase.state
    goal = promises.goal(state.policy_id, state.priority, clock.metric)
    if goal is None:
        return None
    policy = promises.by_pk[goal.policy_id]
    calendar = state.calendar_id if state.calendar_id in promises.schedules else None
    return SlaTarget(
        ticket=ticket,
        policy=policy,
        metric=clock.metric,
        priority=state.priority,
        business=goal.business and calendar is not None,
        goal_seconds=goal.minutes * 60,
        pause_waiting_other=policy.pause_waiting_other,
        warn_seconds=policy.warn_minutes * 60 if policy.warn_minutes else None,
        escalate_to_id=policy.escalate_to_id,
        escalate_seconds=policy.escalate_minutes * 60,
        calendar_id=calendar if goal.business else None,
        started_at=clock.start,
        opened_at=phase.start,
        outcome=Outcome.RUNNING,
    )


class Measure:
    """A target's time from its clock's start to `end` (None: it is still on), in its own clock."""

    def __init__(self, target: SlaTarget, story: Story, end: dt.datetime | None, promises: Promises) -> None:
        self.target, self.end = target, end
        self.stretches = [
            Stretch(max(state.start, target.started_at), stop, runs(target, state.category), state.category, schedule)
            for state, stop in _inside(story.states, target.started_at, end)
            for schedule in [self._schedule(state, promises)]
        ]

    def _schedule(self, state: TicketState, promises: Promises) -> Schedule | None:
        if not self.target.business:
            return None
        return promises.schedules.get(state.calendar_id or 0) or promises.schedules.get(self.target.calendar_id or 0)

    def reach(self, amount: dt.timedelta, *, beyond: bool = False) -> dt.datetime | None:
        """When so much time is used up; None while paused before that, or when it ended before. beyond: when it would have been, had
        the clock run on."""
        left = amount
        for stretch in self.stretches:
            if not stretch.running:
                continue
            if stretch.end is None or beyond and stretch is self.stretches[-1]:
                return stretch.due(left)
            here = stretch.elapsed(stretch.end)
            if here >= left:
                return stretch.due(left)
            left -= here
        return None

    @property
    def paused(self) -> bool:
        return not self.stretches[-1].running

    def segments(self) -> list[SlaSegment]:
        """The stretches as rows, cut where the calendar changed; neighbours that read alike are one."""
        rows: list[SlaSegment] = []
        for stretch in self.stretches:
            for start, end, version in self._cut(stretch):
                seconds = None if end is None else Stretch(start, end, True, "", stretch.schedule).elapsed(end) // SECOND
                last = rows[-1] if rows else None
                if last and (last.running, last.category, last.version) == (stretch.running, stretch.category, version):
                    last.end, last.seconds = end, None if seconds is None else (last.seconds or 0) + seconds
                    continue
                row = SlaSegment(start=start, end=end, running=stretch.running, category=stretch.category, seconds=seconds)
                row.version = version
                rows.append(row)
        return rows

    @staticmethod
    def _cut(stretch: Stretch) -> Iterator[tuple[dt.datetime, dt.datetime | None, Any]]:
        if stretch.schedule is None:
            yield stretch.start, stretch.end, None
        elif stretch.end is None:
            changes = [at for at, _hours, _version in stretch.schedule.versions if at is not None and at > stretch.start]
            starts = [stretch.start, *changes]
            for start, end in zip(starts, [*changes, None], strict=True):
                yield start, end, stretch.schedule.at(start)[1]
        elif stretch.end == stretch.start:
            yield stretch.start, stretch.end, stretch.schedule.at(stretch.start)[1]
        else:
            for piece in stretch.schedule.pieces(stretch.start, stretch.end):
                yield piece.start, piece.end, piece.version


def settle(target: SlaTarget, clock: Clock, phase: Phase, story: Story, promises: Promises, now: dt.datetime) -> Drawn:
    """Brings one target up to date: segments, used time, due moment, outcome."""
    superseded = phase.end is not None and phase.end != clock.end
    stop = phase.end if superseded else clock.end
    measure = Measure(target, story, stop, promises)
    assert target.goal_seconds is not None
    goal = target.goal_seconds * SECOND
    if _disproved(target, clock):
        target.outcome, target.decided_at, target.breach_told_at = Outcome.RUNNING, None, None
    due = target.due_at if target.outcome == Outcome.BREACHED else measure.reach(goal, beyond=True)
    breached = due is not None and (target.outcome == Outcome.BREACHED or due <= (stop or now))
    if breached and superseded:
        stop = clock.end
        measure = Measure(target, story, stop, promises)
    target.ended_at, target.fulfilled_at = stop, clock.end if breached or not superseded else None
    target.due_at = due
    if due is not None and breached:
        _decide(target, Outcome.BREACHED, max(due, target.opened_at), story)
    elif superseded:
        target.outcome = Outcome.SUPERSEDED
    elif clock.end is not None:
        _decide(target, Outcome.MET, clock.end, story)
    else:
        target.outcome = Outcome.PAUSED if measure.paused else Outcome.RUNNING
    if target.outcome not in (Outcome.MET, Outcome.BREACHED):
        target.decided_at = target.owner_id = target.team_id = target.queue_id = None
    segments = measure.segments()
    target.used_seconds = sum(row.seconds or 0 for row in segments if row.running)
    _plan(target, measure, goal)
    return Drawn(target, segments)


def _disproved(target: SlaTarget, clock: Clock) -> bool:
    """Whether what was written down as broken turns out to have been kept: a reply or solve that was recorded late came in time."""
    late = target.outcome == Outcome.BREACHED and clock.end is not None and target.due_at is not None
    return late and clock.end < target.due_at and clock.end < (target.decided_at or clock.end)  # type: ignore[operator]


def _decide(target: SlaTarget, outcome: str, at: dt.datetime, story: Story) -> None:
    """The decision with who was in charge then; one that was taken before stays as it is."""
    if target.outcome == Outcome.BREACHED and target.decided_at is not None:
        return
    state = story.state_at(at)
    target.outcome, target.decided_at = outcome, at
    target.owner_id, target.team_id, target.queue_id = state.owner_id, state.team_id, state.queue_id


def _plan(target: SlaTarget, measure: Measure, goal: dt.timedelta) -> None:
    """When to warn and when to escalate, if it comes to that."""
    target.warn_at = target.escalate_at = None
    if target.warn_seconds and target.warn_seconds * SECOND < goal:
        target.warn_at = measure.reach(goal - target.warn_seconds * SECOND)
    if target.escalate_to_id:
        target.escalate_at = measure.reach(goal + target.escalate_seconds * SECOND)


# --- all targets of a ticket -----------------------------------------------------------------------------------------


def draw(story: Story, existing: Sequence[SlaTarget], promises: Promises, now: dt.datetime) -> list[Drawn]:
    """The targets of a ticket with their segments, from its story. Rows that exist keep what they promised; those that belong to no
    clock any more are not among the results."""
    ticket = story.ticket
    if ticket.sla_met is not None:
        return [Drawn(_stated(story, existing))]
    rows = {(row.metric, row.started_at, row.opened_at): row for row in existing if row.metric != Metric.STATED}
    found: list[Drawn] = []
    for clock in clocks_of(story):
        for phase in phases_of(clock, story.states):
            target = rows.get((clock.metric, clock.start, phase.start)) or open_target(ticket, clock, phase, promises)
            if target is None:
                continue
            if target.outcome == Outcome.CANCELLED:
                target.outcome = Outcome.RUNNING
            drawn = settle(target, clock, phase, story, promises, now)
            found.append(drawn)
            if target.outcome in (Outcome.MET, Outcome.BREACHED):
                break
    if ticket.spam:
        _cancel(found, now)
    return found


def _cancel(found: list[Drawn], now: dt.datetime) -> None:
    for drawn in found:
        if drawn.target.outcome in UNDECIDED:
            drawn.target.outcome, drawn.target.ended_at, drawn.target.due_at = Outcome.CANCELLED, now, None


def _stated(story: Story, existing: Sequence[SlaTarget]) -> SlaTarget:
    """The verdict an import brought: decided when the ticket was solved, else answered, else opened."""
    ticket = story.ticket
    row = next((row for row in existing if row.metric == Metric.STATED), None) or SlaTarget(
        ticket=ticket, metric=Metric.STATED, business=False
    )
    at = story.solved_at or story.response_at or ticket.created_at
    state = story.state_at(at)
    row.priority, row.started_at, row.opened_at = state.priority, ticket.created_at, ticket.created_at
    row.ended_at = row.fulfilled_at = row.decided_at = at
    row.outcome = Outcome.MET if ticket.sla_met else Outcome.BREACHED
    row.owner_id, row.team_id, row.queue_id = state.owner_id, state.team_id, state.queue_id
    return row


def next_due(targets: Sequence[SlaTarget]) -> tuple[dt.datetime | None, str]:
    """The next promise to keep, or the one that is latest already: (due, metric)."""
    on = [row for row in targets if row.ended_at is None and row.due_at and row.outcome in (Outcome.RUNNING, Outcome.BREACHED)]
    first = min(on, key=lambda row: row.due_at, default=None)  # type: ignore[arg-type, return-value]
    return (first.due_at, first.metric) if first else (None, "")


def next_look(targets: Sequence[SlaTarget]) -> dt.datetime | None:
    """When something must be written next: a warning, a breach, an escalation."""
    moments: list[dt.datetime | None] = []
    for row in targets:
        if row.ended_at is not None:
            continue
        if row.outcome == Outcome.RUNNING:
            moments += [row.due_at, row.warn_at if row.warned_at is None else None]
        if row.outcome in (Outcome.RUNNING, Outcome.BREACHED) and row.escalated_at is None:
            moments.append(row.escalate_at)
    return min((at for at in moments if at is not None), default=None)
