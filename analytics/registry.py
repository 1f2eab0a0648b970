"""KPIs: declarations over measures. The keys are those of the catalogue; a KPI without definition, formula, names or terms does
not register, and the registry is frozen once the project has started."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from crm.registry import Registry, RegistryError

from .sources import AnySource, PeopleSource, StockSource, WindowSource, source_of

Unit = Literal["count", "money", "percent", "ratio", "days", "score"]
Kind = Literal["additive", "ratio", "stock", "percentile", "distinct", "model"]


@dataclass(frozen=True)
class Ref:
    """A measure inside a term, with the fixed dimension values that it stands for (entity_type=company). `matures`: its own window,
    where those of a term differ (customers of every age)."""

    measure: str
    tags: Mapping[str, str] = field(default_factory=dict)
    matures: str = ""

    @property
    def source(self) -> AnySource:
        return source_of(self.measure)


@dataclass(frozen=True)
class Term:
    """A sum of measures over a period, or, for stocks, on its end.

    matures: an Organisation setting or one of `sources.windows` (days): only days that lie at least so far back count; the others
    are pending.
    trailing: the last n days before the period's end instead of the period.
    ignores: dimensions that do not cut this term (the whole, in a share of the whole).
    per: the sum is divided by it in the end (100 for amounts times percent).
    choice: a dimension of whose members one counts unless another is asked for: the one that the organisation's setting of that name
    says (a model of attribution), or `chosen`. Every measure of the term carries its member as a tag.
    mean: of a stock, the mean of the readings at the ends of the period's days up to today, instead of the last one.
    """

    refs: tuple[Ref, ...]
    matures: str = ""
    trailing: int = 0
    ignores: tuple[str, ...] = ()
    per: int = 1
    choice: str = ""
    chosen: str = ""
    mean: bool = False

    @property
    def is_stock(self) -> bool:
        return isinstance(self.refs[0].source, StockSource)


def total(*measures: str | Ref, **options: Any) -> Term:
    """A term that adds up these measures."""
    return Term(tuple(ref if isinstance(ref, Ref) else Ref(ref) for ref in measures), **options)


@dataclass(frozen=True)
class Parts:
    """What a formula gives back: value and the two numbers it was divided from; an estimate its 95 % interval too."""

    value: float | int | None
    numerator: float | int | None
    denominator: float | int | None = None
    reason: str = ""
    low: float | None = None
    high: float | None = None


Formula = Callable[[Mapping[str, float | int | None]], Parts]
#: From the terms to the 95 % interval of the value, in its unit; None where there is none.
Interval = Callable[[Mapping[str, float | int | None]], tuple[float, float] | None]

#: Why there is no value.
EMPTY = "empty"  # the denominator is 0
IMMATURE = "immature"  # nothing has matured yet
UNKNOWN = "unknown"  # an input is not known for this period
NO_MODEL = "no_model"  # no model fits, or none has run yet
MIXED = "mixed"  # the answers were given on different scales
NOT_REACHED = "not_reached"  # fewer than half have ended, so there is no middle yet
NO_TARGET = "no_target"  # nobody has said what it should be
NO_SHARE = "no_share"  # a share of a target says nothing of such a number
AHEAD = "ahead"  # the period has not begun
NOT_BOOKED = "not_booked"  # no cost is booked, so that nobody knows what was spent
NO_UNIT = "no_unit"  # it is asked of whole days, weeks, months, quarters and years only
SHORT = "short"  # too little history
MET = "met"  # the target is reached already
RUNNING = "running"  # the period is not over
NO_GO_LIVE = "no_go_live"  # nobody has said since when the CRM has been in use
TOO_EARLY = "too_early"  # too little time has passed since then
NO_BEFORE = "no_before"  # no records from the time before it


@dataclass(frozen=True)
class Over:
    """A formula over the values of one measure, over the days of a term: sorted values -> the parts, and the 95 % interval if any."""

    term: Term
    calculate: Callable[[Sequence[int]], tuple[Parts, tuple[float, float] | None]]


@dataclass(frozen=True)
class Ages:
    """How old the records of a stock are at the period's end. `since`: the lookup, from its rows, of the instant from which age counts;
    `bands`: (name, upper end) from young to old, the end not included; the last has none."""

    since: str
    bands: tuple[tuple[Any, dt.timedelta | None], ...]


@dataclass(frozen=True)
class Estimate:
    """A value that no sums give: made of some fields of every row behind the denominator, a window's rows. answer(rows, end of the
    period or of today) gives value, reason and interval; the parts stay those of the terms."""

    fields: tuple[str, ...]
    answer: Callable[[Sequence[tuple], dt.date], Parts]


@dataclass(frozen=True)
class Kpi:
    """One indicator. `terms` names the sums that the formula works on; "numerator" and "denominator" can be opened.

    names: en, fr, es. dated: which date decides. left_out: (text, measure) of what is not in it. subset: the numerator's records
    are among the denominator's, so the rate has a Wilson interval. interval: how the interval is made where it is another one.
    points: a score that is written with its sign and without decimals (+30). spread: the value is a mean of the numerator's values,
    and their median and 90th percentile are shown beside it. estimate: the value is made of the rows instead of the sums. parts_unit: the unit of the sums it is divided from, where it is
    not that of the value (a share of amounts). part_names, part_units: of
    what stands above and below, where formula and measures do not say it. beside: keys of KPIs that are shown beside it on its page. ages: of a stock, the bands
    of age that its page shows.
    """

    key: str
    names: Mapping[str, str]
    definition: Any
    formula: Any
    dated: Any
    area: str
    unit: Unit
    direction: Literal["higher", "lower", "neutral"]
    kind: Kind
    terms: Mapping[str, Term]
    dimensions: tuple[str, ...]
    calculate: Formula | None = None
    quantile: float = 0.5
    left_out: tuple[tuple[Any, str | Ref], ...] = ()
    left_out_note: Any = ""
    subset: bool = False
    interval: Interval | None = None
    points: bool = False
    over: Over | None = None
    spread: bool = False
    estimate: Estimate | None = None
    parts_unit: Unit | None = None
    part_names: Mapping[str, Any] = field(default_factory=dict)
    part_units: Mapping[str, Unit] = field(default_factory=dict)
    beside: tuple[str, ...] = ()
    ages: Ages | None = None
    minimum_sample: int = 5
    order: int = 100
    version: int = 1

    @property
    def name(self) -> str:
        """In the reader's language."""
        return self.names.get((get_language() or "en").split("-")[0], self.names["en"])

    @property
    def adds_up(self) -> bool:
        """Whether its values do, over days and members; the mean of what adds up does not."""
        return self.kind == "additive" and "denominator" not in self.terms

    @property
    def filterable(self) -> tuple[str, ...]:
        """What it can be filtered by; splitting goes by `dimensions`."""
        return self.dimensions

    @property
    def may_be_aimed_at(self) -> bool:
        """Whether a target may be set for it."""
        return True

    @property
    def asks_whole(self) -> bool:
        """Whether it is asked of whole periods: all others are of the part up to today."""
        return False

    @property
    def confidence(self) -> int:
        """How often, in percent, its intervals hold."""
        return 95

    @property
    def written(self) -> str:
        """How its values are written: the unit, or "points" for scores with a sign (see `formats`)."""
        return "points" if self.points else self.unit

    @property
    def measures(self) -> set[str]:
        terms = [*self.terms.values(), *([self.over.term] if self.over else [])]
        found = {ref.measure for term in terms for ref in term.refs}
        return found | {ref.measure for _text, ref in self.excluded}

    @property
    def excluded(self) -> list[tuple[Any, Ref]]:
        """What is left out, as references to measures."""
        return [(text, ref if isinstance(ref, Ref) else Ref(ref)) for text, ref in self.left_out]

    @property
    def is_daily(self) -> bool:
        """Whether it can be put together from daily sums alone."""
        simple = not any(isinstance(source_of(key), WindowSource | PeopleSource) for key in self.measures)
        return simple and not self.lists_values

    @property
    def reads_values(self) -> bool:
        """Whether the numerator's values are read one by one: for percentiles, which no sum can give."""
        return self.kind == "percentile" or self.spread

    @property
    def lists_values(self) -> bool:
        """Whether values are read one by one, for it or for what is shown beside it."""
        return self.reads_values or self.over is not None

    @property
    def listed(self) -> Term:
        """The term whose values those are."""
        return self.over.term if self.over else self.terms["numerator"]

    @property
    def overlapping(self) -> set[str]:
        """The dimensions of which a record may have several members: what they split adds up to more than the whole."""
        return {name for key in self.measures for name in source_of(key).many} | set(self.choices)

    @property
    def choices(self) -> tuple[str, ...]:
        """The dimensions of which one member counts unless others are asked for."""
        return tuple(sorted({term.choice for term in self.terms.values() if term.choice}))

    @property
    def derives(self) -> bool:
        """Whether what stands above and below the line may be made of the sums instead of being them (people, from their days)."""
        return self.calculate is not None or self.over is not None or self.estimate is not None

    @property
    def streams(self) -> set[str]:
        """The keys whose marked days change it."""
        found: set[str] = set()
        for key in self.measures:
            source = source_of(key)
            if isinstance(source, WindowSource | PeopleSource):
                found |= set(source.depends)
            else:
                found |= {stream.key for stream in source.streams()}
        return found


