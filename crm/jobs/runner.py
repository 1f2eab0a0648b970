"""Taking jobs by lease, running them, and writing down how it went."""

from __future__ import annotations

import contextlib
import datetime as dt
import logging
import math
import random
import re
import time
import traceback
import uuid
from collections.abc import Callable, Iterator

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from .. import events
from ..crash import crashpoint
from ..models import Organisation
from ..models.jobs import Heartbeat, Job, JobState
from .kinds import GiveUp, Kind, kinds
from .queue import lock_key, server_time, waiting_twin

log = logging.getLogger(__name__)


class LostLease(Exception):
    """Another worker has the job now; what was done here is rolled back."""


# --- taking ----------------------------------------------------------------------------------------------------------


def _known() -> QuerySet[Job]:
    """Jobs this code can handle. Kinds of a newer or older version wait for a worker that knows them."""
    return Job.objects.filter(kind__in=kinds.keys())


def _abandoned() -> QuerySet[Job]:
    """Jobs whose worker fell silent."""
    return _known().filter(state=JobState.RUNNING, locked_until__lte=server_time()).order_by("locked_until", "pk")


def _due(even_early: bool) -> QuerySet[Job]:
    """Waiting jobs whose time has come, and whose key is not at work elsewhere."""
    same_key = Job.objects.filter(kind=OuterRef("kind"), key=OuterRef("key"), state=JobState.RUNNING)
    found = _known().filter(Q(key="") | ~Exists(same_key), state=JobState.WAITING).order_by("run_at", "pk")
    return found if even_early else found.filter(run_at__lte=server_time())


def take(*, even_early: bool = False) -> Job | None:
    """The next job, leased to the caller, or None.

    A look without locks comes first, so that idle workers write nothing. Then PostgreSQL skips rows that others lock, and on
    SQLite the transaction is the only writer; the guarded update holds on both.
    """
    for queryset in (_abandoned(), _due(even_early)):
        while queryset.exists():
            with transaction.atomic():
                found = queryset.select_for_update(skip_locked=True, of=("self",)).first()
                if found is None:
                    break
                job = _lease(found)
            if job is not None:
                crashpoint("job.taken")
                return job
    return None


def _lease(found: Job) -> Job | None:
    """Marks the row as taken; None when it had its last attempt: then it is given up."""
    rows = Job.objects.filter(pk=found.pk, state=found.state, lease=found.lease)
    kind = kinds[found.kind]
    if found.attempt >= kind.attempts:
        rows.update(
            state=JobState.DEAD,
            finished_at=server_time(),
            lease="",
            error=found.error or f"The worker died {found.attempt} times while running this job.",
        )
        log.error("Job %s given up: the worker died %s times.", found, found.attempt)
        return None
    lease = str(uuid.uuid4())
    taken = rows.update(
        state=JobState.RUNNING,
        lease=lease,
        attempt=found.attempt + 1,
        locked_until=server_time(dt.timedelta(seconds=kind.seconds)),
    )
    return Job.objects.select_related("actor").get(pk=found.pk, lease=lease) if taken else None


# --- running ---------------------------------------------------------------------------------------------------------


def run_one(*, even_early: bool = False, strict: bool = False) -> Job | None:
    """Takes one job and runs it. Returns the job, or None when nothing is due.

    even_early: also jobs whose time has not come. strict: a handler's exception is raised after it was stored (for tests).
    """
    job = take(even_early=even_early)
    if job is None:
        return None
    kind = kinds[job.kind]
    try:
        with _context(job), transaction.atomic() if kind.atomic else contextlib.nullcontext():
            kind.handler(job)
            crashpoint("job.handled")
            with transaction.atomic(savepoint=False):
                _finish(job)
                crashpoint("job.finishing")
        crashpoint("job.finished")
    except LostLease:
        log.warning("Job %s took longer than its lease; another worker has it.", job)
    except Exception as error:
        log.warning("Job %s failed at attempt %s.", job, job.attempt, exc_info=not isinstance(error, GiveUp))
        _fail(job, kind, error)
        if strict:
            raise
    except BaseException:
        # The worker is told to stop: the job goes back as if it had not been taken, by letting the lease end now.
        _mine(job).update(state=JobState.RUNNING, attempt=job.attempt - 1, locked_until=server_time())
        raise
    return job


@contextlib.contextmanager
def _context(job: Job) -> Iterator[None]:
    """The organisation is read once a job; changes are the actor's, through the system's door."""
    Organisation.remember()
    try:
        with events.acting(job.actor, events.Origin.SYSTEM):
            yield
    finally:
        Organisation.forget()


