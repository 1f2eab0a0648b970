"""Several workers and writers at once: no job twice, none lost, nothing overlooked (T09, T18)."""

from __future__ import annotations

import threading

import pytest
from django.db import connection, transaction

from crm import jobs
from crm.models import DuePeriod, Job, JobState, LoginEvent

from .harness import Faults, wait_until, wait_until_idle
from .jobs import notes

pytestmark = [pytest.mark.faults, pytest.mark.django_db(transaction=True)]

CHANGE = """
from django.db import transaction
from django.utils import timezone
from crm import jobs
from crm.models import LoginEvent
for n in range(40):
    with transaction.atomic():
        LoginEvent.objects.create(username=f"{WRITER} {n}", ok=False, at=timezone.now())
        jobs.enqueue("faults.collect", key="all")
"""

BEAT = """
from crm import due
for n in range(20):
    due.tick()
"""


def test_four_workers_share_the_jobs_and_do_each_once(faults: Faults) -> None:
    for n in range(200):
        jobs.enqueue("faults.note", {"name": f"{n:03}"})

    workers = [faults.worker("--once") for _ in range(4)]
    for worker in workers:
        worker.finish()

    assert notes() == [f"{n:03}" for n in range(200)]
    assert set(Job.objects.values_list("state", "attempt")) == {(JobState.DONE, 1)}


def test_every_change_is_seen_by_a_job_that_starts_after_it(faults: Faults) -> None:
    """Three writers mark rows and enqueue one keyed job; two workers turn marks into effects meanwhile."""
    for _ in range(2):
        faults.worker(lease=30)
    writers = [faults.python(f"WRITER = '{name}'\n{CHANGE}") for name in ("a", "b", "c")]
    for writer in writers:
        writer.finish()
    wait_until_idle()

    assert LoginEvent.objects.filter(ok=True).count() == 120
    assert not LoginEvent.objects.filter(ok=False).exists()


def test_four_beats_plan_each_period_once(faults: Faults) -> None:
    beats = [faults.python(BEAT) for _ in range(4)]
    for beat in beats:
        beat.finish()
    faults.worker("--once").finish()

    planned = list(DuePeriod.objects.values_list("name", "period"))
    assert len(planned) == len(set(planned)) > 0
    assert Job.objects.filter(kind="crm.due").count() == len(planned)


def test_an_open_transaction_with_the_same_key_holds_up_nobody(faults: Faults) -> None:
    """An import that enqueued a refresh and goes on for seconds must not make a click wait that enqueues the same."""
    if connection.vendor == "sqlite":
        pytest.skip("SQLite has one writer at a time")
    entered, leave = threading.Event(), threading.Event()

    def long_transaction() -> None:
        try:
            with transaction.atomic():
                jobs.enqueue("faults.collect", key="all")
                entered.set()
                leave.wait(60)
        finally:
            connection.close()

    thread = threading.Thread(target=long_transaction)
    thread.start()
    assert entered.wait(30)
    with connection.cursor() as cursor:
        cursor.execute("SET lock_timeout = '5s'")
    try:
        second = jobs.enqueue("faults.collect", key="all")
        assert second is not None
        assert second.key == ""
    finally:
        with connection.cursor() as cursor:
            cursor.execute("RESET lock_timeout")
        leave.set()
        thread.join()

    wait_until(lambda: Job.objects.count() == 2, "both jobs to be there")


def test_a_waiting_job_is_not_taken_while_someone_counts_on_it(faults: Faults) -> None:
    """The job that covers an uncommitted change starts after that change."""
    if connection.vendor == "sqlite":
        pytest.skip("SQLite has one writer at a time")
    jobs.enqueue("faults.collect", key="all")
    taken: list[int] = []

    def other_worker() -> None:
        try:
            taken.append(jobs.run_all())
        finally:
            connection.close()

    with transaction.atomic():
        assert jobs.enqueue("faults.collect", key="all") is None
        thread = threading.Thread(target=other_worker)
        thread.start()
        thread.join()
        assert taken == [0]

    assert jobs.run_all() == 1
