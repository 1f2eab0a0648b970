"""The check of what customers have brought, and of what they are worth by the short formula."""

from __future__ import annotations

import datetime as dt

from analytics.checking import Recount
from analytics.checking_published import Asked, Parts, formula, ratio

from ..orders.checks_growth import cost
from ..orders.checks_life import new_customers
from ..subscriptions.checks import kept, paying, stock

YEAR = dt.timedelta(days=365)
LINES = "orders.lines"


def lifetime(recount: Recount, asked: Asked) -> tuple[int, int, int, int]:
    """(margin, revenue, revenue with a known cost, customers) of everybody who had begun before the period's end."""
    margin, revenue, costed = (
        recount.total("customers.billed", name, None, asked.end, asked.dimension, asked.member)
        for name in ("lifetime_margin", "lifetime_revenue", "lifetime_costed")
    )
    customers = recount.total("customers.begun", "customers_ever", None, asked.end, asked.dimension, asked.member)
    return margin, revenue, costed, customers


@formula("clv_historic")
def clv_historic(recount: Recount, asked: Asked) -> Parts:
    margin, revenue, costed, customers = lifetime(recount, asked)
    if not customers or costed <= 0:
        return None, margin, customers
    return margin * revenue / costed / customers, margin * revenue / costed, customers


@formula("clv_historic_revenue")
def clv_historic_revenue(recount: Recount, asked: Asked) -> Parts:
    _margin, revenue, _costed, customers = lifetime(recount, asked)
    return ratio(revenue, customers)


def worth(recount: Recount, asked: Asked) -> Parts:
    """(value, margin of an account in a month, monthly churn) of the twelve months before the period's end."""
    end = min(asked.end, recount.today + dt.timedelta(days=1))
    margin, costed = (
        recount.total(LINES, name, end - YEAR, end, asked.dimension, asked.member) for name in ("costed_margin", "costed_revenue")
    )
    accounts = len({stay.company for stay in paying(recount, asked, asked.end)})
    rows = kept(recount, asked)
    if not accounts or costed <= 0 or not rows:
        return None, None, None
    each = stock(recount, asked, asked.end) / accounts * margin / costed
    stayed = sum(now > 0 for _then, now in rows) / len(rows)
    churn = 1 - stayed ** (1 / 12)
    return (each / churn if churn else None), each, churn


formula("clv_simple")(worth)


@formula("ltv_cac")
def ltv_cac(recount: Recount, asked: Asked) -> Parts:
    value, _each, _churn = worth(recount, asked)
    won = new_customers(recount, asked)[0]
    cac = cost(recount, asked, "cost_acquisition") / won if won else None
    if value is None or not cac or cac <= 0:
        return None, value, cac
    return value / cac, value, cac
