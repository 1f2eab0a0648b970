"""What a survey's answers say: the score with its interval, how it was spread, how it went, by whom, and how many answered.

A score says little on few answers, so a page shows it by their number: none a dash; under 10 the counts only; from 10 to 29 the
score set back with its interval; from 30 on plainly. Every read is one query, however many answers there are.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from django.db.models import Count, F, Q, QuerySet, Sum
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from analytics import charts, formats
from analytics.charts import Series, Unit
from analytics.sources import dimensions
from crm.periods import Period, today, units

from . import scores
from .choices import BANDS, Band, InvitationState, Kind, ResponseState, Skip
from .measures import SPLITS
from .models import Invitation, Response, Survey
from .scores import Counts

FEW, SMALL = 10, 30
HIDDEN = 5  # a member of a split with fewer answers is not shown (kpis.md G8)
MOST_MEMBERS = 50
LONGEST_SCALE = 25  # a longer one is drawn by tenths
MODES = (
    ("all", gettext_lazy("All answers")),
    ("latest", gettext_lazy("Latest of each person")),
    ("first", gettext_lazy("First of each person")),
)


# --- one score -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Score:
    """A score in words. state: none, few (counts only), small (set back), normal."""

    kind: str
    n: int
    state: str
    value: float | None = None
    text: str = ""
    interval: str = ""
    counts: str = ""
    more: str = ""
    low: float | None = None
    high: float | None = None

    @property
    def shown(self) -> bool:
        return self.state in ("small", "normal")


def score_of(kind: str, counts: Counts, mean_of: str = "") -> Score:
    """The headline of a kind: NPS in points, CES as mean ease, CSAT as share of satisfied answers.

    mean_of: the highest score where all answers are on one scale ("3.9 of 5" is said beside CSAT then).
    """
    if not counts.n:
        return Score(kind, 0, "none")
    value, text, (low, high), more = _headline(kind, counts, mean_of)
    state = "few" if counts.n < FEW else "small" if counts.n < SMALL else "normal"
    interval = "" if low is None else f"{write(kind, low)} – {write(kind, high)}"
    return Score(kind, counts.n, state, value, text, interval, in_counts(kind, counts), more, low, high)


def _headline(kind: str, counts: Counts, mean_of: str) -> tuple[float | None, str, tuple[float | None, float | None], str]:
    if kind == Kind.NPS:
        value = scores.nps(counts)
        return value, write(kind, value), scores.nps_interval(counts) or (None, None), ""
    if kind == Kind.CES:
        value = scores.ces(counts)
        easy = _("%(share)s found it easy") % {"share": formats.percent(scores.ease_rate(counts) or 0)}
        return value, write(kind, value), (None, None), easy
    value = scores.csat(counts)
    mean = scores.mean(counts)
    words = _("mean %(mean)s of %(highest)s") % {"mean": formats.number(mean or 0, 2, 1), "highest": mean_of} if mean_of else ""
    return value, write(kind, value), scores.csat_interval(counts) or (None, None), words


def write(kind: str, value: float | None) -> str:
    """A score as it is printed: +30, 5.6, 81.3 %."""
    if kind == Kind.CES and value is not None:
        return formats.number(value, 1, 1)
    return formats.exact(value, "points" if kind == Kind.NPS else "percent")


def in_counts(kind: str, counts: Counts) -> str:
    """ "4 of 5 promoters": what can be said of a handful of answers."""
    best = BANDS[kind][0]
    words = {
        Band.PROMOTER: _("%(part)s of %(n)s are promoters"),
        Band.EASY: _("%(part)s of %(n)s found it easy"),
        Band.POSITIVE: _("%(part)s of %(n)s are satisfied"),
    }[Band(best)]
    return words % {"part": counts.of(best), "n": counts.n}


def one_scale(survey: Survey) -> str:
    """The highest score, where all answers were given on one scale."""
    found = list(survey.versions.filter(responses__isnull=False).values_list("scale_min", "scale_max").distinct()[:2])
    return str(found[0][1]) if len(found) == 1 else ""


# --- what is looked at -----------------------------------------------------------------------------------------------


@dataclass
class Asked:
    """The answers a page is about."""

    survey: Survey
    period: Period
    mode: str = "all"
    filters: Mapping[str, str] = field(default_factory=dict)

    def responses(self, user: Any) -> Any:
        """The confirmed answers of the period that the user may see; of several of one person those of the mode."""
        rows = Response.objects.visible_to(user).filter(survey=self.survey).confirmed().during(self.period)
        rows = rows.filter(**{SPLITS[name]: member for name, member in self.filters.items()})
        if self.mode == "latest":
            return rows.latest_per_person()
        return rows.first_per_person() if self.mode == "first" else rows

    def url(self, name: str, **query: Any) -> str:
        """A list of what the number counts: this survey, this period."""
        span = {"from": self.period.start.isoformat(), "to": self.period.last_day.isoformat()}
        return f"{reverse(name)}?{urlencode({'survey': self.survey.pk, **span, **query})}"


@dataclass
class Spread:
    """How often each score was given."""

    chart: Any
    rows: list[dict[str, Any]]


def spread(asked: Asked, responses: Any, counts: Counts) -> Spread:
    """The distribution over the scale, with its table."""
    version = asked.survey.version
    assert version is not None
    given = responses.distribution()
    scale = sorted({*version.scale, *given}) if len(version.scale) <= LONGEST_SCALE else _tenths(version, given)
    if isinstance(scale, dict):
        bins = scale
    else:
        bins = {str(score): given.get(score, 0) for score in scale}
    share = [formats.percent(100 * n / counts.n) if counts.n else formats.DASH for n in bins.values()]
    chart = charts.columns(
        [Unit(name, name) for name in bins],
        [Series(_("Answers"), list(bins.values()), [[(_("Share"), text)] for text in share])],
        unit="count",
        currency="",
        title=_("How often each score was given"),
        uid="spread",
    )
    rows = [{"score": name, "n": n, "share": text} for (name, n), text in zip(bins.items(), share, strict=True)]
    return Spread(chart, rows)


def _tenths(version: Any, given: Mapping[int, int]) -> dict[str, int]:
    """A long scale in ten parts."""
    low, width = version.scale_min, version.scale_max - version.scale_min
    edges = [low + width * part // 10 for part in range(11)]
    found = {}
    for part, (start, end) in enumerate(zip(edges, edges[1:], strict=False)):
        last = part == 9
        inside = sum(n for score, n in given.items() if start <= score < end or (last and score == end))
        found[f"{start}–{end if last else end - 1}"] = inside
    return found


def bands(kind: str, counts: Counts, asked: Asked) -> list[dict[str, Any]]:
    """How many answers fell into each band, the best first, with the list of each."""
    return [
        {
            "band": band,
            "label": Band(band).label,
            "n": counts.of(band),
            "share": formats.percent(100 * counts.of(band) / counts.n) if counts.n else formats.DASH,
            "percent": 100 * counts.of(band) / counts.n if counts.n else 0,
            "url": asked.url("surveys:responses", band=band),
        }
        for band in BANDS[kind]
    ]


# --- over time -------------------------------------------------------------------------------------------------------


@dataclass
class Course:
    """The score by month or quarter."""

    chart: Any
    rows: list[dict[str, Any]]
    changed: list[dt.date] = field(default_factory=list)  # when another wording or scale began


def course(asked: Asked, responses: QuerySet, grain: str) -> Course:
    """A point per unit; one that rests on fewer than ten answers is a gap, and its row says so."""
    spans = list(units(asked.period.start, asked.period.end, grain))
    found = [Counts() for _span in spans]
    for day, counts in _by_day(responses).items():
        place = next((at for at, span in enumerate(spans) if span.start <= day < span.end), None)
        if place is not None:
            found[place] = added(found[place], counts)
    shown = [score_of(asked.survey.kind, counts) for counts in found]
    names = [formats.tick_of(span, grain, at == 0 or span.start.month == 1) for at, span in enumerate(spans)]
    now = today()
    marks = [
        Unit(name, formats.period(span), running=span.start <= now < span.end) for name, span in zip(names, spans, strict=True)
    ]
    unit = {Kind.NPS: "points", Kind.CES: "score", Kind.CSAT: "percent"}[Kind(asked.survey.kind)]
    series = Series(
        asked.survey.name,
        [one.value if one.shown else None for one in shown],
        [[(_("n"), formats.number(one.n)), *([(_("Interval (95 %)"), one.interval)] if one.interval else [])] for one in shown],
    )
    title = {"month": _("Score by month"), "quarter": _("Score by quarter")}.get(grain, _("Score over time"))
    chart = charts.lines(marks, [series], unit=unit, currency="", title=title, uid="course")
    rows = [{"name": mark.name, "score": one, "running": mark.running} for mark, one in zip(marks, shown, strict=True)]
    changed = [version.valid_from.date() for version in asked.survey.versions.filter(version__gt=1)]
    return Course(chart, rows, [day for day in changed if asked.period.start <= day < asked.period.end])


def _by_day(responses: QuerySet) -> dict[dt.date, Counts]:
    rows = responses.order_by().values("responded_day", "band")
    found: dict[dt.date, Counts] = {}
    for row in rows.annotate(
        n=Count("pk"), good=Count("pk", filter=Q(positive=True)), total=Sum("score"), ease=Sum("ease_micro")
    ):
        one = Counts(row["n"], {row["band"]: row["n"]}, row["good"], row["total"] or 0, int(row["ease"] or 0))
        found[row["responded_day"]] = added(found.get(row["responded_day"], Counts()), one)
    return found


def added(one: Counts, two: Counts) -> Counts:
    """Counts of two sets without common answers."""
    names = {*one.bands, *two.bands}
    return Counts(
        one.n + two.n,
        {name: one.of(name) + two.of(name) for name in names},
        one.positive + two.positive,
        one.score_sum + two.score_sum,
        one.ease_sum + two.ease_sum,
    )


# --- splits ----------------------------------------------------------------------------------------------------------


@dataclass
class Line:
    """One member of a split."""

    label: str
    score: Score
    hidden: bool
    bar: Any
    url: str


def split(asked: Asked, responses: QuerySet, by: str) -> list[Line]:
    """The score by the members of a dimension, the most answers first; one with fewer than five is named and not shown."""
    rows = responses.order_by().values(member=F(SPLITS[by]), of=F("band"))
    found: dict[str, Counts] = {}
    for row in rows.annotate(
        n=Count("pk"), good=Count("pk", filter=Q(positive=True)), total=Sum("score"), ease=Sum("ease_micro")
    ):
        member = "" if row["member"] is None else str(row["member"])
        one = Counts(row["n"], {row["of"]: row["n"]}, row["good"], row["total"] or 0, int(row["ease"] or 0))
        found[member] = added(found.get(member, Counts()), one)
    members = sorted(found, key=lambda member: (member == "", -found[member].n, member))[:MOST_MEMBERS]
    names = dimensions[by].labels(members)
    shown = [score_of(asked.survey.kind, found[member]) for member in members]
    open_ = [one if one.shown else None for one in shown]
    bars = charts.bar_rows(
        [one.value if one else None for one in open_], [(one.low, one.high) if one else (None, None) for one in open_]
    )
    return [
        Line(
            names.get(member, member) or _("none"),
            one,
            one.n < HIDDEN,
            bar,
            asked.url("surveys:responses", **{by: member}) if by in LISTED and member else "",
        )
        for member, one, bar in zip(members, shown, bars, strict=True)
    ]


#: Dimensions that the list of answers can be filtered by.
LISTED = ("owner", "team", "channel", "segment", "product", "campaign", "priority")


# --- who was asked ---------------------------------------------------------------------------------------------------


@dataclass
class Step:
    """A number on the way from planned to answered, with its list."""

    key: str
    label: Any
    n: int
    url: str
    detail: str = ""
    apart: bool = False  # not on the way: what was lost there


def way(asked: Asked, user: Any) -> list[Step]:
    """From planned to answered: each number opens exactly the invitations it counts. Invitations planned in the period."""
    rows = Invitation.objects.visible_to(user).filter(
        survey=asked.survey, planned_day__gte=asked.period.start, planned_day__lt=asked.period.end
    )
    sums = {f"s_{key}": Count("pk", filter=stage(key)) for key, _label, _apart in STAGES if key != "opened"}
    reasons = {f"r_{reason.value}": Count("pk", filter=Q(state=InvitationState.SKIPPED, reason=reason)) for reason in Skip}
    found = rows.order_by().aggregate(**sums, **reasons)
    found["s_opened"] = rows.clicked_only().count()
    steps = []
    for key, label, apart in STAGES:
        url = asked.url("surveys:invitations", stage=key)
        steps.append(Step(key, label, found[f"s_{key}"], url, apart=apart))
        if key == "skipped":
            for reason in Skip:
                if found[f"r_{reason.value}"]:
                    link = asked.url("surveys:invitations", reason=reason.value)
                    steps.append(Step("reason", reason.label, found[f"r_{reason.value}"], link, apart=True))
    return [step for step in steps if step.n or not step.apart]


#: key, name, whether it leaves the way there
STAGES = (
    ("planned", gettext_lazy("Planned"), False),
    ("skipped", gettext_lazy("Not sent"), True),
    ("pending", gettext_lazy("Waiting to be sent"), True),
    ("failed", gettext_lazy("Could not be sent"), True),
    ("sent", gettext_lazy("Sent"), False),
    ("bounced", gettext_lazy("Came back"), True),
    ("delivered", gettext_lazy("Delivered"), False),
    ("withdrawn", gettext_lazy("Withdrawn"), True),
    ("opened", gettext_lazy("Link opened, nothing sent"), True),
    ("quarantined", gettext_lazy("Answer in quarantine"), True),
    ("answered", gettext_lazy("Answered"), False),
)


def stage(key: str) -> Q:
    """The invitations that reached a stage; the list of invitations filters by the same words."""
    sent = Q(sent_at__isnull=False)
    return {
        "planned": Q(),
        "skipped": Q(state=InvitationState.SKIPPED),
        "pending": Q(state__in=[InvitationState.PLANNED, InvitationState.QUEUED]),
        "failed": Q(state=InvitationState.FAILED),
        "sent": sent,
        "bounced": Q(state=InvitationState.BOUNCED),
        "delivered": Q(delivered_at__isnull=False) & ~Q(state=InvitationState.BOUNCED),
        "withdrawn": Q(state=InvitationState.WITHDRAWN),
        "quarantined": Q(response__state=ResponseState.QUARANTINED),
        "answered": Q(response__state=ResponseState.CONFIRMED),
    }[key]


def reached(rows: Any, key: str) -> Any:
    """The invitations of a stage."""
    return rows.clicked_only() if key == "opened" else rows.filter(stage(key))


def response_rate(steps: Iterable[Step]) -> tuple[int, int, str]:
    """(answered, delivered, the rate in words)"""
    found = {step.key: step.n for step in steps}
    answered, delivered = found.get("answered", 0), found.get("delivered", 0)
    return answered, delivered, formats.percent(100 * answered / delivered) if delivered else formats.DASH


# --- many surveys ----------------------------------------------------------------------------------------------------


@dataclass
class Glance:
    """A survey in its row of the list: of the last twelve months."""

    sent: int = 0
    delivered: int = 0
    answered: int = 0
    counts: Counts = field(default_factory=Counts)
    score: Score | None = None

    @property
    def rate(self) -> str:
        return formats.percent(100 * self.answered / self.delivered) if self.delivered else formats.DASH


def glances(surveys: Sequence[Survey], user: Any, since: dt.date) -> dict[int, Glance]:
    """Sent, answered and the score of each survey since a day, in two queries."""
    ids = [survey.pk for survey in surveys]
    found = {pk: Glance() for pk in ids}
    rows = Invitation.objects.visible_to(user).filter(survey__in=ids, planned_day__gte=since).order_by().values("survey_id")
    for row in rows.annotate(
        sent=Count("pk", filter=stage("sent")),
        delivered=Count("pk", filter=stage("delivered")),
        answered=Count("pk", filter=stage("delivered") & stage("answered")),
    ):
        one = found[row["survey_id"]]
        one.sent, one.delivered, one.answered = row["sent"], row["delivered"], row["answered"]
    answers = Response.objects.visible_to(user).confirmed().filter(survey__in=ids, responded_day__gte=since)
    for row in (
        answers.order_by()
        .values("survey_id", "band")
        .annotate(n=Count("pk"), good=Count("pk", filter=Q(positive=True)), total=Sum("score"), ease=Sum("ease_micro"))
    ):
        one = found[row["survey_id"]]
        part = Counts(row["n"], {row["band"]: row["n"]}, row["good"], row["total"] or 0, int(row["ease"] or 0))
        one.counts = added(one.counts, part)
    for survey in surveys:
        found[survey.pk].score = score_of(survey.kind, found[survey.pk].counts)
    return found
