"""What the API shows of numbers. The rows are made in `rows`; these classes describe them to the schema."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from analytics.registry import Kpi
from analytics.sources import dimensions
from crm.api.fields import InstantField


class KpiSerializer(serializers.Serializer):
    """One indicator: what it means, which date decides, how it can be split."""

    key = serializers.CharField()
    name = serializers.CharField()
    definition = serializers.CharField()
    formula = serializers.CharField()
    dated = serializers.CharField(help_text="Which date decides.")
    area = serializers.CharField()
    unit = serializers.CharField()
    direction = serializers.CharField(help_text="What is better: higher, lower or neutral.")
    kind = serializers.CharField()
    minimum_sample = serializers.IntegerField()
    version = serializers.IntegerField()
    beside = serializers.ListField(child=serializers.CharField(), help_text="Keys of numbers to read beside it.")
    dimensions = serializers.SerializerMethodField()

    def get_dimensions(self, kpi: Kpi) -> list[dict[str, Any]]:
        return [{"key": key, "label": str(dimensions[key].label)} for key in kpi.dimensions]


class LeftOutSerializer(serializers.Serializer):
    text = serializers.CharField()
    count = serializers.IntegerField()
    part = serializers.CharField(help_text="The `part` that lists these records.")


class KpiRowSerializer(serializers.Serializer):
    """One number. Money is decimal text in major units of `currency`; durations are days; percents 0 to 100."""

    kpi = serializers.CharField()
    period_start = serializers.DateField()
    period_end = serializers.DateField(help_text="The first day after the period.")
    dimension = serializers.CharField()
    member = serializers.CharField(help_text="The member's name.")
    member_key = serializers.CharField(help_text="The member as filters take it; empty for the whole, or for none.")
    value = serializers.JSONField(allow_null=True, help_text="null where there is none; `reason` says why.")
    unit = serializers.CharField()
    currency = serializers.CharField(allow_null=True)
    numerator = serializers.JSONField(allow_null=True)
    denominator = serializers.JSONField(allow_null=True)
    n = serializers.IntegerField(help_text="On how many records it rests.")
    low = serializers.JSONField(allow_null=True, help_text="Lower end of the 95 % interval.")
    high = serializers.JSONField(allow_null=True)
    mean = serializers.JSONField(
        allow_null=True, help_text="Mean, median and p90 of the values, for durations and other spreads."
    )
    median = serializers.JSONField(allow_null=True)
    p90 = serializers.JSONField(allow_null=True, help_text="null under 30 records.")
    reason = serializers.CharField()
    status = serializers.CharField(help_text="final, provisional or updating.")
    pending = serializers.IntegerField()
    unconverted = serializers.IntegerField(help_text="Records without an exchange rate, not in the value.")
    left_out = LeftOutSerializer(many=True)
    computed_at = InstantField(allow_null=True)


class SeriesSerializer(serializers.Serializer):
    results = KpiRowSerializer(many=True)
    scope = serializers.CharField(help_text="Whose numbers these are.")


class RecordSerializer(serializers.Serializer):
    label = serializers.CharField()
    url = serializers.CharField(allow_null=True, help_text="null for a record that counts but is not yours to open.")
    when = serializers.DateField(allow_null=True)
    value = serializers.JSONField(allow_null=True)
    currency = serializers.CharField(allow_null=True)
    detail = serializers.CharField()


class RecordsSerializer(serializers.Serializer):
    part = serializers.CharField()
    parts = serializers.ListField(child=serializers.CharField(), help_text="The parts of this number that can be opened.")
    count = serializers.IntegerField(help_text="How many records make up the part; the number on the page.")
    visible = serializers.IntegerField(help_text="How many of them you may open.")
    total = serializers.JSONField(allow_null=True, help_text="Their sum, where the part is one.")
    results = RecordSerializer(many=True)
    next = serializers.CharField(allow_null=True)
