"""Importing people with their addresses and numbers, and finding the people that other rows name."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Sequence
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm.imports.engine import Step
from crm.imports.index import Found, Index
from crm.imports.mapping import read_email
from crm.imports.parsing import fold
from crm.imports.references import ambiguous
from crm.imports.registry import Field, Kind, Row, register

from ..matching import digits_of, e164
from ..models import Company, Person, PersonEmail, PersonPhone
from ..services import save_person
from .common import checked, dating, differing, import_day, owner_of, redating, refuse_by, write_new
from .companies import References as Companies

SEPARATORS = re.compile(r"[;,\s]+")
LONGEST_PHONE = 40


def name_key(name: str, company_id: int | None) -> str:
    return f"n:{fold(name)}|{company_id or ''}"


def load(since: dt.datetime | None) -> Iterator[tuple[int, tuple[str, ...]]]:
    rows, emails = Person.objects.order_by(), PersonEmail.objects.order_by()
    if since is not None:
        rows, emails = rows.filter(updated_at__gte=since), emails.filter(person__updated_at__gte=since)
    for pk, name, company in rows.values_list("pk", "name", "company_id").iterator():
        yield pk, (name_key(name, company), f"a:{fold(name)}")
    for pk, email in emails.values_list("person_id", "email").iterator():
        yield pk, (f"e:{email.lower()}",)


def index_of(step: Step) -> Index:
    return step.index("people", load)


def addresses(text: str) -> list[str]:
    """The addresses in a cell, one or several. Raises ValueError."""
    return [read_email(part) for part in SEPARATORS.split(text) if part]


def numbers(text: str) -> list[str]:
    """The phone numbers in a cell; several are separated by semicolons."""
    found = [part.strip() for part in text.split(";") if part.strip()]
    if any(not digits_of(part) or len(part) > LONGEST_PHONE for part in found):
        raise ValueError(_("is not a phone number"))
    return found


@register
class People(Kind):
    """People; the same one is the one with that e-mail, else with that name at that company."""

    key = "people"
    label = gettext_lazy("People")
    needs = (("person", "add"),)
    required = (("name", "first_name", "last_name", "email"),)
    fields = (
        Field("name", gettext_lazy("Person"), headings=("full name", "contact", "contact name", "person - name")),
        Field("first_name", gettext_lazy("First name"), headings=("firstname", "given name", "person - first name")),
        Field("last_name", gettext_lazy("Last name"), headings=("lastname", "surname", "family name", "person - last name")),
        Field(
            "email",
            gettext_lazy("E-mail"),
            limit=1000,
            headings=("mail", "email address", "person - email (work)", "person - email"),
        ),
        Field("phone", gettext_lazy("Phone"), limit=400, headings=("phone number", "telephone", "mobile", "person - phone")),
        Field("title", gettext_lazy("Job title"), limit=120, headings=("position", "person - job title", "person - position")),
        Field(
            "company",
            gettext_lazy("Company"),
            headings=("company name", "associated company", "account", "organization", "organization - name"),
        ),
        Field("owner", gettext_lazy("Owner"), headings=("contact owner", "person - owner")),
        Field("language", gettext_lazy("Language"), "language", headings=("preferred language",)),
        Field("source", gettext_lazy("Source"), limit=80, headings=("original source", "lead source")),
        Field("created_at", gettext_lazy("Created"), "moment", headings=("create date", "created", "created date")),
    )

    def identities(self, row: Row) -> list[str]:
        emails = [f"e:{part.lower()}" for part in SEPARATORS.split(row.text("email")) if part]
        return [*emails, fold(full_name(row))]

    def save(self, rows: Sequence[Row], step: Step) -> None:
        companies = Companies(step, rows)
        plans = []
        for row in rows:
            if row.refused:
                continue
            emails, phones = self._reach(row)
            company = companies.get(row)
            found = None if row.refused else self._match(row, step, emails, company)
            if not row.refused:
                plans.append((row, found, company, emails, phones))
        known = Person.objects.prefetch_related("emails", "phones").in_bulk([found.pk for _r, found, *_rest in plans if found])
        fresh = []
        for row, found, company, emails, phones in plans:
            person = known.get(found.pk) if found else None
            if person is None:
                made = self._new(row, step, company, emails)
                if made:
                    fresh.append((row, *made, emails, phones))
            else:
                self._change(row, step, person, company, emails, phones)
        self._write(fresh, step)

    def _reach(self, row: Row) -> tuple[list[str], list[str]]:
        found: dict[str, list[str]] = {"email": [], "phone": []}
        for key, read in (("email", addresses), ("phone", numbers)):
            try:
                found[key] = read(row.text(key))
            except ValueError as error:
                row.refuse(key, str(error))
        if not full_name(row) and not found["email"]:
            row.refuse("name", _("is missing"))
        return found["email"], found["phone"]

    def _match(self, row: Row, step: Step, emails: list[str], company: Company | None) -> Found | None:
        index = index_of(step)
        found = index.find(*(f"e:{email.lower()}" for email in emails))
        if found is None and full_name(row):
            found = index.find(name_key(full_name(row), company.pk if company else None))
            if found and emails and not found.several and PersonEmail.objects.filter(person_id=found.pk).exists():
                return None  # the same name with another address: another person
            if found and found.several:
                if emails:
                    return None
                row.refuse("name", _("is the name of more than one person: give the e-mail"))
        return found

    def _values(self, row: Row, company: Company | None) -> dict[str, Any]:
        values = {key: row.values[key] for key in ("title", "language", "source") if row.get(key)}
        if full_name(row):
            values["name"] = full_name(row)
        return values | ({"company": company} if company else {})

    def _new(self, row: Row, step: Step, company: Company | None, emails: list[str]) -> tuple[Person, dict] | None:
        values = self._values(row, company)
        values.setdefault("name", emails[0].split("@")[0] if emails else "")
        owner = owner_of(row, step, "person", new=True)
        if row.refused:
            return None
        person = Person(**values, **dating(row, step), owner=owner, team=owner.team if owner else None)
        return (person, {**values, "owner": owner}) if checked(self, row, person) else None

    def _change(
        self, row: Row, step: Step, person: Person, company: Company | None, emails: list[str], phones: list[str]
    ) -> None:
        owner = owner_of(row, step, "person", new=False)
        if row.refused:
            return
        changes = differing(person, self._values(row, company) | ({"owner": owner} if owner else {})) | redating(row, person)
        has_emails = [(item.email, item.type) for item in person.emails.all()]
        has_phones = [(item.phone, item.type) for item in person.phones.all()]
        lower, digits = {email.lower() for email, _type in has_emails}, {digits_of(phone) for phone, _type in has_phones}
        more_emails = [(email, "work") for email in emails if email.lower() not in lower]
        more_phones = [(phone, "work") for phone in phones if digits_of(phone) not in digits]
        if not changes and not more_emails and not more_phones:
            row.result = "unchanged"
            return
        if not step.may_change(person, "person"):
            row.refuse("name", _("exists already and belongs to another team"))
            return
        try:
            save_person(
                person,
                emails=[*has_emails, *more_emails] if more_emails else None,
                phones=[*has_phones, *more_phones] if more_phones else None,
                **changes,
            )
        except ValidationError as error:
            refuse_by(row, self, error)
            return
        for email, _type in more_emails:
            index_of(step).add(person.pk, (f"e:{email.lower()}",))
        row.result = "updated"

    def _write(self, fresh: list[Any], step: Step) -> None:
        write_new([person for _row, person, *_rest in fresh], [said for _row, _person, said, *_rest in fresh])
        all_emails, all_phones = [], []
        index = index_of(step)
        for row, person, _said, emails, phones in fresh:
            country = person.company.country if person.company else ""
            all_emails += [
                PersonEmail(person=person, email=email, position=place) for place, email in enumerate(dict.fromkeys(emails))
            ]
            all_phones += [
                PersonPhone(person=person, phone=phone, e164=e164(phone, country), digits=digits_of(phone), position=place)
                for place, phone in enumerate(phones)
            ]
            index.add(
                person.pk,
                (name_key(person.name, person.company_id), f"a:{fold(person.name)}", *(f"e:{email.lower()}" for email in emails)),
            )
            row.result = "created"
        PersonEmail.objects.bulk_create(all_emails, batch_size=500)
        PersonPhone.objects.bulk_create(all_phones, batch_size=500)


def full_name(row: Row) -> str:
    """The name as given, else put together from its parts."""
    return row.text("name") or " ".join(filter(None, (row.text("first_name"), row.text("last_name"))))


def find_person(step: Step, row: Row, company: Company | None, key: str = "person") -> Person | None:
    """The person a cell names, by e-mail, by name at the company, else by a name that only one bears; made when there is none."""
    text = row.text(key)
    if not text:
        return None
    email = text.lower() if "@" in text else ""
    index = index_of(step)
    found = index.find(f"e:{email}") if email else index.find(name_key(text, company.pk if company else None), f"a:{fold(text)}")
    if found and found.several:
        ambiguous(row, key)
        return None
    if found:
        person = Person.objects.get(pk=found.pk)
        if not step.may_change(person, "person"):
            row.refuse(key, _("belongs to another team"))
            return None
        return person
    if step.scope("person", "add") is None:
        row.refuse(key, _("there is no such person"))
        return None
    if email:
        try:
            read_email(email)
        except ValueError as error:
            row.refuse(key, str(error))
            return None
    owner = step.actor if step.actor is not None and step.scope("person", "change") != "all" else None
    person = Person(
        name=(email.split("@")[0] if email else text)[:200],
        company=company,
        created_at=import_day(step),
        undated=True,
        owner=owner,
    )
    person.team = owner.team if owner else None
    save_person(person, emails=[(email, "work")] if email else None)
    step.made("person", person.name)
    index.add(person.pk, (name_key(person.name, person.company_id), f"a:{fold(person.name)}", f"e:{email}" if email else ""))
    return person
