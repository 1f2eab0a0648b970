"""How the events of orders read on a timeline."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from crm import timeline
from crm.money import format_money
from crm.timeline import Entry


def _url(event: Any) -> str:
    return reverse("deals:order", args=[event.subject_id])


def _value(event: Any, sign: int = 1) -> str:
    return format_money(sign * event.new["amount"], event.new["currency"]) if event.new.get("currency") else ""


@timeline.describes("order.created")
def created(event: Any) -> Entry:
    words = _("Order %(number)s") % {"number": event.subject_name}
    return Entry(event.at, words, "receipt", _value(event), event.actor, _url(event))


@timeline.describes("order.credited")
def credited(event: Any) -> Entry:
    words = _("Credit note %(number)s for %(order)s") % {
        "number": event.subject_name,
        "order": event.new.get("refund_of", ""),
    }
    return Entry(event.at, words, "undo-2", _value(event, -1), event.actor, _url(event), tone="warning")


@timeline.describes("customer.started", "customer.reactivated", "customer.churned")
def life(event: Any) -> Entry:
    """What purchases say of the customer."""
    words = {
        "customer.started": _("Became a customer"),
        "customer.reactivated": _("Bought again after a long time: a customer again"),
        "customer.churned": _("No purchase for a long time: no longer counted as an active customer"),
    }
    icons = {"customer.started": "user-plus", "customer.reactivated": "user-check", "customer.churned": "user-minus"}
    tone = "warning" if event.kind == "customer.churned" else "success"
    return Entry(event.at, words[event.kind], icons[event.kind], "", event.actor, tone=tone)


@timeline.describes("order.extended")
def extended(event: Any) -> Entry:
    """Lines of an order that came after it."""
    words = _("Lines added to order %(number)s") % {"number": event.subject_name}
    return Entry(event.at, words, "receipt", "", event.actor, _url(event))
