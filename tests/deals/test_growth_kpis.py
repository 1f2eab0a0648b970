"""The catalogue's vectors of acquisition cost, retention cost and growth (kpis.md 3.2, 3.3, 3.6), over orders and costs."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from analytics.drill import drill
from analytics.engine import evaluate
from analytics.scopes import Scope
from contacts import services as contacts
from crm import jobs
from crm import services as kernel
from crm.models import Organisation
from crm.periods import Period
from deals.catalogue import save_product
from deals.models import OrderLine
from tests.analytics.vectors import LATER, MAY, number
from tests.factories import CampaignFactory, CostFactory, ProductFactory

from .ordering import companies, line, order, orders, refund

pytestmark = pytest.mark.django_db
Q1 = Period(dt.date(2026, 1, 1), dt.date(2026, 4, 1), "quarter")
ALL = Scope.everything()


@pytest.fixture(autouse=True)
def later(organisation: Any, clock: Any) -> None:
    clock(LATER)


def buy(found: list, day: str, *lines: Any) -> None:
    """Each of these companies orders the same on that day."""
    orders([(company, day, [line(**one) for one in lines]) for company in found])


# --- what it costs ---------------------------------------------------------------------------------------------------


def test_30000_spent_to_win_60_customers_are_500_each() -> None:
    buy(companies(60), "2026-05-10", {"amount": 100})
    CostFactory(amount=20_000_00)
    CostFactory(amount=10_000_00, category="staff")
    row = number("cac")
    assert (row.value, row.numerator, row.denominator) == (500_00, 30_000_00, 60)


def test_money_spent_without_a_new_customer_has_no_cost_per_customer_and_is_still_said() -> None:
    CostFactory(amount=30_000_00)
    row = number("cac")
    assert (row.value, row.reason, row.numerator) == (None, "empty", 30_000_00)


@pytest.mark.parametrize("key", ["cac", "cac_payback", "paid_cac", "customer_retention_cost_per_customer"])
def test_customers_of_a_team_on_which_no_cost_is_booked_cost_nobody_knows_how_much(people: Any, key: str) -> None:
    [company] = companies(1)
    orders([(company, "2026-05-10", [line(100, cost=40)])], team=people.north)
    for purpose in ("acquisition", "retention"):
        CostFactory(amount=100_00, purpose=purpose, channel="cpc")
        CostFactory(amount=0, purpose=purpose, channel="cpc", team=people.south)
    theirs = number(key, by="team", member=str(people.north.pk))
    assert (theirs.value, theirs.reason) == (None, "not_booked")


def test_only_costs_of_winning_and_only_first_customers_are_in_it() -> None:
    new, known, returned = companies(3)
    order(known, "2026-03-10", 100)
    order(known, "2026-05-10", 100)
    order(new, "2026-05-31", 100)
    refund(order(returned, "2026-05-10", 100), "2026-05-12", 100)
    CostFactory(amount=100)
    CostFactory(amount=1_000, purpose="retention")
    CostFactory(amount=10_000, purpose="crm")
    row = number("cac")
    assert (row.numerator, row.denominator) == (100, 1)


def test_each_category_of_cost_is_divided_by_all_new_customers_so_that_the_parts_add_up() -> None:
    buy(companies(10), "2026-05-10", {"amount": 100})
    CostFactory(amount=100_00)
    CostFactory(amount=300_00, category="staff")
    parts = {name: number("cac", by="cost_category", member=name).value for name in ("marketing", "staff")}
    assert parts == {"marketing": 10_00, "staff": 30_00}
    assert number("cac").value == 40_00


def test_a_campaign_divides_its_own_money_by_its_own_customers_and_the_rest_stays_apart() -> None:
    ours, others = companies(4), companies(6, "Other")
    orders([(company, "2026-05-10", [line(100)]) for company in ours], campaign="spring")
    buy(others, "2026-05-10", {"amount": 100})
    CostFactory(amount=400, campaign=CampaignFactory(name="Spring", code="spring"))
    CostFactory(amount=600)
    spring, none = (number("cac", by="campaign", member=member) for member in ("spring", ""))
    assert (spring.numerator, spring.denominator, none.numerator, none.denominator) == (400, 4, 600, 6)


def test_a_cost_without_a_rate_is_left_out_of_the_cost_per_customer_and_counted() -> None:
    order(companies(1)[0], "2026-05-10", 100)
    CostFactory(amount=100, currency="GBP")
    assert [(count, measure) for _text, count, measure in number("cac").left_out] == [(1, "cost_acquisition_unconverted")]


def test_10000_to_keep_a_mean_of_400_customers_are_25_each() -> None:
    buy(companies(300, "Old"), "2026-04-10", {"amount": 100})
    kernel.save_organisation(Organisation.current(), customer_window_days=2000)
    buy(companies(100, "First"), "2026-05-01", {"amount": 100})
    CostFactory(amount=10_000_00, purpose="retention")
    CostFactory(amount=7_000_00)
    row = number("customer_retention_cost_per_customer")
    assert (row.value, row.numerator, row.denominator) == (25_00, 10_000_00, 400)


def test_a_customer_counts_for_the_days_on_whose_ends_they_were_one() -> None:
    one, two = companies(2)
    order(one, "2026-04-10", 100)
    order(two, "2026-05-17", 100)
    CostFactory(amount=100, purpose="retention")
    assert number("customer_retention_cost_per_customer").denominator == pytest.approx(1 + 15 / 31)
    listed = drill("customer_retention_cost_per_customer", MAY, scope=ALL, part="denominator")
    assert (listed.count, listed.total) == (2, pytest.approx(1 + 15 / 31))


def test_without_customers_keeping_them_has_no_cost_each() -> None:
    CostFactory(amount=100, purpose="retention")
    row = number("customer_retention_cost_per_customer")
    assert (row.value, row.reason, row.numerator) == (None, "empty", 100)


def test_500_to_win_a_customer_who_brings_50_a_month_at_80_percent_is_paid_back_in_12_and_a_half_months() -> None:
    four_years = Period(dt.date(2022, 5, 1), dt.date(2026, 5, 1))  # 48 months of 30.4375 days
    buy(companies(6), "2025-05-10", {"amount": 2_400_00, "cost": 480_00})
    CostFactory(amount=3_000_00, posted_on=dt.date(2025, 5, 10))
    row = number("cac_payback", four_years)
    assert row.value == pytest.approx(12.5 * 30.4375 * 86_400)
    assert (row.numerator, row.denominator) == (3_000_00, pytest.approx(6 * 50_00 * 0.8))


@pytest.mark.parametrize("cost", [None, 100, 200], ids=["cost not known", "no margin", "a loss"])
def test_without_a_margin_nothing_is_paid_back(cost: int | None) -> None:
    order(companies(1)[0], "2026-05-10", lines=[line(100, cost=cost)])
    CostFactory(amount=100)
    row = number("cac_payback")
    assert (row.value, row.reason) == (None, "empty")


# --- what is new -----------------------------------------------------------------------------------------------------


def test_1400_of_new_customers_less_200_credited_are_1200_net() -> None:
    new, known = companies(2)
    order(known, "2025-12-31", 1)
    order(new, "2026-01-01 00:00", 1_000_00)
    refund(order(new, "2026-03-31 23:59", 400_00), "2026-03-31 23:59", 200_00)
    refund(order(known, "2026-02-10", 900_00), "2026-02-11", 50_00)
    assert (number("net_new_revenue", Q1).value, number("new_customer_revenue", Q1).value) == (1_200_00, 1_400_00)


def test_a_credit_note_of_a_later_period_lowers_no_new_revenue() -> None:
    (acme,) = companies(1)
    refund(order(acme, "2026-03-31", 400_00), "2026-04-01", 200_00)
    april = Period(dt.date(2026, 4, 1), dt.date(2026, 5, 1), "month")
    assert (number("net_new_revenue", Q1).value, number("net_new_revenue", april).value) == (400_00, 0)


# --- who buys more ---------------------------------------------------------------------------------------------------


def test_5_of_50_customers_bought_more_than_once() -> None:
    found = companies(50)
    buy(found[:40], "2026-02-10", {"amount": 100})
    buy(found[40:], "2026-05-01", {"amount": 100})
    buy(found[38:43], "2026-05-31", {"amount": 100})
    buy(found[38:40], "2026-05-02", {"amount": 100})
    row = number("upsell_rate")
    assert (row.value, row.numerator, row.denominator) == (10, 5, 50)


def test_with_nobody_active_there_is_no_share_of_those_who_bought_more() -> None:
    order(companies(1)[0], "2026-06-01", 100)
    assert [(number(key).value, number(key).reason) for key in ("upsell_rate", "expansion_rate", "cross_sell_rate")] == [
        (None, "empty")
    ] * 3


def test_two_orders_of_one_day_are_one_purchase_and_one_that_was_credited_is_none() -> None:
    same_day, returned = companies(2)
    order(same_day, "2026-05-04 09:00", 100)
    order(same_day, "2026-05-04 17:00", 100)
    order(returned, "2026-05-04", 100)
    refund(order(returned, "2026-05-05", 100), "2026-05-06", 100)
    assert (number("upsell_rate").numerator, number("upsell_rate").denominator) == (0, 2)


def test_12_of_100_customers_bought_more_seats_or_a_dearer_product_of_the_family() -> None:
    basic, pro = ProductFactory(family="CRM"), ProductFactory(family="CRM")
    found = companies(100)
    buy(found, "2026-04-30", {"amount": 500, "quantity": 5, "product": basic})
    buy(found[:7], "2026-05-01", {"amount": 800, "quantity": 8, "product": basic})
    buy(found[7:12], "2026-05-31", {"amount": 200, "product": pro})
    buy(found[12:60], "2026-05-10", {"amount": 900, "quantity": 5, "product": basic})  # a higher price is no upsell
    buy(found[60:70], "2026-05-11", {"amount": 50, "product": pro})  # nor is something cheaper
    row = number("expansion_rate")
    assert (row.value, row.numerator, row.denominator) == (12, 12, 100)
    assert number("cross_sell_rate").value == 0


def test_8_of_100_customers_bought_a_family_they_did_not_have() -> None:
    pumps, more_pumps, hoses = ProductFactory(family="Pumps"), ProductFactory(family="Pumps"), ProductFactory()
    found = companies(100)
    buy(found, "2026-04-30", {"amount": 500, "product": pumps})
    buy(found[:8], "2026-05-01", {"amount": 10, "product": hoses})
    buy(found[8:20], "2026-05-02", {"amount": 400, "product": more_pumps})
    buy(companies(5, "New"), "2026-05-02", {"amount": 400, "product": hoses})
    row = number("cross_sell_rate")
    assert (row.value, row.numerator, row.denominator) == (8, 8, 100)


def test_three_upsells_of_500_are_1500_of_expansion() -> None:
    pump = ProductFactory(family="Pumps")
    found = companies(4)
    buy(found, "2026-04-30", {"amount": 250_00, "product": pump})
    buy(found[:3], "2026-05-20", {"amount": 500_00, "quantity": 2, "product": pump})
    buy(found[3:], "2026-05-20", {"amount": 250_00, "product": pump}, {"amount": 30_00})
    row = number("expansion_revenue")
    assert (row.value, row.n) == (1_500_00, 3)
    assert [(count, measure) for _text, count, measure in row.left_out] == [(1, "expansion_unknown")]


def test_what_a_new_customer_buys_first_is_no_expansion_even_in_two_orders_of_a_day() -> None:
    (acme,), pump, hose = companies(1), ProductFactory(), ProductFactory()
    order(acme, "2026-05-04 09:00", lines=[line(100, product=pump)])
    order(acme, "2026-05-04 17:00", lines=[line(100, product=hose)])
    assert number("expansion_revenue").value == 0


def test_an_earlier_order_that_is_credited_in_full_makes_the_next_one_the_first() -> None:
    (acme,), pump, hose = companies(1), ProductFactory(), ProductFactory()
    first = order(acme, "2026-03-04", lines=[line(100, product=pump)])
    order(acme, "2026-05-04", lines=[line(70, product=hose)])
    assert number("expansion_revenue").value == 70
    refund(first, "2026-06-20", 100)
    assert number("expansion_revenue").value == 0


def test_customers_who_are_merged_have_what_both_had() -> None:
    (one, two), pump = companies(2), ProductFactory()
    order(one, "2026-03-04", lines=[line(100, product=pump)])
    order(two, "2026-04-04", 5)
    order(two, "2026-05-04", lines=[line(70, product=pump)])
    assert number("expansion_revenue").value == 70
    contacts.merge_companies(two, one)
    assert number("expansion_revenue").value == 0


def test_a_product_that_changes_its_family_changes_what_was_a_cross_sale() -> None:
    (acme,), pump, hose = companies(1), ProductFactory(family="Pumps"), ProductFactory(family="Hoses")
    order(acme, "2026-03-04", lines=[line(100, product=pump)])
    order(acme, "2026-05-04", lines=[line(70, product=hose)])
    assert number("cross_sell_rate").numerator == 1
    save_product(hose, family="Pumps")
    jobs.run_all()
    assert set(OrderLine.objects.values_list("growth", flat=True)) == {""}
    assert number("cross_sell_rate").numerator == 0


def test_the_list_behind_each_part_is_the_number(people: Any) -> None:
    pump, hose = ProductFactory(family="Pumps"), ProductFactory()
    found = companies(6)
    buy(found[:5], "2026-04-30", {"amount": 250, "cost": 100, "product": pump})
    buy(found[:2], "2026-05-10", {"amount": 500, "quantity": 2, "product": pump}, {"amount": 5, "product": hose})
    buy(found[:1], "2026-05-20", {"amount": 500, "product": pump})
    buy(found[5:], "2026-05-10", {"amount": 300, "cost": 100, "product": pump})
    CostFactory(amount=100)
    CostFactory(amount=300, purpose="retention")
    for row in evaluate(
        [
            "cac",
            "cac_payback",
            "customer_retention_cost_per_customer",
            "net_new_revenue",
            "upsell_rate",
            "expansion_rate",
            "cross_sell_rate",
            "expansion_revenue",
        ],
        [MAY],
        scope=ALL,
        live=True,
    ):
        assert row.value, row.kpi.key
        for part in {"numerator", "denominator"} & set(row.parts):
            listed = drill(row.kpi.key, MAY, scope=ALL, part=part)
            assert (listed.total if listed.is_sum else listed.count) == row.parts[part], (row.kpi.key, part)
            assert len(listed.page(people.ada, 0, 50)) == listed.count
