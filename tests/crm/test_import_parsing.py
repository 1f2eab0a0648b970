"""Cells to values: dates in every order, numbers with either sign, names that are nearly the same."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm.imports.mapping import read_country
from crm.imports.parsing import (
    DAY_FIRST,
    MONTH_FIRST,
    Amount,
    Dates,
    common_order,
    domain_of,
    fold,
    is_formula,
    parse_amount,
    parse_whole,
    squash,
    strptime_format,
)

PARIS = ZoneInfo("Europe/Paris")


@pytest.mark.parametrize(
    ("text", "order", "day"),
    [
        ("2024-03-04", "", (2024, 3, 4)),
        ("2024/3/4", "", (2024, 3, 4)),
        ("20240304", "", (2024, 3, 4)),
        ("04/03/2024", DAY_FIRST, (2024, 3, 4)),
        ("3/4/2024", MONTH_FIRST, (2024, 3, 4)),
        ("04.03.2024", MONTH_FIRST, (2024, 3, 4)),
        ("04-03-24", DAY_FIRST, (2024, 3, 4)),
        ("4 mars 2024", "", (2024, 3, 4)),
        ("4-Mar-24", "", (2024, 3, 4)),
        ("March 4th, 2024", "", (2024, 3, 4)),
        ("4 de marzo de 2024", "", (2024, 3, 4)),
        ("29-02-00", DAY_FIRST, (2000, 2, 29)),
    ],
)
def test_a_date_is_read(text: str, order: str, day: tuple[int, int, int]) -> None:
    assert Dates(PARIS, order).day(text) == dt.date(*day)


@pytest.mark.parametrize("text", ["31/02/2024", "2024-13-01", "tomorrow", "12", "0001-01-01", "9999-01-01", "1/2", "45000"])
def test_what_is_no_date_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not a date|lies outside"):
        Dates(PARIS, DAY_FIRST).day(text)


def test_a_date_without_time_is_the_first_instant_of_the_local_day() -> None:
    assert Dates(PARIS).moment("2024-07-01") == dt.datetime(2024, 6, 30, 22, tzinfo=dt.UTC)
    assert Dates(ZoneInfo("America/Sao_Paulo")).moment("2018-11-04") == dt.datetime(
        2018, 11, 4, 3, tzinfo=dt.UTC
    )  # no midnight that day


@pytest.mark.parametrize(
    ("text", "hour"),
    [
        ("2024-01-15 10:00", 9),
        ("2024-01-15T10:00:00Z", 10),
        ("2024-01-15 10:00:00+05:30", 4),
        ("1/15/2024 2:00 PM", 13),
        ("1/15/2024 12:05 am", 23),
    ],
)
def test_a_time_is_local_unless_it_names_its_zone(text: str, hour: int) -> None:
    assert Dates(PARIS, MONTH_FIRST).moment(text).hour == hour


def test_one_day_above_twelve_decides_for_the_whole_column() -> None:
    assert common_order(["3/4/2024", "13/4/2024"]) == {DAY_FIRST}
    assert common_order(["3/4/2024", "4/13/2024"]) == {MONTH_FIRST}
    assert common_order(["3/4/2024", "5/6/2024"]) == {DAY_FIRST, MONTH_FIRST}
    assert common_order(["13/4/2024", "4/13/2024"]) == set()
    assert len(common_order(["3/3/2024", "2024-01-31", ""])) == 3


@pytest.mark.parametrize(
    ("pattern", "made"),
    [
        ("%d/%m/%Y", "%d/%m/%Y"),
        ("d/m/Y", "%d/%m/%Y"),
        ("DD-MM-YY", "%d-%m-%y"),
        ("M/D/YYYY", "%m/%d/%Y"),
        ("Y-m-d H:i", "%Y-%m-%d %H:%M"),
        ("dd.mm.yyyy hh:mm:ss", "%d.%m.%Y %H:%M:%S"),
    ],
)
def test_a_date_format_may_be_written_in_three_ways(pattern: str, made: str) -> None:
    assert strptime_format(pattern) == made


@pytest.mark.parametrize("pattern", ["day", "%Q", "d/m", "%d", "xx"])
def test_what_is_no_date_format_is_refused(pattern: str) -> None:
    with pytest.raises(ValueError, match="is not a date format"):
        strptime_format(pattern)


@pytest.mark.parametrize(
    ("text", "decimal", "value", "currency"),
    [
        ("1234.5", "", "1234.5", ""),
        ("1,234.50", "", "1234.50", ""),
        ("1.234,50", "", "1234.50", ""),
        ("1,5", "", "1.5", ""),
        ("1,234", "", "1234", ""),
        ("1.234.567", "", "1234567", ""),
        ("1,234", ".", "1234", ""),
        ("1.234", ",", "1234", ""),
        ("1 234,5", ",", "1234.5", ""),
        ("1'234.50", "", "1234.50", ""),
        ("€ 12,50", "", "12.50", "EUR"),
        ("12.50 usd", "", "12.50", "USD"),
        ("$1,200.00", "", "1200.00", ""),
        ("(5.00)", "", "-5.00", ""),
        ("-£5", "", "-5", "GBP"),
        ("\u22125", "", "-5", ""),
    ],
)
def test_a_number_is_read(text: str, decimal: str, value: str, currency: str) -> None:
    assert parse_amount(text, decimal) == Amount(Decimal(value), currency)


@pytest.mark.parametrize("text", ["", "abc", "12 apples", "1.2.3,4,5", "NaN", "inf", "--5", "1e5"])
def test_what_is_no_number_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not a number"):
        parse_amount(text)


def test_a_whole_number_has_no_decimals_and_fits() -> None:
    assert parse_whole("1,000") == 1000
    for text in ("1.5", "99999999999"):
        with pytest.raises(ValueError, match="whole number|too large"):
            parse_whole(text)


@given(st.decimals(min_value=-(10**9), max_value=10**9, places=2))
def test_every_amount_survives_being_written_in_german_and_english(value: Decimal) -> None:
    english = f"{value:,.2f}"
    german = english.translate(str.maketrans(",.", ".,"))
    assert parse_amount(english, ".").value == value
    assert parse_amount(german, ",").value == value


def test_names_are_compared_without_case_accents_and_blanks() -> None:
    assert fold("  Société  GÉNÉRALE ") == "societe generale"
    assert squash("GTX Pro") == squash("gtx-pro") == "gtxpro"
    assert len({squash("C"), squash("C++"), squash("C#")}) == 3


def test_a_domain_is_found_in_addresses() -> None:
    assert {domain_of(text) for text in ("https://www.acme.com/x?y", "ann@acme.com", "ACME.com.", "acme.com:443")} == {"acme.com"}
    assert {domain_of(text) for text in ("Acme", "1.5", "a b.com", "")} == {""}


@pytest.mark.parametrize(
    ("text", "code"), [("Philipines", "PH"), ("Korea", "KR"), ("États-Unis", "US"), ("de", "DE"), ("Alemania", "DE")]
)
def test_a_country_is_found_by_name_in_any_language_and_with_a_slip(text: str, code: str) -> None:
    assert read_country(text) == code


@pytest.mark.parametrize(
    "text", ["=1+1", "+1", "-1", "@x", "\t=1", " \u200b=1", "\ufeff=1", "＝1", "|x", "%x", ";=1", ",=1", '"=1']
)
def test_text_that_a_spreadsheet_might_run_is_known(text: str) -> None:
    assert is_formula(text)


@pytest.mark.parametrize("text", ["Acme", "a=b", "1+1", "", "日本", "; first, second"])
def test_plain_text_is_no_formula(text: str) -> None:
    assert not is_formula(text)
