"""How long customers stay: Kaplan and Meier's estimate (1958) with delayed entry (kpis.md 5.2).

Who is still a customer counts as long as they were seen; who was a customer before anybody kept books is at risk from the age at which
they were first seen.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

Z = 1.959964
HALF = 0.5


@dataclass(frozen=True)
class Life:
    """One stay: at risk after age `entry` up to age `exit`, where it ended or, without `ended`, was last seen. Ages in one unit."""

    entry: float
    exit: float
    ended: bool


@dataclass(frozen=True)
class Step:
    """At age `t` some ended: the share that stays longer, and the standard error of Greenwood; none once nobody is left."""

    t: float
    share: float
    error: float | None

    def bound(self, sign: int) -> float:
        """An end of the 95 % interval of the share, made on the log(-log) scale; the share itself at 0 and 1."""
        if not self.error or not 0 < self.share < 1:
            return self.share
        return float(self.share ** math.exp(sign * Z * self.error / (self.share * math.log(self.share))))


def curve(lives: Iterable[Life]) -> list[Step]:
    """S(t) = product over the ages t_i <= t at which some ended of (1 - d_i / n_i); n_i: those with entry < t_i <= exit. Stays that were
    over before they could be seen (exit <= entry) say nothing."""
    seen = [life for life in lives if life.exit > life.entry]
    entries, exits = sorted(life.entry for life in seen), sorted(life.exit for life in seen)
    share, spread = 1.0, 0.0
    found: list[Step] = []
    for t, ended in sorted(Counter(life.exit for life in seen if life.ended).items()):
        at_risk = bisect_left(entries, t) - bisect_left(exits, t)
        share *= 1 - ended / at_risk
        if at_risk > ended:
            spread += ended / (at_risk * (at_risk - ended))
            found.append(Step(t, share, share * math.sqrt(spread)))
        else:
            found.append(Step(t, 0.0, None))
            break  # nobody is left to say more
    return found


def median(steps: Sequence[Step]) -> tuple[float | None, float | None, float | None]:
    """(the first age at which half or fewer stay, ends of its 95 % interval): None where the curve does not come down so far. The ends
    are the ages at which the ends of the share's interval do."""

    def reached(share_of: object) -> float | None:
        return next((step.t for step in steps if share_of(step) <= HALF + 1e-12), None)  # type: ignore[operator]

    return reached(lambda step: step.share), reached(lambda step: step.bound(-1)), reached(lambda step: step.bound(1))
