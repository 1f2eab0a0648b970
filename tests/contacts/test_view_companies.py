"""The pages of companies."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from contacts.models import Company, Person
from tests.factories import CompanyFactory, DealFactory, PersonFactory
from tests.people import People
from tests.suites import RecordSuite

pytestmark = pytest.mark.django_db


class TestCompanyPages(RecordSuite):
    model = Company
    list_url = "contacts:companies"
    page_url = "contacts:company"
    new_url = "contacts:company_new"
    edit_url = "contacts:company_edit"
    delete_url = "contacts:company_delete"

    def make(self, **values: Any) -> Company:
        return CompanyFactory(**values)

    def form(self, **values: Any) -> dict[str, Any]:
        return {"name": "Acme", "domain": "https://www.acme.com/about", "country": "fr", **values}


def test_a_typed_address_becomes_a_bare_domain(people: People, client_of: Callable[[Any], Client]) -> None:
    client_of(people.ann).post(
        reverse("contacts:company_new"), {"name": "Acme", "domain": "https://www.Acme.com/about", "country": "fr"}
    )
    acme = Company.objects.get()
    assert (acme.domain, acme.country) == ("acme.com", "FR")


def test_a_domain_taken_by_ones_own_company_names_it(people: People, client_of: Callable[[Any], Client]) -> None:
    CompanyFactory(name="First", domain="acme.com", owner=people.ann)
    response = client_of(people.ann).post(reverse("contacts:company_new"), {"name": "Second", "domain": "acme.com"})
    assert response.status_code == 422
    assert "First" in str(response.context["form"].errors["domain"])


def test_a_domain_taken_elsewhere_does_not_tell_by_whom(people: People, client_of: Callable[[Any], Client]) -> None:
    CompanyFactory(name="Secret", domain="acme.com", owner=people.cleo)
    response = client_of(people.ann).post(reverse("contacts:company_new"), {"name": "Second", "domain": "acme.com"})
    assert response.status_code == 422
    assert "Secret" not in response.content.decode()


def test_a_company_with_deals_is_not_deleted_and_says_why(people: People, client_of: Callable[[Any], Client]) -> None:
    acme = CompanyFactory(owner=people.ann)
    DealFactory(company=acme, owner=people.ann)
    response = client_of(people.max).post(reverse("contacts:company_delete", args=[acme.pk]), follow=True)
    assert Company.objects.filter(pk=acme.pk).exists()
    assert "cannot be deleted" in response.content.decode()


def test_the_page_shows_a_colleagues_deal_to_nobody_else(people: People, client_of: Callable[[Any], Client]) -> None:
    acme = CompanyFactory(owner=people.ann)
    DealFactory(title="Hidden treasure", company=acme, owner=people.cleo)
    DealFactory(title="Own deal", company=acme, owner=people.ann)
    text = client_of(people.ann).get(reverse("contacts:company", args=[acme.pk])).content.decode()
    assert "Own deal" in text
    assert "Hidden treasure" not in text


def test_a_foreign_parent_is_refused_at_its_field(people: People, client_of: Callable[[Any], Client]) -> None:
    foreign = CompanyFactory(owner=people.cleo)
    response = client_of(people.ann).post(reverse("contacts:company_new"), {"name": "Acme", "parent": foreign.pk})
    assert response.status_code == 422
    assert "parent" in response.context["form"].errors


def test_merging_keeps_the_chosen_one_with_everything_of_both(people: People, client_of: Callable[[Any], Client]) -> None:
    one, two = CompanyFactory(name="Acme", owner=people.ann), CompanyFactory(name="Acme Ltd", owner=people.ann)
    PersonFactory(company=one, owner=people.ann)
    url = reverse("contacts:company_merge", args=[one.pk])
    client = client_of(people.max)
    assert "Acme Ltd" in client.get(url, {"other": two.pk}).content.decode()
    client.post(url, {"other": two.pk, "keep": two.pk})
    assert list(Company.objects.all()) == [two]
    assert Person.objects.get().company == two


def test_merging_with_a_foreign_company_is_refused(people: People, client_of: Callable[[Any], Client]) -> None:
    one, foreign = CompanyFactory(owner=people.ann), CompanyFactory(owner=people.cleo)
    response = client_of(people.max).post(reverse("contacts:company_merge", args=[one.pk]), {"other": foreign.pk, "keep": one.pk})
    assert response.status_code == 422
    assert Company.objects.count() == 2
