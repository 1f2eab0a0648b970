"""From the engine's rows to what a page shows: cards, charts, splits. No numbers are made here, only words and pictures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from crm.cards import Card, Change, Goal
from crm.models import Organisation
from crm.periods import Period

from . import charts, engine, formats
from .charts import Series, Unit
from .models import Target
from .outlook import Outlook
from .question import NONE, Question
from .registry import (
    AHEAD,
    EMPTY,
    IMMATURE,
    MET,
    METRIC,
    MIXED,
    NO_BEFORE,
    NO_GO_LIVE,
    NO_MODEL,
    NO_SHARE,
    NO_TARGET,
    NO_UNIT,
    NOT_BOOKED,
    NOT_REACHED,
    RUNNING,
    SHORT,
    TOO_EARLY,
    UNKNOWN,
    About,
    Kpi,
    kpis,
)
from .targets import held_of, value_of
from .templatetags.numbers import spark as draw_spark

SMALL = 30  # under so many, a rate is shown with "small sample" (kpis.md G8)
MOST_MEMBERS = 50
UNITS_SHOWN = 12
LONGEST_HEAD = 24
GOALS = ("goal_attainment", "goal_gap", "goal_pace")


@dataclass
class Reading:
    """One KPI's value, the value it is compared with, and its series."""

    kpi: Kpi
    now: engine.Row
    before: engine.Row | None = None
    units: Sequence[Period] = ()
    series: Sequence[engine.Row | None] = ()
    targets: list[Target] = field(default_factory=list)


def read(kpis: Sequence[Kpi], question: Question, *, units: Sequence[Period] = ()) -> dict[str, Reading]:
    """All readings in one evaluation: the period, its comparison, and the units of the series."""
    plain = _readings([kpi for kpi in kpis if not kpi.asks_whole], question, question.period, question.before, units)
    whole = _readings([kpi for kpi in kpis if kpi.asks_whole], question, question.bar.whole, None, units)
    aimed = [kpi for kpi in kpis if kpi.may_be_aimed_at]
    held = held_of(aimed, engine.Question(question.scope, question.chosen, None, False)) if aimed else {}
    for key, one in held.items():
        plain[key].targets = one.of("", question.bar.whole)
    return plain | whole


def _readings(
    kpis: Sequence[Kpi], question: Question, period: Period, before: Period | None, units: Sequence[Period]
) -> dict[str, Reading]:
    """Numbers are read up to today; those about numbers are asked of whole periods, because a target or a comparison is one of the
    whole month, and say themselves how far it has come."""
    if not kpis:
        return {}
    shown = [unit if kpis[0].asks_whole else unit.clipped(question.today) for unit in units]
    spans = [period, *([before] if before else []), *shown]
    wanted = list({(span.start, span.end): span for span in spans}.values())
    rows = engine.evaluate([kpi.key for kpi in kpis], wanted, scope=question.scope, filters=question.chosen)
    found = {(row.kpi.key, row.period.start, row.period.end): row for row in rows}

    def row(kpi: Kpi, span: Period) -> Any:
        return found.get((kpi.key, span.start, span.end))

    return {
        kpi.key: Reading(
            row(kpi, period).kpi,
            row(kpi, period),
            row(kpi, before) if before else None,
            units,
            [row(kpi, span) for span in shown],
        )
        for kpi in kpis
    }


# --- words about a row -----------------------------------------------------------------------------------------------


def currency() -> str:
    return Organisation.current().base_currency


def reason(row: engine.Row) -> str:
    """Why there is no value."""
    return {
        EMPTY: _("Nothing to divide by in this period."),
        IMMATURE: _("Too early to say: nothing has matured yet."),
        UNKNOWN: _("Not known for this period."),
        NO_MODEL: _("No model: too few customers came back, or none fits."),
        MIXED: _("Answers on different scales have no common mean. Choose one survey."),
        NOT_REACHED: _("Fewer than half have left so far, so nobody knows how long the middle one stays."),
        NO_TARGET: _("No target is set for this period."),
        NO_SHARE: _("Only a number that adds up, with more being better and a target above zero, has a share of it."),
        AHEAD: _("This period lies ahead."),
        NOT_BOOKED: _("No cost is booked here, so what it cost is not known."),
        NO_UNIT: _("Only whole days, weeks, months, quarters and years have one."),
        SHORT: _("Too little history."),
        MET: _("The target is met."),
        RUNNING: _("Only when the period is over."),
        NO_GO_LIVE: _("The organisation's settings do not say since when the CRM has been in use."),
        TOO_EARLY: _("Too early: six whole months after settling in are needed."),
        NO_BEFORE: _("There are no records from before the CRM."),
        engine.NOT_CUT: _("This number cannot be cut this way."),
    }.get(row.reason, row.reason or _("No value in this period."))


