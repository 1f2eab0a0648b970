"""Periodic work, decided by the database and not by a clock's tick.

    @due.every("analytics.nightly_check", grain="day", after=dt.timedelta(hours=2))
    def nightly_check(period: Period) -> None:
        ...

The function runs once for each closed period of its grain, in the organisation's time zone, as a job: with retries and on
the jobs page. A row per (name, period) says that it was planned, so two beats, or none for a week, or a clock that goes
back, give the same rows. Missed periods follow one by one, oldest first; nothing is made up for the time before the name
was first seen. Lives in `<app>/jobs.py`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from . import jobs, periods
from .models import DuePeriod, Job, JobState
from .periods import Period
from .registry import Registry

KIND = "crm.due"


@dataclass(frozen=True)
class Periodic:
    """Something to do for each closed period. `after`: how long after the period's end; `each`: also for missed ones."""

    name: str
    grain: str
    function: Callable[[Period], None]
    after: dt.timedelta = dt.timedelta()
    each: bool = True


periodics: Registry[Periodic] = Registry("Periodic work")


def every(
    name: str, *, grain: str, after: dt.timedelta = dt.timedelta(), each: bool = True
) -> Callable[[Callable[[Period], None]], Callable[[Period], None]]:
    """Decorator: call the function with each closed period of the grain.

    each=False: after a pause only the latest missed period is done (a reminder that nobody wants seven times).
    """
    if grain not in periods.GRAINS:
        raise ValueError(f"Unknown grain: {grain}")

    def add(function: Callable[[Period], None]) -> Callable[[Period], None]:
        periodics.register(name, Periodic(name, grain, function, after, each))
        return function

    return add


Watcher = Callable[[dt.datetime], None]
watchers: Registry[Watcher] = Registry("Watcher")


def watch(name: str) -> Callable[[Watcher], Watcher]:
    """Decorator: call the function every minute with the time, for work that is due at a moment and not after a period.

    It only finds what is due and enqueues jobs by key; it may be called more or less often.
    """
    return lambda function: watchers.register(name, function)


def tick(now: dt.datetime | None = None) -> int:
    """Plans what is due. Returns how many jobs it wrote; harmless to call at any time, from any number of processes."""
    now = now or timezone.now()
    for watcher in watchers:
        watcher(now)
    return sum(plan(item, now) for item in periodics)


def plan(item: Periodic, now: dt.datetime, *, besides: int = 0) -> int:
    """Enqueues the oldest period that is due and not planned; waits while one of this name is unfinished (`besides` it)."""
    unfinished = Job.objects.filter(kind=KIND, key=item.name, state__in=(JobState.WAITING, JobState.RUNNING))
    if unfinished.exclude(pk=besides).exists():
        return 0
    period = next_due(item, now)
    if period is None:
        return 0
    with transaction.atomic():
        try:
            with transaction.atomic():
                DuePeriod.objects.create(name=item.name, period=f"{item.grain}:{period.start}")
        except IntegrityError:  # another beat planned it at the same moment
            return 0
        jobs.enqueue(KIND, {"name": item.name, "start": period.start.isoformat()}, key=item.name)
    return 1


def next_due(item: Periodic, now: dt.datetime) -> Period | None:
    """The oldest closed period after the last planned one; the latest closed one if none was ever planned."""
    closed = periods.containing(periods.local_day(now - item.after), item.grain).previous()
    planned = DuePeriod.objects.filter(name=item.name, period__startswith=f"{item.grain}:").order_by("-period").first()
    if planned is None:
        return closed
    last = dt.date.fromisoformat(planned.period.partition(":")[2])
    if last >= closed.start:
        return None
    return periods.containing(periods.containing(last, item.grain).end, item.grain) if item.each else closed


@jobs.kind(KIND, label=_("Periodic work"))
def run_periodic(job: Job) -> None:
    """Does one period and plans the next missed one, so that a backlog runs down without waiting for the next minute."""
    item = periodics.get(job.payload["name"])
    if item is None:
        raise jobs.GiveUp(f"Nothing is registered as “{job.payload['name']}”.")
    item.function(periods.containing(dt.date.fromisoformat(job.payload["start"]), item.grain))
    plan(item, timezone.now(), besides=job.pk)


KEEP_DONE = dt.timedelta(days=7)
KEEP_DEAD = dt.timedelta(days=90)


@jobs.kind("crm.prune_jobs", label=_("Tidy up finished jobs"))
def prune(job: Job) -> None:
    """Deletes finished jobs after a week and given-up ones after a quarter, a thousand at a time."""
    for state, keep in ((JobState.DONE, KEEP_DONE), (JobState.DEAD, KEEP_DEAD)):
        old = Job.objects.filter(state=state, finished_at__lt=timezone.now() - keep).order_by("pk")
        found = list(old.values_list("pk", flat=True)[:1000])
        Job.objects.filter(pk__in=found).delete()
        job.progress += len(found)
        if len(found) == 1000:
            job.again()


@every("crm.prune_jobs", grain="day", each=False)
def prune_daily(period: Period) -> None:
    """Once a day."""
    jobs.enqueue("crm.prune_jobs", key="daily")
