"""The deals of a user who never had a team belong to the first one an import gives (see contacts.imports.placed)."""

from __future__ import annotations

from typing import Any

from crm import events

from .. import history
from ..models import Deal, DealFacts, DealState, StageVisit
from .worklife import backdate

CHUNK = 1000


@events.subscribe("user.placed")
def place(event: Any) -> None:
    """Lets the user's working time begin with the first deal; gives the team to the user's deals and to their history and facts, and marks the days they are counted on."""
    user, team = event.subject_id, event.new["team"]
    backdate([user])
    if team is None:
        return
    ids = set(Deal.objects.filter(owner_id=user, team=None).values_list("pk", flat=True))
    ids |= set(DealState.objects.filter(owner_id=user, team=None).values_list("deal_id", flat=True))
    Deal.objects.filter(owner_id=user, team=None).update(team_id=team)
    DealState.objects.filter(owner_id=user, team=None).update(team_id=team)
    for model, parts in ((StageVisit, ("entry", "exit")), (DealFacts, ("created", "closed"))):
        for part in parts:
            model._default_manager.filter(**{f"{part}_owner_id": user, f"{part}_team": None}).update(**{f"{part}_team_id": team})
    ordered = sorted(ids)
    for start in range(0, len(ordered), CHUNK):
        history.mark(ordered[start : start + CHUNK])
