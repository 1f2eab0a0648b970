"""The triangle of a manager's page: months below each other, ages beside each other. No numbers are made here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from crm import periods
from crm.periods import Period

from . import engine, formats, reading
from .boards import Board, Triangle
from .question import Question
from .registry import Kpi, kpis
from .sources import dimensions

MOST_MONTHS = 24
SHADES = 5  # from few to all


@dataclass
class Cell:
    """One month at one age. `shade`: 1 to 5, the more the darker; 0 where there is no value or it is not shown."""

    text: str = ""
    plain: Any = None
    url: str = ""
    note: str = ""
    shade: int = 0


@dataclass
class Months:
    """A line: how many began in a month, or in all of them, and what became of them."""

    label: str
    size: str
    cells: list[Cell]
    plain_size: Any = None
    total: bool = False


@dataclass
class TrianglePanel:
    """What the page shows, a table already. ages: (member, name)."""

    title: Any
    kpi: Kpi
    ages: list[tuple[str, str]]
    lines: list[Months]
    csv: str
    note: str = ""
    form: str = field(default="triangle")


def panel(board: Board, block: Triangle, question: Question) -> TrianglePanel:
    """The block in words."""
    ages, lines = grid(block, question)
    note = _("+1: at the end of the month after. Months that are not over are left blank. A cell opens its customers.")
    address = reverse("analytics:board_export", args=[board.key, block.name]) + question.encoded(by=None)
    return TrianglePanel(block.title, kpis[block.key], ages, lines, address, note)


def table(block: Triangle, question: Question) -> Iterator[list[Any]]:
    """The lines of the CSV, its head first: percent as plain figures, nothing where there is no value."""
    ages, lines = grid(block, question)
    yield [_("Month"), kpis[block.size].name, *(name for _member, name in ages)]
    for one in lines:
        yield [one.label, one.plain_size, *(cell.plain for cell in one.cells)]


def grid(block: Triangle, question: Question) -> tuple[list[tuple[str, str]], list[Months]]:
    """((member, name) of the ages that have any value, lines: all months together, then each that anybody began in, oldest first)."""
    upto = min(question.period.last_day, question.today)
    months = periods.last(MOST_MONTHS, "month", upto)
    whole = Period(months[0].start, months[-1].end)
    spans = [whole, *months]
    rows = _rows(block.key, spans, question, block.across)
    sizes = {row.period: row for row in _rows(block.size, spans, question, "")}
    found: dict[Period, dict[str, engine.Row]] = {span: {} for span in spans}
    for row in rows:
        if row.value is not None:
            found[row.period][row.member] = row
    names = dimensions[block.across].labels(sorted({member for cells in found.values() for member in cells}))
    lines = [_line(span, whole, names, found[span], sizes[span], question, block) for span in spans if sizes[span].value]
    return list(names.items()), lines


def _rows(key: str, spans: Sequence[Period], question: Question, by: str) -> list[engine.Row]:
    return engine.evaluate([key], spans, scope=question.scope, filters=question.chosen, by=by)


def _line(
    span: Period,
    whole: Period,
    names: Mapping[str, str],
    cells: Mapping[str, engine.Row],
    size: engine.Row,
    question: Question,
    block: Triangle,
) -> Months:
    return Months(
        _("All months") if span is whole else formats.period(span),
        formats.exact(size.value, size.kpi.written, ""),
        [_cell(cells.get(member), member, question, block) for member in names],
        size.value,
        span is whole,
    )


def _cell(row: engine.Row | None, member: str, question: Question, block: Triangle) -> Cell:
    if row is None:
        return Cell()
    kpi = row.kpi
    one = reading.line(kpi, row, "", reading.parts_of(kpi), hide=True)
    if one.hidden:
        return Cell(one.value, note=one.note)
    days = question.own_dates(row.period.start, row.period.last_day)
    url = f"{reverse('analytics:kpi', args=[kpi.key])}{days}&{block.across}={member}#records"
    shade = min(int(float(row.value or 0) / 100 * SHADES) + 1, SHADES)
    return Cell(one.value, formats.plain(row.value, kpi.unit, ""), url, f"{one.numerator} / {one.denominator}", shade)
