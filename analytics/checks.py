"""The check of the kernel's own numbers: users at work."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from typing import Any

from . import checks_course as _course  # noqa: F401  of forecasts and signals
from . import checks_goals as _goals  # noqa: F401  the second formulas of numbers about targets
from . import checks_lift as _lift  # noqa: F401  of before and after
from . import checks_ramp as _ramp  # noqa: F401  of how long new people take
from . import checks_trends as _trends  # noqa: F401  and of changes
from .checking import Recount, checks, text
from .checking_published import Asked, Parts, formula, ratio

DAY = dt.timedelta(days=1)


def count_users(recount: Recount) -> None:
    """Active days, and what is needed of users' working lives."""
    recount.stream("users.active", "active_days", "active_working_days")
    sql = """SELECT a.user_id, a.day, a.team_id, a.role, a.acted FROM crm_activeday a
             JOIN crm_user u ON u.id = a.user_id WHERE NOT u.is_service"""
    seen: dict[int, list[tuple[dt.date, str, str]]] = {}
    acted: dict[int, set[dt.date]] = defaultdict(set)
    for user, raw, team, role, did in recount.rows(sql):
        day = recount.date(raw)
        assert day is not None
        if did:
            acted[user].add(day)
        recount.add("users.active", day, {"team": text(team), "role": role, "user": text(user)}, (1, int(day.weekday() < 5)))
        seen.setdefault(user, []).append((day, text(team), role))
    recount.compare("users.active")
    recount.notes["users_acted"] = acted
    recount.users_seen = {user: sorted(days) for user, days in seen.items()}
    sql = """SELECT s.user_id, s.start, s."end", s.team_id, s.role, s.carries_quota, s.fte_percent FROM crm_userspan s
             JOIN crm_user u ON u.id = s.user_id WHERE NOT u.is_service"""
    recount.spans = [
        (user, recount.date(start), recount.date(end), text(team), role, fte if quota else 0)
        for user, start, end, team, role, quota, fte in recount.rows(sql)
    ]


checks.register("users", count_users)


def member_of(asked: Asked, user: int, team: str, role: str) -> bool:
    own: dict[str, Any] = {"": "", "user": text(user), "owner": text(user), "team": team, "role": role}
    return own[asked.dimension] == asked.member


def distinct(recount: Recount, asked: Asked, days: int) -> int:
    """Different users seen in the last `days` days up to the end, or today; each with the team of its last such day."""
    end = min(asked.end, recount.today + DAY)
    found = 0
    for user, rows in recount.users_seen.items():
        inside = [row for row in rows if end - days * DAY <= row[0] < end]
        found += bool(inside) and member_of(asked, user, inside[-1][1], inside[-1][2])
    return found


def active_days(recount: Recount, asked: Asked, start: dt.date, end: dt.date) -> int:
    return sum(
        1
        for user, rows in recount.users_seen.items()
        for day, team, role in rows
        if start <= day < end and member_of(asked, user, team, role)
    )


def working_life(recount: Recount, asked: Asked) -> tuple[int, int]:
    """Licensed days, and days of full-time equivalents in percent, inside the period up to today."""
    end = min(asked.end, recount.today + DAY)
    licensed = rep = 0
    for user, first, last, team, role, fte in recount.spans:
        days = (min(last or end, end) - max(first, asked.start)).days
        if days > 0 and member_of(asked, user, team, role):
            licensed += days
            rep += days * fte
    return licensed, rep


def days_so_far(recount: Recount, asked: Asked) -> list[dt.date]:
    """The days of the period up to today."""
    end = min(asked.end, recount.today + DAY)
    return [asked.start + number * DAY for number in range(max((end - asked.start).days, 0))]


@formula("login_frequency")
def login_frequency(recount: Recount, asked: Asked) -> Parts:
    licensed, _rep = working_life(recount, asked)
    return ratio(active_days(recount, asked, asked.start, asked.end), licensed / 7)


@formula("dau")
def dau(recount: Recount, asked: Asked) -> Parts:
    working = [day for day in days_so_far(recount, asked) if day.weekday() < 5]
    top = sum(
        1
        for user, rows in recount.users_seen.items()
        for day, team, role in rows
        if asked.start <= day < asked.end and day.weekday() < 5 and member_of(asked, user, team, role)
    )
    return ratio(top, len(working))


@formula("wau")
def wau(recount: Recount, asked: Asked) -> Parts:
    found = distinct(recount, asked, 7)
    return found, found, None


@formula("mau")
def mau(recount: Recount, asked: Asked) -> Parts:
    found = distinct(recount, asked, 30)
    return found, found, None


@formula("stickiness")
def stickiness(recount: Recount, asked: Asked) -> Parts:
    end = min(asked.end, recount.today + DAY)
    return ratio(active_days(recount, asked, end - 30 * DAY, end) / 30, distinct(recount, asked, 30), 100)


@formula("user_adoption_rate")
def user_adoption_rate(recount: Recount, asked: Asked) -> Parts:
    """Who was licensed on the last day, and acted on one of the days."""
    end = min(asked.end, recount.today + DAY)
    if asked.start >= end:
        return ratio(0, 0)
    last = end - DAY
    held = [
        user
        for user, first, gone, team, role, _fte in recount.spans
        if first <= last and (gone is None or gone > last) and member_of(asked, user, team, role)
    ]
    acted = recount.notes["users_acted"]
    return ratio(sum(any(asked.start <= day < end for day in acted[user]) for user in held), len(held), 100)
