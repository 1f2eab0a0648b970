"""What subscriptions do when something they depend on changes elsewhere, and what a new day brings."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from analytics import dirty
from contacts import services as contacts
from contacts.models import Company
from crm import due, events, jobs

from . import facts, renewals
from .models import MrrMovement, MrrSpan, Subscription, SubscriptionStep, TermEnd

STEP = 500


def _merge_company(keep: Company, lose: Company) -> None:
    """The accounts become one: what both did is netted anew. What was withdrawn stays to be read at the survivor."""
    both = [keep.pk, lose.pk]
    if not Subscription.objects.filter(company__in=both).exists():
        return
    dirty.mark(facts.marks_of(both))  # the survivor's industry counts from now on
    for model in (Subscription, MrrSpan, MrrMovement, TermEnd):
        model._default_manager.filter(company=lose).update(company=keep)
    facts.keep({keep.pk})


contacts.company_merges.append(_merge_company)


@events.subscribe("company.resegmented", "company.merged")
def _resegmented(event: Any) -> None:
    """Industry is a dimension of the company's subscriptions; the survivor of a merge may take over the other's."""
    dirty.mark(facts.marks_of([event.subject_id]))


@events.subscribe("user.placed")
def _placed(event: Any) -> None:
    """The subscriptions of a user who never had a team belong to the first one an import gives."""
    team = event.new["team"]
    if team is None:
        return
    steps = SubscriptionStep.objects.filter(owner_id=event.subject_id, team=None)
    companies = set(steps.values_list("subscription__company_id", flat=True))
    steps.update(team_id=team)
    facts.keep(companies)


@events.subscribe("rate.changed")
def _rate_changed(event: Any) -> None:
    """Accounts with that currency from that day on are converted again, by a job."""
    payload = {"currency": event.new["currency"], "since": str(event.new["date"]), "after": 0}
    jobs.enqueue("deals.derive_subscriptions", payload)


@events.subscribe("organisation.changed")
def _organisation_changed(event: Any) -> None:
    """Another base currency, zone or fiscal year means other amounts, another today, other rates."""
    if {"base_currency", "time_zone", "fiscal_year_start"} & set(event.new):
        jobs.enqueue("deals.derive_subscriptions", {"after": 0}, key="all")


@jobs.kind("deals.derive_subscriptions", label=_("Derive recurring revenue anew"))
def derive(job: Any) -> None:
    """Derives 500 accounts after `after` anew, then leaves the rest to the next step."""
    rows = Subscription.objects.filter(company_id__gt=job.payload["after"])
    if "currency" in job.payload:
        since = dt.date.fromisoformat(job.payload["since"])
        rows = rows.filter(currency=job.payload["currency"], rate_day__gte=since)
    companies = list(rows.order_by("company_id").values_list("company_id", flat=True).distinct()[:STEP])
    facts.keep(companies)
    if len(companies) == STEP:
        key = "" if "currency" in job.payload else "all"
        jobs.enqueue("deals.derive_subscriptions", {**job.payload, "after": companies[-1]}, key=key)


@due.every("deals.subscriptions_turned", grain="day", each=False)
def turned(period: Any) -> None:
    """What the new day brings: ends, ends of trials, changes that were planned, terms that come to their end."""
    facts.turn()
    with transaction.atomic():
        renewals.prepare()
