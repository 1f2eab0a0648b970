"""The block of published numbers on the index of the Django admin."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse

from crm.models import Organisation
from crm.periods import Period

from . import formats
from .areas import by_area
from .engine import bound
from .models import KpiSnapshot
from .registry import Kpi, kpis
from .views.common import computed

FIRST = 4  # of an area; the others open
READ = 400  # newest monthly snapshots that are looked through: some periods of every KPI


@dataclass
class Published:
    """A KPI and what was last published of it."""

    kpi: Kpi
    value: str
    period: str
    snapshot: KpiSnapshot
    url: str


@dataclass
class Area:
    """The published numbers of an area."""

    key: str
    name: Any
    rows: list[Published]

    @property
    def count(self) -> int:
        return len(self.rows)

    @property
    def first(self) -> list[Published]:
        return self.rows[:FIRST]

    @property
    def others(self) -> list[Published]:
        return self.rows[FIRST:]


def context(request: HttpRequest) -> dict[str, Any]:
    """The newest published month of each KPI, by area, in one query."""
    newest: dict[str, KpiSnapshot] = {}
    found = KpiSnapshot.objects.filter(current=True, dimension="", grain="month").order_by("-start", "kpi")
    for snapshot in found[:READ]:
        newest.setdefault(snapshot.kpi, snapshot)
    currency = Organisation.current().base_currency
    areas = []
    for key, name, group in by_area(kpis):
        rows = [_published(bound([kpi.key])[0], newest[kpi.key], currency) for kpi in group if kpi.key in newest]
        if rows:
            areas.append(Area(key, name, rows))
    moments = [row.snapshot.computed_at for area in areas for row in area.rows]
    return {"areas": areas, "computed": computed(moments), "all_url": _changelist()}


def _published(kpi: Kpi, snapshot: KpiSnapshot, currency: str) -> Published:
    span = Period(snapshot.start, snapshot.end, snapshot.grain)
    address = reverse("analytics:kpi", args=[kpi.key])
    query = f"?from={span.start.isoformat()}&to={span.last_day.isoformat()}"
    return Published(kpi, formats.short(snapshot.value, kpi.written, currency), formats.period(span), snapshot, address + query)


def _changelist() -> str:
    """The admin's list of snapshots, where it has one."""
    try:
        return reverse("admin:analytics_kpisnapshot_changelist")
    except NoReverseMatch:
        return ""
