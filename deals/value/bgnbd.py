"""BG/NBD: how many more purchases a customer without a contract will make (Fader, Hardie and Lee, 2005).

While active, a customer buys at a rate of their own (gamma r, alpha over customers); after each purchase they may leave for good with a
chance of their own (beta a, b). It knows nothing of seasons and campaigns. All times in weeks.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import gammaln, hyp2f1

from .optimise import IMPOSSIBLE, lowest

STARTS = ((0.0, 1.0, 0.0, 1.0), (-1.0, 1.5, -0.5, 1.0), (0.5, 2.5, -1.0, 0.0))  # logs of r, alpha, a, b
INSIDE = (1e-3, 1e3)


@dataclass(frozen=True, order=True)
class History:
    """One customer: `repeats` days with a purchase after the first, `last` weeks from the first purchase to the last one, `age` weeks
    from the first purchase to the end of what was seen."""

    repeats: int
    last: float
    age: float


@dataclass(frozen=True)
class Fit:
    """The four parameters, and how likely they make what was seen."""

    r: float
    alpha: float
    a: float
    b: float
    log_likelihood: float = 0.0
    stable: bool = True  # another start led to the same

    @property
    def is_inside(self) -> bool:
        """Whether no parameter ran off to nothing or to infinity, which says that the model does not fit."""
        return all(INSIDE[0] < value < INSIDE[1] for value in (self.r, self.alpha, self.a, self.b))

    def alive(self, one: History) -> float | None:
        """The chance that the customer is still active; None for buyers of one day, for whom the model says 1 by construction."""
        return 1 / (1 + self._gone(one)) if one.repeats else None

    def _gone(self, one: History) -> float:
        """How much likelier it is that the customer has left than not."""
        if not one.repeats:
            return 0.0
        odds = (self.alpha + one.age) / (self.alpha + one.last)
        return self.a / (self.b + one.repeats - 1) * odds ** (self.r + one.repeats)

    def expected(self, one: History, weeks: float) -> float:
        """Purchase days expected of this customer in the next `weeks`: E[Y(t) | x, t_x, T]."""
        a = self._a
        first = self.alpha + one.age
        shape = (self.r + one.repeats, self.b + one.repeats, a + self.b + one.repeats - 1)
        factor = (a + self.b + one.repeats - 1) / (a - 1)
        shrink = (first / (first + weeks)) ** shape[0]
        return factor * (1 - shrink * hyp2f1(*shape, weeks / (first + weeks))) / (1 + self._gone(one))

    def expected_of_new(self, weeks: float) -> float:
        """Purchase days after the first one that a new customer is expected to make: E[X(t)]."""
        a = self._a
        shrink = (self.alpha / (self.alpha + weeks)) ** self.r
        return (a + self.b - 1) / (a - 1) * (1 - shrink * hyp2f1(self.r, self.b, a + self.b - 1, weeks / (self.alpha + weeks)))

    def discounted(self, one: History, weeks: int, yearly: float) -> float:
        """The same, each purchase weighed by what money is worth less by then; `yearly`: the discount of a year (0.1)."""
        weekly = (1 + yearly) ** (1 / 52)
        total = before = 0.0
        for week in range(1, weeks + 1):
            upto = self.expected(one, week)
            total += (upto - before) / weekly**week
            before = upto
        return total

    @property
    def _a(self) -> float:
        """The formulas have a removable hole at a = 1."""
        return self.a if abs(self.a - 1) > 1e-6 else 1 + 1e-6


def fit(histories: Iterable[History]) -> Fit:
    """The parameters that make these histories most likely; the best of several starts. Raises ValueError without histories."""
    counted = Counter(histories)
    if not counted:
        raise ValueError("There is nothing to fit to.")
    ordered = sorted(counted)
    x, last, age = (np.array([getattr(one, name) for one in ordered], float) for name in ("repeats", "last", "age"))
    n = np.array([counted[one] for one in ordered], float)

    def unlikely(logs: Any) -> float:
        with np.errstate(over="ignore", invalid="ignore"):
            value = -_log_likelihood(*np.exp(logs), x, last, age, n)
        return value if math.isfinite(value) else IMPOSSIBLE

    logs, value, stable = lowest(unlikely, STARTS)
    return Fit(*map(math.exp, logs), log_likelihood=-value, stable=stable)


def _log_likelihood(r: float, alpha: float, a: float, b: float, x: Any, last: Any, age: Any, n: Any) -> float:
    """ln L = ln A1 + ln A2 + ln(A3 + [x > 0] A4) over all histories, of which there are n each; the last by log-sum-exp so that many
    purchases do not overflow."""
    bought = x > 0
    total = gammaln(r + x) - gammaln(r) + r * np.log(alpha) + gammaln(a + b) + gammaln(b + x) - gammaln(b) - gammaln(a + b + x)
    stays = -(r + x) * np.log(alpha + age)
    leaves = np.log(a) - np.log(b + np.where(bought, x, 1) - 1) - (r + x) * np.log(alpha + last)
    return float(np.sum(n * (total + np.where(bought, np.logaddexp(stays, leaves), stays))))
