"""Warnings, breaches and escalations: written once, dated at the moment they were due, whether or not anybody looked."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import override

from contacts import services as contacts
from contacts.models import Task
from crm import events, jobs
from crm.crash import crashpoint
from crm.models import Organisation

from .choices import UNDECIDED, Outcome
from .models import SlaTarget, Ticket, TicketTask
from .sla import Drawn
from .story import Story

SOON = dt.timedelta(seconds=60)
NOTED = ["warned_at", "breach_told_at", "escalated_at"]  # what was said about a target, and when


def raise_due(stories: Sequence[Story], drawn: dict[int, list[Drawn]], now: dt.datetime) -> None:
    """Writes the events that are due on these tickets, and has the next ones written in time when they come within a minute.

    A promise that was kept, or broken and then fulfilled, before anyone could warn is not warned about any more.
    """
    rows: list[tuple[Any, list[Any]]] = []
    noted: list[SlaTarget] = []
    for story in stories:
        ticket = story.ticket
        if ticket.spam:
            continue
        for target in [item.target for item in drawn[ticket.pk]]:
            before = [getattr(target, name) for name in NOTED]
            rows += _due_events(ticket, target, now)
            if before != [getattr(target, name) for name in NOTED]:
                noted.append(target)
        if ticket.clock_at is not None and ticket.clock_at <= now + SOON:
            ring(ticket, now)
    SlaTarget.objects.bulk_update(noted, NOTED, batch_size=500)
    if rows:
        events.record_many(rows)


def _due_events(ticket: Ticket, target: SlaTarget, now: dt.datetime) -> list[tuple[Any, list[Any]]]:
    rows: list[tuple[Any, list[Any]]] = []
    on = target.ended_at is None
    if on and target.warned_at is None and target.warn_at is not None and target.warn_at <= now:
        target.warned_at = target.warn_at
        if target.outcome in UNDECIDED:
            rows.append((_event("ticket.sla_warned", ticket, target, target.warn_at), [ticket]))
    if target.outcome == Outcome.BREACHED and target.breach_told_at is None and target.decided_at is not None:
        target.breach_told_at = now
        rows.append((_event("ticket.sla_breached", ticket, target, target.decided_at), [ticket, ticket.company]))
    escalates = target.escalated_at is None and target.escalate_at is not None and target.escalate_at <= now
    if on and escalates and target.outcome == Outcome.BREACHED:
        assert target.escalate_at is not None
        target.escalated_at = target.escalate_at
        rows.append((_event("ticket.sla_escalated", ticket, target, target.escalate_at), [ticket]))
        _task(ticket, target)
    return rows


def _event(kind: str, ticket: Ticket, target: SlaTarget, at: dt.datetime) -> Any:
    values = {"target": target.pk, "metric": target.metric, "policy": str(target.policy or ""), "due_at": target.due_at}
    return events.build(kind, ticket, new=values, at=at)


def _task(ticket: Ticket, target: SlaTarget) -> None:
    """Something to do for whom the policy names, in their language."""
    who = target.escalate_to
    if who is None or not who.is_active:
        return
    with override(who.language or Organisation.current().language):
        title = _("%(metric)s of %(number)s is late") % {"metric": target.get_metric_display(), "number": ticket.number}
    task = contacts.save_task(
        Task(), also=[ticket], title=title, owner=who, due_at=target.escalate_at, company=ticket.company, person=ticket.requester
    )
    TicketTask.objects.create(ticket=ticket, task=task)


def ring(ticket: Ticket, now: dt.datetime) -> None:
    """Has the ticket's clocks looked at when something is due on it."""
    assert ticket.clock_at is not None
    jobs.enqueue(
        "support.clock", {"ticket": ticket.pk}, key=f"ticket:{ticket.pk}", delay=max(ticket.clock_at - now, dt.timedelta())
    )


def soon(now: dt.datetime | None = None) -> int:
    """Finds the tickets on which something is due within a minute and gives each its job. Returns how many. Asked every minute."""
    now = now or timezone.now()
    found: Iterable[Ticket] = Ticket.objects.filter(clock_at__lte=now + SOON, spam=False).order_by("clock_at")
    count = 0
    with transaction.atomic():
        for ticket in found[:5000]:  # type: ignore[index]
            ring(ticket, now)
            count += 1
    return count


def look(pk: int) -> None:
    """Brings the clocks of one ticket up to date and writes what is due. Harmless at any time."""
    from . import history

    with transaction.atomic():
        ticket = Ticket.objects.select_for_update(of=("self",)).filter(pk=pk).first()
        if ticket is not None:
            history.replay(ticket)
            crashpoint("support.clock")
