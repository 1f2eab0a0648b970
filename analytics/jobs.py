"""The jobs that keep the stored numbers up to date."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.utils.translation import gettext_lazy as _

from crm import due, jobs
from crm.periods import Period

from . import checking, refreshing, snapshots


@jobs.kind("analytics.refresh", label=_("Bring numbers up to date"))
def refresh(job: Any) -> None:
    """Recomputes the days that changes have marked, as many as one step takes; what is left goes to the next step."""
    refreshing.refresh_step()


@jobs.kind("analytics.rebuild", label=_("Compute all numbers anew"))
def rebuild(job: Any) -> None:
    """Computes all daily sums anew, one source a step, then publishes."""
    refreshing.rebuild_step(job.payload)


@jobs.kind("analytics.publish", label=_("Publish numbers"), atomic=False)
def publish(job: Any) -> None:
    """Publishes what is missing or outdated, a few periods a step."""
    snapshots.publish_step()


@due.every("analytics.roll", grain="day", each=False)
def roll(period: Period) -> None:
    """A new day: what is not final yet is published as of today, and again what a worker of the release before still published."""
    snapshots.outdate_versions()
    jobs.enqueue("analytics.publish", key="publish")


@jobs.kind("analytics.check", label=_("Check stored numbers against the records"), atomic=False, attempts=2, lease=3600)
def check(job: Any) -> None:
    """Compares every stored number with one computed anew; what differs is on its page. Reads only, so it may take its time."""
    checking.run()


@due.every("analytics.check", grain="day", after=dt.timedelta(hours=3), each=False)
def check_nightly(period: Period) -> None:
    """At three in the night."""
    jobs.enqueue("analytics.check", key="check")
