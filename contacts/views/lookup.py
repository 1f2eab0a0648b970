"""What comboboxes ask while somebody types: a few records the user may see, as JSON."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, JsonResponse

from crm.access import require, visible_to
from crm.views.generic import SignedIn

from ..filters import find_people
from ..models import Company, Person
from ..search import find_companies

LIMIT = 8


class Lookup(SignedIn):
    """GET ?q= answers {"results": [{"value", "label", "detail"}]}; fewer than two letters find nothing."""

    resource = ""

    def get(self, request: HttpRequest) -> JsonResponse:
        require(self.user, self.resource, "view")
        text = request.GET.get("q", "").strip()[:100]
        rows = self.find(text) if len(text) >= 2 else []
        return JsonResponse({"results": [self.describe(row) for row in rows]})

    def find(self, text: str) -> Any:
        raise NotImplementedError

    def describe(self, row: Any) -> dict[str, str]:
        raise NotImplementedError


class CompanyLookup(Lookup):
    resource = "company"

    def find(self, text: str) -> Any:
        # An address finds the company of its domain.
        text = text.rpartition("@")[2] or text
        return find_companies(visible_to(Company.objects.all(), self.user), text, LIMIT)

    def describe(self, row: Any) -> dict[str, str]:
        detail = " · ".join(filter(None, (row.domain, row.city, row.country)))
        return {"value": str(row.pk), "label": row.name, "detail": detail}


class PersonLookup(Lookup):
    resource = "person"

    def find(self, text: str) -> Any:
        people = find_people(visible_to(Person.objects.all(), self.user), text)
        return people.select_related("company").prefetch_related("emails").order_by("name", "pk")[:LIMIT]

    def describe(self, row: Any) -> dict[str, str]:
        emails = [item.email for item in row.emails.all()][:1]
        detail = " · ".join(filter(None, (row.company.name if row.company else "", *emails)))
        return {"value": str(row.pk), "label": row.name, "detail": detail}
