"""The check of what touches have of orders: touches read again in plain SQL, put together and shared out anew."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from analytics.checking import Recount, checks, text
from analytics.checking_published import Asked, Formula, Parts, formula, formulas, per_booked, ratio

SHARES, MARGINS, ORIGINS = "attribution.shares", "attribution.margins", "attribution.origins"
MODELS = ("first", "last", "even", "ends")
FREE = ("", "organic", "referral", "direct", "none", "(none)")
PAID = (
    "cpa",
    "cpc",
    "cpm",
    "cpv",
    "ppc",
    "ad",
    "ads",
    "display",
    "banner",
    "retargeting",
    "remarketing",
    "affiliate",
    "affiliates",
)
Row = dict[str, Any]
Said = tuple[dt.datetime, str, str, str, str]


def credits(model: str, count: int) -> list[Fraction]:
    """What each of `count` touches is credited with; together 1."""
    if model in ("first", "last"):
        chosen = 0 if model == "first" else count - 1
        return [Fraction(int(place == chosen)) for place in range(count)]
    if model == "ends" and count > 2:
        return [Fraction(2, 5), *[Fraction(1, 5 * (count - 2))] * (count - 2), Fraction(2, 5)]
    return [Fraction(1, count)] * count


def shared(amount: int | None, model: str, count: int) -> list[int | None]:
    """The whole units that are due up to each touch, less those given before."""
    if amount is None:
        return [None] * count
    found: list[int | None] = []
    due, given = Fraction(0), 0
    for credit in credits(model, count):
        due += abs(amount) * credit
        found.append((int(due) - given) * (1 if amount >= 0 else -1))
        given = int(due)
    return found


class Attribution:
    """Customers with the touches around them."""

    def __init__(self, recount: Recount) -> None:
        self.recount = recount
        revenue = [f"marketing_revenue_{model}" for model in MODELS] + [f"paid_revenue_{model}" for model in MODELS]
        counts = ("marketing_touches", "paid_touches", "shared_revenue", "untouched_revenue", "untouched_orders")
        recount.stream(SHARES, *revenue, *counts, "shares_unconverted", "shared_orders")
        margins = [f"marketing_margin_{model}" for model in MODELS]
        recount.stream(MARGINS, *margins, "marketing_margin_touches", "marketing_margin_unknown")
        recount.stream(ORIGINS, "origins", "origins_paid", "origins_unknown")
        self.window = dt.timedelta(days=recount.settings["attribution_window_days"])
        self.industry = dict(recount.rows("SELECT id, industry FROM contacts_company"))
        self.orders = {row["id"]: row for row in recount.dicts("SELECT * FROM deals_order ORDER BY id")}
        self.customers = {row["id"]: row for row in recount.dicts("SELECT * FROM deals_customer")}
        self.began = {pk for (pk,) in recount.rows("SELECT order_id FROM deals_customerspell WHERE first")}
        self.stored: dict[int, list[Row]] = defaultdict(list)
        for row in recount.dicts("SELECT * FROM deals_touchshare ORDER BY order_id, position"):
            self.stored[row["order_id"]].append(row)
        self.margins: dict[int, int] = defaultdict(int)
        self.touches = self._around()

    def _around(self) -> dict[int, list[Said]]:
        """Customer -> touches in order of time, each source, channel and campaign once a day."""
        recount, whose = self.recount, defaultdict(set)
        buyers = {row["company_id"]: pk for pk, row in self.customers.items() if row["company_id"]}
        people: dict[int, set[int]] = defaultdict(set)
        for pk, company in recount.rows("SELECT id, company_id FROM contacts_person"):
            if company in buyers:
                people[pk].add(buyers[company])
        for pk, customer in self.customers.items():
            if customer["person_id"]:
                people[customer["person_id"]].add(pk)
        for order in self.orders.values():
            if order["person_id"]:
                people[order["person_id"]].add(order["customer_id"])
        for person, found in people.items():
            for customer_id in found:
                whose[customer_id].add(("person", person))
        for pk, company, person in recount.rows("SELECT id, company_id, person_id FROM contacts_lead"):
            for customer_id in {buyers.get(company), *people.get(person, ())} - {None}:
                whose[customer_id].add(("lead", pk))
        of_deal = dict(recount.rows("SELECT id, lead_id FROM deals_deal WHERE lead_id IS NOT NULL"))
        for order in self.orders.values():
            if order["deal_id"] in of_deal:
                whose[order["customer_id"]].add(("lead", of_deal[order["deal_id"]]))
        return {pk: self._joined(whose[pk]) for pk in self.customers}

    def _joined(self, whose: set[tuple[str, int]]) -> list[Said]:
        said = sorted(one for who in whose for one in self.recount.notes["touches"].get(who, ()) if any(one[2:]))
        first: dict[tuple, Said] = {}
        for one in said:
            first.setdefault((self.recount.day(one[0]), *one[2:]), one)
        return list(first.values())

    def count(self) -> None:
        for pk, net, cost in self.recount.rows("SELECT order_id, net_base, cost_base FROM deals_orderline"):
            if net is not None and cost is not None:
                self.margins[pk] += net - cost
        for order in self.orders.values():
            self._order(order)
        for key in (SHARES, MARGINS, ORIGINS):
            self.recount.compare(key)

    def _led(self, order: Row) -> list[Said]:
        original = self.orders[order["refund_of_id"] or order["id"]]
        customer = self.customers[order["customer_id"]]
        if customer["company_id"] is None and customer["person_id"] is None:  # erased: what was known of it stays
            rows = [row for row in self.stored[original["id"]] if row["touched"]]
            return [
                (self.recount.instant(row["at"]), row["kind"], row["source"], row["channel"], row["campaign"]) for row in rows
            ]  # type: ignore[misc]
        until = self.recount.instant(original["ordered_at"])
        assert until is not None
        return [said for said in self.touches[customer["id"]] if until - self.window <= said[0] <= until]

    def _order(self, order: Row) -> None:
        recount, pk = self.recount, order["id"]
        led: Sequence[Said | None] = self._led(order) or [None]
        base, margin = order["base"], self.margins.get(pk)
        revenue = {model: shared(base, model, len(led)) for model in MODELS}
        margins = {model: shared(margin, model, len(led)) for model in MODELS}
        stored = [
            (*(row[model] for model in MODELS), *(row[f"margin_{model}"] for model in MODELS), row["kind"], row["campaign"])
            for row in self.stored[pk]
        ]
        wanted = []
        for place, said in enumerate(led):
            money = [revenue[model][place] for model in MODELS], [margins[model][place] for model in MODELS]
            wanted.append((*money[0], *money[1], said[1] if said else "", said[4] if said else ""))
            self._count(order, place, said, *money)
        recount.expect(f"order {order['number']} touches", stored, wanted)

    def _count(
        self, order: Row, place: int, said: Said | None, money: Sequence[int | None], margin: Sequence[int | None]
    ) -> None:
        recount, (source, channel, campaign) = self.recount, said[2:] if said else ("", "", "")
        members = {
            "owner": text(order["owner_id"]),
            "team": text(order["team_id"]),
            "segment": self.industry.get(order["company_id"], ""),
            "product": text(order["product_id"]),
            "pipeline": text(order["pipeline_id"]),
            "country": order["country"],
            "source": source,
            "channel": channel,
            "campaign": campaign,
        }
        at = recount.instant(order["ordered_at"])
        assert at is not None
        day, known, once, sale = recount.day(at), money[0] is not None, place == 0, order["refund_of_id"] is None
        marketing = said is not None and bool(campaign or channel.lower() not in FREE)
        paid = said is not None and (channel.lower() in PAID or channel.lower().startswith("paid"))
        values = (
            *((amount or 0) if marketing else 0 for amount in money),
            *((amount or 0) if paid else 0 for amount in money),
            int(marketing and known),
            int(paid and known),
            money[2] or 0,
            (money[2] or 0) if said is None else 0,
            int(said is None and sale),
            int(once and not known),
            int(once and known),
        )
        recount.add(SHARES, day, members, values)
        has_margin = margin[0] is not None
        values = (
            *((amount or 0) if marketing else 0 for amount in margin),
            int(marketing and has_margin),
            int(marketing and known and not has_margin),
        )
        recount.add(MARGINS, day, members, values)
        if once and order["id"] in self.began:
            recount.add(ORIGINS, day, members, (1, int(paid), int(said is None)))


def count_attribution(recount: Recount) -> None:
    """What each touch before an order has of it."""
    Attribution(recount).count()


checks.register("attribution", count_attribution)


# --- formulas --------------------------------------------------------------------------------------------------------


def flow(recount: Recount, asked: Asked, key: str, measure: str) -> int:
    return recount.total(key, measure, asked.start, asked.end, asked.dimension, asked.member)


def chosen(recount: Recount) -> str:
    return recount.settings["attribution_model"]


@formula("marketing_sourced_revenue")
def marketing_sourced_revenue(recount: Recount, asked: Asked) -> Parts:
    found = flow(recount, asked, SHARES, f"marketing_revenue_{chosen(recount)}")
    return found, found, None


@formula("marketing_roi")
def marketing_roi(recount: Recount, asked: Asked) -> Parts:
    cost = sum(flow(recount, asked, "marketing.costs", name) for name in ("cost_marketing", "cost_marketing_elsewhere"))
    return ratio(flow(recount, asked, MARGINS, f"marketing_margin_{chosen(recount)}") - cost, cost, 100)


@formula("roas")
def roas(recount: Recount, asked: Asked) -> Parts:
    return ratio(
        flow(recount, asked, SHARES, f"paid_revenue_{chosen(recount)}"), flow(recount, asked, "marketing.costs", "cost_paid")
    )


@formula("paid_cac")
def paid_cac(recount: Recount, asked: Asked) -> Parts:
    booked = flow(recount, asked, "marketing.costs", "cost_paid_days")
    return per_booked(flow(recount, asked, "marketing.costs", "cost_paid"), flow(recount, asked, ORIGINS, "origins_paid"), booked)


def quotient(key: str, top: str, bottom: str) -> Formula:
    def value(recount: Recount, asked: Asked) -> Parts:
        return ratio(flow(recount, asked, key, top), flow(recount, asked, key, bottom), 100)

    return value


formulas.register("unattributed_revenue_share", quotient(SHARES, "untouched_revenue", "shared_revenue"))
formulas.register("customer_origin", quotient(ORIGINS, "origins", "origins"))
