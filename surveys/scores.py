"""The arithmetic of scores: pure functions over counts, so that a score is divided once and rounded only where it is shown.

Sources: NPS bands and interval Reichheld 2003, Rocks 2016 (adjusted Wald); CES Dixon et al. 2010 and 2013; Wilson 1927.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction

from analytics.engine import wilson

from .choices import Band, Kind, Polarity

Z = 1.959964  # 95 %, two-sided
MICRO = 1_000_000
EASY, HARD = 5 * MICRO, 3 * MICRO
TOP_BOXES = ((3, 1), (7, 2))  # up to 3 points the best one counts as satisfied, up to 7 the best two; above, the best three
MOST_BOXES = 3


# --- one answer ------------------------------------------------------------------------------------------------------


def ease_micro(score: int, low: int, high: int, polarity: str) -> int:
    """A CES score turned so that high is easy and rescaled to 1-7, in millionths (rounded half to even)."""
    good = score - low if polarity == Polarity.HIGH else high - score
    return round(Fraction(6 * good, high - low) * MICRO) + MICRO


def top_boxes(points: int) -> int:
    """How many of the best answers of a scale with so many points count as satisfied: 1 of 2 and 3, 2 of 4 to 7, else 3."""
    return next((boxes for most, boxes in TOP_BOXES if points <= most), MOST_BOXES)


def band_of(kind: str, score: int, low: int, high: int, step: int = 1, polarity: str = Polarity.HIGH) -> str:
    """NPS: 9-10, 7-8, 0-6. CES: ease of at least 5 of 7, at most 3, between. CSAT: top boxes, the rest from the middle up, below."""
    if kind == Kind.NPS:
        return Band.PROMOTER if score >= 9 else Band.PASSIVE if score >= 7 else Band.DETRACTOR
    if kind == Kind.CES:
        ease = ease_micro(score, low, high, polarity)
        return Band.EASY if ease >= EASY else Band.HARD if ease <= HARD else Band.NEUTRAL
    scale = range(low, high + 1, step)
    if score in scale[-top_boxes(len(scale)) :]:
        return Band.POSITIVE
    return Band.NEUTRAL if 2 * score >= low + high else Band.NEGATIVE


# --- many answers ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Counts:
    """What the scores of a set of answers are made of; counts add up over sets, scores do not."""

    n: int = 0
    bands: Mapping[str, int] = field(default_factory=dict)
    positive: int = 0
    score_sum: int = 0
    ease_sum: int = 0

    def of(self, band: str) -> int:
        """How many answers fell into the band."""
        return self.bands.get(band, 0)

    @property
    def promoters(self) -> int:
        return self.of(Band.PROMOTER)

    @property
    def detractors(self) -> int:
        return self.of(Band.DETRACTOR)


def _share(part: float, n: int) -> float | None:
    return 100 * part / n if n else None


def nps(counts: Counts) -> float | None:
    """100 (promoters - detractors) / n, from counts; None without answers."""
    return _share(counts.promoters - counts.detractors, counts.n)


def _variance(p: float, d: float) -> float:
    """Of one answer that is worth +1, 0 or -1."""
    return p + d - (p - d) ** 2


def nps_variance(counts: Counts) -> float | None:
    """Of one answer; None without answers."""
    return _variance(counts.promoters / counts.n, counts.detractors / counts.n) if counts.n else None


def nps_simple_margin(counts: Counts, *, base: int | None = None) -> float | None:
    """The textbook 95 % margin in points. It is 0 when all agree, which misleads: show `nps_interval`.

    base: the number of customers that could have been asked; with it the finite population correction is applied.
    """
    variance = nps_variance(counts)
    if variance is None:
        return None
    margin = 100 * Z * math.sqrt(variance / counts.n)
    return margin * math.sqrt((base - counts.n) / (base - 1)) if base and base > 1 else margin


def nps_margin(counts: Counts) -> float | None:
    """The margin printed after "+/-" in short forms: with n - 1 under 50 answers; None under 2."""
    variance = nps_variance(counts)
    if variance is None or counts.n < 2:
        return None
    return 100 * Z * math.sqrt(variance / (counts.n - 1 if counts.n < 50 else counts.n))


def nps_interval(counts: Counts) -> tuple[float, float] | None:
    """The shown 95 % interval in points: adjusted Wald (three answers added, one to each band's quarter), clipped to +/-100."""
    if not counts.n:
        return None
    n = counts.n + 3
    p, d = (counts.promoters + 0.75) / n, (counts.detractors + 0.75) / n
    margin = 100 * Z * math.sqrt(_variance(p, d) / n)
    return max(-100.0, 100 * (p - d) - margin), min(100.0, 100 * (p - d) + margin)


@dataclass(frozen=True)
class Difference:
    """A change between two groups of answers, in points."""

    points: float
    margin: float
    z: float

    @property
    def is_change(self) -> bool:
        """Whether 0 lies outside the 95 % interval."""
        return abs(self.points) > self.margin


def nps_difference(before: Counts, after: Counts) -> Difference | None:
    """`after` less `before`, with its margin; None when a group is empty. Without any variance every difference is one."""
    old, new = nps(before), nps(after)
    if old is None or new is None:
        return None
    error = 100 * math.sqrt((nps_variance(before) or 0) / before.n + (nps_variance(after) or 0) / after.n)
    points = new - old
    return Difference(points, Z * error, points / error if error else math.copysign(math.inf, points) if points else 0.0)


def nps_needed(margin: float, variance: float = 1.0) -> int:
    """How many answers give a simple 95 % margin of so many points; 1 is the largest variance there is."""
    return math.ceil(variance * (100 * Z / margin) ** 2)


def mean(counts: Counts) -> float | None:
    """The mean score on the scale as it was asked; only for answers on one scale."""
    return counts.score_sum / counts.n if counts.n else None


def csat(counts: Counts) -> float | None:
    """Per cent satisfied: top boxes of all answers, neutral ones included in n."""
    return _share(counts.positive, counts.n)


def csat_interval(counts: Counts) -> tuple[float, float] | None:
    """95 % Wilson interval of `csat`, in per cent."""
    if not counts.n:
        return None
    return wilson(counts.positive, counts.n)


def ces(counts: Counts) -> float | None:
    """Mean ease on 1-7, whatever scale and polarity the answers came on."""
    return counts.ease_sum / MICRO / counts.n if counts.n else None


def ease_index(counts: Counts) -> float | None:
    """Mean ease on 0-100."""
    value = ces(counts)
    return None if value is None else 100 * (value - 1) / 6


def ease_rate(counts: Counts) -> float | None:
    """Per cent with an ease of at least 5 of 7."""
    return _share(counts.of(Band.EASY), counts.n)


def net_ease(counts: Counts) -> float | None:
    """Per cent easy less per cent hard."""
    return _share(counts.of(Band.EASY) - counts.of(Band.HARD), counts.n)
