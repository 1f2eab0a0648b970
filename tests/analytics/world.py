"""A small world of records with rows on the boundaries of its months, and random edits to it: what number tests run on.

Everything goes through the services, as people's edits do.
"""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal

from analytics import targets
from analytics.models import Target
from contacts import services as contacts
from contacts.models import Activity, Company, Lead, Person
from crm import services as kernel
from crm.events import Origin, acting
from crm.models import ActiveDay, Organisation
from crm.periods import first_instant
from crm.signals import active_day_written
from deals import services as deals
from deals.catalogue import save_product
from deals.models import Deal, DealLine, LossReason, Order, OrderLine, Product, Stage
from deals.orders import services as orders
from tests.factories import (
    ActivityFactory,
    CompanyFactory,
    DealFactory,
    LeadFactory,
    PersonEmailFactory,
    PersonFactory,
    ProductFactory,
    TargetFactory,
    TaskFactory,
    usual_pipeline,
    utc,
)
from tests.marketing import market
from tests.people import People
from tests.support import desk as desks
from tests.surveys import voice as voices

NOW = utc("2026-05-18 10:00")
START, END = dt.date(2025, 11, 1), dt.date(2026, 6, 1)
MONTHS = [dt.date(2025, 11, 1), dt.date(2025, 12, 1), *(dt.date(2026, month, 1) for month in range(1, 6))]


@dataclass
class World:
    people: People
    rng: random.Random
    stages: list[Stage]
    products: list[Product]
    companies: list[Company] = field(default_factory=list)
    desk: desks.Desk | None = None
    voice: voices.Voice | None = None
    market: market.Budget | None = None

    def instant(self, after: dt.datetime | None = None) -> dt.datetime:
        """A moment up to now, often exactly on a month's first instant."""
        low = after or first_instant(START)
        if self.rng.random() < 0.3:
            edges = [first_instant(day) for day in MONTHS if low <= first_instant(day) <= NOW]
            if edges:
                return self.rng.choice(edges)
        return low + (NOW - low) * self.rng.random()

    def owner(self):  # type: ignore[no-untyped-def]
        return self.rng.choice([self.people.ann, self.people.ann, self.people.ben, self.people.cleo, None])


