"""From a number to its records: the predicates that made the sum list the rows."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.apps import apps
from django.db.models import Count, DateField, F, Func, IntegerField, Q, QuerySet, Sum, Value
from django.db.models.functions import Cast, Coalesce, Greatest, Least
from django.utils.translation import gettext as _

from crm.periods import Period

from . import targets
from .engine import Asked, Question, bound
from .registry import METRIC, About, Kpi, Leg, Ref, Term
from .scopes import Scope
from .sources import PeopleSource, StockSource, WindowSource, dimensions
from .sums import Span, condition, people_rows, period_of


@dataclass(frozen=True)
class Item:
    """One record behind a number. Without `url` it is counted but not the viewer's to open: then it has no name either."""

    label: str
    url: str | None
    when: dt.date | None
    value: float | int | None
    detail: str = ""
    currency: str = ""


@dataclass(frozen=True)
class Segment:
    """The rows of one measure; `detail` says which of several it is."""

    ref: Ref
    rows: QuerySet
    detail: str


class Drill:
    """The records of one part of a number. count and total are those of the number; rows come in pages."""

    def __init__(self, kpi: Kpi, part: str, term: Term, period: Period, question: Question) -> None:
        self.kpi, self.part, self.term, self.period, self.question = kpi, part, term, period, question

    @cached_property
    def segments(self) -> list[Segment]:
        found = []
        several = len(self.term.refs) > 1
        for ref in self.term.refs:
            cut = self.question.cut(ref, self.term)
            span = self.question.span(self.term, ref, self.period) if self.part != "pending" else self._pending_span(ref)
            if cut is None or span is None or isinstance(ref.source, PeopleSource):
                continue
            measure = ref.source.measure(ref.measure)
            rows = (
                rows_of(ref.source, span, mean=self.term.mean)
                .filter(measure.condition())
                .filter(condition(ref.source, cut.filters))
            )
            if measure.priced:
                rows = self._priced(rows, ref.source.currency, ref.source.rates_of(self.period, self.question.today))  # type: ignore[union-attr]
            if self.term.mean and isinstance(ref.source, StockSource):
                rows = rows.annotate(summed=readings(ref.source, span))
            elif measure.value is not None:
                rows = rows.annotate(summed=measure.expression()).filter(summed__isnull=False)  # the others add nothing
            found.append(Segment(ref, rows, _detail(ref) if several else ""))
        return found

    def _priced(self, rows: QuerySet, currency: str, as_of: dt.date) -> QuerySet:
        """The rows in a currency that has a rate on the day the stock is read for."""
        found = set(rows.order_by().values_list(currency, flat=True).distinct())
        return rows.filter(**{f"{currency}__in": [name for name in found if self.question.rates.rate(name, as_of)]})

    def _pending_span(self, ref: Ref) -> Span | None:
        start = max(self.period.start, self.question.matured(self.term, ref))
        return (start, self.period.end) if start < self.period.end else None

    @cached_property
    def people(self) -> list[tuple[int, int]]:
        """(user, amount) for parts that are days of working life."""
        found: dict[int, int] = defaultdict(int)
        for ref in self.term.refs:
            cut, span = self.question.cut(ref, self.term), self.question.span(self.term, ref, self.period)
            if isinstance(ref.source, PeopleSource) and cut is not None and span is not None:
                for user, _members, amounts in people_rows(ref.source, [span], cut)[0]:
                    found[user] += amounts.get(ref.measure, 0)
        return [(user, amount) for user, amount in found.items() if amount]

    @cached_property
    def counts(self) -> list[int]:
        return [count for count, _total in self._summaries]

    @cached_property
    def _summaries(self) -> list[tuple[int, int]]:
        """Each segment's count, and the sum of its values where it has any in the base currency; in one query, because the rows of
        a year are many."""
        found = []
        for segment in self.segments:
            sums = {"total": Sum("summed")} if "summed" in segment.rows.query.annotations else {}
            values = segment.rows.order_by().aggregate(n=Count("pk"), **sums)
            found.append((values["n"], values.get("total") or 0))
        return found

    @cached_property
    def count(self) -> int:
        """How many rows there are."""
        return sum(self.counts) + len(self.people)

    @cached_property
    def is_sum(self) -> bool:
        """Whether the part is a sum of values; else it is a count. The values of a mean are the days on which a record was there."""
        return (
            bool(self.people)
            or self.term.mean
            or any(ref.source.measure(ref.measure).value is not None for ref in self.term.refs)
        )

    @cached_property
    def total(self) -> float | int | None:
        """The sum of the rows' values, in the unit of the part: converted and scaled as the number is; None for counts."""
        if not self.is_sum:
            return None
        amount: float | int = sum(value for _user, value in self.people)
        for segment, (_count, total) in zip(self.segments, self._summaries, strict=True):
            currency = getattr(segment.ref.source, "currency", "")
            amount += self._converted(segment, currency) if currency else total
        per = self.days if self.term.mean else self.term.per
        return amount / per if per != 1 else amount

    @property
    def days(self) -> int:
        """The days of the period up to today, at least one."""
        return max((min(self.period.end, self.question.today + dt.timedelta(days=1)) - self.period.start).days, 1)

    def _converted(self, segment: Segment, currency: str) -> int:
        """The sum in the base currency, at the day that the stock is read for."""
        as_of = segment.ref.source.rates_of(self.period, self.question.today)
        sums = segment.rows.order_by().annotate(currency_=F(currency)).values("currency_").annotate(total=Sum("summed"))
        return sum(self.question.rates.convert(row["total"], row["currency_"], as_of) or 0 for row in sums)

    def visible(self, user: Any) -> int:
        """How many of the rows the user may open."""
        found = 0
        for segment, count in zip(self.segments, self.counts, strict=True):
            label, lookup = segment.ref.source.subject
            openable = _openable(label, user)
            if openable.query.where:
                found += segment.rows.filter(**{f"{lookup}__in": openable.values("pk")}).count()
            else:  # whoever may open all records need not be asked about each
                found += count
        if self.people:
            found += _openable("crm.user", user).filter(pk__in=[pk for pk, _amount in self.people]).count()
        return found

    def page(self, user: Any, offset: int = 0, limit: int = 50) -> list[Item]:
        """The rows from `offset` on, latest first within each measure."""
        items: list[Item] = []
        for segment, count in zip(self.segments, self.counts, strict=True):
            if offset >= count:
                offset -= count
                continue
            items += _items(segment, user, offset, limit - len(items))
            offset = 0
            if len(items) >= limit:
                return items
        for pk, amount in self.people[offset : offset + limit - len(items)]:
            person = _openable("crm.user", user).filter(pk=pk).first()
            items.append(Item(str(person) if person else _("Not visible to you"), None, None, amount))
        return items


