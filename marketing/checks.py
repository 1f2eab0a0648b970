"""The check of what costs count: each is cut into its days again from amount, rate and dates."""

from __future__ import annotations

import datetime as dt
from typing import Any

from analytics.checking import Recount, checks, text
from analytics.checking_published import Asked, Parts, formula, per_booked

from . import checks_mail as _mail  # noqa: F401  messages of campaigns
from . import checks_web as _web  # noqa: F401  the website

COSTS = "marketing.costs"
PURPOSES = ("acquisition", "retention", "crm")
DAY = dt.timedelta(days=1)
Row = dict[str, Any]


def parts_of(amount: int, days: int) -> list[int]:
    """What falls on each day: the whole units that are due up to it, less those given before."""
    found, given = [], 0
    for number in range(1, days + 1):
        due = amount * number // days
        found.append(due - given)
        given = due
    return found


def paid(channel: str) -> bool:
    """Whether a channel is paid for by click, view or action."""
    name = channel.lower()
    known = ("cpa", "cpc", "cpm", "cpv", "ppc", "ad", "ads", "display", "banner", "retargeting", "remarketing", "affiliate")
    return name in (*known, "affiliates") or name.startswith("paid")


def values_of(row: Row, base: int | None) -> tuple[int, ...]:
    """The measures of one day's part, in the order of the stream."""
    marketing = row["category"] == "marketing"
    wins = marketing and row["purpose"] == "acquisition"
    money, lacks = (base or 0), int(base is None)
    return (
        money if wins else 0,
        *(money if row["purpose"] == name else 0 for name in PURPOSES),
        lacks if wins else 0,
        *(lacks if row["purpose"] == name else 0 for name in PURPOSES),
        money if marketing and not wins else 0,
        *(int(booked and base is not None) for booked in (row["purpose"] == "acquisition", row["purpose"] == "retention", wins)),
        int(wins and paid(row["channel"]) and base is not None),
        money if wins and paid(row["channel"]) else 0,
        lacks if wins and paid(row["channel"]) else 0,
        int(row["purpose"] == "crm" and base is not None),
    )


def count_touches(recount: Recount) -> None:
    """Adds what marketing knows of people's touches to what contacts know; whoever credits sales to touches reads it."""
    found = recount.notes["touches"]
    sql = """SELECT m.lead_id, m.person_id, m.responded_at, p.source, p.channel, p.code FROM marketing_campaignmember m
        JOIN marketing_campaign p ON p.id = m.campaign_id WHERE m.status = 'responded'"""
    for lead, person, at, *said in recount.rows(sql):
        found["lead" if lead else "person", lead or person].append((recount.instant(at), "member", *said))
    sql = "SELECT lead_id, visitor, started_at, source, medium, campaign FROM marketing_visit"
    visits = list(recount.rows(sql))
    browsers: dict[str, set[int]] = {}
    for lead, visitor, *_said in visits:
        if lead and visitor:
            browsers.setdefault(visitor, set()).add(lead)
    for lead, visitor, at, *said in visits:
        for whose in {lead} if lead else browsers.get(visitor, ()):
            found["lead", whose].append((recount.instant(at), "visit", *said))
    sql = """SELECT lead_id, at, source, medium, campaign FROM marketing_submission
        WHERE lead_id IS NOT NULL AND visit_id IS NULL AND NOT spam"""
    for lead, at, *said in recount.rows(sql):
        found["lead", lead].append((recount.instant(at), "form", *said))


checks.register("touches_of_marketing", count_touches)


def count_costs(recount: Recount) -> None:
    """Every cost: its conversion, its stored days, and what it counts on each."""
    recount.stream(
        COSTS,
        "cost_marketing",
        *(f"cost_{name}" for name in PURPOSES),
        "cost_marketing_unconverted",
        *(f"cost_{name}_unconverted" for name in PURPOSES),
        "cost_marketing_elsewhere",
        "cost_acquisition_days",
        "cost_retention_days",
        "cost_marketing_days",
        "cost_paid_days",
        "cost_paid",
        "cost_paid_unconverted",
        "cost_crm_days",
    )
    stored: dict[int, tuple[int, int]] = {
        cost: (days, amount)
        for cost, days, amount in recount.rows("SELECT cost_id, COUNT(*), SUM(amount) FROM marketing_costday GROUP BY cost_id")
    }
    sql = """SELECT c.*, p.code, p.source FROM marketing_cost c LEFT JOIN marketing_campaign p ON p.id = c.campaign_id"""
    for row in recount.dicts(sql):
        first, last = recount.date(row["posted_on"]), recount.date(row["until"])
        assert first is not None
        days = ((last or first) - first).days + 1
        base = recount.converted(row["amount"], row["currency"], first)
        recount.expect(f"cost {row['id']} in base currency", row["base_amount"], base)
        recount.expect(f"cost {row['id']} spread", stored.get(row["id"]), (days, row["amount"]))
        members = {
            "campaign": text(row["code"]),
            "channel": row["channel"],
            "source": text(row["source"]),
            "team": text(row["team_id"]),
            "cost_category": row["category"],
            "cost_purpose": row["purpose"],
        }
        parts = [None] * days if base is None else parts_of(base, days)
        for number, part in enumerate(parts):
            recount.add(COSTS, first + number * DAY, members, values_of(row, part))
    recount.compare(COSTS)


checks.register("costs", count_costs)


def spent(recount: Recount, asked: Asked, measure: str) -> int:
    return recount.total(COSTS, measure, asked.start, asked.end, asked.dimension, asked.member)


@formula("cost_per_lead")
def cost_per_lead(recount: Recount, asked: Asked) -> Parts:
    leads = recount.total("leads.created", "leads_created", asked.start, asked.end, asked.dimension, asked.member)
    return per_booked(spent(recount, asked, "cost_marketing"), leads, spent(recount, asked, "cost_marketing_days"))


@formula("customer_retention_cost")
def customer_retention_cost(recount: Recount, asked: Asked) -> Parts:
    found = spent(recount, asked, "cost_retention")
    return found, found, None


@formula("crm_cost")
def crm_cost(recount: Recount, asked: Asked) -> Parts:
    found = spent(recount, asked, "cost_crm")
    return found, found, None
