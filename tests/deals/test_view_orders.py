"""The pages of orders."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from contacts.models import Company
from crm import services as kernel
from deals.models import DealLine, Order
from tests.factories import CompanyFactory, DealFactory, PersonFactory, ProductFactory, utc
from tests.people import People
from tests.suites import RecordSuite, queries_of

from .ordering import line, order, refund

pytestmark = pytest.mark.django_db


WON = {"created_at": utc("2026-04-02"), "won_at": utc("2026-05-02")}


def new_order(**values: Any) -> dict[str, Any]:
    """What the form of a new order posts."""
    return {
        "company": "new:Acme",
        "ordered_at": "2026-05-04T10:00",
        "currency": "USD",
        "lines-TOTAL_FORMS": "1",
        "lines-INITIAL_FORMS": "0",
        "lines-0-text": "Installation",
        "lines-0-quantity": "2",
        "lines-0-unit_price": "750.50",
        **values,
    }


class TestOrderPages(RecordSuite):
    model = Order
    list_url = "deals:orders"
    page_url = "deals:order"
    new_url = "deals:order_new"
    edit_url = "deals:order_edit"
    delete_url = "deals:order_credit"  # the other door to an order: there is none that deletes
    name_field = "campaign"
    needed = ("currency",)

    def make(self, **values: Any) -> Order:
        return order(CompanyFactory(owner=values["owner"]), "2026-05-04", 100_00, campaign="Spring", **values)

    def form(self, **values: Any) -> dict[str, Any]:
        return new_order(**values)

    def named(self, record: Any) -> str:
        return record.number

    def test_a_rep_may_not_delete(self, people: People, client_of: Callable[[Any], Client], mine: Any) -> None:
        client = client_of(people.ada)
        assert client.post(f"/orders/{mine.pk}/delete/").status_code == 404
        assert Order.objects.filter(pk=mine.pk).exists()

    test_a_manager_deletes_after_being_asked = None


def test_a_typed_order_has_company_lines_and_amounts(people: People, client_of: Callable[[Any], Client]) -> None:
    pump = ProductFactory(price=400_00, currency="USD")
    rows = {
        "lines-TOTAL_FORMS": "2",
        "lines-1-product": pump.pk,
        "lines-1-quantity": "3",
        "lines-1-discount": "10",
        "lines-1-cost": "600",
    }
    response = client_of(people.ann).post(reverse("deals:order_new"), new_order(**rows))
    made = Order.objects.get()
    assert response["Location"] == made.get_absolute_url()
    assert (made.amount, made.base, made.company.name, made.company.owner) == (2_581_00, 2_581_00, "Acme", people.ann)
    assert [(row.text, row.product, row.amount, row.cost) for row in made.lines.all()] == [
        ("Installation", None, 1_501_00, None),
        ("", pump, 1_080_00, 600_00),
    ]
    assert (made.product, made.ordered_day, made.kind) == (pump, dt.date(2026, 5, 4), "order")


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"company": ""}, "company"),
        ({"currency": "XXZ"}, "currency"),
        ({"ordered_at": "2062-05-04T10:00"}, "ordered_at"),
        ({"ordered_at": ""}, "ordered_at"),
        ({"lines-0-text": "", "lines-0-unit_price": ""}, "__all__"),
        ({"company": "99999999999999999999999"}, "company"),
    ],
)
def test_what_cannot_be_billed_is_an_error_at_its_field(
    people: People, client_of: Callable[[Any], Client], changes: dict, field: str
) -> None:
    response = client_of(people.ann).post(reverse("deals:order_new"), new_order(**changes))
    assert response.status_code == 422
    assert field in response.context["form"].errors
    assert not Order.objects.exists() and not Company.objects.exists()


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"lines-0-unit_price": "a lot"}, "unit_price"),
        ({"lines-0-unit_price": "-5"}, "unit_price"),
        ({"lines-0-unit_price": ""}, "unit_price"),
        ({"lines-0-cost": "1.005"}, "cost"),
        ({"lines-0-quantity": "-1"}, "quantity"),
        ({"lines-0-text": ""}, "product"),
    ],
)
def test_what_is_wrong_with_a_line_stands_at_the_line(
    people: People, client_of: Callable[[Any], Client], changes: dict, field: str
) -> None:
    response = client_of(people.ann).post(reverse("deals:order_new"), new_order(**changes))
    assert response.status_code == 422
    assert field in response.context["form"].lines.forms[0].errors
    assert not Order.objects.exists()


def test_the_form_of_a_posted_order_offers_nothing_that_was_billed(people: People, client_of: Callable[[Any], Client]) -> None:
    mine = order(CompanyFactory(owner=people.ann), "2026-05-04", 100_00, owner=people.ann)
    client = client_of(people.ann)
    page = client.get(reverse("deals:order_edit", args=[mine.pk]))
    assert not {"company", "currency", "ordered_at", "amount", "number"} & set(page.context["form"].fields)
    client.post(
        reverse("deals:order_edit", args=[mine.pk]), {"source": "fair", "currency": "EUR", "ordered_at": "2020-01-01T00:00"}
    )
    mine.refresh_from_db()
    assert (mine.source, mine.currency, mine.ordered_at) == ("fair", "USD", utc("2026-05-04 10:00"))


def test_a_won_deal_becomes_an_order_by_one_button(people: People, client_of: Callable[[Any], Client]) -> None:
    pump = ProductFactory()
    lines = [DealLine(product=pump, quantity=Decimal(2), unit_price=100_00, discount=10)]
    company = CompanyFactory(owner=people.ann, country="FR")
    deal = DealFactory(owner=people.ann, company=company, lines=lines, source="fair", **WON)
    client = client_of(people.ann)
    button = reverse("deals:deal_order", args=[deal.pk])
    assert button in client.get(deal.get_absolute_url()).content.decode()
    response = client.post(button)
    made = Order.objects.get()
    assert response["Location"] == made.get_absolute_url()
    assert (made.deal, made.company, made.amount, made.owner, made.pipeline) == (deal, company, 180_00, people.ann, deal.pipeline)
    assert (made.source, made.country, made.product) == ("fair", "FR", pump)
    page = client.get(deal.get_absolute_url()).content.decode()
    assert button not in page
    assert made.number in page
    client.post(button)
    assert Order.objects.count() == 1


def test_a_deal_that_is_not_won_has_no_such_button(people: People, client_of: Callable[[Any], Client]) -> None:
    deal = DealFactory(owner=people.ann, company=CompanyFactory(owner=people.ann))
    client = client_of(people.ann)
    button = reverse("deals:deal_order", args=[deal.pk])
    assert button not in client.get(deal.get_absolute_url()).content.decode()
    client.post(button)
    assert not Order.objects.exists()


def test_the_new_order_of_a_deal_starts_with_its_lines(people: People, client_of: Callable[[Any], Client]) -> None:
    lines = [DealLine(product=ProductFactory(), quantity=Decimal(2), unit_price=100_00, discount=10)]
    deal = DealFactory(owner=people.ann, company=CompanyFactory(owner=people.ann), lines=lines, **WON)
    form = client_of(people.ann).get(f"{reverse('deals:order_new')}?deal={deal.pk}").context["form"]
    assert form.initial["company"] == deal.company_id
    assert [row.initial["unit_price"] for row in form.lines.forms] == [100_00]


def test_a_credit_note_opens_with_what_was_billed_and_is_refused_beyond_it(
    people: People, client_of: Callable[[Any], Client]
) -> None:
    mine = order(CompanyFactory(owner=people.ann), "2026-05-04", owner=people.ann, lines=[line(100_00, cost=40_00), line(50_00)])
    client, url = client_of(people.ann), reverse("deals:order_credit", args=[mine.pk])
    rows = client.get(url).context["form"].rows.forms
    assert [row.initial["amount"] for row in rows] == [100_00, 50_00]

    def credit(first: str, second: str = "") -> Any:
        numbers = [row.pk for row in mine.lines.all()]
        values = {"ordered_at": "2026-05-20T10:00", "description": "Broken", "rows-TOTAL_FORMS": "2", "rows-INITIAL_FORMS": "2"}
        values |= {"rows-0-line": numbers[0], "rows-0-amount": first, "rows-0-cost": "", "rows-1-line": numbers[1]}
        return client.post(url, {**values, "rows-1-amount": second, "rows-1-cost": ""})

    assert credit("100.01").status_code == 422
    assert credit("").status_code == 422
    assert credit("80", "20").status_code == 302
    back = mine.refunds.get()
    assert (back.amount, back.base, back.description, back.owner) == (100_00, -100_00, "Broken", people.ann)
    assert [(row.amount, row.cost) for row in back.lines.all()] == [(80_00, 0), (20_00, None)]
    mine.refresh_from_db()
    assert (mine.refunded, mine.left) == (100_00, 50_00)
    assert credit("80").status_code == 422
    assert credit("20", "30").status_code == 302
    assert client.get(url).status_code == 302  # nothing is left
    assert mine.refunds.count() == 2


def test_a_colleagues_order_cannot_be_credited(people: People, client_of: Callable[[Any], Client]) -> None:
    mine = order(CompanyFactory(owner=people.ann), "2026-05-04", 100_00, owner=people.ann)
    url = reverse("deals:order_credit", args=[mine.pk])
    assert client_of(people.ben).get(url).status_code == 404
    assert client_of(people.gus).get(url).status_code == 403  # agents see orders, they do not write them
    assert client_of(people.gus).get(mine.get_absolute_url()).status_code == 200


def test_the_list_adds_up_in_the_base_currency_and_says_what_has_no_rate(
    people: People, client_of: Callable[[Any], Client]
) -> None:
    acme = CompanyFactory(owner=people.ann)
    kernel.set_rate("EUR", dt.date(2026, 1, 1), Decimal(2))
    refund(order(acme, "2026-05-04", 100_00, owner=people.ann), "2026-05-06", 30_00)
    order(acme, "2026-05-05", 100_00, owner=people.ann, currency="EUR")
    order(acme, "2026-05-05", 100_00, owner=people.ann, currency="GBP")
    client, url = client_of(people.ann), reverse("deals:orders")
    page = client.get(url)
    assert page.context["totals"]["value"] == 270_00
    assert "and 1 without an exchange rate" in page.content.decode()
    assert client.get(f"{url}?rate=missing").context["page"].count == 1
    assert client.get(f"{url}?kind=refund").context["page"].count == 1
    assert client.get(f"{url}?credited=some").context["page"].count == 1
    assert client.get(f"{url}?value_from=99").context["page"].count == 3


def test_orders_are_found_by_number_and_customer(people: People, client_of: Callable[[Any], Client]) -> None:
    mine = order(CompanyFactory(name="Zenith Labs", owner=people.ann), "2026-05-04", 100, owner=people.ann, number="INV-2026-77")
    order(CompanyFactory(name="Other", owner=people.ann), "2026-05-04", 100, owner=people.ann)
    order(CompanyFactory(name="Zenith South", owner=people.cleo), "2026-05-04", 100, owner=people.cleo)
    client = client_of(people.ann)
    for text in ("2026-77", "zenith"):
        assert [row.number for row in client.get(reverse("deals:orders"), {"q": text}).context["page"].rows] == [mine.number]
    assert mine.number in client.get(reverse("search"), {"q": "INV-2026"}).content.decode()


def test_a_company_page_shows_its_orders_as_far_as_the_reader_may_see(people: People, client_of: Callable[[Any], Client]) -> None:
    acme = CompanyFactory(owner=people.ann)
    mine = order(acme, "2026-05-04", 100_00, owner=people.ann)
    hidden = order(acme, "2026-05-05", 100_00, owner=people.cleo)
    page = client_of(people.ann).get(acme.get_absolute_url()).content.decode()
    assert mine.number in page
    assert hidden.number not in page


def test_the_page_takes_as_many_queries_with_many_lines(people: People, client_of: Callable[[Any], Client]) -> None:
    acme, client = CompanyFactory(owner=people.ann), client_of(people.ann)
    few, many = (
        order(acme, "2026-05-04", owner=people.ann, lines=[line(1, product=ProductFactory()) for _number in range(count)])
        for count in (1, 20)
    )
    client.get(few.get_absolute_url())
    assert queries_of(client, few.get_absolute_url()) == queries_of(client, many.get_absolute_url())


def test_a_company_with_orders_is_not_deleted_and_the_order_of_an_erased_person_has_no_name(
    people: People, client_of: Callable[[Any], Client]
) -> None:
    acme = CompanyFactory(owner=people.ann)
    order(acme, "2026-05-04", 100_00, owner=people.ann)
    client = client_of(people.ada)
    response = client.post(reverse("contacts:company_delete", args=[acme.pk]), follow=True)
    assert "cannot be deleted" in response.content.decode()
    paula = PersonFactory(name="Paula Pons")
    sold = order(None, "2026-05-04", 100_00, person=paula)
    client.post(reverse("contacts:person_delete", args=[paula.pk]))
    client.get(sold.get_absolute_url())  # the toast still says who was deleted
    page = client.get(sold.get_absolute_url()).content.decode()
    assert "Paula" not in page
    assert "Erased customer" in page
