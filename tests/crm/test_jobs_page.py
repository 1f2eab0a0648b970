"""Settings, Jobs: administrators see what runs, and help what got stuck."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from crm import jobs
from crm.models import Heartbeat, Job, JobState

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _kinds() -> Iterator[None]:
    with (
        jobs.kinds.temporarily("page.mail", jobs.Kind("page.mail", lambda job: None, "Welcome mail")),
        jobs.kinds.temporarily("page.report", jobs.Kind("page.report", lambda job: None, "Weekly report")),
    ):
        yield


@pytest.fixture
def admin(people: Any, client_of: Callable) -> Any:
    """Ada's browser. What her arrival set in motion (numbers count who was active) is not what these tests are about."""
    browser = client_of(people.ada)
    browser.get(reverse("jobs"))
    Job.objects.all().delete()
    return browser


def shown(response: Any) -> list[int]:
    return [row["job"].pk for row in response.context["rows"]]


@pytest.mark.parametrize("name", ["ann", "max", "mia", "gus"])
def test_only_administrators_may_look(people: Any, client_of: Callable, name: str) -> None:
    assert client_of(getattr(people, name)).get(reverse("jobs")).status_code in (403, 404)


@pytest.mark.parametrize("name", ["ann", "max", "mia", "gus"])
@pytest.mark.parametrize("action", ["job_retry", "job_cancel"])
def test_only_administrators_may_act(people: Any, client_of: Callable, name: str, action: str) -> None:
    browser, job = client_of(getattr(people, name)), Job.objects.create(kind="page.mail")

    assert browser.post(reverse(action, args=[job.pk])).status_code in (403, 404)
    assert Job.objects.filter(pk=job.pk, state=JobState.WAITING).exists()


def test_visitors_are_sent_to_the_login(client: Any, db: None) -> None:
    assert client.get(reverse("jobs")).status_code == 302


def test_an_empty_page_says_what_will_stand_there(admin: Any) -> None:
    assert b"No job yet" in admin.get(reverse("jobs")).content


def test_the_page_starts_with_what_needs_a_person(admin: Any) -> None:
    Job.objects.create(kind="page.mail", state=JobState.WAITING)
    dead = Job.objects.create(kind="page.mail", state=JobState.DEAD, attempt=5, error="SMTP says no", finished_at=timezone.now())

    response = admin.get(reverse("jobs"))

    assert shown(response) == [dead.pk]
    assert b"SMTP says no" in response.content
    assert b"Welcome mail" in response.content


@pytest.mark.parametrize("state", list(JobState))
def test_each_state_has_its_list(admin: Any, state: str) -> None:
    found = {
        one: Job.objects.create(kind="page.mail", state=one, finished_at=timezone.now(), locked_until=timezone.now())
        for one in JobState
    }

    assert shown(admin.get(reverse("jobs"), {"view": state})) == [found[state].pk]


@pytest.mark.parametrize("state", list(JobState))
def test_each_empty_state_is_explained(admin: Any, state: str) -> None:
    response = admin.get(reverse("jobs"), {"view": state})

    assert response.status_code == 200
    assert b'class="empty"' in response.content


def test_the_tabs_count(admin: Any) -> None:
    Job.objects.bulk_create([Job(kind="page.mail", state=JobState.WAITING) for _ in range(3)])

    tabs = admin.get(reverse("jobs")).context["states"]

    assert {str(tab["label"]): tab["count"] for tab in tabs} == {"Given up": 0, "Running": 0, "Waiting": 3, "Done": 0}


def test_the_list_can_be_narrowed_to_a_kind(admin: Any) -> None:
    Job.objects.create(kind="page.mail")
    report = Job.objects.create(kind="page.report")

    assert shown(admin.get(reverse("jobs"), {"view": "waiting", "kind": "page.report"})) == [report.pk]


def test_an_unknown_filter_shows_nothing_rather_than_all(admin: Any) -> None:
    Job.objects.create(kind="page.mail")

    assert shown(admin.get(reverse("jobs"), {"view": "waiting", "kind": "nobody.knows"})) == []


