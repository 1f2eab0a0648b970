"""A record's history: the events that are about it or linked to it, as far as the user may see their subjects."""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.db.models import Model, Q

from .models import Event, EventLink
from .querysets import ScopedQuerySet

SHOWN = 40


def events_of(record: Model, user: Any, *, also: Q | None = None, free: tuple[str, ...] = (), limit: int = SHOWN) -> list[Event]:
    """The newest events of a record's timeline, newest first.

    An event about another record (a deal on the company's page) is left out when the user may not see that record: a company
    page tells nobody of a colleague's deals. `free` names kinds of subjects that need no asking: who may see a deal sees what was
    done on it, by whomever. `also` adds events that are not linked, as those of a deal's activities.
    """
    label = record._meta.label_lower
    links = EventLink.objects.filter(object_type=label, object_id=record.pk).order_by("-at")
    # Twice as many as shown, so that a page stays full when some are hidden.
    wanted = list(links.values_list("event_id", flat=True)[: limit * 2])
    found = Event.objects.filter(Q(pk__in=wanted) | also if also is not None else Q(pk__in=wanted))
    events = list(found.select_related("actor").order_by("-at", "-pk")[: limit * 2])
    return _visible(events, record, user, free)[:limit]


def _visible(events: list[Event], record: Model, user: Any, free: tuple[str, ...]) -> list[Event]:
    label = record._meta.label_lower
    asked: dict[str, set[int]] = {}
    for event in events:
        if event.subject_type != label or event.subject_id != record.pk:
            asked.setdefault(event.subject_type, set()).add(event.subject_id)
    allowed = {(label, record.pk)}
    for subject, ids in asked.items():
        model: Any = apps.get_model(subject)
        rows = model._default_manager.filter(pk__in=ids)
        if isinstance(rows, ScopedQuerySet) and subject not in free:
            rows = rows.visible_to(user)
        allowed |= {(subject, pk) for pk in rows.values_list("pk", flat=True)}
    return [event for event in events if (event.subject_type, event.subject_id) in allowed]


def changes_of(record: Model, limit: int = SHOWN) -> list[Event]:
    """The record's own changes, newest first: who changed what from what to what."""
    return list(
        Event.objects.filter(subject_type=record._meta.label_lower, subject_id=record.pk)
        .select_related("actor")
        .order_by("-pk")[:limit]
    )
