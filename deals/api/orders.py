"""Orders and credit notes under /api/v1/: posted, read, ascribed anew, credited; never deleted."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers, status
from rest_framework.decorators import action
from rest_framework.exceptions import ErrorDetail, PermissionDenied, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from crm.access import may
from crm.api.fields import InstantField, MoneyField
from crm.api.serializers import RecordSerializer, StrictSerializer, in_minor
from crm.api.views import Editable, Readable
from crm.models import Organisation
from crm.money import to_major
from deals.models import Order, OrderLine
from deals.orders import services
from deals.orders.filters import OrderFilter

MOST_LINES = 500
MONEY = ("unit_price", "amount", "cost")


class OrderLineSerializer(StrictSerializer, serializers.ModelSerializer):
    """A line. Without an amount it is quantity x unit price; without a unit price that is amount / quantity."""

    unit_price = MoneyField(currency="order.currency", required=False)
    amount = MoneyField(currency="order.currency", required=False)
    cost = MoneyField(currency="order.currency", required=False, allow_null=True)

    class Meta:
        model = OrderLine
        fields = ["key", "product", "text", "quantity", "unit_price", "amount", "cost"]


def lines_from(rows: list[dict[str, Any]], field: Any, currency: str) -> list[OrderLine]:
    """Unsaved lines with their amounts in minor units."""
    found = []
    for row in rows:
        for name in MONEY:
            if row.get(name) is not None:
                row[name] = in_minor("lines", field.child.fields[name], row[name], currency)
        quantity = row.setdefault("quantity", Decimal(1))
        if row.get("amount") is None:
            if row.get("unit_price") is None:
                raise ValidationError({"lines": ErrorDetail(_("Give an amount or a unit price."), code="required")})
            row["amount"] = services.line_amount(quantity, row["unit_price"])
        if row.get("unit_price") is None:
            row["unit_price"] = round(Decimal(row["amount"]) / (quantity or 1))
        found.append(OrderLine(**row))
    return found


class OrderSerializer(RecordSerializer):
    lines = OrderLineSerializer(many=True, max_length=MOST_LINES)
    amount = MoneyField(read_only=True)
    refunded = MoneyField(read_only=True)
    base = serializers.SerializerMethodField(help_text=_("What it adds to revenue, in the base currency; null without a rate."))

    class Meta:
        model = Order
        fields = [
            "id", "number", "kind", "refund_of", "company", "person", "deal", "ordered_at", "ordered_day", "currency", "amount",
            "base", "rate", "rate_day", "refunded", "lines", "product", "pipeline", "country", "source", "campaign", "channel",
            "description", "owner", "team", "origin", "created_at", "updated_at",
        ]  # fmt: skip
        read_only_fields = [
            "id", "kind", "refund_of", "ordered_day", "rate", "rate_day", "product", "pipeline", "team", "origin", "created_at",
            "updated_at",
        ]  # fmt: skip
        extra_kwargs = {"currency": {"required": False}}

    def get_fields(self) -> dict[str, Any]:
        """Of a posted order only what it is ascribed to can be set."""
        fields = super().get_fields()
        if isinstance(self.instance, Order):
            for name, field in fields.items():
                if name not in services.HEAD:
                    field.read_only = True
        return fields

    @extend_schema_field(OpenApiTypes.DECIMAL)
    def get_base(self, order: Order) -> str | None:
        return None if order.base is None else f"{to_major(order.base, Organisation.current().base_currency):f}"

    def count_money(self, attrs: dict[str, Any]) -> None:
        if "lines" in attrs:
            currency = attrs["currency"] = self.currency_of("currency", attrs)
            attrs["lines"] = lines_from(attrs["lines"], self.fields["lines"], currency)

    def store(self, record: Order, values: dict[str, Any]) -> Order:
        if record.pk:
            return services.change_order(record, **values)
        lines = values.pop("lines")
        return services.create_order(Order(**values), lines)


class CreditSerializer(StrictSerializer):
    """A credit note: how much of what, when, why."""

    lines = OrderLineSerializer(many=True, max_length=MOST_LINES)
    number = serializers.CharField(required=False, max_length=40)
    at = InstantField(required=False)
    description = serializers.CharField(required=False, allow_blank=True, max_length=10_000)


class OrderEndpoint(Readable):
    """Orders and credit notes. Lines, customer, date and currency of what was posted stay; a correction is a credit note."""

    resource = "order"
    rights = {"create": "add", "credit": "change"}
    queryset = Order.objects.all()
    serializer_class = OrderSerializer
    filterset_class = OrderFilter
    ordering = "-ordered_at"
    ordering_fields = ("id", "number", "ordered_at", "amount", "updated_at")

    create = Editable.create
    update = Editable.update
    partial_update = Editable.partial_update

    def whole(self) -> QuerySet:
        return super().whole().prefetch_related("lines__order")

    @extend_schema(request=CreditSerializer, responses={201: OrderSerializer})
    @action(detail=True, methods=["post"])
    def credit(self, request: Request, pk: int) -> Response:
        """Writes a credit note for the order. Together they never exceed what was billed."""
        order = self.get_object()
        if not may(request.user, "order", "add"):
            raise PermissionDenied
        serializer = CreditSerializer(data=request.data, context=self.get_serializer_context())
        serializer.is_valid(raise_exception=True)
        values = dict(serializer.validated_data)
        lines = lines_from(values.pop("lines"), serializer.fields["lines"], order.currency)
        return self.answer(services.credit_order(order, lines, **values), status.HTTP_201_CREATED)
