"""The columns of targets: on pages, in exports, and for the API's ordering."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from crm.columns import Column, Columns

from . import targets
from .registry import kpis


def _kpi(target: Any) -> str:
    kpi = kpis.get(target.kpi)
    return kpi.name if kpi else target.kpi


def _value(target: Any) -> Any:
    kpi = kpis.get(target.kpi)
    return target.value if kpi is None else targets.outside(kpi, target.value, target.currency)


TARGETS = Columns(
    Column("kpi", _("Number"), _kpi),
    Column("key", _("Key"), lambda target: target.kpi, on_page=False),
    Column("owner", _("Person"), lambda target: str(target.owner) if target.owner else None),
    Column("team", _("Team"), lambda target: str(target.team) if target.team else None),
    Column("grain", _("For a"), lambda target: str(target.get_grain_display())),
    Column("start", _("First day"), lambda target: target.start, kind="date", order="start"),
    Column("value", _("Target"), _value, kind="number"),
    Column("currency", _("Currency"), lambda target: target.currency or None, on_page=False),
    Column("set_by", _("Set by"), lambda target: str(target.created_by) if target.created_by_id else None, on_page=False),
    default="-start",
)
