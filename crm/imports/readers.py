"""A file to rows of cells: CSV in the encodings and delimiters people have, XLSX through a guarded child process.

Nothing here holds more than one row. What is too large, not a table or not readable raises FileRefused with one sentence.
"""

from __future__ import annotations

import codecs
import csv
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import dropwhile
from pathlib import Path
from typing import IO, Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from .errors import FileRefused

Cell = str | int | float
MEGABYTE = 1_000_000
DELIMITERS = ",;\t|"
SIGNATURES = {
    b"\xd0\xcf\x11\xe0": gettext_lazy(
        "This is an old or a protected Excel file: save it as .xlsx without a password, or as CSV."
    ),
    b"%PDF": gettext_lazy("This is a PDF file: import takes CSV and XLSX."),
    b"\x1f\x8b": gettext_lazy("This file is compressed: unpack it first."),
    b"Rar!": gettext_lazy("This file is compressed: unpack it first."),
}


@dataclass(frozen=True)
class Limits:
    """How large a file may be before it is refused, so that no file can take the machine down."""

    size: int = 200 * MEGABYTE
    columns: int = 200
    rows: int = 1_000_000
    cell: int = MEGABYTE
    line: int = 4 * MEGABYTE
    unpacked: int = 200 * MEGABYTE
    ratio: int = 100
    members: int = 1000
    empty_rows: int = 1000


COMMAND = Limits()
UPLOAD = Limits(size=50 * MEGABYTE)


@dataclass
class Table:
    """An opened file: headings, and rows as (line, cells, flaw); `flaw` says why a row cannot be read."""

    headers: list[str]
    rows: Iterator[tuple[int, list[Cell], str]]
    facts: dict[str, str] = field(default_factory=dict)


