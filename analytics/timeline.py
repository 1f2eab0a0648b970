"""How the events of targets and success thresholds read on a timeline."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from crm import timeline
from crm.timeline import Entry

from . import formats, targets
from .registry import kpis


def _value(said: dict) -> str:
    kpi = kpis.get(said.get("kpi", ""))
    try:
        return formats.exact(targets.number(Decimal(said["value"])), kpi.written, said.get("currency", "")) if kpi else ""
    except (KeyError, InvalidOperation):
        return ""


@timeline.describes("target.created")
def created(event: Any) -> Entry:
    words = _("Target “%(target)s” set") % {"target": event.subject_name}
    return Entry(event.at, words, "target", _value(event.new), event.actor, reverse("analytics:target", args=[event.subject_id]))


@timeline.describes("target.deleted")
def deleted(event: Any) -> Entry:
    words = _("Target “%(target)s” taken back") % {"target": event.subject_name}
    return Entry(event.at, words, "target", _value(event.old), event.actor)


@timeline.describes("successthreshold.created")
def threshold_created(event: Any) -> Entry:
    words = _("Success threshold “%(threshold)s” set") % {"threshold": event.subject_name}
    url = reverse("analytics:threshold", args=[event.subject_id])
    return Entry(event.at, words, "target", _value(event.new), event.actor, url)


@timeline.describes("successthreshold.deleted")
def threshold_deleted(event: Any) -> Entry:
    words = _("Success threshold “%(threshold)s” taken back") % {"threshold": event.subject_name}
    return Entry(event.at, words, "target", _value(event.old), event.actor)
