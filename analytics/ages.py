"""How old the records of a stock are: counted from the rows behind the number, so the bands add up to it."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Q
from django.utils import timezone

from crm.periods import first_instant

from . import formats
from .charts.rows import BarRow, bar_rows
from .drill import Drill
from .registry import Ages


@dataclass(frozen=True)
class AgeBand:
    """So many records of that age, their bar, and their share of all as it is written (nothing where there are none at all)."""

    name: Any
    n: int
    bar: BarRow
    share: str


def age_bands(ages: Ages, found: Drill, now: dt.datetime | None = None) -> list[AgeBand]:
    """The bands at the end of the period, or now while it runs. A record as old as a band's upper end is in the next one."""
    at = min(first_instant(found.period.end), now or timezone.now())
    conditions, young = [], at
    for number, (_name, end) in enumerate(ages.bands):
        condition = Q(**{f"{ages.since}__lte": young}) if number else Q()
        if end is not None:
            young = at - end
            condition &= Q(**{f"{ages.since}__gt": young})
        conditions.append(condition)
    wanted = {f"band{number}": Count("pk", filter=condition) for number, condition in enumerate(conditions)}
    counts = [0] * len(conditions)
    for segment in found.segments:
        row = segment.rows.order_by().aggregate(**wanted)
        counts = [count + row[f"band{number}"] for number, count in enumerate(counts)]
    total = sum(counts)
    shares = [formats.percent(100 * n / total) if total else "" for n in counts]
    rows = zip(ages.bands, counts, bar_rows(counts), shares, strict=True)
    return [AgeBand(name, n, bar, share) for (name, _end), n, bar, share in rows]
