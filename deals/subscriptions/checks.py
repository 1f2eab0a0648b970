"""The check of what subscriptions count: every subscription and step read once, in plain SQL. What each brings is asked day by day on
which anything changes, and the account's movements are the differences."""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any

from analytics.checking import Recount, checks, text
from analytics.checking_published import Asked, Formula, Parts, formula, formulas, ratio

Row = dict[str, Any]
ENTERED, LEFT, MOVED, ENDED = "mrr.entered", "mrr.left", "mrr.movements", "subscriptions.term_ends"
NOTE = "subscriptions"
PER_YEAR = {"month": 12, "quarter": 4, "year": 1}
KINDS = ("new", "expansion", "reactivation", "contraction", "churn")
STOCK = ("mrr", "arr", "mrr_subscriptions", "mrr_unconverted")
FLOWS = (
    "new_mrr",
    "expansion_mrr",
    "reactivation_mrr",
    "contraction_mrr",
    "churned_mrr",
    "net_new_mrr",
    "net_lost_mrr",
    "moved_mrr",
    "new_mrr_moves",
    "expansion_mrr_moves",
    "reactivation_mrr_moves",
    "contraction_mrr_moves",
    "churned_mrr_moves",
    "mrr_moves",
    "mrr_moves_unconverted",
)
ENDS = (
    "renewals_due",
    "renewals_done",
    "renewals_pending",
    "renewals_valued",
    "renewals_unconverted",
    "due_value",
    "kept_value",
    "renewed_value",
)
DAYS = 365
State = tuple[int, "int | None", "int | None", "int | None", str, "int | None"]  # amount, base, owner, team, plan, product


def rounded(value: Decimal) -> int:
    return int(value.quantize(Decimal(1), rounding=ROUND_HALF_EVEN))


@dataclass
class Stay:
    """A subscription that brought the same from start to end."""

    company: int
    row: Row
    state: State
    start: dt.date
    end: dt.date | None = None

    def on(self, day: dt.date) -> bool:
        return self.start < day and (self.end is None or self.end >= day)


