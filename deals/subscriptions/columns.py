"""The columns of subscriptions: on the page, in exports, and for the API's ordering."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from crm.columns import Column, Columns
from crm.money import to_major


def _name(attribute: str) -> Any:
    def read(row: Any) -> str | None:
        value = getattr(row, attribute)
        return str(value) if value not in (None, "") else None

    return read


SUBSCRIPTIONS = Columns(
    Column("number", _("Number"), lambda row: row.number, order="number"),
    Column("company", _("Company"), _name("company")),
    Column("plan", _("Plan"), lambda row: row.plan),
    Column("product", _("Product"), _name("product"), on_page=False),
    Column("mrr", _("MRR"), lambda row: to_major(row.mrr, row.currency), kind="money", order="mrr"),
    Column("status", _("Status"), lambda row: str(row.get_status_display())),
    Column("interval", _("Billed per"), lambda row: str(row.get_interval_display()), on_page=False),
    Column("amount", _("Amount"), lambda row: to_major(row.amount, row.currency), kind="money", on_page=False),
    Column("currency", _("Currency"), lambda row: row.currency, on_page=False),
    Column("quantity", _("Quantity"), lambda row: row.quantity, kind="number", on_page=False),
    Column("start", _("Start"), lambda row: row.start, kind="date", order="start"),
    Column("trial_end", _("First paid day"), lambda row: row.trial_end, kind="date", on_page=False),
    Column("term_end", _("End of the term"), lambda row: row.term_end, kind="date", order="term_end", blanks=True),
    Column("cancelled_on", _("Cancelled on"), lambda row: row.cancelled_on, kind="date", on_page=False),
    Column("ended_on", _("Ends on"), lambda row: row.ended_on, kind="date", on_page=False),
    Column("cancel_reason", _("Reason"), lambda row: str(row.get_cancel_reason_display()) or None, on_page=False),
    Column("renewed_from", _("Renewal of"), _name("renewed_from"), on_page=False),
    Column("owner", _("Owner"), _name("owner")),
    Column("team", _("Team"), _name("team"), on_page=False),
    Column("source", _("Source"), _name("source"), on_page=False),
    default="-start",
)
