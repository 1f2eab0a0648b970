"""Tags of tickets: countdowns, chips, sizes."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django import template
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from crm import formats

from ..choices import Category, Channel, Metric, Outcome, Priority

register = template.Library()

SOON = dt.timedelta(hours=1)
TONES: dict[str, str] = {
    Category.OPEN: "accent",
    Category.WAITING_CUSTOMER: "warning",
    Category.WAITING_OTHER: "info",
    Category.DONE: "success",
    Priority.HIGH: "warning",
    Priority.URGENT: "danger",
    Outcome.MET: "success",
    Outcome.BREACHED: "danger",
    Outcome.RUNNING: "accent",
}

ICONS = {
    Channel.WEB: "globe",
    Channel.EMAIL: "mail",
    Channel.PHONE: "phone",
    Channel.CHAT: "message-circle",
    Channel.API: "plug",
}


@register.filter
def channel_icon(channel: str) -> str:
    """The icon of a channel."""
    return ICONS.get(Channel(channel), "circle-dot")


@register.filter
def ticket_tone(word: Any) -> str:
    """The tone of a category, priority or outcome."""
    return TONES.get(str(word), "neutral")


def due_in_words(at: dt.datetime, now: dt.datetime) -> str:
    """ "in 42 min", "18 min late"; static/js/due.js says the same as time goes on."""
    seconds = (at - now).total_seconds()
    if -60 < seconds < 60:
        return _("now")
    # Whole minutes: seconds that nobody can act on only make the number restless.
    words = formats.duration(abs(int(seconds)) // 60 * 60)
    return _("in %s") % words if seconds > 0 else _("%s late") % words


@register.simple_tag
def due(at: dt.datetime | None, metric: str = "", paused: bool = False) -> SafeString:
    """A countdown to a due moment, with what is due and exactly when on hover; "paused" where a clock stands still."""
    if at is None:
        return format_html('<span class="faint">{}</span>', _("paused")) if paused else SafeString("")
    now = timezone.now()
    state = "late" if at <= now else "soon" if at - now <= SOON else ""
    what = str(Metric(metric).label) if metric in Metric.values else ""
    exact = formats.moment(at)
    title = _("%(what)s due %(when)s") % {"what": what, "when": exact} if what else exact
    stamp = at.astimezone(dt.UTC).isoformat(timespec="seconds")
    words = due_in_words(at, now)
    return format_html('<time class="due {}" datetime="{}" title="{}" data-due>{}</time>', state, stamp, title, words)


@register.simple_tag
def due_units() -> SafeString:
    """The words that static/js/due.js counts with, as attributes."""
    words = {
        "now": _("now"),
        "in": _("in %s"),
        "late": _("%s late"),
        "days": _("%s d"),
        "hours": _("%s h"),
        "minutes": _("%s min"),
    }
    return format_html(
        'data-due-now="{now}" data-due-in="{in}" data-due-late="{late}" '
        'data-due-days="{days}" data-due-hours="{hours}" data-due-minutes="{minutes}"',
        **words,
    )


@register.filter
def hours(seconds: int | None) -> str:
    """A span in hours and minutes: a promise of "8 h" is eight hours of its clock, never a third of a day."""
    if seconds is None:
        return formats.MISSING
    whole, rest = divmod(abs(int(seconds)) // 60, 60)
    parts = [_("%s h") % formats.number(whole)] if whole else []
    parts += [_("%s min") % rest] if rest or not whole else []
    return ("−" if seconds < 0 else "") + " ".join(parts)


@register.filter
def file_size(size: int) -> str:
    """Bytes as kB or MB."""
    if size < 1_000_000:
        return _("%s kB") % formats.number(max(1, round(size / 1000)))
    return _("%s MB") % formats.number(round(size / 1_000_000, 1), 1)
