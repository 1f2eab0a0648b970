"""The closed periods of a number, from which forecasts and signals are made (kpis.md 6.4, 6.5)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from crm import periods
from crm.periods import Period

from .engine import Asked, Row
from .registry import Kpi

#: periods of a season, and how far back is looked
SEASON = {"day": 7, "week": 52, "month": 12, "quarter": 4, "year": 1}
LENGTH = {"day": 119, "week": 159, "month": 48, "quarter": 24, "year": 12}


@dataclass(frozen=True)
class Point:
    """One closed period: its value, and what it was divided from. None where there was no value: a gap, not a zero."""

    period: Period
    value: float | None
    numerator: float | None = None
    denominator: float | None = None


def unit_of(period: Period) -> Period | None:
    """The day, week, month, quarter or year that a span of days is exactly; None for any other."""
    grains = [period.grain] if period.grain else ["year", "quarter", "month", "week", "day"]
    for unit in (periods.containing(period.start, grain) for grain in grains):
        if (unit.start, unit.end) == (period.start, period.end):
            return unit
    return None


def closed_before(day: dt.date, grain: str, today: dt.date) -> list[Period]:
    """The last whole units that are over by `day` and by today, oldest first."""
    unit = periods.containing(min(day, today), grain)
    return periods.last(LENGTH[grain], grain, unit.start - dt.timedelta(days=1))


def read(metric: str, spans: Sequence[Period], asked: Asked) -> dict[Period, dict[str, Row]]:
    """period -> member -> row, all in one evaluation."""
    rows = asked.rows(metric, spans) if spans else {}
    return {span: rows[span.start, span.end] for span in spans}


def points(kpi: Kpi, units: Sequence[Period], rows: dict[Period, dict[str, Row]], member: str) -> list[Point]:
    """The member's course from the first period in which there was anything on."""
    found = [_point(kpi, unit, rows[unit].get(member)) for unit in units]
    first = next((at for at, point in enumerate(found) if point.value or point.numerator), len(found))
    return found[first:]


def _point(kpi: Kpi, unit: Period, row: Row | None) -> Point:
    if row is None:
        return Point(unit, 0.0 if kpi.kind == "additive" else None)
    return Point(unit, _float(row.value), _float(row.numerator), _float(row.denominator))


def _float(value: float | int | None) -> float | None:
    return None if value is None else float(value)
