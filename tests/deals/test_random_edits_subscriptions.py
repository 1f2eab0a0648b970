"""After any edits to subscriptions, with only the incremental refresh run, the stored numbers are those of the records; a full rebuild
changes nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db.models import Sum

from analytics import refreshing, snapshots
from analytics.checking import Found, run
from analytics.models import DailyMeasure
from crm import jobs
from crm import services as kernel
from crm.models import Organisation
from deals.models import MrrMovement, MrrSpan, Subscription
from deals.subscriptions import facts
from tests.databases import shared_out

from . import recurring

SLOTS = [f"v{number}" for number in range(16)]


@pytest.fixture
def settled(people: Any, clock: Callable) -> Callable[[int], recurring.Recurring]:
    """settled(seed): subscriptions whose numbers are up to date."""
    clock(recurring.NOW)
    Organisation.remember()

    def make(seed: int) -> recurring.Recurring:
        world = recurring.build(people, seed=seed)
        refresh()
        return world

    return make


def refresh() -> None:
    """What a worker does after edits."""
    jobs.run_all(strict=True, even_early=True)
    while snapshots.publish_step():
        pass


def stored() -> list[tuple]:
    found = DailyMeasure.objects.filter(source__startswith="mrr.").values_list("source", "day", "dimension", "member", *SLOTS)
    return sorted(row for row in found if any(row[4:]))


def differences() -> list[Found]:
    report = run()
    assert not report.jobs and not report.waiting
    assert report.compared > 1000
    return report.found


def balanced() -> bool:
    """Every account's movements add up to what it pays, in its subscriptions' currencies and in the base currency."""
    moved = dict(MrrMovement.objects.valid().values_list("company").annotate(sum=Sum("base")).order_by())
    paid = dict(MrrSpan.objects.filter(end__isnull=True).values_list("company").annotate(sum=Sum("base")).order_by())
    own = dict(MrrMovement.objects.valid().values_list("subscription").annotate(sum=Sum("amount")).order_by())
    mrr = dict(Subscription.objects.values_list("pk", "mrr"))
    same = {company: total or 0 for company, total in moved.items()} == {company: paid.get(company) or 0 for company in moved}
    return same and all(own.get(pk, 0) == amount for pk, amount in mrr.items())


@pytest.mark.parametrize("seed", shared_out(1, 2))
def test_the_numbers_are_those_of_the_subscriptions_after_200_random_edits(settled: Callable, seed: int) -> None:
    world = settled(seed)
    assert differences() == []
    for _part in range(2):
        recurring.shake(world, 100)
        refresh()
        assert differences() == []
        assert balanced()
    before = stored()
    refreshing.rebuild()
    assert stored() == before
    assert before


@pytest.mark.once
def test_days_that_pass_bring_what_was_planned(settled: Callable, clock: Callable) -> None:
    world = settled(4)
    for day in ("2026-05-31 12:00", "2026-06-01 12:00", "2026-07-20 12:00", "2027-06-30 12:00"):
        clock(day)
        facts.turn()
        refresh()
        assert differences() == []
        assert balanced()
    recurring.shake(world, 20)
    refresh()
    assert differences() == []


@pytest.mark.parametrize(
    "changes",
    shared_out({"time_zone": "Pacific/Kiritimati", "fiscal_year_start": 7}, {"base_currency": "NOK"}),
    ids=lambda changes: "-".join(changes),
)
def test_other_settings_give_other_numbers_and_still_those_of_the_subscriptions(settled: Callable, changes: dict) -> None:
    world = settled(5)
    kernel.save_organisation(Organisation.objects.get(), **changes)
    refresh()
    assert differences() == []
    recurring.shake(world, 30)
    refresh()
    assert differences() == []


def test_a_change_past_the_services_is_found_by_the_check(settled: Callable) -> None:
    settled(6)
    span = MrrSpan.objects.filter(base__isnull=False).order_by("pk")[0]
    MrrSpan.objects.filter(pk=span.pk).update(base=span.base + 1)
    assert any(f"subscription {span.subscription_id} recurring revenue" in found.what for found in differences())
    MrrMovement.objects.valid().delete()
    assert any("movements that lack" in found.what for found in differences())
