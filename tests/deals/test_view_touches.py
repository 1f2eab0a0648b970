"""The panel that says where an order, a deal or a customer came from."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from crm import services as kernel
from crm.models import Organisation
from tests.factories import CompanyFactory, DealFactory, LeadFactory, utc
from tests.people import People

from .ordering import order

pytestmark = pytest.mark.django_db


@pytest.fixture
def client(client_of: Any, people: People, clock: Any) -> Client:
    clock("2026-06-01 10:00")
    return client_of(people.ann)


def text_of(client: Client, record: Any) -> str:
    response = client.get(record.get_absolute_url())
    assert response.status_code == 200
    return " ".join(response.content.decode().split())


def came(people: People) -> Any:
    """A company of Ann's that came by two touches."""
    company = CompanyFactory(name="Acme", owner=people.ann)
    LeadFactory(company=company, created_at=utc("2026-05-01"), source="Fair in Oslo")
    LeadFactory(company=company, created_at=utc("2026-05-02"), source="Newsletter", campaign="spring")
    return company


def test_an_order_shows_its_touches_with_credit_and_money_by_the_model_of_the_settings(client: Client, people: People) -> None:
    sold = order(came(people), "2026-05-20", 91_00, owner=people.ann)
    text = text_of(client, sold)
    assert "Where it came from" in text
    assert "Fair in Oslo" in text
    assert text.count("$45.50") == 2
    kernel.save_organisation(Organisation.objects.get(), attribution_model="first")
    text = text_of(client, sold)
    assert "First touch" in text
    assert "$45.50" not in text


def test_an_order_that_nothing_led_to_says_so(client: Client, people: People) -> None:
    sold = order(CompanyFactory(owner=people.ann), "2026-05-20", 100_00, owner=people.ann)
    assert "its revenue is credited to nobody" in text_of(client, sold)


def test_a_company_shows_what_stood_before_its_first_order_or_what_is_known_by_now(client: Client, people: People) -> None:
    company = came(people)
    assert "Fair in Oslo" in text_of(client, company)
    assert "Before the first order" not in text_of(client, company)
    sold = order(company, "2026-05-01 12:00", 100_00, owner=people.ann)
    text = text_of(client, company)
    assert f"Before the first order, {sold}." in text
    assert "Newsletter" not in text.partition("Where it came from")[2].partition("Before the first order")[0]


def test_who_may_not_see_the_order_sees_no_money_of_it(client: Client, people: People) -> None:
    company = came(people)
    sold = order(company, "2026-05-20", 91_00, owner=people.cleo)
    text = text_of(client, company)
    assert "Fair in Oslo" in text
    assert "$45.50" not in text
    assert str(sold) not in text


def test_a_won_deal_shows_what_stood_before_it_was_won(client: Client, people: People) -> None:
    deal = DealFactory(company=came(people), owner=people.ann, created_at=utc("2026-05-01"), won_at=utc("2026-05-01 12:00"))
    panel = text_of(client, deal).partition("Where it came from")[2]
    assert "Fair in Oslo" in panel
    assert "Newsletter" not in panel.partition("credit by model")[0]


def test_a_company_or_open_deal_of_which_nothing_is_known_shows_no_panel(client: Client, people: People) -> None:
    company = CompanyFactory(owner=people.ann)
    assert "Where it came from" not in text_of(client, company)
    assert "Where it came from" not in text_of(client, DealFactory(company=company, owner=people.ann))
