"""Filters of the API: the same filter sets as the pages; a parameter that nobody reads is an error, not a wider answer."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _
from django_filters.rest_framework import DjangoFilterBackend
from rest_framework.exceptions import ErrorDetail, ValidationError
from rest_framework.request import Request

PAGING = frozenset({"cursor", "limit", "ordering"})
LONGEST = 200


class StrictFilters(DjangoFilterBackend):
    """Refuses unknown parameters, parameters given twice where one is read, and overlong values, with 400 on the parameter."""

    def filter_queryset(self, request: Request, queryset: QuerySet, view: Any) -> QuerySet:
        filterset = self.get_filterset(request, queryset, view)
        refuse_unknown(request, PAGING | (filterset.filters.keys() if filterset else set()))
        return super().filter_queryset(request, queryset, view)


def refuse_unknown(request: Request, known: Any) -> None:
    """Raises 400 for query parameters that are not among `known`, and for values nobody types."""
    wrong: dict[str, list[ErrorDetail]] = {}
    for name, values in request.query_params.lists():
        stem = name.removesuffix("_min").removesuffix("_max").removesuffix("_after").removesuffix("_before")
        if name not in known and stem not in known:
            wrong[name[:60]] = [ErrorDetail(_("There is no such parameter."), code="unknown")]
        elif len(values) > LONGEST or any(len(value) > LONGEST for value in values if name != "cursor"):
            wrong[name] = [ErrorDetail(_("The value is too long."), code="too_long")]
    if wrong:
        raise ValidationError(wrong)
