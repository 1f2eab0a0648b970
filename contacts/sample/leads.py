"""Two thousand leads: where they came from, how fast somebody answered, what became of them."""

from __future__ import annotations

import datetime as dt
import random

from contacts.choices import ActivityKind, Direction, LeadStatus, Outcome
from contacts.models import Activity, Lead, Person
from crm.models import User, next_number
from crm.sample.context import SEED, ZONE, Sample

from . import words
from .companies import keeper, seller, slug
from .people import number

COUNT = 2000
CONVERTED = 300
OUTCOMES = ((Outcome.REACHED, 0.5), (Outcome.NO_ANSWER, 0.3), (Outcome.VOICEMAIL, 0.2))
KNOWN = 0.07  # share of leads from companies that are in the books already


def fill(sample: Sample) -> None:
    """Some of the sample's people came from a lead: those leads first, then the many that led nowhere or are still open."""
    people: list[Person] = sample.notes["people"]
    early = sample.start + dt.timedelta(days=45)
    grown = [person for person in people if person.created_at.astimezone(ZONE).date() > early]
    sources = sorted(sample.random.sample(grown, k=CONVERTED), key=lambda person: person.created_at)
    leads = [_converted(sample, person) for person in sources]
    leads += [_other(sample, day) for day in sample.days(COUNT - CONVERTED)]
    leads.sort(key=lambda lead: lead.created_at)
    _tell_more(leads)
    first = next_number("lead", len(leads))
    for place, lead in enumerate(leads):
        lead.number = f"L-{first + place}"
    Lead.objects.bulk_create(leads, batch_size=500)
    activities = [activity for lead in leads for activity in _activities(sample, lead)]
    Activity.objects.bulk_create(activities, batch_size=1000)
    sample.notes["leads"] = leads
    _events(sample, leads, activities)


def _tell_more(leads: list[Lead]) -> None:
    """Who means to buy tells more of themselves: most leave a number and say what they want. Draws from a generator of its own."""
    own = random.Random(SEED)  # noqa: S311  draws stories, no secrets
    for lead in leads:
        if lead.converted_at and own.random() < 0.8:
            lead.phone = f"+33 6 39 98 {own.randrange(10, 100)} {own.randrange(10, 100)}"
            lead.description = lead.description or own.choice(words.WISHES)


def _blank(sample: Sample, at: dt.datetime, owner: User | None, team: str, source: str) -> Lead:
    """A lead with its origin: source, medium, campaign and, for paid clicks, what was searched and seen."""
    medium, _share, _rate, campaigns = words.SOURCES[source]
    lead = Lead(source=source, medium=medium, campaign=sample.random.choice(campaigns), owner=owner, created_at=at)
    lead.team = sample.teams[team] if owner is not None else None
    if source in ("Website", "Google Ads", "LinkedIn", "Newsletter"):
        lead.landing_page = sample.random.choice(words.LANDING_PAGES)
    if source == "Google Ads":
        lead.term = sample.random.choice(words.TERMS)
    if source in ("Google Ads", "LinkedIn"):
        lead.content = sample.random.choice(words.CONTENTS)
    if sample.chance(0.45):
        lead.description = sample.random.choice(words.WISHES)
    sample.stamp(lead, at, None)
    if not sample.imported(at) and source in ("Trade fair", "Referral", "Webinar"):
        sample.stamp(lead, at, owner)  # typed in by hand; the others come through the web form
    elif not sample.imported(at):
        lead.origin = "form"
    return lead


def _source(sample: Sample, *, converted: bool) -> str:
    """A source; converted leads come from the better ones more often."""
    return sample.pick([(name, share * (rate if converted else 1)) for name, (_m, share, rate, _c) in words.SOURCES.items()])


