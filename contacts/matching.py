"""Finding the company or person that is meant, by domain, e-mail, phone or name."""

from __future__ import annotations

import re

import phonenumbers
from django.db.models import Q

from .fields import fold
from .models import Company, Person, PersonEmail, PersonPhone

#: Addresses at these say nothing about the company.
FREE_MAIL = frozenset(
    "gmail.com googlemail.com hotmail.com outlook.com live.com yahoo.com yahoo.fr yahoo.es icloud.com me.com gmx.de gmx.net web.de "
    "orange.fr wanadoo.fr free.fr laposte.net proton.me protonmail.com aol.com mail.com".split()
)


def clean_domain(text: str) -> str:
    """The bare host of a domain, address or URL: lower case, without scheme, www and path; empty when there is none."""
    host = re.sub(r"^[a-z]+://", "", text.strip().lower()).split("/")[0].split("@")[-1].split(":")[0]
    host = host.removeprefix("www.").strip(".")
    return host if "." in host else ""


def company_domain(email: str) -> str:
    """The company's domain in an e-mail address; empty for free-mail providers."""
    domain = clean_domain(email) if "@" in email else ""
    return "" if domain in FREE_MAIL else domain


def digits_of(text: str) -> str:
    """The digits of a phone number as typed."""
    return "".join(char for char in text if char.isdigit())


def e164(text: str, country: str = "") -> str:
    """The number in E.164 where it can be read (with its own country code, or in `country`); else empty."""
    try:
        number = phonenumbers.parse(text, country or None)
    except phonenumbers.NumberParseException:
        return ""
    return (
        phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164) if phonenumbers.is_possible_number(number) else ""
    )


def match_company(name: str = "", domain: str = "", email: str = "") -> Company | None:
    """The company with that domain, else that e-mail's domain, else that name (without case; the oldest of several)."""
    for host in (clean_domain(domain), company_domain(email)):
        if host:
            found = Company.objects.filter(domain__iexact=host).first()
            if found:
                return found
    return Company.objects.filter(name__iexact=name.strip()).order_by("pk").first() if name.strip() else None


def match_person(email: str = "", phone: str = "", name: str = "", company: Company | None = None) -> Person | None:
    """The person with that e-mail, else that phone number, else that name at that company."""
    if email.strip():
        row = PersonEmail.objects.filter(email__iexact=email.strip()).select_related("person").first()
        if row:
            return row.person
    if phone.strip():
        number, digits = e164(phone, company.country if company else ""), digits_of(phone)
        same = Q(e164=number) if number else Q(digits=digits)
        row = PersonPhone.objects.filter(same).select_related("person").order_by("person_id").first() if digits else None
        if row and (not name.strip() or fold(row.person.name) == fold(name)):
            return row.person
    if name.strip() and company is not None:
        return Person.objects.filter(company=company, name__iexact=name.strip()).order_by("pk").first()
    return None
