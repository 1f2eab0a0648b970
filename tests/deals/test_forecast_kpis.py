"""kpis.md 110, 122 and 123: each vector over deals and their history in the database."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from analytics.drill import drill
from analytics.engine import Row, evaluate
from analytics.registry import EMPTY, MET, NO_TARGET, RUNNING
from analytics.scopes import Scope
from crm.models import ExchangeRate
from crm.periods import containing
from deals import services
from tests.analytics.vectors import LATER, MAY, deals, number
from tests.factories import TargetFactory
from tests.people import People

pytestmark = pytest.mark.django_db
ALL = Scope.everything()
IN_MAY = dt.date(2026, 5, 20)


@pytest.fixture(autouse=True)
def _later(clock: Callable, organisation: object) -> None:
    clock(LATER)


def asked(key: str, scope: Scope = ALL, by: str | None = None, period: Any = MAY) -> list[Row]:
    number("won_amount")
    return evaluate([key], [period], scope=scope, by=by)


def expected(amount: int, *, due: dt.date = IN_MAY, created: str = "2026-03-02 09:00", **fields: Any) -> Any:
    """A deal that is sure to be won, as far as its probability goes."""
    return deals(1, created, amount=amount, expected_close=due, **{"probability": 100, **fields})[0]


# --- coverage ---------------------------------------------------------------------------------------------------------


def test_300k_open_for_the_100k_that_are_left_cover_it_three_times(clock: Callable) -> None:
    clock("2026-05-10 10:00")
    TargetFactory(value=Decimal(150_000_00))
    expected(300_000_00)
    expected(50_000_00, won="2026-05-04 12:00")
    [row] = asked("pipeline_coverage")
    assert (row.value, row.numerator, row.denominator) == (3, 300_000_00, 100_000_00)
    assert row.notes == ["Target $150,000, won so far $50,000."]
    for part, total in (("numerator", 300_000_00), ("won", 50_000_00), ("denominator", 150_000_00)):
        assert drill("pipeline_coverage", MAY, scope=ALL, part=part).total == total == row.parts[part]


def test_what_was_expected_on_a_day_that_has_passed_and_other_months_are_not_due(clock: Callable) -> None:
    clock("2026-05-10 10:00")
    for day in (dt.date(2026, 5, 9), dt.date(2026, 4, 30), dt.date(2026, 6, 1)):
        expected(7, due=day)
    for day in (dt.date(2026, 5, 10), dt.date(2026, 5, 31)):
        expected(100, due=day)
    [row] = asked("pipeline_due")
    assert (row.value, row.n) == (200, 2)
    assert [(str(text), count) for text, count, _measure in row.left_out] == [("Expected on a day that has passed", 1)]


def test_a_target_that_is_met_or_not_set_has_no_coverage(clock: Callable) -> None:
    clock("2026-05-10 10:00")
    assert asked("pipeline_coverage")[0].reason == NO_TARGET
    TargetFactory(value=Decimal(50_00))
    expected(50_00, won="2026-05-04 12:00")
    assert asked("pipeline_coverage")[0].reason == MET


def test_a_period_that_is_over_is_covered_as_it_was_on_its_first_day() -> None:
    TargetFactory(value=Decimal(100))
    expected(250, won="2026-05-20 12:00")
    [row] = asked("pipeline_coverage")
    assert (row.value, row.parts["won"]) == (2.5, 0)


# --- accuracy and bias ------------------------------------------------------------------------------------------------


def test_120_foretold_and_100_won_are_80_percent_right_and_20_percent_too_high() -> None:
    expected(100, won="2026-05-31 12:00")
    expected(20)
    [accuracy], [bias] = asked("forecast_accuracy"), asked("forecast_bias")
    assert (accuracy.value, accuracy.numerator, accuracy.denominator) == (pytest.approx(80), 120, 100)
    assert bias.value == pytest.approx(20)


def test_reps_at_60_for_40_and_40_for_60_miss_by_40_percent(people: People) -> None:
    expected(40, won="2026-05-05 12:00", owner=people.ann)
    expected(20, owner=people.ann)
    expected(40, won="2026-05-05 12:00", owner=people.ben)
    deals(1, "2026-05-02 09:00", won="2026-05-06 12:00", amount=20, owner=people.ben)
    [row] = asked("forecast_accuracy")
    assert row.value == pytest.approx(100)  # their errors cancel each other out
    assert (row.numerator, row.denominator) == (100, 100)
    assert row.notes == ["Person by person the forecasts missed by 40.0% of what was won."]
    by = {row.member: row.value for row in asked("forecast_accuracy", by="owner")}
    assert by == {str(people.ann.pk): pytest.approx(50), str(people.ben.pk): pytest.approx(100 * (1 - 20 / 60))}


def test_the_forecast_is_that_of_the_first_instant_whatever_was_changed_later(clock: Callable) -> None:
    clock("2026-04-20 10:00")
    deal = expected(1_000, created="2026-03-02 09:00", probability=50)
    expected(70, created="2026-05-01 00:00")
    clock("2026-05-12 10:00")
    services.change_deal(deal, amount=9_000, probability=90, expected_close=dt.date(2026, 6, 3))
    clock(LATER)
    [row] = asked("forecast_amount")
    assert row.value == 500
    assert drill("forecast_amount", MAY, scope=ALL).total == 500


def test_other_currencies_are_read_at_the_rates_of_that_day() -> None:
    for day, rate in ((dt.date(2026, 1, 1), "2"), (dt.date(2026, 5, 2), "3")):
        ExchangeRate.objects.create(currency="EUR", date=day, rate=Decimal(rate))
    deal = expected(100)
    type(deal).objects.filter(pk=deal.pk).update(currency="EUR")
    deal.states.update(currency="EUR")
    assert asked("forecast_amount")[0].value == 200
    assert drill("forecast_amount", MAY, scope=ALL).total == 200


def test_a_period_that_is_not_over_and_one_without_sales_have_no_accuracy(clock: Callable) -> None:
    expected(100)
    assert asked("forecast_accuracy")[0].reason == EMPTY
    clock("2026-05-31 10:00")
    assert asked("forecast_accuracy")[0].reason == RUNNING
    assert asked("forecast_bias")[0].reason == RUNNING


def test_the_bias_of_the_last_twelve_periods_stands_beside_it() -> None:
    expected(100, won="2026-05-31 12:00")
    expected(20)
    expected(100, due=dt.date(2026, 4, 20), created="2026-03-02 09:00", won="2026-04-21 12:00")
    [row] = asked("forecast_bias")
    assert row.value == pytest.approx(20)
    assert row.notes == ["Over the last 12 periods: +10.0%."]


def test_readers_have_their_own_forecast(people: People) -> None:
    expected(100, won="2026-05-05 12:00", owner=people.ann)
    expected(900)
    assert asked("forecast_accuracy", Scope.of(people.ann))[0].value == pytest.approx(100)
    assert asked("forecast_bias", period=containing(dt.date(2026, 4, 1), "month"))[0].reason == EMPTY
