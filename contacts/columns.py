"""The columns of companies, people, leads and tasks: on pages, in exports, and for the API's ordering."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from crm.columns import Column, Columns
from crm.money import to_major


def _text(name: str) -> Any:
    """A reader of an attribute's words; None for a blank."""

    def read(record: Any) -> str | None:
        value = getattr(record, name)
        return str(value) if value not in (None, "") else None

    return read


def _emails(person: Any) -> str | None:
    return ", ".join(row.email for row in person.emails.all()) or None


def _phones(person: Any) -> str | None:
    return ", ".join(row.phone for row in person.phones.all()) or None


def _revenue(company: Any) -> Any:
    if company.annual_revenue is None or not company.annual_revenue_currency:
        return None
    return to_major(company.annual_revenue, company.annual_revenue_currency)


CREATED = Column("created", _("Created"), lambda record: record.created_at, kind="when", order="created_at")

COMPANIES = Columns(
    Column("name", _("Company"), lambda company: company.name, order="name"),
    Column("domain", _("Domain"), _text("domain")),
    Column("industry", _("Industry"), _text("industry")),
    Column("employees", _("Employees"), lambda company: company.employees, kind="number"),
    Column("revenue", _("Annual revenue"), _revenue, kind="money", on_page=False),
    Column("revenue_currency", _("Currency"), _text("annual_revenue_currency"), on_page=False),
    Column("country", _("Country"), _text("country")),
    Column("city", _("City"), _text("city"), on_page=False),
    Column("owner", _("Owner"), _text("owner")),
    Column("source", _("Source"), _text("source"), on_page=False),
    CREATED,
    default="name",
)

PEOPLE = Columns(
    Column("name", _("Person"), lambda person: person.name, order="name"),
    Column("title", _("Job title"), _text("title")),
    Column("company", _("Company"), _text("company")),
    Column("email", _("E-mail"), _emails),
    Column("phone", _("Phone"), _phones),
    Column("language", _("Language"), _text("language"), on_page=False),
    Column("owner", _("Owner"), _text("owner")),
    Column("source", _("Source"), _text("source"), on_page=False),
    CREATED,
    default="name",
)

LEADS = Columns(
    Column("number", _("Number"), _text("number"), on_page=False),
    Column("name", _("Lead"), lambda lead: lead.name),
    Column("company", _("Company"), _text("company_name")),
    Column("status", _("Status"), lambda lead: str(lead.get_status_display())),
    Column("score", _("Score"), lambda lead: lead.score, kind="number", order="score"),
    Column("source", _("Source"), _text("source")),
    Column("medium", _("Medium"), _text("medium"), on_page=False),
    Column("campaign", _("Campaign"), _text("campaign"), on_page=False),
    Column("email", _("E-mail"), _text("email"), on_page=False),
    Column("phone", _("Phone"), _text("phone"), on_page=False),
    Column("first_response", _("First response"), lambda lead: lead.first_response_at, kind="when"),
    Column("owner", _("Owner"), _text("owner")),
    CREATED,
    Column("converted", _("Converted"), lambda lead: lead.converted_at, kind="when", on_page=False),
    default="-created",
)

TASKS = Columns(
    Column("title", _("Task"), lambda task: task.title),
    Column("about", _("About"), lambda task: str(task.person or task.company or task.lead or "") or None),
    Column("due", _("Due"), lambda task: task.due_at, kind="when", order="due_at", blanks=True),
    Column("owner", _("Owner"), _text("owner")),
    Column("done", _("Done"), lambda task: task.done_at, kind="when", on_page=False),
    default="due",
)
