"""Four hundred invented companies, some of them parts of others."""

from __future__ import annotations

import datetime as dt
import re
import unicodedata

from contacts.models import Company
from crm.models import User
from crm.sample.context import Sample
from crm.sample.users import PEOPLE, SUCCESSORS

from . import words

COUNT = 400
SECONDS = {"fr": ("Est", "Sud"), "es": ("Sur", "Norte"), "en": ("Group", "UK"), "de": ("Nord", "Gruppe")}
SIZES = ((12, 0.10), (35, 0.18), (80, 0.22), (180, 0.2), (420, 0.15), (950, 0.1), (2600, 0.05))


def slug(text: str) -> str:
    """Lower-case ASCII words joined by hyphens, as in addresses."""
    plain = unicodedata.normalize("NFKD", text.replace("’", " ").replace("ß", "ss")).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", plain.lower()).strip("-")


def seller(sample: Sample, team: str, day: dt.date) -> User:
    """A rep of the team who worked there on the day; now and then its manager."""
    found = [(person, 1.0 if person.role == "rep" else 0.45) for person in PEOPLE if person.team == team and person.sells]
    return sample.users[sample.pick([(p.username, weight) for p, weight in found if sample.at_work(p.username, day)])]


def keeper(sample: Sample, owner: User | None, country: str, day: dt.date) -> User:
    """The owner if they worked there that day, else whoever of the team did."""
    if owner is not None and sample.at_work(owner.username, day):
        return owner
    return seller(sample, words.COUNTRIES[country][1], day)


def owner_now(sample: Sample, owner: User) -> User:
    """Who has the owner's records today: somebody who left handed them over."""
    return sample.users[SUCCESSORS.get(owner.username, owner.username)]


def fill(sample: Sample) -> None:
    """A third is there from the first weeks, the others come over the years."""
    early = [day for day in sample.working_days() if (day - sample.start).days < 60]
    days = sorted(sample.random.choices(early, k=COUNT // 3) + sample.days(COUNT - COUNT // 3))
    taken: set[str] = set()
    companies = [_company(sample, day, taken) for day in days]
    Company.objects.bulk_create(companies, batch_size=500)
    _parents(sample, companies)
    sample.notes["companies"] = companies
    for company in companies:
        sample.event("company.created", company, company.created_at, company.created_by, new={"name": company.name})


def _company(sample: Sample, day: dt.date, taken: set[str]) -> Company:
    country = sample.pick([(code, weight) for code, (_language, _team, weight) in words.COUNTRIES.items()])
    language, team, _weight = words.COUNTRIES[country]
    industry = sample.random.randrange(len(words.INDUSTRIES))
    name = _name(sample, language, industry, taken)
    first = seller(sample, team, day)
    employees = int(sample.pick(SIZES) * sample.random.uniform(0.7, 1.4))
    company = Company(
        name=name,
        domain=f"{slug(name)}.example",
        industry=words.INDUSTRIES[industry] if sample.chance(0.95) else "",
        employees=employees if sample.chance(0.93) else None,
        country=country,
        city=sample.random.choice(words.CITIES[country]) if sample.chance(0.96) else "",
        source=sample.pick([(source, row[1]) for source, row in words.SOURCES.items()]) if sample.chance(0.9) else "",
        owner=owner_now(sample, first),
        team=sample.teams[team],
        created_at=sample.moment(day),
    )
    if sample.chance(0.55):
        company.annual_revenue = round(employees * sample.lognormal(180_000, 0.4), -4) * 100
        company.annual_revenue_currency = {"GB": "GBP", "US": "USD"}.get(country, "EUR")
    return sample.stamp(company, company.created_at, first)


def _name(sample: Sample, language: str, industry: int, taken: set[str]) -> str:
    """A name nobody has yet; French and Spanish firms put the trade first."""
    while True:
        root = sample.random.choice(words.ROOTS[language])
        trade = sample.random.choice(words.TRADES[language][industry])
        name = f"{trade} {root}" if language in ("fr", "es") else f"{root} {trade}"
        if slug(name) in taken and sample.chance(0.3):  # a second firm of that name elsewhere
            name = f"{name} {sample.random.choice(SECONDS[language])}"
        if slug(name) not in taken:
            taken.add(slug(name))
            return name


def _parents(sample: Sample, companies: list[Company]) -> None:
    """Thirty-odd firms belong to an older, bigger one of the same country."""
    for place, company in enumerate(companies):
        if place < 60 or not sample.chance(0.1):
            continue
        older = [other for other in companies[:60] if other.country == company.country and (other.employees or 0) > 150]
        if older:
            company.parent = sample.random.choice(older)
    Company.objects.bulk_update([company for company in companies if company.parent_id], ["parent"], batch_size=500)
