"""KPIs over the API: their definitions, their values by period and dimension, and the records behind each."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.http import Http404
from django.utils.dateparse import parse_date
from django.utils.translation import gettext_lazy as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.decorators import action
from rest_framework.exceptions import ErrorDetail, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import replace_query_param

from analytics import drill, engine
from analytics.question import NONE, member_name
from analytics.registry import Kpi, find, kpis
from analytics.scopes import Scope
from analytics.sources import dimensions
from crm.api.filters import refuse_unknown
from crm.api.paging import LARGEST_PAGE, SIZE
from crm.api.views import Endpoint
from crm.models import Organisation
from crm.periods import GRAINS, Period

from ..rows import part_units, row_of, written
from . import serializers

FIRST, LAST = dt.date(1970, 1, 1), dt.date(2200, 1, 1)
MOST_UNITS = 400
DEEPEST = 1_000_000

FROM = OpenApiParameter("from", OpenApiTypes.DATE, required=True, description="First day.")
TO = OpenApiParameter("to", OpenApiTypes.DATE, required=True, description="First day after the period.")


def _dimension_parameters() -> list[OpenApiParameter]:
    text = f"Only this member, by its key; {NONE} for the records without one."
    return [OpenApiParameter(dimension.key, str, description=text) for dimension in dimensions]


class KpiEndpoint(Endpoint):
    """Numbers. Everyone gets those of the records that count for them: their own, their team's, or all."""

    resource = "kpi"
    lookup_field = "key"
    lookup_value_converter = "slug"
    pagination_class = None
    filter_backends: list[Any] = []
    serializer_class = serializers.KpiSerializer

    def kpi(self) -> Kpi:
        try:
            return find(self.kwargs["key"])
        except KeyError:
            raise Http404 from None

    @extend_schema(responses=serializers.KpiSerializer(many=True))
    def list(self, request: Request) -> Response:
        """All KPIs with their definitions."""
        refuse_unknown(request, ())
        return Response(serializers.KpiSerializer(list(kpis), many=True).data)

    def retrieve(self, request: Request, key: str) -> Response:
        """One KPI's definition."""
        return Response(serializers.KpiSerializer(self.kpi()).data)

    @extend_schema(
        parameters=[
            FROM,
            TO,
            OpenApiParameter(
                "grain", str, enum=GRAINS, description="Units of the series; without it the whole span is one number."
            ),
            OpenApiParameter("by", str, description="A dimension to split by."),
            *_dimension_parameters(),
        ],
        responses=serializers.SeriesSerializer,
    )
    @action(detail=True)
    def series(self, request: Request, key: str) -> Response:
        """The KPI's values with their parts, by period and, with `by`, by the members of a dimension."""
        asked = Asked.read(request, self.kpi(), {"grain", "by"})
        by = one_of(request, "by", asked.kpi.dimensions) or None
        scope = Scope.of(request.user)
        rows = engine.evaluate([asked.kpi.key], asked.units(request), scope=scope, filters=asked.filters, by=by)
        currency = Organisation.current().base_currency
        answer = {"results": [row_of(row, currency) for row in rows], "scope": str(scope.label)}
        return Response(serializers.SeriesSerializer(answer).data)

    @extend_schema(
        parameters=[
            FROM,
            TO,
            OpenApiParameter("part", str, description="numerator, denominator, pending or left_out:…; `parts` lists them."),
            OpenApiParameter("limit", int),
            OpenApiParameter("offset", int),
            *_dimension_parameters(),
        ],
        responses=serializers.RecordsSerializer,
    )
    @action(detail=True)
    def records(self, request: Request, key: str) -> Response:
        """The records behind the number; their count and total are the number's."""
        asked = Asked.read(request, self.kpi(), {"part", "limit", "offset"})
        scope = Scope.of(request.user)
        parts = list(drill.parts_for(asked.kpi, scope))
        part = one_of(request, "part", list(drill.parts_of(asked.kpi))) or "numerator"
        limit, offset = whole(request, "limit", SIZE, 1, LARGEST_PAGE), whole(request, "offset", 0, 0, DEEPEST)
        try:
            found = drill.drill(asked.kpi.key, asked.period, scope=scope, filters=asked.filters, part=part)
        except LookupError as error:
            raise ValidationError(ErrorDetail(_("This number cannot be cut this way."), code="not_cut")) from error
        answer = {"part": part, "parts": parts, **_records(found, request, limit, offset)}
        return Response(serializers.RecordsSerializer(answer).data)


def _records(found: drill.Drill, request: Request, limit: int, offset: int) -> dict[str, Any]:
    base = Organisation.current().base_currency
    unit = part_units(found.kpi).get(found.part, "count")
    more = offset + limit < found.count
    rows = [
        {
            "label": item.label,
            "url": item.url,
            "when": item.when,
            "value": written(item.value, unit, item.currency or base),
            "currency": (item.currency or base) if unit == "money" and item.value is not None else None,
            "detail": item.detail,
        }
        for item in found.page(request.user, offset, limit)
    ]
    return {
        "count": found.count,
        "visible": found.visible(request.user),
        "total": written(found.total, unit, base),
        "results": rows,
        "next": replace_query_param(request.build_absolute_uri(), "offset", offset + limit) if more else None,
    }


@dataclass
class Asked:
    """Period and filters of a request."""

    kpi: Kpi
    period: Period
    filters: dict[str, str]

    @classmethod
    def read(cls, request: Request, kpi: Kpi, more: set[str]) -> Asked:
        """Refuses, on its parameter, what cannot be read."""
        refuse_unknown(request, {"from", "to", *kpi.filterable, *more})
        start, end = day(request, "from"), day(request, "to")
        if end <= start:
            raise ValidationError({"to": [_("A period ends after it starts.")]})
        filters = {}
        for name in kpi.filterable:
            if name in request.query_params:
                member = request.query_params[name]
                filters[name] = "" if member == NONE else member
                if not member or member_name(name, filters[name]) is None:
                    raise ValidationError({name: ErrorDetail(_("There is no such value."), code="unknown")})
        return cls(kpi, Period(start, end), filters)

    def units(self, request: Request) -> list[Period]:
        """The periods of the series."""
        grain = one_of(request, "grain", GRAINS)
        if not grain:
            return [self.period]
        if grain == "day" and self.period.days > MOST_UNITS:
            raise ValidationError({"grain": [_("That would be more than %(most)s numbers.") % {"most": MOST_UNITS}]})
        units = self.period.split(grain)
        if len(units) > MOST_UNITS:
            raise ValidationError({"grain": [_("That would be more than %(most)s numbers.") % {"most": MOST_UNITS}]})
        return units


def day(request: Request, name: str) -> dt.date:
    try:
        found = parse_date(request.query_params.get(name, ""))
    except ValueError:
        found = None
    if found is None or not FIRST <= found <= LAST:
        raise ValidationError({name: [_("A day as YYYY-MM-DD.")]})
    return found


def one_of(request: Request, name: str, allowed: Any) -> str:
    """The parameter's value, or empty; anything not offered is refused."""
    text = request.query_params.get(name, "")
    if text and text not in allowed:
        raise ValidationError({name: [_("Possible: %(allowed)s.") % {"allowed": ", ".join(allowed)}]})
    return text


def whole(request: Request, name: str, default: int, least: int, most: int) -> int:
    text = request.query_params.get(name)
    if text is None:
        return default
    if not (text.isascii() and text.isdigit() and len(text) < 9 and least <= int(text) <= most):
        raise ValidationError({name: [_("A number from %(least)s to %(most)s.") % {"least": least, "most": most}]})
    return int(text)
