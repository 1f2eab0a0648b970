"""What numbers need of orders, derived from their rows: base amounts, what was credited, which purchase of the customer it is.

Everything here is set-based and can be run again with the same result. Functions return or mark the (stream, day) pairs in which
what changed is counted.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from decimal import Decimal

from django.db import transaction
from django.db.models import Max, Sum

from analytics import dirty
from crm.money import Rates, to_major, to_minor
from crm.periods import local_day

from ..attribution import shares
from ..choices import OrderKind
from . import growth, life
from .models import Customer, Order, OrderLine

LINES, PLACED = "orders.lines", "orders.placed"
#: What else counts on an order's day: what touches have of it, and what its customer has brought.
SHARED = (shares.SHARES, shares.MARGINS, life.LIFETIME)
Marks = set[tuple[str, "dt.date | None"]]


#: What else is split by what an order says: followers(orders) gives the (stream, day) pairs in which that is counted.
followers: list[Callable[[Sequence[Order]], Marks]] = [life.spells_begun_by]


def marks_of(orders: Iterable[Order]) -> Marks:
    """The pairs in which these orders, and what follows from them, are counted as their rows in hand say."""
    orders = list(orders)
    found = {(stream, local_day(order.ordered_at)) for order in orders for stream in (LINES, PLACED, *SHARED)}
    return found.union(*(follower(orders) for follower in followers))


# --- money -----------------------------------------------------------------------------------------------------------


def in_base(minor: int | None, currency: str, rate: Decimal | None, base: str) -> int | None:
    """Minor units of the base currency at a rate, rounded half to even; None without amount or rate."""
    if minor is None or rate is None:
        return None
    return minor if currency == base else to_minor(to_major(minor, currency) * rate, base)


def price(order: Order, lines: Sequence[OrderLine], rates: Rates) -> None:
    """Sets rate and base amounts of an order and all its lines. A credit note takes the rate of the order it is for, so that an
    order credited in full leaves nothing (kpis.md G5)."""
    original = order.refund_of or order
    order.rate_day = local_day(original.ordered_at)
    order.rate = rates.rate(order.currency, order.rate_day)
    for line in lines:
        net = in_base(line.amount, order.currency, order.rate, rates.base)
        cost = in_base(line.cost, order.currency, order.rate, rates.base)
        line.net_base = None if net is None else order.sign * net
        line.cost_base = None if cost is None else order.sign * cost
    order.base = None if order.rate is None else sum(line.net_base or 0 for line in lines)


def price_again(orders: Sequence[Order]) -> None:
    """Converts stored orders anew after rates changed, and marks their days where that changed anything."""
    rates = Rates.load()
    lines: dict[int, list[OrderLine]] = defaultdict(list)
    for line in OrderLine.objects.filter(order__in=[order.pk for order in orders]).order_by("pk"):
        lines[line.order_id].append(line)
    changed: list[Order] = []
    for order in orders:
        before = (order.rate, order.rate_day, order.base, [(line.net_base, line.cost_base) for line in lines[order.pk]])
        price(order, lines[order.pk], rates)
        if before != (order.rate, order.rate_day, order.base, [(line.net_base, line.cost_base) for line in lines[order.pk]]):
            changed.append(order)
    Order.objects.bulk_update(changed, ["rate", "rate_day", "base"], batch_size=500)
    rows = [line for order in changed for line in lines[order.pk]]
    OrderLine.objects.bulk_update(rows, ["net_base", "cost_base"], batch_size=500)
    dirty.mark(marks_of(changed))
    shares.keep_shares({order.customer_id for order in changed})


# --- what came of an order, and of a customer ------------------------------------------------------------------------


def keep_refunded(ids: Collection[int]) -> None:
    """Keeps `refunded` of these orders at the sum of their credit notes."""
    sums = dict(Order.objects.filter(refund_of__in=ids).order_by().values_list("refund_of").annotate(sum=Sum("amount")))
    wrong = []
    for order in Order.objects.filter(pk__in=ids).only("pk", "refunded", "ordered_day"):
        if order.refunded != sums.get(order.pk, 0):
            order.refunded = sums.get(order.pk, 0)
            wrong.append(order)
    Order.objects.bulk_update(wrong, ["refunded"], batch_size=500)
    dirty.mark({(PLACED, order.ordered_day) for order in wrong})


@transaction.atomic
def keep_customers(ids: Collection[int]) -> None:
    """Derives the customers' first day, and for each of their orders whether it is a repeat purchase and how long after the one
    before it came. Marks the days where any of that changed.

    The customers are locked first (not their keys, which the new orders hold): of two who post for one at the same time the second
    sees what the first wrote.
    """
    customers = list(Customer.objects.select_for_update(no_key=True).filter(pk__in=ids).order_by("pk"))
    history: dict[int, list[Order]] = defaultdict(list)
    fields = ("pk", "customer_id", "ordered_at", "ordered_day", "currency", "amount", "refunded", "repeat", "interval", "kind")
    placed = Order.objects.placed().filter(customer__in=ids).annotate(returned_on=Max("refunds__ordered_day"))
    for order in placed.order_by("ordered_at", "pk").only(*fields):
        history[order.customer_id].append(order)
    marks: Marks = set()
    wrong: list[Order] = []
    for orders in history.values():
        for order, repeat, interval in purchases(orders):
            if (order.repeat, order.interval) != (repeat, interval):
                order.repeat, order.interval = repeat, interval
                wrong.append(order)
    Order.objects.bulk_update(wrong, ["repeat", "interval"], batch_size=500)
    marks |= {(PLACED, order.ordered_day) for order in wrong}
    moved = []
    for customer in customers:
        first = history[customer.pk][0].ordered_day if history[customer.pk] else None
        if customer.first_day != first:
            marks |= {(LINES, customer.first_day), (LINES, first)}
            customer.first_day = first
            moved.append(customer)
    Customer.objects.bulk_update(moved, ["first_day"], batch_size=500)
    dirty.mark(marks)
    life.keep_spells(history, ids)
    growth.keep_growth(history, ids)
    shares.keep_shares(ids)


def purchases(orders: Sequence[Order]) -> list[tuple[Order, bool, int | None]]:
    """(order, repeat, interval) of one customer's orders in order of time. An order credited in full is no purchase; several on one
    local day are one occasion, and only the first of them has an interval."""
    found: list[tuple[Order, bool, int | None]] = []
    first: dt.date | None = None
    last: Order | None = None
    for order in orders:
        if order.is_returned:
            found.append((order, False, None))
            continue
        same_day = last is not None and last.ordered_day == order.ordered_day
        interval = None if last is None or same_day else int((order.ordered_at - last.ordered_at).total_seconds())
        first = first or order.ordered_day
        found.append((order, order.ordered_day != first, interval))
        if not same_day:
            last = order
    return found


def refresh(orders: Iterable[Order]) -> None:
    """After orders were posted: what they change of others and of their customers, and the days they are counted on."""
    orders = list(orders)
    dirty.mark(marks_of(orders))
    originals = {order.refund_of_id for order in orders if order.kind == OrderKind.REFUND and order.refund_of_id}
    if originals:
        keep_refunded(originals)
    keep_customers({order.customer_id for order in orders})
