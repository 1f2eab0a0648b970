"""What people do with orders. Each function is one transaction: check, write, event, and the days to recompute.

Nothing here changes or deletes what was posted: lines, customer, date and currency stay, and a correction is a credit note.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from analytics import dirty
from contacts import services as contacts
from contacts.models import Company, Person
from crm import events
from crm.changes import clean, lock
from crm.models import Organisation, next_number
from crm.money import LARGEST, Rates, format_money

from ..choices import OrderKind, Status
from ..models import Deal
from . import facts
from .models import Customer, Order, OrderLine

#: What of a posted order may still be corrected: to whom it is ascribed, not what was billed.
HEAD = ("owner", "team", "country", "source", "campaign", "channel", "description")


def line_amount(quantity: Decimal, unit_price: int, discount: Decimal = Decimal(0)) -> int:
    """Quantity x unit price less discount in percent, in minor units, rounded half to even."""
    factor = (Decimal(100) - discount) / Decimal(100)
    return int((Decimal(quantity) * unit_price * factor).quantize(Decimal(1), rounding=ROUND_HALF_EVEN))


# --- customers -------------------------------------------------------------------------------------------------------


class Customers:
    """The customer rows of companies and people, found or made at once."""

    def __init__(self, buyers: Iterable[Company | Person]) -> None:
        wanted: dict[str, set[int]] = {"company": set(), "person": set()}
        for buyer in buyers:
            wanted[buyer._meta.model_name or ""].add(buyer.pk)
        self._found: dict[tuple[str, int], Customer] = {}
        for name, ids in wanted.items():
            self._read(name, ids)
            missing = sorted(pk for pk in ids if (name, pk) not in self._found)
            if missing:
                rows = [Customer(**{f"{name}_id": pk}) for pk in missing]
                Customer.objects.bulk_create(rows, batch_size=500, ignore_conflicts=True)  # another may have made it just now
                self._read(name, set(missing))

    def _read(self, name: str, ids: set[int]) -> None:
        for customer in Customer.objects.filter(**{f"{name}__in": ids}) if ids else ():
            self._found[name, getattr(customer, f"{name}_id")] = customer

    def of(self, buyer: Company | Person) -> Customer:
        return self._found[buyer._meta.model_name or "", buyer.pk]


# --- posting ---------------------------------------------------------------------------------------------------------


@dataclass
class NewOrder:
    """An order to be posted: the unsaved row and its unsaved lines."""

    order: Order
    lines: Sequence[OrderLine]


def create_order(order: Order, lines: Sequence[OrderLine]) -> Order:
    """Posts an order. It needs a company or person and at least one line; what it leaves out follows from deal and buyer."""
    order.kind = OrderKind.ORDER
    return _post_one(order, lines)


@transaction.atomic
def credit_order(
    original: Order, lines: Sequence[OrderLine], *, at: dt.datetime | None = None, description: str = "", number: str = ""
) -> Order:
    """Posts a credit note for an order, dated `at` (now). Together, credit notes never exceed what was billed."""
    lock(original)
    refund = Order(
        kind=OrderKind.REFUND,
        refund_of=original,
        ordered_at=at or timezone.now(),
        description=description,
        number=number,
        **taken_over(original),
    )
    return _post_one(refund, lines)


def taken_over(original: Order) -> dict[str, Any]:
    """What a credit note has from its order."""
    names = ("customer", "company", "person", "deal", "pipeline", "currency", "owner", "team")
    return {name: getattr(original, name) for name in (*names, "country", "source", "campaign", "channel")}


@transaction.atomic
def _post_one(order: Order, lines: Sequence[OrderLine]) -> Order:
    complete(order)
    _check(order, lines)
    for line in lines:
        clean_line(line)
    _number([order])
    clean(order)
    post([NewOrder(order, lines)])
    return order


def complete(order: Order) -> None:
    """Fills what a new order may leave out, from its deal and its buyer."""
    deal = order.deal
    if deal is not None:
        for name in ("company", "owner", "team", "pipeline"):
            if getattr(order, f"{name}_id") is None:
                setattr(order, name, getattr(deal, name))
        order.source, order.campaign = order.source or deal.source, order.campaign or deal.campaign
    if order.company is None and order.person is not None:
        order.company = order.person.company
    buyer = order.buyer
    order.currency = order.currency or Organisation.current().base_currency
    order.country = order.country or getattr(buyer, "country", "")
    if order.owner_id is None and buyer is not None and order.kind == OrderKind.ORDER:
        order.owner, order.team = buyer.owner, order.team or buyer.team
    if order.team_id is None and order.owner is not None:
        order.team = order.owner.team


def _check(order: Order, lines: Sequence[OrderLine]) -> None:
    errors: dict[str, Any] = {}
    if order.buyer is None and order.kind == OrderKind.ORDER:
        errors["company"] = _("An order needs a company or a person.")
    if not lines:
        errors["lines"] = _("At least one line is needed.")
    total = sum(line.amount for line in lines)
    if total > LARGEST:
        errors["lines"] = _("The amount is too large.")
    if order.refund_of is not None:
        errors |= check_refund(order, total)
    if errors:
        raise ValidationError(errors)


def check_refund(refund: Order, total: int) -> dict[str, Any]:
    """What is wrong with a credit note of this total, by field."""
    original = refund.refund_of
    assert original is not None
    if original.is_refund:
        return {"refund_of": _("A credit note is written for an order, not for another credit note.")}
    if refund.ordered_at < original.ordered_at:
        return {"ordered_at": _("A credit note cannot be older than its order.")}
    if total > original.left:
        return {"lines": _("Only %(left)s of this order are left to credit.") % {"left": written(original.left, original)}}
    return {}


def written(minor: int, order: Order) -> str:
    return format_money(minor, order.currency)


def clean_line(line: OrderLine) -> None:
    """Checks one line's own fields."""
    if not line.product_id and not line.text.strip():
        raise ValidationError({"lines": _("A line needs a product or a description.")})
    line.clean_fields(exclude=["order", "product"])


