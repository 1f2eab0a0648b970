"""Workers die while numbers are refreshed: what is stored is old or new, never mixed, and the rest follows by itself (T01)."""

from __future__ import annotations

import pytest

from analytics.engine import evaluate
from analytics.models import DailyMeasure, DirtyDay, KpiSnapshot
from analytics.registry import kpis
from analytics.scopes import Scope
from crm.models import Organisation
from crm.periods import Period
from tests.analytics.world import END, START, build, make_deal
from tests.databases import shared_out

from .harness import Faults, wait_until_idle

pytestmark = [pytest.mark.faults, pytest.mark.django_db(transaction=True)]

SPANS = [Period(START, END), *Period(START, END).split("month")]


def numbers(live: bool) -> list[tuple]:
    Organisation.forget()
    rows = evaluate(kpis.keys(), SPANS, scope=Scope.everything(), live=live, use_published=False)
    return [(row.kpi.key, row.period.start, row.value, row.numerator, row.denominator, row.n) for row in rows]


@pytest.mark.parametrize(
    "point", shared_out("analytics.recomputed:1", "analytics.recomputed:9", "job.finishing:2", "analytics.published:2")
)
def test_a_refresh_whose_worker_is_killed_ends_as_if_nothing_had_happened(faults: Faults, people, point: str) -> None:
    world = build(people, size=8)
    faults.worker(crash=point).wait_until_killed()
    faults.worker()
    make_deal(world)
    wait_until_idle()

    assert not DirtyDay.objects.exists()
    assert not KpiSnapshot.objects.filter(current=True, stale=True, dimension="").exists()
    assert DailyMeasure.objects.exists()
    assert numbers(live=False) == numbers(live=True)
