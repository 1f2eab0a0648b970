"""The check of the stored numbers: everything is computed again from the records by another road, and compared.

It shares nothing with the engine but the names of what it compares: plain SQL over base tables instead of querysets, local days
worked out from instants instead of stored days, rates and formulas written a second time. A mistake in a measure, a mark that was
forgotten or a derived row that was not derived again shows as a difference. It changes nothing but its own list of differences.
"""

from __future__ import annotations

import datetime as dt
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.db import connection, transaction
from django.utils import timezone

from crm.models import Job, JobState
from crm.money import exponent
from crm.registry import Registry

from .models import Difference, DirtyDay, SourceStatus
from .sources import streams

PAGE = 2_000
KEPT_A_RUN = 5_000
KEPT_FOR = dt.timedelta(days=90)
LAST_RUN = "(check)"  # SourceStatus: when the check last ran through
#: Jobs that derive rows anew: while one of them waits, records and numbers may rightly differ.
DERIVING = (
    "analytics.rebuild",
    "deals.attribute",
    "deals.convert",
    "deals.derive",
    "deals.convert_orders",
    "deals.derive_orders",
    "deals.derive_growth",
    "deals.derive_spells",
    "deals.derive_subscriptions",
    "contacts.derive_leads",
    "contacts.derive_days",
    "marketing.convert",
    "marketing.derive_days",
    "surveys.derive_days",
    "support.derive",
)

Place = tuple[str, dt.date, str, str]  # dimension, day, member, currency


@dataclass(frozen=True)
class Found:
    """One difference: what, how it is stored, what the records say."""

    what: str
    stored: str
    recomputed: str


@dataclass
class Report:
    """What a run found. waiting: (stream, days) that are marked for the refresh and were not compared; jobs: deriving jobs that
    wait, because of which nothing was compared."""

    found: list[Found] = field(default_factory=list)
    waiting: dict[str, int] = field(default_factory=dict)
    jobs: list[str] = field(default_factory=list)
    compared: int = 0


def text(value: Any) -> str:
    """A dimension's member: text, "" for none."""
    return "" if value is None else str(value)


def is_filled(value: str | None) -> bool:
    """Whether a text says something; blanks and what people type to get past a required field do not (kpis.md 140)."""
    return (value or "").strip().casefold() not in {"", "-", "–", ".", "?", "n/a", "none", "unknown", "xxx"}


