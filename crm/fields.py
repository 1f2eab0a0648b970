"""Model fields of the kernel."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db import models

from . import periods


class LocalDayField(models.DateField):
    """The organisation's local day of an instant that another field holds.

    Numbers are counted by local day, so the day is stored beside the instant: filtering and grouping then use the same
    calendar by construction, on both databases, without a conversion per row. Kept up by `save` and `bulk_create`;
    `update()` of the instant must set the day too (`periods.local_day`). A change of the organisation's time zone
    recomputes all of them (`crm.services.change_time_zone`).
    """

    def __init__(self, of: str = "", **kwargs: Any) -> None:
        self.of = of
        super().__init__(**{"null": True, "blank": True, "editable": False, **kwargs})

    def deconstruct(self) -> tuple:
        name, path, args, kwargs = super().deconstruct()
        kwargs.pop("null", None), kwargs.pop("blank", None), kwargs.pop("editable", None)
        return name, path, args, {"of": self.of, **kwargs}

    def pre_save(self, model_instance: models.Model, add: bool) -> dt.date | None:
        instant = getattr(model_instance, self.of)
        day = periods.local_day(instant) if instant else None
        setattr(model_instance, self.attname, day)
        return day


class LocalDayMixin(models.Model):
    """Adds the stored local days to `update_fields` when their instants are saved."""

    class Meta:
        abstract = True

    def save(self, *args: Any, update_fields: Any = None, **kwargs: Any) -> None:
        if update_fields is not None:
            update_fields = set(update_fields)
            for field in self._meta.concrete_fields:
                if isinstance(field, LocalDayField) and field.of in update_fields:
                    update_fields.add(field.name)
        super().save(*args, update_fields=update_fields, **kwargs)
