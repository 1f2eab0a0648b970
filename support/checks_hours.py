"""Business hours, counted a second time for the check: date by date, from the calendars as they are stored."""

from __future__ import annotations

import datetime as dt
import json
from collections import defaultdict
from typing import Any
from zoneinfo import ZoneInfo

from analytics.checking import Recount

DAY = dt.timedelta(days=1)
SECOND = dt.timedelta(seconds=1)
Window = tuple[dt.datetime, dt.datetime]


class Week:
    """One version of a calendar."""

    def __init__(self, zone: str, week: Any, holidays: Any) -> None:
        self.zone = ZoneInfo(zone)
        self.week: dict[str, list[list[str]]] = json.loads(week) if isinstance(week, str) else week
        rows = json.loads(holidays) if isinstance(holidays, str) else holidays
        self.closed = {row["date"] for row in rows if not row.get("start")}
        self.parts = [row for row in rows if row.get("start")]
        self._dates: dict[dt.date, list[Window]] = {}

    def seconds(self, start: dt.datetime, end: dt.datetime) -> int:
        """Whole open seconds in [start, end)."""
        found = dt.timedelta()
        covered = start
        day = start.astimezone(self.zone).date() - DAY
        while day <= end.astimezone(self.zone).date():
            for opens, closes in self._windows(day):
                first, last = max(opens, covered), min(closes, end)
                if last > first:
                    found += last - first
                    covered = last
            day += DAY
        return found // SECOND

    def _windows(self, day: dt.date) -> list[Window]:
        if day not in self._dates:
            found = []
            if day.isoformat() not in self.closed:
                for opens, closes in sorted(self.week.get(str(day.weekday()), [])):
                    until = day if minutes(closes) > minutes(opens) else day + DAY
                    found.append((self._instant(day, opens, 0), self._instant(until, closes, 1)))
            for part in self.parts:
                found = self._less(found, part)
            self._dates[day] = found
        return self._dates[day]

    def _less(self, windows: list[Window], part: dict[str, str]) -> list[Window]:
        day = dt.date.fromisoformat(part["date"])
        until = day if minutes(part["end"]) > minutes(part["start"]) else day + DAY
        start, end = self._instant(day, part["start"], 0), self._instant(until, part["end"], 1)
        pieces = [piece for a, b in windows for piece in ((a, min(b, start)), (max(a, end), b))]
        return [(a, b) for a, b in pieces if b > a]

    def _instant(self, day: dt.date, clock: str, fold: int) -> dt.datetime:
        """The instant of a wall-clock time: of two the first (fold 0) or second, of none the first moment after the gap."""
        wall = dt.datetime.combine(day, dt.time()) + dt.timedelta(minutes=minutes(clock))
        found = wall.replace(tzinfo=self.zone, fold=fold).astimezone(dt.UTC)
        if found.astimezone(self.zone).replace(tzinfo=None) == wall:
            return found
        low, high = sorted(wall.replace(tzinfo=self.zone, fold=side).astimezone(dt.UTC) for side in (0, 1))
        before = low.astimezone(self.zone).utcoffset()
        while low.astimezone(self.zone).utcoffset() == before and low < high:
            low += SECOND
        return low


def minutes(clock: str) -> int:
    hours, rest = clock.split(":")
    return int(hours) * 60 + int(rest)


class Calendars:
    """All calendars with their versions."""

    def __init__(self, recount: Recount) -> None:
        self.versions: dict[int, list[tuple[dt.datetime | None, Week]]] = defaultdict(list)
        rows = recount.rows("SELECT calendar_id, valid_from, zone, week, holidays FROM support_calendarversion")
        for calendar, since, zone, week, holidays in rows:
            self.versions[calendar].append((recount.instant(since), Week(zone, week, holidays)))
        for versions in self.versions.values():
            versions.sort(key=lambda row: (row[0] is not None, row[0] or dt.datetime.min.replace(tzinfo=dt.UTC)))

    def seconds(self, calendar: int | None, start: dt.datetime, end: dt.datetime, at: dt.datetime) -> int | None:
        """Open seconds by the version in force at `at`; None without a calendar."""
        versions = self.versions.get(calendar or 0)
        if not versions or end < start:
            return None
        return [week for since, week in versions if since is None or since <= at][-1].seconds(start, end)
