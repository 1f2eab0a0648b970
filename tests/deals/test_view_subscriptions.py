"""The pages of subscriptions."""

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
from deals.models import DealLine, Subscription
from deals.subscriptions import facts
from deals.subscriptions.services import change
from tests.factories import CompanyFactory, DealFactory, ProductFactory, utc
from tests.people import People
from tests.suites import RecordSuite, posted, queries_of

from .subscribing import cancel, day, moves, subscription

pytestmark = pytest.mark.django_db

WON = {"created_at": utc("2026-04-02"), "won_at": utc("2026-05-02")}


@pytest.fixture(autouse=True)
def now(clock: Callable) -> None:
    clock("2026-05-18 10:00")


def new_subscription(**values: Any) -> dict[str, Any]:
    """What the form of a new subscription posts."""
    return {
        "company": "new:Acme",
        "plan": "Pro",
        "start": "2026-05-04",
        "interval": "year",
        "amount": "1,200.50",
        "currency": "USD",
        "quantity": "2",
        "grace_days": "30",
        "remind_days": "60",
        **values,
    }


class TestSubscriptionPages(RecordSuite):
    model = Subscription
    list_url = "deals:subscriptions"
    page_url = "deals:subscription"
    new_url = "deals:subscription_new"
    edit_url = "deals:subscription_edit"
    delete_url = "deals:subscription_delete"
    name_field = "plan"
    needed = ("currency",)

    def make(self, **values: Any) -> Subscription:
        return subscription(CompanyFactory(owner=values["owner"]), "2026-05-04", plan="Care of pumps", **values)

    def form(self, **values: Any) -> dict[str, Any]:
        return new_subscription(**values)


def test_a_typed_subscription_has_company_price_and_recurring_revenue(people: People, client_of: Callable[[Any], Client]) -> None:
    response = client_of(people.ann).post(reverse("deals:subscription_new"), new_subscription(term_end="2027-05-04"))
    made = Subscription.objects.get()
    assert response["Location"] == made.get_absolute_url()
    assert (made.amount, made.quantity, made.mrr, made.status) == (1_200_50, 2, 200_08, "active")
    assert (made.company.name, made.company.owner, made.number) == ("Acme", people.ann, "S-1")


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"company": ""}, "company"),
        ({"currency": "XXZ"}, "currency"),
        ({"start": ""}, "start"),
        ({"start": "0001-01-01"}, "start"),
        ({"term_end": "2026-05-04"}, "term_end"),
        ({"term_end": "9999-12-31"}, "term_end"),
        ({"trial_end": "2026-05-03"}, "trial_end"),
        ({"amount": "-5"}, "amount"),
        ({"amount": "1.005"}, "amount"),
        ({"amount": "9999999999999", "quantity": "999999999"}, "amount"),
        ({"quantity": "-1"}, "quantity"),
        ({"plan": ""}, "plan"),
        ({"grace_days": "-1"}, "grace_days"),
        ({"grace_days": "99999"}, "grace_days"),
        ({"number": "TAKEN"}, "number"),
        ({"company": "99999999999999999999999"}, "company"),
    ],
)
def test_what_is_no_subscription_is_an_error_at_its_field(
    people: People, client_of: Callable[[Any], Client], changes: dict, field: str
) -> None:
    subscription(CompanyFactory(owner=people.cleo), "2026-01-01", number="TAKEN")
    response = client_of(people.ann).post(reverse("deals:subscription_new"), new_subscription(**changes))
    assert response.status_code == 422
    assert field in response.context["form"].errors
    assert Subscription.objects.count() == 1 and not Company.objects.filter(name="Acme").exists()


def test_another_price_holds_from_the_day_that_is_said(people: People, client_of: Callable[[Any], Client]) -> None:
    acme = CompanyFactory(owner=people.ann)
    mine = subscription(acme, "2026-01-01", 100_00, owner=people.ann)
    client, url = client_of(people.ann), reverse("deals:subscription_edit", args=[mine.pk])
    form = posted(client.get(url).context["form"])
    assert client.post(url, {**form, "amount": "130", "day": "2026-03-01"}).status_code == 302
    mine.refresh_from_db()
    assert (mine.amount, mine.mrr) == (130_00, 130_00)
    assert moves(acme) == [("2026-01-01", "new", 100_00), ("2026-03-01", "expansion", 30_00)]
    page = client.get(mine.get_absolute_url()).content.decode()
    assert "Expansion" in page and "$30" in page
    response = client.post(url, {**posted(client.get(url).context["form"]), "amount": "140", "day": "2025-12-31"})
    assert (response.status_code, "day" in response.context["form"].errors) == (422, True)


