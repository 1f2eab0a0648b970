"""Campaigns, costs and visits on the boundaries of months, and random edits to them: what number tests run on. Everything goes through the
services, as people's edits do."""

from __future__ import annotations

import datetime as dt
import random
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from contacts.models import Lead, Person
from crm import services as kernel
from crm.periods import first_instant
from marketing import mailing, services, visits
from marketing.choices import Category, MemberStatus, Purpose
from marketing.models import Campaign, CampaignMember, CampaignMessage, Cost, Submission, Visit
from tests.factories import CampaignFactory, CampaignMessageFactory, CostFactory, VisitFactory
from tests.people import People

MONTHS = [dt.date(2025, 12, 1), *(dt.date(2026, month, 1) for month in range(1, 6))]


@dataclass
class Budget:
    people: People
    rng: random.Random
    campaigns: list[Campaign] = field(default_factory=list)

    def day(self) -> dt.date:
        """A day up to May 2026, often a month's first or last."""
        if self.rng.random() < 0.4:
            return self.rng.choice(MONTHS) - dt.timedelta(days=self.rng.randrange(2))
        return dt.date(2025, 11, 20) + dt.timedelta(days=self.rng.randrange(175))

    def cost(self) -> dict[str, Any]:
        rng, first = self.rng, self.day()
        return {
            "posted_on": first,
            "until": rng.choice([None, None, first + dt.timedelta(days=rng.randrange(9))]),
            "category": rng.choice([Category.MARKETING, Category.MARKETING, Category.STAFF]),
            "purpose": rng.choice(Purpose.values),
            "campaign": rng.choice([None, *self.campaigns]),
            "channel": rng.choice(["", "cpc", "email"]),
            "amount": rng.choice([0, 1, 99, 1_000_00, 12_345_67]),
            "currency": rng.choice(["USD", "USD", "EUR", "GBP", "JPY"]),
            "team": rng.choice([None, self.people.north, self.people.south]),
        }

    def one(self, model: Any) -> Any:
        ids = list(model.objects.order_by("pk").values_list("pk", flat=True))
        return model.objects.get(pk=self.rng.choice(ids)) if ids else None


def build_costs(people: People, size: int = 12, seed: int = 7) -> Budget:
    """`size` costs of three campaigns and none, in four currencies of which one has no rate."""
    budget = Budget(people, random.Random(seed))
    budget.campaigns = [
        CampaignFactory(name="Spring", code="spring", source="web", channel="cpc", owner=people.mia),
        CampaignFactory(name="Fair", source="fair"),
    ]
    for _number in range(size):
        CostFactory(**budget.cost(), owner=people.mia)
    return budget


def build(people: People, size: int = 10, seed: int = 7) -> Budget:
    """`size` costs, and as many visits with what came of them."""
    budget = build_costs(people, size, seed)
    for _number in range(size):
        visit(budget.rng)
    for _number in range(size):
        answer(budget)
        visit_of_lead(budget)
    return budget


def answer(budget: Budget) -> None:
    """A lead or a person answers a campaign, some time up to May."""
    model = budget.rng.choice([Lead, Person])
    who, campaign = budget.one(model), budget.one(Campaign)
    if who is not None:
        chosen = {"leads": [who]} if model is Lead else {"people": [who]}
        for member in services.add_members(campaign, **chosen):
            services.set_member(member, MemberStatus.RESPONDED, first_instant(budget.day()))


def visit_of_lead(budget: Budget) -> None:
    """A lead visits the website; the same browser may have been there before, unknown."""
    lead, rng = budget.one(Lead), budget.rng
    if lead is not None:
        for _number in range(rng.randrange(1, 3)):
            started = first_instant(budget.day()) + dt.timedelta(hours=rng.choice([0, 9, 23]))
            who = rng.choice([lead, None])
            VisitFactory(
                visitor=f"of {lead.pk}", lead=who, started_at=started, source="ads", medium=rng.choice(["cpc", "organic"])
            )


def forget_answer(budget: Budget) -> None:
    member = budget.one(CampaignMember)
    if member is not None:
        services.remove_member(member)


def mail(budget: Budget) -> None:
    """A message to a lead, a person or nobody known; or what became of one: it bounced, was clicked, belongs to another campaign or
    day, was never sent."""
    message, rng = budget.one(CampaignMessage), budget.rng
    sent = first_instant(budget.day())
    if message is None or rng.random() < 0.4:
        model = rng.choice([Lead, Person])
        CampaignMessageFactory(campaign=budget.one(Campaign), sent_at=sent, **{model._meta.model_name: budget.one(model)})
    elif rng.random() < 0.2:
        mailing.delete_message(message)
    else:
        later = message.sent_at + dt.timedelta(seconds=rng.choice([0, 1, 60, 86_400]))
        became: list[dict[str, Any]] = [{name: at} for name in mailing.MOMENTS for at in (later, later, None)]
        other = [{"campaign": budget.one(Campaign)}, {"sent_at": sent, **dict.fromkeys(mailing.MOMENTS)}]
        mailing.save_message(message, **rng.choice([*became, *other]))


def judge(budget: Budget) -> None:
    """A form that was sent is found to be spam, or not to be."""
    sent = budget.one(Submission)
    if sent is not None:
        visits.mark_spam(sent, budget.rng.random() < 0.5)


def visit(rng: random.Random) -> Visit:
    """A visit, or a row of many, often on a month's first instant; by one of three visitors or nobody known."""
    sessions = rng.choice([1, 1, 1, 40])
    day = rng.choice(MONTHS)
    started = first_instant(day) + dt.timedelta(hours=rng.choice([0, 0, 9, 500]))
    return VisitFactory(
        visitor=rng.choice(["", "A", "B", "C"]),
        started_at=started,
        landing_page=rng.choice(["", "/a", "/b"]),
        source=rng.choice(["", "ads"]),
        medium=rng.choice(["", "cpc"]),
        campaign=rng.choice(["", "spring"]),
        sessions=sessions,
        clicks=rng.randrange(4),
        submitted=rng.randrange(sessions + 1),
        form_started=rng.choice([0, sessions]),
    )


def shake(budget: Budget, edits: int) -> None:
    """Random edits: re-value, re-date, spread, move to another campaign, delete, rename a code, change a rate; and what
    campaigns brought."""
    for _number in range(edits):
        cost = budget.one(Cost)
        kind = budget.rng.randrange(6)
        if budget.rng.random() < 0.5:
            budget.rng.choice([answer, answer, visit_of_lead, forget_answer, mail, mail, mail, judge])(budget)
        if kind == 0 or cost is None:
            CostFactory(**budget.cost())
        elif kind == 1:
            services.delete_cost(cost)
        elif kind == 2:
            campaign = budget.one(Campaign)
            source = budget.rng.choice(["web", "fair", ""])
            services.save_campaign(campaign, code=f"code-{budget.rng.randrange(99)}-{campaign.pk}", source=source)
        elif kind == 3:
            rate = Decimal(budget.rng.randrange(80, 160)) / 100
            kernel.set_rate(budget.rng.choice(["EUR", "JPY"]), budget.rng.choice(MONTHS), rate)
        else:
            services.save_cost(cost, **budget.cost())
