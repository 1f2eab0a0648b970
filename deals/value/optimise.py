"""The minimum of a function of a few numbers, without its derivatives."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from scipy.optimize import minimize

IMPOSSIBLE = 1e300  # what a function says of a point that cannot be: far above all that can, and still a number


def lowest(function: Callable[[Any], float], starts: Sequence[Sequence[float]]) -> tuple[list[float], float, bool]:
    """(point, value, whether another start led to the same value within 0.1) of the best minimum of several starts, each sought once
    more from where it was found: a simplex may have ended flat on a slope."""
    found = sorted((_down(function, _down(function, start)[1]) for start in starts), key=lambda pair: pair[0])
    value, point = found[0]
    return [float(part) for part in point], value, len(found) > 1 and found[1][0] - value < 0.1


def _down(function: Callable[[Any], float], start: Any) -> tuple[float, Any]:
    """(value, point) of a local minimum by the downhill simplex of Nelder and Mead (1965)."""
    found = minimize(function, start, method="Nelder-Mead", options={"xatol": 1e-8, "fatol": 1e-9, "maxfev": 2000})
    return float(found.fun), found.x
