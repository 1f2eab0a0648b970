"""/api/v1/activities/ and /api/v1/tasks/"""

from __future__ import annotations

from typing import Any

import pytest

from contacts.models import Activity, Task
from tests.api import Api, fields
from tests.factories import ActivityFactory, CompanyFactory, LeadFactory, TaskFactory, utc

pytestmark = pytest.mark.django_db


def test_a_call_is_logged_and_answers_the_lead(people: Any) -> None:
    lead, api = LeadFactory(owner=people.ann, created_at=utc("2026-05-01 09:00")), Api(people.ann)
    response = api.post("/activities/", kind="call", outcome="reached", minutes=5, lead=lead.pk, at="2026-05-18T12:00:00+02:00")
    assert response.status_code == 201
    assert response.json()["at"] == "2026-05-18T10:00:00Z"
    assert api.get(f"/leads/{lead.pk}/").json()["first_response_at"] == "2026-05-18T10:00:00Z"


@pytest.mark.parametrize(
    "at",
    ["2026-05-18T10:00:00", "2026-05-18", "18.5.2026", "1899-12-31T00:00:00Z", "9999-12-31T23:59:59Z", 0, "2026-02-30T10:00:00Z"],
)
def test_an_instant_needs_its_offset_and_a_year_within_reach(at: Any, people: Any) -> None:
    assert fields(Api(people.ann).post("/activities/", kind="call", at=at)) == {"at"}
    assert not Activity.objects.exists()


def test_an_activity_hangs_only_on_records_the_caller_sees(people: Any) -> None:
    other = CompanyFactory(owner=people.cleo)
    assert fields(Api(people.ann).post("/activities/", kind="note", company=other.pk)) == {"company"}


def test_an_activity_is_corrected_by_its_owner_and_deleted_by_the_manager(people: Any) -> None:
    activity = ActivityFactory(owner=people.ann)
    assert Api(people.ann).patch(f"/activities/{activity.pk}/", note="No answer").json()["note"] == "No answer"
    assert Api(people.ann).delete(f"/activities/{activity.pk}/").status_code == 403
    assert Api(people.max).delete(f"/activities/{activity.pk}/").status_code == 204


def test_a_task_is_made_completed_and_completed_again_without_effect(people: Any, clock: Any) -> None:
    clock("2026-05-18 10:00")
    api = Api(people.ann)
    task = api.post("/tasks/", title="Call Rosa", due_at="2026-05-19T09:00:00Z").json()
    assert api.post(f"/tasks/{task['id']}/complete/").json()["done_at"] == "2026-05-18T10:00:00Z"
    clock("2026-05-18 11:00")
    assert api.post(f"/tasks/{task['id']}/complete/").json()["done_at"] == "2026-05-18T10:00:00Z"


def test_a_task_can_be_completed_at_a_given_instant(people: Any) -> None:
    task = TaskFactory(owner=people.ann)
    response = Api(people.ann).post(f"/tasks/{task.pk}/complete/", at="2026-05-17T08:00:00Z")
    assert response.json()["done_at"] == "2026-05-17T08:00:00Z"
    assert fields(Api(people.ann).post(f"/tasks/{task.pk}/complete/", when="now")) == {"when"}


def test_open_tasks_are_filtered_as_on_the_page(people: Any) -> None:
    done, todo = TaskFactory(owner=people.ann), TaskFactory(owner=people.ann)
    api = Api(people.ann)
    api.post(f"/tasks/{done.pk}/complete/")
    assert [row["id"] for row in api.get("/tasks/?state=open").json()["results"]] == [todo.pk]
    assert Task.objects.count() == 2