#: The filter that says which number a number about numbers is about, and the one it is about unless said otherwise.
METRIC, FIRST_METRIC = "metric", "won_amount"


@dataclass(frozen=True)
class Leg:
    """The records behind a part of a number about a number: those of another KPI's part over a period, or targets, or items that are in
    hand already (`drill.Item`)."""

    part: str = ""
    period: Any = None
    kpi: str = ""
    filters: Mapping[str, Any] = field(default_factory=dict)
    targets: tuple[Any, ...] = ()
    items: tuple[Any, ...] = ()


@dataclass(frozen=True)
class About(Kpi):
    """A number about another one (`metric`): how it stands to its target, how it has changed, where it goes.

    It has no measures of its own. answer(kpi, spans, asked) gives its rows, from rows of the metric that `asked` evaluates for the same
    reader; legs(kpi, period, asked) the records behind its parts. Asked without a metric it is about the first one.
    parts: names and units of the parts that can be opened; "" stands for the metric's own unit. follows: its values are in the
    metric's unit. differs: they are percents, but points where the metric is a share or a score. other: the period that it compares
    with. holds: how often, in percent, its intervals hold. own: it is always about `metric`. cut: the dimensions that it may be split by; None for all of the metric's.
    """

    answer: Any = None
    legs: Any = None
    parts: Mapping[str, tuple[Any, str]] = field(default_factory=dict)
    metric: str = FIRST_METRIC
    follows: bool = False
    own: bool = False
    cut: tuple[str, ...] | None = None
    also: tuple[str, ...] = ()
    differs: bool = False
    other: Any = None
    holds: int = 95
    is_bound: bool = False

    @property
    def base(self) -> Kpi:
        return kpis[self.metric]

    def of(self, metric: str = "") -> About:
        """The same about this metric, or about its own. KeyError for what is none."""
        base = kpis[metric if metric and not self.own else self.metric]
        if not base.may_be_aimed_at:
            raise KeyError(base.key)
        allowed = base.dimensions if self.cut is None else tuple(name for name in self.cut if name in base.dimensions)
        found = replace(self, metric=base.key, dimensions=allowed, is_bound=True)
        if self.follows:
            return replace(found, unit=base.unit, points=base.points)
        return replace(found, unit="score") if self.differs and base.unit in ("percent", "score") else found

    @property
    def name(self) -> str:
        if not self.is_bound or self.own:
            return super().name
        return _("%(name)s: %(metric)s") % {"name": super().name, "metric": self.base.name}

    @property
    def asks_whole(self) -> bool:
        return True

    @property
    def filterable(self) -> tuple[str, ...]:
        return self.dimensions if self.own else (METRIC, *self.dimensions)

    @property
    def may_be_aimed_at(self) -> bool:
        return False

    @property
    def derives(self) -> bool:
        return True

    @property
    def confidence(self) -> int:
        return self.holds

    @property
    def streams(self) -> set[str]:
        base = kpis.get(self.metric)
        return (base.streams if base else set()) | set(self.also)


