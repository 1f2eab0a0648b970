"""XLSX, read by calamine in a child process that has a memory and a time limit.

The zip directory is read first, so that a bomb is refused before anything is unpacked; what lies in its directory dies
in the child. Nothing is ever unpacked to disk, member names are only counted.
"""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _

from .errors import FileRefused
from .readers import MEGABYTE, Limits, Table, name_columns, within

CHILD = Path(__file__).with_name("xlsx_child.py")
SECONDS = 60
MEMORY = 1024 * MEGABYTE


def check_zip(path: Path, limits: Limits) -> None:
    """Refuses what is not a workbook and what would unpack to more than it should, from the zip directory alone."""
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
    except (zipfile.BadZipFile, OSError, ValueError) as error:
        raise FileRefused(_("The file looks like XLSX but is damaged.")) from error
    names = {member.filename for member in members}
    unpacked = sum(member.file_size for member in members)
    packed = sum(member.compress_size for member in members)
    if "[Content_Types].xml" not in names or not any(name.startswith("xl/") for name in names):
        raise FileRefused(_("This is a zip file, not an XLSX workbook."))
    if any(name.lower().endswith("vbaproject.bin") for name in names):
        raise FileRefused(_("The workbook has macros: save it as .xlsx without macros."))
    if any(member.flag_bits & 1 for member in members):
        raise FileRefused(_("The workbook is protected by a password."))
    if len(members) > limits.members or unpacked > limits.unpacked or unpacked > limits.ratio * max(packed, 100_000):
        raise FileRefused(
            _("The workbook unpacks to %(size)s MB in %(count)s parts, which is more than is read. Save the rows as CSV.")
            % {"size": unpacked // MEGABYTE, "count": len(members)}
        )


def open_xlsx(path: Path, limits: Limits) -> Table:
    """The first sheet that has rows."""
    check_zip(path, limits)
    records = _records(path, limits)
    first = next((record for record in records if any(str(cell).strip() for cell in record[1])), None)
    if first is None:
        raise FileRefused(_("The workbook has no rows."))
    headers = name_columns(first[1], limits)
    return Table(headers, within(records, len(headers), limits), {"encoding": "xlsx", "delimiter": ""})


def _records(path: Path, limits: Limits) -> Iterator[tuple[int, list[Any], str]]:
    child = subprocess.Popen(
        [sys.executable, "-I", str(CHILD), str(path), str(MEMORY), str(SECONDS), str(limits.columns)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    assert child.stdout is not None
    done = False
    try:
        for text in child.stdout:
            message = json.loads(text)
            if message == "done":
                done = True
            elif isinstance(message, dict):
                raise FileRefused(_refusal(message["refused"], limits))
            else:
                line, cells = message
                long = any(isinstance(cell, str) and len(cell) > limits.cell for cell in cells)
                yield line, cells, _("a cell is longer than %(limit)s characters") % {"limit": limits.cell} if long else ""
        if not done:
            raise FileRefused(_("The workbook needs too much memory or time to read. Save the rows as CSV."))
    finally:
        child.kill()
        child.stdout.close()
        child.wait()


def _refusal(reason: str, limits: Limits) -> str:
    if reason == "columns":
        return _("The sheet has more than %(limit)s columns.") % {"limit": limits.columns}
    return _("The workbook cannot be read: it is damaged or not XLSX.")
