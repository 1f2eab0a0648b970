"""What was published: values of named periods, kept with their parts. Only the worker writes here.

KPIs that daily sums cannot give (medians, distinct sets, overlaps) are read from here by pages; all others are kept so that what
a closed period showed stays on record. A closed value never changes in place: what differs later is written beside it.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from django.db import transaction
from django.db.models import Max, Q, QuerySet
from django.utils import timezone

from crm import jobs, periods
from crm.crash import crashpoint
from crm.memory import working_memory
from crm.models import Event
from crm.periods import Period

from .engine import Question, Row, Scope, evaluate, nothing
from .models import DailyMeasure, KpiSnapshot, SourceStatus
from .registry import About, Kpi, kpis
from .sources import PeopleSource, StockSource, WindowSource, source_of
from .sums import Together

GRAINS = ("month", "quarter", "year")
#: How many past units are split by owner and team, for the cards of reps and managers.
SPLIT_UNITS = {"month": 13, "quarter": 5, "year": 2}
PERIODS_A_STEP = 20  # the sources are read once for all of them
MEMORY = "64MB"  # groups what a year's windows hold without sorting it on disk
SPREAD = ("mean", "median", "p90")
SPLITS = ("owner", "team", "user")  # the dimensions by which slow KPIs are published


# --- reading ---------------------------------------------------------------------------------------------------------


def published(wanted: Sequence[Kpi], spans: Sequence[Period], question: Question) -> dict[tuple, list[Row]]:
    """The rows that snapshots hold for this question: for everyone, one owner or one team, or everyone's split by owner, team or user.

    An owner or team without a row has nothing that counts, where rows were published for those that have.
    """
    scope = question.scope
    if question.by and (question.by not in SPLITS or scope.kind != "all") or len(scope.members) > 1:
        return {}
    places = {(period.start, period.end): period for period in spans}
    held: dict[tuple[str, Period], dict[tuple[str, str], KpiSnapshot]] = defaultdict(dict)
    for snapshot in _holding(wanted, list(places), question):
        period = places.get((snapshot.start, snapshot.end))
        if period is not None and snapshot.version == kpis[snapshot.kpi].version:
            held[snapshot.kpi, period][snapshot.dimension, snapshot.member] = snapshot
    found: dict[tuple, list[Row]] = {}
    for (key, period), present in held.items():
        rows = _answer(kpis[key], period, present, question)
        if rows is not None:
            found[key, period.start, period.end] = rows
    return found


def _holding(wanted: Sequence[Kpi], places: Sequence[tuple[dt.date, dt.date]], question: Question) -> QuerySet[KpiSnapshot]:
    """The snapshots of these KPIs and periods that hold today: the wholes, and those of the members asked about."""
    members = Q(dimension="")
    if question.by:
        members |= Q(dimension=question.by)
    elif question.scope.members:
        members |= Q(dimension__in=SPLITS, member__in=question.scope.members)
    return KpiSnapshot.objects.filter(
        Q(status=KpiSnapshot.Status.FINAL) | Q(as_of=question.today),
        members,
        kpi__in=[kpi.key for kpi in wanted],
        start__in={start for start, _end in places},
        end__in={end for _start, end in places},
        current=True,
        stale=False,
    )


def _answer(kpi: Kpi, period: Period, present: Mapping[tuple[str, str], KpiSnapshot], question: Question) -> list[Row] | None:
    """The rows of one KPI and period among what is present; None when that does not answer the question."""
    whole = present.get(("", ""))
    dimension = question.by or question.scope.dimension(dict.fromkeys(kpi.dimensions))
    if whole is None or dimension is None:
        return None
    if not dimension:
        return [_row(whole, period)]
    if not whole.split or not splits(kpi, dimension):
        return None
    if question.by:
        return [_row(present[place], period) for place in sorted(present) if place[0] == dimension]
    [member] = question.scope.members
    mine = present.get((dimension, member))
    return [replace(_row(mine, period), dimension="", member="")] if mine else [nothing(kpi, period, question)]


def _row(snapshot: KpiSnapshot, period: Period) -> Row:
    kpi = kpis[snapshot.kpi]
    texts = {ref.measure: text for text, ref in kpi.excluded}
    return Row(
        kpi,
        period,
        snapshot.dimension,
        snapshot.member,
        value=snapshot.value,
        parts=snapshot.extra.get("parts", {}),
        numerator=snapshot.numerator,
        denominator=snapshot.denominator,
        n=snapshot.n,
        low=snapshot.low,
        high=snapshot.high,
        **{name: snapshot.extra.get(name) for name in SPREAD},
        reason=snapshot.reason,
        pending=snapshot.pending,
        left_out=[(texts[measure], count, measure) for measure, count in snapshot.extra.get("left_out", []) if measure in texts],
        unconverted=snapshot.extra.get("unconverted", 0),
        computed_at=snapshot.computed_at,
    )


# --- outdating -------------------------------------------------------------------------------------------------------


def outdate(days: Mapping[str, Iterable[dt.date]]) -> None:
    """Marks the snapshots that recomputed days may change, and has them published again by a job."""
    for kpi in kpis:
        touched = Q(pk__in=[])
        for stream in kpi.streams & set(days):
            touched |= _reach(kpi, days[stream])
        KpiSnapshot.objects.filter(touched, kpi=kpi.key, current=True, stale=False).update(stale=True)
    if days:
        jobs.enqueue("analytics.publish", key="publish")


def _reach(kpi: Kpi, days: Iterable[dt.date]) -> Q:
    """Periods that hold one of the days; for what depends on the past, all that end after the first."""
    days = list(days)
    looks_back = isinstance(kpi, About) or any(
        isinstance(source_of(key), StockSource | WindowSource | PeopleSource) for key in kpi.measures
    )
    if looks_back or any(term.trailing for term in kpi.terms.values()):
        return Q(end__gt=min(days))
    months = {day.replace(day=1) for day in days}
    found = Q(pk__in=[])
    for first in sorted(months)[:60]:
        found |= Q(start__lte=first + dt.timedelta(days=31), end__gt=first)
    return found if len(months) <= 60 else Q()


def outdate_versions() -> None:
    """After an upgrade that raised the version of KPIs: has them published again, and the numbers about them."""
    published = KpiSnapshot.objects.filter(current=True, stale=False).order_by().values_list("kpi", "version").distinct()
    raised = {key for key, version in published if (kpi := kpis.get(key)) is not None and version < kpi.version}
    if raised:
        about = [kpi.key for kpi in kpis if isinstance(kpi, About) and kpi.metric in raised]
        KpiSnapshot.objects.filter(kpi__in=[*raised, *about], current=True).update(stale=True)
        jobs.enqueue("analytics.publish", key="publish")


def outdate_all() -> None:
    """Has everything published again."""
    KpiSnapshot.objects.filter(current=True).update(stale=True)
    jobs.enqueue("analytics.publish", key="publish")


# --- publishing ------------------------------------------------------------------------------------------------------


def standard_periods(today: dt.date) -> dict[Period, bool]:
    """The months, quarters and years since the first record, and for the running ones the like-for-like spans that cards compare
    with; each with whether it is split by owner and team."""
    first = DailyMeasure.objects.order_by("day").values_list("day", flat=True).first()
    if first is None:
        return {}
    first = max(first, today.replace(year=today.year - 12, day=1))
    found: dict[Period, bool] = {}
    for grain in GRAINS:
        recent = set(periods.last(SPLIT_UNITS[grain], grain, today))
        for unit in periods.units(first, today + dt.timedelta(days=1), grain):
            found[unit] = unit in recent
        running = periods.containing(today, grain)
        so_far = running.clipped(today)
        found[so_far] = True
        for other in (running.previous(), running.year_before()):
            found[so_far.like_for_like(other)] = True
    return _once(found)


def _once(found: Mapping[Period, bool]) -> dict[Period, bool]:
    """The same days once: on the 31st the like-for-like span of a shorter month is that whole month."""
    named: dict[tuple[dt.date, dt.date], Period] = {}
    for period in sorted(found, key=lambda period: not period.grain):
        named.setdefault((period.start, period.end), period)
    split = {(period.start, period.end) for period, is_split in found.items() if is_split}
    return {period: days in split for days, period in named.items()}


def publish_step() -> int:
    """Publishes what is missing, outdated or from another day in a few periods; leaves a job for the rest and returns how many
    periods there are.

    Computing takes seconds and holds no lock; each period is written in one short transaction. When a refresh came in between,
    what was computed is written as outdated and published again.
    """
    today = periods.today()
    wanted = standard_periods(today)
    todo = _due(wanted, today)
    chosen = sorted(todo, reverse=True)[:PERIODS_A_STEP]
    before = refreshed_at()
    with working_memory(MEMORY):
        rows, watermark = compute({period: todo[period] for period in chosen}, {period for period in chosen if wanted[period]})
    left = len(todo) - len(chosen)
    for period, found in rows.items():
        with transaction.atomic():
            overtaken = refreshed_at() != before
            _write(found, period, todo[period], watermark, stale=overtaken, split=wanted[period])
            crashpoint("analytics.published")
        left += overtaken
    others = KpiSnapshot.objects.filter(current=True, stale=True).exclude(start__in=[period.start for period in wanted])
    others.filter(status=KpiSnapshot.Status.PROVISIONAL).delete()
    if left:
        jobs.enqueue("analytics.publish", key="publish")
    return left


def refreshed_at() -> dt.datetime | None:
    """When daily sums were last written; inside a transaction nobody else writes them until it ends."""
    row = SourceStatus.objects.filter(source="")
    if transaction.get_connection().in_atomic_block:
        row = row.select_for_update()
    return row.values_list("computed_at", flat=True).first()


def _due(wanted: Iterable[Period], today: dt.date) -> dict[Period, frozenset[str]]:
    """The periods in which something is missing or does not hold today, each with the keys of those KPIs."""
    rows = KpiSnapshot.objects.filter(current=True).order_by()
    held = set(rows.filter(stale=False, dimension="").values_list("start", "end", "kpi"))
    outdated = Q(stale=True) | Q(status=KpiSnapshot.Status.PROVISIONAL) & ~Q(as_of=today)
    held -= set(rows.filter(outdated).values_list("start", "end", "kpi").distinct())
    found = {period: frozenset(key for key in kpis.keys() if (period.start, period.end, key) not in held) for period in wanted}
    return {period: keys for period, keys in found.items() if keys}


def splits(kpi: Kpi, dimension: str) -> bool:
    """Whether the KPI is published by each member of the dimension: those that daily sums cannot give, when the members' parts say all
    of a member's number. A term that ignores the dimension stands above or below each member, even one without records."""
    whole = any(dimension in term.ignores for term in kpi.terms.values())
    return not kpi.is_daily and dimension in kpi.dimensions and not whole


