"""Surveys in the administration: settings can be changed there; answers and invitations are looked at."""

from __future__ import annotations

from typing import Any

from django.contrib import admin

from crm.admin_base import ReadOnlyAdmin, ReadOnlyInline, ServiceAdmin, register_read_only

from . import services
from .models import ClickLog, Invitation, QuestionVersion, Response, ResponseEdit, Survey, Unsubscribe


class VersionInline(ReadOnlyInline):
    model = QuestionVersion
    fields = ["version", "scale_min", "scale_max", "step", "polarity", "valid_from"]


class EditInline(ReadOnlyInline):
    model = ResponseEdit
    fields = ["score", "comment", "at"]


@admin.register(Survey)
class SurveyAdmin(ServiceAdmin):
    """Settings; the question is changed on the survey's own page, because another wording is another version."""

    list_display = ["name", "kind", "active", "trigger", "owner"]
    list_select_related = ["owner"]
    list_filter = ["kind", "active"]
    search_fields = ["name"]
    exclude = ["team", "created_at"]
    inlines = [VersionInline]

    def get_readonly_fields(self, request: Any, obj: Any = None) -> list[str]:
        return ["kind"] if obj is not None else []

    def store(self, record: Any, changes: dict[str, Any]) -> Any:
        return services.change_survey(record, **changes) if record.pk else services.create_survey(Survey(**changes))

    def remove(self, record: Any) -> None:
        services.delete_survey(record)


@admin.register(Response)
class ResponseAdmin(ReadOnlyAdmin):
    list_display = ["survey", "score", "band", "state", "person", "company", "responded_at"]
    list_select_related = ["survey", "person", "company"]
    list_filter = ["kind", "state"]
    inlines = [EditInline]


register_read_only(ClickLog, Invitation, QuestionVersion, ResponseEdit, Unsubscribe)