class Subscriptions:
    """All subscriptions with their steps, and what follows from them."""

    def __init__(self, recount: Recount) -> None:
        self.recount = recount
        self.stays: list[Stay] = []
        recount.notes[NOTE] = self.stays
        recount.stream(ENTERED, *STOCK)
        recount.stream(LEFT, *STOCK)
        recount.stream(MOVED, *FLOWS)
        recount.stream(ENDED, *ENDS)
        self.industry = dict(recount.rows("SELECT id, industry FROM contacts_company"))
        self.rows: dict[int, Row] = {}
        self.steps: dict[int, list[Row]] = defaultdict(list)
        self.accounts: dict[int, list[Row]] = defaultdict(list)
        self.follower: dict[int, Row] = {}
        self._read()

    def _read(self) -> None:
        date = self.recount.date
        for row in self.recount.dicts("SELECT * FROM deals_subscription ORDER BY id"):
            for name in ("start", "trial_end", "term_end", "ended_on", "rate_day"):
                row[name] = date(row[name])
            self.rows[row["id"]] = row
            self.accounts[row["company_id"]].append(row)
            if row["renewed_from_id"]:
                self.follower[row["renewed_from_id"]] = row
        for row in self.recount.dicts("SELECT * FROM deals_subscriptionstep ORDER BY subscription_id, day"):
            row["day"] = date(row["day"])
            self.steps[row["subscription_id"]].append(row)

    # --- one subscription on one day

    def end(self, row: Row) -> dt.date | None:
        over = row["ended_on"] or row["term_end"]
        after = self.follower.get(row["id"])
        if after is None:
            return over
        in_time = over is None or (after["start"] - over).days <= row["grace_days"]
        return after["start"] if in_time else over

    def rate_day(self, row: Row) -> dt.date:
        while row["renewed_from_id"]:
            row = self.rows[row["renewed_from_id"]]
        return self.recount.fiscal_year(row["start"])

    def on(self, row: Row, day: dt.date) -> State | None:
        """What it brings on a day, and under whom; None when nothing."""
        end = self.end(row)
        if day < row["start"] or (row["trial_end"] and day < row["trial_end"]) or (end and day >= end):
            return None
        step = [step for step in self.steps[row["id"]] if step["day"] <= day][-1]
        year = Decimal(step["amount"]) * Decimal(str(step["quantity"])) * PER_YEAR[step["interval"]]
        amount = 0 if step["paused"] else rounded(year / 12)
        if not amount:
            return None
        base = self.recount.converted(amount, row["currency"], self.rate_day(row))
        return amount, base, step["owner_id"], step["team_id"], step["plan"], step["product_id"]

    # --- one account

    def count(self) -> None:
        for company, rows in sorted(self.accounts.items()):
            days = {day for row in rows for day in self._days(row) if day and day <= self.recount.today}
            self._stays(company, rows, sorted(days))
        self._compare_spans()
        wanted: dict[int, list[tuple]] = {}
        for company in self.accounts:
            wanted[company] = list(self._movements(company))
        self._compare_movements(wanted)
        self._compare_ends()
        for key in (ENTERED, LEFT, MOVED, ENDED):
            self.recount.compare(key)

    def _days(self, row: Row) -> list[dt.date | None]:
        return [row["start"], row["trial_end"], self.end(row), *(step["day"] for step in self.steps[row["id"]])]

    def _stays(self, company: int, rows: list[Row], days: list[dt.date]) -> None:
        for row in rows:
            self.recount.expect(f"subscription {row['number']} day of the rate", row["rate_day"], self.rate_day(row))
            stay: Stay | None = None
            for day in days:
                state = self.on(row, day)
                if stay is not None and stay.end is None and stay.state != state:
                    stay.end = day
                if state is not None and (stay is None or stay.end is not None):
                    stay = Stay(company, row, state, day)
                    self.stays.append(stay)
            now = self.on(row, self.recount.today)
            self.recount.expect(f"subscription {row['number']} MRR", row["mrr"], now[0] if now else 0)
        for stay in self.stays:
            if stay.company == company:
                amount, base = stay.state[:2]
                values = (base or 0, 12 * (base or 0), int(base is not None), int(base is None))
                self.recount.add(ENTERED, stay.start, self._members(stay), values)
                self.recount.add(LEFT, stay.end, self._members(stay), values)

    def _members(self, stay: Stay) -> dict[str, str]:
        _amount, _base, owner, team, plan, product = stay.state
        return {
            "owner": text(owner),
            "team": text(team),
            "source": stay.row["source"],
            "segment": self.industry.get(stay.company, ""),
            "product": text(product),
            "plan": plan,
            "currency": stay.row["currency"],
        }

    def _compare_spans(self) -> None:
        sql = 'SELECT subscription_id, company_id, start, "end", currency, source, amount, base, owner_id, team_id, plan, product_id'
        date = self.recount.date
        stored: dict[int, list[tuple]] = defaultdict(list)
        for row in self.recount.rows(f"{sql} FROM deals_mrrspan ORDER BY subscription_id, start"):
            stored[row[0]].append((row[1], date(row[2]), date(row[3]), *row[4:]))
        wanted: dict[int, list[tuple]] = defaultdict(list)
        for stay in sorted(self.stays, key=lambda stay: stay.start):
            row = stay.row
            wanted[row["id"]].append((stay.company, stay.start, stay.end, row["currency"], row["source"], *stay.state))
        for pk in sorted({*stored, *wanted}):
            self.recount.expect(f"subscription {pk} recurring revenue", stored[pk], wanted[pk])

    def _movements(self, company: int) -> Iterator[tuple]:
        """(day, kind, currency, own amount, base, subscription, place) of every movement that should be there."""
        stays = [stay for stay in self.stays if stay.company == company]
        groups: dict[str, list[Stay]] = defaultdict(list)
        for stay in stays:
            groups[stay.row["currency"] if stay.state[1] is None else ""].append(stay)
        for currency, group in groups.items():
            ever = False
            for day in sorted({day for stay in group for day in (stay.start, stay.end) if day}):
                before = sum(worth(stay) for stay in group if stay.on(day))
                after = sum(worth(stay) for stay in group if stay.start <= day and (stay.end is None or stay.end > day))
                yield from self._of_day(group, day, name_of(before, after, ever), after - before, bool(currency))
                ever = ever or after > 0

    def _of_day(self, group: list[Stay], day: dt.date, kind: str, net: int, unconverted: bool) -> Iterator[tuple]:
        lines: dict[tuple, list[int]] = defaultdict(lambda: [0, 0])
        holders: dict[tuple, Stay] = {}
        for stay in group:
            sign = (stay.start == day) - (stay.end == day)
            if sign:
                place = (stay.row["id"], *stay.state[2:])
                holders[place] = stay
                lines[place][0] += sign * stay.state[0]
                lines[place][1] += sign * worth(stay)
        total = sum(value for _own, value in lines.values() if value * net > 0)
        done = 0
        for place in sorted(lines, key=str):
            own, value = lines[place]
            part = 0
            if value * net > 0:
                part = net * (done + value) // total - net * done // total
                done += value
            share = rounded(Decimal(own) * part / value) if value else 0
            for name, mine, amount in ((kind, share, part), ("moved", own - share, value - part)):
                if amount:
                    yield self._counted(holders[place], day, name, mine, None if unconverted else amount)

    def _counted(self, stay: Stay, day: dt.date, kind: str, own: int, base: int | None) -> tuple:
        known = base is not None
        worths = [(base or 0) * (-1 if name in ("contraction", "churn") else 1) if kind == name else 0 for name in KINDS]
        flow = base or 0 if kind in KINDS else 0
        lost = -flow if kind != "new" else 0
        values = (*worths, flow, lost, base or 0 if kind == "moved" else 0)
        counts = (
            *(int(known and kind == name) for name in KINDS),
            int(known and kind in KINDS),
            int(not known and kind in KINDS),
        )
        self.recount.add(MOVED, day, self._members(stay), (*values, *counts))
        row = stay.row
        return (row["id"], day, kind, row["currency"], row["source"], own, base, *stay.state[2:])

    def _compare_movements(self, wanted: dict[int, list[tuple]]) -> None:
        sql = "SELECT company_id, subscription_id, day, kind, currency, source, amount, base, owner_id, team_id, plan, product_id"
        stored: dict[int, Counter] = defaultdict(Counter)
        for company, subscription, day, *rest in self.recount.rows(f"{sql} FROM deals_mrrmovement WHERE withdrawn_at IS NULL"):
            stored[company][(subscription, self.recount.date(day), *rest)] += 1
        for company in sorted({*stored, *wanted}):
            found, due = stored[company], Counter(wanted.get(company, ()))
            self.recount.expect(f"company {company} movements", sorted((found - due).elements(), key=str), [])
            self.recount.expect(f"company {company} movements that lack", [], sorted((due - found).elements(), key=str))

    # --- terms that ended

    def _step(self, row: Row, day: dt.date) -> Row:
        steps = self.steps[row["id"]]
        return ([step for step in steps if step["day"] <= day] or steps)[-1 if steps[0]["day"] <= day else 0]

    def _year(self, step: Row) -> int:
        return rounded(Decimal(step["amount"]) * Decimal(str(step["quantity"])) * PER_YEAR[step["interval"]])

    def _ended(self, row: Row) -> tuple | None:
        """(day, matured, renewed, base, renewed base, kept base) of a paid term whose end has come."""
        end, today = row["term_end"], self.recount.today
        paid = max(row["start"], row["trial_end"] or row["start"])
        if not end or end > today or end <= paid or (row["ended_on"] and row["ended_on"] <= paid):
            return None
        year = self._year(self._step(row, end - dt.timedelta(days=1)))
        after = self.follower.get(row["id"])
        renewed = after is not None and (after["start"] - end).days <= row["grace_days"]
        base = self.recount.converted(year, row["currency"], self.rate_day(row))
        again: int | None = 0
        if after is not None and renewed:
            again = self.recount.converted(self._year(self.steps[after["id"]][0]), after["currency"], self.rate_day(row))
        kept = None if base is None or again is None else min(base, again)
        matured = (today - end).days > row["grace_days"]
        return (end, matured, renewed, base, again, kept) if year else None

    def _compare_ends(self) -> None:
        sql = "SELECT subscription_id, day, matured, renewed, base, renewed_base, kept_base, company_id, owner_id, team_id, plan, product_id"
        stored: dict[int, tuple] = {}
        for pk, day, matured, renewed, *rest in self.recount.rows(f"{sql} FROM deals_termend ORDER BY id"):
            stored[pk] = (self.recount.date(day), bool(matured), bool(renewed), *rest)
        for pk, row in self.rows.items():
            found = self._ended(row)
            if found is None:
                self.recount.expect(f"subscription {pk} end of the term", stored.get(pk), None)
                continue
            end, matured, renewed, base, again, kept = found
            step = self._step(row, end - dt.timedelta(days=1))
            place = (step["owner_id"], step["team_id"], step["plan"], step["product_id"])
            self.recount.expect(f"subscription {pk} end of the term", stored.get(pk), (*found, row["company_id"], *place))
            valued = matured and kept is not None
            counts = (int(matured), int(matured and renewed), int(not matured), int(valued), int(matured and kept is None))
            values = (base or 0, kept or 0, again or 0) if valued else (0, 0, 0)
            stay = Stay(row["company_id"], row, (0, None, *place), end)
            self.recount.add(ENDED, end, self._members(stay), (*counts, *values))


