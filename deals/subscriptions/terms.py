"""What follows from a subscription's own rows: what it brings a month and when, and how its account's revenue moved. Pure: nothing
is read or written here.

Recurring revenue of a month is the year's amount (amount x quantity x intervals a year) / 12, rounded half to even in whole minor
units once, at the end (kpis.md 39).
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any

from ..choices import A_YEAR, MovementKind, SubscriptionStatus
from ..orders.facts import in_base

#: What of a subscription may change from a day on.
STEPPED = ("plan", "product", "interval", "amount", "quantity", "paused", "owner", "team")
Place = tuple[int, int | None, int | None, str, int | None]  # subscription, owner, team, plan, product


def whole(value: Decimal) -> int:
    """Minor units, rounded half to even."""
    return int(value.quantize(Decimal(1), rounding=ROUND_HALF_EVEN))


def a_year(amount: int, quantity: Decimal, interval: str) -> Decimal:
    """What a year brings, in minor units, not rounded."""
    return Decimal(amount) * Decimal(quantity) * A_YEAR[interval]  # type: ignore[index]


def a_month(amount: int, quantity: Decimal, interval: str) -> int:
    """Recurring revenue of a month in whole minor units."""
    return whole(a_year(amount, quantity, interval) / 12)


@dataclass(frozen=True)
class Span:
    """What a row of MrrSpan says."""

    subscription: int
    start: dt.date
    end: dt.date | None
    currency: str
    amount: int
    base: int | None
    owner: int | None
    team: int | None
    plan: str
    product: int | None
    source: str

    @property
    def place(self) -> Place:
        return self.subscription, self.owner, self.team, self.plan, self.product


@dataclass(frozen=True)
class Movement:
    """What a row of MrrMovement says."""

    subscription: int
    day: dt.date
    kind: str
    currency: str
    amount: int
    base: int | None
    owner: int | None
    team: int | None
    plan: str
    product: int | None
    source: str


def end_of(subscription: Any, renewal: Any) -> dt.date | None:
    """The first day on which it brings nothing more; None while it goes on. A renewal takes over on its start, early, in time, or
    within the grace after the end: then nothing was lost in between. A later one comes back after a loss."""
    end = subscription.natural_end
    if renewal is not None and (end is None or renewal.start <= subscription.grace_end):
        return renewal.start
    return end


def spans_of(subscription: Any, steps: Sequence[Any], renewal: Any, base: str, today: dt.date) -> list[Span]:
    """The times in which it brought something, up to today; steps in order of days. Trials and pauses bring nothing."""
    end = end_of(subscription, renewal)
    found: list[Span] = []
    for step, after in zip(steps, [*steps[1:], None], strict=True):
        first = max(step.day, subscription.paid_from)
        last = min((day for day in (after.day if after else None, end) if day is not None), default=None)
        amount = 0 if step.paused else a_month(step.amount, step.quantity, step.interval)
        if amount == 0 or first > today or (last is not None and last <= first):
            continue
        span = Span(
            subscription.pk,
            first,
            last if last is not None and last <= today else None,
            subscription.currency,
            amount,
            in_base(amount, subscription.currency, subscription.rate, base),
            step.owner_id,
            step.team_id,
            step.plan,
            step.product_id,
            subscription.source,
        )
        if found and found[-1].end == span.start and replace(found[-1], start=span.start, end=span.end) == span:
            found[-1] = replace(found[-1], end=span.end)
        else:
            found.append(span)
    return found


def movements_of(spans: Iterable[Span]) -> list[Movement]:
    """How the revenue of one account moved: netted over its subscriptions on each local day before it is called new, expansion,
    reactivation, contraction or churn (kpis.md 42-47). What has no exchange rate is netted by itself, in its own currency."""
    groups: dict[str, list[Span]] = defaultdict(list)
    for span in spans:
        groups["" if span.base is not None else span.currency].append(span)
    return [movement for currency, group in sorted(groups.items()) for movement in _movements(group, bool(currency))]


@dataclass
class _Line:
    """What one subscription under one plan, product, owner and team gained or lost on a day."""

    span: Span
    amount: int = 0
    worth: int = 0

    def move(self, span: Span, sign: int, worth: int) -> None:
        self.amount += sign * span.amount
        self.worth += sign * worth


def _movements(spans: Sequence[Span], unconverted: bool) -> list[Movement]:
    days: dict[dt.date, dict[Place, _Line]] = defaultdict(dict)
    for span in spans:
        worth = span.amount if span.base is None else span.base
        days[span.start].setdefault(span.place, _Line(span)).move(span, 1, worth)
        if span.end is not None:
            days[span.end].setdefault(span.place, _Line(span)).move(span, -1, worth)
    found: list[Movement] = []
    before, ever = 0, False
    for day, lines in sorted(days.items()):
        net = sum(line.worth for line in lines.values())
        kind = kind_of(before, before + net, ever)
        before += net
        ever = ever or before > 0
        parts = shares(net, {place: line.worth for place, line in lines.items()})
        for place, line in sorted(lines.items(), key=lambda item: str(item[0])):
            part = parts.get(place, 0)
            own = whole(Decimal(line.amount) * part / line.worth) if line.worth else 0
            found += _rows(
                line.span, day, ((kind, own, part), (MovementKind.MOVED, line.amount - own, line.worth - part)), unconverted
            )
    return found


def _rows(span: Span, day: dt.date, parts: Iterable[tuple[str, int, int]], unconverted: bool) -> list[Movement]:
    return [
        Movement(
            span.subscription,
            day,
            kind,
            span.currency,
            own,
            None if unconverted else worth,
            span.owner,
            span.team,
            span.plan,
            span.product,
            span.source,
        )
        for kind, own, worth in parts
        if worth
    ]


def kind_of(before: int, after: int, ever: bool) -> str:
    """What a change of an account's revenue is called; "" when it stays."""
    if after > before:
        first = MovementKind.REACTIVATION if ever else MovementKind.NEW
        return first if before == 0 else MovementKind.EXPANSION
    if after < before:
        return MovementKind.CHURN if after == 0 else MovementKind.CONTRACTION
    return ""


