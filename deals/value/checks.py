"""The check of expected values: what the standing runs say of each customer, counted again day by day and member by member."""

from __future__ import annotations

import datetime as dt

from analytics.checking import Recount, checks, text
from analytics.checking_published import Asked, Parts, formula, ratio

STREAMS = ("customers.valued", "customers.outdated")
MEASURES = ("customers_expected", "expected_purchases", "customers_alive", "alive", "customers_valued", "customer_value")
ROWS = """SELECT v.start, v."end", v.expected, v.alive, v.value, v.currency, o.owner_id, o.team_id, o.source, o.campaign, o.channel, o.country,
                 o.product_id, o.pipeline_id, c.industry
          FROM deals_customervalue v JOIN deals_valuerun r ON r.id = v.run_id JOIN deals_order o ON o.id = v.order_id
          LEFT JOIN contacts_company c ON c.id = o.company_id WHERE r.done"""


def count_values(recount: Recount) -> None:
    """No two runs may stand at once, and each value lies within what it can be."""
    for key in STREAMS:
        recount.stream(key, *MEASURES)
    standing = recount.notes["values"] = []
    for row in recount.dicts(ROWS):
        alive, value = row["alive"], row["value"]
        values = (1, row["expected"], int(alive is not None), alive or 0, int(value is not None), value or 0)
        members = {
            **{name: text(row[f"{name}_id"]) for name in ("owner", "team", "product", "pipeline")},
            **{name: row[name] for name in ("source", "campaign", "channel", "country")},
            "segment": text(row["industry"]),
        }
        standing.append((recount.date(row["start"]), recount.date(row["end"]), members, values, row["currency"]))
        for key, day in zip(STREAMS, (row["start"], row["end"]), strict=True):
            recount.add(key, recount.date(day), members, values, row["currency"])
    sql = 'SELECT COUNT(DISTINCT run_id) FROM deals_customervalue WHERE "end" IS NULL AND run_id IN (SELECT id FROM deals_valuerun WHERE done)'
    [(runs,)] = recount.rows(sql)
    recount.expect("runs of the value model that stand", min(runs, 1), runs)
    for key in STREAMS:
        recount.compare(key)


checks.register("values", count_values)


def read(recount: Recount, asked: Asked) -> dict[str, int]:
    """The sums of the values that stand at the period's end, of the member that was asked for; money in base currency."""
    as_of = min(asked.end - dt.timedelta(days=1), recount.today)
    found = dict.fromkeys(MEASURES, 0)
    money: dict[str, int] = {}
    for start, end, members, values, currency in recount.notes["values"]:
        if start >= asked.end or (end is not None and end < asked.end):
            continue
        if asked.dimension and members[asked.dimension] != asked.member:
            continue
        for name, value in zip(MEASURES[:-1], values[:-1], strict=True):
            found[name] += value
        money[currency] = money.get(currency, 0) + values[-1]
    found["customer_value"] = sum(recount.converted(total, currency, as_of) or 0 for currency, total in money.items())
    return found


@formula("clv_predicted")
def clv_predicted(recount: Recount, asked: Asked) -> Parts:
    found = read(recount, asked)
    return ratio(found["customer_value"], found["customers_valued"])


@formula("p_alive")
def p_alive(recount: Recount, asked: Asked) -> Parts:
    found = read(recount, asked)
    return ratio(found["alive"] / 10_000, found["customers_alive"], 100)


@formula("expected_purchases")
def expected_purchases(recount: Recount, asked: Asked) -> Parts:
    found = read(recount, asked)
    told = found["expected_purchases"] / 1000
    return (told if found["customers_expected"] else None), told, None
