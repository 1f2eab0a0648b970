"""The check of expected values of contracts: what the standing runs say of each account, counted again member by member."""

from __future__ import annotations

import datetime as dt

from analytics.checking import Recount, checks, text
from analytics.checking_published import Asked, Parts, formula, ratio

STREAMS = ("contracts.valued", "contracts.outdated")
MEASURES = ("contracts_expected", "contracts_valued", "contract_value")
NOTE = "contract values"
ROWS = """SELECT v.start, v."end", v.value, v.currency, v.owner_id, v.team_id, v.product_id, v.plan, v.source, c.industry
          FROM deals_contractvalue v JOIN contacts_company c ON c.id = v.company_id"""


def count_values(recount: Recount) -> None:
    """Everything that ever stood, and that no two runs stand at once."""
    for key in STREAMS:
        recount.stream(key, *MEASURES)
    rows = recount.notes[NOTE] = list(recount.dicts(ROWS))
    for row in rows:
        members = {name: text(row[f"{name}_id"]) for name in ("owner", "team", "product")}
        members |= {"plan": row["plan"], "source": row["source"], "segment": row["industry"]}
        row["start"], row["end"], row["members"] = recount.date(row["start"]), recount.date(row["end"]), members
        values = (1, int(row["value"] is not None), row["value"] or 0)
        for key, day in zip(STREAMS, (row["start"], row["end"]), strict=True):
            recount.add(key, day, members, values, row["currency"])
    [(runs,)] = recount.rows('SELECT COUNT(DISTINCT run_id) FROM deals_contractvalue WHERE "end" IS NULL')
    recount.expect("runs of the model of renewals that stand", min(runs, 1), runs)
    for key in STREAMS:
        recount.compare(key)


checks.register("contracts", count_values)


@formula("clv_contractual")
def clv_contractual(recount: Recount, asked: Asked) -> Parts:
    as_of = min(asked.end - dt.timedelta(days=1), recount.today)
    money: dict[str, int] = {}
    count = 0
    for row in recount.notes[NOTE]:
        stands = row["start"] < asked.end and (row["end"] is None or row["end"] >= asked.end)
        member = row["members"][asked.dimension] if asked.dimension else asked.member
        if stands and member == asked.member and row["value"] is not None:
            count += 1
            money[row["currency"]] = money.get(row["currency"], 0) + row["value"]
    total = sum(recount.converted(amount, currency, as_of) or 0 for currency, amount in money.items())
    return ratio(total, count)
