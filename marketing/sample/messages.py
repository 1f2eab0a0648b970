"""What the mailing tool told: a mailing a month to those who agreed, and the ones that brought the newsletter's leads."""

from __future__ import annotations

import datetime as dt
import random

from contacts.choices import Consent
from crm.sample.context import ZONE, Sample, months_before

from ..choices import CampaignKind
from ..models import Campaign, CampaignMessage

MONTHS, RECIPIENTS = 30, 140
BOUNCES, OPENS, MACHINES, CLICKS, OPT_OUTS = 0.018, 0.31, 0.12, 0.22, 0.006  # clicks are of those who opened


def fill(sample: Sample, chance: random.Random, campaigns: dict[str, Campaign]) -> None:
    """In order of time, with the first moment of each thing that happened, never after now."""
    mailings = [campaign for campaign in campaigns.values() if campaign.kind == CampaignKind.MAIL]
    found = [
        message for back in range(MONTHS, -1, -1) for message in _mailing(sample, chance, mailings[back % len(mailings)], back)
    ]
    found += _of_leads(sample, chance, {campaign.code: campaign for campaign in mailings})
    found.sort(key=lambda message: message.sent_at)
    for number, message in enumerate(found, 1):
        message.number, message.origin = f"m{number:06d}", "import"
        message.owner_id, message.team_id = message.campaign.owner_id, message.campaign.team_id
    CampaignMessage.objects.bulk_create(found, batch_size=1000)


def _mailing(sample: Sample, chance: random.Random, campaign: Campaign, back: int) -> list[CampaignMessage]:
    """One day's mailing: all leave within the hour."""
    day = months_before(sample.today, back) + dt.timedelta(days=8)
    at = dt.datetime.combine(day, dt.time(9, 30), ZONE).astimezone(dt.UTC)
    if at >= sample.now - dt.timedelta(hours=2):
        return []
    emails = sample.notes["emails"]
    agreed = [p for p in sample.notes["people"] if p.created_at < at and p.consent == Consent.GRANTED and p.pk in emails]
    found = []
    for person in chance.sample(agreed, k=min(RECIPIENTS, len(agreed))):
        sent = at + dt.timedelta(seconds=chance.randrange(3600))
        message = CampaignMessage(campaign=campaign, email=emails[person.pk], person=person, sent_at=sent)
        _fate(sample, chance, message)
        found.append(message)
    return found


def _fate(sample: Sample, chance: random.Random, message: CampaignMessage) -> None:
    """Back, opened, clicked, or nothing."""
    if chance.random() < BOUNCES:
        message.bounced_at = message.sent_at + dt.timedelta(minutes=chance.randrange(1, 40))
        return
    later = min(message.sent_at + dt.timedelta(hours=chance.expovariate(1 / 15)), sample.now)
    if chance.random() < MACHINES:
        message.opened_at, message.open_by_machine = message.sent_at + dt.timedelta(seconds=4), True
    elif chance.random() < OPENS:
        message.opened_at = later
        if chance.random() < CLICKS:
            message.clicked_at = min(later + dt.timedelta(seconds=chance.randrange(5, 90)), sample.now)
    if chance.random() < OPT_OUTS:
        message.opted_out_at = later


def _of_leads(sample: Sample, chance: random.Random, mailings: dict[str, Campaign]) -> list[CampaignMessage]:
    """The message whose link each lead of a mailing followed."""
    found = []
    for lead in sample.notes["leads"]:
        campaign = mailings.get(lead.campaign)
        if campaign is None or not lead.email:
            continue
        clicked = lead.created_at - dt.timedelta(seconds=chance.randrange(40, 400))
        sent = clicked - dt.timedelta(minutes=chance.randrange(10, 1500))
        message = CampaignMessage(campaign=campaign, email=lead.email, sent_at=sent, clicked_at=clicked)
        message.lead, message.person = (None, lead.person) if lead.person_id else (lead, None)
        message.opened_at = clicked - dt.timedelta(seconds=20)
        found.append(message)
    return found
