"""The check of numbers that depend on a period as a whole: deals open in it, expected in it, resting at its end."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from typing import TYPE_CHECKING, Any

from analytics.checking import Recount, text
from analytics.models import KpiSnapshot
from crm.periods import first_instant

if TYPE_CHECKING:
    from .checks import Whole

DAY = dt.timedelta(days=1)
EVER = dt.date.max
KEYS = ("close_rate", "slipped_deal_rate", "stale_deals", "stale_deal_rate", "next_step_coverage")
Span = tuple[dt.date, dt.date]
Member = tuple[str, str]
EVERYONE: Member = ("", "")


class Windows:
    """Counts, for every published period, the deals in progress, expected, slipped, open at the end, planned and stale."""

    def __init__(self, recount: Recount, stages: dict[int, tuple[int, int]]) -> None:
        self.recount, self.stages = recount, stages
        published = KpiSnapshot.objects.filter(kpi__in=KEYS, current=True, stale=False).order_by("start", "end")
        self.spans: list[Span] = list(published.values_list("start", "end").distinct())
        self.counts: dict[tuple[str, Span], dict[Member, int]] = defaultdict(lambda: defaultdict(int))
        #: deals that are not quiet at a period's end, and since when they are in their stage
        self.awake: dict[Span, list[tuple[int, dt.datetime, Member, Member]]] = defaultdict(list)
        self.won_stays: dict[int, list[tuple[dt.date, int]]] = defaultdict(list)  # stage -> (known from this day on, seconds)
        self._slow: dict[tuple[int, dt.date], float | None] = {}

    def count(self, whole: Whole) -> None:
        rows = [
            (self.recount.day(state["start"]), self.recount.day(state["end"]) if state["end"] else EVER, state)
            for state in whole.open_states
        ]
        if not rows:
            return
        self._keep_stays(whole)
        first, last = min(row[0] for row in rows), max(row[1] for row in rows)
        active = sorted(self.recount.day(row["at"]) for row in whole.done if row["kind"] != "note")
        for span in self.spans:
            if span[0] > last:
                break
            if span[1] > first:
                self._count_span(span, whole, rows, active)

    def _count_span(self, span: Span, whole: Whole, rows: list[tuple[dt.date, dt.date, Any]], active: list[dt.date]) -> None:
        start, end = span
        inside = [state for begun, left, state in rows if begun < end and left >= start]
        if inside:
            self._add("progress", span, inside[-1])
        at_end = [state for begun, left, state in rows if begun < end <= left]
        for begun, left, state in rows:
            due = state["expected_close"]
            if begun < start <= left and due is not None and start <= due < end:
                self._add("expected", span, state)
                if at_end:
                    self._add("slipped", span, state)
        day = min(end, self.recount.today + DAY)
        for begun, left, state in rows:
            if begun < day <= left:
                self._rest(span, day, whole, state, active)

    def _rest(self, span: Span, day: dt.date, whole: Whole, state: Any, active: list[dt.date]) -> None:
        self._add("open", span, state)
        if any(self._is_ahead(task, span[1], day) for task in whole.tasks):
            self._add("planned", span, state)
        since = day - self.recount.settings["stale_days"] * DAY
        if self.recount.day(whole.row["created_at"]) < since and not any(since <= when < day for when in active):
            self._add("stale", span, state)
            return
        entered = next(other["start"] for other in whole.open_states if other["stage_id"] == state["stage_id"])
        self.awake[span].append((state["stage_id"], entered, *members(state)[1:]))

    def _is_ahead(self, task: Any, end: dt.date, day: dt.date) -> bool:
        """A task that was there before `day`, not done before it, and due from the period's end on, or from today."""
        if task["due_at"] is None or self.recount.day(task["created_at"]) >= day:
            return False
        if task["done_at"] is not None and self.recount.day(task["done_at"]) < day:
            return False
        return self.recount.day(task["due_at"]) >= min(end, self.recount.today)

    def _keep_stays(self, whole: Whole) -> None:
        """How long won deals stayed in each stage, for its bound."""
        if whole.row["status"] != "won" or whole.row["undated"]:
            return
        closed = self.recount.day(whole.row["won_at"])
        stays: dict[int, list[Any]] = defaultdict(list)
        for state in whole.open_states:
            stays[state["stage_id"]].append(state)
        for stage, states in stays.items():
            seconds = sum(int((state["end"] - state["start"]).total_seconds()) for state in states)
            self.won_stays[stage].append((max(closed, self.recount.day(states[-1]["end"])), seconds))

    def _add(self, what: str, span: Span, state: Any) -> None:
        counts = self.counts[what, span]
        for member in members(state):
            counts[member] += 1

    def slow_after(self, stage: int, day: dt.date) -> float | None:
        """The time that nine of ten won deals had left a stage after, as known before `day`; None below thirty of them."""
        if (stage, day) not in self._slow:
            seconds = sorted(stayed for known, stayed in self.won_stays[stage] if known < day)
            bound = None
            if len(seconds) >= 30:
                place = (len(seconds) - 1) * 0.9
                low = int(place)
                after = seconds[min(low + 1, len(seconds) - 1)]
                bound = round(seconds[low] + (after - seconds[low]) * (place - low))
            self._slow[stage, day] = bound
        return self._slow[stage, day]

    def number(self, what: str, start: dt.date, end: dt.date, member: Member) -> int:
        """One of the counts; to be asked when all deals were counted."""
        found = self.counts[what, (start, end)].get(member, 0)
        if what != "stale":
            return found
        day = min(end, self.recount.today + DAY)
        instant = first_instant(day, self.recount.zone)
        for stage, entered, *who in self.awake[start, end]:
            bound = self.slow_after(stage, day)
            if bound is not None and entered < instant - dt.timedelta(seconds=bound) and (member == EVERYONE or member in who):
                found += 1
        return found


def members(state: Any) -> tuple[Member, Member, Member]:
    return EVERYONE, ("owner", text(state["owner_id"])), ("team", text(state["team_id"]))
