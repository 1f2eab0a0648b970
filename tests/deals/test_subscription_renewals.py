"""Renewals: task and deal before the end of a term, and what services refuse."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from contacts.models import Task
from crm import due, jobs
from crm.models import Event
from deals import services as deals
from deals.models import Deal, DealLine, Subscription
from deals.subscriptions import renewals, services
from tests.factories import CompanyFactory, DealFactory, PipelineFactory, ProductFactory, utc

from .subscribing import cancel, day, subscription

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def now(organisation: Any, clock: Callable) -> None:
    clock("2026-05-18 10:00")


def test_sixty_days_before_the_end_its_owner_gets_a_task_and_a_deal(people: Any, clock: Callable) -> None:
    acme = CompanyFactory(name="Acme", owner=people.ann)
    pipeline = PipelineFactory(name="Renewals")
    won = DealFactory(company=acme, pipeline=pipeline, created_at=utc("2025-05-01"), won_at=utc("2025-06-01"))
    row = subscription(acme, "2025-07-18", 50_00, quantity=3, owner=people.ann, deal=won, term_end="2026-07-18", plan="Care")
    assert renewals.prepare() == 0
    clock("2026-05-19 10:00")
    assert (renewals.prepare(), renewals.prepare()) == (1, 0)
    row.refresh_from_db()
    deal, task = row.renewal_deal, Task.objects.get()
    assert (deal.company, deal.owner, deal.amount, deal.expected_close) == (acme, people.ann, 1_800_00, dt.date(2026, 7, 18))
    assert (deal.pipeline, deal.status, deal.title) == (pipeline, "open", "Acme: renewal of Care")
    assert (task.owner, task.company, deal.deal_tasks.get().task) == (people.ann, acme, task)
    assert Event.objects.filter(kind="subscription.prepared").count() == 1


@pytest.mark.parametrize("why", ["cancelled", "renewed", "no end", "not wanted", "over"])
def test_nothing_is_prepared_for_what_ends_anyway_or_goes_on(people: Any, why: str) -> None:
    term = {"no end": None, "over": "2026-05-17"}.get(why, "2026-06-01")
    row = subscription(None, "2025-06-01", term_end=term, remind_days=0 if why == "not wanted" else 60)
    if why == "cancelled":
        cancel(row, "2026-06-01")
    elif why == "renewed":
        services.renew(row)
    assert renewals.prepare() == 0
    assert not Deal.objects.exists() and not Task.objects.exists()


def test_the_daily_job_does_both(people: Any, clock: Callable) -> None:
    row = subscription(None, "2025-05-20", term_end="2026-05-20")
    clock("2026-05-21 00:10")
    due.tick()
    jobs.run_all(strict=True, even_early=True)
    row.refresh_from_db()
    assert (row.status, row.mrr) == ("ended", 0)


def test_the_won_deal_of_a_renewal_renews_the_subscription(people: Any) -> None:
    care = ProductFactory(name="Care", price=600_00, billing="year")
    row = subscription(
        None, "2025-06-18", 600_00, interval="year", product=care, plan="Care", owner=people.ann, term_end="2026-06-18"
    )
    renewals.prepare()
    row.refresh_from_db()
    deal = row.renewal_deal
    deals.win_deal(deal)
    (again,) = services.from_deal(deal)
    assert (again.renewed_from, again.deal, again.start, again.term_end) == (row, deal, day("2026-06-18"), day("2027-06-18"))
    assert (again.amount, again.plan) == (600_00, "Care")
    with pytest.raises(ValidationError):
        services.from_deal(deal)


@pytest.mark.parametrize(
    ("first", "end", "start", "expected"),
    [
        ("2025-01-31", "2025-02-28", "2025-02-28", "2025-03-28"),
        ("2024-02-29", "2025-02-28", "2025-02-28", "2026-02-28"),
        ("2025-03-01", "2028-03-01", "2028-03-05", "2031-03-05"),
        ("2025-03-01", "2025-03-31", "2025-04-02", "2025-05-02"),
    ],
)
def test_a_renewal_is_as_long_as_what_it_renews(first: str, end: str, start: str, expected: str) -> None:
    row = Subscription(start=day(first), term_end=day(end))
    assert services.next_term_end(row, day(start)) == day(expected)


def test_what_makes_no_sense_is_refused_and_changes_nothing(people: Any) -> None:
    row = subscription(None, "2026-01-01", term_end="2027-01-01")
    before = Subscription.objects.values().get()
    for wrong in (
        lambda: services.cancel(row, day=day("2025-12-31")),
        lambda: services.cancel(row, day=day("2027-01-02")),
        lambda: services.cancel(row, reason="weather"),
        lambda: services.reactivate(row),
        lambda: services.resume(row),
        lambda: services.pause(row, day("2027-01-01")),
        lambda: services.renew(row, day=day("2026-01-01")),
        lambda: services.renew(row, amount=10**16),
        lambda: services.change(row, term_end=day("2025-01-01")),
        lambda: services.change(row, plan=" "),
        lambda: services.change(row, day=day("2025-12-31"), amount=1),
        lambda: services.change(row, amount=10**15),
    ):
        with pytest.raises(ValidationError):
            wrong()
    assert Subscription.objects.values().get() == before


def test_a_later_step_keeps_what_it_set_itself(people: Any) -> None:
    row = subscription(None, "2026-01-01", 100_00)
    services.change(row, day=day("2026-04-01"), amount=150_00)
    services.change(row, day=day("2026-02-01"), amount=120_00, quantity=Decimal(2))
    steps = [(step.day.month, step.amount, step.quantity) for step in row.steps.order_by("day")]
    assert steps == [(1, 100_00, 1), (2, 120_00, 2), (4, 150_00, 2)]


def test_events_tell_the_company_of_its_subscriptions(people: Any) -> None:
    acme = CompanyFactory(owner=people.ann)
    row = subscription(acme, "2026-01-01", 100_00)
    services.change(row, day=day("2026-02-01"), amount=120_00)
    services.pause(row, day("2026-03-01"))
    services.resume(row, day("2026-04-01"))
    cancel(row, "2026-05-01")
    services.reactivate(row)
    kinds = [kind for kind in acme_events(acme) if kind.startswith("subscription.")]
    assert kinds == [f"subscription.{verb}" for verb in ("started", "changed", "paused", "resumed", "cancelled", "reactivated")]


def acme_events(company: Any) -> list[str]:
    rows = Event.objects.filter(links__object_type="contacts.company", links__object_id=company.pk)
    return list(rows.order_by("pk").values_list("kind", flat=True))


def test_a_line_that_is_billed_once_makes_no_subscription(people: Any) -> None:
    lines = [DealLine(product=ProductFactory(), quantity=1, unit_price=900_00, discount=0)]
    deal = DealFactory(company=CompanyFactory(), lines=lines, created_at=utc("2026-04-01"), won_at=utc("2026-05-01"))
    with pytest.raises(ValidationError):
        services.from_deal(deal)
