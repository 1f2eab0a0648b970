"""A number as JSON: money as decimal text in major units with its currency, durations in days, everything else as numbers."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from analytics import reading
from analytics.engine import Row
from analytics.registry import Kpi
from crm.money import to_major

DAY = 86400
PLACES = 6

Number = float | int | Decimal | None


def written(value: Number, unit: str, currency: str) -> Any:
    """A value in its unit; None stays None."""
    if value is None:
        return None
    if unit == "money":
        return f"{to_major(round(Decimal(str(value))), currency):f}"
    if unit == "days":
        return round(float(value) / DAY, PLACES)
    if unit == "count" and value == int(value):
        return int(value)
    return round(float(value), PLACES)


def row_of(row: Row, currency: str) -> dict[str, Any]:
    """One number with its parts, what is pending and what was left out."""
    kpi = row.kpi
    units = part_units(kpi)

    def own(value: Number) -> Any:
        return written(value, kpi.unit, currency)

    return {
        "kpi": kpi.key,
        "period_start": row.period.start,
        "period_end": row.period.end,
        "dimension": row.dimension,
        "member": row.label if row.dimension else "",
        "member_key": row.member,
        "value": own(row.value),
        "unit": kpi.unit,
        "currency": currency if "money" in (kpi.unit, *units.values()) else None,
        "numerator": written(row.numerator, units["numerator"], currency),
        "denominator": written(row.denominator, units["denominator"], currency),
        "n": row.n,
        "low": own(row.low),
        "high": own(row.high),
        "mean": own(row.mean),
        "median": own(row.median),
        "p90": own(row.p90),
        "reason": row.reason,
        "status": row.status,
        "pending": row.pending,
        "unconverted": row.unconverted,
        "left_out": [{"text": str(text), "count": count, "part": f"left_out:{measure}"} for text, count, measure in row.left_out],
        "computed_at": row.computed_at,
    }


def part_units(kpi: Kpi) -> dict[str, str]:
    """The units of numerator and denominator."""
    return reading.parts_of(kpi).units