class Recount:
    """One recomputation: the settings it is made under, readers of base tables, and what has been counted so far."""

    def __init__(self) -> None:
        self.settings = next(self.dicts("SELECT * FROM crm_organisation WHERE id = 1"))
        self.zone = ZoneInfo(self.settings["time_zone"])
        self.base: str = self.settings["base_currency"]
        self.now = timezone.now()
        self.today = self.now.astimezone(self.zone).date()
        self.rates: dict[str, list[tuple[dt.date, Decimal]]] = defaultdict(list)
        for currency, date, rate in self.rows("SELECT currency, date, rate FROM crm_exchangerate ORDER BY currency, date"):
            self.rates[currency].append((self.date(date), Decimal(str(rate))))  # type: ignore[arg-type]
        self.measures: dict[str, tuple[str, ...]] = {}
        self.sums: dict[str, dict[Place, list[int]]] = {}
        self._members: dict[str, dict[tuple[str, str], list[tuple[dt.date, str, list[int]]]]] = {}
        self.values: dict[str, list[tuple[dt.date, int, str, str]]] = defaultdict(list)  # durations: day, seconds, owner, team
        self.notes: dict[str, Any] = {}  # what one app's check leaves for formulas: whatever it needs
        self.users_seen: dict[int, list[tuple[dt.date, str, str]]] = {}
        self.spans: list[tuple[int, Any, Any, str, str, int]] = []
        self.found: list[Found] = []
        self.compared = 0
        self.waiting: dict[str, set[dt.date]] = defaultdict(set)
        for source, day in DirtyDay.objects.values_list("source", "day"):
            self.waiting[source].add(day)

    # --- reading -----------------------------------------------------------------------------------------------------

    def rows(self, sql: str, params: Sequence[Any] = ()) -> Iterator[tuple]:
        """The rows of a SELECT, a page at a time."""
        with connection.cursor() as cursor:
            cursor.execute(sql, params)
            while page := cursor.fetchmany(PAGE):
                yield from page

    def dicts(self, sql: str, params: Sequence[Any] = ()) -> Iterator[dict[str, Any]]:
        """The rows of a SELECT by column name."""
        with connection.cursor() as cursor:
            cursor.execute(sql, params)
            names = [column[0] for column in cursor.description]
            while page := cursor.fetchmany(PAGE):
                yield from (dict(zip(names, row, strict=True)) for row in page)

    @staticmethod
    def instant(value: Any) -> dt.datetime | None:
        """A stored instant; SQLite gives text in UTC."""
        if isinstance(value, str):
            value = dt.datetime.fromisoformat(value)
        return value.replace(tzinfo=dt.UTC) if value is not None and value.tzinfo is None else value

    @staticmethod
    def date(value: Any) -> dt.date | None:
        return dt.date.fromisoformat(value) if isinstance(value, str) else value

    def day(self, instant: dt.datetime) -> dt.date:
        """The local day of an instant."""
        return instant.astimezone(self.zone).date()

    def converted(self, minor: int | None, currency: str, day: dt.date) -> int | None:
        """Minor units of the base currency at the rate of that day; None without value or rate."""
        if minor is None or currency == self.base:
            return minor
        dated = self.rates.get(currency, [])
        place = bisect_right(dated, day, key=lambda row: row[0])
        if not place:
            return None
        major = Decimal(minor).scaleb(-exponent(currency)) * dated[place - 1][1]
        return int(major.scaleb(exponent(self.base)).quantize(Decimal(1), rounding=ROUND_HALF_EVEN))

    def fiscal_year(self, day: dt.date) -> dt.date:
        """The first day of the fiscal year that holds a day."""
        first = self.settings["fiscal_year_start"]
        return dt.date(day.year if day.month >= first else day.year - 1, first, 1)

    # --- counting ----------------------------------------------------------------------------------------------------

    def stream(self, key: str, *measures: str) -> None:
        """Announces a stream and its measures, in any order."""
        self.measures[key] = measures
        self.sums[key] = defaultdict(lambda: [0] * len(measures))

    def add(
        self,
        key: str,
        day: dt.date | None,
        members: Mapping[str, str | Collection[str]],
        values: Sequence[int],
        currency: str = "",
    ) -> None:
        """Counts one row: in the whole and under its member, or each of its members, of each dimension."""
        if day is None:
            return
        sums = self.sums[key]
        for dimension, found in (("", ""), *members.items()):
            for member in (found,) if isinstance(found, str) else found or ("",):
                place = sums[dimension, day, member, currency]
                for number, value in enumerate(values):
                    if value:
                        place[number] += value

    def days_of(self, key: str, dimension: str, member: str) -> list[tuple[dt.date, str, list[int]]]:
        """What was counted of one member: (day, currency, sums). To be asked when the stream has been counted."""
        if key not in self._members:
            members: dict[tuple[str, str], list[tuple[dt.date, str, list[int]]]] = defaultdict(list)
            for (name, day, who, currency), values in self.sums[key].items():
                members[name, who].append((day, currency, values))
            self._members[key] = members
        return self._members[key].get((dimension, member), [])

    def total(self, key: str, measure: str, start: dt.date | None, end: dt.date, dimension: str = "", member: str = "") -> int:
        """The sum over days of [start, end), all currencies."""
        number = self.measures[key].index(measure)
        rows = self.days_of(key, dimension, member)
        return sum(values[number] for day, _currency, values in rows if day < end and (start is None or day >= start))

    def by_currency(self, key: str, measure: str, end: dt.date) -> dict[str, int]:
        """The sum of the whole before `end`, by currency."""
        number = self.measures[key].index(measure)
        found: dict[str, int] = defaultdict(int)
        for day, currency, values in self.days_of(key, "", ""):
            if day < end:
                found[currency] += values[number]
        return found

    # --- comparing ---------------------------------------------------------------------------------------------------

    def differ(self, what: str, stored: Any, recomputed: Any) -> None:
        self.found.append(Found(what[:200], str(stored)[:80], str(recomputed)[:80]))

    def expect(self, what: str, stored: Any, recomputed: Any) -> None:
        """Compares two values; numbers to a billionth part."""
        self.compared += 1
        if stored == recomputed:
            return
        if isinstance(stored, int | float) and isinstance(recomputed, int | float):
            if abs(stored - recomputed) <= 1e-9 * max(abs(stored), abs(recomputed)):
                return
        self.differ(what, stored, recomputed)

    def compare(self, key: str, only_adds_up: Sequence[str] = ()) -> None:
        """Compares the stored days of a stream with what was counted. Dimensions in `only_adds_up` cannot be known from base
        records (owners of leads in the past): their members must add up to the whole."""
        source = streams[key].source
        columns = [source.slot(measure) for measure in self.measures[key]]
        expected = dict(self.sums[key])
        adding: dict[Place, list[int]] = defaultdict(lambda: [0] * len(columns))
        sql = f"SELECT dimension, day, member, currency, {', '.join(columns)} FROM analytics_dailymeasure WHERE source = %s"  # noqa: S608
        for dimension, raw, member, currency, *values in self.rows(sql, [key]):
            day = self.date(raw)
            assert day is not None
            if dimension in only_adds_up:
                place = adding[dimension, day, "", currency]
                for number, value in enumerate(values):
                    place[number] += value
                continue
            self._compare_values(
                key, (dimension, day, member, currency), values, expected.pop((dimension, day, member, currency), None)
            )
        for where, wanted in expected.items():
            if where[0] == "" and only_adds_up:
                continue
            self._compare_values(key, where, None, wanted)
        for (dimension, day, _member, currency), values in adding.items():
            self._compare_values(key, (dimension, day, "(all)", currency), values, self.sums[key].get(("", day, "", currency)))
        self._compare_whole_is_added(key, only_adds_up, expected, adding)

    def _compare_whole_is_added(
        self, key: str, names: Sequence[str], missing: Mapping[Place, list[int]], adding: Mapping[Place, Any]
    ) -> None:
        """Days that the records have and the stored sums lack, where members are only added up."""
        if not names:
            return
        for (dimension, day, member, currency), wanted in missing.items():
            if dimension == "":
                self._compare_values(key, (dimension, day, member, currency), None, wanted)
        for (dimension, day, _member, currency), wanted in self.sums[key].items():
            for name in names:
                if dimension == "" and (name, day, "", currency) not in adding:
                    self._compare_values(key, (name, day, "(all)", currency), None, wanted)

    def _compare_values(self, key: str, place: Place, stored: Sequence[int] | None, wanted: Sequence[int] | None) -> None:
        dimension, day, member, currency = place
        if day in self.waiting.get(key, ()):
            return
        names = self.measures[key]
        stored = stored or [0] * len(names)
        wanted = wanted or [0] * len(names)
        self.compared += len(names)
        if list(stored) == list(wanted):
            return
        where = f" {dimension}={member or '(none)'}" if dimension else ""
        for name, before, after in zip(names, stored, wanted, strict=True):
            if before != after:
                self.differ(f"{key} {day} {name}{where}{' ' + currency if currency else ''}", before, after)


