"""A line the size of a word: how a number went, its last point marked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .model import Number
from .paths import path, runs

WIDTH = 100
HEIGHT = 32
PAD = 3  # pixels above and below, so that the last point's dot is whole


@dataclass(frozen=True)
class Spark:
    """Path data for the stretching inner picture, and the last point (percent across, pixels down)."""

    solid: tuple[str, ...] = ()
    dashed: str = ""
    area: tuple[str, ...] = ()
    last_x: str = ""
    last_y: str = ""
    height: int = HEIGHT
    running: bool = False
    title: str = ""


def spark(values: Sequence[Number | None], *, running: bool = False, title: str = "") -> Spark | None:
    """The sparkline of a series, or None where not even two values are there. Its floor is zero or the lowest value below it.

    `running`: the last unit is not over, so the way to it is dashed.
    """
    known = [float(value) for value in values if value is not None]
    if len(known) < 2:
        return None
    low, high = min(0.0, *known), max(0.0, *known)
    if low >= 0 and min(known) > 0.6 * high:
        low = min(known) - (high - min(known))
    span = (high - low) or 1.0
    step = WIDTH / (len(values) - 1)

    def spot(at: int) -> tuple[float, float]:
        return at * step, HEIGHT - PAD - (float(values[at] or 0) - low) / span * (HEIGHT - 2 * PAD)

    stretches = runs(values)
    last = stretches[-1][-1]
    is_running = running and last == len(values) - 1
    solid, areas, dashed = [], [], ""
    for run in stretches:
        spots = [spot(at) for at in run]
        if is_running and run[-1] == last and len(spots) > 1:
            dashed = path(spots[-2:])
            spots = spots[:-1]
        if len(spots) > 1:
            solid.append(path(spots))
            areas.append(f"{path(spots)}L{spots[-1][0]:.1f} {HEIGHT}L{spots[0][0]:.1f} {HEIGHT}Z")
    x, y = spot(last)
    return Spark(tuple(solid), dashed, tuple(areas), f"{x:.1f}%", f"{y:.1f}", HEIGHT, is_running, title)
