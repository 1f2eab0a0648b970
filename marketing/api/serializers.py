"""What the API shows of campaigns and costs, and takes for them."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail, ValidationError

from contacts.api.serializers import KEPT
from contacts.models import Lead, Person
from crm.access import covers, scope_of, team_ids
from crm.api.fields import InstantField, MoneyField, ScopedField
from crm.api.serializers import RecordSerializer, StrictSerializer
from crm.models import Organisation
from crm.money import to_major, validate_currency
from marketing import mailing, services, web_forms
from marketing.choices import MemberStatus
from marketing.models import Campaign, CampaignMember, CampaignMessage, Cost, Visit, WebForm


class CampaignSerializer(RecordSerializer):
    code = serializers.CharField(max_length=120, required=False, allow_blank=True, help_text=_("Without it: the name."))
    budget = MoneyField(required=False, allow_null=True)
    currency = serializers.CharField(max_length=3, required=False, validators=[validate_currency])

    class Meta:
        model = Campaign
        fields = [
            "id", "name", "code", "kind", "status", "source", "channel", "start", "end", "budget", "currency", "description",
            "owner", *KEPT,
        ]  # fmt: skip
        read_only_fields = ["id", *KEPT]

    def store(self, record: Campaign, values: dict[str, Any]) -> Campaign:
        return services.save_campaign(record, **values)


class MemberSerializer(serializers.ModelSerializer):
    """A member as it is."""

    responded_at = InstantField(read_only=True)
    added_at = InstantField(read_only=True)

    class Meta:
        model = CampaignMember
        fields = ["id", "lead", "person", "status", "responded_at", "added_at"]
        read_only_fields = fields


class NewMemberSerializer(StrictSerializer):
    """Whom to add, or how far the campaign got with who is a member already."""

    lead = ScopedField(queryset=Lead.objects.all(), required=False, allow_null=True)
    person = ScopedField(queryset=Person.objects.all(), required=False, allow_null=True)
    status = serializers.ChoiceField(choices=MemberStatus.choices, default=MemberStatus.PLANNED)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if bool(attrs.get("lead")) == bool(attrs.get("person")):
            raise ValidationError({"lead": ErrorDetail(_("Give a lead or a person."), code="required")})
        return attrs


class OutMemberSerializer(StrictSerializer):
    """Whom to take out."""

    member = serializers.PrimaryKeyRelatedField(queryset=CampaignMember.objects.all())


class CampaignMessageSerializer(RecordSerializer):
    class Meta:
        model = CampaignMessage
        fields = [
            "id", "campaign", "number", "email", "person", "lead", "sent_at", "bounced_at", "opened_at", "open_by_machine",
            "clicked_at", "opted_out_at", "owner", "team", "origin",
        ]  # fmt: skip
        read_only_fields = ["id", "person", "lead", "owner", "team", "origin"]

    def validate_campaign(self, campaign: Campaign) -> Campaign:
        """Messages move a campaign's numbers: only who may change it adds some."""
        if not covers(self.context["request"].user, campaign, "change"):
            raise ValidationError(ErrorDetail(_("This is not a campaign of yours."), code="does_not_exist"))
        return campaign

    def store(self, record: CampaignMessage, values: dict[str, Any]) -> CampaignMessage:
        return mailing.save_message(record, **values)


class CostSerializer(RecordSerializer):
    amount = MoneyField()
    currency = serializers.CharField(max_length=3, required=False, validators=[validate_currency])
    base_amount = serializers.SerializerMethodField(help_text=_("At the rate of the day it was posted; null without one."))

    class Meta:
        model = Cost
        fields = [
            "id", "name", "posted_on", "until", "category", "purpose", "campaign", "channel", "amount", "currency", "base_amount",
            "description", "team", "owner", "origin", "created_at", "updated_at",
        ]  # fmt: skip
        read_only_fields = ["id", "base_amount", "origin", "created_at", "updated_at"]

    @extend_schema_field(OpenApiTypes.DECIMAL)
    def get_base_amount(self, cost: models.Model) -> str | None:
        minor = cost.base_amount  # type: ignore[attr-defined]
        return None if minor is None else f"{to_major(minor, Organisation.current().base_currency):f}"

    def validate_team(self, team: Any) -> Any:
        """Whoever may spend only the own teams' budgets names one of them."""
        user = self.context["request"].user
        if scope_of(user, "cost", "change") != "all" and (team is None or team.pk not in team_ids(user)):
            raise ValidationError(ErrorDetail(_("This is not a team of yours."), code="does_not_exist"))
        return team

    def store(self, record: Cost, values: dict[str, Any]) -> Cost:
        user = self.context["request"].user
        if record.pk is None and scope_of(user, "cost", "change") != "all":
            values.setdefault("team", user.team)
        return services.save_cost(record, **values)


class WebFormSerializer(RecordSerializer):
    class Meta:
        model = WebForm
        fields = [
            "id", "name", "key", "title", "intro", "ask_phone", "ask_company", "ask_message", "consent_text", "consent_needed",
            "consent_version", "thanks", "source", "channel", "campaign", "active", "owner", *KEPT,
        ]  # fmt: skip
        read_only_fields = ["id", "key", "consent_version", *KEPT]

    def store(self, record: WebForm, values: dict[str, Any]) -> WebForm:
        return web_forms.save_form(record, **values)


class VisitSerializer(RecordSerializer):
    class Meta:
        model = Visit
        fields = [
            "id", "visitor", "started_at", "last_at", "landing_page", "source", "medium", "campaign", "term", "content", "device",
            "sessions", "views", "clicks", "submitted", "form_started", "lead", "origin",
        ]  # fmt: skip
        read_only_fields = fields
