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


def _typed(name: str) -> Any:
    """The column's value as people write it."""

    def value(target: Any) -> Any:
        kpi = kpis.get(target.kpi)
        return getattr(target, name) if kpi is None else targets.outside(kpi, getattr(target, name), target.currency)

    return value


_value = _typed("value")


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
THRESHOLDS = Columns(
    Column("kpi", _("Number"), _kpi, order="kpi"),
    Column("key", _("Key"), lambda threshold: threshold.kpi, on_page=False),
    Column("owner", _("Person"), lambda threshold: str(threshold.owner) if threshold.owner else None),
    Column("team", _("Team"), lambda threshold: str(threshold.team) if threshold.team else None),
    Column("grain", _("In a"), lambda threshold: str(threshold.get_grain_display())),
    Column("start", _("From"), lambda threshold: threshold.start, kind="date", order="start"),
    Column("value", _("Threshold"), _value, kind="number"),
    Column("dead_band", _("Dead band"), _typed("dead_band"), kind="number", on_page=False),
    Column("currency", _("Currency"), lambda threshold: threshold.currency or None, on_page=False),
    default="kpi",
)
