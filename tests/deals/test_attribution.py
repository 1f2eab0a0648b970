"""Which touches stand before an order, what each has of it, and the catalogue's vectors of that (kpis.md 3.6)."""

from __future__ import annotations

import datetime as dt
import itertools
from decimal import Decimal
from typing import Any

import pytest

from analytics.drill import drill
from analytics.engine import evaluate
from analytics.scopes import Scope
from contacts import services as contacts
from contacts.models import Company, Lead, Person
from crm import jobs
from crm import services as kernel
from crm.models import Organisation
from deals import services as deals
from deals.attribution.shares import MODELS, split, weights
from deals.models import Order, TouchShare
from marketing import services as marketing
from marketing.models import CampaignMember
from marketing.visits import mark_spam, submission_of, write_submissions
from tests.analytics.vectors import LATER, MAY, number
from tests.factories import CampaignFactory, CompanyFactory, CostFactory, LeadFactory, PersonFactory, VisitFactory, utc

from .ordering import companies, line, order, orders, refund

pytestmark = pytest.mark.django_db
ALL = Scope.everything()


@pytest.fixture(autouse=True)
def later(organisation: Any, clock: Any) -> None:
    clock(LATER)


@pytest.fixture
def acme() -> Company:
    return CompanyFactory(name="Acme")


def lead(company: Company | None, day: str, **fields: Any) -> Lead:
    return LeadFactory(company=company, created_at=utc(day), **fields)


def came(company: Company, *campaigns: str, start: str = "2026-05-01") -> None:
    """One lead a day, each through the next campaign."""
    for offset, campaign in enumerate(campaigns):
        lead(company, str(dt.date.fromisoformat(start) + dt.timedelta(days=offset)), campaign=campaign)


def parts(model: str, sold: Order) -> dict[str, int | None]:
    """campaign -> its part of the order."""
    return dict(TouchShare.objects.filter(order=sold).values_list("campaign", model))


def use(model: str) -> None:
    kernel.save_organisation(Organisation.objects.get(), attribution_model=model)


# --- sharing ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("amount", [0, 1, 99, 100_00, 1_000_01, -1, -99, -1_000_01])
def test_the_parts_add_up_to_the_whole_and_a_credit_takes_exactly_back(amount: int) -> None:
    for model, count in itertools.product(MODELS, range(1, 12)):
        found = split(amount, weights(model, count))
        assert (len(found), sum(found)) == (count, amount)
        assert split(-amount, weights(model, count)) == [-part for part in found]


def test_1000_over_three_touches_are_40_20_40_or_all_to_one_or_even(acme: Company) -> None:
    came(acme, "a", "b", "c")
    sold = order(acme, "2026-05-20", 1_000_00)
    assert parts("ends", sold) == {"a": 400_00, "b": 200_00, "c": 400_00}
    assert parts("first", sold) == {"a": 1_000_00, "b": 0, "c": 0}
    assert parts("last", sold) == {"a": 0, "b": 0, "c": 1_000_00}
    assert parts("even", sold) == {"a": 333_33, "b": 333_33, "c": 333_34}


def test_the_model_of_the_settings_counts_and_the_others_can_be_asked_for(acme: Company) -> None:
    came(acme, "a", "b", "c")
    order(acme, "2026-05-20", 900_00)
    assert number("marketing_sourced_revenue", by="campaign", member="a").value == 300_00
    use("ends")
    assert number("marketing_sourced_revenue", by="campaign", member="a").value == 360_00
    assert number("marketing_sourced_revenue").value == 900_00
    for model, value in {"first": 900_00, "last": 0, "even": 300_00, "ends": 360_00}.items():
        chosen = {"attribution_model": model, "campaign": "a"}
        rows = evaluate(["marketing_sourced_revenue"], [MAY], scope=ALL, filters=chosen, live=True)
        assert rows[0].value == value
        assert drill("marketing_sourced_revenue", MAY, scope=ALL, filters=chosen).total == value
        assert number("marketing_sourced_revenue", by="attribution_model", member=model).value == 900_00


