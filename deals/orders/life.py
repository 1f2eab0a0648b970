"""When a customer was active: derived from purchases by the activity window, so that running it again gives the same rows.

A customer becomes one with the first purchase, is lost on the day the last purchase is as old as the window, and comes back with the
next. The loss is dated that day and known only then; it is never dated back.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.db.models import QuerySet

from analytics import dirty
from crm import events
from crm.models import Organisation
from crm.periods import first_instant, today

from .models import Customer, CustomerSpell, Order

ENTERED, LAPSED, STARTED, CHURNED = "customers.entered", "customers.lapsed", "customers.started", "customers.churned"
COHORTS = "customers.cohorts"  # marked on the first day of a customer whenever one of its active times changes
BEGUN, LIFETIME = "customers.begun", "customers.billed"  # everybody who ever began; everything they were ever billed
ORIGINS = "attribution.origins"  # where new customers came from, by the touches before the order that began their time
VOID = dt.timedelta(days=14)  # credited in full so soon, a first purchase never made a customer
Marks = set[tuple[str, "dt.date | None"]]


@dataclass(frozen=True)
class Spell:
    """What a row of CustomerSpell says."""

    order: int
    start: dt.date
    lapses: dt.date
    end: dt.date | None
    first: bool
    age: int = 0
    lost_age: int | None = None


def months(first: dt.date, day: dt.date) -> int:
    """Calendar months from that of one day to that of another."""
    return 12 * (day.year - first.year) + day.month - first.month


def aged(spells: Sequence[Spell]) -> list[Spell]:
    """One customer's spells in order of time, with the ages at which they began and ended."""
    since = spells[0].start if spells else None
    return [
        replace(
            spell,
            age=months(since, spell.start),  # type: ignore[arg-type]
            lost_age=None if spell.end is None else months(since, spell.end),  # type: ignore[arg-type]
        )
        for spell in spells
    ]


def marks_of(spells: Iterable[Spell | CustomerSpell]) -> Marks:
    """The (stream, day) pairs in which these spells are counted."""
    found: Marks = set()
    for spell in spells:
        found |= {
            (ENTERED, spell.start),
            (STARTED, spell.start),
            (ORIGINS, spell.start),
            (LAPSED, spell.end),
            (CHURNED, spell.end),
            *([(BEGUN, spell.start)] if spell.first else []),
        }
    return found


def counts(order: Any) -> bool:
    """Whether an order makes somebody a customer; `returned_on` is the day of its last credit note."""
    if not order.is_returned:
        return True
    return order.returned_on is not None and order.returned_on > order.ordered_day + VOID


def spells_of(orders: Sequence[Any], window: int, now: dt.date) -> list[Spell]:
    """The spells of one customer's orders in order of time; a gap as long as the window ends one."""
    found: list[Spell] = []
    last: dt.date | None = None
    for order in orders:
        if not counts(order):
            continue
        day, lapses = order.ordered_day, order.ordered_day + dt.timedelta(days=window)
        end = lapses if lapses <= now else None
        if found and last is not None and (day - last).days < window:
            before = found.pop()
            found.append(Spell(before.order, before.start, lapses, end, before.first))
        else:
            found.append(Spell(order.pk, day, lapses, end, not found))
        last = day
    return aged(found)


