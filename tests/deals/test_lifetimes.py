"""How long customers stay (kpis.md 3.2, 18 and 5.2): the published data, by itself and as orders in the database."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from contacts.models import Company
from crm import services as kernel
from crm.models import Organisation
from crm.periods import Period
from deals.orders.survival import Life, curve, median
from tests.analytics.vectors import LATER, number
from tests.factories import utc

from .ordering import companies, line, order, orders

#: Remission in weeks under 6-MP (Freireich and others, 1963); with "+": still in remission when last seen.
REMISSION = "6 6 6 6+ 7 9+ 10 10+ 11+ 13 16 17+ 19+ 20+ 22 23 25+ 32+ 32+ 34+ 35+".split()
NOVEMBER = Period(dt.date(2026, 11, 1), dt.date(2026, 12, 1), "month")
WINDOW, STEP = 30, 20  # days
DAY = 86_400


def lives(text: list[str]) -> list[Life]:
    return [Life(0, int(one.strip("+")), "+" not in one) for one in text]


def test_the_curve_of_the_published_data_with_its_standard_errors() -> None:
    steps = curve(lives(REMISSION))
    assert [step.t for step in steps] == [6, 7, 10, 13, 16, 22, 23]
    shares = [0.8571, 0.8067, 0.7529, 0.6902, 0.6275, 0.5378, 0.4482]
    assert [step.share for step in steps] == pytest.approx(shares, abs=5e-5)
    assert (steps[0].share, steps[2].share) == (pytest.approx(0.857143), pytest.approx(0.752941, abs=1e-6))
    errors = [0.0764, 0.0869, 0.0963, 0.1068, 0.1141, 0.1282, 0.1346]
    assert [step.error for step in steps] == pytest.approx(errors, abs=5e-5)
    assert median(steps) == (23, 13, None)


def test_who_enters_late_is_at_risk_from_then_on_only() -> None:
    """At risk 4, 5, 4 and 3: S(6) = 3/4 x 4/5 x 3/4 x 2/3 = 0.3."""
    seen = [Life(0, 2, True), Life(0, 4, True), Life(0, 5, True), Life(0, 9, False)]
    late = [Life(2, 6, True), Life(3, 9, False)]
    steps = curve([*seen, *late, Life(7, 7, True)])
    assert [step.t for step in steps] == [2, 4, 5, 6]
    at_risk = [4, 5, 4, 3]
    assert steps[-1].share == pytest.approx(0.3)
    share = 1.0
    for step, n in zip(steps, at_risk, strict=True):
        share *= 1 - 1 / n
        assert step.share == pytest.approx(share)


def test_a_curve_on_which_all_have_left_ends_at_nothing() -> None:
    assert [(step.share, step.error) for step in curve(lives(["3"]))] == [(0, None)]
    assert median(curve([])) == (None, None, None)


# --- over records ----------------------------------------------------------------------------------------------------

pytestmark = [pytest.mark.publishes]


@pytest.fixture
def books(organisation: Any, clock: Any) -> None:
    clock(LATER)
    kernel.save_organisation(Organisation.current(), customer_window_days=WINDOW)


def stay(company: Company, start: dt.date, days: int) -> list[tuple]:
    """Orders of a customer who is active for so many days from the start on."""
    offsets = [*range(0, days - WINDOW, STEP), days - WINDOW]
    return [(company, str(start + dt.timedelta(days=offset)), [line(1)]) for offset in offsets]


def stays(text: list[str], unit: int = 7) -> None:
    """Customers who left after so many weeks, or, with "+", had been there so long on 1 December."""
    rows = []
    for one, company in zip(text, companies(len(text)), strict=True):
        days = unit * int(one.strip("+"))
        if "+" in one:
            rows += stay(company, NOVEMBER.end - dt.timedelta(days=days), days + 1)
        else:
            rows += stay(company, dt.date(2025, 6, 1), days)
    orders(rows)


@pytest.mark.django_db
def test_the_median_of_the_published_data_as_orders(books: None) -> None:
    stays(REMISSION)
    found = number("customer_lifetime_median", NOVEMBER)
    assert (found.value, found.numerator, found.denominator, found.n) == (23 * 7 * DAY, 9, 21, 21)
    assert (found.low, found.high) == (None, None)


@pytest.mark.django_db
def test_while_more_than_half_stay_there_is_no_median(books: None) -> None:
    stays(["8", "9+", "9+", "9+", "9+"])
    found = number("customer_lifetime_median", NOVEMBER)
    assert (found.value, found.reason, found.numerator, found.denominator) == (None, "not_reached", 1, 5)


@pytest.mark.django_db
def test_a_period_of_the_past_knows_nothing_of_later_losses(books: None) -> None:
    stays(["10"] * 6, unit=10)  # 1 June to 9 September 2025
    summer = Period(dt.date(2025, 6, 1), dt.date(2025, 9, 9))
    assert number("customer_lifetime_median", summer).reason == "not_reached"
    day_after = number("customer_lifetime_median", Period(dt.date(2025, 6, 1), dt.date(2025, 9, 10)))
    assert (day_after.value, day_after.numerator) == (100 * DAY, 6)
    assert (day_after.low, day_after.high) == (100 * DAY, 100 * DAY)


@pytest.mark.django_db
def test_without_customers_there_is_nothing_to_say(books: None) -> None:
    assert (number("customer_lifetime_median", NOVEMBER).reason, number("customer_lifetime_median", NOVEMBER).n) == ("empty", 0)


@pytest.mark.django_db
def test_a_company_that_was_won_before_its_first_order_enters_at_that_age(books: None) -> None:
    """Ages at loss 40 (seen from the start) and 140 (seen from 100 on): at 40 one is at risk, so nobody of those seen stays longer."""
    known, old = companies(2)
    orders([*stay(known, dt.date(2026, 3, 1), 40), *stay(old, dt.date(2026, 3, 1), 40)])
    assert number("customer_lifetime_median", NOVEMBER).value == 40 * DAY
    Company.objects.filter(pk=old.pk).update(customer_since=utc("2025-11-21 10:00"))
    order(companies(1, "Third")[0], "2026-11-20", 1)
    found = number("customer_lifetime_median", NOVEMBER)
    assert found.value == 40 * DAY and found.denominator == 3


@pytest.mark.django_db
def test_a_rep_counts_the_customers_that_rep_won(books: None, people: Any) -> None:
    rows = stay(companies(1)[0], dt.date(2026, 1, 1), 50)
    orders(rows, owner=people.ann)
    orders(stay(companies(1, "Other")[0], dt.date(2026, 1, 1), 150), owner=people.cleo)
    assert number("customer_lifetime_median", NOVEMBER, by="owner", member=str(people.ann.pk)).value == 50 * DAY
    assert number("customer_lifetime_median", NOVEMBER, by="owner", member=str(people.cleo.pk)).value == 150 * DAY
