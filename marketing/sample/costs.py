"""Three years of costs: what campaigns cost by the leads they brought, and the people and programs behind them."""

from __future__ import annotations

import datetime as dt
import random
from collections import Counter

from crm.money import Rates
from crm.sample.context import MONTHS, ZONE, Sample, months_before

from .. import services
from ..choices import Category, Purpose
from ..models import Campaign, Cost
from .campaigns import moment

#: channel -> euros for each lead it brought
PER_LEAD = {"cpc": 118, "paid social": 131, "email": 34, "event": 150}
#: what is paid each month: (what for, category, purpose, channel, euros, spread over the month)
MONTHLY = (
    ("Marketing team", Category.STAFF, Purpose.ACQUISITION, "", 9_400, True),
    ("Customer care team", Category.STAFF, Purpose.RETENTION, "", 5_200, True),
    ("Customer magazine", Category.MARKETING, Purpose.RETENTION, "email", 900, False),
    ("Website and design", Category.OTHER, Purpose.ACQUISITION, "organic", 1_150, False),
)
#: what is paid once a year and spread over it: (what for, category, purpose, euros, currency)
YEARLY = (
    ("Analytics licence", Category.SOFTWARE, Purpose.ACQUISITION, 3_900, "USD"),
    ("Sales training", Category.TRAINING, Purpose.ACQUISITION, 8_500, "EUR"),
)
#: what the CRM costs: (what for, category, euros) before it comes into use, then every quarter
CRM_BEFORE = (("CRM set-up", Category.SOFTWARE, 68_000), ("CRM training", Category.TRAINING, 24_000))
CRM_QUARTERLY = (("CRM operation", Category.SOFTWARE, 14_500), ("CRM training", Category.TRAINING, 3_200))


def fill(sample: Sample, chance: random.Random, campaigns: dict[str, Campaign]) -> None:
    """Costs up to today, converted at the sample's rates."""
    costs: list[Cost] = []
    brought = Counter(
        (lead.campaign, lead.created_at.astimezone(ZONE).date().replace(day=1)) for lead in sample.notes["leads"] if lead.campaign
    )
    for back in range(MONTHS, -1, -1):
        month = months_before(sample.today, back)
        last = months_before(sample.today, back - 1) - dt.timedelta(days=1)
        for (code, first), leads in sorted(brought.items()):
            if first == month:
                costs.append(_of_campaign(chance, campaigns[code], month, last, leads))
        for name, category, purpose, channel, euros, spread in MONTHLY:
            amount = round(euros * 100 * (1 + 0.012 * (MONTHS - back)) * chance.uniform(0.94, 1.06))
            until = last if spread else None
            costs.append(_cost(name, month, until, category, purpose, channel, amount, "EUR"))
        if month.month == 1:
            until = dt.date(month.year, 12, 31)
            for name, category, purpose, euros, currency in YEARLY:
                costs.append(_cost(name, month, until, category, purpose, "", euros * 100, currency))
        costs += _of_crm(sample, month)
    _write(sample, chance, [cost for cost in costs if cost.posted_on <= sample.today])


def _of_crm(sample: Sample, month: dt.date) -> list[Cost]:
    """Set-up and training in the month before go-live, operation and training every three months from then on."""
    since = sample.go_live.replace(day=1)
    months = 12 * (month.year - since.year) + month.month - since.month
    rows = CRM_BEFORE if months == -1 else CRM_QUARTERLY if months >= 0 and months % 3 == 0 else ()
    return [_cost(name, month, None, category, Purpose.CRM, "", euros * 100, "EUR") for name, category, euros in rows]


def _of_campaign(chance: random.Random, campaign: Campaign, first: dt.date, last: dt.date, leads: int) -> Cost:
    """A month of a campaign: advertising runs over the month, a mailing or fair is paid on one day."""
    amount = round(PER_LEAD[campaign.channel] * 100 * leads * chance.uniform(0.75, 1.3))
    runs = campaign.channel in ("cpc", "paid social")
    day = first if runs else first + dt.timedelta(days=chance.randrange(0, 20))
    cost = _cost(
        campaign.name, day, last if runs else None, Category.MARKETING, Purpose.ACQUISITION, campaign.channel, amount, "EUR"
    )
    cost.campaign = campaign
    return cost


def _cost(
    name: str, day: dt.date, until: dt.date | None, category: str, purpose: str, channel: str, amount: int, currency: str
) -> Cost:
    return Cost(
        name=name,
        posted_on=day,
        until=until,
        category=category,
        purpose=purpose,
        channel=channel,
        amount=amount,
        currency=currency,
    )


def _write(sample: Sample, chance: random.Random, costs: list[Cost]) -> None:
    rates, owner = Rates.load(), sample.users.get("marketer")
    for cost in costs:
        cost.base_amount = rates.convert(cost.amount, cost.currency, cost.posted_on)
        cost.created_at = moment(sample, chance, cost.posted_on)
        cost.owner = owner
        sample.stamp(cost, cost.created_at, owner)
    Cost.objects.bulk_create(costs, batch_size=500)
    services.spread(costs)
    for cost in costs:
        new = {"amount": cost.amount, "currency": cost.currency}
        sample.event("cost.created", cost, cost.created_at, owner, new=new, links=[cost.campaign])