@transaction.atomic
def post(rows: Sequence[NewOrder]) -> list[Order]:
    """Writes many orders with lines, numbers, customers, base amounts and events; set-based. They are complete and checked."""
    if not rows:
        return []
    _number([new.order for new in rows])
    customers = Customers(new.order.buyer for new in rows if new.order.customer_id is None and new.order.buyer)
    rates = Rates.load()
    for new in rows:
        order = new.order
        if order.customer_id is None:
            assert order.buyer is not None
            order.customer = customers.of(order.buyer)
        events.stamp(order)
        order.amount = sum(line.amount for line in new.lines)
        order.product = main_product(new.lines)
        facts.price(order, new.lines, rates)
    orders = Order.objects.bulk_create([new.order for new in rows], batch_size=500)
    _write_lines(rows)
    events.record_many([_posted(new.order) for new in rows])
    facts.refresh(orders)
    return orders


def _number(orders: Sequence[Order]) -> None:
    """Gives those without a number the next ones that no order has."""
    for kind, series, prefix in ((OrderKind.ORDER, "order", "O-"), (OrderKind.REFUND, "refund", "CN-")):
        unnumbered = [order for order in orders if not order.number and order.kind == kind]
        while unnumbered:
            first = next_number(series, len(unnumbered))
            numbers = [f"{prefix}{first + offset}" for offset in range(len(unnumbered))]
            taken = set(Order.objects.filter(number__in=numbers).values_list("number", flat=True))
            free = [number for number in numbers if number not in taken]
            for order, number in zip(unnumbered, free, strict=False):
                order.number = number
            unnumbered = unnumbered[len(free) :]


def main_product(lines: Sequence[OrderLine]) -> Any:
    """The product of the line with the highest amount that has one: the order's where whole orders are split by product."""
    named = [line for line in lines if line.product_id]
    return max(named, key=lambda line: line.amount).product if named else None


