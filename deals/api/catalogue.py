"""What deals are made of: products, pipelines, stages, loss reasons."""

from __future__ import annotations

from typing import Any

import django_filters
from rest_framework import mixins

from crm.api.fields import MoneyField
from crm.api.serializers import RecordSerializer
from crm.api.views import Editable, Endpoint
from deals import catalogue
from deals.models import LossReason, Pipeline, Product, Stage


class StageSerializer(RecordSerializer):
    class Meta:
        model = Stage
        fields = ["id", "pipeline", "name", "position", "probability", "rotting_days"]
        read_only_fields = fields


class PipelineSerializer(RecordSerializer):
    stages = StageSerializer(many=True, read_only=True)

    class Meta:
        model = Pipeline
        fields = ["id", "name", "position", "is_default", "stages"]
        read_only_fields = fields


class LossReasonSerializer(RecordSerializer):
    class Meta:
        model = LossReason
        fields = ["id", "name", "position", "active"]
        read_only_fields = fields


class ProductSerializer(RecordSerializer):
    price = MoneyField(required=False, allow_null=True)

    class Meta:
        model = Product
        fields = ["id", "code", "name", "family", "price", "currency", "billing", "active"]
        read_only_fields = ["id"]
        extra_kwargs = {"currency": {"required": False}}

    def store(self, record: Product, values: dict[str, Any]) -> Product:
        return catalogue.save_product(record, **values)


class PipelineEndpoint(mixins.ListModelMixin, mixins.RetrieveModelMixin, Endpoint):
    """Pipelines with their stages. Administrators change them in the administration."""

    queryset = Pipeline.objects.prefetch_related("stages")
    serializer_class = PipelineSerializer
    ordering = "position"
    ordering_fields = ("id", "name", "position")


class StageFilter(django_filters.FilterSet):
    class Meta:
        model = Stage
        fields = ["pipeline"]


class StageEndpoint(mixins.ListModelMixin, mixins.RetrieveModelMixin, Endpoint):
    """Stages of all pipelines."""

    queryset = Stage.objects.all()
    serializer_class = StageSerializer
    filterset_class = StageFilter
    ordering = "position"
    ordering_fields = ("id", "name", "position")


class LossReasonFilter(django_filters.FilterSet):
    class Meta:
        model = LossReason
        fields = ["active"]


class LossReasonEndpoint(mixins.ListModelMixin, mixins.RetrieveModelMixin, Endpoint):
    """Why deals are lost."""

    queryset = LossReason.objects.all()
    serializer_class = LossReasonSerializer
    filterset_class = LossReasonFilter
    ordering = "position"
    ordering_fields = ("id", "name", "position")


class ProductFilter(django_filters.FilterSet):
    class Meta:
        model = Product
        fields = ["code", "family", "active"]


class ProductEndpoint(Editable):
    """What we sell. Administrators change it."""

    resource = "product"
    rights = {"create": "change", "destroy": "change"}
    queryset = Product.objects.all()
    serializer_class = ProductSerializer
    filterset_class = ProductFilter
    ordering = "name"
    ordering_fields = ("id", "name", "code")

    def remove(self, record: Product) -> None:
        catalogue.delete_product(record)
