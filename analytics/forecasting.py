"""Forecasts with honest error (kpis.md 6.5): seasonal naive, or Holt-Winters where it has been better, with the interval of past errors.

Holt-Winters is additive; it begins with level = mean of the first season, trend = (sum of the second season - sum of the first) / m²
and seasons = the first season less the level, runs from the second season on, and renews each season from the new level.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import product
from math import ceil, exp, log
from statistics import fmean

from .history import Point
from .registry import Kpi

Values = tuple[float, ...]
Method = Callable[[Values, int, int], float]

WEIGHTS = (0.1, 0.3, 0.5)  # tried for level, trend and season
ORIGINS = 12  # past forecasts by which the methods are compared, at most
FEWEST_ORIGINS = 3
COVERAGE = 0.8


def seasonal_naive(values: Values, season: int, ahead: int) -> float:
    """y(T + h) = y(T + h - m): what it was a season ago."""
    return values[len(values) - season + (ahead - 1) % season]


@dataclass(frozen=True)
class State:
    """Level, trend and the season's parts after a run."""

    level: float
    trend: float
    parts: Values

    def ahead(self, steps: int, at: int) -> float:
        """The forecast so many steps after the period number `at`."""
        return self.level + steps * self.trend + self.parts[(at + steps - 1) % len(self.parts)]


def run(values: Values, season: int, alpha: float, beta: float, gamma: float) -> tuple[State, float]:
    """The state after all values, and the sum of the squared errors one step ahead. Needs two seasons."""
    level = fmean(values[:season])
    trend = (sum(values[season : 2 * season]) - sum(values[:season])) / season**2
    parts, squares = [value - level for value in values[:season]], 0.0
    for at in range(season, len(values)):
        value, place, before = values[at], at % season, level
        squares += (value - level - trend - parts[place]) ** 2
        level = alpha * (value - parts[place]) + (1 - alpha) * (level + trend)
        trend = beta * (level - before) + (1 - beta) * trend
        parts[place] = gamma * (value - level) + (1 - gamma) * parts[place]
    return State(level, trend, tuple(parts)), squares


@lru_cache(maxsize=512)
def _best(values: Values, season: int) -> State:
    runs = (run(values, season, *weights) for weights in product(WEIGHTS, repeat=3))
    return min(runs, key=lambda found: found[1])[0]


def holt_winters(values: Values, season: int, ahead: int) -> float:
    """With the weights that would have erred least one step ahead."""
    return _best(values, season).ahead(ahead, len(values))


def in_logarithms(values: Values, season: int, ahead: int) -> float:
    """The same for money that grows by a share, not by an amount."""
    return exp(holt_winters(tuple(log(value) for value in values), season, ahead))


# --- what is forecast of a number ------------------------------------------------------------------------------------


class Course:
    """The history of one number, and how it is carried on: ratios by what they are divided from, stocks by what comes and goes,
    all others by their values. What never was below zero or above a hundred stays so."""

    def __init__(self, kpi: Kpi, points: Sequence[Point], season: int) -> None:
        self.kpi, self.points, self.season = kpi, list(points), season
        self.scale = self._scale()
        self.is_flow = kpi.kind == "stock" and kpi.unit in ("count", "money")

    def _scale(self) -> float | None:
        """What the ratio of the parts is multiplied by to give the value; None where it is no plain ratio."""
        known = [p for p in self.points if p.value is not None and p.numerator and p.denominator]
        scales = [p.value * p.denominator / p.numerator for p in known]  # type: ignore[operator]
        if not scales or self.kpi.kind in ("percentile", "additive", "model"):
            return None
        return scales[0] if max(scales) - min(scales) <= 1e-6 * abs(scales[0]) else None

    def at(self, origin: int, ahead: int, smooth: bool) -> float | None:
        """The forecast `ahead` periods after the first `origin` ones; None where it cannot be made."""
        if self.scale is not None:
            top = self._one([point.numerator or 0.0 for point in self.points[:origin]], ahead, smooth)
            bottom = self._one([point.denominator or 0.0 for point in self.points[:origin]], ahead, smooth)
            value = self.scale * top / bottom if top is not None and bottom else None
        elif self.is_flow:
            value = self._stock(origin, ahead, smooth)
        else:
            value = self._one([point.value for point in self.points[:origin]], ahead, smooth)
        return None if value is None else self.bounded(value)

    def _stock(self, origin: int, ahead: int, smooth: bool) -> float | None:
        """The last reading and the flows forecast after it."""
        held = [point.value for point in self.points[:origin]]
        if None in held or len(held) < 2:
            return None
        flows = [after - before for before, after in zip(held, held[1:], strict=False)]  # type: ignore[operator]
        steps = [self._one(flows, step, smooth) for step in range(1, ahead + 1)]
        return None if None in steps else held[-1] + sum(steps)  # type: ignore[operator, arg-type]

    def _one(self, values: Sequence[float | None], ahead: int, smooth: bool) -> float | None:
        known = tuple(value for value in values if value is not None)
        if not smooth:
            if len(values) < self.season:
                return None
            return seasonal_naive(tuple(values), self.season, ahead)  # type: ignore[arg-type]
        if len(known) < len(values) or len(known) < 2 * self.season:
            return None
        method = in_logarithms if self._grows(known) else holt_winters
        return method(known, self.season, ahead)

    def _grows(self, values: Values) -> bool:
        money = self.kpi.unit == "money" and self.scale is None and not self.is_flow and min(values) > 0
        return money and sum(values[-self.season :]) > sum(values[: self.season])

    def bounded(self, value: float) -> float:
        known = [point.value for point in self.points if point.value is not None]
        if known and min(known) >= 0:
            value = max(value, 0.0)
        return min(value, 100.0) if self.kpi.unit == "percent" and known and max(known) <= 100 else value


