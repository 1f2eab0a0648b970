"""How a number of a KPI is written for the reader: short on cards and axes, exact in tables and on hover.

Money is minor units, durations are seconds, percents are 0 to 100. None is a dash. Rounding (half to even) happens here only.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache

from babel.core import Locale
from babel.dates import format_date, format_interval, format_skeleton
from babel.numbers import format_compact_currency, format_compact_decimal, format_currency, format_decimal
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from crm.formats import date_locale, locale
from crm.money import exponent, format_money, to_major
from crm.periods import Period

Number = int | float | Decimal
DASH = "—"
MINUS = "\N{MINUS SIGN}"
MINUTE, HOUR, DAY = 60, 3600, 86400
POINTS = ("percent", "score", "points")  # units whose changes are said in points
COMPACT_FROM = 10_000  # smaller numbers are written out


def _decimal(value: Number) -> Decimal:
    return value if isinstance(value, Decimal) else Decimal(str(value))


def _signed(text: str) -> str:
    return text.replace("-", MINUS) if text.startswith("-") else text


@lru_cache(maxsize=256)
def _places(most: int, least: int = 0) -> str:
    return "#,##0." + "0" * least + "#" * (most - least) if most else "#,##0"


def number(value: Number, most: int = 0, least: int = 0) -> str:
    """A number with at most (and at least) so many decimal places."""
    return _signed(format_decimal(_decimal(value), format=_places(most, least), locale=locale()))


def percent(value: Number, places: int = 1) -> str:
    """42.3 is "42.3 %" in French and Spanish, "42.3%" in English."""
    pattern = str(Locale.parse(locale()).percent_formats[None].pattern)
    # The pattern multiplies by a hundred; ours are percents already, so the sign is put in as plain text.
    text = number(value, places, places)
    return pattern.replace("#,##0", text) if "#,##0" in pattern else f"{text}%"


def exact(value: Number | None, unit: str, currency: str = "") -> str:
    """As in tables and on hover."""
    if value is None:
        return DASH
    if unit == "money":
        return _signed(format_money(_minor(value), currency, locale(), cents=False))
    if unit == "percent":
        return percent(value)
    if unit == "days":
        return duration(value)
    if unit == "points":
        return points(value)
    return number(value, {"count": 1, "ratio": 2}.get(unit, 1))


def points(value: Number) -> str:
    """A score between -100 and 100: "+30", "0", "−20"; never a percent."""
    whole = round(_decimal(value))
    return ("+" if whole > 0 else "") + number(whole)


def short(value: Number | None, unit: str, currency: str = "") -> str:
    """As on cards: 12.4 k, €1.2 M; three days instead of 3 d 4 h."""
    if value is None:
        return DASH
    if unit == "money":
        return _short_money(value, currency)
    if unit == "days":
        return duration(value, parts=1)
    if unit == "percent":
        return percent(value)
    if not -COMPACT_FROM < value < COMPACT_FROM:
        return _signed(format_compact_decimal(_quantum(_decimal(value)), locale=locale(), fraction_digits=1))
    return exact(value, unit)


def signed(value: Number, unit: str, currency: str = "") -> str:
    """What was added or taken away: "+6", "−€1,200", "0"."""
    return _sign(_decimal(value), lambda size: exact(size, unit, currency)) if value else exact(value, unit, currency)


def part(value: Number | None, unit: str, currency: str = "") -> str:
    """A numerator or denominator, in full."""
    return exact(value, unit, currency)


def plain(value: Number | None, unit: str, currency: str = "") -> Number | str | None:
    """For exports: money in major units, percents with two places, durations in seconds."""
    if value is None:
        return None
    if unit == "money":
        return to_major(_minor(value), currency)
    if unit == "percent":
        return round(_decimal(value), 2)
    if unit == "count" and value == int(value):
        return int(value)
    return round(_decimal(value), 4) if unit != "days" else round(_decimal(value))


def _minor(value: Number) -> int:
    return int(round(_decimal(value)))


def _short_money(value: Number, currency: str) -> str:
    major = to_major(_minor(value), currency)
    if abs(major) < COMPACT_FROM:
        return _signed(format_money(_minor(value), currency, locale(), cents=abs(major) < 100))
    return _signed(format_compact_currency(_quantum(major), currency, locale=locale(), fraction_digits=1))


def _quantum(value: Decimal) -> Decimal:
    """Rounded to a tenth of its thousand or million first, so that 999,960 reads as 1 M and not as 1000 k."""
    if abs(value) < 1000:
        return value
    power = 3 * (value.adjusted() // 3) - 1
    return round(value.scaleb(-power)) * Decimal(10) ** power


# --- durations -------------------------------------------------------------------------------------------------------


def duration(seconds: Number, parts: int = 2) -> str:
    """Seconds as people say them: "38 s", "45 min", "3 h 20 min", "12 d 4 h"; with one part "3.3 h", "12.2 d"."""
    sign, rest = (MINUS if seconds < 0 else ""), abs(float(seconds))
    big, small = _clock(rest)
    if parts == 1 or not small:
        size, name = big
        text = rest / size
        return sign + _unit(text, name, 1 if text < 100 and size >= HOUR else 0)
    whole = int(rest // big[0])
    left = round((rest - whole * big[0]) / small[0])
    if left * small[0] >= big[0]:
        whole, left = whole + 1, 0
    return sign + _unit(whole, big[1]) + (f" {_unit(left, small[1])}" if left else "")


def _clock(seconds: float) -> tuple[tuple[int, str], tuple[int, str] | None]:
    """The unit to speak in, and the one below it where that says more."""
    if seconds >= 99.5 * DAY:
        return (DAY, "day"), None
    if seconds >= DAY - HOUR / 2:
        return (DAY, "day"), (HOUR, "hour")
    if seconds >= HOUR - MINUTE / 2:
        return (HOUR, "hour"), (MINUTE, "minute")
    return ((MINUTE, "minute"), None) if seconds >= MINUTE else ((1, "second"), None)


def _unit(value: Number, name: str, places: int = 0) -> str:
    text = {
        "day": _("%s d"),
        "hour": _("%s h"),
        "minute": _("%s min"),
        "second": _("%s s"),
    }[name]
    return (text % number(value, places)).replace(" ", "\N{NO-BREAK SPACE}")


# --- axes ------------------------------------------------------------------------------------------------------------


def axis(value: float, unit: str, currency: str, ticks: Sequence[float]) -> str:
    """A tick's name: as short as it can be and still differ from its neighbours."""
    step = ticks[1] - ticks[0] if len(ticks) > 1 else abs(value) or 1
    if unit == "money":
        return _axis_money(value, currency)
    if unit == "days":
        size, name = next(((size, name) for size, name in _CLOCK if step >= size), _CLOCK[-1])
        return _unit(value / size, name, 0 if step % size == 0 else 1)
    if unit == "points":
        return points(value)
    places = max(0, -math.floor(math.log10(step) + 1e-9)) if step < 1 else (1 if step % 1 else 0)
    if unit == "percent":
        return percent(value, places)
    if abs(value) >= 1000 and max(abs(tick) for tick in ticks) >= COMPACT_FROM:
        return _signed(format_compact_decimal(_decimal(value), locale=locale(), fraction_digits=1 if step % 1000 else 2))
    return number(value, places)