def _answer(sample: Sample, lead: Lead, *, sure: bool) -> None:
    """The first human touch: within hours since Sextant came, within a day or two before; now and then never."""
    if not sure and sample.chance(0.08):
        return
    hours = sample.lognormal(26 if sample.imported(lead.created_at) else 5, 1.1)
    at = sample.office(lead.created_at + dt.timedelta(hours=hours))
    at = max(at, lead.created_at + dt.timedelta(minutes=sample.random.randrange(4, 50)))
    if at < sample.now - dt.timedelta(minutes=10):
        lead.first_response_at = at


def _converted(sample: Sample, person: Person) -> Lead:
    """The lead that a person came from: converted at the moment the person was entered."""
    at = person.created_at
    created = sample.office(at - dt.timedelta(days=min(sample.lognormal(9, 0.9), 75)))
    created = min(max(created, sample.moment(sample.start)), at - dt.timedelta(hours=2))
    lead = _of(sample, created, person, _source(sample, converted=True))
    lead.status, lead.converted_at, lead.closed_at = LeadStatus.CONVERTED, at, at
    _answer(sample, lead, sure=True)
    if lead.first_response_at is None or lead.first_response_at > at:
        lead.first_response_at = created + (at - created) * 0.3
    lead.qualified_at = sample.between(lead.first_response_at, at, 1)[0]
    return lead


def _other(sample: Sample, day: dt.date) -> Lead:
    """A lead that did not become a deal, or not yet."""
    at = sample.moment(day, 6, 22)
    known = [p for p in sample.random.choices(sample.notes["people"], k=4) if p.created_at < at] if sample.chance(KNOWN) else []
    if known:
        lead = _of(sample, at, known[0], _source(sample, converted=False))
    else:
        lead = _stranger(sample, at, day)
    if lead.owner is not None:
        _answer(sample, lead, sure=False)
    _fate(sample, lead)
    return lead


def _of(sample: Sample, at: dt.datetime, person: Person, source: str) -> Lead:
    """A lead that is a person in the books."""
    company = person.company
    assert company is not None
    owner = keeper(sample, person.owner, company.country, at.astimezone(ZONE).date())
    lead = _blank(sample, at, owner, words.COUNTRIES[company.country][1], source)
    lead.name, lead.company_name, lead.email = person.name, company.name, sample.notes["emails"].get(person.pk, "")
    lead.person, lead.company = person, company
    return lead


def _stranger(sample: Sample, at: dt.datetime, day: dt.date) -> Lead:
    country = sample.pick([(code, weight) for code, (_language, _team, weight) in words.COUNTRIES.items()])
    language, team, _weight = words.COUNTRIES[country]
    fresh = (sample.today - day).days < 3
    owner = None if fresh and sample.chance(0.5) else seller(sample, team, day)
    lead = _blank(sample, at, owner, team, _source(sample, converted=False))
    lead.name = f"{sample.random.choice(words.FIRST_NAMES[language])} {sample.random.choice(words.LAST_NAMES[language])}"
    root, trade = sample.random.choice(words.ROOTS[language]), sample.random.choice(sample.random.choice(words.TRADES[language]))
    firm = f"{trade} {root}" if language in ("fr", "es") else f"{root} {trade}"
    lead.company_name = firm if sample.chance(0.85) else ""
    lead.email = f"{slug(lead.name).replace('-', '.')}@{slug(firm) if sample.chance(0.8) else 'mail'}.example"
    if sample.chance(0.55):
        lead.phone = number(sample, words.PHONES[country][0])
    return lead


