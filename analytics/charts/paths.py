"""Stretches of values without a gap, and path data."""

from __future__ import annotations

from collections.abc import Sequence

from .model import Number


def runs(values: Sequence[Number | None]) -> list[list[int]]:
    """Places of values without a gap between them."""
    found: list[list[int]] = [[]]
    for at, value in enumerate(values):
        if value is None:
            found.append([])
        else:
            found[-1].append(at)
    return [run for run in found if run]


def path(spots: Sequence[tuple[float, float]]) -> str:
    """Path data through the spots."""
    return "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in spots)