_CLOCK = ((DAY, "day"), (HOUR, "hour"), (MINUTE, "minute"), (1, "second"))


def _axis_money(value: float, currency: str) -> str:
    """Ticks of money are whole minor units; written without cents, shortened from ten thousand on."""
    major = _decimal(value).scaleb(-exponent(currency))
    if abs(major) >= 1000:
        return _signed(format_compact_currency(major, currency, locale=locale(), fraction_digits=2))
    if major == int(major):
        return _signed(format_money(_minor(value), currency, locale(), cents=False))
    return _signed(format_currency(major, currency, locale=locale()))


# --- periods ---------------------------------------------------------------------------------------------------------


def period(span: Period) -> str:
    """ "May 2026", "Q2 2026", "2026", "1–18 May 2026"; a single day "18 May 2026"."""
    if span.grain == "month":
        return format_skeleton("yMMMM", span.start, locale=date_locale())
    if span.grain in ("quarter", "year") and span.start.day == 1 and _on_calendar(span):
        return format_skeleton("yQQQ" if span.grain == "quarter" else "y", span.start, locale=date_locale())
    return interval(span.start, span.last_day)


def _on_calendar(span: Period) -> bool:
    """Whether a quarter or year is the calendar's own, so that its plain name means the same to all."""
    return span.start.month in ((1, 4, 7, 10) if span.grain == "quarter" else (1,))


