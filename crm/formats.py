"""Numbers, money, days and spans as the reader of a locale writes them."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from babel import Locale
from babel.dates import format_date, format_datetime, format_time, format_timedelta
from babel.numbers import format_compact_currency, format_compact_decimal, format_decimal
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from .money import format_money, to_major

MISSING = "—"
COMPACT_FROM = 10_000
Number = int | float | Decimal


def locale() -> str:
    """The reader's locale as Babel names it."""
    return (get_language() or "en").replace("-", "_")


def date_locale() -> str:
    """The same for dates; English puts the day before the month: 18 May 2026."""
    return "en_GB" if locale() == "en" else locale()


def country(code: str) -> str:
    """France for FR; what is no code of a country stays as it is."""
    return str(Locale.parse(locale()).territories.get(code, code))


def number(value: Number | None, places: int | None = None) -> str:
    """12,345.6; with `places` exactly that many decimals, else up to two and none that are zero."""
    if value is None:
        return MISSING
    pattern = "#,##0.##" if places is None else "#,##0" + ("." + "0" * places if places else "")
    return format_decimal(value, format=pattern, locale=locale())


def number_short(value: Number | None) -> str:
    """12.4K: shortened from 10,000 on."""
    if value is None or -COMPACT_FROM < value < COMPACT_FROM:
        return number(value)
    return format_compact_decimal(value, locale=locale(), fraction_digits=1)


def money_short(minor: int | None, currency: str) -> str:
    """€12.4K: shortened from 10,000 major units on."""
    if minor is None:
        return MISSING
    major = to_major(minor, currency)
    if abs(major) < COMPACT_FROM:
        return format_money(minor, currency, cents=False)
    return format_compact_currency(major, currency, locale=locale(), fraction_digits=1)


def percent(value: Number | None, places: int = 1) -> str:
    """42.5 % of a value that is already in percent."""
    if value is None:
        return MISSING
    words = number(value, places)
    return f"{words}%" if locale() == "en" else f"{words}\u202f%"


def duration(seconds: Number | None) -> str:
    """The two largest units of a span: 3 d 4 h, 5 h 12 min, 40 s."""
    if seconds is None:
        return MISSING
    left = abs(int(seconds))
    parts: list[str] = []
    for size, words in ((86400, _("%s d")), (3600, _("%s h")), (60, _("%s min")), (1, _("%s s"))):
        count, left = divmod(left, size)
        if count or (size == 1 and not parts):
            parts.append(words % number(count))
        elif parts:
            break
        if len(parts) == 2:
            break
    return ("−" if seconds < 0 else "") + " ".join(parts)


def days(seconds: Number | None) -> str:
    """A span in days with one decimal; shorter than a day in hours and minutes."""
    if seconds is None:
        return MISSING
    if -86400 < seconds < 86400:
        return duration(seconds)
    return _("%s days") % number(Decimal(str(seconds)) / 86400, 1)


def day(value: dt.date | None, form: str = "medium") -> str:
    """A local day: 21 Nov 2026. An instant is first brought to the reader's zone."""
    if value is None:
        return MISSING
    if isinstance(value, dt.datetime):
        value = timezone.localtime(value).date()
    return format_date(value, form, locale=date_locale())


def moment(value: dt.datetime | None) -> str:
    """The exact date and time in the reader's zone."""
    if value is None:
        return MISSING
    return format_datetime(timezone.localtime(value), "medium", locale=date_locale())


def clock(value: dt.datetime) -> str:
    """The time of day in the reader's zone."""
    return format_time(timezone.localtime(value).timetz(), "short", locale=date_locale())


def ago(value: dt.datetime, now: dt.datetime | None = None) -> str:
    """3 hours ago, in 2 days. From a day on the reader's calendar counts: nine o'clock three days on is "in 3 days" all day."""
    now = now or timezone.now()
    delta = value - now
    if abs(delta) < dt.timedelta(minutes=1):
        return _("just now")
    if abs(delta) >= dt.timedelta(days=1):
        delta = timezone.localdate(value) - timezone.localdate(now)
    return format_timedelta(delta, add_direction=True, threshold=0.95, locale=date_locale())


def day_ago(value: dt.date, today: dt.date | None = None) -> str:
    """Today, tomorrow, yesterday; days away within a month; else the date."""
    today = today or timezone.localdate()
    away = (value - today).days
    near = {0: _("today"), 1: _("tomorrow"), -1: _("yesterday")}
    if away in near:
        return near[away]
    if abs(away) <= 30:
        return format_timedelta(
            dt.timedelta(days=away), granularity="day", threshold=99, add_direction=True, locale=date_locale()
        )
    return day(value)


def measure(value: Any, unit: str, currency: str = "", *, short: bool = False) -> str:
    """A number by its unit: count, money (minor units), percent, ratio, days (seconds), score."""
    if value is None:
        return MISSING
    if unit == "money":
        return money_short(value, currency) if short else format_money(round(value), currency, cents=False)
    if unit == "percent":
        return percent(value)
    if unit == "days":
        return days(value)
    if unit == "ratio":
        return number(value, 2)
    if unit == "score":
        return number(value, 1)
    return number_short(value) if short else number(value)
