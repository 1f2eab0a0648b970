"""The views of marketing: thin; filters are those of the pages, writes are services."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from crm.api.views import Editable, Readable
from marketing import filters, mailing, services, web_forms
from marketing.models import Campaign, CampaignMessage, Cost, Visit, WebForm

from . import serializers


class CampaignEndpoint(Editable):
    """Campaigns. `code` is what leads and links carry as campaign."""

    resource = "campaign"
    rights = {"add_member": "change", "remove_member": "change"}
    queryset = Campaign.objects.all()
    serializer_class = serializers.CampaignSerializer
    filterset_class = filters.CampaignFilter
    ordering = "name"
    ordering_fields = ("id", "name", "start", "created_at", "updated_at")

    def remove(self, record: Campaign) -> None:
        services.delete_campaign(record)

    @extend_schema(responses=serializers.MemberSerializer(many=True))
    @action(detail=True, filterset_class=None, ordering="-id", ordering_fields=("id",))
    def members(self, request: Request, pk: int) -> Response:
        """The leads and people whom the campaign is to reach."""
        page = self.paginate_queryset(self.get_object().members.all())
        return self.get_paginated_response(serializers.MemberSerializer(page, many=True).data)

    @extend_schema(request=serializers.NewMemberSerializer, responses=serializers.CampaignSerializer)
    @action(detail=True, methods=["post"], url_path="add-member")
    def add_member(self, request: Request, pk: int) -> Response:
        """Adds a lead or person; who is a member already gets the status."""

        def run(campaign: Campaign, values: dict[str, Any]) -> None:
            lead, person, status = values.get("lead"), values.get("person"), values["status"]
            made = services.add_members(campaign, leads=[lead] if lead else [], people=[person] if person else [], status=status)
            if not made:
                services.set_member(campaign.members.get(lead=lead, person=person), status)

        return self.command(request, serializers.NewMemberSerializer, run)

    @extend_schema(request=serializers.OutMemberSerializer, responses=serializers.CampaignSerializer)
    @action(detail=True, methods=["post"], url_path="remove-member")
    def remove_member(self, request: Request, pk: int) -> Response:
        """Takes a member out; the number is the member's, not the lead's. One of another campaign stays."""

        def run(campaign: Campaign, values: dict[str, Any]) -> None:
            if values["member"].campaign_id == campaign.pk:
                services.remove_member(values["member"])

        return self.command(request, serializers.OutMemberSerializer, run)


class MessageEndpoint(Editable):
    """Messages of campaigns, as the mailing tool tells of them: one when it is sent, changed when it is opened, clicked or comes back.
    Whom it went to is found by the address."""

    resource = "campaignmessage"
    queryset = CampaignMessage.objects.all()
    serializer_class = serializers.CampaignMessageSerializer
    filterset_class = filters.MessageFilter
    ordering = "-sent_at"
    ordering_fields = ("id", "sent_at")

    def remove(self, record: CampaignMessage) -> None:
        mailing.delete_message(record)


class CostEndpoint(Editable):
    """Costs. One with `until` is spread evenly over the days up to and with it."""

    resource = "cost"
    queryset = Cost.objects.all()
    serializer_class = serializers.CostSerializer
    filterset_class = filters.CostFilter
    ordering = "-posted_on"
    ordering_fields = ("id", "posted_on", "base_amount", "updated_at")

    def remove(self, record: Cost) -> None:
        services.delete_cost(record)


class WebFormEndpoint(Editable):
    """Web forms. What is sent through them becomes leads; their public page stands at `/f/<key>/`."""

    resource = "webform"
    queryset = WebForm.objects.all()
    serializer_class = serializers.WebFormSerializer
    filterset_class = filters.WebFormFilter
    ordering = "name"
    ordering_fields = ("id", "name", "created_at", "updated_at")

    def remove(self, record: WebForm) -> None:
        web_forms.delete_form(record)


class VisitEndpoint(Readable):
    """Visits to the website, as the script or an import told them. They are looked at here; `POST /web/hits` is the script's door."""

    resource = "visit"
    queryset = Visit.objects.all()
    serializer_class = serializers.VisitSerializer
    filterset_class = filters.VisitFilter
    ordering = "-started_at"
    ordering_fields = ("id", "started_at")
