"""Axes: at most five ticks, at numbers people count in."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

#: Steps that read as round, per power of ten.
DECIMAL_STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)
#: Durations are counted in seconds but read in minutes, hours and days.
MINUTE, HOUR, DAY = 60, 3600, 86400
TIME_STEPS = tuple(
    [1, 2, 5, 10, 15, 30]
    + [MINUTE * n for n in (1, 2, 5, 10, 15, 30)]
    + [HOUR * n for n in (1, 2, 3, 6, 12)]
    + [DAY * n for n in (1, 2, 5, 7, 10, 20, 30, 50, 60, 90, 100, 200, 365, 500, 730, 1000)]
)
MOST_TICKS = 5


@dataclass(frozen=True)
class Scale:
    """From `low` to `high`, both ticks; `ticks` lie between, equally far apart."""

    low: float
    high: float
    ticks: tuple[float, ...]

    def share(self, value: float) -> float:
        """Where the value lies, 0 at the low end, 1 at the high end."""
        return (value - self.low) / (self.high - self.low)


def nice_ticks(low: float, high: float, *, unit: str = "count", whole: bool = False) -> tuple[float, ...]:
    """Two to five round numbers that enclose [low, high].

    Durations step in minutes, hours and days; `whole` (counts) never steps by less than one. Equal ends widen to hold a span.
    """
    low, high = _widened(low, high, unit)
    for step in _steps(high - low, unit, whole):
        first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
        if last - first + 1 <= MOST_TICKS:
            return tuple(_clean(step * place, step) for place in range(first, last + 1))
    raise AssertionError("steps grow without end")


def scale_for(values: Iterable[float], *, unit: str = "count", zero: bool = True) -> Scale:
    """The scale that holds the values. `zero` puts zero on it; percents of a whole end at 100 at most."""
    found = [value for value in values if math.isfinite(value)]
    low, high = (min(found), max(found)) if found else (0.0, 0.0)
    if zero:
        low, high = min(low, 0.0), max(high, 0.0)
    ticks = nice_ticks(low, high, unit=unit, whole=unit == "count")
    if unit == "percent" and found and max(found) <= 100 < ticks[-1]:
        ticks = tuple(tick for tick in ticks if tick <= 100)
        ticks = ticks if ticks[-1] == 100 and len(ticks) > 1 else nice_ticks(0, 100)
    return Scale(ticks[0], ticks[-1], ticks)


def _widened(low: float, high: float, unit: str) -> tuple[float, float]:
    if high > low:
        return low, high
    if low == 0:
        return 0.0, {"percent": 100.0, "days": float(DAY), "count": 4.0, "money": 40_000.0}.get(unit, 1.0)
    return (0.0, low) if low > 0 else (low, 0.0)


def _steps(span: float, unit: str, whole: bool) -> Iterable[float]:
    """Round steps, rising, from one that is surely too small."""
    if unit == "days":
        yield from (step for step in TIME_STEPS if step * MOST_TICKS * 4 > span)
        span = max(span, TIME_STEPS[-1])
        power = 10.0 ** math.floor(math.log10(span / DAY / MOST_TICKS))
        yield from (DAY * power * 10**more * step for more in range(4) for step in DECIMAL_STEPS)
        return
    power = 10.0 ** math.floor(math.log10(span / MOST_TICKS))
    for more in range(4):
        for step in DECIMAL_STEPS:
            size = power * 10**more * step
            if not whole or (size >= 1 and size == int(size)):
                yield size


def _clean(value: float, step: float) -> float:
    """Without the dust of binary fractions: 0.30000000000000004 is 0.3."""
    digits = max(0, 2 - math.floor(math.log10(step)))
    return round(value, digits) + 0.0
