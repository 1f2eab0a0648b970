"""kpis.md 156, 157: each vector over records in the database, like for like while a period runs."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest

from analytics.drill import drill
from analytics.engine import Row, evaluate
from analytics.registry import AHEAD, EMPTY
from analytics.scopes import Scope
from crm.periods import Period, containing
from tests.people import People

from .vectors import LATER, MAY, deals, number

pytestmark = pytest.mark.django_db
ALL = Scope.everything()


@pytest.fixture(autouse=True)
def _later(clock: Callable, organisation: object) -> None:
    clock(LATER)


def asked(key: str, period: Period = MAY, metric: str = "won_amount") -> Row:
    number("won_amount")
    return evaluate([key], [period], scope=ALL, filters={"metric": metric})[0]


def won(day: str, amount: int, count: int = 1) -> None:
    deals(count, f"{int(day[:4]) - 1}-12-01 09:00", won=f"{day} 12:00", amount=amount)


def test_from_100_to_120_is_20_percent() -> None:
    won("2026-04-30", 100)
    won("2026-05-01", 120)
    row = asked("period_change")
    assert (row.value, row.numerator, row.denominator) == (20, 120, 100)


def test_from_nothing_there_is_no_change() -> None:
    won("2026-05-04", 120)
    assert (asked("period_change").value, asked("period_change").reason) == (None, EMPTY)


def test_110_against_100_a_year_ago_is_10_percent() -> None:
    won("2025-05-31", 100)
    won("2026-05-31", 110)
    assert asked("year_over_year").value == pytest.approx(10)


def test_a_month_that_is_not_over_is_compared_with_as_many_days(clock: Callable) -> None:
    clock("2026-05-18 10:00")
    won("2026-04-18", 100)
    won("2026-04-19", 900)
    won("2025-05-18", 50)
    won("2025-05-19", 900)
    won("2026-05-18", 120)
    assert asked("period_change").value == 20
    assert asked("year_over_year").value == 140


def test_shares_differ_by_points() -> None:
    won("2026-04-07", 100)
    deals(3, "2026-01-02 09:00", lost="2026-04-08 12:00")
    won("2026-05-07", 100)
    deals(1, "2026-01-02 09:00", lost="2026-05-08 12:00")
    assert asked("period_change", metric="win_rate").value == 25


def test_the_quarter_before_is_a_quarter_and_own_dates_have_as_many_days() -> None:
    won("2026-01-01", 100)
    won("2026-06-30", 150)
    assert asked("period_change", containing(dt.date(2026, 4, 1), "quarter")).value == 50
    won("2026-05-05", 30)
    won("2026-05-10", 60)
    assert asked("period_change", Period(dt.date(2026, 5, 9), dt.date(2026, 5, 13))).value == 100


def test_29_february_is_compared_with_28_february(clock: Callable) -> None:
    clock("2028-12-01 10:00")
    won("2027-02-28", 100)
    won("2028-02-29", 150)
    day = Period(dt.date(2028, 2, 29), dt.date(2028, 3, 1))
    assert asked("year_over_year", day).value == 50


def test_what_lies_ahead_has_no_change(clock: Callable) -> None:
    clock("2026-04-18 10:00")
    assert asked("period_change").reason == AHEAD
    assert drill("period_change", MAY, scope=ALL).count == 0


def test_both_sides_open_their_records(people: People) -> None:
    won("2026-04-30", 100)
    won("2026-05-01", 60, count=2)
    number("won_amount")
    assert drill("period_change", MAY, scope=ALL).count == 2
    before = drill("period_change", MAY, scope=ALL, part="denominator")
    assert (before.count, before.total) == (1, 100)


def test_readers_see_the_change_of_their_own(people: People) -> None:
    deals(1, "2026-01-02 09:00", won="2026-04-07 12:00", amount=100, owner=people.ann)
    deals(1, "2026-01-02 09:00", won="2026-05-07 12:00", amount=150, owner=people.ann)
    won("2026-05-08", 999)
    number("won_amount")
    assert evaluate(["period_change"], [MAY], scope=Scope.of(people.ann))[0].value == 50
