"""Movements that are more than noise (kpis.md 159, 6.4): XmR charts, p-charts of rates, with a baseline that stands until the
number has shifted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import sqrt
from statistics import fmean

from .history import Point
from .registry import Kpi

BASELINE = 12  # closed periods
RUN = 8  # in a row on one side of the mean
XMR, RANGE = 2.66, 3.27
SIGMAS = 3
FEWEST = 30  # rates on fewer records never alert (kpis.md G8)
OUTSIDE, SHIFTED = "outside", "run"


@dataclass(frozen=True)
class Limits:
    """Of an XmR chart: the mean, and the mean of the moving ranges."""

    mean: float
    moving: float

    @property
    def low(self) -> float:
        return self.mean - XMR * self.moving

    @property
    def high(self) -> float:
        return self.mean + XMR * self.moving

    @property
    def widest(self) -> float:
        """The most that two neighbours may lie apart."""
        return RANGE * self.moving


def limits(values: Sequence[float]) -> Limits:
    """mean ± 2.66 x the mean moving range."""
    return Limits(fmean(values), fmean([abs(b - a) for a, b in zip(values, values[1:], strict=False)]))


def share_limits(share: float, n: float) -> tuple[float, float]:
    """p ± 3 sqrt(p (1 - p) / n), in percent, of a share between 0 and 1."""
    half = SIGMAS * sqrt(share * (1 - share) / n)
    return 100 * max(share - half, 0.0), 100 * min(share + half, 1.0)


@dataclass(frozen=True)
class Judged:
    """A closed period held against the baseline. score: how many sigmas from the mean; None where the limits have no width.
    values and limits are those of `difference`: the value, or of a seasonal number what it lies above a year ago."""

    point: Point
    value: float
    mean: float
    low: float
    high: float
    score: float | None
    rule: str = ""
    seasonal: bool = False

    @property
    def is_up(self) -> bool:
        return self.value > self.mean


@dataclass(frozen=True)
class Place:
    """One value to be judged, with the records that a rate rests on."""

    point: Point
    value: float
    numerator: float = 0
    n: float = 0


def judge(kpi: Kpi, points: Sequence[Point], season: int) -> list[Judged]:
    """Every closed period from the first of the baseline on; none while there are fewer than twelve."""
    places, seasonal = _places(kpi, points, season)
    if len(places) < BASELINE:
        return []
    return list(_walk(places, is_rate=kpi.subset and not seasonal, seasonal=seasonal))


def _places(kpi: Kpi, points: Sequence[Point], season: int) -> tuple[list[Place], bool]:
    if kpi.subset:
        known = [p for p in points if p.value is not None and p.denominator]
        return [Place(p, p.value or 0.0, p.numerator or 0.0, p.denominator or 0.0) for p in known], False
    if is_seasonal([point.value for point in points], season):
        pairs = zip(points, points[season:], strict=False)
        return [Place(b, b.value - a.value) for a, b in pairs if a.value is not None and b.value is not None], True
    return [Place(point, point.value) for point in points if point.value is not None], False


def is_seasonal(values: Sequence[float | None], season: int) -> bool:
    """Whether a year ago says more of a value than the period before does: over two seasons and a baseline, the smaller mean error."""
    if season == 1 or None in values or len(values) < season + BASELINE:
        return False
    known = [value for value in values if value is not None]
    yearly = fmean([abs(b - a) for a, b in zip(known, known[season:], strict=False)])
    return yearly < fmean([abs(b - a) for a, b in zip(known[season - 1 :], known[season:], strict=False)])


def _walk(places: Sequence[Place], *, is_rate: bool, seasonal: bool) -> Iterator[Judged]:
    """In order of time, with what was known then: a new baseline holds from when it has twelve periods."""
    start, run, side, waiting = 0, 0, 0, -1
    for at, place in enumerate(places):
        if 0 <= waiting <= at - BASELINE:
            start, waiting = waiting, -1
        mean, low, high = _bounds(places[start : start + BASELINE], place, is_rate)
        now = (place.value > mean) - (place.value < mean)
        run, side = (run + 1 if now and now == side else abs(now)), now
        is_shift = run == RUN
        if is_shift and at >= start + BASELINE:
            waiting = at - RUN + 1
        enough = not is_rate or place.n >= FEWEST
        rule = OUTSIDE if not low <= place.value <= high else SHIFTED if is_shift else ""
        sigma = (high - mean) / SIGMAS if not is_rate else _sigma(places[start : start + BASELINE], place)
        score = (place.value - mean) / sigma if sigma else None
        yield Judged(place.point, place.value, mean, low, high, score, rule if enough and sigma else "", seasonal)


def _bounds(base: Sequence[Place], place: Place, is_rate: bool) -> tuple[float, float, float]:
    if not is_rate:
        found = limits([one.value for one in base])
        return found.mean, found.low, found.high
    share = _share(base)
    return 100 * share, *share_limits(share, place.n)


def _share(base: Sequence[Place]) -> float:
    """Between 0 and 1, also while days of one of two sources wait to be computed anew and the part is more than the whole."""
    return min(max(sum(one.numerator for one in base) / sum(one.n for one in base), 0.0), 1.0)


def _sigma(base: Sequence[Place], place: Place) -> float:
    share = _share(base)
    return 100 * sqrt(share * (1 - share) / place.n)
