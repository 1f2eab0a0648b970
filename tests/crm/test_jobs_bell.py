"""The bell: asked on commit, never in the way."""

from __future__ import annotations

import datetime as dt
import threading
import time
from typing import Any

import pytest
from django.db import transaction

from crm import jobs
from crm.jobs import bell as bell_module
from crm.jobs.bell import Bell, bell


@pytest.fixture
def rings(monkeypatch: pytest.MonkeyPatch, settings: Any) -> list[int]:
    """The messages that would have gone to the broker."""
    settings.JOBS_RING = True
    sent: list[int] = []
    monkeypatch.setattr(bell_module, "send", sent.append)
    return sent


@pytest.fixture
def kind() -> Any:
    with jobs.kinds.temporarily("note", jobs.Kind("note", lambda job: None)):
        yield


def test_rings_that_come_together_are_one(rings: list[int]) -> None:
    fresh = Bell()
    for _ in range(100):
        fresh.ring()

    assert fresh.flush(5)
    assert rings == [0]


def test_a_delayed_job_rings_after_its_delay(rings: list[int]) -> None:
    fresh = Bell()
    fresh.ring(dt.timedelta(seconds=1.2))

    assert fresh.flush(5)
    assert rings == [2]


def test_a_job_far_ahead_is_left_to_the_sweep(rings: list[int]) -> None:
    fresh = Bell()
    fresh.ring(dt.timedelta(hours=1))

    assert fresh.flush(5)
    assert rings == []


def test_tests_do_not_ring_unless_they_ask(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bell_module, "send", lambda seconds: pytest.fail("rung"))
    fresh = Bell()
    fresh.ring()

    assert fresh._thread is None


def test_after_a_failure_the_broker_is_left_alone_for_a_while(monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    settings.JOBS_RING = True
    tries = []

    def refuse(seconds: int) -> None:
        tries.append(seconds)
        raise ConnectionRefusedError

    monkeypatch.setattr(bell_module, "send", refuse)
    fresh = Bell()
    for _ in range(3):
        fresh.ring()
        assert fresh.flush(5)

    assert tries == [0]


def test_the_broker_is_tried_again_after_the_silence(monkeypatch: pytest.MonkeyPatch, rings: list[int]) -> None:
    fresh = Bell()
    fresh._silent_until = time.monotonic() + 60
    fresh.ring()
    assert rings == []

    fresh._silent_until = time.monotonic() - 1
    fresh.ring()
    assert fresh.flush(5)
    assert rings == [0]


def test_a_broker_that_hangs_does_not_hold_up_the_ring(monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    settings.JOBS_RING = True
    hang, asked = threading.Event(), threading.Event()

    def freeze(seconds: int) -> None:
        asked.set()
        hang.wait(10)

    monkeypatch.setattr(bell_module, "send", freeze)
    fresh = Bell()
    fresh.ring()
    assert asked.wait(5)
    fresh.ring()  # returns although the first one hangs

    assert not fresh.flush(0)
    hang.set()
    assert fresh.flush(5)


@pytest.mark.django_db(transaction=True)
def test_the_bell_is_rung_on_commit(monkeypatch: pytest.MonkeyPatch, kind: Any) -> None:
    asked: list[Any] = []
    monkeypatch.setattr(bell, "ring", lambda delay=None: asked.append(delay))

    with transaction.atomic():
        jobs.enqueue("note")
        assert asked == []

    assert asked == [None]


@pytest.mark.django_db(transaction=True)
def test_a_covered_job_rings_too_for_the_one_that_could_not_be_taken_meanwhile(
    monkeypatch: pytest.MonkeyPatch, kind: Any
) -> None:
    jobs.enqueue("note", key="a")
    asked: list[Any] = []
    monkeypatch.setattr(bell, "ring", lambda delay=None: asked.append(delay))

    assert jobs.enqueue("note", key="a") is None

    assert asked == [None]


@pytest.mark.django_db(transaction=True)
def test_nothing_rings_for_what_was_rolled_back(monkeypatch: pytest.MonkeyPatch, kind: Any) -> None:
    asked: list[Any] = []
    monkeypatch.setattr(bell, "ring", lambda delay=None: asked.append(delay))

    with pytest.raises(RuntimeError), transaction.atomic():
        jobs.enqueue("note")
        raise RuntimeError

    assert asked == []


def test_messages_do_not_pile_up_where_no_worker_listens(tmp_path: Any, settings: Any) -> None:
    settings.CELERY_BROKER_TRANSPORT_OPTIONS = {"data_folder_out": str(tmp_path)}
    assert not bell_module.enough_bells()

    for n in range(60):
        (tmp_path / str(n)).touch()
    assert bell_module.enough_bells()
