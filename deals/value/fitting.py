"""A run: purchases read from orders, the gates, the fit, and each customer's value, five hundred customers a step."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import groupby
from statistics import median

from django.db import transaction
from django.db.models import F, Sum

from analytics import dirty
from crm.models import Organisation
from crm.money import exponent

from ..orders.models import Customer, Order, OrderLine
from . import bgnbd, spend
from .bgnbd import History
from .models import CustomerValue, Refusal, ValueRun, runs

CUSTOMERS, REPEATERS, INTERVALS = 300, 100, 3  # gates: kpis.md 5
FITTED_PART, WORST_ERROR = Decimal("0.7"), 25  # of the hold-out; percent
WEEKS, YEARLY = 52, 0.1  # horizon, discount of a year
STEP = 500


@dataclass(frozen=True)
class Buyer:
    """The days on which a customer bought, in order, what they spent on each (None: not known), and the last order."""

    customer: int
    days: tuple[dt.date, ...]
    spent: tuple[int | None, ...]
    order: int

    def history(self, end: dt.date) -> History:
        """As seen at the end of the day before `end`. Times in weeks to two places, so that like customers are one to the fit."""
        days = [day for day in self.days if day < end]
        return History(len(days) - 1, weeks(days[-1] - days[0]), weeks(end - dt.timedelta(days=1) - days[0]))

    def mean_repeat(self) -> float | None:
        """What a day with a purchase after the first one brought on average; None where none is known or nothing is left of it."""
        known = [amount for amount in self.spent[1:] if amount is not None]
        mean = sum(known) / len(known) if known else 0
        return mean if mean > 0 else None


def weeks(span: dt.timedelta) -> float:
    return round(span.days / 7, 2)


def buyers(day: dt.date, ids: Collection[int] | None = None) -> Iterator[Buyer]:
    """Everybody who had bought by the end of `day`; orders of one day are one purchase, orders credited in full are none."""
    orders = Order.objects.placed().filter(ordered_day__lte=day).exclude(amount__gt=0, refunded__gte=F("amount"))
    if ids is not None:
        orders = orders.filter(customer__in=ids)
    rows = orders.order_by("customer_id", "ordered_day", "pk").values_list(
        "customer_id", "ordered_day", "pk", "base", "amount", "refunded"
    )
    for customer, group in groupby(rows.iterator(), key=lambda row: row[0]):
        days: list[dt.date] = []
        spent: list[int | None] = []
        for _customer, on, order, base, amount, refunded in group:  # noqa: B007  the last one's is kept
            kept = None if base is None else base if not refunded else round(base * (amount - refunded) / amount)
            if days and days[-1] == on:
                spent[-1] = None if kept is None or spent[-1] is None else spent[-1] + kept
            else:
                days.append(on)
                spent.append(kept)
        yield Buyer(customer, tuple(days), tuple(spent), order)


# --- the gates -------------------------------------------------------------------------------------------------------


def refusal(found: Sequence[Buyer], day: dt.date) -> tuple[str, bgnbd.Fit | None, Decimal | None]:
    """(why the run says nothing, or "", the fit, error of the hold-out in percent)."""
    repeaters = sum(len(one.days) > 1 for one in found)
    if len(found) < CUSTOMERS:
        return Refusal.FEW_CUSTOMERS, None, None
    if repeaters < REPEATERS:
        return Refusal.FEW_REPEATERS, None, None
    gaps = [(later - earlier).days for one in found for earlier, later in zip(one.days, one.days[1:], strict=False)]
    first = min(one.days[0] for one in found)
    if (day - first).days < INTERVALS * median(gaps):
        return Refusal.SHORT_HISTORY, None, None
    end = day + dt.timedelta(days=1)
    fitted = bgnbd.fit(one.history(end) for one in found)
    if not (fitted.is_inside and fitted.stable):
        return Refusal.NO_FIT, None, None
    error, is_better = hold_out(found, first, end)
    if error is None or error > WORST_ERROR or not is_better:
        return Refusal.HOLD_OUT, None, error
    return "", fitted, error


def hold_out(found: Sequence[Buyer], first: dt.date, end: dt.date) -> tuple[Decimal | None, bool]:
    """Fits the first 70 % of the time and foretells the rest: (error of the total in percent, whether it missed the customers by less
    than their plain rate so far would have). No error where nobody bought in the rest."""
    cut = first + dt.timedelta(days=int((end - first).days * FITTED_PART))
    early = [one for one in found if one.days[0] < cut]
    fitted = bgnbd.fit(one.history(cut) for one in early)
    if not fitted.is_inside:
        return None, False
    ahead = weeks(end - cut)
    told: dict[History, float] = {}
    total = bought = 0.0
    off = off_plain = 0.0
    for one in early:
        history = one.history(cut)
        if history not in told:
            told[history] = fitted.expected(history, ahead)
        later = sum(day >= cut for day in one.days)
        plain = history.repeats / history.age * ahead if history.age else 0.0
        total, bought = total + told[history], bought + later
        off, off_plain = off + abs(told[history] - later), off_plain + abs(plain - later)
    if not bought:
        return None, False
    return Decimal(f"{100 * abs(total - bought) / bought:.2f}"), off < off_plain


def margin_at(day: dt.date) -> Decimal | None:
    """Margin per unit of revenue over a year's lines with a known cost; None without any, or where nothing is left."""
    lines = OrderLine.objects.filter(
        order__ordered_day__gt=day - dt.timedelta(days=365), order__ordered_day__lte=day, cost_base__isnull=False
    )
    sums = lines.aggregate(net=Sum("net_base"), cost=Sum("cost_base"))
    if not sums["net"] or sums["net"] <= 0 or sums["cost"] >= sums["net"]:
        return None
    return (Decimal(sums["net"] - sums["cost"]) / sums["net"]).quantize(Decimal("0.000001"))


