"""What a manager's page shows of its blocks. No numbers are made here, only words, bars and addresses."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from crm.cards import Card
from crm.periods import Period

from . import before_after, charts, engine, formats, reading, triangles
from .boards import BeforeAfter, Board, Bridge, Course, Split, Steps, Triangle, known
from .charts import BarRow
from .question import NONE, PEOPLE, SHOWN, Question
from .registry import Kpi

MOST_LINES = 10


@dataclass
class CoursePanel:
    """A KPI over time, with its table twin."""

    kpi: Kpi
    found: reading.Reading
    card: Card
    parts: reading.Parts
    chart: charts.Chart
    table: list[reading.Line]
    csv: str
    form: str = "course"


@dataclass
class SplitPanel:
    """A KPI by a dimension. A member's name filters the page, its value opens the KPI's page with its records."""

    kpi: Kpi
    split: reading.Split
    parts: reading.Parts
    url: str
    csv: str
    form: str = "split"

    @property
    def title(self) -> str:
        return _("%(name)s by %(dimension)s") % {"name": self.kpi.name, "dimension": str(self.split.label).lower()}


@dataclass
class Rung:
    """A line of a bridge or of steps."""

    label: str
    value: str
    plain: Any
    url: str = ""
    bar: BarRow = field(default_factory=BarRow)
    note: str = ""
    total: bool = False


@dataclass
class LadderPanel:
    """Lines that build on each other: a bridge from start to end, or steps from many to few."""

    title: Any
    rungs: list[Rung]
    csv: str
    note: str = ""
    extra: str = ""  # the head of the last column, where there is one
    form: str = "ladder"


Panel = CoursePanel | SplitPanel | LadderPanel | before_after.BeforeAfterPanel | triangles.TrianglePanel


def cards(board: Board, question: Question) -> list[tuple[Kpi, Card]]:
    """The numbers at the top."""
    kpis = board.shown()
    found = reading.read(kpis, question, units=question.units()[-SHOWN:]) if kpis else {}
    return [(kpi, reading.card(found[kpi.key], question)) for kpi in kpis]


def panels(board: Board, question: Question) -> Iterator[Panel]:
    """The blocks below, in order."""
    blocks = board.parts()
    courses = list(known([block.key for block in blocks if isinstance(block, Course)]))
    series = reading.read(courses, question, units=question.units()) if courses else {}
    split: set[tuple[str, str]] = set()
    for block in blocks:
        if isinstance(block, Course):
            yield course_panel(series[block.key], question)
        elif isinstance(block, Bridge | Steps):
            yield ladder(board, block, question)
        elif isinstance(block, BeforeAfter):
            yield before_after.panel(board, block, question)
        elif isinstance(block, Triangle):
            yield triangles.panel(board, block, question)
        else:
            [kpi] = known([block.key])
            by = dimension_of(block, kpi, question)
            if by and (kpi.key, by) not in split:
                split.add((kpi.key, by))
                yield split_panel(kpi, by, question)


def dimension_of(block: Split, kpi: Kpi, question: Question) -> str:
    """The dimension asked for, else the block's own; another where the page is filtered to one member of it."""
    wanted = question.by if question.by in kpi.dimensions else block.by
    dull = set(question.chosen) | (set(PEOPLE) if question.is_own else set())
    return question.split_by(None, kpi) if wanted in dull else wanted


def course_panel(found: reading.Reading, question: Question) -> CoursePanel:
    parts = reading.parts_of(found.kpi)
    return CoursePanel(
        found.kpi,
        found,
        reading.card(found, question),
        parts,
        reading.chart(found, question, parts),
        reading.table(found, question, parts),
        reverse("analytics:export", args=[found.kpi.key, "series"]) + question.encoded(by=None),
    )


