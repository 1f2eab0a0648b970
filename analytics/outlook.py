"""What a KPI's page says beyond what was: the periods to come, and those in which the number moved more than usual."""

from __future__ import annotations

from dataclasses import dataclass, field

from django.utils.translation import gettext as _

from crm import periods
from crm.periods import Period

from . import engine, forecasting, forecasts, formats, history, movements, signals
from .charts import Ahead
from .engine import Asked
from .forecasting import Course, Forecast
from .question import Question
from .registry import METRIC, Kpi
from .signals import Judged

COMING = {"day": 7, "week": 4, "month": 3, "quarter": 2, "year": 1}  # periods after the running one


@dataclass
class Outlook:
    """Forecasts by period, and the periods that stand out."""

    kpi: Kpi
    ahead: dict[Period, Forecast] = field(default_factory=dict)
    moved: dict[Period, Judged] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    @property
    def coming(self) -> list[Period]:
        return list(self.ahead)

    def places(self, units: list[Period]) -> tuple[dict[int, Ahead], dict[int, str]]:
        """What a chart of these periods shows where."""
        shown = {unit: at for at, unit in enumerate(units)}
        expected = {shown[unit]: self._ahead(one) for unit, one in self.ahead.items() if unit in shown}
        flags = {shown[unit]: movements.said(one, self.kpi) for unit, one in self.moved.items() if unit in shown}
        return expected, flags

    def _ahead(self, found: Forecast) -> Ahead:
        return Ahead(found.value, found.low, found.high, self.words(found))

    def words(self, found: Forecast) -> str:
        value, bounds = self._told(found.value), self.bounds(found)
        return f"{value} ({bounds})" if bounds else value

    def bounds(self, found: Forecast) -> str:
        """The 80 % interval in words; empty without one."""
        if found.low is None or found.high is None:
            return ""
        return f"{self._told(found.low)} – {self._told(found.high)}"

    def _told(self, value: float) -> str:
        from .reading import currency

        return formats.exact(value, self.kpi.written, currency())

    def lines(self) -> list[tuple[str, str, str]]:
        """The table's rows of what is to come: period, value, interval."""
        return [(formats.period(unit), self._told(one.value), self.bounds(one)) for unit, one in self.ahead.items()]

    def movements(self, question: Question) -> list[tuple[str, str, str, str]]:
        """The list of what stood out, latest first: period, value, what, and the address of its records."""
        found = []
        for unit, one in sorted(self.moved.items(), reverse=True):
            value = self._told(one.point.value) if one.point.value is not None else formats.DASH
            url = question.own_dates(unit.start, unit.last_day) + "#records"
            found.append((formats.period(unit), value, movements.said(one, self.kpi), url))
        return found


def look(kpi: Kpi, question: Question, units: list[Period]) -> Outlook:
    """The outlook of a number whose series is shown up to today; of one that ends earlier only what stood out in it.

    Nothing for numbers about numbers, and for those that would have to be computed from the records for every past period.
    """
    found = Outlook(kpi)
    cheap = kpi.is_daily or (question.scope.kind == "all" and not question.chosen)
    if not kpi.may_be_aimed_at or not cheap or not units or not units[-1].grain:
        return found
    today, grain = question.today, units[-1].grain
    asked = Asked(engine.Question(question.scope, {k: v for k, v in question.chosen.items() if k != METRIC}, None, False))
    past = history.closed_before(units[-1].end, grain, today)
    points = history.points(kpi, past, history.read(kpi.key, past, asked), "")
    season = history.SEASON[grain]
    shown = set(units)
    judged = signals.judge(kpi, points, season)
    found.moved = {one.point.period: one for one in judged if one.rule and one.point.period in shown}
    if units[-1].end >= today:
        _foresee(found, Course(kpi, points, season), past[-1], COMING[grain] + 1)
    return found


def _foresee(found: Outlook, course: Course, last: Period, count: int) -> None:
    """The running period and those after it."""
    unit = last
    for ahead in range(1, count + 1):
        unit = periods.containing(unit.end, unit.grain)
        told = forecasting.forecast(course, ahead)
        if told is None:
            continue
        if not found.ahead:
            found.notes = list(forecasts.words(told, course.kpi))
        found.ahead[unit] = told
    if not found.ahead:
        found.notes = [_("No forecast: %(why)s") % {"why": forecasts.missing(course)}]
