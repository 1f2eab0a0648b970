"""A run: the terms that ended read from subscriptions, the gates, the fit, and each account's value."""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db import transaction

from analytics import dirty
from crm.models import Organisation

from ..orders.facts import in_base
from ..subscriptions import terms
from ..subscriptions.models import Subscription, SubscriptionStep, TermEnd
from ..value.fitting import margin_at
from . import sbg
from .models import ContractRun, ContractValue, Refusal, runs

TERMS, LONGEST = 100, 3  # gates: kpis.md 5
FITTED_PART, WORST_ERROR = Decimal("0.7"), 25  # of the hold-out; percent
YEARLY = 0.1  # discount of a year
MONTH = 30.4375  # days


@dataclass(frozen=True)
class End:
    """The end of the `n`-th term of a chain of renewals, known by its first contract."""

    chain: int
    n: int
    day: dt.date
    renewed: bool


class Chains:
    """Which contract renews which. One that came after the grace of the one before begins a chain of its own."""

    def __init__(self) -> None:
        names = ("pk", "renewed_from", "renewed_from__term_end", "renewed_from__term_ended__renewed")
        self._before = {
            pk: before
            for pk, before, end, renewed in Subscription.objects.values_list(*names)
            if before and end and renewed is not False
        }
        self._places: dict[int, tuple[int, int]] = {}

    def place(self, pk: int) -> tuple[int, int]:
        """(first contract of the chain, which term of it this one is, from 1)."""
        path = [pk]
        while path[-1] in self._before and path[-1] not in self._places and self._before[path[-1]] not in path:
            path.append(self._before[path[-1]])
        first, n = self._places.get(path[-1], (path[-1], 1))
        for step, one in enumerate(reversed(path)):
            self._places[one] = (first, n + step)
        return self._places[pk]


def ends(day: dt.date, chains: Chains) -> list[End]:
    """The terms that had ended by the end of `day` and of which is known what became."""
    rows = TermEnd.objects.filter(matured=True, day__lte=day).order_by("day", "pk")
    found = rows.values_list("subscription_id", "day", "renewed")
    return [End(*chains.place(pk), on, renewed) for pk, on, renewed in found]


def counted(found: Iterable[End]) -> tuple[Counter[int], Counter[int]]:
    """(how many left at the end of their n-th term, how many had renewed n times when last seen)."""
    last: dict[int, End] = {}
    for one in found:
        if one.chain not in last or one.n > last[one.chain].n:
            last[one.chain] = one
    lost = Counter(one.n for one in last.values() if not one.renewed)
    return lost, Counter(one.n for one in last.values() if one.renewed)


# --- the gates -------------------------------------------------------------------------------------------------------


def refusal(found: Sequence[End]) -> tuple[str, sbg.Fit | None, Decimal | None]:
    """(why the run says nothing, or "", the fit, error of the hold-out in percent)."""
    if len(found) < TERMS:
        return Refusal.FEW_TERMS, None, None
    if max(one.n for one in found) < LONGEST:
        return Refusal.FEW_RENEWALS, None, None
    fitted = sbg.fit(*counted(found))
    if not (fitted.is_inside and fitted.stable):
        return Refusal.NO_FIT, None, None
    error, is_better = hold_out(found)
    if error is None or error > WORST_ERROR or not is_better:
        return Refusal.HOLD_OUT, None, error
    return "", fitted, error


def hold_out(found: Sequence[End]) -> tuple[Decimal | None, bool]:
    """Fits the first 70 % of the time and foretells the renewals of the rest: (error of the total in percent, whether it missed those of
    each term by no more than the plain rate so far would have). No error where nobody renewed in the rest, or nothing fits."""
    first, last = found[0].day, found[-1].day
    cut = first + dt.timedelta(days=int((last - first).days * FITTED_PART))
    early, rest = [one for one in found if one.day < cut], [one for one in found if one.day >= cut]
    renewed = sum(one.renewed for one in rest)
    if not early or not renewed:
        return None, False
    fitted = sbg.fit(*counted(early))
    if not fitted.is_inside:
        return None, False
    plain = sum(one.renewed for one in early) / len(early)
    told: Counter[int] = Counter(one.n for one in rest)
    there: Counter[int] = Counter(one.n for one in rest if one.renewed)
    off = sum(abs(count * fitted.renews(n) - there[n]) for n, count in told.items())
    off_plain = sum(abs(count * plain - there[n]) for n, count in told.items())
    total = sum(count * fitted.renews(n) for n, count in told.items())
    return Decimal(100 * abs(total - renewed) / renewed).quantize(Decimal("0.01")), off <= off_plain


