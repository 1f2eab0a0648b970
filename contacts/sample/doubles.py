"""What goes wrong where people type: a few customers entered twice, a few values that cannot be right."""

from __future__ import annotations

import datetime as dt
import random

from contacts.models import Company, Lead
from crm.models import next_number
from crm.sample.context import SEED, Sample

COMPANIES, LEADS = 9, 15


def fill(sample: Sample) -> None:
    """Companies that came a second time without their domain, some with the country as people say it; leads who wrote twice.

    Draws from a generator of its own, so that the other stories stay as they are.
    """
    own = random.Random(SEED)  # noqa: S311  draws stories, no secrets
    companies = [_again(sample, own, first) for first in own.sample(sample.notes["companies"][:300], COMPANIES)]
    Company.objects.bulk_create(companies)
    for company in companies:
        sample.event("company.created", company, company.created_at, company.created_by, new={"name": company.name})
    waiting = [lead for lead in sample.notes["leads"] if lead.is_open and lead.email and lead.company_id is None]
    leads = [_once_more(sample, own, lead) for lead in own.sample(waiting, min(LEADS, len(waiting)))]
    Lead.objects.bulk_create(leads)
    for lead in leads:
        sample.event("lead.created", lead, lead.created_at, lead.created_by, new={"name": lead.name})


def _again(sample: Sample, own: random.Random, first: Company) -> Company:
    at = first.created_at + dt.timedelta(days=own.randrange(20, 200), hours=own.randrange(5))
    company = Company(name=first.name.upper() if own.random() < 0.5 else f"{first.name}.", city=first.city, source=first.source)
    company.country = {"GB": "UK"}.get(first.country, first.country)
    company.owner, company.team, company.created_at = first.owner, first.team, min(at, sample.now - dt.timedelta(hours=3))
    return sample.stamp(company, company.created_at, first.owner)


def _once_more(sample: Sample, own: random.Random, first: Lead) -> Lead:
    at = min(first.created_at + dt.timedelta(hours=own.randrange(1, 30)), sample.now - dt.timedelta(minutes=7))
    again = Lead(name=first.name, email=first.email, company_name=first.company_name, owner=first.owner, team=first.team)
    again.number, again.source, again.medium = f"L-{next_number('lead')}", first.source, first.medium
    again.created_at, again.status, again.qualified_at = at, first.status, first.qualified_at
    return sample.stamp(again, at, None)