def worth(stay: Stay) -> int:
    return stay.state[0] if stay.state[1] is None else stay.state[1]


def name_of(before: int, after: int, ever: bool) -> str:
    if before == after:
        return ""
    if not before:
        return "reactivation" if ever else "new"
    if not after:
        return "churn"
    return "expansion" if after > before else "contraction"


def count_subscriptions(recount: Recount) -> None:
    """Everything about subscriptions."""
    Subscriptions(recount).count()


checks.register("subscriptions", count_subscriptions)


# --- formulas --------------------------------------------------------------------------------------------------------


def flow(recount: Recount, asked: Asked, *measures: str) -> int:
    return sum(recount.total(MOVED, measure, asked.start, asked.end, asked.dimension, asked.member) for measure in measures)


def flow_of(measure: str) -> Formula:
    def value(recount: Recount, asked: Asked) -> Parts:
        found = flow(recount, asked, measure)
        return found, found, None

    return value


for _measure in FLOWS[:6]:
    formulas.register(_measure, flow_of(_measure))


def stock(recount: Recount, asked: Asked, day: dt.date, measure: str = "mrr") -> int:
    came, went = (recount.total(key, measure, None, day, asked.dimension, asked.member) for key in (ENTERED, LEFT))
    return came - went


def stock_of(measure: str) -> Formula:
    def value(recount: Recount, asked: Asked) -> Parts:
        found = stock(recount, asked, asked.end, measure)
        return found, found, None

    return value