def rows_of(source: Any, span: Span, *, mean: bool = False) -> QuerySet:
    """The source's rows of a span: dated in it, holding on its end (mean: on the end of one of its days), or decided by it."""
    if isinstance(source, WindowSource):
        return source.rows(period_of(span))
    if mean:
        return source.during(period_of(span))
    if isinstance(source, StockSource):
        return source.at(span[1])
    return source.rows().filter(**{f"{source.day}__gte": span[0], f"{source.day}__lt": span[1]})


class _Days(Func):
    """The days from one date to another."""

    arity = 2
    template = "(%(expressions)s)"
    arg_joiner = " - "
    output_field = IntegerField()

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        return self.as_sql(
            compiler,
            connection,
            template="CAST(ROUND(julianday(%(expressions)s)) AS integer)",
            arg_joiner=") - julianday(",
            **context,
        )


def readings(source: StockSource, span: Span) -> Any:
    """On the ends of how many of the span's days a row was there."""
    first, end = (Cast(Value(day), DateField()) for day in (span[0], span[1]))
    last = Least(Coalesce(F(source.end), end), end) if source.end else end
    return _Days(last, Greatest(F(source.start), first))


def _detail(ref: Ref) -> str:
    for name, member in ref.tags.items():
        dimension = dimensions.get(name)
        if dimension is not None and name != "entity_type":
            return dimension.labels([member]).get(member, member)
    return ""


def _openable(label: str, user: Any) -> QuerySet:
    """The records of a model that the user may open."""
    manager = apps.get_model(label)._default_manager
    if hasattr(manager, "visible_to"):
        return manager.visible_to(user)
    scope = Scope.of(user)
    if scope.kind == "all":
        return manager.all()
    return manager.filter(Q(pk=user.pk) | Q(team_id__in=[int(pk) for pk in scope.members] if scope.kind == "team" else []))


def _named(records: QuerySet) -> QuerySet:
    """With what a record's name is made of."""
    return records.for_list() if hasattr(records, "for_list") else records


def _items(segment: Segment, user: Any, offset: int, limit: int) -> list[Item]:
    source: Any = segment.ref.source
    label, lookup = source.subject
    names = [lookup, source.day]
    has_value = "summed" in segment.rows.query.annotations
    names += ["summed"] if has_value else []
    currency = source.currency if has_value and isinstance(source, StockSource | WindowSource) else ""
    names += [currency] if currency else []
    # Only a window's rows may have no day; the others are read along the index of theirs, which has its own order of nulls.
    latest = F(source.day).desc(nulls_last=True if isinstance(source, WindowSource) else None)
    rows = list(segment.rows.order_by(latest, "-pk").values_list(*names)[offset : offset + limit])
    known = {record.pk: record for record in _named(_openable(label, user)).filter(pk__in=[row[0] for row in rows])}
    items = []
    for pk, when, *rest in rows:
        record = known.get(pk)
        url = record.get_absolute_url() if record is not None and hasattr(record, "get_absolute_url") else None
        items.append(
            Item(
                label=str(record) if record is not None else _("Not visible to you"),
                url=url,
                when=when,
                value=rest[0] if has_value else None,
                detail=segment.detail,
                currency=rest[1] if currency else "",
            )
        )
    return items