def has_sample(kpi: Kpi, row: engine.Row) -> bool:
    """Whether the value rests on a sample, so that a small one says little: rates, means and percentiles, not counts."""
    if kpi.asks_whole:
        return False
    return (row.denominator is not None and (kpi.kind != "distinct" or kpi.unit == "percent")) or kpi.kind == "percentile"


def is_hidden(kpi: Kpi, row: engine.Row) -> bool:
    """In lists and splits a value that rests on fewer than the minimum is not shown (kpis.md G8)."""
    return has_sample(kpi, row) and row.value is not None and row.n < kpi.minimum_sample


def is_small(kpi: Kpi, row: engine.Row) -> bool:
    return has_sample(kpi, row) and row.value is not None and row.n < SMALL


def change(reading: Reading, question: Question) -> Change | None:
    """The move against the comparison, with its words; None where there is nothing to compare."""
    if reading.before is None or question.before is None:
        return None
    moved = formats.difference(reading.now.value, reading.before.value, reading.kpi.written, reading.kpi.direction)
    if moved is None:
        return None
    against = _("against %(period)s") % {"period": formats.interval_short(question.before)}
    return Change(moved.text, moved.direction, moved.better, against)


def kpi_url(kpi: Kpi, question: Question | None = None) -> str:
    address = reverse("analytics:kpi", args=[kpi.key])
    return address + question.encoded(by=None) if question else address


def goal(reading: Reading, question: Question) -> Goal | None:
    """How the number stands to its target; None without one. Of what adds up a bar shows how much of it is reached, with a mark where it
    should be today; of all others whether the target is met."""
    aim, value, kpi = value_of(reading.targets), reading.now.value, reading.kpi
    if aim is None or value is None:
        return None
    words = {"target": formats.short(aim, kpi.written, currency())}
    if kpi.adds_up and kpi.direction != "lower" and aim > 0:
        percent, whole = 100 * float(value) / aim, question.bar.whole
        pace = 100 * question.period.days / whole.days if question.is_running else None
        text = _("%(percent)s of %(target)s") % {**words, "percent": formats.percent(percent, 0)}
        return Goal(percent, text, pace)
    met = value <= aim if kpi.direction == "lower" else value >= aim
    closeness = (aim / value if kpi.direction == "lower" else value / aim) if value > 0 and aim > 0 else float(met)
    text = _("Target %(target)s: met") % words if met else _("Target %(target)s: missed") % words
    return Goal(100.0 if met else min(100 * closeness, 99.0), text)


# --- cards -----------------------------------------------------------------------------------------------------------


def card(reading: Reading, question: Question) -> Card:
    """The card of a KPI on overviews."""
    kpi, row = reading.kpi, reading.now
    money = currency()
    values = [one.value if one else None for one in reading.series[-UNITS_SHOWN:]]
    running = bool(reading.units) and reading.units[-1].end > reading.units[-1].clipped(question.today).end
    return Card(
        name=kpi.name,
        url=kpi_url(kpi, question),
        value="" if row.value is None else formats.short(row.value, kpi.written, money),
        exact="" if row.value is None else formats.exact(row.value, kpi.written, money),
        reason=reason(row) if row.value is None else "",
        change=change(reading, question),
        n=row.n,
        # A running period is provisional by nature; the page says so once, and the sparkline's last point is hollow.
        status="final" if question.is_running and row.status == "provisional" else row.status,
        small_sample=is_small(kpi, row),
        definition=kpi.definition,
        definition_url=reverse("analytics:kpi", args=[kpi.key]) + "#definition",
        spark=draw_spark(charts.spark([_float(value) for value in values], running=running)),
        goal=goal(reading, question),
        id=f"card-{kpi.key}",
        computed_at=row.computed_at,
    )


def so_far(question: Question) -> str:
    return _("%(period)s so far") % {"period": formats.interval_short(question.period)}


def _float(value: Any) -> float | None:
    return None if value is None else float(value)


# --- charts ----------------------------------------------------------------------------------------------------------


