"""What a file may look like: encodings, delimiters, workbooks, and everything that is refused before a row is read."""

from __future__ import annotations

import datetime as dt
import zipfile
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter

from crm.imports.errors import FileRefused
from crm.imports.readers import Limits, open_table

ROWS = "name;city\r\nSociété Générale;Paris\r\nMüller;Köln\r\n"


def read(path: Path, **limits: Any) -> tuple[list[str], list[Any]]:
    table = open_table(path, limits=Limits(**limits))
    return table.headers, list(table.rows)


def made(tmp_path: Path, data: bytes) -> Path:
    path = tmp_path / "file"
    path.write_bytes(data)
    return path


def workbook(tmp_path: Path, rows: list[list[Any]], top: int = 0) -> Path:
    path = tmp_path / "file.xlsx"
    book = xlsxwriter.Workbook(path, {"default_date_format": "yyyy-mm-dd"})
    sheet = book.add_worksheet()
    for line, row in enumerate(rows):
        for place, value in enumerate(row):
            sheet.write(top + line, place, value)
    book.close()
    return path


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252"])
def test_the_encoding_is_found_out(tmp_path: Path, encoding: str) -> None:
    headers, rows = read(made(tmp_path, ROWS.encode(encoding)))
    assert headers == ["name", "city"]
    assert [cells for _line, cells, _flaw in rows] == [["Société Générale", "Paris"], ["Müller", "Köln"]]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_found_out(tmp_path: Path, delimiter: str) -> None:
    text = f"name{delimiter}note\nAcme{delimiter}a\nBeta{delimiter}b\n"
    assert read(made(tmp_path, text.encode()))[0] == ["name", "note"]


def test_a_semicolon_file_with_commas_in_its_cells_has_two_columns(tmp_path: Path) -> None:
    headers, rows = read(made(tmp_path, b"name;amount\nAcme, Inc.;1,50\nBeta, Ltd.;2,50\n"))
    assert headers == ["name", "amount"]
    assert rows[0][1] == ["Acme, Inc.", "1,50"]


def test_a_single_column_is_a_table(tmp_path: Path) -> None:
    assert read(made(tmp_path, b"name\nAcme\nBeta")) == (["name"], [(2, ["Acme"], ""), (3, ["Beta"], "")])


def test_lines_are_counted_through_cells_of_several_lines_and_blank_lines(tmp_path: Path) -> None:
    _headers, rows = read(made(tmp_path, b'name,note\nAcme,"two\nlines"\n\nBeta,x\n'))
    assert [line for line, _cells, _flaw in rows] == [2, 5]


@pytest.mark.parametrize("delimiter", [",", ";"])
def test_remarks_before_the_headings_are_left_out(tmp_path: Path, delimiter: str) -> None:
    text = "# ------\n# Traffic, all users\n# 20260101-20260131\n\nchannel;users\nSearch;7\n# 2;8\n".replace(";", delimiter)
    headers, rows = read(made(tmp_path, text.encode()))
    assert headers == ["channel", "users"]
    assert [(line, cells) for line, cells, _flaw in rows] == [(6, ["Search", "7"]), (7, ["# 2", "8"])]


def test_a_heading_may_begin_with_a_hash(tmp_path: Path) -> None:
    assert read(made(tmp_path, b"#,name\n1,Acme\n"))[0] == ["#", "name"]
    assert read(made(tmp_path, b"# of seats;name\n#1;Acme, Inc.\n"))[0] == ["# of seats", "name"]


def test_headings_only_give_no_rows(tmp_path: Path) -> None:
    assert read(made(tmp_path, b"name,city\n")) == (["name", "city"], [])


def test_repeated_and_missing_headings_get_names(tmp_path: Path) -> None:
    assert read(made(tmp_path, b"Email,,Email\na,b,c\n"))[0] == ["Email", "Column 2", "Email (2)"]


def test_short_rows_are_filled_and_long_ones_are_flawed(tmp_path: Path) -> None:
    _headers, rows = read(made(tmp_path, b"a,b\n1\n1,2,3\n1,2,\n"))
    assert rows[0][1:] == (["1", ""], "")
    assert "3 cells" in rows[1][2]
    assert rows[2][1:] == (["1", "2"], "")


