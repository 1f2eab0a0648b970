"""What every test may ask for: the organisation, named people, signed-in clients, a clock that stands still."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
import time_machine
from django.conf import settings
from django.core.cache import cache
from django.test import Client
from django.utils import timezone, translation

from . import machine
from .people import People, hire
from .smtp import SmtpServer


@pytest.fixture(autouse=True)
def _clean_slate() -> Iterator[None]:
    """Nothing that is remembered in the process reaches the next test."""
    from crm.models import Organisation

    Organisation.forget()
    cache.clear()
    yield
    Organisation.forget()
    cache.clear()
    timezone.deactivate()
    translation.activate(settings.LANGUAGE_CODE)


@pytest.fixture(autouse=True)
def _unpublished(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Publishing computes the numbers of dozens of past periods; only tests that read them, marked `publishes`, wait for it."""
    from crm.jobs.kinds import kinds

    if request.node.get_closest_marker("publishes") is None:
        kind = kinds["analytics.publish"]
        monkeypatch.setitem(kinds._items, kind.name, replace(kind, handler=lambda job: None))


@pytest.fixture
def organisation(db: None) -> Any:
    """The settings row: UTC, US dollars, weeks from Monday, fiscal year from January."""
    from crm.models import Organisation

    Organisation.remember()
    return Organisation.current()


@pytest.fixture
def people(organisation: Any) -> People:
    """The people of `tests.people`."""
    return hire()


@pytest.fixture
def client_of(db: None) -> Callable[[Any], Client]:
    """client_of(user): a browser in which the user is signed in."""

    def sign_in(user: Any) -> Client:
        client = Client()
        client.force_login(user)
        return client

    return sign_in


@pytest.fixture
def clock() -> Iterator[Callable[[str | dt.datetime], None]]:
    """clock("2026-05-18 10:00"): time stands still there (UTC unless the value says otherwise) until the next call."""
    travels: list[time_machine.travel] = []

    def stop() -> None:
        while travels:
            travels.pop().stop()

    def move_to(when: str | dt.datetime) -> None:
        stop()
        instant = dt.datetime.fromisoformat(when) if isinstance(when, str) else when
        travel = time_machine.travel(instant if instant.tzinfo else instant.replace(tzinfo=dt.UTC), tick=False)
        travel.start()
        travels.append(travel)

    yield move_to
    stop()


@pytest.fixture
def smtp(settings: Any) -> Iterator[SmtpServer]:
    """A mail server on loopback that the product sends through."""
    with SmtpServer() as server:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", server.port
        settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
        settings.EMAIL_HOST_USER = settings.EMAIL_HOST_PASSWORD = ""
        yield server


# --- what the machine can run ----------------------------------------------------------------------------------------


#: The files that take longest, begun first: the last process to finish decides how long a run takes.
LONGEST = (
    "faults/test_import_killed",
    "analytics/test_random_edits",
    "e2e/test_every_page",
    "faults/",
    "e2e/",
    "crm/test_sample",
)


def _rank(item: pytest.Item) -> int:
    found = (number for number, part in enumerate(LONGEST) if part in item.nodeid)
    return next(found, len(LONGEST))


def _asks_database(item: pytest.Item) -> bool:
    """Tests of faults ask one from processes of their own."""
    fixtures = {"db", "transactional_db", "django_db_setup"} & set(getattr(item, "fixturenames", ()))
    return bool(fixtures) or any(item.get_closest_marker(name) for name in ("django_db", "faults"))


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leaves out what the machine cannot run, and begins with what takes longest. Pages are asked once: they show the querysets that
    the API is asked for on each database. So is what asks no database."""
    for item in items:
        if item.path.name.startswith("test_view_") or not _asks_database(item):
            item.add_marker(pytest.mark.once)
        if item.get_closest_marker("e2e"):
            item.add_marker(pytest.mark.needs("chromium"))
        lacking = machine.missing(tuple(name for mark in item.iter_markers("needs") for name in mark.args))
        if lacking and not machine.IN_CI:
            item.add_marker(pytest.mark.skip(reason=f"this machine has no {', '.join(lacking)}"))
    items.sort(key=_rank)


def pytest_runtest_setup(item: pytest.Item) -> None:
    """In CI nothing may be left out: what is missing fails."""
    lacking = machine.missing(tuple(name for mark in item.iter_markers("needs") for name in mark.args))
    if lacking:
        pytest.fail(f"CI must have {', '.join(lacking)}: nothing is left out there.", pytrace=False)


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Says plainly what ran on what, and what was left out and why."""
    write = terminalreporter.write_line
    terminalreporter.section("what this run covered")
    embedded = settings.DATABASES["default"]["ENGINE"].endswith("sqlite3")
    write(f"database: {'SQLite' if embedded else 'PostgreSQL'}    broker: {'Redis' if settings.REDIS_URL else 'files'}")
    reasons: dict[str, int] = {}
    for report in terminalreporter.stats.get("skipped", []):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        reasons[reason.removeprefix("Skipped: ")] = reasons.get(reason.removeprefix("Skipped: "), 0) + 1
    for reason, count in sorted(reasons.items()):
        write(f"left out: {count} test{'s' if count > 1 else ''}: {reason}")
    if embedded and not machine.IN_CI:
        write("left out: the same on PostgreSQL (set DATABASE_URL=postgres://… to run it there)")
    if not settings.REDIS_URL and not machine.IN_CI:
        write("left out: the same with Redis as broker (set REDIS_URL=redis://…)")
