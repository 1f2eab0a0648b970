"""Logging activities, planning and doing tasks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from contacts.models import Activity, Task
from tests.factories import ActivityFactory, CompanyFactory, DealFactory, LeadFactory, PersonFactory, TaskFactory
from tests.people import People
from tests.suites import posted

pytestmark = pytest.mark.django_db


def log(kind: str = "call", **values: Any) -> dict[str, Any]:
    return {f"log-{key}": value for key, value in {"kind": kind, "note": "Talked about pumps", **values}.items()}


def test_a_call_with_its_next_step_is_one_form(people: People, client_of: Callable[[Any], Client], clock: Any) -> None:
    clock("2026-05-18 10:00")
    deal = DealFactory(owner=people.ann)
    client = client_of(people.ann)
    client.post(
        reverse("deals:deal_log", args=[deal.pk]), log(outcome="reached", next_due="3", next_kind="meeting", next_title="Demo")
    )
    call, task = deal.activities.get(), deal.tasks.get()
    assert (call.kind, call.outcome, call.owner) == ("call", "reached", people.ann)
    assert (task.title, task.kind, f"{task.due_at:%Y-%m-%d %H:%M}") == ("Demo", "meeting", "2026-05-21 09:00")


@pytest.mark.parametrize("kind", ["company", "person", "lead"])
def test_what_was_done_stands_on_the_record(people: People, client_of: Callable[[Any], Client], kind: str) -> None:
    record = {"company": CompanyFactory, "person": PersonFactory, "lead": LeadFactory}[kind](owner=people.ann)
    client = client_of(people.ann)
    client.post(reverse(f"contacts:{kind}_log", args=[record.pk]), log("note", note="Remember the blue one"))
    assert getattr(Activity.objects.get(), kind) == record
    assert "Remember the blue one" in client.get(record.get_absolute_url()).content.decode()


def test_an_outbound_call_answers_the_lead(people: People, client_of: Callable[[Any], Client]) -> None:
    lead = LeadFactory(owner=people.ann)
    client_of(people.ann).post(reverse("contacts:lead_log", args=[lead.pk]), log("call", direction="out"))
    lead.refresh_from_db()
    assert lead.first_response_at is not None


def test_an_empty_note_is_refused_and_the_rest_is_kept(people: People, client_of: Callable[[Any], Client]) -> None:
    company = CompanyFactory(owner=people.ann)
    form = log("note", note="", next_due="date", next_title="Call them back")
    response = client_of(people.ann).post(reverse("contacts:company_log", args=[company.pk]), form)
    assert response.status_code == 422
    assert "Call them back" in response.content.decode()
    assert not Activity.objects.exists()


@pytest.mark.parametrize("value", ["not a date", "9999-99-99", "99999-01-01T00:00", "0001-01-01T00:00"])
def test_a_date_that_cannot_be_is_an_error_not_a_crash(people: People, client_of: Callable[[Any], Client], value: str) -> None:
    company = CompanyFactory(owner=people.ann)
    response = client_of(people.ann).post(reverse("contacts:company_log", args=[company.pk]), log(at=value))
    assert response.status_code in (302, 422)


def test_correcting_a_note_shows_it_corrected_once(people: People, client_of: Callable[[Any], Client]) -> None:
    company = CompanyFactory(owner=people.ann)
    call = ActivityFactory(company=company, owner=people.ann, note="First words")
    client, url = client_of(people.ann), reverse("contacts:activity_edit", args=[call.pk])
    form = posted(client.get(url).context["form"]) | {"note": "Better words"}
    assert client.post(url, form)["Location"] == company.get_absolute_url()
    page = client.get(company.get_absolute_url()).content.decode()
    assert page.count("Better words") == 1
    assert "First words" not in page


def test_an_activity_of_a_colleague_cannot_be_edited(people: People, client_of: Callable[[Any], Client]) -> None:
    call = ActivityFactory(company=CompanyFactory(owner=people.ann), owner=people.ann)
    assert client_of(people.cleo).get(reverse("contacts:activity_edit", args=[call.pk])).status_code == 404


def test_a_task_is_ticked_off_and_back(people: People, client_of: Callable[[Any], Client]) -> None:
    task = TaskFactory(company=CompanyFactory(owner=people.ann), owner=people.ann)
    client = client_of(people.ann)
    client.post(reverse("contacts:task_done", args=[task.pk]))
    task.refresh_from_db()
    assert task.done_at is not None
    client.post(reverse("contacts:task_undo", args=[task.pk]))
    task.refresh_from_db()
    assert task.done_at is None


def test_a_planned_task_belongs_to_its_record(people: People, client_of: Callable[[Any], Client]) -> None:
    company = CompanyFactory(owner=people.ann)
    form = {"task-title": "Send the offer", "task-kind": "mail", "task-due_at": "2026-06-01T10:00"}
    client_of(people.ann).post(reverse("contacts:company_task", args=[company.pk]), form)
    assert Task.objects.get().company == company


def test_the_list_of_tasks_shows_ones_own(people: People, client_of: Callable[[Any], Client]) -> None:
    TaskFactory(title="Mine to do", owner=people.ann)
    TaskFactory(title="Theirs to do", owner=people.cleo)
    page = client_of(people.ann).get(reverse("contacts:tasks")).content.decode()
    assert "Mine to do" in page
    assert "Theirs to do" not in page


def test_a_task_from_a_record_names_it(people: People, client_of: Callable[[Any], Client]) -> None:
    company, foreign = CompanyFactory(owner=people.ann), CompanyFactory(owner=people.cleo)
    client = client_of(people.ann)
    for target in (company, foreign):
        client.post(f"{reverse('contacts:task_new')}?company={target.pk}", {"title": f"For {target.pk}", "kind": "call"})
    assert Task.objects.get(title=f"For {company.pk}").company == company
    assert Task.objects.get(title=f"For {foreign.pk}").company is None
