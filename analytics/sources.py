"""Measures: what is counted, when, how much, by whom. Declared once, in the app that owns the rows.

A source is a set of rows with a deciding date and dimensions; its measures are sums over those rows. The same rows give the
number and the list behind it, so the two cannot differ. Four kinds:

- `DailySource`: each row belongs to one local day (a deal won). Kept as daily sums.
- `StockSource`: each row is an interval of local days (a deal open under one owner). Kept as what came and what went, by day;
  a stock on a day's end is everything that came before less everything that went.
- `WindowSource`: the rows depend on the period as a whole (deals open at some instant of it). Computed per period.
- `PeopleSource`: full-time equivalents and licensed days from `UserSpan`, computed in memory; there are few users.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from django.db.models import Expression, F, Q, QuerySet

from crm.periods import Period
from crm.registry import Registry, RegistryError

from .models import SLOTS

Where = Q | Callable[[], Q]
#: (user id, {dimension: member}, {measure: amount}) of one stretch of a working life inside a period.
Amount = tuple[int, dict[str, str], dict[str, int]]


@dataclass(frozen=True)
class Measure:
    """A sum over a source's rows: of `value` (a column or expression in integers), or a count; only rows that match `where`.

    priced: a count of rows whose value is in the sum beside it; those without an exchange rate are in neither.
    """

    key: str
    where: Where = field(default_factory=Q)
    value: str | Expression | None = None
    priced: bool = False

    def condition(self) -> Q:
        """The predicate, built when it depends on settings."""
        return self.where() if callable(self.where) else self.where

    def expression(self) -> Any:
        """What is summed, or None for a count."""
        return F(self.value) if isinstance(self.value, str) else self.value


@dataclass(frozen=True)
class Source:
    """What all sources have. `subject` is the model label and the lookup of the record behind a row, for drill-down.

    many: those dimensions of which a row may have several members (tags). It counts under each of them and once in the whole.
    unstored: those with too many members to keep sums of (companies): questions about them are answered from the records.
    """

    key: str
    measures: tuple[Measure, ...]
    dimensions: Mapping[str, str]
    subject: tuple[str, str]
    many: tuple[str, ...] = field(kw_only=True, default=())
    unstored: tuple[str, ...] = field(kw_only=True, default=())

    @property
    def single(self) -> list[str]:
        """The stored dimensions of which a row has one member at most."""
        return [name for name in self.dimensions if name not in self.many + self.unstored]

    def rates_of(self, period: Period, today: dt.date) -> dt.date:
        """The day at whose exchange rates amounts in other currencies are read: the period's last, or today."""
        return min(period.last_day, today)

    def measure(self, key: str) -> Measure:
        return next(measure for measure in self.measures if measure.key == key)

    def slot(self, key: str) -> str:
        """The column of DailyMeasure that keeps the measure."""
        return f"v{[measure.key for measure in self.measures].index(key)}"


@dataclass(frozen=True)
class DailySource(Source):
    """Rows that belong to one local day each."""

    rows: Callable[[], QuerySet] = field(kw_only=True)
    day: str = field(kw_only=True)

    def streams(self) -> list[Stream]:
        return [Stream(self.key, self, self.day)]


@dataclass(frozen=True)
class StockSource(Source):
    """Rows that hold from `start` to before `end` (None: they never end). `opened` and `left` name the two stored streams.

    `currency`: the lookup of the row's currency when money sums are in it; they are converted at the day they are read for.
    `until_now`: rows may end ahead of us (a record goes stale), so a period that still runs is read as of today.
    """

    rows: Callable[[], QuerySet] = field(kw_only=True)
    start: str = field(kw_only=True)
    end: str | None = field(kw_only=True, default=None)
    opened: str = field(kw_only=True)
    left: str = field(kw_only=True, default="")
    currency: str = field(kw_only=True, default="")
    until_now: bool = field(kw_only=True, default=False)
    day: str = field(init=False, default="")

    def __post_init__(self) -> None:
        object.__setattr__(self, "day", self.start)

    def streams(self) -> list[Stream]:
        found = [Stream(self.opened, self, self.start)]
        if self.end:
            found.append(Stream(self.left, self, self.end))
        return found

    def at(self, day: dt.date) -> QuerySet:
        """The rows that hold just before the first instant of `day` (kpis.md G1)."""
        rows = self.rows().filter(**{f"{self.start}__lt": day})
        if self.end:
            rows = rows.filter(Q(**{f"{self.end}__isnull": True}) | Q(**{f"{self.end}__gte": day}))
        return rows

    def during(self, period: Period) -> QuerySet:
        """The rows that hold at the end of some day of the period."""
        rows = self.rows().filter(**{f"{self.start}__lt": period.end})
        if self.end:
            rows = rows.filter(Q(**{f"{self.end}__isnull": True}) | Q(**{f"{self.end}__gt": period.start}))
            rows = rows.exclude(**{self.end: F(self.start)})
        return rows


