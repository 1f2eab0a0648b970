"""What numbers do when users, settings or the day change."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.dispatch import receiver

from crm import events
from crm.periods import local_day
from crm.signals import active_day_written

from . import dirty, golive

#: Settings that definitions read; with another value every stored sum means something else.
IN_DEFINITIONS = {
    "time_zone",
    "base_currency",
    "fiscal_year_start",
    "lead_quiet_days",
    "lead_abandonment_window",
    "lead_conversion_window",
    "deal_win_window",
    "stage_conversion_window",
    "stale_days",
    "survey_response_window",
}


@receiver(active_day_written)
def _active(sender: Any, day: dt.date, **kwargs: Any) -> None:
    dirty.mark([("users.active", day)])


@events.subscribe("user.created", "user.changed")
def _user(event: Any) -> None:
    dirty.mark([("users.spans", local_day(event.at))])


@events.subscribe("user.backdated")
def _backdated(event: Any) -> None:
    """An import lets a working life begin earlier."""
    dirty.mark([("users.spans", event.new["since"])])


@events.subscribe("organisation.changed")
def _organisation(event: Any) -> None:
    if IN_DEFINITIONS & set(event.new):
        dirty.mark_all()
    if golive.SETTINGS & set(event.new):
        dirty.mark([(golive.STREAM, dt.date(1900, 1, 1))])
