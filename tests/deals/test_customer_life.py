"""When customers come, go and come back, and the numbers made of it (kpis.md 3.2), over orders in the database."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

import pytest

from analytics import refreshing
from contacts import services as contacts
from crm import due, jobs
from crm import services as kernel
from crm.history import events_of
from crm.models import Event, Organisation
from crm.periods import Period
from deals.models import CustomerSpell
from deals.orders import life
from deals.orders.kpis_cohorts import hazard
from tests.analytics.test_view_overview import text_of
from tests.analytics.vectors import LATER, number

from .ordering import companies, line, order, orders, refund

pytestmark = [pytest.mark.publishes, pytest.mark.django_db]
Q1 = Period(dt.date(2026, 1, 1), dt.date(2026, 4, 1), "quarter")
JAN, FEB, MARCH = (Period(dt.date(2026, n, 1), dt.date(2026, n + 1, 1), "month") for n in (1, 2, 3))


@pytest.fixture(autouse=True)
def later(organisation: Any, clock: Any) -> None:
    clock(LATER)


def window(days: int) -> None:
    kernel.save_organisation(Organisation.current(), customer_window_days=days)
    jobs.run_all()


def spells(company: Any) -> list[tuple[str, str, bool]]:
    rows = CustomerSpell.objects.filter(customer__company=company).order_by("start")
    return [(str(row.start), str(row.end or ""), row.first) for row in rows]


@pytest.fixture
def quarter() -> None:
    """99 customers on 1 January; 3 won in January, 3 in February; 10 lost in March."""
    base, new = companies(99), companies(6, "New")
    rows = [(company, "2025-09-15", [line(1)]) for company in base[:89]]
    rows += [(company, f"2025-03-{10 + n:02}", [line(1)]) for n, company in enumerate(base[89:])]
    rows += [(company, "2026-01-20" if n < 3 else "2026-02-20", [line(1)]) for n, company in enumerate(new)]
    orders(rows)


def test_the_articles_quarter_shows_net_loss_beside_gross_churn_and_the_bridge_holds(quarter: None) -> None:
    values = {key: number(key, Q1).value for key in ("active_customers", "new_customers", "churned_customers")}
    assert values == {"active_customers": 95, "new_customers": 6, "churned_customers": 10}
    assert [number("active_customers", period).value for period in (JAN, FEB, MARCH)] == [102, 105, 95]
    assert [number("new_customers", period).value for period in (JAN, FEB, MARCH)] == [3, 3, 0]
    start = number("active_customers", Period(dt.date(2025, 10, 1), dt.date(2026, 1, 1))).value
    assert start + values["new_customers"] - values["churned_customers"] == 99 + 6 - 10 == values["active_customers"]
    net, gross, kept = (number(key, Q1) for key in ("net_customer_loss_rate", "customer_churn_rate", "customer_retention_rate"))
    assert net.value == pytest.approx(4.040404)
    assert (gross.value, gross.numerator, gross.denominator) == (pytest.approx(10.10101), 10, 99)
    assert (kept.value, kept.numerator, kept.denominator) == (pytest.approx(89.89899), 89, 99)


@pytest.mark.once
def test_the_pages_show_the_articles_quarter(quarter: None, people: Any, client_of: Any) -> None:
    refreshing.refresh_all_marked()
    browser, q1 = client_of(people.ada), "?from=2026-01-01&to=2026-03-31"
    page = text_of(browser.get(f"/boards/customers/{q1}"))
    assert " At the start 99 New customers +6 Reactivated customers 0 Churned customers −10 At the end 95 " in page
    assert re.search(r"Customer churn rate \(gross, logo\) [^%]* 10\.1% .* Net customer loss rate [^%]* 4\.0% ", page)
    assert " Net customer loss rate 4.0% Customer retention rate 89.9% " in text_of(
        browser.get(f"/numbers/customer_churn_rate/{q1}")
    )


def test_the_churn_on_exposure_divides_by_the_days_on_which_there_were_customers(quarter: None) -> None:
    found = number("churn_hazard_monthly", Q1)
    days = 89 * 90 + sum(68 + n for n in range(10)) + 3 * 71 + 3 * 40
    assert (found.numerator, found.denominator) == (10, pytest.approx(days / 30.4375))
    assert found.value == pytest.approx(100 * 10 / (days / 30.4375))
    months = [number("churn_hazard_monthly", period) for period in (JAN, FEB, MARCH)]
    assert sum(row.denominator for row in months) == pytest.approx(found.denominator)
    assert [row.value for row in months[:2]] == [0, 0]


def test_a_month_that_runs_is_exposed_up_to_today(clock: Any) -> None:
    clock("2026-02-10 10:00")
    order(companies(1)[0], "2026-02-01", 1)
    assert number("churn_hazard_monthly", FEB).denominator == pytest.approx(10 / 30.4375)
    assert number("churn_hazard_monthly", MARCH).reason == "empty"


def test_the_catalogues_exposure_of_306_customer_months() -> None:
    assert hazard({"numerator": 10, "denominator": (99 + 102 + 105) * 30.4375 / 90, "days": 90}).value == pytest.approx(3.267974)


def test_who_is_won_and_lost_inside_the_period_is_in_neither_part_of_the_churn() -> None:
    window(45)
    rows = []
    for number_, company in enumerate(companies(99)):
        days = ["2025-12-20", "2026-01-25", *(["2026-02-28", "2026-03-20"] if number_ < 91 else [])]
        rows += [(company, day, [line(1)]) for day in days]
    rows += [(company, "2026-01-20", [line(1)]) for company in companies(2, "New")]
    orders(rows)
    assert number("customer_churn_rate", Q1).value == pytest.approx(8.080808)
    assert number("customer_retention_rate", Q1).value == pytest.approx(91.919192)
    assert number("churned_customers", Q1).value == 10


def test_the_net_loss_is_negative_when_the_base_grows() -> None:
    orders([(company, "2025-12-01", [line(1)]) for company in companies(100)])
    orders([(company, "2026-02-01", [line(1)]) for company in companies(10, "New")])
    assert number("net_customer_loss_rate", Q1).value == -10


def test_without_customers_at_the_start_there_is_no_rate() -> None:
    order(companies(1)[0], "2026-02-01", 1)
    for key in ("customer_churn_rate", "customer_retention_rate", "net_customer_loss_rate"):
        assert (number(key, Q1).value, number(key, Q1).reason) == (None, "empty")


def test_a_purchase_one_day_before_the_window_ends_keeps_a_customer_and_on_its_end_brings_one_back() -> None:
    window(30)
    kept, back = companies(2)
    for company, second in ((kept, "2026-01-30"), (back, "2026-01-31")):
        order(company, "2026-01-01", 1)
        order(company, second, 1)
    assert spells(kept) == [("2026-01-01", "2026-03-01", True)]
    assert spells(back) == [("2026-01-01", "2026-01-31", True), ("2026-01-31", "2026-03-02", False)]
    assert [number(key, Q1).value for key in ("new_customers", "reactivated_customers", "churned_customers")] == [2, 1, 3]
    assert number("active_customers", JAN).value == 2


def test_a_loss_is_known_on_its_day_and_not_before(clock: Any) -> None:
    window(30)
    clock("2026-02-10 10:00")
    (acme,) = companies(1)
    order(acme, "2026-02-01", 1)
    february = Period(dt.date(2026, 2, 1), dt.date(2026, 4, 1))
    assert spells(acme) == [("2026-02-01", "", True)]
    assert (number("churned_customers", february).value, number("active_customers", february).value) == (0, 1)
    clock("2026-03-03 00:30")
    due.tick()
    jobs.run_all()
    assert spells(acme) == [("2026-02-01", "2026-03-03", True)]
    assert (number("churned_customers", february).value, number("active_customers", february).value) == (1, 0)
    assert life.lapse() == 0


def test_a_first_order_credited_in_full_within_two_weeks_makes_nobody_a_customer() -> None:
    early, late = companies(2)
    for company, day in ((early, "2026-01-19"), (late, "2026-01-20")):
        refund(order(company, "2026-01-05", 10), day, 10)
    assert (spells(early), len(spells(late))) == ([], 1)
    assert number("new_customers", JAN).value == 1


def test_two_customers_that_are_merged_are_one_from_the_earlier_day() -> None:
    one, two = companies(2)
    order(one, "2025-12-05", 10)
    order(two, "2026-01-05", 10)
    assert number("active_customers", JAN).value == 2
    contacts.merge_companies(two, one)
    assert (number("active_customers", JAN).value, number("new_customers", JAN).value) == (1, 0)
    assert [start for start, _end, _first in spells(two)] == ["2025-12-05"]


def test_the_companys_timeline_tells_of_it(people: Any) -> None:
    window(30)
    (acme,) = companies(1, owner=people.ann)
    order(acme, "2026-01-01", 1, owner=people.ann)
    order(acme, "2026-03-01", 1, owner=people.ann)
    order(acme, "2026-03-05", 1, owner=people.ann)
    kinds = list(Event.objects.filter(kind__startswith="customer.").order_by("at").values_list("kind", flat=True))
    assert kinds == ["customer.started", "customer.churned", "customer.reactivated", "customer.churned", "customer.churned"]
    assert {event.kind for event in events_of(acme, people.ann)} >= {"customer.started", "customer.churned"}