@dataclass
class Parts:
    """What numerator and denominator are called and written in."""

    numerator: str
    denominator: str
    units: dict[str, str]
    shows_n: bool = True  # off where n is the value or the denominator itself
    confidence: int = 95

    @property
    def interval(self) -> str:
        """What the column of intervals is called."""
        return _("Interval (80 %)") if self.confidence == 80 else _("Interval (95 %)")

    @property
    def heads(self) -> tuple[str, str]:
        """The names for a table's head, where long ones have no room."""
        return (
            self.numerator if len(self.numerator) <= LONGEST_HEAD else _("Numerator"),
            self.denominator if len(self.denominator) <= LONGEST_HEAD else _("Denominator"),
        )


def parts_of(kpi: Kpi) -> Parts:
    """What the KPI is divided from, in words and units."""
    if isinstance(kpi, About):
        names = {
            "denominator": ("", "ratio"),
            **{name: (str(text), unit or kpi.base.unit) for name, (text, unit) in kpi.parts.items()},
        }
        units = {name: unit for name, (_text, unit) in names.items()}
        return Parts(names["numerator"][0], names["denominator"][0], units, shows_n=not kpi.asks_whole, confidence=kpi.confidence)
    units = {name: _unit_of(kpi, name) for name in ("numerator", "denominator")}
    counted = kpi.calculate is None and units["denominator"] == "count" if "denominator" in kpi.terms else kpi.unit == "count"
    return Parts(
        part_name(kpi, "numerator"), part_name(kpi, "denominator"), units, shows_n=not counted or kpi.kind == "percentile"
    )


def part_name(kpi: Kpi, part: str) -> str:
    """A part in words, as the formula names it: "100 × deals won / (deals won + deals lost)" has "Deals won" above."""
    if isinstance(kpi, About):
        return str(kpi.parts[part][0])
    if part in kpi.part_names:
        return str(kpi.part_names[part])
    above, slash, below = str(kpi.formula).split(";")[0].partition(" / ")
    if not slash:
        return kpi.name if part == "numerator" else _("Denominator")
    words = above if part == "numerator" else below
    words = words.removeprefix("100 × ").strip()
    if words.startswith("(") and words.endswith(")"):
        words = words[1:-1]
    return words[:1].upper() + words[1:]


def _unit_of(kpi: Kpi, part: str) -> str:
    """A count, unless the part sums amounts or times."""
    if kpi.kind == "percentile":
        return kpi.unit if part == "numerator" else "count"
    if part in kpi.part_units:
        return kpi.part_units[part]
    term = kpi.terms.get(part)
    if term is None:
        return "ratio"
    measure = term.refs[0].source.measure(term.refs[0].measure)
    if measure.value is None:
        return "count"
    if kpi.parts_unit:
        return kpi.parts_unit
    if kpi.unit == "days":
        return "days"
    return "money" if kpi.unit == "money" or "amount" in measure.key else "count"


def units_of_chart(periods: Sequence[Period], question: Question) -> list[Unit]:
    grain = question.grain
    found, year = [], None
    for at, span in enumerate(periods):
        new_year = span.start.year != year and (at > 0 or len(periods) < UNITS_SHOWN)
        year = span.start.year
        clipped = span.clipped(question.today)
        found.append(
            Unit(
                formats.tick_of(span, span.grain or grain, new_year),
                formats.period(span),
                running=clipped.end < span.end,
                inside=span.start < question.bar.whole.end and question.bar.whole.start < span.end,
            )
        )
    return found


def details(row: engine.Row | None, parts: Parts) -> list[tuple[str, str]]:
    """What a tooltip and a table row say beside the value."""
    if row is None:
        return []
    money = currency()
    found = []
    if row.denominator is not None:
        found.append((parts.heads[0], formats.exact(row.numerator, parts.units["numerator"], money)))
        found.append((parts.heads[1], formats.exact(row.denominator, parts.units["denominator"], money)))
    if parts.shows_n or row.denominator is None:
        found.append((_("n"), formats.number(row.n)))
    return found


