"""What marketers do: campaigns, their members, and costs. Every change writes its event and marks the days it moves."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from analytics import dirty
from contacts.models import Lead, Person
from crm import events
from crm.changes import apply, clean, lock, plain
from crm.models import Organisation
from crm.money import Rates

from .choices import MemberStatus
from .models import Campaign, CampaignMember, Cost, CostDay
from .spread import evenly
from .touches import members_changed

COSTS = "marketing.costs"  # the source whose days costs mark
MESSAGES = "mail.messages"  # and the one of messages
LONGEST = 366 * 10  # days a cost may be spread over


# --- campaigns -------------------------------------------------------------------------------------------------------


@transaction.atomic
def save_campaign(campaign: Campaign, **changes: Any) -> Campaign:
    """Creates or changes a campaign. Without a code it gets its name: what leads already carry is mostly that."""
    is_new = campaign.pk is None
    if not is_new:
        lock(campaign)
    if "owner" in changes and "team" not in changes:
        changes["team"] = changes["owner"].team if changes["owner"] is not None else None
    for name in ("name", "code", "source", "channel"):
        if name in changes:
            changes[name] = changes[name].strip()
    if not changes.get("code", campaign.code):
        changes["code"] = changes.get("name", campaign.name)
    if not changes.get("currency", campaign.currency):
        changes["currency"] = Organisation.current().base_currency
    old, new = apply(campaign, changes)
    _check_campaign(campaign)
    if is_new:
        events.stamp(campaign)
    campaign.save()
    if is_new or new:
        events.record("campaign.created" if is_new else "campaign.changed", campaign, old=old, new=new)
    if not is_new and {"code", "source"} & set(new):
        dirty.mark((COSTS, day) for day in _days_of(Cost.objects.filter(campaign=campaign)))
    if not is_new and {"code", "source", "channel"} & set(new):
        members_changed(campaign.members.all())
        _mark_messages(campaign)
    return campaign


def _check_campaign(campaign: Campaign) -> None:
    if campaign.start and campaign.end and campaign.end < campaign.start:
        raise ValidationError({"end": _("The last day lies before the start.")})
    if campaign.budget is not None and campaign.budget < 0:
        raise ValidationError({"budget": _("A budget cannot be negative.")})
    clean(campaign)


@transaction.atomic
def delete_campaign(campaign: Campaign) -> None:
    """Deletes a campaign without costs; one that has cost something stays, so that the money does not lose its reason."""
    lock(campaign)
    if campaign.costs.exists():
        raise ValidationError(_("“%(name)s” has costs, so it stays. Set it to cancelled instead.") % {"name": campaign})
    events.record("campaign.deleted", campaign, old={"name": campaign.name, "code": campaign.code})
    members_changed(campaign.members.all())
    _mark_messages(campaign)
    campaign.delete()


def _mark_messages(campaign: Campaign) -> None:
    """The days of its messages, which are split by its code and channel."""
    days = campaign.messages.order_by().values_list("sent_day", flat=True).distinct()
    dirty.mark((MESSAGES, day) for day in days)


@transaction.atomic
def add_members(
    campaign: Campaign, *, leads: Iterable[Lead] = (), people: Iterable[Person] = (), status: str = MemberStatus.PLANNED
) -> list[CampaignMember]:
    """Adds leads and people; who is a member already stays as they are. Returns the new ones."""
    lock(campaign)
    there = set(campaign.members.values_list("lead_id", "person_id"))
    now = timezone.now()
    answered = now if status == MemberStatus.RESPONDED else None
    wanted = {(lead.pk, None): {"lead": lead} for lead in leads} | {(None, person.pk): {"person": person} for person in people}
    made = []
    for key, who in wanted.items():
        if key not in there:
            made.append(CampaignMember(campaign=campaign, status=status, responded_at=answered, **who))
    CampaignMember.objects.bulk_create(made, batch_size=500)
    members_changed(made)
    events.record_many(
        [
            (
                events.build("campaign.member_added", campaign, new={"name": str(member.who), "status": status}),
                [campaign, member.who],
            )
            for member in made
        ]
    )
    return made


@transaction.atomic
def set_member(member: CampaignMember, status: str, at: dt.datetime | None = None) -> CampaignMember:
    """How far the campaign got with a member; the moment of the first response is kept as long as it is one."""
    lock(member)
    responded = (member.responded_at or at or timezone.now()) if status == MemberStatus.RESPONDED else None
    old, new = apply(member, {"status": status, "responded_at": responded})
    clean(member)
    member.save()
    if new:
        members_changed([member])
        said = {"name": str(member.who), **new}
        events.record("campaign.member_changed", member.campaign, old=old, new=said, links=[member.who])
    return member


@transaction.atomic
def remove_member(member: CampaignMember) -> None:
    """Takes somebody out of a campaign."""
    lock(member)
    events.record("campaign.member_removed", member.campaign, old={"name": str(member.who)}, links=[member.who])
    members_changed([member])
    member.delete()


# --- costs -----------------------------------------------------------------------------------------------------------


@transaction.atomic
def save_cost(cost: Cost, **changes: Any) -> Cost:
    """Creates or changes a cost, converts it at the rate of the day it was posted, and spreads it over its days."""
    if cost.pk is None:
        apply(cost, changes)
        return create_costs([cost])[0]
    lock(cost)
    before = _days_of(Cost.objects.filter(pk=cost.pk))
    old, new = apply(cost, changes)
    if not new:
        return cost
    check_cost(cost)
    cost.base_amount = Rates.load().convert(cost.amount, cost.currency, cost.posted_on)
    cost.save()
    spread([cost])
    dirty.mark((COSTS, day) for day in before | _span(cost))
    events.record("cost.changed", cost, old=old, new=new, links=[cost.campaign])
    return cost


@transaction.atomic
def create_costs(costs: Sequence[Cost]) -> list[Cost]:
    """Writes new costs, however many, in a few statements. Raises ValidationError for the first that is not possible."""
    rates = Rates.load()
    for cost in costs:
        cost.currency = cost.currency or rates.base
        if not cost.channel and cost.campaign is not None:
            cost.channel = cost.campaign.channel
        check_cost(cost)
        cost.base_amount = rates.convert(cost.amount, cost.currency, cost.posted_on)
        events.stamp(cost)
    made = Cost.objects.bulk_create(costs, batch_size=500)
    spread(made)
    dirty.mark((COSTS, day) for cost in made for day in _span(cost))
    events.record_many([(events.build("cost.created", cost, new=_said(cost)), [cost, cost.campaign]) for cost in made])
    return made


def _said(cost: Cost) -> dict[str, Any]:
    names = ("posted_on", "until", "category", "purpose", "campaign", "channel", "amount", "currency")
    return {name: plain(value) for name in names if (value := getattr(cost, name)) not in (None, "")}


def check_cost(cost: Cost) -> None:
    """Raises ValidationError for dates that run backward, a span that is too long, and an amount that cannot be."""
    if cost.posted_on is not None and cost.until is not None:
        if cost.until < cost.posted_on:
            raise ValidationError({"until": _("The last day lies before the first.")})
        if cost.days > LONGEST:
            raise ValidationError({"until": _("A cost can be spread over %(n)s years at most.") % {"n": LONGEST // 366}})
    if cost.amount is not None and cost.amount < 0:
        raise ValidationError({"amount": _("A cost cannot be negative.")})
    clean(cost)


def spread(costs: Iterable[Cost]) -> None:
    """Writes the daily parts of these costs anew."""
    costs = list(costs)
    CostDay.objects.filter(cost__in=[cost.pk for cost in costs]).delete()
    CostDay.objects.bulk_create([part for cost in costs for part in _parts(cost)], batch_size=1000)


def _parts(cost: Cost) -> list[CostDay]:
    days = cost.days
    own = evenly(cost.amount, days)
    base = evenly(cost.base_amount, days) if cost.base_amount is not None else [None] * days
    return [
        CostDay(cost=cost, day=cost.posted_on + dt.timedelta(days=number), amount=own[number], base=base[number])
        for number in range(days)
    ]


def _span(cost: Cost) -> set[dt.date]:
    return {cost.posted_on + dt.timedelta(days=number) for number in range(cost.days)}


def _days_of(costs: Any) -> set[dt.date]:
    """The days on which these costs are counted."""
    return set(CostDay.objects.filter(cost__in=costs).order_by().values_list("day", flat=True).distinct())


def convert(costs: Iterable[Cost]) -> None:
    """Converts costs again at the present rates, as after a rate or the base currency was changed; in the running transaction."""
    rates, changed = Rates.load(), []
    for cost in costs:
        base = rates.convert(cost.amount, cost.currency, cost.posted_on)
        if base != cost.base_amount:
            cost.base_amount = base
            changed.append(cost)
    Cost.objects.bulk_update(changed, ["base_amount"], batch_size=500)
    spread(changed)
    dirty.mark((COSTS, day) for cost in changed for day in _span(cost))


@transaction.atomic
def delete_cost(cost: Cost) -> None:
    """Deletes a cost that should never have been entered; its days are counted again."""
    lock(cost)
    dirty.mark((COSTS, day) for day in _span(cost))
    events.record("cost.deleted", cost, old=_said(cost), links=[cost.campaign])
    cost.delete()
