"""Drawing charts, sparklines and row bars: {% load numbers %}."""

from __future__ import annotations

from typing import Any

from django import template
from django.template import Context
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from crm.models import Organisation
from crm.periods import Period

from .. import formats, success, targets
from ..boards import boards
from ..charts import BarRow, Chart, Spark
from ..own.numbers import key_of
from ..registry import kpis

register = template.Library()


@register.simple_tag
def chart(chart: Chart) -> SafeString:
    """A laid out chart, with legend and tooltips."""
    return render_to_string("analytics/charts/chart.html", {"chart": chart})


@register.simple_tag
def spark(spark: Spark | None) -> SafeString | str:
    """A sparkline; nothing where there is none."""
    return render_to_string("analytics/charts/spark.html", {"spark": spark}) if spark else ""


@register.simple_tag
def bar(row: BarRow, colour: int = 1) -> SafeString:
    """A horizontal bar for a table's cell."""
    return render_to_string("analytics/charts/bar.html", {"row": row, "colour": colour})


@register.filter
def period_name(period: Period) -> str:
    """ "May 2026", "1–18 May 2026"."""
    return formats.period(period)


@register.simple_tag
def amount(value: formats.Number | None, unit: str, currency: str = "") -> str:
    """A record's part in a number, in full; money in its own currency where it has one."""
    return formats.exact(value, unit, currency or Organisation.current().base_currency) if value is not None else ""


@register.inclusion_tag("_components/tabs.html", takes_context=True)
def number_tabs(context: Context) -> dict:
    """Overview, the manager's pages and the index; the chosen period goes with the reader."""
    bar, path = context["question"].bar, context["request"].path
    places = [(_("Overview"), reverse("analytics:overview"))]
    places += [(board.name, reverse("analytics:board", args=[board.key])) for board in boards if board.shown()]
    places.append((_("All numbers"), reverse("analytics:numbers")))
    items = [{"label": label, "url": f"{url}?{bar.encoded}", "current": url == path} for label, url in places]
    return {"items": items, "label": _("Pages of numbers")}


@register.filter
def target_number(target: Any) -> str:
    """The name of the number that a target is for; its key when there is no such number any more."""
    kpi = kpis.get(target.kpi)
    return kpi.name if kpi else target.kpi


@register.filter
def own_key(own: Any) -> str:
    """The key of a number that people made."""
    return key_of(own)


@register.filter
def target_value(target: Any) -> str:
    """A target's value in words."""
    return targets.shown(target)


@register.filter
def target_counts(target: Any) -> bool:
    """Whether a target counts (see `targets.is_current`)."""
    return targets.is_current(target)


@register.filter
def threshold_value(threshold: Any, name: str = "value") -> str:
    """A success threshold, or its dead band, in words."""
    return success.shown(threshold, name)


@register.filter
def threshold_counts(threshold: Any) -> bool:
    """Whether a success threshold counts (see `success.is_current`)."""
    return success.is_current(threshold)
