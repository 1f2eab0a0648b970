"""Tags and filters that show one value: money, numbers, days, people, badges, icons."""

from __future__ import annotations

import datetime as dt
from functools import lru_cache
from typing import Any

import lucide
from django import template
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from .. import formats
from ..money import format_money

register = template.Library()

#: How known words of state look. Meaning never hangs on the tone alone: the word stands in the badge.
TONES = {
    "won": "success",
    "converted": "success",
    "qualified": "success",
    "done": "success",
    "final": "success",
    "granted": "success",
    "active": "success",
    "renewed": "success",
    "created": "success",
    "lost": "danger",
    "ended": "danger",
    "cancelled": "warning",
    "paused": "warning",
    "trial": "info",
    "upcoming": "info",
    "failed": "danger",
    "refused": "danger",
    "poisoned": "danger",
    "overdue": "danger",
    "denied": "danger",
    "stale": "warning",
    "waiting": "warning",
    "unresponsive": "warning",
    "provisional": "warning",
    "open": "info",
    "new": "info",
    "working": "info",
    "running": "info",
    "updated": "info",
}


@lru_cache(maxsize=1024)
def _icon(name: str, size: int, label: str) -> SafeString:
    attributes = {"role": "img", "aria_label": label} if label else {"aria_hidden": "true"}
    # lucide builds the element from its own files; the label is escaped by ElementTree.
    return mark_safe(lucide._render_icon(name, size, stroke_width="1.75", **attributes))  # noqa: S308


@register.filter
def country(code: str) -> str:
    """{{ "FR"|country }}: France, in the reader's language."""
    return formats.country(code)


@register.simple_tag
def icon(name: str, size: int = 16, label: str = "") -> SafeString:
    """An inline SVG of Lucide, hidden from screen readers unless it has a label. An unknown name raises."""
    return _icon(name, size, str(label))


@register.simple_tag
def badge(text: Any, tone: str = "neutral", icon: str = "") -> SafeString:
    """A small word of state. tone: neutral, accent, success, warning, danger, info."""
    mark = _icon(icon, 12, "") if icon else ""
    return format_html('<span class="badge tone-{}">{}<span>{}</span></span>', tone or "neutral", mark, text)


@register.filter
def tone(word: Any) -> str:
    """The tone of a known word of state: {% badge deal.get_status_display tone=deal.status|tone %}."""
    return TONES.get(str(word), "neutral")


@register.filter(name="money")
def money_filter(minor: int | None, currency: str) -> str:
    """Minor units as the reader writes them; cents only when they are not zero."""
    return format_money(minor, currency, cents=False)


@register.filter
def money_short(minor: int | None, currency: str) -> str:
    """The same, shortened from 10,000 on."""
    return formats.money_short(minor, currency)


@register.simple_tag(name="money")
def money_tag(minor: int | None, currency: str, short: bool = False) -> SafeString:
    """Money in a span; when shortened the exact amount is its title."""
    if minor is None:
        return format_html('<span class="missing">{}</span>', formats.MISSING)
    exact = format_money(minor, currency, cents=False)
    words = formats.money_short(minor, currency) if short else exact
    if words == exact:
        return format_html('<span class="num nowrap">{}</span>', exact)
    return format_html('<span class="num nowrap" title="{}">{}</span>', exact, words)


@register.filter
def number(value: Any, places: int | None = None) -> str:
    """A number in the reader's locale; {{ n|number:1 }} with one decimal."""
    return formats.number(value, places) if not isinstance(value, str) else value


@register.filter
def number_short(value: Any) -> str:
    """A number, shortened from 10,000 on."""
    return formats.number_short(value)


@register.filter
def percent(value: Any, places: int = 1) -> str:
    """A value that is already in percent."""
    return formats.percent(value, places)


@register.filter
def duration(seconds: Any) -> str:
    """The two largest units of a span in seconds."""
    return formats.duration(seconds)


@register.filter(name="measure")
def measure_filter(value: Any, unit: str) -> str:
    """A number by its unit; for money use the tag, which takes the currency."""
    return formats.measure(value, unit)


@register.simple_tag
def measure(value: Any, unit: str, currency: str = "", short: bool = False) -> str:
    """A number by its unit: count, money, percent, ratio, days, score."""
    return formats.measure(value, unit, currency, short=short)


@register.filter
def day(value: dt.date | None) -> str:
    """A day: 21 Nov 2026."""
    return formats.day(value) if value else formats.MISSING


@register.filter
def moment(value: dt.datetime | None) -> str:
    """The exact date and time in the reader's zone."""
    return formats.moment(value) if value else formats.MISSING


@register.filter
def clock(value: dt.datetime) -> str:
    """The time of day in the reader's zone."""
    return formats.clock(value)


@register.filter
def pairs(text: str) -> list[list[str]]:
    """ "a b,c d" as [[a, b], [c, d]], to loop over a short fixed list."""
    return [part.split() for part in text.split(",")]


@register.simple_tag
def when(value: dt.date | None) -> SafeString:
    """Relative, with the exact time on hover; instants more than 30 days away show as a date."""
    if not value:
        return format_html('<span class="missing">{}</span>', formats.MISSING)
    if isinstance(value, dt.datetime):
        near = abs(value - timezone.now()) < dt.timedelta(days=30)
        exact, words = formats.moment(value), formats.ago(value) if near else formats.day(value)
        stamp = value.astimezone(dt.UTC).isoformat(timespec="seconds")
    else:
        exact, words, stamp = formats.day(value, "full"), formats.day_ago(value), value.isoformat()
    return format_html('<time class="nowrap" datetime="{}" title="{}">{}</time>', stamp, exact, words)


@register.simple_tag
def as_of() -> str:
    """This moment in words, for a sheet of paper that tells what was true then."""
    return _("As of %(moment)s") % {"moment": formats.moment(timezone.now())}


@register.filter
def initials(who: Any) -> str:
    """One or two letters for an avatar."""
    words = [word for word in str(who or "").replace("-", " ").split() if word[0].isalnum()]
    return (words[0][0] + (words[-1][0] if len(words) > 1 else "")).upper() if words else "?"


@register.filter
def hue(who: Any) -> int:
    """A series colour, 1 to 8, that stays with a record."""
    return (getattr(who, "pk", None) or 0) % 8 + 1


@register.inclusion_tag("_components/person.html")
def person(user: Any, size: str = "s", link: bool = False) -> dict:
    """Avatar and name. size: s or l; link: to the record's own page when it has one."""
    url = user.get_absolute_url() if user and link and hasattr(user, "get_absolute_url") else ""
    return {"who": user, "size": size, "url": url}
