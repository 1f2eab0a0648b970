"""Periodic work: once a closed period, whatever the beats do."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest

from crm import due, jobs
from crm.models import DuePeriod, Job, JobState, Organisation
from crm.periods import Period

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only what the test registers is periodic."""
    monkeypatch.setattr(due.periodics, "_items", {})


@pytest.fixture
def seen(clock: Any) -> list[Period]:
    return []


@pytest.fixture
def nightly(seen: list[Period]) -> None:
    due.every("nightly", grain="day")(seen.append)


def turn(*, strict: bool = True) -> None:
    """One beat and one turn of a worker."""
    due.tick()
    jobs.run_all(strict=strict)


def days(seen: list[Period]) -> list[str]:
    return [str(period.start) for period in seen]


def test_the_day_that_just_closed_is_done_once(nightly: None, seen: list[Period], clock: Callable) -> None:
    clock("2026-05-18 00:00")
    turn()
    turn()

    assert days(seen) == ["2026-05-17"]


def test_nothing_is_due_before_the_day_closes(nightly: None, seen: list[Period], clock: Callable) -> None:
    clock("2026-05-18 00:00")
    turn()
    clock("2026-05-18 23:59")
    turn()
    assert days(seen) == ["2026-05-17"]

    clock("2026-05-19 00:00")
    turn()
    assert days(seen) == ["2026-05-17", "2026-05-18"]


def test_days_close_in_the_organisations_time_zone(nightly: None, seen: list[Period], clock: Callable) -> None:
    Organisation.objects.update_or_create(pk=1, defaults={"time_zone": "America/New_York"})
    clock("2026-05-18 03:59")
    turn()
    assert days(seen) == ["2026-05-16"]

    clock("2026-05-18 04:00")
    turn()
    assert days(seen) == ["2026-05-16", "2026-05-17"]


def test_missed_days_follow_oldest_first(nightly: None, seen: list[Period], clock: Callable) -> None:
    clock("2026-05-18 06:00")
    turn()
    clock("2026-05-21 06:00")
    turn()

    assert days(seen) == ["2026-05-17", "2026-05-18", "2026-05-19", "2026-05-20"]


def test_what_nobody_wants_many_times_is_done_once_after_a_pause(seen: list[Period], clock: Callable) -> None:
    due.every("digest", grain="day", each=False)(seen.append)
    clock("2026-05-18 06:00")
    turn()
    clock("2026-05-21 06:00")
    turn()
    turn()

    assert days(seen) == ["2026-05-17", "2026-05-20"]


def test_a_clock_that_goes_back_repeats_nothing(nightly: None, seen: list[Period], clock: Callable) -> None:
    clock("2026-05-18 06:00")
    turn()
    clock("2026-05-16 06:00")
    turn()
    clock("2026-05-18 07:00")
    turn()

    assert days(seen) == ["2026-05-17"]


def test_work_may_wait_some_hours_after_the_period(seen: list[Period], clock: Callable) -> None:
    due.every("nightly", grain="day", after=dt.timedelta(hours=2))(seen.append)
    clock("2026-05-18 01:59")
    turn()
    clock("2026-05-18 02:00")
    turn()

    assert days(seen) == ["2026-05-16", "2026-05-17"]


@pytest.mark.parametrize(
    ("grain", "start", "end"),
    [
        ("week", "2026-05-11", "2026-05-18"),
        ("month", "2026-04-01", "2026-05-01"),
        ("quarter", "2026-01-01", "2026-04-01"),
        ("year", "2025-01-01", "2026-01-01"),
    ],
)
def test_every_grain_gives_its_last_closed_period(seen: list[Period], clock: Callable, grain: str, start: str, end: str) -> None:
    due.every("report", grain=grain)(seen.append)
    clock("2026-05-18 06:00")
    turn()

    assert [(str(period.start), str(period.end), period.grain) for period in seen] == [(start, end, grain)]


def test_days_on_which_clocks_change_are_days_like_others(nightly: None, seen: list[Period], clock: Callable) -> None:
    Organisation.objects.update_or_create(pk=1, defaults={"time_zone": "Europe/Paris"})
    clock("2026-03-28 12:00")
    turn()
    clock("2026-03-31 12:00")
    turn()

    assert days(seen) == ["2026-03-27", "2026-03-28", "2026-03-29", "2026-03-30"]


def test_the_next_period_waits_until_the_one_before_is_finished(nightly: None, seen: list[Period], clock: Callable) -> None:
    clock("2026-05-18 06:00")
    due.tick()
    clock("2026-05-20 06:00")
    due.tick()

    assert Job.objects.count() == 1
    jobs.run_all(strict=True)
    assert days(seen) == ["2026-05-17", "2026-05-18", "2026-05-19"]


def test_a_period_that_was_given_up_does_not_hold_up_the_next(seen: list[Period], clock: Callable) -> None:
    def fail_on_sunday(period: Period) -> None:
        if period.start == dt.date(2026, 5, 17):
            raise jobs.GiveUp("Sunday")
        seen.append(period)

    due.every("nightly", grain="day")(fail_on_sunday)
    clock("2026-05-18 06:00")
    turn(strict=False)
    clock("2026-05-19 06:00")
    turn()

    assert days(seen) == ["2026-05-18"]
    assert Job.objects.get(state=JobState.DEAD).payload["start"] == "2026-05-17"


def test_a_failed_period_is_tried_again_and_not_planned_again(seen: list[Period], clock: Callable) -> None:
    luck = iter([False, True])

    def sometimes(period: Period) -> None:
        if not next(luck):
            raise ValueError
        seen.append(period)

    due.every("nightly", grain="day")(sometimes)
    clock("2026-05-18 06:00")
    due.tick()
    jobs.run_all()
    due.tick()
    jobs.run_all(even_early=True)

    assert days(seen) == ["2026-05-17"]
    assert DuePeriod.objects.count() == 1


def test_a_beat_that_finds_the_period_taken_plans_nothing(
    nightly: None, clock: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock("2026-05-18 06:00")
    item = due.periodics["nightly"]
    period = due.next_due(item, dt.datetime(2026, 5, 18, 6, tzinfo=dt.UTC))
    DuePeriod.objects.create(name="nightly", period="day:2026-05-17")
    monkeypatch.setattr(due, "next_due", lambda *args: period)  # what a beat sees that looked a moment earlier

    assert due.tick() == 0
    assert not Job.objects.exists()


def test_work_that_is_not_registered_any_more_is_given_up(
    clock: Callable, nightly: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock("2026-05-18 06:00")
    due.tick()
    monkeypatch.setattr(due.periodics, "_items", {})
    jobs.run_all()

    assert Job.objects.get().state == JobState.DEAD


def test_an_unknown_grain_is_refused() -> None:
    with pytest.raises(ValueError, match="fortnight"):
        due.every("x", grain="fortnight")


def test_finished_jobs_are_tidied_up_after_a_week_and_given_up_ones_after_a_quarter(clock: Callable) -> None:
    def job(state: str, finished: str) -> Job:
        return Job.objects.create(kind="note", state=state, finished_at=dt.datetime.fromisoformat(finished + "T00:00Z"))

    clock("2026-05-18 00:00")
    job(JobState.DONE, "2026-05-10")
    kept = [job(JobState.DONE, "2026-05-12"), job(JobState.DEAD, "2026-03-01")]
    job(JobState.DEAD, "2026-01-01")
    due.prune_daily(None)
    jobs.run_all(strict=True)

    assert list(Job.objects.filter(kind="note").order_by("pk")) == kept