def keep_spells(history: Mapping[int, Sequence[Any]], ids: Collection[int]) -> None:
    """Brings the spells of these customers and their first days in line with their orders, and marks the days that change. Says once
    when a customer came, went and came back."""
    window, now = Organisation.current().customer_window_days, today()
    stored: dict[int, list[CustomerSpell]] = defaultdict(list)
    for row in CustomerSpell.objects.filter(customer__in=ids).order_by("customer_id", "start"):
        stored[row.customer_id].append(row)
    gone: list[CustomerSpell] = []
    fresh: list[CustomerSpell] = []
    marks: Marks = set()
    told: list[tuple[str, int, dt.date]] = []
    begun: dict[int, Spell | None] = {}
    for pk in ids:
        wanted = spells_of(history.get(pk, ()), window, now)
        there = [Spell(row.order_id, row.start, row.lapses, row.end, row.first, row.age, row.lost_age) for row in stored[pk]]
        begun[pk] = wanted[0] if wanted else None
        if wanted == there:
            continue
        marks |= {(COHORTS, spells[0].start) for spells in (wanted, there) if spells}
        gone += stored[pk]
        fresh += [
            CustomerSpell(
                customer_id=pk,
                order_id=s.order,
                start=s.start,
                lapses=s.lapses,
                end=s.end,
                first=s.first,
                age=s.age,
                lost_age=s.lost_age,
            )
            for s in wanted
        ]
        marks |= marks_of(set(wanted) ^ set(there))
        told += _news(pk, there, wanted)
    CustomerSpell.objects.filter(pk__in=[row.pk for row in gone]).delete()
    CustomerSpell.objects.bulk_create(fresh, batch_size=500)
    dirty.mark(marks)
    keep_beginnings(begun)
    _tell(told)


def keep_beginnings(begun: Mapping[int, Spell | None]) -> None:
    """Keeps `started`, `cohort` and `origin` of these customers at the beginning of their first active time, and marks the days on
    which they were billed where that changed."""
    wrong = []
    for customer in Customer.objects.filter(pk__in=begun):
        spell = begun[customer.pk]
        values = (spell.start, spell.start.strftime("%Y-%m"), spell.order) if spell else (None, "", None)
        if values != (customer.started, customer.cohort, customer.origin_id):
            customer.started, customer.cohort, customer.origin_id = values
            wrong.append(customer)
    Customer.objects.bulk_update(wrong, ["started", "cohort", "origin"], batch_size=500)
    dirty.mark(billed_days(Order.objects.filter(customer__in=[customer.pk for customer in wrong])))


def billed_days(orders: QuerySet[Order]) -> Marks:
    """The days on which what customers have brought grew by these orders."""
    return {(LIFETIME, day) for day in orders.order_by().values_list("ordered_day", flat=True).distinct()}


def _news(pk: int, there: Sequence[Spell], wanted: Sequence[Spell]) -> list[tuple[str, int, dt.date]]:
    """What happened that was not known before."""
    starts, ends = {spell.start for spell in there}, {spell.end for spell in there}
    found = []
    for spell in wanted:
        if spell.start not in starts:
            found.append(("customer.started" if spell.first else "customer.reactivated", pk, spell.start))
        if spell.end is not None and spell.end not in ends:
            found.append(("customer.churned", pk, spell.end))
    return found


def _tell(news: Sequence[tuple[str, int, dt.date]]) -> None:
    customers = Customer.objects.select_related("company", "person").in_bulk({pk for _kind, pk, _day in news})
    rows = []
    for kind, pk, day in sorted(news, key=lambda row: row[2]):
        customer = customers[pk]
        event = events.build(kind, customer, new={"day": day.isoformat()}, at=first_instant(day))
        rows.append((event, [customer, customer.company, customer.person]))
    events.record_many(rows)


def lapse() -> int:
    """Ends the spells whose day has come; returns how many."""
    due = list(CustomerSpell.objects.filter(end__isnull=True, lapses__lte=today()).select_related("customer"))
    for spell in due:
        began = spell.customer.started or spell.start  # written by the release before while this one was set up
        spell.end, spell.lost_age = spell.lapses, months(began, spell.lapses)
    CustomerSpell.objects.bulk_update(due, ["end", "lost_age"], batch_size=500)
    dirty.mark({(stream, spell.end) for spell in due for stream in (LAPSED, CHURNED)})
    dirty.mark({(COHORTS, spell.customer.started) for spell in due})
    _tell([("customer.churned", spell.customer_id, spell.lapses) for spell in due])
    return len(due)


def spells_begun_by(orders: Iterable[Order]) -> Marks:
    """The days on which spells that these orders began are counted: they are split by what the order says."""
    ids = [order.pk for order in orders if order.pk]
    started = Customer.objects.filter(origin__in=ids).values_list("started", flat=True)
    found = marks_of(CustomerSpell.objects.filter(order__in=ids)) | {(COHORTS, day) for day in started}
    return found | billed_days(Order.objects.filter(customer__origin__in=ids))
