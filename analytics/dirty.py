"""Saying which days of which sources must be computed again. Called in the transaction of the change, with the days of the old
and of the new values; the worker does the rest."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from crm import jobs

from .models import DirtyDay

Mark = tuple[str, dt.date]


def mark(marks: Iterable[Mark | tuple[str, dt.date | None]]) -> None:
    """Writes the (source, day) pairs, once each; pairs without a day are left out."""
    wanted = {(source, day) for source, day in marks if day is not None}
    rows = [DirtyDay(source=source, day=day) for source, day in sorted(wanted)]
    if rows:
        DirtyDay.objects.bulk_create(rows, batch_size=1000)
        jobs.enqueue("analytics.refresh", key="refresh")


def mark_all() -> None:
    """Has everything computed anew, as after a change of a definition's settings."""
    jobs.enqueue("analytics.rebuild", key="rebuild")
