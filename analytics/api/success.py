"""Success thresholds over the API: the same rules and services as on the pages."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError as Refused
from django.utils.translation import gettext_lazy as _
from rest_framework.exceptions import ValidationError

from analytics import filters, success, targets
from analytics.models import SuccessThreshold
from analytics.registry import kpis
from crm.api.views import Editable
from crm.models import Organisation

from .targets import TargetSerializer, ValueField


class ThresholdSerializer(TargetSerializer):
    dead_band = ValueField(
        required=False,
        help_text=_("How far the number must fall back before it can be reached again."),
    )

    class Meta(TargetSerializer.Meta):
        model = SuccessThreshold
        fields = [
            "id", "kpi", "grain", "start", "owner", "team", "value", "dead_band", "unit", "currency", "origin", "created_at",
            "updated_at",
        ]  # fmt: skip

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        attrs = super().validate(attrs)
        kpi = kpis.get(attrs.get("kpi") or (self.instance.kpi if self.instance else ""))
        if kpi is not None and "dead_band" in attrs:
            try:
                attrs["dead_band"] = targets.inside(kpi, attrs["dead_band"], Organisation.current().base_currency)
            except Refused as error:
                raise ValidationError({"dead_band": error.messages}) from error
        return attrs

    def store(self, record: SuccessThreshold, values: dict[str, Any]) -> SuccessThreshold:
        return success.save_threshold(record, **values)


class ThresholdEndpoint(Editable):
    """From which level on numbers count as a success: of a person, of a team, or, without either, of everyone."""

    resource = "successthreshold"
    queryset = SuccessThreshold.objects.all()
    serializer_class = ThresholdSerializer
    filterset_class = filters.ThresholdFilter
    ordering = "-start"
    ordering_fields = ("id", "start", "updated_at")

    def remove(self, record: SuccessThreshold) -> None:
        success.delete_threshold(record)
