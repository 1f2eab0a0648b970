"""/api/v1/deals/"""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from crm.models import Event
from deals.models import Deal, DealState
from tests.api import Api, fields
from tests.factories import (
    CompanyFactory,
    DealFactory,
    LeadFactory,
    LossReasonFactory,
    PersonFactory,
    PipelineFactory,
    ProductFactory,
    usual_pipeline,
)

pytestmark = pytest.mark.django_db


def test_a_deal_needs_only_a_title(people: Any) -> None:
    pipeline = usual_pipeline()
    response = Api(people.ann).post("/deals/", title="Solar roof")
    read = response.json()
    assert response.status_code == 201
    assert (read["pipeline"], read["stage"]) == (pipeline.pk, pipeline.stages.first().pk)
    assert (read["status"], read["amount"], read["currency"], read["owner"]) == ("open", None, "USD", people.ann.pk)
    assert Deal.objects.get().number == read["number"]


def test_a_deal_comes_with_company_people_and_lines(people: Any) -> None:
    company, person, product = CompanyFactory(owner=people.ann), PersonFactory(owner=people.ann), ProductFactory()
    read = (
        Api(people.ann)
        .post(
            "/deals/",
            title="Solar roof",
            company=company.pk,
            currency="EUR",
            people=[{"person": person.pk, "role": "decides"}],
            lines=[{"product": product.pk, "quantity": "2.5", "unit_price": "10.10", "discount": "10"}],
        )
        .json()
    )
    assert read["people"] == [{"person": person.pk, "role": "decides"}]
    assert read["lines"] == [
        {"product": product.pk, "quantity": "2.500", "unit_price": "10.10", "discount": "10.00", "amount": "22.72"}
    ]
    assert (read["amount"], read["product"]) == ("22.72", product.pk)


def test_a_deal_read_can_be_put_back_with_a_change(people: Any) -> None:
    from deals.models import DealLine

    deal = DealFactory(
        owner=people.ann,
        people=[(PersonFactory(owner=people.ann), "buys")],
        lines=[DealLine(product=ProductFactory(), quantity=2, unit_price=500)],
    )
    api = Api(people.ann)
    read = api.get(f"/deals/{deal.pk}/").json()
    read["lines"][0]["quantity"] = "3"
    response = api.call("PUT", f"/deals/{deal.pk}/", read)
    assert response.status_code == 200, response.content
    assert response.json()["amount"] == "15.00"


def test_the_amount_of_a_deal_with_lines_comes_from_them(people: Any) -> None:
    from deals.models import DealLine

    deal = DealFactory(owner=people.ann, lines=[DealLine(product=ProductFactory(), quantity=2, unit_price=500)])
    api = Api(people.ann)
    assert fields(api.patch(f"/deals/{deal.pk}/", amount="99")) == {"amount"}
    assert fields(api.patch(f"/deals/{deal.pk}/", currency="EUR")) == {"lines"}
    assert api.patch(f"/deals/{deal.pk}/", amount="10.00").status_code == 200


def test_amounts_are_exact_decimals_in_the_deals_currency(people: Any) -> None:
    api = Api(people.ann)
    assert api.post("/deals/", title="A", amount="0.10").json()["amount"] == "0.10"
    assert api.post("/deals/", title="B", amount="1234567890123.45").json()["amount"] == "1234567890123.45"
    assert api.call("POST", "/deals/", '{"title": "C", "amount": 0.1}').json()["amount"] == "0.10"
    assert api.post("/deals/", title="D", amount="5", currency="KWD").json()["amount"] == "5.000"
    for wrong in ("0.001", "-1", "1,000", "12 USD", "1e3", "NaN", " 5", "\uff15", "10000000000000.01"):
        assert fields(api.post("/deals/", title="E", amount=wrong)) == {"amount"}, wrong
    assert fields(api.post("/deals/", title="F", amount="5", currency="XXY")) == {"currency"}


