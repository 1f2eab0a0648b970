"""Keeping the daily sums up to date: what changes have marked is recomputed whole, so it does not matter in which order,
how often or by whom."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from django.db import connection, transaction
from django.db.models import BigIntegerField, Case, F, QuerySet, Value, When
from django.db.models.functions import Coalesce
from django.utils import timezone

from crm import jobs
from crm.crash import crashpoint
from crm.memory import working_memory

from . import dirty, snapshots, sources, thresholds
from .models import SLOTS, DailyMeasure, DirtyDay, SourceStatus
from .sources import Stream, streams

KEYS_A_STEP = 100  # SQLite has one writer: nobody should wait long for it
DAYS_A_QUERY = 400
REBUILD_MEMORY = "256MB"  # groups all dimensions of half a million rows without sorting them on disk


def lock() -> None:
    """One refresh at a time: two would write the same days."""
    SourceStatus.objects.get_or_create(source="", defaults={"computed_at": timezone.now(), "declarations": sources.fingerprint()})
    SourceStatus.objects.select_for_update().get(source="")
    SourceStatus.objects.filter(source="").update(computed_at=timezone.now())


@transaction.atomic
def refresh_step() -> int:
    """Recomputes up to a hundred marked (source, day) pairs and returns how many; leaves a job for the rest.

    The marks are read before the records, and only those read are deleted: a change that commits meanwhile leaves its mark.
    """
    lock()
    marks: dict[tuple[str, dt.date], list[int]] = defaultdict(list)
    for pk, source, day in DirtyDay.objects.order_by("pk").values_list("pk", "source", "day")[:20_000]:
        marks[source, day].append(pk)
    chosen = sorted(marks)[:KEYS_A_STEP]
    days: dict[str, list[dt.date]] = defaultdict(list)
    for source, day in chosen:
        days[source].append(day)
    _delete_marks([pk for key in chosen for pk in marks[key]])
    thresholds.keep_up(days)
    for key, wanted in days.items():
        stream = streams.get(key)
        if stream is not None:  # a source that is gone leaves marks that nobody needs
            recompute(stream, wanted)
            crashpoint("analytics.recomputed")
    snapshots.outdate(days)
    if DirtyDay.objects.exists():
        jobs.enqueue("analytics.refresh", key="refresh")
    return len(chosen)


def _delete_marks(ids: Sequence[int]) -> None:
    for start in range(0, len(ids), 500):
        DirtyDay.objects.filter(pk__in=ids[start : start + 500]).delete()


def refresh_all_marked() -> int:
    """Recomputes everything that is marked, now; returns the number of (source, day) pairs."""
    done = 0
    while count := refresh_step():
        done += count
    return done


@transaction.atomic
def mark_since(day: dt.date) -> None:
    """Marks every day from this one on that has stored sums or records."""
    for stream in streams:
        stored = DailyMeasure.objects.filter(source=stream.key, day__gte=day).values_list("day", flat=True).distinct()
        present = (
            stream.source.rows().filter(**{f"{stream.day}__gte": day}).order_by().values_list(stream.day, flat=True).distinct()
        )
        DirtyDay.objects.bulk_create([DirtyDay(source=stream.key, day=found) for found in {*stored, *present}], batch_size=1000)


def rebuild(report: Callable[[str, int, int], None] | None = None) -> None:
    """Recomputes all daily sums from the records, one transaction per stream."""
    last = DirtyDay.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    with transaction.atomic():
        keep_thresholds()
    for number, stream in enumerate(streams, 1):
        rebuild_stream(stream)
        if report:
            report(stream.key, number, len(streams))
    DirtyDay.objects.filter(pk__lte=last).delete()


@transaction.atomic
def rebuild_stream(stream: Stream) -> None:
    lock()
    with working_memory(REBUILD_MEMORY):
        recompute(stream, None)


@transaction.atomic
def follow_declarations() -> None:
    """After an upgrade: sums that were stored under other declarations are all computed anew, and KPIs of a new version published
    again, by jobs."""
    present = sources.fingerprint()
    if SourceStatus.objects.filter(source="").exclude(declarations=present).update(declarations=present):
        dirty.mark_all()
    snapshots.outdate_versions()


def keep_thresholds() -> None:
    """Derives the bounds of all fiscal years that have closed records."""
    for name in thresholds.thresholds.keys():
        stream = streams[thresholds.thresholds[name].stream]
        first = stream.source.rows().order_by(stream.day).values_list(stream.day, flat=True).first()
        if first is not None:
            thresholds.keep_all(first)


def rebuild_step(payload: dict) -> None:
    """One stream of a full rebuild that runs as jobs; the last one publishes."""
    keys = streams.keys()
    position = payload.get("position", 0)
    if position == 0:
        keep_thresholds()
    if position < len(keys):
        rebuild_stream(streams[keys[position]])
        jobs.enqueue("analytics.rebuild", {"position": position + 1})
        return
    snapshots.outdate_all()


def recompute(stream: Stream, days: Iterable[dt.date] | None) -> None:
    """Writes the stream's sums of these days anew, or of all days: the whole, and by each dimension."""
    chunks: list[Sequence[dt.date] | None] = [None]
    if days is not None:
        wanted = sorted(days)
        chunks = [wanted[start : start + DAYS_A_QUERY] for start in range(0, len(wanted), DAYS_A_QUERY)]
    for chunk in chunks:
        stored = DailyMeasure.objects.filter(source=stream.key)
        (stored if chunk is None else stored.filter(day__in=chunk)).delete()
        _insert(stream, chunk)
    SourceStatus.objects.update_or_create(source=stream.key, defaults={"computed_at": timezone.now()})


