"""What the API shows of contacts and takes for them."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail, ValidationError

from contacts import services
from contacts.choices import LeadStatus
from contacts.models import Activity, Company, Lead, Person, PersonEmail, PersonPhone, Task
from crm.api.fields import MoneyField, ScopedField
from crm.api.serializers import RecordSerializer, StrictSerializer, WhenSerializer

KEPT = ["team", "origin", "created_at", "updated_at"]  # kept by the services, in this order at the end of every record


class CompanySerializer(RecordSerializer):
    annual_revenue = MoneyField(currency="annual_revenue_currency", required=False, allow_null=True)

    class Meta:
        model = Company
        fields = [
            "id", "name", "domain", "industry", "employees", "annual_revenue", "annual_revenue_currency", "country", "city",
            "parent", "source", "description", "customer_since", "owner", *KEPT,
        ]  # fmt: skip
        read_only_fields = ["id", "customer_since", *KEPT]

    def store(self, record: Company, values: dict[str, Any]) -> Company:
        return services.save_company(record, **values)


class EmailSerializer(StrictSerializer, serializers.ModelSerializer):
    class Meta:
        model = PersonEmail
        fields = ["email", "type"]


class PhoneSerializer(StrictSerializer, serializers.ModelSerializer):
    class Meta:
        model = PersonPhone
        fields = ["phone", "type", "e164"]
        read_only_fields = ["e164"]


class PersonSerializer(RecordSerializer):
    emails = EmailSerializer(many=True, required=False, max_length=20)
    phones = PhoneSerializer(many=True, required=False, max_length=20)

    class Meta:
        model = Person
        fields = [
            "id", "name", "title", "company", "emails", "phones", "language", "source", "consent", "consent_at", "description",
            "owner", *KEPT,
        ]  # fmt: skip
        read_only_fields = ["id", "consent_at", *KEPT]

    def store(self, record: Person, values: dict[str, Any]) -> Person:
        for name, text in (("emails", "email"), ("phones", "phone")):
            if name in values:
                values[name] = [(row[text], row.get("type", "work")) for row in values[name]]
        return services.save_person(record, **values)


class LeadSerializer(RecordSerializer):
    class Meta:
        model = Lead
        fields = [
            "id", "number", "name", "email", "phone", "company_name", "source", "medium", "campaign", "term", "content",
            "landing_page", "status", "score", "description", "first_response_at", "qualified_at", "converted_at", "closed_at",
            "company", "person", "owner", *KEPT,
        ]  # fmt: skip
        read_only_fields = [
            "id", "number", "score", "first_response_at", "qualified_at", "converted_at", "closed_at", "company", "person", *KEPT,
        ]  # fmt: skip

    def validate_status(self, status: str) -> str:
        """A lead is converted by converting it, so that company, person and deal come out of it."""
        if status == LeadStatus.CONVERTED and (self.instance is None or self.instance.status != status):
            raise ValidationError(ErrorDetail(_("Use convert."), code="use_convert"))
        return status

    def store(self, record: Lead, values: dict[str, Any]) -> Lead:
        return services.save_lead(record, **values)


class ActivitySerializer(RecordSerializer):
    class Meta:
        model = Activity
        fields = [
            "id", "kind", "at", "direction", "outcome", "minutes", "note", "company", "person", "lead", "owner", "team", "origin",
            "created_at",
        ]  # fmt: skip
        read_only_fields = ["id", "team", "origin", "created_at"]

    def store(self, record: Activity, values: dict[str, Any]) -> Activity:
        return services.log_activity(record, **values)


class TaskSerializer(RecordSerializer):
    class Meta:
        model = Task
        fields = [
            "id", "title", "kind", "due_at", "done_at", "note", "company", "person", "lead", "owner", "team", "origin",
            "created_at",
        ]  # fmt: skip
        read_only_fields = ["id", "team", "origin", "created_at"]

    def store(self, record: Task, values: dict[str, Any]) -> Task:
        return services.save_task(record, **values)


class CompleteSerializer(WhenSerializer):
    """When it was done."""


class MergeCompanySerializer(StrictSerializer):
    lose = ScopedField(queryset=Company.objects.all(), help_text=_("What is merged into this record, and gone then."))


class MergePersonSerializer(StrictSerializer):
    lose = ScopedField(queryset=Person.objects.all(), help_text=_("What is merged into this record, and gone then."))
