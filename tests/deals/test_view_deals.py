"""The pages of deals."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from contacts.models import Company, Person
from deals.models import Deal, LossReason
from tests.factories import (
    CompanyFactory,
    DealFactory,
    LossReasonFactory,
    PersonFactory,
    PipelineFactory,
    ProductFactory,
    TaskFactory,
    usual_pipeline,
)
from tests.people import People
from tests.suites import RecordSuite, posted, queries_of

pytestmark = pytest.mark.django_db

ROWS = {"lines-TOTAL_FORMS": "0", "lines-INITIAL_FORMS": "0"}


def new_deal(**values: Any) -> dict[str, Any]:
    """What the form of a new deal posts."""
    stage = usual_pipeline().stages.order_by("position").first()
    return {
        "title": "Pump for Acme",
        "company": "new:Acme",
        "amount": "1,500",
        "currency": "USD",
        "stage": stage.pk,
        **ROWS,
        **values,
    }


class TestDealPages(RecordSuite):
    model = Deal
    list_url = "deals:deals"
    page_url = "deals:deal"
    new_url = "deals:deal_new"
    edit_url = "deals:deal_edit"
    delete_url = "deals:deal_delete"
    name_field = "title"
    needed = ("stage",)

    def make(self, **values: Any) -> Deal:
        owner = values["owner"]
        company = CompanyFactory(owner=owner)
        person = PersonFactory(owner=owner, company=company)
        return DealFactory(company=company, people=[(person, "decides")], **values)

    def form(self, **values: Any) -> dict[str, Any]:
        return new_deal(**values)


def test_company_and_person_are_added_with_the_deal(people: People, client_of: Callable[[Any], Client]) -> None:
    form = new_deal(person="new:Paula Pons", person_email="paula@acme.example", person_phone="+33 1 23 45 67 89", title="")
    client_of(people.ann).post(reverse("deals:deal_new"), form)
    deal, paula = Deal.objects.get(), Person.objects.get()
    assert (deal.title, deal.amount, deal.company.name, deal.company.owner) == ("Deal with Acme", 1_500_00, "Acme", people.ann)
    assert (paula.company, paula.emails.get().email, paula.phones.get().e164) == (
        deal.company,
        "paula@acme.example",
        "+33123456789",
    )
    assert deal.deal_people.get().person == paula


def test_who_is_known_is_taken_not_added(people: People, client_of: Callable[[Any], Client]) -> None:
    acme = CompanyFactory(name="Acme", domain="acme.example", owner=people.ann)
    paula = PersonFactory(name="Paula Pons", emails=["paula@acme.example"], owner=people.ann, company=acme)
    form = new_deal(company="new:acme", person="new:paula@acme.example")
    client_of(people.ann).post(reverse("deals:deal_new"), form)
    deal = Deal.objects.get()
    assert (deal.company, deal.deal_people.get().person) == (acme, paula)
    assert (Company.objects.count(), Person.objects.count()) == (1, 1)


def test_a_person_brings_their_company(people: People, client_of: Callable[[Any], Client]) -> None:
    paula = PersonFactory(owner=people.ann, company=CompanyFactory(owner=people.ann))
    client_of(people.ann).post(reverse("deals:deal_new"), new_deal(company="", person=paula.pk))
    assert Deal.objects.get().company == paula.company


def test_an_e_mail_of_a_colleagues_contact_is_refused_without_a_name(people: People, client_of: Callable[[Any], Client]) -> None:
    PersonFactory(name="Secret Person", emails=["secret@x.example"], owner=people.cleo)
    form = new_deal(person="new:Somebody", person_email="secret@x.example")
    response = client_of(people.ann).post(reverse("deals:deal_new"), form)
    assert response.status_code == 422
    assert "person_email" in response.context["form"].errors
    assert "Secret Person" not in response.content.decode()
    assert not Company.objects.exists()


@pytest.mark.parametrize("field", ["company", "person"])
def test_foreign_records_are_refused_at_their_field(people: People, client_of: Callable[[Any], Client], field: str) -> None:
    foreign = {"company": CompanyFactory, "person": PersonFactory}[field](owner=people.cleo)
    response = client_of(people.ann).post(reverse("deals:deal_new"), new_deal(**{field: foreign.pk}))
    assert response.status_code == 422
    assert field in response.context["form"].errors


def test_the_page_of_a_foreign_company_is_not_preset(people: People, client_of: Callable[[Any], Client]) -> None:
    foreign = CompanyFactory(name="Secret Holding", owner=people.cleo)
    usual_pipeline()
    page = client_of(people.ann).get(f"{reverse('deals:deal_new')}?company={foreign.pk}&person=x&stage=99999999999999999999")
    assert page.status_code == 200
    assert "Secret Holding" not in page.content.decode()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("amount", "a lot"),
        ("amount", "-5"),
        ("amount", "99999999999999999999999"),
        ("currency", "XXZ"),
        ("expected_close", "soon"),
        ("probability", "101"),
        ("stage", "99999999999999999999999"),
        ("company", "99999999999999999999999"),
    ],
)
def test_a_value_that_cannot_be_is_an_error_at_its_field(
    people: People, client_of: Callable[[Any], Client], field: str, value: str
) -> None:
    response = client_of(people.ann).post(reverse("deals:deal_new"), new_deal(**{field: value}))
    assert response.status_code == 422
    assert field in response.context["form"].errors
    assert value in response.content.decode() or field in ("company", "stage")
    assert not Deal.objects.exists()


def test_lines_give_the_value(people: People, client_of: Callable[[Any], Client]) -> None:
    pump = ProductFactory(price=400_00, currency="USD")
    rows = {
        "lines-TOTAL_FORMS": "2",
        "lines-0-product": pump.pk,
        "lines-0-quantity": "2",
        "lines-0-discount": "10",
        "lines-1-product": pump.pk,
        "lines-1-quantity": "1",
        "lines-1-unit_price": "99.50",
    }
    client_of(people.ann).post(reverse("deals:deal_new"), new_deal(**rows))
    assert Deal.objects.get().amount == 720_00 + 99_50


def test_a_line_without_a_price_in_the_currency_says_so(people: People, client_of: Callable[[Any], Client]) -> None:
    pump = ProductFactory(price=400_00, currency="EUR")
    rows = {"lines-TOTAL_FORMS": "1", "lines-0-product": pump.pk, "lines-0-quantity": "1"}
    response = client_of(people.ann).post(reverse("deals:deal_new"), new_deal(**rows))
    assert response.status_code == 422
    assert "Write the price in USD" in response.content.decode()


def test_editing_something_else_leaves_people_and_lines(people: People, client_of: Callable[[Any], Client]) -> None:
    from deals.models import DealLine

    line = DealLine(product=ProductFactory(), quantity=2, unit_price=100_00, amount=0)
    paula = PersonFactory(owner=people.ann)
    deal = DealFactory(owner=people.ann, people=[(paula, "buys")], lines=[line])
    kept = (deal.lines.get().pk, deal.deal_people.get().pk)
    client, url = client_of(people.ann), reverse("deals:deal_edit", args=[deal.pk])
    form = posted(client.get(url).context["form"]) | {"source": "fair"}
    assert client.post(url, form).status_code == 302
    assert (deal.lines.get().pk, deal.deal_people.get().pk) == kept
    deal.refresh_from_db()
    assert (deal.source, deal.amount) == ("fair", 200_00)


# --- what is done to a deal


def test_moving_by_the_stage_bar(people: People, client_of: Callable[[Any], Client]) -> None:
    deal = DealFactory(owner=people.ann)
    offer = deal.pipeline.stages.get(name="Offer")
    client_of(people.ann).post(reverse("deals:deal_move", args=[deal.pk]), {"stage": offer.pk})
    deal.refresh_from_db()
    assert deal.stage == offer


@pytest.mark.parametrize("stage", ["", "abc", "999999999999999999999999999", "other"])
def test_a_stage_of_elsewhere_is_refused(people: People, client_of: Callable[[Any], Client], stage: str) -> None:
    deal = DealFactory(owner=people.ann)
    before = deal.stage_id
    wanted = PipelineFactory().stages.first().pk if stage == "other" else stage
    client_of(people.ann).post(reverse("deals:deal_move", args=[deal.pk]), {"stage": wanted})
    deal.refresh_from_db()
    assert deal.stage_id == before


def test_losing_takes_a_reason_from_a_chip(people: People, client_of: Callable[[Any], Client]) -> None:
    deal, price = DealFactory(owner=people.ann), LossReasonFactory(name="Too dear")
    client = client_of(people.ann)
    assert "Too dear" in client.get(deal.get_absolute_url()).content.decode()
    client.post(reverse("deals:deal_lose", args=[deal.pk]), {"reason": price.pk, "note": "Half our price elsewhere"})
    deal.refresh_from_db()
    assert (deal.status, deal.lost_reason, deal.lost_note) == ("lost", price, "Half our price elsewhere")


def test_an_unknown_reason_is_refused(people: People, client_of: Callable[[Any], Client]) -> None:
    deal = DealFactory(owner=people.ann)
    LossReason.objects.all().delete()
    client_of(people.ann).post(reverse("deals:deal_lose", args=[deal.pk]), {"reason": "77"})
    deal.refresh_from_db()
    assert deal.status == "open"


def test_won_and_reopened(people: People, client_of: Callable[[Any], Client]) -> None:
    deal = DealFactory(owner=people.ann)
    client = client_of(people.ann)
    client.post(reverse("deals:deal_win", args=[deal.pk]))
    deal.refresh_from_db()
    assert deal.status == "won"
    client.post(reverse("deals:deal_reopen", args=[deal.pk]))
    deal.refresh_from_db()
    assert (deal.status, deal.won_at) == ("open", None)


@pytest.mark.parametrize("name", ["deal_move", "deal_win", "deal_lose", "deal_reopen"])
def test_actions_are_not_done_by_links(people: People, client_of: Callable[[Any], Client], name: str) -> None:
    deal = DealFactory(owner=people.ann)
    assert client_of(people.ann).get(reverse(f"deals:{name}", args=[deal.pk])).status_code == 405


def test_a_deal_without_next_step_says_so(people: People, client_of: Callable[[Any], Client]) -> None:
    deal = DealFactory(owner=people.ann)
    client = client_of(people.ann)
    assert "Plan a next step" in client.get(deal.get_absolute_url()).content.decode()
    TaskFactory(deal=deal, owner=people.ann, title="Call about the offer")
    page = client.get(deal.get_absolute_url()).content.decode()
    assert "Plan a next step" not in page
    assert "Call about the offer" in page


def test_the_page_takes_as_many_queries_with_much_on_it_as_with_little(
    people: People, client_of: Callable[[Any], Client]
) -> None:
    deal = DealFactory(
        owner=people.ann, company=CompanyFactory(owner=people.ann), people=[(PersonFactory(owner=people.ann), "buys")]
    )
    TaskFactory(deal=deal, owner=people.ann)
    from tests.factories import ActivityFactory

    ActivityFactory(deal=deal, owner=people.ann)
    client = client_of(people.ann)
    client.get(deal.get_absolute_url())
    few = queries_of(client, deal.get_absolute_url())
    for _number in range(10):
        TaskFactory(deal=deal, owner=people.ann)
        ActivityFactory(deal=deal, owner=people.ann)
    assert queries_of(client, deal.get_absolute_url()) == few


# --- the list


def test_the_list_sorts_by_value_with_unknown_values_last(people: People, client_of: Callable[[Any], Client]) -> None:
    for title, amount in (("Small", 1_00), ("Unknown", None), ("Big", 9_00)):
        DealFactory(title=title, amount=amount, owner=people.ann)
    client = client_of(people.ann)
    for sort, expected in (("-amount", ["Big", "Small", "Unknown"]), ("amount", ["Small", "Big", "Unknown"])):
        page = client.get(reverse("deals:deals"), {"sort": sort}).context["page"]
        assert [deal.title for deal in page.rows] == expected


def test_pages_do_not_overlap_and_hold_everything(people: People, client_of: Callable[[Any], Client]) -> None:
    made = {DealFactory(owner=people.ann, created_at=people.ann.date_joined).pk for _number in range(53)}
    client = client_of(people.ann)
    pages = [[deal.pk for deal in client.get(reverse("deals:deals"), {"page": n}).context["page"].rows] for n in (1, 2)]
    assert [len(page) for page in pages] == [50, 3]
    assert {pk for page in pages for pk in page} == made


def test_a_page_beyond_the_end_is_the_last(people: People, client_of: Callable[[Any], Client]) -> None:
    DealFactory(owner=people.ann)
    assert client_of(people.ann).get(reverse("deals:deals"), {"page": "900"}).context["page"].number == 1


def test_filters_narrow_and_a_wrong_one_shows_nothing_rather_than_all(people: People, client_of: Callable[[Any], Client]) -> None:
    won = DealFactory(title="Was won", owner=people.ann)
    from deals.services import win_deal

    win_deal(won)
    DealFactory(title="Still open", owner=people.ann)
    client = client_of(people.ann)
    page = client.get(reverse("deals:deals"), {"status": "won"}).content.decode()
    assert "Was won" in page
    assert "Still open" not in page
    wrong = client.get(reverse("deals:deals"), {"status": "odd"})
    assert list(wrong.context["page"].rows) == []


def test_the_export_is_exactly_the_filtered_list(people: People, client_of: Callable[[Any], Client]) -> None:
    DealFactory(title="Pump", owner=people.ann)
    DealFactory(title="Valve", owner=people.ann)
    response = client_of(people.ann).get(reverse("deals:deals"), {"q": "pump", "export": "csv"})
    text = b"".join(response.streaming_content).decode()
    assert "Pump" in text
    assert "Valve" not in text


def test_a_marketer_sees_deals_but_may_not_export_them(people: People, client_of: Callable[[Any], Client]) -> None:
    client = client_of(people.mia)
    assert client.get(reverse("deals:deals")).status_code == 200
    assert client.get(reverse("deals:deals"), {"export": "csv"}).status_code == 403


def test_the_search_of_the_list_finds_company_names_that_one_may_see(people: People, client_of: Callable[[Any], Client]) -> None:
    DealFactory(title="Pump", owner=people.ann, company=CompanyFactory(name="Acme", owner=people.ann))
    DealFactory(title="Valve", owner=people.ann, company=CompanyFactory(name="Acme Secret", owner=people.cleo))
    page = client_of(people.ann).get(reverse("deals:deals"), {"q": "acme"}).context["page"]
    assert [deal.title for deal in page.rows] == ["Pump"]
