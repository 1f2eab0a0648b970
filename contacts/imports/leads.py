"""Importing leads."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm.imports.engine import Step
from crm.imports.index import Index
from crm.imports.parsing import fold
from crm.imports.registry import Field, Kind, Row, register
from crm.models import next_number

from .. import leads as lead_facts
from ..choices import LeadStatus
from ..models import Lead
from ..services import save_lead
from .common import checked, dating, differing, import_day, owner_of, redating, refuse_by, write_new

CLOSING = (LeadStatus.CONVERTED, LeadStatus.UNRESPONSIVE, LeadStatus.DISQUALIFIED)
TEXTS = ("name", "email", "phone", "source", "medium", "campaign", "landing_page")
MOMENTS = ("first_response_at", "qualified_at", "converted_at", "abandoned_at")


def who(email: str, name: str, company: str, created: dt.datetime | None) -> str:
    """A lead without number is known by who it is and when it came: the same person may ask twice."""
    return f"k:{fold(email) or fold(name) + '|' + fold(company)}|{created.isoformat() if created else ''}"


def whoever(email: str, name: str, company: str) -> str:
    """The same without the date, for rows that have none."""
    return "w" + who(email, name, company, None)[1:]


def keys(number: str, email: str, name: str, company: str, created: dt.datetime | None) -> tuple[str, ...]:
    return f"n:{number.lower()}", who(email, name, company, created), whoever(email, name, company)


def load(since: dt.datetime | None) -> Iterator[tuple[int, tuple[str, ...]]]:
    rows = Lead.objects.order_by()
    if since is not None:
        rows = rows.filter(updated_at__gte=since)
    for pk, number, email, name, company, created, undated in rows.values_list(
        "pk", "number", "email", "name", "company_name", "created_at", "undated"
    ).iterator():
        yield pk, keys(number, email, name, company, None if undated else created)


def index_of(step: Step) -> Index:
    return step.index("leads", load)


@register
class Leads(Kind):
    """Leads; the same one has that number, else that e-mail (or name and company) and that creation date."""

    key = "leads"
    label = gettext_lazy("Leads")
    needs = (("lead", "add"),)
    required = (("name", "email", "company"),)
    fields = (
        Field("number", gettext_lazy("Number"), limit=40, headings=("id", "lead id", "record id")),
        Field("name", gettext_lazy("Lead"), headings=("full name", "lead name", "contact")),
        Field("email", gettext_lazy("E-mail"), "email", headings=("mail", "email address")),
        Field("phone", gettext_lazy("Phone"), limit=40, headings=("phone number", "telephone")),
        Field("company", gettext_lazy("Company"), headings=("company name", "account", "organization")),
        Field(
            "source",
            gettext_lazy("Source"),
            limit=80,
            headings=("lead source", "leadsource", "original source", "utm_source", "origin"),
        ),
        Field("medium", gettext_lazy("Medium"), limit=80, headings=("utm_medium",)),
        Field("campaign", gettext_lazy("Campaign"), limit=120, headings=("utm_campaign",)),
        Field("landing_page", gettext_lazy("Landing page"), limit=300, headings=("landing page id", "first page")),
        Field("status", gettext_lazy("Status"), "choice", choices=tuple(LeadStatus.choices), headings=("lead status", "stage")),
        Field("owner", gettext_lazy("Owner"), headings=("lead owner", "contact owner", "sdr", "sdr id")),
        Field(
            "created_at",
            gettext_lazy("Created"),
            "moment",
            headings=("create date", "created", "first contact date", "created date"),
        ),
        Field("first_response_at", gettext_lazy("First response"), "moment"),
        Field("qualified_at", gettext_lazy("Qualified"), "moment"),
        Field("converted_at", gettext_lazy("Converted"), "moment", headings=("won date", "converted date")),
        Field("abandoned_at", gettext_lazy("Abandoned"), "moment"),
    )

    def identities(self, row: Row) -> list[str]:
        if row.text("number"):
            return [f"n:{row.text('number').lower()}"]
        person = row.text("email"), row.text("name"), row.text("company")
        created = row.get("created_at")
        return [who(*person, created)] if created else [who(*person, None), whoever(*person)]

    def save(self, rows: Sequence[Row], step: Step) -> None:
        index = index_of(step)
        matches = {id(row): index.find(*self.identities(row)) for row in rows}
        known = Lead.objects.in_bulk([found.pk for found in matches.values() if found and not found.several])
        fresh: list[tuple[Row, Lead, dict[str, Any]]] = []
        for row in rows:
            found = matches[id(row)]
            if found and found.several:
                row.refuse("name", _("fits more than one lead: give the number"))
            elif not any(row.text(key) for key in ("name", "email", "company")):
                row.refuse("name", _("is missing"))
            elif found and found.pk in known:
                self._change(row, step, known[found.pk])
            else:
                self._new(row, step, fresh)
        self._write(fresh, step)

    def _values(self, row: Row, step: Step) -> dict[str, Any]:
        """The given values that fit together: dates follow the status and the status the dates."""
        values: dict[str, Any] = {key: row.values[key] for key in (*TEXTS, *MOMENTS) if row.get(key)}
        if row.get("company"):
            values["company_name"] = row.values["company"]
        status = row.get("status")
        if status == LeadStatus.CONVERTED and not row.get("converted_at"):
            status = LeadStatus.QUALIFIED
            step.note(
                "lead:converted",
                _(
                    "Leads marked as converted without a date were kept as qualified: they would count on the wrong day. Map converted_at."
                ),
                row.text("number") or row.text("name"),
            )
        if row.get("converted_at"):
            status = LeadStatus.CONVERTED
        elif status is None and row.get("qualified_at"):
            status = LeadStatus.QUALIFIED
        elif status is None and row.get("first_response_at"):
            status = LeadStatus.WORKING
        if status:
            values["status"] = status
        created = row.get("created_at")
        for key in ("qualified_at", "converted_at", "abandoned_at"):
            if created and row.get(key) and row.values[key] < created:
                row.refuse(key, _("lies before the creation"))
        return values

    def _new(self, row: Row, step: Step, fresh: list[tuple[Row, Lead, dict[str, Any]]]) -> None:
        values = {"name": row.text("email") or row.text("company"), **self._values(row, step)}
        owner = owner_of(row, step, "lead", new=True)
        if row.refused:
            return
        dates = dating(row, step)
        converted = values.get("converted_at")
        if dates["undated"] and converted and converted < dates["created_at"]:
            dates["created_at"] = converted  # it came before it was converted, nobody says when
        if values.get("status") in CLOSING:
            values["closed_at"] = converted or values.get("abandoned_at") or max(dates["created_at"], import_day(step))
        lead = Lead(number=row.text("number"), **values, **dates, owner=owner, team=owner.team if owner else None)
        if checked(self, row, lead):
            fresh.append((row, lead, {**values, "owner": owner}))

    def _change(self, row: Row, step: Step, lead: Lead) -> None:
        owner = owner_of(row, step, "lead", new=False)
        values = self._values(row, step) | ({"owner": owner} if owner else {})
        if values.get("status") in CLOSING and values["status"] != lead.status:
            values["closed_at"] = values.get("converted_at") or values.get("abandoned_at") or import_day(step)
        if row.refused:
            return
        changes = differing(lead, values) | redating(row, lead)
        if changes and not step.may_change(lead, "lead"):
            row.refuse("number", _("exists already and belongs to another team"))
            return
        if changes:
            try:
                save_lead(lead, **changes)
            except ValidationError as error:
                refuse_by(row, self, error)
                return
        row.result = "updated" if changes else "unchanged"

    def _write(self, fresh: list[tuple[Row, Lead, dict[str, Any]]], step: Step) -> None:
        bare = [lead for _row, lead, _said in fresh if not lead.number]
        if bare:
            first = next_number("lead", len(bare))
            for offset, lead in enumerate(bare):
                lead.number = f"L-{first + offset}"
        leads = [lead for _row, lead, _said in fresh]
        write_new(leads, [said for _row, _lead, said in fresh])
        lead_facts.rebuild(leads)
        index = index_of(step)
        for row, lead, _said in fresh:
            index.add(lead.pk, keys(lead.number, lead.email, lead.name, lead.company_name, row.get("created_at")))
            row.result = "created"
