"""The score of a lead where people meet it: its page, the list, the API."""

from __future__ import annotations

from typing import Any

import pytest

from contacts import services
from contacts.models import Lead
from tests.api import Api
from tests.factories import ActivityFactory, LeadFactory, utc


@pytest.mark.parametrize(
    ("fields", "score"),
    [
        ({}, 0),
        ({"source": "Google Ads"}, 10),
        ({"source": "Salon de Lyon"}, 20),
        ({"email": "a@gmail.com"}, 5),
        ({"email": "a@firm.example", "company_name": "Firm"}, 20),
        ({"landing_page": "/pumps", "description": "Two pumps"}, 20),
        ({"phone": " "}, 0),
    ],
)
def test_points_are_given_for_what_is_known(organisation: Any, fields: dict[str, str], score: int) -> None:
    assert Lead.objects.get(pk=LeadFactory(**fields).pk).score == score


def test_contacts_give_points_up_to_a_bound_and_calls_that_reached_nobody_none(people: Any, clock: Any) -> None:
    clock("2026-05-18 10:00")
    lead = LeadFactory(owner=people.ann, created_at=utc("2026-05-11"))
    for kind, fields in (("call", {"direction": "out", "outcome": "no_answer"}), ("note", {"direction": "in"})):
        ActivityFactory(lead=lead, kind=kind, at=utc("2026-05-12"), **fields)
    assert Lead.objects.get(pk=lead.pk).score == 0
    for _number in range(5):
        ActivityFactory(lead=lead, kind="meeting", direction="both", at=utc("2026-05-13"))
    assert Lead.objects.get(pk=lead.pk).score == 30


def test_the_page_says_why(people: Any, client_of: Any) -> None:
    lead = LeadFactory(owner=people.ann, source="Partner", phone="1")
    page = client_of(people.ann).get(lead.get_absolute_url()).content.decode()
    assert "Came by recommendation, partner or event" in page
    assert "Has a phone number" in page
    assert "+20" in page and "+10" in page


def test_a_change_is_a_new_row_and_the_old_one_stays(people: Any, clock: Any) -> None:
    clock("2026-05-18 10:00")
    lead = LeadFactory(owner=people.ann)
    services.save_lead(lead, source="Partner")
    services.save_lead(lead, name="Another name")
    assert list(lead.scores.order_by("at", "pk").values_list("score", flat=True)) == [0, 20]


def test_the_list_sorts_and_filters_by_score(people: Any, client_of: Any) -> None:
    hot = {"source": "Referral", "email": "z@firm.example", "phone": "1", "company_name": "F", "description": "A pump"}
    LeadFactory(owner=people.ann, name="Hot one", **hot)
    LeadFactory(owner=people.ann, name="Cold one")
    browser = client_of(people.ann)
    page = browser.get("/leads/?score=hot").content.decode()
    assert "Hot one" in page and "Cold one" not in page
    page = browser.get("/leads/?sort=-score").content.decode()
    assert page.index("Hot one") < page.index("Cold one")


def test_the_api_gives_the_score_and_takes_none(people: Any) -> None:
    lead, api = LeadFactory(owner=people.ann, source="Partner"), Api(people.ann)
    assert api.get(f"/leads/{lead.pk}/").json()["score"] == 20
    api.patch(f"/leads/{lead.pk}/", score=99)
    assert Lead.objects.get(pk=lead.pk).score == 20
