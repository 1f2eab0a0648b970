"""Cutting an amount into whole minor units, a part a day."""

from __future__ import annotations


def evenly(amount: int, days: int) -> list[int]:
    """`days` parts of the amount that add up to it exactly and differ by one minor unit at most, the odd ones spread over the span.

    1,00 over 3 days is 33, 33, 34.
    """
    return [amount * (day + 1) // days - amount * day // days for day in range(days)]
