"""The tickets of a user who never had a team belong to the first one an import gives (see contacts.imports.placed)."""

from __future__ import annotations

from typing import Any

from crm import events

from .. import history
from ..models import Ticket, TicketState

CHUNK = 500


@events.subscribe("user.placed")
def place(event: Any) -> None:
    """Gives the team to the user's tickets and to their history, and derives them anew."""
    user, team = event.subject_id, event.new["team"]
    if team is None:
        return
    mine: dict[str, Any] = {"owner_id": user, "team": None}
    ids = set(Ticket.objects.filter(**mine).values_list("pk", flat=True))
    ids |= set(TicketState.objects.filter(**mine).values_list("ticket_id", flat=True))
    ordered = sorted(ids)
    for start in range(0, len(ordered), CHUNK):
        chunk = ordered[start : start + CHUNK]
        history.mark(chunk)
        Ticket.objects.filter(pk__in=chunk, **mine).update(team_id=team)
        TicketState.objects.filter(ticket__in=chunk, **mine).update(team_id=team)
        history.rebuild(Ticket.objects.filter(pk__in=chunk))