def chart(reading: Reading, question: Question, parts: Parts, outlook: Outlook | None = None) -> charts.Chart:
    """How the KPI went, and where it goes: bars for what adds up, a line for rates and durations, an area for stocks."""
    kpi = reading.kpi
    coming = [unit for unit in outlook.coming if unit not in reading.units] if outlook else []
    shown, gap = [*reading.units, *coming], [None] * len(coming)
    units = units_of_chart(shown, question)
    series = [
        Series(
            kpi.name,
            [*(_float(row.value) if row else None for row in reading.series), *gap],
            [*(details(row, parts) for row in reading.series), *([] for _unit in coming)],
        )
    ]
    ahead, flags = outlook.places(shown) if outlook else ({}, {})
    draw = charts.lines
    if kpi.adds_up:
        draw = charts.columns
    elif kpi.kind == "stock" and kpi.unit in ("count", "money"):
        draw = charts.areas
    grain = {
        "day": _("by day"),
        "week": _("by week"),
        "month": _("by month"),
        "quarter": _("by quarter"),
        "year": _("by year"),
    }[reading.units[-1].grain or question.grain]
    title = _("%(name)s %(by)s, %(first)s to %(last)s") % {
        "name": kpi.name,
        "by": grain,
        "first": formats.period(reading.units[0]),
        "last": formats.period(reading.units[-1]),
    }
    return draw(
        units, series, unit=kpi.written, currency=currency(), title=title, uid=f"chart-{kpi.key}", ahead=ahead, flags=flags
    )


@dataclass
class Headline:
    """The number at the top of its page, in full."""

    value: str
    exact: str
    reason: str
    change: Change | None
    before: str
    n: str
    interval: str
    numerator: str
    denominator: str
    spread: list[tuple[str, str]]
    beside: list[Beside]
    small: bool
    partial: str
    goal: Goal | None = None
    related: list[Beside] = field(default_factory=list)


@dataclass
class Beside:
    """Another KPI that is read together with this one."""

    name: str
    value: str
    url: str


def headline(reading: Reading, question: Question, parts: Parts) -> Headline:
    kpi, row, money = reading.kpi, reading.now, currency()
    divided = row.denominator is not None
    return Headline(
        value="" if row.value is None else formats.short(row.value, kpi.written, money),
        exact="" if row.value is None else formats.exact(row.value, kpi.written, money),
        reason=reason(row) if row.value is None else "",
        change=change(reading, question),
        before=formats.exact(reading.before.value, kpi.written, money) if reading.before else "",
        n=formats.number(row.n),
        interval=interval(kpi, row),
        numerator=formats.exact(row.numerator, parts.units["numerator"], money) if divided else "",
        denominator=formats.exact(row.denominator, parts.units["denominator"], money) if divided else "",
        spread=spread(kpi, row, money),
        beside=beside(kpi, question, money),
        small=is_small(kpi, row),
        partial=so_far(question) if question.is_running else "",
        goal=goal(reading, question),
        related=related(reading, question),
    )


def related(reading: Reading, question: Question) -> list[Beside]:
    """Attainment, gap and pace of a number that has a target, and its change on a year ago, each with its page."""
    wanted = [*(GOALS if reading.targets else ()), *(["year_over_year"] if reading.kpi.may_be_aimed_at else [])]
    if not wanted:
        return []
    metric = {METRIC: reading.kpi.key}
    rows = engine.evaluate(wanted, [question.bar.whole], scope=question.scope, filters={**question.chosen, **metric})
    money = currency()
    return [
        Beside(kpis[row.kpi.key].name, formats.exact(row.value, row.kpi.written, money), _address(row.kpi.key, question, metric))
        for row in rows
        if row.value is not None
    ]


def _address(key: str, question: Question, more: dict[str, str]) -> str:
    return reverse("analytics:kpi", args=[key]) + question.encoded(by=None, **more)


def spread(kpi: Kpi, row: engine.Row, money: str) -> list[tuple[str, str]]:
    """Median, mean and 90th percentile, less the one that is the value itself."""
    values = {"median": _("Median"), "mean": _("Mean"), "p90": _("90th percentile")}
    values.pop("mean" if kpi.spread else "median")
    found = [(label, getattr(row, name)) for name, label in values.items()]
    return [(label, formats.exact(value, kpi.written, money)) for label, value in found if value is not None]


def beside(kpi: Kpi, question: Question, money: str) -> list[Beside]:
    """The KPIs read together with this one, for the same period, scope and filters."""
    found = []
    rows = engine.evaluate(kpi.beside, [question.period], scope=question.scope, filters=question.chosen) if kpi.beside else []
    for row in rows:
        if row.value is not None:
            found.append(Beside(row.kpi.name, formats.exact(row.value, row.kpi.written, money), kpi_url(row.kpi, question)))
    return found


