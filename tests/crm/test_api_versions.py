"""ETag and If-Match: what was changed in the meantime is not overwritten."""

from __future__ import annotations

from typing import Any

import pytest

from contacts.models import Company
from tests.api import Api
from tests.factories import CompanyFactory, DealFactory, LeadFactory, ProductFactory

pytestmark = pytest.mark.django_db


def test_a_change_against_the_version_that_was_read_is_written(people: Any) -> None:
    company, api = CompanyFactory(owner=people.ann), Api(people.ann)
    tag = api.get(f"/companies/{company.pk}/")["ETag"]
    response = api.patch(f"/companies/{company.pk}/", {"If-Match": tag}, city="Lyon")
    assert response.status_code == 200
    assert response["ETag"] == api.get(f"/companies/{company.pk}/")["ETag"] != tag


@pytest.mark.parametrize("method", ["PATCH", "PUT", "DELETE"])
def test_a_change_against_an_older_version_is_refused(method: str, people: Any) -> None:
    company, api = CompanyFactory(owner=people.ann, city="Lyon"), Api(people.max)
    tag = api.get(f"/companies/{company.pk}/")["ETag"]
    api.patch(f"/companies/{company.pk}/", city="Paris")
    response = api.call(method, f"/companies/{company.pk}/", {"name": "Acme", "city": "Nice"}, {"If-Match": tag})
    assert response.status_code == 412
    assert Company.objects.get().city == "Paris"


def test_without_if_match_the_change_is_written(people: Any) -> None:
    company = CompanyFactory(owner=people.ann)
    assert Api(people.ann).patch(f"/companies/{company.pk}/", city="Lyon").status_code == 200


def test_actions_check_the_version_too(people: Any) -> None:
    deal, lead, api = DealFactory(owner=people.ann), LeadFactory(owner=people.ann), Api(people.ann)
    for path in (f"/deals/{deal.pk}/win/", f"/deals/{deal.pk}/lose/", f"/leads/{lead.pk}/convert/"):
        assert api.post(path, {"If-Match": '"other"'}).status_code == 412
    for path in (f"/deals/{deal.pk}/win/", f"/leads/{lead.pk}/convert/"):
        tag = api.get(path.rsplit("/", 2)[0] + "/")["ETag"]
        assert api.post(path, {"If-Match": f'"other", {tag}'}).status_code == 200


def test_what_has_not_changed_is_not_sent_again(people: Any) -> None:
    product, api = ProductFactory(), Api(people.ann)
    tag = api.get(f"/products/{product.pk}/")["ETag"]
    response = api.get(f"/products/{product.pk}/", **{"If-None-Match": f"W/{tag}"})
    assert (response.status_code, response.content) == (304, b"")


def test_a_new_records_tag_is_the_one_it_is_read_with(people: Any) -> None:
    response = Api(people.ann).post("/companies/", name="Acme")
    assert response["ETag"] == Api(people.ann).get(response["Location"])["ETag"]
