"""Which period a page is about, read from its address."""

from __future__ import annotations

import datetime as dt

import pytest
import time_machine
from django.test import RequestFactory

from crm.periodbar import PeriodBar
from crm.periods import Period

TODAY = "2026-05-18 12:00+00:00"


@pytest.fixture(autouse=True)
def _on_18_may(organisation):
    with time_machine.travel(TODAY, tick=False):
        yield


def read(**query: str) -> PeriodBar:
    return PeriodBar.read(RequestFactory().get("/", query))


def test_without_a_choice_it_is_this_month_up_to_today():
    bar = read()
    assert bar.whole == Period(dt.date(2026, 5, 1), dt.date(2026, 6, 1), "month")
    assert bar.period == Period(dt.date(2026, 5, 1), dt.date(2026, 5, 19))


def test_a_running_month_is_compared_with_as_many_days_of_the_month_before():
    assert read().comparison == Period(dt.date(2026, 4, 1), dt.date(2026, 4, 19))


def test_a_month_that_is_over_is_compared_with_the_whole_month_before():
    comparison = read(period="last_month").comparison
    assert (comparison.start, comparison.end) == (dt.date(2026, 3, 1), dt.date(2026, 4, 1))


def test_the_year_before_can_be_compared_with():
    assert read(period="last_month", compare="year").comparison.start == dt.date(2025, 4, 1)


def test_nothing_can_be_compared_with():
    assert read(compare="none").comparison is None


def test_the_last_day_of_own_dates_is_inside():
    bar = read(**{"from": "2026-02-10", "to": "2026-02-12"})
    assert (bar.whole.start, bar.whole.end, bar.last_day) == (dt.date(2026, 2, 10), dt.date(2026, 2, 13), dt.date(2026, 2, 12))


def test_own_dates_that_are_a_whole_month_are_that_month():
    assert read(**{"from": "2026-02-01", "to": "2026-02-28"}).whole.grain == "month"


@pytest.mark.parametrize(
    ("first", "last"),
    [
        ("2026-02-30", "2026-03-01"),
        ("yesterday", ""),
        ("2026-03-02", "2026-03-01"),
        ("0001-01-01", "2026-01-01"),
        ("2026-01-01", "9999-12-31"),
    ],
)
def test_dates_that_cannot_be_show_an_error_and_the_default(first, last):
    bar = read(**{"from": first, "to": last})
    assert bar.error
    assert bar.whole.start == dt.date(2026, 5, 1)


@pytest.mark.parametrize("query", [{"period": "x"}, {"compare": "x"}, {"grain": "x"}, {"grain": ""}])
def test_unknown_words_fall_back(query):
    bar = read(**query)
    assert (bar.whole.start, bar.compare, bar.grain) == (dt.date(2026, 5, 1), "previous", "")


def test_links_carry_the_choice_on():
    assert read(**read(period="last_quarter", compare="year", grain="week").query).query == {
        "period": "last_quarter",
        "compare": "year",
        "grain": "week",
    }
