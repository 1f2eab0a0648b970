"""The check of what orders count: every order and line read once, in plain SQL, and everything derived from them worked out anew."""

from __future__ import annotations

import datetime as dt
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from analytics.checking import Recount, checks, text
from analytics.checking_published import Asked, Formula, Parts, formula, formulas, median, ratio
from analytics.checks_lift import windows
from crm.money import exponent

from .checks_growth import growth_of
from .checks_life import Lives

Row = dict[str, Any]
LINES, PLACED = "orders.lines", "orders.placed"
NOTE = "orders"

STREAMS: dict[str, tuple[str, ...]] = {
    LINES: (
        "revenue",
        "revenue_lines",
        "gross_revenue",
        "gross_lines",
        "refunds",
        "lines_unconverted",
        "sales_unconverted",
        "costed_revenue",
        "costed_margin",
        "costed_lines",
        "uncosted_lines",
        "expansion_revenue",
        "expansion_lines",
        "expansion_unconverted",
        "expansion_unknown",
    ),
    PLACED: ("orders", "orders_valued", "order_value", "orders_unconverted", "purchase_interval", "orders_returned"),
}


@dataclass
class Fact:
    """One line, or one order, as numbers of a period need it."""

    day: dt.date
    customer: int
    sale: bool = True
    net: int | None = None
    first: dt.date | None = None  # the customer's first order
    returned: bool = False
    repeat: bool = False
    margin: int | None = None  # of a line whose direct cost is known
    growth: str = ""


class Facts:
    """Lines and orders by (dimension, member), in order of days."""

    def __init__(self) -> None:
        self.rows: dict[tuple[str, str, str], list[Fact]] = defaultdict(list)

    def add(self, what: str, fact: Fact, owner: str, team: str) -> None:
        for dimension, member in (("", ""), ("owner", owner), ("team", team)):
            self.rows[what, dimension, member].append(fact)

    def sort(self) -> None:
        for rows in self.rows.values():
            rows.sort(key=lambda fact: fact.day)

    def of(self, what: str, asked: Asked) -> list[Fact]:
        rows = self.rows.get((what, asked.dimension, asked.member), [])
        low, high = (bisect_left(rows, day, key=lambda fact: fact.day) for day in (asked.start, asked.end))
        return rows[low:high]


