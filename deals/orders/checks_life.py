"""The check of customers' lives: active times worked out anew from the orders, and the numbers that follow from them."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from analytics.checking import Recount
from analytics.checking_published import Asked, Parts, formula, ratio

Row = dict[str, Any]
ENTERED, LAPSED, STARTED, CHURNED = "customers.entered", "customers.lapsed", "customers.started", "customers.churned"
NOTE = "spells"
DAY = dt.timedelta(days=1)


@dataclass
class Span:
    """One active time: whose, from when, until when, as which order has it."""

    customer: int
    start: dt.date
    last: dt.date
    order: Row
    first: bool
    end: dt.date | None = None

    def holds(self, day: dt.date) -> bool:
        return self.start < day and (self.end is None or self.end >= day)


class Lives:
    """Built from purchases in order of time, then compared with what is stored."""

    def __init__(self, recount: Recount) -> None:
        self.recount = recount
        self.window = recount.settings["customer_window_days"]
        self.spans: dict[int, list[Span]] = defaultdict(list)
        recount.stream(ENTERED, "customers_active")
        recount.stream(LAPSED, "customers_active")
        recount.stream(STARTED, "customers_new", "customers_reactivated")
        recount.stream(CHURNED, "customers_churned")

    def bought(self, row: Row, returned_on: dt.date | None) -> None:
        """One order, in order of time; credited in full within two weeks it was no purchase."""
        if returned_on is not None and (returned_on - row["day"]).days <= 14:
            return
        known = self.spans[row["customer_id"]]
        if known and (row["day"] - known[-1].last).days < self.window:
            known[-1].last = row["day"]
        else:
            known.append(Span(row["customer_id"], row["day"], row["day"], row, not known))

    def compare(self, members_of: Any) -> None:
        """members_of(row): the dimension members of an order."""
        recount = self.recount
        stored: dict[int, list[tuple]] = defaultdict(list)
        sql = 'SELECT customer_id, start, lapses, "end", first, order_id FROM deals_customerspell ORDER BY customer_id, start'
        for customer, start, lapses, end, first, order in recount.rows(sql):
            stored[customer].append((recount.date(start), recount.date(lapses), recount.date(end), bool(first), order))
        facts: list[Span] = []
        recount.notes[NOTE] = facts
        for customer in sorted({*self.spans, *stored}):
            wanted = []
            for span in self.spans[customer]:
                lapses = span.last + self.window * DAY
                span.end = lapses if lapses <= recount.today else None
                wanted.append((span.start, lapses, span.end, span.first, span.order["id"]))
                self._count(span, members_of(span.order))
                facts.append(span)
            recount.expect(f"customer {customer} active times", stored[customer], wanted)
        for key in (ENTERED, LAPSED, STARTED, CHURNED):
            recount.compare(key)

    def _count(self, span: Span, members: dict[str, str]) -> None:
        self.recount.add(ENTERED, span.start, members, (1,))
        self.recount.add(LAPSED, span.end, members, (1,))
        self.recount.add(STARTED, span.start, members, (int(span.first), int(not span.first)))
        self.recount.add(CHURNED, span.end, members, (1,))


def flow(recount: Recount, asked: Asked, key: str, measure: str) -> Parts:
    found = recount.total(key, measure, asked.start, asked.end, asked.dimension, asked.member)
    return found, found, None


@formula("new_customers")
def new_customers(recount: Recount, asked: Asked) -> Parts:
    return flow(recount, asked, STARTED, "customers_new")


@formula("reactivated_customers")
def reactivated_customers(recount: Recount, asked: Asked) -> Parts:
    return flow(recount, asked, STARTED, "customers_reactivated")


@formula("churned_customers")
def churned_customers(recount: Recount, asked: Asked) -> Parts:
    return flow(recount, asked, CHURNED, "customers_churned")


def active(recount: Recount, asked: Asked, day: dt.date) -> set[int]:
    """The customers active just before the first instant of a day, of the member that was asked for."""
    lookup = {"": None, "owner": "owner_id", "team": "team_id"}[asked.dimension]
    return {
        span.customer
        for span in recount.notes[NOTE]
        if span.holds(day) and (lookup is None or str(span.order[lookup] or "") == asked.member)
    }


def everyone(recount: Recount, day: dt.date) -> set[int]:
    return active(recount, Asked(day, day), day)


@formula("active_customers")
def active_customers(recount: Recount, asked: Asked) -> Parts:
    found = len(active(recount, asked, asked.end))
    return found, found, None


@formula("customer_churn_rate")
def customer_churn_rate(recount: Recount, asked: Asked) -> Parts:
    base = active(recount, asked, asked.start)
    return ratio(len(base - everyone(recount, asked.end)), len(base), 100)


@formula("customer_retention_rate")
def customer_retention_rate(recount: Recount, asked: Asked) -> Parts:
    base = active(recount, asked, asked.start)
    return ratio(len(base & everyone(recount, asked.end)), len(base), 100)


@formula("net_customer_loss_rate")
def net_customer_loss_rate(recount: Recount, asked: Asked) -> Parts:
    base = len(active(recount, asked, asked.start))
    return ratio(base - len(active(recount, asked, asked.end)), base, 100)
