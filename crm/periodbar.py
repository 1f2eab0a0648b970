"""The period a page of numbers is about, as its address says it: preset or own dates, comparison, grain."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from urllib.parse import urlencode

from babel.dates import format_interval, format_skeleton
from django.http import HttpRequest
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from . import formats
from .periods import GRAINS, Period, containing, today

PRESETS = {
    "today": (gettext_lazy("Today"), "day", 0),
    "this_week": (gettext_lazy("This week"), "week", 0),
    "last_week": (gettext_lazy("Last week"), "week", 1),
    "this_month": (gettext_lazy("This month"), "month", 0),
    "last_month": (gettext_lazy("Last month"), "month", 1),
    "this_quarter": (gettext_lazy("This quarter"), "quarter", 0),
    "last_quarter": (gettext_lazy("Last quarter"), "quarter", 1),
    "this_year": (gettext_lazy("This year"), "year", 0),
    "last_year": (gettext_lazy("Last year"), "year", 1),
    "last_30": (gettext_lazy("Last 30 days"), "", 30),
    "last_90": (gettext_lazy("Last 90 days"), "", 90),
    "last_365": (gettext_lazy("Last 365 days"), "", 365),
}
COMPARES = {
    "previous": gettext_lazy("the period before"),
    "year": gettext_lazy("the year before"),
    "none": gettext_lazy("nothing"),
}
GRAIN_LABELS = {
    "day": gettext_lazy("day"),
    "week": gettext_lazy("week"),
    "month": gettext_lazy("month"),
    "quarter": gettext_lazy("quarter"),
    "year": gettext_lazy("year"),
}
OWN = "own"
EARLIEST = dt.date(1970, 1, 1)
LONGEST = 366 * 30  # days
MOST_POINTS = 400
KEPT_OUT = ("period", "from", "to", "compare", "grain", "page")


def span_words(period: Period) -> str:
    """A period in words: 1–18 May 2026, May 2026, 2026, 12 May 2026."""
    locale = formats.date_locale()
    if period.grain == "month":
        return capfirst(format_skeleton("yMMMM", period.start, locale=locale))
    if period.days == 1:
        return formats.day(period.start)
    if period.grain == "year" and period.start.month == 1:
        return str(period.start.year)
    return format_interval(period.start, period.last_day, "yMMMd", locale=locale)


@dataclass
class PeriodBar:
    """What was asked, and what the bar's template offers.

    `whole` is the asked period, `period` the part up to today when it is running. `comparison` is like for like: the first
    days of the period compared with, as many as `period` has.
    """

    whole: Period
    preset: str
    compare: str
    grain: str
    path: str = ""
    error: str = ""
    kept: dict[str, str] = field(default_factory=dict)
    plain: bool = False  # the page has nothing to compare or to cut by time: only the period is chosen

    @classmethod
    def read(cls, request: HttpRequest, default: str = "this_month") -> PeriodBar:
        """From the query string. What cannot be read falls back to the default, and `error` says so."""
        query = request.GET
        preset, error = query.get("period") or "", ""
        whole = None
        if query.get("from") or query.get("to"):
            whole, error = _own_dates(query.get("from", ""), query.get("to", ""))
            preset = OWN if whole else ""
        if whole is None:
            preset = preset if preset in PRESETS else default
            whole = _preset(preset)
        compare = query.get("compare") or "previous"
        compare = compare if compare in COMPARES else "previous"
        grain = query.get("grain") or ""
        grain = grain if grain in grains_for(whole) else ""
        kept = {name: str(value) for name, value in query.items() if name not in KEPT_OUT}
        return cls(whole, preset, compare, grain, request.path, error, kept)

    @property
    def period(self) -> Period:
        return self.whole.clipped(today())

    @property
    def running(self) -> bool:
        """Whether the period holds today and is not over with it."""
        return self.period != self.whole

    @property
    def to_date(self) -> str:
        """Words for a running period; "" when it is over."""
        return _("%s so far") % span_words(self.period) if self.running else ""

    @property
    def comparison_whole(self) -> Period | None:
        """The whole period compared with."""
        if self.compare == "none":
            return None
        return self.whole.year_before() if self.compare == "year" else self.whole.previous()

    @property
    def comparison(self) -> Period | None:
        whole = self.comparison_whole
        if whole is None or not self.running:
            return whole
        return self.period.like_for_like(whole)

    @property
    def first_day(self) -> dt.date:
        return self.whole.start

    @property
    def last_day(self) -> dt.date:
        return self.whole.last_day

    @property
    def span(self) -> str:
        """The whole period in words."""
        return span_words(self.whole)

    @property
    def label(self) -> str:
        """What the bar's button says."""
        return span_words(self.whole) if self.preset == OWN else f"{PRESETS[self.preset][0]} · {span_words(self.whole)}"

    @property
    def comparison_label(self) -> str:
        return _("against %s") % span_words(self.comparison) if self.comparison else ""

    @property
    def query(self) -> dict[str, str]:
        """The parameters that carry this choice to another page."""
        named = (
            {"period": self.preset}
            if self.preset != OWN
            else {"from": self.first_day.isoformat(), "to": self.last_day.isoformat()}
        )
        return {**named, "compare": self.compare, **({"grain": self.grain} if self.grain else {})}

    @property
    def encoded(self) -> str:
        return urlencode(self.query)

    @property
    def presets(self) -> list[dict]:
        carried = {**self.kept, "compare": self.compare, **({"grain": self.grain} if self.grain else {})}
        return [
            {
                "key": key,
                "label": label,
                "url": f"{self.path}?{urlencode({**carried, 'period': key})}",
                "current": key == self.preset,
            }
            for key, (label, _grain, _back) in PRESETS.items()
        ]

    @property
    def compares(self) -> list[tuple[str, object]]:
        return list(COMPARES.items())

    @property
    def grains(self) -> list[tuple[str, object]]:
        """The grains to choose from; "" leaves it to the page, which takes one that suits the period's length."""
        return [("", _("automatic")), *((grain, GRAIN_LABELS[grain]) for grain in grains_for(self.whole))]


def grains_for(period: Period) -> list[str]:
    """The grains that do not cut the period into too many units."""
    lengths = {"day": 1, "week": 7, "month": 31, "quarter": 92, "year": 366}
    return [grain for grain in GRAINS if period.days <= lengths[grain] * MOST_POINTS]


def _preset(key: str) -> Period:
    _label, grain, back = PRESETS[key]
    if not grain:
        tomorrow = today() + dt.timedelta(days=1)
        return Period(tomorrow - dt.timedelta(days=back), tomorrow)
    period = containing(today(), grain)
    for _time in range(back):
        period = period.previous()
    return period


def _own_dates(first: str, last: str) -> tuple[Period | None, str]:
    """The half-open period of two shown days, or None and what is wrong."""
    try:
        start = dt.date.fromisoformat(first) if first else None
        end = dt.date.fromisoformat(last) if last else None
    except ValueError:
        return None, _("Write both days as 2026-05-01.")
    start, end = start or end, end or (max(today(), start) if start else None)
    if start is None or end is None:
        return None, ""
    if end < start:
        return None, _("The last day lies before the first.")
    if start < EARLIEST or end.year > 2200 or (end - start).days > LONGEST:
        return None, _("The dates are out of reach.")
    period = Period(start, end + dt.timedelta(days=1))
    for grain in GRAINS:
        named = containing(start, grain)
        if (named.start, named.end) == (period.start, period.end):
            return named, ""
    return period, ""
