"""The score of a lead: points from 0 to 100 for what is known of it, each with its reason, and what such scores were worth before.

Points are given for the lead's origin, for what it tells of itself and for contact with it; they add up, so that everybody can check
them. A change of the score is a new row that is never written over: a score can be judged by what became of the lead only as it stood
before that was known (kpis.md 3.9). Numbers read the score of a day after the lead came.

The chance beside a score is the share of leads with such a score that became customers in time, among those of a year whose time had
passed when this one came.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from crm.events import Origin
from crm.models import Organisation
from crm.periods import local_day

from .choices import ActivityKind, Direction, Outcome
from .fields import fold
from .matching import company_domain
from .models import Activity, Lead, LeadFacts, LeadScore

HOT = 60
BAND = 20
FROZEN_AFTER = dt.timedelta(days=1)
DAY_SECONDS = 86_400
#: A share of leads that is stored as an integer is in parts of this.
WHOLE = 10_000
ENOUGH = 30  # leads of a year whose time has passed, before a score says how likely it is
CONTACT, CONTACTS = 10, 30

REASONS = {
    "recommended": _("Came by recommendation, partner or event"),
    "source": _("Its source is known"),
    "own_address": _("Writes from a company's address"),
    "address": _("Has an e-mail address"),
    "phone": _("Has a phone number"),
    "company": _("Its company is known"),
    "wish": _("Says what it wants"),
    "web": _("Came by the website or a web form"),
    "contact": _("Was reached, met or wrote by itself"),
}
#: Words in a source that say that somebody spoke for us, or that one has met; in the three languages.
RECOMMENDED = (
    "refer",
    "recommend",
    "recomend",
    "recommand",
    "partner",
    "partenair",
    "socio",
    "event",
    "fair",
    "salon",
    "feria",
    "parrain",
)


def band(score: int) -> int:
    """The lower end of the band of a score: 0, 20, 40, 60 or 80."""
    return min(score // BAND, 4) * BAND


def points(lead: Lead, contacts: int) -> dict[str, int]:
    """Reason -> points, for the lead as it is and the number of contacts with it; without those that give none."""
    source = fold(lead.source)
    domain = company_domain(lead.email)
    found = {
        "recommended": 20 if any(word in source for word in RECOMMENDED) else 0,
        "source": 10 if source and not any(word in source for word in RECOMMENDED) else 0,
        "own_address": 10 if domain else 0,
        "address": 5 if lead.email and not domain else 0,
        "phone": 10 if lead.phone.strip() else 0,
        "company": 10 if lead.company_name.strip() or lead.company_id else 0,
        "wish": 10 if lead.description.strip() else 0,
        "web": 10 if lead.landing_page or lead.origin == Origin.FORM else 0,
        "contact": min(contacts * CONTACT, CONTACTS),
    }
    return {reason: given for reason, given in found.items() if given}


def contacts_of(ids: Sequence[int]) -> dict[int, list[dt.datetime]]:
    """lead -> when it was reached, met or wrote by itself, in order."""
    reached = Q(direction__in=(Direction.INBOUND, Direction.TWO_WAY)) | Q(outcome=Outcome.REACHED)
    done = Activity.objects.filter(reached, lead_id__in=ids, by_machine=False).exclude(kind=ActivityKind.NOTE)
    found: dict[int, list[dt.datetime]] = defaultdict(list)
    for lead, at in done.order_by("at", "pk").values_list("lead_id", "at"):
        found[lead].append(at)
    return found


@dataclass
class Scored:
    """The scores of leads: what is new, to be written when it is known what they are worth, and how each stood a day after it came."""

    fresh: list[LeadScore]
    early: dict[int, LeadScore]


def read(leads: Sequence[Lead]) -> Scored:
    """Scores these leads anew; rows that are there stay. `Lead.score` is kept at the present one."""
    ids = [lead.pk for lead in leads]
    present: dict[int, list[LeadScore]] = defaultdict(list)
    for row in LeadScore.objects.filter(lead_id__in=ids).order_by("lead_id", "at", "pk"):
        present[row.lead_id].append(row)
    contacts = contacts_of(ids)
    found, stale = Scored([], {}), []
    for lead in leads:
        rows = present[lead.pk]
        new = _beginning(lead, contacts[lead.pk]) if not rows else _change(lead, rows[-1], len(contacts[lead.pk]))
        found.fresh += new
        rows = [*rows, *new]
        found.early[lead.pk] = early(rows, lead.created_at)
        if lead.score != rows[-1].score:
            lead.score = rows[-1].score
            stale.append(lead)
    Lead.objects.bulk_update(stale, ["score"], batch_size=500)
    return found


def early(rows: Sequence[LeadScore], created: dt.datetime) -> LeadScore:
    """The score as it stood a day after the lead came; of one that is dated back further than its first score, that one."""
    return next((row for row in reversed(rows) if row.at < created + FROZEN_AFTER), rows[0])


def _row(lead: Lead, at: dt.datetime, contacts: int) -> LeadScore:
    reasons = points(lead, contacts)
    return LeadScore(lead=lead, at=at, score=min(sum(reasons.values()), 100), reasons=reasons)


def _beginning(lead: Lead, contacts: Sequence[dt.datetime]) -> list[LeadScore]:
    """The first rows: at the creation, and at each contact since then that raised the score (of an imported lead all at once)."""
    before = sum(at <= lead.created_at for at in contacts)
    rows = [_row(lead, lead.created_at, before)]
    for number, at in enumerate(contacts[before:], before + 1):
        row = _row(lead, at, number)
        if row.score != rows[-1].score:
            rows.append(row)
    return rows


def _change(lead: Lead, last: LeadScore, contacts: int) -> list[LeadScore]:
    row = _row(lead, max(timezone.now(), last.at), contacts)
    return [row] if (row.score, row.reasons) != (last.score, last.reasons) else []


def write(found: Scored, facts: Mapping[int, LeadFacts]) -> None:
    """Writes the new rows with what such scores were worth when their leads came, and what numbers read of them."""
    chances = Chances()
    for row in found.fresh:
        row.chance = chances.of(row)
    LeadScore.objects.bulk_create(found.fresh, batch_size=500)
    changed = []
    for lead, row in found.early.items():
        if facts[lead].early_chance != row.chance:
            facts[lead].early_chance = row.chance
            changed.append(facts[lead])
    LeadFacts.objects.bulk_update(changed, ["early_chance"], batch_size=500)


class Chances:
    """What scores were worth, by the month in which a lead came; read once each."""

    def __init__(self) -> None:
        self._months: dict[dt.date, dict[int, int]] = {}

    def of(self, row: LeadScore) -> int | None:
        """The chance of a score of a lead that came then, in parts of WHOLE; None while too little is known."""
        month = local_day(row.lead.created_at).replace(day=1)
        if month not in self._months:
            self._months[month] = worth(month)
        return self._months[month].get(band(row.score))


def worth(month: dt.date) -> dict[int, int]:
    """Band -> the share of leads that became customers in time, among those of the year before whose time had passed by this month;
    drawn towards the share of all by one lead of each outcome's weight, so that a band of three is not certain of anything."""
    window = Organisation.current().lead_conversion_window
    end = month - dt.timedelta(days=window)
    rows = LeadFacts.objects.filter(
        created_day__gte=end - dt.timedelta(days=365), created_day__lt=end, was_customer=False, early_score__isnull=False
    )
    bought = Count("pk", filter=Q(customer_seconds__lt=window * DAY_SECONDS))
    counts: dict[int, list[int]] = defaultdict(lambda: [0, 0])
    for score, n, won in rows.order_by().values_list("early_score").annotate(n=Count("pk"), won=bought):
        counts[band(score)][0] += n
        counts[band(score)][1] += won
    n, won = (sum(values[place] for values in counts.values()) for place in (0, 1))
    if n < ENOUGH:
        return {}
    share = won / n
    return {low: round(WHOLE * (counts[low][1] + 2 * share) / (counts[low][0] + 2)) for low in range(0, 100, BAND)}


def explained(row: LeadScore | None) -> list[tuple[Any, int]]:
    """(reason, points) of a score, most first."""
    given: Iterable[tuple[str, int]] = row.reasons.items() if row else ()
    return sorted(((REASONS.get(reason, reason), many) for reason, many in given), key=lambda pair: -pair[1])
