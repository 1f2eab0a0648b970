"""How long people take until they reach their quota (kpis.md 130)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from django.db.models import Min
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm import periods
from crm.models import User, UserSpan
from crm.periods import Period

from . import formats, targets
from .engine import Asked, Question, Row, quantile
from .registry import EMPTY, About, Leg, add_kpi
from .targets import SECONDS_A_DAY, Held

GRACE = 3  # months from the start in which a first quota must have been set


@dataclass(frozen=True)
class Ramp:
    """One person: since when, of which team, and the first month at 100 % of the quota; None: not there yet by `seen`."""

    user: str
    team: str
    start: dt.date
    month: Period | None
    seen: dt.date

    @property
    def seconds(self) -> int:
        """To the end of that month, or so far."""
        return ((self.month.end if self.month else self.seen) - self.start).days * SECONDS_A_DAY


def ramps(kpi: About, end: dt.date, asked: Asked) -> list[Ramp]:
    """Everybody who began with a quota, by what was closed by `end` and by today."""
    question = asked.question
    stop = min(end, question.today)
    held = targets.held(kpi.base, Question(question.scope, question.filters, "owner", question.live))
    spans = UserSpan.objects.filter(carries_quota=True, user__is_service=False, user_id__in=[int(who) for who in held.members])
    starts = dict(spans.order_by().values_list("user_id").annotate(first=Min("start")))
    months = {who: _months(start, stop) for who, start in starts.items()}
    wanted = sorted({month for several in months.values() for month in several})
    won = asked.rows(kpi.metric, wanted, by="owner") if wanted else {}
    amounts = {month: won[month.start, month.end] for month in wanted}
    found = (_ramp(str(who), starts[who], months[who], held, amounts, stop) for who in sorted(starts))
    return [one for one in found if one is not None]


def _months(start: dt.date, stop: dt.date) -> list[Period]:
    if stop <= start:
        return []
    return [month for month in periods.units(start, stop, "month") if month.end <= stop]


def _ramp(
    who: str, start: dt.date, months: Sequence[Period], held: Held, won: dict[Period, dict[str, Row]], stop: dt.date
) -> Ramp | None:
    """None where no quota was set in the first months: then nobody knows when it would have been reached."""
    quotas = {month: targets.value_of(held.of(who, month)) for month in months}
    if not any(quotas[month] for month in months[:GRACE]):
        return None
    rows = next(iter(held.members[who].values()))
    for month in months:
        quota, row = quotas[month], won[month].get(who)
        if quota and row is not None and (row.value or 0) >= quota:
            return Ramp(who, str(rows[0].team_id or ""), start, month, stop)
    return Ramp(who, str(rows[0].team_id or ""), start, None, stop)


def times(kpi: About, spans: Sequence[Period], asked: Asked) -> Iterator[Row]:
    """The median of those who got there in each span."""
    by = asked.question.by
    found = ramps(kpi, max(span.end for span in spans), asked)
    for span in spans:
        there = arrived(found, span)
        for member in sorted({one.team for one in there}) if by == "team" else [""]:
            own = [one for one in there if not by or one.team == member]
            values = sorted(one.seconds for one in own)
            row = Row(kpi, span, by, member, value=quantile(values, 0.5), n=len(values), parts={"numerator": sum(values)})
            row.reason = "" if values else EMPTY
            if not by:
                row.notes = list(_of_all(found, span, asked.question.today))
            yield row


def arrived(found: Sequence[Ramp], span: Period) -> list[Ramp]:
    return [one for one in found if one.month is not None and one.month.last_day in span]


def _of_all(found: Sequence[Ramp], span: Period, today: dt.date) -> Iterator[str]:
    """The median of all who began by then, those who were not there yet among them."""
    stop = min(span.end, today)
    stays = []
    for one in found:
        if one.start < stop:
            is_there = one.month is not None and one.month.end <= stop
            stays.append(((one.month.end if is_there and one.month else stop) - one.start, is_there))
    waiting = sum(not is_there for _days, is_there in stays)
    if waiting:
        median = kaplan_meier([(stay.days, is_there) for stay, is_there in stays])
        told = _("over half are not there yet") if median is None else formats.duration(median * SECONDS_A_DAY)
        yield _("Not there yet: %(n)s. The median of all (Kaplan-Meier): %(median)s.") % {"n": waiting, "median": told}


def kaplan_meier(stays: Sequence[tuple[int, bool]]) -> int | None:
    """The time by which half are there, of (time, whether there by then); None when fewer than half are."""
    share = 1.0
    for time in sorted({time for time, is_there in stays if is_there}):
        at_risk = sum(1 for other, _there in stays if other >= time)
        share *= 1 - sum(1 for other, is_there in stays if is_there and other == time) / at_risk
        if share <= 0.5 + 1e-12:
            return time
    return None


def legs(kpi: About, period: Period, asked: Asked) -> dict[str, Leg]:
    """The people who got there."""
    from .drill import Item

    there = arrived(ramps(kpi, period.end, asked), period)
    wanted = asked.question.filters.get("team")
    there = [one for one in there if wanted is None or one.team == wanted]
    names = {str(user.pk): str(user) for user in User.objects.filter(pk__in=[int(one.user) for one in there])}
    items = tuple(Item(names[one.user], None, one.month.last_day, one.seconds) for one in there if one.month)
    return {"numerator": Leg(items=items)} if items else {}


add_kpi(
    About(
        "rep_ramp_time",
        {"en": "Rep ramp time", "fr": "Temps de montée en compétence", "es": "Tiempo de rampa del vendedor"},
        gettext_lazy("How long new people take until they first win as much in a month as their quota asks."),
        gettext_lazy(
            "median of the days from a person's first day with a quota to the end of the month in which it was first reached"
        ),
        gettext_lazy("the last day of that month"),
        area="productivity",
        unit="days",
        direction="lower",
        kind="percentile",
        terms={},
        dimensions=("team",),
        cut=("team",),
        answer=times,
        legs=legs,
        parts={"numerator": (gettext_lazy("People"), "days")},
        own=True,
        also=(targets.STREAM, "users.spans"),
        left_out_note=gettext_lazy(
            "Who had no quota in the first three months is left out. Those who are not there yet are in no median of a period; the median of all, "
            "by Kaplan and Meier, stands beside it."
        ),
        order=60,
    )
)
