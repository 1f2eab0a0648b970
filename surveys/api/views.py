"""The views of surveys: thin; filters are those of the pages, writes are services."""

from __future__ import annotations

import uuid
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.decorators import action
from rest_framework.exceptions import ErrorDetail, PermissionDenied, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response as Answer

from crm.access import may
from crm.api.views import Editable, Readable
from surveys import answers, filters, planning, services, tokens
from surveys.choices import Skip, Trigger
from surveys.models import Invitation, Response, Survey

from . import serializers


class SurveyEndpoint(Editable):
    """Surveys with their question. Another wording, scale or good end of a question that was asked starts a new version."""

    resource = "survey"
    queryset = Survey.objects.all()
    serializer_class = serializers.SurveySerializer
    filterset_class = filters.SurveyFilter
    ordering = "name"
    ordering_fields = ("id", "name", "created_at", "updated_at")

    def remove(self, record: Survey) -> None:
        services.delete_survey(record)


class ResponseEndpoint(Readable):
    """Answers. Customers write them; here they are read, released from quarantine and rejected."""

    resource = "response"
    rights = {"release": "change", "reject": "change"}
    queryset = Response.objects.all()
    serializer_class = serializers.ResponseSerializer
    filterset_class = filters.ResponseFilter
    ordering = "-responded_at"
    ordering_fields = ("id", "responded_at")

    command = Editable.command

    @extend_schema(request=None, responses=serializers.ResponseSerializer)
    @action(detail=True, methods=["post"])
    def release(self, request: Request, pk: int) -> Answer:
        """The answer is a customer's after all and counts on its own day."""
        return self.command(request, serializers.StrictSerializer, lambda response, values: answers.release(response))

    @extend_schema(request=None, responses=serializers.ResponseSerializer)
    @action(detail=True, methods=["post"])
    def reject(self, request: Request, pk: int) -> Answer:
        """The answer counts nowhere; it can be released again."""
        return self.command(request, serializers.StrictSerializer, lambda response, values: answers.reject(response))

    @extend_schema(responses=serializers.ResponseEditSerializer(many=True))
    @action(detail=True, filterset_class=None, ordering="at", ordering_fields=("at",))
    def edits(self, request: Request, pk: int) -> Answer:
        """What the answer was before it was changed."""
        page = self.paginate_queryset(self.get_object().edits.all())
        return self.get_paginated_response(serializers.ResponseEditSerializer(page, many=True).data)


def asks(invitation: Invitation, values: dict[str, Any]) -> bool:
    """Whether the invitation is for whom the caller named: a cause that was used before gives nobody another one's link."""
    person = values.get("person")
    if person is not None:
        return invitation.person_id == person.pk
    return invitation.email.lower() == values["email"].strip().lower()


class InvitationEndpoint(Readable):
    """Invitations, those that were not sent with their reason. POST plans one, or writes down why nobody is asked."""

    resource = "invitation"
    rights = {"withdraw": "change"}
    queryset = Invitation.objects.all()
    serializer_class = serializers.InvitationSerializer
    filterset_class = filters.InvitationFilter
    ordering = "-planned_at"
    ordering_fields = ("id", "planned_at")

    command = Editable.command

    @extend_schema(request=serializers.PlanSerializer, responses={201: serializers.PlannedSerializer})
    def create(self, request: Request, *args: Any, **kwargs: Any) -> Answer:
        """Plans an invitation. The personal link is in this answer only; a repeated request does not get it again."""
        if not may(request.user, "invitation", "add"):
            raise PermissionDenied
        serializer = serializers.PlanSerializer(data=request.data, context=self.get_serializer_context())
        serializer.is_valid(raise_exception=True)
        values = serializer.validated_data
        if values.get("email"):
            planning.receivers_for(request.user, [values["email"].strip()], of=values.get("person"))
        about = {name: values[name] for name in ("company", "channel", "priority", "campaign", "product") if name in values}
        invitation = planning.plan(
            values["survey"],
            person=values.get("person"),
            email=values.get("email", ""),
            cause=f"api:{values.get('cause') or uuid.uuid4().hex}",
            trigger=Trigger.API,
            about=planning.About(**about),
            language=values.get("language", ""),
        )
        if not asks(invitation, values):
            raise ValidationError({"cause": ErrorDetail(Skip.ALREADY_ASKED.label, code="unique")})
        secret = None if values["mail"] else services.hand_out(invitation)
        self.link = tokens.url(secret) if secret else None
        return Answer({**self.represent(invitation), "link": None}, status=status.HTTP_201_CREATED)

    def finalize_response(self, request: Request, response: Answer, *args: Any, **kwargs: Any) -> Answer:
        """Puts the link in last, after the answer was kept for a repeated Idempotency-Key: the secret is stored nowhere."""
        link = getattr(self, "link", None)
        if link and response.status_code == status.HTTP_201_CREATED:
            response.data["link"] = link
        return super().finalize_response(request, response, *args, **kwargs)

    @extend_schema(request=None, responses=serializers.InvitationSerializer)
    @action(detail=True, methods=["post"])
    def withdraw(self, request: Request, pk: int) -> Answer:
        """It is not sent any more, or its link leads nowhere."""
        return self.command(request, serializers.StrictSerializer, lambda invitation, values: services.withdraw(invitation))