def _write_lines(rows: Sequence[NewOrder]) -> None:
    for new in rows:
        for position, line in enumerate(new.lines):
            line.pk, line.order, line.position = None, new.order, line.position or position
    OrderLine.objects.bulk_create([line for new in rows for line in new.lines], batch_size=500)


def _posted(order: Order) -> tuple[Any, list[Any]]:
    kind = "order.credited" if order.is_refund else "order.created"
    new = {"amount": order.amount, "currency": order.currency}
    if order.refund_of is not None:
        new["refund_of"] = order.refund_of.number
    event = events.build(kind, order, new=new, at=order.ordered_at)
    return event, [order, order.company, order.person, order.deal, order.refund_of]


@transaction.atomic
def add_lines(order: Order, lines: Sequence[OrderLine]) -> Order:
    """Adds lines that belong to an order and had not arrived with it (the rest of an import). Those that are there stay."""
    lock(order)
    there = list(order.lines.all())
    total = sum(line.amount for line in lines)
    if order.refund_of is not None and (errors := check_refund(order, total)):
        raise ValidationError(errors)
    for position, line in enumerate(lines, len(there)):
        clean_line(line)
        line.order, line.position = order, position
    old = {"amount": order.amount}
    order.amount += total
    if order.amount > LARGEST:
        raise ValidationError({"lines": _("The amount is too large.")})
    order.product = main_product([*there, *lines])
    facts.price(order, [*there, *lines], Rates.load())
    OrderLine.objects.bulk_create(lines, batch_size=500)
    order.save()
    events.record("order.extended", order, old=old, new={"amount": order.amount}, links=[order.company, order.person])
    facts.refresh([order])
    return order


# --- what else is done -----------------------------------------------------------------------------------------------


@transaction.atomic
def change_order(order: Order, **changes: Any) -> Order:
    """Corrects to whom or what an order is ascribed (`HEAD`); its credit notes follow. What was billed is refused here."""
    if refused := set(changes) - set(HEAD):
        raise TypeError(f"A posted order's {', '.join(sorted(refused))} cannot be changed: write a credit note.")
    lock(order)
    old, new = contacts.prepare(order, changes)
    if not new:
        return order
    clean(order)
    order.save()
    dirty.mark(facts.marks_of([order]))
    events.record("order.changed", order, old=old, new=new, links=[order.company, order.person])
    shared = {name: getattr(order, name) for name in changes if name != "description"}
    if "owner" in changes:
        shared["team"] = order.team
    refunds = list(order.refunds.all())
    if refunds and shared:
        order.refunds.update(**shared)
        dirty.mark(facts.marks_of(refunds))
    return order


@transaction.atomic
def order_from_deal(deal: Deal, at: dt.datetime | None = None) -> Order:
    """Makes the order of a won deal, with its lines; one line with the deal's title and value where it has none. Only once."""
    lock(deal)
    if deal.status != Status.WON:
        raise ValidationError(_("Only a won deal becomes an order."))
    if there := deal.orders.placed().first():
        raise ValidationError(_("This deal has its order already: %(number)s.") % {"number": there.number})
    main = deal.deal_people.select_related("person__company").first()
    order = Order(deal=deal, company=deal.company, currency=deal.currency, ordered_at=at or timezone.now())
    order.person = main.person if main else None
    if order.buyer is None:
        raise ValidationError(_("Give the deal a company or a person first: an order needs a customer."))
    return create_order(order, lines_of(deal))


def lines_of(deal: Deal) -> list[OrderLine]:
    """The deal's lines as lines of an order; discounts are in the amounts."""
    found = [
        OrderLine(product=line.product, quantity=line.quantity, unit_price=line.unit_price, amount=line.amount)
        for line in deal.lines.select_related("product")
    ]
    if found:
        return found
    if deal.amount is None:
        raise ValidationError(_("Give the deal a value or products first."))
    line = OrderLine(product=deal.product, text=deal.title[:200], unit_price=deal.amount, amount=deal.amount)
    return [line]
