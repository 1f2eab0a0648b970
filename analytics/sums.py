"""Reading sums: from the stored days where they answer the question, else from the records. One grouped query per stream,
however many KPIs, periods and members are asked for."""

from __future__ import annotations

import datetime as dt
from array import array
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Case, Count, F, IntegerField, Q, QuerySet, Sum, Value, When
from django.db.models.functions import Coalesce

from crm import periods
from crm.periods import Period

from .models import DailyMeasure
from .sources import Amount, DailySource, Measure, PeopleSource, Source, StockSource, Stream, WindowSource

#: A half-open span of days; None as start means "since ever".
Span = tuple[dt.date | None, dt.date]
#: member -> currency -> measure -> sum
Sums = dict[str, dict[str, dict[str, int]]]
#: ({dimension: member}, currency, {measure: sum}) of the rows that agree in these
Combination = tuple[dict[str, str], str, dict[str, int]]

FIRST = dt.date(1, 1, 1)


@dataclass(frozen=True)
class Cut:
    """How rows are cut: kept by `filters` (dimension -> members), split by `by`."""

    filters: tuple[tuple[str, tuple[str, ...]], ...] = ()
    by: str = ""

    def without(self, names: Iterable[str]) -> Cut:
        names = set(names)
        return Cut(
            tuple((name, members) for name, members in self.filters if name not in names), "" if self.by in names else self.by
        )

    @property
    def dimensions(self) -> set[str]:
        return {name for name, _members in self.filters} | ({self.by} if self.by else set())


def condition(source: Source, filters: Iterable[tuple[str, tuple[str, ...]]]) -> Q:
    """The rows of the source whose dimension values are among the wanted members; "" stands for none."""
    found = Q()
    for name, members in filters:
        lookup = source.dimensions[name]
        known = [one for one in members if one != "" and (not lookup.endswith("_id") or (one.isdecimal() and len(one) < 19))]
        one = Q(**{f"{lookup}__in": known})
        if "" in members:
            one |= Q(**{f"{lookup}__isnull": True})
            if not lookup.endswith("_id"):
                one |= Q(**{lookup: ""})
        found &= one
    return found


def aggregates(measures: Sequence[Measure]) -> dict[str, Any]:
    """One aggregate per measure, named m0, m1, ..."""
    found: dict[str, Any] = {}
    for number, measure in enumerate(measures):
        where, value = measure.condition(), measure.expression()
        if value is None:
            found[f"m{number}"] = Count("pk", filter=where or None)
        else:
            found[f"m{number}"] = Coalesce(Sum(value, filter=where or None), 0, output_field=IntegerField())
    return found


def member_text(value: Any) -> str:
    """A dimension value as stored: text, "" for none."""
    return "" if value is None else str(value)


class Buckets:
    """The elementary spans between all boundaries asked for: each asked span is a run of them."""

    def __init__(self, spans: Iterable[Span]) -> None:
        self.spans = set(spans)
        self.edges = sorted({start or FIRST for start, _end in self.spans} | {end for _start, end in self.spans})

    def case(self, day: str) -> Case:
        """The number of the bucket that holds the day."""
        whens = [When(**{f"{day}__lt": edge}, then=Value(number)) for number, edge in enumerate(self.edges)]
        return Case(*whens, default=Value(len(self.edges)), output_field=IntegerField())

    def range(self) -> tuple[dt.date, dt.date]:
        return self.edges[0], self.edges[-1]

    def of(self, day: dt.date) -> int:
        return bisect_right(self.edges, day)

    def spans_of(self) -> dict[int, list[Span]]:
        """bucket -> the spans that contain it."""
        found: dict[int, list[Span]] = defaultdict(list)
        for span in self.spans:
            low, high = bisect_right(self.edges, span[0] or FIRST), bisect_right(self.edges, span[1])
            for number in range(low, high):
                found[number].append(span)
        return found


