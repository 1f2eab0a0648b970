"""When a user who never had a team gets the first one by an import, the records of before belong to it too.

So deals imported before their agents end up the same as agents imported before their deals.
"""

from __future__ import annotations

from typing import Any

from analytics import dirty
from crm import events

from .. import leads as lead_facts
from ..models import Activity, Company, Lead, LeadFacts, Person, Task, UntouchedSpan

CHUNK = 500


@events.subscribe("user.placed")
def place(event: Any) -> None:
    """Gives the team to everything the user owns or owned without one, and marks the days it is counted on."""
    user, team = event.subject_id, event.new["team"]
    if team is None:
        return
    mine: dict[str, Any] = {"owner_id": user, "team": None}
    for model, name in ((Company, "companies"), (Person, "people")):
        rows = model._default_manager.filter(**mine)
        days = list(rows.order_by().values_list("created_day", flat=True).distinct())
        rows.update(team_id=team)
        dirty.mark({(f"{name}.{what}", day) for day in days for what in ("made", "held")})
    for model, source, column in ((Activity, "activities.done", "day"), (Task, "tasks.due", "due_day")):
        rows = model._default_manager.filter(**mine)
        days = list(rows.order_by().values_list(column, flat=True).distinct())
        rows.update(team_id=team)
        dirty.mark({(source, day) for day in days})
    leads = list(Lead.objects.filter(**mine).values_list("pk", flat=True))
    Lead.objects.filter(**mine).update(team_id=team)
    UntouchedSpan.objects.filter(**mine).update(team_id=team)
    for part in ("created", "response", "converted"):
        LeadFacts.objects.filter(**{f"{part}_owner_id": user, f"{part}_team": None}).update(**{f"{part}_team_id": team})
    for start in range(0, len(leads), CHUNK):
        lead_facts.rebuild(Lead.objects.filter(pk__in=leads[start : start + CHUNK]))
