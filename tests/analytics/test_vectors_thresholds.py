"""kpis.md 160: periods that reached the level defined as a success, over records in the database."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from decimal import Decimal

import pytest

from analytics.drill import drill
from analytics.engine import Row, evaluate
from analytics.scopes import Scope
from crm.periods import Period, containing
from tests.factories import ThresholdFactory
from tests.people import People

from .vectors import deals, number

pytestmark = pytest.mark.django_db
ALL = Scope.everything()
YEAR = Period(dt.date(2026, 1, 1), dt.date(2027, 1, 1), "year")


@pytest.fixture(autouse=True)
def _now(clock: Callable, organisation: object) -> None:
    clock("2026-12-01 10:00")


def won(amounts: Sequence[int], **more: object) -> None:
    for at, amount in enumerate(amounts):
        if amount:
            deals(1, "2025-01-04 09:00", won=f"2026-{at + 1:02}-10 12:00", amount=amount, **more)


def asked(period: Period = YEAR, metric: str = "won_amount", scope: Scope = ALL) -> Row:
    number("won_amount")
    return evaluate(["threshold_breach"], [period], scope=scope, filters={"metric": metric})[0]


def month(at: int) -> Period:
    return containing(dt.date(2026, at, 1), "month")


def test_a_period_at_the_threshold_has_reached_it_and_those_after_it_have_not_again() -> None:
    ThresholdFactory(value=Decimal(100))
    won([99, 100, 120, 130])
    assert asked().value == 1
    assert [asked(month(at)).value for at in (1, 2, 3)] == [0, 1, 0]


def test_it_can_be_reached_again_only_after_falling_back_by_the_dead_band() -> None:
    ThresholdFactory(value=Decimal(100), dead_band=Decimal(10))
    won([100, 91, 105, 90, 100])
    assert [asked(month(at)).value for at in range(1, 6)] == [1, 0, 0, 0, 1]


def test_where_less_is_better_it_is_reached_from_above_and_a_gap_changes_nothing() -> None:
    ThresholdFactory(kpi="deal_cycle_length", value=Decimal(3 * 86400))
    for month_, days in ((1, 5), (2, 3), (4, 2), (5, 9), (6, 1)):
        deals(1, f"2026-{month_:02}-01 12:00", won=f"2026-{month_:02}-{1 + days:02} 12:00")
    assert [asked(month(at), "deal_cycle_length").value for at in range(1, 7)] == [0, 1, 0, 0, 0, 1]


def test_only_closed_periods_since_it_holds_count(clock: Callable) -> None:
    ThresholdFactory(value=Decimal(100), start=dt.date(2026, 3, 1))
    won([200, 0, 0, 200])
    clock("2026-04-30 10:00")
    assert asked().value == 0
    clock("2026-05-01 10:00")
    assert asked().value == 1


def test_a_threshold_that_has_held_for_more_than_20_years_counts_the_last_ones() -> None:
    ThresholdFactory(value=Decimal(100), start=dt.date(2000, 1, 1))
    won([0, 0, 200])
    assert asked().value == 1


def test_the_periods_are_listed_with_their_values_and_lead_to_their_records() -> None:
    ThresholdFactory(value=Decimal(100_00))
    won([100_00, 0, 250_00])
    found = drill("threshold_breach", YEAR, scope=ALL)
    items = found.page(None)
    assert [(item.label, item.detail) for item in items] == [("March 2026", "$250"), ("January 2026", "$100")]
    assert items[0].url == "/numbers/won_amount/?from=2026-03-01&to=2026-03-31"


def test_readers_count_by_their_own_threshold_and_without_one_nothing_is_reached(people: People) -> None:
    won([300], owner=people.ann, team=people.north)
    assert (asked().value, asked().notes) == (0, ["No threshold is set."])
    ThresholdFactory(value=Decimal(1_000))
    ThresholdFactory(value=Decimal(200), owner=people.ann)
    ThresholdFactory(value=Decimal(250), team=people.north)
    assert asked().value == 0
    assert asked(scope=Scope.of(people.ann)).value == 1
    assert asked(scope=Scope.of(people.max)).value == 1
    assert asked(scope=Scope.of(people.cleo)).notes == ["No threshold is set."]
    rows = evaluate(["threshold_breach"], [YEAR], scope=ALL, by="owner")
    assert {row.member: row.value for row in rows} == {str(people.ann.pk): 1}
