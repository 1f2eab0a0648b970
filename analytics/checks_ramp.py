"""The check of how long new people take to reach their quota: months, quotas and amounts read a second time."""

from __future__ import annotations

import datetime as dt

from .checking import Recount
from .checking_published import Asked, Parts, formula
from .checks_goals import METRIC, aim, aims_of, shifted, won


def days_to_quota(recount: Recount, who: str, start: dt.date, stop: dt.date) -> tuple[dt.date, int] | None:
    """The end of the first month at 100 % and the days until then; None for who has not got there, or had no quota to begin with."""
    aims = aims_of(recount, "owner_id IS NOT NULL")[who]
    month, number, begun = start.replace(day=1), 0, False
    while (end := shifted(month, 1)) <= stop:
        quota = aim(recount, aims, month, end)
        begun = begun or bool(quota) and number < 3
        if number == 2 and not begun:
            return None
        if quota and won(recount, Asked(month, end, "owner", who)) >= quota:
            return end, (end - start).days
        month, number = end, number + 1
    return None


def team_of(recount: Recount, who: str) -> str:
    """The team that the person's last quota was set in."""
    if "teams" not in recount.notes:
        sql = "SELECT owner_id, team_id FROM analytics_target WHERE kpi = %s AND currency = %s AND owner_id IS NOT NULL ORDER BY start, id"
        recount.notes["teams"] = {str(owner): str(team or "") for owner, team in recount.rows(sql, [METRIC, recount.base])}
    return recount.notes["teams"][who]


@formula("rep_ramp_time")
def rep_ramp_time(recount: Recount, asked: Asked) -> Parts:
    found = []
    for who in aims_of(recount, "owner_id IS NOT NULL"):
        if asked.dimension == "team" and team_of(recount, who) != asked.member:
            continue
        starts = [first for user, first, _end, _team, _role, fte in recount.spans if str(user) == who and fte and first]
        if starts:
            there = days_to_quota(recount, who, min(starts), min(asked.end, recount.today))
            if there and there[0] > asked.start:
                found.append(there[1] * 86400)
    found.sort()
    half = len(found) // 2
    middle = None if not found else found[half] if len(found) % 2 else (found[half - 1] + found[half]) / 2
    return middle, None, None
