"""Imports in tests: files made on the spot, run through the engine as the command and the job do."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from crm.imports import engine
from crm.imports.mapping import Options
from crm.models import ImportRun


def write(path: Path, rows: Sequence[Sequence[Any]], delimiter: str = ",", encoding: str = "utf-8") -> Path:
    """A CSV file of these rows, headings first."""
    buffer = io.StringIO()
    csv.writer(buffer, delimiter=delimiter).writerows(rows)
    path.write_bytes(buffer.getvalue().encode(encoding))
    return path


def run_import(kind: str, path: Path, *, actor: Any = None, dry_run: bool = False, **options: Any) -> ImportRun:
    """Imports the whole file; options as in `crm.imports.mapping.Options`."""
    run = engine.stage(kind, path, options=Options(**options), actor=actor, dry_run=dry_run)
    engine.plan(run)
    engine.start(run)
    while engine.step(run.pk):
        pass
    run.refresh_from_db()
    return run


def counts(run: ImportRun) -> tuple[int, int, int, int]:
    """created, updated, unchanged, refused"""
    return run.created, run.updated, run.unchanged, run.refused


def reasons(run: ImportRun) -> list[tuple[int, str, str, str]]:
    """(line, column, value, reason) of the refused rows"""
    return list(run.issues.order_by("line").values_list("line", "column", "value", "reason"))
