"""Subscriptions under /api/v1/: started, read, changed from a day on, paused, cancelled, renewed."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.decorators import action
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response

from crm.access import may
from crm.api.fields import DayField, MoneyField
from crm.api.serializers import RecordSerializer, StrictSerializer, in_minor
from crm.api.views import Editable
from crm.models import Organisation
from deals.choices import CancelReason
from deals.models import MrrMovement, Subscription
from deals.subscriptions import services
from deals.subscriptions.filters import SubscriptionFilter


class MovementSerializer(serializers.ModelSerializer):
    """A movement of recurring revenue, as the subscription brought it; signed. `base` is null without an exchange rate."""

    amount = MoneyField(read_only=True)
    base = MoneyField(read_only=True, currency="base_currency")

    class Meta:
        model = MrrMovement
        fields = ["day", "kind", "plan", "product", "owner", "amount", "currency", "base"]
        read_only_fields = fields


class SubscriptionSerializer(RecordSerializer):
    """A subscription as it is today. `day`: from when plan, product, interval, amount, quantity and owner change (today)."""

    amount = MoneyField()
    mrr = MoneyField(read_only=True)
    day = DayField(required=False, write_only=True)

    class Meta:
        model = Subscription
        fields = [
            "id", "number", "company", "plan", "product", "deal", "renewed_from", "start", "trial_end", "term_end", "interval",
            "amount", "currency", "quantity", "mrr", "status", "cancelled_on", "ended_on", "cancel_reason", "cancel_note",
            "grace_days", "remind_days", "renewal_deal", "rate", "rate_day", "source", "description", "owner", "team", "origin",
            "created_at", "updated_at", "day",
        ]  # fmt: skip
        read_only_fields = [
            "id", "renewed_from", "mrr", "status", "cancelled_on", "ended_on", "cancel_reason", "cancel_note", "renewal_deal",
            "rate", "rate_day", "team", "origin", "created_at", "updated_at",
        ]  # fmt: skip
        extra_kwargs = {"currency": {"required": False}, "plan": {"required": False}}

    def get_fields(self) -> dict[str, Any]:
        """Company, deal and currency of a subscription stay; a new one needs no day besides its start."""
        fields = super().get_fields()
        if isinstance(self.instance, Subscription):
            for name in ("company", "deal", "currency"):
                fields[name].read_only = True
        return fields

    def store(self, record: Subscription, values: dict[str, Any]) -> Subscription:
        day = values.pop("day", None)
        if record.pk:
            values.pop("currency", None)
            return services.change(record, day=day, **values)
        return services.start(Subscription(**values))


class DaySerializer(StrictSerializer):
    """From which day it holds; today unless said."""

    day = DayField(required=False)


class CancelSerializer(DaySerializer):
    """When it ends (the end of its term, else today), when the customer said so, and why."""

    told_on = DayField(required=False)
    cancel_reason = serializers.ChoiceField(choices=CancelReason.choices)
    cancel_note = serializers.CharField(required=False, allow_blank=True, max_length=10_000)


class RenewSerializer(StrictSerializer):
    """From when (the end of the term, or today when that has passed), until when, and what changes."""

    start = DayField(required=False)
    term_end = DayField(required=False, allow_null=True)
    plan = serializers.CharField(required=False, max_length=120)
    amount = MoneyField(required=False)
    quantity = serializers.DecimalField(required=False, max_digits=12, decimal_places=3, min_value=0)


class SubscriptionEndpoint(Editable):
    """Subscriptions. What changes from a day on is kept in steps; recurring revenue and its movements follow."""

    resource = "subscription"
    rights = dict.fromkeys(("cancel", "pause", "resume", "reactivate", "renew"), "change")
    queryset = Subscription.objects.all()
    serializer_class = SubscriptionSerializer
    filterset_class = SubscriptionFilter
    ordering = "-start"
    ordering_fields = ("id", "number", "start", "term_end", "mrr", "updated_at")

    def remove(self, record: Subscription) -> None:
        services.delete_subscription(record)

    @extend_schema(request=CancelSerializer)
    @action(detail=True, methods=["post"])
    def cancel(self, request: Request, pk: int) -> Response:
        """Cancels it; it is lost on the day it ends."""

        def run(row: Subscription, values: dict[str, Any]) -> Subscription:
            reason, note = values.pop("cancel_reason"), values.pop("cancel_note", "")
            return services.cancel(row, reason=reason, note=note, **values)

        return self.command(request, CancelSerializer, run)

    @extend_schema(request=DaySerializer)
    @action(detail=True, methods=["post"])
    def pause(self, request: Request, pk: int) -> Response:
        """Pauses it: it brings nothing until it goes on."""
        return self.command(request, DaySerializer, lambda row, values: services.pause(row, **values))

    @extend_schema(request=DaySerializer)
    @action(detail=True, methods=["post"])
    def resume(self, request: Request, pk: int) -> Response:
        """Lets a paused subscription go on."""
        return self.command(request, DaySerializer, lambda row, values: services.resume(row, **values))

    @extend_schema(request=DaySerializer, responses={200: SubscriptionSerializer})
    @action(detail=True, methods=["post"])
    def reactivate(self, request: Request, pk: int) -> Response:
        """Takes a cancellation back. After the grace a new subscription begins, which is the answer."""
        return self._next(request, DaySerializer, lambda row, values: services.reactivate(row, **values), status.HTTP_200_OK)

    @extend_schema(request=RenewSerializer, responses={201: SubscriptionSerializer})
    @action(detail=True, methods=["post"])
    def renew(self, request: Request, pk: int) -> Response:
        """Renews it with a subscription of its own, which is the answer."""

        def run(row: Subscription, values: dict[str, Any]) -> Subscription:
            if values.get("amount") is not None:
                values["amount"] = in_minor("amount", RenewSerializer().fields["amount"], values["amount"], row.currency)  # type: ignore[arg-type]
            return services.renew(row, day=values.pop("start", None), **values)

        return self._next(request, RenewSerializer, run, status.HTTP_201_CREATED)

    def _next(self, request: Request, serializer_class: type, run: Any, code: int) -> Response:
        """An action after which another subscription may be the answer."""
        record = self.get_object()
        if not may(request.user, "subscription", "add"):
            raise PermissionDenied
        serializer = serializer_class(data=request.data, context=self.get_serializer_context())
        serializer.is_valid(raise_exception=True)
        return self.answer(run(record, dict(serializer.validated_data)), code)

    @extend_schema(responses=MovementSerializer(many=True))
    @action(detail=True, filterset_class=None, ordering="-day", ordering_fields=("day",))
    def movements(self, request: Request, pk: int) -> Response:
        """How recurring revenue moved by this subscription, the newest first; what was withdrawn is not in it."""
        rows = self.get_object().movements.valid()
        base = Organisation.current().base_currency
        page = self.paginate_queryset(rows)
        for row in page:
            row.base_currency = base
        return self.get_paginated_response(MovementSerializer(page, many=True, context=self.get_serializer_context()).data)
