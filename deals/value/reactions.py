"""When the model runs: every week, as jobs with a step for each five hundred customers. Only these jobs load the mathematics."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any

from django.utils.translation import gettext_lazy as _

from crm import due, jobs

from ..orders import facts
from ..orders.models import Order
from .models import CustomerValue, ValueRun, runs
from .runs import Marks


@due.every("deals.value", grain="week", each=False)
def weekly(period: Any) -> None:
    """The value of customers as of the end of the week that is over."""
    jobs.enqueue("deals.value_fit", {"day": period.last_day.isoformat()}, key="fit")


@jobs.kind("deals.value_fit", label=_("Fit the model of customer value"), lease=1800)
def fit(job: Any) -> None:
    """Fits the purchases up to a day; the customers follow."""
    from . import fitting

    run = fitting.begin(dt.date.fromisoformat(job.payload["day"]))
    if not run.done:
        jobs.enqueue("deals.value_step", {"run": run.pk, "after": 0}, key=f"run:{run.pk}:0")


@jobs.kind("deals.value_step", label=_("Value customers"), lease=900)
def step(job: Any) -> None:
    """Values five hundred customers, then leaves the rest to the next step."""
    from . import fitting

    run = ValueRun.objects.filter(pk=job.payload["run"], done=False).first()
    after = fitting.value_some(run, job.payload["after"]) if run else None
    if run and after is not None:
        jobs.enqueue("deals.value_step", {"run": run.pk, "after": after}, key=f"run:{run.pk}:{after}")


def of_orders(orders: Iterable[Order]) -> Marks:
    """The days on which values whose last purchase these orders are stand: they are split by what the order says."""
    return runs.marks_of(CustomerValue.objects.filter(order__in=[order.pk for order in orders if order.pk]).only("start", "end"))


facts.followers.append(of_orders)
