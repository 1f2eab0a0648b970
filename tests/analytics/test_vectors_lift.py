"""kpis.md 155 and 6.3: each vector over records in the database; which months are compared, and when nothing may be said."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest

from analytics import intervals, lift
from analytics.drill import drill
from analytics.engine import Row, evaluate
from analytics.golive import windows_at
from analytics.registry import NO_BEFORE, NO_GO_LIVE, TOO_EARLY
from analytics.scopes import Scope
from crm import services as kernel
from crm.models import Organisation
from crm.periods import Period, containing
from tests.people import People

from .vectors import LATER, deals, number

pytestmark = pytest.mark.django_db
ALL = Scope.everything()
NOVEMBER = containing(dt.date(2026, 11, 1), "month")
BEFORE, AFTER = "2025-03-04", "2026-03-04"  # go-live on 1 July 2025, then three months of ramp


@pytest.fixture(autouse=True)
def _live(clock: Callable, organisation: Organisation) -> None:
    clock(LATER)
    kernel.save_organisation(organisation, go_live_on=dt.date(2025, 7, 1))


def asked(metric: str, period: Period = NOVEMBER, scope: Scope = ALL) -> Row:
    number("won_amount")
    return evaluate(["crm_lift"], [period], scope=scope, filters={"metric": metric})[0]


def closed(day: str, won: int, lost: int, amount: int = 1_000_00) -> None:
    created = f"{day[:8]}01 09:00"
    deals(won, created, won=f"{day} 12:00", amount=amount)
    deals(lost, created, lost=f"{day} 12:00", amount=amount)


def test_a_close_rate_from_20_to_30_percent_is_10_points_and_half_as_much_again() -> None:
    closed(BEFORE, 2, 8)
    closed(AFTER, 3, 7)
    row = asked("close_rate")
    assert (row.value, row.numerator, row.denominator, row.kpi.unit) == (10, 30, 20, "percent")
    assert lift.relative(row) == 50
    assert any("proof" in note for note in row.notes)


@pytest.mark.parametrize(("size", "low", "high", "apart"), [(1, -7.0, 26.3, False), (10, 4.6, 15.3, True)])
def test_the_interval_of_a_difference_of_shares_is_newcombes(size: int, low: float, high: float, apart: bool) -> None:
    closed(BEFORE, 10 * size, 40 * size)
    closed(AFTER, 15 * size, 35 * size)
    row = asked("win_rate")
    assert row.value == pytest.approx(10)
    assert (round(row.low, 1), round(row.high, 1)) == (low, high)
    assert ("More than chance" in lift.verdict(row)) is apart


def test_counts_have_exact_poisson_bounds() -> None:
    assert [round(bound, 2) for bound in intervals.of_count(10)] == [4.80, 18.39]
    assert [round(bound, 2) for bound in intervals.of_count(0)] == [0, 3.69]
    exact, near = intervals.of_count(1000), intervals.of_count(1001)
    assert [round(b - a) for a, b in zip(exact, near, strict=True)] == [1, 1]
    closed(BEFORE, 10, 0)
    closed(AFTER, 10, 0)
    row = asked("deals_won")
    assert row.value == 0
    assert row.low == pytest.approx(-row.high) == pytest.approx(-9.8735, abs=1e-3)


def test_the_median_of_20_lies_between_the_6th_and_the_15th() -> None:
    assert intervals.of_median(range(1, 21)) == (6, 15)
    assert intervals.of_median(range(5)) is None
    assert intervals.of_median(range(1, 7)) == (1, 6)


def test_medians_of_durations_are_compared_by_order_statistics() -> None:
    for day in range(1, 21):
        deals(1, "2025-03-01 12:00", won=f"2025-03-{day + 1:02} 12:00")
        deals(1, "2026-03-01 12:00", won=f"2026-03-{day + 1:02} 12:00")
    row = asked("deal_cycle_length")
    assert row.value == 0
    half = ((10.5 - 6) ** 2 + (15 - 10.5) ** 2) ** 0.5 * 86400
    assert (row.low, row.high) == (pytest.approx(-half), pytest.approx(half))


def test_means_of_money_are_drawn_with_a_fixed_seed() -> None:
    for amount in (100_00, 200_00, 900_00):
        closed(BEFORE, 1, 0, amount)
        closed(AFTER, 1, 0, 2 * amount)
    deals(1, "2026-03-01 09:00", won=f"{AFTER} 12:00", amount=None)  # in no mean
    row, again = asked("average_deal_size"), asked("average_deal_size")
    assert row.value == pytest.approx(400_00)
    assert row.low < 0 < row.high
    assert (row.low, row.high) == (again.low, again.high)


def test_sums_of_money_have_no_interval_and_say_so() -> None:
    closed(BEFORE, 2, 0)
    closed(AFTER, 3, 0)
    row = asked("won_amount")
    assert (row.value, row.low) == (1_000_00, None)
    assert "No interval is known" in lift.verdict(row)


def test_the_months_of_settling_in_are_left_out_and_the_days_at_the_ends_belong_to_one_side() -> None:
    windows = windows_at(dt.date(2026, 12, 2), Organisation.current())
    assert (windows.before, windows.after) == (
        Period(dt.date(2024, 7, 1), dt.date(2025, 7, 1)),
        Period(dt.date(2025, 10, 1), dt.date(2026, 10, 1)),
    )
    for day in ("2024-06-30", "2025-07-01", "2025-09-30", "2026-10-01"):
        closed(day, 1, 0, 100)
    for day in ("2024-07-01", "2025-06-30"):
        closed(day, 1, 0, 1_00_00)
    for day in ("2025-10-01", "2026-09-30"):
        closed(day, 1, 0, 3_00_00)
    row = asked("won_amount")
    assert (row.numerator, row.denominator) == (6_00_00, 2_00_00)


def test_under_six_months_or_without_a_go_live_day_nothing_is_compared(clock: Callable) -> None:
    closed(BEFORE, 1, 0)
    march = containing(dt.date(2026, 3, 1), "month")
    assert asked("won_amount", march.previous()).reason == TOO_EARLY
    assert asked("won_amount", march).value == -1_000_00
    clock("2026-03-30 10:00")
    assert asked("won_amount", march).reason == TOO_EARLY
    kernel.save_organisation(Organisation.current(), go_live_on=None)
    assert asked("won_amount").reason == NO_GO_LIVE
    assert drill("crm_lift", NOVEMBER, scope=ALL).count == 0


def test_other_months_of_the_year_are_held_against_those_a_year_earlier_too() -> None:
    half = windows_at(dt.date(2026, 4, 1), Organisation.current())
    assert (half.months, half.year_ago) == (6, Period(dt.date(2024, 10, 1), dt.date(2025, 4, 1)))
    ten = windows_at(dt.date(2026, 8, 1), Organisation.current())
    assert (ten.months, ten.year_ago) == (10, None)  # a year earlier the CRM was in use already


def test_no_records_from_before_is_no_rise_from_nothing() -> None:
    closed(AFTER, 3, 0)
    assert (asked("won_amount").value, asked("won_amount").reason) == (None, NO_BEFORE)


def test_both_sides_open_their_records_and_readers_compare_their_own(people: People) -> None:
    closed(BEFORE, 2, 0, 50)
    deals(1, "2025-01-01 09:00", won="2025-02-01 12:00", amount=70, owner=people.ann)
    deals(1, "2026-01-01 09:00", won="2026-02-01 12:00", amount=80, owner=people.ann)
    assert asked("won_amount").value == -90
    assert drill("crm_lift", NOVEMBER, scope=ALL).count == 1
    assert drill("crm_lift", NOVEMBER, scope=ALL, part="denominator").total == 170
    assert asked("won_amount", scope=Scope.of(people.ann)).value == 10


def test_a_change_of_the_go_live_day_is_published_anew() -> None:
    from analytics.models import DirtyDay

    kernel.save_organisation(Organisation.current(), go_live_ramp=0)
    assert DirtyDay.objects.filter(source="analytics.go_live").exists()
