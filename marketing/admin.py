"""Campaigns and costs in the administration."""

from __future__ import annotations

from typing import Any

from django.contrib import admin

from crm.admin_base import MoneyForm, ReadOnlyInline, ServiceAdmin, register_read_only

from . import services, web_forms
from .models import (
    Campaign,
    CampaignMember,
    CampaignMessage,
    Cost,
    CostDay,
    Hit,
    Submission,
    Visit,
    WebForm,
    WebFormDay,
    WebFormEntry,
)


class CampaignForm(MoneyForm):
    money = {"budget": "currency"}


class MemberInline(ReadOnlyInline):
    model = CampaignMember
    fields = ["lead", "person", "status", "responded_at"]


@admin.register(Campaign)
class CampaignAdmin(ServiceAdmin):
    form = CampaignForm
    list_display = ["name", "kind", "status", "channel", "start", "end", "owner"]
    list_select_related = ["owner"]
    list_filter = ["status", "kind"]
    search_fields = ["name", "code"]
    raw_id_fields = ["owner"]
    exclude = ["team", "created_at"]
    inlines = [MemberInline]

    def store(self, record: Campaign, changes: dict[str, Any]) -> Campaign:
        return services.save_campaign(record, **changes)

    def remove(self, record: Campaign) -> None:
        services.delete_campaign(record)


class CostForm(MoneyForm):
    money = {"amount": "currency"}


@admin.register(Cost)
class CostAdmin(ServiceAdmin):
    form = CostForm
    list_display = ["name", "category", "purpose", "campaign", "channel", "posted_on", "until", "currency"]
    list_select_related = ["campaign"]
    list_filter = ["category", "purpose"]
    search_fields = ["name"]
    raw_id_fields = ["campaign", "owner"]
    exclude = ["created_at"]

    def store(self, record: Cost, changes: dict[str, Any]) -> Cost:
        return services.save_cost(record, **changes)

    def remove(self, record: Cost) -> None:
        services.delete_cost(record)


@admin.register(WebForm)
class WebFormAdmin(ServiceAdmin):
    list_display = ["name", "title", "campaign", "active", "owner"]
    list_select_related = ["campaign", "owner"]
    list_filter = ["active"]
    search_fields = ["name"]
    raw_id_fields = ["campaign", "owner"]
    exclude = ["team", "created_at"]

    def store(self, record: WebForm, changes: dict[str, Any]) -> WebForm:
        return web_forms.save_form(record, **changes)

    def remove(self, record: WebForm) -> None:
        web_forms.delete_form(record)


register_read_only(CampaignMember, CampaignMessage, CostDay, Hit, Submission, Visit, WebFormDay, WebFormEntry)