# --- a run -----------------------------------------------------------------------------------------------------------


@transaction.atomic
def begin(day: dt.date) -> ValueRun:
    """Fits the orders up to the end of `day`, or says why not. Run again for the same day it begins again; a day before the newest run's
    raises ValueError.
    """
    runs.make_room(day)
    found = list(buyers(day))
    refused, fitted, error = refusal(found, day)
    run = ValueRun(day=day, refused=refused, error=error, customers=len(found), repeaters=sum(len(one.days) > 1 for one in found))
    if fitted is not None:
        run.margin = margin_at(day)
        run.parameters = {"r": fitted.r, "alpha": fitted.alpha, "a": fitted.a, "b": fitted.b, **_spend(found)}
    run.save()
    if refused:
        finish(run)
    return run


def _spend(found: Sequence[Buyer]) -> dict[str, float]:
    """p, q, g of the repeat purchases; empty where spend hangs on frequency or does not fit."""
    rows = [(len(one.days) - 1, mean) for one in found if (mean := one.mean_repeat()) is not None]
    if not rows or spend.too_correlated(rows):
        return {}
    fitted = spend.fit(rows, scale=float(_unit()))
    return {"p": fitted.p, "q": fitted.q, "g": fitted.g} if fitted.is_inside and fitted.stable else {}


def _unit() -> int:
    """Minor units in one of the base currency."""
    return 10 ** exponent(Organisation.current().base_currency)


@transaction.atomic
def value_some(run: ValueRun, after: int) -> int | None:
    """Values the next 500 customers; the last one's id, or None when all are done, and the run then takes the place of the one before."""
    ids = list(Customer.objects.filter(pk__gt=after).order_by("pk").values_list("pk", flat=True)[:STEP])
    CustomerValue.objects.filter(run=run, customer__in=ids).delete()
    CustomerValue.objects.bulk_create(_values(run, buyers(run.day, ids)), batch_size=500)
    if len(ids) == STEP:
        return ids[-1]
    finish(run)
    return None


def _values(run: ValueRun, found: Iterable[Buyer]) -> list[CustomerValue]:
    told = run.parameters
    model = bgnbd.Fit(told["r"], told["alpha"], told["a"], told["b"])
    amounts = spend.SpendFit(told["p"], told["q"], told["g"], scale=float(_unit())) if "p" in told else None
    currency, end = Organisation.current().base_currency, run.day + dt.timedelta(days=1)
    rows = []
    for one in found:
        history = one.history(end)
        alive, value = model.alive(history), None
        if amounts is not None and run.margin is not None:
            mean = one.mean_repeat() if history.repeats else 0.0
            if mean is not None:
                each = amounts.expected(history.repeats, mean)
                value = round(float(run.margin) * each * model.discounted(history, WEEKS, YEARLY))
        rows.append(
            CustomerValue(
                run=run,
                customer_id=one.customer,
                order_id=one.order,
                start=run.day,
                repeats=history.repeats,
                last=Decimal(str(history.last)),
                age=Decimal(str(history.age)),
                expected=round(1000 * model.expected(history, WEEKS)),
                alive=None if alive is None else round(10_000 * alive),
                value=value,
                currency=currency,
            )
        )
    return rows


@transaction.atomic
def finish(run: ValueRun) -> None:
    """From its day on the run stands, and the one before it no longer."""
    runs.close(CustomerValue.objects.filter(end=None).exclude(run=run), run.day)
    run.done = True
    run.save(update_fields=["done"])
    dirty.mark(runs.marks_of(run.values.all()))