AREAS = (
    "sales",
    "pipeline",
    "lead",
    "acquisition",
    "web",
    "revenue",
    "subscription",
    "productivity",
    "adoption",
    "data_quality",
    "perception",
    "service",
    "goals",
    "comparison",
    "trend",
)

kpis: Registry[Kpi] = Registry("KPI")
#: Where numbers are found that are not declared: those that people made. Each returns the number of a key, or None.
finders: list[Callable[[str], Kpi | None]] = []


def find(key: str) -> Kpi:
    """The number of this key, also one that people made. KeyError for what is none."""
    found = kpis.get(key) or next((one for finder in finders if (one := finder(key)) is not None), None)
    if found is None:
        raise KeyError(key)
    return found


def add_kpi(kpi: Kpi) -> Kpi:
    """Registers a KPI that can explain itself; anything missing raises."""
    missing = {"en", "fr", "es"} - set(kpi.names)
    counts = kpi.answer and kpi.legs and kpi.parts if isinstance(kpi, About) else "numerator" in kpi.terms
    if missing or not (kpi.definition and kpi.formula and kpi.dated and counts):
        raise RegistryError(f"KPI “{kpi.key}” lacks names, definition, formula, deciding date or terms.")
    for measure in kpi.measures:
        source_of(measure)
    if isinstance(kpi, About):
        return kpis.register(kpi.key, kpi)
    if kpi.spread and len(kpi.terms["numerator"].refs) != 1:
        raise RegistryError(f"KPI “{kpi.key}” has no one measure whose values could be spread.")
    return kpis.register(kpi.key, kpi)


