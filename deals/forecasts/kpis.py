"""The KPIs of forecasts and coverage (kpis.md 110, 122, 123)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from analytics import formats, targets
from analytics.engine import Asked, Row
from analytics.history import unit_of
from analytics.reading import currency
from analytics.registry import EMPTY, MET, NO_TARGET, RUNNING, About, Kpi, Leg, add_kpi, total
from crm import periods
from crm.periods import Period

FORECAST, DUE, WON = "forecast_amount", "pipeline_due", "won_amount"
PARTS = ("owner", "team", "pipeline")
TREND = 12  # periods over which the bias is told

SHARED: dict[str, Any] = {
    "area": "pipeline",
    "unit": "money",
    "direction": "higher",
    "kind": "stock",
    "dimensions": ("owner", "team", "pipeline", "stage", "source", "segment", "product"),
}

add_kpi(
    Kpi(
        FORECAST,
        {"en": "Forecast on the first day", "fr": "Prévision au premier jour", "es": "Pronóstico del primer día"},
        gettext_lazy("What the pipeline let expect for a period when it began."),
        gettext_lazy("sum of value × probability of the deals that were open when the period began and expected to close in it"),
        gettext_lazy("the first instant of the period; value, probability and expected close as they were then"),
        terms={"numerator": total("foretold_weighted", per=100), "n": total("foretold_valued")},
        left_out=((gettext_lazy("No value"), "foretold_without_amount"),),
        left_out_note=gettext_lazy("Deals that came into being later are not in it."),
        order=80,
        **SHARED,
    )
)
add_kpi(
    Kpi(
        DUE,
        {"en": "Open deals due", "fr": "Affaires ouvertes à échéance", "es": "Oportunidades abiertas con cierre previsto"},
        gettext_lazy("What the open deals that are expected to close in the period are worth."),
        gettext_lazy("sum of the values of open deals expected to close in the period"),
        gettext_lazy("today; of a period that is over, its first instant"),
        terms={"numerator": total("due_amount"), "n": total("due_valued")},
        left_out=((gettext_lazy("Expected on a day that has passed"), "due_late"),),
        order=85,
        **SHARED,
    )
)


def _part(row: Row | None) -> float | int:
    return (row.parts.get("numerator") or 0) if row is not None else 0


def _amount(row: Row | None) -> float | int:
    return (row.value or 0) if row is not None else 0


def _refusal(*rows: Row | None) -> str:
    return next((row.reason for row in rows if row is not None and row.reason), "")


# --- coverage ---------------------------------------------------------------------------------------------------------


def won_so_far(span: Period, asked: Asked) -> Period | None:
    """The part of the period in which something was won by the moment it is read for: none when that is its first instant."""
    today = asked.question.today
    return span.clipped(today) if span.start <= today < span.end else None


def coverage(kpi: About, spans: Sequence[Period], asked: Asked) -> Iterator[Row]:
    """Open amount due / (target - won so far)."""
    held = targets.held(kpi.base, asked.question)
    due = asked.rows(DUE, spans)
    parts = {span: won_so_far(span, asked) for span in spans}
    won = asked.rows(WON, [part for part in parts.values() if part])
    for span in spans:
        part = parts[span]
        gained = won[part.start, part.end] if part else {}
        for member in sorted(held.members) if asked.question.by else [""]:
            found = held.of(member, span)
            if found or not asked.question.by:
                row = Row(kpi, span, asked.question.by, member)
                yield _covered(row, due[span.start, span.end].get(member), gained.get(member), targets.value_of(found))


def _covered(row: Row, due: Row | None, won: Row | None, aim: float | int | None) -> Row:
    row.parts = {"numerator": _part(due), "denominator": aim or 0, "won": _part(won)}
    row.n = due.n if due else 0
    row.unconverted = due.unconverted if due else 0
    row.left_out = []
    row.reason = _refusal(due, won) or ("" if aim is not None else NO_TARGET)
    if row.reason or aim is None:
        return row
    left = aim - _amount(won)
    row.numerator, row.denominator = _amount(due), left
    words = {"target": _money(aim), "won": _money(_amount(won))}
    row.notes = [_("Target %(target)s, won so far %(won)s.") % words]
    if left <= 0:
        row.reason = MET
    else:
        row.value = _amount(due) / left
    return row


def _money(value: float | int) -> str:
    return formats.exact(value, "money", currency())


def coverage_legs(kpi: About, period: Period, asked: Asked) -> dict[str, Leg]:
    """The deals that are due, the targets, and what was won so far."""
    part = won_so_far(period, asked)
    found = {
        "numerator": Leg("numerator", period, DUE),
        "denominator": Leg(targets=tuple(targets.held(kpi.base, asked.question).of("", period))),
    }
    return {**found, "won": Leg("numerator", part, WON)} if part else found


add_kpi(
    About(
        "pipeline_coverage",
        {"en": "Pipeline coverage", "fr": "Couverture du pipeline", "es": "Cobertura del pipeline"},
        gettext_lazy("How many times over the open deals that are due would fill what is left of the target."),
        gettext_lazy("open amount expected to close in the period / (target − won amount so far)"),
        gettext_lazy("today; of a period that is over, its first day, when nothing was won yet"),
        area="pipeline",
        unit="ratio",
        direction="higher",
        kind="ratio",
        terms={},
        dimensions=PARTS,
        cut=PARTS,
        answer=coverage,
        legs=coverage_legs,
        parts={
            "numerator": (gettext_lazy("Open deals due"), "money"),
            "denominator": (gettext_lazy("Target left"), "money"),
            "won": (gettext_lazy("Won so far"), "money"),
        },
        own=True,
        also=("deals.opened", "deals.left", targets.STREAM),
        left_out_note=gettext_lazy(
            "Without a value when the target is met. Deals whose expected day has passed are left out; the number of open deals due counts them."
        ),
        order=30,
    )
)

# --- accuracy and bias ------------------------------------------------------------------------------------------------


def accuracy(kpi: About, spans: Sequence[Period], asked: Asked) -> Iterator[Row]:
    """100 x (1 - |F - A| / A), of closed periods."""
    foretold, won = asked.rows(FORECAST, spans), asked.rows(WON, spans)
    whole = not asked.question.by
    shares = [asked.rows(key, spans, by="owner") if whole else {} for key in (FORECAST, WON)]
    for span in spans:
        place = (span.start, span.end)
        for member in sorted({*foretold[place], *won[place]}):
            row = _held(Row(kpi, span, asked.question.by, member), foretold[place].get(member), won[place].get(member), asked)
            if not row.reason and row.numerator is not None and row.denominator:
                row.value = 100 * (1 - abs(row.numerator - row.denominator) / row.denominator)
                if whole:
                    row.notes = _by_rep(*(share[place] for share in shares), row.denominator)
            yield row


def _held(row: Row, foretold: Row | None, won: Row | None, asked: Asked) -> Row:
    """Forecast and outcome side by side; why they cannot be compared."""
    row.parts = {"numerator": _part(foretold), "denominator": _part(won)}
    row.n = won.n if won else 0
    row.unconverted = foretold.unconverted if foretold else 0
    row.reason = _refusal(foretold, won)
    if row.reason:
        return row
    if row.period.end > asked.question.today:
        row.reason = RUNNING
        return row
    row.numerator, row.denominator = _amount(foretold), _amount(won)
    row.reason = EMPTY if row.denominator <= 0 else ""
    return row


def _by_rep(foretold: dict[str, Row], won: dict[str, Row], whole: float | int) -> list[str]:
    """The errors of all people added up, which do not cancel each other out."""
    people = {*foretold, *won}
    off = sum(abs(_amount(foretold.get(who)) - _amount(won.get(who))) for who in people)
    return [
        _("Person by person the forecasts missed by %(share)s of what was won.") % {"share": formats.percent(100 * off / whole)}
    ]


def bias(kpi: About, spans: Sequence[Period], asked: Asked) -> Iterator[Row]:
    """100 x (F - A) / A of a closed period; beside it the same over the last twelve, added up first."""
    past = {span: _last(span) if not asked.question.by else [] for span in spans}
    wanted = sorted({(one.start, one.end): one for span in spans for one in (span, *past[span])}.values())
    foretold, won = asked.rows(FORECAST, wanted), asked.rows(WON, wanted)
    for span in spans:
        place = (span.start, span.end)
        for member in sorted({*foretold[place], *won[place]}):
            row = _held(Row(kpi, span, asked.question.by, member), foretold[place].get(member), won[place].get(member), asked)
            if not row.reason and row.numerator is not None and row.denominator:
                row.value = 100 * (row.numerator - row.denominator) / row.denominator
                row.notes = _over(past[span], foretold, won)
            yield row


def _last(span: Period) -> list[Period]:
    unit = unit_of(span)
    return periods.last(TREND, unit.grain, unit.start) if unit else []


def _over(past: Sequence[Period], foretold: dict[Any, dict[str, Row]], won: dict[Any, dict[str, Row]]) -> list[str]:
    top = sum(_amount(foretold[one.start, one.end].get("")) for one in past)
    bottom = sum(_amount(won[one.start, one.end].get("")) for one in past)
    if bottom <= 0 or len(past) < 2:
        return []
    words = {"n": len(past), "share": formats.signed(100 * (top - bottom) / bottom, "percent")}
    return [ngettext("Over the last %(n)s period: %(share)s.", "Over the last %(n)s periods: %(share)s.", len(past)) % words]


def legs(kpi: About, period: Period, asked: Asked) -> dict[str, Leg]:
    """The deals of the forecast, and those that were won."""
    return {"numerator": Leg("numerator", period, FORECAST), "denominator": Leg("numerator", period, WON)}


GOALS: dict[str, Any] = {
    "area": "goals",
    "unit": "percent",
    "kind": "ratio",
    "terms": {},
    "dimensions": PARTS,
    "cut": PARTS,
    "legs": legs,
    "parts": {"numerator": (gettext_lazy("Forecast"), "money"), "denominator": (gettext_lazy("Won amount"), "money")},
    "own": True,
    "also": ("deals.opened", "deals.left"),
}
DATED = gettext_lazy(
    "the first instant of the period for the forecast, the day a deal was won for the outcome; closed periods only"
)

add_kpi(
    About(
        "forecast_accuracy",
        {"en": "Forecast accuracy", "fr": "Précision des prévisions", "es": "Precisión del pronóstico"},
        gettext_lazy("How near the forecast of the period's first day came to what was won in it."),
        gettext_lazy("100 × (1 − |forecast − won amount| / won amount)"),
        DATED,
        direction="higher",
        answer=accuracy,
        left_out_note=gettext_lazy(
            "It can be below zero. Forecasts of people that are too high and too low cancel each other out here; the sum of their errors stands "
            "beside it."
        ),
        order=50,
        **GOALS,
    )
)
add_kpi(
    About(
        "forecast_bias",
        {"en": "Forecast bias", "fr": "Biais de prévision", "es": "Sesgo del pronóstico"},
        gettext_lazy("Whether forecasts are too high or too low: above zero more was expected than came."),
        gettext_lazy("100 × (forecast − won amount) / won amount"),
        DATED,
        direction="neutral",
        answer=bias,
        left_out_note=gettext_lazy("One period says little; over the last twelve, added up first, stands beside it."),
        order=60,
        **GOALS,
    )
)