@dataclass(frozen=True)
class WindowSource(Source):
    """Rows decided by the whole period: rows(period) gives one row per thing counted. `day` dates a row in lists.

    `depends`: the streams whose changed days change it. `at_end`: the rows depend on the period's end alone, or on today while it
    runs. `settled`: which rows stand depends on how they are cut (`analytics.settled`). `currency`: as of a stock. `at_start`: the rows are
    those of the period's first instant, and so are the rates. `together`: gives `rows` for several periods that share what is read.
    """

    rows: Callable[[Period], QuerySet] = field(kw_only=True)
    day: str = field(kw_only=True)
    depends: tuple[str, ...] = field(kw_only=True)
    at_end: bool = field(kw_only=True, default=False)
    settled: bool = field(kw_only=True, default=False)
    currency: str = field(kw_only=True, default="")
    at_start: bool = field(kw_only=True, default=False)
    together: Callable[[Sequence[Period]], Callable[[Period], QuerySet]] | None = field(kw_only=True, default=None)

    def rates_of(self, period: Period, today: dt.date) -> dt.date:
        return min(period.start, today) if self.at_start else super().rates_of(period, today)


@dataclass(frozen=True)
class PeopleSource(Source):
    """Days of users' working lives. amounts(periods) gives, for each, (user id, {dimension: member}, {measure: amount})."""

    amounts: Callable[[Sequence[Period]], Sequence[Sequence[Amount]]] = field(kw_only=True)
    depends: tuple[str, ...] = field(kw_only=True, default=())


@dataclass(frozen=True)
class Stream:
    """One stored series of daily sums: the key that marks and DailyMeasure use, the source and the day that decides."""

    key: str
    source: Any
    day: str


AnySource = DailySource | StockSource | WindowSource | PeopleSource

sources: Registry[AnySource] = Registry("Source")
streams: Registry[Stream] = Registry("Stream")
_by_measure: dict[str, AnySource] = {}


def add_source(source: AnySource) -> AnySource:
    """Registers a source. Refuses a measure key that is taken, and more measures than there are columns."""
    for measure in source.measures:
        if measure.key in _by_measure:
            raise RegistryError(f"Measure “{measure.key}” is registered twice.")
    if len(source.measures) > SLOTS:
        raise RegistryError(f"Source “{source.key}” has more than {SLOTS} measures.")
    sources.register(source.key, source)
    for measure in source.measures:
        _by_measure[measure.key] = source
    if isinstance(source, DailySource | StockSource):
        for stream in source.streams():
            streams.register(stream.key, stream)
    return source


def source_of(measure: str) -> AnySource:
    """The source that declares the measure; an unknown key raises KeyError."""
    return _by_measure[measure]


def fingerprint() -> str:
    """What all stored sums are made of, in short: it differs after an upgrade that adds or changes a source."""
    lines = []
    for stream in streams:
        source = stream.source
        lines.append(
            f"{stream.key} {stream.day} {source.key} {sorted(source.dimensions.items())} {source.many} {source.unstored}"
        )
        for measure in source.measures:  # a predicate that reads settings is known by its key alone
            where = "" if callable(measure.where) else measure.where
            lines.append(f"{measure.key} {where} {measure.value}")
    return sha256("\n".join(lines).encode()).hexdigest()


def plain_text(members: Sequence[str]) -> dict[str, str]:
    """Labels of members that are readable as they are."""
    return {}


@dataclass(frozen=True)
class Dimension:
    """A way to split numbers. names(members) gives their readable names; a member that is missing keeps its own text.

    also: names of further members, from apps that share the dimension. visible(user, member): whether a reader may learn the name
    of a member by asking for it; everybody may when it is None. in_order: splits keep the order in which `names` gives them (the
    stages of a pipeline) instead of showing the largest first.
    """

    key: str
    label: Any
    names: Callable[[Sequence[str]], dict[str, str]] = plain_text
    also: list[Callable[[Sequence[str]], dict[str, str]]] = field(default_factory=list)
    visible: Callable[[Any, str], bool] | None = None
    in_order: bool = False

    def labels(self, members: Sequence[str]) -> dict[str, str]:
        found: dict[str, str] = {}
        for names in (*self.also, self.names):
            found |= names(members)
        return found

    @property
    def has_labels(self) -> bool:
        """Whether members are keys with names (owners, stages); else any text may be one (sources, campaigns)."""
        return self.names is not plain_text


dimensions: Registry[Dimension] = Registry("Dimension")


def add_dimension(
    key: str,
    label: Any,
    labels: Callable[[Sequence[str]], dict[str, str]] | None = None,
    visible: Callable[[Any, str], bool] | None = None,
    *,
    in_order: bool = False,
) -> None:
    """Registers a dimension once; apps share them by key."""
    dimensions.register(key, Dimension(key, label, labels or plain_text, visible=visible, in_order=in_order))


def name_members(key: str, labels: Callable[[Sequence[str]], dict[str, str]]) -> None:
    """Adds readable names to some members of a shared dimension."""
    dimensions[key].also.append(labels)


#: Windows of cohorts in days that are no setting of the organisation: name -> reader.
windows: Registry[Callable[[], int]] = Registry("Window")


def names_from(model: Any) -> Callable[[Sequence[str]], dict[str, str]]:
    """Labels of members that are primary keys of a model."""

    def labels(members: Sequence[str]) -> dict[str, str]:
        ids = [int(member) for member in members if member.isascii() and member.isdigit() and len(member) < 19]
        return {str(row.pk): str(row) for row in model._default_manager.filter(pk__in=ids)}

    return labels
