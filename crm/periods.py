"""Periods: half-open spans of local days in the organisation's time zone.

A period is [start, end): an event exactly on `start` counts, one exactly on `end` does not. Days are the organisation's
local days, so a day is 23, 24 or 25 hours long where clocks change.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from zoneinfo import ZoneInfo

from django.utils import timezone

GRAINS = ("day", "week", "month", "quarter", "year")


@lru_cache(maxsize=64)
def zone(name: str) -> ZoneInfo:
    """The time zone of that IANA name."""
    return ZoneInfo(name)


def organisation_zone() -> ZoneInfo:
    """The organisation's reporting zone."""
    from .models import Organisation

    return zone(Organisation.current().time_zone)


def local_day(instant: dt.datetime) -> dt.date:
    """The organisation's local day that holds the instant."""
    return instant.astimezone(organisation_zone()).date()


def today() -> dt.date:
    """The organisation's local day now."""
    return local_day(timezone.now())


def first_instant(day: dt.date, tz: ZoneInfo | None = None) -> dt.datetime:
    """The first instant of a local day, in UTC. Where midnight does not exist the day starts at the first valid instant;
    where it happens twice, at the first of the two."""
    tz = tz or organisation_zone()
    midnight = dt.datetime.combine(day, dt.time(), tz)
    instant = midnight.astimezone(dt.UTC)
    if instant.astimezone(tz).date() == day and instant.astimezone(tz).time() == dt.time():
        return instant
    # Midnight falls into a gap: with fold=0 the offset before the change was used, so the instant lies at the change.
    before = midnight.utcoffset() or dt.timedelta()
    after = midnight.replace(fold=1).utcoffset() or dt.timedelta()
    return (dt.datetime.combine(day, dt.time(), dt.UTC) - min(before, after)) if before != after else instant


@dataclass(frozen=True, order=True)
class Period:
    """A half-open span of local days; `grain` names it when it is a whole day, week, month, quarter or year."""

    start: dt.date
    end: dt.date
    grain: str = ""

    def __post_init__(self) -> None:
        if self.end <= self.start:
            raise ValueError("A period ends after it starts.")

    @property
    def days(self) -> int:
        """Length in local days."""
        return (self.end - self.start).days

    @property
    def last_day(self) -> dt.date:
        """The last day inside."""
        return self.end - dt.timedelta(days=1)

    def instants(self) -> tuple[dt.datetime, dt.datetime]:
        """First instant inside and first instant after, in UTC."""
        return first_instant(self.start), first_instant(self.end)

    def __contains__(self, day: dt.date) -> bool:
        return self.start <= day < self.end

    def previous(self) -> Period:
        """The period before: the whole unit before for a named grain, else as many days, ending where this one starts."""
        if self.grain:
            return containing(self.start - dt.timedelta(days=1), self.grain)
        return Period(self.start - dt.timedelta(days=self.days), self.start)

    def year_before(self) -> Period:
        """The same span one year earlier (29 February becomes 1 March's eve, 28 February)."""
        if self.grain in ("month", "quarter", "year"):
            return containing(_shift_year(self.start, -1), self.grain)
        start = _shift_year(self.start, -1)
        return Period(start, start + dt.timedelta(days=self.days))

    def clipped(self, today: dt.date) -> Period:
        """The part up to and including today; the whole period when it is over or lies ahead."""
        tomorrow = today + dt.timedelta(days=1)
        if self.start < tomorrow < self.end:
            return Period(self.start, tomorrow)
        return self

    def like_for_like(self, other: Period) -> Period:
        """The first days of `other`, as many as this period has, at most all of it.

        1-18 May is compared with 1-18 April; a whole month with the whole month before, whatever their lengths.
        """
        return Period(other.start, min(other.end, other.start + dt.timedelta(days=self.days)))

    def split(self, grain: str) -> list[Period]:
        """The units of a grain that meet this period, the first and last cut to it."""
        return [
            unit
            if self.start <= unit.start and unit.end <= self.end
            else Period(max(self.start, unit.start), min(self.end, unit.end))
            for unit in units(self.start, self.end, grain)
        ]


def _shift_year(day: dt.date, years: int) -> dt.date:
    try:
        return day.replace(year=day.year + years)
    except ValueError:  # 29 February
        return day.replace(year=day.year + years, day=28)


def _month_start(year: int, month: int) -> dt.date:
    return dt.date(year + (month - 1) // 12, (month - 1) % 12 + 1, 1)


def after_months(day: dt.date, months: int) -> dt.date:
    """The same day so many months on (or back), or that month's last day where it is shorter."""
    first = _month_start(day.year, day.month + months)
    last = _month_start(first.year, first.month + 1) - dt.timedelta(days=1)
    return first.replace(day=min(day.day, last.day))


def containing(day: dt.date, grain: str) -> Period:
    """The day, week, month, fiscal quarter or fiscal year that holds a local day."""
    from .models import Organisation

    if grain == "day":
        return Period(day, day + dt.timedelta(days=1), "day")
    if grain == "month":
        return Period(day.replace(day=1), _month_start(day.year, day.month + 1), "month")
    organisation = Organisation.current()
    if grain == "week":
        start = day - dt.timedelta(days=(day.weekday() - organisation.week_start) % 7)
        return Period(start, start + dt.timedelta(days=7), "week")
    first = organisation.fiscal_year_start
    months_in = (day.month - first) % 12
    year_start = _month_start(day.year - (1 if day.month < first else 0), first)
    if grain == "quarter":
        start = _month_start(year_start.year, year_start.month + months_in // 3 * 3)
        return Period(start, _month_start(start.year, start.month + 3), "quarter")
    if grain == "year":
        return Period(year_start, _month_start(year_start.year, year_start.month + 12), "year")
    raise ValueError(f"Unknown grain: {grain}")


def units(start: dt.date, end: dt.date, grain: str) -> Iterator[Period]:
    """The whole units of a grain that meet [start, end), in order."""
    unit = containing(start, grain)
    while unit.start < end:
        yield unit
        unit = containing(unit.end, grain)


def last(n: int, grain: str, upto: dt.date) -> list[Period]:
    """The last n whole units of a grain, the one that holds `upto` included, oldest first."""
    unit = containing(upto, grain)
    found = [unit]
    while len(found) < n:
        unit = unit.previous()
        found.append(unit)
    return found[::-1]
