"""kpis.md 121, 124-126: each vector over records and targets in the database, and what has no value and why."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from analytics.drill import drill
from analytics.engine import Row, evaluate
from analytics.registry import AHEAD, NO_SHARE, NO_TARGET
from analytics.scopes import Scope
from crm.periods import Period, containing
from tests.factories import TargetFactory
from tests.people import People

from .vectors import LATER, MAY, deals, number

pytestmark = pytest.mark.django_db
ALL = Scope.everything()
QUARTER = Period(dt.date(2026, 4, 1), dt.date(2026, 7, 1), "quarter")


@pytest.fixture(autouse=True)
def _later(clock: Callable, organisation: object) -> None:
    clock(LATER)


def asked(
    key: str, period: Period = MAY, *, metric: str = "won_amount", scope: Scope = ALL, by: str | None = None, **cut: Any
) -> Row:
    number("won_amount")  # brings the stored sums up to date
    return evaluate([key], [period], scope=scope, by=by, filters={"metric": metric, **cut})[0]


def test_attainment_of_900_against_1000_is_90_percent() -> None:
    deals(9, won="2026-05-04 12:00", amount=100_00)
    TargetFactory(value=Decimal(1_000_00))
    row = asked("goal_attainment")
    assert (row.value, row.numerator, row.denominator) == (90, 900_00, 1_000_00)


def test_a_target_of_0_has_no_attainment() -> None:
    deals(1, won="2026-05-04 12:00")
    TargetFactory(value=Decimal(0))
    assert (asked("goal_attainment").value, asked("goal_attainment").reason) == (None, NO_SHARE)


def test_nothing_won_is_0_percent_of_the_target_and_no_target_is_no_value() -> None:
    assert (asked("goal_attainment").value, asked("goal_attainment").reason) == (None, NO_TARGET)
    TargetFactory()
    assert asked("goal_attainment").value == 0


def test_a_share_has_no_attainment_but_a_gap_in_points() -> None:
    deals(1, won="2026-05-04 12:00")
    deals(1, lost="2026-05-04 12:00")
    TargetFactory(kpi="win_rate", value=Decimal(40))
    assert asked("goal_attainment", metric="win_rate").reason == NO_SHARE
    row = asked("goal_gap", metric="win_rate")
    assert (row.value, row.kpi.unit, row.numerator, row.denominator) == (10, "percent", 50, 40)


def test_where_less_is_better_a_percent_above_the_target_is_a_gap_of_minus_one() -> None:
    """The catalogue's vector: 5 % against a target of 4 %."""
    deals(1, "2026-01-02 09:00", expected_close=dt.date(2026, 5, 20))
    deals(19, "2026-01-02 09:00", expected_close=dt.date(2026, 5, 20), won="2026-05-08 12:00")
    TargetFactory(kpi="slipped_deal_rate", value=Decimal(4))
    row = asked("goal_gap", metric="slipped_deal_rate")
    assert (row.numerator, row.value) == (5, -1)


def test_pace_on_day_45_of_90_with_500_of_1200(clock: Callable) -> None:
    """1 January to 31 March 2026 is 90 days; the 45th is 14 February."""
    clock("2026-02-14 10:00")
    deals(5, "2026-01-02 09:00", won="2026-01-20 12:00", amount=100_00)
    TargetFactory(grain="quarter", start=dt.date(2026, 1, 1), value=Decimal(1_200_00))
    row = asked("goal_pace", containing(dt.date(2026, 1, 1), "quarter"))
    assert row.value == pytest.approx(83.333333)
    assert (row.numerator, row.denominator, row.status) == (500_00, 600_00, "provisional")
    assert row.notes == ["At this pace: $1,000"]


def test_the_pace_of_a_closed_period_is_its_attainment_and_of_one_ahead_none(clock: Callable) -> None:
    deals(9, won="2026-05-04 12:00", amount=100_00)
    TargetFactory(value=Decimal(1_000_00))
    assert asked("goal_pace").value == 90
    clock("2026-04-20 10:00")
    assert asked("goal_pace").reason == AHEAD


def test_quota_attainment_of_80k_against_100k_is_80_percent(people: People) -> None:
    deals(8, won="2026-05-04 12:00", amount=10_000_00, owner=people.ann)
    TargetFactory(owner=people.ann, value=Decimal(100_000_00))
    assert asked("quota_attainment").value == 80


def test_quotas_add_up_and_tell_how_many_reached_theirs(people: People) -> None:
    deals(1, won="2026-05-04 12:00", amount=60_00, owner=people.ann, team=people.north)
    deals(1, won="2026-05-04 12:00", amount=90_00, owner=people.cleo, team=people.south)
    deals(1, won="2026-05-04 12:00", amount=999_00, owner=people.ben)
    TargetFactory(owner=people.ann, value=Decimal(50_00))
    TargetFactory(owner=people.cleo, value=Decimal(100_00))
    row = asked("quota_attainment")
    assert (row.value, row.numerator, row.denominator, row.n) == (100, 150_00, 150_00, 2)
    assert row.notes == ["1 of 2 people at 100 % or more"]
    found = {one.member: one.value for one in evaluate(["quota_attainment"], [MAY], scope=ALL, by="owner")}
    assert found == {str(people.ann.pk): 120, str(people.cleo.pk): 90}
    teams = {one.member: one.value for one in evaluate(["quota_attainment"], [MAY], scope=ALL, by="team")}
    assert teams == {str(people.north.pk): 120, str(people.south.pk): 90}
    assert drill("quota_attainment", MAY, scope=ALL).total == 150_00
    assert drill("quota_attainment", MAY, scope=ALL, part="denominator").count == 2


def test_readers_see_their_own_quota_and_that_of_their_team(people: People) -> None:
    for owner in (people.ann, people.cleo):
        deals(1, won="2026-05-04 12:00", amount=60_00, owner=owner, team=owner.team)
        TargetFactory(owner=owner, value=Decimal(100_00))
    for reader, denominator in ((people.ann, 100_00), (people.max, 100_00), (people.ben, None), (people.ada, 200_00)):
        assert asked("quota_attainment", scope=Scope.of(reader)).denominator == denominator
    listed = drill("quota_attainment", MAY, scope=Scope.of(people.max), part="denominator")
    assert [item.label for item in listed.page(people.max)] == ["Won amount (bookings), May 2026, Ann Archer"]


def test_months_make_the_attainment_of_a_quarter_and_open_as_targets() -> None:
    deals(1, won="2026-05-04 12:00", amount=30_00)
    for month in (4, 5, 6):
        TargetFactory(start=dt.date(2026, month, 1), value=Decimal(20_00))
    assert asked("goal_attainment", QUARTER).value == 50
    listed = drill("goal_attainment", QUARTER, scope=ALL, part="denominator")
    assert (listed.count, listed.total) == (3, 60_00)


def test_a_split_shows_whoever_has_a_target(people: People) -> None:
    deals(1, won="2026-05-04 12:00", amount=60_00, owner=people.ann, team=people.north)
    TargetFactory(owner=people.ann, value=Decimal(100_00))
    TargetFactory(owner=people.cleo, value=Decimal(100_00))
    number("won_amount")
    rows = evaluate(["goal_attainment"], [MAY], scope=ALL, by="owner")
    assert {row.member: row.value for row in rows} == {str(people.ann.pk): 60, str(people.cleo.pk): 0}


def test_an_unknown_number_is_an_error_and_a_number_about_a_number_too() -> None:
    for metric in ("nonsense", "goal_gap"):
        with pytest.raises(KeyError):
            evaluate(["goal_attainment"], [MAY], scope=ALL, filters={"metric": metric})
