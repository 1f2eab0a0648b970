"""What tickets are sorted by: statuses, queues, tags. Administrators change them on their pages."""

from __future__ import annotations

import django_filters
from rest_framework import mixins

from crm.api.serializers import RecordSerializer
from crm.api.views import Endpoint
from support.models import Queue, Tag, TicketStatus


class TicketStatusSerializer(RecordSerializer):
    class Meta:
        model = TicketStatus
        fields = ["id", "name", "category", "closes", "position", "active"]
        read_only_fields = fields


class QueueSerializer(RecordSerializer):
    class Meta:
        model = Queue
        fields = ["id", "name", "position", "team", "is_default", "public", "active"]
        read_only_fields = fields


class TagSerializer(RecordSerializer):
    class Meta:
        model = Tag
        fields = ["id", "name"]
        read_only_fields = fields


class TicketStatusFilter(django_filters.FilterSet):
    class Meta:
        model = TicketStatus
        fields = ["category", "active"]


class TicketStatusEndpoint(mixins.ListModelMixin, mixins.RetrieveModelMixin, Endpoint):
    """The statuses of tickets, each in one of four fixed categories."""

    queryset = TicketStatus.objects.all()
    serializer_class = TicketStatusSerializer
    filterset_class = TicketStatusFilter
    ordering = "position"
    ordering_fields = ("id", "name", "position")


class QueueFilter(django_filters.FilterSet):
    class Meta:
        model = Queue
        fields = ["active", "public"]


class QueueEndpoint(mixins.ListModelMixin, mixins.RetrieveModelMixin, Endpoint):
    """Where tickets wait."""

    queryset = Queue.objects.all()
    serializer_class = QueueSerializer
    filterset_class = QueueFilter
    ordering = "position"
    ordering_fields = ("id", "name", "position")


class TagEndpoint(mixins.ListModelMixin, mixins.RetrieveModelMixin, Endpoint):
    """Words on tickets."""

    queryset = Tag.objects.all()
    serializer_class = TagSerializer
    ordering = "name"
    ordering_fields = ("id", "name")
