"""The views of tickets: plain changes, messages, and one action for each thing an agent does."""

from __future__ import annotations

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.decorators import action
from rest_framework.exceptions import APIException
from rest_framework.request import Request
from rest_framework.response import Response

from crm.api.serializers import WhenSerializer
from crm.api.views import Editable
from support import filters, services
from support.models import Message, Ticket

from . import serializers


class Arrived(APIException):
    """A message came after the one that the caller named."""

    status_code = status.HTTP_409_CONFLICT
    default_code = "something_new"


class TicketEndpoint(Editable):
    """Tickets. Spam is among them (`spam`); what is said on one stands at its messages."""

    resource = "ticket"
    queryset = Ticket.objects.all()
    serializer_class = serializers.TicketSerializer
    filterset_class = filters.TicketFilter
    ordering = "-created_at"
    ordering_fields = ("id", "subject", "created_at", "updated_at", "next_due_at", "last_message_at", "solved_at")

    def whole(self) -> QuerySet:
        return Ticket.objects.prefetch_related("tags")

    def remove(self, record: Ticket) -> None:
        services.delete_ticket(record)

    @extend_schema(methods=["GET"], responses=serializers.MessageSerializer(many=True))
    @extend_schema(methods=["POST"], request=serializers.NewMessageSerializer, responses={201: serializers.MessageSerializer})
    @action(detail=True, methods=["get", "post"], filterset_class=None, ordering="at", ordering_fields=("at", "id"))
    def messages(self, request: Request, pk: int) -> Response:
        """What was said, oldest first; internal notes only for those who may read them. POST adds a message."""
        return self.say(request) if request.method == "POST" else self.listen()

    def listen(self) -> Response:
        found = Message.objects.readable_by(self.request.user).filter(ticket=self.get_object())
        page = self.paginate_queryset(found.prefetch_related("attachments"))
        return self.get_paginated_response(serializers.MessageSerializer(page, many=True).data)

    def say(self, request: Request) -> Response:
        ticket = self.get_object()
        serializer = serializers.NewMessageSerializer(data=request.data, context=self.get_serializer_context())
        serializer.is_valid(raise_exception=True)
        values = dict(serializer.validated_data)
        try:
            message = services.add_message(ticket, expected_last_message_id=values.pop("after", None), **values)
        except services.SomethingNew as stop:
            raise Arrived(f"{len(stop.messages)} new messages since.") from stop
        return Response(serializers.MessageSerializer(message).data, status=status.HTTP_201_CREATED)

    @extend_schema(request=WhenSerializer, responses=serializers.TicketSerializer)
    @action(detail=True, methods=["post"])
    def solve(self, request: Request, pk: int) -> Response:
        """Marks the ticket solved."""
        return self.command(request, WhenSerializer, lambda ticket, values: services.solve(ticket, **values))

    @extend_schema(request=WhenSerializer, responses=serializers.TicketSerializer)
    @action(detail=True, methods=["post"])
    def reopen(self, request: Request, pk: int) -> Response:
        """Takes the solution back; a closed ticket stays closed."""
        return self.command(request, WhenSerializer, lambda ticket, values: services.reopen(ticket, **values))

    @extend_schema(request=WhenSerializer, responses=serializers.TicketSerializer)
    @action(detail=True, methods=["post"])
    def close(self, request: Request, pk: int) -> Response:
        """Closes the ticket for good."""
        return self.command(request, WhenSerializer, lambda ticket, values: services.close(ticket, **values))

    @extend_schema(request=serializers.NothingSerializer, responses=serializers.TicketSerializer)
    @action(detail=True, methods=["post"])
    def take(self, request: Request, pk: int) -> Response:
        """Makes the caller the assignee."""
        return self.command(request, serializers.NothingSerializer, lambda ticket, values: services.take(ticket))

    @extend_schema(request=serializers.SpamSerializer, responses=serializers.TicketSerializer)
    @action(detail=True, methods=["post"])
    def spam(self, request: Request, pk: int) -> Response:
        """Takes the ticket out of every number, or back in."""
        return self.command(
            request, serializers.SpamSerializer, lambda ticket, values: services.mark_spam(ticket, values["spam"])
        )

    @extend_schema(responses=serializers.ClockSerializer(many=True))
    @action(detail=True, filterset_class=None, ordering="started_at", ordering_fields=("started_at",))
    def clocks(self, request: Request, pk: int) -> Response:
        """What was promised on the ticket, and how each clock stands."""
        page = self.paginate_queryset(self.get_object().targets.all())
        return self.get_paginated_response(serializers.ClockSerializer(page, many=True).data)
