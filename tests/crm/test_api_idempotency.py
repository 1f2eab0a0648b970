"""Idempotency-Key: a retry gets the first answer and nothing happens twice."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from django.db import connection, connections, transaction

from contacts.models import Company
from crm.api import idempotency
from crm.models import IdempotencyKey
from deals.models import DealState
from tests.api import Api, fields
from tests.factories import DealFactory

KEY = {"Idempotency-Key": "order-17"}


@pytest.mark.django_db
def test_the_same_request_again_gives_the_first_answer_and_one_row(people: Any) -> None:
    api = Api(people.ann)
    first = api.post("/companies/", KEY, name="Acme")
    again = api.post("/companies/", KEY, name="Acme")
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()
    assert again["Idempotent-Replayed"] == "true"
    assert Company.objects.count() == 1


@pytest.mark.django_db
def test_the_same_key_for_another_body_or_address_is_refused(people: Any) -> None:
    api = Api(people.ann)
    api.post("/companies/", KEY, name="Acme")
    assert api.post("/companies/", KEY, name="Other").status_code == 422
    assert api.post("/people/", KEY, name="Acme").status_code == 422
    assert Company.objects.count() == 1


@pytest.mark.django_db
def test_keys_of_different_users_are_independent(people: Any) -> None:
    assert Api(people.ann).post("/companies/", KEY, name="Acme").status_code == 201
    assert Api(people.ben).post("/companies/", KEY, name="Acme").status_code == 201
    assert Company.objects.count() == 2


@pytest.mark.django_db
def test_a_refused_request_leaves_the_key_free(people: Any) -> None:
    api = Api(people.ann)
    assert api.post("/companies/", KEY, name="").status_code == 400
    assert not IdempotencyKey.objects.exists()
    assert api.post("/companies/", KEY, name="Acme").status_code == 201


@pytest.mark.django_db
def test_an_action_happens_once(people: Any) -> None:
    deal, api = DealFactory(owner=people.ann), Api(people.ann)
    for _ in range(3):
        assert api.post(f"/deals/{deal.pk}/win/", KEY).status_code == 200
    assert DealState.objects.filter(deal=deal, status="won").count() == 1


@pytest.mark.django_db
@pytest.mark.parametrize("key", ["", "x" * 256, "caf\u00e9", "a\tb"])
def test_a_key_must_be_short_and_visible(key: str, people: Any) -> None:
    response = Api(people.ann).post("/companies/", {"Idempotency-Key": key}, name="Acme")
    assert response.status_code == 400
    assert fields(response) == {"Idempotency-Key"}


@pytest.mark.django_db
def test_old_keys_are_forgotten(people: Any, clock: Any) -> None:
    api = Api(people.ann)
    clock("2026-05-18 10:00")
    api.post("/companies/", KEY, name="Acme")
    clock("2026-05-22 10:00")
    assert api.post("/companies/", KEY, name="Other").status_code == 201


@pytest.mark.django_db(transaction=True)
def test_eight_at_once_make_one_row(people: Any) -> None:
    api = Api(people.ann)
    codes: list[int] = []

    def send() -> None:
        try:
            codes.append(api.call("POST", "/companies/", {"name": "Acme"}, KEY).status_code)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=send) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(codes) <= {201, 409}
    assert 201 in codes
    assert Company.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_key_that_is_in_use_is_waited_for_and_nothing_happens_twice(people: Any, monkeypatch: Any) -> None:
    """PostgreSQL waits for the other insert, but not for ever; SQLite has one writer at a time, so it sees the other's key."""
    monkeypatch.setattr(idempotency, "WAIT", "50ms")
    api, ready, done = Api(people.ann), threading.Event(), threading.Event()

    def hold() -> None:
        with transaction.atomic():
            IdempotencyKey.objects.create(user=people.ann, key=KEY["Idempotency-Key"], fingerprint="x")
            ready.set()
            done.wait(1)
        connections.close_all()

    holder = threading.Thread(target=hold)
    holder.start()
    ready.wait(10)
    response = api.post("/companies/", KEY, name="Acme")
    done.set()
    holder.join()
    assert response.status_code == (409 if connection.vendor == "postgresql" else 422)
    assert not Company.objects.exists()
