"""The vectors of the catalogue for what people do (kpis.md 3.13, 3.14), over records."""

from __future__ import annotations

import datetime as dt
from importlib import import_module
from typing import Any

import pytest
from django.apps import apps

from analytics import dirty
from analytics.drill import drill
from analytics.scopes import Scope
from contacts import services
from contacts.models import Activity, Task
from crm.models import Organisation, User, UserSpan
from crm.periods import Period
from deals import services as deal_services
from deals.models import Deal, DealTask
from tests.factories import ActivityFactory, CompanyFactory, utc

from .vectors import LATER, MAY, deals, number

MONDAY = dt.date(2026, 5, 4)
FOUR_WEEKS = Period(MONDAY, MONDAY + dt.timedelta(days=28))


@pytest.fixture(autouse=True)
def later(organisation, clock):
    clock(LATER)


def reps(count: int, **span: Any) -> list[User]:
    found = User.objects.bulk_create([User(username=f"w{n}", name="W", email=f"w{n}@x.example") for n in range(count)])
    values = {"start": dt.date(2020, 1, 1), "role": "rep", "carries_quota": True, "fte_percent": 100, **span}
    UserSpan.objects.bulk_create([UserSpan(user=user, **values) for user in found])
    return found


def activities(count: int, day: str = "2026-05-05 10:00", **fields: Any) -> None:
    at = utc(day)
    values = {"kind": "call", "at": at, "day": at.date(), **fields}
    Activity.objects.bulk_create([Activity(**values) for _number in range(count)])
    dirty.mark([("activities.done", at.date())])


def test_activities_per_rep_are_those_of_a_working_day():
    owner = reps(4)[0]
    activities(1_600, owner=owner)
    row = number("activities_per_rep", FOUR_WEEKS)
    assert (row.value, row.numerator, row.denominator) == (20, 1_600, 80)


def test_half_a_rep_who_comes_halfway_counts_as_a_quarter():
    reps(1, fte_percent=50, start=MONDAY + dt.timedelta(days=14))
    activities(10)
    row = number("activities_per_rep", FOUR_WEEKS)
    assert (row.value, row.denominator) == (2, 5)


def test_notes_and_machines_are_no_activities_of_a_rep():
    reps(1)
    activities(3, kind="note")
    activities(2, by_machine=True)
    activities(20)
    assert number("activities_per_rep", FOUR_WEEKS).value == 1


def test_a_kind_of_activity_is_divided_by_the_same_reps():
    reps(1)
    activities(20)
    row = number("activities_per_rep", FOUR_WEEKS, by="activity_type", member="call")
    assert (row.value, row.denominator) == (1, 20)


def test_without_reps_there_is_no_number():
    activities(5)
    row = number("activities_per_rep", FOUR_WEEKS)
    assert (row.value, row.reason, row.numerator) == (None, "empty", 5)


def test_an_activity_that_is_moved_or_removed_leaves_its_day(people):
    activity = ActivityFactory(owner=people.ann, at=utc("2026-05-05"))
    first_week, second = (Period(MONDAY + dt.timedelta(days=n), MONDAY + dt.timedelta(days=n + 7)) for n in (0, 7))
    assert number("activities_per_rep", first_week).numerator == 1
    services.log_activity(activity, at=utc("2026-05-12"))
    assert (number("activities_per_rep", first_week).numerator, number("activities_per_rep", second).numerator) == (0, 1)
    services.delete_activity(activity)
    assert number("activities_per_rep", second).numerator == 0


# --- next steps ------------------------------------------------------------------------------------------------------


def plan(rows: list[Deal], due: str | None, **fields: Any) -> None:
    """A task on each deal, written on 5 May."""
    values = {"title": "Call", "created_at": utc("2026-05-05"), "due_at": utc(due) if due else None, **fields}
    tasks = Task.objects.bulk_create([Task(**values) for _deal in rows])
    DealTask.objects.bulk_create([DealTask(deal=deal, task=task) for deal, task in zip(rows, tasks, strict=True)])


def test_the_next_step_coverage_is_the_share_of_open_deals_with_a_task_ahead():
    rows = deals(60)
    plan(rows[:40], "2026-06-10")
    plan(rows[:10], "2026-06-20")  # a second task makes no second deal
    plan(rows[40:45], "2026-06-01", done_at=utc("2026-06-01 08:00"))  # done, but not before June
    deals(5, won="2026-05-20")
    row = number("next_step_coverage")
    assert (row.value, row.numerator, row.denominator) == (75, 45, 60)


@pytest.mark.parametrize(
    ("due", "fields"),
    [
        ("2026-05-31 23:59", {}),
        (None, {}),
        ("2026-06-10", {"done_at": utc("2026-05-31 23:59")}),
        ("2026-06-10", {"created_at": utc("2026-06-01")}),
    ],
    ids=["overdue", "without-a-date", "done", "planned-later"],
)
def test_what_is_no_next_step_at_the_end(due, fields):
    plan(deals(1), due, **fields)
    assert number("next_step_coverage").value == 0


