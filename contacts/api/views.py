"""The views of contacts: thin; filters are those of the pages, writes are services."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response

from contacts import filters, services
from contacts.models import Activity, Company, Lead, Person, Task
from crm.access import visible_to
from crm.api.views import Editable

from . import serializers


class Merging(Editable):
    """Records that can be merged; who may delete both may merge them."""

    rights = {"merge": "delete"}

    def merge_with(self, request: Request, serializer_class: type, service) -> Response:
        def run(keep, values) -> None:
            lose = values["lose"]
            if not visible_to(self.queryset.all(), request.user, "delete").filter(pk=lose.pk).exists():
                raise PermissionDenied
            service(keep, lose)

        return self.command(request, serializer_class, run)


class CompanyEndpoint(Merging):
    resource = "company"
    queryset = Company.objects.all()
    serializer_class = serializers.CompanySerializer
    filterset_class = filters.CompanyFilter
    ordering = "name"
    ordering_fields = ("id", "name", "created_at", "updated_at", "employees")

    def remove(self, record: Company) -> None:
        services.delete_company(record)

    @extend_schema(request=serializers.MergeCompanySerializer, responses=serializers.CompanySerializer)
    @action(detail=True, methods=["post"])
    def merge(self, request: Request, pk: int) -> Response:
        """Moves everything of another company here and deletes that one."""
        return self.merge_with(request, serializers.MergeCompanySerializer, services.merge_companies)


class PersonEndpoint(Merging):
    resource = "person"
    queryset = Person.objects.all()
    serializer_class = serializers.PersonSerializer
    filterset_class = filters.PersonFilter
    ordering = "name"
    ordering_fields = ("id", "name", "created_at", "updated_at")

    def remove(self, record: Person) -> None:
        services.delete_person(record)

    @extend_schema(request=serializers.MergePersonSerializer, responses=serializers.PersonSerializer)
    @action(detail=True, methods=["post"])
    def merge(self, request: Request, pk: int) -> Response:
        """Moves everything of another person here and deletes that one."""
        return self.merge_with(request, serializers.MergePersonSerializer, services.merge_people)


class LeadEndpoint(Editable):
    resource = "lead"
    queryset = Lead.objects.all()
    serializer_class = serializers.LeadSerializer
    filterset_class = filters.LeadFilter
    ordering = "-created_at"
    ordering_fields = ("id", "name", "created_at", "updated_at", "converted_at")

    def remove(self, record: Lead) -> None:
        services.delete_lead(record)


class ActivityEndpoint(Editable):
    resource = "activity"
    queryset = Activity.objects.all()
    serializer_class = serializers.ActivitySerializer
    filterset_class = filters.ActivityFilter
    ordering = "-at"
    ordering_fields = ("id", "at", "created_at")

    def remove(self, record: Activity) -> None:
        services.delete_activity(record)


class TaskEndpoint(Editable):
    resource = "task"
    queryset = Task.objects.all()
    serializer_class = serializers.TaskSerializer
    filterset_class = filters.TaskFilter
    ordering = "due_at"
    ordering_fields = ("id", "due_at", "done_at", "created_at")

    def remove(self, record: Task) -> None:
        services.delete_task(record)

    @extend_schema(request=serializers.CompleteSerializer, responses=serializers.TaskSerializer)
    @action(detail=True, methods=["post"])
    def complete(self, request: Request, pk: int) -> Response:
        """Ticks the task off; doing it twice changes nothing."""
        return self.command(request, serializers.CompleteSerializer, lambda task, values: services.complete_task(task, **values))
