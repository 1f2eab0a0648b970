"""The catalogue's vectors of revenue and purchases (kpis.md 3.3 and 3.2), over orders in the database."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from analytics.drill import drill
from analytics.engine import evaluate
from analytics.scopes import Scope
from contacts import services as contacts
from crm import jobs
from crm import services as kernel
from crm.periods import Period
from tests.analytics.vectors import LATER, MAY, number
from tests.factories import CompanyFactory, PersonFactory, ProductFactory

from .ordering import companies, line, order, orders, refund

pytestmark = [pytest.mark.publishes, pytest.mark.django_db]
Q1 = Period(dt.date(2026, 1, 1), dt.date(2026, 4, 1), "quarter")
MARCH = Period(dt.date(2026, 3, 1), dt.date(2026, 4, 1), "month")
ALL = Scope.everything()


@pytest.fixture(autouse=True)
def later(organisation: Any, clock: Any) -> None:
    clock(LATER)


def test_revenue_is_what_was_billed_less_what_was_credited() -> None:
    (acme,) = companies(1)
    order(acme, "2026-05-04", 1_000_00)
    refund(order(acme, "2026-05-05", 500_00), "2026-05-20", 200_00)
    assert number("revenue").value == 1_300_00


def test_revenue_counts_from_the_first_instant_of_the_period_to_the_last() -> None:
    (acme,) = companies(1)
    order(acme, "2026-04-30 23:59", 1)
    order(acme, "2026-05-01 00:00", 10)
    order(acme, "2026-05-31 23:59", 100)
    order(acme, "2026-06-01 00:00", 1000)
    assert number("revenue").value == 110


def test_a_credit_note_lowers_its_own_month_and_leaves_the_closed_one() -> None:
    (acme,) = companies(1)
    refund(order(acme, "2026-03-10", 500_00), "2026-05-02", 500_00)
    assert (number("revenue", MARCH).value, number("revenue").value) == (500_00, -500_00)


def test_a_credit_note_takes_the_rate_of_its_order_so_that_a_full_one_nets_to_nothing() -> None:
    kernel.set_rate("EUR", dt.date(2026, 5, 1), Decimal("1.10"))
    kernel.set_rate("EUR", dt.date(2026, 5, 15), Decimal("1.37"))
    (acme,) = companies(1)
    sold = order(acme, "2026-05-04", 333_33, currency="EUR")
    back = refund(sold, "2026-05-20", 333_33)
    assert (sold.base, back.base, back.rate, back.rate_day) == (366_66, -366_66, Decimal("1.10"), dt.date(2026, 5, 4))
    assert number("revenue").value == 0


def test_an_order_without_a_rate_is_counted_as_left_out_and_joins_when_the_rate_comes() -> None:
    (acme,) = companies(1)
    order(acme, "2026-05-04", 100_00)
    order(acme, "2026-05-05", 900_00, currency="GBP")
    for key in ("revenue", "average_order_value", "revenue_per_customer", "gross_margin_rate", "refund_rate"):
        assert [count for _text, count, measure in number(key).left_out if "unconverted" in measure] == [1], key
    assert (number("revenue").value, number("average_order_value").denominator) == (100_00, 1)
    kernel.set_rate("GBP", dt.date(2026, 5, 1), Decimal(2))
    jobs.run_all()
    assert (number("revenue").value, number("average_order_value").denominator) == (1_900_00, 2)


def test_revenue_per_customer_divides_by_those_who_were_billed_each_once() -> None:
    found = companies(52)
    orders([(company, f"2026-05-{2 + n % 20:02}", [line(200_00)]) for n, company in enumerate(found)])
    orders([(company, "2026-05-28", [line(50_00)]) for company in found])
    row = number("revenue_per_customer")
    assert (row.value, row.numerator, row.denominator) == (250_00, 13_000_00, 52)


def test_a_customer_credited_in_full_still_divides() -> None:
    one, two = companies(2)
    order(one, "2026-05-04", 100_00)
    refund(order(two, "2026-05-04", 100_00), "2026-05-06", 100_00)
    assert number("revenue_per_customer").value == 50_00


def test_the_ten_largest_customers_bring_their_share() -> None:
    found = companies(22)
    orders([(company, "2026-05-04", [line(2_000_00)]) for company in found[:10]])
    orders([(company, "2026-05-05", [line(2_000_00)]) for company in found[:10]])
    orders([(company, "2026-05-06", [line(5_000_00)]) for company in found[10:]])
    row = number("top_customer_share")
    assert (row.numerator, row.denominator) == (50_000_00, 100_000_00)
    assert row.value == 50


def test_forty_of_a_hundred_thousand_is_forty_percent_and_without_revenue_there_is_no_share() -> None:
    found = companies(40)
    orders([(company, "2026-05-04", [line(4_000_00)]) for company in found[:10]])
    orders([(company, "2026-05-04", [line(2_000_00)]) for company in found[10:]])
    assert number("top_customer_share").value == 40
    assert (number("top_customer_share", MARCH).value, number("top_customer_share", MARCH).reason) == (None, "empty")


def test_of_each_industry_its_own_largest_customers_count() -> None:
    retail, health = companies(12, "R", industry="Retail"), companies(11, "H", industry="Health")
    orders([(company, "2026-05-04", [line(100)]) for company in retail])
    orders([(company, "2026-05-04", [line(10)]) for company in health])
    assert number("top_customer_share", by="segment", member="Retail").value == pytest.approx(100 * 10 / 12)
    assert number("top_customer_share", by="segment", member="Health").value == pytest.approx(100 * 10 / 11)


def test_the_order_value_is_a_ratio_of_sums_never_a_mean_of_means() -> None:
    (acme,) = companies(1)
    for day, amount in (("04", 50_00), ("04", 70_00), ("05", 120_00)):
        order(acme, f"2026-05-{day}", amount)
    row = number("average_order_value")
    assert (row.value, row.denominator) == (80_00, 3)


def test_who_is_new_depends_on_the_period() -> None:
    new, known = companies(2)
    order(known, "2025-11-03", 1)
    order(new, "2026-01-10", 1_000_00)
    order(new, "2026-03-10", 400_00)
    order(known, "2026-02-10", 900_00)
    assert number("new_customer_revenue", Q1).value == 1_400_00
    assert number("new_customer_revenue", MARCH).value == 0


def test_an_earlier_order_that_arrives_late_makes_the_customer_known() -> None:
    (acme,) = companies(1)
    order(acme, "2026-05-10", 100_00)
    assert number("new_customer_revenue").value == 100_00
    order(acme, "2026-04-10", 1_00)
    assert number("new_customer_revenue").value == 0


def test_the_margin_is_over_lines_whose_cost_is_known() -> None:
    (acme,) = companies(1)
    order(acme, "2026-05-04", lines=[line(100_000_00, cost=40_000_00), line(7_00)])
    row = number("gross_margin_rate")
    assert row.value == 60
    assert [(count, measure) for _text, count, measure in row.left_out] == [(1, "uncosted_lines")]


def test_refunds_over_what_was_billed_in_the_same_period() -> None:
    (acme,) = companies(1)
    order(acme, "2026-05-04", 1_000_00)
    refund(order(acme, "2026-05-05", 500_00), "2026-05-20", 200_00)
    assert number("refund_rate").value == pytest.approx(13.333333)
    refund(order(acme, "2026-03-04", 2_000_00), "2026-05-21", 2_000_00)
    assert number("refund_rate").value == pytest.approx(100 * 2200 / 1500)


def test_sixty_of_eighty_buyers_had_bought_before() -> None:
    found = companies(80)
    orders([(company, "2026-02-04", [line(1)]) for company in found[:60]])
    orders([(company, "2026-05-04", [line(1)]) for company in found])
    row = number("repeat_customer_rate")
    assert (row.value, row.numerator, row.denominator) == (75, 60, 80)


def test_orders_of_one_day_are_one_occasion_and_one_credited_in_full_is_none() -> None:
    one, two, three = companies(3)
    order(one, "2026-05-04 09:00", 10)
    order(one, "2026-05-04 17:00", 10)
    refund(order(two, "2026-03-04", 10), "2026-03-05", 10)
    order(two, "2026-05-04", 10)
    refund(order(three, "2026-05-04", 10), "2026-05-05", 10)
    row = number("repeat_customer_rate")
    assert (row.value, row.denominator) == (0, 2)
    assert [count for _text, count, _measure in row.left_out] == [1]


def test_orders_per_customer_who_ordered() -> None:
    found = companies(80)
    orders([(company, "2026-05-04", [line(1)]) for company in found])
    orders([(company, "2026-05-20", [line(1)]) for company in found[:40]])
    assert number("purchase_frequency").value == 1.5


def test_the_median_time_until_the_next_purchase() -> None:
    for n, (company, days) in enumerate(zip(companies(3), (10, 20, 90), strict=True)):
        second = dt.datetime(2026, 5, 20 + n, 10, tzinfo=dt.UTC)
        order(company, (second - dt.timedelta(days=days)).strftime("%Y-%m-%d %H:%M"), 1)
        order(company, second.strftime("%Y-%m-%d %H:%M"), 1)
    row = number("purchase_interval")
    assert row.value == 20 * 86_400
    assert row.n == 3


def test_a_customer_of_two_owners_counts_under_each_and_once_in_the_whole(people: Any) -> None:
    (acme,) = companies(1)
    order(acme, "2026-05-04", 100, owner=people.ann)
    order(acme, "2026-05-05", 300, owner=people.cleo)
    assert number("revenue_per_customer").denominator == 1
    for person, revenue in ((people.ann, 100), (people.cleo, 300)):
        row = number("revenue_per_customer", by="owner", member=str(person.pk))
        assert (row.numerator, row.denominator) == (revenue, 1)
    assert number("purchase_frequency", by="team", member=str(people.north.pk)).value == 1


def test_a_line_counts_under_its_own_product() -> None:
    (acme,), pump, hose = companies(1), ProductFactory(), ProductFactory()
    order(acme, "2026-05-04", lines=[line(100, product=pump), line(30, product=hose)])
    assert number("revenue", by="product", member=str(hose.pk)).value == 30
    assert number("average_order_value", by="product", member=str(pump.pk)).value == 130


def test_merged_customers_are_one(people: Any) -> None:
    one, two = companies(2)
    order(one, "2026-03-04", 10)
    order(two, "2026-05-04", 30)
    assert number("repeat_customer_rate").value == 0
    contacts.merge_companies(two, one)
    assert (number("repeat_customer_rate").value, number("new_customer_revenue").value) == (100, 0)
    assert (number("revenue").value, number("revenue", MARCH).value) == (30, 10)


def test_a_person_who_is_erased_leaves_the_numbers_as_they_are(people: Any) -> None:
    paula = PersonFactory(name="Paula Pons")
    for day in ("2026-03-04", "2026-05-04"):
        order(None, day, 100, person=paula)
    keys = ("revenue", "revenue_per_customer", "repeat_customer_rate", "purchase_frequency", "purchase_interval")
    before = [number(key).value for key in keys]
    contacts.delete_person(paula)
    assert [number(key).value for key in keys] == before
    listed = drill("repeat_customer_rate", MAY, scope=ALL)
    assert listed.count == 1
    assert "Paula" not in listed.page(people.ada, 0, 10)[0].label


def test_a_change_of_industry_moves_the_split() -> None:
    acme = CompanyFactory(industry="Retail")
    order(acme, "2026-05-04", 70)
    contacts.save_company(acme, industry="Health")
    assert number("revenue", by="segment", member="Health").value == 70
    assert all(row.member != "Retail" for row in evaluate(["revenue"], [MAY], scope=ALL, by="segment"))


@pytest.mark.parametrize("key", ["revenue_per_customer", "repeat_customer_rate", "purchase_frequency", "top_customer_share"])
def test_the_list_behind_a_number_holds_each_customer_once(people: Any, key: str) -> None:
    one, two = companies(2)
    for day in ("2026-04-02", "2026-05-04", "2026-05-20"):
        orders([(one, day, [line(10), line(5)]), (two, day, [line(20)])], owner=people.ann)
    row = number(key)
    for part in ("numerator", "denominator"):
        listed = drill(key, MAY, scope=ALL, part=part)
        assert (listed.total if listed.is_sum else listed.count) == row.parts[part]
        assert len(listed.page(people.ada, 0, 50)) == listed.count
