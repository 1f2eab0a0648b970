"""Campaigns and leads for comboboxes."""

from __future__ import annotations

from typing import Any

from contacts.models import Lead
from contacts.search import best_first
from contacts.views.lookup import LIMIT, Lookup
from crm.access import visible_to
from crm.search import matching

from ..models import Campaign


class CampaignLookup(Lookup):
    resource = "campaign"

    def find(self, text: str) -> Any:
        return best_first(matching(visible_to(Campaign.objects.all(), self.user), text), text)[:LIMIT]

    def describe(self, row: Any) -> dict[str, str]:
        return {"value": str(row.pk), "label": row.name, "detail": str(row.get_status_display())}


class LeadLookup(Lookup):
    resource = "lead"

    def find(self, text: str) -> Any:
        return best_first(matching(visible_to(Lead.objects.all(), self.user), text), text)[:LIMIT]

    def describe(self, row: Any) -> dict[str, str]:
        return {"value": str(row.pk), "label": row.name, "detail": " · ".join(filter(None, (row.number, row.company_name)))}
