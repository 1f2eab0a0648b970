"""Orders for tests, posted by the services in bulk."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from contacts.models import Company
from deals.models import Order, OrderLine
from deals.orders.services import NewOrder, complete, credit_order, post
from tests.factories import utc


def line(
    amount: int, *, cost: int | None = None, quantity: Any = 1, product: Any = None, text: str = "Goods", key: str = ""
) -> OrderLine:
    """A line of this net amount, in minor units."""
    unit_price = int(Decimal(amount) / Decimal(quantity))
    return OrderLine(
        product=product, text="" if product else text, quantity=quantity, unit_price=unit_price, amount=amount, cost=cost, key=key
    )


def order(company: Company | None, day: str, *amounts: int, lines: list[OrderLine] | None = None, **fields: Any) -> Order:
    """A posted order: order(acme, "2026-05-04", 1_000_00, 500_00) has two lines."""
    return orders([(company, day, lines or [line(amount) for amount in amounts])], **fields)[0]


def orders(rows: list[tuple[Company | None, str, list[OrderLine]]], **fields: Any) -> list[Order]:
    """Many at once."""
    made = []
    for company, day, lines in rows:
        new = Order(company=company, ordered_at=moment(day), **{"currency": "USD", **fields})
        complete(new)
        made.append(NewOrder(new, lines))
    return post(made)


def refund(original: Order, day: str, amount: int, **fields: Any) -> Order:
    """A credit note over this amount."""
    original.refresh_from_db()
    return credit_order(original, [line(amount, **fields)], at=moment(day))


def moment(text: str) -> dt.datetime:
    return utc(text if len(text) > 10 else f"{text} 10:00")


def companies(count: int, prefix: str = "Customer", **fields: Any) -> list[Company]:
    return Company.objects.bulk_create([Company(name=f"{prefix} {number}", **fields) for number in range(count)])