def test_a_new_currency_needs_the_amount_in_it(people: Any) -> None:
    deal, api = DealFactory(owner=people.ann, amount=1000_00), Api(people.ann)
    assert fields(api.patch(f"/deals/{deal.pk}/", currency="JPY")) == {"amount"}
    assert api.patch(f"/deals/{deal.pk}/", currency="JPY", amount="150000").json()["amount"] == "150000"


@pytest.mark.parametrize(
    "name", ["status", "won_at", "lost_at", "lost_reason", "number", "team", "created_at", "origin", "lead", "chance"]
)
def test_what_actions_and_the_program_set_cannot_be_patched(name: str, people: Any) -> None:
    deal = DealFactory(owner=people.ann)
    assert fields(Api(people.ann).patch(f"/deals/{deal.pk}/", **{name: "won"})) == {name}


def test_a_change_through_the_api_is_history_by_the_tokens_owner(people: Any) -> None:
    deal = DealFactory(owner=people.ann, amount=1000_00)
    Api(people.ann).patch(f"/deals/{deal.pk}/", amount="1200")
    state = DealState.objects.get(deal=deal, end=None)
    assert (state.amount, state.by, state.origin) == (1200_00, people.ann, "api")
    event = Event.objects.get(kind="deal.changed")
    assert (event.actor, event.origin) == (people.ann, "api")


def test_a_deal_moves_within_its_pipeline(people: Any) -> None:
    deal, api = DealFactory(owner=people.ann), Api(people.ann)
    offer = deal.pipeline.stages.get(name="Offer")
    assert api.post(f"/deals/{deal.pk}/move/", stage=offer.pk).json()["stage"] == offer.pk
    assert fields(api.post(f"/deals/{deal.pk}/move/")) == {"stage"}
    assert fields(api.post(f"/deals/{deal.pk}/move/", stage=999_999)) == {"stage"}


def test_a_stage_of_another_pipeline_is_refused_when_the_pipeline_is_named(people: Any) -> None:
    deal, other = DealFactory(owner=people.ann), PipelineFactory()
    response = Api(people.ann).patch(f"/deals/{deal.pk}/", stage=other.stages.first().pk, pipeline=deal.pipeline_id)
    assert fields(response) == {"stage"}


def test_a_deal_is_won_reopened_and_lost(people: Any) -> None:
    deal, reason, api = DealFactory(owner=people.ann), LossReasonFactory(), Api(people.ann)
    won = api.post(f"/deals/{deal.pk}/win/").json()
    assert (won["status"], won["chance"]) == ("won", 100)
    assert won["won_at"]
    reopened = api.post(f"/deals/{deal.pk}/reopen/").json()
    assert (reopened["status"], reopened["won_at"]) == ("open", None)
    lost = api.post(f"/deals/{deal.pk}/lose/", reason=reason.pk, note="Too dear").json()
    assert (lost["status"], lost["lost_reason"], lost["lost_note"], lost["chance"]) == ("lost", reason.pk, "Too dear", 0)


def test_the_outcome_can_be_dated(people: Any) -> None:
    deal = DealFactory(owner=people.ann, created_at=dt.datetime(2026, 1, 5, tzinfo=dt.UTC))
    api = Api(people.ann)
    assert api.post(f"/deals/{deal.pk}/win/", at="2026-02-01T09:00:00+01:00").json()["won_at"] == "2026-02-01T08:00:00Z"
    assert fields(api.post(f"/deals/{deal.pk}/win/", at="2026-02-01T09:00:00")) == {"at"}
    other = DealFactory(owner=people.ann, created_at=dt.datetime(2026, 1, 5, tzinfo=dt.UTC))
    assert api.post(f"/deals/{other.pk}/win/", at="2025-12-31T00:00:00Z").status_code == 400
    assert Deal.objects.get(pk=other.pk).status == "open"


