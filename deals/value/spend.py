"""Gamma-Gamma: what a customer spends on a day with a purchase (Fader, Hardie and Berger, 2004).

A customer's purchases scatter around a mean of their own, and the means around one of all. It assumes that those who buy often do not
spend more or less each time.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import correlation
from typing import Any

import numpy as np
from scipy.special import gammaln

from .optimise import IMPOSSIBLE, lowest

STARTS = ((1.0, 1.0, 1.0), (2.0, 1.5, 3.0), (0.0, 0.5, 5.0))  # logs of p, q, g
INSIDE = (1e-3, 1e6)
MOST_CORRELATED = 0.3


@dataclass(frozen=True)
class SpendFit:
    """The three parameters; `scale`: what amounts were divided by before the fit."""

    p: float
    q: float
    g: float
    scale: float = 1.0
    log_likelihood: float = 0.0
    stable: bool = True  # another start led to the same

    @property
    def is_inside(self) -> bool:
        """Whether there is a mean at all (q > 1) and nothing ran off."""
        return self.q > 1 and all(INSIDE[0] < value < INSIDE[1] for value in (self.p, self.q, self.g))

    def expected(self, repeats: int, mean: float) -> float:
        """What the next purchase is expected to bring, in the unit of `mean`; for one-time buyers the mean of all."""
        return self.p * (self.g + repeats * mean / self.scale) / (self.p * repeats + self.q - 1) * self.scale


def too_correlated(rows: Sequence[tuple[int, float]]) -> bool:
    """Whether frequency and spend hang together too much for the model's assumption; rows: (repeats, mean spend)."""
    repeats, means = [x for x, _mean in rows], [mean for _x, mean in rows]
    if len(rows) < 2 or len(set(repeats)) == 1 or len(set(means)) == 1:
        return False
    return abs(correlation(repeats, means)) > MOST_CORRELATED


def fit(rows: Sequence[tuple[int, float]], scale: float = 1.0) -> SpendFit:
    """rows: (repeats, mean spend of the repeat purchases), both above 0. Raises ValueError without rows."""
    scaled = np.array([(x, mean / scale) for x, mean in rows if x > 0 and mean > 0], float)
    if not len(scaled):
        raise ValueError("There is nothing to fit to.")
    x, mean = scaled.T

    def unlikely(logs: Any) -> float:
        p, q, g = np.exp(logs)
        with np.errstate(over="ignore", invalid="ignore"):
            value = -np.sum(
                q * logs[2] - gammaln(q) + gammaln(p * x + q) - gammaln(p * x)
                + (p * x - 1) * np.log(mean) + p * x * np.log(x) - (p * x + q) * np.log(x * mean + g)
            )  # fmt: skip
        return float(value) if math.isfinite(value) else IMPOSSIBLE

    logs, value, stable = lowest(unlikely, STARTS)
    return SpendFit(*map(math.exp, logs), scale=scale, log_likelihood=-value, stable=stable)
