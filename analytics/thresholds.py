"""Bounds that a definition takes from the fiscal year before: from which value on a deal is large.

New wins of a year never move the year's own bound. A correction of the year before does, and the year is then computed again, so
that the same records always give the same numbers.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from django.db.models import Q

from crm import periods
from crm.periods import Period
from crm.registry import Registry

from .engine import quantile
from .models import DirtyDay, Threshold
from .sources import streams

SMALLEST_SAMPLE = 5


@dataclass(frozen=True)
class Bound:
    """values(start, end): the sorted values of [start, end), of which the `q` quantile bounds the year after. `stream`: the daily
    sums that it decides."""

    values: Callable[[dt.date, dt.date], list[int]]
    q: float
    stream: str


thresholds: Registry[Bound] = Registry("Threshold")


def keep_up(marked: Mapping[str, Iterable[dt.date]]) -> None:
    """Derives the bounds that marked days touch: of their own years where missing, of the years after them always.

    A bound that changes has its whole year marked.
    """
    for name in thresholds.keys():
        days = list(marked.get(thresholds[name].stream, ()))
        years = {periods.containing(day, "year") for day in days}
        known = set(Threshold.objects.filter(name=name).values_list("start", flat=True))
        after = {periods.containing(year.end, "year") for year in years}
        for year in sorted({year for year in years if year.start not in known} | after):
            if derive(name, year):
                _mark(thresholds[name].stream, year)


def keep_all(first: dt.date) -> None:
    """Derives the bounds of every fiscal year from the one that holds `first` to the present one."""
    for name in thresholds.keys():
        for year in periods.units(first, periods.today() + dt.timedelta(days=1), "year"):
            derive(name, year)


def derive(name: str, year: Period) -> bool:
    """Writes the bound of a fiscal year from the year before; returns whether it changed. None for fewer than five values."""
    bound, before = thresholds[name], year.previous()
    sample = bound.values(before.start, before.end)
    found = quantile(sample, bound.q) if len(sample) >= SMALLEST_SAMPLE else None
    value = None if found is None else round(found)
    row, made = Threshold.objects.get_or_create(name=name, start=year.start, defaults={"value": value})
    if not made and row.value != value:
        Threshold.objects.filter(pk=row.pk).update(value=value)
        return True
    return made and value is not None


def _mark(stream: str, year: Period) -> None:
    source = streams[stream]
    inside = {f"{source.day}__gte": year.start, f"{source.day}__lt": year.end}
    days = source.source.rows().filter(**inside).order_by().values_list(source.day, flat=True).distinct()
    DirtyDay.objects.bulk_create([DirtyDay(source=stream, day=day) for day in days], batch_size=1000)


def condition(name: str, day: str, value: str, *, known: bool = False) -> Q:
    """The rows whose value reaches the bound of their fiscal year; with `known`, the rows of years that have a bound."""
    found = Q(pk__in=[])
    for start, bound in Threshold.objects.filter(name=name, value__isnull=False).values_list("start", "value"):
        year = periods.containing(start, "year")
        if year.start != start:  # of a fiscal calendar that no longer holds
            continue
        inside = Q(**{f"{day}__gte": year.start, f"{day}__lt": year.end})
        found |= inside if known else inside & Q(**{f"{value}__gte": bound})
    return found
