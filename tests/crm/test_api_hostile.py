"""Hostile requests: refused with 4xx in the API's format, never 500, and nothing is written. Runs alike on both databases."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

import pytest

from contacts.models import Company
from crm.models import Event
from tests.api import Api, fields, routes
from tests.deals.ordering import order
from tests.deals.subscribing import subscription
from tests.factories import (
    CampaignFactory,
    CompanyFactory,
    DealFactory,
    InvitationFactory,
    LeadFactory,
    OwnNumberFactory,
    PersonFactory,
    ResponseFactory,
    TargetFactory,
    TaskFactory,
    ThresholdFactory,
    TicketFactory,
    WebFormFactory,
)

pytestmark = pytest.mark.django_db

BODIES = {
    "not json": "{name: 1",
    "an array": "[]",
    "null": "null",
    "a string": '"x"',
    "a number": "1",
    "NUL": '{"name": "a\\u0000b"}',
    "a NUL in a key": '{"na\\u0000me": "b"}',
    "a lone surrogate": '{"name": "\\ud800"}',
    "a NUL far inside": '{"name": "x", "emails": [{"email": "\\u0000"}]}',
    "depth": '{"name": ' + "[" * 10_000 + "]" * 10_000 + "}",
    "some depth": '{"name": ' + "[" * 30 + "]" * 30 + "}",
    "doubled keys": '{"name": "a", "name": "b"}',
    "many keys": json.dumps({str(n): n for n in range(30_000)}),
    "a huge number": '{"name": "x", "employees": ' + "9" * 5_000 + "}",
    "NaN": '{"name": "x", "employees": NaN}',
    "Infinity": '{"name": "x", "employees": -Infinity}',
    "a huge exponent": '{"name": "x", "employees": 1E+1000000}',
    "invalid UTF-8": b'{"name": "\xff"}',
    "UTF-16": '{"name": "x"}'.encode("utf-16"),
}


@pytest.mark.parametrize("path", sorted({row[1] for row in routes() if row[0] == "POST"}))
def test_a_body_that_is_not_sound_json_is_refused(path: str, people: Any, records: dict[str, int]) -> None:
    before = Event.objects.count()
    kind = path.strip("/").split("/")[0]
    api, address = Api(people.ada), path.replace("{pk}", str(records.get(kind, 1)))
    for name, body in BODIES.items():
        response = api.call("POST", address, body)
        assert response.status_code == 400, name
        assert response.json()["errors"], name
    assert Event.objects.count() == before


@pytest.fixture
def records(people: Any) -> dict[str, int]:
    return {
        "companies": CompanyFactory(owner=people.ada).pk,
        "invitations": InvitationFactory().pk,
        "responses": ResponseFactory().pk,
        "people": PersonFactory(owner=people.ada).pk,
        "leads": LeadFactory(owner=people.ada).pk,
        "tasks": TaskFactory(owner=people.ada).pk,
        "deals": DealFactory(owner=people.ada).pk,
        "tickets": TicketFactory(owner=people.ada).pk,
        "campaigns": CampaignFactory(owner=people.ada).pk,
        "web-forms": WebFormFactory(owner=people.ada).pk,
        "targets": TargetFactory(owner=people.ada).pk,
        "own-numbers": OwnNumberFactory().pk,
        "success-thresholds": ThresholdFactory(owner=people.ada).pk,
        "orders": order(CompanyFactory(owner=people.ada), "2026-05-04", 100_00).pk,
        "subscriptions": subscription(CompanyFactory(owner=people.ada), "2026-05-04", owner=people.ada).pk,
    }


def test_options_is_refused(people: Any, records: dict[str, int]) -> None:
    api = Api(people.ada)
    for kind, pk in records.items():
        assert api.call("OPTIONS", f"/{kind}/").status_code == 405, kind
        assert api.call("OPTIONS", f"/{kind}/{pk}/").status_code == 405, kind


def test_a_body_over_the_limit_is_refused_with_413(people: Any) -> None:
    response = Api(people.ada).call("POST", "/companies/", json.dumps({"name": "x", "description": "y" * 3_000_000}))
    assert response.status_code == 413
    assert response.json()["errors"][0]["code"] == "too_large"


@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "text/plain", "application/xml"])
def test_another_content_type_is_refused_with_415(kind: str, people: Any) -> None:
    api = Api(people.ada)
    response = api.client.post("/api/v1/companies/", b"name=x", content_type=kind, headers=api.headers)
    assert response.status_code == 415


def test_a_form_is_refused_with_415(people: Any) -> None:
    api = Api(people.ada)
    assert api.client.post("/api/v1/companies/", {"name": "x"}, headers=api.headers).status_code == 415


WRONG = [
    None,
    True,
    [],
    {},
    "",
    "x" * 5_000,
    -1,
    0,
    10**30,
    "1e999",
    1.5,
    "1E+1000000",
    ["a"],
    {"id": 1},
    "2026-13-45",
    "9999-12-31",
    [[]],
]
TYPED = {
    "/companies/": ["name", "domain", "employees", "annual_revenue", "annual_revenue_currency", "country", "parent", "owner"],
    "/people/": ["name", "company", "emails", "phones", "consent", "language", "owner"],
    "/leads/": ["name", "email", "status", "owner", "phone"],
    "/activities/": ["kind", "at", "minutes", "company", "lead", "outcome", "direction", "owner"],
    "/tasks/": ["title", "due_at", "done_at", "person", "kind", "owner"],
    "/deals/": [
        "title",
        "amount",
        "currency",
        "stage",
        "pipeline",
        "probability",
        "people",
        "lines",
        "expected_close",
        "product",
        "owner",
    ],
    "/products/": ["code", "price", "currency", "active"],
    "/tickets/": ["subject", "requester", "queue", "status", "priority", "type", "channel", "tags", "email", "message", "owner"],
}
FULL = {
    "/companies/": {"name": "x"},
    "/people/": {"name": "x"},
    "/leads/": {"name": "x"},
    "/activities/": {"kind": "call"},
    "/tasks/": {"title": "x"},
    "/deals/": {"title": "x"},
    "/products/": {"code": "c", "name": "x", "currency": "USD"},
    "/tickets/": {"subject": "x"},
}


@pytest.mark.parametrize(("path", "name"), [(path, name) for path, names in TYPED.items() for name in names])
def test_a_value_of_the_wrong_type_is_taken_or_refused_and_never_fails(path: str, name: str, people: Any) -> None:
    api = Api(people.ada)
    for value in WRONG:
        response = api.post(path, **{**FULL[path], name: value})
        assert response.status_code in (201, 400), (value, response.content)
        if response.status_code == 400:
            assert {field.split(".")[0] for field in fields(response)} <= {name, "", "annual_revenue", "amount", "price"}, value
        else:
            assert api.delete(f"{path}{response.json()['id']}/").status_code == 204


NOT_THEIRS = ["is_staff", "is_superuser", "team", "created_by", "created_at", "version", "origin", "id", "password", "score"]


@pytest.mark.parametrize("path", ["/companies/", "/people/", "/leads/", "/deals/", "/tickets/"])
def test_a_field_that_callers_do_not_set_is_refused_by_name(path: str, people: Any) -> None:
    api = Api(people.ada)
    for name in NOT_THEIRS:
        response = api.post(path, **{**FULL[path], name: 1})
        assert response.status_code == 400, name
        assert fields(response) == {name}


def test_a_representation_may_be_sent_back_as_it_was_read(people: Any) -> None:
    api, company = Api(people.ann), CompanyFactory(owner=people.ann)
    read = api.get(f"/companies/{company.pk}/").json()
    assert api.call("PUT", f"/companies/{company.pk}/", read).status_code == 200
    assert api.call("PUT", f"/companies/{company.pk}/", {**read, "origin": "mail"}).status_code == 400


QUERIES = [
    "ordering=password",
    "ordering=owner__password",
    "ordering=-owner__email",
    "ordering=?",
    "ordering=id;drop",
    "ordering=",
    "limit=0",
    "limit=-1",
    "limit=201",
    "limit=99999999999999999999",
    "limit=NaN",
    "limit=%EF%BC%91",
    "offset=10",
    "page=2",
    "cursor=x",
    "cursor=%00",
    "cursor=" + "A" * 3000,
    "cursor=W10",
    "owner__password__startswith=pbkdf2",
    "created_by__email__regex=a",
    "_connector=OR",
    "include=owner.tokens",
    "q=" + "x" * 300,
    "owner=999999999999999999999999",
    "owner=abc",
    "team=99999999999999999999999",
    "created=1e999",
    "q=%00",
    "q=%ED%A0%80%00",
]


@pytest.mark.parametrize("path", ["/companies/", "/people/", "/leads/", "/deals/", "/tasks/", "/activities/", "/tickets/"])
def test_a_query_that_nobody_offers_is_refused(path: str, people: Any) -> None:
    api = Api(people.ada)
    for query in QUERIES:
        assert api.get(f"{path}?{query}").status_code == 400, query


TEXTS = ["%", "_", "\\", "'", '"', '" OR 1', "a" * 200, "😀", "x y z " * 20, "(((", "*", "NEAR", "\u202e", "NUL"]


@pytest.mark.parametrize("path", ["/companies/", "/people/", "/leads/", "/deals/", "/tickets/"])
def test_any_text_can_be_searched_for(path: str, people: Any) -> None:
    api = Api(people.ada)
    for text in TEXTS:
        assert api.get(f"{path}?q={quote(text)}").status_code == 200, text


@pytest.mark.parametrize("pk", ["0", "-1", "abc", "1e3", "99999999999999999999999999", "1.0", "%00", "1;2", "%2e%2e%2f1"])
def test_an_id_that_cannot_be_is_not_found(pk: str, people: Any) -> None:
    assert Api(people.ada).get(f"/deals/{pk}/").status_code in (400, 404)


@pytest.mark.parametrize("method", ["TRACE", "PROPFIND", "CONNECT"])
def test_other_methods_are_not_allowed(method: str, people: Any) -> None:
    assert Api(people.ada).call(method, "/deals/").status_code == 405


def test_characters_that_cannot_be_stored_are_refused_in_the_apis_format(people: Any) -> None:
    response = Api(people.ada).get("/deals/?q=%00")
    assert response.status_code == 400
    assert response.json()["errors"][0]["code"] == "unclean"


def test_the_method_cannot_be_overridden(people: Any) -> None:
    company = CompanyFactory(owner=people.ada)
    Api(people.ada).post(f"/companies/{company.pk}/merge/", headers={"X-HTTP-Method-Override": "DELETE"})
    assert Company.objects.filter(pk=company.pk).exists()


def test_a_fault_of_ours_tells_nothing_but_its_number(people: Any, monkeypatch: Any) -> None:
    from contacts import services

    def explode(*args: Any, **kwargs: Any) -> None:
        raise RuntimeError("secret detail")

    monkeypatch.setattr(services, "save_company", explode)
    api = Api(people.ada)
    api.client.raise_request_exception = False
    response = api.post("/companies/", name="x")
    assert response.status_code == 500
    assert response.json()["errors"][0]["code"] == "server_error"
    assert b"secret" not in response.content
    assert response.json()["request_id"]
