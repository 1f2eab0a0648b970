"""After any edits to tickets, with only the incremental refresh run, the stored numbers are those of the records; a full rebuild
changes nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from analytics import refreshing, snapshots
from analytics.checking import Found, run
from analytics.models import DailyMeasure, DirtyDay
from crm import jobs
from crm import services as kernel
from crm.models import Organisation
from support import catalogue
from support.models import Calendar
from tests.factories import utc

from . import desk as desks

pytestmark = pytest.mark.publishes

SLOTS = [f"v{number}" for number in range(16)]


@pytest.fixture
def settled(people: Any, clock: Callable) -> Callable[[int], desks.Desk]:
    """settled(seed): a desk whose numbers are up to date."""
    clock(desks.NOW)
    Organisation.remember()

    def make(seed: int) -> desks.Desk:
        desk = desks.build(people, seed=seed)
        refresh()
        return desk

    return make


def refresh() -> None:
    """What a worker does after edits."""
    jobs.run_all(strict=True, even_early=True)
    while snapshots.publish_step():
        pass


def stored() -> list[tuple]:
    rows = DailyMeasure.objects.values_list("source", "day", "dimension", "member", "currency", *SLOTS)
    return sorted(row for row in rows if any(row[5:]))


def differences() -> list[Found]:
    report = run()
    assert not report.jobs and not report.waiting
    assert report.compared > 1000
    return report.found


def test_the_numbers_are_those_of_the_tickets_after_200_random_edits(settled: Callable) -> None:
    desk = settled(1)
    desks.shake(desk, 100)
    refreshing.refresh_all_marked()
    desks.shake(desk, 100)
    refresh()
    assert differences() == []
    before = stored()
    refreshing.rebuild()
    assert stored() == before


@pytest.mark.once
def test_other_windows_and_zones_give_other_numbers_and_still_those_of_the_tickets(settled: Callable) -> None:
    desk = settled(2)
    catalogue.save_desk(reopen_window=1, contact_window=2)
    kernel.save_organisation(Organisation.objects.get(), time_zone="Pacific/Kiritimati")
    refresh()
    assert differences() == []
    desks.shake(desk, 20)
    refresh()
    assert differences() == []
    assert not DirtyDay.objects.exists()


def test_other_working_hours_from_now_on_leave_the_past_as_it_was(
    settled: Callable, clock: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = settled(4)
    clock("2026-05-18 10:01")
    week = {"1": [["22:00", "06:00"]], "3": [["08:00", "12:00"], ["13:00", "18:00"]]}
    catalogue.save_calendar(Calendar.objects.get(), zone="America/New_York", week=week)
    later = utc("2026-06-02 10:00")
    monkeypatch.setattr(desks, "NOW", later)
    clock("2026-06-02 10:00")
    desks.shake(desk, 30)
    refresh()
    assert differences() == []
