"""Charts: round ticks, gaps, zero, one point, negative and huge numbers."""

import json

import pytest
from django.template.loader import render_to_string

from analytics.charts import Series, Unit, areas, bar_rows, columns, lines, nice_ticks, spark, stacked
from analytics.charts.scale import scale_for

MONTHS = [Unit(name, f"{name} 2026") for name in ("Jan", "Feb", "Mar", "Apr")]


def months(*, running=False, inside=()):
    return [Unit(u.short, u.name, running=running and i == 3, inside=i in inside) for i, u in enumerate(MONTHS)]


def drawn(chart):
    return render_to_string("analytics/charts/chart.html", {"chart": chart})


# --- ticks -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("low", "high", "ticks"),
    [
        (0, 97, (0, 25, 50, 75, 100)),
        (0, 100, (0, 25, 50, 75, 100)),
        (0, 7, (0, 2, 4, 6, 8)),
        (0, 0.3, (0, 0.1, 0.2, 0.3)),
        (-5, 20, (-10, 0, 10, 20)),
        (0, 12_345, (0, 5000, 10_000, 15_000)),
    ],
)
def test_ticks_are_round_and_enclose_the_values(low, high, ticks):
    assert nice_ticks(low, high) == ticks


@pytest.mark.parametrize("high", [1e-9, 0.004, 1, 3, 11, 99, 101, 999, 12_345, 9.9e14, 1e18])
def test_there_are_two_to_five_ticks_at_equal_distance(high):
    ticks = nice_ticks(0, high)
    steps = [b - a for a, b in zip(ticks, ticks[1:], strict=False)]
    assert 2 <= len(ticks) <= 5
    assert ticks[0] == 0 and ticks[-1] >= high
    assert max(steps) == pytest.approx(min(steps))


def test_counts_never_step_by_a_part_of_one():
    assert nice_ticks(0, 2, whole=True) == (0, 1, 2)


def test_durations_step_in_hours_and_days():
    assert nice_ticks(0, 5 * 3600, unit="days") == (0, 2 * 3600, 4 * 3600, 6 * 3600)
    assert nice_ticks(0, 38 * 86400, unit="days") == (0, 864000, 1728000, 2592000, 3456000)


def test_durations_of_centuries_still_have_ticks():
    assert len(nice_ticks(0, 86400 * 365 * 900, unit="days")) <= 5


def test_percents_of_a_whole_end_at_one_hundred():
    assert scale_for([97, 99], unit="percent").high == 100


def test_no_values_at_all_still_give_an_axis():
    assert scale_for([], unit="count").ticks == (0, 1, 2, 3, 4)


# --- what is drawn ---------------------------------------------------------------------------------------------------


def test_bars_start_at_zero():
    chart = columns(MONTHS, [Series("Won", [90, 95, 92, 99])], unit="count")
    assert chart.ticks[0].text == "0"
    assert all(float(bar.y) + float(bar.height) == pytest.approx(chart.height, abs=0.2) for bar in chart.bars)


def test_lines_far_from_zero_may_leave_it_out():
    assert lines(MONTHS, [Series("Complete", [91, 93, 94, 92])], unit="percent").ticks[0].text == "91%"


def test_areas_always_reach_zero():
    assert areas(MONTHS, [Series("Open", [91, 93, 94, 92])], unit="count").ticks[0].text == "0"


def test_a_missing_value_is_a_gap_and_not_a_zero():
    chart = lines(MONTHS, [Series("Rate", [40, 41, None, 39])], unit="percent")
    assert len(chart.strokes) == 1
    assert [point.x for point in chart.points] == ["12.500%", "37.500%", "87.500%"]


def test_a_missing_value_has_no_bar():
    assert len(columns(MONTHS, [Series("Size", [1, None, 3, 4])], unit="count").bars) == 3


def test_a_value_of_zero_is_a_thin_bar_on_the_line():
    assert columns(MONTHS, [Series("Won", [0, 5, 5, 5])], unit="count").bars[0].height == "1.0"


def test_negative_bars_hang_below_zero():
    chart = columns(MONTHS, [Series("Change", [-10, 10, 5, -5])], unit="count")
    zero = next(float(tick.y) for tick in chart.ticks if tick.zero)
    assert float(chart.bars[0].y) == pytest.approx(zero, abs=0.1)
    assert float(chart.bars[1].y) < zero


def test_one_point_is_a_dot_and_no_line():
    chart = lines(MONTHS[:1], [Series("Rate", [40])], unit="percent")
    assert not chart.strokes
    assert len(chart.points) == 1


def test_huge_amounts_are_short_on_the_axis_and_exact_in_the_tooltip():
    chart = columns(MONTHS, [Series("Won", [10**15, 0, 0, 0])], unit="money", currency="EUR")
    assert chart.ticks[-1].text == "€10T"
    assert json.loads(chart.stops[0].tip)[1][1] == "€10,000,000,000,000"


def test_all_zero_draws_an_axis():
    chart = columns(MONTHS, [Series("Won", [0, 0, 0, 0])], unit="count")
    assert not chart.empty
    assert [tick.text for tick in chart.ticks] == ["0", "1", "2", "3", "4"]


def test_no_value_anywhere_says_so():
    chart = lines(MONTHS, [Series("Rate", [None] * 4)], unit="percent")
    assert chart.empty
    assert "No value in these periods." in drawn(chart)


