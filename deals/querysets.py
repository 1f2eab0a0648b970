"""The vocabulary of deals, once."""

from __future__ import annotations

import datetime as dt
from typing import Self

from crm.querysets import ScopedQuerySet
from crm.spans import holding

from .choices import CLOSED, Status


class DealQuerySet(ScopedQuerySet):
    def open(self) -> Self:
        return self.filter(status=Status.OPEN)

    def won(self) -> Self:
        return self.filter(status=Status.WON)

    def lost(self) -> Self:
        return self.filter(status=Status.LOST)

    def closed(self) -> Self:
        return self.filter(status__in=CLOSED)

    def for_list(self) -> Self:
        return self.select_related("company", "stage", "pipeline", "owner", "team", "product")


class DealStateQuerySet(ScopedQuerySet):
    """History rows by local day. A deal is open on a day's end, or during a period, by these two tests (kpis.md G1)."""

    def open_at(self, day: dt.date) -> Self:
        """Open just before the first instant of `day`: started before, not ended before."""
        return self.open_during(day, day)

    def open_during(self, start: dt.date, end: dt.date) -> Self:
        """Open at some instant of [start, end)."""
        return self.filter(holding("start_day", "end_day", start, end, self.db), status=Status.OPEN)