def test_a_price_that_was_planned_holds_when_its_day_has_come(people: People, clock: Callable) -> None:
    acme = CompanyFactory(owner=people.ann)
    mine = change(subscription(acme, "2026-01-01", 100_00), day=day("2026-06-01"), amount=150_00)
    assert (mine.amount, mine.mrr, moves(acme)[1:]) == (100_00, 100_00, [])
    clock("2026-06-01 10:00")
    assert facts.turn() == 1
    mine.refresh_from_db()
    assert (mine.amount, mine.mrr, moves(acme)[1:]) == (150_00, 150_00, [("2026-06-01", "expansion", 50_00)])
    assert facts.turn() == 0


def test_it_is_cancelled_with_a_reason_and_taken_back(people: People, client_of: Callable[[Any], Client]) -> None:
    acme = CompanyFactory(owner=people.ann)
    mine = subscription(acme, "2026-01-01", 100_00, owner=people.ann)
    client, url = client_of(people.ann), reverse("deals:subscription_cancel", args=[mine.pk])
    assert url in client.get(mine.get_absolute_url()).content.decode()
    form = {"day": "2026-05-10", "told_on": "2026-04-20", "reason": "", "note": "Kept words"}
    refused = client.post(url, form)
    assert (refused.status_code, list(refused.context["form"].errors)) == (422, ["reason"])
    assert "Kept words" in refused.content.decode()
    assert client.post(url, {**form, "reason": "price"}).status_code == 302
    mine.refresh_from_db()
    assert (mine.status, mine.ended_on, mine.cancelled_on) == ("ended", dt.date(2026, 5, 10), dt.date(2026, 4, 20))
    assert moves(acme)[-1] == ("2026-05-10", "churn", -100_00)
    back = reverse("deals:subscription_reactivate", args=[mine.pk])
    assert back in client.get(mine.get_absolute_url()).content.decode()
    client.post(back, {"day": "2026-05-18"})
    mine.refresh_from_db()
    assert (mine.status, mine.ended_on, mine.cancel_reason, len(moves(acme))) == ("active", None, "", 1)
    assert mine.movements.filter(withdrawn_at__isnull=False).count() == 1


def test_it_is_paused_and_goes_on(people: People, client_of: Callable[[Any], Client]) -> None:
    mine = subscription(CompanyFactory(owner=people.ann), "2026-01-01", 100_00, owner=people.ann)
    client = client_of(people.ann)
    client.post(reverse("deals:subscription_pause", args=[mine.pk]), {"day": "2026-05-18"})
    mine.refresh_from_db()
    assert (mine.status, mine.mrr) == ("paused", 0)
    again = client.post(reverse("deals:subscription_pause", args=[mine.pk]), {"day": "2026-05-18"})
    assert again.status_code == 422
    client.post(reverse("deals:subscription_resume", args=[mine.pk]), {"day": "2026-05-18"})
    mine.refresh_from_db()
    assert (mine.status, mine.mrr) == ("active", 100_00)


def test_it_is_renewed_by_a_subscription_of_its_own(people: People, client_of: Callable[[Any], Client]) -> None:
    mine = subscription(CompanyFactory(owner=people.ann), "2025-05-20", 100_00, owner=people.ann, term_end="2026-05-20")
    client, url = client_of(people.ann), reverse("deals:subscription_renew", args=[mine.pk])
    form = client.get(url).context["form"]
    assert (form["start"].value(), form["term_end"].value()) == (dt.date(2026, 5, 20), dt.date(2027, 5, 20))
    response = client.post(
        url, {"start": "2026-05-20", "term_end": "2027-05-20", "plan": "Basic", "amount": "110", "quantity": "1"}
    )
    again = Subscription.objects.get(renewed_from=mine)
    assert response["Location"] == again.get_absolute_url()
    assert (again.owner, again.amount, again.company, again.status) == (people.ann, 110_00, mine.company, "upcoming")
    page = client.get(mine.get_absolute_url()).content.decode()
    assert again.get_absolute_url() in page and url not in page
    assert client.post(url, {"start": "2026-05-20", "plan": "Basic", "amount": "1", "quantity": "1"}).status_code == 422
    assert client_of(people.max).post(reverse("deals:subscription_delete", args=[mine.pk])).status_code == 302
    assert Subscription.objects.filter(pk=mine.pk).exists()  # what was renewed stays


