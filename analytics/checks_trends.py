"""The check of changes: both values from the recount, the other period worked out a second time."""

from __future__ import annotations

import datetime as dt

from .checking import Recount
from .checking_published import Asked, Parts, formula
from .checks_goals import DAY, shifted, won


def _other(recount: Recount, asked: Asked, months: int) -> tuple[dt.date, dt.date, dt.date]:
    """The end of what is over, and [start, end) of what it is compared with. `months` back; 0 is the unit or span before."""
    start, end = asked.start, asked.end
    size = (end.year - start.year) * 12 + end.month - start.month
    in_year = (start.month - recount.settings["fiscal_year_start"]) % 12
    is_unit = start.day == end.day == 1 and (size == 1 or (size == 3 and not in_year % 3) or (size == 12 and not in_year))
    if is_unit:
        back = months or size
        first, last = shifted(start, -back), shifted(start, size - back)
    elif months:
        first = dt.date(start.year - 1, start.month, 28 if (start.month, start.day) == (2, 29) else start.day)
        last = first + (end - start)
    else:
        first, last = start - (end - start), start
    until = min(end, recount.today + DAY)
    return until, first, last if until == end else min(last, first + (until - start))


def _change(recount: Recount, asked: Asked, months: int) -> Parts:
    if asked.start > recount.today:
        return None, None, None
    until, first, last = _other(recount, asked, months)
    now, before = won(recount, Asked(asked.start, until)), won(recount, Asked(first, last))
    return (100 * (now - before) / abs(before) if before else None), now, before


@formula("period_change")
def period_change(recount: Recount, asked: Asked) -> Parts:
    return _change(recount, asked, 0)


@formula("year_over_year")
def year_over_year(recount: Recount, asked: Asked) -> Parts:
    return _change(recount, asked, 12)
