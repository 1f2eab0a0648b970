"""What a line of an order means for the customer who bought before: more of a family they own, a family that is new to them.

Derived from the customer's orders; running it again gives the same. An order credited in full is no purchase, here as elsewhere.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import groupby
from typing import Any

from analytics import dirty

from ..choices import Growth, OrderKind
from ..models import Product
from .models import OrderLine

LINES = "orders.lines"


@dataclass
class Owned:
    """What a customer has bought of one family: the most of each product in one order, the highest price paid in each currency."""

    most: dict[int, Decimal] = field(default_factory=dict)
    highest: dict[str, int] = field(default_factory=dict)

    def add(self, product: int, quantity: Decimal, price: int, currency: str) -> None:
        self.most[product] = max(self.most.get(product, Decimal(0)), quantity)
        self.highest[currency] = max(self.highest.get(currency, 0), price)


def family_of(product: int, families: Mapping[int, str]) -> str:
    """The product's family; one without a family is a family of its own."""
    return families.get(product) or f"#{product}"


def kind_of(line: Any, quantity: Decimal, currency: str, owned: Owned | None) -> str:
    """Cross-sell: nothing of the family was bought on an earlier day. Upsell: more units of a product than in any order before, or
    another product of the family at a higher price than any paid in it. A higher price of the same product is neither."""
    if owned is None:
        return Growth.CROSS
    if line.product_id in owned.most:
        return Growth.UPSELL if quantity > owned.most[line.product_id] else ""
    dearer = currency in owned.highest and line.unit_price > owned.highest[currency]
    return Growth.UPSELL if dearer else ""


def kinds(orders: Sequence[Any], lines: Mapping[int, Sequence[Any]], families: Mapping[int, str]) -> dict[int, str]:
    """Line -> what it means, for one customer's orders in order of time."""
    found: dict[int, str] = {}
    owned: dict[str, Owned] = {}
    known = False
    for _day, group in groupby(orders, key=lambda order: order.ordered_day):
        same_day = list(group)
        bought = []
        for order in same_day:
            units: dict[int, Decimal] = defaultdict(Decimal)
            for line in lines.get(order.pk, ()):
                units[line.product_id] += line.quantity
            for line in lines.get(order.pk, ()):
                found[line.pk] = ""
                if order.is_returned:
                    continue
                if line.product_id is None:
                    found[line.pk] = Growth.UNKNOWN if known else ""
                    continue
                family = family_of(line.product_id, families)
                if known:
                    found[line.pk] = kind_of(line, units[line.product_id], order.currency, owned.get(family))
                bought.append((family, line.product_id, units[line.product_id], line.unit_price, order.currency))
        for family, *what in bought:
            owned.setdefault(family, Owned()).add(*what)
        known = known or any(not order.is_returned for order in same_day)
    return found


def keep_growth(history: Mapping[int, Sequence[Any]], ids: Collection[int]) -> None:
    """Brings the lines of these customers in line with what they bought before, and marks the days where that changed."""
    lines: dict[int, list[OrderLine]] = defaultdict(list)
    sold = OrderLine.objects.filter(order__customer__in=ids, order__kind=OrderKind.ORDER).order_by("pk")
    for line in sold.only("pk", "order_id", "product_id", "quantity", "unit_price", "growth"):
        lines[line.order_id].append(line)
    families = dict(Product.objects.order_by().values_list("pk", "family"))
    wrong: list[OrderLine] = []
    days = set()
    for pk in ids:
        orders = history.get(pk, ())
        wanted = kinds(orders, lines, families)
        for order in orders:
            for line in lines.get(order.pk, ()):
                if line.growth != wanted[line.pk]:
                    line.growth = wanted[line.pk]
                    wrong.append(line)
                    days.add((LINES, order.ordered_day))
    OrderLine.objects.bulk_update(wrong, ["growth"], batch_size=500)
    dirty.mark(days)


def buyers_of(products: Iterable[int]) -> list[int]:
    """The customers who bought any of these products."""
    rows = OrderLine.objects.filter(product__in=list(products), order__kind=OrderKind.ORDER).order_by()
    return sorted(set(rows.values_list("order__customer_id", flat=True)))
