"""After any edits to surveys, with only the incremental refresh run, the stored numbers are those of the records; a full rebuild
changes nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from analytics import refreshing, snapshots
from analytics.checking import Found, run
from analytics.engine import evaluate
from analytics.models import DailyMeasure
from analytics.registry import kpis
from analytics.scopes import Scope
from crm import jobs
from crm import services as kernel
from crm.models import Organisation
from crm.periods import Period
from surveys.models import Response
from tests.databases import shared_out
from tests.factories import utc

from . import voice as voices

pytestmark = pytest.mark.publishes

SLOTS = [f"v{number}" for number in range(16)]
KEYS = [kpi.key for kpi in kpis if kpi.area == "perception" and kpi.key != "channel_preference"]


@pytest.fixture
def settled(people: Any, clock: Callable) -> Callable[[int], voices.Voice]:
    """settled(seed): answers whose numbers are up to date."""
    clock(voices.NOW)
    Organisation.remember()

    def make(seed: int) -> voices.Voice:
        voice = voices.build(people, seed=seed)
        refresh()
        return voice

    return make


def refresh() -> None:
    """What a worker does after edits."""
    jobs.run_all(strict=True, even_early=True)
    while snapshots.publish_step():
        pass


def stored() -> list[tuple]:
    rows = DailyMeasure.objects.filter(source__startswith="surveys.")
    found = rows.values_list("source", "day", "dimension", "member", *SLOTS)
    return sorted(row for row in found if any(row[4:]))


def differences() -> list[Found]:
    report = run()
    assert not report.jobs and not report.waiting
    assert report.compared > 1000
    return report.found


def test_the_numbers_are_those_of_the_answers_after_200_random_edits(settled: Callable) -> None:
    voice = settled(1)
    assert differences() == []
    for _part in range(2):
        voices.shake(voice, 100)
        refresh()
        assert differences() == []
    before = stored()
    refreshing.rebuild()
    assert stored() == before
    assert before


@pytest.mark.parametrize(
    "changes",
    shared_out({"time_zone": "America/Los_Angeles", "survey_response_window": 3}, {"time_zone": "Pacific/Kiritimati"}),
    ids=lambda changes: "-".join(map(str, changes.values())),
)
def test_other_settings_give_other_numbers_and_still_those_of_the_answers(settled: Callable, changes: dict) -> None:
    voice = settled(2)
    before = stored()
    kernel.save_organisation(Organisation.objects.get(), **changes)
    refresh()
    assert differences() == []
    assert stored() != before
    voices.shake(voice, 30)
    refresh()
    assert differences() == []


def test_a_change_past_the_services_is_found_by_the_check(settled: Callable) -> None:
    settled(3)
    response = Response.objects.filter(kind="nps", state="confirmed").order_by("pk")[0]
    Response.objects.filter(pk=response.pk).update(score=0 if response.score > 6 else 10)
    assert any(f"response {response.pk} band" in found.what for found in differences())


def test_handing_a_company_on_moves_no_answer(settled: Callable, people: Any) -> None:
    from contacts.services import save_company

    voice = settled(4)
    whole = Period(utc("2025-12-01").date(), utc("2026-06-01").date())
    before = [row.value for row in evaluate(KEYS, [whole], scope=Scope.of(people.ann))]
    for company in voice.companies:
        save_company(company, owner=people.cleo)
    refresh()
    assert [row.value for row in evaluate(KEYS, [whole], scope=Scope.of(people.ann))] == before