def _fate(sample: Sample, lead: Lead) -> None:
    """What became of it. Most are tried a few times and closed; some are let drop, fewer since Sextant shows them."""
    dropped = sample.chance(0.3 if sample.imported(lead.created_at) else 0.15)
    last = _tries(sample, lead, sample.pick(((0, 0.2), (1, 0.25), (2, 0.25), (3, 0.2), (5, 0.1))))
    wait = sample.random.uniform(20, 55) if dropped or lead.first_response_at is None else sample.random.uniform(0.6, 11)
    closed = sample.office(last + dt.timedelta(days=wait))
    if closed < sample.now - dt.timedelta(hours=1):
        silent = lead.first_response_at is None or sample.chance(0.7 if dropped else 0.16)
        lead.status, lead.closed_at = LeadStatus.UNRESPONSIVE if silent else LeadStatus.DISQUALIFIED, max(closed, last)
    elif lead.first_response_at is None:
        lead.status = LeadStatus.NEW
    else:
        lead.status = sample.pick(((LeadStatus.WORKING, 0.62), (LeadStatus.QUALIFIED, 0.38)))
    reached = lead.status == LeadStatus.QUALIFIED or (lead.status == LeadStatus.DISQUALIFIED and sample.chance(0.2))
    if reached and lead.first_response_at:
        lead.qualified_at = sample.between(lead.first_response_at, last, 1)[0]


def _tries(sample: Sample, lead: Lead, count: int) -> dt.datetime:
    """Draws the touches after the answer, a few days apart, and returns the last moment something happened."""
    times = sample.notes.setdefault("tries", {}).setdefault(id(lead), [])
    last = lead.first_response_at or lead.created_at
    end = lead.closed_at or sample.now - dt.timedelta(minutes=10)
    for _ in range(count if lead.first_response_at else 0):
        at = sample.office(last + dt.timedelta(days=min(sample.lognormal(4.5, 0.6), 12)))
        if not last < at < end:
            break
        times.append(at)
        last = at
    return last


def _activities(sample: Sample, lead: Lead) -> list[Activity]:
    """The answer, and what was tried after it until the lead was closed."""
    if lead.first_response_at is None:
        return []
    if lead.converted_at:
        _tries(sample, lead, 9)
    times = [lead.first_response_at, *sample.notes["tries"].get(id(lead), [])]
    return [_touch(sample, lead, at, first=place == 0) for place, at in enumerate(times)]


def _touch(sample: Sample, lead: Lead, at: dt.datetime, first: bool) -> Activity:
    kind = sample.pick(((ActivityKind.CALL, 0.5), (ActivityKind.MAIL, 0.46), (ActivityKind.MEETING, 0.0 if first else 0.06)))
    inbound = not first and sample.chance(0.25)
    activity = Activity(kind=kind, at=at, created_at=at, owner=lead.owner, team=lead.team, lead=lead)
    activity.company, activity.person = lead.company, lead.person
    activity.direction = Direction.INBOUND if inbound else Direction.OUTBOUND
    if kind == ActivityKind.CALL:
        activity.outcome = Outcome.REACHED if inbound else sample.pick(OUTCOMES)
        reached = activity.outcome == Outcome.REACHED
        activity.minutes = sample.random.randrange(3, 22) if reached else 1
        activity.note = sample.random.choice(words.CALL_NOTES if reached and sample.chance(0.5) else words.NO_ANSWER_NOTES)
    elif kind == ActivityKind.MEETING:
        activity.direction, activity.minutes = Direction.TWO_WAY, sample.random.choice((30, 45, 60))
    return sample.stamp(activity, at, lead.owner)


def _events(sample: Sample, leads: list[Lead], activities: list[Activity]) -> None:
    for lead in leads:
        links = [lead.company, lead.person]
        sample.event("lead.created", lead, lead.created_at, lead.created_by, new={"name": lead.name}, links=links)
        if lead.first_response_at:
            new = {"first_response_at": lead.first_response_at}
            sample.event("lead.answered", lead, lead.first_response_at, lead.owner, old={"first_response_at": None}, new=new)
        if lead.converted_at:
            sample.event("lead.converted", lead, lead.converted_at, lead.owner, links=links)
        elif lead.closed_at:
            old, new = {"status": LeadStatus.WORKING, "closed_at": None}, {"status": lead.status, "closed_at": lead.closed_at}
            sample.event("lead.changed", lead, lead.closed_at, lead.owner, old=old, new=new)
    for activity in activities:
        links = [activity.company, activity.person, activity.lead]
        sample.event("activity.logged", activity, activity.at, activity.owner, new={"kind": activity.kind}, links=links)