def test_what_no_touch_leads_to_is_a_row_of_its_own_and_all_together_are_revenue(acme: Company) -> None:
    (other,) = companies(1)
    came(acme, "a")
    order(acme, "2026-05-20", 700_00)
    refund(order(other, "2026-05-20", 300_00), "2026-05-25", 100_00)
    row = number("unattributed_revenue_share")
    assert (row.numerator, row.denominator, row.value) == (200_00, 900_00, pytest.approx(100 * 2 / 9))
    assert number("marketing_sourced_revenue").value + row.numerator == number("revenue").value
    assert [(count, measure) for _text, count, measure in number("marketing_sourced_revenue").left_out] == [
        (1, "untouched_orders")
    ]


def test_a_full_credit_note_takes_from_each_touch_what_the_order_gave_on_its_own_day(acme: Company) -> None:
    came(acme, "a", "b", "c")
    sold = order(acme, "2026-05-20", 100_01)
    back = refund(sold, "2026-06-20", 100_01)
    for model in MODELS:
        assert parts(model, back) == {name: -amount for name, amount in parts(model, sold).items()}
    assert number("marketing_sourced_revenue").value == 100_01


def test_an_order_without_a_rate_is_credited_when_the_rate_comes(acme: Company) -> None:
    came(acme, "a")
    sold = order(acme, "2026-05-20", 100_00, currency="GBP")
    row = number("marketing_sourced_revenue")
    assert (row.value, [count for _t, count, measure in row.left_out if measure == "shares_unconverted"]) == (0, [1])
    kernel.set_rate("GBP", dt.date(2026, 5, 1), Decimal(2))
    jobs.run_all()
    assert parts("even", sold) == {"a": 200_00}


# --- which touches ---------------------------------------------------------------------------------------------------


def test_touches_count_from_90_days_before_the_order_to_the_order(acme: Company) -> None:
    for at, campaign in (
        ("2026-02-19 09:59:59", "too early"),
        ("2026-02-19 10:00", "just in"),
        ("2026-05-20 10:00", "at once"),
        ("2026-05-20 10:00:01", "after"),
    ):
        lead(acme, at, campaign=campaign)
    sold = order(acme, "2026-05-20 10:00", 100)
    assert set(parts("even", sold)) == {"just in", "at once"}
    kernel.save_organisation(Organisation.objects.get(), attribution_window_days=91)
    jobs.run_all()
    assert set(parts("even", sold)) == {"too early", "just in", "at once"}


def test_leads_people_visits_forms_and_answers_of_the_customer_are_touches_and_those_of_others_are_not(acme: Company) -> None:
    ann = PersonFactory(company=acme)
    came_by = lead(None, "2026-05-01", source="fair")
    contacts.save_lead(came_by, person=ann)
    VisitFactory(visitor="browser", started_at=utc("2026-04-28"), source="search", medium="organic")
    VisitFactory(visitor="browser", started_at=utc("2026-05-02"), source="ads", medium="cpc", lead=came_by)
    VisitFactory(visitor="someone else", started_at=utc("2026-05-02"), source="not ours")
    sent = submission_of(VisitFactory(started_at=utc("2026-05-03")), utc("2026-05-03"), lead_id=came_by.pk, source="newsletter")
    sent.visit = None
    write_submissions([sent])
    spring, autumn = (
        CampaignFactory(name="Spring", code="spring", source="mail"),
        CampaignFactory(name="Autumn", source="no answer"),
    )
    marketing.set_member(marketing.add_members(spring, people=[ann])[0], "responded", utc("2026-05-04"))
    marketing.add_members(autumn, people=[ann], status="reached")
    lead(CompanyFactory(), "2026-05-01", source="somebody else")
    sold = order(acme, "2026-05-20", 100)
    found = TouchShare.objects.filter(order=sold).order_by("position").values_list("kind", "source")
    assert list(found) == [("visit", "search"), ("lead", "fair"), ("visit", "ads"), ("form", "newsletter"), ("member", "mail")]
    mark_spam(sent)
    jobs.run_all()
    assert not TouchShare.objects.filter(order=sold, source="newsletter").exists()


