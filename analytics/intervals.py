"""95 % intervals that need no more than the records: of counts, means and medians, and of the difference of two values (kpis.md 6.3)."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from functools import lru_cache
from math import comb, exp, lgamma, log, sqrt
from statistics import fmean, pstdev

Bounds = tuple[float, float]
TAIL = 0.025
Z = 1.959964
DRAWS, SEED = 10_000, 20_771
MOST_DRAWN = 1_000  # more records than these are not drawn from: their mean is as good as normal
MANY = 1_000  # counts and lists from which on the exact bounds and the normal ones are the same


def of_difference(before: float, after: float, of_before: Bounds, of_after: Bounds) -> Bounds:
    """The interval of after - before, from the interval of each (Newcombe's from two of Wilson's; for symmetric ones the usual
    z sqrt(SE² + SE²))."""
    moved = after - before
    low = sqrt((after - of_after[0]) ** 2 + (of_before[1] - before) ** 2)
    high = sqrt((of_after[1] - after) ** 2 + (before - of_before[0]) ** 2)
    return moved - low, moved + high


# --- counts ----------------------------------------------------------------------------------------------------------


def of_count(n: int) -> Bounds:
    """Of a count, exact Poisson: 10 has 4.80 to 18.39, 0 has 0 to 3.69."""
    if n > MANY:  # Byar's approximation, which differs by less than one in a thousand from here on
        low, high = (k * (1 - 1 / (9 * k) + sign * Z / (3 * sqrt(k))) ** 3 for k, sign in ((n, -1), (n + 1, 1)))
        return low, high
    below = _solve(lambda mean: 1 - _at_most(n - 1, mean), TAIL, n) if n else 0.0
    return below, _solve(lambda mean: 1 - _at_most(n, mean), 1 - TAIL, n + 1)


def _at_most(n: int, mean: float) -> float:
    """The chance of at most n, where `mean` are expected."""
    return sum(exp(k * log(mean) - mean - lgamma(k + 1)) for k in range(n + 1))


def _solve(rising: Callable[[float], float], wanted: float, near: float) -> float:
    """Where a rising function reaches `wanted`, to twelve digits."""
    low, high = 1e-9, near + 10 * sqrt(near) + 10
    for _step in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if rising(middle) < wanted else (low, middle)
    return (low + high) / 2


# --- medians ---------------------------------------------------------------------------------------------------------


def of_median(values: Sequence[float]) -> Bounds | None:
    """By order statistics: of 20 sorted values the 6th and the 15th. None of fewer than six: not even their ends hold 95 %."""
    place = _place(len(values))
    return (values[place - 1], values[-place]) if place else None


@lru_cache(maxsize=512)
def _place(n: int) -> int:
    """How far from either end the bounds lie; 0 where there are none."""
    if n > MANY:
        return max(int(n / 2 - Z * sqrt(n) / 2), 1)
    place, left = 0, 0
    while place < n and (left + comb(n, place)) / 2**n <= TAIL:
        left += comb(n, place)
        place += 1
    return place


# --- means -----------------------------------------------------------------------------------------------------------


def of_means(before: Sequence[float], after: Sequence[float]) -> Bounds | None:
    """Of the difference of two means: 10,000 draws of the records with a fixed seed, because deal sizes are skewed. None of fewer
    than two records on a side."""
    if min(len(before), len(after)) < 2:
        return None
    return _drawn(tuple(before), tuple(after))


@lru_cache(maxsize=128)
def _drawn(before: tuple[float, ...], after: tuple[float, ...]) -> Bounds:
    draw = random.Random(SEED)  # noqa: S311  the same bounds each time, no secrets
    moved = sorted(one - other for one, other in zip(_means(after, draw), _means(before, draw), strict=True))
    last = DRAWS - 1
    return moved[round(TAIL * last)], moved[round((1 - TAIL) * last)]


def _means(values: tuple[float, ...], draw: random.Random) -> list[float]:
    n = len(values)
    if n > MOST_DRAWN:
        middle, spread = fmean(values), pstdev(values) / sqrt(n)
        return [draw.gauss(middle, spread) for _draw in range(DRAWS)]
    return [sum(draw.choices(values, k=n)) / n for _draw in range(DRAWS)]