def test_a_won_deal_becomes_subscriptions_by_one_button(people: People, client_of: Callable[[Any], Client]) -> None:
    pump, care = ProductFactory(), ProductFactory(name="Care", billing="year")
    lines = [
        DealLine(product=pump, quantity=1, unit_price=900_00, discount=0),
        DealLine(product=care, quantity=Decimal(3), unit_price=120_00, discount=10),
    ]
    company = CompanyFactory(owner=people.ann)
    deal = DealFactory(owner=people.ann, company=company, lines=lines, source="fair", **WON)
    client, button = client_of(people.ann), reverse("deals:deal_subscriptions", args=[deal.pk])
    assert button in client.get(deal.get_absolute_url()).content.decode()
    response = client.post(button)
    made = Subscription.objects.get()
    assert response["Location"] == made.get_absolute_url()
    assert (made.deal, made.company, made.product, made.plan, made.owner) == (deal, company, care, "Care", people.ann)
    assert (made.amount, made.quantity, made.interval, made.mrr, made.source) == (108_00, 3, "year", 27_00, "fair")
    page = client.get(deal.get_absolute_url()).content.decode()
    assert button not in page and made.number in page
    client.post(button)
    assert Subscription.objects.count() == 1


def test_without_a_product_that_is_billed_again_there_is_a_form_instead(
    people: People, client_of: Callable[[Any], Client]
) -> None:
    deal = DealFactory(owner=people.ann, company=CompanyFactory(name="Acme", owner=people.ann), **WON)
    client = client_of(people.ann)
    page = client.get(deal.get_absolute_url()).content.decode()
    assert reverse("deals:deal_subscriptions", args=[deal.pk]) not in page
    assert f"{reverse('deals:subscription_new')}?deal={deal.pk}" in page
    form = client.get(reverse("deals:subscription_new"), {"deal": deal.pk}).context["form"]
    assert (form["company"].value(), form["deal"].value()) == (deal.company_id, deal.pk)
    client.post(reverse("deals:deal_subscriptions", args=[deal.pk]))
    assert not Subscription.objects.exists()


def test_company_and_search_show_it_to_those_who_may_see_it(people: People, client_of: Callable[[Any], Client]) -> None:
    acme = CompanyFactory(name="Acme", owner=people.ann)
    mine = subscription(acme, "2026-01-01", owner=people.ann)
    theirs = subscription(acme, "2026-02-01", owner=people.cleo, plan="Secret plan")
    client = client_of(people.ann)
    page = client.get(acme.get_absolute_url()).content.decode()
    assert mine.number in page and "Secret plan" not in page
    found = client.get("/search/", {"q": mine.number}).content.decode()
    assert mine.get_absolute_url() in found
    assert theirs.get_absolute_url() not in client.get("/search/", {"q": "Secret"}).content.decode()


def test_the_list_adds_up_recurring_revenue_in_the_base_currency(people: People, client_of: Callable[[Any], Client]) -> None:
    kernel.set_rate("EUR", dt.date(2026, 1, 1), Decimal(2))
    acme = CompanyFactory(owner=people.ann)
    subscription(acme, "2026-01-01", 100_00, owner=people.ann)
    subscription(acme, "2026-01-01", 50_00, owner=people.ann, currency="EUR")
    subscription(acme, "2026-01-01", 70_00, owner=people.ann, currency="GBP")
    cancel(subscription(acme, "2026-01-01", 30_00, owner=people.ann), "2026-03-01")
    totals = client_of(people.ann).get(reverse("deals:subscriptions")).context["totals"]
    assert (totals["n"], totals["value"], totals["unconverted"]) == (4, 200_00, 1)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("due=30", {"soon"}),
        ("due=90", {"soon", "later"}),
        ("status=ended", {"gone"}),
        ("status=active", {"soon", "later", "ours"}),
        ("cancel_reason=price", {"gone"}),
        ("plan=OURS", {"ours"}),
        ("rate=missing", {"ours"}),
        ("interval=quarter", {"later"}),
        ("q=later", {"later"}),
    ],
)
def test_the_list_is_filtered(people: People, client_of: Callable[[Any], Client], query: str, expected: set[str]) -> None:
    acme = CompanyFactory(owner=people.ann)
    values = {"owner": people.ann}
    subscription(acme, "2026-01-01", plan="soon", term_end="2026-06-17", **values)
    subscription(acme, "2026-01-02", plan="later", term_end="2026-07-01", interval="quarter", **values)
    cancel(subscription(acme, "2026-01-03", plan="gone", term_end="2026-06-01", **values), "2026-05-01")
    subscription(acme, "2026-01-04", plan="ours", currency="GBP", **values)
    page = client_of(people.ann).get(f"{reverse('deals:subscriptions')}?{query}").context["page"]
    assert {row.plan for row in page.rows} == expected


def test_the_page_takes_as_many_queries_with_many_movements_as_with_one(
    people: People, client_of: Callable[[Any], Client]
) -> None:
    mine = subscription(CompanyFactory(owner=people.ann), "2026-01-01", 100_00, owner=people.ann)
    client = client_of(people.ann)
    client.get(mine.get_absolute_url())
    few = queries_of(client, mine.get_absolute_url())
    for number in range(1, 15):
        change(mine, day=dt.date(2026, 2, number), amount=100_00 + number)
    assert queries_of(client, mine.get_absolute_url()) == few
