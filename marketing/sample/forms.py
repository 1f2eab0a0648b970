"""A web form of the sample, and what was sent through it."""

from __future__ import annotations

import datetime as dt
import random

from contacts.models import Lead
from crm.sample.context import Sample

from ..choices import Asked
from ..models import Campaign, Submission, WebForm, WebFormDay, WebFormEntry

CONSENT = "You may write to me about products and events. I can take this back at any time."
SENT = 12  # the newest leads of the website came by it


def fill(sample: Sample, chance: random.Random, campaigns: dict[str, Campaign]) -> None:
    """The form, its days, and an entry for some leads that sent a form."""
    owner, at = sample.users.get("marketer"), sample.now - dt.timedelta(days=90)
    form = WebForm(name="Catalogue by mail", key="catalogue", title="Order our catalogue", active=True, created_at=at)
    form.intro, form.ask_company, form.ask_message = "Printed, 120 pages, free of charge.", Asked.REQUIRED, Asked.OPTIONAL
    form.consent_text, form.consent_version = CONSENT, 1
    form.campaign = campaigns.get("spring-catalogue")
    form.owner, form.team = owner, owner.team if owner else None
    sample.stamp(form, at, owner).save()
    sample.event("webform.created", form, at, owner, new={"name": form.name})
    today = sample.today
    WebFormDay.objects.bulk_create(
        [WebFormDay(form=form, day=today - dt.timedelta(days=ago), views=chance.randrange(1, 9)) for ago in range(60)]
    )
    sent = Submission.objects.filter(lead__isnull=False, entry__isnull=True, at__gte=at).order_by("-at", "-pk")[:SENT]
    leads = Lead.objects.in_bulk([row.lead_id for row in sent])
    WebFormEntry.objects.bulk_create(
        [
            WebFormEntry(
                form=form,
                lead=leads[row.lead_id],
                submission=row,
                at=row.at,
                known=row.known,
                consented=chance.random() < 0.6,
                consent_version=1,
                consent_text=CONSENT,
            )
            for row in sent
        ]
    )
