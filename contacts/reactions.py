"""What contacts do when a setting changes that their facts read."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any

from django.utils.translation import gettext_lazy as _

from analytics import dirty
from crm import events, jobs

from . import doubles, freshness, leads
from .models import Activity, Company, Lead, Person, Task
from .services import made_and_held

STEP = 500


@events.subscribe("organisation.changed")
def _organisation_changed(event: Any) -> None:
    if {"lead_quiet_days", "time_zone"} & set(event.new):
        jobs.enqueue("contacts.derive_leads", {"after": 0}, key="all")
    if "time_zone" in event.new:
        for label in DAYS_OF:
            jobs.enqueue("contacts.derive_days", {"model": label, "after": 0})


@jobs.kind("contacts.derive_leads", label=_("Derive leads anew"))
def derive_leads(job: Any) -> None:
    """Derives the facts of 500 leads anew, then leaves the rest to the next step."""
    rows = list(Lead.objects.filter(pk__gt=job.payload["after"]).order_by("pk")[:STEP])
    leads.rebuild(rows)
    if len(rows) == STEP:
        jobs.enqueue("contacts.derive_leads", {"after": rows[-1].pk}, key="all")


DAYS_OF: dict[str, Any] = {"company": Company, "person": Person, "lead": Lead, "activity": Activity, "task": Task}


def _counted(row: Any) -> Iterable[tuple[str, dt.date | None]]:
    """The (stream, day) pairs in which a row is counted by its local day."""
    if isinstance(row, Activity):
        return [("activities.done", row.day)]
    if isinstance(row, Task):
        return [("tasks.due", row.due_day)]
    return [*made_and_held(row), (doubles.STREAMS[type(row)], row.created_day)]


@jobs.kind("contacts.derive_days", label=_("Recompute local days"))
def derive_days(job: Any) -> None:
    """Recomputes the local days of 500 rows in another time zone, and what else is derived from each, then leaves the rest to the next step.

    The days beside the new one are marked too: the row was counted on one of them, maybe since the numbers were computed anew.
    """
    model = DAYS_OF[job.payload["model"]]
    rows = list(model.objects.select_for_update().filter(pk__gt=job.payload["after"]).order_by("pk")[:STEP])
    for row in rows:
        row.save()
    if model._meta.label_lower in freshness.watched:
        freshness.derive(model._meta.label_lower, [row.pk for row in rows])
    found = {(stream, day) for row in rows for stream, day in _counted(row) if day is not None}
    dirty.mark({(stream, day + dt.timedelta(days=by)) for stream, day in found for by in (-1, 0, 1)})
    if len(rows) == STEP:
        jobs.enqueue("contacts.derive_days", {**job.payload, "after": rows[-1].pk})
