"""The doors through which Celery reaches the job table. None carries work: a lost or doubled message changes nothing."""

from celery import shared_task

from . import due as periodic_work
from . import jobs, limits
from .jobs import watch  # noqa: F401  every Celery worker watches that work goes on without the broker too


@shared_task
def run() -> None:
    """The bell: runs due jobs until none is left, for half a minute at most."""
    jobs.work(seconds=30)


@shared_task
def sweep() -> None:
    """Every 30 s: runs what no bell was heard for, and what a dead worker left behind."""
    jobs.work(seconds=30)


@shared_task
def due() -> None:
    """Every minute: asks what is due and enqueues it, and takes expired limits out."""
    periodic_work.tick()
    jobs.sign("beat")
    limits.sweep()