class Orders:
    """All orders with their lines, and what follows from them."""

    def __init__(self, recount: Recount) -> None:
        self.recount, self.facts = recount, Facts()
        recount.notes[NOTE] = self.facts
        for key, measures in STREAMS.items():
            recount.stream(key, *measures)
        self.billed: list[tuple[Row, int | None, int | None]] = []  # order, net and cost of a line
        self.industry = dict(recount.rows("SELECT id, industry FROM contacts_company"))
        self.first_stored = {
            pk: recount.date(day) for pk, day in recount.rows("SELECT id, first_day FROM deals_customer ORDER BY id")
        }
        self.orders: dict[int, Row] = {}
        self.lines: dict[int, list[Row]] = defaultdict(list)
        self.credited: dict[int, int] = defaultdict(int)
        self.credited_on: dict[int, dt.date] = {}  # the last credit note's day
        self.first: dict[int, dt.date] = {}
        self._read()

    def _read(self) -> None:
        recount = self.recount
        for row in recount.dicts("SELECT * FROM deals_order ORDER BY ordered_at, id"):
            row["ordered_at"] = recount.instant(row["ordered_at"])
            row["day"] = recount.day(row["ordered_at"])
            self.orders[row["id"]] = row
            if row["kind"] == "refund":
                self.credited[row["refund_of_id"]] += row["amount"]
                self.credited_on[row["refund_of_id"]] = row["day"]
            else:
                self.first.setdefault(row["customer_id"], row["day"])
        sql = "SELECT * FROM deals_orderline ORDER BY id"
        for line in recount.dicts(sql):
            self.lines[line["order_id"]].append(line)

    # --- lines and money

    def count(self) -> None:
        self.growth = growth_of(self.recount, self.orders, self.lines, self.credited)
        for row in self.orders.values():
            members = self._members(row)
            sign = -1 if row["kind"] == "refund" else 1
            rate_day = self.orders[row["refund_of_id"]]["day"] if row["kind"] == "refund" else row["day"]
            nets = [self._line(row, line, members, sign, rate_day) for line in self.lines[row["id"]]]
            row["net"] = None if None in nets else sum(net for net in nets if net is not None)
            what = f"order {row['number']}"
            self.recount.expect(f"{what} amount", row["amount"], sum(line["amount"] for line in self.lines[row["id"]]))
            self.recount.expect(f"{what} in base currency", row["base"], row["net"])
        self._purchases()
        for pk, stored in self.first_stored.items():
            self.recount.expect(f"customer {pk} first order", stored, self.first.get(pk))
        self.facts.sort()
        for key in STREAMS:
            self.recount.compare(key)

    def _members(self, row: Row) -> dict[str, str]:
        return {
            "owner": text(row["owner_id"]),
            "team": text(row["team_id"]),
            "source": row["source"],
            "segment": self.industry.get(row["company_id"], ""),
            "product": text(row["product_id"]),
            "campaign": row["campaign"],
            "channel": row["channel"],
            "pipeline": text(row["pipeline_id"]),
            "country": row["country"],
        }

    def _line(self, row: Row, line: Row, members: dict[str, str], sign: int, rate_day: dt.date) -> int | None:
        recount, sale = self.recount, sign > 0
        net = recount.converted(line["amount"], row["currency"], rate_day)
        cost = recount.converted(line["cost"], row["currency"], rate_day)
        net, cost = (None if value is None else sign * value for value in (net, cost))
        what = f"order {row['number']} line {line['id']}"
        recount.expect(f"{what} in base currency", (line["net_base"], line["cost_base"]), (net, cost))
        growth = self.growth.get(line["id"], "")
        recount.expect(f"{what} growth", line["growth"], growth)
        amount, grown = net or 0, growth in ("cross", "upsell")
        costed = net is not None and cost is not None
        values = (
            amount,
            int(net is not None),
            amount if sale else 0,
            int(sale and net is not None),
            0 if sale else -amount,
            int(net is None),
            int(sale and net is None),
            amount if costed else 0,
            amount - (cost or 0) if costed else 0,
            int(costed),
            int(net is not None and cost is None),
            amount if grown else 0,
            int(grown and net is not None),
            int(grown and net is None),
            int(growth == "unknown"),
        )
        recount.add(LINES, row["day"], {**members, "product": text(line["product_id"])}, values)
        self.billed.append((row, net, cost))
        fact = Fact(row["day"], row["customer_id"], sale, net, self.first.get(row["customer_id"]))
        fact.margin, fact.growth = (amount - (cost or 0) if costed else None), growth
        self.facts.add("lines", fact, members["owner"], members["team"])
        return net

    # --- purchases

    def _purchases(self) -> None:
        """Every order as a purchase: an order credited in full is none, several on one day are one occasion."""
        lives = Lives(self.recount)
        last: dict[int, tuple[dt.date, dt.datetime]] = {}
        begun: dict[int, dt.date] = {}
        for row in self.orders.values():
            if row["kind"] == "refund":
                continue
            customer, day, credited = row["customer_id"], row["day"], self.credited[row["id"]]
            returned = 0 < row["amount"] <= credited
            repeat, interval = False, None
            if not returned:
                repeat = begun.setdefault(customer, day) != day
                before = last.get(customer)
                if before is None or before[0] != day:
                    interval = int((row["ordered_at"] - before[1]).total_seconds()) if before else None
                    last[customer] = (day, row["ordered_at"])
            stored = (row["refunded"], bool(row["repeat"]), row["interval"])
            self.recount.expect(f"order {row['number']} as a purchase", stored, (credited, repeat, interval))
            self._order(row, returned, repeat, interval)
            lives.bought(row, self.credited_on[row["id"]] if returned else None)
        lives.compare(self._members)
        lives.compare_billed(self.billed, self._members)

    def _order(self, row: Row, returned: bool, repeat: bool, interval: int | None) -> None:
        members, net = self._members(row), row["net"]
        values = (1, int(net is not None), net or 0, int(net is None), interval or 0, int(returned))
        self.recount.add(PLACED, row["day"], members, values)
        fact = Fact(row["day"], row["customer_id"], True, net, None, returned, repeat)
        self.facts.add("orders", fact, members["owner"], members["team"])
        if interval is not None:
            self.recount.values["purchase_interval"].append((row["day"], interval, members["owner"], members["team"]))


