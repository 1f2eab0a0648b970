"""Twelve hundred people at those companies, with their addresses and numbers."""

from __future__ import annotations

import datetime as dt

from contacts.choices import Consent, ContactType
from contacts.matching import digits_of, e164
from contacts.models import Company, Person, PersonEmail, PersonPhone
from crm.sample.context import ZONE, Sample

from . import words
from .companies import keeper, slug

COUNT = 1200
MOBILE, DESK = ContactType.MOBILE, ContactType.WORK
HAVING = (((MOBILE,), 0.4), ((DESK,), 0.2), ((MOBILE, DESK), 0.28), ((), 0.12))


def fill(sample: Sample) -> None:
    """The first person of a company is entered with it; the others come later, more often at big firms."""
    companies: list[Company] = sample.notes["companies"]
    weights = [1 + (company.employees or 50) ** 0.35 for company in companies]
    homes = companies + sample.random.choices(companies, weights, k=COUNT - len(companies))
    taken: set[str] = set()
    people = [_person(sample, company, first=place < len(companies)) for place, company in enumerate(homes)]
    people.sort(key=lambda person: person.created_at)
    Person.objects.bulk_create(people, batch_size=500)
    emails, phones = [], []
    for person in people:
        emails += _emails(sample, person, taken)
        phones += _phones(sample, person)
    PersonEmail.objects.bulk_create(emails, batch_size=1000)
    PersonPhone.objects.bulk_create(phones, batch_size=1000)
    first_mail: dict[int, str] = {}
    for email in emails:
        first_mail.setdefault(email.person_id, email.email)
    sample.notes["people"] = people
    sample.notes["emails"] = first_mail
    for person in people:
        new = {"name": person.name}
        sample.event("person.created", person, person.created_at, person.created_by, new=new, links=[person.company])


def _person(sample: Sample, company: Company, first: bool) -> Person:
    language = words.COUNTRIES[company.country][0]
    name = f"{sample.random.choice(words.FIRST_NAMES[language])} {sample.random.choice(words.LAST_NAMES[language])}"
    at = company.created_at
    if not first:
        at = sample.between(at, sample.now - dt.timedelta(hours=20), 1)[0]
    person = Person(
        name=name,
        title=sample.pick(words.JOB_TITLES) if sample.chance(0.9) else "",
        company=company,
        language=language if sample.chance(0.85) else "",
        source=company.source,
        owner=company.owner,
        team=company.team,
        created_at=at,
        consent=sample.pick(((Consent.UNKNOWN, 0.5), (Consent.GRANTED, 0.42), (Consent.DENIED, 0.08))),
    )
    if person.consent != Consent.UNKNOWN:
        person.consent_at = at
    return sample.stamp(person, at, keeper(sample, company.owner, company.country, at.astimezone(ZONE).date()))


def _emails(sample: Sample, person: Person, taken: set[str]) -> list[PersonEmail]:
    """A work address for nearly everybody, a private one for some."""
    if sample.chance(0.04):
        return []
    local = slug(person.name).replace("-", ".")
    company = person.company
    assert company is not None
    address = f"{local}@{company.domain}"
    while address in taken:
        local += str(sample.random.randrange(2, 10))
        address = f"{local}@{company.domain}"
    taken.add(address)
    found = [PersonEmail(person=person, email=address, type=ContactType.WORK)]
    private = f"{local}{person.pk}@mail.example"
    if sample.chance(0.08):
        found.append(PersonEmail(person=person, email=private, type=ContactType.HOME, position=1))
    return found


def _phones(sample: Sample, person: Person) -> list[PersonPhone]:
    """A mobile, a desk number, both or none, written the way people of the country write them."""
    assert person.company is not None
    country = person.company.country
    mobile, desk = words.PHONES[country]
    found = []
    for position, kind in enumerate(sample.pick(HAVING)):
        pattern = mobile if kind == MOBILE else desk
        typed = number(sample, pattern)
        row = PersonPhone(person=person, phone=typed, type=kind, position=position)
        row.e164, row.digits = e164(typed, country), digits_of(typed)
        found.append(row)
    return found


def number(sample: Sample, pattern: str) -> str:
    """A phone number of the pattern."""
    return "".join(str(sample.random.randrange(10)) if char == "#" else char for char in pattern)
