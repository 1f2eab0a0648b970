"""Which answer a row without a number speaks of, so that importing a file again changes nothing.

It is the one of that survey, respondent, company, ticket, deal and time, as written; of several such rows in a file the first,
the second, and so on, so that all answers of one person are kept. Score and comment are not part of it: a file with a corrected
score changes the answer. Where a file gives neither respondent nor time, the file itself is part of it, so that the rows of another
file are other answers.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from crm.imports.engine import CHUNK, Step, chunk_rows, options_of
from crm.imports.mapping import alias, cell_text
from crm.imports.parsing import fold
from crm.imports.registry import Row

PARTS = ("survey", "respondent", "company", "ticket", "deal", "answered_at", "invited_at")
TELLING = ("respondent", "answered_at", "invited_at")
PREFIX = "i:"


@dataclass
class Places:
    """The place of each line among those that are written alike. Kept beside the run's indexes; the file does not change."""

    of_line: dict[int, int] = field(default_factory=dict)
    file: str = ""

    def refresh(self) -> None:
        """Nothing to take in."""

    reset = refresh


def places(step: Step) -> Places:
    """Read once a run and process."""
    kept: dict[str, Any] = step.indexes
    if "answers.places" not in kept:
        kept["answers.places"] = _read(step)
    return kept["answers.places"]


def _read(step: Step) -> Places:
    options, columns = options_of(step.run), step.plan.columns
    found, seen, digest = Places(), Counter[str](), sha256()
    for number in range((step.run.rows + CHUNK - 1) // CHUNK):
        for line, cells, flaw in chunk_rows(step.run, number):
            if flaw:
                continue
            texts = [_text(columns, cells, key) for key in PARTS]
            texts = [alias(options, key, text) for key, text in zip(PARTS, texts, strict=True)]
            same = "|".join(map(fold, texts))
            found.of_line[line] = seen[same]
            seen[same] += 1
            digest.update(repr(cells).encode("utf-8", "surrogatepass"))
    found.file = "" if set(TELLING) & set(columns) else digest.hexdigest()[:16]
    return found


def _text(columns: dict[str, int], cells: Sequence[Any], key: str) -> str:
    return cell_text(cells[columns[key]]) if key in columns else ""


def number_of(step: Step, row: Row) -> str:
    """The row's own number, else one made of what identifies it."""
    if row.text("number"):
        return row.text("number")
    known = places(step)
    columns = step.plan.columns
    same = "|".join(fold(row.raw.get(key, "")) if key in columns else "" for key in PARTS)
    mark = sha256(f"{known.file}|{same}".encode("utf-8", "surrogatepass")).hexdigest()[:32]
    return f"{PREFIX}{mark}:{known.of_line.get(row.line, 0)}"
