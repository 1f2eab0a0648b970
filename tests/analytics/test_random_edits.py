"""After any edits, with only the incremental refresh run, the stored numbers are those of the records; a full rebuild changes
nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from copy import deepcopy
from dataclasses import replace
from decimal import Decimal
from random import Random
from typing import Any

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.db import transaction

from analytics import dirty, refreshing, snapshots
from analytics.checking import Found, run
from analytics.models import DailyMeasure, DirtyDay
from contacts import services as contacts
from contacts.models import Company, Lead, Person, Task
from crm import jobs
from crm import services as kernel
from crm.events import Origin, acting
from crm.models import ActiveDay, ExchangeRate, Organisation, User
from deals import services as deals
from deals.models import Deal, Pipeline
from tests.databases import shared_out
from tests.factories import PipelineFactory
from tests.people import hire

from .late import KINDS, late_file
from .world import MONTHS, NOW, World, build, shake

pytestmark = pytest.mark.publishes

SLOTS = [f"v{number}" for number in range(16)]


@pytest.fixture(scope="module")
def grown(django_db_setup: None, django_db_blocker: Any) -> Iterator[World]:
    """A world whose numbers are up to date, made once; each test's edits are undone after it."""
    with django_db_blocker.unblock(), time_machine.travel(NOW, tick=False), transaction.atomic():
        Organisation.remember()
        world = build(hire(), size=24, seed=5)
        dirty.mark([("users.active", day) for day in ActiveDay.objects.values_list("day", flat=True)])  # written past the door
        refresh()
        Organisation.forget()
        yield world
        transaction.set_rollback(True)


@pytest.fixture
def settled(grown: World, db: None, clock: Callable) -> Callable[[int], World]:
    """settled(seed): the world, with the chance that decides what is edited."""
    clock(NOW)
    Organisation.remember()
    return lambda seed: replace(deepcopy(grown), rng=Random(seed))  # what a test adds to its lists is its own


def refresh() -> None:
    """What a worker does after edits."""
    jobs.run_all(strict=True, even_early=True)
    while snapshots.publish_step():
        pass
    jobs.run_all(strict=True, even_early=True)


def stored() -> list[tuple]:
    rows = DailyMeasure.objects.values_list("source", "day", "dimension", "member", "currency", *SLOTS)
    return sorted(row for row in rows if any(row[5:]))


def differences() -> list[Found]:
    report = run()
    assert not report.jobs and not report.waiting
    assert report.compared > 1000
    return report.found


def edit(world: World, count: int) -> None:
    """Edits as people make them through a page, and by machines."""
    for _number in range(count):
        person = world.rng.choice([world.people.ann, world.people.ben, None])
        with acting(person, Origin.PAGE if person else Origin.SYSTEM), suppress(ValidationError):  # refused: nothing changed
            if world.rng.random() < 0.75:
                shake(world, 1)
            else:
                world.rng.choice(OTHER_EDITS)(world)


@pytest.mark.parametrize("seed", shared_out(1, 2))
def test_the_numbers_are_those_of_the_records_after_200_random_edits(settled: Callable, seed: int) -> None:
    world = settled(seed)
    assert differences() == []
    for _part in range(2):
        edit(world, 50)
        for kind in world.rng.sample(sorted(KINDS), len(KINDS)):
            assert late_file(world.rng, world.instant, kind).refused == 0
        edit(world, 50)
        refresh()
        assert differences() == [], f"seed {seed}"
    before = stored()
    refreshing.rebuild()
    assert stored() == before
    snapshots.outdate_all()
    refresh()
    assert differences() == []


@pytest.mark.parametrize(
    "changes",
    shared_out(
        {
            "time_zone": "America/Los_Angeles",
            "base_currency": "EUR",
            "deal_win_window": 12,
            "stage_conversion_window": 3,
            "stale_days": 4,
            "customer_window_days": 20,
        },
        {
            "time_zone": "Pacific/Kiritimati",
            "fiscal_year_start": 4,
            "lead_quiet_days": 5,
            "lead_abandonment_window": 9,
            "lead_conversion_window": 20,
            "attribution_window_days": 10,
            "attribution_model": "ends",
        },
    ),
    ids=lambda changes: "-".join(changes),
)
def test_other_settings_give_other_numbers_and_still_those_of_the_records(settled: Callable, changes: dict) -> None:
    world = settled(5)
    kernel.save_organisation(Organisation.objects.get(), **changes)
    refresh()
    assert differences() == []
    edit(world, 30)
    refresh()
    assert differences() == []
    assert not DirtyDay.objects.exists()


# --- further edits ---------------------------------------------------------------------------------------------------


def one(world: World, model: Any) -> Any:
    ids = list(model.objects.order_by("pk").values_list("pk", flat=True))
    return model.objects.get(pk=world.rng.choice(ids)) if ids else None


def redate_creation(world: World) -> None:
    deal = one(world, Deal)
    if deal:
        at = world.instant()
        if deal.closed_at is None or at < deal.closed_at:
            deals.change_deal(deal, created_at=at)


def move_in_the_past(world: World) -> None:
    deal = one(world, Deal)
    if deal and deal.status == "open":
        deals.move_deal(deal, world.rng.choice(world.stages), at=world.instant(deal.created_at))


def lose_in_the_past(world: World) -> None:
    deal = one(world, Deal)
    if deal:
        deals.lose_deal(deal, at=world.instant(deal.created_at))


