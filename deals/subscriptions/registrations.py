"""What subscriptions show in the frame and on the pages of companies and deals."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from contacts.search import best_first
from crm import indexes, search, site
from crm.access import covers, may, visible_to
from crm.money import format_money
from crm.search import matching
from crm.site import Hit

from ..choices import Status
from . import services
from . import timeline as _timeline  # noqa: F401  how events of subscriptions read
from .models import Subscription

SHOWN = 10


def find(user: Any, text: str, limit: int) -> list[Hit]:
    """Subscriptions by any part of number or plan."""
    rows = matching(visible_to(Subscription.objects.select_related("company"), user), text)
    return [
        Hit(
            str(row),
            row.get_absolute_url(),
            " · ".join((str(row.company), format_money(row.mrr, row.currency, cents=False), str(row.get_status_display()))),
        )
        for row in best_first(rows, text, "number")[:limit]
    ]


search.index(Subscription, "number", "plan")
indexes.blanks_last(Subscription, "term_end")
site.menu.register(
    "subscriptions", site.MenuItem(_("Subscriptions"), "repeat", "deals:subscriptions", "deals", "subscription", order=30)
)
site.new_items.register(
    "subscription", site.NewItem(_("Subscription"), "repeat", "deals:subscription_new", "b", "subscription", order=30)
)
site.search_kinds.register("subscriptions", site.SearchKind(_("Subscriptions"), "repeat", "subscription", find, order=16))


def _panel(user: Any, where: dict[str, Any], query: dict[str, Any]) -> dict:
    rows = list(Subscription.objects.visible_to(user).filter(**where).for_list().order_by("-start", "-pk")[: SHOWN + 1])
    words = urlencode(query)
    return {
        "subscriptions": rows[:SHOWN],
        "more": len(rows) > SHOWN,
        "list_url": f"{reverse('deals:subscriptions')}?{words}",
        "new_url": f"{reverse('deals:subscription_new')}?{words}" if may(user, "subscription", "add") else "",
    }


def company_subscriptions(company: Any, user: Any) -> dict:
    """The company's subscriptions, the newest first."""
    return _panel(user, {"company": company}, {"company": company.pk})


def deal_subscriptions(deal: Any, user: Any) -> dict | None:
    """The subscriptions of a won deal, or the button that makes them of its lines."""
    found = _panel(user, {"deal": deal}, {"deal": deal.pk})
    if deal.status != Status.WON and not found["subscriptions"]:
        return None
    if not found["subscriptions"] and found["new_url"] and covers(user, deal, "change") and services.recurring(deal):
        found["make_url"] = reverse("deals:deal_subscriptions", args=[deal.pk])
    return found


for _key, _target, _context in (
    ("company_subscriptions", "contacts.company", company_subscriptions),
    ("deal_subscriptions", "deals.deal", deal_subscriptions),
):
    site.panels.register(_key, site.Panel(_target, "deals/_subscriptions_panel.html", _context, "subscription", order=16))
