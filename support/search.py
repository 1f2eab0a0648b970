"""How tickets are found by global search: by subject, number, requester; never by what was said on them."""

from __future__ import annotations

from typing import Any

from contacts.search import best_first
from crm.access import visible_to
from crm.search import matching
from crm.site import Hit

from .models import Ticket


def tickets(user: Any, text: str, limit: int) -> list[Hit]:
    """Tickets by any part of subject or number."""
    rows = visible_to(Ticket.objects.select_related("status", "requester"), user)
    found = best_first(matching(rows, text), text, "subject")[:limit]
    return [
        Hit(
            row.subject,
            row.get_absolute_url(),
            " · ".join(filter(None, (row.number, str(row.status), str(row.requester or "")))),
        )
        for row in found
    ]
