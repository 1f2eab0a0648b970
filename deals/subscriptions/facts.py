"""What numbers and lists need of subscriptions, derived from their rows, an account at a time.

Everything here can be run again with the same result, and nothing that lies ahead is written: a daily job brings what a new day
brings. It marks the days on which what changed is counted.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable
from typing import Any

from django.db import transaction
from django.utils import timezone

from analytics import dirty
from contacts.models import Company
from crm.models import Organisation
from crm.money import Rates
from crm.periods import today

from . import terms
from .models import MrrMovement, MrrSpan, Subscription, SubscriptionStep, TermEnd
from .terms import Ended, Movement, Span

ENTERED, LEFT, MOVED, ENDED = "mrr.entered", "mrr.left", "mrr.movements", "subscriptions.term_ends"
CURRENT = ("plan", "product_id", "interval", "amount", "quantity", "owner_id", "team_id")
KEPT = (*CURRENT, "rate", "rate_day", "status", "mrr", "turns_on")
SPAN = ("subscription_id", "start", "end", "currency", "amount", "base", "owner_id", "team_id", "plan", "product_id", "source")
MOVEMENT = ("subscription_id", "day", "kind", "currency", "amount", "base", "owner_id", "team_id", "plan", "product_id", "source")
END = (
    "subscription_id",
    "day",
    "matured",
    "renewed",
    "base",
    "renewed_base",
    "kept_base",
    "currency",
    "owner_id",
    "team_id",
    "plan",
    "product_id",
    "source",
)
Marks = set[tuple[str, "dt.date | None"]]


def marks_of(companies: Collection[int]) -> Marks:
    """The pairs in which these accounts are counted as their rows say."""
    found: Marks = set()
    for start, end in MrrSpan.objects.filter(company__in=companies).values_list("start", "end"):
        found |= {(ENTERED, start), (LEFT, end)}
    days = MrrMovement.objects.valid().filter(company__in=companies).values_list("day", flat=True)
    found |= {(MOVED, day) for day in days}
    return found | {(ENDED, day) for day in TermEnd.objects.filter(company__in=companies).values_list("day", flat=True)}


def rate_day_of(subscription: Any, by_id: dict[int, Any]) -> dt.date:
    """The day of its exchange rate: the first of the fiscal year in which the first of its renewals' chain began. So a rate never
    looks like a gain or a loss (kpis.md 39)."""
    first, seen = subscription, {subscription.pk}
    while first.renewed_from_id in by_id and first.renewed_from_id not in seen:
        first = by_id[first.renewed_from_id]
        seen.add(first.pk)
    month = Organisation.current().fiscal_year_start
    return dt.date(first.start.year - (first.start.month < month), month, 1)


class Account:
    """The subscriptions of one company, with what is stored and what should be."""

    def __init__(self) -> None:
        self.subscriptions: list[Subscription] = []
        self.steps: dict[int, list[SubscriptionStep]] = defaultdict(list)
        self.spans: list[MrrSpan] = []
        self.movements: list[MrrMovement] = []
        self.ends: list[TermEnd] = []

    def derive(self, rates: Rates, now: dt.date) -> tuple[list[Span], list[Subscription]]:
        """Spans, and the subscriptions of which a kept column changes."""
        by_id = {row.pk: row for row in self.subscriptions}
        renewals = {row.renewed_from_id: row for row in self.subscriptions if row.renewed_from_id}
        spans: list[Span] = []
        changed: list[Subscription] = []
        for row in self.subscriptions:
            before = [getattr(row, name) for name in KEPT]
            row.rate_day = rate_day_of(row, by_id)
            row.rate = rates.rate(row.currency, row.rate_day)
            steps, renewal = self.steps[row.pk], renewals.get(row.pk)
            own = terms.spans_of(row, steps, renewal, rates.base, now)
            spans += own
            self._keep(row, steps, renewal, own, now)
            if before != [getattr(row, name) for name in KEPT]:
                changed.append(row)
        return spans, changed

    def ended(self, base: str, now: dt.date) -> list[Ended]:
        """The ends of terms, once the subscriptions have their rates."""
        renewals = {row.renewed_from_id: row for row in self.subscriptions if row.renewed_from_id}
        found = []
        for row in self.subscriptions:
            renewal = renewals.get(row.pk)
            first = self.steps[renewal.pk][0] if renewal is not None else None
            found.append(terms.ended_of(row, self.steps[row.pk], renewal, first, base, now))
        return [row for row in found if row is not None]

    @staticmethod
    def _keep(row: Subscription, steps: list[SubscriptionStep], renewal: Any, spans: list[Span], now: dt.date) -> None:
        current = terms.step_on(steps, now)
        for name in CURRENT:
            setattr(row, name, getattr(current, name))
        row.status = terms.status_of(row, steps, renewal, now)
        row.turns_on = terms.turns_on(row, steps, renewal, now)
        row.mrr = next((span.amount for span in spans if span.end is None), 0)


@transaction.atomic
def keep(companies: Collection[int]) -> None:
    """Brings everything derived of these accounts in line with their subscriptions. The companies are locked first, so that of two
    who change one account at the same time the second sees what the first wrote."""
    ids = sorted(set(companies))
    if not ids:
        return
    list(Company.objects.select_for_update(no_key=True).filter(pk__in=ids).order_by("pk").values_list("pk", flat=True))
    accounts = _read(ids)
    rates, now = Rates.load(), today()
    changed: list[Subscription] = []
    ledger = _Ledger()
    for pk, account in sorted(accounts.items()):
        spans, wrong = account.derive(rates, now)
        changed += wrong
        ledger.spans(pk, account.spans, spans)
        ledger.movements(pk, account.movements, terms.movements_of(spans))
        ledger.ends(pk, account.ends, account.ended(rates.base, now))
    Subscription.objects.bulk_update(changed, KEPT, batch_size=200)
    ledger.write()


def _read(ids: Collection[int]) -> dict[int, Account]:
    accounts: dict[int, Account] = {pk: Account() for pk in ids}
    for row in Subscription.objects.filter(company__in=ids).order_by("start", "pk"):
        accounts[row.company_id].subscriptions.append(row)
    steps = SubscriptionStep.objects.filter(subscription__company__in=ids).select_related("subscription")
    for step in steps.order_by("subscription_id", "day"):
        accounts[step.subscription.company_id].steps[step.subscription_id].append(step)
    for span in MrrSpan.objects.filter(company__in=ids).order_by("pk"):
        accounts[span.company_id].spans.append(span)
    for movement in MrrMovement.objects.valid().filter(company__in=ids).order_by("pk"):
        accounts[movement.company_id].movements.append(movement)
    for end in TermEnd.objects.filter(company__in=ids).order_by("pk"):
        accounts[end.company_id].ends.append(end)
    return accounts


class _Ledger:
    """What has to be written so that what is stored is what should be."""

    def __init__(self) -> None:
        self.gone: list[int] = []
        self.withdrawn: list[int] = []
        self.new_spans: list[MrrSpan] = []
        self.new_movements: list[MrrMovement] = []
        self.gone_ends: list[int] = []
        self.new_ends: list[TermEnd] = []
        self.marks: Marks = set()

    def spans(self, company: int, stored: Iterable[MrrSpan], wanted: Iterable[Span]) -> None:
        missing = Counter(_values(span, SPAN) for span in wanted)
        for row in stored:
            values = _values(row, SPAN)
            if missing[values]:
                missing[values] -= 1
            else:
                self.gone.append(row.pk)
                self.marks |= {(ENTERED, row.start), (LEFT, row.end)}
        for values in missing.elements():
            row = MrrSpan(company_id=company, **dict(zip(SPAN, values, strict=True)))
            self.new_spans.append(row)
            self.marks |= {(ENTERED, row.start), (LEFT, row.end)}

    def movements(self, company: int, stored: Iterable[MrrMovement], wanted: Iterable[Movement]) -> None:
        missing = Counter(_values(movement, MOVEMENT) for movement in wanted)
        for row in stored:
            values = _values(row, MOVEMENT)
            if missing[values]:
                missing[values] -= 1
            else:
                self.withdrawn.append(row.pk)
                self.marks.add((MOVED, row.day))
        for values in missing.elements():
            row = MrrMovement(company_id=company, **dict(zip(MOVEMENT, values, strict=True)))
            self.new_movements.append(row)
            self.marks.add((MOVED, row.day))

    def ends(self, company: int, stored: Iterable[TermEnd], wanted: Iterable[Ended]) -> None:
        missing = {_values(end, END) for end in wanted}
        for row in stored:
            values = _values(row, END)
            if values in missing:
                missing.discard(values)
            else:
                self.gone_ends.append(row.pk)
                self.marks.add((ENDED, row.day))
        for values in missing:
            row = TermEnd(company_id=company, **dict(zip(END, values, strict=True)))
            self.new_ends.append(row)
            self.marks.add((ENDED, row.day))

    def write(self) -> None:
        TermEnd.objects.filter(pk__in=self.gone_ends).delete()
        TermEnd.objects.bulk_create(sorted(self.new_ends, key=lambda row: row.subscription_id), batch_size=500)
        MrrSpan.objects.filter(pk__in=self.gone).delete()
        MrrSpan.objects.bulk_create(self.new_spans, batch_size=500)
        MrrMovement.objects.filter(pk__in=self.withdrawn).update(withdrawn_at=timezone.now())
        MrrMovement.objects.bulk_create(sorted(self.new_movements, key=lambda row: row.day), batch_size=500)
        dirty.mark(self.marks)


def _values(row: Any, names: Iterable[str]) -> tuple:
    """The row's values; what is derived names its records without "_id"."""
    derived = isinstance(row, Span | Movement | Ended)
    return tuple(getattr(row, name.removesuffix("_id") if derived else name) for name in names)


def turn() -> int:
    """Derives the accounts of which something has changed by itself since the last time; returns how many."""
    due = Subscription.objects.filter(turns_on__lte=today()).order_by().values_list("company_id", flat=True).distinct()
    companies = sorted(due)
    for start in range(0, len(companies), 500):
        keep(companies[start : start + 500])
    return len(companies)
