"""The minimum of a function of a few numbers, without its derivatives."""

from __future__ import annotations

from collections.abc import Callable, Sequence

Point = list[float]


def nelder_mead(function: Callable[[Sequence[float]], float], start: Sequence[float], *, most: int = 2000) -> tuple[Point, float]:
    """(point, value) of a local minimum by the downhill simplex of Nelder and Mead (1965), standard coefficients.

    It ends when the corners' values differ by less than 1e-9 of their size, or after `most` evaluations. The result depends on the
    start: see `lowest`.
    """
    size = len(start)
    corners = [list(start)] + [[value + (0.5 if at == axis else 0.0) for at, value in enumerate(start)] for axis in range(size)]
    simplex = sorted(((function(corner), corner) for corner in corners), key=lambda pair: pair[0])
    spent = size + 1

    def along(factor: float) -> tuple[float, Point]:
        worst = simplex[-1][1]
        point = [middle + factor * (low - middle) for middle, low in zip(centre, worst, strict=True)]
        return function(point), point

    while spent < most and simplex[-1][0] - simplex[0][0] > 1e-13 * (1 + abs(simplex[0][0])):
        centre = [sum(corner[at] for _value, corner in simplex[:-1]) / size for at in range(size)]
        tried = along(-1.0)
        spent += 1
        if tried[0] < simplex[0][0]:
            further = along(-2.0)
            spent += 1
            tried = min(tried, further, key=lambda pair: pair[0])
        elif tried[0] >= simplex[-2][0]:
            tried = along(-0.5 if tried[0] < simplex[-1][0] else 0.5)
            spent += 1
        if tried[0] < simplex[-1][0]:
            simplex[-1] = tried
        else:
            best = simplex[0][1]
            shrunk = [[(one + low) / 2 for one, low in zip(corner, best, strict=True)] for _value, corner in simplex[1:]]
            simplex[1:] = [(function(corner), corner) for corner in shrunk]
            spent += size
        simplex.sort(key=lambda pair: pair[0])
    return simplex[0][1], simplex[0][0]


def lowest(function: Callable[[Sequence[float]], float], starts: Sequence[Sequence[float]]) -> tuple[Point, float, bool]:
    """(point, value, whether another start led to the same value within 0.1) of the best minimum of several starts, each sought once
    more from where it was found: a simplex may have ended flat on a slope."""
    found = [nelder_mead(function, nelder_mead(function, start)[0]) for start in starts]
    found.sort(key=lambda pair: pair[1])
    return *found[0], len(found) > 1 and found[1][1] - found[0][1] < 0.1