def parts_of(kpi: Kpi) -> dict[str, Term]:
    """The parts of a KPI that can be opened; "n" where it rests on other records than those it is divided from."""
    if isinstance(kpi, About):
        return {name: Term(()) for name in kpi.parts}
    found = {name: kpi.terms[name] for name in ("numerator", "denominator", "n") if name in kpi.terms}
    if "n" in found and found["n"] in (found["numerator"], found.get("denominator")):
        del found["n"]
    bottom = kpi.terms.get("denominator")
    if bottom is not None and bottom.matures:
        found["pending"] = bottom
    for _text, ref in kpi.excluded:
        found[f"left_out:{ref.measure}"] = Term((ref,), ignores=kpi.choices)
    return found


def parts_for(kpi: Kpi, scope: Scope) -> dict[str, Term]:
    """The parts that can be opened for these eyes: those that can be cut down to what they may aggregate."""
    return {
        name: term
        for name, term in parts_of(kpi).items()
        if all(scope.dimension(ref.source.dimensions) is not None for ref in term.refs)
    }


def drill(key: str, period: Period, *, scope: Scope, filters: Mapping[str, Any] | None = None, part: str = "numerator") -> Drill:
    """The records of one part of a KPI. Unknown keys and parts raise KeyError, a cut that the KPI does not have LookupError."""
    filters = dict(filters or {})
    kpi = bound([key], str(filters.pop(METRIC, "")))[0]
    term = parts_of(kpi)[part]
    question = Question(scope, filters, None, True)
    if isinstance(kpi, About):
        return _of_leg(kpi, part, period, question)
    found = Drill(kpi, part, term, period, question)
    for ref in term.refs:
        question.cut(ref, term)
    return found


def _of_leg(kpi: About, part: str, period: Period, question: Question) -> Drill:
    """The records of the number that a part comes from, under the names of the part."""
    leg: Leg | None = kpi.legs(kpi, period, Asked(question)).get(part)
    if leg is not None and leg.items:
        return ItemDrill(kpi, part, leg, period, question)
    if leg is None or not leg.kpi:
        return TargetDrill(kpi, part, leg.targets if leg else (), period, question)
    found = drill(leg.kpi, leg.period, scope=question.scope, filters={**question.filters, **leg.filters}, part=leg.part)
    found.kpi, found.part = kpi, part
    return found


class TargetDrill(Drill):
    """The targets behind a part: few, and in hand already."""

    def __init__(self, kpi: Kpi, part: str, targets: Sequence[Any], period: Period, question: Question) -> None:
        super().__init__(kpi, part, Term(()), period, question)
        self.targets = sorted(targets, key=lambda target: (target.start, target.pk), reverse=True)

    @property
    def count(self) -> int:  # type: ignore[override]
        return len(self.targets)

    @property
    def is_sum(self) -> bool:  # type: ignore[override]
        return True

    @property
    def total(self) -> float | int | None:  # type: ignore[override]
        return targets.value_of(self.targets) or 0

    def visible(self, user: Any) -> int:
        return len(self._openable(user))

    def _openable(self, user: Any) -> dict[int, Any]:
        return {row.pk: row for row in _openable("analytics.target", user).filter(pk__in=[one.pk for one in self.targets])}

    def page(self, user: Any, offset: int = 0, limit: int = 50) -> list[Item]:
        known = self._openable(user)
        return [
            Item(
                label=str(target) if target.pk in known else _("Not visible to you"),
                url=target.get_absolute_url() if target.pk in known else None,
                when=target.start,
                value=targets.number(target.value),
                currency=target.currency,
            )
            for target in self.targets[offset : offset + limit]
        ]


class ItemDrill(Drill):
    """What a part is made of where it is no record of a source: periods, people. Few, and in hand already."""

    def __init__(self, kpi: Kpi, part: str, leg: Leg, period: Period, question: Question) -> None:
        super().__init__(kpi, part, Term(()), period, question)
        self.items: list[Item] = sorted(leg.items, key=lambda item: (item.when, item.label), reverse=True)

    @property
    def count(self) -> int:  # type: ignore[override]
        return len(self.items)

    @property
    def is_sum(self) -> bool:  # type: ignore[override]
        return any(item.value is not None for item in self.items)

    @property
    def total(self) -> float | int | None:  # type: ignore[override]
        return sum(item.value or 0 for item in self.items) if self.is_sum else None

    def visible(self, user: Any) -> int:
        return self.count

    def page(self, user: Any, offset: int = 0, limit: int = 50) -> list[Item]:
        return self.items[offset : offset + limit]
