"""/api/v1/leads/"""

from __future__ import annotations

from typing import Any

import pytest

from contacts.models import Lead
from tests.api import Api, fields
from tests.factories import ActivityFactory, LeadFactory, utc

pytestmark = pytest.mark.django_db


def test_a_lead_gets_a_number_and_keeps_where_it_came_from(people: Any) -> None:
    response = Api(people.ann).post(
        "/leads/", name="Rosa", email="rosa@acme.example", source="web", medium="cpc", campaign="spring"
    )
    read = response.json()
    assert response.status_code == 201
    assert (read["source"], read["medium"], read["campaign"], read["status"]) == ("web", "cpc", "spring", "new")
    assert read["number"].startswith("L-")


def test_qualifying_a_lead_dates_it(people: Any, clock: Any) -> None:
    clock("2026-05-18 10:00")
    lead = LeadFactory(owner=people.ann)
    read = Api(people.ann).patch(f"/leads/{lead.pk}/", status="qualified").json()
    assert read["qualified_at"] == "2026-05-18T10:00:00Z"


def test_a_lead_is_converted_by_converting_it_not_by_its_status(people: Any) -> None:
    lead = LeadFactory(owner=people.ann)
    response = Api(people.ann).patch(f"/leads/{lead.pk}/", status="converted")
    assert fields(response) == {"status"}
    assert Lead.objects.get().converted_at is None


def test_dates_that_numbers_read_cannot_be_typed(people: Any) -> None:
    for name in ("first_response_at", "qualified_at", "converted_at", "closed_at", "number"):
        assert fields(Api(people.ann).post("/leads/", name="x", **{name: "2026-05-18T10:00:00Z"})) == {name}


def test_untouched_leads_are_those_nobody_reached_out_to(people: Any) -> None:
    touched, waiting = LeadFactory(owner=people.ann), LeadFactory(owner=people.ann)
    ActivityFactory(owner=people.ann, lead=touched, at=utc("2026-05-18"))
    rows = Api(people.ann).get("/leads/?answered=no").json()["results"]
    assert [row["id"] for row in rows] == [waiting.pk]


def test_a_marketer_edits_every_lead_and_deletes_none(people: Any) -> None:
    lead, api = LeadFactory(owner=people.cleo), Api(people.mia)
    assert api.patch(f"/leads/{lead.pk}/", source="fair").status_code == 200
    assert api.delete(f"/leads/{lead.pk}/").status_code == 403
    assert Api(people.ada).delete(f"/leads/{lead.pk}/").status_code == 204
