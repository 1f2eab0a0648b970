"""Tasks keep the due date that was missed, and the local day they were due. What was put off before is read from the events."""

from __future__ import annotations

import datetime as dt
from typing import Any
from zoneinfo import ZoneInfo

from django.db import migrations, models
from django.utils.dateparse import parse_datetime

import crm.fields

STEP = 500


def missed(apps: Any) -> dict[int, dt.datetime]:
    """Task -> the first due time that had passed when it was changed for another before the task was done."""
    found: dict[int, dt.datetime] = {}
    done: set[int] = set()
    rows = apps.get_model("crm", "Event").objects.filter(subject_type="contacts.task", kind__in=("task.changed", "task.done"))
    for task, kind, at, old in rows.order_by("at", "id").values_list("subject_id", "kind", "at", "old").iterator():
        due = parse_datetime(old["due_at"]) if old.get("due_at") else None
        if due is not None and due < at and task not in done:
            found.setdefault(task, due)
        if kind == "task.done":
            done.add(task)
        elif "done_at" in old:
            done.discard(task)
    return found


def fill(apps: Any, schema_editor: Any) -> None:
    """Only rows; the days' sums are computed anew because the declarations changed."""
    model = apps.get_model("contacts", "Task")
    known = missed(apps)
    name = apps.get_model("crm", "Organisation").objects.values_list("time_zone", flat=True).first()
    zone = ZoneInfo(name or "UTC")
    last = 0
    while rows := list(model.objects.filter(pk__gt=last).order_by("pk")[:STEP]):
        for row in rows:
            due = known.get(row.pk)
            row.missed_at = due if due is not None and row.created_at <= due else None
            counted = row.missed_at or row.due_at
            row.due_day = counted.astimezone(zone).date() if counted else None
        model.objects.bulk_update(rows, ["missed_at", "due_day"])
        last = rows[-1].pk


class Migration(migrations.Migration):
    dependencies = [("contacts", "0002_initial"), ("crm", "0001_initial")]

    operations = [
        migrations.AddField("task", "missed_at", models.DateTimeField(blank=True, editable=False, null=True)),
        migrations.AddField("task", "due_day", crm.fields.LocalDayField(db_index=True, of="counted_at")),
        migrations.RunPython(fill, migrations.RunPython.noop),
    ]
