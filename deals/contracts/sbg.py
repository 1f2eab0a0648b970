"""Shifted-beta-geometric: how long customers with contracts go on renewing (Fader and Hardie, 2007 and 2010; kpis.md 5.1).

At the end of each term a customer leaves with a chance of their own (beta alpha, beta over customers). Those who leave easily leave
first, so the rate of renewal rises with every term. Times are whole terms.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import betaln

from ..value.optimise import IMPOSSIBLE, lowest

STARTS = ((0.0, 0.0), (1.0, 2.0), (-1.0, 1.0))  # logs of alpha, beta
INSIDE = (1e-3, 1e3)
SMALLEST = 1e-12


@dataclass(frozen=True)
class Fit:
    """The two parameters, and how likely they make what was seen."""

    alpha: float
    beta: float
    log_likelihood: float = 0.0
    stable: bool = True  # another start led to the same

    @property
    def is_inside(self) -> bool:
        """Whether no parameter ran off to nothing or to infinity, which says that the model does not fit."""
        return all(INSIDE[0] < value < INSIDE[1] for value in (self.alpha, self.beta))

    def renews(self, n: int) -> float:
        """The chance that whoever is still there at the end of the n-th term renews."""
        return (self.beta + n - 1) / (self.alpha + self.beta + n - 1)

    def stays(self, terms: int) -> float:
        """S(t): the share of all who began that has renewed so many times."""
        return math.prod(self.renews(n) for n in range(1, terms + 1))

    def lifetime(self, discount: float) -> float:
        """Terms to come of a new customer, the first one included, each worth less by `discount` than the one before: DEL."""
        return 1 + self.residual(1, discount) / (1 + discount)

    def residual(self, n: int, discount: float) -> float:
        """Terms to come of a customer before the n-th renewal, from that renewal on, discounted to it: DERL. Raises ValueError for a
        discount that is not above 0: the sum need not end."""
        if discount <= 0:
            raise ValueError("Without a discount the sum need not end.")
        total, term = 0.0, self.renews(n)
        while term >= SMALLEST:
            total += term
            n += 1
            term *= self.renews(n) / (1 + discount)
        return total


def fit(lost: Mapping[int, int], kept: Mapping[int, int]) -> Fit:
    """The parameters that make what was seen most likely. lost: how many left at the end of their n-th term; kept: how many had renewed n
    times when last seen. Raises ValueError where nobody was seen at the end of a term."""
    left = {n: count for n, count in lost.items() if count}
    stayed = {n: count for n, count in kept.items() if count and n}
    if not left and not stayed:
        raise ValueError("There is nothing to fit to.")

    def unlikely(logs: Any) -> float:
        with np.errstate(over="ignore", invalid="ignore"):
            value = -_log_likelihood(*np.exp(logs), left, stayed)
        return value if math.isfinite(value) else IMPOSSIBLE

    logs, value, stable = lowest(unlikely, STARTS)
    return Fit(math.exp(logs[0]), math.exp(logs[1]), log_likelihood=-value, stable=stable)


def _log_likelihood(alpha: float, beta: float, lost: Mapping[int, int], kept: Mapping[int, int]) -> float:
    """sum of lost ln P(T = n) + kept ln S(n), with P(T = n) = B(alpha + 1, beta + n - 1) / B(alpha, beta)."""
    whole = betaln(alpha, beta)
    left = sum(count * (betaln(alpha + 1, beta + n - 1) - whole) for n, count in lost.items())
    return float(left + sum(count * (betaln(alpha, beta + n) - whole) for n, count in kept.items()))
