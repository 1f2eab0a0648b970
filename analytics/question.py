"""What a reader asks of the numbers: which period, compared with what, filtered and split how. All of it is in the URL.

What cannot be read falls back to its default; `problems` says what was wrong, so no address ends in an error page.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest
from django.utils.translation import gettext as _

from crm import periods
from crm.models import User
from crm.periodbar import PeriodBar
from crm.periods import Period

from .engine import Scope
from .registry import METRIC, Kpi
from .sources import dimensions

NONE = "(none)"  # in the URL: the rows without a member
PEOPLE = ("owner", "user", "team")
SHOWN = 12  # units on sparklines and, at least, on charts
MOST_UNITS = 120
COARSER = {"day": "week", "week": "month", "month": "quarter", "quarter": "year", "year": "year"}


@dataclass
class Filter:
    """One chosen member, in words, with the address that takes it out."""

    dimension: str
    member: str
    label: Any
    text: str
    remove: str = ""


@dataclass
class Question:
    """Period, comparison, grain, scope and filters of one request."""

    bar: Any
    scope: Scope
    today: dt.date
    filters: list[Filter] = field(default_factory=list)
    by: str = ""
    reader: Any = None
    problems: list[str] = field(default_factory=list)

    @classmethod
    def read(cls, request: HttpRequest, kpi: Kpi | None = None) -> Question:
        """The question in the request's address; with a KPI also its filters and split."""
        bar = PeriodBar.read(request)
        question = cls(bar, Scope.of(request.user), periods.today(), reader=request.user)
        if kpi is not None:
            question._read_filters(request.GET, kpi.filterable)
            question.by = question.split_by(request.GET.get("by"), kpi)
        return question

    @classmethod
    def of_many(cls, request: HttpRequest, cuts: Sequence[str]) -> Question:
        """The question to several KPIs, which between them know these dimensions; `by` is empty unless it was asked for."""
        question = cls.read(request)
        question._read_filters(request.GET, cuts)
        wanted = request.GET.get("by", "")
        question.by = wanted if wanted in cuts else ""
        return question

    def _read_filters(self, query: Mapping[str, str], cuts: Sequence[str]) -> None:
        for key in cuts:
            wanted = query.get(key)
            if not wanted:
                continue
            member = "" if wanted == NONE else wanted
            text = member_name(key, member)
            if text is None:
                self.problems.append(
                    _("“%(member)s” is not a value of %(dimension)s, so it was left out.")
                    % {"member": wanted[:60], "dimension": dimensions[key].label}
                )
                continue
            shown = text if self._may_name(key, member) else _("someone else")
            self.filters.append(Filter(key, member, dimensions[key].label, shown))
        for one in self.filters:
            one.remove = self.encoded(**{one.dimension: None})

    def _may_name(self, dimension: str, member: str) -> bool:
        """Whether the reader may learn this name by guessing its number: of people and teams only those in the scope, of records those
        they may see."""
        visible = dimensions[dimension].visible
        if member and visible is not None and not visible(self.reader, member):
            return False
        if dimension not in PEOPLE or not member or self.scope.kind == "all":
            return True
        if dimension == "team" and self.scope.kind == "team":
            return member in self.scope.members
        if self.scope.kind == "team":
            return User.objects.filter(pk=member, team_id__in=self.scope.members).exists()
        if dimension == "team":
            return User.objects.filter(pk__in=self.scope.members, team_id=member).exists()
        return member in self.scope.members

    def split_by(self, wanted: str | None, kpi: Kpi) -> str:
        """The dimension to split by: the one asked for, else the first that is not filtered already and says something."""
        if wanted in kpi.dimensions:
            return str(wanted)
        if mix(kpi):
            return mix(kpi)
        dull = {one.dimension for one in self.filters} | (set(PEOPLE) if self.is_own else set())
        return next((key for key in kpi.dimensions if key not in dull), "")

    @property
    def is_own(self) -> bool:
        """Whether the numbers are one person's, so that a split by person says nothing."""
        return self.scope.kind == "own"

    # --- periods -----------------------------------------------------------------------------------------------------

    @cached_property
    def period(self) -> Period:
        """The chosen period, up to today while it runs; the same to the end of the request, over midnight too."""
        return self.bar.whole.clipped(self.today)

    def span_of(self, kpi: Kpi) -> Period:
        """What this KPI is asked of: numbers about numbers of the whole period, all others of the part up to today."""
        return self.bar.whole if kpi.asks_whole else self.period

    @cached_property
    def before(self) -> Period | None:
        """What it is compared with, like for like."""
        return self.bar.comparison

    @property
    def is_running(self) -> bool:
        return self.period != self.bar.whole

    @property
    def grain(self) -> str:
        """The grain asked for; else weeks and months among their like, quarters and years by month, own dates by their length."""
        whole = self.bar.whole
        if self.bar.grain or whole.grain:
            return self.bar.grain or (whole.grain if whole.grain in ("day", "week") else "month")
        return "day" if whole.days <= 14 else "week" if whole.days <= 45 else "month" if whole.days <= 1200 else "quarter"

    def units(self, most: int = MOST_UNITS) -> list[Period]:
        """The units of a series: those of the period, and enough before it that there are twelve. The last one may run."""
        whole, grain = self.bar.whole, self.grain
        upto = min(whole.last_day, self.today) if whole.start <= self.today else whole.last_day
        while True:
            start = min(whole.start, periods.last(SHOWN, grain, upto)[0].start)
            found = list(periods.units(start, upto + dt.timedelta(days=1), grain))
            if len(found) <= most or grain == "year":
                return found[-most:]
            grain = COARSER[grain]

    # --- addresses ---------------------------------------------------------------------------------------------------

    @property
    def chips(self) -> list[Filter]:
        """The filters that stand above the number; which number it is about has a field of its own."""
        return [one for one in self.filters if one.dimension != METRIC]

    @property
    def chosen(self) -> dict[str, str]:
        """Filters as the engine takes them."""
        return {one.dimension: one.member for one in self.filters}

    @property
    def query(self) -> dict[str, str]:
        """Everything that a link must carry on."""
        asked = dict(self.bar.query)
        asked.update({one.dimension: one.member or NONE for one in self.filters})
        return asked

    def own_dates(self, first: dt.date, last: dt.date) -> str:
        """The query string for other days, compared and filtered alike."""
        kept = {key: value for key, value in self.query.items() if key not in ("period", "from", "to", "grain")}
        return "?" + urlencode({"from": first.isoformat(), "to": last.isoformat(), **kept})

    def encoded(self, **changes: str | None) -> str:
        """The query string with some of it replaced; None takes a parameter out. With "?" where there is any."""
        asked: dict[str, Any] = {**self.query, **({"by": self.by} if self.by else {}), **changes}
        text = urlencode({key: value for key, value in asked.items() if value is not None})
        return f"?{text}" if text else ""

    @property
    def unsplit(self) -> str:
        """The query string without the split."""
        return self.encoded(by=None)


def mix(kpi: Kpi) -> str:
    """The dimension over which a KPI is a share of the whole (loss reasons): without that split it is 100 % and says nothing."""
    below = kpi.terms.get("denominator")
    ignored = [name for name in below.ignores if name not in kpi.choices] if below is not None else []
    return ignored[0] if ignored and kpi.unit == "percent" else ""


def member_name(dimension: str, member: str) -> str | None:
    """The readable name of a member; None when the dimension knows its members and this is not one of them."""
    if not member:
        return _("none")
    if len(member) > 200:
        return None
    known = dimensions[dimension].labels([member])
    if member in known:
        return known[member]
    return None if _has_ids(dimension) else member


def _has_ids(dimension: str) -> bool:
    """Whether members are keys with labels (owners, stages), not plain text (sources, campaigns)."""
    return dimensions[dimension].has_labels
