"""The clock of working hours: how much open time lies between two instants, and when so much of it will have passed.

`Hours` is one unchanging description: a zone, the week's intervals, holidays. Intervals are wall-clock times of a local date; they
become instants by the zone's rules for that date, and all arithmetic is on instants, so a day is 23 or 25 hours long where it is.
`Schedule` strings the versions of a calendar together: each stretch of time is measured by the version valid then.

Rules (an interval belongs to the day it starts):
- an end not after its start lies on the next day; "24:00" is midnight at the end of the day;
- a boundary that falls into the gap of spring moves to the end of the gap;
- of a time that happens twice in autumn, a start is the first and an end the second one, and no instant is counted twice;
- a whole holiday cancels the intervals that start on it; a part of a day closes just that part.

Open time is counted in whole microseconds, in windows computed once a year of the calendar: a question costs two look-ups.
"""

from __future__ import annotations

import datetime as dt
import json
import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import accumulate, pairwise
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from crm.models.organisation import validate_zone
from crm.periods import zone as zone_of

DAY = dt.timedelta(days=1)
MINUTES_A_DAY = 1440
MINUTES_A_WEEK = 7 * MINUTES_A_DAY
HORIZON = 366  # days within which a calendar must be open once
YEARS_AHEAD = 60  # a promise that takes longer is no promise
EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
TICK = dt.timedelta(microseconds=1)

Interval = tuple[int, int]  # minutes of the day; the end may lie beyond midnight


def ticks(instant: dt.datetime) -> int:
    """Microseconds since 1970."""
    return (instant - EPOCH) // TICK


def instant_of(ticks: int) -> dt.datetime:
    """The instant so many microseconds after 1970, in UTC."""
    return EPOCH + ticks * TICK


@dataclass(frozen=True)
class Closure:
    """A holiday: the whole local date, or its minutes from `start` to `end`."""

    day: dt.date
    name: str = ""
    start: int | None = None
    end: int | None = None


@dataclass
class _Year:
    """The open windows that start in one local year, in order, and how much open time the first n of them hold."""

    starts: list[int]
    ends: list[int]
    before: list[int] = field(init=False)

    def __post_init__(self) -> None:
        self.before = [0, *accumulate(end - start for start, end in zip(self.starts, self.ends, strict=True))]

    def until(self, at: int) -> int:
        """Open time before the instant."""
        number = bisect_right(self.starts, at)
        return self.before[number] - max(0, self.ends[number - 1] - at) if number else 0

    def reached(self, amount: int) -> int:
        """The first instant before which so much open time lies (more than none, at most all)."""
        number = bisect_left(self.before, amount)
        return self.ends[number - 1] - (self.before[number] - amount)


