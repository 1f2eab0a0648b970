"""Measures of deals: what is counted, by which date, over which rows. The KPIs made of them are in `deals.kpis`."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from typing import Any

from django.db.models import (
    BooleanField,
    Case,
    DateTimeField,
    Exists,
    F,
    FilteredRelation,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
    When,
)
from django.db.models.functions import Greatest
from django.utils.translation import gettext_lazy as _

from analytics import thresholds
from analytics.sources import DailySource, Measure, StockSource, WindowSource, add_dimension, add_source, name_members, names_from
from contacts.choices import TOUCHES, ActivityKind
from contacts.measures import add_entity, filled, present, within
from crm.events import Origin
from crm.models import Organisation
from crm.periods import Period, first_instant, today

from .choices import Status
from .models import (
    Deal,
    DealActivity,
    DealFacts,
    DealLine,
    DealState,
    DealTask,
    LossReason,
    Pipeline,
    Product,
    Stage,
    StageVisit,
)


def _product_names(members: Any) -> dict[str, str]:
    """Products by id; records that name theirs in words are split by those words."""
    return {member: member for member in members if member and not member.isdigit()} | names_from(Product)(members)


def _stage_names(members: Any) -> dict[str, str]:
    """Stages in the order of their pipelines; with the pipeline's name where stages of several stand side by side."""
    ids = [int(member) for member in members if member.isascii() and member.isdigit() and len(member) < 19]
    stages = list(Stage.objects.filter(pk__in=ids).select_related("pipeline"))
    several = len({stage.pipeline_id for stage in stages}) > 1
    return {str(stage.pk): f"{stage} ({stage.pipeline})" if several else str(stage) for stage in stages}


add_dimension("pipeline", _("Pipeline"), names_from(Pipeline), in_order=True)
add_dimension("stage", _("Stage"), _stage_names, in_order=True)
add_dimension("product", _("Product"), _product_names)
add_dimension("reason", _("Loss reason"), names_from(LossReason))
STEPS = {"moved": _("Stage moves"), "revalued": _("Changes of value"), "task": _("Tasks done")}


name_members("activity_type", lambda members: {member: str(STEPS[member]) for member in members if member in STEPS})
add_dimension("sale", _("Sale"), lambda members: {"repeat": str(_("Repeat sale")), "first": str(_("First sale"))})

add_entity(
    "deal",
    "deals",
    _("Deals"),
    Deal,
    Deal.objects.all,
    {
        "company": (_("Company"), present("company")),
        "amount": (_("Value"), present("amount")),
        "expected_close": (_("Expected close"), present("expected_close")),
        "source": (_("Source"), filled("source")),
        "owner": (_("Owner"), present("owner")),
    },
    {"amount": Q(amount__gte=0)},
)

DEAL = ("deals.deal", "deal_id")
OF_DEAL = {
    "pipeline": "deal__pipeline_id",
    "source": "deal__source",
    "segment": "deal__company__industry",
    "country": "deal__company__country",
    "product": "deal__product_id",
    "campaign": "deal__campaign",
}


def of_owner(prefix: str = "") -> dict[str, str]:
    """Owner and team as they were at that moment."""
    return {"owner": f"{prefix}owner_id", "team": f"{prefix}team_id"}


WON, LOST = Q(status=Status.WON), Q(status=Status.LOST)
VALUED = Q(closed_base__isnull=False)

add_source(
    DailySource(
        "deals.created",
        (
            Measure("deals_created"),
            Measure("deals_created_then_won", lambda: WON & within("win_seconds", "deal_win_window")()),
            Measure("pipeline_created", value="early_base"),
            Measure("pipeline_created_n", Q(early_base__isnull=False)),
            Measure("created_without_amount", Q(early_amount__isnull=True)),
            Measure("created_unconverted", Q(early_amount__isnull=False, early_base__isnull=True)),
        ),
        {**of_owner("created_"), **OF_DEAL},
        DEAL,
        rows=lambda: DealFacts.objects.filter(created_day__isnull=False),
        day="created_day",
    )
)


def _is_large() -> Q:
    return WON & thresholds.condition("large_deal", "closed_day", "closed_base")


def _year_has_bound() -> Q:
    return WON & VALUED & thresholds.condition("large_deal", "closed_day", "closed_base", known=True)


def _won_values(start: dt.date, end: dt.date) -> list[int]:
    rows = DealFacts.objects.filter(WON & VALUED, closed_day__gte=start, closed_day__lt=end)
    return list(rows.order_by("closed_base").values_list("closed_base", flat=True))


thresholds.thresholds.register("large_deal", thresholds.Bound(_won_values, 0.8, "deals.closed"))

