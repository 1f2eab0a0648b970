"""What the runs of any model have in common: each stands from its day until the next one, and what it expects of whom marks the days on
which that is counted."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet

from analytics import dirty

Marks = set[tuple[str, "dt.date | None"]]


@dataclass(frozen=True)
class Runs:
    """The runs of one model (`run`), what they expect of whom (`value`), and the streams that count its beginning and its end."""

    run: Any
    value: Any
    valued: str
    outdated: str

    def make_room(self, day: dt.date) -> None:
        """Takes back the run of this day, if there is one; the one before it stands again. Raises ValueError if there is a later one."""
        newest = self.run.objects.order_by("-day").first()
        if newest is None or newest.day < day:
            return
        if newest.day > day:
            raise ValueError(f"There is a run of {newest.day} already.")
        dirty.mark(self.marks_of(newest.values.all()))
        newest.delete()
        self.close(self.value.objects.filter(end=day), None)

    def close(self, values: QuerySet, end: dt.date | None) -> None:
        """Gives values another end, and marks the days on which that changes what is counted."""
        rows = list(values.only("start", "end"))
        values.update(end=end)
        dirty.mark({*self.marks_of(rows), (self.outdated, end)} if rows else set())

    def marks_of(self, values: Iterable[Any]) -> Marks:
        """The (stream, day) pairs in which these values are counted."""
        return {pair for one in values for pair in ((self.valued, one.start), (self.outdated, one.end))}
