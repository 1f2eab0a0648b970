"""The check of before and after: the windows worked out a second time, over recounted values."""

from __future__ import annotations

import calendar
import datetime as dt

from .checking import Recount
from .checking_published import Asked, Parts, formula
from .checks_goals import DAY, won

Window = tuple[dt.date, dt.date]


def shifted_day(day: dt.date, months: int) -> dt.date:
    """The same day so many months on, or the month's last."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return dt.date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def windows(recount: Recount, asked: Asked) -> tuple[Window, Window, int] | None:
    """Before, after and their months, as of the period's end or of today."""
    start = recount.date(recount.settings["go_live_on"])
    if start is None:
        return None
    first = shifted_day(start, recount.settings["go_live_ramp"])
    until = min(asked.end, recount.today + DAY)
    months = 12
    while months >= 6 and shifted_day(first, months) > until:
        months -= 1
    if months < 6:
        return None
    return (shifted_day(start, -months), start), (first, shifted_day(first, months)), months


@formula("crm_lift")
def crm_lift(recount: Recount, asked: Asked) -> Parts:
    found = windows(recount, asked)
    if found is None:
        return None, None, None
    before, after = (won(recount, Asked(*window)) for window in found[:2])
    if not before and not recount.total("deals.closed", "won_valued", *found[0]):
        return None, None, None
    return after - before, after, before
