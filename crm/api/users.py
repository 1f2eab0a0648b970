"""Users and teams, to read: who can own what."""

from __future__ import annotations

import django_filters
from rest_framework import mixins

from ..models import Team, User
from .serializers import RecordSerializer
from .views import Endpoint


class UserSerializer(RecordSerializer):
    class Meta:
        model = User
        fields = ["id", "username", "name", "email", "role", "team", "is_active"]
        read_only_fields = fields


class UserFilter(django_filters.FilterSet):
    class Meta:
        model = User
        fields = ["role", "team", "is_active", "username"]


class UserEndpoint(mixins.ListModelMixin, mixins.RetrieveModelMixin, Endpoint):
    """Colleagues. Everyone who is signed in sees who they are; nobody changes them here."""

    queryset = User.objects.all()
    serializer_class = UserSerializer
    filterset_class = UserFilter
    ordering = "name"
    ordering_fields = ("id", "name", "username")


class TeamSerializer(RecordSerializer):
    class Meta:
        model = Team
        fields = ["id", "name", "parent", "manager"]
        read_only_fields = fields


class TeamFilter(django_filters.FilterSet):
    class Meta:
        model = Team
        fields = ["parent"]


class TeamEndpoint(mixins.ListModelMixin, mixins.RetrieveModelMixin, Endpoint):
    """The tree of teams."""

    queryset = Team.objects.all()
    serializer_class = TeamSerializer
    filterset_class = TeamFilter
    ordering = "name"
    ordering_fields = ("id", "name")
