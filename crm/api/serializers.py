"""Base of the API's serializers: explicit fields in, explicit fields out, writes through services."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail, ValidationError

from ..changes import CLOCKS_DIFFER
from ..models import Organisation, User
from ..money import validate_currency
from .fields import DayField, InstantField, MoneyField, OwnerField, ScopedField


class StrictSerializer(serializers.Serializer):
    """Refuses what it does not know, and a read-only field that differs from what the record holds.

    A representation that was read may so be sent back as it is; a value that would silently be dropped is an error.
    """

    default_error_messages = {"unknown": _("There is no such field."), "read_only": _("This field cannot be set.")}

    def to_internal_value(self, data: Any) -> Any:
        wrong = self._not_writable(data) if isinstance(data, dict) else {}
        try:
            values = super().to_internal_value(data)
        except ValidationError as error:
            if isinstance(error.detail, dict):
                raise ValidationError({**wrong, **error.detail}) from error
            raise
        if wrong:
            raise ValidationError(wrong)
        return values

    def _not_writable(self, data: dict) -> dict[str, list[ErrorDetail]]:
        writable = {field.field_name for field in self._writable_fields}
        names = [name for name in data if name not in writable]
        if not names:
            return {}
        present = self.to_representation(self.instance) if isinstance(self.instance, models.Model) else {}
        wrong = {}
        for name in names:
            code = "read_only" if name in self.fields else "unknown"
            nested_row = code == "read_only" and self.instance is None and self.parent is not None
            if not nested_row and not (name in present and present[name] == data[name]):
                wrong[str(name)[:60]] = [ErrorDetail(self.error_messages[code], code=code)]
        return wrong


class WhenSerializer(StrictSerializer):
    """An action that happened at another moment than now, but not one that will: a caller's clock may be a minute ahead."""

    at = InstantField(required=False)

    def validate_at(self, at: dt.datetime) -> dt.datetime:
        now = timezone.now()
        if at > now + CLOCKS_DIFFER:
            raise ValidationError(ErrorDetail(_("This moment lies in the future."), code="future"))
        return min(at, now)


class RecordSerializer(StrictSerializer, serializers.ModelSerializer):
    """A model's record. Subclasses name their fields and write in `store`, by calling a service."""

    serializer_field_mapping = {
        **serializers.ModelSerializer.serializer_field_mapping,
        models.DateTimeField: InstantField,
        models.DateField: DayField,
    }
    serializer_related_field = ScopedField

    def build_relational_field(self, field_name: str, relation_info: Any) -> tuple[type, dict]:
        kind, options = super().build_relational_field(field_name, relation_info)
        return (OwnerField if relation_info.related_model is User and kind is ScopedField else kind), options

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if self.instance is None and isinstance(self.fields.get("owner"), OwnerField):
            attrs.setdefault("owner", self.context["request"].user)
        self.count_money(attrs)
        return attrs

    def count_money(self, attrs: dict[str, Any]) -> None:
        """Turns amounts into minor units. An amount cannot be left as it is when its currency changes: 12.34 of what?"""
        for name, field in self.fields.items():
            if not isinstance(field, MoneyField) or field.read_only:
                continue
            currency = self.currency_of(field.currency, attrs)
            if attrs.get(name) is not None:
                attrs[name] = in_minor(name, field, attrs[name], currency)
                attrs.setdefault(field.currency, currency)
            elif name not in attrs and self.instance and getattr(self.instance, name) is not None:
                if currency != getattr(self.instance, field.currency):
                    raise ValidationError({name: ErrorDetail(_("Give the amount in the new currency too."), code="required")})

    def currency_of(self, name: str, attrs: dict[str, Any]) -> str:
        """The currency that will hold: as sent, as it is, or the organisation's."""
        currency = attrs.get(name) or getattr(self.instance, name, "") or Organisation.current().base_currency
        validate_currency(currency)
        return currency

    def create(self, validated_data: dict[str, Any]) -> Any:
        return self.store(self.Meta.model(), validated_data)

    def update(self, instance: Any, validated_data: dict[str, Any]) -> Any:
        return self.store(instance, validated_data)

    def store(self, record: Any, values: dict[str, Any]) -> Any:
        """Writes through the service and returns the record."""
        raise NotImplementedError


def in_minor(name: str, field: MoneyField, value: Any, currency: str) -> int:
    """Minor units, with errors on the field."""
    try:
        return field.minor(value, currency)
    except ValidationError as error:
        raise ValidationError({name: error.detail}) from error