def revalue(world: World) -> None:
    deal = one(world, Deal)
    if deal:
        currency = world.rng.choice(["USD", "EUR", "GBP"])
        deals.change_deal(deal, amount=world.rng.choice([0, 77, 5_000_00]), currency=currency, at=world.instant(deal.created_at))


def other_pipeline(world: World) -> None:
    deal = one(world, Deal)
    if deal:
        other = Pipeline.objects.filter(is_default=False).first() or PipelineFactory(name="Renewals")
        deals.change_deal(deal, pipeline=world.rng.choice([other, world.stages[0].pipeline]))


def chance_and_dates(world: World) -> None:
    deal = one(world, Deal)
    if deal:
        deals.change_deal(deal, probability=world.rng.choice([None, 5, 95]), expected_close=world.rng.choice([None, *MONTHS]))


def first_contact(world: World) -> None:
    deal = one(world, Deal)
    if deal:
        deals.change_deal(deal, first_contact_at=world.rng.choice([None, world.instant()]))


def product_and_campaign(world: World) -> None:
    deal = one(world, Deal)
    if deal:
        deals.change_deal(deal, product=world.rng.choice([*world.products, None]), campaign=world.rng.choice(["", "autumn"]))


def people_of_deal(world: World) -> None:
    deal = one(world, Deal)
    if deal:
        deals.change_deal(deal, people=[(one(world, Person), "contact")])


def merge_people(world: World) -> None:
    found = list(Person.objects.order_by("pk"))
    if len(found) > 2:
        contacts.merge_people(*world.rng.sample(found, 2))


def delete_person(world: World) -> None:
    person = one(world, Person)
    if person and Person.objects.count() > 2:
        contacts.delete_person(person)


def edit_company(world: World) -> None:
    changes = {"country": world.rng.choice(["", "FR", "DE"]), "owner": world.owner(), "employees": world.rng.choice([None, 4])}
    contacts.save_company(one(world, Company), **changes, created_at=world.instant())


def edit_person(world: World) -> None:
    person = one(world, Person)
    number = world.rng.randrange(10**6)
    contacts.save_person(
        person,
        title=world.rng.choice(["", "N/A", " unknown", "Head"]),
        company=world.rng.choice([None, one(world, Company)]),
        emails=world.rng.choice([[], None, [(f"p{number}@people.example", "work")]]),
    )


def edit_lead(world: World) -> None:
    lead = one(world, Lead)
    if lead is None:
        return
    at = world.instant(lead.created_at)
    changes = world.rng.choice(
        [
            {"created_at": world.instant()},
            {"first_response_at": at},
            {"status": "unresponsive", "closed_at": at},
            {"status": "working"},
            {"status": "qualified", "qualified_at": at},
            {"company": one(world, Company)},
            {"source": "fair", "medium": "stand", "campaign": "autumn"},
            {"abandoned_at": world.rng.choice([None, at])},
        ]
    )
    contacts.save_lead(lead, **changes)


def convert_lead(world: World) -> None:
    lead = one(world, Lead)
    if lead and lead.status != "converted":
        with_deal = world.rng.random() < 0.5
        deals.convert_lead(lead, at=world.instant(lead.created_at), with_deal=with_deal, amount=10_00)


def task(world: World) -> None:
    deal = one(world, Deal)
    if deal:
        done, due = (world.rng.choice([None, world.instant(deal.created_at)]) for _name in ("done", "due"))
        deals.save_deal_task(deal, Task(created_at=deal.created_at), title="Call", done_at=done, due_at=due)
    found = one(world, Task)
    if found and world.rng.random() < 0.3:
        contacts.delete_task(found)
    elif found:
        contacts.save_task(found, done_at=world.rng.choice([None, world.instant()]), due_at=world.instant())


def log_near(world: World) -> None:
    """Activities with people and companies of deals, but not on the deals."""
    from contacts.models import Activity

    contacts.log_activity(
        Activity(),
        kind=world.rng.choice(["call", "meeting", "note"]),
        at=world.instant(),
        direction=world.rng.choice(["in", "out", "both"]),
        person=one(world, Person),
        company=world.rng.choice([None, one(world, Company)]),
        lead=world.rng.choice([None, one(world, Lead)]),
        owner=world.owner(),
    )


def delete_rate(world: World) -> None:
    found = ExchangeRate.objects.order_by("pk").first()
    if found and world.rng.random() < 0.5:
        kernel.delete_rate(found)
    kernel.set_rate("EUR", world.rng.choice(MONTHS), Decimal("1.3"))


def other_team(world: World) -> None:
    user = User.objects.get(pk=world.rng.choice([world.people.ben.pk, world.people.cleo.pk]))
    kernel.save_user(
        user, team=world.rng.choice([world.people.north, world.people.south]), fte_percent=world.rng.choice([50, 100])
    )


OTHER_EDITS: list[Callable[[World], None]] = [
    redate_creation,
    move_in_the_past,
    lose_in_the_past,
    revalue,
    other_pipeline,
    chance_and_dates,
    first_contact,
    product_and_campaign,
    people_of_deal,
    merge_people,
    delete_person,
    edit_company,
    edit_person,
    edit_lead,
    convert_lead,
    task,
    log_near,
    delete_rate,
    other_team,
]