class Hours:
    """Working hours that never change. `week`: for each weekday from Monday its intervals in minutes."""

    def __init__(self, zone: str, week: Sequence[Iterable[Interval]], closures: Iterable[Closure] = ()) -> None:
        self.zone = zone_of(zone)
        self.week = [sorted(day) for day in week]
        self.holidays: dict[dt.date, Closure] = {row.day: row for row in closures if row.start is None}
        self.parts = sorted((row for row in closures if row.start is not None), key=lambda row: (row.day, row.start))
        self._years: dict[int, _Year] = {}

    def elapsed(self, start: dt.datetime, end: dt.datetime) -> dt.timedelta:
        """Open time in [start, end); none when it ends before it starts."""
        if end <= start:
            return dt.timedelta()
        first, last = ticks(start), ticks(end)
        years = range(self._local_year(start) - 1, self._local_year(end) + 1)
        return sum(self._year(year).until(last) - self._year(year).until(first) for year in years) * TICK

    def due(self, start: dt.datetime, amount: dt.timedelta) -> dt.datetime | None:
        """The first instant at which `elapsed(start, instant)` is the amount; None when that is not in sight."""
        if amount <= dt.timedelta():
            return start
        begin, left = ticks(start), amount // TICK
        first = self._local_year(start) - 1
        for number in range(first, min(first + YEARS_AHEAD, dt.MAXYEAR - 1)):
            year = self._year(number)
            passed = year.until(begin)
            here = year.before[-1] - passed
            if here >= left:
                return instant_of(year.reached(passed + left))
            left -= here
        return None

    def windows(self, start: dt.datetime, end: dt.datetime) -> Iterator[tuple[dt.datetime, dt.datetime]]:
        """The open stretches of [start, end), in order."""
        first, last = ticks(start), ticks(end)
        for number in range(self._local_year(start) - 1, self._local_year(end) + 1):
            year = self._year(number)
            for index in range(bisect_right(year.ends, first), bisect_left(year.starts, last)):
                yield instant_of(max(first, year.starts[index])), instant_of(min(last, year.ends[index]))

    def _local_year(self, at: dt.datetime) -> int:
        return at.astimezone(self.zone).year

    def _year(self, number: int) -> _Year:
        if number not in self._years:
            self._years[number] = self._build(number)
        return self._years[number]

    def _build(self, number: int) -> _Year:
        """The year's windows. It begins a day early, so that what reaches over midnight of New Year is not counted twice."""
        first = dt.date(number, 1, 1)
        found: list[tuple[int, int]] = []
        reached = None
        day = first - DAY if number > 1 else first
        while day.year <= number:
            for start, end in () if day in self.holidays else self.week[day.weekday()]:
                opens, closes = ticks(self._instant(day, start, is_end=False)), ticks(self._instant(day, end, is_end=True))
                if reached is not None:
                    opens = max(opens, reached)
                if closes > opens:
                    reached = closes
                    if day >= first:
                        found.append((opens, closes))
            day += DAY
        found = self._without_parts(found, number)
        return _Year([start for start, _end in found], [end for _start, end in found])

    def _without_parts(self, found: list[tuple[int, int]], number: int) -> list[tuple[int, int]]:
        for part in (part for part in self.parts if part.day.year in (number, number + 1)):
            assert part.start is not None and part.end is not None
            start = ticks(self._instant(part.day, part.start, is_end=False))
            end = ticks(self._instant(part.day, part.end, is_end=True))
            pieces = [((a, min(b, start)), (max(a, end), b)) for a, b in found]
            found = [piece for pair in pieces for piece in pair if piece[1] > piece[0]]
        return found

    def _instant(self, day: dt.date, minutes: int, *, is_end: bool) -> dt.datetime:
        """The instant of a wall-clock time, as the rules above have it."""
        wall = dt.datetime.combine(day, dt.time()) + dt.timedelta(minutes=minutes)
        before = wall.replace(tzinfo=self.zone, fold=0).utcoffset() or dt.timedelta()
        after = wall.replace(tzinfo=self.zone, fold=1).utcoffset() or dt.timedelta()
        utc = wall.replace(tzinfo=dt.UTC)
        if before < after:
            return self._end_of_gap(utc - after, utc - before)
        return utc - (after if is_end else before)

    def _end_of_gap(self, before: dt.datetime, after: dt.datetime) -> dt.datetime:
        """The instant between the two at which clocks were put forward."""
        offset = before.astimezone(self.zone).utcoffset()
        seconds = range(int((after - before).total_seconds()) + 1)
        changed = bisect_left(
            seconds, 1, key=lambda n: (before + dt.timedelta(seconds=n)).astimezone(self.zone).utcoffset() != offset
        )
        return before + dt.timedelta(seconds=changed)


@dataclass(frozen=True)
class Piece:
    """A stretch of time within one version of a calendar."""

    start: dt.datetime
    end: dt.datetime
    hours: Hours
    version: Any


class Schedule:
    """A calendar's versions in order, each (valid from, hours, version); the first one holds for all time before the second."""

    def __init__(self, versions: Sequence[tuple[dt.datetime | None, Hours, Any]]) -> None:
        if not versions:
            raise ValueError("A calendar has at least one version.")
        self.versions = list(versions)

    def at(self, instant: dt.datetime) -> tuple[Hours, Any]:
        """The hours valid at that instant, and their version."""
        starts = [start for start, _hours, _version in self.versions[1:]]
        _start, hours, version = self.versions[bisect_right(starts, instant)]  # type: ignore[type-var]
        return hours, version

    def pieces(self, start: dt.datetime, end: dt.datetime) -> Iterator[Piece]:
        """[start, end) cut where the calendar changed."""
        changes = [at for at, _hours, _version in self.versions[1:] if at is not None and start < at < end]
        for first, last in pairwise([start, *changes, end]):
            hours, version = self.at(first)
            yield Piece(first, last, hours, version)

    def elapsed(self, start: dt.datetime, end: dt.datetime) -> dt.timedelta:
        """Open time in [start, end), each stretch by the version valid then."""
        if end <= start:
            return dt.timedelta()
        return sum((piece.hours.elapsed(piece.start, piece.end) for piece in self.pieces(start, end)), dt.timedelta())

    def due(self, start: dt.datetime, amount: dt.timedelta) -> dt.datetime | None:
        """The first instant at which `elapsed(start, instant)` is the amount; None when that is not in sight."""
        changes = [at for at, _hours, _version in self.versions[1:] if at is not None and at > start]
        for end in changes:
            here = self.elapsed(start, end)
            if here >= amount:
                break
            start, amount = end, amount - here
        return self.at(start)[0].due(start, amount)