def shares(net: int, worths: dict[Place, int]) -> dict[Place, int]:
    """The account's net change shared among the lines that went its way, in proportion, in whole minor units that add up to it."""
    same = sorted((place for place, worth in worths.items() if worth * net > 0), key=str)
    total = sum(worths[place] for place in same)
    found: dict[Place, int] = {}
    done = given = 0
    for place in same:
        done += worths[place]
        upto = net * done // total
        found[place], given = upto - given, upto
    return found


@dataclass(frozen=True)
class Ended:
    """What a row of TermEnd says."""

    subscription: int
    day: dt.date
    matured: bool
    renewed: bool
    base: int | None
    renewed_base: int | None
    kept_base: int | None
    currency: str
    owner: int | None
    team: int | None
    plan: str
    product: int | None
    source: str


def ended_of(subscription: Any, steps: Sequence[Any], renewal: Any, first: Any, base: str, today: dt.date) -> Ended | None:
    """What became of a term whose end has come; `first` is the renewal's first step. None while it runs, and for contracts that were
    never paid: given up in their trial, or free."""
    end = subscription.term_end
    over = min(end or today, subscription.ended_on or dt.date.max)
    if end is None or end > today or over <= subscription.paid_from:
        return None
    step = step_on(steps, end - dt.timedelta(days=1))
    year = whole(a_year(step.amount, step.quantity, step.interval))
    if year == 0:
        return None
    last = end + dt.timedelta(days=subscription.grace_days)
    renewed = renewal is not None and renewal.start <= last
    worth = in_base(year, subscription.currency, subscription.rate, base)
    again: int | None = 0
    if renewed:
        again = in_base(whole(a_year(first.amount, first.quantity, first.interval)), renewal.currency, renewal.rate, base)
    return Ended(
        subscription.pk,
        end,
        today > last,
        renewed,
        worth,
        again,
        None if worth is None or again is None else min(worth, again),
        subscription.currency,
        step.owner_id,
        step.team_id,
        step.plan,
        step.product_id,
        subscription.source,
    )


def status_of(subscription: Any, steps: Sequence[Any], renewal: Any, today: dt.date) -> str:
    """How it stands today."""
    end = end_of(subscription, renewal)
    if end is not None and end <= today:
        taken_over = renewal is not None and end == renewal.start
        return SubscriptionStatus.RENEWED if taken_over else SubscriptionStatus.ENDED
    if subscription.start > today:
        return SubscriptionStatus.UPCOMING
    if subscription.ended_on is not None:
        return SubscriptionStatus.CANCELLED
    if step_on(steps, today).paused:
        return SubscriptionStatus.PAUSED
    return SubscriptionStatus.TRIAL if subscription.paid_from > today else SubscriptionStatus.ACTIVE


def step_on(steps: Sequence[Any], day: dt.date) -> Any:
    """The step that holds on a day; the first one before it begins."""
    return next((step for step in reversed(steps) if step.day <= day), steps[0])


def turns_on(subscription: Any, steps: Sequence[Any], renewal: Any, today: dt.date) -> dt.date | None:
    """The next day on which something of it changes by itself."""
    days = [subscription.start, subscription.paid_from, *(step.day for step in steps)]
    days += [day for day in (subscription.natural_end, end_of(subscription, renewal)) if day is not None]
    if subscription.term_end is not None:
        days.append(subscription.term_end + dt.timedelta(days=subscription.grace_days + 1))
    return min((day for day in days if day > today), default=None)
