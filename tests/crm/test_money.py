"""Money: whole minor units, half to even, dated rates, never a guessed one (kpis.md G5, G13)."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError

from crm.money import LARGEST, Rates, format_money, parse_amount, to_major, to_minor


@pytest.mark.parametrize(
    ("amount", "currency", "minor"),
    [("12.34", "EUR", 1234), ("12.345", "EUR", 1234), ("12.355", "EUR", 1236), ("1234", "JPY", 1234), ("1.2345", "KWD", 1234)],
)
def test_minor_units_round_half_to_even_in_the_currencys_places(amount, currency, minor):
    assert to_minor(Decimal(amount), currency) == minor


@pytest.mark.parametrize(("minor", "currency", "amount"), [(1234, "EUR", "12.34"), (1234, "JPY", "1234"), (1234, "KWD", "1.234")])
def test_major_units_are_exact(minor, currency, amount):
    assert to_major(minor, currency) == Decimal(amount)


RATES = Rates(
    "USD",
    [
        ("EUR", dt.date(2026, 2, 1), Decimal("1.25")),
        ("EUR", dt.date(2026, 1, 1), Decimal("1.10")),
        ("JPY", dt.date(2026, 1, 1), Decimal("0.00655")),
    ],
)


@pytest.mark.parametrize(
    ("day", "expected"),
    [("2025-12-31", None), ("2026-01-01", 110), ("2026-01-31", 110), ("2026-02-01", 125), ("2030-01-01", 125)],
)
def test_a_rate_holds_from_its_day_until_the_next(day, expected):
    assert RATES.convert(100, "EUR", dt.date.fromisoformat(day)) == expected


def test_a_missing_rate_is_never_one():
    assert RATES.convert(100, "GBP", dt.date(2026, 5, 1)) is None


def test_no_amount_stays_none_and_nothing_stays_nothing():
    assert (RATES.convert(None, "EUR", dt.date(2026, 5, 1)), RATES.convert(0, "EUR", dt.date(2026, 5, 1))) == (None, 0)


def test_currencies_with_other_places_convert_by_major_units():
    assert RATES.convert(10_000, "JPY", dt.date(2026, 5, 1)) == 65_50


def test_the_base_currency_needs_no_rate():
    assert RATES.convert(123, "USD", dt.date(1990, 1, 1)) == 123


@pytest.mark.parametrize(
    ("typed", "locale", "minor"), [("1,234.50", "en", 123450), ("1.234,50", "es", 123450), ("1\u202f234,50", "fr", 123450)]
)
def test_amounts_are_read_in_the_readers_format(typed, locale, minor):
    assert parse_amount(typed, "EUR", locale) == minor


@pytest.mark.parametrize("typed", ["", "abc", "NaN", "Infinity", "1e400", str(LARGEST)])
def test_what_is_no_amount_is_refused(typed):
    with pytest.raises(ValidationError):
        parse_amount(typed, "EUR")


def test_no_amount_is_shown_as_a_dash():
    assert format_money(None, "EUR", "en") == "—"