# --- reading what people type ----------------------------------------------------------------------------------------

CLOCK = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)|24:00")


def minutes_of(text: Any) -> int:
    """ "13:30" as minutes of the day; ValueError for what is no time."""
    found = CLOCK.fullmatch(str(text).strip())
    if found is None:
        raise ValueError(text)
    return MINUTES_A_DAY if found[1] is None else int(found[1]) * 60 + int(found[2])


def clock_of(minutes: int) -> str:
    """Minutes of the day as "13:30"."""
    return f"{minutes // 60:02}:{minutes % 60:02}"


def read_week(week: Any) -> list[list[Interval]]:
    """The stored form of a week as minutes; ValidationError at "week" for what cannot be read, overlaps, or is empty."""
    days: list[list[Interval]] = [[] for _day in range(7)]
    try:
        for day, intervals in dict(week or {}).items():
            for start, end in intervals:
                first, last = minutes_of(start), minutes_of(end)
                first %= MINUTES_A_DAY
                days[int(day)].append((first, last if last > first else last + MINUTES_A_DAY))
    except (TypeError, ValueError, IndexError) as error:
        raise ValidationError({"week": _("Write times as 09:00 and 17:30.")}) from error
    flat = sorted((day * MINUTES_A_DAY + start, day * MINUTES_A_DAY + end) for day in range(7) for start, end in days[day])
    if not flat:
        raise ValidationError({"week": _("A calendar needs at least one opening time.")})
    again = (flat[0][0] + MINUTES_A_WEEK, flat[0][1] + MINUTES_A_WEEK)
    if any(after[0] < before[1] for before, after in pairwise([*flat, again])):
        raise ValidationError({"week": _("Opening times overlap.")})
    return [sorted(day) for day in days]


def read_holidays(rows: Any) -> list[Closure]:
    """The stored form of holidays; ValidationError at "holidays" for what cannot be read."""
    found = []
    try:
        for row in rows or ():
            day, name = dt.date.fromisoformat(str(row["date"])), str(row.get("name") or "")
            start, end = row.get("start") or None, row.get("end") or None
            if (start is None) != (end is None):
                raise ValueError(row)
            found.append(Closure(day, name, *(None if at is None else minutes_of(at) for at in (start, end))))
            if start is not None and found[-1].end <= found[-1].start:  # type: ignore[operator]
                raise ValueError(row)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ValidationError({"holidays": _("A holiday is a date, with or without times from and to on that day.")}) from error
    return found


def read(zone: str, week: Any, holidays: Any = (), *, today: dt.date | None = None) -> Hours:
    """Hours from their stored form. With `today`, what is not open within a year from then is refused."""
    try:
        validate_zone(zone)
    except ValidationError as error:
        raise ValidationError({"zone": error.messages}) from error
    hours = Hours(zone, read_week(week), read_holidays(holidays))
    if today is not None:
        start = dt.datetime.combine(today, dt.time(), hours.zone)
        if not hours.elapsed(start, start + HORIZON * DAY):
            raise ValidationError({"week": _("This calendar is not open once within a year.")})
    return hours


@lru_cache(maxsize=256)
def _hours(pk: int, zone: str, week: str, holidays: str) -> Hours:
    return read(zone, json.loads(week), json.loads(holidays))


def hours_of(version: Any) -> Hours:
    """The hours of a stored calendar version, which never changes; computed once a process."""
    return _hours(version.pk, version.zone, json.dumps(version.week, sort_keys=True), json.dumps(version.holidays))


def schedule_of(versions: Iterable[Any]) -> Schedule | None:
    """The schedule of a calendar's versions, in order of `valid_from`; None without any."""
    rows = [(version.valid_from, hours_of(version), version) for version in versions]
    return Schedule(rows) if rows else None
