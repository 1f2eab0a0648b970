"""Setting fields on a record and knowing what changed; every service that edits goes through here."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.core.exceptions import ObjectDoesNotExist, ValidationError
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext as _

from .years import OUTSIDE, is_thinkable

CLOCKS_DIFFER = dt.timedelta(minutes=1)


def plain(value: Any) -> Any:
    """A value as the event log keeps it: records by id."""
    return value.pk if isinstance(value, models.Model) else value


def apply(record: models.Model, changes: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Sets the fields and returns (old, new) of those that differ, by field name. Unknown names raise TypeError."""
    old: dict[str, Any] = {}
    new: dict[str, Any] = {}
    for name, value in changes.items():
        field = record._meta.get_field(name)
        if not isinstance(field, models.Field) or field.many_to_many:
            raise TypeError(f"{record._meta.label}.{name} cannot be set here.")
        before = getattr(record, field.attname)
        setattr(record, name, value)
        after = getattr(record, field.attname)
        if before != after:
            old[name], new[name] = before, after
    return old, new


def lock(*records: models.Model) -> None:
    """Locks the rows of records of one table until the transaction ends, and reads them anew, so that what is checked and
    written builds on what is there now. Always in the order of ids, so that two callers do not wait for each other.
    """
    for record in sorted(records, key=lambda record: record.pk):
        model = type(record)
        try:
            record.refresh_from_db(from_queryset=model._base_manager.select_for_update())
        except ObjectDoesNotExist as error:
            raise ValidationError(_("This record was deleted or merged in the meantime.")) from error


def clean(record: models.Model) -> None:
    """Checks fields and uniqueness, with errors at the fields; dates have to lie in years that a calendar is made for.

    References are not looked up again: services are given records, and the database holds the keys. Check constraints are the
    database's too; the services see to it that they hold.
    """
    outside = [
        field.name
        for field in record._meta.concrete_fields
        if isinstance(value := getattr(record, field.attname), dt.date) and not is_thinkable(value)
    ]
    if outside:
        raise ValidationError(dict.fromkeys(outside, OUTSIDE))
    references = {field.name for field in record._meta.concrete_fields if field.is_relation}
    record.full_clean(exclude=references, validate_constraints=False)
    for constraint in record._meta.constraints:
        if isinstance(constraint, models.UniqueConstraint):
            constraint.validate(type(record), record)


def refuse_future(**moments: dt.datetime | None) -> None:
    """Raises at the fields whose moment has yet to come; a caller's clock may be a minute ahead."""
    limit = timezone.now() + CLOCKS_DIFFER
    ahead = [name for name, moment in moments.items() if moment is not None and moment > limit]
    if ahead:
        raise ValidationError({name: _("This moment lies in the future.") for name in ahead})


def refuse_delete(record: models.Model, what: str) -> None:
    """Raises the error that a record cannot be deleted because of what hangs on it."""
    raise ValidationError(
        _("“%(name)s” cannot be deleted: %(what)s. Merge it instead, or delete those first.") % {"name": record, "what": what}
    )
