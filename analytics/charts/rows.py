"""Horizontal bars that stand in a table's rows: the picture and its table are one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .model import Number


@dataclass(frozen=True)
class BarRow:
    """A bar from zero, in percent of its cell; `low` and `high` are the ends of the interval's whisker."""

    x: str = "0%"
    width: str = "0%"
    zero: str = "0%"
    low: str = ""
    high: str = ""
    span: str = ""
    negative: bool = False
    empty: bool = True


def bridge_rows(values: Sequence[Number]) -> list[BarRow]:
    """Bars of a bridge: the first and the last stand on zero, each between them begins where the one before it ended."""
    first, *moves, last = (float(value) for value in values)
    at, spans = first, [(0.0, first)]
    for move in moves:
        spans.append((at, at + move))
        at += move
    spans.append((0.0, last))
    low, high = min(min(span) for span in spans), max(max(span) for span in spans)
    width = (high - low) or 1.0

    def percent(value: float) -> float:
        return 100 * (value - low) / width

    return [
        BarRow(
            x=f"{percent(min(span)):.2f}%",
            width=f"{percent(max(span)) - percent(min(span)):.2f}%",
            zero=f"{percent(0):.2f}%",
            negative=span[1] < span[0],
            empty=False,
        )
        for span in spans
    ]


def bar_rows(values: Sequence[Number | None], intervals: Sequence[tuple[float | None, float | None]] = ()) -> list[BarRow]:
    """One bar per value, on one common scale that holds zero and all whiskers. A missing value has no bar."""
    whiskers = [pair if None not in pair else (None, None) for pair in intervals] or [(None, None)] * len(values)
    shown = [float(value) for value in values if value is not None]
    shown += [
        float(end) for value, pair in zip(values, whiskers, strict=True) if value is not None for end in pair if end is not None
    ]
    low, high = min([0.0, *shown]), max([0.0, *shown])
    span = (high - low) or 1.0

    def percent(value: float) -> float:
        return 100 * (value - low) / span

    rows = []
    for value, (start, end) in zip(values, whiskers, strict=True):
        if value is None:
            rows.append(BarRow(zero=f"{percent(0):.2f}%"))
            continue
        left, right = sorted((percent(0), percent(float(value))))
        whole = start is not None and end is not None
        rows.append(
            BarRow(
                x=f"{left:.2f}%",
                width=f"{right - left:.2f}%",
                zero=f"{percent(0):.2f}%",
                low=f"{percent(float(start or 0)):.2f}%" if whole else "",
                high=f"{percent(float(end or 0)):.2f}%" if whole else "",
                span=f"{percent(float(end or 0)) - percent(float(start or 0)):.2f}%" if whole else "",
                negative=value < 0,
                empty=False,
            )
        )
    return rows