def count_orders(recount: Recount) -> None:
    """Everything about orders."""
    Orders(recount).count()


checks.register("orders", count_orders)


# --- formulas --------------------------------------------------------------------------------------------------------


def flow(recount: Recount, asked: Asked, measure: str, key: str = LINES) -> int:
    return recount.total(key, measure, asked.start, asked.end, asked.dimension, asked.member)


def rows_of(recount: Recount, asked: Asked, what: str) -> Iterator[Fact]:
    yield from recount.notes[NOTE].of(what, asked)


def quotient(top: str, bottom: str, key: str, scale: float = 1) -> Formula:
    def value(recount: Recount, asked: Asked) -> Parts:
        return ratio(flow(recount, asked, top, key), flow(recount, asked, bottom, key), scale)

    return value


formulas.register("average_order_value", quotient("order_value", "orders_valued", PLACED))
formulas.register("gross_margin_rate", quotient("costed_margin", "costed_revenue", LINES, 100))
formulas.register("refund_rate", quotient("refunds", "gross_revenue", LINES, 100))


@formula("revenue")
def revenue(recount: Recount, asked: Asked) -> Parts:
    found = flow(recount, asked, "revenue")
    return found, found, None


@formula("revenue_per_customer")
def revenue_per_customer(recount: Recount, asked: Asked) -> Parts:
    billed = {fact.customer for fact in rows_of(recount, asked, "lines") if fact.sale and fact.net is not None}
    return ratio(flow(recount, asked, "revenue"), len(billed))


@formula("top_customer_share")
def top_customer_share(recount: Recount, asked: Asked) -> Parts:
    """Customers who tie for the tenth place bring the same, so it does not matter which of them is in."""
    sums: dict[int, int] = defaultdict(int)
    for fact in rows_of(recount, asked, "lines"):
        if fact.net is not None:
            sums[fact.customer] += fact.net
    return ratio(sum(sorted(sums.values(), reverse=True)[:10]), flow(recount, asked, "revenue"), 100)


@formula("new_customer_revenue")
def new_customer_revenue(recount: Recount, asked: Asked) -> Parts:
    rows = rows_of(recount, asked, "lines")
    found = sum(fact.net or 0 for fact in rows if fact.sale and fact.first is not None and fact.first >= asked.start)
    return found, found, None


@formula("purchase_frequency")
def purchase_frequency(recount: Recount, asked: Asked) -> Parts:
    rows = list(rows_of(recount, asked, "orders"))
    return ratio(len(rows), len({fact.customer for fact in rows}))


@formula("repeat_customer_rate")
def repeat_customer_rate(recount: Recount, asked: Asked) -> Parts:
    rows = list(rows_of(recount, asked, "orders"))
    buying = {fact.customer for fact in rows if not fact.returned}
    return ratio(len({fact.customer for fact in rows if fact.repeat}), len(buying), 100)


@formula("purchase_interval")
def purchase_interval(recount: Recount, asked: Asked) -> Parts:
    place = {"": None, "owner": 2, "team": 3}[asked.dimension]
    rows = recount.values["purchase_interval"]
    inside = [row for row in rows if asked.start <= row[0] < asked.end]
    return median([row[1] for row in inside if place is None or row[place] == asked.member])


from . import checks_growth as _growth  # noqa: E402, F401  formulas over what was counted here


@formula("crm_roi")
def crm_roi(recount: Recount, asked: Asked) -> Parts:
    """The margin after less that before, and the savings of as many months, against all costs of the CRM until then."""
    found = windows(recount, asked)
    if found is None or asked.dimension:
        return None if found else (None, None, None)
    before, after, months = found
    margins = []
    for start, end in (before, after):
        if not recount.total(LINES, "costed_lines", start, end):
            return None, None, None
        margins.append(recount.total(LINES, "costed_margin", start, end))
    cost = recount.total("marketing.costs", "cost_crm", None, after[1])
    saved = recount.settings["crm_savings"] * 10 ** exponent(recount.base) * months / 12
    if cost <= 0:
        return None, margins[1], cost
    return 100 * (margins[1] - margins[0] + saved - cost) / cost, margins[1], cost
