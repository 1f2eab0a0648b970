"""What marketing shows in the frame and on the pages of leads and people."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from crm import indexes, search, site

from . import search as find
from . import timeline as _timeline  # noqa: F401  how events of marketing read
from .models import Campaign, CampaignMember, Cost, WebForm

search.index(Campaign, "name", "code")
search.index(Cost, "name")
search.index(WebForm, "name", "title")
indexes.blanks_last(Campaign, "start")
indexes.blanks_last(Cost, "base_amount")

site.menu.register(
    "campaigns", site.MenuItem(_("Campaigns"), "megaphone", "marketing:campaigns", "marketing", "campaign", order=10)
)
site.menu.register("costs", site.MenuItem(_("Costs"), "receipt", "marketing:costs", "marketing", "cost", order=20))
site.menu.register(
    "landing_pages", site.MenuItem(_("Landing pages"), "panel-top", "marketing:landing_pages", "marketing", "visit", order=30)
)
site.menu.register(
    "visits", site.MenuItem(_("Visits"), "mouse-pointer-click", "marketing:visits", "marketing", "visit", order=40)
)
site.menu.register(
    "web_forms", site.MenuItem(_("Web forms"), "clipboard-list", "marketing:forms", "marketing", "webform", order=35)
)
site.new_items.register(
    "campaign", site.NewItem(_("Campaign"), "megaphone", "marketing:campaign_new", "a", "campaign", order=100)
)
site.new_items.register("cost", site.NewItem(_("Cost"), "receipt", "marketing:cost_new", "e", "cost", order=110))
site.search_kinds.register("campaigns", site.SearchKind(_("Campaigns"), "megaphone", "campaign", find.campaigns, order=70))


site.search_kinds.register("web_forms", site.SearchKind(_("Web forms"), "clipboard-list", "webform", find.web_forms, order=75))


def campaigns_of(record: Any, user: Any) -> dict | None:
    """The campaigns that a lead or person is a member of; for a lead also the one it came through."""
    where = {record._meta.model_name: record}
    members = list(CampaignMember.objects.filter(**where).for_list()[:20])
    came = None
    if record._meta.model_name == "lead" and record.campaign:
        came = Campaign.objects.filter(code=record.campaign).first()
    return {"members": members, "came": came} if members or came else None


for _target in ("contacts.lead", "contacts.person"):
    site.panels.register(
        f"{_target.partition('.')[2]}_campaigns",
        site.Panel(_target, "marketing/_campaigns_panel.html", campaigns_of, "campaign", order=60),
    )
