"""The campaigns whose codes the sample's leads carry, with those whom they were to reach."""

from __future__ import annotations

import datetime as dt
import random

from contacts.models import Lead
from crm.sample.context import ZONE, Sample

from ..choices import CampaignKind, CampaignStatus, MemberStatus
from ..models import Campaign, CampaignMember

#: code -> (name, kind, source, channel, budget in euros a year)
PLANS = {
    "brand-search": ("Search: our name", CampaignKind.ADS, "Google Ads", "cpc", 5_500),
    "gas-analysers": ("Search: gas analysers", CampaignKind.ADS, "Google Ads", "cpc", 5_500),
    "flow-meters": ("Search: flow meters", CampaignKind.ADS, "Google Ads", "cpc", 4_500),
    "quality-leaders": ("Heads of quality on LinkedIn", CampaignKind.SOCIAL, "LinkedIn", "paid social", 5_500),
    "pharma-compliance": ("Pharma compliance on LinkedIn", CampaignKind.SOCIAL, "LinkedIn", "paid social", 5_000),
    "spring-catalogue": ("Spring catalogue", CampaignKind.MAIL, "Newsletter", "email", 1_000),
    "calibration-week": ("Calibration week", CampaignKind.MAIL, "Newsletter", "email", 1_000),
    "year-end-offer": ("Year-end offer", CampaignKind.MAIL, "Newsletter", "email", 800),
    "traceability-webinar": ("Webinar: traceability", CampaignKind.WEBINAR, "Webinar", "event", 5_500),
    "water-quality-webinar": ("Webinar: water quality", CampaignKind.WEBINAR, "Webinar", "event", 5_500),
    "measure-expo": ("Measure Expo", CampaignKind.EVENT, "Trade fair", "event", 6_500),
    "pharma-days": ("Pharma Days", CampaignKind.EVENT, "Trade fair", "event", 7_000),
}
ENDED = ("water-quality-webinar", "pharma-days")
MEMBERS = 60  # the newest leads of webinars and fairs: whom they were to reach


def moment(sample: Sample, chance: random.Random, day: dt.date) -> dt.datetime:
    """Some time of the day during office hours, never after now; the sample's own chance is left to the apps that draw after this one."""
    at = dt.datetime.combine(day, dt.time(chance.randrange(8, 18), chance.randrange(60), chance.randrange(60)), ZONE)
    return min(at.astimezone(dt.UTC), sample.now - dt.timedelta(minutes=5))


def fill(sample: Sample, chance: random.Random) -> dict[str, Campaign]:
    """Saves them, owned by the marketer; code -> campaign."""
    owner = sample.users.get("marketer")
    found = []
    for code, (name, kind, source, channel, yearly) in PLANS.items():
        start = sample.start + dt.timedelta(days=chance.randrange(0, 60))
        ended = code in ENDED
        end = sample.today - dt.timedelta(days=chance.randrange(60, 120)) if ended else None
        at = moment(sample, chance, start)
        campaign = Campaign(name=name, code=code, kind=kind, source=source, channel=channel, start=start, end=end, created_at=at)
        campaign.status = CampaignStatus.DONE if ended else CampaignStatus.RUNNING
        campaign.budget, campaign.currency = yearly * 3 * 100, "EUR"
        campaign.owner, campaign.team = owner, owner.team if owner else None
        found.append(sample.stamp(campaign, at, owner))
    Campaign.objects.bulk_create(found)
    for campaign in found:
        sample.event("campaign.created", campaign, campaign.created_at, owner, new={"name": campaign.name, "code": campaign.code})
    _members(sample, chance, found)
    return {campaign.code: campaign for campaign in found}


def _members(sample: Sample, chance: random.Random, campaigns: list[Campaign]) -> None:
    """Leads that came from a fair or webinar responded to it; some others were only reached."""
    rows = []
    for campaign in campaigns:
        if campaign.kind not in (CampaignKind.WEBINAR, CampaignKind.EVENT):
            continue
        leads: list[Lead] = [lead for lead in sample.notes["leads"] if lead.campaign == campaign.code][-MEMBERS:]
        rows += [
            CampaignMember(
                campaign=campaign,
                lead=lead,
                status=MemberStatus.RESPONDED,
                responded_at=lead.created_at,
                added_at=lead.created_at,
            )
            for lead in leads
        ]
        early = [p for p in sample.notes["people"] if p.created_at.astimezone(ZONE).date() < sample.go_live]
        for person in chance.sample(early, k=min(25, len(early))):
            at = moment(sample, chance, sample.today - dt.timedelta(days=chance.randrange(30, 300)))
            responded = chance.random() < 0.3
            rows.append(
                CampaignMember(
                    campaign=campaign,
                    person=person,
                    status=MemberStatus.RESPONDED if responded else MemberStatus.REACHED,
                    responded_at=at if responded else None,
                    added_at=at,
                )
            )
    CampaignMember.objects.bulk_create(rows, batch_size=500)
