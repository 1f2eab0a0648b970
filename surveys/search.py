"""How surveys are found by global search."""

from __future__ import annotations

from typing import Any

from contacts.search import best_first
from crm.access import visible_to
from crm.search import matching
from crm.site import Hit

from .models import Survey


def surveys(user: Any, text: str, limit: int) -> list[Hit]:
    """Surveys by any part of the name."""
    rows = best_first(matching(visible_to(Survey.objects.all(), user), text), text, "name")[:limit]
    return [Hit(row.name, row.get_absolute_url(), str(row.get_kind_display())) for row in rows]