class Together:
    """What is read once for all questions that are put together, by several dimensions: the sums of window sources a period, and single
    values. Publishing asks for the whole and for each member of three dimensions, and numbers about numbers ask for the same periods
    again."""

    def __init__(self, dimensions: Sequence[str], spans: Sequence[Period]) -> None:
        self.dimensions, self.periods = dimensions, spans
        self.spans = {(span.start, span.end) for span in spans}
        self.tomorrow = periods.today() + dt.timedelta(days=1)
        self._found: dict[tuple[str, Any], list[Combination]] = {}
        self._readers: dict[str, Callable[[Period], QuerySet]] = {}
        self._values: dict[tuple[str, str], tuple[tuple[dt.date, dt.date], Held]] = {}

    def names(self, source: Source) -> list[str]:
        """By which dimensions the source is read."""
        return [name for name in self.dimensions if name in source.single]

    def divides(self, source: Source, cut: Cut) -> bool:
        """Whether what was read by the dimensions can be put together for this cut."""
        known = self.names(source)
        return bool(known) and cut.dimensions <= set(known)

    def values(self, source: DailySource, key: str, days: tuple[dt.date, dt.date]) -> tuple[list[str], Held]:
        """The dimensions, and the values of a measure by day and their members; read again only when more days are asked for."""
        names, place = self.names(source), (source.key, key)
        if place not in self._values or not self._values[place][0][0] <= days[0] <= days[1] <= self._values[place][0][1]:
            self._values[place] = days, _values(source, key, days, names)
        return names, self._values[place][1]

    def answers(self, source: WindowSource, cut: Cut) -> bool:
        """Whether each row counts under one member, so that the whole is the sum of the parts."""
        return self.divides(source, cut) and not source.many and not source.settled

    def sums(self, source: WindowSource, measures: Sequence[Measure], span: Span, cut: Cut) -> Sums:
        """What `read` gives, out of the combinations of members."""
        found: Sums = {}
        for members, currency, amounts in self._combinations(source, span):
            if all(members[name] in wanted for name, wanted in cut.filters):
                currencies = found.setdefault(members[cut.by] if cut.by else "", {})
                sums = currencies.setdefault(currency, defaultdict(int))
                for measure in measures:
                    sums[measure.key] += amounts[measure.key]
        return found

    def _combinations(self, source: WindowSource, span: Span) -> list[Combination]:
        """The sums of every combination of members and currency that occurs."""
        key = source.key, min(span[1], self.tomorrow) if source.at_end else span
        if key not in self._found:
            names = self.names(source)
            columns: dict[str, Any] = {f"d{number}": F(source.dimensions[name]) for number, name in enumerate(names)}
            columns["currency_"] = F(source.currency) if source.currency else Value("")
            rows = self._rows(source, period_of(span)).order_by().annotate(**columns).values(*columns)
            self._found[key] = [
                (
                    {name: member_text(row[f"d{number}"]) for number, name in enumerate(names)},
                    row["currency_"] or "",
                    {measure.key: row[f"m{number}"] or 0 for number, measure in enumerate(source.measures)},
                )
                for row in rows.annotate(**aggregates(source.measures))
            ]
        return self._found[key]

    def _rows(self, source: WindowSource, period: Period) -> QuerySet:
        if source.together is None or (period.start, period.end) not in self.spans:
            return source.rows(period)
        if source.key not in self._readers:
            self._readers[source.key] = source.together(self.periods)
        return self._readers[source.key](period)


def read(
    source: Any, measures: Sequence[str], spans: Iterable[Span], cut: Cut, live: bool, together: Together | None = None
) -> dict[Span, Sums]:
    """The sums of these measures of one source over each span.

    For stocks a span's end is what counts: pass (None, day). Windows and people are asked per period.
    """
    wanted = [source.measure(key) for key in measures]
    spans = list(spans)
    if isinstance(source, WindowSource) and together is not None and together.answers(source, cut):
        return {span: together.sums(source, wanted, span, cut) for span in spans}
    if isinstance(source, WindowSource):
        return {span: _window(source, wanted, span, cut) for span in spans}
    if isinstance(source, PeopleSource):
        stretches = people_rows(source, spans, cut)
        return {span: _people(wanted, rows, cut) for span, rows in zip(spans, stretches, strict=True)}
    found: dict[Span, Sums] = {span: {} for span in spans}
    buckets = Buckets(spans)
    for sign, stream in zip((1, -1), source.streams(), strict=False):
        holders = buckets.spans_of()
        for bucket, member, currency, values in _grouped(stream, wanted, buckets, cut, live):
            for span in holders.get(bucket, ()):
                sums = found[span].setdefault(member_text(member), {}).setdefault(currency or "", dict.fromkeys(measures, 0))
                for key, value in zip(measures, values, strict=True):
                    sums[key] += sign * value
    return found


