"""The clock against a count minute by minute, over random calendars, days on which clocks change, and pauses."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from support.hours import Closure, Hours, Schedule

pytestmark = pytest.mark.once

MINUTE = dt.timedelta(minutes=1)
DAY = 1440
#: Zones whose clocks change at odd hours and by odd amounts, and days on which they do.
CHANGES = [
    ("Europe/Berlin", dt.date(2026, 3, 29)),
    ("Europe/Berlin", dt.date(2026, 10, 25)),
    ("America/New_York", dt.date(2026, 3, 8)),
    ("America/New_York", dt.date(2026, 11, 1)),
    ("America/Santiago", dt.date(2026, 9, 6)),
    ("Australia/Lord_Howe", dt.date(2026, 4, 5)),
    ("Australia/Lord_Howe", dt.date(2026, 10, 4)),
    ("Asia/Kolkata", dt.date(2026, 1, 1)),
]


@st.composite
def weeks(draw):
    """A week of up to three intervals a day that do not overlap, some of them across midnight."""
    cuts = draw(st.lists(st.integers(0, 7 * 96 - 1), min_size=2, max_size=24, unique=True).map(sorted))
    week: list[list[tuple[int, int]]] = [[] for _day in range(7)]
    for start, end in zip(cuts[::2], cuts[1::2], strict=False):
        length = min((end - start) * 15, DAY)
        first = start % 96 * 15
        week[start // 96].append((first, first + length))
    assume(any(week))
    return week


@st.composite
def scenes(draw):
    """(hours, zone, start, how many minutes): near a change of clocks, with holidays whole and in part."""
    zone, change = draw(st.sampled_from(CHANGES))
    days = st.integers(-3, 3).map(lambda n: change + dt.timedelta(days=n))
    whole = [Closure(day) for day in draw(st.lists(days, max_size=2, unique=True))]
    parts = [Closure(day, "", 480, 780) for day in draw(st.lists(days, max_size=1)) if day not in {row.day for row in whole}]
    hours = Hours(zone, draw(weeks()), [*whole, *parts])
    start = dt.datetime.combine(change, dt.time(), dt.UTC) + draw(st.integers(-4 * DAY, 2 * DAY)) * MINUTE
    return hours, zone, start, draw(st.integers(0, 5 * DAY))


def open_minutes(hours: Hours, zone: str, start: dt.datetime, count: int) -> list[bool]:
    """For each minute whether it is open, asked of the rules one minute at a time and of nothing else."""
    tz = ZoneInfo(zone)
    found = []
    shut = {row.day: (row.start, row.end) for row in hours.parts}
    for number in range(count):
        instant = start + number * MINUTE
        open_ = any(_holds(hours, tz, instant, back) for back in (0, 1))
        for day, (first, last) in shut.items():
            open_ = open_ and not _between(tz, instant, day, first, last)
        found.append(open_)
    return found


def _holds(hours, tz, instant, back):
    day = instant.astimezone(tz).date() - dt.timedelta(days=back)
    if day in hours.holidays:
        return False
    return any(_between(tz, instant, day, start, end) for start, end in hours.week[day.weekday()])


def _between(tz, instant, day, start, end):
    """Start at the first time its wall clock is reached, end at the last: by comparing wall clocks, gaps close by themselves."""
    midnight = dt.datetime.combine(day, dt.time())
    return _first(tz, midnight + start * MINUTE) <= instant < _last(tz, midnight + end * MINUTE)


def _first(tz, wall):
    """The first whole minute whose wall clock is there or later, found by walking."""
    probe = wall.replace(tzinfo=dt.UTC) - dt.timedelta(hours=15)
    guess = wall.replace(tzinfo=tz).astimezone(dt.UTC) - dt.timedelta(hours=2)
    probe = max(probe, guess)
    while probe.astimezone(tz).replace(tzinfo=None) < wall:
        probe += MINUTE
    return probe


def _last(tz, wall):
    """The last whole minute before which the wall clock was earlier, found by walking back."""
    probe = wall.replace(tzinfo=tz, fold=1).astimezone(dt.UTC) + dt.timedelta(hours=2)
    while (probe - MINUTE).astimezone(tz).replace(tzinfo=None) >= wall:
        probe -= MINUTE
    return probe


@settings(max_examples=60, deadline=None)
@given(scenes())
def test_elapsed_time_is_the_number_of_open_minutes(scene):
    hours, zone, start, count = scene
    assert hours.elapsed(start, start + count * MINUTE) == sum(open_minutes(hours, zone, start, count)) * MINUTE


@settings(max_examples=40, deadline=None)
@given(scenes(), st.lists(st.tuples(st.integers(0, 5 * DAY), st.integers(0, DAY)), max_size=3))
def test_time_without_pauses_is_the_number_of_open_minutes_outside_them(scene, pauses):
    hours, zone, start, count = scene
    minutes = open_minutes(hours, zone, start, count)
    paused = {n for first, length in pauses for n in range(first, min(first + length, count))}
    running = [n for n in range(count) if n not in paused]
    spans = []
    for n in running:
        if spans and spans[-1][1] == n:
            spans[-1][1] = n + 1
        else:
            spans.append([n, n + 1])
    counted = sum((hours.elapsed(start + a * MINUTE, start + b * MINUTE) for a, b in spans), dt.timedelta())
    assert counted == sum(minutes[n] for n in running) * MINUTE


@settings(max_examples=200, deadline=None)
@given(scenes(), st.integers(1, 20_000))
def test_so_much_time_has_passed_when_it_is_due_and_not_a_moment_before(scene, minutes):
    hours, _zone, start, _count = scene
    due = hours.due(start, minutes * MINUTE)
    assert due is not None
    assert hours.elapsed(start, due) == minutes * MINUTE
    assert hours.elapsed(start, due - dt.timedelta(microseconds=1)) < minutes * MINUTE


@settings(max_examples=200, deadline=None)
@given(scenes(), st.integers(0, 5 * DAY))
def test_time_adds_up_over_a_split(scene, cut):
    hours, _zone, start, count = scene
    middle, end = start + min(cut, count) * MINUTE, start + count * MINUTE
    assert hours.elapsed(start, middle) + hours.elapsed(middle, end) == hours.elapsed(start, end)


@settings(max_examples=100, deadline=None)
@given(scenes(), scenes(), st.integers(0, 5 * DAY), st.integers(1, 3000))
def test_a_change_of_calendar_adds_up_too(before, after, cut, minutes):
    first, _zone, start, count = before
    change = start + min(cut, count) * MINUTE
    both = Schedule([(None, first, 1), (change, after[0], 2)])
    end = start + count * MINUTE
    assert both.elapsed(start, end) == first.elapsed(start, change) + after[0].elapsed(change, end)
    due = both.due(start, minutes * MINUTE)
    assert due is not None
    assert both.elapsed(start, due) == minutes * MINUTE
