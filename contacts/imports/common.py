"""What the kinds of contacts share: owners and dates of imported records, and writing many new ones at once."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext as _

from analytics import dirty
from crm import events
from crm.changes import plain
from crm.imports.engine import Step
from crm.imports.engine import refuse_by as refuse_by
from crm.imports.references import find_user
from crm.imports.registry import Kind, Row
from crm.models import User
from crm.periods import first_instant, local_day

from .. import doubles
from ..services import made_and_held


def import_day(step: Step) -> dt.datetime:
    """The first instant of the day the import began: what records without a date of their own are dated by."""
    return first_instant(local_day(step.run.created_at))


def owner_of(row: Row, step: Step, resource: str, *, new: bool) -> User | None:
    """The owner a row names; whoever imports with less than all rights owns what is new and nobody's."""
    owner = find_user(step, row)
    if owner is None and new and not row.refused and step.actor is not None and step.scope(resource, "change") != "all":
        owner = step.actor
    if owner is not None and not step.may_own(resource, owner):
        row.refuse("owner", _("belongs to another team"))
    return owner


def dating(row: Row, step: Step) -> dict[str, Any]:
    """Creation date of a new record: the given one, else the import day and a mark that keeps it out of flows."""
    created = row.get("created_at")
    return {"created_at": created or import_day(step), "undated": created is None}


def redating(row: Row, record: Any) -> dict[str, Any]:
    """The change of an existing record's date, when the row gives another one."""
    created = row.get("created_at")
    if created is None or (record.created_at == created and not record.undated):
        return {}
    return {"created_at": created, "undated": False}


def differing(record: models.Model, values: dict[str, Any]) -> dict[str, Any]:
    """The values that are not so already."""
    return {name: value for name, value in values.items() if plain(getattr(record, name)) != plain(value)}


def checked(kind: Kind, row: Row, record: models.Model) -> bool:
    """Validates the plain fields of a new record; references were found, constraints are the database's."""
    relations = [field.name for field in record._meta.concrete_fields if field.is_relation or field.name in ("number", "id")]
    try:
        record.clean_fields(exclude=relations)
    except ValidationError as error:
        refuse_by(row, kind, error)
    return not row.refused


def write_new(records: Sequence[Any], said: Sequence[dict[str, Any]]) -> None:
    """Writes new records with their events, and marks their days; set-based."""
    if not records:
        return
    for record in records:
        events.stamp(record)
    type(records[0])._default_manager.bulk_create(records, batch_size=500)
    kind = f"{records[0]._meta.model_name}.created"
    rows: list[tuple[Any, list[models.Model | None]]] = []
    for record, new in zip(records, said, strict=True):
        values = {name: plain(value) for name, value in new.items() if value not in ("", None)}
        rows.append(
            (
                events.build(kind, record, new=values),
                [record, getattr(record, "company", None) if hasattr(record, "company_id") else None],
            )
        )
    events.record_many(rows)
    matching = doubles.days(type(records[0]), {record.match_key for record in records})
    dirty.mark({mark for record in records for mark in made_and_held(record)}.union(matching))