add_source(
    DailySource(
        "deals.closed",
        (
            Measure("deals_won", WON),
            Measure("deals_lost", LOST),
            Measure("won_amount", WON, "closed_base"),
            Measure("lost_amount", LOST, "closed_base"),
            Measure("won_valued", WON & VALUED),
            Measure("won_without_amount", WON & Q(closed_amount__isnull=True)),
            Measure("closed_unconverted", Q(closed_amount__isnull=False, closed_base__isnull=True)),
            Measure("deal_cycle", WON & Q(deal_seconds__isnull=False), "deal_seconds"),
            Measure("deal_cycle_n", WON & Q(deal_seconds__isnull=False)),
            Measure("deal_cycle_unclear", WON & Q(deal_seconds__isnull=True)),
            Measure("sales_cycle", WON & Q(sales_seconds__isnull=False), "sales_seconds"),
            Measure("sales_cycle_unclear", WON & Q(sales_seconds__isnull=True)),
            Measure("won_touches", WON & Q(touches__isnull=False), "touches"),
            Measure("won_large", _is_large),
            Measure("won_boundable", _year_has_bound),
            Measure("won_amount_in_cycle", WON & Q(deal_seconds__isnull=False), "closed_base"),
        ),
        {**of_owner("closed_"), **OF_DEAL, "reason": "deal__lost_reason_id", "sale": "sale"},
        DEAL,
        rows=lambda: DealFacts.objects.filter(closed_day__isnull=False).annotate(
            sale=Case(When(repeat=True, then=Value("repeat")), default=Value("first"))
        ),
        day="closed_day",
    )
)

PRICED = Q(list_base__isnull=False, sold_base__isnull=False)

add_source(
    DailySource(
        "deals.lines",
        (
            Measure("deal_lines_priced", PRICED),
            Measure("deal_lines_list", PRICED, "list_base"),
            Measure("deal_lines_discount", PRICED, F("list_base") - F("sold_base")),
            Measure("deal_lines_unconverted", ~PRICED),
        ),
        {
            "owner": "deal__facts__closed_owner_id",
            "team": "deal__facts__closed_team_id",
            **OF_DEAL,
            "product": "product_id",
        },
        DEAL,
        rows=lambda: DealLine.objects.filter(deal__facts__status=Status.WON, deal__facts__closed_day__isnull=False),
        day="deal__facts__closed_day",
    )
)

#: The pipeline is the stage's: a deal that went to another one later was in this one then.
IN_STAGE = {**OF_DEAL, "stage": "stage_id", "pipeline": "stage__pipeline_id"}

add_source(
    StockSource(
        "deals.open",
        (
            Measure("open_deals"),
            Measure("open_amount", value="amount"),
            Measure("open_weighted", value=F("amount") * F("probability")),
            Measure("open_valued", Q(amount__isnull=False), priced=True),
            Measure("open_without_amount", Q(amount__isnull=True)),
        ),
        {**of_owner(), **IN_STAGE},
        DEAL,
        rows=lambda: DealState.objects.filter(status=Status.OPEN),
        start="start_day",
        end="end_day",
        opened="deals.opened",
        left="deals.left",
        currency="currency",
    )
)

add_source(
    DailySource(
        "stages.entered",
        (
            Measure("stages_entered"),
            Measure("stages_advanced", within("advance_seconds", "stage_conversion_window")),
        ),
        {**of_owner("entry_"), **IN_STAGE},
        DEAL,
        rows=lambda: StageVisit.objects.filter(deal__undated=False),
        day="entered_day",
    )
)
add_source(
    DailySource(
        "stages.left",
        (Measure("stage_time", Q(seconds__isnull=False), "seconds"),),
        {**of_owner("exit_"), **IN_STAGE},
        DEAL,
        rows=lambda: StageVisit.objects.filter(left_day__isnull=False, deal__undated=False),
        day="left_day",
    )
)

BY_PEOPLE = ~Q(origin__in=[Origin.IMPORT, Origin.SYSTEM])


def _steps(step: str) -> QuerySet:
    """What people changed of open deals; the step's name is its kind of activity."""
    rows = DealState.objects.filter(BY_PEOPLE, status=Status.OPEN, **{step: True})
    return rows.annotate(activity_type=Value(step))


for _step, _measure in (("moved", "stage_moves"), ("revalued", "amount_changes")):
    add_source(
        DailySource(
            f"deals.{_step}",
            (Measure(_measure),),
            {**of_owner(), **IN_STAGE, "activity_type": "activity_type"},
            DEAL,
            rows=partial(_steps, _step),
            day="start_day",
        )
    )


