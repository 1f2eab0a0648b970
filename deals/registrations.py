"""What deals show in the frame and on the pages of companies, people and leads."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from contacts.choices import LeadStatus
from contacts.homes import homes
from crm import indexes, search, site
from crm.access import may

from . import search as find
from . import timeline as _timeline  # noqa: F401  how events of deals read
from .models import Deal, DealActivity, DealState, DealTask

SHOWN = 10

search.index(Deal, "title", "number")
indexes.blanks_last(Deal, "amount")
indexes.blanks_last(Deal, "expected_close")
indexes.spans(DealState, "start_day", "end_day", "status = 'open'")

site.menu.register("deals", site.MenuItem(_("Deals"), "handshake", "deals:deals", "deals", "deal", order=10))
site.new_items.register("deal", site.NewItem(_("Deal"), "handshake", "deals:deal_new", "d", "deal", order=10))
site.search_kinds.register("deals", site.SearchKind(_("Deals"), "handshake", "deal", find.deals, order=10))

for _key, _label, _icon, _url, _order in (
    ("pipelines", _("Pipelines"), "git-branch", "deals:pipelines", 70),
    ("reasons", _("Loss reasons"), "circle-x", "deals:reasons", 80),
):
    site.settings_pages.register(_key, site.MenuItem(_label, _icon, _url, "sales", "settings", "change", order=_order))
site.settings_pages.register(
    "products", site.MenuItem(_("Products"), "package", "deals:products", "sales", "product", "view", order=90)
)


def _panel(deals: Any, user: Any, query: str) -> dict:
    rows = list(deals.select_related("stage", "owner").order_by("-created_at", "-pk")[: SHOWN + 1])
    return {"deals": rows[:SHOWN], "more": len(rows) > SHOWN, "may_add": may(user, "deal", "add"), "query": query}


def company_deals(company: Any, user: Any) -> dict:
    """A company's deals, the newest first."""
    return _panel(Deal.objects.visible_to(user).filter(company=company), user, f"company={company.pk}")


def person_deals(person: Any, user: Any) -> dict:
    """The deals in which a person has a part."""
    return _panel(Deal.objects.visible_to(user).filter(deal_people__person=person), user, f"person={person.pk}")


def ticket_deals(ticket: Any, user: Any) -> dict | None:
    """The open deals of a ticket's company: who answers should know what is at stake there."""
    if ticket.company_id is None:
        return None
    return _panel(Deal.objects.visible_to(user).open().filter(company=ticket.company_id), user, f"company={ticket.company_id}")


def lead_deal(lead: Any, user: Any) -> dict | None:
    """Converting an open lead; the deal that came of a converted one."""
    deal = Deal.objects.visible_to(user).filter(lead=lead).select_related("stage", "owner").first()
    open_lead = lead.status != LeadStatus.CONVERTED and may(user, "lead", "change") and may(user, "deal", "add")
    return {"deal": deal, "convertible": open_lead} if deal or open_lead else None


site.panels.register("company_deals", site.Panel("contacts.company", "deals/_deals_panel.html", company_deals, "deal", order=10))
site.panels.register("person_deals", site.Panel("contacts.person", "deals/_deals_panel.html", person_deals, "deal", order=10))
site.panels.register("ticket_deals", site.Panel("support.ticket", "deals/_deals_rail.html", ticket_deals, "deal", order=10))
site.panels.register("lead_deal", site.Panel("contacts.lead", "deals/_lead_panel.html", lead_deal, "deal", order=10))


def home_of(row: Any) -> str:
    """The deal of an activity or task, where it has one."""
    if row._meta.model_name == "activity":
        link = DealActivity.objects.filter(activity=row).select_related("deal").first()
    else:
        link = DealTask.objects.filter(task=row).select_related("deal").first()
    return link.deal.get_absolute_url() if link else ""


homes.append(home_of)


from .attribution import registrations as _attribution  # noqa: E402, F401
from .orders import registrations as _orders  # noqa: E402, F401
from .subscriptions import registrations as _subscriptions  # noqa: E402, F401
from .value import registrations as _value  # noqa: E402, F401
