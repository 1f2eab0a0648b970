"""How companies, people and leads are found by global search and comboboxes."""

from __future__ import annotations

from typing import Any

from django.db.models import Case, IntegerField, QuerySet, Value, When

from crm.access import visible_to
from crm.search import matching
from crm.site import Hit

from .filters import find_people
from .models import Company, Lead, Person


def best_first(queryset: QuerySet, text: str, field: str = "name") -> QuerySet:
    """Exact names, then names that start so, then the rest by name."""
    rank = Case(
        When(**{f"{field}__iexact": text}, then=Value(0)),
        When(**{f"{field}__istartswith": text}, then=Value(1)),
        default=Value(2),
        output_field=IntegerField(),
    )
    return queryset.order_by(rank, field, "pk")


def find_companies(queryset: QuerySet, text: str, limit: int) -> list[Company]:
    return list(best_first(matching(queryset, text), text)[:limit])


def companies(user: Any, text: str, limit: int) -> list[Hit]:
    """Companies by any part of name or domain."""
    rows = find_companies(visible_to(Company.objects.all(), user), text, limit)
    return [Hit(row.name, row.get_absolute_url(), " · ".join(filter(None, (row.domain, row.city)))) for row in rows]


def people(user: Any, text: str, limit: int) -> list[Hit]:
    """People by name, e-mail or four digits of a phone; the detail shows what was found."""
    rows = best_first(find_people(visible_to(Person.objects.for_list(), user), text), text)[:limit]
    return [Hit(row.name, row.get_absolute_url(), _reach(row, text)) for row in rows]


def _reach(person: Any, text: str) -> str:
    digits = "".join(char for char in text if char.isdigit())
    phones = [row.phone for row in person.phones.all() if digits and digits in row.digits]
    emails = [row.email for row in person.emails.all()]
    emails.sort(key=lambda email: text.lower() not in email.lower())
    return " · ".join(filter(None, (person.company.name if person.company else "", *(phones[:1] or emails[:1]))))


def leads(user: Any, text: str, limit: int) -> list[Hit]:
    """Leads by name, company, e-mail or number."""
    rows = best_first(matching(visible_to(Lead.objects.all(), user), text), text)[:limit]
    return [
        Hit(row.name, row.get_absolute_url(), " · ".join(filter(None, (row.company_name, row.get_status_display()))))
        for row in rows
    ]
