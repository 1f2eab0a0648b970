"""Importing companies, and finding or making the companies that other rows name."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm.imports.engine import Step
from crm.imports.index import Found, Index
from crm.imports.parsing import domain_of, squash
from crm.imports.references import ambiguous, forgiven
from crm.imports.registry import Field, Kind, Row, register

from ..models import Company
from ..services import chain, save_company
from .common import checked, dating, differing, import_day, owner_of, redating, refuse_by, write_new

TEXTS = ("name", "domain", "industry", "country", "city", "source")


def load(since: dt.datetime | None) -> Iterator[tuple[int, tuple[str, ...]]]:
    rows = Company.objects.order_by()
    if since is not None:
        rows = rows.filter(updated_at__gte=since)
    for pk, name, domain in rows.values_list("pk", "name", "domain").iterator():
        yield pk, (name, f"d:{domain.lower()}" if domain else "")


def index_of(step: Step) -> Index:
    return step.index("companies", load)


@register
class Companies(Kind):
    """Companies; the same one is the one with that domain, else with that name."""

    key = "companies"
    label = gettext_lazy("Companies")
    needs = (("company", "add"),)
    required = (("name", "domain"),)
    fields = (
        Field(
            "name",
            gettext_lazy("Company"),
            headings=("account", "account name", "company name", "organization", "organisation", "organization - name"),
        ),
        Field(
            "domain", gettext_lazy("Domain"), "domain", headings=("website", "website url", "company domain name", "url", "web")
        ),
        Field("industry", gettext_lazy("Industry"), limit=80, headings=("sector", "branch")),
        Field(
            "country",
            gettext_lazy("Country"),
            "country",
            headings=("country/region", "office location", "country code", "billing country"),
        ),
        Field("city", gettext_lazy("City"), limit=120, headings=("town", "billing city")),
        Field("employees", gettext_lazy("Employees"), "whole", headings=("number of employees", "headcount", "size")),
        Field("annual_revenue", gettext_lazy("Annual revenue"), "money", headings=("revenue", "turnover")),
        Field("parent", gettext_lazy("Part of"), headings=("parent company", "parent account", "subsidiary of")),
        Field("owner", gettext_lazy("Owner"), headings=("company owner", "account owner", "organization - owner")),
        Field("source", gettext_lazy("Source"), limit=80, headings=("original source", "lead source")),
        Field(
            "created_at", gettext_lazy("Created"), "moment", headings=("create date", "created", "created date", "date created")
        ),
    )

    def identities(self, row: Row) -> list[str]:
        return [f"d:{row.text('domain')}" if row.text("domain") else "", squash(row.text("name"))]

    def save(self, rows: Sequence[Row], step: Step) -> None:
        matches = {id(row): self._match(row, step) for row in rows}
        known = Company.objects.in_bulk([pk for pk in matches.values() if pk])
        fresh: list[tuple[Row, Company, dict[str, Any]]] = []
        for row in rows:
            pk = matches[id(row)]
            company = known.get(pk) if pk else None
            if company is not None and company.domain and row.text("domain") not in ("", company.domain.lower()):
                company = None  # the same name, another domain: another company
            if row.refused:
                continue
            if company is None:
                self._new(row, step, fresh)
            else:
                self._change(row, step, company)
        write_new([company for _row, company, _said in fresh], [said for _row, _company, said in fresh])
        index = index_of(step)
        for row, company, _said in fresh:
            index.add(company.pk, (company.name, f"d:{company.domain}" if company.domain else ""))
            row.result = "created"
        self._parents(
            rows,
            {id(row): company for row, company, _said in fresh} | {key: known[pk] for key, pk in matches.items() if pk in known},
            step,
        )

    def _match(self, row: Row, step: Step) -> int | None:
        index = index_of(step)
        domain = row.text("domain")
        found = index.find(f"d:{domain}") if domain else None
        found = found or (index.find(row.text("name")) if row.text("name") else None)
        if found is None:
            return None
        if found.several:
            if not domain:
                row.refuse("name", _("is the name of more than one company: give the domain"))
            return None
        return found.pk

    def _values(self, row: Row, step: Step) -> dict[str, Any]:
        values = {key: row.values[key] for key in TEXTS if row.get(key)}
        if row.get("employees") is not None:
            values["employees"] = row.values["employees"]
        currency = row.currency_of("annual_revenue", step.organisation.base_currency)
        revenue = row.minor("annual_revenue", currency)
        if revenue is not None:
            values |= {"annual_revenue": revenue, "annual_revenue_currency": currency}
        return values

    def _new(self, row: Row, step: Step, fresh: list[tuple[Row, Company, dict[str, Any]]]) -> None:
        values = {"name": row.text("domain"), **self._values(row, step)}
        owner = owner_of(row, step, "company", new=True)
        if row.refused:
            return
        company = Company(**values, **dating(row, step), owner=owner, team=owner.team if owner else None)
        if checked(self, row, company):
            fresh.append((row, company, {**values, "owner": owner}))

    def _change(self, row: Row, step: Step, company: Company) -> None:
        owner = owner_of(row, step, "company", new=False)
        values = self._values(row, step) | ({"owner": owner} if owner else {})
        changes = differing(company, values) | redating(row, company)
        if row.refused:
            return
        if changes and not step.may_change(company, "company"):
            row.refuse("name", _("exists already and belongs to another team"))
            return
        if changes:
            try:
                save_company(company, **changes)
            except ValidationError as error:
                refuse_by(row, self, error)
                return
        row.result = "updated" if changes else "unchanged"

    def _parents(self, rows: Sequence[Row], companies: dict[int, Company], step: Step) -> None:
        """Last, so that a parent further down in the file is found; one that nobody has is made."""
        named = [row for row in rows if row.text("parent") and not row.refused]
        refs = References(step, named, "parent")
        for row in named:
            parent = refs.get(row)
            company = companies.get(id(row))
            if parent is None or company is None or company.parent_id == parent.pk or row.refused:
                continue
            if company.pk in chain(parent.pk):
                row.refuse("parent", _("A company cannot be part of itself."))
                continue
            if row.result == "created":
                company.parent = parent
                Company.objects.filter(pk=company.pk).update(parent=parent)
            else:
                save_company(company, parent=parent)
                row.result = "updated"


class References:
    """The companies that rows name in one column, all found or made at once: by name, else by domain or address."""

    def __init__(self, step: Step, rows: Sequence[Row], key: str = "company") -> None:
        self.step, self.key = step, key
        self._ids: dict[str, int] = {}
        named: dict[str, list[Row]] = {}
        for row in rows:
            if row.text(key) and not row.refused:
                named.setdefault(row.text(key), []).append(row)
        missing: dict[str, list[str]] = {}
        loosely: list[str] = []
        for text, its_rows in named.items():
            found = self._find(text)
            if found and found.several:
                for row in its_rows:
                    ambiguous(row, key)
            elif found:
                self._ids[text] = found.pk
                loosely += [text] if found.loosely else []
            elif step.scope("company", "add") is None:
                for row in its_rows:
                    row.refuse(key, _("there is no such company"))
            else:
                missing.setdefault(squash(text), []).append(text)
        self._make(missing)
        self._companies = Company.objects.in_bulk(set(self._ids.values()))
        for text in loosely:
            company = self._companies[self._ids[text]]
            forgiven(step, key, text, company.name, len(named[text]))
        self._keep_out(named)

    def _find(self, text: str) -> Found | None:
        domain = domain_of(text) if "." in text else ""
        return index_of(self.step).find(text, f"d:{domain}" if domain else "")

    def _keep_out(self, named: dict[str, list[Row]]) -> None:
        """Who imports for a team cannot hang records on companies of another team."""
        for text, rows in named.items():
            company = self._companies.get(self._ids.get(text, 0))
            if company is not None and not self.step.may_change(company, "company"):
                for row in rows:
                    row.refuse(self.key, _("belongs to another team"))

    def _make(self, missing: dict[str, list[str]]) -> None:
        actor = self.step.actor
        owner = actor if actor is not None and self.step.scope("company", "change") != "all" else None
        made: dict[str, Company] = {}
        for key, texts in missing.items():
            text = texts[0]
            domain = domain_of(text) if "." in text and " " not in text else ""
            company = Company(name=text[:200], domain=domain, created_at=import_day(self.step), undated=True)
            company.owner, company.team = owner, owner.team if owner else None
            made[key] = company
            self.step.made("company", company.name)
        write_new(list(made.values()), [{"name": company.name} for company in made.values()])
        for key, texts in missing.items():
            company = made[key]
            self._ids.update(dict.fromkeys(texts, company.pk))
            index_of(self.step).add(company.pk, (company.name, f"d:{company.domain}" if company.domain else ""))

    def get(self, row: Row) -> Company | None:
        """The row's company; None when the cell is blank."""
        pk = self._ids.get(row.text(self.key))
        return self._companies.get(pk) if pk else None
