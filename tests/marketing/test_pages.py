"""The pages of campaigns and costs."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from marketing import services
from marketing.models import Campaign, Cost
from marketing.views.campaigns import tagged
from tests.factories import CampaignFactory, CostFactory, LeadFactory, PersonFactory
from tests.people import People
from tests.suites import posted, queries_of

pytestmark = pytest.mark.django_db
Browser = Callable[[Any], Client]

LISTS = ["marketing:campaigns", "marketing:costs"]
NEW_COST = {"amount": "1,500.50", "currency": "eur", "posted_on": "2026-05-18", "category": "staff", "purpose": "crm"}
NEW_CAMPAIGN = {"name": "Spring fair", "kind": "event", "status": "planned", "budget": "2,000", "start": "2026-05-01"}


def text(client: Client, name: str, *args: Any, query: str = "") -> str:
    response = client.get(reverse(name, args=args) + query)
    assert response.status_code == 200
    return response.content.decode()


@pytest.mark.parametrize("who", ["mia", "max", "ada"])
def test_marketers_managers_and_administrators_see_costs(people: People, client_of: Browser, who: str) -> None:
    cost = CostFactory(name="Banner in the hall")
    client = client_of(getattr(people, who))
    assert "Banner in the hall" in text(client, "marketing:costs")
    assert "Banner in the hall" in text(client, "marketing:cost", cost.pk)


@pytest.mark.parametrize("who", ["ann", "gus"])
def test_reps_and_agents_see_no_costs_anywhere(people: People, client_of: Browser, who: str) -> None:
    cost = CostFactory(campaign=CampaignFactory(), amount=4_321_00)
    client = client_of(getattr(people, who))
    assert client.get(reverse("marketing:costs")).status_code == 403
    assert client.get(reverse("marketing:cost", args=[cost.pk])).status_code == 404
    assert "4,321" not in client_of(people.ann).get(reverse("marketing:campaigns")).content.decode()
    assert "4,321" not in client_of(people.ann).get(reverse("marketing:campaign", args=[cost.campaign_id])).content.decode()


def test_the_list_of_costs_tells_their_sum_and_what_is_not_in_it(people: People, client_of: Browser) -> None:
    CostFactory(amount=100_00)
    CostFactory(amount=200_00, channel="cpc")
    CostFactory(amount=999_00, currency="GBP")
    client = client_of(people.mia)
    page = client.get(reverse("marketing:costs"))
    assert (page.context["totals"]["value"], page.context["totals"]["unconverted"]) == (300_00, 1)
    assert client.get(reverse("marketing:costs") + "?channel=cpc").context["totals"]["value"] == 200_00
    assert client.get(reverse("marketing:costs") + "?unconverted=true").context["totals"]["n"] == 1


@pytest.mark.parametrize("name", LISTS)
def test_lists_take_as_many_queries_with_many_rows_as_with_one(people: People, client_of: Browser, name: str) -> None:
    client = client_of(people.mia)
    CostFactory(campaign=CampaignFactory(owner=people.mia))
    queries_of(client, reverse(name))
    few = queries_of(client, reverse(name))
    for _number in range(8):
        CostFactory(campaign=CampaignFactory(owner=people.mia))
    assert queries_of(client, reverse(name)) == few


@pytest.mark.parametrize("name", LISTS)
@pytest.mark.parametrize("query", ["page=0", "sort=password", "campaign=abc", "from=never", "q=%25", "kind=x", "owner=x"])
def test_lists_survive_what_nobody_should_type(people: People, client_of: Browser, name: str, query: str) -> None:
    assert client_of(people.mia).get(f"{reverse(name)}?{query}").status_code == 200


@pytest.mark.parametrize("name", LISTS)
def test_lists_are_exported_with_their_rows(people: People, client_of: Browser, name: str) -> None:
    CostFactory(name="Banner", campaign=CampaignFactory(name="Banner campaign"), amount=123_45)
    response = client_of(people.mia).get(f"{reverse(name)}?export=csv")
    content = b"".join(response).decode()
    assert "Banner" in content and "123.45" in content


def test_a_cost_is_entered_in_any_currency_by_whoever_enters_it(people: People, client_of: Browser) -> None:
    response = client_of(people.mia).post(reverse("marketing:cost_new"), NEW_COST)
    assert response.status_code == 302, response.context["form"].errors
    cost = Cost.objects.get()
    assert (cost.amount, cost.currency, cost.base_amount, cost.owner, cost.team) == (1_500_50, "EUR", None, people.mia, None)
    assert cost.origin == "page"


def test_a_manager_spends_the_budget_of_the_own_team_only(people: People, client_of: Browser) -> None:
    client, url = client_of(people.max), reverse("marketing:cost_new")
    assert client.post(url, {**NEW_COST, "team": people.south.pk}).status_code == 422
    assert client.post(url, NEW_COST).status_code == 302
    assert Cost.objects.get().team == people.north
    other = CostFactory(team=people.south)
    assert client.get(reverse("marketing:cost_edit", args=[other.pk])).status_code == 403


def test_the_form_says_what_is_wrong_and_keeps_the_rest(people: People, client_of: Browser) -> None:
    wrong = {**NEW_COST, "until": "2026-05-01", "amount": "much", "name": "kept words"}
    response = client_of(people.mia).post(reverse("marketing:cost_new"), wrong)
    assert response.status_code == 422
    assert set(response.context["form"].errors) == {"until", "amount"}
    assert "kept words" in response.content.decode()


def test_two_people_who_change_the_same_cost_are_told(people: People, client_of: Browser) -> None:
    cost = CostFactory()
    url = reverse("marketing:cost_edit", args=[cost.pk])
    mia, ada = client_of(people.mia), client_of(people.ada)
    first, second = posted(mia.get(url).context["form"]), posted(ada.get(url).context["form"])
    first["amount"], second["amount"] = "11", "22"
    assert mia.post(url, first).status_code == 302
    assert ada.post(url, second).status_code == 409
    cost.refresh_from_db()
    assert cost.amount == 11_00


def test_a_cost_is_deleted_after_asking(people: People, client_of: Browser) -> None:
    cost = CostFactory()
    client, url = client_of(people.mia), reverse("marketing:cost_delete", args=[cost.pk])
    assert client.get(url).status_code == 200
    assert client.post(url).status_code == 302
    assert not Cost.objects.exists()


def test_a_campaign_is_made_and_changed(people: People, client_of: Browser) -> None:
    client = client_of(people.mia)
    response = client.post(reverse("marketing:campaign_new"), {**NEW_CAMPAIGN, "owner": people.mia.pk})
    assert response.status_code == 302, response.context["form"].errors
    campaign = Campaign.objects.get()
    assert (campaign.code, campaign.budget, campaign.currency, campaign.owner) == ("Spring fair", 2_000_00, "USD", people.mia)
    form = posted(client.get(reverse("marketing:campaign_edit", args=[campaign.pk])).context["form"])
    assert client.post(reverse("marketing:campaign_edit", args=[campaign.pk]), {**form, "channel": "cpc"}).status_code == 302
    assert client.post(reverse("marketing:campaign_status", args=[campaign.pk]), {"status": "running"}).status_code == 302
    campaign.refresh_from_db()
    assert (campaign.channel, campaign.status) == ("cpc", "running")


def test_a_rep_looks_at_campaigns_and_changes_nothing(people: People, client_of: Browser) -> None:
    campaign = CampaignFactory(owner=people.mia)
    client = client_of(people.ann)
    assert campaign.name in text(client, "marketing:campaign", campaign.pk)
    assert client.get(reverse("marketing:campaign_edit", args=[campaign.pk])).status_code == 403
    assert client.get(reverse("marketing:campaign_new")).status_code == 403


def test_the_page_tells_what_was_spent_once_and_the_leads_it_brought(people: People, client_of: Browser) -> None:
    campaign = CampaignFactory(code="spring", budget=1_000_00)
    CostFactory(campaign=campaign, amount=250_00)
    CostFactory(campaign=campaign, amount=250_00, until=dt.date(2026, 6, 30))
    for _number in range(3):
        LeadFactory(campaign="spring")
    LeadFactory(campaign="other")
    context = client_of(people.mia).get(reverse("marketing:campaign", args=[campaign.pk])).context
    assert (context["money"]["spent"], context["money"]["share"], context["leads"]) == (500_00, 50, 3)


def test_a_campaign_with_costs_says_why_it_stays(people: People, client_of: Browser) -> None:
    campaign = CostFactory(campaign=CampaignFactory()).campaign
    response = client_of(people.mia).post(reverse("marketing:campaign_delete", args=[campaign.pk]), follow=True)
    assert "so it stays" in response.content.decode()
    assert Campaign.objects.exists()


def test_members_are_added_answered_and_taken_out(people: People, client_of: Browser) -> None:
    campaign, lead, person = CampaignFactory(owner=people.mia), LeadFactory(), PersonFactory()
    client = client_of(people.mia)
    add = reverse("marketing:member_add", args=[campaign.pk])
    client.post(add, {"lead": lead.pk, "status": "planned"})
    client.post(add, {"person": person.pk, "status": "reached"})
    client.post(add, {"status": "reached"})
    member = campaign.members.get(lead=lead)
    client.post(reverse("marketing:member_status", args=[member.pk]), {"status": "responded"})
    client.post(reverse("marketing:member_remove", args=[campaign.members.get(person=person).pk]))
    assert list(campaign.members.values_list("lead", "status")) == [(lead.pk, "responded")]
    assert campaign.name in text(client, "contacts:lead", lead.pk)


def test_a_member_is_only_somebody_the_reader_sees(people: People, client_of: Browser) -> None:
    campaign, lead = CampaignFactory(owner=people.max), LeadFactory(owner=people.cleo, name="Cleo's secret")
    client_of(people.max).post(reverse("marketing:member_add", args=[campaign.pk]), {"lead": lead.pk, "status": "planned"})
    assert not campaign.members.exists()
    services.add_members(campaign, leads=[lead])
    assert (
        "Cleo&#x27;s secret" not in text(client_of(people.max), "marketing:campaign", campaign.pk).partition("What happened")[0]
    )


def test_a_lead_shows_the_campaign_it_came_through(people: People, client_of: Browser) -> None:
    CampaignFactory(name="The spring campaign", code="spring")
    lead = LeadFactory(owner=people.ann, campaign="spring")
    assert "The spring campaign" in text(client_of(people.ann), "contacts:lead", lead.pk)


def test_a_link_carries_the_campaigns_marks_and_keeps_the_rest() -> None:
    campaign = Campaign(source="Google Ads", channel="cpc", code="spring fair")
    made = tagged("https://x.example/p?a=1&utm_source=old#top", campaign)
    assert made == "https://x.example/p?a=1&utm_source=Google+Ads&utm_medium=cpc&utm_campaign=spring+fair#top"


def test_lookups_find_campaigns_and_leads(people: People, client_of: Browser) -> None:
    CampaignFactory(name="Spring fair")
    LeadFactory(name="Rosa Long")
    client = client_of(people.mia)
    assert client.get(reverse("marketing:lookup_campaigns") + "?q=spri").json()["results"][0]["label"] == "Spring fair"
    assert client.get(reverse("marketing:lookup_leads") + "?q=rosa").json()["results"][0]["label"] == "Rosa Long"
    assert "Spring fair" in text(client, "search", query="?q=spring")


@pytest.mark.parametrize("model", ["campaign", "cost", "costday", "campaignmember"])
def test_the_administration_shows_them(people: People, client_of: Browser, model: str) -> None:
    people.ada.is_staff = people.ada.is_superuser = True
    people.ada.save()
    CostFactory(campaign=CampaignFactory())
    assert client_of(people.ada).get(reverse(f"admin:marketing_{model}_changelist")).status_code == 200
