"""The views of deals: plain changes, and one action for each thing a rep does with a deal."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.decorators import action
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response

from contacts.api.serializers import ActivitySerializer, LeadSerializer, TaskSerializer
from contacts.models import Activity, Lead, Task
from crm.access import may
from crm.api.serializers import WhenSerializer
from crm.api.views import Editable, RecordEndpoint
from deals import filters, services
from deals.models import Deal
from deals.orders.services import order_from_deal
from deals.subscriptions.services import from_deal

from . import serializers
from .orders import OrderSerializer
from .subscriptions import DaySerializer, SubscriptionSerializer


class DealEndpoint(Editable):
    """Deals. Winning, losing, reopening and moving are actions, because they are more than a changed field."""

    resource = "deal"
    queryset = Deal.objects.all()
    serializer_class = serializers.DealSerializer
    filterset_class = filters.DealFilter
    ordering = "-created_at"
    ordering_fields = ("id", "title", "created_at", "updated_at", "amount", "expected_close", "won_at", "lost_at")

    def whole(self) -> QuerySet:
        return super().whole().prefetch_related("deal_people", "lines__deal")

    def remove(self, record: Deal) -> None:
        services.delete_deal(record)

    @extend_schema(request=serializers.MoveSerializer, responses=serializers.DealSerializer)
    @action(detail=True, methods=["post"])
    def move(self, request: Request, pk: int) -> Response:
        """Puts the deal into a stage."""
        return self.command(request, serializers.MoveSerializer, lambda deal, values: services.move_deal(deal, **values))

    @extend_schema(request=WhenSerializer, responses=serializers.DealSerializer)
    @action(detail=True, methods=["post"])
    def win(self, request: Request, pk: int) -> Response:
        """Marks the deal won."""
        return self.command(request, WhenSerializer, lambda deal, values: services.win_deal(deal, **values))

    @extend_schema(request=serializers.LoseSerializer, responses=serializers.DealSerializer)
    @action(detail=True, methods=["post"])
    def lose(self, request: Request, pk: int) -> Response:
        """Marks the deal lost, with a reason from the list."""
        return self.command(request, serializers.LoseSerializer, lambda deal, values: services.lose_deal(deal, **values))

    @extend_schema(request=WhenSerializer, responses=serializers.DealSerializer)
    @action(detail=True, methods=["post"])
    def reopen(self, request: Request, pk: int) -> Response:
        """Takes the outcome back; the history keeps it."""
        return self.command(request, WhenSerializer, lambda deal, values: services.reopen_deal(deal, **values))

    @extend_schema(request=WhenSerializer, responses={201: OrderSerializer})
    @action(detail=True, methods=["post"])
    def order(self, request: Request, pk: int) -> Response:
        """Makes the order of a won deal, with its lines."""
        deal = self.get_object()
        if not may(request.user, "order", "add"):
            raise PermissionDenied
        serializer = WhenSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        made = order_from_deal(deal, **serializer.validated_data)
        return Response(OrderSerializer(made, context=self.get_serializer_context()).data, status=status.HTTP_201_CREATED)

    @extend_schema(request=DaySerializer, responses={201: SubscriptionSerializer(many=True)})
    @action(detail=True, methods=["post"])
    def subscriptions(self, request: Request, pk: int) -> Response:
        """Makes the subscriptions of a won deal, one for each line whose product is billed again and again; from `day` on (today)."""
        deal = self.get_object()
        if not may(request.user, "subscription", "add"):
            raise PermissionDenied
        serializer = DaySerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        made = from_deal(deal, serializer.validated_data.get("day"))
        data = SubscriptionSerializer(made, many=True, context=self.get_serializer_context()).data
        return Response(data, status=status.HTTP_201_CREATED)

    @extend_schema(responses=serializers.DealStateSerializer(many=True))
    @action(detail=True, filterset_class=None, ordering="start", ordering_fields=("start",))
    def history(self, request: Request, pk: int) -> Response:
        """How the deal stood from when to when: stage, owner, amount, probability, expected close, status."""
        page = self.paginate_queryset(self.get_object().states.all())
        return self.get_paginated_response(serializers.DealStateSerializer(page, many=True).data)

    @extend_schema(request=ActivitySerializer, responses={201: ActivitySerializer})
    @action(detail=True, methods=["post"])
    def activities(self, request: Request, pk: int) -> Response:
        """Logs an activity on the deal; company and main contact are the deal's unless given."""
        return self._add(
            request, "activity", ActivitySerializer, lambda deal, values: services.log_deal_activity(deal, Activity(), **values)
        )

    @extend_schema(request=TaskSerializer, responses={201: TaskSerializer})
    @action(detail=True, methods=["post"])
    def tasks(self, request: Request, pk: int) -> Response:
        """Adds a task to the deal; company and main contact are the deal's unless given."""
        return self._add(request, "task", TaskSerializer, lambda deal, values: services.save_deal_task(deal, Task(), **values))

    def _add(self, request: Request, resource: str, serializer_class, save) -> Response:
        deal = self.get_object()
        if not may(request.user, resource, "add"):
            raise PermissionDenied
        serializer = serializer_class(data=request.data, context=self.get_serializer_context())
        serializer.is_valid(raise_exception=True)
        made = save(deal, serializer.validated_data)
        return Response(serializer_class(made, context=self.get_serializer_context()).data, status=status.HTTP_201_CREATED)


class LeadConversion(RecordEndpoint):
    """Lives here and not with the leads, because contacts do not know deals."""

    resource = "lead"
    queryset = Lead.objects.all()
    serializer_class = serializers.ConvertSerializer

    def represent(self, record: Lead) -> Any:
        return LeadSerializer(record, context=self.get_serializer_context()).data

    @extend_schema(request=serializers.ConvertSerializer, responses=serializers.ConvertedSerializer)
    @action(detail=True, methods=["post"])
    def convert(self, request: Request, pk: int) -> Response:
        """Turns the lead into a company, a person and, unless `with_deal` is false, a deal."""
        lead = self.get_object()
        serializer = self.get_serializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        values = serializer.validated_data
        if values["with_deal"] and not may(request.user, "deal", "add"):
            raise PermissionDenied
        company, person, deal = services.convert_lead(lead, **values)
        made = {"lead": lead, "company": company, "person": person, "deal": deal}
        return Response({name: record.pk if record else None for name, record in made.items()})
