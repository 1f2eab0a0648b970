"""The check of the numbers about targets: targets read and added up a second time, over recounted actuals."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from .checking import Recount
from .checking_published import Asked, Parts, formula, formulas, ratio

METRIC = "won_amount"
DAY = dt.timedelta(days=1)

Aims = dict[tuple[str, dt.date], Decimal]


def shifted(day: dt.date, months: int) -> dt.date:
    """The first day of the month so many months on."""
    at = day.year * 12 + day.month - 1 + months
    return dt.date(at // 12, at % 12 + 1, 1)


def aims_of(recount: Recount, where: str) -> dict[str, Aims]:
    """person ("" for everyone) -> (grain, first day) -> value; only amounts in the base currency."""
    key = f"aims:{where}"
    if key not in recount.notes:
        found: dict[str, Aims] = {}
        sql = f"SELECT owner_id, grain, start, value FROM analytics_target WHERE kpi = %s AND currency = %s AND {where}"  # noqa: S608
        for owner, grain, start, value in recount.rows(sql, [METRIC, recount.base]):
            day = recount.date(start)
            assert day is not None
            found.setdefault(str(owner or ""), {})[grain, day] = Decimal(str(value))
        recount.notes[key] = found
    return recount.notes[key]


def aim(recount: Recount, aims: Aims, start: dt.date, end: dt.date) -> float | None:
    """The target of [start, end): its own, else of its quarters or months, if each of them has one."""
    if start.day != 1 or end.day != 1:
        return None
    months = (end.year - start.year) * 12 + end.month - start.month
    in_year = (start.month - recount.settings["fiscal_year_start"]) % 12
    grain = (
        "month"
        if months == 1
        else "quarter"
        if months == 3 and not in_year % 3
        else "year"
        if months == 12 and not in_year
        else ""
    )
    if (grain, start) in aims:
        return float(aims[grain, start])
    if grain == "month":
        return None
    step = 3 if grain == "year" else 1
    parts = [aim(recount, aims, shifted(start, at), shifted(start, at + step)) for at in range(0, months, step)]
    return None if None in parts else sum(part for part in parts if part is not None)


def of_everyone(recount: Recount, asked: Asked) -> float | None:
    return aim(recount, aims_of(recount, "owner_id IS NULL AND team_id IS NULL").get("", {}), asked.start, asked.end)


def won(recount: Recount, asked: Asked) -> float:
    return (formulas[METRIC](recount, asked) or (0, 0, 0))[0] or 0


@formula("goal_attainment")
def goal_attainment(recount: Recount, asked: Asked) -> Parts:
    wanted = of_everyone(recount, asked)
    return ratio(won(recount, asked), wanted, 100) if wanted else (None, None, None)


@formula("goal_gap")
def goal_gap(recount: Recount, asked: Asked) -> Parts:
    wanted, found = of_everyone(recount, asked), won(recount, asked)
    return (None, None, None) if wanted is None else (found - wanted, found, wanted)


@formula("goal_pace")
def goal_pace(recount: Recount, asked: Asked) -> Parts:
    wanted, days = of_everyone(recount, asked), (asked.end - asked.start).days
    passed = min((recount.today + DAY - asked.start).days, days)
    if not wanted or passed <= 0:
        return None, None, None
    return ratio(won(recount, asked), wanted * (passed / days), 100)


@formula("quota_attainment")
def quota_attainment(recount: Recount, asked: Asked) -> Parts:
    top = bottom = 0.0
    for who, aims in aims_of(recount, "owner_id IS NOT NULL").items():
        quota = aim(recount, aims, asked.start, asked.end)
        if quota:
            top, bottom = top + won(recount, Asked(asked.start, asked.end, "owner", who)), bottom + quota
    return ratio(top, bottom, 100) if bottom else (None, None, None)
