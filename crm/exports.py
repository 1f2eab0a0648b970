"""Lists as CSV and XLSX files, a page of rows in memory at a time.

A spreadsheet runs text that looks like a formula. So in CSV such text gets an apostrophe in front, and in XLSX every text is
written as text. Numbers stay numbers, minus signs included; dates are local to the reader; money is in major units.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from typing import Any

import xlsxwriter
from django.db.models import QuerySet
from django.http import FileResponse, HttpResponseBase, StreamingHttpResponse
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.utils.text import get_valid_filename

from .columns import Column
from .imports.parsing import is_formula

FORMATS = ("csv", "xlsx")
PAGE = 1000
LONGEST_CELL = 32_767  # what a spreadsheet cell holds


def safe_text(text: str) -> str:
    """The text as a CSV cell may hold it."""
    text = text.replace("\x00", "")
    return f"'{text}" if is_formula(text) else text


def safe_cell(value: Any) -> Any:
    """A value as a CSV cell: text made harmless, everything else as it reads in a file for machines and people."""
    if value is None:
        return ""
    if isinstance(value, str):
        return safe_text(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dt.datetime):
        return local(value).isoformat(" ", "seconds")
    if isinstance(value, dt.date):
        return value.isoformat()
    if isinstance(value, int | float | Decimal):
        return str(value)
    return safe_text(str(value))


def local(moment: dt.datetime) -> dt.datetime:
    """The moment in the reader's zone, without the offset, because spreadsheets have none."""
    return timezone.localtime(moment).replace(tzinfo=None) if moment.tzinfo else moment


def pages(queryset: QuerySet, columns: Sequence[Column]) -> Iterator[list[Any]]:
    """The values of every record, in the queryset's order."""
    for record in queryset.iterator(chunk_size=PAGE):
        yield [column.value(record) for column in columns]


def export_response(
    request: Any, queryset: QuerySet, columns: Iterable[Column], name: str, format: str = "csv"
) -> HttpResponseBase:
    """A download of the queryset: `columns` as on the list, `name` without ending, `format` csv or xlsx."""
    shown = list(columns)
    return rows_response(pages(queryset, shown), [str(column.label) for column in shown], name, format)


def rows_response(rows: Iterable[Sequence[Any]], heads: Sequence[str], name: str, format: str = "csv") -> HttpResponseBase:
    """A download of rows that need no queryset."""
    if format not in FORMATS:
        raise ValueError(f"Unknown format: {format}")
    file_name = f"{get_valid_filename(name) or 'export'}.{format}"
    response: HttpResponseBase
    if format == "xlsx":
        response = FileResponse(
            write_xlsx(rows, heads), content_type="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
        )
    else:
        response = StreamingHttpResponse(stream_csv(rows, heads), content_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = content_disposition_header(True, file_name) or "attachment"
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


def stream_csv(rows: Iterable[Sequence[Any]], heads: Sequence[str]) -> Iterator[bytes]:
    """UTF-8 with a byte order mark, so that spreadsheets read accents right."""
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    buffer.write("\ufeff")
    writer.writerow([safe_text(head) for head in heads])
    for number, row in enumerate(rows, start=1):
        writer.writerow([safe_cell(value) for value in row])
        if number % PAGE == 0:
            yield buffer.getvalue().encode("utf-8", "replace")
            buffer.seek(0)
            buffer.truncate()
    yield buffer.getvalue().encode("utf-8", "replace")


def write_xlsx(rows: Iterable[Sequence[Any]], heads: Sequence[str]) -> Any:
    """A temporary workbook, written row by row; deleted when the response closes it."""
    file = tempfile.TemporaryFile(suffix=".xlsx")
    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    book = xlsxwriter.Workbook(file, options)
    sheet = book.add_worksheet()
    bold = book.add_format({"bold": True})
    day, moment = book.add_format({"num_format": "yyyy-mm-dd"}), book.add_format({"num_format": "yyyy-mm-dd hh:mm"})
    sheet.freeze_panes(1, 0)
    for place, head in enumerate(heads):
        sheet.write_string(0, place, head, bold)
    for line, row in enumerate(rows, start=1):
        for place, value in enumerate(row):
            if isinstance(value, dt.datetime):
                sheet.write_datetime(line, place, local(value), moment)
            elif isinstance(value, dt.date):
                sheet.write_datetime(line, place, dt.datetime.combine(value, dt.time()), day)
            elif isinstance(value, int | float | Decimal) and not isinstance(value, bool):
                sheet.write_number(line, place, value)
            elif value is not None:
                sheet.write_string(line, place, str(value)[:LONGEST_CELL])
    book.close()
    file.seek(0)
    return file
