"""How good a score was, from the scores of leads and what became of them: rank statistics over single values.

A value is twice the score plus one for a lead that became a customer in time.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt

from analytics.engine import Z
from analytics.registry import EMPTY, Parts

Interval = tuple[float, float] | None
TOP = 10  # the best tenth


def by_score(values: Sequence[int]) -> list[tuple[int, int]]:
    """(leads that did not buy, leads that bought) of each score, from the lowest score up."""
    found: dict[int, list[int]] = {}
    for value in values:
        found.setdefault(value // 2, [0, 0])[value % 2] += 1
    return [(found[score][0], found[score][1]) for score in sorted(found)]


def auc(values: Sequence[int]) -> tuple[Parts, Interval]:
    """The chance that a lead that bought had a higher score than one that did not, ties half; with DeLong's interval (kpis.md 93).

    None without leads of either kind; no interval with fewer than two of one."""
    groups = by_score(values)
    lost, won = (sum(group[place] for group in groups) for place in (0, 1))
    if not lost or not won:
        return Parts(None, won, lost + won, EMPTY), None
    below = 0
    ranks: list[
        tuple[int, int, float, float]
    ] = []  # lost, won, share of the lost below a won one, share of the won above a lost one
    above = won
    for losers, winners in groups:
        above -= winners
        ranks.append((losers, winners, (below + losers / 2) / lost, (above + winners / 2) / won))
        below += losers
    value = sum(winners * over for _losers, winners, over, _under in ranks) / won
    parts = Parts(value, won, lost + won)
    if lost < 2 or won < 2:
        return parts, None
    of_won = sum(winners * (over - value) ** 2 for _losers, winners, over, _under in ranks) / (won - 1)
    of_lost = sum(losers * (under - value) ** 2 for losers, _winners, _over, under in ranks) / (lost - 1)
    half = Z * sqrt(of_won / won + of_lost / lost)
    return parts, (max(value - half, 0.0), min(value + half, 1.0))


def lift(values: Sequence[int]) -> tuple[Parts, Interval]:
    """How many times as often as all leads those of the top tenth by score bought; leads that tie at the cut share the rest of it
    (kpis.md 92). The parts are the two rates. None where nobody bought."""
    n, won = len(values), sum(value % 2 for value in values)
    if not won:
        return Parts(None, None, 0 if n else None, EMPTY), None
    room, bought = n / TOP, 0.0
    for losers, winners in reversed(by_score(values)):
        taken = min(room, losers + winners)
        bought += winners * taken / (losers + winners)
        room -= taken
        if room <= 0:
            break
    top, whole = bought / (n / TOP), won / n
    return Parts(top / whole, top, whole), None
