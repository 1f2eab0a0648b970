"""“Where it came from”: the touches before an order, a deal or a company's first order, on their pages."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from contacts import touches
from contacts.touches import Touch
from crm import site
from crm.models import Organisation

from ..choices import Status
from ..models import Deal
from ..orders.models import Order
from .models import TouchKind, TouchShare
from .shares import circle_of, weights, within


@dataclass(frozen=True)
class Line:
    """A touch as the panel shows it. `amount` is in minor units of the base currency; None where there is no order."""

    at: dt.datetime
    kind: Any
    source: str
    channel: str
    campaign: str
    percent: float
    amount: int | None = None


def _lines(found: Sequence[Touch | TouchShare], model: str) -> list[Line]:
    parts = weights(model, len(found)) if found else []
    return [
        Line(
            touch.at,  # type: ignore[arg-type]
            TouchKind(touch.kind).label,
            touch.source,
            touch.channel,
            touch.campaign,
            100 * part / sum(parts),
            getattr(touch, model) if isinstance(touch, TouchShare) else None,
        )
        for touch, part in zip(found, parts, strict=True)
    ]


def _context(found: Sequence[Touch | TouchShare], hint: str, order: Order | None = None) -> dict[str, Any]:
    settings = Organisation.current()
    return {
        "lines": _lines(found, settings.attribution_model),
        "hint": hint,
        "model": settings.get_attribution_model_display(),
        "days": settings.attribution_window_days,
        "currency": settings.base_currency,
        "order": order,
    }


def order_touches(order: Order, user: Any) -> dict[str, Any]:
    """What stood before an order; of a credit note, before its order."""
    found = [row for row in order.touch_shares.all() if row.touched]
    return _context(found, "" if found else _("No touch leads to this order: its revenue is credited to nobody."))


def deal_touches(deal: Deal, user: Any) -> dict[str, Any] | None:
    """What stood before a deal was closed, or stands before it now; nothing where there is nothing and the deal is not won."""
    leads = [deal.lead_id] if deal.lead_id else []
    people = deal.deal_people.values_list("person_id", flat=True)
    circle = circle_of([deal.company_id] if deal.company_id else [], people, leads)
    known = touches.joined(touches.read(circle.leads, circle.people), circle.whose)
    found = within(known, deal.closed_at or timezone.now(), Organisation.current().attribution_window_days)
    if not found and deal.status != Status.WON:
        return None
    return _context(found, "" if found else _("No touch leads to this deal."))


def company_touches(company: Any, user: Any) -> dict[str, Any] | None:
    """What stood before the first order of a company that bought; for others, whatever is known of it by now."""
    first = Order.objects.placed().filter(company=company).order_by("ordered_at", "pk").first()
    if first is not None:
        shown = order_touches(first, user)
        visible = Order.objects.visible_to(user).filter(pk=first.pk).exists()
        return {**shown, "order": first if visible else None, "lines": shown["lines"] if visible else _without_money(shown)}
    circle = circle_of([company.pk], [])
    found = touches.joined(touches.read(circle.leads, circle.people), circle.whose)
    recent = within(found, timezone.now(), Organisation.current().attribution_window_days)
    return _context(recent, "") if recent else None


def _without_money(shown: dict[str, Any]) -> list[Line]:
    """For a reader who may not see the order."""
    return [Line(row.at, row.kind, row.source, row.channel, row.campaign, row.percent) for row in shown["lines"]]


PANEL = "deals/_touches_panel.html"
for _key, _target, _shown, _resource in (
    ("order_touches", "deals.order", order_touches, "order"),
    ("deal_touches", "deals.deal", deal_touches, "deal"),
    ("company_touches", "contacts.company", company_touches, "order"),
):
    site.panels.register(_key, site.Panel(_target, PANEL, _shown, _resource, order=70))