def test_an_open_quotation_mark_flaws_its_row(tmp_path: Path) -> None:
    _headers, rows = read(made(tmp_path, b'a,b\n1,2\n"3,4\n5,6\n'))
    assert rows[0][2] == ""
    assert rows[1][0] == 3
    assert "quotation mark" in rows[1][2]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "empty"),
        (b"\n\n \n", "empty"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"x" * 100, "old or a protected Excel"),
        (b"%PDF-1.7 ...", "PDF"),
        (b"\x1f\x8b\x08\x00", "compressed"),
        (b"PK\x03\x04" + b"x" * 100, "damaged"),
        (b"," * 250 + b"x\n", "columns"),
        (b'a,b\n1,"' + b"x" * 1_100_000, "quotation mark is left open"),
        (b"x" * 5_000_000, "longer than"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_not_a_table_is_refused_with_a_reason(tmp_path: Path, data: bytes, reason: str) -> None:
    with pytest.raises(FileRefused, match=reason):
        read(made(tmp_path, data))


def test_a_file_of_two_gigabytes_is_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "huge.csv"
    with path.open("wb") as file:
        file.truncate(2_000_000_001)
    with pytest.raises(FileRefused, match="2000 MB, the limit is 200 MB"):
        read(path)


def test_too_many_rows_are_refused_while_reading(tmp_path: Path) -> None:
    with pytest.raises(FileRefused, match="more than 10 rows"):
        read(made(tmp_path, b"a\n" + b"1\n" * 11), rows=10)


def test_a_workbook_keeps_numbers_and_dates(tmp_path: Path) -> None:
    path = workbook(
        tmp_path, [["name", "amount", "on"], ["Acme", 12.5, dt.date(2024, 3, 4)], ["Beta", 3, dt.datetime(2024, 3, 4, 15, 30)]]
    )
    headers, rows = read(path)
    assert headers == ["name", "amount", "on"]
    assert [cells for _line, cells, _flaw in rows] == [["Acme", 12.5, "2024-03-04"], ["Beta", 3, "2024-03-04 15:30:00"]]


def test_a_workbook_whose_table_starts_further_down_keeps_its_line_numbers(tmp_path: Path) -> None:
    headers, rows = read(workbook(tmp_path, [["name"], ["Acme"]], top=4))
    assert (headers, rows) == (["name"], [(6, ["Acme"], "")])


def test_a_formula_is_what_it_showed_and_never_run(tmp_path: Path) -> None:
    path = tmp_path / "file.xlsx"
    book = xlsxwriter.Workbook(path)
    sheet = book.add_worksheet()
    sheet.write_row(0, 0, ["name", "n"])
    sheet.write_string(1, 0, "=HYPERLINK(1)")
    sheet.write_formula(1, 1, "=1+1", None, 2)
    book.close()
    assert read(path)[1] == [(2, ["=HYPERLINK(1)", 2], "")]


def test_a_zip_bomb_is_refused_from_its_directory(tmp_path: Path) -> None:
    path = tmp_path / "bomb.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "<x/>")
        archive.writestr("xl/sharedStrings.xml", b"\0" * 300_000_000)
    with pytest.raises(FileRefused, match="unpacks to 300 MB"):
        read(path)


def test_a_bomb_that_lies_about_its_size_dies_in_its_own_process(tmp_path: Path) -> None:
    honest = workbook(tmp_path, [["a"], ["x"]])
    path = tmp_path / "liar.xlsx"
    with zipfile.ZipFile(honest) as source, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for member in source.namelist():
            data = b"<sst>" + b"<si><t>x</t></si>" * 8_000_000 if member == "xl/sharedStrings.xml" else source.read(member)
            archive.writestr(member, data)
    data = path.read_bytes()
    path.write_bytes(data.replace((136_000_005).to_bytes(4, "little"), (1000).to_bytes(4, "little")))
    with pytest.raises(FileRefused, match="workbook"):
        read(path)


def test_one_cell_in_the_last_corner_does_not_make_a_million_rows(tmp_path: Path) -> None:
    path = tmp_path / "corner.xlsx"
    book = xlsxwriter.Workbook(path)
    sheet = book.add_worksheet()
    sheet.write(0, 0, "name")
    sheet.write(1_048_575, 16_383, "z")
    book.close()
    with pytest.raises(FileRefused, match="too much memory or time"):
        read(path)


def test_a_plain_zip_and_a_workbook_with_macros_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "file.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("../../etc/x", "x")
    with pytest.raises(FileRefused, match="zip file"):
        read(path)
    honest = workbook(tmp_path, [["a"], ["x"]])
    with zipfile.ZipFile(honest, "a") as archive:
        archive.writestr("xl/vbaProject.bin", "x")
    with pytest.raises(FileRefused, match="macros"):
        read(honest)
