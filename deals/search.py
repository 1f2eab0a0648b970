"""How deals are found by global search."""

from __future__ import annotations

from typing import Any

from contacts.search import best_first
from crm.access import visible_to
from crm.money import format_money
from crm.search import matching
from crm.site import Hit

from .models import Deal


def deals(user: Any, text: str, limit: int) -> list[Hit]:
    """Deals by any part of title or number."""
    rows = best_first(matching(visible_to(Deal.objects.select_related("stage"), user), text), text, "title")[:limit]
    return [
        Hit(
            row.title,
            row.get_absolute_url(),
            " · ".join((row.number, str(row.stage), format_money(row.amount, row.currency, cents=False))),
        )
        for row in rows
    ]
