"""The page that sets numbers before the CRM came into use beside the same after: words, addresses and CSV of `analytics.lift`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from crm.access import may
from crm.models import Organisation
from crm.periods import Period

from . import engine, formats, lift, reading
from .boards import BeforeAfter, Board, known
from .engine import Row
from .golive import Windows
from .question import Question
from .registry import NO_GO_LIVE, Kpi, kpis


@dataclass
class Compared:
    """A number before, after, and how far apart they are."""

    kpi: Kpi
    row: Row
    before: Row | None = None
    after: Row | None = None
    year_ago: Row | None = None

    @property
    def is_told(self) -> bool:
        """Whether both sides rest on enough records to be shown side by side (kpis.md G8)."""
        rows = [row for row in (self.before, self.after) if row is not None]
        return self.row.value is not None and not any(reading.is_hidden(self.kpi, row) for row in rows)

    @property
    def is_small(self) -> bool:
        return any(row is not None and reading.is_small(self.kpi, row) for row in (self.before, self.after))


@dataclass
class Line:
    """A row of the table in words. tone: whether the difference, where it is told apart from chance, is good or bad."""

    name: str
    url: str
    before: str
    after: str
    before_url: str
    after_url: str
    n_before: str
    n_after: str
    lift: str
    relative: str
    interval: str
    words: str
    year_ago: str = ""
    small: bool = False
    tone: str = ""


@dataclass
class BeforeAfterPanel:
    title: Any
    lines: list[Line]
    csv: str
    before: str = ""
    after: str = ""
    year_ago: str = ""
    reason: str = ""
    settings_url: str = ""  # where the missing day can be set, for those who may
    notes: list[str] = field(default_factory=list)
    form: str = "before_after"


def asked_of(question: Question) -> engine.Question:
    return engine.Question(question.scope, question.chosen, None, False)


def compare(block: BeforeAfter, question: Question) -> tuple[Windows | str, list[Compared]]:
    """The windows and the numbers, all windows in one evaluation."""
    asked = asked_of(question)
    windows = lift.windows_for(question.bar.whole, asked)
    shown = list(known(block.keys))
    if isinstance(windows, str) or not shown:
        return windows, []
    rows = engine.evaluate([kpi.key for kpi in shown], windows.periods, scope=question.scope, filters=question.chosen)
    found = {(row.kpi.key, row.period): row for row in rows}

    def row(kpi: Kpi, period: Period | None) -> Row | None:
        return found.get((kpi.key, period)) if period else None

    compared = []
    for kpi in shown:
        values = lift.values_behind(kpi, [windows.before, windows.after], asked)
        before, after = row(kpi, windows.before), row(kpi, windows.after)
        behind = [values.get((one.start, one.end), {}).get("", ()) for one in (windows.before, windows.after)]
        about = kpis["crm_lift"].of(kpi.key)  # type: ignore[attr-defined]
        told = lift.compared(Row(about, question.bar.whole), lift.Sides(before, after, *behind))
        compared.append(Compared(kpi, told, before, after, row(kpi, windows.year_ago)))
    return windows, compared


# --- the page --------------------------------------------------------------------------------------------------------


def panel(board: Board, block: BeforeAfter, question: Question) -> BeforeAfterPanel:
    """The table, or the reason why there is none."""
    windows, compared = compare(block, question)
    csv = reverse("analytics:board_export", args=[board.key, block.name]) + question.encoded(by=None)
    if isinstance(windows, str):
        reason = reading.reason(Row(kpis["crm_lift"], question.bar.whole, reason=windows))
        settings = reverse("organisation") if windows == NO_GO_LIVE and may(question.reader, "settings", "change") else ""
        return BeforeAfterPanel(block.title, [], "", reason=reason, settings_url=settings)
    return BeforeAfterPanel(
        block.title,
        [_line(one, windows, question) for one in compared],
        csv,
        before=formats.period(windows.before),
        after=formats.period(windows.after),
        year_ago=formats.period(windows.year_ago) if windows.year_ago else "",
        notes=list(_notes(windows, question)),
    )


def _notes(windows: Windows, question: Question) -> Iterator[str]:
    """What the windows are and what may be said of them."""
    yield ngettext("%(n)s month on either side.", "%(n)s months on either side.", windows.months) % {"n": windows.months}
    ramp = Organisation.current().go_live_ramp
    if ramp:
        yield ngettext(
            "The first month after go-live is left out, in which people settled in.",
            "The first %(n)s months after go-live are left out, in which people settled in.",
            ramp,
        ) % {"n": ramp}
    yield _("An association, no proof: other things changed as well.")
    if windows.year_ago:
        yield _("The two cover different months of the year, so the same months a year earlier stand beside them.")
    yield from _completeness(windows, question)


def _completeness(windows: Windows, question: Question) -> Iterator[str]:
    """How complete the records from before were on the day before go-live: what was not recorded cannot be compared."""
    if "data_completeness" not in kpis:
        return
    eve = Period(windows.before.last_day, windows.before.end)
    [row] = engine.evaluate(["data_completeness"], [eve], scope=question.scope)
    if row.value is not None:
        yield _("Before go-live the records were %(share)s complete.") % {"share": formats.percent(row.value)}


def _line(one: Compared, windows: Windows, question: Question) -> Line:
    told, unit, share = one.is_told, one.kpi.written, lift.relative(one.row)
    return Line(
        name=one.kpi.name,
        url=reverse("analytics:kpi", args=["crm_lift"]) + question.encoded(by=None, metric=one.kpi.key),
        before=_side(one.kpi, one.before),
        after=_side(one.kpi, one.after),
        before_url=_records(one.kpi, windows.before, question),
        after_url=_records(one.kpi, windows.after, question),
        n_before=_n(one.before),
        n_after=_n(one.after),
        lift=_moved(one) if told else formats.DASH,
        relative=formats.signed(share, "percent") if told and share is not None and unit != "points" else "",
        interval=reading.interval(one.row.kpi, one.row) if told else "",
        words=_verdict(one),
        year_ago=_side(one.kpi, one.year_ago) if windows.year_ago else "",
        small=told and one.is_small,
        tone=_tone(one) if told else "",
    )


def _side(kpi: Kpi, row: Row | None) -> str:
    if row is None or reading.is_hidden(kpi, row):
        return formats.DASH
    return formats.exact(row.value, kpi.written, reading.currency())


def _n(row: Row | None) -> str:
    return formats.number(row.n if row is not None else 0)


def _moved(one: Compared) -> str:
    """The difference with its sign; of shares and scores in points."""
    value, unit = one.row.value or 0, one.kpi.written
    if unit in formats.POINTS:
        moved = formats.difference(one.row.numerator, one.row.denominator, unit)
        return moved.text if moved else formats.DASH
    return formats.signed(value, unit, reading.currency())


def _records(kpi: Kpi, period: Period, question: Question) -> str:
    return reverse("analytics:kpi", args=[kpi.key]) + question.own_dates(period.start, period.last_day) + "#records"


def _verdict(one: Compared) -> str:
    """What may be said, or why nothing may."""
    for row in (one.before, one.after):
        if row is not None and reading.is_hidden(one.kpi, row):
            return _("Too few records to compare: n < %(n)s.") % {"n": one.kpi.minimum_sample}
    return reading.reason(one.row) if one.row.value is None else lift.verdict(one.row)


def _tone(one: Compared) -> str:
    row = one.row
    if row.low is None or row.high is None or row.low <= 0 <= row.high or one.kpi.direction == "neutral":
        return ""
    return "success" if (row.low > 0) == (one.kpi.direction == "higher") else "danger"


# --- CSV -------------------------------------------------------------------------------------------------------------


def exported(block: BeforeAfter, question: Question) -> tuple[list[list[Any]], list[str]]:
    """Rows and heads: every value with its number of records, the difference and its interval."""
    windows, compared = compare(block, question)
    if isinstance(windows, str):
        return [], [str(block.title)]
    heads = [_("Number"), _("Unit"), formats.period(windows.before), _("n"), formats.period(windows.after), _("n")]
    heads += [_("Difference"), _("Difference in %"), _("From (95 %)"), _("To (95 %)"), _("What it says")]
    return [_exported(one) for one in compared], heads


def _exported(one: Compared) -> list[Any]:
    money, kpi, row, told = reading.currency(), one.kpi, one.row, one.is_told

    def plain(value: Any) -> Any:
        return formats.plain(value, kpi.unit, money)

    sides: list[Any] = []
    for side in (one.before, one.after):
        hidden = side is None or reading.is_hidden(kpi, side)
        sides += [None if hidden or side is None else plain(side.value), side.n if side else 0]
    share = lift.relative(row) if told else None
    difference = [plain(row.value), formats.plain(share, "percent"), plain(row.low), plain(row.high)] if told else [None] * 4
    unit = {"money": money, "days": "s"}.get(kpi.unit, kpi.unit)
    return [kpi.name, unit, *sides, *difference, _verdict(one)]