def percent(terms: Mapping[str, float | int | None]) -> Parts:
    """100 x numerator / denominator; none when nothing is to be divided by (kpis.md G3)."""
    return _divided(terms, 100)


def quotient(terms: Mapping[str, float | int | None]) -> Parts:
    """numerator / denominator; none when nothing is to be divided by."""
    return _divided(terms, 1)


def per_booked(terms: Mapping[str, float | int | None]) -> Parts:
    """numerator / denominator of a cost; none, never 0, where no cost is booked ("booked" counts those that are): a team or a source
    may well have cost something that names neither."""
    found = quotient(terms)
    return found if terms["booked"] else replace(found, value=None, reason=NOT_BOOKED)


def _divided(terms: Mapping[str, float | int | None], scale: int) -> Parts:
    top, bottom = terms["numerator"], terms["denominator"]
    if top is None or bottom is None:
        return Parts(None, top, bottom, UNKNOWN)
    if bottom <= 0:
        return Parts(None, top, bottom, EMPTY)
    return Parts(scale * top / bottom, top, bottom)


def plain(terms: Mapping[str, float | int | None]) -> Parts:
    """The numerator itself; a count or sum over nothing is a true 0."""
    top = terms["numerator"]
    return Parts(top, top, None, UNKNOWN if top is None else "")


def freeze() -> None:
    """Ends registration."""
    from .sources import dimensions, sources, streams, windows

    for registry in (kpis, sources, streams, dimensions, windows):
        registry.freeze()
