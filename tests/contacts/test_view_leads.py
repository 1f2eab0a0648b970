"""The pages of leads, and converting them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from contacts.models import Company, Lead, Person
from deals.models import Deal
from tests.factories import ActivityFactory, CompanyFactory, LeadFactory, PersonFactory, usual_pipeline
from tests.people import People
from tests.suites import RecordSuite

pytestmark = pytest.mark.django_db


class TestLeadPages(RecordSuite):
    model = Lead
    list_url = "contacts:leads"
    page_url = "contacts:lead"
    new_url = "contacts:lead_new"
    edit_url = "contacts:lead_edit"
    delete_url = "contacts:lead_delete"

    def make(self, **values: Any) -> Lead:
        return LeadFactory(**values)

    def form(self, **values: Any) -> dict[str, Any]:
        return {"name": "Lena Lind", "company_name": "Lind AB", "email": "lena@lind.example", "status": "new", **values}


def test_status_is_set_from_the_page(people: People, client_of: Callable[[Any], Client]) -> None:
    lead = LeadFactory(owner=people.ann)
    client_of(people.ann).post(reverse("contacts:lead_status", args=[lead.pk]), {"status": "disqualified"})
    lead.refresh_from_db()
    assert lead.status == "disqualified"
    assert lead.closed_at is not None


@pytest.mark.parametrize("status", ["converted", "odd", ""])
def test_a_status_that_cannot_be_set_is_refused(people: People, client_of: Callable[[Any], Client], status: str) -> None:
    lead = LeadFactory(owner=people.ann)
    client_of(people.ann).post(reverse("contacts:lead_status", args=[lead.pk]), {"status": status})
    lead.refresh_from_db()
    assert lead.status == "new"


def test_the_list_finds_those_not_answered_yet(people: People, client_of: Callable[[Any], Client]) -> None:
    answered = LeadFactory(name="Was answered", owner=people.ann)
    ActivityFactory(lead=answered, owner=people.ann)
    LeadFactory(name="Still waiting", owner=people.ann)
    page = client_of(people.ann).get(reverse("contacts:leads"), {"answered": "no"}).content.decode()
    assert "Still waiting" in page
    assert "Was answered" not in page


def test_converting_makes_company_person_and_deal(people: People, client_of: Callable[[Any], Client]) -> None:
    usual_pipeline()
    lead = LeadFactory(name="Lena Lind", company_name="Lind AB", email="lena@lind.example", source="fair", owner=people.ann)
    client = client_of(people.ann)
    form = {"with_deal": "on", "title": "Lind: pump", "amount": "1,200", "currency": "USD"}
    response = client.post(reverse("deals:lead_convert", args=[lead.pk]), form)
    deal = Deal.objects.get()
    assert response["Location"] == deal.get_absolute_url()
    assert (deal.title, deal.amount, deal.lead, deal.owner, deal.source) == ("Lind: pump", 1_200_00, lead, people.ann, "fair")
    assert (Company.objects.get().name, Person.objects.get().name) == ("Lind AB", "Lena Lind")


def test_converting_proposes_what_is_known_and_takes_it(people: People, client_of: Callable[[Any], Client]) -> None:
    usual_pipeline()
    lind = CompanyFactory(name="Lind AB", domain="lind.example", owner=people.ann)
    lena = PersonFactory(name="Lena Lind", company=lind, emails=["lena@lind.example"], owner=people.ann)
    lead = LeadFactory(name="Lena Lind", company_name="Lind AB", email="lena@lind.example", owner=people.ann)
    client = client_of(people.ann)
    url = reverse("deals:lead_convert", args=[lead.pk])
    page = client.get(url)
    assert (page.context["company"], page.context["person"]) == (lind, lena)
    client.post(url, {"company": lind.pk, "person": lena.pk, "currency": "USD"})
    lead.refresh_from_db()
    assert (lead.company, lead.person, lead.status) == (lind, lena, "converted")
    assert not Deal.objects.exists()


def test_a_match_that_belongs_to_a_colleague_is_not_shown(people: People, client_of: Callable[[Any], Client]) -> None:
    CompanyFactory(name="Lind Secret Holding", domain="lind.example", owner=people.cleo)
    lead = LeadFactory(name="Lena Lind", email="lena@lind.example", owner=people.ann)
    page = client_of(people.ann).get(reverse("deals:lead_convert", args=[lead.pk])).content.decode()
    assert "Lind Secret Holding" not in page


def test_converting_twice_makes_one_deal(people: People, client_of: Callable[[Any], Client]) -> None:
    usual_pipeline()
    lead = LeadFactory(owner=people.ann)
    client, url = client_of(people.ann), reverse("deals:lead_convert", args=[lead.pk])
    for _time in range(2):
        client.post(url, {"with_deal": "on", "currency": "USD"})
    assert Deal.objects.count() == 1
