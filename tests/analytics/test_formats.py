"""How numbers are written: short and exact, per unit, per language."""

import datetime as dt

import pytest
from django.utils import translation

from analytics import formats
from crm.periods import Period


def plain(text):
    return text.replace("\u202f", " ").replace("\xa0", " ").replace("\u2009", " ")


@pytest.mark.parametrize(
    ("language", "value", "unit", "short", "exact"),
    [
        ("en", 12_437, "count", "12.4K", "12,437"),
        ("en", 999_960, "count", "1M", "999,960"),
        ("en", 123_456_789, "money", "€1.2M", "€1,234,567.89"),
        ("en", 42.345, "percent", "42.3%", "42.3%"),
        ("en", 0.253, "ratio", "0.25", "0.25"),
        ("en", 8.5, "count", "8.5", "8.5"),
        ("en", None, "money", "—", "—"),
        ("fr", 12_437, "count", "12,4 k", "12 437"),
        ("fr", 123_456_789, "money", "1,2 M €", "1 234 567,89 €"),
        ("fr", 42.345, "percent", "42,3 %", "42,3 %"),
        ("es", 123_456_789, "money", "1,2 M€", "1.234.567,89 €"),
    ],
)
def test_values_are_short_on_cards_and_exact_in_tables(language, value, unit, short, exact):
    with translation.override(language):
        assert (plain(formats.short(value, unit, "EUR")), plain(formats.exact(value, unit, "EUR"))) == (short, exact)


@pytest.mark.parametrize(
    ("seconds", "one", "two"),
    [
        (38, "38 s", "38 s"),
        (2_700, "45 min", "45 min"),
        (12_000, "3.3 h", "3 h 20 min"),
        (86_400 * 12 + 3_600 * 5, "12.2 d", "12 d 5 h"),
        (86_400 * 250, "250 d", "250 d"),
        (7_199, "2 h", "2 h"),
        (0, "0 s", "0 s"),
        (-2_700, "−45 min", "−45 min"),
    ],
)
def test_durations_are_said_in_the_unit_that_fits(seconds, one, two):
    assert plain(formats.duration(seconds, parts=1)) == one
    assert plain(formats.duration(seconds)) == two


def test_rounding_is_half_to_even():
    assert formats.percent(0.25) == "0.2%"
    assert formats.percent(0.35) == "0.4%"


def test_percents_move_by_points():
    moved = formats.difference(46.5, 42.3, "percent", "higher")
    assert (moved.text, moved.direction, moved.better) == ("+4.2 points", "up", True)


def test_a_rise_is_bad_where_lower_is_better():
    assert formats.difference(12, 10, "days", "lower").better is False


def test_counts_move_by_percent():
    assert formats.difference(8, 10, "count", "higher").text == "−20.0%"


def test_from_zero_there_is_no_percent():
    assert formats.difference(5, 0, "count", "higher").text == "new"


@pytest.mark.parametrize(("now", "before"), [(None, 5), (5, None), (None, None)])
def test_nothing_is_compared_where_a_side_has_no_value(now, before):
    assert formats.difference(now, before, "percent", "higher") is None


def test_a_neutral_number_is_neither_better_nor_worse():
    assert formats.difference(5, 4, "count", "neutral").better is None


def test_exports_hold_money_in_major_units():
    assert str(formats.plain(1_234_56, "money", "EUR")) == "1234.56"


@pytest.mark.parametrize(
    ("language", "period", "words"),
    [
        ("en", Period(dt.date(2026, 5, 1), dt.date(2026, 6, 1), "month"), "May 2026"),
        ("en", Period(dt.date(2026, 5, 1), dt.date(2026, 5, 19)), "1–18 May 2026"),
        ("fr", Period(dt.date(2026, 5, 1), dt.date(2026, 5, 19)), "1–18 mai 2026"),
        ("en", Period(dt.date(2026, 5, 1), dt.date(2026, 5, 2)), "1 May 2026"),
        ("en", Period(dt.date(2026, 4, 1), dt.date(2026, 7, 1), "quarter"), "Q2 2026"),
        ("en", Period(dt.date(2026, 2, 1), dt.date(2026, 5, 1), "quarter"), "1 Feb – 30 Apr 2026"),
        ("en", Period(dt.date(2026, 1, 1), dt.date(2027, 1, 1), "year"), "2026"),
    ],
)
def test_periods_are_named_as_people_say_them(language, period, words):
    with translation.override(language):
        assert plain(formats.period(period)) == words


@pytest.mark.parametrize(
    ("language", "first", "later"), [("en", "Q1 2026", "Q2"), ("fr", "T1 2026", "T2"), ("es", "T1 2026", "T2")]
)
def test_quarters_on_an_axis_say_the_year_where_it_begins(language, first, later):
    with translation.override(language):
        assert formats.tick_of(Period(dt.date(2026, 1, 1), dt.date(2026, 4, 1), "quarter"), "quarter", True) == first
        assert formats.tick_of(Period(dt.date(2026, 4, 1), dt.date(2026, 7, 1), "quarter"), "quarter", False) == later