def test_the_running_period_is_dashed_on_lines_and_hatched_on_bars():
    line = lines(months(running=True), [Series("Rate", [1, 2, 3, 4])], unit="percent")
    bar = columns(months(running=True), [Series("Won", [1, 2, 3, 4])], unit="count", uid="won")
    assert [stroke.running for stroke in line.strokes] == [False, True]
    assert [mark.running for mark in bar.bars] == [False, False, False, True]
    assert 'fill="url(#won-hatch-1)"' in drawn(bar)


def test_the_chosen_period_is_marked_unless_it_is_everything():
    assert lines(months(inside=(2, 3)), [Series("Rate", [1, 2, 3, 4])], unit="percent").bands == [("50.000%", "50.000%")]
    assert lines(months(inside=range(4)), [Series("Rate", [1, 2, 3, 4])], unit="percent").bands == []


def test_stacks_add_up_and_split_at_zero():
    chart = stacked(MONTHS, [Series("A", [10, 1, 1, 1]), Series("B", [20, 1, 1, 1]), Series("C", [-5, 0, 0, 0])], unit="count")
    first = [bar for bar in chart.bars if bar.x == chart.bars[0].x]
    zero = next(float(tick.y) for tick in chart.ticks if tick.zero)
    assert float(first[1].y) + float(first[1].height) == pytest.approx(float(first[0].y), abs=0.2)
    assert float(first[2].y) == pytest.approx(zero, abs=0.1)


def test_up_to_four_series_are_named_on_the_chart_and_more_in_a_legend_only():
    few = lines(MONTHS, [Series(str(n), [n + 1] * 4) for n in range(4)], unit="count")
    many = lines(MONTHS, [Series(str(n), [n + 1] * 4) for n in range(6)], unit="count")
    assert len(few.names) == 4
    assert not many.names
    assert len(many.legend) == 6


def test_names_at_line_ends_do_not_cover_each_other():
    chart = lines(MONTHS, [Series(str(n), [50 + n / 10] * 4) for n in range(4)], unit="percent")
    places = sorted(float(name.y) for name in chart.names)
    assert all(b - a >= 15 for a, b in zip(places, places[1:], strict=False))
    assert 0 <= places[0] and places[-1] <= chart.height


def test_one_series_needs_no_legend():
    assert not lines(MONTHS, [Series("Rate", [1, 2, 3, 4])], unit="percent").legend


def test_the_target_is_on_the_scale():
    chart = columns(MONTHS, [Series("Won", [1, 2, 3, 4])], unit="count", target=40)
    assert chart.target is not None
    assert 0 <= float(chart.target.y) <= chart.height


def test_a_year_of_days_names_at_most_thirteen_of_them():
    units = [Unit(str(n), f"Day {n}") for n in range(365)]
    chart = lines(units, [Series("Won", list(range(365)))], unit="count")
    assert len(chart.labels) <= 13
    assert chart.labels[-1].text == "364"


def test_tooltips_tell_value_n_numerator_and_denominator():
    details = [[("n", "50"), ("Won", "21"), ("Won or lost", "50")]] * 4
    chart = lines(MONTHS, [Series("Win rate", [42, 42, 42, 42], details)], unit="percent")
    assert json.loads(chart.stops[0].tip) == [
        ["Jan 2026"],
        ["Win rate", "42.0%", 1],
        ["n", "50", 0],
        ["Won", "21", 0],
        ["Won or lost", "50", 0],
    ]


def test_the_picture_has_a_name_a_description_and_no_inline_style():
    html = drawn(lines(MONTHS, [Series("<b>Rate</b>", [1, 2, 3, 4])], unit="percent", title="Win rate <by> month", uid="rate"))
    assert 'role="img"' in html and 'aria-labelledby="rate-title"' in html and '<desc id="rate-desc">' in html
    assert "Win rate &lt;by&gt; month" in html
    assert "style=" not in html and "<b>" not in html


# --- sparklines and row bars -----------------------------------------------------------------------------------------


def test_a_sparkline_marks_its_last_point_and_dashes_the_running_unit():
    line = spark([1, 2, 3], running=True)
    assert line.last_x == "100.0%"
    assert line.dashed and len(line.solid) == 1


def test_a_sparkline_leaves_gaps():
    assert len(spark([1, 2, None, 3, 4]).solid) == 2


@pytest.mark.parametrize("values", [[], [None, None], [5], [None, 5]])
def test_one_value_makes_no_sparkline(values):
    assert spark(values) is None


def test_a_flat_sparkline_is_drawn():
    assert spark([0, 0, 0]) is not None


def test_row_bars_share_one_scale_with_their_whiskers():
    rows = bar_rows([40, 20, None], [(30, 50), (10, 25), (None, None)])
    assert [row.width for row in rows] == ["80.00%", "40.00%", "0%"]
    assert rows[0].high == "100.00%"
    assert rows[2].empty


def test_negative_row_bars_leave_from_the_zero_line():
    rows = bar_rows([30, -10])
    assert (rows[0].x, rows[0].zero) == ("25.00%", "25.00%")
    assert (rows[1].x, rows[1].width, rows[1].negative) == ("0.00%", "25.00%", True)