#: What is checked: app -> function that counts and compares. Registered by each app's `checks` module.
checks: Registry[Callable[[Recount], None]] = Registry("Check")


@contextmanager
def one_view() -> Iterator[None]:
    """Reads everything as it was at one moment, without stopping those who write meanwhile."""
    if connection.in_atomic_block:
        yield
        return
    if connection.vendor == "postgresql":
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            yield
        return
    with connection.cursor() as cursor:  # atomic() would take SQLite's write lock
        cursor.execute("BEGIN DEFERRED")
        try:
            yield
        finally:
            cursor.execute("ROLLBACK")


def run() -> Report:
    """Compares everything and keeps the differences found. Nothing is compared while jobs that derive rows wait."""
    from .checking_published import compare_published

    report = Report()
    with one_view():
        unfinished = Job.objects.filter(kind__in=DERIVING, state__in=(JobState.WAITING, JobState.RUNNING))
        report.jobs = sorted(set(unfinished.values_list("kind", flat=True)))
        if report.jobs:
            return report
        recount = Recount()
        report.waiting = {key: len(days) for key, days in sorted(recount.waiting.items())}
        for check in checks:
            check(recount)
        compare_published(recount)
    report.found, report.compared = recount.found, recount.compared
    keep(report)
    return report


@transaction.atomic
def keep(report: Report) -> None:
    """Writes down that the check ran and what it found; what is older than a quarter goes."""
    now = timezone.now()
    SourceStatus.objects.update_or_create(source=LAST_RUN, defaults={"computed_at": now})
    Difference.objects.filter(found_at__lt=now - KEPT_FOR).delete()
    Difference.objects.bulk_create(
        [
            Difference(found_at=now, what=found.what, stored=found.stored, recomputed=found.recomputed)
            for found in report.found[:KEPT_A_RUN]
        ],
        batch_size=500,
    )
