"""Three years of visits: those that brought the sample's leads, and the many that did not."""

from __future__ import annotations

import datetime as dt
import hashlib
import random

from contacts.models import Lead
from contacts.sample import words
from crm.events import Origin
from crm.sample.context import ZONE, Sample

from .. import visits
from ..choices import Device
from ..models import Visit

A_DAY = 26  # sessions on a usual day at the end of the three years
SINGLE = 400  # for so many days each session is a row; before, a row is a day's sessions of one source and page
SHARES = ("Website", "Google Ads", "LinkedIn", "Newsletter")
DEVICES = ((Device.DESKTOP, 0.66), (Device.MOBILE, 0.29), (Device.TABLET, 0.05))


def fill(sample: Sample, chance: random.Random) -> None:
    """Visits of leads first, so that every lead of the web has its own; then the others, a day at a time."""
    rows: list[Visit] = [_of_lead(chance, lead) for lead in sample.notes["leads"] if lead.landing_page]
    first = sample.today - dt.timedelta(days=SINGLE)
    day = sample.start
    while day < sample.today:
        share = 0.45 + 0.55 * (day - sample.start).days / max((sample.today - sample.start).days, 1)
        count = round(A_DAY * share * (0.35 if day.weekday() > 4 else 1) * chance.uniform(0.8, 1.2))
        rows += _singles(sample, chance, day, count) if day >= first else _together(chance, day, count)
        day += dt.timedelta(days=1)
    for visit in rows:
        visit.last_at = visit.started_at + dt.timedelta(seconds=30 * visit.views)
        visit.origin = Origin.FORM if visit.started_at.astimezone(ZONE).date() >= sample.go_live else Origin.IMPORT
        visits.derive(visit)
    Visit.objects.bulk_create(rows, batch_size=1000)
    visits.follow(rows)
    sent = [visits.submission_of(visit, visit.started_at) for visit in rows if visit.sessions == 1 and visit.submitted]
    for row in sent:
        row.spam = row.lead_id is None and chance.random() < 0.2
    visits.write_submissions(sent)


def _visitor(chance: random.Random) -> str:
    return "c" + hashlib.sha256(chance.randbytes(8)).hexdigest()[:40]


def _came_by(chance: random.Random, visit: Visit, source: str) -> Visit:
    medium, _share, _rate, campaigns = words.SOURCES[source]
    visit.source, visit.medium, visit.campaign = source, medium, chance.choice(campaigns)
    visit.landing_page = chance.choice(words.LANDING_PAGES)
    visit.device = chance.choices([device for device, _w in DEVICES], [weight for _d, weight in DEVICES])[0]
    return visit


def _of_lead(chance: random.Random, lead: Lead) -> Visit:
    """The visit in which a lead sent the form."""
    visit = Visit(started_at=lead.created_at - dt.timedelta(minutes=chance.randrange(1, 12)), visitor=_visitor(chance), lead=lead)
    visit.landing_page, visit.source, visit.medium, visit.campaign = lead.landing_page, lead.source, lead.medium, lead.campaign
    visit.device = Device.DESKTOP if chance.random() < 0.8 else Device.MOBILE
    visit.views, visit.clicks = chance.randrange(2, 9), chance.randrange(1, 5)
    visit.submitted = visit.form_started = 1
    return visit


def _singles(sample: Sample, chance: random.Random, day: dt.date, count: int) -> list[Visit]:
    """A day's sessions that brought no lead; some visitors come again, some begin a form and leave it."""
    regulars = [_visitor(random.Random(number)) for number in range(60)]  # noqa: S311  draws stories, no secrets
    found = []
    for _number in range(count):
        minute = chance.randrange(7 * 60, 22 * 60)
        at = dt.datetime.combine(day, dt.time(minute // 60, minute % 60, chance.randrange(60)), ZONE).astimezone(dt.UTC)
        visit = _came_by(chance, Visit(started_at=at), chance.choices(SHARES, (0.5, 0.25, 0.13, 0.12))[0])
        visit.visitor = chance.choices(["", chance.choice(regulars), _visitor(chance)], [0.15, 0.2, 0.65])[0]
        visit.views = 1 + int(chance.expovariate(0.7))
        visit.clicks = max(visit.views - 1, 0) if chance.random() < 0.7 else 0
        visit.form_started = int(chance.random() < 0.05)
        visit.submitted = int(visit.form_started and chance.random() < 0.15)
        found.append(visit)
    return found


def _together(chance: random.Random, day: dt.date, count: int) -> list[Visit]:
    """What the former statistics program told of a day: a row for each source, with its sessions."""
    at = dt.datetime.combine(day, dt.time(12), ZONE).astimezone(dt.UTC)
    found = []
    for source, share in zip(SHARES, (0.5, 0.25, 0.13, 0.12), strict=True):
        sessions = round(count * share)
        if sessions:
            visit = _came_by(chance, Visit(started_at=at, sessions=sessions), source)
            visit.device = ""
            visit.views, visit.clicks = sessions * 2, chance.randrange(sessions + 1)
            found.append(visit)
    return found
