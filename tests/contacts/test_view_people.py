"""The pages of people."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from contacts.models import Company, Person
from tests.factories import CompanyFactory, PersonFactory
from tests.people import People
from tests.suites import RecordSuite, posted

pytestmark = pytest.mark.django_db

ROWS = {
    "emails-TOTAL_FORMS": "1",
    "emails-INITIAL_FORMS": "0",
    "phones-TOTAL_FORMS": "1",
    "phones-INITIAL_FORMS": "0",
}


class TestPersonPages(RecordSuite):
    model = Person
    list_url = "contacts:people"
    page_url = "contacts:person"
    new_url = "contacts:person_new"
    edit_url = "contacts:person_edit"
    delete_url = "contacts:person_delete"

    def make(self, **values: Any) -> Person:
        return PersonFactory(
            company=CompanyFactory(owner=values.get("owner")), emails=[f"p{Person.objects.count()}@x.example"], **values
        )

    def form(self, **values: Any) -> dict[str, Any]:
        return {"name": "Paula Pons", "consent": "unknown", **ROWS, **values}


def test_typed_emails_and_phones_are_kept_in_order(people: People, client_of: Callable[[Any], Client]) -> None:
    form = {
        "name": "Paula Pons",
        "consent": "unknown",
        "emails-TOTAL_FORMS": "2",
        "emails-INITIAL_FORMS": "0",
        "emails-0-email": "paula@work.example",
        "emails-0-type": "work",
        "emails-1-email": "paula@home.example",
        "emails-1-type": "home",
        "phones-TOTAL_FORMS": "1",
        "phones-INITIAL_FORMS": "0",
        "phones-0-phone": "+33 1 23 45 67 89",
        "phones-0-type": "mobile",
    }
    client_of(people.ann).post(reverse("contacts:person_new"), form)
    paula = Person.objects.get()
    assert list(paula.emails.values_list("email", "type")) == [("paula@work.example", "work"), ("paula@home.example", "home")]
    assert paula.phones.get().e164 == "+33123456789"


def test_a_phone_without_digits_is_an_error_at_its_row(people: People, client_of: Callable[[Any], Client]) -> None:
    form = {"name": "Paula", "consent": "unknown", **ROWS, "phones-0-phone": "call me"}
    response = client_of(people.ann).post(reverse("contacts:person_new"), form)
    assert response.status_code == 422
    assert "digits" in response.content.decode()


def test_a_new_company_is_added_with_the_person(people: People, client_of: Callable[[Any], Client]) -> None:
    form = {"name": "Paula", "consent": "unknown", **ROWS, "company": "new:Acme"}
    client_of(people.ann).post(reverse("contacts:person_new"), form)
    assert Person.objects.get().company == Company.objects.get(name="Acme", owner=people.ann)


def test_a_company_known_by_that_name_is_taken(people: People, client_of: Callable[[Any], Client]) -> None:
    acme = CompanyFactory(name="Acme", owner=people.ann)
    client_of(people.ann).post(
        reverse("contacts:person_new"), {"name": "Paula", "consent": "unknown", **ROWS, "company": "new:ACME "}
    )
    assert Person.objects.get().company == acme


def test_a_foreign_company_is_refused_at_its_field(people: People, client_of: Callable[[Any], Client]) -> None:
    foreign = CompanyFactory(owner=people.cleo)
    form = {"name": "Paula", "consent": "unknown", **ROWS, "company": foreign.pk}
    response = client_of(people.ann).post(reverse("contacts:person_new"), form)
    assert response.status_code == 422
    assert "company" in response.context["form"].errors


def test_a_removed_row_is_removed(people: People, client_of: Callable[[Any], Client]) -> None:
    paula = PersonFactory(owner=people.ann, emails=["a@x.example", "b@x.example"])
    client, url = client_of(people.ann), reverse("contacts:person_edit", args=[paula.pk])
    form = posted(client.get(url).context["form"]) | {"emails-0-DELETE": "on"}
    assert client.post(url, form).status_code == 302
    assert [row.email for row in paula.emails.all()] == ["b@x.example"]


@pytest.mark.parametrize("text", ["paul", "PONS", "ula@work", "work.example", "4567", "23 45 67"])
def test_the_search_box_finds_any_part(people: People, client_of: Callable[[Any], Client], text: str) -> None:
    PersonFactory(name="Paula Pons", owner=people.ann, emails=["paula@work.example"], phones=["+33 1 23 45 67 89"])
    PersonFactory(name="Somebody Else", owner=people.ann)
    page = client_of(people.ann).get(reverse("contacts:people"), {"q": text}).content.decode()
    assert "Paula Pons" in page
    assert "Somebody Else" not in page


def test_the_page_has_links_to_write_and_call(people: People, client_of: Callable[[Any], Client]) -> None:
    paula = PersonFactory(owner=people.ann, emails=["paula@work.example"], phones=["+33 1 23 45 67 89"])
    page = client_of(people.ann).get(reverse("contacts:person", args=[paula.pk])).content.decode()
    assert 'href="mailto:paula@work.example"' in page
    assert 'href="tel:+33123456789"' in page