# --- a run -----------------------------------------------------------------------------------------------------------


@transaction.atomic
def make(day: dt.date) -> ContractRun:
    """Fits the terms that had ended by the end of `day` and values every account, or says why not. Run again for the same day it begins
    again; a day before the newest run's raises ValueError."""
    runs.make_room(day)
    chains = Chains()
    found = ends(day, chains)
    refused, fitted, error = refusal(found)
    run = ContractRun(day=day, refused=refused, error=error, due=len(found), longest=max((one.n for one in found), default=0))
    if fitted is not None:
        run.margin = margin_at(day)
        run.parameters = {"alpha": fitted.alpha, "beta": fitted.beta}
    runs.close(ContractValue.objects.filter(end=None), day)
    run.save()
    if fitted is not None:
        rows = ContractValue.objects.bulk_create(values(run, fitted, chains), batch_size=500)
        dirty.mark(runs.marks_of(rows))
    return run


def live(day: dt.date) -> Iterator[tuple[Subscription, SubscriptionStep]]:
    """The contracts that may still be renewed at the end of `day`, each as it is then: begun or renewing another, paid for, neither
    cancelled nor renewed yet."""
    rows = Subscription.objects.filter(term_end__gt=day, ended_on=None, renewal=None).order_by("pk")
    steps: dict[int, list[SubscriptionStep]] = defaultdict(list)
    for step in SubscriptionStep.objects.filter(subscription__in=rows).order_by("subscription_id", "day"):
        steps[step.subscription_id].append(step)
    for row in rows:
        step = terms.step_on(steps[row.pk], day)
        if (row.paid_from <= day or row.renewed_from_id) and not step.paused:
            yield row, step


def values(run: ContractRun, fitted: sbg.Fit, chains: Chains) -> list[ContractValue]:
    """What the run expects of every account, those of several contracts added up."""
    base = Organisation.current().base_currency
    accounts: dict[int, list[tuple[int | None, int, Subscription, SubscriptionStep]]] = defaultdict(list)
    lifetimes: dict[tuple[int, int], float] = {}
    for row, step in live(run.day):
        _first, n = chains.place(row.pk)
        assert row.term_end is not None
        months = max(round((row.term_end - row.start).days / MONTH), 1)
        if (n, months) not in lifetimes:
            lifetimes[n, months] = fitted.residual(n, (1 + YEARLY) ** (months / 12) - 1)
        price = terms.a_year(step.amount, step.quantity, step.interval) * months / 12
        term = in_base(terms.whole(price), row.currency, row.rate, base)
        worth = None if term is None or run.margin is None else round(float(run.margin) * term * lifetimes[n, months])
        accounts[row.company_id].append((worth, n - 1, row, step))
    return [_value(run, company, parts, base) for company, parts in sorted(accounts.items())]


def _value(
    run: ContractRun, company: int, parts: Sequence[tuple[int | None, int, Subscription, SubscriptionStep]], base: str
) -> ContractValue:
    _worth, renewals, row, step = max(parts, key=lambda part: (part[0] or 0, -part[2].pk))
    known = [worth for worth, *_rest in parts if worth is not None]
    return ContractValue(
        run=run,
        company_id=company,
        start=run.day,
        renewals=renewals,
        value=sum(known) if len(known) == len(parts) else None,
        currency=base,
        source=row.source,
        plan=step.plan,
        product_id=step.product_id,
        owner_id=step.owner_id,
        team_id=step.team_id,
    )
