"""Deals, their history and what they are made of in the administration."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin

from crm.admin_base import MoneyForm, ReadOnlyAdmin, ReadOnlyInline, ServiceAdmin, register_read_only

from . import catalogue, services
from .models import (
    ContractRun,
    ContractValue,
    Customer,
    CustomerSpell,
    CustomerValue,
    Deal,
    DealActivity,
    DealFacts,
    DealLine,
    DealPerson,
    DealState,
    DealTask,
    LossReason,
    MrrMovement,
    MrrSpan,
    Order,
    OrderLine,
    Pipeline,
    Product,
    Stage,
    StageVisit,
    Subscription,
    SubscriptionStep,
    TermEnd,
    TouchShare,
    ValueRun,
)


class PersonInline(ReadOnlyInline):
    model = DealPerson
    fields = ["person", "role"]


class LineInline(ReadOnlyInline):
    model = DealLine
    fields = ["product", "quantity", "discount"]


class StateInline(ReadOnlyInline):
    model = DealState
    fields = ["start", "end", "status", "stage", "owner", "expected_close", "by", "origin"]


class DealForm(MoneyForm):
    money = {"amount": "currency"}


@admin.register(Deal)
class DealAdmin(ServiceAdmin):
    """Status follows from winning, losing and reopening on the deal's own page; here its dates can be corrected."""

    form = DealForm
    list_display = ["number", "title", "company", "stage", "status", "owner", "created_at"]
    list_select_related = ["company", "stage", "owner"]
    list_filter = ["status", "pipeline"]
    search_fields = ["number", "title"]
    raw_id_fields = ["company", "product", "lead", "owner"]
    exclude = ["status", "team", "activities", "tasks"]
    inlines = [PersonInline, LineInline, StateInline]

    def store(self, record: Deal, changes: dict[str, Any]) -> Deal:
        if record.pk:
            return services.change_deal(record, **changes)
        return services.create_deal(Deal(**changes))

    def remove(self, record: Deal) -> None:
        services.delete_deal(record)

    def get_exclude(self, request: Any, obj: Deal | None = None) -> list[str]:
        """A date can be corrected only where the deal has it."""
        names = list(super().get_exclude(request, obj) or ())
        names += [name for name in ("won_at", "lost_at") if obj is None or getattr(obj, name) is None]
        return names if obj is not None and obj.lost_at else [*names, "lost_reason", "lost_note"]


class EntryAdmin(ServiceAdmin):
    """What administrators set up."""

    def store(self, record: Any, changes: dict[str, Any]) -> Any:
        return catalogue.save_entry(record, **changes)

    def remove(self, record: Any) -> None:
        catalogue.delete_entry(record)


class PipelineForm(forms.ModelForm):
    def _get_validation_exclusions(self) -> set[str]:
        """A second default is no error here: saving takes it from the first."""
        return {*super()._get_validation_exclusions(), "is_default"}


@admin.register(Pipeline)
class PipelineAdmin(EntryAdmin):
    form = PipelineForm
    list_display = ["name", "position", "is_default"]


@admin.register(Stage)
class StageAdmin(EntryAdmin):
    list_display = ["name", "pipeline", "position", "probability", "rotting_days"]
    list_filter = ["pipeline"]
    list_select_related = ["pipeline"]


@admin.register(LossReason)
class LossReasonAdmin(EntryAdmin):
    list_display = ["name", "position", "active"]


class ProductForm(MoneyForm):
    money = {"price": "currency"}


@admin.register(Product)
class ProductAdmin(EntryAdmin):
    form = ProductForm
    list_display = ["code", "name", "family", "currency", "active"]
    search_fields = ["code", "name"]


register_read_only(DealActivity, DealFacts, DealLine, DealPerson, DealState, DealTask, StageVisit)


class OrderLineInline(ReadOnlyInline):
    model = OrderLine
    fields = ["product", "text", "quantity"]


@admin.register(Order)
class OrderAdmin(ReadOnlyAdmin):
    """What was posted is only read; corrections are credit notes, written on the order's own page."""

    list_display = ["number", "kind", "customer", "currency", "ordered_at", "owner"]
    list_select_related = ["customer__company", "customer__person", "owner"]
    list_filter = ["kind"]
    search_fields = ["number"]
    inlines = [OrderLineInline]


@admin.register(ValueRun)
class ValueRunAdmin(ReadOnlyAdmin):
    """Each fit of the value model: its parameters and its error, or why it was refused."""

    list_display = ["day", "done", "refused", "customers", "repeaters", "error", "margin"]


@admin.register(ContractRun)
class ContractRunAdmin(ReadOnlyAdmin):
    """Each fit of the model of renewals: its parameters and its error, or why it was refused."""

    list_display = ["day", "refused", "due", "longest", "error", "margin"]


class StepInline(ReadOnlyInline):
    model = SubscriptionStep
    fields = ["day", "plan", "interval", "quantity", "paused", "owner"]


@admin.register(Subscription)
class SubscriptionAdmin(ReadOnlyAdmin):
    """Only read here: what is changed, is changed from a day on, on the subscription's own page."""

    list_display = ["number", "plan", "company", "currency", "status", "start", "term_end", "owner"]
    list_select_related = ["company", "owner"]
    list_filter = ["status"]
    search_fields = ["number", "plan"]
    inlines = [StepInline]


register_read_only(
    ContractValue, Customer, CustomerSpell, CustomerValue, MrrMovement, MrrSpan, OrderLine, SubscriptionStep, TermEnd, TouchShare
)
