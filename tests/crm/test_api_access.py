"""Who gets in, and how far: the rule over every address of the API."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils import timezone

from crm.models import ApiToken, Event
from tests.api import Api, routes
from tests.deals.ordering import order
from tests.deals.subscribing import subscription
from tests.factories import (
    ActivityFactory,
    CompanyFactory,
    DealFactory,
    LeadFactory,
    PersonFactory,
    TaskFactory,
    TicketFactory,
    utc,
)

pytestmark = pytest.mark.django_db

ALL = routes()
SCOPED = {"company", "person", "lead", "lead-conversion", "activity", "task", "deal", "order", "subscription", "ticket"}
DETAIL = [row for row in ALL if "{pk}" in row[1] and row[2] in SCOPED]
WRITES = [row for row in ALL if row[0] != "GET"]


def identify(row: Any) -> str:
    return f"{row[0]} {row[1]}" if isinstance(row, tuple) else str(row)


@pytest.fixture
def south(people: Any) -> dict[str, Any]:
    """Cleo's records: Ann is an outsider to them."""
    lead, company = LeadFactory(owner=people.cleo), CompanyFactory(owner=people.cleo)
    return {
        "company": company,
        "person": PersonFactory(owner=people.cleo),
        "lead": lead,
        "lead-conversion": lead,
        "activity": ActivityFactory(owner=people.cleo),
        "task": TaskFactory(owner=people.cleo),
        "deal": DealFactory(owner=people.cleo),
        "order": order(company, "2026-05-04", 100_00, owner=people.cleo),
        "subscription": subscription(company, "2026-05-04", owner=people.cleo),
        "ticket": TicketFactory(company=company),
    }


def path_to(row: tuple[str, str, str], records: dict[str, Any]) -> str:
    record = records.get(row[2])
    return row[1].replace("{pk}", str(record.pk if record else 1))


def test_the_matrix_covers_what_the_contract_names() -> None:
    names = {row[1] for row in ALL}
    assert {
        "/companies/",
        "/people/",
        "/leads/",
        "/activities/",
        "/tasks/",
        "/deals/",
        "/users/",
        "/teams/",
        "/products/",
    } <= names
    assert {"/deals/{pk}/win/", "/deals/{pk}/history/", "/leads/{pk}/convert/", "/tasks/{pk}/complete/"} <= names


@pytest.mark.once  # refused before any record is read
@pytest.mark.parametrize("row", ALL, ids=identify)
def test_without_a_token_every_address_answers_401(row: tuple[str, str, str], south: dict[str, Any]) -> None:
    response = Api().call(row[0], path_to(row, south), {})
    assert response.status_code == 401
    assert response["WWW-Authenticate"] == "Bearer"
    assert response.json()["errors"][0]["code"] == "not_authenticated"


@pytest.mark.once  # refused before any record is read
@pytest.mark.parametrize("row", WRITES, ids=identify)
def test_a_token_to_read_cannot_write_anywhere(row: tuple[str, str, str], south: dict[str, Any], people: Any) -> None:
    before = Event.objects.count()
    response = Api(people.ada, scope="read").call(row[0], path_to(row, south), {})
    assert response.status_code == 403
    assert Event.objects.count() == before


@pytest.mark.parametrize("row", DETAIL, ids=identify)
def test_an_outsider_gets_404_and_changes_nothing(row: tuple[str, str, str], south: dict[str, Any], people: Any) -> None:
    before = Event.objects.count()
    response = Api(people.ann).call(row[0], path_to(row, south), {})
    missing = Api(people.ann).call(row[0], row[1].replace("{pk}", "999999"), {})
    assert response.status_code == missing.status_code == 404
    assert response.json()["errors"] == missing.json()["errors"]
    assert Event.objects.count() == before


@pytest.mark.parametrize("row", [row for row in DETAIL if row[0] == "GET"], ids=identify)
def test_the_owner_reads_the_same_address(row: tuple[str, str, str], south: dict[str, Any], people: Any) -> None:
    assert Api(people.cleo).get(path_to(row, south)).status_code == 200


@pytest.mark.parametrize("path", ["/companies/", "/people/", "/leads/", "/activities/", "/tasks/", "/deals/"])
def test_lists_leave_out_what_the_caller_may_not_see(path: str, south: dict[str, Any], people: Any) -> None:
    assert Api(people.ann).get(path).json()["results"] == []
    assert len(Api(people.cleo).get(path).json()["results"]) == 1


def test_a_manager_reads_the_teams_records_and_not_the_other_teams(people: Any, south: dict[str, Any]) -> None:
    deal = DealFactory(owner=people.ben)
    found = Api(people.max).get("/deals/").json()["results"]
    assert [row["id"] for row in found] == [deal.pk]


def test_a_role_without_any_right_to_a_resource_gets_403_on_its_list(people: Any) -> None:
    assert Api(people.gus).get("/leads/").status_code == 403
    assert Api(people.gus).post("/leads/", name="Mine").status_code == 403


def test_a_rep_sees_a_record_but_may_not_delete_it(people: Any) -> None:
    company = CompanyFactory(owner=people.ann)
    assert Api(people.ann).delete(f"/companies/{company.pk}/").status_code == 403
    assert Api(people.max).delete(f"/companies/{company.pk}/").status_code == 204


