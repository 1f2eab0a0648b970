"""Files out: nothing in them runs, numbers stay numbers, and what went out comes in again unchanged."""

from __future__ import annotations

import csv
import datetime as dt
import io
import zipfile
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.http import HttpResponseBase
from python_calamine import CalamineWorkbook

from contacts.columns import COMPANIES
from contacts.models import Company
from crm.columns import Column
from crm.exports import export_response, rows_response, safe_cell
from crm.imports import mapping
from crm.imports.registry import kinds
from tests.factories import CompanyFactory
from tests.imports import counts, run_import

pytestmark = pytest.mark.django_db
NASTY = ["=1+1", "+33 1", "-5", "@SUM(A1)", "\t=1", " =1", "\u200b=cmd|' /C calc'!A0", "＝1", "plain", 'quo"te', "two\nlines"]


def body(response: HttpResponseBase) -> bytes:
    data = b"".join(response.streaming_content)  # type: ignore[attr-defined]
    for close in response._resource_closers:  # the file; response.close() would end the test's connection too
        close()
    return data


def table(data: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline="")))


def test_text_that_looks_like_a_formula_gets_an_apostrophe_in_csv() -> None:
    rows = table(body(rows_response([[text] for text in NASTY], ["text"], "nasty")))
    assert [row[0] for row in rows[1:]] == [f"'{text}" for text in NASTY[:8]] + NASTY[8:]


def test_numbers_dates_and_blanks_stay_what_they_are_in_csv() -> None:
    day = dt.date(2024, 3, 4)
    assert [safe_cell(value) for value in (-5, Decimal("-1.50"), day, None, True)] == ["-5", "-1.50", "2024-03-04", "", "true"]


def test_a_workbook_holds_no_formula_and_real_numbers(tmp_path: Path) -> None:
    response = rows_response(
        [[text, -5, Decimal("12.50"), dt.date(2024, 3, 4)] for text in NASTY], ["text", "n", "m", "d"], "nasty", "xlsx"
    )
    path = tmp_path / "out.xlsx"
    path.write_bytes(body(response))
    with zipfile.ZipFile(path) as archive:
        sheet = archive.read("xl/worksheets/sheet1.xml").decode()
    assert "<f>" not in sheet and "hyperlink" not in sheet.lower()
    rows = CalamineWorkbook.from_path(str(path)).get_sheet_by_index(0).to_python()
    assert [row[0] for row in rows[1:]] == NASTY
    assert rows[1][1:] == [-5.0, 12.5, dt.date(2024, 3, 4)]


@pytest.mark.parametrize("format", ["csv", "xlsx"])
def test_a_name_with_line_breaks_makes_one_clean_header(format: str) -> None:
    response = rows_response([], ["a"], 'x"\r\nSet-Cookie: y', format)
    header = response.headers["Content-Disposition"]
    assert header.startswith("attachment") and "\r" not in header and "\n" not in header
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    body(response)


def test_a_queryset_is_streamed_in_pages(django_assert_num_queries: Any) -> None:
    CompanyFactory.create_batch(5)
    columns = [Column("name", "Name", lambda company: company.name)]
    with django_assert_num_queries(1):
        rows = table(body(export_response(None, Company.objects.order_by("name"), columns, "companies")))
    assert len(rows) == 6


@pytest.mark.parametrize("format", ["csv", "xlsx"])
def test_what_went_out_comes_in_again_unchanged(tmp_path: Path, format: str) -> None:
    CompanyFactory(
        name="=Acme & Søns",
        domain="acme.com",
        city="Århus",
        country="DK",
        employees=1200,
        annual_revenue=123_456_789,
        annual_revenue_currency="USD",
    )
    CompanyFactory(name="-Minus", domain="", source="+fair")
    path = tmp_path / f"companies.{format}"
    path.write_bytes(body(export_response(None, Company.objects.for_list(), COMPANIES, "companies", format)))
    heads = [str(column.label) for column in COMPANIES]
    found = mapping.propose(kinds["companies"], heads)
    assert {
        "name",
        "domain",
        "industry",
        "country",
        "city",
        "employees",
        "annual_revenue",
        "owner",
        "source",
        "created_at",
    } <= set(found)
    before = list(Company.objects.order_by("pk").values())
    run = run_import("companies", path, map={key: head for key, head in found.items() if key != "created_at"})
    assert counts(run) == (0, 0, 2, 0), list(run.issues.values())
    assert list(Company.objects.order_by("pk").values()) == before
