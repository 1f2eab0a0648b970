"""Putting jobs into the table, and what a person may do with those that wait there."""

from __future__ import annotations

import datetime as dt
import zlib
from functools import partial
from typing import Any

from django.db import connection, transaction
from django.db.models import DateTimeField, ExpressionWrapper, Value
from django.db.models.expressions import Combinable
from django.db.models.functions import Now

from .. import events
from ..models.jobs import Job, JobState
from .bell import bell
from .kinds import kinds


def server_time(delay: dt.timedelta | None = None) -> Combinable:
    """The database's clock: leases and due times of all machines go by one clock."""
    if not delay:
        return Now()
    return ExpressionWrapper(Now() + Value(delay), output_field=DateTimeField())


def enqueue(
    kind: str, payload: dict | None = None, *, key: str = "", delay: dt.timedelta | None = None, actor: Any = None
) -> Job | None:
    """Writes a job in the running transaction and rings the bell when it commits.

    Returns None when a job of this kind and key waits already: that one starts after the running transaction commits, so it
    sees what was done here. Never fails, and never waits, because of the broker.
    """
    if kind not in kinds:
        raise LookupError(f"No handler for jobs of kind “{kind}”.")
    if not connection.in_atomic_block:
        with transaction.atomic():
            return enqueue(kind, payload, key=key, delay=delay, actor=actor)
    job = Job(kind=kind, key=key, payload=payload or {}, run_at=server_time(delay), actor=actor or events.actor())
    transaction.on_commit(partial(bell.ring, delay))
    if key and _covered(job, delay):
        return None
    if key and not lock_key(kind, key):
        # Another transaction is writing a job of this key and may commit long after this one. Waiting for it could hold
        # up a click behind an import, so this job goes without its key: one run too many, never one too few.
        job.key = ""
    elif key and _covered(job, delay):
        return None
    job.save(force_insert=True)
    # The database chose the time; read it only if someone asks.
    job.__dict__.pop("run_at")
    return job


def _covered(job: Job, delay: dt.timedelta | None) -> bool:
    """Whether a job of this kind and key waits already. It is held until the running transaction ends.

    Without the hold a worker could take it, and miss what this transaction has not committed yet.
    """
    rows = Job.objects.filter(kind=job.kind, key=job.key, state=JobState.WAITING)
    twin = waiting_twin(job.kind, job.key)
    if twin is None:
        return False
    # A first try that was put off comes forward; a retry keeps its distance.
    rows.filter(pk=twin, attempt=0, run_at__gt=server_time((delay or dt.timedelta()) + dt.timedelta(seconds=1))).update(
        run_at=server_time(delay)
    )
    return True


def waiting_twin(kind: str, key: str) -> int | None:
    """The id of the waiting job of this kind and key, held against being taken until the running transaction ends.

    On SQLite the running transaction is the only writer. On PostgreSQL a shared row lock does it: many may hold it at once,
    and workers skip locked rows.
    """
    if connection.vendor != "postgresql":
        return Job.objects.filter(kind=kind, key=key, state=JobState.WAITING).values_list("pk", flat=True).first()
    with connection.cursor() as cursor:
        cursor.execute("SELECT id FROM crm_job WHERE kind = %s AND key = %s AND state = 'waiting' FOR SHARE", [kind, key])
        row = cursor.fetchone()
    return row[0] if row else None


def lock_key(kind: str, key: str, *, wait: bool = False) -> bool:
    """The right to make a job of this kind and key wait, until the running transaction ends. True at once on SQLite."""
    if connection.vendor != "postgresql":
        return True
    number = zlib.crc32(f"{kind}\0{key}".encode()) - 2**31
    with connection.cursor() as cursor:
        if wait:
            cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [LOCK_SPACE, number])
            return True
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s, %s)", [LOCK_SPACE, number])
        return bool(cursor.fetchone()[0])


LOCK_SPACE = 5_106_262  # an arbitrary number: the job table's part of PostgreSQL's advisory locks


def retry(job: Job) -> bool:
    """A person wants it tried again now, with all its attempts. False when it is not waiting or given up any more."""
    with transaction.atomic():
        twin = None
        if job.key:
            lock_key(job.kind, job.key, wait=True)
            twin = waiting_twin(job.kind, job.key)
        if job.state == JobState.DEAD and twin is not None:
            return False
        changed = Job.objects.filter(pk=job.pk, state__in=(JobState.WAITING, JobState.DEAD)).update(
            state=JobState.WAITING, attempt=0, run_at=server_time(), finished_at=None, error=""
        )
        transaction.on_commit(bell.ring)
        if changed:
            events.record("job.retried", job)
    return bool(changed)


def cancel(job: Job) -> bool:
    """A person wants it not to run: a waiting job is given up, a given-up job is removed. False when it was taken meanwhile."""
    who = str(events.actor() or "")
    with transaction.atomic():
        if job.state == JobState.DEAD:
            changed = Job.objects.filter(pk=job.pk, state=JobState.DEAD).delete()[0]
        else:
            changed = Job.objects.filter(pk=job.pk, state=JobState.WAITING).update(
                state=JobState.DEAD, finished_at=server_time(), error=f"Cancelled by {who}."[:500]
            )
        if changed:
            events.record("job.cancelled", job)
    return bool(changed)
