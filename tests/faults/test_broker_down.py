"""Redis refuses, hangs or forgets: clicks go on at once, jobs run later or without it (R1, R5, T06)."""

from __future__ import annotations

import json

import pytest
from redis import Redis

from crm import jobs

from .harness import Faults, wait_until, wait_until_idle
from .jobs import notes

pytestmark = [pytest.mark.faults, pytest.mark.needs("redis-server"), pytest.mark.django_db(transaction=True)]

#: Enqueues ten jobs as ten requests would, and prints how long the slowest took.
ENQUEUE = """
import json, time
from django.db import transaction
from crm import jobs
slowest = 0
for n in range(10):
    start = time.monotonic()
    with transaction.atomic():
        jobs.enqueue("faults.note", {"name": str(n)})
    slowest = max(slowest, time.monotonic() - start)
    time.sleep(0.1)
print(json.dumps({"slowest": slowest}))
"""
NAMES = [str(n) for n in range(10)]


def slowest(output: str) -> float:
    """What ENQUEUE printed; the log may stand around it."""
    return next(json.loads(line)["slowest"] for line in output.splitlines() if line.startswith("{"))


def test_a_redis_that_refuses_delays_no_request_and_loses_no_job(faults: Faults) -> None:
    redis, url = faults.redis()
    redis.kill()

    assert slowest(faults.run(ENQUEUE, redis=url, ring=True)) < 1

    faults.worker("--once").finish()
    assert notes() == NAMES


def test_a_redis_that_hangs_delays_no_request_and_loses_no_job(faults: Faults) -> None:
    redis, url = faults.redis()
    worker = faults.celery(redis=url)
    wait_until(lambda: bool(Redis.from_url(url).keys()), "the worker to connect")
    redis.freeze()

    assert slowest(faults.run(ENQUEUE, redis=url, ring=True)) < 1

    redis.thaw()
    wait_until_idle()
    assert notes() == NAMES
    assert worker.popen.poll() is None


def test_a_redis_that_lost_its_messages_loses_no_job(faults: Faults) -> None:
    _redis, url = faults.redis()
    faults.run(ENQUEUE, redis=url, ring=True)
    Redis.from_url(url).flushall()

    faults.celery(redis=url)
    wait_until_idle()

    assert notes() == NAMES


def test_the_bell_reaches_a_worker_over_redis(faults: Faults) -> None:
    _redis, url = faults.redis()
    faults.celery(redis=url, beat=False)

    faults.run(ENQUEUE, redis=url, ring=True)
    wait_until_idle()

    assert notes() == NAMES


def test_a_worker_that_cannot_reach_its_broker_sweeps_by_itself(faults: Faults) -> None:
    redis, url = faults.redis()
    faults.celery(redis=url)
    wait_until(lambda: bool(Redis.from_url(url).keys()), "the worker to connect")
    redis.kill()
    for name in NAMES:
        jobs.enqueue("faults.note", {"name": name})

    wait_until_idle()

    assert notes() == NAMES


def test_a_message_that_comes_twice_changes_nothing(faults: Faults) -> None:
    _redis, url = faults.redis()
    for name in NAMES:
        jobs.enqueue("faults.note", {"name": name})
    faults.run("from crm.jobs.bell import send\nfor n in range(20): send(0)", redis=url, ring=True)

    for _ in range(2):
        faults.celery(redis=url, beat=False)
    wait_until_idle()

    assert notes() == NAMES
