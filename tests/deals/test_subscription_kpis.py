"""The catalogue's vectors of recurring revenue (kpis.md 3.4), over subscriptions in the database."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from analytics.drill import drill
from analytics.scopes import Scope
from contacts import services as contacts
from crm import jobs
from crm import services as kernel
from crm.periods import Period
from deals.models import Subscription
from deals.subscriptions import facts, services
from tests.analytics.vectors import LATER, MAY, number
from tests.factories import CompanyFactory, ProductFactory

from .ordering import companies
from .subscribing import cancel, change, day, moves, subscription

pytestmark = pytest.mark.django_db
YEAR = Period(dt.date(2025, 6, 1), dt.date(2026, 6, 1))
JUNE = Period(dt.date(2026, 6, 1), dt.date(2026, 7, 1), "month")
BRIDGE = ("new_mrr", "expansion_mrr", "reactivation_mrr", "contraction_mrr", "churned_mrr")


@pytest.fixture(autouse=True)
def later(organisation: Any, clock: Any) -> None:
    clock(LATER)


def bridge(period: Period = MAY) -> list[int]:
    return [number(key, period).value for key in BRIDGE]


def test_an_annual_1200_and_a_monthly_60_are_160_a_month_and_1920_a_year() -> None:
    (acme,) = companies(1)
    subscription(acme, "2026-01-01", 1_200_00, interval="year")
    subscription(acme, "2026-02-01", 60_00)
    assert (number("mrr").value, number("arr").value) == (160_00, 1_920_00)


@pytest.mark.parametrize(
    ("amount", "quantity", "interval", "monthly"),
    [
        (100_00, 1, "quarter", 33_33),
        (100, 1, "year", 8),  # 8.33
        (6, 1, "year", 0),  # 0.5 to even
        (18, 1, "year", 2),  # 1.5 to even
        (10_00, Decimal("2.5"), "month", 25_00),
        (5, 3, "quarter", 5),
    ],
)
def test_intervals_become_whole_minor_units_a_month_half_to_even(amount: int, quantity: Any, interval: str, monthly: int) -> None:
    subscription(None, "2026-01-01", amount, quantity=quantity, interval=interval)
    assert number("mrr").value == monthly


def test_ten_thousand_over_200_paying_accounts_is_50_and_free_ones_do_not_divide() -> None:
    found = companies(203)
    rows = [
        Subscription(company=company, start=day("2026-01-01"), amount=50_00, plan="Basic", currency="USD") for company in found
    ]
    rows[200].amount = 0
    rows[201].trial_end = day("2026-07-01")
    rows[202].ended_on = day("2026-05-31")
    services.post([services.NewSubscription(row) for row in rows])
    row = number("arpa")
    assert (row.value, row.numerator, row.denominator) == (50_00, 10_000_00, 200)


def test_an_account_with_two_plans_divides_once_in_the_whole_and_under_each() -> None:
    (acme,) = companies(1)
    subscription(acme, "2026-01-01", 30_00, plan="Basic")
    subscription(acme, "2026-01-01", 50_00, plan="Pro")
    assert (number("arpa").value, number("arpa").denominator) == (80_00, 1)
    assert number("arpa", by="plan", member="Pro").value == 50_00


def test_a_swap_of_plans_on_one_day_is_an_expansion_of_20() -> None:
    (acme,) = companies(1)
    basic = subscription(acme, "2026-01-01", 100_00)
    cancel(basic, "2026-05-10")
    subscription(acme, "2026-05-10", 120_00, plan="Pro")
    assert bridge() == [0, 20_00, 0, 0, 0]
    assert number("expansion_mrr", by="plan", member="Pro").value == 20_00
    assert moves(acme)[1:] == [
        ("2026-05-10", "expansion", 20_00),
        ("2026-05-10", "moved", 100_00),
        ("2026-05-10", "moved", -100_00),
    ]


def test_the_same_swap_inside_one_subscription_is_the_same() -> None:
    (acme,) = companies(1)
    change(subscription(acme, "2026-01-01", 100_00), "2026-05-10", plan="Pro", amount=120_00)
    assert bridge() == [0, 20_00, 0, 0, 0]


def test_cancelling_one_of_two_is_contraction_and_the_last_is_churn() -> None:
    (acme,) = companies(1)
    one, two = subscription(acme, "2026-01-01", 100_00), subscription(acme, "2026-02-01", 40_00)
    cancel(one, "2026-05-10")
    assert bridge() == [0, 0, 0, 100_00, 0]
    cancel(two, "2026-05-20")
    assert bridge() == [0, 0, 0, 100_00, 40_00]


def test_new_30_expansion_10_back_5_contraction_10_churn_10_is_25() -> None:
    new, more, back, less, gone = companies(5)
    subscription(new, "2026-05-02", 30_00)
    change(subscription(more, "2026-01-01", 100_00), "2026-05-03", amount=110_00)
    cancel(subscription(back, "2026-01-01", 100_00), "2026-03-01")
    subscription(back, "2026-05-04", 5_00)
    change(subscription(less, "2026-01-01", 100_00), "2026-05-05", amount=90_00)
    cancel(subscription(gone, "2026-01-01", 10_00), "2026-05-06")
    assert bridge() == [30_00, 10_00, 5_00, 10_00, 10_00]
    assert number("net_new_mrr").value == 25_00
    assert number("mrr").value - number("mrr", Period(dt.date(2026, 4, 1), dt.date(2026, 5, 1))).value == 25_00
    assert number("quick_ratio").value == pytest.approx(45 / 20)


def test_start_100_churn_10_contraction_10_other_plus_10() -> None:
    gone, less, more = companies(3)
    cancel(subscription(gone, "2025-01-01", 10_00), "2026-05-06")
    change(subscription(less, "2025-01-01", 50_00), "2026-05-07", amount=40_00)
    change(subscription(more, "2025-01-01", 40_00), "2026-05-08", amount=50_00)
    assert (number("gross_mrr_churn_rate").value, number("net_mrr_churn_rate").value) == (20, 10)
    assert (number("grr").value, number("nrr").value) == (80, 90)
    row = number("grr", YEAR)
    assert (row.numerator, row.denominator, row.n) == (80_00, 100_00, 3)


def test_who_contracts_and_then_expands_is_kept_whole_though_movements_say_otherwise() -> None:
    (acme,) = companies(1)
    row = subscription(acme, "2025-01-01", 100_00)
    change(row, "2025-09-01", amount=80_00)
    change(row, "2026-02-01", amount=110_00)
    assert (number("grr", YEAR).value, number("nrr", YEAR).value) == (100, 110)
    assert 100 - number("gross_mrr_churn_rate", YEAR).value == 80


def test_thirty_and_ten_gained_over_five_and_five_lost_is_four() -> None:
    new, more, less, gone = companies(4)
    subscription(new, "2026-05-02", 30_00)
    change(subscription(more, "2026-01-01", 100_00), "2026-05-03", amount=110_00)
    change(subscription(less, "2026-01-01", 100_00), "2026-05-05", amount=95_00)
    cancel(subscription(gone, "2026-01-01", 5_00), "2026-05-06")
    assert number("quick_ratio").value == 4
    assert (number("quick_ratio", JUNE).value, number("quick_ratio", JUNE).reason) == (None, "empty")


def test_without_recurring_revenue_at_the_start_there_is_no_rate() -> None:
    subscription(None, "2026-05-02", 30_00)
    for key in ("gross_mrr_churn_rate", "net_mrr_churn_rate", "grr", "nrr"):
        assert (number(key).value, number(key).reason) == (None, "empty")


def test_a_day_belongs_to_the_period_that_it_begins() -> None:
    one, two = companies(2)
    subscription(one, "2026-05-01", 1)
    subscription(two, "2026-06-01", 10)
    assert (number("new_mrr").value, number("new_mrr", JUNE).value, number("mrr").value) == (1, 10, 1)


def test_a_trial_brings_nothing_until_its_end_and_what_is_cancelled_in_it_never_did() -> None:
    one, two = companies(2)
    subscription(one, "2026-04-15", 100_00, trial_end="2026-05-15")
    cancel(subscription(two, "2026-04-15", 100_00, trial_end="2026-05-15"), "2026-05-10")
    assert moves(one) == [("2026-05-15", "new", 100_00)]
    assert moves(two) == []
    assert number("mrr", Period(dt.date(2026, 4, 1), dt.date(2026, 5, 1))).value == 0


def test_a_pause_brings_nothing_and_the_account_comes_back() -> None:
    (acme,) = companies(1)
    row = subscription(acme, "2026-01-01", 100_00)
    services.pause(row, day("2026-05-05"))
    assert (number("mrr").value, bridge()) == (0, [0, 0, 0, 0, 100_00])
    services.resume(row, day("2026-05-20"))
    assert (number("mrr").value, bridge()) == (100_00, [0, 0, 100_00, 0, 100_00])


@pytest.mark.parametrize(
    ("first", "expected"),
    [
        ("2026-05-01", [0, 0, 0, 0, 0]),  # early, it takes over
        ("2026-05-11", [0, 0, 0, 0, 0]),
        ("2026-06-10", [0, 0, 0, 0, 0]),  # the last day of the grace
        ("2026-06-11", [0, 0, 0, 0, 100_00]),
    ],
)
def test_a_renewal_within_the_grace_takes_the_churn_back(first: str, expected: list[int]) -> None:
    (acme,) = companies(1)
    row = subscription(acme, "2025-05-11", 1_200_00, interval="year", term_end="2026-05-11")
    assert bridge() == [0, 0, 0, 0, 100_00]
    again = services.renew(row, day=day(first))
    assert bridge() == expected
    assert number("reactivation_mrr", JUNE).value == (100_00 if expected[-1] else 0)
    assert (again.renewed_from, again.term_end) == (row, day(f"{int(first[:4]) + 1}{first[4:]}"))


def test_taking_a_cancellation_back_within_the_grace_leaves_no_trace_and_later_the_account_comes_back() -> None:
    one, two = companies(2)
    first = cancel(subscription(one, "2026-01-01", 100_00), "2026-05-10")
    services.reactivate(first, day("2026-06-09"))
    second = cancel(subscription(two, "2026-01-01", 40_00), "2026-05-10")
    again = services.reactivate(second, day("2026-06-10"))
    assert bridge() == [0, 0, 0, 0, 40_00]
    assert (again.renewed_from, number("reactivation_mrr", JUNE).value) == (second, 40_00)
    assert moves(one) == [("2026-01-01", "new", 100_00)]


def test_a_rate_is_that_of_the_fiscal_year_and_never_looks_like_a_gain() -> None:
    for since, rate in (("2026-01-01", "1.10"), ("2026-03-01", "1.50"), ("2027-01-01", "2")):
        kernel.set_rate("EUR", dt.date.fromisoformat(since), Decimal(rate))
    (acme,) = companies(1)
    row = subscription(acme, "2026-04-01", 1_200_00, interval="year", currency="EUR", term_end="2026-11-20")
    again = services.renew(row, day=day("2026-11-20"))
    assert (number("mrr").value, again.rate, again.rate_day) == (110_00, Decimal("1.10"), dt.date(2026, 1, 1))
    assert [kind for _day, kind, _base in moves(acme)] == ["new", "moved", "moved"]


def test_what_has_no_rate_is_left_out_and_joins_when_the_rate_comes() -> None:
    (acme,) = companies(1)
    subscription(acme, "2026-04-01", 100_00)
    subscription(acme, "2026-05-01", 50_00, currency="GBP")
    assert [count for _text, count, _measure in number("mrr").left_out] == [1]
    assert [count for _text, count, _measure in number("new_mrr").left_out] == [1]
    assert (number("mrr").value, number("arpa").value) == (100_00, 100_00)
    kernel.set_rate("GBP", dt.date(2026, 1, 1), Decimal(2))
    jobs.run_all()
    assert (number("mrr").value, number("expansion_mrr").value, number("mrr").left_out) == (200_00, 100_00, [])


def test_handing_a_subscription_on_moves_no_revenue_of_the_past(people: Any) -> None:
    (acme,) = companies(1)
    row = subscription(acme, "2026-01-01", 100_00, owner=people.ann, team=people.north)
    change(row, "2026-05-10", owner=people.cleo)
    april = Period(dt.date(2026, 4, 1), dt.date(2026, 5, 1))
    assert number("mrr", april, by="owner", member=str(people.ann.pk)).value == 100_00
    assert number("mrr", by="owner", member=str(people.cleo.pk)).value == 100_00
    assert bridge() == [0, 0, 0, 0, 0]
    assert number("gross_mrr_churn_rate", by="owner", member=str(people.ann.pk)).value == 0


def test_merged_accounts_net_their_movements() -> None:
    one, two = companies(2)
    cancel(subscription(one, "2026-01-01", 100_00), "2026-05-10")
    subscription(two, "2026-05-10", 130_00)
    assert bridge() == [130_00, 0, 0, 0, 100_00]
    contacts.merge_companies(one, two)
    assert bridge() == [0, 30_00, 0, 0, 0]
    assert number("arpa").denominator == 1


def test_a_deleted_subscription_leaves_every_number() -> None:
    (acme,) = companies(1)
    row = subscription(acme, "2026-05-05", 100_00)
    assert number("new_mrr").value == 100_00
    services.delete_subscription(row)
    assert (number("new_mrr").value, number("mrr").value) == (0, 0)


def test_a_change_of_industry_moves_the_split() -> None:
    acme = CompanyFactory(industry="Retail")
    subscription(acme, "2026-05-05", 100_00)
    contacts.save_company(acme, industry="Health")
    assert number("mrr", by="segment", member="Health").value == 100_00
    assert number("new_mrr", by="segment", member="Health").value == 100_00


def test_what_a_plan_gains_and_loses_and_what_moved_is_its_change() -> None:
    (acme,), pump = companies(1), ProductFactory()
    basic, pro = subscription(acme, "2026-01-01", 90_00), subscription(acme, "2026-01-01", 60_00, plan="Pro", product=pump)
    change(basic, "2026-05-10", amount=30_00)
    change(pro, "2026-05-10", amount=71_00)
    assert bridge() == [0, 0, 0, 49_00, 0]
    assert number("contraction_mrr", by="plan", member="Basic").value == 49_00
    assert number("mrr", by="product", member=str(pump.pk)).value == 71_00


def test_an_account_counts_for_retention_under_its_largest_subscription(people: Any) -> None:
    (acme,) = companies(1)
    subscription(acme, "2025-01-01", 100_00, owner=people.ann, team=people.north)
    cancel(subscription(acme, "2025-01-01", 60_00, owner=people.cleo, team=people.south), "2026-05-01")
    row = number("grr", by="owner", member=str(people.ann.pk))
    assert (row.numerator, row.denominator) == (100_00, 160_00)


@pytest.mark.parametrize("key", ["arpa", "grr", "nrr", "quick_ratio", "mrr", "net_mrr_churn_rate"])
def test_the_list_behind_a_number_is_the_number(people: Any, key: str) -> None:
    one, two = companies(2)
    first = subscription(one, "2025-01-01", 100_00)
    change(first, "2026-05-10", amount=130_00)
    change(subscription(two, "2025-01-01", 50_00, plan="Pro"), "2026-05-12", amount=40_00)
    subscription(two, "2025-02-01", 20_00)
    row = number(key)
    for part in ("numerator", "denominator"):
        if part in row.kpi.terms:
            listed = drill(key, MAY, scope=Scope.everything(), part=part)
            assert (listed.total if listed.is_sum else listed.count) == row.parts[part]
            assert len(listed.page(people.ada, 0, 50)) == listed.count


# --- renewals (kpis.md 19 and 20) ------------------------------------------------------------------------------------


def terms(count: int, renewed: int, amount: int = 100_00, factor: Decimal = Decimal(1)) -> None:
    """`count` yearly contracts that end in May, of which the first are renewed at so many times the amount."""
    for number_, company in enumerate(companies(count)):
        row = subscription(company, "2025-05-10", amount, interval="year", term_end="2026-05-10")
        if number_ < renewed:
            services.renew(row, amount=int(amount * factor), day=day("2026-05-10"))


@pytest.mark.parametrize(("count", "renewed", "value"), [(20, 17, 85), (24, 22, 91.666667)])
def test_17_of_20_contracts_and_22_of_24_were_renewed(count: int, renewed: int, value: float) -> None:
    terms(count, renewed)
    row = number("renewal_rate")
    assert (row.value, row.numerator, row.denominator) == (pytest.approx(value), renewed, count)


def test_where_none_was_due_there_is_no_rate() -> None:
    subscription(None, "2025-05-10", 100_00)  # it renews itself
    cancel(subscription(None, "2025-05-10", 100_00, trial_end="2025-06-10", term_end="2026-05-10"), "2025-06-01")  # never paid
    subscription(None, "2025-05-10", 0, term_end="2026-05-10")  # free
    assert (number("renewal_rate").value, number("renewal_rate").reason) == (None, "empty")
    assert number("renewal_rate_value").value is None


def test_of_100k_due_12k_lost_5k_cut_and_8k_added_83_percent_are_kept_and_91_with_what_was_added() -> None:
    lost, cut, more, same = companies(4)
    for company, amount, again in (
        (lost, 12_000_00, None),
        (cut, 30_000_00, 25_000_00),
        (more, 28_000_00, 36_000_00),
        (same, 30_000_00, 30_000_00),
    ):
        row = subscription(company, "2025-05-10", amount, interval="year", term_end="2026-05-10")
        if again is not None:
            services.renew(row, amount=again, day=day("2026-05-10"))
    row = number("renewal_rate_value")
    assert (row.value, row.numerator, row.denominator) == (83, 83_000_00, 100_000_00)
    assert 100 * row.parts["renewed"] / row.denominator == 91


def test_an_early_renewal_counts_when_its_old_term_ends() -> None:
    row = subscription(None, "2025-06-10", 100_00, interval="year", term_end="2026-06-10")
    services.renew(row, day=day("2026-05-10"))
    assert number("renewal_rate").value is None
    assert number("renewal_rate", JUNE).value == 100


@pytest.mark.parametrize(("first", "value"), [("2026-06-09", 100), ("2026-06-10", 0)])
def test_a_renewal_counts_up_to_the_last_day_of_the_grace(first: str, value: int) -> None:
    services.renew(subscription(None, "2025-05-10", 100_00, term_end="2026-05-10"), day=day(first))
    assert number("renewal_rate").value == value


def test_what_is_still_in_its_grace_is_in_neither_part(clock: Any) -> None:
    clock("2026-06-09 10:00")
    row = subscription(None, "2025-05-10", 100_00, term_end="2026-05-10")
    services.renew(subscription(None, "2025-05-01", 100_00, term_end="2026-05-01", grace_days=10), day=day("2026-05-01"))
    found = number("renewal_rate")
    assert (found.value, found.denominator) == (100, 1)
    assert [(count, measure) for _text, count, measure in found.left_out] == [(1, "renewals_pending")]
    clock("2026-06-10 10:00")
    facts.turn()
    assert (number("renewal_rate").value, number("renewal_rate").denominator) == (50, 2)
    services.renew(row, day=day("2026-06-09"))
    assert number("renewal_rate").value == 100


def test_both_values_take_the_rate_of_the_contract_that_ended() -> None:
    for since, rate in (("2025-01-01", "1.10"), ("2026-01-01", "1.50")):
        kernel.set_rate("EUR", dt.date.fromisoformat(since), Decimal(rate))
    row = subscription(None, "2025-05-10", 1_000_00, interval="year", currency="EUR", term_end="2026-05-10")
    services.renew(row, day=day("2026-05-10"), amount=900_00)
    found = number("renewal_rate_value")
    assert (found.value, found.numerator, found.denominator) == (90, 990_00, 1_100_00)
