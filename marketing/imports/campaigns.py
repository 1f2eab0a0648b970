"""The campaigns that rows name: found by name or code, made where the importer may, always reported."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from django.utils.translation import gettext as _

from crm.imports.engine import Step
from crm.imports.index import Index
from crm.imports.references import ambiguous, forgiven
from crm.imports.registry import Row

from ..choices import CampaignStatus
from ..models import Campaign
from ..services import save_campaign


def load(since: dt.datetime | None) -> Iterator[tuple[int, tuple[str, ...]]]:
    """All campaigns each time: they are few."""
    for pk, name, code in Campaign.objects.values_list("pk", "name", "code"):
        yield pk, (name, code)


def index_of(step: Step) -> Index:
    return step.index("campaigns", load)


def find_campaign(step: Step, row: Row, key: str = "campaign") -> Campaign | None:
    """The campaign a cell names; None for a blank."""
    text = row.text(key)
    if not text:
        return None
    known: dict[int, Campaign] | None = getattr(step, "_campaigns", None)
    if known is None:
        known = step._campaigns = {campaign.pk: campaign for campaign in Campaign.objects.all()}  # type: ignore[attr-defined]
    found = index_of(step).find(text)
    if found and found.several:
        ambiguous(row, key)
        return None
    if found:
        campaign = known.get(found.pk) or Campaign.objects.get(pk=found.pk)
        if found.loosely:
            forgiven(step, key, text, campaign.name)
        return campaign
    if not step.may("campaign", "add"):
        row.refuse(key, _("there is no such campaign"))
        return None
    campaign = save_campaign(
        Campaign(), name=text[:120], channel=row.text("channel"), status=CampaignStatus.RUNNING, owner=step.actor
    )
    known[campaign.pk] = campaign
    index_of(step).add(campaign.pk, (campaign.name, campaign.code))
    step.made("campaign", campaign.name)
    return campaign
