"""What the sample's firm is paid for again and again: its cloud and its care of instruments, over three years in which it learnt to
sell them. Accounts come, add seats, fall back, go and come back; yearly contracts are renewed, most of them in time."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from contacts.models import Company
from crm.events import Origin, acting
from crm.models import Organisation
from crm.periods import after_months, first_instant
from crm.sample.context import Sample
from deals.models import Deal, Product, Subscription
from deals.subscriptions import services
from deals.subscriptions.services import NewSubscription

from .write import PRICE_LEVEL

COUNT = 84  # accounts; with renewals and second subscriptions some 120 to 130 contracts
#: plan -> (how often, product code, interval, price in euros for one, seats from, seats to, months of a term or 0)
PLANS = {
    "Cloud Starter": (0.34, "MC-S", "month", 95, 1, 4, 0),
    "Cloud Team": (0.3, "MC-S", "month", 240, 1, 6, 0),
    "Cloud Site": (0.18, "MC-S", "year", 4_200, 1, 2, 12),
    "Cloud Enterprise": (0.06, "MC-E", "year", 21_000, 1, 1, 12),
    "Care": (0.12, "SC-3", "quarter", 800, 1, 3, 12),
}
#: what a plan grows into
UP = {"Cloud Starter": "Cloud Team", "Cloud Site": "Cloud Enterprise"}
REASONS = (
    ("price", 0.26),
    ("unused", 0.24),
    ("missing", 0.16),
    ("competitor", 0.12),
    ("service", 0.08),
    ("closed", 0.06),
    ("payment", 0.05),
    ("other", 0.03),
)
DAY = dt.timedelta(days=1)


def fill(sample: Sample) -> None:
    """Written in bulk; what they bring a month follows from the rows."""
    sample.tell("subscriptions, renewals")
    rows: list[NewSubscription] = []
    for place, (company, deal) in enumerate(_accounts(sample)):
        rows += _story(sample, company, deal, place)
    rows.sort(key=lambda new: (new.subscription.start, new.subscription.company_id))
    for number, new in enumerate(rows, 1):
        row = new.subscription
        row.number = f"S-{number:04}"
        row.created_at = min(first_instant(row.start), sample.now) + dt.timedelta(hours=8)
        row.created_at = min(row.created_at, sample.now)
    with acting(None, Origin.IMPORT):  # contracts come from the books
        first = [new for new in rows if new.subscription.renewed_from is None]
        services.post(first)
        while later := [new for new in rows if new.subscription.pk is None and new.subscription.renewed_from.pk]:
            for new in later:  # bulk rows know their predecessor's key only now
                new.subscription.renewed_from = new.subscription.renewed_from
            services.post(later)


def _accounts(sample: Sample) -> list[tuple[Company, Deal | None]]:
    """Companies that bought, in order of their first won deal, each with the deal."""
    won = Deal.objects.filter(won_at__isnull=False, company__isnull=False).select_related("company", "owner", "team", "pipeline")
    found: dict[int, tuple[Company, Deal]] = {}
    for deal in won.order_by("won_at", "pk"):
        assert deal.company is not None
        found.setdefault(deal.company_id, (deal.company, deal))  # type: ignore[arg-type]
    picked = sample.random.sample(sorted(found), min(COUNT, len(found)))
    return [found[pk] for pk in sorted(picked, key=lambda pk: (found[pk][1].won_at, pk))]


def _story(sample: Sample, company: Company, deal: Deal | None, place: int) -> list[NewSubscription]:
    """One account from its first contract to today."""
    assert deal is not None and deal.won_at is not None
    first = deal.won_at.date() + sample.random.randrange(2, 40) * DAY
    if first >= sample.today:
        return []
    plan = sample.pick([(name, row[0]) for name, row in PLANS.items()])
    found = _contracts(sample, company, deal, plan, first)
    if sample.chance(0.16):  # a second product beside the first
        more = first + sample.random.randrange(90, 500) * DAY
        if more < sample.today and plan != "Care":
            found += _contracts(sample, company, deal, "Care", more)
    end = found[0].subscription.ended_on
    if end is not None and len(found) == 1 and sample.chance(0.25):  # gone, and back some months later
        back = end + sample.random.randrange(70, 240) * DAY
        if back < sample.today:
            found += _contracts(sample, company, deal, plan, back)
    return found


def _contracts(sample: Sample, company: Company, deal: Deal, plan: str, first: dt.date) -> list[NewSubscription]:
    """A contract and its renewals."""
    _often, code, interval, euros, low, high, term = PLANS[plan]
    products: dict[str, Product] = sample.notes["products"]
    dated = dt.date(sample.start.year + 1, 1, 1)  # the first fiscal year that begins with rates
    currency = deal.currency if first >= dated else Organisation.current().base_currency
    row = Subscription(
        company=company,
        deal=deal,
        plan=plan,
        product=products[code],
        interval=interval,
        currency=currency,
        amount=int(euros * PRICE_LEVEL[currency]) * 100,
        quantity=Decimal(sample.random.randint(low, high)),
        start=first,
        term_end=after_months(first, term) if term else None,
        owner=deal.owner,
        team=deal.team,
        source=deal.source,
    )
    if not term and sample.chance(0.4):
        row.trial_end = first + 14 * DAY
    found = [_lived(sample, row)]
    while (end := found[-1].subscription.term_end) is not None and found[-1].subscription.ended_on is None:
        late = sample.random.choice((0, 0, 0, 0, 5, 12, 24))
        if end + late * DAY > sample.today:
            break
        if not sample.chance(0.86):
            _cancel(sample, found[-1].subscription, end)
            break
        found.append(_lived(sample, _renewed(sample, found[-1], end + late * DAY, term)))
    return found


def _renewed(sample: Sample, before: NewSubscription, start: dt.date, term: int) -> Subscription:
    """The next contract: most at the same price, some raised, a few cut."""
    old = before.subscription
    last: dict[str, Any] = {name: getattr(old, name) for name in ("amount", "quantity", "plan", "product")}
    for _day, changes in before.later:
        last |= {name: value for name, value in changes.items() if name in last}
    factor = sample.pick(((1.0, 0.45), (1.05, 0.4), (1.15, 0.08), (0.85, 0.07)))
    last["amount"] = round(last["amount"] * factor / 1000) * 1000
    names = ("company", "deal", "interval", "currency", "owner", "team", "source")
    return Subscription(
        renewed_from=old, start=start, term_end=after_months(start, term), **last, **{name: getattr(old, name) for name in names}
    )


def _lived(sample: Sample, row: Subscription) -> NewSubscription:
    """What became of a contract until today or the end of its term: more seats, a larger plan, less, a pause, the end."""
    later: list[tuple[dt.date, dict[str, Any]]] = []
    day, seats = row.start, row.quantity
    limit = min(row.term_end or sample.today, sample.today)
    paused = False
    while True:
        day += sample.random.randrange(50, 260) * DAY
        if day >= limit:
            break
        if paused:
            later.append((day, {"paused": False}))
            paused = False
        elif row.term_end is None and sample.chance(0.13):
            _cancel(sample, row, day)
            break
        elif row.term_end is None and sample.chance(0.04):
            later.append((day, {"paused": True}))
            paused = True
        elif sample.chance(0.5):
            seats += sample.pick(((Decimal(1), 0.66), (Decimal(2), 0.16), (Decimal(-1), 0.18)))
            seats = max(seats, Decimal(1))
            later.append((day, {"quantity": seats}))
        elif row.plan in UP and sample.chance(0.12):
            _often, code, _interval, euros, *_rest = PLANS[UP[row.plan]]
            amount = int(euros * PRICE_LEVEL[row.currency]) * 100
            later.append((day, {"plan": UP[row.plan], "product": sample.notes["products"][code], "amount": amount}))
            break
    return NewSubscription(row, _differing(row, later))


def _differing(row: Subscription, later: list[tuple[dt.date, dict[str, Any]]]) -> list[tuple[dt.date, dict[str, Any]]]:
    """The steps that change anything."""
    now: dict[str, Any] = {"quantity": row.quantity, "plan": row.plan, "paused": False}
    found = []
    for day, changes in later:
        if any(now.get(name) != value for name, value in changes.items()):
            found.append((day, changes))
        now |= changes
    return found


def _cancel(sample: Sample, row: Subscription, end: dt.date) -> None:
    row.ended_on = end
    row.cancelled_on = max(end - sample.random.randrange(0, 60) * DAY, row.start)
    row.cancel_reason = sample.pick(REASONS)
