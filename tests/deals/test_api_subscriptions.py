"""/api/v1/subscriptions/"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from crm.models import Event
from deals.models import DealLine, Subscription
from tests.api import Api, fields
from tests.factories import CompanyFactory, DealFactory, ProductFactory, utc

from .subscribing import subscription

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def now(organisation: Any, clock: Callable) -> None:
    clock("2026-05-18 10:00")


def posted(people: Any, **values: Any) -> Any:
    body = {"company": CompanyFactory(owner=people.ann).pk, "plan": "Pro", "start": "2026-01-01", "amount": "1200.60"}
    return Api(people.ann).post("/subscriptions/", **{**body, "interval": "year", **values})


def test_a_subscription_is_started_and_read(people: Any) -> None:
    response = posted(people, quantity="2", term_end="2027-01-01", number="C-7")
    read = response.json()
    assert response.status_code == 201
    assert (read["number"], read["amount"], read["mrr"], read["currency"]) == ("C-7", "1200.60", "200.10", "USD")
    assert (read["status"], read["owner"], read["origin"]) == ("active", people.ann.pk, "api")
    assert Event.objects.get(kind="subscription.started").origin == "api"
    assert Api(people.ann).patch(f"/subscriptions/{read['id']}/", **read).status_code == 200  # what was read may be sent back


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"plan": ""}, "plan"),
        ({"amount": "-5"}, "amount"),
        ({"amount": "1.005"}, "amount"),
        ({"amount": "9999999999999", "interval": "month"}, "amount"),
        ({"quantity": "-1"}, "quantity"),
        ({"start": "never"}, "start"),
        ({"term_end": "2025-12-31"}, "term_end"),
        ({"trial_end": "2025-12-31"}, "trial_end"),
        ({"interval": "week"}, "interval"),
        ({"currency": "XXZ"}, None),
        ({"mrr": "7"}, "mrr"),
        ({"status": "ended"}, "status"),
        ({"company": None}, "company"),
        ({"number": "TAKEN"}, "number"),
    ],
)
def test_what_is_no_subscription_is_refused(people: Any, values: dict, field: str | None) -> None:
    subscription(CompanyFactory(owner=people.cleo), "2026-01-01", number="TAKEN")
    response = posted(people, **values)
    assert response.status_code == 400
    assert field is None or field in fields(response)
    assert Subscription.objects.count() == 1


def test_another_price_holds_from_a_day_and_the_movements_say_so(people: Any) -> None:
    made, api = posted(people).json(), Api(people.ann)
    path = f"/subscriptions/{made['id']}/"
    changed = api.patch(path, amount="2400.60", day="2026-03-01").json()
    assert (changed["amount"], changed["mrr"]) == ("2400.60", "200.05")
    found = api.get(f"{path}movements/").json()["results"]
    assert [(row["day"], row["kind"], row["amount"], row["base"]) for row in found] == [
        ("2026-03-01", "expansion", "100.00", "100.00"),
        ("2026-01-01", "new", "100.05", "100.05"),
    ]
    assert fields(api.patch(path, amount="1", day="2025-12-31")) == {"day"}
    assert fields(api.patch(path, company=CompanyFactory(owner=people.ann).pk)) == {"company"}


def test_it_is_paused_cancelled_taken_back_and_renewed(people: Any) -> None:
    row = subscription(CompanyFactory(owner=people.ann), "2025-06-01", 100_00, owner=people.ann, term_end="2026-06-01")
    api, path = Api(people.ann), f"/subscriptions/{row.pk}/"
    assert api.post(f"{path}pause/", day="2026-05-01").json()["status"] == "paused"
    assert api.post(f"{path}resume/").json()["status"] == "active"
    assert fields(api.post(f"{path}cancel/")) == {"cancel_reason"}
    cancelled = api.post(f"{path}cancel/", cancel_reason="price", cancel_note="Too dear").json()
    assert (cancelled["status"], cancelled["ended_on"], cancelled["cancel_reason"]) == ("cancelled", "2026-06-01", "price")
    assert api.post(f"{path}reactivate/").json()["status"] == "active"
    response = api.post(f"{path}renew/", amount="110", term_end="2028-06-01")
    again = response.json()
    assert response.status_code == 201
    assert (again["renewed_from"], again["start"], again["term_end"], again["amount"]) == (
        row.pk,
        "2026-06-01",
        "2028-06-01",
        "110.00",
    )
    assert api.post(f"{path}renew/").status_code == 400
    assert api.delete(path).status_code == 403
    assert Api(people.max).delete(path).status_code == 400  # it was renewed
    assert Api(people.max).delete(f"/subscriptions/{again['id']}/").status_code == 204


def test_a_won_deal_makes_its_subscriptions_once(people: Any) -> None:
    lines = [DealLine(product=ProductFactory(name="Care", billing="quarter"), quantity=2, unit_price=90_00, discount=0)]
    deal = DealFactory(
        owner=people.ann,
        company=CompanyFactory(owner=people.ann),
        lines=lines,
        created_at=utc("2026-04-01"),
        won_at=utc("2026-05-01"),
    )
    api = Api(people.ann)
    response = api.post(f"/deals/{deal.pk}/subscriptions/", day="2026-05-10")
    assert response.status_code == 201
    assert [(row["plan"], row["start"], row["mrr"], row["deal"]) for row in response.json()] == [
        ("Care", "2026-05-10", "60.00", deal.pk)
    ]
    assert api.post(f"/deals/{deal.pk}/subscriptions/").status_code == 400
    assert Api(people.ben).post(f"/deals/{deal.pk}/subscriptions/").status_code == 404
