"""The columns of orders: on the page, in exports, and for the API's ordering."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from crm.columns import Column, Columns
from crm.models import Organisation
from crm.money import to_major


def _name(attribute: str) -> Any:
    def read(order: Any) -> str | None:
        value = getattr(order, attribute)
        return str(value) if value not in (None, "") else None

    return read


ORDERS = Columns(
    Column("number", _("Number"), lambda order: order.number, order="number"),
    Column("customer", _("Customer"), _name("buyer")),
    Column(
        "amount", _("Amount"), lambda order: to_major(order.sign * order.amount, order.currency), kind="money", order="amount"
    ),
    Column("currency", _("Currency"), lambda order: order.currency, on_page=False),
    Column(
        "base",
        _("Amount in the base currency"),
        lambda order: None if order.base is None else to_major(order.base, Organisation.current().base_currency),
        kind="money",
        on_page=False,
    ),
    Column("kind", _("Type"), lambda order: str(order.get_kind_display())),
    Column("refund_of", _("Credit note for"), _name("refund_of"), on_page=False),
    Column("credited", _("Credited"), lambda order: to_major(order.refunded, order.currency), kind="money", on_page=False),
    Column("product", _("Main product"), _name("product")),
    Column("owner", _("Owner"), _name("owner")),
    Column("team", _("Team"), _name("team"), on_page=False),
    Column("country", _("Country"), _name("country"), on_page=False),
    Column("source", _("Source"), _name("source"), on_page=False),
    Column("campaign", _("Campaign"), _name("campaign"), on_page=False),
    Column("channel", _("Channel"), _name("channel"), on_page=False),
    Column("ordered", _("Date"), lambda order: order.ordered_at, kind="when", order="ordered_at"),
    default="-ordered",
)
