"""Targets over the API: the same rules and services as on the pages."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Any

from django.core.exceptions import ValidationError as Refused
from django.utils.translation import gettext_lazy as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail, ValidationError

from analytics import filters, targets
from analytics.models import Target
from analytics.registry import kpis
from crm.api.fields import AMOUNT, ScopedField
from crm.api.serializers import RecordSerializer
from crm.api.views import Editable
from crm.models import Organisation, Team, User


@extend_schema_field(OpenApiTypes.DECIMAL)
class ValueField(serializers.Field):
    """Decimal text in the number's unit: money in major units, durations in days, percents 0 to 100."""

    default_error_messages = {"invalid": _("A decimal number as text, for example “1234.50”.")}

    def get_attribute(self, instance: Any) -> str:
        kpi, value = kpis.get(instance.kpi), getattr(instance, str(self.field_name))
        return f"{value if kpi is None else targets.outside(kpi, value, instance.currency):f}"

    def to_representation(self, value: str) -> str:
        return value

    def to_internal_value(self, data: Any) -> Decimal:
        if isinstance(data, bool) or not isinstance(data, int | str | Decimal) or not AMOUNT.fullmatch(str(data)):
            self.fail("invalid")
        try:
            return Decimal(str(data))
        except InvalidOperation:
            self.fail("invalid")
            raise


class TargetSerializer(RecordSerializer):
    owner = ScopedField(queryset=User.objects.all(), required=False, allow_null=True, help_text=_("The person it is for."))
    team = ScopedField(queryset=Team.objects.all(), required=False, allow_null=True, help_text=_("The team as a whole."))
    value = ValueField(help_text=_("In the number's unit; money in the base currency, durations in days."))
    unit = serializers.SerializerMethodField()

    class Meta:
        model = Target
        fields = [
            "id", "kpi", "grain", "start", "owner", "team", "value", "unit", "currency", "origin", "created_at", "updated_at",
        ]  # fmt: skip
        validators: list[Any] = []  # the service knows which two are the same
        read_only_fields = ["id", "unit", "currency", "origin", "created_at", "updated_at"]

    def get_unit(self, target: Target) -> str:
        kpi = kpis.get(target.kpi)
        return kpi.unit if kpi else ""

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Whose it is must be the caller's to say; the value is turned into the stored unit."""
        present = self.instance
        owner = attrs.get("owner", present.owner if present else None)
        team = attrs.get("team", present.team if present and not present.owner else None)
        if attrs.get("owner") is not None and attrs.get("team") is not None and owner.team_id != team.pk:
            raise ValidationError({"team": ErrorDetail(_("A target is of a person or of a team, not of both."), code="invalid")})
        if not targets.may_set(self.context["request"].user, owner, team):
            name = "owner" if owner is not None else "team"
            raise ValidationError({name: ErrorDetail(_("Choose one of your teams, or somebody in them."), code="does_not_exist")})
        if present is not None and present.owner and "owner" not in attrs:
            attrs.pop("team", None)
        kpi = kpis.get(attrs.get("kpi") or (present.kpi if present else ""))
        if kpi is not None and "value" in attrs:
            try:
                attrs["value"] = targets.inside(kpi, attrs["value"], Organisation.current().base_currency)
            except Refused as error:
                raise ValidationError(error.message_dict) from error
        return attrs

    def store(self, record: Target, values: dict[str, Any]) -> Target:
        return targets.save_target(record, **values)


class TargetEndpoint(Editable):
    """What numbers should be in a month, quarter or year: of a person, of a team, or, without either, of everyone."""

    resource = "target"
    queryset = Target.objects.all()
    serializer_class = TargetSerializer
    filterset_class = filters.TargetFilter
    ordering = "-start"
    ordering_fields = ("id", "start", "updated_at")

    def remove(self, record: Target) -> None:
        targets.delete_target(record)