def test_a_job_of_another_version_is_shown(admin: Any) -> None:
    job = Job.objects.create(kind="from.the.future")

    response = admin.get(reverse("jobs"), {"view": "waiting"})

    assert shown(response) == [job.pk]
    assert b"Waits for another version" in response.content


def test_progress_and_attempts_are_shown(admin: Any) -> None:
    Job.objects.create(kind="page.mail", progress=300, total=1200, attempt=2)

    content = admin.get(reverse("jobs"), {"view": "waiting"}).content.decode()

    assert "300 of 1,200" in content
    assert "2 of 5" in content


def test_a_silent_worker_is_told(admin: Any) -> None:
    assert b"No worker is running" in admin.get(reverse("jobs")).content

    beat = Heartbeat.objects.create(name="worker", at=timezone.now())
    assert b"No worker is running" not in admin.get(reverse("jobs")).content

    beat.at -= dt.timedelta(minutes=5)
    beat.save()
    assert b"No worker is running" in admin.get(reverse("jobs")).content


def test_htmx_gets_the_list_alone(admin: Any) -> None:
    response = admin.get(reverse("jobs"), headers={"HX-Request": "true"})

    assert response.content.strip().startswith(b'<div class="list"')
    assert "HX-Request" in response["Vary"]


def test_jobs_come_in_pages(admin: Any) -> None:
    Job.objects.bulk_create([Job(kind="page.mail") for _ in range(60)])

    first = admin.get(reverse("jobs"), {"view": "waiting"})
    second = admin.get(reverse("jobs"), {"view": "waiting", "page": "2"})

    assert (len(shown(first)), len(shown(second))) == (50, 10)
    assert not set(shown(first)) & set(shown(second))


def test_the_number_of_queries_does_not_grow_with_the_rows(admin: Any, people: Any) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            admin.get(reverse("jobs"), {"view": "waiting"})
        return len(captured)

    Job.objects.create(kind="page.mail", actor=people.ann)
    queries()
    one = queries()
    Job.objects.bulk_create([Job(kind="page.mail", actor=person) for person in people for _ in range(5)])

    assert queries() == one


def test_run_now_runs_a_given_up_job_again(admin: Any) -> None:
    job = Job.objects.create(kind="page.mail", state=JobState.DEAD, attempt=5, error="SMTP says no")

    response = admin.post(reverse("job_retry", args=[job.pk]), {"next": "/settings/jobs/?view=dead"})

    assert response["Location"] == "/settings/jobs/?view=dead"
    assert jobs.run_all() == 1


def test_cancel_stops_a_waiting_job(admin: Any) -> None:
    job = Job.objects.create(kind="page.mail")

    admin.post(reverse("job_cancel", args=[job.pk]))

    job.refresh_from_db()
    assert (job.state, job.error) == (JobState.DEAD, "Cancelled by Ada Admin.")


def test_remove_takes_a_given_up_job_off_the_list(admin: Any) -> None:
    job = Job.objects.create(kind="page.mail", state=JobState.DEAD)

    admin.post(reverse("job_cancel", args=[job.pk]))

    assert not Job.objects.exists()


def test_what_was_taken_meanwhile_is_left_alone_and_told(admin: Any) -> None:
    job = Job.objects.create(kind="page.mail", state=JobState.RUNNING, locked_until=timezone.now() + dt.timedelta(minutes=1))

    content = admin.post(reverse("job_cancel", args=[job.pk]), follow=True).content

    job.refresh_from_db()
    assert job.state == JobState.RUNNING
    assert b"moved on meanwhile" in content


@pytest.mark.parametrize("action", ["job_retry", "job_cancel"])
def test_actions_are_posts_and_need_a_job(admin: Any, action: str) -> None:
    assert admin.get(reverse(action, args=[1])).status_code == 405
    assert admin.post(reverse(action, args=[1])).status_code == 404
