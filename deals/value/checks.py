"""The check of expected values: what the standing runs say of each customer, counted again day by day and member by member."""

from __future__ import annotations

from analytics.checking import Recount, checks, text

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
    for row in recount.dicts(ROWS):
        alive, value = row["alive"], row["value"]
        values = (1, row["expected"], int(alive is not None), alive or 0, int(value is not None), value or 0)
        members = {
            **{name: text(row[f"{name}_id"]) for name in ("owner", "team", "product", "pipeline")},
            **{name: row[name] for name in ("source", "campaign", "channel", "country")},
            "segment": text(row["industry"]),
        }
        for key, day in zip(STREAMS, (row["start"], row["end"]), strict=True):
            recount.add(key, recount.date(day), members, values, row["currency"])
    sql = 'SELECT COUNT(DISTINCT run_id) FROM deals_customervalue WHERE "end" IS NULL AND run_id IN (SELECT id FROM deals_valuerun WHERE done)'
    [(standing,)] = recount.rows(sql)
    recount.expect("runs of the value model that stand", min(standing, 1), standing)
    for key in STREAMS:
        recount.compare(key)


checks.register("values", count_values)
