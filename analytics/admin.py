"""The stored numbers in the administration, to read."""

from __future__ import annotations

from django.apps import apps
from django.contrib import admin

from crm.admin_base import ReadOnlyAdmin, register_read_only

from .models import KpiSnapshot


@admin.register(KpiSnapshot)
class KpiSnapshotAdmin(ReadOnlyAdmin):
    list_display = ["kpi", "start", "end", "dimension", "member", "value", "n", "status", "current", "computed_at"]
    list_filter = ["status", "current", "grain", "kpi"]
    search_fields = ["kpi__startswith"]
    exclude = ["adjusts"]


register_read_only(*(model for model in apps.get_app_config("analytics").get_models() if model is not KpiSnapshot))
