"""Serializer fields of the API: money in major units, exact instants, related records within the caller's reach."""

from __future__ import annotations

import datetime as dt
import re
from decimal import Decimal
from typing import Any

from django.db.models import Model, Q, QuerySet
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext_lazy as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from .. import access
from ..money import LARGEST, exponent, to_major, to_minor
from ..years import FIRST_YEAR, LAST_YEAR, is_thinkable

AMOUNT = re.compile(r"-?[0-9]{1,20}(\.[0-9]{1,10})?")


def _in_range(field: serializers.Field, value: dt.date) -> None:
    if not is_thinkable(value):
        field.fail("range", first=FIRST_YEAR, last=LAST_YEAR)


class DayField(serializers.DateField):
    """A local day, YYYY-MM-DD, between 1900 and 2200."""

    default_error_messages = {"range": _("A date from {first} to {last}.")}

    def to_internal_value(self, value: Any) -> dt.date:
        day = super().to_internal_value(value)
        _in_range(self, day)
        return day


class InstantField(serializers.DateTimeField):
    """An instant with its offset; given out in UTC. Without an offset it could be two instants, so it is refused."""

    default_error_messages = {
        "range": _("A date from {first} to {last}."),
        "naive": _("Give the offset too, for example 2026-05-18T10:00:00Z."),
    }

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"default_timezone": dt.UTC, **kwargs})

    def to_internal_value(self, value: Any) -> dt.datetime:
        try:
            instant = parse_datetime(value) if isinstance(value, str) else None
        except ValueError:
            instant = None
        if instant is None:
            self.fail("invalid", format="YYYY-MM-DDThh:mm:ss+hh:mm")
        if instant.tzinfo is None:
            self.fail("naive")
        _in_range(self, instant)
        return instant.astimezone(dt.UTC)


@extend_schema_field(OpenApiTypes.DECIMAL)
class MoneyField(serializers.Field):
    """Minor units in the database, a decimal string in major units outside ("1234.50"). The record's `currency` names the unit.

    What comes in stays a Decimal until the serializer knows the currency (`Serializer.validate`).
    """

    default_error_messages = {
        "invalid": _("A decimal number as text, for example “1234.50”."),
        "too_large": _("The amount is too large."),
        "negative": _("The amount cannot be negative."),
        "places": _("{currency} has {places} decimal places."),
    }

    def __init__(self, *, currency: str = "currency", **kwargs: Any) -> None:
        self.currency = currency
        super().__init__(**kwargs)

    def get_attribute(self, instance: Any) -> Decimal | None:
        minor = super().get_attribute(instance)
        unit = instance
        for name in self.currency.split("."):
            unit = getattr(unit, name)
        return None if minor is None else to_major(minor, unit)

    def to_representation(self, value: Decimal) -> str:
        return f"{value:f}"

    def to_internal_value(self, data: Any) -> Decimal:
        if isinstance(data, str) and AMOUNT.fullmatch(data):
            data = Decimal(data)
        if isinstance(data, bool) or not isinstance(data, int | Decimal):
            self.fail("invalid")
        value = Decimal(data)
        if value < 0:
            self.fail("negative")
        if value.adjusted() > 15:
            self.fail("too_large")
        return value

    def minor(self, value: Decimal, currency: str) -> int:
        """The amount in the currency's minor units; more places than it has, or too much, is refused."""
        places = exponent(currency)
        if value and value != value.quantize(Decimal(1).scaleb(-places)):
            self.fail("places", currency=currency, places=places)
        minor = to_minor(value, currency)
        if minor > LARGEST:
            self.fail("too_large")
        return minor


class ScopedField(serializers.PrimaryKeyRelatedField):
    """The id of a record that the caller may see, or that is there already; any other is refused as if it did not exist."""

    def get_queryset(self) -> QuerySet:
        queryset = super().get_queryset()
        if hasattr(queryset, "visible_to") and "request" in self.context:
            user = self.context["request"].user
            queryset = queryset.filter(Q(pk__in=queryset.visible_to(user).values("pk")) | Q(pk=self.present()))
        return queryset

    def present(self) -> int | None:
        """The id that the record being changed holds now."""
        instance = getattr(self.parent, "instance", None)
        return getattr(instance, f"{self.source}_id", None) if isinstance(instance, Model) else None

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, bool) or not isinstance(data, int | str):
            self.fail("incorrect_type", data_type=type(data).__name__)
        return super().to_internal_value(data)


class OwnerField(ScopedField):
    """The user who owns the record: someone the caller may hand it to. Nobody is possible only with rights over all records."""

    default_error_messages = {"nobody": _("Only someone who sees all records may leave one without owner.")}

    def get_queryset(self) -> QuerySet:
        queryset = serializers.PrimaryKeyRelatedField.get_queryset(self)
        if "request" not in self.context:
            return queryset
        assignable = access.assignable(self.context["request"].user, self.context["view"].resource)
        return queryset.filter(Q(pk__in=assignable.values("pk")) | Q(pk=self.present()))

    def validate_empty_values(self, data: Any) -> tuple[bool, Any]:
        if data is None and "request" in self.context:
            instance = getattr(self.parent, "instance", None)
            free = access.scope_of(self.context["request"].user, self.context["view"].resource, "change") == "all"
            if not free and (instance is None or self.present() is not None):
                self.fail("nobody")
        return super().validate_empty_values(data)
