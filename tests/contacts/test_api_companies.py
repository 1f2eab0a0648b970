"""/api/v1/companies/"""

from __future__ import annotations

from typing import Any

import pytest

from contacts.models import Company
from crm.models import Event
from tests.api import Api, fields
from tests.factories import CompanyFactory, DealFactory, PersonFactory

pytestmark = pytest.mark.django_db


def test_a_new_company_belongs_to_whoever_makes_it(people: Any) -> None:
    response = Api(people.ann).post("/companies/", name="Acme", domain="https://www.acme.example/about", country="FR")
    company = Company.objects.get()
    assert response.status_code == 201
    assert response["Location"].endswith(f"/api/v1/companies/{company.pk}/")
    assert (company.owner, company.team, company.domain) == (people.ann, people.north, "acme.example")


def test_a_company_is_read_with_all_its_fields(people: Any) -> None:
    company = CompanyFactory(owner=people.ann, name="Acme", annual_revenue=123_456_78, annual_revenue_currency="EUR")
    read = Api(people.ann).get(f"/companies/{company.pk}/").json()
    assert (read["name"], read["annual_revenue"], read["annual_revenue_currency"]) == ("Acme", "123456.78", "EUR")
    assert read["owner"] == people.ann.pk


def test_revenue_is_written_in_major_units_of_its_currency(people: Any) -> None:
    api = Api(people.ann)
    assert (
        api.post("/companies/", name="A", annual_revenue="12.5", annual_revenue_currency="EUR").json()["annual_revenue"]
        == "12.50"
    )
    assert api.post("/companies/", name="B", annual_revenue="12", annual_revenue_currency="JPY").json()["annual_revenue"] == "12"
    assert list(Company.objects.order_by("pk").values_list("annual_revenue", flat=True)) == [1250, 12]
    assert fields(api.post("/companies/", name="C", annual_revenue="1.5", annual_revenue_currency="JPY")) == {"annual_revenue"}


def test_a_change_writes_only_what_was_sent(people: Any) -> None:
    company = CompanyFactory(owner=people.ann, name="Acme", city="Lyon")
    response = Api(people.ann).patch(f"/companies/{company.pk}/", city="Paris")
    assert response.json()["name"] == "Acme"
    event = Event.objects.get(kind="company.changed")
    assert (event.old, event.new, event.origin) == ({"city": "Lyon"}, {"city": "Paris"}, "api")


def test_a_company_cannot_be_put_under_one_the_caller_does_not_see(people: Any) -> None:
    other = CompanyFactory(owner=people.cleo)
    response = Api(people.ann).post("/companies/", name="Acme", parent=other.pk)
    missing = Api(people.ann).post("/companies/", name="Acme", parent=999_999)
    assert fields(response) == fields(missing) == {"parent"}
    assert response.json()["errors"][0]["code"] == missing.json()["errors"][0]["code"] == "does_not_exist"
    assert Company.objects.count() == 1


def test_a_link_that_is_there_already_may_stay_though_the_caller_does_not_see_it(people: Any) -> None:
    company = CompanyFactory(owner=people.ann, parent=CompanyFactory(owner=people.cleo))
    api = Api(people.ann)
    read = api.get(f"/companies/{company.pk}/").json()
    assert api.call("PUT", f"/companies/{company.pk}/", {**read, "city": "Lyon"}).status_code == 200


def test_the_services_refusal_comes_back_on_its_field(people: Any) -> None:
    top = CompanyFactory(owner=people.ann)
    below = CompanyFactory(owner=people.ann, parent=top)
    response = Api(people.ann).patch(f"/companies/{top.pk}/", parent=below.pk)
    assert response.status_code == 400
    assert fields(response) == {"parent"}


def test_a_rep_hands_records_to_nobody_else(people: Any) -> None:
    company, api = CompanyFactory(owner=people.ann), Api(people.ann)
    for owner in (people.ben.pk, people.cleo.pk, None):
        assert fields(api.patch(f"/companies/{company.pk}/", owner=owner)) == {"owner"}
        assert fields(api.post("/companies/", name="x", owner=owner)) == {"owner"}


def test_a_manager_hands_records_to_the_own_team_only(people: Any) -> None:
    company, api = CompanyFactory(owner=people.ann), Api(people.max)
    assert api.patch(f"/companies/{company.pk}/", owner=people.ben.pk).json()["owner"] == people.ben.pk
    assert fields(api.patch(f"/companies/{company.pk}/", owner=people.cleo.pk)) == {"owner"}


def test_an_administrator_may_leave_a_record_without_owner(people: Any) -> None:
    company = CompanyFactory(owner=people.ann)
    response = Api(people.ada).patch(f"/companies/{company.pk}/", owner=None)
    assert response.json()["owner"] is None


def test_a_domain_is_taken_once(people: Any) -> None:
    CompanyFactory(owner=people.cleo, domain="acme.example")
    assert Api(people.ann).post("/companies/", name="Acme", domain="acme.example").status_code == 400


def test_a_company_with_deals_is_not_deleted(people: Any) -> None:
    company = CompanyFactory(owner=people.ann)
    DealFactory(owner=people.ann, company=company)
    assert Api(people.max).delete(f"/companies/{company.pk}/").status_code == 400
    assert Company.objects.count() == 1


def test_merging_moves_everything_and_deletes_the_other(people: Any) -> None:
    keep, lose = CompanyFactory(owner=people.ann), CompanyFactory(owner=people.ann)
    person = PersonFactory(owner=people.ann, company=lose)
    assert Api(people.max).post(f"/companies/{keep.pk}/merge/", lose=lose.pk).status_code == 200
    person.refresh_from_db()
    assert person.company == keep
    assert not Company.objects.filter(pk=lose.pk).exists()


def test_what_one_may_not_delete_one_may_not_merge_away(people: Any) -> None:
    keep, lose, south = CompanyFactory(owner=people.ann), CompanyFactory(owner=people.ann), CompanyFactory(owner=people.cleo)
    assert Api(people.ann).post(f"/companies/{keep.pk}/merge/", lose=lose.pk).status_code == 403
    assert fields(Api(people.max).post(f"/companies/{keep.pk}/merge/", lose=south.pk)) == {"lose"}
    assert Api(people.max).post(f"/companies/{keep.pk}/merge/", lose=keep.pk).status_code == 400
    assert Company.objects.count() == 3


def test_the_pages_filters_narrow_the_list(people: Any) -> None:
    CompanyFactory(owner=people.ann, name="Acme Steel", industry="Steel")
    CompanyFactory(owner=people.ben, name="Birch", industry="Wood")
    api = Api(people.max)
    assert [row["name"] for row in api.get("/companies/?industry=steel").json()["results"]] == ["Acme Steel"]
    assert [row["name"] for row in api.get("/companies/?q=birch").json()["results"]] == ["Birch"]
    assert [row["name"] for row in api.get(f"/companies/?owner={people.ben.pk}").json()["results"]] == ["Birch"]
