"""Keeping what each touch has of an order. Derived from touches, orders and two settings; running it again gives the same rows."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Q, Sum

from analytics import dirty
from contacts import touches
from contacts.models import Lead, Person
from contacts.touches import Touch, Who
from crm import jobs
from crm.models import Organisation

from ..orders.life import ORIGINS
from ..orders.models import Customer, Order, OrderLine
from .models import TouchShare

SHARES, MARGINS = "attribution.shares", "attribution.margins"
#: How credit is shared; the names of the settings' choices and of the columns.
MODELS = ("first", "last", "even", "ends")
COLUMNS = ("position", "touched", "marketing", "paid", "kind", "at", "source", "channel", "campaign")
AMOUNTS = (*MODELS, *(f"margin_{name}" for name in MODELS))


def weights(model: str, count: int) -> list[int]:
    """How much each of `count` touches counts, in whole numbers. "ends" is 40 % to the first, 40 % to the last, 20 % to those
    between; of two touches each has half."""
    if model == "first":
        return [1] + [0] * (count - 1)
    if model == "last":
        return [0] * (count - 1) + [1]
    if model == "even" or count < 3:
        return [1] * count
    return [2 * (count - 2), *[1] * (count - 2), 2 * (count - 2)]


def split(amount: int, parts: Sequence[int]) -> list[int]:
    """An amount in whole units by weights: the parts add up to it exactly, and those of −amount are the same with the sign turned."""
    whole, given, weight, found = abs(amount), 0, 0, []
    for part in parts:
        weight += part
        due = whole * weight // sum(parts)
        found.append(due - given if amount >= 0 else given - due)
        given = due
    return found


def within(found: Sequence[Touch], until: dt.datetime, days: int) -> list[Touch]:
    """The touches of the look-back window that ends at a moment."""
    since = until - dt.timedelta(days=days)
    return [touch for touch in found if since <= touch.at <= until]


def rows_of(found: Sequence[Touch], base: int | None, margin: int | None) -> list[dict[str, Any]]:
    """The columns of an order's rows: one for each touch, or one that says that there is none."""
    said: list[dict[str, Any]] = [
        {
            "touched": True,
            "marketing": touch.is_marketing,
            "paid": touch.is_paid,
            "kind": touch.kind,
            "at": touch.at,
            "source": touch.source,
            "channel": touch.channel,
            "campaign": touch.campaign,
        }
        for touch in found
    ] or [
        {"touched": False, "marketing": False, "paid": False, "kind": "", "at": None, "source": "", "channel": "", "campaign": ""}
    ]
    for position, row in enumerate(said):
        row["position"] = position
    for model in MODELS:
        parts = weights(model, len(said))
        for name, amount in ((model, base), (f"margin_{model}", margin)):
            values = [None] * len(said) if amount is None else split(amount, parts)
            for row, value in zip(said, values, strict=True):
                row[name] = value
    return said


# --- who stands behind a customer ------------------------------------------------------------------------------------


@dataclass
class Circle:
    """The leads and people whose touches led to what a customer bought."""

    leads: set[int] = field(default_factory=set)
    people: set[int] = field(default_factory=set)

    @property
    def whose(self) -> list[Who]:
        return [*(("lead", pk) for pk in self.leads), *(("person", pk) for pk in self.people)]


def circle_of(companies: Iterable[int], people: Iterable[int], leads: Iterable[int] = ()) -> Circle:
    """Around one sale or customer: the companies' people and leads, these people and theirs, these leads."""
    companies, persons = set(companies), set(people)
    persons |= set(Person.objects.filter(company__in=companies).values_list("pk", flat=True))
    near = Lead.objects.filter(Q(company__in=companies) | Q(person__in=persons)).order_by()
    return Circle(set(leads) | set(near.values_list("pk", flat=True)), persons)


def circles(customers: Sequence[Customer], orders: Iterable[Order]) -> dict[int, Circle]:
    """Each customer's: the company's people and leads, whoever ordered, and the leads that their deals came from."""
    found: dict[int, Circle] = {customer.pk: Circle() for customer in customers}
    of_company = {customer.company_id: customer.pk for customer in customers if customer.company_id}
    of_person: dict[int, set[int]] = defaultdict(set)
    for customer in customers:
        if customer.person_id:
            of_person[customer.person_id].add(customer.pk)
    for order in orders:
        if order.person_id:
            of_person[order.person_id].add(order.customer_id)
    for pk, company in Person.objects.filter(company__in=of_company).order_by().values_list("pk", "company_id"):
        of_person[pk].add(of_company[company])
    for person, owners in of_person.items():
        for customer_id in owners:
            found[customer_id].people.add(person)
    near = Q(company__in=of_company) | Q(person__in=list(of_person))
    for pk, company, person in Lead.objects.filter(near).order_by().values_list("pk", "company_id", "person_id"):
        for customer_id in {*filter(None, [of_company.get(company)]), *of_person.get(person, ())}:
            found[customer_id].leads.add(pk)
    sold = Order.objects.filter(customer__in=list(found), deal__lead__isnull=False).order_by()
    for customer_id, lead in sold.values_list("customer_id", "deal__lead_id"):
        found[customer_id].leads.add(lead)
    return found


