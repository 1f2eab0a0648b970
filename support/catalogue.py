"""What administrators set up for support: calendars, queues, statuses, tags, policies, saved replies, the desk itself."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.db.models import ProtectedError
from django.utils import timezone
from django.utils.translation import gettext as _

from crm import events, jobs
from crm.changes import apply, clean, lock

from . import hours
from .choices import UNDECIDED, Category
from .models import Calendar, CalendarVersion, Desk, Queue, SlaGoal, SlaPolicy, Tag, Ticket, TicketState, TicketStatus

Goal = tuple[str, str, int, bool]  # priority, metric, minutes, business


@transaction.atomic
def save_entry(row: Any, **changes: Any) -> Any:
    """Creates or changes a queue, status, tag, saved reply or policy. A new default takes the mark from the old one."""
    is_new = row.pk is None
    if not is_new:
        lock(row)
    old, new = apply(row, changes)
    if isinstance(row, TicketStatus):
        _check_status(row, is_new, new)
    if getattr(row, "is_default", False):
        type(row)._default_manager.filter(is_default=True).exclude(pk=row.pk).update(is_default=False)
    clean(row)
    row.save()
    if is_new or new:
        kind = row._meta.model_name
        events.record(f"{kind}.created" if is_new else f"{kind}.changed", row, old=old, new=new)
    if isinstance(row, Queue) and "calendar" in new and not is_new:
        jobs.enqueue("support.requeue", {"queue": row.pk, "after": 0}, key=f"queue:{row.pk}")
    return row


def _check_status(status: TicketStatus, is_new: bool, new: dict) -> None:
    """The category says what happened in the past too: it stays as long as any ticket has, or had, the status."""
    if status.closes and status.category != Category.DONE:
        raise ValidationError({"closes": _("Only a status of the category “Done” can close tickets.")})
    if is_new or not {"category", "closes"} & set(new):
        return
    used = Ticket.objects.filter(status=status).exists() or TicketState.objects.filter(status=status).exists()
    if used:
        field = "category" if "category" in new else "closes"
        raise ValidationError({field: _("Tickets have this status already. Add another status instead.")})


@transaction.atomic
def delete_entry(row: Any) -> None:
    """Deletes what nothing depends on; refused otherwise, where it can be switched off instead."""
    name = str(row)
    try:
        with transaction.atomic():
            events.record(f"{row._meta.model_name}.deleted", row, old={"name": name})
            row.delete()
    except ProtectedError as error:
        raise ValidationError(_("“%(name)s” is in use. Switch it off instead.") % {"name": name}) from error


def tag_named(name: str) -> Tag:
    """The tag of that name in any case; made when there is none."""
    name = " ".join(name.split())
    found = Tag.objects.filter(name__iexact=name).first()
    return found or save_entry(Tag(), name=name)


@transaction.atomic
def save_policy(policy: SlaPolicy, *, goals: Sequence[Goal] | None = None, **changes: Any) -> SlaPolicy:
    """Creates or changes a policy and its goals (None leaves them). Clocks that run keep what was promised when they started."""
    before = _goals(policy) if policy.pk else []
    policy = save_entry(policy, **changes)
    if goals is not None:
        policy.goals.all().delete()
        rows = [SlaGoal(policy=policy, priority=p, metric=m, minutes=n, business=b) for p, m, n, b in goals]
        for row in rows:
            clean(row)
        SlaGoal.objects.bulk_create(rows)
        if sorted(goals) != before:
            events.record("slapolicy.promised", policy, old={"goals": before}, new={"goals": sorted(goals)})
    return policy


def _goals(policy: SlaPolicy) -> list[Goal]:
    return sorted(policy.goals.values_list("priority", "metric", "minutes", "business"))


@transaction.atomic
def save_calendar(
    calendar: Calendar,
    *,
    zone: str,
    week: dict[str, Any],
    holidays: Iterable[dict[str, Any]] = (),
    valid_from: dt.datetime | None = None,
    **changes: Any,
) -> Calendar:
    """Creates a calendar, or adds a version to one: from `valid_from` on (now), other hours hold; the past stays as it was.

    Refused: unknown zones, overlapping intervals, no opening times or none within a year, a version before the last one.
    """
    holidays = sorted(holidays, key=lambda row: str(row.get("date")) if isinstance(row, dict) else "")
    opened = hours.read(zone, week, holidays, today=timezone.now().date())
    calendar = save_entry(calendar, **changes)
    values = {"zone": zone, "week": _plain(opened), "holidays": list(holidays)}
    last = calendar.versions.last()
    if last is not None and all(getattr(last, name) == value for name, value in values.items()):
        return calendar
    if last is not None:
        now = timezone.now()
        valid_from = valid_from or now
        if valid_from < now or last.valid_from is not None and valid_from <= last.valid_from:
            raise ValidationError({"valid_from": _("Other hours can begin now or later, after those that were planned before.")})
    version = CalendarVersion(calendar=calendar, valid_from=valid_from if last else None, created_by=events.actor(), **values)
    version.save()
    events.record("calendar.versioned", calendar, new={"valid_from": version.valid_from, "zone": zone})
    if last is not None:
        jobs.enqueue("support.recalendar", {"calendar": calendar.pk, "after": 0}, key=f"calendar:{calendar.pk}")
    return calendar


def _plain(opened: hours.Hours) -> dict[str, list[list[str]]]:
    """A week as it is stored."""
    day = hours.MINUTES_A_DAY
    return {
        str(number): [[hours.clock_of(start), hours.clock_of(end % day)] for start, end in intervals]
        for number, intervals in enumerate(opened.week)
        if intervals
    }


def save_desk(**changes: Any) -> Desk:
    """Changes the settings of support. Another window of a KPI has its numbers computed again by who subscribes."""
    with transaction.atomic():
        desk = Desk.current()
        old, new = apply(desk, changes)
        clean(desk)
        desk.save()
        if new:
            events.record("desk.changed", desk, old=old, new=new)
    return desk


# --- what is there when nobody set anything up -----------------------------------------------------------------------


def statuses() -> dict[str, TicketStatus]:
    """The status each category starts with, and "closed"; what is missing is made."""
    wanted: tuple[tuple[str, str, bool, Any], ...] = (
        (Category.OPEN, Category.OPEN, False, _("Open")),
        (Category.WAITING_CUSTOMER, Category.WAITING_CUSTOMER, False, _("Waiting on customer")),
        (Category.WAITING_OTHER, Category.WAITING_OTHER, False, _("Waiting on third party")),
        (Category.DONE, Category.DONE, False, _("Solved")),
        ("closed", Category.DONE, True, _("Closed")),
    )
    there = list(TicketStatus.objects.order_by("-active", "position", "pk"))
    found: dict[str, TicketStatus] = {}
    for position, (key, category, closes, name) in enumerate(wanted):
        fitting = [row for row in there if row.category == category and row.closes == closes]
        if fitting:
            found[key] = fitting[0]
        else:
            defaults = {"category": category, "closes": closes, "position": position}
            found[key] = TicketStatus.objects.get_or_create(name=name, defaults=defaults)[0]
    return found


def default_status(category: str) -> TicketStatus:
    """The status of a category that is taken when none is named; "closed" asks for one that closes."""
    return statuses()[category]


def default_queue() -> Queue:
    """The queue new tickets go to; a first one is made where none is."""
    found = Queue.objects.filter(active=True).order_by("-is_default", "position", "pk").first()
    return found or Queue.objects.create(name=_("Support"), is_default=True)


def running_on(calendar: int) -> models.QuerySet[Ticket]:
    """Tickets whose undecided clocks go by that calendar."""
    return Ticket.objects.filter(targets__calendar=calendar, targets__outcome__in=UNDECIDED).distinct()
