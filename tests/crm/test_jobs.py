"""One job: written with its cause, taken by lease, done with its effect."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone

from crm import events, jobs
from crm.jobs import runner
from crm.models import Event, Heartbeat, Job, JobState, Organisation, Team

pytestmark = pytest.mark.django_db

Register = Callable[..., None]


@pytest.fixture
def handle() -> Iterator[Register]:
    """handle("kind", function): the kind exists until the test ends."""
    with ExitStack() as stack:

        def register(name: str, handler: Any, **options: Any) -> None:
            stack.enter_context(jobs.kinds.temporarily(name, jobs.Kind(name, handler, name, **options)))

        yield register


@pytest.fixture
def ran(handle: Register) -> list[dict]:
    """The payloads that handlers of kind "note" saw."""
    seen: list[dict] = []
    handle("note", lambda job: seen.append(job.payload))
    return seen


def add_team(job: Job) -> None:
    Team.objects.create(name=job.payload["name"])


def fail(job: Job) -> None:
    raise ValueError("no luck")


def end_leases() -> None:
    Job.objects.filter(state=JobState.RUNNING).update(locked_until=timezone.now() - dt.timedelta(seconds=1))


# --- enqueue ---------------------------------------------------------------------------------------------------------


def test_a_job_is_run_with_its_payload_and_is_done(ran: list[dict]) -> None:
    job = jobs.enqueue("note", {"n": 1})

    assert jobs.run_all() == 1

    job.refresh_from_db()
    assert ran == [{"n": 1}]
    assert (job.state, job.attempt, job.lease, job.locked_until) == (JobState.DONE, 1, "", None)
    assert job.finished_at is not None


def test_a_job_goes_with_its_cause_when_that_is_rolled_back(ran: list[dict]) -> None:
    with pytest.raises(RuntimeError), transaction.atomic():
        jobs.enqueue("note")
        raise RuntimeError

    assert not Job.objects.exists()


def test_an_unknown_kind_is_refused_when_it_is_enqueued() -> None:
    with pytest.raises(LookupError, match="nobody"):
        jobs.enqueue("nobody.knows")


def test_jobs_run_in_the_order_they_were_written(ran: list[dict]) -> None:
    for n in range(4):
        jobs.enqueue("note", {"n": n})

    jobs.run_all()

    assert ran == [{"n": n} for n in range(4)]


def test_a_delayed_job_waits_for_its_time(ran: list[dict]) -> None:
    job = jobs.enqueue("note", delay=dt.timedelta(minutes=5))

    assert jobs.run_all() == 0
    assert job.run_at > timezone.now() + dt.timedelta(minutes=4)

    assert jobs.run_all(even_early=True) == 1


def test_only_one_job_of_a_key_waits(ran: list[dict]) -> None:
    assert jobs.enqueue("note", {"n": 1}, key="a") is not None
    assert jobs.enqueue("note", {"n": 2}, key="a") is None
    assert jobs.enqueue("note", {"n": 3}, key="b") is not None

    jobs.run_all()

    assert ran == [{"n": 1}, {"n": 3}]


def test_jobs_without_key_all_wait(ran: list[dict]) -> None:
    jobs.enqueue("note", {"n": 1})
    jobs.enqueue("note", {"n": 2})

    assert jobs.run_all() == 2


def test_a_key_is_free_again_once_its_job_is_taken(ran: list[dict]) -> None:
    jobs.enqueue("note", key="a")
    runner.take()

    assert jobs.enqueue("note", key="a") is not None


def test_jobs_of_a_key_do_not_run_side_by_side(ran: list[dict]) -> None:
    jobs.enqueue("note", {"n": 1}, key="a")
    runner.take()
    jobs.enqueue("note", {"n": 2}, key="a")

    assert runner.take() is None


def test_a_sooner_enqueue_brings_a_first_try_forward(ran: list[dict]) -> None:
    jobs.enqueue("note", key="a", delay=dt.timedelta(hours=1))
    jobs.enqueue("note", key="a")

    assert jobs.run_all() == 1


def test_a_sooner_enqueue_does_not_shorten_the_pause_after_a_failure(handle: Register) -> None:
    handle("fail", fail)
    jobs.enqueue("fail", key="a")
    jobs.run_all()

    jobs.enqueue("fail", key="a")

    assert jobs.run_all() == 0


# --- running ---------------------------------------------------------------------------------------------------------


def test_changes_of_a_job_are_its_actors_through_the_systems_door(handle: Register, people: Any) -> None:
    handle("rename", lambda job: events.record("team.changed", people.north))
    with events.acting(people.ann, events.Origin.PAGE):
        jobs.enqueue("rename")

    jobs.run_all()

    event = Event.objects.get(kind="team.changed")
    assert (event.actor, event.origin) == (people.ann, events.Origin.SYSTEM)


def test_the_organisation_is_forgotten_after_a_job(handle: Register, organisation: Organisation) -> None:
    names = []
    handle("name", lambda job: names.append(Organisation.current().name))
    jobs.enqueue("name")
    jobs.run_all()
    Organisation.objects.update(name="Renamed")
    jobs.enqueue("name")
    jobs.run_all()

    assert names == [organisation.name, "Renamed"]


def test_a_failed_job_leaves_nothing_but_its_error_and_a_later_try(handle: Register) -> None:
    def half(job: Job) -> None:
        Team.objects.create(name="half")
        fail(job)

    handle("half", half)
    job = jobs.enqueue("half")
    jobs.run_all()

    job.refresh_from_db()
    assert not Team.objects.exists()
    assert (job.state, job.attempt, job.lease) == (JobState.WAITING, 1, "")
    assert job.error.startswith("ValueError: no luck (test_jobs.py:")
    assert job.run_at > timezone.now()


def test_pauses_between_tries_grow(handle: Register) -> None:
    handle("fail", fail)
    job = jobs.enqueue("fail")
    pauses = []
    for _ in range(4):
        assert jobs.run_one(even_early=True) is not None
        job.refresh_from_db()
        pauses.append((job.run_at - timezone.now()).total_seconds())

    for pause, about in zip(pauses, (10, 40, 160, 640), strict=True):
        assert about * 0.8 - 5 < pause < about * 1.2 + 5


def test_a_job_that_keeps_failing_is_given_up_after_five_tries(handle: Register) -> None:
    handle("fail", fail)
    job = jobs.enqueue("fail")

    assert jobs.run_all(even_early=True) == 5

    job.refresh_from_db()
    assert (job.state, job.attempt) == (JobState.DEAD, 5)
    assert "no luck" in job.error


def test_a_kind_may_have_its_own_number_of_tries(handle: Register) -> None:
    handle("fail", fail, attempts=2)
    jobs.enqueue("fail")

    assert jobs.run_all(even_early=True) == 2


def test_give_up_ends_a_job_at_its_first_try_with_the_reason(handle: Register) -> None:
    def refuse(job: Job) -> None:
        raise jobs.GiveUp("The file is gone.")

    handle("refuse", refuse)
    job = jobs.enqueue("refuse")
    jobs.run_all()

    job.refresh_from_db()
    assert (job.state, job.attempt) == (JobState.DEAD, 1)
    assert job.error.startswith("The file is gone.")


def test_a_success_after_a_failure_clears_the_error(handle: Register) -> None:
    luck = iter([False, True])

    def sometimes(job: Job) -> None:
        if not next(luck):
            fail(job)

    handle("sometimes", sometimes)
    job = jobs.enqueue("sometimes")
    jobs.run_all(even_early=True)

    job.refresh_from_db()
    assert (job.state, job.error, job.attempt) == (JobState.DONE, "", 2)


@pytest.mark.parametrize(
    ("message", "shown"),
    [
        ("cannot reach redis://user:hunter2@host:1", "cannot reach redis://user:***@host:1"),
        ("password=hunter2, user=ann", "password=***, user=ann"),
        ("Authorization: Bearer-hunter2", "Authorization: ***"),
        ("two\nlines", "two lines"),
        ("nul\x00byte", "nulbyte"),
    ],
)
def test_errors_are_kept_without_secrets(message: str, shown: str) -> None:
    assert runner.describe(ValueError(message)) == f"ValueError: {shown}"


def test_errors_are_kept_short() -> None:
    assert len(runner.describe(ValueError("x" * 10_000))) < 500


def test_a_failure_does_not_stop_the_jobs_behind_it(handle: Register, ran: list[dict]) -> None:
    handle("fail", fail)
    jobs.enqueue("fail")
    jobs.enqueue("note")

    jobs.run_all()

    assert len(ran) == 1


def test_strict_raises_what_the_handler_raised(handle: Register) -> None:
    handle("fail", fail)
    jobs.enqueue("fail")

    with pytest.raises(ValueError, match="no luck"):
        jobs.run_all(strict=True)


def test_a_key_whose_job_failed_while_the_next_waits_keeps_one_job_and_its_attempts(handle: Register) -> None:
    def fail_and_ask_again(job: Job) -> None:
        fail(job)

    handle("fail", fail_and_ask_again)
    jobs.enqueue("fail", key="a")
    job = runner.take()
    twin = jobs.enqueue("fail", key="a")
    runner._fail(job, jobs.kinds["fail"], ValueError("no luck"))

    left = Job.objects.get()
    assert (left.pk, left.attempt, left.error) == (twin.pk, 1, "ValueError: no luck")


def test_a_kind_of_another_version_is_kept_for_a_worker_that_knows_it() -> None:
    job = Job.objects.create(kind="from.the.future")

    assert jobs.run_all() == 0

    job.refresh_from_db()
    assert job.state == JobState.WAITING


def test_a_worker_that_is_told_to_stop_hands_its_job_back(handle: Register) -> None:
    def interrupted(job: Job) -> None:
        raise KeyboardInterrupt

    handle("interrupted", interrupted)
    job = jobs.enqueue("interrupted")
    with pytest.raises(KeyboardInterrupt):
        jobs.run_all()

    again = runner.take()
    assert (again.pk, again.attempt) == (job.pk, 1)


# --- steps -----------------------------------------------------------------------------------------------------------


def test_a_job_goes_on_in_steps_and_shows_how_far_it_is(handle: Register) -> None:
    def step(job: Job) -> None:
        Team.objects.create(name=f"Team {job.progress}")
        job.progress, job.total = job.progress + 1, 3
        if job.progress < job.total:
            job.again({"step": job.progress})

    handle("step", step)
    job = jobs.enqueue("step", key="steps")

    jobs.run_one()
    job.refresh_from_db()
    assert (job.state, job.progress, job.total, job.payload, job.attempt) == (JobState.WAITING, 1, 3, {"step": 1}, 0)

    assert jobs.run_all() == 2
    job.refresh_from_db()
    assert (job.state, job.progress, Team.objects.count()) == (JobState.DONE, 3, 3)


def test_steps_let_other_jobs_in_between(handle: Register) -> None:
    order = []

    def step(job: Job) -> None:
        order.append("step")
        if len(order) < 4:
            job.again()

    handle("step", step)
    handle("other", lambda job: order.append("other"))
    jobs.enqueue("step")
    jobs.enqueue("other")

    jobs.run_all()

    assert order == ["step", "other", "step", "step"]


def test_a_step_that_was_asked_for_meanwhile_is_left_to_that_job(handle: Register) -> None:
    asked = []

    def step(job: Job) -> None:
        if not asked:
            asked.append(jobs.enqueue("step", {"from": "meanwhile"}, key="a"))
            job.again()

    handle("step", step)
    job = jobs.enqueue("step", key="a")
    jobs.run_one()

    job.refresh_from_db()
    assert job.state == JobState.DONE
    assert Job.objects.get(state=JobState.WAITING).pk == asked[0].pk


def test_work_outside_the_database_goes_on_in_steps_too(handle: Register) -> None:
    def send(job: Job) -> None:
        job.progress += 1
        if job.progress < 3:
            job.again()

    handle("send", send, atomic=False)
    job = jobs.enqueue("send", key="a")

    assert jobs.run_all() == 3
    job.refresh_from_db()
    assert (job.state, job.progress, job.key) == (JobState.DONE, 3, "a")


# --- leases ----------------------------------------------------------------------------------------------------------


def test_a_leased_job_is_not_taken_again(ran: list[dict]) -> None:
    jobs.enqueue("note")
    job = runner.take()

    assert runner.take() is None
    assert job.locked_until > timezone.now() + dt.timedelta(seconds=30)


def test_a_job_whose_worker_fell_silent_is_taken_by_another(ran: list[dict]) -> None:
    jobs.enqueue("note")
    first = runner.take()
    end_leases()

    second = runner.take()

    assert (second.pk, second.attempt) == (first.pk, 2)
    assert second.lease != first.lease


def test_a_worker_that_lost_its_lease_rolls_back(handle: Register) -> None:
    def overtaken(job: Job) -> None:
        add_team(job)
        Job.objects.filter(pk=job.pk).update(lease="another worker's")

    handle("overtaken", overtaken)
    job = jobs.enqueue("overtaken", {"name": "late"})
    jobs.run_one()

    job.refresh_from_db()
    assert not Team.objects.exists()
    assert job.state == JobState.RUNNING


def test_an_error_of_a_worker_that_lost_its_lease_changes_nothing(handle: Register) -> None:
    handle("fail", fail)
    jobs.enqueue("fail")
    first = runner.take()
    end_leases()
    second = runner.take()

    runner._fail(first, jobs.kinds["fail"], ValueError("late"))

    second.refresh_from_db()
    assert (second.state, second.error) == (JobState.RUNNING, "")


def test_a_job_that_kills_its_worker_is_given_up_after_five_tries(ran: list[dict]) -> None:
    job = jobs.enqueue("note")
    for _ in range(5):
        assert runner.take() is not None
        end_leases()

    assert runner.take() is None

    job.refresh_from_db()
    assert (job.state, job.attempt) == (JobState.DEAD, 5)
    assert "died 5 times" in job.error
    assert ran == []


def test_a_poisoned_job_does_not_hold_up_the_others(handle: Register, ran: list[dict]) -> None:
    handle("poison", fail)
    jobs.enqueue("poison")
    for _ in range(5):
        runner.take()
        end_leases()
    jobs.enqueue("note")

    jobs.run_all()

    assert len(ran) == 1


def test_an_effect_outside_the_database_runs_outside_a_transaction(handle: Register, db: Any) -> None:
    depths = []

    def depth(job: Job) -> None:
        depths.append(len(transaction.get_connection().savepoint_ids))

    handle("inside", depth)
    handle("outside", depth, atomic=False)
    jobs.enqueue("inside")
    jobs.enqueue("outside")
    jobs.run_all()

    assert depths[0] == depths[1] + 1


# --- what a person may do --------------------------------------------------------------------------------------------


def test_a_given_up_job_can_be_tried_again_with_all_its_attempts(handle: Register, ran: list[dict]) -> None:
    job = jobs.enqueue("note")
    Job.objects.update(state=JobState.DEAD, attempt=5, error="no luck", finished_at=timezone.now())
    job.refresh_from_db()

    assert jobs.retry(job)

    job.refresh_from_db()
    assert (job.state, job.attempt, job.error, job.finished_at) == (JobState.WAITING, 0, "", None)
    assert jobs.run_all() == 1


def test_a_waiting_job_can_be_run_at_once(ran: list[dict]) -> None:
    job = jobs.enqueue("note", key="a", delay=dt.timedelta(hours=1))

    assert jobs.retry(job)
    assert jobs.run_all() == 1


def test_a_given_up_job_is_not_tried_again_while_one_of_its_key_waits(ran: list[dict]) -> None:
    dead = Job.objects.create(kind="note", key="a", state=JobState.DEAD)
    jobs.enqueue("note", key="a")

    assert not jobs.retry(dead)


def test_a_cancelled_job_does_not_run_and_says_who_cancelled_it(ran: list[dict], people: Any) -> None:
    job = jobs.enqueue("note")
    with events.acting(people.ada, events.Origin.PAGE):
        assert jobs.cancel(job)

    assert jobs.run_all() == 0
    job.refresh_from_db()
    assert (job.state, job.error) == (JobState.DEAD, "Cancelled by Ada Admin.")
    assert Event.objects.filter(kind="job.cancelled", actor=people.ada).exists()


def test_a_running_job_can_neither_be_cancelled_nor_retried(ran: list[dict]) -> None:
    jobs.enqueue("note")
    job = runner.take()

    assert not jobs.cancel(job)
    assert not jobs.retry(job)


def test_a_given_up_job_can_be_removed(ran: list[dict]) -> None:
    job = Job.objects.create(kind="note", state=JobState.DEAD)

    assert jobs.cancel(job)
    assert not Job.objects.exists()


# --- loops -----------------------------------------------------------------------------------------------------------


def test_run_all_stops_at_its_limit(ran: list[dict]) -> None:
    for _ in range(3):
        jobs.enqueue("note")

    assert jobs.run_all(limit=2) == 2
    assert not jobs.idle()
    assert jobs.run_all() == 1
    assert jobs.idle()


def test_run_all_stops_when_it_is_told_to(ran: list[dict]) -> None:
    jobs.enqueue("note")

    assert jobs.run_all(stop=lambda: True) == 0


def test_a_turn_of_a_worker_signs_the_heartbeat(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "_signed", {})

    jobs.work(seconds=1)

    assert Heartbeat.objects.get(name="worker").at > timezone.now() - dt.timedelta(minutes=1)


def test_an_idle_look_for_work_takes_two_queries_whatever_the_table_holds(
    ran: list[dict], django_assert_num_queries: Any
) -> None:
    Job.objects.bulk_create([Job(kind="note", state=JobState.DONE) for _ in range(50)])

    with django_assert_num_queries(2):
        assert runner.take() is None