def _while_open(rows: QuerySet, at: str) -> QuerySet:
    """Those whose deal was open at that instant, with its stage and pipeline then; at a change, those after it."""
    after = DealState.objects.filter(deal=OuterRef("deal"), status=Status.OPEN, start=OuterRef(at)).filter(
        Q(start__gt=OuterRef("while_open__start")) | Q(pk__gt=OuterRef("while_open__pk"))
    )
    last = Q(while_open__end=F(at)) & Q(~Exists(after))  # in this order: it is rarely asked
    held = Q(while_open__end__isnull=True) | Q(while_open__end__gt=F(at)) | last
    joined = rows.annotate(while_open=FilteredRelation("deal__states"))
    return joined.filter(held, while_open__status=Status.OPEN, while_open__start__lte=F(at)).annotate(
        stage_then_id=F("while_open__stage_id"), pipeline_then_id=F("while_open__stage__pipeline_id")
    )


def _touches() -> QuerySet:
    return _while_open(DealActivity.objects.filter(activity__kind__in=TOUCHES, activity__by_machine=False), "activity__at")


def _tasks_done() -> QuerySet:
    rows = DealTask.objects.filter(task__done_day__isnull=False).annotate(activity_type=Value("task"))
    return _while_open(rows, "task__done_at")


WHILE_OPEN = {**OF_DEAL, "stage": "stage_then_id", "pipeline": "pipeline_then_id"}

add_source(
    DailySource(
        "deals.touches",
        (Measure("deal_activities"),),
        {**of_owner("activity__"), **WHILE_OPEN, "activity_type": "activity__kind"},
        DEAL,
        rows=_touches,
        day="activity__day",
    )
)
add_source(
    DailySource(
        "deals.tasks_done",
        (Measure("deal_tasks_done"),),
        {**of_owner("task__"), **WHILE_OPEN, "activity_type": "activity_type"},
        DEAL,
        rows=_tasks_done,
        day="task__done_day",
    )
)

OPEN_STREAMS = ("deals.opened", "deals.left", "deals.closed")


def _open_in(period: Period) -> QuerySet:
    """One row per deal open at some instant of the period: its last open state in it, whose values count (kpis.md G6)."""
    last = Q(again_at__isnull=True) | Q(again_at__gte=first_instant(period.end))
    return DealState.objects.open_during(period.start, period.end).filter(last)


add_source(
    WindowSource(
        "deals.in_progress",
        (Measure("deals_in_progress"),),
        {**of_owner(), **IN_STAGE},
        DEAL,
        rows=_open_in,
        day="start_day",
        depends=OPEN_STREAMS,
    )
)


def _expected_in(period: Period) -> QuerySet:
    """Deals open at the period's start that were then expected to close in it; `slipped` tells which did not.

    Slipped: still open at the end. A deal closed in the period, won or lost, has not slipped.
    """
    still = DealState.objects.open_at(period.end).filter(deal=OuterRef("deal"))
    return (
        DealState.objects.open_at(period.start)
        .filter(expected_close__gte=period.start, expected_close__lt=period.end)
        .annotate(slipped=Exists(still))
    )


add_source(
    WindowSource(
        "deals.expected",
        (Measure("deals_expected"), Measure("deals_slipped", Q(slipped=True))),
        {**of_owner(), **IN_STAGE},
        DEAL,
        rows=_expected_in,
        day="expected_close",
        depends=OPEN_STREAMS,
    )
)

SLOWEST_TENTHS = 9
SLOWEST_N = 30


def slow_after(days: Iterable[dt.date]) -> dict[dt.date, dict[int, int]]:
    """day -> stage -> seconds that nine of ten won deals had left it after, from exits before that day; stages with 30 exits or more.

    The exits are read once for all days, in the order in which they came to count.
    """
    ends = sorted(set(days))
    won = StageVisit.objects.filter(deal__status=Status.WON, seconds__isnull=False, deal__facts__closed_day__isnull=False)
    known = Greatest("left_day", "deal__facts__closed_day")
    exits = won.annotate(known=known).filter(known__lt=ends[-1]).order_by("known").values_list("known", "stage", "seconds")
    found: dict[dt.date, dict[int, int]] = {}
    taken: dict[int, list[int]] = defaultdict(list)
    for day, seconds in _up_to(ends, exits.iterator(chunk_size=10_000)):
        for stage, more in seconds.items():
            taken[stage] += more
            taken[stage].sort()  # two runs in order: one merge
        found[day] = {stage: _slowest(values) for stage, values in taken.items() if len(values) >= SLOWEST_N}
    return found