# --- keeping ---------------------------------------------------------------------------------------------------------


def keep_shares(ids: Collection[int]) -> None:
    """Brings the rows of these customers' orders in line with their touches, and marks the days that change. A customer whose person
    was erased keeps the touches that there were: nobody can tell any more who it was."""
    customers = list(Customer.objects.filter(pk__in=ids).order_by("pk"))
    fields = ("pk", "customer_id", "person_id", "ordered_at", "ordered_day", "base", "refund_of_id")
    orders = list(Order.objects.filter(customer__in=[row.pk for row in customers]).order_by("pk").only(*fields))
    if not orders:
        return
    around = circles(customers, orders)
    known = touches.read(
        {pk for circle in around.values() for pk in circle.leads}, {pk for circle in around.values() for pk in circle.people}
    )
    found = {
        row.pk: touches.joined(known, around[row.pk].whose) if row.company_id or row.person_id else None for row in customers
    }
    _write(orders, found, Organisation.current().attribution_window_days)


def margins_of(orders: Collection[int]) -> dict[int, int]:
    """Order -> what its lines with a known cost leave; those without one are not in it."""
    rows = OrderLine.objects.filter(order__in=orders, net_base__isnull=False, cost_base__isnull=False).order_by()
    sums = rows.values_list("order_id").annotate(net=Sum("net_base"), cost=Sum("cost_base"))
    return {pk: net - cost for pk, net, cost in sums}


def _write(orders: Sequence[Order], found: Mapping[int, Sequence[Touch] | None], window: int) -> None:
    stored: dict[int, list[tuple]] = defaultdict(list)
    kept: dict[int, list[Touch]] = defaultdict(list)
    ids = [order.pk for order in orders]
    for row in TouchShare.objects.filter(order__in=ids).order_by("order_id", "position"):
        stored[row.order_id].append(tuple(getattr(row, name) for name in (*COLUMNS, *AMOUNTS)))
        if row.touched:
            kept[row.order_id].append(Touch(row.at, row.kind, row.source, row.channel, row.campaign))
    margins, sold = margins_of(ids), {order.pk: order.ordered_at for order in orders}
    wrong: list[int] = []
    fresh: list[TouchShare] = []
    marks: set[tuple[str, dt.date | None]] = set()
    for order in orders:
        original, known = order.refund_of_id or order.pk, found[order.customer_id]
        led = kept[original] if known is None else within(known, sold.get(original, order.ordered_at), window)
        rows = rows_of(led, order.base, margins.get(order.pk))
        if stored[order.pk] != [tuple(row[name] for name in (*COLUMNS, *AMOUNTS)) for row in rows]:
            wrong.append(order.pk)
            fresh += [TouchShare(order=order, **row) for row in rows]
            marks |= {(stream, order.ordered_day) for stream in (SHARES, MARGINS, ORIGINS)}
    TouchShare.objects.filter(order__in=wrong).delete()
    TouchShare.objects.bulk_create(fresh, batch_size=500)
    dirty.mark(marks)


# --- when touches change ---------------------------------------------------------------------------------------------


def buyers_near(leads: Collection[int], people: Collection[int]) -> set[int]:
    """The customers with orders to which touches of these leads and people may have led."""
    companies: set[int | None] = set(Person.objects.filter(pk__in=people).values_list("company_id", flat=True))
    persons: set[int | None] = set(people)
    for company, person, employer in Lead.objects.filter(pk__in=leads).values_list(
        "company_id", "person_id", "person__company_id"
    ):
        companies |= {company, employer}
        persons.add(person)
    near = Q(customer__company__in=companies - {None}) | Q(person__in=persons - {None}) | Q(deal__lead__in=leads)
    rows = Order.objects.filter(near | Q(customer__person__in=persons - {None})).order_by()
    return set(rows.values_list("customer_id", flat=True).distinct())


def outdate(leads: Collection[int], people: Collection[int]) -> None:
    """Has the orders near these leads and people attributed anew, by jobs."""
    for pk in sorted(buyers_near(leads, people)):
        jobs.enqueue("deals.attribute", {"customer": pk}, key=str(pk))


touches.listeners.append(outdate)
