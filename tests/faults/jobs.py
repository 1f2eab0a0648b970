"""Kinds of jobs with effects that can be counted: a LoginEvent each, which the database lets happen twice."""

from __future__ import annotations

import os
import signal
import time

from django.utils import timezone

from crm import jobs
from crm.crash import crashpoint
from crm.models import Job, LoginEvent


def note(name: str) -> None:
    LoginEvent.objects.create(username=name, ok=True, at=timezone.now())


def notes() -> list[str]:
    """The effects so far, sorted."""
    return sorted(LoginEvent.objects.values_list("username", flat=True))


@jobs.kind("faults.note")
def write_note(job: Job) -> None:
    """One effect."""
    note(job.payload["name"])
    crashpoint("faults.noted")
    time.sleep(job.payload.get("seconds", 0))


@jobs.kind("faults.outside", atomic=False)
def write_outside(job: Job) -> None:
    """An effect that commits before its job is done, as a sent mail does. It carries the job's id."""
    note(f"mail {job.pk}")
    crashpoint("faults.sent")


@jobs.kind("faults.steps")
def write_many(job: Job) -> None:
    """`total` effects in steps of 50."""
    upto = min(job.progress + 50, job.payload["total"])
    for number in range(job.progress, upto):
        note(f"{number:05}")
        crashpoint("faults.noted")
    job.progress, job.total = upto, job.payload["total"]
    if upto < job.total:
        job.again()


@jobs.kind("faults.poison")
def die(job: Job) -> None:
    """Takes its worker along."""
    os.kill(os.getpid(), signal.SIGKILL)


@jobs.kind("faults.collect")
def collect(job: Job) -> None:
    """Turns every mark it can see into an effect: the shape of all work that is enqueued once for many changes."""
    for mark in LoginEvent.objects.filter(ok=False).select_for_update():
        mark.ok = True
        mark.save()
    time.sleep(0.01)
