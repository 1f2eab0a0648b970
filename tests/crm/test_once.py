"""A form sent twice from one page is carried out once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from contacts.models import Activity, Company, Task
from deals.models import Deal
from tests.factories import CompanyFactory, DealFactory
from tests.people import People

pytestmark = pytest.mark.django_db
PAGE = "a" * 64  # each drawing of a form has its own CSRF token
SENDINGS = [
    ("contacts:company_new", Company, {"name": "Acme", "domain": "acme.com"}),
    ("deals:deal_new", Deal, {"title": "Solar", "currency": "USD", "lines-TOTAL_FORMS": 0, "lines-INITIAL_FORMS": 0}),
    ("contacts:task_new", Task, {"title": "Call back", "kind": "call"}),
]


@pytest.mark.parametrize(("name", "model", "values"), SENDINGS, ids=["company", "deal", "task"])
def test_a_record_sent_twice_is_made_once(
    people: People, client_of: Callable[[Any], Client], name: str, model: Any, values: dict
) -> None:
    stage = {"stage": DealFactory(owner=people.ben).stage.pk} if model is Deal else {}
    ann, before = client_of(people.ann), model.objects.count()
    values = {**values, **stage, "csrfmiddlewaretoken": PAGE}
    first, second = ann.post(reverse(name), values), ann.post(reverse(name), values)
    assert (first.status_code, second.status_code) == (302, 302)
    assert first["Location"] == second["Location"]
    assert model.objects.count() == before + 1


@pytest.mark.parametrize(
    ("name", "model", "values"),
    [
        ("contacts:company_log", Activity, {"log-kind": "call", "log-note": "Rang"}),
        ("contacts:company_task", Task, {"task-title": "Call back", "task-kind": "call"}),
    ],
    ids=["activity", "task"],
)
def test_what_is_logged_twice_is_written_once(
    people: People, client_of: Callable[[Any], Client], name: str, model: Any, values: dict
) -> None:
    company = CompanyFactory(owner=people.ann)
    ann = client_of(people.ann)
    for _time in range(2):
        assert ann.post(reverse(name, args=[company.pk]), {**values, "csrfmiddlewaretoken": PAGE}).status_code == 302
    assert model.objects.count() == 1


def test_what_was_changed_before_it_is_sent_again_is_another_record(people: People, client_of: Callable[[Any], Client]) -> None:
    ann = client_of(people.ann)
    for name in ("One", "Two"):
        ann.post(reverse("contacts:company_new"), {"name": name, "csrfmiddlewaretoken": PAGE})
    assert Company.objects.count() == 2


def test_a_sending_that_was_refused_may_be_repeated(people: People, client_of: Callable[[Any], Client]) -> None:
    ann, sending = client_of(people.ann), {"name": "Acme", "domain": "acme.com", "csrfmiddlewaretoken": PAGE}
    there = CompanyFactory(domain="acme.com", owner=people.ann)
    assert ann.post(reverse("contacts:company_new"), sending).status_code == 422
    there.delete()
    assert ann.post(reverse("contacts:company_new"), sending).status_code == 302


def test_two_people_may_send_the_same(people: People, client_of: Callable[[Any], Client]) -> None:
    for user in (people.ann, people.ben):
        client_of(user).post(reverse("contacts:company_new"), {"name": "Acme", "csrfmiddlewaretoken": PAGE})
    assert Company.objects.count() == 2
