"""/api/v1/people/"""

from __future__ import annotations

from typing import Any

import pytest

from contacts.models import Person
from tests.api import Api, fields
from tests.factories import CompanyFactory, PersonFactory

pytestmark = pytest.mark.django_db


def test_a_person_comes_with_typed_emails_and_phones(people: Any) -> None:
    response = Api(people.ann).post(
        "/people/",
        name="Rosa Diaz",
        emails=[{"email": "rosa@acme.example"}, {"email": "rosa@home.example", "type": "home"}],
        phones=[{"phone": "+33 1 44 55 66 77", "type": "mobile"}],
    )
    assert response.status_code == 201
    read = response.json()
    assert read["emails"] == [{"email": "rosa@acme.example", "type": "work"}, {"email": "rosa@home.example", "type": "home"}]
    assert read["phones"] == [{"phone": "+33 1 44 55 66 77", "type": "mobile", "e164": "+33144556677"}]


def test_a_list_replaces_the_old_one_and_an_absent_list_leaves_it(people: Any) -> None:
    person, api = PersonFactory(owner=people.ann, emails=["a@x.example", "b@x.example"]), Api(people.ann)
    assert len(api.patch(f"/people/{person.pk}/", title="CEO").json()["emails"]) == 2
    assert api.patch(f"/people/{person.pk}/", emails=[{"email": "c@x.example"}]).json()["emails"] == [
        {"email": "c@x.example", "type": "work"}
    ]
    assert api.patch(f"/people/{person.pk}/", emails=[]).json()["emails"] == []


def test_a_person_read_can_be_put_back_with_a_change(people: Any) -> None:
    person, api = PersonFactory(owner=people.ann, phones=["+33 1 44 55 66 77"], emails=["a@x.example"]), Api(people.ann)
    read = api.get(f"/people/{person.pk}/").json()
    response = api.call("PUT", f"/people/{person.pk}/", {**read, "title": "CEO"})
    assert (response.status_code, response.json()["title"]) == (200, "CEO")


@pytest.mark.parametrize(
    ("sent", "named"),
    [
        ({"emails": [{"email": "nobody"}]}, {"emails.0.email"}),
        ({"emails": [{"email": "a@x.example", "type": "pigeon"}]}, {"emails.0.type"}),
        ({"emails": [{"email": "a@x.example", "person": 1}]}, {"emails.0.person"}),
        ({"emails": [{"email": f"a{n}@x.example"} for n in range(21)]}, {"emails"}),
        ({"emails": "a@x.example"}, {"emails"}),
        ({"emails": ["a@x.example"]}, {"emails.0"}),
        ({"emails": None}, {"emails"}),
        ({"phones": [{"phone": "none"}]}, {"phones"}),
        ({"consent": "maybe"}, {"consent"}),
    ],
)
def test_what_is_wrong_is_named_where_it_is(sent: dict, named: set[str], people: Any) -> None:
    response = Api(people.ann).post("/people/", name="Rosa", **sent)
    assert response.status_code == 400
    assert fields(response) == named
    assert not Person.objects.exists()


def test_an_address_belongs_to_one_person(people: Any) -> None:
    PersonFactory(owner=people.cleo, emails=["rosa@acme.example"])
    response = Api(people.ann).post("/people/", name="Rosa", emails=[{"email": "ROSA@acme.example"}])
    assert response.status_code == 400
    assert fields(response) == {"emails"}
    assert Person.objects.count() == 1


def test_a_person_joins_only_a_company_the_caller_sees(people: Any) -> None:
    own, other = CompanyFactory(owner=people.ann), CompanyFactory(owner=people.cleo)
    api = Api(people.ann)
    assert api.post("/people/", name="A", company=own.pk).json()["company"] == own.pk
    assert fields(api.post("/people/", name="B", company=other.pk)) == {"company"}


def test_four_digits_of_a_number_find_the_person(people: Any) -> None:
    PersonFactory(owner=people.ann, name="Rosa", phones=["+33 1 44 55 66 77"])
    assert [row["name"] for row in Api(people.ann).get("/people/?q=5566").json()["results"]] == ["Rosa"]


def test_people_are_merged_and_deleted_by_who_may(people: Any) -> None:
    keep, lose = PersonFactory(owner=people.ann), PersonFactory(owner=people.ann, emails=["a@x.example"])
    assert Api(people.ann).delete(f"/people/{lose.pk}/").status_code == 403
    merged = Api(people.max).post(f"/people/{keep.pk}/merge/", lose=lose.pk)
    assert [row["email"] for row in merged.json()["emails"]] == ["a@x.example"]
    assert Api(people.max).delete(f"/people/{keep.pk}/").status_code == 204
    assert not Person.objects.exists()


def test_an_agent_edits_all_people_and_deletes_none(people: Any) -> None:
    person, api = PersonFactory(owner=people.cleo), Api(people.gus)
    assert api.patch(f"/people/{person.pk}/", title="CEO").status_code == 200
    assert api.delete(f"/people/{person.pk}/").status_code == 403
