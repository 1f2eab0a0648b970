"""Forms that change records: limited to what the user may see, safe when two people edit at once."""

from __future__ import annotations

import copy
import datetime as dt
import json
from dataclasses import dataclass
from typing import Any

from django import forms
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db.models import Model, Q
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _

from .access import scope_of
from .filters import colleagues
from .forms import MomentField, bounded
from .models import Event, User
from .money import format_money


def text(value: Any) -> str:
    """A field's value as one comparable string; times to the minute, because that is what a form shows."""
    if value is None or value == "":
        return ""
    if isinstance(value, Model):
        return str(value.pk)
    if isinstance(value, dt.datetime):
        return value.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M")
    return str(value)


@dataclass(frozen=True)
class Conflict:
    """A field that somebody else changed while the user was changing it too."""

    label: str
    who: str
    when: dt.datetime | None
    now: str

    def __str__(self) -> str:
        words = {"who": self.who, "field": self.label, "now": self.now or "—"}
        if self.when is None:
            return _("%(field)s was changed to “%(now)s”.") % words
        words["when"] = date_format(timezone.localtime(self.when), "TIME_FORMAT")
        return _("%(who)s changed %(field)s to “%(now)s” at %(when)s.") % words


class RecordForm(forms.ModelForm):
    """Base of the forms for records.

    The form works on a copy, so the record stays as it is until a service changes it. `seen` carries the values the user
    started from: only what the user really changed is saved (`changes`), so two people who change different fields do not
    undo each other, and the same field changed twice is a conflict that is shown, not a silent loss (`conflicts`).
    """

    seen = forms.CharField(required=False, widget=forms.HiddenInput, max_length=100_000)

    def __init__(self, *args: Any, user: Any, instance: Any = None, **kwargs: Any) -> None:
        self.user = user
        self.record = instance if instance is not None else self._meta.model()  # type: ignore[attr-defined]
        self.creating = self.record.pk is None
        super().__init__(*args, instance=copy.copy(self.record), **kwargs)  # type: ignore[misc]
        bounded(self.fields)
        self._limit_choices()
        if not self.creating:
            self.initial["seen"] = self.snapshot()

    def _limit_choices(self) -> None:
        """Related records are those the user may see, and the one that is there already."""
        for name, field in self.fields.items():
            if not isinstance(field, forms.ModelChoiceField) or field.queryset is None:
                continue
            if field.queryset.model is User:
                allowed: Any = colleagues(self.user)
            elif hasattr(field.queryset, "visible_to"):
                allowed = field.queryset.visible_to(self.user)
            else:
                continue
            present = getattr(self.record, f"{name}_id", None)
            if present is not None and allowed.query.has_filters():  # without, it is among them
                allowed = field.queryset.model._default_manager.filter(Q(pk__in=allowed.values("pk")) | Q(pk=present))
            field.queryset = allowed
        if "owner" in self.fields:
            self._set_up_owner()

    def _set_up_owner(self) -> None:
        if self.creating and not self.initial.get("owner"):
            self.initial["owner"] = self.user.pk
        if scope_of(self.user, self.record._meta.model_name, "change") == "own":
            # Giving the record away would take it out of the user's own sight; managers do that.
            del self.fields["owner"]

    def _clean_fields(self) -> None:
        """A time that was sent back as it was shown is the one that is stored, to the second and on the right side of a clock change."""
        super()._clean_fields()  # type: ignore[misc]
        for name, field in self.fields.items():
            if isinstance(field, MomentField) and name in self.model_fields:
                stored = getattr(self.record, name)
                if field.shows(self.data.get(self.add_prefix(name)), stored):
                    self.cleaned_data[name] = stored

    @property
    def model_fields(self) -> list[str]:
        """The form's fields that are columns of the record."""
        names = {field.name for field in self.record._meta.concrete_fields}
        return [name for name in self.fields if name in names]

    def snapshot(self) -> str:
        """The record's present values for the hidden field."""
        values = {name: text(getattr(self.record, self.record._meta.get_field(name).attname)) for name in self.model_fields}
        values["@"] = timezone.now().isoformat()
        return json.dumps(values)

    def _seen(self) -> dict[str, str]:
        try:
            values = json.loads(self.data.get(self.add_prefix("seen")) or "{}")
        except ValueError:
            return {}
        return values if isinstance(values, dict) else {}

    def changes(self) -> dict[str, Any]:
        """What to hand to the service: everything for a new record, else what the user changed."""
        values = {name: self.cleaned_data[name] for name in self.model_fields if name in self.cleaned_data}
        if self.creating:
            if "owner" not in values:
                values["owner"] = self.user
            return values
        seen = self._seen()
        return {name: value for name, value in values.items() if text(value) != seen.get(name, self._present(name))}

    def _present(self, name: str) -> str:
        return text(getattr(self.record, self.record._meta.get_field(name).attname))

    def conflicts(self) -> list[Conflict]:
        """Fields that both the user and somebody else changed, differently, since the form was opened."""
        if self.creating:
            return []
        seen, mine = self._seen(), self.changes()
        names = [
            name
            for name, value in mine.items()
            if name in seen and seen[name] != self._present(name) and text(value) != self._present(name)
        ]
        return [self._conflict(name, seen.get("@", "")) for name in names]

    def _conflict(self, name: str, since: str) -> Conflict:
        events = Event.objects.filter(subject_type=self.record._meta.label_lower, subject_id=self.record.pk, new__has_key=name)
        try:
            events = events.filter(recorded_at__gte=dt.datetime.fromisoformat(since))
        except (ValueError, TypeError):
            pass
        event = events.select_related("actor").order_by("-pk").first()
        who = str(event.actor or _("Somebody")) if event else str(_("Somebody"))
        return Conflict(str(self.fields[name].label), who, event.recorded_at if event else None, shown(self.record, name))

    def keep_typed(self) -> None:
        """After a conflict: the same values again, now against the present record, so that saving again keeps them."""
        data: Any = self.data
        self.data = data = data.copy()
        seen = self._seen() | {name: self._present(name) for name in self.model_fields if name in self.changes()}
        data[self.add_prefix("seen")] = json.dumps(seen)

    def take_errors(self, error: ValidationError) -> None:
        """Puts a service's errors at their fields, or on top when the form does not show the field."""
        if not hasattr(error, "error_dict"):
            self.add_error(None, error)
            return
        for name, errors in error.error_dict.items():
            self.add_error(name if name in self.fields and name != NON_FIELD_ERRORS else None, errors)


def shown(record: Any, name: str) -> str:
    """A field's value in words."""
    value = getattr(record, name)
    if hasattr(record, f"get_{name}_display"):
        return str(getattr(record, f"get_{name}_display")())
    if name in ("amount", "price") and value is not None:
        return format_money(value, record.currency, cents=False)
    if isinstance(value, dt.datetime):
        return date_format(timezone.localtime(value), "SHORT_DATETIME_FORMAT")
    if isinstance(value, dt.date):
        return date_format(value, "SHORT_DATE_FORMAT")
    return "" if value is None else str(value)[:80]