def open_table(path: Path, *, encoding: str = "", limits: Limits = COMMAND) -> Table:
    """Opens a CSV or XLSX file by its content, whatever its name says."""
    try:
        size = path.stat().st_size
        if not path.is_file():
            raise FileRefused(_("“%(name)s” is not a file.") % {"name": path.name})
        with path.open("rb") as file:
            start = file.read(8)
    except OSError as error:
        raise FileRefused(
            _("“%(name)s” cannot be read: %(why)s.") % {"name": path.name, "why": error.strerror or error}
        ) from error
    if size == 0:
        raise FileRefused(_("The file is empty."))
    if size > limits.size:
        raise FileRefused(
            _("The file is too large: %(size)s MB, the limit is %(limit)s MB. Split it, or save only the rows you need.")
            % {"size": size // MEGABYTE, "limit": limits.size // MEGABYTE}
        )
    for signature, reason in SIGNATURES.items():
        if start.startswith(signature):
            raise FileRefused(str(reason))
    if start.startswith(b"PK\x03\x04"):
        from .xlsx import open_xlsx

        return open_xlsx(path, limits)
    return open_csv(path, encoding, limits)


# --- CSV -------------------------------------------------------------------------------------------------------------


def open_csv(path: Path, encoding: str, limits: Limits) -> Table:
    """Finds encoding and delimiter, reads the headings; rows follow lazily."""
    encoding = _known(encoding) if encoding else detect_encoding(path, limits)
    try:
        delimiter = detect_delimiter(path, encoding, limits)
        records = _records(path, encoding, delimiter, limits)
        first = heading(records)
    except UnicodeError as error:
        raise FileRefused(_("The file is not written in %(encoding)s.") % {"encoding": encoding}) from error
    if first is None:
        raise FileRefused(_("The file is empty."))
    headers = name_columns(first[1], limits)
    facts = {"encoding": encoding, "delimiter": {"\t": "tab"}.get(delimiter, delimiter)}
    return Table(headers, within(records, len(headers), limits), facts)


def _known(encoding: str) -> str:
    try:
        info = codecs.lookup(encoding)
    except LookupError as error:
        raise FileRefused(_("“%(name)s” is not an encoding. Examples: utf-8, cp1252.") % {"name": encoding}) from error
    if not getattr(info, "_is_text_encoding", True):
        raise FileRefused(_("“%(name)s” is not an encoding. Examples: utf-8, cp1252.") % {"name": encoding})
    return "utf-8-sig" if info.name == "utf-8" else info.name


def detect_encoding(path: Path, limits: Limits) -> str:
    """By byte order mark; else UTF-8 when the whole file is, UTF-16 where every other byte is zero, else Windows' cp1252."""
    with path.open("rb") as file:
        start = file.read(4096)
        if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            return "utf-16"
        for name, zeros, texts in (("utf-16-le", start[1::2], start[::2]), ("utf-16-be", start[::2], start[1::2])):
            if len(zeros) > 8 and zeros.count(0) > 0.7 * len(zeros) and texts.count(0) < 0.1 * len(texts):
                return name
        decoder = codecs.getincrementaldecoder("utf-8")()
        file.seek(0)
        try:
            while block := file.read(MEGABYTE):
                decoder.decode(block)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return "cp1252"
    return "utf-8-sig"


def detect_delimiter(path: Path, encoding: str, limits: Limits) -> str:
    """The sign that cuts the first lines into the same number of columns, and into the most."""
    with path.open(encoding=encoding, errors="replace", newline="") as file:
        sample = file.read(limits.line + 1)
    if len(sample) > limits.line and "\n" not in sample and "\r" not in sample:
        raise FileRefused(_("Line 1 is longer than %(limit)s MB: this is not a table.") % {"limit": limits.line // MEGABYTE})
    lines = sample[:65536].splitlines(keepends=True)[:50]
    if len(lines) > 1 and len(sample) > 65536:
        lines.pop()  # cut in the middle
    lines = list(dropwhile(lambda line: line.startswith("#") or not line.strip(), lines)) or lines
    best, score = ",", (0.0, 0)
    for delimiter in DELIMITERS:
        try:
            widths = [len(cells) for cells in csv.reader(lines, delimiter=delimiter) if cells]
        except csv.Error:
            continue
        if not widths or widths[0] < 2:
            continue
        alike = sum(width == widths[0] for width in widths) / len(widths)
        if (alike, widths[0]) > score:
            best, score = delimiter, (alike, widths[0])
    return best


class _Lines:
    """The physical lines of a file; remembers the text of the record being read, to say where a quotation mark was left open."""

    def __init__(self, file: IO[str], limits: Limits) -> None:
        self.file = file
        self.limits = limits
        self.number = 0
        self.quotes = 0
        self.ended = False

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        line = self.file.readline(self.limits.line)
        if not line:
            self.ended = True
            raise StopIteration
        self.number += 1
        if len(line) >= self.limits.line:
            raise FileRefused(
                _("Line %(line)s is longer than %(limit)s MB: this is not a table.")
                % {"line": self.number, "limit": self.limits.line // MEGABYTE}
            )
        self.quotes += line.count('"')
        return line


def _records(path: Path, encoding: str, delimiter: str, limits: Limits) -> Iterator[tuple[int, list[Any], str]]:
    """(line, cells, flaw) of each record; `line` is where it starts."""
    csv.field_size_limit(limits.cell)
    with path.open(encoding=encoding, errors="replace" if encoding == "cp1252" else "strict", newline="") as file:
        lines = _Lines(file, limits)
        reader = csv.reader(lines, delimiter=delimiter)
        while True:
            start, lines.quotes = lines.number + 1, 0
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                raise FileRefused(
                    _(
                        "From line %(line)s on the file cannot be read as a table, probably because a quotation mark is left open there."
                    )
                    % {"line": start}
                ) from error
            except UnicodeError as error:
                raise FileRefused(
                    _("Line %(line)s is not written in %(encoding)s.") % {"line": lines.number + 1, "encoding": encoding}
                ) from error
            torn = lines.ended and lines.number > start and lines.quotes % 2 == 1
            yield start, cells, _("a quotation mark is opened here and never closed") if torn else ""


def heading(records: Iterator[tuple[int, list[Any], str]]) -> tuple[int, list[Any], str] | None:
    """The first record that is not blank. Web analytics begin their exports with lines of remarks, each after a #: where the first of
    them has one cell only, they are left out."""
    remarks = False
    for record in records:
        filled = [text for cell in record[1] if (text := str(cell).strip())]
        remarks = remarks or len(filled) == 1 and filled[0].startswith("#")
        if filled and not (remarks and filled[0].startswith("#")):
            return record
    return None


# --- what both formats share -----------------------------------------------------------------------------------------


def name_columns(cells: list[Any], limits: Limits) -> list[str]:
    """Headings as text; a missing one is called by its place, a repeated one gets its count: “Email (2)”."""
    while cells and not str(cells[-1]).strip():
        cells = cells[:-1]
    if len(cells) > limits.columns:
        raise FileRefused(
            _("The file has %(count)s columns; the limit is %(limit)s.") % {"count": len(cells), "limit": limits.columns}
        )
    headers: list[str] = []
    for place, cell in enumerate(cells, start=1):
        name = str(cell).replace("\x00", "").strip().lstrip("\ufeff")[:100] or _("Column %(place)s") % {"place": place}
        count = 2
        base = name
        while name in headers:
            name = f"{base} ({count})"
            count += 1
        headers.append(name)
    return headers


def within(records: Iterator[tuple[int, list[Any], str]], width: int, limits: Limits) -> Iterator[tuple[int, list[Cell], str]]:
    """Leaves out blank rows, pads short ones, marks long ones; stops where only blank rows follow or the limit is reached."""
    count = blank = 0
    for line, cells, flaw in records:
        if not any(cell if not isinstance(cell, str) else cell.strip() for cell in cells) and 0 not in cells:
            blank += 1
            if blank >= limits.empty_rows:
                return
            continue
        blank = 0
        count += 1
        if count > limits.rows:
            raise FileRefused(_("The file has more than %(limit)s rows: split it.") % {"limit": f"{limits.rows:,}"})
        if len(cells) > width:
            if any(str(cell).strip() for cell in cells[width:]):
                flaw = flaw or _("the row has %(count)s cells, the headings are %(width)s") % {
                    "count": len(cells),
                    "width": width,
                }
            cells = cells[: max(width, 0)] if not flaw else cells[: limits.columns]
        yield line, cells + [""] * (width - len(cells)), flaw
