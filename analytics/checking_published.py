"""The check of published values: each one that counts as current is computed again from what was recounted from the records."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from django.db.models import Q

from crm.models import Team, User
from crm.registry import Registry

from .checking import Recount
from .models import KpiSnapshot
from .registry import kpis
from .snapshots import SPLITS, splits

#: value, numerator, denominator; None where there is none
Parts = tuple[float | None, float | None, float | None]


@dataclass(frozen=True)
class Asked:
    """The period and member that a value was published for."""

    start: dt.date
    end: dt.date
    dimension: str = ""
    member: str = ""


#: KPI -> its formula over what was recounted, written a second time.
Formula = Callable[[Recount, Asked], Parts | None]
formulas: Registry[Formula] = Registry("Recomputed KPI")


def formula(key: str) -> Callable[[Formula], Formula]:
    """Decorator: registers the second formula of a KPI. It gives None for members that base records cannot tell."""

    def add(function: Formula) -> Formula:
        return formulas.register(key, function)

    return add


def ratio(top: float | None, bottom: float | None, scale: float = 1) -> Parts:
    """scale x top / bottom; no value where there is nothing to divide by."""
    if top is None or bottom is None or bottom <= 0:
        return None, top, bottom
    return scale * top / bottom, top, bottom


def per_booked(top: float, bottom: float, booked: float) -> Parts:
    """top / bottom of a cost; no value where no cost is booked."""
    value, *parts = ratio(top, bottom)
    return (value if booked else None), parts[0], parts[1]


def median(values: Sequence[int]) -> Parts:
    """The middle value, or the mean of the two in the middle."""
    values = sorted(values)
    if not values:
        return None, 0, 0
    half = len(values) // 2
    middle = values[half] if len(values) % 2 else (values[half - 1] + values[half]) / 2
    return middle, sum(values), len(values)


def held(recount: Recount) -> list[KpiSnapshot]:
    """The published values that pages may show: current, not outdated, final or of today; without those that wait."""
    rows = KpiSnapshot.objects.filter(
        Q(status=KpiSnapshot.Status.FINAL) | Q(as_of=recount.today), current=True, stale=False, kpi__in=formulas.keys()
    )
    first = {stream: min(days) for stream, days in recount.waiting.items()}
    waits = {kpi.key: min((first[stream] for stream in kpi.streams if stream in first), default=None) for kpi in kpis}
    return [
        row
        for row in rows.iterator()
        if row.version == kpis[row.kpi].version and ((day := waits[row.kpi]) is None or day >= row.end)
    ]


def compare_published(recount: Recount) -> None:
    """Compares every published value, with its numerator and denominator; and where members have rows, those without one."""
    rows = held(recount)
    compare_rows(recount, rows)
    compare_missing(recount, rows)


def compare_rows(recount: Recount, rows: Sequence[KpiSnapshot]) -> None:
    for row in rows:
        parts = formulas[row.kpi](recount, Asked(row.start, row.end, row.dimension, row.member))
        if parts is None:
            continue
        value, top, bottom = parts
        member = f" {row.dimension}={row.member or '(none)'}" if row.dimension else ""
        where = f"{row.kpi} {row.start}..{row.end}{member}"
        recount.expect(f"published {where}", row.value, value)
        recount.expect(f"published {where} numerator", row.numerator, top)
        recount.expect(f"published {where} denominator", row.denominator, bottom)


def compare_missing(recount: Recount, rows: Sequence[KpiSnapshot]) -> None:
    """A person or team without a row beside others must have nothing to count."""
    people = [str(pk) for pk in User.objects.values_list("pk", flat=True)]
    everybody = {"owner": people, "user": people, "team": [str(pk) for pk in Team.objects.values_list("pk", flat=True)]}
    present = {(row.kpi, row.start, row.end, row.dimension, row.member) for row in rows}
    for row in rows:
        split = [name for name in SPLITS if splits(kpis[row.kpi], name)] if row.split and not row.dimension else []
        for dimension, member in [(name, member) for name in split for member in everybody[name]]:
            if (row.kpi, row.start, row.end, dimension, member) not in present:
                _value, *parts = formulas[row.kpi](recount, Asked(row.start, row.end, dimension, member)) or (None, 0, 0)
                what = f"not published {row.kpi} {row.start}..{row.end} {dimension}={member}"
                recount.expect(what, [0, 0], [part or 0 for part in parts])