def build(people: People, size: int = 30, seed: int = 7) -> World:
    """`size` deals with histories, as many leads, companies, people, activities, tasks and active days."""
    kernel.set_rate("EUR", dt.date(2025, 1, 1), Decimal("1.10"))
    kernel.set_rate("EUR", dt.date(2026, 2, 1), Decimal("1.25"))
    kernel.save_organisation(Organisation.current(), customer_window_days=45)  # some are lost, some come back
    pipeline = usual_pipeline()
    products = [ProductFactory(family="Pumps"), ProductFactory(family="Pumps"), ProductFactory()]
    world = World(people, random.Random(seed), list(pipeline.stages.all()), products)
    rng = world.rng
    for number in range(max(size // 5, 2)):
        owner = world.owner()
        world.companies.append(
            CompanyFactory(
                owner=owner,
                industry=rng.choice(["", "Retail", "Health"]),
                country=rng.choice(["", "FR"]),
                created_at=world.instant(),
                domain=f"firm{number}.example" if rng.random() < 0.7 else "",
            )
        )
        person = PersonFactory(company=world.companies[-1], owner=owner, created_at=world.instant())
        if rng.random() < 0.5:
            PersonEmailFactory(person=person)
    for _number in range(size):
        make_deal(world)
        make_lead(world)
    for user in (people.ann, people.ben, people.cleo):
        for offset in rng.sample(range(200), 60):
            day = NOW.date() - dt.timedelta(days=offset)
            found = {"team": user.team, "role": user.role, "acted": rng.random() < 0.5}
            ActiveDay.objects.update_or_create(user=user, day=day, defaults=found)
            active_day_written.send(sender=ActiveDay, day=day)
    make_orders(world, size)
    set_targets(world)
    world.desk = desks.build(people, size=size * 2 // 3, seed=seed)
    world.voice = voices.build(people, size=size, seed=seed)
    world.market = market.build(people, size=size // 3, seed=seed)
    return world


def make_deal(world: World) -> Deal:
    rng = world.rng
    created = world.instant()
    owner = world.owner()
    deal = DealFactory(
        owner=owner,
        company=rng.choice([*world.companies, None]),
        amount=rng.choice([None, 0, 50_000, 123_456, 1_000_001]),
        currency=rng.choice(["USD", "USD", "EUR", "GBP"]),
        product=rng.choice([*world.products, None]),
        source=rng.choice(["", "web", "referral"]),
        campaign=rng.choice(["", "spring"]),
        created_at=created,
        undated=rng.random() < 0.05,
        expected_close=rng.choice([None, rng.choice(MONTHS), (created + dt.timedelta(days=40)).date()]),
        lines=_lines(world),
    )
    at = created
    for stage in world.stages[1 : rng.randrange(1, len(world.stages) + 1)]:
        at = world.instant(at)
        deals.move_deal(deal, stage, at=at)
    with acting(owner, Origin.PAGE):
        for _number in range(rng.randrange(3)):
            when = world.instant(created)
            deals.log_deal_activity(deal, Activity(), kind=rng.choice(["call", "mail", "note"]), at=when, owner=owner)
    if rng.random() < 0.35:
        deals.win_deal(deal, at=world.instant(at))
    elif rng.random() < 0.4:
        reason = rng.choice([None, LossReason.objects.get_or_create(name="Price")[0]])
        deals.lose_deal(deal, reason, at=world.instant(at))
    if rng.random() < 0.3:
        deals.save_deal_task(deal, TaskFactory(owner=owner), done_at=world.instant(created))
    return deal


def _lines(world: World) -> list[DealLine]:
    """Products on every third deal, some of them sold below their price."""
    place = Deal.objects.count()
    price, quantity = 333_33 * (place % 5), Decimal(place % 4) + Decimal("0.5")
    found = [
        DealLine(product=product, quantity=quantity, unit_price=price, discount=10 * number)
        for number, product in enumerate(world.products)
    ]
    return found[: place % 4] if place % 3 == 0 else []


def make_orders(world: World, count: int) -> None:
    """Posted at once: one or two lines each, some without a company, a cost or a rate; then some credit notes."""
    for _number in range(count):
        make_order(world)
    for _number in range(count // 4):
        credit(world)


def set_targets(world: World) -> None:
    """For the won amount by month: of everyone, a team and two people; for a share and a duration, of everyone."""
    for number, month in enumerate(MONTHS):
        for whom in ({}, {"team": world.people.north}, {"owner": world.people.ann}, {"owner": world.people.cleo}):
            TargetFactory(start=month, value=Decimal(10_000_00 + number), **whom)
        TargetFactory(kpi="win_rate", start=month, value=Decimal("40.5"))
        TargetFactory(kpi="first_response_time", start=month, value=Decimal(3600))


def _retarget(world: World) -> None:
    target = world.rng.choice(list(Target.objects.order_by("pk")))
    if world.rng.random() < 0.2:
        targets.delete_target(target)
    else:
        targets.save_target(target, value=Decimal(world.rng.randrange(1, 90)))


def make_order(world: World) -> Order | None:
    rng = world.rng
    person = None if world.companies and rng.random() < 0.9 else PersonFactory()
    company = None if person else rng.choice(world.companies)
    owner = world.owner()
    order = Order(
        company=company,
        person=person,
        owner=owner,
        ordered_at=world.instant(),
        currency=rng.choice(["USD", "USD", "EUR", "GBP"]),
        source=rng.choice(["", "web"]),
        campaign=rng.choice(["", "spring"]),
        channel=rng.choice(["", "shop"]),
    )
    lines = []
    for _number in range(rng.choice([1, 1, 2])):
        amount = rng.choice([0, 5_000, 12_345])
        product = rng.choice([*world.products, None])
        cost = rng.choice([None, amount // 3])
        quantity = rng.choice([1, 1, 2])
        lines.append(OrderLine(product=product, text="Goods", quantity=quantity, unit_price=amount, amount=amount, cost=cost))
    with acting(owner, Origin.PAGE):
        return orders.create_order(order, lines)


def credit(world: World) -> None:
    """All or a part of an order."""
    found = [order for order in Order.objects.placed().order_by("pk") if order.left]
    if found:
        order = world.rng.choice(found)
        amount = world.rng.choice([order.left, max(order.left // 2, 1)])
        line = OrderLine(text="Back", unit_price=amount, amount=amount, cost=world.rng.choice([None, 0]))
        orders.credit_order(order, [line], at=world.instant(order.ordered_at))


def _reascribe(world: World) -> None:
    found = list(Order.objects.order_by("pk"))
    if found:
        orders.change_order(world.rng.choice(found), owner=world.owner(), source=world.rng.choice(["", "fair"]))


def _erase(world: World) -> None:
    buyers = list(Person.objects.filter(customer__isnull=False).order_by("pk"))
    if buyers:
        contacts.delete_person(world.rng.choice(buyers))


def make_lead(world: World) -> Lead:
    rng = world.rng
    lead = LeadFactory(
        owner=world.owner(), created_at=world.instant(), source=rng.choice(["", "web"]), company_name=rng.choice(["", "New firm"])
    )
    if rng.random() < 0.6:
        ActivityFactory(lead=lead, kind="call", at=world.instant(lead.created_at), owner=lead.owner)
    if rng.random() < 0.3:
        deals.convert_lead(lead, at=world.instant(lead.created_at), amount=77_700)
    elif rng.random() < 0.2:
        contacts.save_lead(lead, status="unresponsive", closed_at=world.instant(lead.created_at))
    return lead


# --- random edits ----------------------------------------------------------------------------------------------------


def shake(world: World, edits: int) -> None:
    """Random edits as people make them: reopen, re-date, re-own, re-value, move, delete, merge, change a rate, ..."""
    for _number in range(edits):
        world.rng.choice(EDITS)(world)


def _deal(world: World) -> Deal | None:
    ids = list(Deal.objects.order_by("pk").values_list("pk", flat=True))
    return Deal.objects.get(pk=world.rng.choice(ids)) if ids else None


def _on_deal(edit: Callable[[World, Deal], object]) -> Callable[[World], None]:
    def run(world: World) -> None:
        deal = _deal(world)
        if deal is not None:
            edit(world, deal)

    return run


def _redate(world: World, deal: Deal) -> None:
    name = "won_at" if deal.won_at else "lost_at" if deal.lost_at else "created_at"
    low = deal.created_at if name != "created_at" else None
    deals.change_deal(deal, **{name: world.instant(low)})


def _lead(world: World) -> Lead | None:
    ids = list(Lead.objects.order_by("pk").values_list("pk", flat=True))
    return Lead.objects.get(pk=world.rng.choice(ids)) if ids else None


def _edit_lead(world: World) -> None:
    lead = _lead(world)
    if lead is not None:
        kind = world.rng.randrange(3)
        if kind == 0:
            contacts.save_lead(lead, owner=world.owner())
        elif kind == 1 and lead.is_open:
            contacts.save_lead(lead, status="disqualified", closed_at=world.instant(lead.created_at))
        else:
            ActivityFactory(lead=lead, kind="call", at=world.instant(lead.created_at), owner=world.people.ann)


def _delete_lead(world: World) -> None:
    lead = _lead(world)
    if lead is not None:
        contacts.delete_lead(lead)


def _merge(world: World) -> None:
    found = list(Company.objects.order_by("pk"))
    if len(found) > 3:
        contacts.merge_companies(*world.rng.sample(found, 2))
        _leave_out_merged(world)


def _leave_out_merged(world: World) -> None:
    there = set(Company.objects.values_list("pk", flat=True))
    world.companies = [company for company in world.companies if company.pk in there]


def _activity(world: World) -> None:
    found = list(Activity.objects.order_by("pk"))
    if found:
        activity = world.rng.choice(found)
        if world.rng.random() < 0.5:
            contacts.delete_activity(activity)
        else:
            contacts.log_activity(activity, at=world.instant())


def _resegment(world: World) -> None:
    found = list(Company.objects.order_by("pk"))
    contacts.save_company(world.rng.choice(found), industry=world.rng.choice(["", "Retail", "Energy"]))


def _refamily(world: World) -> None:
    """A product joins a family or leaves it: other cross-sales and upsells."""
    product = world.rng.choice(world.products)
    save_product(Product.objects.get(pk=product.pk), family=world.rng.choice(["", "Pumps", "Hoses"]))


def _market(world: World) -> None:
    if world.market is not None:
        market.shake(world.market, 1)


def _rate(world: World) -> None:
    day = world.rng.choice(MONTHS)
    kernel.set_rate(world.rng.choice(["EUR", "GBP"]), day, Decimal(world.rng.randrange(80, 160)) / 100)


def _edit_ticket(world: World) -> None:
    if world.desk is not None:
        desks.shake(world.desk, 1)


def _edit_answers(world: World) -> None:
    if world.voice is not None:
        voices.shake(world.voice, 1)
        _leave_out_merged(world)


EDITS: list[Callable[[World], object]] = [
    _on_deal(lambda world, deal: deals.reopen_deal(deal)),
    _on_deal(_redate),
    _on_deal(_redate),
    _on_deal(lambda world, deal: deals.change_deal(deal, owner=world.owner())),
    _on_deal(lambda world, deal: deals.change_deal(deal, amount=world.rng.choice([None, 1, 99_999]))),
    _on_deal(lambda world, deal: deals.change_deal(deal, source=world.rng.choice(["", "fair"]))),
    _on_deal(lambda world, deal: deals.change_deal(deal, company=world.rng.choice(list(Company.objects.order_by("pk"))))),
    _on_deal(lambda world, deal: deals.move_deal(deal, world.rng.choice(world.stages))),
    _on_deal(lambda world, deal: deals.win_deal(deal, at=world.instant(deal.created_at))),
    _on_deal(lambda world, deal: deals.lose_deal(deal)),
    _on_deal(lambda world, deal: deals.delete_deal(deal)),
    make_deal,
    make_lead,
    make_order,
    make_order,
    credit,
    _reascribe,
    _erase,
    _edit_ticket,
    _edit_ticket,
    _edit_answers,
    _edit_lead,
    _delete_lead,
    _merge,
    _activity,
    _resegment,
    _refamily,
    _market,
    _market,
    _rate,
    _retarget,
]
