"""What the generators share: the calendar, chance, the people, and the event log."""

from __future__ import annotations

import datetime as dt
import math
import random
from collections.abc import Callable, Sequence
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from django.db import models

from ..events import Origin, tell
from ..models import Event, EventLink, Team, User

SEED = 20_771
MONTHS = 36
ZONE = ZoneInfo("Europe/Paris")
T = TypeVar("T")

#: how busy a month is; August sleeps, the last month of a quarter runs
SEASON = (0.95, 1.0, 1.15, 0.95, 1.0, 1.15, 0.8, 0.45, 1.15, 1.1, 1.15, 0.8)


def months_before(day: dt.date, months: int) -> dt.date:
    """The first day of the month that lies `months` before the day's month."""
    index = day.year * 12 + day.month - 1 - months
    return dt.date(index // 12, index % 12 + 1, 1)


class Sample:
    """One run of the generators. `notes` is where an app leaves what the apps above it build on."""

    zone = ZONE

    def __init__(self, now: dt.datetime, tell: Callable[[str], None]) -> None:
        self.now = now.replace(microsecond=0)
        self.tell = tell
        self.random = random.Random(SEED)  # noqa: S311  draws stories, no secrets
        self.today = self.now.astimezone(ZONE).date()
        self.start = months_before(self.today, MONTHS)
        self.go_live = months_before(self.today, MONTHS // 2)
        self.users: dict[str, User] = {}
        self.teams: dict[str, Team] = {}
        self.stays: dict[str, tuple[dt.date, dt.date | None]] = {}
        self.notes: dict[str, Any] = {}
        self._events: list[tuple[Event, list[models.Model | None]]] = []
        self._days, self._weights = self._calendar()

    # --- time

    def _calendar(self) -> tuple[list[dt.date], list[float]]:
        """Working days up to yesterday with how much happens on them: seasons, and a business that grows by a half."""
        days = [self.start + dt.timedelta(days=n) for n in range((self.today - self.start).days)]
        days = [day for day in days if day.weekday() < 5]
        whole = max((self.today - self.start).days, 1)
        return days, [SEASON[day.month - 1] * (1 + 0.6 * (day - self.start).days / whole) for day in days]

    def days(self, count: int) -> list[dt.date]:
        """`count` working days in order, busier ones more often."""
        return sorted(self.random.choices(self._days, self._weights, k=count))

    def working_days(self) -> list[dt.date]:
        return self._days

    def moment(self, day: dt.date, first: int = 8, last: int = 18) -> dt.datetime:
        """Some time of the local day during office hours, never after now."""
        minute = self.random.randrange(first * 60, last * 60)
        local = dt.datetime.combine(day, dt.time(minute // 60, minute % 60, self.random.randrange(60)), ZONE)
        return min(local.astimezone(dt.UTC), self.now - dt.timedelta(minutes=5))

    def office(self, at: dt.datetime) -> dt.datetime:
        """The instant moved into office hours of a working day: at weekends to Friday, never before it can be helped."""
        day = at.astimezone(ZONE).date()
        return self.moment(day - dt.timedelta(days=max(day.weekday() - 4, 0)))

    def between(self, start: dt.datetime, end: dt.datetime, count: int) -> list[dt.datetime]:
        """`count` office-hour instants inside [start, end], in order."""
        span = max((end - start).total_seconds(), 1.0)
        drawn = [self.office(start + dt.timedelta(seconds=self.random.random() * span)) for _ in range(count)]
        return sorted(min(max(at, start), end) for at in drawn)

    def imported(self, at: dt.datetime) -> bool:
        """Whether the instant lies before Sextant came into use; such rows came in by import."""
        return at.astimezone(ZONE).date() < self.go_live

    # --- chance

    def chance(self, probability: float) -> bool:
        return self.random.random() < probability

    def pick(self, choices: Sequence[tuple[T, float]]) -> T:
        """One of weighted choices."""
        return self.random.choices([choice for choice, _ in choices], [weight for _, weight in choices])[0]

    def lognormal(self, median: float, spread: float) -> float:
        """Around the median with a long tail, as durations and deal sizes are."""
        return math.exp(self.random.gauss(math.log(median), spread))

    # --- people and their history

    def at_work(self, username: str, day: dt.date) -> bool:
        """Whether the user had joined and not left on the day."""
        joined, left = self.stays[username]
        return joined <= day and (left is None or day < left)

    def stamp(self, record: Any, at: dt.datetime, by: User | None) -> Any:
        """Creator, creator's team and door of a new row, by its date."""
        imported = self.imported(at)
        record.origin = Origin.IMPORT if imported else Origin.PAGE
        if hasattr(record, "created_by_id"):
            record.created_by = None if imported else by
            record.created_by_team_id = None if imported or by is None else by.team_id
        return record

    def event(
        self,
        kind: str,
        subject: models.Model,
        at: dt.datetime,
        by: User | None,
        *,
        old: dict | None = None,
        new: dict | None = None,
        links: Sequence[models.Model | None] = (),
    ) -> None:
        """Remembers an event; `write_events` writes them all when their subjects have keys."""
        event = Event(kind=kind, actor=by, at=at, recorded_at=at, old=old or {}, new=new or {})
        event.origin = Origin.IMPORT if self.imported(at) else Origin.PAGE
        self._events.append((event, [subject, *links]))

    def happened(self, kind: str) -> list[tuple[Event, models.Model, list[models.Model]]]:
        """What the apps before told of this kind, in order of time: (event, its subject, the other records it is linked to)."""
        told = [(event, [row for row in rows if row is not None]) for event, rows in self._events if event.kind == kind]
        return [(event, rows[0], rows[1:]) for event, rows in sorted(told, key=lambda pair: pair[0].at)]

    def write_events(self) -> None:
        """Writes the remembered events in order of time, with links to every record whose timeline shows them."""
        self._events.sort(key=lambda pair: pair[0].at)
        for event, (subject, *_others) in self._events:
            assert subject is not None
            event.subject_type = subject._meta.label_lower
            event.subject_id = subject.pk
            event.subject_name = str(subject)[:255]
        events = Event.objects.bulk_create([event for event, _ in self._events], batch_size=1000)
        links = {}
        for event, (_same, linked) in zip(events, self._events, strict=True):
            for item in linked:
                if item is not None:
                    links[event.pk, item._meta.label_lower, item.pk] = event.at
        rows = [EventLink(event_id=pk, object_type=kind, object_id=of, at=at) for (pk, kind, of), at in links.items()]
        EventLink.objects.bulk_create(rows, batch_size=2000)
        tell(events)
        self._events = []
