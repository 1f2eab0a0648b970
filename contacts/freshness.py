"""How long a record counts as fresh: half a year from each time somebody, or a sync, touched it (kpis.md 144).

What counts as a touch stands in the event log: creation, and every change of the record itself by a person, an import, the API, a mail
or a form. Calls and tasks with a customer do not confirm what is written about them.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from analytics import dirty
from crm import events
from crm.events import Origin
from crm.models import Event
from crm.periods import local_day

from .models import FreshSpan

FRESH_DAYS = 180
STEP = 500


@dataclass(frozen=True)
class Watched:
    """A kind of record whose freshness is kept."""

    entity: str
    plural: str
    model: Any


watched: dict[str, Watched] = {}  # label of the model -> what is kept of it


def keep_fresh(entity: str, plural: str, model: Any) -> None:
    """Keeps the freshness of a kind of record; its events are called after the entity."""
    watched[model._meta.label_lower] = Watched(entity, plural, model)


def runs(touches: Iterable[dt.date]) -> list[tuple[dt.date, dt.date]]:
    """The stretches [start, end) of days on which a record touched on these days is fresh; those that meet are one."""
    found: list[tuple[dt.date, dt.date]] = []
    for day in sorted(touches):
        end = day + dt.timedelta(days=FRESH_DAYS)
        if found and day <= found[-1][1]:
            found[-1] = found[-1][0], end
        else:
            found.append((day, end))
    return found


@events.watch
def _written(written: Sequence[Any]) -> None:
    """Reads the freshness of the records that events were written about anew; of those that are gone nothing is left."""
    touched: dict[str, set[int]] = defaultdict(set)
    gone: dict[str, set[int]] = defaultdict(set)
    for event in written:
        kind = watched.get(event.subject_type)
        if kind is None or not event.kind.startswith(f"{kind.entity}."):
            continue
        (gone if event.kind.endswith(".deleted") else touched)[event.subject_type].add(event.subject_id)
        if event.kind.endswith(".merged"):
            gone[event.subject_type].add(event.old["lost"])
    for label in touched.keys() | gone.keys():
        _forget(watched[label], gone[label])
        derive(label, touched[label] - gone[label])


def _forget(kind: Watched, ids: Iterable[int]) -> None:
    rows = FreshSpan.objects.filter(entity=kind.entity, record_id__in=list(ids))
    _mark(kind, list(rows))
    rows.delete()


def derive(label: str, ids: Iterable[int]) -> None:
    """Reads from the log when these records were fresh, and marks the days whose numbers change."""
    wanted = sorted(ids)
    for start in range(0, len(wanted), STEP):
        _derive(watched[label], label, wanted[start : start + STEP])


def _derive(kind: Watched, label: str, ids: Sequence[int]) -> None:
    about = Event.objects.filter(subject_type=label, subject_id__in=ids, kind__startswith=f"{kind.entity}.")
    touches: dict[int, set[dt.date]] = defaultdict(set)
    for pk, at in about.exclude(origin=Origin.SYSTEM).order_by().values_list("subject_id", "recorded_at"):
        touches[pk].add(local_day(at))
    fresh = []
    for record in kind.model._base_manager.filter(pk__in=ids).only("pk", "created_at", "owner_id", "team_id"):
        born = local_day(record.created_at)
        for first, end in runs({born, *(max(day, born) for day in touches[record.pk])}):
            span = FreshSpan(entity=kind.entity, record_id=record.pk, start_day=first, end_day=end)
            span.owner_id, span.team_id = record.owner_id, record.team_id
            fresh.append(span)
    before = FreshSpan.objects.filter(entity=kind.entity, record_id__in=ids)
    _mark(kind, [*before, *fresh])
    before.delete()
    FreshSpan.objects.bulk_create(fresh, batch_size=STEP)


def _mark(kind: Watched, spans: Sequence[FreshSpan]) -> None:
    began = [(f"{kind.plural}.fresh_in", span.start_day) for span in spans]
    dirty.mark([*began, *((f"{kind.plural}.fresh_out", span.end_day) for span in spans)])
