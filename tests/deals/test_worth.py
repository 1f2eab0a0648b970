"""What customers have brought, and what they are worth by the short formula (kpis.md 3.5: 53, 54, 59), over records."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from analytics.drill import drill
from analytics.engine import evaluate
from analytics.scopes import Scope
from contacts import services as contacts
from crm.periods import Period
from deals.models import Subscription
from deals.orders import services
from deals.subscriptions import services as subscriptions
from deals.value.formula import monthly, over
from tests.analytics.vectors import LATER, MAY, number
from tests.factories import CostFactory

from .ordering import companies, line, order, orders, refund
from .subscribing import cancel, day, subscription

pytestmark = pytest.mark.django_db
JUNE = Period(dt.date(2026, 6, 1), dt.date(2026, 7, 1), "month")
ALL = Scope.everything()


@pytest.fixture(autouse=True)
def later(organisation: Any, clock: Any) -> None:
    clock(LATER)


# --- observed --------------------------------------------------------------------------------------------------------


def test_300_and_200_less_50_at_a_margin_of_60_percent_are_270() -> None:
    (acme,) = companies(1)
    order(acme, "2026-03-01", lines=[line(300_00, cost=120_00)])
    second = order(acme, "2026-04-10", lines=[line(200_00, cost=80_00)])
    refund(second, "2026-05-31", 50_00, cost=20_00)
    found = number("clv_historic")
    assert (found.value, found.denominator) == (270_00, 1)
    assert number("clv_historic_revenue").value == 450_00


def test_lines_without_a_known_cost_are_taken_at_the_margin_of_the_others_and_said() -> None:
    (acme,) = companies(1)
    order(acme, "2026-03-01", lines=[line(300_00, cost=120_00), line(150_00)])
    found = number("clv_historic")
    assert found.value == 270_00
    assert [(count, measure) for _text, count, measure in found.left_out] == [(1, "lifetime_uncosted")]


def test_what_comes_on_the_periods_end_is_not_in_it() -> None:
    (acme,) = companies(1)
    order(acme, "2026-05-31", lines=[line(100, cost=0)])
    order(acme, "2026-06-01", lines=[line(7, cost=0)])
    assert (number("clv_historic").value, number("clv_historic", JUNE).value) == (100, 107)


def test_without_customers_or_known_costs_there_is_no_value() -> None:
    assert number("clv_historic").reason == "empty"
    order(companies(1)[0], "2026-05-31", 100)
    assert (number("clv_historic").reason, number("clv_historic_revenue").value) == ("empty", 100)


def test_a_month_of_first_purchases_has_a_mean_of_its_own() -> None:
    march, april = companies(2)
    order(march, "2026-03-01", lines=[line(100, cost=0)])
    order(march, "2026-04-01", lines=[line(50, cost=0)])
    order(april, "2026-04-01", lines=[line(10, cost=0)])
    assert number("clv_historic").value == 80
    assert number("clv_historic", by="cohort", member="2026-03").value == 150
    assert number("clv_historic", by="cohort", member="2026-04").value == 10
    listed = drill("clv_historic", MAY, scope=ALL, filters={"cohort": "2026-03"})
    assert (listed.total, listed.count) == (150, 2)


def test_a_customer_stays_with_whom_made_the_first_sale_and_moves_when_that_is_corrected(people: Any) -> None:
    (acme,) = companies(1, owner=people.ann)
    first = order(acme, "2026-03-01", lines=[line(100, cost=0)], owner=people.ann)
    order(acme, "2026-04-01", lines=[line(50, cost=0)], owner=people.cleo)
    assert number("clv_historic", by="owner", member=str(people.ann.pk)).value == 150
    services.change_order(first, owner=people.ben)
    assert number("clv_historic", by="owner", member=str(people.ben.pk)).value == 150


def test_merged_companies_are_one_customer_with_everything_they_bought() -> None:
    one, two = companies(2)
    order(one, "2026-03-01", lines=[line(100, cost=0)])
    order(two, "2026-04-01", lines=[line(50, cost=0)])
    assert number("clv_historic").value == 75
    contacts.merge_companies(one, two)
    assert number("clv_historic").value == 150
    assert number("clv_historic", by="cohort", member="2026-03").value == 150


# --- by the formula --------------------------------------------------------------------------------------------------


def test_50_a_month_at_80_percent_and_a_churn_of_2_percent_are_worth_2000() -> None:
    assert over(50 * 0.8, 0.02) == pytest.approx(2000)
    assert over(50 * 0.8, 0) is None


def accounts(count: int, lost: int, amount: int = 50_00) -> None:
    """Accounts that have paid since 2024, of which some left in April 2026; a margin of 80 %."""
    rows = [
        Subscription(company=company, start=day("2024-05-01"), amount=amount, plan="Basic", currency="USD")
        for company in companies(count, "Account")
    ]
    for row in rows[:lost]:
        row.ended_on = day("2026-04-10")
    subscriptions.post([subscriptions.NewSubscription(row) for row in rows])
    order(companies(1, "Buyer")[0], "2026-03-01", lines=[line(100_00, cost=20_00)])


def test_the_same_over_accounts_of_which_14_of_65_left_in_twelve_months() -> None:
    """14 of 65 in a year are 2.001 % a month."""
    accounts(65, 14)
    found = number("clv_simple")
    churn = 1 - (51 / 65) ** (1 / 12)
    assert (found.numerator, found.denominator) == (pytest.approx(40_00), pytest.approx(churn))
    assert found.value == pytest.approx(40_00 / churn)
    assert found.value == pytest.approx(2000_00, rel=1e-3)


def test_a_quarter_of_10_10_percent_is_3_487195_a_month() -> None:
    assert 100 * (1 - (1 - 10 / 99) ** (1 / 3)) == pytest.approx(3.487195)
    assert 1 - (1 - monthly(10, 99)) ** 12 == pytest.approx(10 / 99)


def test_who_began_within_the_twelve_months_pays_but_is_in_no_churn() -> None:
    accounts(10, 2)
    subscription(companies(1, "New")[0], "2026-02-01", 90_00)
    gone = subscription(companies(1, "Gone")[0], "2026-02-01", 90_00)
    cancel(gone, "2026-04-01")
    found = number("clv_simple")
    arpa = (8 * 50_00 + 90_00) / 9
    assert found.value == pytest.approx(arpa * 0.8 / (1 - 0.8 ** (1 / 12)))


def test_nobody_lost_nobody_a_year_ago_or_no_cost_known_is_no_value() -> None:
    subscription(companies(1, "New")[0], "2026-02-01", 90_00)
    assert number("clv_simple").reason == "empty"
    accounts(5, 0)
    assert (number("clv_simple").value, number("clv_simple").reason) == (None, "empty")


def test_the_value_of_2000_that_cost_500_is_4() -> None:
    accounts(65, 14)
    orders([(company, "2026-05-10", [line(1)]) for company in companies(60, "Won")])
    CostFactory(amount=30_000_00)
    found = number("ltv_cac")
    value = number("clv_simple").value
    assert (found.numerator, found.denominator) == (pytest.approx(value), 500_00)
    assert found.value == pytest.approx(value / 500_00) == pytest.approx(4, rel=1e-3)


@pytest.mark.parametrize("missing", ["customers", "costs", "value"])
def test_without_customers_won_costs_or_a_value_there_is_no_ratio(missing: str) -> None:
    accounts(10, 0 if missing == "value" else 2)
    if missing != "customers":
        order(companies(1, "Won")[0], "2026-05-10", 1)
    if missing != "costs":
        CostFactory(amount=100_00)
    assert (number("ltv_cac").value, number("ltv_cac").reason) == (None, "empty")


def test_the_lists_behind_are_the_accounts_that_pay_and_those_that_left() -> None:
    accounts(10, 2)
    above, below = (drill("clv_simple", MAY, scope=ALL, part=part) for part in ("numerator", "denominator"))
    assert (above.total, below.count) == (400_00, 2)
    row = evaluate(["clv_simple"], [MAY], scope=ALL, live=True)[0]
    assert (row.parts["numerator"], row.parts["denominator"], row.n) == (400_00, 2, 8)
