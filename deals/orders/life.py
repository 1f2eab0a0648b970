"""When a customer was active: derived from purchases by the activity window, so that running it again gives the same rows.

A customer becomes one with the first purchase, is lost on the day the last purchase is as old as the window, and comes back with the
next. The loss is dated that day and known only then; it is never dated back.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from analytics import dirty
from crm import events
from crm.models import Organisation
from crm.periods import first_instant, today

from .models import Customer, CustomerSpell, Order

ENTERED, LAPSED, STARTED, CHURNED = "customers.entered", "customers.lapsed", "customers.started", "customers.churned"
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
    return found


def keep_spells(history: Mapping[int, Sequence[Any]], ids: Collection[int]) -> None:
    """Brings the spells of these customers in line with their orders, and marks the days that change. Says once when a customer
    came, went and came back."""
    window, now = Organisation.current().customer_window_days, today()
    stored: dict[int, list[CustomerSpell]] = defaultdict(list)
    for row in CustomerSpell.objects.filter(customer__in=ids).order_by("customer_id", "start"):
        stored[row.customer_id].append(row)
    gone: list[CustomerSpell] = []
    fresh: list[CustomerSpell] = []
    marks: Marks = set()
    told: list[tuple[str, int, dt.date]] = []
    for pk in ids:
        wanted = spells_of(history.get(pk, ()), window, now)
        there = [Spell(row.order_id, row.start, row.lapses, row.end, row.first) for row in stored[pk]]
        if wanted == there:
            continue
        gone += stored[pk]
        fresh += [
            CustomerSpell(customer_id=pk, order_id=s.order, start=s.start, lapses=s.lapses, end=s.end, first=s.first)
            for s in wanted
        ]
        marks |= marks_of(set(wanted) ^ set(there))
        told += _news(pk, there, wanted)
    CustomerSpell.objects.filter(pk__in=[row.pk for row in gone]).delete()
    CustomerSpell.objects.bulk_create(fresh, batch_size=500)
    dirty.mark(marks)
    _tell(told)


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
    due = list(CustomerSpell.objects.filter(end__isnull=True, lapses__lte=today()))
    for spell in due:
        spell.end = spell.lapses
    CustomerSpell.objects.bulk_update(due, ["end"], batch_size=500)
    dirty.mark({(stream, spell.end) for spell in due for stream in (LAPSED, CHURNED)})
    _tell([("customer.churned", spell.customer_id, spell.lapses) for spell in due])
    return len(due)


def spells_begun_by(orders: Iterable[Order]) -> Marks:
    """The days on which spells that these orders began are counted: they are split by what the order says."""
    return marks_of(CustomerSpell.objects.filter(order__in=[order.pk for order in orders if order.pk]))
