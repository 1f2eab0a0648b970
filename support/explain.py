"""Why a clock shows what it shows: each promise on a ticket, stretch by stretch, with the reason for every pause."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from .choices import UNDECIDED, Category
from .hours import Hours, hours_of
from .models import SlaSegment, SlaTarget, Ticket

MOST = 60  # stretches of one segment that are told apart; a longer one is told whole
SECOND = dt.timedelta(seconds=1)


@dataclass(frozen=True)
class Stretch:
    """A stretch of time: whether the clock ran, why not, and how many seconds of the clock's own time it is."""

    start: dt.datetime
    end: dt.datetime | None
    running: bool
    reason: str
    seconds: int


@dataclass(frozen=True)
class Explained:
    """A promise, what of it is used and left now, in its own clock, and the stretches that add up to it. `left` is below zero when
    it is late, and None where nothing was promised in minutes (an imported verdict)."""

    target: SlaTarget
    stretches: list[Stretch]
    used: int
    left: int | None
    due_at: dt.datetime | None


def explain(ticket: Ticket, now: dt.datetime | None = None) -> list[Explained]:
    """The clocks of a ticket in order, as they stand now."""
    now = now or timezone.now()
    targets = ticket.targets.select_related("policy", "calendar").prefetch_related("segments__version")
    return [_explained(target, now) for target in targets]


def _explained(target: SlaTarget, now: dt.datetime) -> Explained:
    stretches = [stretch for segment in target.segments.all() for stretch in _stretches(segment, target, now)]
    used = sum(stretch.seconds for stretch in stretches if stretch.running)
    left = None if target.goal_seconds is None else target.goal_seconds - used
    on = target.outcome in UNDECIDED or target.ended_at is None
    return Explained(target, stretches, used, left, target.due_at if on or target.decided_at else None)


def _stretches(segment: SlaSegment, target: SlaTarget, now: dt.datetime) -> Iterator[Stretch]:
    end = segment.end or max(now, segment.start)
    hours = hours_of(segment.version) if segment.version is not None else None
    whole = hours.elapsed(segment.start, end) if hours else end - segment.start
    if not segment.running:
        yield Stretch(segment.start, segment.end, False, _pause(segment.category), whole // SECOND)
        return
    windows = list(hours.windows(segment.start, end)) if hours else []
    if hours is None or len(windows) > MOST:
        yield Stretch(segment.start, segment.end, True, "", whole // SECOND)
        return
    yield from _in_hours(segment.start, end, segment.end, windows, hours)


def _in_hours(start: dt.datetime, end: dt.datetime, known: Any, windows: list, hours: Hours) -> Iterator[Stretch]:
    """Working hours and the time between them, with the reason; the last stretch has no end while the clock is on."""
    at = start
    for opens, closes in [*windows, (end, end)]:
        if opens > at:
            yield Stretch(at, opens if opens < end else known, False, closed(hours, at, opens), 0)
        if closes > opens:
            yield Stretch(opens, closes if closes < end else known, True, "", (closes - opens) // SECOND)
        at = max(at, closes)


def closed(hours: Hours, start: dt.datetime, end: dt.datetime) -> str:
    """Why nobody worked in that time: the holidays it holds, else that it was outside working hours."""
    first, last = start.astimezone(hours.zone).date(), (end - SECOND).astimezone(hours.zone).date()
    names = [row.name for row in [*hours.holidays.values(), *hours.parts] if first <= row.day <= last and row.name]
    return _("Holiday: %(names)s") % {"names": ", ".join(dict.fromkeys(names))} if names else _("Outside working hours")


def _pause(category: str) -> str:
    return _("Paused: %(why)s") % {"why": Category(category).label}