def read_means(source: StockSource, measures: Sequence[str], spans: Iterable[Span], cut: Cut, live: bool) -> dict[Span, Sums]:
    """The mean of a stock's readings at the ends of the days of each span: what came or went on a day is in the readings from
    that day on. Two queries per stream, however many spans."""
    wanted = [source.measure(key) for key in measures]
    periods = {span: period_of(span) for span in spans}
    found: dict[Span, Sums] = {span: {} for span in periods}
    before = read(source, measures, {(None, period.start) for period in periods.values()}, cut, live)
    days = _Days(min(period.start for period in periods.values()), max(period.end for period in periods.values()))
    changes = [
        (sign, list(_grouped(stream, wanted, days, cut, live))) for sign, stream in zip((1, -1), source.streams(), strict=False)
    ]
    for span, period in periods.items():
        readings = _Readings(measures, found[span])
        for member, currencies in before[None, period.start].items():
            for currency, sums in currencies.items():
                readings.add(member, currency, [sums[key] * period.days for key in measures])
        for sign, rows in changes:
            for day, member, currency, values in rows:
                if period.start <= day < period.end:
                    times = sign * (period.end - day).days
                    readings.add(member_text(member), currency or "", [times * value for value in values])
        readings.divide(period.days)
    return found


class _Readings:
    """Sums of day-end readings, divided once in the end."""

    def __init__(self, measures: Sequence[str], found: Sums) -> None:
        self.measures, self.found = measures, found

    def add(self, member: str, currency: str, values: Sequence[int]) -> None:
        sums = self.found.setdefault(member, {}).setdefault(currency, dict.fromkeys(self.measures, 0))
        for key, value in zip(self.measures, values, strict=True):
            sums[key] += value

    def divide(self, days: int) -> None:
        for currencies in self.found.values():
            for sums in currencies.values():
                for key in sums:
                    sums[key] /= days  # type: ignore[assignment]


class _Days:
    """Buckets of one day each, named by it."""

    def __init__(self, first: dt.date, end: dt.date) -> None:
        self.first, self.end = first, end

    def range(self) -> tuple[dt.date, dt.date]:
        return self.first, self.end

    def case(self, day: str) -> F:
        return F(day)


def _grouped(stream: Stream, measures: Sequence[Measure], buckets: Buckets | _Days, cut: Cut, live: bool) -> Iterable[tuple]:
    """(bucket, member, currency, sums) of a stream, from the stored days where they answer the cut."""
    stored = not live and len(cut.dimensions) <= 1 and not cut.dimensions & set(stream.source.unstored)
    return (_stored if stored else _records)(stream, measures, buckets, cut)


def _stored(stream: Stream, measures: Sequence[Measure], buckets: Buckets | _Days, cut: Cut) -> Iterable[tuple]:
    source = stream.source
    low, high = buckets.range()
    dimension = next(iter(cut.dimensions), "")
    rows = DailyMeasure.objects.filter(source=stream.key, dimension=dimension, day__gte=low, day__lt=high)
    for _name, members in cut.filters:
        rows = rows.filter(member__in=members)
    sums = {f"m{number}": Sum(source.slot(measure.key)) for number, measure in enumerate(measures)}
    names = ["bucket"] + (["member"] if cut.by else []) + ["currency"]
    grouped = rows.order_by().annotate(bucket=buckets.case("day")).values(*names).annotate(**sums)
    return _unpacked(grouped, len(measures), "member" if cut.by else None, "currency")


def _records(stream: Stream, measures: Sequence[Measure], buckets: Buckets | _Days, cut: Cut) -> Iterable[tuple]:
    source = stream.source
    low, high = buckets.range()
    rows = source.rows().filter(**{f"{stream.day}__gte": low, f"{stream.day}__lt": high}).filter(condition(source, cut.filters))
    names: dict[str, Any] = {"bucket": buckets.case(stream.day)}
    if cut.by:
        names["member_"] = F(source.dimensions[cut.by])
    currency = getattr(source, "currency", "")
    if currency:
        names["currency_"] = F(currency)
    grouped = rows.order_by().annotate(**names).values(*names).annotate(**aggregates(measures))
    return _unpacked(grouped, len(measures), "member_" if cut.by else None, "currency_" if currency else None)


def _unpacked(rows: QuerySet, count: int, member: str | None, currency: str | None) -> Iterable[tuple]:
    for row in rows:
        values = [row[f"m{number}"] or 0 for number in range(count)]
        yield row["bucket"], row[member] if member else "", row[currency] if currency else "", values


def _window(source: WindowSource, measures: Sequence[Measure], span: Span, cut: Cut) -> Sums:
    rows = source.rows(period_of(span)).filter(condition(source, cut.filters)).order_by()
    if source.currency:
        return _by_currency(source, measures, rows, cut)
    if not cut.by:
        values = rows.aggregate(**aggregates(measures))
        return {"": {"": {measure.key: values[f"m{number}"] or 0 for number, measure in enumerate(measures)}}}
    found: Sums = {}
    for row in rows.annotate(member_=F(source.dimensions[cut.by])).values("member_").annotate(**aggregates(measures)):
        sums = found.setdefault(member_text(row["member_"]), {}).setdefault("", dict.fromkeys((m.key for m in measures), 0))
        for number, measure in enumerate(measures):
            sums[measure.key] += row[f"m{number}"] or 0
    return found


