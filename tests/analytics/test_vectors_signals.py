"""kpis.md 159 and 6.4: each vector over records in the database; when a movement is more than noise."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence

import pytest

from analytics import signals
from analytics.drill import drill
from analytics.engine import Row, evaluate
from analytics.registry import EMPTY, NO_UNIT, RUNNING, SHORT
from analytics.scopes import Scope
from crm.periods import Period, containing
from deals.bulk import create_many

from .vectors import new_deals, number

pytestmark = pytest.mark.django_db
ALL = Scope.everything()
#: 31 months whose mean is 20.387 and whose mean moving range is 4.70
PUBLISHED = (
    26,
    19,
    23,
    22,
    16,
    25,
    23,
    21,
    21,
    15,
    19,
    25,
    15,
    20,
    19,
    21,
    25,
    15,
    17,
    23,
    16,
    18,
    20,
    26,
    16,
    17,
    20,
    26,
    21,
    25,
    17,
)


@pytest.fixture(autouse=True)
def _now(clock: Callable, organisation: object) -> None:
    clock("2026-12-01 10:00")


def month(at: int) -> Period:
    """The at-th month since January 2024."""
    return containing(dt.date(2024 + at // 12, 1 + at % 12, 1), "month")


def won(amounts: Sequence[int]) -> None:
    made = [new_deals(1, "2023-01-04 09:00", won=f"{month(at).start} 12:00", amount=amount) for at, amount in enumerate(amounts)]
    create_many([row for rows in made for row in rows])


def closed(course: Sequence[tuple[int, int]]) -> None:
    """So many won and so many lost, month by month."""
    made = []
    for at, (good, bad) in enumerate(course):
        made += new_deals(good, "2023-01-04 09:00", won=f"{month(at).start} 12:00")
        made += new_deals(bad, "2023-01-04 09:00", lost=f"{month(at).start} 12:00")
    create_many(made)


def asked(at: int, metric: str = "won_amount") -> Row:
    number("won_amount")
    return evaluate(["anomaly_signal"], [month(at)], scope=ALL, filters={"metric": metric})[0]


def test_the_published_chart_has_its_limits() -> None:
    won(PUBLISHED)
    number("won_amount")
    rows = evaluate(["won_amount"], [month(at) for at in range(31)], scope=ALL)
    found = signals.limits([row.value for row in rows])
    assert (round(found.mean, 3), round(found.moving, 2)) == (20.387, 4.70)
    assert (round(found.low, 3), round(found.high, 3), round(found.widest, 2)) == (7.885, 32.889, 15.37)


def test_a_share_of_20_percent_of_50_lies_between_3_and_37() -> None:
    assert [round(bound, 2) for bound in signals.share_limits(0.2, 50)] == [3.03, 36.97]
    closed([(2, 8)] * 12 + [(18, 32), (19, 31)])
    inside, outside = asked(12, "win_rate"), asked(13, "win_rate")
    assert inside.notes[0] == "Within what is usual."
    assert outside.value == pytest.approx(18 / (0.2 * 0.8 / 50) ** 0.5 / 100)
    assert outside.notes == ["Above the upper limit: good", "Mean 20.0%, limits 3.0% to 37.0%."]


def test_a_part_that_is_more_than_its_whole_for_a_while_breaks_nothing() -> None:
    assert signals._share([signals.Place(None, 102, 102, 100)]) == 1


def test_a_rate_on_fewer_than_30_records_never_signals() -> None:
    closed([(2, 8)] * 12 + [(29, 0)])
    assert asked(12, "win_rate").notes[0] == "Within what is usual."


def test_a_point_beyond_three_sigmas_stands_out_and_the_baseline_stays_as_it_was() -> None:
    won([100, 110] * 6 + [200, 200, 132, 131])
    assert [round(asked(at).value, 2) for at in (12, 13)] == [10.71, 10.71]
    assert [asked(at).notes[0] for at in (12, 14, 15)] == [
        "Above the upper limit: good",
        "Above the upper limit: good",
        "Within what is usual.",
    ]


def test_eight_in_a_row_on_one_side_are_a_shift_and_twelve_make_a_new_baseline() -> None:
    won([110, 100] * 6 + [107, 108] * 6 + [107, 120])
    number("won_amount")
    rows = evaluate(["anomaly_signal"], [month(at) for at in range(12, 26)], scope=ALL)
    said = [row.notes[0] for row in rows]
    assert said[7] == "Eight in a row above the mean: good"
    assert [at for at, text in enumerate(said) if text != "Within what is usual."] == [7, 13]
    assert said[13] == "Above the upper limit: good"  # 120 lies inside the first baseline's limits, but not inside the second's


def test_a_seasonal_number_is_judged_by_what_it_lies_above_a_year_ago() -> None:
    year = [10, 20, 40, 80, 160, 320, 160, 80, 40, 20, 10, 5]
    course = [value + (at * 7) % 5 for at, value in enumerate(year * 2 + year[:10])]
    won(course)
    assert asked(29).notes[0] == "Within what is usual."  # June, as high as every June
    assert asked(29).notes[1].startswith("Against a year ago")


def test_under_twelve_closed_periods_nothing_is_judged_and_a_running_one_never() -> None:
    won([100] * 11)
    assert asked(10).reason == SHORT
    assert asked(35).reason == RUNNING
    days = Period(dt.date(2026, 1, 3), dt.date(2026, 1, 9))
    assert evaluate(["anomaly_signal"], [days], scope=ALL)[0].reason == NO_UNIT


def test_where_nothing_ever_moved_the_limits_have_no_width() -> None:
    won([100] * 12)
    assert asked(11).reason == EMPTY


def test_what_is_good_depends_on_where_the_number_should_go() -> None:
    closed([(0, 40 if at == 12 else 3 + at % 2) for at in range(13)])
    assert asked(12, "deals_lost").notes[0] == "Above the upper limit: bad"


def test_a_movement_opens_the_records_of_its_period() -> None:
    won([100, 110] * 6 + [200])
    assert drill("anomaly_signal", month(12), scope=ALL).total == 200