def _slowest(values: Sequence[int]) -> int:
    """What nine tenths of the sorted values lie below, linear between neighbours (kpis.md G8)."""
    place, tenths = divmod((len(values) - 1) * SLOWEST_TENTHS, 10)
    low, high = values[place], values[min(place + 1, len(values) - 1)]
    return round(low + (high - low) * tenths / 10)


def _up_to(days: Sequence[dt.date], exits: Iterable[tuple[dt.date, int, int]]) -> Iterator[tuple[dt.date, dict[int, list[int]]]]:
    """For each day, by stage, the seconds of the exits before it that did not count for the day before."""
    waiting: dict[int, list[int]] = defaultdict(list)
    ahead = iter(days)
    day = next(ahead)
    for known, stage, seconds in exits:
        while known >= day:
            yield day, waiting
            waiting, day = defaultdict(list), next(ahead)
        waiting[stage].append(seconds)
    yield day, waiting
    for day in ahead:
        yield day, {}


def _resting_in(periods: Sequence[Period]) -> Callable[[Period], QuerySet]:
    """The deals open at a period's end (or now, while it runs); `stale` tells which rest.

    Stale: no completed activity, and not created, in the last n days (30 unless set otherwise); or in its stage for longer than
    nine of ten won deals were.
    """
    bounds = slow_after(map(_end_of, periods))
    return lambda period: _resting(_end_of(period), bounds[_end_of(period)])


def _end_of(period: Period) -> dt.date:
    return min(period.end, today() + dt.timedelta(days=1))


def _open_at_end(period: Period) -> QuerySet:
    return _resting_in([period])(period)


def _resting(day: dt.date, slow: dict[int, int]) -> QuerySet:
    quiet_since = day - dt.timedelta(days=Organisation.current().stale_days)
    active = DealActivity.objects.filter(activity__day__gte=quiet_since, activity__day__lt=day)
    touched = active.exclude(activity__kind=ActivityKind.NOTE).values("deal")  # read once, not once a deal
    rows = DealState.objects.open_at(day)
    quiet = ~Q(deal__in=touched) & Q(deal__created_day__lt=quiet_since)
    end = first_instant(day)
    latest = [When(stage=stage, then=Value(end - dt.timedelta(seconds=seconds))) for stage, seconds in slow.items()]
    if not latest:
        return rows.annotate(stale=_as_flag(quiet))
    entered = StageVisit.objects.filter(deal=OuterRef("deal"), stage=OuterRef("stage")).order_by().values("entered_at")
    late = Q(entered__lt=Case(*latest, output_field=DateTimeField()))  # written once: each mention is a query of its own
    return rows.annotate(entered=Subquery(entered)).annotate(stale=_as_flag(quiet | late))


def _as_flag(condition: Q) -> Any:
    return Case(When(condition, then=Value(True)), default=Value(False), output_field=BooleanField())


add_source(
    WindowSource(
        "deals.resting",
        (Measure("resting_of"), Measure("stale_deals", Q(stale=True))),
        {**of_owner(), **IN_STAGE},
        DEAL,
        rows=_open_at_end,
        together=_resting_in,
        day="start_day",
        depends=(*OPEN_STREAMS, "deals.touches", "stages.left"),
        at_end=True,
    )
)


def _with_next_step(period: Period) -> QuerySet:
    """Deals open at the period's end; `planned` tells which have a task ahead, by its due date as it is today.

    While the period runs a task due today is ahead all day long, so that the number does not depend on the hour.
    """
    day = min(period.end, today() + dt.timedelta(days=1))
    end, due = first_instant(day), first_instant(min(period.end, today()))
    tasks = DealTask.objects.filter(deal=OuterRef("deal"), task__due_at__gte=due, task__created_at__lt=end)
    ahead = tasks.filter(Q(task__done_at__isnull=True) | Q(task__done_at__gte=end))
    return DealState.objects.open_at(day).annotate(planned=Exists(ahead))


add_source(
    WindowSource(
        "deals.planned",
        (Measure("plannable_deals"), Measure("planned_deals", Q(planned=True))),
        {**of_owner(), **IN_STAGE},
        DEAL,
        rows=_with_next_step,
        day="start_day",
        depends=OPEN_STREAMS,  # a change of a deal's task marks all days of the deal
        at_end=True,
    )
)


from .attribution import measures as _attribution  # noqa: E402, F401
from .contracts import measures as _contracts  # noqa: E402, F401
from .forecasts import measures as _forecasts  # noqa: E402, F401
from .orders import cohorts as _cohorts  # noqa: E402, F401
from .orders import measures as _orders  # noqa: E402, F401
from .subscriptions import measures as _subscriptions  # noqa: E402, F401
from .value import measures as _value  # noqa: E402, F401
from .value import observed as _observed  # noqa: E402, F401