def _by_currency(source: WindowSource, measures: Sequence[Measure], rows: QuerySet, cut: Cut) -> Sums:
    columns = {"currency_": F(source.currency), **({"member_": F(source.dimensions[cut.by])} if cut.by else {})}
    found: Sums = {}
    for row in rows.annotate(**columns).values(*columns).annotate(**aggregates(measures)):
        sums = found.setdefault(member_text(row.get("member_", "")), {})
        sums[row["currency_"] or ""] = {measure.key: row[f"m{number}"] or 0 for number, measure in enumerate(measures)}
    return found


def _people(measures: Sequence[Measure], rows: Sequence[Amount], cut: Cut) -> Sums:
    found: Sums = {}
    for _user, members, amounts in rows:
        sums = found.setdefault(members.get(cut.by, "") if cut.by else "", {}).setdefault("", defaultdict(int))
        for measure in measures:
            sums[measure.key] += amounts.get(measure.key, 0)
    return found


def people_rows(source: PeopleSource, spans: Sequence[Span], cut: Cut) -> list[list[Amount]]:
    """For each span, the users' stretches inside it that the cut keeps."""
    return [_kept(rows, cut) for rows in source.amounts([period_of(span) for span in spans])]


def _kept(rows: Iterable[Amount], cut: Cut) -> list[Amount]:
    return [row for row in rows if all(row[1].get(name, "") in members for name, members in cut.filters)]


def period_of(span: Span) -> Period:
    """The period of a span that has a start."""
    assert span[0] is not None
    return Period(span[0], span[1])


def fields_of(source: WindowSource, key: str, fields: Sequence[str], span: Span, cut: Cut) -> dict[str, list[tuple]]:
    """These fields of every row behind a measure of a window, by member."""
    rows = source.rows(period_of(span)).filter(source.measure(key).condition(), condition(source, cut.filters)).order_by()
    names = [*fields, *([source.dimensions[cut.by]] if cut.by else [])]
    found: dict[str, list[tuple]] = defaultdict(list)
    for row in rows.values_list(*names):
        found[member_text(row[-1]) if cut.by else ""].append(row[: len(fields)])
    return found


#: (day, members in the order of the dimensions) -> the values of a measure, packed: they may be millions
Held = dict[tuple[dt.date, tuple[str, ...]], array]


def values_of(
    source: DailySource, key: str, spans: Iterable[Span], cut: Cut, together: Together | None = None
) -> dict[Span, dict[str, Sequence[int]]]:
    """All values of a measure, sorted, per span and member: for medians and percentiles, which no sum can give. Rows without a value
    are left out."""
    buckets = Buckets(spans)
    if together is not None and together.divides(source, cut):
        names, held = together.values(source, key, buckets.range())
        kept = [(names.index(name), wanted) for name, wanted in cut.filters]
    else:
        names, kept = [cut.by] if cut.by else [], []
        held = _values(source, key, buckets.range(), names, cut.filters)
    at = names.index(cut.by) if cut.by else None
    holders = buckets.spans_of()
    found: dict[Span, dict[str, array]] = {span: {} for span in buckets.spans}
    for (day, members), values in held.items():
        if all(members[place] in wanted for place, wanted in kept):
            for span in holders.get(buckets.of(day), ()):
                found[span].setdefault("" if at is None else members[at], array("q")).extend(values)
    return {span: {member: array("q", sorted(one)) for member, one in members.items()} for span, members in found.items()}


def _values(
    source: DailySource,
    key: str,
    days: tuple[dt.date, dt.date],
    names: Sequence[str],
    filters: Iterable[tuple[str, tuple[str, ...]]] = (),
) -> Held:
    """The values of a measure by day and by members of these dimensions."""
    measure, (low, high) = source.measure(key), days
    inside = {f"{source.day}__gte": low, f"{source.day}__lt": high}
    rows = source.rows().filter(measure.condition(), condition(source, filters), **inside).order_by()
    columns: list[Any] = [source.day, measure.value, *(source.dimensions[name] for name in names)]
    found: Held = defaultdict(lambda: array("q"))
    for day, value, *members in rows.values_list(*columns).iterator(chunk_size=10_000):
        if value is not None:
            found[day, tuple(map(member_text, members))].append(value)
    return found