formulas.register("mrr", stock_of("mrr"))
formulas.register("arr", stock_of("arr"))


def paying(recount: Recount, asked: Asked, day: dt.date) -> list[Stay]:
    """The stays on just before a day, of the member that was asked for."""
    place = {"": None, "owner": 2, "team": 3}[asked.dimension]
    found = [stay for stay in recount.notes[NOTE] if stay.on(day) and stay.state[1]]
    return [stay for stay in found if place is None or text(stay.state[place]) == asked.member]


@formula("arpa")
def arpa(recount: Recount, asked: Asked) -> Parts:
    accounts = {stay.company for stay in paying(recount, asked, asked.end)}
    return ratio(stock(recount, asked, asked.end), len(accounts))


@formula("gross_mrr_churn_rate")
def gross_mrr_churn_rate(recount: Recount, asked: Asked) -> Parts:
    return ratio(flow(recount, asked, "churned_mrr", "contraction_mrr"), stock(recount, asked, asked.start), 100)


@formula("net_mrr_churn_rate")
def net_mrr_churn_rate(recount: Recount, asked: Asked) -> Parts:
    lost = flow(recount, asked, "churned_mrr", "contraction_mrr") - flow(recount, asked, "expansion_mrr", "reactivation_mrr")
    return ratio(lost, stock(recount, asked, asked.start), 100)


@formula("quick_ratio")
def quick_ratio(recount: Recount, asked: Asked) -> Parts:
    gained = flow(recount, asked, "new_mrr", "expansion_mrr", "reactivation_mrr")
    return ratio(gained, flow(recount, asked, "contraction_mrr", "churned_mrr"))


def kept(recount: Recount, asked: Asked) -> list[tuple[int, int]]:
    """(then, now) of the accounts that paid twelve months before and whose largest subscription was the member's."""
    end = min(asked.end, recount.today + dt.timedelta(days=1))
    start = end - dt.timedelta(days=DAYS)
    whole = Asked(start, end)
    then: dict[int, list[Stay]] = defaultdict(list)
    for stay in paying(recount, whole, start):
        then[stay.company].append(stay)
    now: dict[int, int] = defaultdict(int)
    for stay in paying(recount, whole, end):
        now[stay.company] += stay.state[1] or 0
    place = {"": None, "owner": 2, "team": 3}[asked.dimension]
    found = []
    for company, stays in then.items():
        top = min(stays, key=lambda stay: (-(stay.state[1] or 0), stay.row["id"]))
        if place is None or text(top.state[place]) == asked.member:
            found.append((sum(stay.state[1] or 0 for stay in stays), now[company]))
    return found


@formula("grr")
def grr(recount: Recount, asked: Asked) -> Parts:
    rows = kept(recount, asked)
    return ratio(sum(min(then, now) for then, now in rows), sum(then for then, _now in rows), 100)


@formula("nrr")
def nrr(recount: Recount, asked: Asked) -> Parts:
    rows = kept(recount, asked)
    return ratio(sum(now for _then, now in rows), sum(then for then, _now in rows), 100)


def ends(recount: Recount, asked: Asked, top: str, bottom: str) -> Parts:
    found = (recount.total(ENDED, name, asked.start, asked.end, asked.dimension, asked.member) for name in (top, bottom))
    return ratio(*found, 100)


@formula("renewal_rate")
def renewal_rate(recount: Recount, asked: Asked) -> Parts:
    return ends(recount, asked, "renewals_done", "renewals_due")


@formula("renewal_rate_value")
def renewal_rate_value(recount: Recount, asked: Asked) -> Parts:
    return ends(recount, asked, "kept_value", "due_value")
