"""Customers by the month in which they began (kpis.md 3.2, 17), over orders in the database."""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Callable
from importlib import import_module
from typing import Any

import pytest
from django.apps import apps

from analytics import refreshing
from analytics.engine import Row, evaluate
from analytics.scopes import Scope
from contacts import services as contacts
from crm import due, jobs
from crm import services as kernel
from crm.models import Organisation
from crm.periods import Period, containing
from deals.models import Customer, CustomerSpell
from deals.orders import services
from tests.analytics.vectors import LATER, number

from .ordering import companies, line, order, orders, refund

pytestmark = [pytest.mark.publishes, pytest.mark.django_db]
YEAR = Period(dt.date(2026, 1, 1), dt.date(2027, 1, 1), "year")


@pytest.fixture(autouse=True)
def later(organisation: Any, clock: Any) -> None:
    clock(LATER)
    kernel.save_organisation(Organisation.current(), customer_window_days=40)


def month(number_: int) -> Period:
    return containing(dt.date(2026, number_, 1), "month")


def at_age(age: int, period: Period, **asked: Any) -> Row:
    """The rate at an age, from the stored sums; the records must say the same."""
    refreshing.refresh_all_marked()
    stored, live = (
        evaluate(["cohort_retention"], [period], scope=Scope.everything(), filters={"cohort_age": str(age), **asked}, live=live)[
            0
        ]
        for live in (False, True)
    )
    assert (stored.value, stored.numerator, stored.denominator, stored.pending) == (
        live.value,
        live.numerator,
        live.denominator,
        live.pending,
    )
    return stored


def begun(count: int, kept: int, first: str, again: str, prefix: str) -> None:
    """`count` customers who began on a day, of whom `kept` bought again."""
    rows = [(company, first, [line(1)]) for company in companies(count, prefix)]
    rows += [(company, again, [line(1)]) for company, _day, _lines in rows[:kept]]
    orders(rows)


def test_cohorts_are_added_up_before_they_are_divided() -> None:
    begun(100, 63, "2026-01-10", "2026-02-10", "January")
    begun(50, 40, "2026-02-05", "2026-03-10", "February")
    january = at_age(1, month(1))
    assert (january.value, january.numerator, january.denominator) == (pytest.approx(63.0), 63, 100)
    both = at_age(1, Period(dt.date(2026, 1, 1), dt.date(2026, 3, 1)))
    assert (both.value, both.numerator, both.denominator) == (pytest.approx(100 * (63 + 40) / 150), 103, 150)


def test_the_vectors_of_the_catalogue() -> None:
    """1000 begin and 631 stay, 500 begin and 400 stay; written as derived rows, because 2,500 orders would say no more."""
    for first, size, kept in ((dt.date(2026, 1, 10), 1000, 631), (dt.date(2026, 2, 5), 500, 400)):
        made = Customer.objects.bulk_create([Customer(started=first, cohort=f"{first:%Y-%m}") for _number in range(size)])
        example = order(companies(1, f"Example {first}")[0], "2020-01-01", 1)
        CustomerSpell.objects.bulk_create(
            CustomerSpell(
                customer=customer, order=example, start=first, lapses=first + dt.timedelta(days=99), first=True,
                end=first + dt.timedelta(days=99 if at < kept else 40), lost_age=3 if at < kept else 1,
            )
            for at, customer in enumerate(made)
        )  # fmt: skip
    refreshing.rebuild()
    assert at_age(1, month(1)).value == pytest.approx(63.1)
    assert at_age(1, Period(dt.date(2026, 1, 1), dt.date(2026, 3, 1))).value == pytest.approx(68.733333)


def test_only_months_that_are_over_count_and_the_younger_are_pending(clock: Any) -> None:
    begun(4, 2, "2026-09-30", "2026-10-31", "September")
    clock("2026-11-30 23:59")
    assert (at_age(1, month(9)).denominator, at_age(2, month(9)).reason, at_age(2, month(9)).pending) == (4, "immature", 4)
    clock("2026-12-01 00:00")
    due.tick()
    jobs.run_all()
    two = at_age(2, month(9))
    assert (two.value, two.denominator, two.pending) == (50, 4, 0)


def test_who_is_lost_on_the_first_of_a_month_was_active_at_the_end_of_the_month_before() -> None:
    on, before = companies(2)
    order(on, "2026-01-20", 1)  # lost on 1 March
    order(before, "2026-01-19", 1)  # lost on 28 February
    found = at_age(1, month(1))
    assert (found.numerator, found.denominator) == (1, 2)
    assert at_age(2, month(1)).numerator == 0


def test_who_was_lost_and_came_back_is_active_again() -> None:
    (acme,) = companies(1)
    for day in ("2026-01-10", "2026-05-10"):
        order(acme, day, 1)
    assert [at_age(age, month(1)).numerator for age in (1, 2, 3, 4, 5)] == [0, 0, 0, 1, 0]