def _mine(job: Job) -> QuerySet[Job]:
    return Job.objects.filter(pk=job.pk, lease=job.lease, state=JobState.RUNNING)


def _finish(job: Job) -> None:
    """Done, or waiting for its next step, in the transaction of the effect; LostLease when someone else has the job now."""
    changes: dict = {"lease": "", "locked_until": None, "error": "", "progress": job.progress, "total": job.total}
    if job.next_payload is None:
        changes.update(state=JobState.DONE, finished_at=server_time())
    elif job.key and lock_key(job.kind, job.key) and waiting_twin(job.kind, job.key) is not None:
        # The same work was asked for meanwhile: that job goes on from where this one stopped.
        changes.update(state=JobState.DONE, finished_at=server_time())
    else:
        key = job.key if not job.key or lock_key(job.kind, job.key) else ""
        changes.update(state=JobState.WAITING, attempt=0, run_at=server_time(), payload=job.next_payload, key=key)
    if not _mine(job).update(**changes):
        raise LostLease


def _fail(job: Job, kind: Kind, error: Exception) -> None:
    """Stores why, and when it is tried again: about 10 s, 40 s, 2.5 min, 10 min, each up to a fifth more or less."""
    changes: dict = {"lease": "", "locked_until": None, "error": describe(error)}
    if isinstance(error, GiveUp) or job.attempt >= kind.attempts:
        changes.update(state=JobState.DEAD, finished_at=server_time())
        log.error("Job %s given up: %s", job, changes["error"])
        _mine(job).update(**changes)
        return
    pause = dt.timedelta(seconds=10 * 4 ** (job.attempt - 1) * random.uniform(0.8, 1.2))  # noqa: S311
    changes.update(state=JobState.WAITING, run_at=server_time(pause))
    with transaction.atomic():
        twin = None
        if job.key:
            lock_key(job.kind, job.key, wait=True)
            twin = waiting_twin(job.kind, job.key)
        if twin is None:
            _mine(job).update(**changes)
        elif _mine(job).delete()[0]:
            # One waits for this key already: it takes over the attempts, so that a poisoned key dies too.
            Job.objects.filter(pk=twin).update(attempt=job.attempt, error=changes["error"], run_at=changes["run_at"])


SECRET = re.compile(
    r"(?i)(://[^/\s:@]*:)[^@\s]+(@)|\b((?:password|passwd|secret|token|authorization|api[_-]?key)\b\W{0,3})[^\s,;'\"]+"
)


def describe(error: BaseException) -> str:
    """The error in a line or two for the jobs page: kind, message without secrets, and the place in the code."""
    text = SECRET.sub(lambda found: (found[1] or found[3]) + "***" + (found[2] or ""), str(error))
    frames = traceback.extract_tb(error.__traceback__)
    place = f" ({frames[-1].filename.rsplit('/', 1)[-1]}:{frames[-1].lineno})" if frames else ""
    name = "" if isinstance(error, GiveUp) else f"{type(error).__name__}: "
    return f"{name}{' '.join(text.split())[:400]}{place}".replace("\x00", "")


# --- loops -----------------------------------------------------------------------------------------------------------


def run_all(
    limit: int | None = None,
    *,
    seconds: float = math.inf,
    stop: Callable[[], bool] = lambda: False,
    even_early: bool = False,
    strict: bool = False,
) -> int:
    """Runs due jobs until none is left, `limit` or `seconds` are used up, or `stop()` says so. Returns how many were run."""
    ends = time.monotonic() + seconds
    done = 0
    while (limit is None or done < limit) and time.monotonic() < ends and not stop():
        if run_one(even_early=even_early, strict=strict) is None:
            break
        done += 1
    return done


def work(seconds: float = 30, stop: Callable[[], bool] = lambda: False) -> int:
    """One turn of a worker: runs what is due, and signs the heartbeat before and after. The sign proves turns, not existence."""
    sign("worker")
    done = run_all(seconds=seconds, stop=stop)
    sign("worker")
    return done


def sign(name: str) -> None:
    """Writes that a process finished a turn; at most every 10 s, since idle workers should not write all the time."""
    if time.monotonic() - _signed.get(name, -60.0) < 10:
        return
    Heartbeat.objects.update_or_create(name=name, defaults={"at": server_time()})
    _signed[name] = time.monotonic()


_signed: dict[str, float] = {}


def idle() -> bool:
    """Whether nothing waits (not even for later) and nothing runs."""
    return not Job.objects.filter(state__in=(JobState.WAITING, JobState.RUNNING)).exists()