def _insert(stream: Stream, days: Sequence[dt.date] | None) -> None:
    """One statement that reads the rows once and groups them by day and by each dimension in turn; for a dimension of which a row
    may have several members it reads them again, once per member.

    Rows of a day that agree in every dimension are added up first (q): the groupings after that have less to sort.
    """
    source = stream.source
    rows, params = flat(stream, days, source.single).query.sql_with_params()
    given: list[Any] = list(params)
    group = _by_grouping_sets if connection.vendor == "postgresql" else _by_union
    keys = ", ".join(["day_", "currency_", *(f"d{number}" for number in range(len(source.single)))])
    added = ", ".join(f"CAST(SUM(x{number}) AS bigint) AS x{number}" for number in range(len(source.measures)))
    summed = f"SELECT {keys}, {added} FROM ({rows}) r GROUP BY {keys}"  # noqa: S608
    tables = [f"q AS MATERIALIZED ({summed})"]
    if days is None and connection.vendor == "postgresql":
        _keep_aside(summed, given)
        tables, given = [], []
    selects, more = group(stream, len(source.measures))
    for number, name in enumerate(source.many):
        rows, found = flat(stream, days, [name]).query.sql_with_params()
        tables.append(f"many{number} AS ({rows})")
        select, names = _by_member(stream, name, f"many{number}")
        selects, given, more = f"{selects} UNION ALL {select}", [*given, *found], [*more, *names]
    beside = f"WITH {', '.join(tables)}" if tables else ""
    slots = ", ".join(f"v{number}" for number in range(SLOTS))
    table = DailyMeasure._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} (source, day, dimension, member, currency, {slots}) "  # noqa: S608  names are ours
            f"{beside} {selects}",
            [*given, *more],
        )


def _keep_aside(summed: str, params: Sequence[Any]) -> None:
    """PostgreSQL: the sums of all rows as a table of this transaction. It reads with several processes for that, for an INSERT it does
    not."""
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS pg_temp.q")  # in a test several streams share a transaction
        cursor.execute(f"CREATE TEMPORARY TABLE q ON COMMIT DROP AS {summed}", params)


def _sums(count: int) -> str:
    return ", ".join([f"SUM(x{number})" for number in range(count)] + ["0"] * (SLOTS - count))


def _by_union(stream: Stream, count: int) -> tuple[str, list[str]]:
    """SQLite: one GROUP BY per dimension over the rows that were read once."""
    sums = _sums(count)
    parts = [f"SELECT %s, day_, '', '', currency_, {sums} FROM q GROUP BY day_, currency_"]  # noqa: S608
    params = [stream.key]
    for number, dimension in enumerate(stream.source.single):
        member, keys = f"COALESCE(CAST(d{number} AS text), '')", f"day_, currency_, d{number}"
        parts.append(f"SELECT %s, day_, %s, {member}, currency_, {sums} FROM q GROUP BY {keys}")  # noqa: S608
        params += [stream.key, dimension]
    return " UNION ALL ".join(parts), params


def _by_grouping_sets(stream: Stream, count: int) -> tuple[str, list[str]]:
    """PostgreSQL: all groupings in one pass."""
    names = stream.source.single
    which = " ".join(f"WHEN GROUPING(d{number}) = 0 THEN %s" for number in range(len(names)))
    member = " ".join(f"WHEN GROUPING(d{number}) = 0 THEN COALESCE(CAST(d{number} AS text), '')" for number in range(len(names)))
    sets = ", ".join(["(day_, currency_)"] + [f"(day_, currency_, d{number})" for number in range(len(names))])
    select = (
        f"SELECT %s, day_, CASE {which} ELSE '' END, CASE {member} ELSE '' END, currency_, {_sums(count)} "  # noqa: S608
        f"FROM q GROUP BY GROUPING SETS ({sets})"
    )
    return select, [stream.key, *names]


def _by_member(stream: Stream, dimension: str, table: str) -> tuple[str, list[str]]:
    """One GROUP BY over rows that were multiplied by the members of a dimension; d0 is the member."""
    member, sums = "COALESCE(CAST(d0 AS text), '')", _sums(len(stream.source.measures))
    return f"SELECT %s, day_, %s, {member}, currency_, {sums} FROM {table} GROUP BY day_, currency_, d0", [  # noqa: S608
        stream.key,
        dimension,
    ]


def flat(stream: Stream, days: Sequence[dt.date] | None, dimensions: Sequence[str]) -> QuerySet:
    """The stream's rows: day, currency, their members of these dimensions d0, d1, ... and what each measure adds, x0, x1, ..."""
    source = stream.source
    rows = source.rows().order_by()
    rows = rows.filter(**{f"{stream.day}__isnull": False}) if days is None else rows.filter(**{f"{stream.day}__in": days})
    columns: dict[str, Any] = {
        "day_": F(stream.day),
        "currency_": F(source.currency) if getattr(source, "currency", "") else Value(""),
    }
    for number, lookup in enumerate(source.dimensions[name] for name in dimensions):
        # Text may be blank or missing, both mean none; ids are only ever missing.
        columns[f"d{number}"] = F(lookup) if lookup.endswith("_id") else Coalesce(F(lookup), Value(""))
    for number, measure in enumerate(source.measures):
        amount = Coalesce(measure.expression(), 0, output_field=BigIntegerField()) if measure.value is not None else Value(1)
        where = measure.condition()
        columns[f"x{number}"] = (
            Case(When(where, then=amount), default=Value(0), output_field=BigIntegerField()) if where else amount
        )
    return rows.annotate(**columns).values_list(*columns)
