"""A small world of subscriptions with days on the boundaries of its months, and random edits to it: what number tests run on."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from decimal import Decimal

from django.core.exceptions import ValidationError

from contacts import services as contacts
from contacts.models import Company
from crm import services as kernel
from crm.events import Origin, acting
from crm.models import ExchangeRate
from deals.models import Product, Subscription
from deals.subscriptions import services
from tests.factories import CompanyFactory, ProductFactory, utc
from tests.people import People

NOW = utc("2026-05-18 10:00")
TODAY = NOW.date()
START = dt.date(2024, 11, 1)
EDGES = [dt.date(2024, 12, 1), dt.date(2025, 6, 1), dt.date(2025, 12, 1), *(dt.date(2026, month, 1) for month in range(1, 6))]


@dataclass
class Recurring:
    people: People
    rng: random.Random
    products: list[Product]
    companies: list[Company] = field(default_factory=list)

    def day(self, after: dt.date = START, before: dt.date = TODAY + dt.timedelta(days=60)) -> dt.date:
        """A day, often the first of a month, seldom one that lies ahead."""
        edges = [edge for edge in EDGES if after <= edge < before]
        if edges and self.rng.random() < 0.3:
            return self.rng.choice(edges)
        return after + dt.timedelta(days=self.rng.randrange(max((before - after).days, 1)))

    def owner(self):  # type: ignore[no-untyped-def]
        return self.rng.choice([self.people.ann, self.people.ann, self.people.ben, self.people.cleo, None])

    def one(self) -> Subscription | None:
        ids = list(Subscription.objects.order_by("pk").values_list("pk", flat=True))
        return Subscription.objects.get(pk=self.rng.choice(ids)) if ids else None


def build(people: People, size: int = 20, seed: int = 3) -> Recurring:
    """`size` subscriptions of a third as many accounts, some edited."""
    kernel.set_rate("CHF", dt.date(2025, 6, 1), Decimal("1.20"))  # none for what began before the fiscal year after
    kernel.set_rate("NOK", dt.date(2020, 1, 1), Decimal("0.09"))
    rng = random.Random(seed)
    world = Recurring(people, rng, [ProductFactory(), ProductFactory(billing="year")])
    for number in range(max(size // 3, 2)):
        industry = rng.choice(["", "Retail", "Health"])
        world.companies.append(CompanyFactory(name=f"Account {number}", owner=world.owner(), industry=industry))
    for _number in range(size):
        begin(world)
    shake(world, size)
    return world


def begin(world: Recurring) -> None:
    rng, first = world.rng, world.day()
    owner = world.owner()
    row = Subscription(
        company=Company.objects.get(
            pk=rng.choice(list(Company.objects.filter(name__startswith="Account").values_list("pk", flat=True)))
        ),
        owner=owner,
        team=owner.team if owner else None,
        plan=rng.choice(["Basic", "Pro"]),
        product=rng.choice([*world.products, None]),
        start=first,
        term_end=rng.choice([None, first + dt.timedelta(days=rng.choice([90, 365]))]),
        trial_end=rng.choice([None, None, first, first + dt.timedelta(days=14)]),
        interval=rng.choice(["month", "quarter", "year"]),
        amount=rng.choice([0, 1_00, 99_99, 1_200_00, 5]),
        quantity=rng.choice([1, 3, Decimal("2.5")]),
        currency=rng.choice(["USD", "USD", "CHF", "NOK"]),
        source=rng.choice(["", "web"]),
        grace_days=rng.choice([0, 30]),
    )
    with suppress(ValidationError):
        services.start(row)


def shake(world: Recurring, count: int) -> None:
    """Edits as people make them through a page, and by machines."""
    for _number in range(count):
        person = world.rng.choice([world.people.ann, None])
        with acting(person, Origin.PAGE if person else Origin.SYSTEM), suppress(ValidationError):  # refused: nothing changed
            world.rng.choice(EDITS)(world)


def _on(action: Callable[[Recurring, Subscription], object]) -> Callable[[Recurring], None]:
    def edit(world: Recurring) -> None:
        row = world.one()
        if row is not None:
            action(world, row)

    return edit


def reprice(world: Recurring, row: Subscription) -> None:
    rng = world.rng
    changes = rng.choice(
        [
            {"amount": rng.choice([0, 50_00, 120_00, 7])},
            {"quantity": Decimal(rng.choice(["0", "1", "4"]))},
            {"plan": rng.choice(["Basic", "Pro", "Team"])},
            {"interval": rng.choice(["month", "quarter", "year"])},
            {"product": rng.choice([*world.products, None])},
            {"owner": world.owner()},
        ]
    )
    services.change(row, day=world.day(row.start), **changes)


def correct(world: Recurring, row: Subscription) -> None:
    rng = world.rng
    changes = rng.choice(
        [
            {"start": world.day()},
            {"term_end": rng.choice([None, world.day(row.start + dt.timedelta(days=1))])},
            {"trial_end": rng.choice([None, world.day(row.start)])},
            {"grace_days": rng.choice([0, 10, 30])},
            {"source": rng.choice(["", "fair"])},
        ]
    )
    services.change(row, **changes)


def merge(world: Recurring) -> None:
    found = list(Company.objects.filter(name__startswith="Account").order_by("pk"))
    if len(found) > 3:
        contacts.merge_companies(*world.rng.sample(found, 2))


def industry(world: Recurring) -> None:
    found = list(Company.objects.filter(name__startswith="Account").order_by("pk"))
    contacts.save_company(world.rng.choice(found), industry=world.rng.choice(["", "Retail", "Health"]))


def rate(world: Recurring) -> None:
    if world.rng.random() < 0.3:
        kernel.delete_rate(world.rng.choice(list(ExchangeRate.objects.order_by("pk"))))
    day = world.rng.choice([dt.date(2025, 1, 1), dt.date(2025, 6, 1), dt.date(2026, 1, 1)])
    kernel.set_rate(world.rng.choice(["CHF", "NOK"]), day, Decimal(world.rng.choice(["1.1", "0.5"])))


EDITS: list[Callable[[Recurring], None]] = [
    begin,
    begin,
    _on(reprice),
    _on(reprice),
    _on(reprice),
    _on(correct),
    _on(correct),
    _on(lambda world, row: services.pause(row, world.day(row.start))),
    _on(lambda world, row: services.resume(row, world.day(row.start))),
    _on(lambda world, row: services.cancel(row, day=world.day(row.start), reason=world.rng.choice(["", "price"]))),
    _on(lambda world, row: services.cancel(row)),
    _on(lambda world, row: services.reactivate(row, world.day(row.start))),
    _on(lambda world, row: services.renew(row)),
    _on(lambda world, row: services.renew(row, day=world.day(row.start), amount=world.rng.choice([80_00, 140_00]))),
    _on(lambda world, row: services.delete_subscription(row) if world.rng.random() < 0.3 else None),
    merge,
    industry,
    rate,
]
