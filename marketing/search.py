"""How campaigns are found by global search."""

from __future__ import annotations

from typing import Any

from contacts.search import best_first
from crm.access import visible_to
from crm.search import matching
from crm.site import Hit

from .models import Campaign, WebForm


def campaigns(user: Any, text: str, limit: int) -> list[Hit]:
    """Campaigns by any part of name or code."""
    rows = best_first(matching(visible_to(Campaign.objects.all(), user), text), text)[:limit]
    return [Hit(row.name, row.get_absolute_url(), " · ".join((row.get_kind_display(), row.get_status_display()))) for row in rows]


def web_forms(user: Any, text: str, limit: int) -> list[Hit]:
    """Web forms by any part of the name."""
    rows = best_first(matching(visible_to(WebForm.objects.all(), user), text), text)[:limit]
    return [Hit(row.name, row.get_absolute_url(), row.title) for row in rows]