def test_a_visit_and_the_lead_it_brought_are_one_touch_and_what_names_nothing_is_none(acme: Company) -> None:
    first = lead(acme, "2026-05-01 10:05", source="ads", medium="cpc", campaign="spring")
    VisitFactory(started_at=utc("2026-05-01 10:00"), source="ads", medium="cpc", campaign="spring", lead=first, visitor="v")
    VisitFactory(started_at=utc("2026-05-02 10:00"), visitor="v")
    sold = order(acme, "2026-05-20", 100)
    assert [(row.kind, row.campaign) for row in TouchShare.objects.filter(order=sold)] == [("visit", "spring")]


def test_the_lead_of_a_won_deal_is_a_touch_of_its_order() -> None:
    found = lead(None, "2026-05-01", source="ads", name="Dora", company_name="Dora & Co")
    company, _person, deal = deals.convert_lead(found, at=utc("2026-05-02"), amount=500)
    assert deal is not None
    deals.win_deal(deal, at=utc("2026-05-10"))
    sold = order(company, "2026-05-20", 100, deal=deal)
    assert [(row.kind, row.source) for row in TouchShare.objects.filter(order=sold)] == [("lead", "ads")]


def source_of(sold: Order) -> list[str]:
    jobs.run_all()
    return sorted(TouchShare.objects.filter(order=sold).values_list("source", flat=True))


def test_orders_are_credited_anew_when_their_touches_change(acme: Company) -> None:
    sold = order(acme, "2026-05-20", 100)
    assert source_of(sold) == [""]
    one = lead(acme, "2026-05-01", source="ads")
    assert source_of(sold) == ["ads"]
    contacts.save_lead(one, source="fair")
    assert source_of(sold) == ["fair"]
    contacts.save_lead(one, company=CompanyFactory())
    assert source_of(sold) == [""]
    contacts.save_lead(one, company=acme)
    contacts.delete_lead(one)
    assert source_of(sold) == [""]
    ann = PersonFactory()
    campaign = CampaignFactory(name="Spring", source="mail")
    member = marketing.add_members(campaign, people=[ann], status="planned")[0]
    marketing.set_member(member, "responded", utc("2026-05-05"))
    contacts.save_person(ann, company=acme)
    assert source_of(sold) == ["mail"]
    marketing.save_campaign(campaign, source="letter")
    assert source_of(sold) == ["letter"]
    marketing.remove_member(CampaignMember.objects.get(pk=member.pk))
    assert source_of(sold) == [""]


def test_merged_customers_have_the_touches_of_both(acme: Company) -> None:
    other = CompanyFactory()
    lead(other, "2026-05-01", source="fair")
    sold = order(acme, "2026-05-20", 100)
    contacts.merge_companies(acme, other)
    assert source_of(sold) == ["fair"]


def test_an_erased_person_leaves_the_touches_as_they_were_also_for_a_later_rate() -> None:
    paula = PersonFactory()
    contacts.save_lead(lead(None, "2026-05-01", source="ads"), person=paula)
    sold = order(None, "2026-05-20", 100, person=paula, currency="GBP")
    contacts.delete_person(Person.objects.get(pk=paula.pk))
    kernel.set_rate("GBP", dt.date(2026, 5, 1), Decimal(2))
    jobs.run_all()
    assert list(TouchShare.objects.filter(order=sold).values_list("source", "even")) == [("ads", 200)]


# --- the numbers made of it ------------------------------------------------------------------------------------------


def test_20k_spent_for_100k_of_revenue_at_60_percent_margin_is_a_return_of_200_percent(acme: Company) -> None:
    lead(acme, "2026-05-01", source="ads", medium="cpc")
    order(acme, "2026-05-20", lines=[line(100_000_00, cost=40_000_00)])
    CostFactory(amount=20_000_00, channel="cpc")
    row = number("marketing_roi")
    assert (row.value, row.numerator, row.denominator) == (200, 40_000_00, 20_000_00)
    roas = number("roas")
    assert (roas.value, 100 * (roas.numerator - roas.denominator) / roas.denominator) == (5, 400)


