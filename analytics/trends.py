"""How numbers have changed: against the period before, and against the same one a year before (kpis.md 156, 157)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from django.utils.translation import gettext_lazy

from crm.periods import Period

from .engine import Asked, Row
from .registry import AHEAD, EMPTY, UNKNOWN, About, Leg, add_kpi
from .targets import units_of

Other = Callable[[Period], Period]


def named(period: Period) -> Period:
    """The month, quarter or year that a span of days is, else the span itself: the calendar unit is compared with the one before."""
    return next(iter(units_of(period)), period)


def compared(kpi: About, period: Period, asked: Asked) -> tuple[Period, Period] | None:
    """The part of the period up to today, and as many days of the other one; None while the period lies ahead."""
    today, whole = asked.question.today, named(period)
    if whole.start > today:
        return None
    now = whole.clipped(today)
    other: Period = kpi.other(whole)
    return now, other if now == whole else now.like_for_like(other)


def change(kpi: About, spans: Sequence[Period], asked: Asked) -> Iterator[Row]:
    """100 x (now - before) / |before|; of shares and scores the difference in points."""
    pairs = {(span.start, span.end): compared(kpi, span, asked) for span in spans}
    found = asked.rows(kpi.metric, [one for pair in pairs.values() if pair for one in pair])
    for span in spans:
        pair = pairs[span.start, span.end]
        if pair is None:
            yield Row(kpi, span, asked.question.by, "", reason=AHEAD, parts={"numerator": 0, "denominator": 0})
            continue
        now, before = (found[one.start, one.end] for one in pair)
        for member in sorted(set(now) | set(before)):
            yield _change(kpi, span, asked.question.by, member, now.get(member), before.get(member))


def _change(kpi: About, span: Period, by: str, member: str, now: Row | None, before: Row | None) -> Row:
    row = Row(kpi, span, by, member)
    one, other = _value(kpi, now), _value(kpi, before)
    row.parts = {"numerator": _part(now), "denominator": _part(before)}
    row.n = now.n if now else 0
    row.pending = now.pending if now else 0
    if one is None or other is None:
        lacking = now if one is None else before
        row.reason = (lacking.reason if lacking is not None else "") or UNKNOWN
    elif kpi.base.unit in ("percent", "score"):
        row.numerator, row.denominator, row.value = one, other, one - other
    elif not other:
        row.numerator, row.denominator, row.reason = one, other, EMPTY
    else:
        row.numerator, row.denominator, row.value = one, other, 100 * (one - other) / abs(other)
    return row


def _value(kpi: About, row: Row | None) -> float | int | None:
    return row.value if row is not None else 0 if kpi.base.adds_up else None


def _part(row: Row | None) -> float | int:
    return (row.parts.get("numerator") or 0) if row is not None else 0


def legs(kpi: About, period: Period, asked: Asked) -> dict[str, Leg]:
    """The records now, and those then."""
    pair = compared(kpi, period, asked)
    if pair is None:
        return {}
    return {name: Leg("numerator", span, kpi.metric) for name, span in zip(("numerator", "denominator"), pair, strict=True)}


TREND: dict[str, Any] = {
    "area": "trend",
    "unit": "percent",
    "direction": "neutral",
    "kind": "ratio",
    "terms": {},
    "dimensions": ("owner", "team"),
    "differs": True,
    "answer": change,
    "legs": legs,
    "left_out_note": gettext_lazy(
        "Shares and scores differ by points. A period that is not over is compared with as many days of the other one."
    ),
}

add_kpi(
    About(
        "period_change",
        {
            "en": "Change on previous period",
            "fr": "Évolution sur la période précédente",
            "es": "Variación respecto al período anterior",
        },
        gettext_lazy("How much a number has moved since the period before."),
        gettext_lazy("100 × (value − value of the period before) / value of the period before without its sign"),
        gettext_lazy("the number's own date; the period before is the calendar unit before, or as many days"),
        parts={"numerator": (gettext_lazy("Now"), ""), "denominator": (gettext_lazy("The period before"), "")},
        other=Period.previous,
        order=10,
        **TREND,
    )
)
add_kpi(
    About(
        "year_over_year",
        {"en": "Change on same period last year", "fr": "Évolution sur un an", "es": "Variación interanual"},
        gettext_lazy("How much a number has moved since the same period a year ago."),
        gettext_lazy("100 × (value − value a year ago) / value a year ago without its sign"),
        gettext_lazy("the number's own date; 29 February is compared with 28 February"),
        parts={"numerator": (gettext_lazy("Now"), ""), "denominator": (gettext_lazy("A year ago"), "")},
        other=Period.year_before,
        order=20,
        **TREND,
    )
)
