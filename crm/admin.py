"""Users, teams, the organisation, rates and the kernel's own tables in the administration."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group
from django.db import transaction
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from . import events, services
from .admin_base import ReadOnlyAdmin, ServiceAdmin, register_read_only
from .models import (
    ActiveDay,
    ApiToken,
    Event,
    EventLink,
    ExchangeRate,
    IdempotencyKey,
    ImportChunk,
    ImportIssue,
    ImportRun,
    Job,
    LoginEvent,
    Organisation,
    Team,
    User,
    UserSpan,
)
from .models.jobs import DuePeriod, Heartbeat
from .models.record import Counter

admin.site.unregister(Group)  # roles are the table in crm.access


@admin.register(User)
class UserAdmin(ServiceAdmin, DjangoUserAdmin):
    """Users are switched off, not deleted: their records and numbers stay theirs."""

    list_display = ["username", "name", "email", "role", "team", "is_active"]
    list_filter = ["role", "team", "is_active", "is_service"]
    list_select_related = ["team"]
    search_fields = ["username", "name", "email"]
    ordering = ["name"]
    filter_horizontal = ()
    fieldsets = [
        (None, {"fields": ["username", "password", "name", "email", "role", "team", "is_active"]}),
        (_("Work"), {"fields": ["carries_quota", "fte_percent", "is_service"]}),
        (_("Reading"), {"fields": ["language", "time_zone", "compact"]}),
        (_("Use"), {"fields": ["last_login", "date_joined"]}),
    ]
    add_fieldsets = [
        (None, {"fields": ["username", "name", "email", "role", "team", "usable_password", "password1", "password2"]}),
    ]
    readonly_fields = ["last_login", "date_joined"]

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        if change:
            super().save_model(request, obj, form, change)
        else:
            services.save_user(obj)  # the form has set the password on it already

    def store(self, record: User, changes: dict[str, Any]) -> User:
        changes.pop("password", None)
        return services.save_user(record, **changes)


@admin.register(Team)
class TeamAdmin(ServiceAdmin):
    list_display = ["name", "parent", "manager"]
    list_select_related = ["parent", "manager"]
    search_fields = ["name"]

    def store(self, record: Team, changes: dict[str, Any]) -> Team:
        return services.save_team(record, **changes)

    @transaction.atomic
    def remove(self, record: Team) -> None:
        events.record("team.deleted", record, old={"name": record.name})
        record.delete()


@admin.register(Organisation)
class OrganisationAdmin(ServiceAdmin):
    list_display = ["name", "time_zone", "base_currency", "fiscal_year_start"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def store(self, record: Organisation, changes: dict[str, Any]) -> Organisation:
        return services.save_organisation(record, **changes)


@admin.register(ExchangeRate)
class ExchangeRateAdmin(ServiceAdmin):
    list_display = ["currency", "date", "rate"]
    list_filter = ["currency"]
    date_hierarchy = "date"

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return ["currency", "date"] if obj else []

    def store(self, record: ExchangeRate, changes: dict[str, Any]) -> ExchangeRate:
        return services.set_rate(
            record.currency or changes["currency"], record.date or changes["date"], changes.get("rate", record.rate)
        )

    def remove(self, record: ExchangeRate) -> None:
        services.delete_rate(record)


@admin.register(ApiToken)
class ApiTokenAdmin(ReadOnlyAdmin):
    """Tokens can be withdrawn here; they are made by their owner, who alone sees the secret."""

    list_display = ["name", "user", "prefix", "scope", "created_at", "expires_at", "last_used_at"]
    list_select_related = ["user"]
    exclude = ["hashed"]

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.admin_site.has_permission(request)


@admin.register(Event)
class EventAdmin(ReadOnlyAdmin):
    list_display = ["at", "kind", "subject_name", "actor", "origin", "recorded_at"]
    list_select_related = ["actor"]
    list_filter = ["origin"]
    search_fields = ["kind__startswith", "subject_name"]


@admin.register(LoginEvent)
class LoginEventAdmin(ReadOnlyAdmin):
    list_display = ["at", "username", "user", "ok", "ip"]
    list_select_related = ["user"]
    list_filter = ["ok"]


@admin.register(IdempotencyKey)
class IdempotencyKeyAdmin(ReadOnlyAdmin):
    list_display = ["created_at", "user", "key", "status"]
    list_select_related = ["user"]
    exclude = ["body"]


@admin.register(Job)
class JobAdmin(ReadOnlyAdmin):
    list_display = ["id", "kind", "key", "state", "attempt", "run_at", "finished_at"]
    list_filter = ["state", "kind"]


register_read_only(ActiveDay, Counter, DuePeriod, EventLink, Heartbeat, ImportChunk, ImportIssue, ImportRun, UserSpan)
