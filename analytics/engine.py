"""From measures to numbers, and from a number back to its records.

`evaluate` answers any KPIs for any periods, cut and split by dimensions. `drill` lists the records of a number's parts with the
predicates that made it.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from math import sqrt
from typing import Any

from django.db.models import Min
from django.utils import timezone

from crm import periods
from crm.models import Organisation
from crm.money import Rates
from crm.periods import Period

from .models import DirtyDay, SourceStatus
from .registry import EMPTY, IMMATURE, METRIC, About, Kpi, Parts, Ref, Term, find, kpis, percent, plain, quotient
from .scopes import Scope
from .sources import PeopleSource, StockSource, WindowSource, dimensions, windows
from .sums import Cut, Span, Together, fields_of, read, read_means, values_of

Z = 1.959964
NOT_CUT = "not_cut"  # the number cannot be cut down to what the reader may see
P90_SAMPLE = 30  # fewer values have no 90th percentile (kpis.md G8)
DAY = dt.timedelta(days=1)


@dataclass
class Row:
    """One number: a KPI over a period, for one member of a dimension or for the whole.

    value: integers for counts and sums; money in minor units of the base currency; percent 0..100; durations in seconds.
    None with a `reason` where there is no value. numerator and denominator: what it was divided from; parts: the sums of the
    terms as `drill` lists them. notes: what a number about a number says beside its value. mean, median and p90: of the values, where those are read one by one.
    """

    kpi: Kpi
    period: Period
    dimension: str = ""
    member: str = ""
    label: str = ""
    value: float | int | None = None
    parts: dict[str, float | int | None] = field(default_factory=dict)
    numerator: float | int | None = None
    denominator: float | int | None = None
    n: int = 0
    low: float | None = None
    high: float | None = None
    mean: float | None = None
    median: float | None = None
    p90: float | None = None
    reason: str = ""
    status: str = "final"
    pending: int = 0
    left_out: list[tuple[Any, int, str]] = field(default_factory=list)
    unconverted: int = 0
    computed_at: dt.datetime | None = None
    notes: list[str] = field(default_factory=list)


def wilson(successes: float, n: float) -> tuple[float, float]:
    """The 95 % interval of a proportion, in percent (kpis.md 6.1)."""
    p = successes / n
    centre = (p + Z * Z / (2 * n)) / (1 + Z * Z / n)
    half = Z * sqrt(p * (1 - p) / n + Z * Z / (4 * n * n)) / (1 + Z * Z / n)
    low, high = 100 * (centre - half), 100 * (centre + half)
    return max(0.0, min(low, 100 * p)), min(100.0, max(high, 100 * p))  # at 0 and 100 % an end is the value itself


def quantile(values: Sequence[int], q: float) -> float | None:
    """The continuous percentile, linear between neighbours ("type 7"); values are sorted; None of nothing."""
    if not values:
        return None
    place = (len(values) - 1) * q
    low = int(place)
    high = min(low + 1, len(values) - 1)
    return values[low] + (values[high] - values[low]) * (place - low)


class Question:
    """What is asked: scope, filters and split, and the numbers read for it so far."""

    def __init__(self, scope: Scope, filters: Mapping[str, Any], by: str | None, live: bool) -> None:
        self.scope, self.filters, self.by, self.live = scope, dict(filters), by or "", live
        self.together: Together | None = None
        self.today = periods.today()
        self.organisation = Organisation.current()
        self._rates: Rates | None = None
        self._windows: dict[str, int] = {}

    @property
    def rates(self) -> Rates:
        if self._rates is None:
            self._rates = Rates.load()
        return self._rates

    def cut(self, ref: Ref, term: Term) -> Cut | None:
        """How the rows behind a measure are cut; None when its fixed values rule it out, LookupError when it cannot be cut."""
        source = ref.source
        if term.choice and term.choice != self.by and term.choice not in self.filters:
            if ref.tags[term.choice] != (term.chosen or getattr(self.organisation, term.choice)):
                return None
        wanted: dict[str, tuple[str, ...]] = {}
        scope = self.scope.dimension(source.dimensions)
        if scope is None:
            raise LookupError(NOT_CUT)
        if scope:
            wanted[scope] = self.scope.members
        for name, member in self.filters.items():
            if name in term.ignores:
                continue
            if name in ref.tags:
                if ref.tags[name] != member:
                    return None
                continue
            if name not in source.dimensions:
                raise LookupError(NOT_CUT)
            members, chosen = wanted.get(name), member if isinstance(member, tuple) else (member,)
            wanted[name] = tuple(one for one in chosen if members is None or one in members)
        by = "" if self.by in term.ignores or self.by in ref.tags else self.by
        if by and by not in source.dimensions:
            raise LookupError(NOT_CUT)
        return Cut(tuple(sorted(wanted.items())), by)

    def span(self, term: Term, ref: Ref, period: Period) -> Span | None:
        """The days that count; None when nothing has matured, and for a mean of days when none has come yet."""
        tomorrow = self.today + DAY
        if term.mean:
            end = min(period.end, tomorrow)
            return (period.start, end) if end > period.start else None
        if isinstance(ref.source, StockSource):
            return None, min(period.end, tomorrow) if ref.source.until_now else period.end
        if term.trailing:
            end = max(min(period.end, tomorrow), dt.date(1900, 1, 1))
            return end - dt.timedelta(days=term.trailing), end
        if term.matures:
            end = min(period.end, self.matured(term, ref))
            return (period.start, end) if end > period.start else None
        return period.start, period.end

    def matured(self, term: Term, ref: Ref) -> dt.date:
        """The first day whose cohort has not matured yet: anchor + w days must lie wholly behind us."""
        name = ref.matures or term.matures
        if name not in self._windows:
            read = windows.get(name)
            self._windows[name] = read() if read else getattr(self.organisation, name)
        return self.today - dt.timedelta(days=self._windows[name])


def evaluate(
    keys: Sequence[str],
    spans: Sequence[Period],
    *,
    scope: Scope,
    filters: Mapping[str, Any] | None = None,
    by: str | None = None,
    live: bool = False,
    use_published: bool = True,
    together: Together | None = None,
) -> list[Row]:
    """The rows of these KPIs for these periods, split by a dimension when asked, in the order KPI, period, member.

    live: compute from records even where stored sums would do. use_published: whether snapshots may answer. together: what
    this question shares with others. A filter's member may be
    a tuple of several. The filter "metric" says which number the numbers about numbers are about. An unknown key raises
    KeyError; a dimension that a KPI does not have gives a row without value (reason "not_cut").
    """
    filters = dict(filters or {})
    wanted = bound(keys, str(filters.pop(METRIC, "")))
    question = Question(scope, filters, by, live)
    question.together = together
    rows: list[Row] = []
    fresh: list[tuple[Kpi, Period]] = []
    stored = {} if live or not use_published else _published(wanted, spans, question)
    for kpi in wanted:
        for period in spans:
            if (kpi.key, period.start, period.end) not in stored and not isinstance(kpi, About):
                fresh.append((kpi, period))
    computed = _compute(fresh, question)
    for kpi in wanted:
        if isinstance(kpi, About):
            computed |= _about(kpi, spans, Asked(question, use_published))
    for kpi in wanted:
        for period in spans:
            place = (kpi.key, period.start, period.end)
            rows += stored[place] if place in stored else computed[place]
    _label(rows, question.by)
    _state(rows, question)
    return rows


def bound(keys: Sequence[str], metric: str = "") -> list[Kpi]:
    """The KPIs of these keys, those about a number about that one. KeyError for what is none."""
    return [kpi.of(metric) if isinstance(kpi, About) else kpi for kpi in map(find, keys)]


def nothing(kpi: Kpi, period: Period, question: Question) -> Row:
    """The row of a question that is not split, when no record counts."""
    none: dict = defaultdict(lambda: defaultdict(dict))
    [row] = _Reader(kpi, period, question, none, {}, None).rows()
    return row


@dataclass
class Asked:
    """What a number about a number is asked, and how it asks for that one: for the same reader, filters and split, unless it says
    otherwise."""

    question: Question
    use_published: bool = True

    def rows(self, key: str, spans: Sequence[Period], **changes: Any) -> dict[tuple[dt.date, dt.date], dict[str, Row]]:
        """(start, end) -> member -> row."""
        asked: dict[str, Any] = {"filters": self.question.filters, "by": self.question.by, "together": self.question.together}
        asked |= changes
        found: dict[tuple[dt.date, dt.date], dict[str, Row]] = {(span.start, span.end): {} for span in spans}
        distinct = {(span.start, span.end): span for span in spans}
        for row in evaluate(
            [key],
            list(distinct.values()),
            scope=self.question.scope,
            live=self.question.live,
            use_published=self.use_published,
            **asked,
        ):
            found[row.period.start, row.period.end][row.member] = row
        return found


def _about(kpi: About, spans: Sequence[Period], asked: Asked) -> dict[tuple, list[Row]]:
    found: dict[tuple, list[Row]] = {(kpi.key, span.start, span.end): [] for span in spans}
    for row in kpi.answer(kpi, spans, asked):
        found[kpi.key, row.period.start, row.period.end].append(row)
    return found


def _published(wanted: Sequence[Kpi], spans: Sequence[Period], question: Question) -> dict[tuple, list[Row]]:
    """Rows that snapshots answer: KPIs that cannot be summed from days, where exactly this was published. Numbers about numbers have more
    to say than snapshots keep."""
    from .snapshots import published

    slow = [kpi for kpi in wanted if not kpi.is_daily and not isinstance(kpi, About)]
    return published(slow, spans, question) if slow and not question.filters else {}


def _compute(asked: Sequence[tuple[Kpi, Period]], question: Question) -> dict[tuple, list[Row]]:
    """Reads all sums with one query per stream, then puts the rows together."""
    needs: dict[tuple[str, Cut, bool], tuple[Any, set[str], set[Span]]] = {}
    refused: set[str] = set()

    def need(ref: Ref, term: Term, period: Period) -> None:
        cut = question.cut(ref, term)
        span = question.span(term, ref, period)
        if cut is None or span is None:
            return
        _source, measures, spans = needs.setdefault((ref.source.key, cut, term.mean), (ref.source, set(), set()))
        measures.add(ref.measure)
        spans.add(span)

    for kpi, period in asked:
        try:
            for term in all_terms(kpi, question, period):
                for ref in term.refs:
                    need(ref, term, period)
        except LookupError:
            refused.add(kpi.key)
    sums = {
        (name, cut, mean): read_means(source, sorted(measures), spans, cut, question.live)
        if mean
        else read(source, sorted(measures), spans, cut, question.live, question.together)
        for (name, cut, mean), (source, measures, spans) in needs.items()
    }
    listed = _lists([(kpi, period) for kpi, period in asked if kpi.lists_values and kpi.key not in refused], question)
    told = _estimates([(kpi, period) for kpi, period in asked if kpi.estimate and kpi.key not in refused], question)
    found: dict[tuple, list[Row]] = {}
    for kpi, period in asked:
        place = (kpi.key, period.start, period.end)
        if kpi.key in refused:
            found[place] = [Row(kpi, period, question.by, reason=NOT_CUT)]
        else:
            found[place] = _Reader(kpi, period, question, sums, listed, told.get(place)).rows()
    return found


def all_terms(kpi: Kpi, question: Question, period: Period) -> Iterable[Term]:
    """The terms of the formula, what has not matured, and what is left out."""
    for term in kpi.terms.values():
        yield term
        if term.matures:
            yield replace(term, matures="")
    for _text, ref in kpi.excluded:
        yield Term((ref,), ignores=kpi.choices)


def _lists(asked: Sequence[tuple[Kpi, Period]], question: Question) -> dict[tuple[str, Span], dict[str, Sequence[int]]]:
    """The sorted values behind medians: one query per KPI."""
    spans: dict[str, set[Span]] = defaultdict(set)
    for kpi, period in asked:
        span = question.span(kpi.listed, kpi.listed.refs[0], period)
        if span is not None:
            spans[kpi.key].add(span)
    found = {}
    for key, wanted in spans.items():
        term = kpis[key].listed
        cut = question.cut(term.refs[0], term)
        if cut is not None:
            source: Any = term.refs[0].source
            for span, members in values_of(source, term.refs[0].measure, wanted, cut, question.together).items():
                found[key, span] = members
    return found


def _estimates(asked: Sequence[tuple[Kpi, Period]], question: Question) -> dict[tuple, dict[str, Parts]]:
    """The values that are made of rows, by KPI, period and member."""
    found: dict[tuple, dict[str, Parts]] = {}
    for kpi, period in asked:
        assert kpi.estimate is not None
        term = kpi.terms["denominator"]
        [ref] = term.refs
        cut = question.cut(ref, term)
        if cut is None:
            continue
        rows = fields_of(ref.source, ref.measure, kpi.estimate.fields, (period.start, period.end), cut)  # type: ignore[arg-type]
        upto = min(period.end, question.today + DAY)
        answers = {member: kpi.estimate.answer(values, upto) for member, values in rows.items()}
        found[kpi.key, period.start, period.end] = answers
    return found


class _Reader:
    """Puts the rows of one KPI and period together from the sums that were read."""

    def __init__(
        self, kpi: Kpi, period: Period, question: Question, sums: dict, listed: dict, told: Mapping[str, Parts] | None
    ) -> None:
        self.kpi, self.period, self.question = kpi, period, question
        self.sums, self.told = sums, told or {}
        span = question.span(kpi.listed, kpi.listed.refs[0], period) if kpi.lists_values else None
        self.listed = listed.get((kpi.key, span), {})

    def rows(self) -> list[Row]:
        terms = {name: self._term(term) for name, term in self.kpi.terms.items()}
        pending = self._pending()
        left_out = [(text, ref.measure, self._term(Term((ref,), ignores=self.kpi.choices))) for text, ref in self.kpi.excluded]
        members = self._members(terms, left_out, pending)
        return [self._row(member, terms, pending, left_out) for member in members]

    def _members(self, terms: dict, left_out: list, pending: dict[str, int]) -> list[str]:
        """Those of whom something counts, is left out, cannot be converted or has not matured."""
        if not self.question.by:
            return [""]
        own = [values for name, values in terms.items() if self.question.by not in self.kpi.terms[name].ignores]
        read = [*own, *(values for _text, _measure, values in left_out)]
        found = {member for values in read for member, counted in values.items() if any(counted)}
        return sorted(found | set(self.listed) | {member for member, count in pending.items() if count})

    def _term(self, term: Term) -> dict[str, tuple[float | int, int]]:
        """member -> (sum, rows that could not be converted)."""
        found: dict[str, tuple[float | int, int]] = {}
        for ref in term.refs:
            cut = self.question.cut(ref, term)
            span = self.question.span(term, ref, self.period)
            if cut is None or span is None:
                continue
            sums = self.sums[ref.source.key, cut, term.mean][span]
            tagged = ref.tags.get(self.question.by)
            for member, currencies in sums.items():
                amount, lost = self._converted(ref, currencies)
                place = tagged if tagged is not None else member
                before = found.get(place, (0, 0))
                found[place] = (before[0] + amount, before[1] + lost)
        if term.per != 1:
            found = {member: (amount / term.per, lost) for member, (amount, lost) in found.items()}
        return found

    def _converted(self, ref: Ref, currencies: dict[str, dict[str, int]]) -> tuple[int, int]:
        """The sum in base currency at the day the stock is read for; what has no rate is counted, never taken at 1."""
        source = ref.source
        measure = None if isinstance(source, PeopleSource) else source.measure(ref.measure)
        by_currency = isinstance(source, StockSource | WindowSource) and source.currency
        money = by_currency and measure is not None and measure.value is not None
        as_of = source.rates_of(self.period, self.question.today)
        if measure is not None and measure.priced:
            known = [sums for currency, sums in currencies.items() if self.question.rates.rate(currency, as_of)]
            return sum(sums.get(ref.measure, 0) for sums in known), 0
        if not money:
            return sum(sums.get(ref.measure, 0) for sums in currencies.values()), 0
        amount = lost = 0
        for currency, sums in currencies.items():
            converted = self.question.rates.convert(sums.get(ref.measure, 0), currency, as_of)
            if converted is None:
                lost += sum(
                    sums.get(measure.key, 0) for measure in source.measures if measure.value is None and sums.get(measure.key)
                )
            else:
                amount += converted
        return amount, lost

    def _pending(self) -> dict[str, int]:
        """member -> cohort members that have not matured yet."""
        term = self.kpi.terms.get("denominator")
        if term is None or not term.matures:
            return {}
        whole = self._term(replace(term, matures=""))
        ripe = self._term(term)
        return {member: int(amount - ripe.get(member, (0, 0))[0]) for member, (amount, _lost) in whole.items()}

    def _row(self, member: str, terms: dict, pending: dict[str, int], left_out: list) -> Row:
        kpi, by = self.kpi, self.question.by
        row = Row(kpi, self.period, by, member, pending=pending.get(member, 0))
        inputs: dict[str, float | int | None] = {}
        for name, values in terms.items():
            place = "" if by in kpi.terms[name].ignores else member
            amount, lost = values.get(place, (0, 0))
            inputs[name] = amount
            row.unconverted = max(row.unconverted, lost)
        row.parts = dict(inputs)
        if kpi.reads_values:
            self._spread(row, member)
        interval = None
        if kpi.over is not None:
            parts, interval = kpi.over.calculate(self.listed.get(member, []))
        elif kpi.estimate is not None:
            told = self.told.get(member, Parts(None, None, reason=EMPTY))
            parts = replace(told, numerator=inputs["numerator"], denominator=inputs["denominator"])
            row.low, row.high = parts.low, parts.high
        elif kpi.kind == "percentile":
            parts = self._percentile(member)
        else:
            inputs |= self._calendar
            parts = (kpi.calculate or (percent if kpi.unit == "percent" else quotient if "denominator" in kpi.terms else plain))(
                inputs
            )
        row.value, row.numerator, row.denominator = parts.value, parts.numerator, parts.denominator
        row.reason = IMMATURE if parts.reason == EMPTY and row.pending else parts.reason
        row.n = self._n(row, inputs)
        if interval is not None:
            row.low, row.high = interval
        elif kpi.interval is not None and row.value is not None:
            row.low, row.high = kpi.interval(inputs) or (None, None)
        elif kpi.subset and row.denominator and row.numerator is not None and row.value is not None:
            # While days of one of two sources still wait to be computed anew, the part may be more than the whole.
            row.low, row.high = wilson(row.numerator, row.denominator) if row.numerator <= row.denominator else (None, None)
        row.left_out = [
            (text, int(values.get(member, (0, 0))[0]), measure)
            for text, measure, values in left_out
            if values.get(member, (0, 0))[0]
        ]
        return row

    @cached_property
    def _calendar(self) -> dict[str, int]:
        """The period's days up to today, and how many of them are Monday to Friday; formulas may divide by them."""
        end = min(self.period.end, self.question.today + DAY)
        days = max((end - self.period.start).days, 0)
        working = sum(1 for number in range(days) if (self.period.start + number * DAY).weekday() < 5)
        return {"days": days, "working_days": working}

    def _spread(self, row: Row, member: str) -> None:
        values = self.listed.get(member, [])
        row.median = quantile(values, 0.5)
        row.p90 = quantile(values, 0.9) if len(values) >= P90_SAMPLE else None
        row.mean = sum(values) / len(values) if values else None

    def _percentile(self, member: str) -> Parts:
        values = self.listed.get(member, [])
        value = quantile(values, self.kpi.quantile)
        return Parts(value, sum(values), len(values), "" if values else EMPTY)

    def _n(self, row: Row, inputs: Mapping[str, float | int | None]) -> int:
        """On how many records the value rests."""
        if "n" in inputs:
            return int(inputs["n"] or 0)
        if self.kpi.kind == "percentile":
            return int(row.denominator or 0)
        return int((row.denominator if row.denominator is not None else row.numerator) or 0)


def _label(rows: Sequence[Row], by: str) -> None:
    dimension = dimensions.get(by)
    if dimension is None:
        return
    names = dimension.labels(sorted({row.member for row in rows}))
    for row in rows:
        row.label = names.get(row.member, row.member)


def _state(rows: Sequence[Row], question: Question) -> None:
    """Whether each number is final, may still change by time passing, or waits for a recomputation; and when it was computed."""
    dirty = {} if question.live else dict(DirtyDay.objects.values_list("source").annotate(first=Min("day")).order_by())
    stamps = dict(SourceStatus.objects.values_list("source", "computed_at"))
    now = timezone.now()
    for row in rows:
        first = [dirty[stream] for stream in row.kpi.streams if stream in dirty]
        if first and min(first) < row.period.end:
            row.status = "updating"
        elif row.period.end > question.today or row.pending:
            row.status = "provisional"
        if row.computed_at is None:
            times = [stamps[stream] for stream in row.kpi.streams if stream in stamps]
            row.computed_at = min(times) if times and row.kpi.is_daily and not question.live else now
