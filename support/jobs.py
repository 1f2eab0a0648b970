"""The jobs of support: sending, clocks, closing, and deriving anew what settings changed."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from crm import due, jobs
from crm.changes import lock
from crm.periods import Period

from . import alarms, catalogue, files, history, outgoing, services
from .models import Ticket
from .sla import Promises

STEP = 100


@jobs.kind(outgoing.KIND, label=_("Send a reply"), atomic=False, attempts=outgoing.ATTEMPTS)
def send(job: Any) -> None:
    """Mails one public message."""
    outgoing.deliver(job.payload["message"], job.attempt)


@jobs.kind("support.clock", label=_("Look at a ticket's clocks"))
def clock(job: Any) -> None:
    """Writes the warnings, breaches and escalations that are due on one ticket."""
    alarms.look(job.payload["ticket"])


@due.watch("support.clocks")
def clocks(now: dt.datetime) -> None:
    """Every minute: gives each ticket on which something is due soon its job."""
    alarms.soon(now)


@due.every("support.close", grain="day", after=dt.timedelta(hours=1), each=False)
def close_daily(period: Period) -> None:
    """Once a day: tickets that stayed solved are closed."""
    jobs.enqueue("support.close", key="daily")


@due.every("support.sweep", grain="day", after=dt.timedelta(hours=2), each=False)
def sweep_daily(period: Period) -> None:
    """Once a day: files that nothing leads to are removed."""
    jobs.enqueue("support.sweep", key="daily")


@jobs.kind("support.sweep", label=_("Remove files that belong to nothing"))
def sweep(job: Any) -> None:
    """Files of what was rolled back."""
    job.progress = files.sweep(timezone.now())


@jobs.kind("support.close", label=_("Close solved tickets"))
def close(job: Any) -> None:
    """Closes a hundred tickets a step."""
    count = services.close_old(limit=STEP)
    job.progress += count
    if count == STEP:
        job.again()


def _step(job: Any, tickets: QuerySet[Ticket], *, advance: bool) -> None:
    """Derives the next hundred tickets after `after` anew and leaves the rest to the next step."""
    found = list(tickets.filter(pk__gt=job.payload["after"]).order_by("pk")[:STEP])
    promises = Promises()
    for ticket in found:
        lock(ticket)
        if advance:
            history.advance(ticket, job.created_at, promises)
    history.rebuild(found, promises=promises)
    job.progress += len(found)
    if len(found) == STEP:
        job.again({**job.payload, "after": found[-1].pk})


@jobs.kind("support.recalendar", label=_("Apply other working hours"))
def recalendar(job: Any) -> None:
    """Clocks that run on a calendar get their new due moments."""
    _step(job, catalogue.running_on(job.payload["calendar"]), advance=False)


@jobs.kind("support.requeue", label=_("Apply another calendar of a queue"))
def requeue(job: Any) -> None:
    """Tickets that are not done go by the queue's other calendar from now on."""
    _step(job, Ticket.objects.undone().filter(queue=job.payload["queue"]), advance=True)


@jobs.kind("support.derive", label=_("Derive tickets anew"))
def derive(job: Any) -> None:
    """All tickets, their local days included: after a change of the organisation's time zone."""
    tickets = Ticket.objects.filter(pk__gt=job.payload["after"]).order_by("pk")[:STEP]
    for ticket in tickets:
        for row in (ticket, *ticket.states.all(), *ticket.messages.all()):
            row.save()
    _step(job, Ticket.objects.all(), advance=False)