def interval(first: dt.date, last: dt.date) -> str:
    """The days from first to last, both inside, with the year once."""
    if first == last:
        return format_date(first, "medium", locale=date_locale())
    return format_interval(first, last, "yMMMd", locale=date_locale())


def interval_short(span: Period) -> str:
    """Without the year where it is this one and both days lie in it: "1–18 May"."""
    from crm.periods import today

    if span.grain in ("month", "quarter", "year"):
        return period(span)
    if span.start.year == span.last_day.year == today().year:
        if span.days == 1:
            return day_short(span.start)
        return format_interval(span.start, span.last_day, "MMMd", locale=date_locale())
    return period(span)


def day_short(day: dt.date) -> str:
    return format_skeleton("MMMd", day, locale=date_locale())


def tick_of(span: Period, grain: str, with_year: bool) -> str:
    """A unit's short name on the axis: "May", "May 26" on the first of a year, "Q2", "3 May"."""
    if grain in ("day", "week"):
        return day_short(span.start)
    if grain == "month":
        name = format_skeleton("MMM", span.start, locale=date_locale()).rstrip(".")
        return f"{name} {span.start:%y}" if with_year else name
    if grain == "quarter" and _on_calendar(Period(span.start, span.end, "quarter")):
        if with_year:
            return format_skeleton("yQQQ", span.start, locale=date_locale())
        return format_date(span.start, "QQQ", locale=date_locale())  # no locale has this as a skeleton
    if grain == "year" and span.start.month == 1:
        return str(span.start.year)
    return format_skeleton("yMMM", span.start, locale=date_locale())


def so_far() -> str:
    return _("so far")


# --- changes ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Difference:
    """How a value moved: its words, where it went, and whether that is good (None: neither, or no direction)."""

    text: str
    direction: str  # up, down, flat
    better: bool | None


def difference(now: Number | None, before: Number | None, unit: str, wanted: str = "neutral") -> Difference | None:
    """Percents and scores move by points, all else by percent of what was. From zero there is no percent: "new".

    None where either side has no value: there is nothing to compare.
    """
    if now is None or before is None:
        return None
    now, before = _decimal(now), _decimal(before)
    moved = now - before
    if not moved or (unit in POINTS and not round(moved, 1)):
        return Difference(_("no change"), "flat", None)
    direction = "up" if moved > 0 else "down"
    better = None if wanted not in ("higher", "lower") else (direction == "up") == (wanted == "higher")
    if unit in POINTS:
        text = _points(moved)
    elif not before:
        text = _("new")
    else:
        text = _sign(100 * moved / abs(before), lambda size: percent(size, 1 if size < 100 else 0))
    return Difference(text, direction, better)


def _points(moved: Decimal) -> str:
    size = round(abs(moved), 1)
    words = ngettext("%(number)s point", "%(number)s points", 1 if size == 1 else 2)
    return ("+" if moved > 0 else MINUS) + words % {"number": number(size, 1)}


def _sign(value: Decimal, write) -> str:
    return ("+" if value > 0 else MINUS) + write(abs(value))
