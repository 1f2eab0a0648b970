"""What marketing does when something it depends on changes elsewhere: rates, the base currency, the time zone, merged people."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.utils.translation import gettext_lazy as _

from analytics import dirty
from contacts import services as contacts
from contacts.models import Person
from crm import events, jobs
from crm.periods import local_day

from . import mailing, services, visits
from . import touches as _touches  # noqa: F401  what it knows of people's touches
from .models import Campaign, CampaignMember, CampaignMessage, Cost, Submission, Visit

STEP = 500


@events.subscribe("rate.changed")
def _rate_changed(event: Any) -> None:
    """Costs in that currency posted from that day on are converted again, by a job."""
    payload = {"currency": event.new["currency"], "since": str(event.new["date"]), "after": 0}
    jobs.enqueue("marketing.convert", payload)


@events.subscribe("organisation.changed")
def _organisation_changed(event: Any) -> None:
    if "base_currency" in event.new:
        jobs.enqueue("marketing.convert", {"after": 0}, key="all")
    if "time_zone" in event.new:
        for label in DAYS_OF:
            jobs.enqueue("marketing.derive_days", {"model": label, "after": 0})


@jobs.kind("marketing.convert", label=_("Convert costs at new rates"))
def convert(job: Any) -> None:
    """Converts 500 costs after `after` again, then leaves the rest to the next step."""
    costs = Cost.objects.filter(pk__gt=job.payload["after"]).order_by("pk")
    if job.payload.get("currency"):
        since = dt.date.fromisoformat(job.payload["since"])
        costs = costs.filter(currency=job.payload["currency"], posted_on__gte=since)
    found = list(costs[:STEP])
    services.convert(found)
    if len(found) == STEP:
        job.again({**job.payload, "after": found[-1].pk})


DAYS_OF: dict[str, Any] = {
    "campaign": Campaign,
    "cost": Cost,
    "message": CampaignMessage,
    "visit": Visit,
    "submission": Submission,
}
#: What is counted by its local day: (source, the field with the instant). The days beside the new one are marked too, the row may have
#: been counted there before.
COUNTED = {
    "message": (services.MESSAGES, "sent_at"),
    "visit": (visits.SESSIONS, "started_at"),
    "submission": (visits.SUBMISSIONS, "at"),
}


@jobs.kind("marketing.derive_days", label=_("Recompute local days"))
def derive_days(job: Any) -> None:
    """Recomputes the local days of 500 rows in another time zone, then leaves the rest to the next step."""
    model = DAYS_OF[job.payload["model"]]
    visits.alone()  # who writes visits meanwhile would be overwritten
    rows = list(model.objects.filter(pk__gt=job.payload["after"]).order_by("pk")[:STEP])
    for row in rows:
        row.save()
    if job.payload["model"] in COUNTED:
        source, name = COUNTED[job.payload["model"]]
        days = {local_day(getattr(row, name)) for row in rows}
        dirty.mark((source, day + dt.timedelta(days=step)) for day in days for step in (-1, 0, 1))
    if len(rows) == STEP:
        job.again({**job.payload, "after": rows[-1].pk})


def _merge_person(keep: Person, lose: Person) -> None:
    both = CampaignMember.objects.filter(person=keep).values("campaign_id")
    CampaignMember.objects.filter(person=lose, campaign_id__in=both).delete()
    CampaignMember.objects.filter(person=lose).update(person=keep)
    CampaignMessage.objects.filter(person=lose).update(person=keep)
    mailing.leads_changed([], [keep.pk])


contacts.person_merges.append(_merge_person)
