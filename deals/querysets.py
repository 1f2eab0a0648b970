"""The vocabulary of deals, once."""

from __future__ import annotations

import datetime as dt
from typing import Self

from django.db.models import Q

from crm.querysets import ScopedQuerySet

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
        return self.filter(Q(end_day__isnull=True) | Q(end_day__gte=day), status=Status.OPEN, start_day__lt=day)

    def open_during(self, start: dt.date, end: dt.date) -> Self:
        """Open at some instant of [start, end)."""
        return self.filter(Q(end_day__isnull=True) | Q(end_day__gte=start), status=Status.OPEN, start_day__lt=end)