# --- past forecasts --------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Past:
    """A forecast that would have been made, and what came; `scale`: the error of seasonal naive inside the history it had."""

    forecast: float
    actual: float
    scale: float | None

    @property
    def error(self) -> float:
        return self.actual - self.forecast


def rolled(course: Course, ahead: int, smooth: bool, first: int) -> list[Past]:
    """The forecasts from every origin on, as they would have been made then."""
    found = []
    last = len(course.points) - ahead
    start = max(first, last + 1 - ORIGINS) if smooth else first
    for origin in range(start, last + 1):
        actual = course.points[origin + ahead - 1].value
        forecast = course.at(origin, ahead, smooth)
        if actual is not None and forecast is not None:
            found.append(Past(forecast, actual, _scale(course, origin)))
    return found


def _scale(course: Course, origin: int) -> float | None:
    return in_sample([point.value for point in course.points[:origin]], course.season)


def in_sample(values: Sequence[float | None], season: int) -> float | None:
    """The mean absolute error of seasonal naive inside a history; None where there is none, or it is 0."""
    errors = [abs(b - a) for a, b in zip(values, values[season:], strict=False) if a is not None and b is not None]
    return fmean(errors) or None if errors else None


def mase(past: Sequence[Past]) -> float | None:
    """The mean absolute error in units of seasonal naive's inside the history; under 1 is better than that."""
    found = [abs(one.error) / one.scale for one in past if one.scale]
    return fmean(found) if found else None


@dataclass(frozen=True)
class Scores:
    """How past forecasts did: mean absolute error, its share of the outcomes in percent, and the mean of outcome less forecast."""

    mae: float
    wape: float | None
    mape: float | None
    bias: float


def scores(past: Sequence[Past]) -> Scores | None:
    if not past:
        return None
    off, whole = sum(abs(one.error) for one in past), sum(abs(one.actual) for one in past)
    shares = [abs(one.error / one.actual) for one in past if one.actual]
    return Scores(
        off / len(past),
        100 * off / whole if whole else None,
        100 * fmean(shares) if shares else None,
        fmean([one.error for one in past]),
    )


def margin(errors: Sequence[float]) -> float | None:
    """Half the 80 % interval: the ceil(0.8 (k + 1))-th smallest absolute error of k; None of fewer than four."""
    place = ceil(COVERAGE * (len(errors) + 1) - 1e-9)
    return sorted(abs(error) for error in errors)[place - 1] if place <= len(errors) else None


def covered(past: Sequence[Past]) -> tuple[int, int]:
    """How many past outcomes lay in the interval that the errors before them gave, and of how many."""
    errors = [one.error for one in past]
    told = [(abs(error), half) for at, error in enumerate(errors) if (half := margin(errors[:at])) is not None]
    return sum(error <= half for error, half in told), len(told)


@dataclass(frozen=True)
class Forecast:
    """A forecast with its 80 % interval, where enough past ones are known to have erred so."""

    value: float
    low: float | None
    high: float | None
    smooth: bool
    past: tuple[Past, ...]


def forecast(course: Course, ahead: int) -> Forecast | None:
    """Seasonal naive; Holt-Winters where its past errors at this distance were smaller, and under 1, over three origins or more."""
    season, n = course.season, len(course.points)
    smooth = is_better(course, ahead)
    value = course.at(n, ahead, smooth)
    if value is None:
        return None
    past = rolled(course, ahead, smooth, 2 * season if smooth else season)
    half = margin([one.error for one in past])
    low, high = (None, None) if half is None else (course.bounded(value - half), course.bounded(value + half))
    return Forecast(value, low, high, smooth, tuple(past))


def is_better(course: Course, ahead: int) -> bool:
    """Whether Holt-Winters may stand in."""
    if course.season == 1:
        return False
    smooth = rolled(course, ahead, True, 2 * course.season + (1 if course.is_flow else 0))
    if len(smooth) < FEWEST_ORIGINS:
        return False
    plain = rolled(course, ahead, False, len(course.points) - ahead + 1 - len(smooth))
    ours, theirs = mase(smooth), mase(plain)
    return ours is not None and theirs is not None and ours < theirs and ours < 1
