"""The filters of targets: pages, exports and API alike."""

from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from crm.filters import RecordFilter, SeveralFilter, SpanFilter

from .models import SuccessThreshold, Target
from .registry import kpis


def kpi_names() -> list[tuple[str, Any]]:
    return [(kpi.key, kpi.name) for kpi in kpis if kpi.may_be_aimed_at]


class TargetFilter(RecordFilter):
    kpi = django_filters.ChoiceFilter(choices=kpi_names, label=_("Number"))
    grain = SeveralFilter(choices=Target.Grain.choices, label=_("For a"))
    begins = SpanFilter(field_name="start", label=_("Begins"))

    class Meta:
        model = Target
        fields: list[str] = []

    def search(self, queryset: QuerySet, text: str) -> QuerySet:
        """By the number's name in any language, the person or the team."""
        words = text.casefold().split()
        found = Q()
        for word in words:
            keys = [kpi.key for kpi in kpis if word in " ".join([*kpi.names.values(), kpi.key]).casefold()]
            found &= Q(kpi__in=keys) | Q(owner__name__icontains=word) | Q(team__name__icontains=word)
        return queryset.filter(found)


class ThresholdFilter(TargetFilter):
    class Meta:
        model = SuccessThreshold
        fields: list[str] = []
