"""The columns of campaigns and costs: on pages, in exports, and for the API's ordering."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from contacts.columns import _text
from crm.columns import Column, Columns
from crm.models import Organisation
from crm.money import to_major


def _words(name: str) -> Any:
    return lambda record: str(getattr(record, f"get_{name}_display")())


def _major(name: str) -> Any:
    """An amount in major units of the record's currency."""

    def read(record: Any) -> Any:
        value = getattr(record, name)
        return None if value is None else to_major(value, record.currency)

    return read


def _base(name: str) -> Any:
    """An amount in major units of the base currency."""

    def read(record: Any) -> Any:
        value = getattr(record, name)
        return None if value is None else to_major(value, Organisation.current().base_currency)

    return read


CAMPAIGNS = Columns(
    Column("name", _("Campaign"), lambda campaign: campaign.name, order="name"),
    Column("code", _("Code"), _text("code"), on_page=False),
    Column("status", _("Status"), _words("status")),
    Column("kind", _("Type"), _words("kind")),
    Column("source", _("Source"), _text("source"), on_page=False),
    Column("channel", _("Channel"), _text("channel")),
    Column("start", _("Start"), lambda campaign: campaign.start, kind="date", order="start", blanks=True),
    Column("end", _("Last day"), lambda campaign: campaign.end, kind="date", on_page=False),
    Column("budget", _("Budget"), _major("budget"), kind="money"),
    Column("currency", _("Currency"), _text("currency"), on_page=False),
    Column("spent", _("Spent"), _base("spent"), kind="money"),
    Column("leads", _("Leads"), lambda campaign: None, kind="number"),
    Column("owner", _("Owner"), _text("owner")),
    Column("team", _("Team"), _text("team"), on_page=False),
    Column("created", _("Created"), lambda campaign: campaign.created_at, kind="when", order="created_at", on_page=False),
    default="-created",
)

MESSAGES = Columns(
    Column("email", _("E-mail"), _text("email")),
    Column("campaign", _("Campaign"), _text("campaign")),
    Column("sent", _("Sent"), lambda message: message.sent_at, kind="when", order="sent_at"),
    Column("bounced", _("Bounced"), lambda message: message.bounced_at, kind="when"),
    Column("opened", _("First opened"), lambda message: message.opened_at, kind="when"),
    Column("clicked", _("First clicked"), lambda message: message.clicked_at, kind="when"),
    Column("opted_out", _("Opted out"), lambda message: message.opted_out_at, kind="when"),
    Column("number", _("Number"), _text("number"), on_page=False),
    default="-sent",
)

VISITS = Columns(
    Column("page", _("Landing page"), _text("landing_page")),
    Column("source", _("Source"), _text("source")),
    Column("medium", _("Channel"), _text("medium")),
    Column("campaign", _("Campaign"), _text("campaign")),
    Column("device", _("Device"), lambda visit: str(visit.get_device_display()) or None, on_page=False),
    Column("sessions", _("Sessions"), lambda visit: visit.sessions, kind="number"),
    Column("views", _("Pages viewed"), lambda visit: visit.views, kind="number", on_page=False),
    Column("clicks", _("Clicks"), lambda visit: visit.clicks, kind="number"),
    Column("submitted", _("Forms sent"), lambda visit: visit.submitted, kind="number"),
    Column("lead", _("Lead"), _text("lead"), on_page=False),
    Column("started", _("Started"), lambda visit: visit.started_at, kind="when", order="started_at"),
    default="-started",
)

WEB_FORMS = Columns(
    Column("name", _("Web form"), lambda form: form.name, order="name"),
    Column("active", _("Open to everybody"), lambda form: str(_("Yes") if form.active else _("No"))),
    Column("campaign", _("Campaign"), _text("campaign")),
    Column("views", _("Opened"), lambda form: form.views, kind="number"),
    Column("sent", pgettext_lazy("web form", "Sent"), lambda form: form.sent, kind="number"),
    Column("owner", _("Owner"), _text("owner")),
    Column("created", _("Created"), lambda form: form.created_at, kind="when", order="created_at"),
    default="-created",
)

COSTS = Columns(
    Column("name", _("What for"), lambda cost: cost.name or str(cost.get_category_display())),
    Column("category", _("Category"), _words("category")),
    Column("purpose", _("Purpose"), _words("purpose")),
    Column("campaign", _("Campaign"), _text("campaign")),
    Column("channel", _("Channel"), _text("channel")),
    Column("amount", _("Amount"), _major("amount"), kind="money"),
    Column("currency", _("Currency"), _text("currency"), on_page=False),
    Column("base", _("In base currency"), _base("base_amount"), kind="money", order="base_amount", blanks=True, on_page=False),
    Column("posted", _("Posted"), lambda cost: cost.posted_on, kind="date", order="posted_on"),
    Column("until", _("Spread until"), lambda cost: cost.until, kind="date", on_page=False),
    Column("team", _("Budget of"), _text("team"), on_page=False),
    Column("owner", _("Entered by"), _text("owner"), on_page=False),
    default="-posted",
)
