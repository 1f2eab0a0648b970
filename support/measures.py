"""Measures of tickets: what is counted, by which date, over which rows. The KPIs made of them are in `support.kpis`.

Who was in charge, the queue and the priority are as they were at the deciding moment; channel, type, tags and the company's industry
are the ticket's own. Spam is in none of them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from analytics import dirty
from analytics.sources import (
    DailySource,
    Measure,
    StockSource,
    add_dimension,
    add_source,
    name_members,
    names_from,
    windows,
)
from crm import events

from .choices import Channel, Metric, Outcome, WaitOutcome
from .models import Desk, Queue, ReplyWait, SlaPolicy, SlaTarget, Tag, TicketFacts, TicketState

DAY_SECONDS = 86_400

add_dimension("queue", _("Queue"), names_from(Queue))
add_dimension("tag", _("Tag"), names_from(Tag))
add_dimension("type", _("Type"))
add_dimension("sla_policy", _("SLA policy"), names_from(SlaPolicy))
add_dimension(
    "sla_metric", _("SLA goal"), lambda members: {name: str(Metric(name).label) for name in members if name in Metric.values}
)
name_members("channel", lambda members: {name: str(Channel(name).label) for name in members if name in Channel.values})

windows.register("reopen_window", lambda: Desk.current().reopen_window)
windows.register("contact_window", lambda: Desk.current().contact_window)


@events.subscribe("desk.changed")
def _desk_changed(event: Any) -> None:
    """Another window means other numbers on every day."""
    if {"reopen_window", "contact_window"} & set(event.new):
        dirty.mark_all()


TICKET = ("support.ticket", "ticket_id")
OF_TICKET = {
    "channel": "ticket__channel",
    "company": "ticket__company_id",
    "segment": "ticket__company__industry",
    "type": "ticket__type",
    "tag": "ticket__ticket_tags__tag_id",
}
CUT: dict[str, Any] = {"many": ("tag",), "unstored": ("company",)}


def at(moment: str = "") -> dict[str, str]:
    """Dimensions with owner, team, queue and priority as they were at that moment."""
    own = {name: f"{moment}{name}_id" for name in ("owner", "team", "queue")}
    return {**own, "priority": f"{moment}priority", **OF_TICKET}


def _timed(key: str, column: str, where: Q | None = None) -> tuple[Measure, ...]:
    """A duration by the clock on the wall and by business hours, and the rows that have none."""
    where = where or Q()
    return (
        Measure(key, where & Q(**{f"{column}_seconds__isnull": False}), f"{column}_seconds"),
        Measure(f"{key}_business", where & Q(**{f"{column}_business__isnull": False}), f"{column}_business"),
        Measure(f"{key}_unclear", where & Q(**{f"{column}_seconds__isnull": True})),
        Measure(f"{key}_no_calendar", where & Q(**{f"{column}_business__isnull": True, f"{column}_seconds__isnull": False})),
    )


def _facts(day: str) -> Callable[[], Any]:
    return lambda: TicketFacts.objects.filter(ticket__spam=False, **{f"{day}__isnull": False})


add_source(
    DailySource(
        "tickets.created",
        (Measure("tickets_created"), Measure("conversations", Q(ticket__agent_opened=False))),
        at("created_"),
        TICKET,
        rows=_facts("created_day"),
        day="created_day",
        **CUT,
    )
)

#: A ticket that we opened has no first response: there is nothing to time and nothing unclear about it.
ASKED = Q(ticket__agent_opened=False)

add_source(
    DailySource(
        "tickets.replied",
        _timed("first_response", "reply", ASKED),
        at("reply_"),
        TICKET,
        rows=_facts("reply_day"),
        day="reply_day",
        **CUT,
    )
)


def _reopened() -> Q:
    return Q(reopened_seconds__lt=Desk.current().reopen_window * DAY_SECONDS)


add_source(
    DailySource(
        "tickets.first_solved",
        (Measure("first_solved"), Measure("first_solved_reopened", _reopened), *_timed("first_resolution", "first")),
        at("first_solved_"),
        TICKET,
        rows=_facts("first_solved_day"),
        day="first_solved_day",
        **CUT,
    )
)


def _at_first_contact() -> Q:
    again = Q(contact_again_seconds__lt=Desk.current().contact_window * DAY_SECONDS)
    return Q(first_contact=True) & (Q(contact_again_seconds__isnull=True) | ~again)


add_source(
    DailySource(
        "tickets.solved",
        (
            Measure("tickets_solved"),
            Measure("solved_at_first_contact", _at_first_contact),
            *_timed("resolution", "full"),
            *_timed("handling", "handling"),
        ),
        at("solved_"),
        TICKET,
        rows=_facts("solved_day"),
        day="solved_day",
        **CUT,
    )
)
add_source(
    StockSource(
        "tickets.backlog",
        (Measure("ticket_backlog"),),
        at(),
        TICKET,
        rows=TicketState.objects.undone,
        start="start_day",
        end="end_day",
        opened="tickets.opened",
        left="tickets.left",
        **CUT,
    )
)

ANSWERED = Q(outcome=WaitOutcome.ANSWERED)
FIRST = Q(first=True)

add_source(
    DailySource(
        "tickets.waits",
        (
            Measure("waits_answered", ANSWERED & Q(seconds__isnull=False)),
            Measure("wait_time", ANSWERED & Q(seconds__isnull=False), "seconds"),
            Measure("waits_answered_business", ANSWERED & Q(business_seconds__isnull=False)),
            Measure("wait_time_business", ANSWERED & Q(business_seconds__isnull=False), "business_seconds"),
            Measure("waits_unclear", ANSWERED & Q(seconds__isnull=True)),
            Measure("waits_no_calendar", ANSWERED & Q(seconds__isnull=False, business_seconds__isnull=True)),
            Measure("waits_unanswered", Q(outcome=WaitOutcome.CLOSED_UNANSWERED)),
            Measure("first_waits_unanswered", FIRST & Q(outcome=WaitOutcome.CLOSED_UNANSWERED)),
        ),
        at(),
        TICKET,
        rows=lambda: ReplyWait.objects.filter(ticket__spam=False, day__isnull=False),
        day="day",
        **CUT,
    )
)
add_source(
    StockSource(
        "tickets.waiting",
        (Measure("waits_open"), Measure("first_waits_open", FIRST)),
        at(),
        TICKET,
        rows=lambda: ReplyWait.objects.filter(ticket__spam=False),
        start="started_day",
        end="day",
        opened="tickets.waiting_in",
        left="tickets.waiting_out",
        **CUT,
    )
)
add_source(
    DailySource(
        "tickets.sla",
        (Measure("sla_decided"), Measure("sla_met", Q(outcome=Outcome.MET))),
        {**at(), "sla_policy": "policy_id", "sla_metric": "metric"},
        TICKET,
        rows=SlaTarget.objects.decided,
        day="decided_day",
        **CUT,
    )
)
