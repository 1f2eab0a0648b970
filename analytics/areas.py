"""The areas of numbers, in the order in which pages show them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

AREAS: dict[str, Promise] = {
    "sales": _("Sales"),
    "revenue": _("Revenue"),
    "pipeline": _("Pipeline"),
    "lead": _("Leads"),
    "acquisition": _("Acquisition"),
    "web": _("Website"),
    "email": _("E-mail"),
    "retention": _("Retention"),
    "subscription": _("Subscriptions"),
    "value": _("Customer value"),
    "perception": _("Customer voice"),
    "service": _("Service"),
    "goals": _("Goals"),
    "productivity": _("Productivity"),
    "adoption": _("Adoption"),
    "data_quality": _("Data quality"),
    "comparison": _("Comparison"),
    "trend": _("Trend"),
}

#: What a manager looks at first stands first in its area; what is not named follows in order of registration.
FIRST = (
    "won_amount",
    "deals_won",
    "win_rate",
    "win_rate_value",
    "sales_cycle_length",
    "open_pipeline",
    "weighted_pipeline",
    "pipeline_created",
    "stale_deal_rate",
    "slipped_deal_rate",
    "leads_created",
    "lead_conversion_rate",
    "lead_qualification_rate",
    "lead_response_time",
    "speed_to_lead_rate",
    "nps",
    "csat",
    "ces",
    "survey_response_rate",
    "first_response_time",
    "sla_attainment",
    "ticket_backlog",
    "resolution_time",
    "tickets_created",
    "tickets_solved",
    "reopen_rate",
    "fcr",
)


def ordered(kpis: Iterable[Any]) -> list[Any]:
    """KPIs as pages show them: by area, the first ones first."""
    areas, first = list(AREAS), {key: place for place, key in enumerate(FIRST)}

    def place(item: tuple[int, Any]) -> tuple[int, int, int, int]:
        at, kpi = item
        area = areas.index(kpi.area) if kpi.area in AREAS else len(areas)
        return area, first.get(kpi.key, len(first)), kpi.order, at

    return [kpi for _at, kpi in sorted(enumerate(kpis), key=place)]


def by_area(kpis: Iterable[Any]) -> Iterator[tuple[str, Any, list[Any]]]:
    """(key, name, KPIs) of each area that has any, in order."""
    groups: dict[str, list[Any]] = {}
    for kpi in ordered(kpis):
        groups.setdefault(kpi.area, []).append(kpi)
    for area, found in groups.items():
        yield area, AREAS.get(area, area.replace("_", " ").capitalize()), found