def test_a_task_due_today_is_ahead_until_the_day_is_over(clock):
    clock("2026-05-10 16:00")
    plan(deals(1), "2026-05-10 09:00")
    assert number("next_step_coverage", MAY).value == 100
    clock("2026-05-11 00:00")
    assert number("next_step_coverage", MAY).value == 0


def test_finishing_the_only_task_leaves_a_deal_without_a_next_step(people, clock):
    clock("2026-05-10 16:00")
    deal = deals(1, owner=people.ann)[0]
    task = deal_services.save_deal_task(deal, Task(), title="Call", due_at=utc("2026-05-20"))
    assert number("next_step_coverage", by="owner", member=str(people.ann.pk)).value == 100
    services.complete_task(task)
    assert number("next_step_coverage", by="owner", member=str(people.ann.pk)).value == 0


# --- tasks in time ---------------------------------------------------------------------------------------------------


def tasks(count: int, due: str | None = "2026-05-20 09:00", **fields: Any) -> list[Task]:
    values = {"title": "Call", "created_at": utc("2026-05-05"), "due_at": utc(due) if due else None, **fields}
    rows = Task.objects.bulk_create([Task(**values) for _number in range(count)])
    dirty.mark([("tasks.due", row.due_day) for row in rows])
    return rows


def test_the_overdue_rate_is_of_tasks_that_were_due():
    tasks(78, done_at=utc("2026-05-19"))
    tasks(2, done_at=utc("2026-05-20 09:00"))  # to the minute
    tasks(8, done_at=utc("2026-05-20 09:01"))
    tasks(12)
    tasks(5, None)
    tasks(3, "2026-06-01")
    row = number("overdue_task_rate")
    assert (row.value, row.numerator, row.denominator) == (20, 20, 100)


def test_tasks_that_are_not_due_yet_are_pending(clock):
    clock("2026-05-20 08:00")
    tasks(1, "2026-05-19")
    tasks(4)
    row = number("overdue_task_rate")
    assert (row.value, row.denominator, row.pending) == (100, 1, 4)


def test_a_task_put_off_in_time_counts_on_its_new_date(clock, people):
    clock("2026-05-19 12:00")
    task = tasks(1)[0]
    services.save_task(task, due_at=utc("2026-06-10"))
    clock("2026-06-05 12:00")
    services.complete_task(task)
    clock(LATER)
    assert number("overdue_task_rate").denominator == 0
    assert number("overdue_task_rate", Period(dt.date(2026, 6, 1), dt.date(2026, 7, 1))).value == 0


def test_a_task_put_off_after_it_was_due_stays_overdue_where_it_was(clock, people):
    clock("2026-05-20 12:00")
    task = tasks(1)[0]
    services.save_task(task, due_at=utc("2026-06-10"))
    services.save_task(task, due_at=utc("2026-06-20"))
    services.complete_task(task)
    clock(LATER)
    row = number("overdue_task_rate")
    assert (row.value, row.denominator) == (100, 1)
    assert number("overdue_task_rate", Period(dt.date(2026, 6, 1), dt.date(2026, 7, 1))).denominator == 0


def test_a_due_date_mistyped_into_the_past_can_be_corrected(clock, people):
    clock("2026-05-06 12:00")
    task = tasks(1, "2025-05-20")[0]
    services.save_task(task, due_at=utc("2026-05-20"))
    services.complete_task(task)
    clock(LATER)
    assert number("overdue_task_rate").value == 0


def test_a_late_task_that_is_dated_anew_was_late_all_the_same(clock, people):
    clock("2026-05-21 12:00")
    task = tasks(1)[0]
    services.complete_task(task)
    services.save_task(task, due_at=utc("2026-05-25"))
    clock(LATER)
    assert number("overdue_task_rate").value == 100


def test_an_upgrade_reads_from_the_events_what_was_put_off_before(clock, people):
    clock("2026-05-20 12:00")
    late, early, plain = tasks(2) + tasks(1, None)
    services.save_task(late, due_at=utc("2026-06-10"))
    clock("2026-05-10 12:00")
    services.save_task(early, due_at=utc("2026-06-20 23:30"))
    Organisation.objects.update(time_zone="Europe/Paris")
    Task.objects.update(missed_at=None, due_day=None)
    import_module("contacts.migrations.0003_task_due_day").fill(apps, None)
    found = {row.pk: (row.missed_at, row.due_day) for row in Task.objects.all()}
    assert found == {
        late.pk: (utc("2026-05-20 09:00"), dt.date(2026, 5, 20)),
        early.pk: (None, dt.date(2026, 6, 21)),
        plain.pk: (None, None),
    }


def test_a_task_that_is_deleted_leaves_its_day(people):
    task = tasks(1)[0]
    assert number("overdue_task_rate").value == 100
    services.delete_task(task)
    assert number("overdue_task_rate").value is None


def test_the_records_behind_open_where_they_are_read(people):
    company = CompanyFactory(name="Firm", owner=people.ann)
    tasks(1, owner=people.ann, company=company)
    ActivityFactory(owner=people.ann, company=company, at=utc("2026-05-05"))
    for key in ("overdue_task_rate", "activities_per_rep"):
        items = drill(key, MAY, scope=Scope.everything()).page(people.ada)
        assert [item.url for item in items] == [company.get_absolute_url()], key