def test_money_spent_without_a_sale_is_a_loss_of_all_and_nothing_spent_has_no_return(acme: Company) -> None:
    order(acme, "2026-05-20", lines=[line(100, cost=40)])
    assert [(number(key).value, number(key).reason) for key in ("marketing_roi", "roas")] == [(None, "empty")] * 2
    CostFactory(amount=20_000_00, campaign=CampaignFactory(name="In vain", code="vain"))
    assert number("marketing_roi").value == -100
    assert number("marketing_roi", by="campaign", member="vain").value == -100


def test_a_cost_is_set_against_all_sales_once_however_many_touches_there_were(acme: Company) -> None:
    came(acme, "a", "a", "b")
    order(acme, "2026-05-20", lines=[line(300_00, cost=0)])
    CostFactory(amount=100_00, campaign=CampaignFactory(name="A", code="a"))
    assert number("marketing_roi", by="campaign", member="a").value == 100
    assert number("marketing_roi").value == 200


def test_what_comes_by_itself_is_an_origin_and_no_marketing(acme: Company) -> None:
    lead(acme, "2026-05-01", source="google", medium="organic")
    lead(acme, "2026-05-02", source="A friend")
    lead(acme, "2026-05-03", source="mail", medium="newsletter")
    order(acme, "2026-05-20", 300)
    assert number("marketing_sourced_revenue").value == 100
    assert number("unattributed_revenue_share").value == 0


def test_30_of_60_new_customers_first_came_by_search_and_the_unknown_ones_are_a_row() -> None:
    found = companies(60)
    for company in found[:30]:
        lead(company, "2026-05-01", source="organic")
        lead(company, "2026-05-02", source="ads")
    for company in found[30:50]:
        lead(company, "2026-05-02", source="ads")
    orders([(company, "2026-05-20", [line(100)]) for company in found])
    orders([(company, "2026-05-21", [line(100)]) for company in found[:10]])
    rows = {source: number("customer_origin", by="source", member=source) for source in ("organic", "ads", "")}
    assert {source: (row.value, row.numerator, row.denominator) for source, row in rows.items()} == {
        "organic": (50, 30, 60),
        "ads": (pytest.approx(100 / 3), 20, 60),
        "": (pytest.approx(100 / 6), 10, 60),
    }


def test_12000_on_paid_channels_for_20_customers_who_first_came_by_them_are_600_each() -> None:
    found = companies(30)
    for company in found[:20]:
        lead(company, "2026-05-01", source="google", medium="CPC")
    for company in found[20:]:
        lead(company, "2026-05-01", source="google", medium="organic")
        lead(company, "2026-05-02", source="google", medium="cpc")
    orders([(company, "2026-05-20", [line(100)]) for company in found])
    CostFactory(amount=12_000_00, channel="cpc")
    CostFactory(amount=5_000_00, channel="email")
    CostFactory(amount=5_000_00, channel="cpc", category="staff")
    row = number("paid_cac")
    assert (row.value, row.numerator, row.denominator) == (600_00, 12_000_00, 20)


def test_a_customer_whose_first_order_was_credited_at_once_has_no_origin(acme: Company) -> None:
    lead(acme, "2026-05-01", source="ads")
    sold = order(acme, "2026-05-20", 100)
    assert number("customer_origin").denominator == 1
    refund(sold, "2026-05-21", 100)
    assert number("customer_origin").denominator == 0


@pytest.mark.parametrize("key", ["marketing_sourced_revenue", "marketing_roi", "roas", "paid_cac", "customer_origin"])
def test_the_list_behind_each_part_is_the_number(people: Any, acme: Company, key: str) -> None:
    lead(acme, "2026-05-01", source="ads", medium="cpc", campaign="a")
    lead(acme, "2026-05-02", source="ads", medium="cpc", campaign="b")
    order(acme, "2026-05-20", lines=[line(1_000_01, cost=300_00)])
    CostFactory(amount=100_00, channel="cpc")
    row = number(key)
    assert row.value
    for part in ("numerator", "denominator"):
        if part in row.parts:
            listed = drill(key, MAY, scope=ALL, part=part)
            assert (listed.total if listed.is_sum else listed.count) == row.parts[part]
            assert len(listed.page(people.ada, 0, 50)) == listed.count
