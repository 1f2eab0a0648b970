"""What orders show in the frame and on the pages of companies, people and deals."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from contacts.search import best_first
from crm import search, site
from crm.access import covers, may, visible_to
from crm.money import format_money
from crm.search import matching
from crm.site import Hit

from ..choices import Status
from . import timeline as _timeline  # noqa: F401  how events of orders read
from .models import Order

SHOWN = 10


def find(user: Any, text: str, limit: int) -> list[Hit]:
    """Orders by any part of the number."""
    rows = best_first(matching(visible_to(Order.objects.select_related("company", "person"), user), text), text, "number")[:limit]
    return [
        Hit(
            row.number,
            row.get_absolute_url(),
            " · ".join((str(row.buyer or ""), format_money(row.sign * row.amount, row.currency, cents=False))),
        )
        for row in rows
    ]


search.index(Order, "number")
site.menu.register("orders", site.MenuItem(_("Orders"), "receipt", "deals:orders", "deals", "order", order=20))
site.new_items.register(
    "order", site.NewItem(pgettext_lazy("sale", "Order"), "receipt", "deals:order_new", "o", "order", order=20)
)
site.search_kinds.register("orders", site.SearchKind(_("Orders"), "receipt", "order", find, order=15))


def _panel(user: Any, where: dict[str, Any], query: dict[str, Any]) -> dict:
    rows = list(Order.objects.visible_to(user).filter(**where).for_list().order_by("-ordered_at", "-pk")[: SHOWN + 1])
    words = urlencode(query)
    return {
        "orders": rows[:SHOWN],
        "more": len(rows) > SHOWN,
        "list_url": f"{reverse('deals:orders')}?{words}",
        "new_url": f"{reverse('deals:order_new')}?{words}" if may(user, "order", "add") else "",
    }


def company_orders(company: Any, user: Any) -> dict:
    """What the company bought, the newest first."""
    return _panel(user, {"company": company}, {"company": company.pk})


def person_orders(person: Any, user: Any) -> dict | None:
    """What a person bought; nothing where they never did: most buy for their company."""
    found = _panel(user, {"person": person}, {"person": person.pk})
    return found if found["orders"] else None


def deal_orders(deal: Any, user: Any) -> dict | None:
    """The order of a won deal, or the button that makes it."""
    found = _panel(user, {"deal": deal}, {"deal": deal.pk})
    if deal.status != Status.WON and not found["orders"]:
        return None
    if not found["orders"] and found["new_url"] and covers(user, deal, "change"):
        found["make_url"] = reverse("deals:deal_order", args=[deal.pk])
    return found


for _key, _target, _context in (
    ("company_orders", "contacts.company", company_orders),
    ("person_orders", "contacts.person", person_orders),
    ("deal_orders", "deals.deal", deal_orders),
):
    site.panels.register(_key, site.Panel(_target, "deals/_orders_panel.html", _context, "order", order=15))
