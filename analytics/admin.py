"""The stored numbers in the administration, to read; targets, success thresholds and own numbers, to change."""

from __future__ import annotations

from typing import Any

from django import forms
from django.apps import apps
from django.contrib import admin

from crm.admin_base import ReadOnlyAdmin, ServiceAdmin, register_read_only

from . import success, targets
from .models import KpiSnapshot, OwnNumber, SuccessThreshold, Target
from .own import services


@admin.register(KpiSnapshot)
class KpiSnapshotAdmin(ReadOnlyAdmin):
    list_display = ["kpi", "start", "end", "dimension", "member", "value", "n", "status", "current", "computed_at"]
    list_filter = ["status", "current", "grain", "kpi"]
    search_fields = ["kpi__startswith"]
    exclude = ["adjusts"]


class TargetForm(forms.ModelForm):
    """The value is in the stored unit, as the help says: minor units, seconds."""

    class Meta:
        model = Target
        fields = ["kpi", "grain", "start", "owner", "team", "value"]
        help_texts = {"value": "Minor units of the base currency, seconds, percent 0 to 100, or a plain number."}


@admin.register(Target)
class TargetAdmin(ServiceAdmin):
    form = TargetForm
    list_display = ["kpi", "grain", "start", "owner", "team", "value", "currency"]
    list_select_related = ["owner", "team"]
    list_filter = ["grain", "kpi"]
    search_fields = ["kpi__startswith"]
    raw_id_fields = ["owner"]

    def store(self, record: Any, changes: dict[str, Any]) -> Any:
        return targets.save_target(record, **changes)

    def remove(self, record: Any) -> None:
        targets.delete_target(record)


@admin.register(OwnNumber)
class OwnNumberAdmin(ServiceAdmin):
    list_display = ["name", "formula", "unit", "direction", "version"]
    list_filter = ["unit", "direction"]
    search_fields = ["name", "formula"]
    fields = ["name", "name_fr", "name_es", "definition", "formula", "unit", "direction", "minimum_sample"]

    def store(self, record: OwnNumber, changes: dict[str, Any]) -> OwnNumber:
        return services.save_own_number(record, **changes)

    def remove(self, record: OwnNumber) -> None:
        services.delete_own_number(record)


class ThresholdForm(TargetForm):
    class Meta(TargetForm.Meta):
        model = SuccessThreshold
        fields = ["kpi", "grain", "start", "owner", "team", "value", "dead_band"]


@admin.register(SuccessThreshold)
class ThresholdAdmin(TargetAdmin):
    form = ThresholdForm
    list_display = ["kpi", "grain", "start", "owner", "team", "value", "dead_band", "currency"]

    def store(self, record: SuccessThreshold, changes: dict[str, Any]) -> SuccessThreshold:
        return success.save_threshold(record, **changes)

    def remove(self, record: SuccessThreshold) -> None:
        success.delete_threshold(record)


OWN = (KpiSnapshot, OwnNumber, SuccessThreshold, Target)
register_read_only(*(model for model in apps.get_app_config("analytics").get_models() if model not in OWN))
