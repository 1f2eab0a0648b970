"""The check of what known customers bought in addition, and of what it cost to win and keep them."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from analytics.checking import Recount
from analytics.checking_published import Asked, Parts, formula, per_booked, ratio

from .checks_life import NOTE as SPELLS
from .checks_life import active, new_customers

Row = dict[str, Any]
LINES, COSTS = "orders.lines", "marketing.costs"
FACTS = "orders"  # the note of `checks`


def growth_of(
    recount: Recount, orders: Mapping[int, Row], lines: Mapping[int, Sequence[Row]], credited: Mapping[int, int]
) -> dict[int, str]:
    """Line -> what it means: each line is held against all lines its customer bought on earlier days."""
    families = {pk: family or f"#{pk}" for pk, family in recount.rows("SELECT id, family FROM deals_product")}
    bought: dict[int, list[tuple[dt.date, Row, Row, Decimal]]] = defaultdict(list)
    purchases: dict[int, set[dt.date]] = defaultdict(set)
    for order in orders.values():
        if order["kind"] == "refund" or 0 < order["amount"] <= credited[order["id"]]:
            continue
        purchases[order["customer_id"]].add(order["day"])
        units: dict[Any, Decimal] = defaultdict(Decimal)
        for line in lines[order["id"]]:
            units[line["product_id"]] += Decimal(str(line["quantity"]))
        for line in lines[order["id"]]:
            bought[order["customer_id"]].append((order["day"], order, line, units[line["product_id"]]))
    found: dict[int, str] = {}
    for customer, rows in bought.items():
        first = min(purchases[customer])
        for day, order, line, quantity in rows:
            if day == first:
                continue
            product = line["product_id"]
            if product is None:
                found[line["id"]] = "unknown"
                continue
            before = [row for row in rows if row[0] < day and row[2]["product_id"]]
            same = [row for row in before if families[row[2]["product_id"]] == families[product]]
            of_product = [row[3] for row in same if row[2]["product_id"] == product]
            prices = [row[2]["unit_price"] for row in same if row[1]["currency"] == order["currency"]]
            if not same:
                found[line["id"]] = "cross"
            elif of_product and quantity > max(of_product) or not of_product and prices and line["unit_price"] > max(prices):
                found[line["id"]] = "upsell"
    return found


# --- formulas --------------------------------------------------------------------------------------------------------


def cost(recount: Recount, asked: Asked, measure: str) -> int:
    return recount.total(COSTS, measure, asked.start, asked.end, asked.dimension, asked.member)


def news(recount: Recount, asked: Asked) -> list[Any]:
    """The lines, credit notes too, of customers whose first order lies in the period."""
    rows = recount.notes[FACTS].of("lines", asked)
    return [fact for fact in rows if fact.first is not None and fact.first >= asked.start]


@formula("net_new_revenue")
def net_new_revenue(recount: Recount, asked: Asked) -> Parts:
    found = sum(fact.net or 0 for fact in news(recount, asked))
    return found, found, None


@formula("expansion_revenue")
def expansion_revenue(recount: Recount, asked: Asked) -> Parts:
    found = recount.total(LINES, "expansion_revenue", asked.start, asked.end, asked.dimension, asked.member)
    return found, found, None


def grown(recount: Recount, asked: Asked, kind: str) -> Parts:
    """Of those active at the start, who bought so in the period, from whomever."""
    base = active(recount, asked, asked.start)
    rows = recount.notes[FACTS].of("lines", Asked(asked.start, asked.end))
    return ratio(len(base & {fact.customer for fact in rows if fact.growth == kind}), len(base), 100)


@formula("expansion_rate")
def expansion_rate(recount: Recount, asked: Asked) -> Parts:
    return grown(recount, asked, "upsell")


@formula("cross_sell_rate")
def cross_sell_rate(recount: Recount, asked: Asked) -> Parts:
    return grown(recount, asked, "cross")


@formula("upsell_rate")
def upsell_rate(recount: Recount, asked: Asked) -> Parts:
    last: dict[int, Any] = {}  # the last active time that meets the period
    for span in recount.notes[SPELLS]:
        if span.start < asked.end and (span.end is None or span.end >= asked.start):
            if span.customer not in last or span.start > last[span.customer].start:
                last[span.customer] = span
    lookup = {"": None, "owner": "owner_id", "team": "team_id"}[asked.dimension]
    met = {pk for pk, span in last.items() if lookup is None or str(span.order[lookup] or "") == asked.member}
    days: dict[int, set[dt.date]] = defaultdict(set)
    for fact in recount.notes[FACTS].of("orders", Asked(asked.start, asked.end)):
        if not fact.returned:
            days[fact.customer].add(fact.day)
    return ratio(len({pk for pk in met if len(days[pk]) > 1}), len(met), 100)


@formula("customer_retention_cost_per_customer")
def customer_retention_cost_per_customer(recount: Recount, asked: Asked) -> Parts:
    end = min(asked.end, recount.today + dt.timedelta(days=1))
    lookup = {"": None, "team": "team_id"}[asked.dimension]
    held = 0
    for span in recount.notes[SPELLS]:
        if lookup is None or str(span.order[lookup] or "") == asked.member:
            held += max((min(span.end or end, end) - max(span.start, asked.start)).days, 0)
    days = (end - asked.start).days
    booked = cost(recount, asked, "cost_retention_days")
    return per_booked(cost(recount, asked, "cost_retention"), held / days if days > 0 else 0, booked)


@formula("cac")
def cac(recount: Recount, asked: Asked) -> Parts:
    booked = cost(recount, asked, "cost_acquisition_days")
    return per_booked(cost(recount, asked, "cost_acquisition"), new_customers(recount, asked)[0], booked)


@formula("cac_payback")
def cac_payback(recount: Recount, asked: Asked) -> Parts:
    spent, lines = cost(recount, asked, "cost_acquisition"), news(recount, asked)
    costed = sum(fact.net or 0 for fact in lines if fact.margin is not None)
    days = (min(asked.end, recount.today + dt.timedelta(days=1)) - asked.start).days
    if not cost(recount, asked, "cost_acquisition_days") or not new_customers(recount, asked)[0] or costed <= 0 or days <= 0:
        return None, spent, None
    margin = sum(fact.margin or 0 for fact in lines)
    monthly = sum(fact.net or 0 for fact in lines) * margin / costed / (days / 30.4375)
    return (30.4375 * 86_400 * spent / monthly if monthly > 0 else None), spent, monthly