def test_a_customer_stays_in_the_cohort_of_the_first_purchase_and_with_its_owner(people: Any) -> None:
    (acme,) = companies(1, owner=people.ann)
    order(acme, "2026-01-10", 1, owner=people.ann)
    order(acme, "2026-02-10", 1, owner=people.cleo)
    assert at_age(1, month(1), owner=str(people.ann.pk)).numerator == 1
    assert at_age(1, month(1), owner=str(people.cleo.pk)).denominator == 0
    assert at_age(1, YEAR, cohort="2026-01").numerator == 1
    assert at_age(1, YEAR, cohort="2026-02").denominator == 0


def test_another_owner_of_the_first_purchase_moves_the_customer(people: Any) -> None:
    (acme,) = companies(1, owner=people.ann)
    first = order(acme, "2026-01-10", 1, owner=people.ann)
    order(acme, "2026-02-10", 1, owner=people.ann)
    at_age(1, month(1))
    services.change_order(first, owner=people.cleo)
    assert at_age(1, month(1), owner=str(people.cleo.pk)).numerator == 1


def test_a_credited_first_order_moves_the_customer_to_the_month_of_the_next() -> None:
    (acme,) = companies(1)
    first = order(acme, "2026-01-10", 100)
    order(acme, "2026-02-10", 1)
    assert at_age(1, month(1)).denominator == 1
    refund(first, "2026-01-12", 100)
    assert (at_age(1, month(1)).denominator, at_age(1, month(2)).denominator) == (0, 1)
    assert Customer.objects.get(company=acme).cohort == "2026-02"


def test_merged_customers_are_one_of_the_earlier_month() -> None:
    one, two = companies(2)
    order(one, "2026-01-10", 1)
    order(two, "2026-02-10", 1)
    assert at_age(1, month(2)).denominator == 1
    contacts.merge_companies(two, one)
    assert (at_age(1, month(1)).numerator, at_age(1, month(2)).denominator) == (1, 0)


def test_without_an_age_it_is_twelve_months(clock: Any) -> None:
    clock("2027-02-01 00:00")
    begun(4, 1, "2026-01-10", "2026-12-28", "January")
    due.tick()
    jobs.run_all()
    found = number("cohort_retention", month(1))
    assert (found.value, found.denominator) == (25, 4)
    assert number("cohort_retention", month(1), by="cohort_age", member="1").numerator == 0


def test_the_page_shows_the_triangle_and_its_csv_the_same(people: Any, client_of: Callable) -> None:
    begun(10, 6, "2026-09-10", "2026-10-15", "September")
    begun(8, 8, "2026-10-10", "2026-11-10", "October")
    refreshing.refresh_all_marked()
    query = "?from=2026-11-01&to=2026-11-30&compare=none"
    html = client_of(people.ada).get(f"/boards/customers/{query}").content.decode()
    assert "from=2026-09-01&amp;to=2026-09-30" in html and "cohort_age=1#records" in html
    response = client_of(people.ada).get(f"/boards/customers/cohorts.csv{query}")
    rows = list(csv.reader(io.StringIO(b"".join(response.streaming_content).decode("utf-8-sig"))))
    assert rows[0] == ["Month", "New customers", "after 1 month", "after 2 months"]
    assert [row[:2] for row in rows[1:]] == [["All months", "18"], ["September 2026", "10"], ["October 2026", "8"]]
    assert [float(cell or -1) for cell in rows[1][2:]] == [77.78, 0]
    assert (float(rows[2][2]), rows[3][3]) == (60, "")


def test_a_customer_of_another_team_is_in_no_reps_triangle(people: Any, client_of: Callable) -> None:
    for company, owner in zip(companies(12), [people.ann] * 6 + [people.cleo] * 6, strict=True):
        order(company, "2026-09-10", 1, owner=owner)
    refreshing.refresh_all_marked()
    response = client_of(people.ann).get("/boards/customers/cohorts.csv?from=2026-11-01&to=2026-11-30")
    rows = list(csv.reader(io.StringIO(b"".join(response.streaming_content).decode("utf-8-sig"))))
    assert rows[1][:2] == ["All months", "6"]


def test_an_upgrade_fills_in_what_the_active_times_say() -> None:
    (acme,) = companies(1)
    for day in ("2026-01-10", "2026-05-10"):
        order(acme, day, 1)
    customers, spells = list(Customer.objects.values()), list(CustomerSpell.objects.order_by("start").values())
    Customer.objects.update(started=None, cohort="", origin=None)
    CustomerSpell.objects.update(age=0, lost_age=None)
    import_module("deals.migrations.0011_customer_cohorts").fill(apps, None)
    assert list(Customer.objects.values()) == customers
    assert list(CustomerSpell.objects.order_by("start").values()) == spells
    assert [(row["age"], row["lost_age"]) for row in spells] == [(0, 1), (4, 5)]