@dataclass
class Line:
    """A row of the chart's table twin or of a split."""

    label: str
    value: str
    row: engine.Row | None
    numerator: str = ""
    denominator: str = ""
    n: str = ""
    interval: str = ""
    note: str = ""
    url: str = ""
    records_url: str = ""
    bar: Any = None
    share: str = ""
    running: bool = False
    hidden: bool = False
    small: bool = False
    inside: bool = False


def line(kpi: Kpi, row: engine.Row | None, label: str, parts: Parts, *, hide: bool = False) -> Line:
    """A row in words. `hide`: values that rest on too few records are not shown."""
    if row is None:
        return Line(label, formats.DASH, None)
    money, hidden = currency(), hide and is_hidden(kpi, row)
    return Line(
        label,
        formats.DASH if hidden else formats.exact(row.value, kpi.written, money),
        row,
        numerator=formats.exact(row.numerator, parts.units["numerator"], money),
        denominator=formats.exact(row.denominator, parts.units["denominator"], money),
        n=formats.number(row.n),
        interval="" if hidden else interval(kpi, row),
        note=_("n < %(n)s") % {"n": kpi.minimum_sample} if hidden else reason(row) if row.value is None else "",
        hidden=hidden,
        small=not hidden and is_small(kpi, row),
    )


def interval(kpi: Kpi, row: engine.Row) -> str:
    """The 95 % interval in words; empty where there is none."""
    if row.low is None or row.high is None or row.value is None:
        return ""
    money = currency()
    return f"{formats.exact(row.low, kpi.written, money)} – {formats.exact(row.high, kpi.written, money)}"


def table(reading: Reading, question: Question, parts: Parts) -> list[Line]:
    """The chart's table twin; each line leads to the number's page for its period."""
    lines = []
    address = reverse("analytics:kpi", args=[reading.kpi.key])
    for row, span, unit in zip(reading.series, reading.units, units_of_chart(reading.units, question), strict=True):
        one = line(reading.kpi, row, unit.name, parts)
        one.running, one.inside = unit.running, unit.inside
        one.url = address + question.own_dates(span.start, span.last_day)
        lines.append(one)
    return lines


# --- splits ----------------------------------------------------------------------------------------------------------


@dataclass
class Split:
    """A KPI by the members of a dimension, largest first or in the dimension's own order, "none" last."""

    dimension: str
    label: Any
    lines: list[Line] = field(default_factory=list)
    rows: list[engine.Row] = field(default_factory=list)
    more: int = 0
    has_intervals: bool = False
    overlaps: bool = False
    reason: str = ""  # why there are no lines, where it is not that nothing counts


def split(kpi: Kpi, question: Question, parts: Parts, *, most: int | None = MOST_MEMBERS) -> Split:
    from .sources import dimensions

    rows = engine.evaluate([kpi.key], [question.span_of(kpi)], scope=question.scope, filters=question.chosen, by=question.by)
    if any(row.reason == engine.NOT_CUT for row in rows):
        return Split(question.by, dimensions[question.by].label, reason=reason(rows[0]))
    rows.sort(key=lambda row: (row.member == "", is_hidden(kpi, row), row.value is None, -float(row.value or 0), row.label))
    if dimensions[question.by].in_order:
        names = list(dimensions[question.by].labels([row.member for row in rows if row.member]))
        rows.sort(key=lambda row: names.index(row.member) if row.member in names else len(names))
    shown = rows if most is None else rows[:most]
    found = Split(question.by, dimensions[question.by].label, rows=rows, more=len(rows) - len(shown))
    found.overlaps = question.by in kpi.overlapping
    found.has_intervals = any(row.low is not None for row in shown)
    values = [None if is_hidden(kpi, row) else _float(row.value) for row in shown]
    bars = charts.bar_rows(values, [(_float(row.low), _float(row.high)) for row in shown])
    whole = sum(float(row.value or 0) for row in rows) if kpi.adds_up and not found.overlaps else 0
    for row, bar in zip(shown, bars, strict=True):
        one = line(kpi, row, member_label(row), parts, hide=True)
        one.bar = bar
        one.url = question.encoded(**{question.by: row.member or NONE, "by": None})
        one.share = formats.percent(100 * float(row.value or 0) / whole) if whole > 0 else ""
        found.lines.append(one)
    return found


def member_label(row: engine.Row) -> str:
    return row.label or (_("none") if not row.member else row.member)
