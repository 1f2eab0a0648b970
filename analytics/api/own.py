"""Own numbers over the API: the same rules and services as on the pages. Their values are read like those of all numbers."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from analytics.models import OwnNumber
from analytics.own import services
from analytics.own.numbers import key_of
from analytics.own.views import OwnNumberFilter
from crm.api.serializers import RecordSerializer
from crm.api.views import Editable


class OwnNumberSerializer(RecordSerializer):
    key = serializers.SerializerMethodField(help_text="The key under which /kpis/ has its values.")

    class Meta:
        model = OwnNumber
        fields = [
            "id", "key", "name", "name_fr", "name_es", "definition", "formula", "unit", "direction", "minimum_sample", "version",
            "owner", "team", "origin", "created_at", "updated_at",
        ]  # fmt: skip
        validators: list[Any] = []
        read_only_fields = ["id", "key", "version", "owner", "team", "origin", "created_at", "updated_at"]

    def get_key(self, own: OwnNumber) -> str:
        return key_of(own)

    def store(self, record: OwnNumber, values: dict[str, Any]) -> OwnNumber:
        return services.save_own_number(record, **values)


class OwnNumberEndpoint(Editable):
    """Numbers that people made of the others by a formula."""

    resource = "ownnumber"
    queryset = OwnNumber.objects.all()
    serializer_class = OwnNumberSerializer
    filterset_class = OwnNumberFilter
    ordering = "name"
    ordering_fields = ("id", "name", "updated_at")

    def remove(self, record: OwnNumber) -> None:
        services.delete_own_number(record)
