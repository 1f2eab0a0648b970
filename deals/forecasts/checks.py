"""The check of forecasts and coverage: the history of deals read again, day by day, with rates worked out a second time."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from analytics.checking import Recount
from analytics.checking_published import Asked, Parts, formula
from analytics.checks_goals import of_everyone
from analytics.checks_goals import won as won_in

DAY = dt.timedelta(days=1)
NOTE = "deals.expected_states"


def states(recount: Recount) -> list[dict[str, Any]]:
    """Every stretch in which a deal was open and expected to close on a day, with its local days."""
    if NOTE not in recount.notes:
        sql = """SELECT start, "end", expected_close, amount, currency, probability, owner_id, team_id FROM deals_dealstate
            WHERE status = 'open' AND expected_close IS NOT NULL"""
        found = list(recount.dicts(sql))
        for row in found:
            row["first"] = recount.day(recount.instant(row["start"]))  # type: ignore[arg-type]
            row["last"] = recount.day(recount.instant(row["end"])) if row["end"] else dt.date.max  # type: ignore[arg-type]
            row["due"] = recount.date(row["expected_close"])
        recount.notes[NOTE] = found
    return recount.notes[NOTE]


def expected(recount: Recount, asked: Asked, day: dt.date, *, weighted: bool) -> float | None:
    """What was open just before `day` and due in the period, converted as of `day`'s rates; None where a member is not asked so."""
    if asked.dimension not in ("", "owner", "team"):
        return None
    amounts: dict[str, int] = {}
    for row in states(recount):
        member = "" if row.get(f"{asked.dimension}_id") is None else str(row[f"{asked.dimension}_id"])
        if asked.dimension and member != asked.member:
            continue
        since = asked.start if weighted or asked.end <= recount.today else max(asked.start, recount.today)
        if row["first"] < day <= row["last"] and since <= row["due"] < asked.end:
            worth = (row["amount"] or 0) * (row["probability"] if weighted else 1)
            amounts[row["currency"]] = amounts.get(row["currency"], 0) + worth
    at = min(asked.start, recount.today) if weighted else min(asked.end - DAY, recount.today)
    converted = [recount.converted(amount, currency, at) for currency, amount in amounts.items()]
    return float(Decimal(sum(one or 0 for one in converted)) / (100 if weighted else 1))


def due(recount: Recount, asked: Asked) -> float | None:
    day = asked.start if asked.end <= recount.today else recount.today + DAY
    return expected(recount, asked, day, weighted=False)


@formula("forecast_amount")
def forecast_amount(recount: Recount, asked: Asked) -> Parts | None:
    found = expected(recount, asked, asked.start, weighted=True)
    return None if found is None else (found, found, None)


@formula("pipeline_due")
def pipeline_due(recount: Recount, asked: Asked) -> Parts | None:
    found = due(recount, asked)
    return None if found is None else (found, found, None)


@formula("pipeline_coverage")
def pipeline_coverage(recount: Recount, asked: Asked) -> Parts:
    aim, found = of_everyone(recount, asked), due(recount, asked)
    if aim is None or found is None:
        return None, None, None
    runs = asked.start <= recount.today < asked.end
    left = aim - (won_in(recount, Asked(asked.start, recount.today + DAY)) if runs else 0)
    return (found / left if left > 0 else None), found, left


def _closed(recount: Recount, asked: Asked) -> tuple[float, float] | None:
    if asked.end > recount.today:
        return None
    return expected(recount, asked, asked.start, weighted=True) or 0, won_in(recount, asked)


@formula("forecast_accuracy")
def forecast_accuracy(recount: Recount, asked: Asked) -> Parts:
    found = _closed(recount, asked)
    if found is None:
        return None, None, None
    foretold, won = found
    return (100 - 100 * abs(foretold - won) / won if won > 0 else None), foretold, won


@formula("forecast_bias")
def forecast_bias(recount: Recount, asked: Asked) -> Parts:
    found = _closed(recount, asked)
    if found is None:
        return None, None, None
    foretold, won = found
    return (100 * foretold / won - 100 if won > 0 else None), foretold, won
