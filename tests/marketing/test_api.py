"""/api/v1/campaigns/ and /api/v1/costs/"""

from __future__ import annotations

import pytest

from marketing.models import Campaign, Cost
from tests.api import Api, fields
from tests.factories import CampaignFactory, CostFactory, LeadFactory
from tests.people import People

pytestmark = pytest.mark.django_db

COST = {"posted_on": "2026-05-18", "amount": "12.34", "category": "software", "purpose": "crm"}


def test_a_cost_is_written_in_major_units_and_read_with_its_base_amount(people: People) -> None:
    read = Api(people.mia).post("/costs/", **COST, until="2026-05-19").json()
    assert (read["amount"], read["currency"], read["base_amount"], read["owner"]) == ("12.34", "USD", "12.34", people.mia.pk)
    assert list(Cost.objects.get().parts.values_list("amount", flat=True)) == [617, 617]
    assert Api(people.mia).post("/costs/", **COST, currency="GBP").json()["base_amount"] is None


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"amount": "-1"}, "amount"),
        ({"amount": "1.234"}, "amount"),
        ({"currency": "XXY"}, "currency"),
        ({"until": "2026-05-01"}, "until"),
        ({"category": "bribes"}, "category"),
        ({"base_amount": "1"}, "base_amount"),
        ({"campaign": 999_999}, "campaign"),
    ],
)
def test_what_cannot_be_is_refused_at_its_field(people: People, values: dict, field: str) -> None:
    assert fields(Api(people.mia).post("/costs/", **{**COST, **values})) == {field}
    assert not Cost.objects.exists()


def test_costs_are_closed_to_reps(people: People) -> None:
    cost, api = CostFactory(), Api(people.ann)
    assert api.get("/costs/").status_code == 403
    assert api.get(f"/costs/{cost.pk}/").status_code == 404
    assert api.post("/costs/", **COST).status_code == 403


def test_a_manager_names_an_own_team(people: People) -> None:
    api = Api(people.max)
    assert fields(api.post("/costs/", **COST, team=people.south.pk)) == {"team"}
    assert api.post("/costs/", **COST).json()["team"] == people.north.pk


def test_costs_are_filtered_and_sorted(people: People) -> None:
    small, large = CostFactory(amount=1, channel="cpc"), CostFactory(amount=2)
    api = Api(people.mia)
    assert [row["id"] for row in api.get("/costs/?channel=cpc").json()["results"]] == [small.pk]
    assert [row["id"] for row in api.get("/costs/?ordering=-base_amount").json()["results"]] == [large.pk, small.pk]


def test_a_cost_is_changed_and_deleted(people: People) -> None:
    cost, api = CostFactory(), Api(people.mia)
    assert api.patch(f"/costs/{cost.pk}/", amount="5").json()["amount"] == "5.00"
    assert api.delete(f"/costs/{cost.pk}/").status_code == 204
    assert not Cost.objects.exists()


def test_a_campaign_is_made_changed_and_kept_while_it_has_costs(people: People) -> None:
    api = Api(people.mia)
    made = api.post("/campaigns/", name="Spring", budget="100").json()
    assert (made["code"], made["budget"], made["currency"], made["status"]) == ("Spring", "100.00", "USD", "planned")
    assert api.patch(f"/campaigns/{made['id']}/", start="2026-05-02", end="2026-05-01").status_code == 400
    assert fields(api.post("/campaigns/", name="spring")) == {"name"} or Campaign.objects.count() == 1
    CostFactory(campaign=Campaign.objects.get())
    assert api.delete(f"/campaigns/{made['id']}/").status_code == 400


def test_members_are_added_changed_and_taken_out(people: People) -> None:
    campaign, lead, api = CampaignFactory(), LeadFactory(), Api(people.mia)
    url = f"/campaigns/{campaign.pk}"
    assert api.post(f"{url}/add-member/", lead=lead.pk).status_code == 200
    assert api.post(f"{url}/add-member/", lead=lead.pk, status="responded").status_code == 200
    (row,) = api.get(f"{url}/members/").json()["results"]
    assert (row["lead"], row["status"]) == (lead.pk, "responded")
    assert fields(api.post(f"{url}/add-member/")) == {"lead"}
    assert api.post(f"{url}/remove-member/", member=row["id"]).status_code == 200
    assert api.get(f"{url}/members/").json()["results"] == []
