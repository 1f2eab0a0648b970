"""The months before and after the day since which the CRM has been in use (kpis.md 155)."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from crm.models import Organisation
from crm.periods import Period, after_months

from .registry import NO_GO_LIVE, TOO_EARLY

STREAM = "analytics.go_live"  # what a change of these settings is marked under
SETTINGS = {"go_live_on", "go_live_ramp", "crm_savings"}
LEAST, MOST = 6, 12  # months on either side


@dataclass(frozen=True)
class Windows:
    """As many months before as after. `year_ago`: the window after, a year earlier, where the two cover different months of the year
    and that year lies before the CRM."""

    before: Period
    after: Period
    months: int
    year_ago: Period | None = None

    @property
    def periods(self) -> list[Period]:
        return [self.before, self.after, *([self.year_ago] if self.year_ago else [])]


def windows_at(end: dt.date, organisation: Organisation) -> Windows | str:
    """As of the day `end`, which is not in it: [g - m, g) and [g + ramp, g + ramp + m) of the go-live day g, m the whole months that
    have passed, 12 at most. Else the reason why there is nothing to compare: no such day is set, or under six months."""
    start = organisation.go_live_on
    if start is None:
        return NO_GO_LIVE
    first = after_months(start, organisation.go_live_ramp)
    months = max((m for m in range(LEAST, MOST + 1) if after_months(first, m) <= end), default=0)
    if not months:
        return TOO_EARLY
    before = Period(after_months(start, -months), start)
    after = Period(first, after_months(first, months))
    other = Period(after_months(after.start, -12), after_months(after.end, -12))
    seasonal = months < 12 and other.end <= start and other != before
    return Windows(before, after, months, other if seasonal else None)
