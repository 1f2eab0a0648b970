"""The probes and `manage.py doctor`."""

from __future__ import annotations

import datetime as dt
import json
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.db import DatabaseError, connection
from django.utils import timezone

from crm import health, sample
from crm.models import Job
from crm.models.jobs import Heartbeat
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db


def states(name: str) -> list[str]:
    """What one check says."""
    return [finding.state for finding in health.checks[name]()]


def doctor(*words: str) -> tuple[int, str]:
    """Exit code and words of `manage.py doctor`."""
    out = StringIO()
    try:
        call_command("doctor", *words, stdout=out)
    except SystemExit as stop:
        return int(str(stop.code)), out.getvalue()
    return 0, out.getvalue()


@pytest.fixture
def well(settings):
    """An installation with nothing to complain about."""
    settings.SECRET_KEY = "".join(chr(48 + n) for n in range(60))
    settings.ALLOWED_HOSTS = ["127.0.0.1", "localhost"]
    settings.REDIS_URL = ""
    Heartbeat.objects.create(name="worker", at=timezone.now())
    UserFactory()


def test_livez_answers_without_the_database(client, django_assert_num_queries):
    with django_assert_num_queries(0):
        response = client.get("/livez", headers={"host": "10.1.2.3"})
    assert (response.status_code, response.content) == (200, b"ok")


def test_readyz_is_ready_with_the_database_and_its_tables(client):
    response = client.get("/readyz", headers={"host": "10.1.2.3"})
    assert response.status_code == 200
    assert response.json()["ready"] is True


def test_readyz_is_not_ready_when_the_database_does_not_answer(client, monkeypatch):
    def refuse():
        raise DatabaseError("gone")

    monkeypatch.setattr(connection, "cursor", refuse)
    response = client.get("/readyz")
    assert response.status_code == 503
    assert response.json()["database"] == "error"


def test_readyz_is_not_ready_before_its_migrations(client, monkeypatch):
    monkeypatch.setattr(health, "unapplied", lambda: ["crm.0002_new"])
    response = client.get("/readyz")
    assert response.status_code == 503
    assert response.json()["tables"] == "error"


def test_readyz_tells_of_a_silent_worker_but_serves(client):
    response = client.get("/readyz")
    assert response.status_code == 200
    assert response.json()["worker"] == "error"


def test_doctor_has_nothing_to_complain_about(well):
    code, words = doctor()
    assert code == 0
    assert "WRONG" not in words


def test_doctor_speaks_json(well):
    code, words = doctor("--json")
    answer = json.loads(words)
    assert code == 0
    assert answer["ok"] is True
    assert {"settings", "database", "tables", "cache", "worker", "jobs"} <= {row["name"] for row in answer["checks"]}


def test_doctor_ends_with_1_when_no_worker_has_run(well):
    Heartbeat.objects.all().delete()
    code, words = doctor()
    assert code == 1
    assert "No worker has ever run" in words


def test_doctor_misses_a_worker_that_fell_silent(well):
    Heartbeat.objects.update(at=timezone.now() - dt.timedelta(minutes=3))
    assert states("worker") == ["error"]


def test_doctor_finds_jobs_that_wait_for_long(well):
    Job.objects.create(kind="x", run_at=timezone.now() - dt.timedelta(minutes=6))
    assert states("jobs") == ["error"]


def test_doctor_does_not_mind_jobs_that_wait_for_their_time(well):
    Job.objects.create(kind="x", run_at=timezone.now() + dt.timedelta(hours=1))
    assert states("jobs") == ["ok"]


def test_doctor_finds_jobs_that_were_given_up(well):
    Job.objects.create(kind="x", state="dead")
    assert states("jobs") == ["error"]


def test_doctor_finds_debug(well, settings):
    settings.DEBUG = True
    assert "error" in states("settings")


@pytest.mark.parametrize("key", ["short", "a" * 80, "django-insecure-" + "0123456789abcdefghijklmnopqrstuvwxyz" * 2])
def test_doctor_finds_a_weak_secret(well, settings, key):
    settings.SECRET_KEY = key
    assert "error" in states("settings")


def test_doctor_warns_of_a_public_name_without_https(well, settings):
    settings.ALLOWED_HOSTS = ["crm.example.com"]
    assert "warning" in states("settings")


def test_doctor_finds_missing_migrations_and_asks_no_further(well, monkeypatch):
    monkeypatch.setattr(health, "unapplied", lambda: ["crm.0002_new"])
    code, words = doctor()
    assert code == 1
    assert "crm.0002_new" in words
    assert "No worker" not in words


def test_doctor_finds_a_missing_cache_table(well, settings):
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": "no_such_table"}}
    with connection.cursor() as cursor:
        cursor.execute("SAVEPOINT before")
        assert states("cache") == ["error"]
        cursor.execute("ROLLBACK TO SAVEPOINT before")


def test_doctor_warns_of_a_redis_that_does_not_answer(well, settings):
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    assert states("broker") == ["warning"]


def test_doctor_warns_of_passwords_that_everybody_knows(well):
    user = UserFactory(username=sample.LOGINS[0][1])
    assert states("people") == ["ok"]
    user.set_password(sample.PASSWORD)
    user.save()
    assert states("people") == ["warning"]


def test_a_check_that_breaks_is_a_finding(well):
    def broken():
        raise RuntimeError("out of order")

    with health.checks.temporarily("broken", broken):
        code, words = doctor()
    assert code == 1
    assert "out of order" in words


def test_doctor_says_when_links_in_mail_would_lead_nowhere(settings: Any) -> None:
    settings.ALLOWED_HOSTS = ["crm.example.com"]
    settings.SITE_URL = "http://127.0.0.1:8000"
    assert any("SITE_URL" in finding.text for finding in health.check_mail())
    settings.SITE_URL = "https://crm.example.com"
    assert not any("SITE_URL" in finding.text for finding in health.check_mail())