def test_a_lowered_role_counts_on_the_next_request(people: Any) -> None:
    company, api = CompanyFactory(owner=people.ann), Api(people.ada)
    assert api.get(f"/companies/{company.pk}/").status_code == 200
    people.ada.role = "rep"
    people.ada.save()
    assert api.get(f"/companies/{company.pk}/").status_code == 404


def test_an_expired_token_is_refused(people: Any, clock: Any) -> None:
    clock("2026-05-18 10:00")
    api = Api(people.ann)
    ApiToken.objects.update(expires_at=utc("2026-05-18 11:00"))
    assert api.get("/deals/").status_code == 200
    clock("2026-05-18 11:00")
    assert api.get("/deals/").status_code == 401


def test_an_inactive_users_token_is_refused(people: Any) -> None:
    api = Api(people.ann)
    people.ann.is_active = False
    people.ann.save()
    assert api.get("/deals/").status_code == 401


@pytest.mark.parametrize(
    "header", ["Bearer", "Bearer ", "Bearer sxt_wrong", "Bearer sxt_\u00e9", "Basic YTpi", "Token x", "Bearer a b"]
)
def test_a_malformed_or_unknown_token_is_refused(header: str, people: Any) -> None:
    assert Api(Authorization=header).get("/deals/").status_code == 401


def test_a_token_in_the_address_is_not_read(people: Any) -> None:
    _token, secret = ApiToken.issue(people.ann, "laptop")
    assert Api().get(f"/deals/?token={secret}&access_token={secret}&Authorization=Bearer%20{secret}").status_code == 401


def test_the_last_use_is_written_at_most_once_a_minute(people: Any, clock: Any, django_assert_max_num_queries: Any) -> None:
    clock("2026-05-18 10:00:00")
    api = Api(people.ann)
    uses = []
    for when in ("10:00:00", "10:00:59", "10:01:00"):
        clock(f"2026-05-18 {when}")
        api.get("/teams/")
        uses.append(ApiToken.objects.get().last_used_at)
    assert uses == [utc("2026-05-18 10:00"), utc("2026-05-18 10:00"), utc("2026-05-18 10:01")]


def test_a_token_is_limited_by_the_minute_and_told_when_to_come_back(people: Any, clock: Any, settings: Any) -> None:
    settings.API_REQUESTS_PER_MINUTE = 2
    clock("2026-05-18 10:00:20")
    api, other = Api(people.ann), Api(people.ben)
    assert [api.get("/teams/").status_code for _ in range(3)] == [200, 200, 429]
    assert api.get("/teams/")["Retry-After"] == "40"
    assert other.get("/teams/").status_code == 200
    clock("2026-05-18 10:01:00")
    assert api.get("/teams/").status_code == 200


def test_a_session_reads_and_needs_the_csrf_token_to_write(people: Any) -> None:
    from django.test import Client

    client = Client(enforce_csrf_checks=True)
    client.force_login(people.ann)
    assert client.get("/api/v1/companies/").status_code == 200
    assert client.post("/api/v1/companies/", '{"name": "Acme"}', content_type="application/json").status_code == 403


def test_what_a_token_does_is_recorded_as_its_owner_through_the_api(people: Any) -> None:
    Api(people.ann).post("/companies/", name="Acme")
    event = Event.objects.get(kind="company.created")
    assert (event.actor, event.origin) == (people.ann, "api")


def test_the_actor_of_one_request_is_not_left_over_for_the_next(people: Any) -> None:
    from crm import events

    Api(people.ann).post("/companies/", name="Acme")
    assert events.actor() is None
    assert events.origin() == "system"


def test_answers_are_kept_from_shared_caches(people: Any) -> None:
    response = Api(people.ann).get("/companies/")
    assert response["Cache-Control"] == "private, no-cache"
    assert {"Authorization", "Cookie"} <= set(response["Vary"].split(", "))


def test_an_unknown_address_answers_in_the_apis_format(people: Any) -> None:
    response = Api(people.ann).get("/nothing/here/")
    assert response.status_code == 404
    assert response.json()["errors"][0]["code"] == "not_found"


def test_users_are_shown_without_their_secrets(people: Any) -> None:
    rows = Api(people.ann).get("/users/").json()["results"]
    assert len(rows) == 7
    assert set(rows[0]) == {"id", "username", "name", "email", "role", "team", "is_active"}


def test_users_and_teams_cannot_be_written(people: Any) -> None:
    for path in ("/users/", "/teams/", "/pipelines/", "/stages/", "/loss-reasons/"):
        assert Api(people.ada).post(path, name="x").status_code == 405
    assert Api(people.ada).patch(f"/users/{people.ann.pk}/", role="admin").status_code == 405


def test_messages_come_in_the_language_of_the_tokens_owner(people: Any) -> None:
    people.ann.language = "fr"
    people.ann.save()
    response = Api(people.ann).post("/companies/", name="")
    assert response.json()["errors"][0]["message"] == "Ce champ ne peut être vide."
    assert timezone.get_current_timezone_name() == "UTC"
