"""Workers die in the middle of a job: nothing is lost, nothing happens twice (R2, T01, T08, T20, T22)."""

from __future__ import annotations

import pytest

from crm import jobs
from crm.models import Job, JobState

from .harness import Faults, wait_until, wait_until_idle
from .jobs import note, notes

pytestmark = [pytest.mark.faults, pytest.mark.django_db(transaction=True)]


def finished(job: Job) -> bool:
    """Whether that job is done; periodic work of the apps comes and goes beside it."""
    job.refresh_from_db()
    return job.state == JobState.DONE


POINTS = ["job.taken", "faults.noted", "job.handled", "job.finishing", "job.finished"]


@pytest.mark.parametrize("point", POINTS)
def test_a_job_whose_worker_is_killed_happens_exactly_once(faults: Faults, point: str) -> None:
    job = jobs.enqueue("faults.note", {"name": "once"})

    faults.worker(crash=point).wait_until_killed()
    faults.worker()
    wait_until_idle()

    job.refresh_from_db()
    assert notes() == ["once"]
    assert (job.state, job.attempt) == (JobState.DONE, 1 if point == "job.finished" else 2)


@pytest.mark.parametrize("number", [1, 25, 130, 199])
def test_work_in_steps_goes_on_at_the_last_finished_step(faults: Faults, number: int) -> None:
    jobs.enqueue("faults.steps", {"total": 200}, key="steps")

    faults.worker(crash=f"faults.noted:{number}").wait_until_killed()
    assert len(notes()) == (number - 1) // 50 * 50
    faults.worker()
    wait_until_idle()

    assert notes() == [f"{n:05}" for n in range(200)]
    assert Job.objects.get().progress == 200


def test_an_effect_outside_happens_again_under_the_same_id(faults: Faults) -> None:
    job = jobs.enqueue("faults.outside")

    faults.worker(crash="faults.sent").wait_until_killed()
    faults.worker()
    wait_until_idle()

    assert notes() == [f"mail {job.pk}"] * 2


def test_a_job_that_kills_every_worker_is_given_up_and_the_others_run(faults: Faults) -> None:
    poison = jobs.enqueue("faults.poison")
    for n in range(5):
        jobs.enqueue("faults.note", {"name": f"{n}"})

    for _ in range(5):
        faults.worker(lease=1).wait_until_killed()
    faults.worker()
    wait_until_idle()

    poison.refresh_from_db()
    assert (poison.state, poison.attempt) == (JobState.DEAD, 5)
    assert notes() == ["0", "1", "2", "3", "4"]


def test_a_worker_that_is_asked_to_stop_ends_its_job_first(faults: Faults) -> None:
    job = jobs.enqueue("faults.note", {"name": "slow", "seconds": 1.0})
    worker = faults.worker(lease=30)
    wait_until(lambda: Job.objects.get(pk=job.pk).state == JobState.RUNNING, "the job to be taken")

    assert worker.stop() == 0

    job.refresh_from_db()
    assert (job.state, job.attempt) == (JobState.DONE, 1)


def test_a_celery_worker_that_is_killed_loses_nothing(faults: Faults) -> None:
    job = jobs.enqueue("faults.steps", {"total": 200}, key="steps")

    faults.celery(crash="faults.noted:170").wait_until_killed()
    assert len(notes()) == 150
    faults.celery()
    wait_until(lambda: finished(job), "the steps to be done")

    assert notes() == [f"{n:05}" for n in range(200)]
    assert job.attempt == 2


def test_a_celery_worker_whose_pool_process_is_killed_goes_on_by_itself(faults: Faults) -> None:
    job = jobs.enqueue("faults.steps", {"total": 200}, key="steps")

    faults.celery(pool="prefork", crash="faults.noted:170")
    wait_until(lambda: finished(job), "the steps to be done")

    assert notes() == [f"{n:05}" for n in range(200)]
    assert job.attempt == 2


def test_the_bell_brings_a_celery_worker_without_a_sweep(faults: Faults) -> None:
    faults.run(
        'from crm import jobs\nfor n in range(3): jobs.enqueue("faults.note", {"name": str(n)})',
        ring=True,
    )
    assert notes() == []

    faults.celery(beat=False)
    wait_until_idle()

    assert notes() == ["0", "1", "2"]


def test_work_that_was_left_by_the_last_run_is_done_by_the_next(faults: Faults) -> None:
    note("before")
    for n in range(3):
        jobs.enqueue("faults.note", {"name": f"left {n}"})

    faults.worker("--once").finish()

    assert notes() == ["before", "left 0", "left 1", "left 2"]
