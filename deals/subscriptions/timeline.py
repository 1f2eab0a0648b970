"""How the events of subscriptions read on a timeline."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from crm import formats, timeline
from crm.money import format_money
from crm.timeline import Entry

from ..choices import CancelReason, Interval


def _url(event: Any) -> str:
    return reverse("deals:subscription", args=[event.subject_id])


def _day(event: Any) -> str:
    text = event.new.get("day")
    return formats.day(dt.date.fromisoformat(text)) if text else ""


def _price(event: Any) -> str:
    amount, currency, interval = (event.new.get(name) for name in ("amount", "currency", "interval"))
    if amount is None or not currency or interval not in Interval.values:
        return ""
    return f"{format_money(amount, currency, cents=False)} / {Interval(interval).label}"


@timeline.describes("subscription.started", "subscription.renewed")
def started(event: Any) -> Entry:
    words = (
        _("Subscription %(name)s renewed from %(day)s")
        if event.kind.endswith("renewed")
        else _("Subscription %(name)s from %(day)s")
    )
    icon = "refresh-cw" if event.kind.endswith("renewed") else "repeat"
    named = words % {"name": event.subject_name, "day": _day(event)}
    return Entry(event.at, named, icon, _price(event), event.actor, _url(event), tone="success")


@timeline.describes("subscription.changed")
def changed(event: Any) -> Entry:
    words = _("Subscription %(name)s changed") % {"name": event.subject_name}
    detail = timeline.changes(event) if event.old else ""
    since = _("From %(day)s") % {"day": _day(event)} if event.new.get("day") else ""
    return Entry(event.at, words, "pencil", "\n".join(filter(None, (since, detail))), event.actor, _url(event))


@timeline.describes("subscription.paused", "subscription.resumed", "subscription.reactivated", "subscription.prepared")
def done(event: Any) -> Entry:
    verb = event.kind.partition(".")[2]
    words = {
        "paused": _("Subscription %(name)s paused from %(day)s"),
        "resumed": _("Subscription %(name)s goes on from %(day)s"),
        "reactivated": _("Cancellation of subscription %(name)s taken back"),
        "prepared": _("Renewal of subscription %(name)s prepared: it ends on %(day)s"),
    }[verb]
    icon = {"paused": "pause", "resumed": "play", "reactivated": "rotate-ccw", "prepared": "bell"}[verb]
    return Entry(event.at, words % {"name": event.subject_name, "day": _day(event)}, icon, "", event.actor, _url(event))


@timeline.describes("subscription.cancelled")
def cancelled(event: Any) -> Entry:
    words = _("Subscription %(name)s cancelled: it ends on %(day)s") % {"name": event.subject_name, "day": _day(event)}
    reason = event.new.get("cancel_reason")
    why = str(CancelReason(reason).label) if reason in CancelReason.values else ""
    return Entry(event.at, words, "circle-x", why, event.actor, _url(event), tone="warning")