def compute(due: Mapping[Period, frozenset[str]], split: Collection[Period]) -> tuple[dict[Period, list[Row]], int]:
    """The KPIs due in these periods, in those of `split` the slow ones also by owner, team and user; and the last event before."""
    watermark = Event.objects.aggregate(last=Max("pk"))["last"] or 0
    together = Together(SPLITS, list(due))
    alike: dict[frozenset[str], list[Period]] = {}
    for period, keys in due.items():
        alike.setdefault(keys, []).append(period)
    rows: list[Row] = []
    for keys, spans in alike.items():
        rows += _evaluated(keys, spans, None, together)
        for dimension in SPLITS:
            slow = [key for key in keys if splits(kpis[key], dimension)]
            rows += _evaluated(slow, [period for period in spans if period in split], dimension, together)
    by_period: dict[Period, list[Row]] = {}
    for row in rows:
        by_period.setdefault(row.period, []).append(row)
    return by_period, watermark


def _evaluated(keys: Collection[str], spans: Sequence[Period], by: str | None, together: Together) -> list[Row]:
    if not keys or not spans:
        return []
    return evaluate(sorted(keys), spans, scope=Scope.everything(), by=by, use_published=False, together=together)


def _write(rows: Sequence[Row], period: Period, keys: Collection[str], watermark: int, *, stale: bool, split: bool) -> None:
    """Keeps the rows of these KPIs in one period: final values that stand are confirmed, final ones that differ get an adjustment
    beside them, provisional ones are replaced."""
    today = periods.today()
    present = {
        (row.kpi, row.dimension, row.member): row
        for row in KpiSnapshot.objects.filter(kpi__in=keys, start=period.start, end=period.end, current=True)
    }
    new, confirmed, replaced = [], [], []
    for row in rows:
        snapshot = _snapshot(row, period, today, watermark)
        snapshot.stale, snapshot.split = stale, split
        old = present.pop((row.kpi.key, row.dimension, row.member), None)
        if old is not None and old.status == KpiSnapshot.Status.FINAL:
            if _parts(old) == _parts(snapshot) and old.extra == snapshot.extra:
                confirmed.append(old.pk)
                continue
            snapshot.adjusts = old
        elif old is not None:
            snapshot.adjusts_id = old.adjusts_id
            replaced.append(old.pk)
        new.append(snapshot)
    KpiSnapshot.objects.filter(pk__in=confirmed).update(stale=stale, split=split, as_of=today)
    KpiSnapshot.objects.filter(pk__in=replaced).delete()
    adjusted = [snapshot.adjusts_id for snapshot in new if snapshot.adjusts_id]
    gone = [old.pk for old in present.values()]
    KpiSnapshot.objects.filter(pk__in=[*adjusted, *gone], current=True).update(current=False)
    KpiSnapshot.objects.bulk_create(new, batch_size=200)


def _parts(snapshot: KpiSnapshot) -> tuple[Any, ...]:
    return snapshot.version, snapshot.value, snapshot.numerator, snapshot.denominator, snapshot.n


def _snapshot(row: Row, period: Period, today: dt.date, watermark: int) -> KpiSnapshot:
    final = period.end <= today and not row.pending
    extra: dict[str, Any] = {"parts": row.parts, "left_out": [[measure, count] for _text, count, measure in row.left_out]}
    extra |= {name: value for name in SPREAD if (value := getattr(row, name)) is not None}
    if row.unconverted:
        extra["unconverted"] = row.unconverted
    return KpiSnapshot(
        kpi=row.kpi.key,
        version=row.kpi.version,
        start=period.start,
        end=period.end,
        grain=period.grain,
        dimension=row.dimension,
        member=row.member,
        value=row.value,
        numerator=row.numerator,
        denominator=row.denominator,
        n=row.n,
        low=row.low,
        high=row.high,
        pending=row.pending,
        reason=row.reason,
        status=KpiSnapshot.Status.FINAL if final else KpiSnapshot.Status.PROVISIONAL,
        as_of=today,
        watermark=watermark,
        computed_at=timezone.now(),
        extra=extra,
    )
