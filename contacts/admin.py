"""Companies, people, leads, activities and tasks in the administration."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from crm.admin_base import MoneyForm, ServiceAdmin, register_read_only

from . import services
from .models import (
    Activity,
    Company,
    FreshSpan,
    Lead,
    LeadFacts,
    LeadScore,
    Person,
    PersonEmail,
    PersonPhone,
    Task,
    UntouchedSpan,
)


class CompanyForm(MoneyForm):
    money = {"annual_revenue": "annual_revenue_currency"}


@admin.register(Company)
class CompanyAdmin(ServiceAdmin):
    form = CompanyForm
    list_display = ["name", "domain", "industry", "country", "owner", "created_at"]
    list_select_related = ["owner"]
    search_fields = ["name", "domain"]
    raw_id_fields = ["parent", "owner"]
    exclude = ["team"]  # follows the owner

    def store(self, record: Company, changes: dict[str, Any]) -> Company:
        return services.save_company(record, **changes)

    def remove(self, record: Company) -> None:
        services.delete_company(record)


class AddressInline(admin.TabularInline):
    """E-mails and phones; `PersonAdmin` saves them together with the person."""

    extra = 0
    fields: list[str] = []

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.admin_site.has_permission(request)

    has_add_permission = has_view_permission
    has_change_permission = has_view_permission
    has_delete_permission = has_view_permission


class EmailInline(AddressInline):
    model = PersonEmail
    fields = ["email", "type"]


class PhoneInline(AddressInline):
    model = PersonPhone
    fields = ["phone", "type"]


@admin.register(Person)
class PersonAdmin(ServiceAdmin):
    list_display = ["name", "title", "company", "owner", "created_at"]
    list_select_related = ["company", "owner"]
    search_fields = ["name", "emails__email"]
    raw_id_fields = ["company", "owner"]
    exclude = ["team"]  # follows the owner
    inlines = [EmailInline, PhoneInline]

    def store(self, record: Person, changes: dict[str, Any]) -> Person:
        return services.save_person(record, **changes)

    def remove(self, record: Person) -> None:
        services.delete_person(record)

    def save_related(self, request: HttpRequest, form: Any, formsets: list[Any], change: bool) -> None:
        lists = {}
        for formset in formsets:
            formset.new_objects, formset.changed_objects, formset.deleted_objects = [], [], []  # what the admin's log reads
            if formset.has_changed():
                text = "email" if formset.model is PersonEmail else "phone"
                rows = [row for row in formset.cleaned_data if row and not row.get("DELETE")]
                lists[f"{text}s"] = [(row[text], row["type"]) for row in rows]
        if lists:
            services.save_person(Person.objects.get(pk=form.instance.pk), **lists)


@admin.register(Lead)
class LeadAdmin(ServiceAdmin):
    list_display = ["number", "name", "company_name", "status", "source", "owner", "created_at"]
    list_select_related = ["owner"]
    list_filter = ["status"]
    search_fields = ["number", "name", "email"]
    raw_id_fields = ["company", "person", "owner"]
    exclude = ["team"]  # follows the owner

    def store(self, record: Lead, changes: dict[str, Any]) -> Lead:
        return services.save_lead(record, **changes)

    def remove(self, record: Lead) -> None:
        services.delete_lead(record)


@admin.register(Activity)
class ActivityAdmin(ServiceAdmin):
    list_display = ["at", "kind", "direction", "owner", "company", "person", "lead"]
    list_select_related = ["owner", "company", "person", "lead"]
    list_filter = ["kind", "direction"]
    raw_id_fields = ["company", "person", "lead", "owner"]
    exclude = ["team"]  # follows the owner

    def store(self, record: Activity, changes: dict[str, Any]) -> Activity:
        return services.log_activity(record, **changes)

    def remove(self, record: Activity) -> None:
        services.delete_activity(record)


@admin.register(Task)
class TaskAdmin(ServiceAdmin):
    list_display = ["title", "kind", "due_at", "done_at", "owner"]
    list_select_related = ["owner"]
    list_filter = ["kind"]
    raw_id_fields = ["company", "person", "lead", "owner"]
    exclude = ["team"]  # follows the owner

    def store(self, record: Task, changes: dict[str, Any]) -> Task:
        return services.save_task(record, **changes)

    def remove(self, record: Task) -> None:
        services.delete_task(record)


register_read_only(FreshSpan, LeadFacts, LeadScore, PersonEmail, PersonPhone, UntouchedSpan)