def split_panel(kpi: Kpi, by: str, question: Question) -> SplitPanel:
    parts = reading.parts_of(kpi)
    address = reverse("analytics:kpi", args=[kpi.key])
    found = reading.split(kpi, replace(question, by=by), parts, most=MOST_LINES)
    for line in found.lines:
        member = line.row.member if line.row else ""
        line.url = question.encoded(**{by: member or NONE})
        line.records_url = address + question.encoded(**{by: member or NONE, "by": None}) + "#records"
    own = question.encoded(by=by)
    return SplitPanel(kpi, found, parts, address + own, reverse("analytics:export", args=[kpi.key, "split"]) + own)


def ladder(board: Board, block: Bridge | Steps, question: Question) -> LadderPanel:
    bridge = isinstance(block, Bridge)
    return LadderPanel(
        block.title,
        rungs(block, question),
        reverse("analytics:board_export", args=[board.key, block.name]) + question.encoded(by=None),
        note="" if bridge else _("Counts of the same period, which need not be the same people."),
        extra="" if bridge else _("Of the step before"),
    )


def rungs(block: Bridge | Steps, question: Question) -> list[Rung]:
    return bridge_rungs(block, question) if isinstance(block, Bridge) else step_rungs(block, question)


def rung(kpi: Kpi, label: str, value: Any, url: str, bar: BarRow, *, moved: bool = False, **more: Any) -> Rung:
    """A line in words. `moved`: what came or went, with its sign."""
    money = reading.currency()
    text = formats.signed(value, kpi.written, money) if moved else formats.exact(value, kpi.written, money)
    return Rung(label, text, formats.plain(value, kpi.unit, money), url, bar, **more)


def _rows(keys: Sequence[str], span: Period, question: Question) -> list[engine.Row]:
    return engine.evaluate(keys, [span], scope=question.scope, filters=question.chosen)


def bridge_rungs(block: Bridge, question: Question) -> list[Rung]:
    """The stock before the period, what came and went, the stock at its end. What none of the steps explains (a change of owner
    under a filter, say) stands as a line of its own, so that the lines always add up.
    """
    period = question.period
    eve = Period(period.start - dt.timedelta(days=1), period.start)
    [start] = _rows([block.stock], eve, question)
    end, *steps = _rows([block.stock, *(key for key, _sign in block.steps)], period, question)
    without = [row for row in (start, end, *steps) if row.value is None]
    if without:
        kpi = without[0].kpi
        return [rung(kpi, kpi.name, None, reading.kpi_url(kpi, question), BarRow(), note=reading.reason(without[0]))]
    moves = [sign * abs(row.value or 0) for row, (_key, sign) in zip(steps, block.steps, strict=True)]
    rest = (end.value or 0) - (start.value or 0) - sum(moves)
    bars = charts.bridge_rows([start.value or 0, *moves, rest, end.value or 0])
    kpi = start.kpi
    eve_url = reverse("analytics:kpi", args=[kpi.key]) + question.own_dates(eve.start, eve.last_day)
    found = [rung(kpi, _("At the start"), start.value, eve_url, bars[0], total=True)]
    for row, move, bar in zip(steps, moves, bars[1:-2], strict=True):
        found.append(rung(kpi, row.kpi.name, move, reading.kpi_url(row.kpi, question), bar, moved=True))
    if rest:
        found.append(rung(kpi, _("Other changes"), rest, "", bars[-2], moved=True))
    end_url = reading.kpi_url(kpi, question)
    return [*found, rung(kpi, _("At the end"), end.value, end_url, bars[-1], total=True)]


def step_rungs(block: Steps, question: Question) -> list[Rung]:
    rows = _rows(block.keys, question.period, question)
    bars = charts.bar_rows([None if row.value is None else float(row.value) for row in rows])
    found: list[Rung] = []
    for at, (row, bar) in enumerate(zip(rows, bars, strict=True)):
        before = rows[at - 1].value if at else None
        note = reading.reason(row) if row.value is None else ""
        if before and row.value is not None:
            note = formats.percent(100 * float(row.value) / float(before))
        found.append(rung(row.kpi, row.kpi.name, row.value, reading.kpi_url(row.kpi, question), bar, note=note))
    return found
