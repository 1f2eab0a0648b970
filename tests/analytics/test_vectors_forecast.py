"""kpis.md 158 and 6.5: each vector over records in the database; which method, how wide, and when there is none."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence

import pytest

from analytics import forecasting
from analytics.drill import drill
from analytics.engine import Row, evaluate
from analytics.registry import NO_UNIT, SHORT
from analytics.scopes import Scope
from crm.periods import Period, containing
from deals.bulk import create_many
from tests.people import People

from .vectors import deals, new_deals, number

pytestmark = pytest.mark.django_db
ALL = Scope.everything()
HISTORY = (100, 120, 140, 160, 110, 130, 150, 170)
ACTUAL = (121, 141, 160, 186)


@pytest.fixture(autouse=True)
def _now(clock: Callable, organisation: object) -> None:
    clock("2026-01-10 10:00")


def quarter(at: int) -> Period:
    """The at-th quarter since 2024 began."""
    return containing(dt.date(2024 + at // 4, 1 + 3 * (at % 4), 1), "quarter")


def month(at: int) -> Period:
    return containing(dt.date(2022 + at // 12, 1 + at % 12, 1), "month")


def won(amounts: Sequence[int], unit: Callable[[int], Period] = quarter, **more: object) -> None:
    made = [
        new_deals(1, "2021-01-04 09:00", won=f"{unit(at).start} 12:00", amount=amount, **more)
        for at, amount in enumerate(amounts)
    ]
    create_many([row for rows in made for row in rows])


def asked(period: Period, metric: str = "won_amount", **cut: object) -> Row:
    number("won_amount")
    return evaluate(["trend_forecast"], [period], scope=cut.pop("scope", ALL), filters={"metric": metric, **cut})[0]  # type: ignore[arg-type]


def test_the_next_season_is_as_the_last_one_and_its_errors_are_those_of_the_catalogue() -> None:
    won(HISTORY)
    found = [asked(quarter(at)).value for at in range(8, 12)]
    assert found == [110, 130, 150, 170]
    scale = forecasting.in_sample(HISTORY, 4)
    past = [forecasting.Past(one, other, scale) for one, other in zip(found, ACTUAL, strict=True)]
    told = forecasting.scores(past)
    assert scale == 10
    assert forecasting.mase(past) == pytest.approx(1.2)
    assert (told.mae, round(told.wape, 3), round(told.mape, 3), told.bias) == (12, 7.895, 7.936, 12)


def test_holt_winters_begins_and_runs_as_it_is_written() -> None:
    won(HISTORY)
    values = tuple(float(asked(quarter(at + 4)).value or 0) for at in range(4))  # what was a season ago, year by year
    assert values == (100, 120, 140, 160)
    state, _squares = forecasting.run(tuple(map(float, HISTORY)), 4, 0.5, 0.5, 0.5)
    assert (state.level, state.trend) == (142.67578125, 1.748046875)
    assert [state.ahead(step, 8) for step in range(1, 5)] == [116.298828125, 136.015625, 156.787109375, 178.330078125]


def test_of_a_past_period_only_what_was_known_then_is_used(clock: Callable) -> None:
    won((*HISTORY, 999))
    clock("2026-12-01 10:00")
    assert asked(quarter(7)).value == 160
    assert asked(quarter(8)).value == 110


def test_holt_winters_stands_in_only_where_it_has_been_better(clock: Callable) -> None:
    season = (0, 30, 10, -20)
    won([1_000 + 40 * at + season[at % 4] for at in range(12)])
    clock("2027-01-10 10:00")
    row = asked(quarter(12))
    assert "Holt-Winters" in row.notes[0]
    assert row.value == pytest.approx(1_480, rel=0.05)
    assert asked(quarter(7)).notes[0].startswith("As a season ago")  # too few past forecasts to compare by


def test_a_course_that_repeats_itself_keeps_to_seasonal_naive(clock: Callable) -> None:
    won([100, 180, 90, 210] * 3 + [100, 180])
    clock("2027-07-10 10:00")
    assert asked(quarter(14)).notes[0].startswith("As a season ago")


@pytest.mark.parametrize(("errors", "half"), [((3, -1, 2), None), ((3, -1, 2, -9), 9), (range(1, 10), 8), (range(1, 15), 12)])
def test_the_interval_holds_80_percent_of_past_errors(errors: Sequence[int], half: float | None) -> None:
    assert forecasting.margin(errors) == half


def test_past_errors_make_the_interval_and_are_told() -> None:
    won(HISTORY)
    row = asked(quarter(8))
    assert (row.low, row.high) == (100, 120)  # the four past forecasts missed by 10 each
    assert any("The last 4 forecasts missed by" in note for note in row.notes)


def test_without_a_whole_season_there_is_no_forecast_and_it_says_what_is_missing() -> None:
    won(HISTORY[:3], unit=lambda at: quarter(at + 5))
    row = asked(quarter(8))
    assert (row.value, row.reason) == (None, SHORT)
    assert row.notes == ["A forecast needs 4 closed periods; there are 3."]
    assert drill("trend_forecast", quarter(8), scope=ALL).count == 0


def test_own_dates_have_no_forecast() -> None:
    won(HISTORY)
    assert asked(Period(dt.date(2026, 1, 3), dt.date(2026, 1, 9))).reason == NO_UNIT


def test_rates_are_forecast_by_what_they_are_divided_from() -> None:
    made = []
    for at in range(12):
        day = f"2025-{at + 1:02}-05 12:00"
        made += new_deals(at + 1, "2024-12-01 09:00", won=day) + new_deals(12 - at, "2024-12-01 09:00", lost=day)
    create_many(made)
    row = asked(containing(dt.date(2026, 1, 10), "month"), "win_rate")
    assert row.value == pytest.approx(100 / 13)
    assert row.kpi.unit == "percent"


def test_stocks_are_carried_on_by_what_came_and_went(clock: Callable) -> None:
    clock("2026-01-10 10:00")
    for at in range(13):
        year, month = divmod(2024 * 12 + 11 + at, 12)
        deals(2 if at == 1 else 1, f"{year}-{month + 1:02}-05 09:00", amount=100)
    row = asked(containing(dt.date(2026, 1, 10), "month"), "open_pipeline")
    assert row.value == 1_400 + 200  # December's reading, and what January brought a year ago


def test_the_forecast_opens_the_records_of_a_season_ago_and_readers_have_their_own(people: People) -> None:
    won(HISTORY)
    won([5] * 8, owner=people.ann)
    assert asked(quarter(8)).value == 115
    assert drill("trend_forecast", quarter(8), scope=ALL).total == 115
    assert asked(quarter(8), scope=Scope.of(people.ann)).value == 5
    by = evaluate(["trend_forecast"], [quarter(8)], scope=ALL, by="owner")
    assert {row.member: row.value for row in by} == {"": 110, str(people.ann.pk): 5}
