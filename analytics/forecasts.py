"""Where a number goes: forecasts of periods to come, and those that would have been made of periods past (kpis.md 158, 6.5)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from crm import periods
from crm.periods import Period

from . import forecasting, formats, history
from .engine import Asked, Row
from .forecasting import Course, Past
from .registry import NO_UNIT, SHORT, About, Kpi, Leg, add_kpi


def ahead_of(unit: Period, units: Sequence[Period]) -> int:
    """How many periods after the last closed one it lies."""
    steps, at = 1, periods.containing(units[-1].end, units[-1].grain)
    while at.start < unit.start:
        steps, at = steps + 1, periods.containing(at.end, at.grain)
    return steps


def within(grain: str, ahead: int) -> bool:
    """Nothing is forecast more than a season ahead, or three years."""
    return ahead <= max(history.SEASON[grain], 3)


def forecast(kpi: About, spans: Sequence[Period], asked: Asked) -> Iterator[Row]:
    """Of each period, from those closed before it."""
    by, today = asked.question.by, asked.question.today
    units = {span: history.unit_of(span) for span in spans}
    before = {span: history.closed_before(unit.start, unit.grain, today) for span, unit in units.items() if unit}
    read = history.read(kpi.metric, sorted({one for past in before.values() for one in past}), asked)
    for span in spans:
        unit, past = units[span], before.get(span, [])
        members = sorted({member for one in past for member in read[one]}) if by else [""]
        for member in members or [""]:
            row = Row(kpi, span, by, member, parts={"numerator": 0})
            if unit is None:
                row.reason = NO_UNIT
            else:
                course = Course(kpi.base, history.points(kpi.base, past, read, member), history.SEASON[unit.grain])
                ahead = ahead_of(unit, past)
                _fill(row, course, unit.grain, ahead)
                seen = _season_ago(course, ahead)
                found = read[seen].get(member) if seen else None
                row.parts = {"numerator": (found.parts.get("numerator") or 0) if found else 0}
            yield row


def _season_ago(course: Course, ahead: int) -> Period | None:
    """The closed period that seasonal naive repeats."""
    n, season = len(course.points), course.season
    return course.points[n - season + (ahead - 1) % season].period if n >= season else None


def _fill(row: Row, course: Course, grain: str, ahead: int) -> None:
    found = forecasting.forecast(course, ahead) if within(grain, ahead) else None
    row.n = len(course.points)
    if found is None:
        row.reason = SHORT
        row.notes = [missing(course) if within(grain, ahead) else _("Nothing is forecast more than a season ahead.")]
        return
    row.value, row.low, row.high = found.value, found.low, found.high
    row.notes = list(words(found, course.kpi))


def missing(course: Course) -> str:
    """What a forecast lacks."""
    return ngettext(
        "A forecast needs %(season)s closed periods; there is %(n)s.",
        "A forecast needs %(season)s closed periods; there are %(n)s.",
        len(course.points),
    ) % {"season": course.season, "n": len(course.points)}


def words(found: forecasting.Forecast, kpi: Kpi) -> Iterator[str]:
    """By which method, and how its last forecasts did."""
    yield (
        _("Holt-Winters, which has erred less than last season's values did.")
        if found.smooth
        else _("As a season ago (seasonal naive).")
    )
    if found.low is None:
        yield _("No interval yet: fewer than four past forecasts can be held against what came.")
    yield from past_words(found.past, kpi)


def past_words(past: Sequence[Past], kpi: Kpi) -> Iterator[str]:
    """Mean error, its share of the outcomes, bias, and how often the interval held."""
    from .reading import currency

    told = forecasting.scores(past)
    if told is None:
        return
    money = currency()
    values: dict[str, Any] = {
        "n": len(past),
        "mae": formats.exact(told.mae, _plain(kpi), money),
        "wape": formats.DASH if told.wape is None else formats.percent(told.wape),
        "bias": formats.signed(told.bias, _plain(kpi), money),
    }
    yield (
        ngettext(
            "The last %(n)s forecast missed by %(mae)s on average (%(wape)s of what came); outcome less forecast: %(bias)s.",
            "The last %(n)s forecasts missed by %(mae)s on average (%(wape)s of what came); outcome less forecast: %(bias)s.",
            len(past),
        )
        % values
    )
    inside, of = forecasting.covered(past)
    if of:
        yield ngettext(
            "%(inside)s of %(of)s outcome lay inside the interval.", "%(inside)s of %(of)s outcomes lay inside the interval.", of
        ) % {"inside": inside, "of": of}


def _plain(kpi: Kpi) -> str:
    """The unit in which differences are written: scores with a sign are differences without."""
    return "score" if kpi.points else kpi.unit


def legs(kpi: About, period: Period, asked: Asked) -> dict[str, Leg]:
    """The records of the period a season before."""
    unit = history.unit_of(period)
    if unit is None:
        return {}
    past = history.closed_before(unit.start, unit.grain, asked.question.today)
    read = history.read(kpi.metric, past, asked)
    course = Course(kpi.base, history.points(kpi.base, past, read, ""), history.SEASON[unit.grain])
    seen = _season_ago(course, ahead_of(unit, past))
    return {"numerator": Leg("numerator", seen, kpi.metric)} if seen else {}


add_kpi(
    About(
        "trend_forecast",
        {"en": "Forecast", "fr": "Prévision (tendance)", "es": "Pronóstico (tendencia)"},
        gettext_lazy(
            "What a number will be, as far as its past tells; of a past period, what would have been forecast before it."
        ),
        gettext_lazy(
            "the value a season ago (seasonal naive); by Holt-Winters only where its past forecasts were better; the interval holds four past "
            "errors in five"
        ),
        gettext_lazy("the number's own date; only periods that were closed before"),
        area="trend",
        unit="ratio",
        direction="neutral",
        kind="model",
        terms={},
        dimensions=("owner", "team"),
        answer=forecast,
        legs=legs,
        parts={"numerator": (gettext_lazy("A season before"), "")},
        follows=True,
        holds=80,
        left_out_note=gettext_lazy(
            "Shares are forecast by what they are divided from, stocks by what comes and goes. A season has 7 days, 52 weeks, 12 months or "
            "4 quarters. Holt-Winters needs two seasons, three past forecasts with less error than seasonal naive's, and an error under that "
            "inside its history."
        ),
        order=30,
    )
)
