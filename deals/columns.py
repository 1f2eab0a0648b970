"""The columns of deals: on the page, in exports, and for the API's ordering."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from crm.columns import Column, Columns
from crm.money import to_major


def _name(attribute: str) -> Any:
    def read(deal: Any) -> str | None:
        value = getattr(deal, attribute)
        return str(value) if value not in (None, "") else None

    return read


DEALS = Columns(
    Column("number", _("Number"), lambda deal: deal.number, on_page=False),
    Column("title", _("Deal"), lambda deal: deal.title, order="title"),
    Column("company", _("Company"), _name("company")),
    Column(
        "amount",
        _("Value"),
        lambda deal: None if deal.amount is None else to_major(deal.amount, deal.currency),
        kind="money",
        order="amount",
        blanks=True,
    ),
    Column("currency", _("Currency"), lambda deal: deal.currency, on_page=False),
    Column("pipeline", _("Pipeline"), _name("pipeline"), on_page=False),
    Column("stage", _("Stage"), _name("stage")),
    Column("status", _("Status"), lambda deal: str(deal.get_status_display()), on_page=False),
    Column("probability", _("Probability in percent"), lambda deal: deal.chance, kind="number", on_page=False),
    Column(
        "expected_close", _("Expected close"), lambda deal: deal.expected_close, kind="date", order="expected_close", blanks=True
    ),
    Column("owner", _("Owner"), _name("owner")),
    Column("team", _("Team"), _name("team"), on_page=False),
    Column("source", _("Source"), _name("source"), on_page=False),
    Column("campaign", _("Campaign"), _name("campaign"), on_page=False),
    Column("product", _("Product"), _name("product"), on_page=False),
    Column("created", _("Created"), lambda deal: deal.created_at, kind="when", order="created_at"),
    Column("won", _("Won"), lambda deal: deal.won_at, kind="when", on_page=False),
    Column("lost", _("Lost"), lambda deal: deal.lost_at, kind="when", on_page=False),
    Column("lost_reason", _("Loss reason"), _name("lost_reason"), on_page=False),
    default="-created",
)
