"""Who was at work on a day, and who did something: what numbers of adoption read."""

from __future__ import annotations

from datetime import tzinfo
from typing import Any

from django.core.cache import cache
from django.db import transaction
from django.db.models.functions import TruncDate

from . import periods, signals
from .events import HUMAN
from .models import ActiveDay, Event

A_DAY = 86_400
#: Users, teams and settings of the organisation: changing them is not work on records.
SETTINGS = "crm."


def mark_active(user: Any) -> None:
    """Writes the user's active day once; later requests of the day cost one cache look-up."""
    if user.is_service:
        return
    day = periods.today()
    if cache.add(f"active:{user.pk}:{day}", 1, A_DAY):
        _write(user, day)


def mark_acted(user: Any) -> None:
    """Writes down that the user created, changed or logged something today, in the transaction of the change; remembered when that is
    committed, so that later changes of the day cost one cache look-up."""
    if user.is_service:
        return
    day = periods.today()
    key = f"acted:{user.pk}:{day}"
    if cache.get(key):
        return
    row = _write(user, day)
    if not row.acted and ActiveDay.objects.filter(pk=row.pk, acted=False).update(acted=True):
        signals.active_day_written.send(sender=ActiveDay, day=day)
    transaction.on_commit(lambda: cache.set(key, 1, A_DAY))


def _write(user: Any, day: Any) -> ActiveDay:
    row, made = ActiveDay.objects.get_or_create(user=user, day=day, defaults={"team_id": user.team_id, "role": user.role})
    if made:
        signals.active_day_written.send(sender=ActiveDay, day=day)
    return row


def derive_acted(zone: tzinfo, days: Any = ActiveDay.objects, events: Any = Event.objects) -> None:
    """Reads from the event log on which of their active days people acted; after an upgrade, and for the sample. The models are those
    of a migration, or ours."""
    acts = events.filter(actor__isnull=False, origin__in=HUMAN).exclude(subject_type__startswith=SETTINGS).order_by()
    found: dict[int, set] = {}
    for actor, day in acts.annotate(local=TruncDate("recorded_at", tzinfo=zone)).values_list("actor_id", "local").distinct():
        found.setdefault(actor, set()).add(day)
    for actor, seen in found.items():
        wanted = [pk for pk, day in days.filter(user_id=actor).values_list("pk", "day") if day in seen]
        for start in range(0, len(wanted), 500):
            days.filter(pk__in=wanted[start : start + 500]).update(acted=True)
