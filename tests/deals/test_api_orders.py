"""/api/v1/orders/"""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from crm.models import Event
from deals.models import Order
from tests.api import Api, fields
from tests.factories import CompanyFactory, DealFactory, ProductFactory, utc

from .ordering import line, order

pytestmark = pytest.mark.django_db


def posted(people: Any, **values: Any) -> Any:
    company = CompanyFactory(owner=people.ann)
    body = {"company": company.pk, "ordered_at": "2026-05-04T10:00:00Z", "lines": [{"text": "Goods", "amount": "100.50"}]}
    return Api(people.ann).post("/orders/", **{**body, **values})


def test_an_order_is_posted_with_its_lines(people: Any) -> None:
    pump = ProductFactory()
    rows = [
        {"product": pump.pk, "quantity": "3", "unit_price": "10.10", "cost": "12"},
        {"text": "Carriage", "amount": "5", "key": "7"},
    ]
    response = posted(people, lines=rows, number="INV-7", channel="shop")
    read = response.json()
    assert response.status_code == 201
    assert (read["number"], read["amount"], read["base"], read["currency"], read["kind"]) == (
        "INV-7",
        "35.30",
        "35.30",
        "USD",
        "order",
    )
    assert [row["amount"] for row in read["lines"]] == ["30.30", "5.00"]
    assert (read["product"], read["ordered_day"], read["owner"], read["origin"]) == (pump.pk, "2026-05-04", people.ann.pk, "api")
    assert Event.objects.get(kind="order.created").origin == "api"


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"lines": []}, "lines"),
        ({"lines": [{"text": "Goods"}]}, "lines"),
        ({"lines": [{"amount": "5"}]}, "lines"),
        ({"lines": [{"text": "Goods", "amount": "1.005"}]}, "lines"),
        ({"lines": [{"text": "Goods", "amount": "-5"}]}, "lines.0.amount"),
        ({"company": None}, "company"),
        ({"currency": "XXZ"}, None),
        ({"kind": "refund"}, "kind"),
        ({"amount": "7"}, "amount"),
        ({"number": "TAKEN"}, "number"),
    ],
)
def test_what_cannot_be_billed_is_refused(people: Any, values: dict, field: str | None) -> None:
    order(CompanyFactory(owner=people.cleo), "2026-05-04", 1, number="TAKEN")
    response = posted(people, **values)
    assert response.status_code == 400
    assert field is None or field in fields(response)
    assert Order.objects.count() == 1


def test_what_was_billed_cannot_be_changed_what_it_is_ascribed_to_can(people: Any) -> None:
    made, api = posted(people).json(), Api(people.ann)
    path = f"/orders/{made['id']}/"
    for values in (
        {"currency": "EUR"},
        {"ordered_at": "2020-01-01T00:00:00Z"},
        {"lines": []},
        {"company": None},
        {"number": "X"},
    ):
        response = api.patch(path, **values)
        assert (response.status_code, fields(response)) == (400, set(values))
    assert api.patch(path, **made).status_code == 200  # what was read may be sent back
    assert api.patch(path, source="fair").json()["source"] == "fair"
    assert api.delete(path).status_code == 405
    assert Order.objects.get().amount == 100_50


def test_a_credit_note_is_an_order_of_its_own_and_never_exceeds_it(people: Any) -> None:
    sold = order(CompanyFactory(owner=people.ann), "2026-05-04", 100_00, owner=people.ann)
    api, path = Api(people.ann), f"/orders/{sold.pk}/credit/"
    response = api.post(path, lines=[{"text": "Broken", "amount": "40"}], at="2026-05-20T10:00:00Z", description="Broken")
    read = response.json()
    assert response.status_code == 201
    assert (read["kind"], read["refund_of"], read["amount"], read["base"]) == ("refund", sold.pk, "40.00", "-40.00")
    assert api.get(f"/orders/{sold.pk}/").json()["refunded"] == "40.00"
    assert fields(api.post(path, lines=[{"text": "Rest", "amount": "60.01"}])) == {"lines"}
    assert fields(api.post(path, lines=[{"text": "Rest", "amount": "1"}], at="2026-05-01T10:00:00Z")) == {"ordered_at"}
    assert Api(people.ben).post(path, lines=[{"text": "Rest", "amount": "1"}]).status_code == 404


def test_a_won_deal_becomes_an_order_once(people: Any) -> None:
    deal = DealFactory(
        owner=people.ann, company=CompanyFactory(owner=people.ann), created_at=utc("2026-04-02"), won_at=utc("2026-05-02")
    )
    api = Api(people.ann)
    read = api.post(f"/deals/{deal.pk}/order/", at="2026-05-03T10:00:00Z")
    assert (read.status_code, read.json()["deal"], read.json()["amount"]) == (201, deal.pk, "1000.00")
    assert api.post(f"/deals/{deal.pk}/order/").status_code == 400
    assert api.get(f"/orders/?deal={deal.pk}").json()["results"][0]["id"] == read.json()["id"]


def test_a_list_is_read_with_its_lines_in_a_constant_number_of_queries(people: Any, django_assert_max_num_queries: Any) -> None:
    acme, api = CompanyFactory(owner=people.ann), Api(people.ann)
    for day in range(1, 9):
        order(acme, f"2026-05-0{day}", owner=people.ann, lines=[line(1), line(2)])
    with django_assert_max_num_queries(14):
        rows = api.get("/orders/?ordering=ordered_at").json()["results"]
    assert [len(row["lines"]) for row in rows] == [2] * 8
    assert rows[0]["ordered_day"] == str(dt.date(2026, 5, 1))
