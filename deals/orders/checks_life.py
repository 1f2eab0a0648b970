"""The check of customers' lives: active times worked out anew from the orders, and the numbers that follow from them."""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import Any

from analytics.checking import Recount
from analytics.checking_published import Asked, Parts, formula, ratio

Row = dict[str, Any]
ENTERED, LAPSED, STARTED, CHURNED = "customers.entered", "customers.lapsed", "customers.started", "customers.churned"
BEGUN, BILLED = "customers.begun", "customers.billed"
COHORTS, AGES = "customers.cohorts", (*range(1, 13), 18, 24, 36)
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
    origin: Row | None = None  # the order that made the customer one

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
        recount.stream(BEGUN, "customers_ever")
        recount.stream(
            BILLED,
            "lifetime_revenue",
            "lifetime_lines",
            "lifetime_unconverted",
            "lifetime_costed",
            "lifetime_margin",
            "lifetime_uncosted",
        )
        recount.stream(COHORTS, "cohort_customers", *(f"cohort_active_{age}" for age in AGES))

    def bought(self, row: Row, returned_on: dt.date | None) -> None:
        """One order, in order of time; credited in full within two weeks it was no purchase."""
        if returned_on is not None and (returned_on - row["day"]).days <= 14:
            return
        known = self.spans[row["customer_id"]]
        if known and (row["day"] - known[-1].last).days < self.window:
            known[-1].last = row["day"]
        else:
            origin = known[0].order if known else row
            known.append(Span(row["customer_id"], row["day"], row["day"], row, not known, origin=origin))

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
                self._count_ages(span, members_of(span.origin))
                facts.append(span)
            recount.expect(f"customer {customer} active times", stored[customer], wanted)
        self._compare_beginnings()
        for key in (ENTERED, LAPSED, STARTED, CHURNED, COHORTS):
            recount.compare(key)

    def compare_billed(self, billed: list[tuple[Row, int | None, int | None]], members_of: Any) -> None:
        """What each customer was ever billed, as the customer's first purchase has it. billed: (order, net, cost) of every line."""
        for row, net, cost in billed:
            spans = self.spans.get(row["customer_id"])
            if spans:
                costed = net is not None and cost is not None
                values = (
                    net or 0,
                    int(net is not None),
                    int(net is None),
                    net or 0 if costed else 0,
                    (net or 0) - (cost or 0) if costed else 0,
                    int(net is not None and cost is None),
                )
                members = {**members_of(spans[0].order), "cohort": str(spans[0].start)[:7]}
                self.recount.add(BILLED, row["day"], members, values)
        self.recount.compare(BILLED)
        self.recount.compare(BEGUN)

    def _compare_beginnings(self) -> None:
        sql = "SELECT id, started, cohort, origin_id FROM deals_customer"
        for pk, started, cohort, origin in self.recount.rows(sql):
            first = self.spans[pk][0] if self.spans[pk] else None
            wanted = (first.start, str(first.start)[:7], first.order["id"]) if first else (None, "", None)
            self.recount.expect(f"customer {pk} beginning", (self.recount.date(started), cohort, origin), wanted)

    def _count(self, span: Span, members: dict[str, str]) -> None:
        self.recount.add(ENTERED, span.start, members, (1,))
        self.recount.add(LAPSED, span.end, members, (1,))
        self.recount.add(STARTED, span.start, members, (int(span.first), int(not span.first)))
        self.recount.add(CHURNED, span.end, members, (1,))

    def _count_ages(self, span: Span, members: dict[str, str]) -> None:
        first = self.spans[span.customer][0].start
        kept = (int(span.holds(after(first, age))) for age in AGES)
        if span.first:
            self.recount.add(BEGUN, first, {**members, "cohort": str(first)[:7]}, (1,))
        self.recount.add(COHORTS, first, {**members, "cohort": str(first)[:7]}, (int(span.first), *kept))


def after(day: dt.date, age: int) -> dt.date:
    """The first day after the month that is `age` months later than that of a day."""
    year, month = divmod(12 * day.year + day.month - 1 + age + 1, 12)
    return dt.date(year, month + 1, 1)


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


@formula("cohort_retention")
def cohort_retention(recount: Recount, asked: Asked) -> Parts:
    lookup = {"": None, "owner": "owner_id", "team": "team_id"}[asked.dimension]
    lives: dict[int, list[Span]] = defaultdict(list)
    for span in recount.notes[NOTE]:
        if lookup is None or str(span.origin[lookup] or "") == asked.member:
            lives[span.customer].append(span)
    old = [
        spans
        for spans in lives.values()
        if asked.start <= spans[0].start < asked.end and after(spans[0].start, 12) <= recount.today
    ]
    kept = [spans for spans in old if any(span.holds(after(spans[0].start, 12)) for span in spans)]
    return ratio(len(kept), len(old), 100)


@formula("churn_hazard_monthly")
def churn_hazard_monthly(recount: Recount, asked: Asked) -> Parts:
    lost, _lost, _none = flow(recount, asked, CHURNED, "customers_churned")
    end = min(asked.end, recount.today + DAY)
    days = sum(max((min(span.end or end, end) - max(span.start, asked.start)).days, 0) for span in of_member(recount, asked))
    return ratio(lost, days / 30.4375, 100)


def of_member(recount: Recount, asked: Asked) -> list[Span]:
    """The active times of the owner or team that was asked for."""
    lookup = {"": None, "owner": "owner_id", "team": "team_id"}[asked.dimension]
    return [span for span in recount.notes[NOTE] if lookup is None or str(span.order[lookup] or "") == asked.member]


@formula("customer_lifetime_median")
def customer_lifetime_median(recount: Recount, asked: Asked) -> Parts:
    """The product of the shares that pass each day of age, over everybody at risk on it."""
    upto = min(asked.end, recount.today + DAY)
    since = recount.notes.setdefault("won", _won(recount))
    lives = []
    for span in of_member(recount, asked):
        if span.start >= asked.end:
            continue
        won = since.get(span.customer)
        entry = max((span.start - won).days, 0) if span.first and won else 0
        over = span.end is not None and span.end < upto
        lives.append((entry, entry + ((span.end if over else upto) - span.start).days, over))  # type: ignore[operator]
    value = _half_gone([life for life in lives if life[1] > life[0]])
    return value, sum(over for _entry, _leave, over in lives), len(lives)


def _half_gone(lives: list[tuple[int, int, bool]]) -> int | None:
    """The age in seconds at which half or fewer are left, by following everybody day by day."""
    entered, left = Counter(life[0] for life in lives), Counter(life[1] for life in lives)
    lost = Counter(life[1] for life in lives if life[2])
    share, at_risk = 1.0, entered[0]
    for age in range(1, max(left, default=0) + 1):
        if lost[age]:
            share *= 1 - lost[age] / at_risk
            if share <= 0.5 + 1e-12:
                return age * 86_400
        at_risk += entered[age] - left[age]
    return None


def _won(recount: Recount) -> dict[int, dt.date]:
    """Customer -> the day on which the company was first won."""
    sql = (
        "SELECT k.id, c.customer_since FROM deals_customer k JOIN contacts_company c ON c.id = k.company_id "
        "WHERE c.customer_since IS NOT NULL"
    )
    return {pk: recount.day(recount.instant(won)) for pk, won in recount.rows(sql)}  # type: ignore[arg-type]
