"""What tickets show in the frame and on the pages of companies, people and deals."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from contacts.homes import homes
from crm import indexes, search, site
from crm.access import may

from . import search as find
from . import timeline as _timeline  # noqa: F401  how events of tickets read
from .models import Ticket, TicketTask

SHOWN = 8

search.index(Ticket, "subject", "number")
indexes.blanks_last(Ticket, "next_due_at")

site.menu.register("tickets", site.MenuItem(_("Tickets"), "ticket", "support:tickets", "service", "ticket", order=10))
site.new_items.register("ticket", site.NewItem(_("Ticket"), "ticket", "support:ticket_new", "k", "ticket", order=60))
site.search_kinds.register("tickets", site.SearchKind(_("Tickets"), "ticket", "ticket", find.tickets, order=15))

for _order, (_key, _label, _icon, _url) in enumerate(
    (
        ("queues", _("Queues"), "inbox", "support:queues"),
        ("ticket_statuses", _("Ticket statuses"), "flag", "support:statuses"),
        ("calendars", _("Calendars"), "calendar-clock", "support:calendars"),
        ("policies", _("Service levels"), "alarm-clock", "support:policies"),
        ("ticket_tags", _("Tags"), "tags", "support:tags"),
        ("desk", _("Support desk"), "headset", "support:desk"),
    )
):
    _item = site.MenuItem(_label, _icon, _url, "service", "settings", "change", order=200 + _order)
    site.settings_pages.register(_key, _item)
site.settings_pages.register(
    "replies",
    site.MenuItem(_("Saved replies"), "message-square-quote", "support:replies", "service", "savedreply", "change", order=210),
)


def _panel(tickets: Any, user: Any, query: str) -> dict | None:
    """The newest tickets; None where there is nothing to show and nothing to add."""
    rows = list(tickets.genuine().select_related("status", "owner").order_by("-created_at", "-pk")[: SHOWN + 1])
    may_add = may(user, "ticket", "add")
    if not rows and not may_add:
        return None
    return {"tickets": rows[:SHOWN], "more": len(rows) > SHOWN, "may_add": may_add, "query": query}


def company_tickets(company: Any, user: Any) -> dict | None:
    """A company's tickets, the newest first."""
    return _panel(Ticket.objects.visible_to(user).filter(company=company), user, f"company={company.pk}")


def person_tickets(person: Any, user: Any) -> dict | None:
    """What a person asked, the newest first."""
    found = _panel(Ticket.objects.visible_to(user).filter(requester=person), user, f"person={person.pk}")
    return found and {**found, "all_query": f"requester={person.pk}"}


def deal_tickets(deal: Any, user: Any) -> dict | None:
    """The tickets of a deal's company: who sells should know what is open there."""
    if deal.company_id is None:
        return None
    return _panel(Ticket.objects.visible_to(user).filter(company=deal.company_id), user, f"company={deal.company_id}")


for _key, _target, _context, _order in (
    ("company_tickets", "contacts.company", company_tickets, 20),
    ("person_tickets", "contacts.person", person_tickets, 20),
    ("deal_tickets", "deals.deal", deal_tickets, 20),
):
    site.panels.register(_key, site.Panel(_target, "support/_tickets_panel.html", _context, "ticket", order=_order))


def home_of(row: Any) -> str:
    """The ticket of a task, where it has one."""
    if row._meta.model_name != "task":
        return ""
    link = TicketTask.objects.filter(task=row).select_related("ticket").first()
    return link.ticket.get_absolute_url() if link else ""


homes.append(home_of)
