"""Where the numbers at the head of a KPI's page lead: to the records that they are the count or the total of."""

from __future__ import annotations

from dataclasses import dataclass
from math import isclose
from typing import Any

from django.utils.translation import ngettext

from .. import formats
from ..drill import Drill
from ..engine import NOT_CUT, Row
from ..question import Question
from ..registry import Kpi
from .records import open_part

PARTS = ("numerator", "denominator", "n")


@dataclass
class Way:
    """The address that a number opens; where it is made of records and is neither their count nor their total, `made` says of how many,
    and opens them instead."""

    url: str = ""
    made: str = ""
    made_url: str = ""


def ways(kpi: Kpi, row: Row, question: Question, links: dict[str, str]) -> dict[str, Way]:
    """By numerator, denominator and n. `links`: the parts that can be opened."""
    if row.reason == NOT_CUT:
        return {name: Way() for name in PARTS}
    opened: dict[str, Drill | None] = {}
    if kpi.derives or kpi.reads_values:
        opened = {part: open_part(kpi, question, part) for part in PARTS if part in links}
    found = {part: _way(getattr(row, part), links.get(part, ""), opened.get(part)) for part in PARTS[:2]}
    if row.denominator is not None and "denominator" not in links and is_of(row.denominator, opened.get("numerator")):
        found["denominator"] = Way(links["numerator"])  # the number of values, of a median
    found["n"] = Way(links[part]) if (part := _counted(row, links, opened)) else Way()
    return found


def _way(shown: Any, url: str, opened: Drill | None) -> Way:
    if opened is None or shown is None or is_of(shown, opened):
        return Way(url)
    words = ngettext("from %(n)s record", "from %(n)s records", opened.count) % {"n": formats.number(opened.count)}
    return Way(made=words, made_url=url)


def _counted(row: Row, links: dict[str, str], opened: dict[str, Drill | None]) -> str:
    """The part whose records n counts; "" where it is the count of none."""
    wanted = ["n"] if "n" in links else ["denominator", "numerator"] if row.denominator is not None else ["numerator"]
    for part in wanted:
        if part in links and (is_of(row.n, opened[part]) if part in opened else part == "n" or row.n == getattr(row, part)):
            return part
    return ""


def is_of(shown: Any, opened: Drill | None) -> bool:
    """Whether a number is the count or the total of these records, as it is written."""
    if opened is None:
        return False
    amounts = [opened.count, *([opened.total] if opened.total is not None else [])]
    return any(isclose(float(shown), float(amount), rel_tol=1e-9, abs_tol=1e-9) for amount in amounts)
