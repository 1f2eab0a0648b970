"""What the API shows of deals and takes for them."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail, ValidationError

from contacts.models import Company, Person
from crm.api.fields import DayField, InstantField, MoneyField, ScopedField
from crm.api.serializers import RecordSerializer, StrictSerializer, WhenSerializer, in_minor
from crm.models import Organisation
from deals import services
from deals.models import Deal, DealLine, DealPerson, DealState, LossReason, Pipeline, Stage

KEPT = ["team", "origin", "created_at", "updated_at"]
MOST_ROWS = 200  # people or lines of one deal


class DealPersonSerializer(StrictSerializer, serializers.ModelSerializer):
    person = ScopedField(queryset=Person.objects.all())

    class Meta:
        model = DealPerson
        fields = ["person", "role"]


class DealLineSerializer(StrictSerializer, serializers.ModelSerializer):
    unit_price = MoneyField(currency="deal.currency")
    amount = MoneyField(currency="deal.currency", read_only=True)

    class Meta:
        model = DealLine
        fields = ["product", "quantity", "unit_price", "discount", "amount"]


class DealSerializer(RecordSerializer):
    people = DealPersonSerializer(source="deal_people", many=True, required=False, max_length=MOST_ROWS)
    lines = DealLineSerializer(many=True, required=False, max_length=MOST_ROWS)
    amount = MoneyField(required=False, allow_null=True)
    chance = serializers.IntegerField(
        read_only=True, help_text=_("Own probability, else the stage's; 100 when won, 0 when lost.")
    )

    class Meta:
        model = Deal
        fields = [
            "id", "number", "title", "company", "people", "pipeline", "stage", "status", "amount", "currency", "lines",
            "probability", "chance", "product", "source", "campaign", "expected_close", "first_contact_at", "won_at", "lost_at",
            "lost_reason", "lost_note", "description", "lead", "owner", *KEPT,
        ]  # fmt: skip
        read_only_fields = [
            "id", "number", "status", "won_at", "lost_at", "lost_reason", "lost_note", "lead", *KEPT,
        ]  # fmt: skip
        extra_kwargs = {name: {"required": False} for name in ("pipeline", "stage", "currency")}

    def count_money(self, attrs: dict[str, Any]) -> None:
        """The deal's amount comes from its lines where it has any; a line's price is in the deal's currency."""
        lines = attrs.get("lines")
        there = self.instance is not None and len(self.instance.lines.all()) > 0
        if not lines and (lines is not None or not there):
            super().count_money(attrs)
            return
        if "amount" in attrs:
            present = self.fields["amount"].get_attribute(self.instance) if self.instance else None
            if attrs.pop("amount") != present:
                raise ValidationError({"amount": ErrorDetail(_("The lines give the amount."), code="from_lines")})
        currency = attrs["currency"] = self.currency_of("currency", attrs)
        if lines is None and currency != self.instance.currency:
            raise ValidationError({"lines": ErrorDetail(_("Give the amount in the new currency too."), code="required")})
        price = self.fields["lines"].child.fields["unit_price"]
        for line in lines or ():
            line["unit_price"] = in_minor("lines", price, line["unit_price"], currency)

    def store(self, record: Deal, values: dict[str, Any]) -> Deal:
        related: dict[str, Any] = {}
        if "deal_people" in values:
            related["people"] = [(row["person"], row.get("role", "")) for row in values.pop("deal_people")]
        if "lines" in values:
            related["lines"] = [DealLine(**row) for row in values.pop("lines")]
        if record.pk:
            return services.change_deal(record, **related, **values)
        return services.create_deal(Deal(**values), **related)


class DealStateSerializer(serializers.ModelSerializer):
    """How the deal stood from `start` to just before `end`."""

    amount = MoneyField(read_only=True)
    start = InstantField(read_only=True)
    end = InstantField(read_only=True)

    class Meta:
        model = DealState
        fields = [
            "start", "end", "status", "stage", "owner", "team", "amount", "currency", "probability", "expected_close", "by",
            "origin",
        ]  # fmt: skip
        read_only_fields = fields


class MoveSerializer(WhenSerializer):
    stage = ScopedField(queryset=Stage.objects.all())


class LoseSerializer(WhenSerializer):
    reason = ScopedField(queryset=LossReason.objects.all(), required=False, allow_null=True)
    note = serializers.CharField(required=False, allow_blank=True, max_length=10_000)


class ConvertSerializer(StrictSerializer):
    """What a lead becomes. Without company or person the matching ones are taken, else new ones made."""

    company = ScopedField(queryset=Company.objects.all(), required=False)
    person = ScopedField(queryset=Person.objects.all(), required=False)
    with_deal = serializers.BooleanField(default=True)
    title = serializers.CharField(required=False, max_length=200)
    pipeline = ScopedField(queryset=Pipeline.objects.all(), required=False)
    stage = ScopedField(queryset=Stage.objects.all(), required=False)
    amount = MoneyField(required=False)
    currency = serializers.CharField(required=False, max_length=3)
    expected_close = DayField(required=False)
    at = InstantField(required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        from crm.money import validate_currency

        currency = attrs.get("currency") or Organisation.current().base_currency
        validate_currency(currency)
        if attrs.get("amount") is not None:
            attrs["amount"] = in_minor("amount", self.fields["amount"], attrs["amount"], currency)
            attrs["currency"] = currency
        return attrs


class ConvertedSerializer(serializers.Serializer):
    """What came of the lead; null where nothing did."""

    lead = serializers.IntegerField()
    company = serializers.IntegerField(allow_null=True)
    person = serializers.IntegerField(allow_null=True)
    deal = serializers.IntegerField(allow_null=True)