def test_the_history_tells_how_the_deal_stood_when(people: Any) -> None:
    deal, api = DealFactory(owner=people.ann, amount=500_00), Api(people.ann)
    api.patch(f"/deals/{deal.pk}/", amount="700")
    api.post(f"/deals/{deal.pk}/win/")
    answer = api.get(f"/deals/{deal.pk}/history/?limit=2").json()
    rest = api.get(answer["next"]).json()["results"]
    rows = [*answer["results"], *rest]
    assert [(row["status"], row["amount"]) for row in rows] == [("open", "500.00"), ("open", "700.00"), ("won", "700.00")]
    assert [row["end"] for row in rows[:-1]] == [row["start"] for row in rows[1:]]
    assert rows[-1]["end"] is None


def test_links_reach_only_what_the_caller_sees(people: Any) -> None:
    company, person = CompanyFactory(owner=people.cleo), PersonFactory(owner=people.cleo)
    api = Api(people.ann)
    assert fields(api.post("/deals/", title="x", company=company.pk)) == {"company"}
    assert fields(api.post("/deals/", title="x", people=[{"person": person.pk}])) == {"people.0.person"}
    assert not Deal.objects.exists()


def test_activities_and_tasks_are_added_to_the_deal(people: Any) -> None:
    deal, api = DealFactory(owner=people.ann, company=CompanyFactory(owner=people.ann)), Api(people.ann)
    call = api.post(f"/deals/{deal.pk}/activities/", kind="call", minutes=5)
    task = api.post(f"/deals/{deal.pk}/tasks/", title="Send the offer")
    assert (call.status_code, task.status_code) == (201, 201)
    assert call.json()["company"] == task.json()["company"] == deal.company_id
    assert (deal.activities.count(), deal.tasks.count()) == (1, 1)


def test_the_list_is_filtered_as_on_the_page(people: Any) -> None:
    open_deal, won = DealFactory(owner=people.ann), DealFactory(owner=people.ann)
    api = Api(people.ann)
    api.post(f"/deals/{won.pk}/win/")
    assert [row["id"] for row in api.get("/deals/?status=won").json()["results"]] == [won.pk]
    assert len(api.get("/deals/?status=won&status=open").json()["results"]) == 2
    assert [row["id"] for row in api.get(f"/deals/?q={open_deal.number}").json()["results"]] == [open_deal.pk]


def test_only_who_may_delete_deletes(people: Any) -> None:
    deal = DealFactory(owner=people.ann)
    assert Api(people.ann).delete(f"/deals/{deal.pk}/").status_code == 403
    assert Api(people.max).delete(f"/deals/{deal.pk}/").status_code == 204
    assert Event.objects.filter(kind="deal.deleted", origin="api", actor=people.max).exists()


def test_a_lead_becomes_company_person_and_deal(people: Any) -> None:
    lead = LeadFactory(owner=people.ann, name="Rosa", email="rosa@acme.example", company_name="Acme", source="web")
    made = Api(people.ann).post(f"/leads/{lead.pk}/convert/", title="Solar roof", amount="5000").json()
    deal = Deal.objects.get(pk=made["deal"])
    assert (deal.company_id, deal.lead_id, deal.amount, deal.source) == (made["company"], lead.pk, 5000_00, "web")
    assert Api(people.ann).get(f"/leads/{lead.pk}/").json()["person"] == made["person"]


def test_a_lead_is_converted_once(people: Any) -> None:
    lead, api = LeadFactory(owner=people.ann), Api(people.ann)
    assert api.post(f"/leads/{lead.pk}/convert/", with_deal=False).json()["deal"] is None
    assert api.post(f"/leads/{lead.pk}/convert/").status_code == 400
    assert not Deal.objects.exists()


def test_a_lead_is_converted_only_into_what_the_caller_sees(people: Any) -> None:
    lead, company = LeadFactory(owner=people.ann), CompanyFactory(owner=people.cleo)
    assert fields(Api(people.ann).post(f"/leads/{lead.pk}/convert/", company=company.pk)) == {"company"}


def test_who_may_not_make_deals_converts_without_one(people: Any) -> None:
    lead = LeadFactory(owner=people.ann)
    assert Api(people.mia).post(f"/leads/{lead.pk}/convert/").status_code == 403
    assert Api(people.mia).post(f"/leads/{lead.pk}/convert/", with_deal=False).status_code == 200
