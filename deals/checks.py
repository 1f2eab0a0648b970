"""The check of what deals count. One pass over the deals, two thousand at a time, each with its history, activities and tasks;
everything else is worked out from those."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any

from analytics.checking import Recount, checks, is_filled, text
from contacts.checks import ENTITIES, begin_entity, compare_entity, count_entity
from contacts.checks_quality import LABELS, TESTS

from . import checks_kpis  # noqa: F401  the formulas of published values
from .checks_windows import Windows

Row = dict[str, Any]
DAY = dt.timedelta(days=1)
INSTANTS = ("created_at", "won_at", "lost_at", "first_contact_at")

ENTITIES["deal"] = (
    "deals",
    ("company", "amount", "expected_close", "source", "owner"),
    lambda row: (
        row["company_id"] is not None,
        row["amount"] is not None,
        row["expected_close"] is not None,
        is_filled(row["source"]),
        row["owner_id"] is not None,
    ),
)

TESTS["deal"] = {"amount": lambda row: row["amount"] is not None and row["amount"] >= 0}
LABELS["deal"] = "deals.deal"

STREAMS: dict[str, tuple[str, ...]] = {
    "deals.created": (
        "deals_created",
        "deals_created_then_won",
        "pipeline_created",
        "pipeline_created_n",
        "created_without_amount",
        "created_unconverted",
    ),
    "deals.lines": ("deal_lines_priced", "deal_lines_list", "deal_lines_discount", "deal_lines_unconverted"),
    "deals.closed": (
        "deals_won",
        "deals_lost",
        "won_amount",
        "lost_amount",
        "won_valued",
        "won_without_amount",
        "closed_unconverted",
        "deal_cycle",
        "deal_cycle_n",
        "deal_cycle_unclear",
        "sales_cycle",
        "sales_cycle_unclear",
        "won_touches",
        "won_large",
        "won_boundable",
        "won_amount_in_cycle",
    ),
    "deals.opened": ("open_deals", "open_amount", "open_weighted", "open_valued", "open_without_amount"),
    "deals.left": ("open_deals", "open_amount", "open_weighted", "open_valued", "open_without_amount"),
    "stages.entered": ("stages_entered", "stages_advanced"),
    "stages.left": ("stage_time",),
    "deals.moved": ("stage_moves",),
    "deals.revalued": ("amount_changes",),
    "deals.touches": ("deal_activities",),
    "deals.tasks_done": ("deal_tasks_done",),
}


@dataclass
class Whole:
    """A deal with everything that belongs to it."""

    row: Row
    states: list[Row] = field(default_factory=list)
    done: list[Row] = field(default_factory=list)  # linked activities
    near: dict[int, dt.datetime] = field(default_factory=dict)  # outbound touches, linked or with its people
    tasks: list[Row] = field(default_factory=list)
    lines: list[Any] = field(default_factory=list)  # product, quantity, unit price, amount

    @property
    def closed_at(self) -> dt.datetime | None:
        return self.row["won_at"] or self.row["lost_at"]

    @property
    def open_states(self) -> list[Row]:
        return [state for state in self.states if state["status"] == "open"]

    def stage_at(self, at: dt.datetime) -> int | None:
        """The stage in which the deal was open at that instant, after a change at it; None when it was not open."""
        then = [row for row in self.open_states if row["start"] <= at and (row["end"] is None or row["end"] >= at)]
        return then[-1]["stage_id"] if then else None


class Around:
    """What deals need from other tables: companies, stages, leads, bounds."""

    def __init__(self, recount: Recount) -> None:
        self.companies = {
            pk: (industry, country, recount.instant(since))
            for pk, industry, country, since in recount.rows("SELECT id, industry, country, customer_since FROM contacts_company")
        }
        sql = "SELECT company_id, MIN(won_at) FROM deals_deal WHERE status = 'won' AND company_id IS NOT NULL GROUP BY company_id"
        self.first_win = {pk: recount.instant(at) for pk, at in recount.rows(sql)}
        sql = """SELECT company_id, MIN(at) FROM contacts_activity
                 WHERE kind <> 'note' AND NOT by_machine AND company_id IS NOT NULL GROUP BY company_id"""
        self.first_contact = {pk: recount.instant(at) for pk, at in recount.rows(sql)}
        self.stages = {
            pk: (pipe, position) for pk, pipe, position in recount.rows("SELECT id, pipeline_id, position FROM deals_stage")
        }
        self.bounds = bounds(recount)


def bounds(recount: Recount) -> dict[dt.date, int]:
    """Fiscal year -> from which value a won deal is large: what four of five deals won in the year before stayed below; none
    after a year with fewer than five."""
    won: dict[dt.date, list[int]] = defaultdict(list)
    for raw, amount, currency in recount.rows("SELECT won_at, amount, currency FROM deals_deal WHERE status = 'won'"):
        at = recount.instant(raw)
        assert at is not None
        base = recount.converted(amount, currency, recount.day(at))
        if base is not None:
            won[recount.fiscal_year(recount.day(at))].append(base)
    found = {}
    for year, values in won.items():
        if len(values) >= 5:
            place = (len(values) - 1) * 0.8
            values.sort()
            low, high = values[int(place)], values[min(int(place) + 1, len(values) - 1)]
            found[year.replace(year=year.year + 1)] = round(low + (high - low) * (place - int(place)))
    return found


def pages(recount: Recount) -> Iterator[list[Whole]]:
    """The deals in order of their ids, a page at a time."""
    last = 0
    sql = """SELECT d.*, l.created_at AS lead_created_at, l.undated AS lead_undated FROM deals_deal d
             LEFT JOIN contacts_lead l ON l.id = d.lead_id WHERE d.id > %s ORDER BY d.id LIMIT 2000"""
    while rows := list(recount.dicts(sql, [last])):
        found = {row["id"]: Whole(row) for row in rows}
        for row in rows:
            for name in (*INSTANTS, "lead_created_at"):
                row[name] = recount.instant(row[name])
        _read_parts(recount, found, [rows[0]["id"], rows[-1]["id"]])
        yield list(found.values())
        last = rows[-1]["id"]


def _read_parts(recount: Recount, found: dict[int, Whole], inside: list[int]) -> None:
    for state in recount.dicts(
        "SELECT * FROM deals_dealstate WHERE deal_id BETWEEN %s AND %s ORDER BY deal_id, start, id", inside
    ):
        for name in ("start", "end", "again_at"):
            state[name] = recount.instant(state[name])
        state["expected_close"] = recount.date(state["expected_close"])
        found[state["deal_id"]].states.append(state)
    sql = "SELECT deal_id, product_id, quantity, unit_price, amount FROM deals_dealline WHERE deal_id BETWEEN %s AND %s"
    for deal, *line in recount.rows(sql, inside):
        found[deal].lines.append(line)
    sql = """SELECT x.deal_id, a.id, a.at, a.kind, a.direction, a.by_machine, a.owner_id, a.team_id FROM deals_dealactivity x
             JOIN contacts_activity a ON a.id = x.activity_id WHERE x.deal_id BETWEEN %s AND %s"""
    for row in recount.dicts(sql, inside):
        row["at"] = recount.instant(row["at"])
        whole = found[row["deal_id"]]
        whole.done.append(row)
        if row["kind"] != "note" and row["direction"] != "in" and not row["by_machine"]:
            whole.near[row["id"]] = row["at"]
    sql = """SELECT x.deal_id, a.id, a.at FROM deals_dealperson x JOIN contacts_activity a ON a.person_id = x.person_id
             WHERE x.deal_id BETWEEN %s AND %s AND a.kind <> 'note' AND a.direction <> 'in' AND NOT a.by_machine"""
    for deal, pk, at in recount.rows(sql, inside):
        found[deal].near[pk] = recount.instant(at)  # type: ignore[assignment]
    sql = """SELECT x.deal_id, t.created_at, t.due_at, t.done_at, t.owner_id, t.team_id FROM deals_dealtask x
             JOIN contacts_task t ON t.id = x.task_id WHERE x.deal_id BETWEEN %s AND %s"""
    for row in recount.dicts(sql, inside):
        for name in ("created_at", "due_at", "done_at"):
            row[name] = recount.instant(row[name])
        found[row["deal_id"]].tasks.append(row)


class Deals:
    """Counts deals one by one."""

    def __init__(self, recount: Recount) -> None:
        self.recount, self.around = recount, Around(recount)
        for key, measures in STREAMS.items():
            recount.stream(key, *measures)
        begin_entity(recount, "deal")

    def count(self, whole: Whole) -> None:
        row = whole.row
        industry, country, _since = self.around.companies.get(row["company_id"], ("", "", None))
        shared = {
            "pipeline": text(row["pipeline_id"]),
            "source": row["source"],
            "segment": industry,
            "country": country,
            "product": text(row["product_id"]),
            "campaign": row["campaign"],
        }
        count_entity(self.recount, "deal", row)
        self._created(whole, shared)
        self._closed(whole, shared)
        self._history(whole, shared)
        self._stages(whole, shared)
        self._work(whole, shared)

    def _in_stage(self, shared: dict[str, str], stage: int) -> dict[str, str]:
        """A row that stands in a stage is of that stage's pipeline, also when the deal went to another one later."""
        return {**shared, "stage": text(stage), "pipeline": text(self.around.stages[stage][0])}

    def _created(self, whole: Whole, shared: dict[str, str]) -> None:
        row = whole.row
        if row["undated"]:
            return
        created, first = row["created_at"], whole.states[0]
        day = self.recount.day(created)
        early = [state for state in whole.states if state["start"] < created + 7 * DAY][-1:] or [first]
        amount = early[0]["amount"]
        base = self.recount.converted(amount, early[0]["currency"], day)
        window = self.recount.settings["deal_win_window"] * DAY
        won = row["status"] == "won" and created <= row["won_at"] < created + window
        values = (1, int(won), base or 0, int(base is not None), int(amount is None), int(amount is not None and base is None))
        self.recount.add("deals.created", day, {**owned(first), **shared}, values)

    def _closed(self, whole: Whole, shared: dict[str, str]) -> None:
        row, closed = whole.row, whole.closed_at
        if closed is None:
            return
        recount, won = self.recount, row["status"] == "won"
        day = recount.day(closed)
        base = recount.converted(row["amount"], row["currency"], day)
        amount = base or 0
        deal_time = None if row["undated"] or closed < row["created_at"] else seconds(row["created_at"], closed)
        first_win = self.around.first_win.get(row["company_id"])
        repeat = won and first_win is not None and first_win < closed
        begun = self._begun(whole, repeat)
        known = not row["undated"] or row["first_contact_at"]
        sales_time = seconds(begun, closed) if known and begun <= closed else None
        touches = sum(1 for at in whole.near.values() if begun <= at < closed)
        bound = self.around.bounds.get(recount.fiscal_year(day))
        values = (
            int(won),
            int(not won),
            amount if won else 0,
            0 if won else amount,
            int(won and base is not None),
            int(won and row["amount"] is None),
            int(row["amount"] is not None and base is None),
            deal_time or 0 if won else 0,
            int(won and deal_time is not None),
            int(won and deal_time is None),
            sales_time or 0 if won else 0,
            int(won and sales_time is None),
            touches if won else 0,
            int(won and base is not None and bound is not None and base >= bound),
            int(won and base is not None and bound is not None),
            amount if won and deal_time is not None else 0,
        )
        owner = owned((whole.open_states or whole.states)[-1])
        members = {**owner, **shared, "reason": text(row["lost_reason_id"]), "sale": "repeat" if repeat else "first"}
        recount.add("deals.closed", day, members, values)
        if won:
            self._lines(whole, day, {**owner, **shared})
            for name, value in (("deal_cycle", deal_time), ("sales_cycle", sales_time), ("touches", touches)):
                if value is not None:
                    recount.values[name].append((day, value, owner["owner"], owner["team"]))

    def _lines(self, whole: Whole, day: dt.date, members: dict[str, str]) -> None:
        """What the products cost by their unit prices, and how much less was taken."""
        for product, quantity, price, amount in whole.lines:
            full = int((Decimal(str(quantity)) * price).quantize(Decimal(1), rounding=ROUND_HALF_EVEN))
            listed, sold = (self.recount.converted(minor, whole.row["currency"], day) for minor in (full, amount))
            known = listed is not None and sold is not None
            values = (1, listed or 0, (listed or 0) - (sold or 0), 0) if known else (0, 0, 0, 1)
            self.recount.add("deals.lines", day, {**members, "product": text(product)}, values)

    def _begun(self, whole: Whole, repeat: bool) -> dt.datetime:
        """When the sale began: first contact, lead or deal; a repeat sale did not begin when the account was met."""
        row = whole.row
        starts = [row["created_at"], row["first_contact_at"]]
        if row["lead_created_at"] is not None and not row["lead_undated"]:
            starts.append(row["lead_created_at"])
        if not repeat:
            starts.append(self.around.first_contact.get(row["company_id"]))
        return min(start for start in starts if start is not None)

    def _history(self, whole: Whole, shared: dict[str, str]) -> None:
        recount, before = self.recount, None
        for state in whole.states:
            members = {**owned(state), **self._in_stage(shared, state["stage_id"])}
            moved = before is not None and before["stage_id"] != state["stage_id"]
            revalued = before is not None and worth(before) != worth(state)
            before = state
            if state["status"] != "open":
                continue
            amount = state["amount"]
            values = (1, amount or 0, (amount or 0) * state["probability"], int(amount is not None), int(amount is None))
            recount.add("deals.opened", recount.day(state["start"]), members, values, state["currency"])
            if state["end"]:
                recount.add("deals.left", recount.day(state["end"]), members, values, state["currency"])
            if state["origin"] not in ("import", "system"):
                for step, done in (("moved", moved), ("revalued", revalued)):
                    if done:
                        recount.add(f"deals.{step}", recount.day(state["start"]), {**members, "activity_type": step}, (1,))

    def _stages(self, whole: Whole, shared: dict[str, str]) -> None:
        if whole.row["undated"]:
            return
        recount, window = self.recount, self.recount.settings["stage_conversion_window"] * DAY
        stays: dict[int, list[Row]] = defaultdict(list)
        for state in whole.open_states:
            stays[state["stage_id"]].append(state)
        for stage, states in stays.items():
            members, (entered, left) = self._in_stage(shared, stage), (states[0]["start"], states[-1]["end"])
            further = self._advanced(whole, stage, entered)
            advanced = further is not None and further < entered + window
            recount.add("stages.entered", recount.day(entered), {**owned(states[0]), **members}, (1, int(advanced)))
            if left is not None:
                stayed = sum(seconds(state["start"], state["end"]) for state in states)
                exit_owner, day = owned(states[-1]), recount.day(left)
                recount.add("stages.left", day, {**exit_owner, **members}, (stayed,))
                recount.values["stage_time"].append((day, stayed, exit_owner["owner"], exit_owner["team"]))

    def _advanced(self, whole: Whole, stage: int, entered: dt.datetime) -> dt.datetime | None:
        """When the deal first stood in a later stage of the same pipeline after it entered this one, or was won."""
        pipeline, position = self.around.stages[stage]
        for state in whole.open_states:
            other = self.around.stages[state["stage_id"]]
            if state["start"] >= entered and other[0] == pipeline and other[1] > position:
                return state["start"]
        won = whole.row["won_at"]
        return max(won, entered) if won else None

    def _work(self, whole: Whole, shared: dict[str, str]) -> None:
        recount = self.recount
        for row in whole.done:
            stage = whole.stage_at(row["at"])
            if row["kind"] != "note" and not row["by_machine"] and stage is not None:
                members = {**owned(row), **self._in_stage(shared, stage), "activity_type": row["kind"]}
                recount.add("deals.touches", recount.day(row["at"]), members, (1,))
        for row in whole.tasks:
            stage = whole.stage_at(row["done_at"]) if row["done_at"] is not None else None
            if stage is not None:
                members = {**owned(row), **self._in_stage(shared, stage), "activity_type": "task"}
                recount.add("deals.tasks_done", recount.day(row["done_at"]), members, (1,))

    def compare(self) -> None:
        compare_entity(self.recount, "deal")
        for key in STREAMS:
            self.recount.compare(key)


def owned(row: Row) -> dict[str, str]:
    return {"owner": text(row["owner_id"]), "team": text(row["team_id"])}


def worth(state: Row) -> tuple[int | None, str]:
    return state["amount"], state["currency"]


def seconds(start: dt.datetime, end: dt.datetime) -> int:
    return int((end - start).total_seconds())


# --- history ---------------------------------------------------------------------------------------------------------


def check_chain(recount: Recount, whole: Whole) -> None:
    """A deal's history: begins at its creation, has no gap and no overlap, one present row, and ends where the deal stands; the
    stages it stood in add up to its age."""
    row, states = whole.row, whole.states
    what = f"deal {row['number']}"
    recount.compared += 1
    if not states:
        recount.differ(f"{what} history", "no rows", "at least one")
        return
    begun = min(row["created_at"], whole.closed_at or row["created_at"])
    if states[0]["start"] != begun:
        recount.differ(f"{what} history begins", states[0]["start"], begun)
    for before, after in zip(states, states[1:], strict=False):
        if before["end"] != after["start"]:
            recount.differ(f"{what} history has a gap", before["end"], after["start"])
        if (bool(after["moved"]), bool(after["revalued"])) != (
            before["stage_id"] != after["stage_id"],
            worth(before) != worth(after),
        ):
            recount.differ(f"{what} step at {after['start']}", (after["moved"], after["revalued"]), "as the row before says")
    for place, state in enumerate(states):
        again_at = next((later["start"] for later in states[place + 1 :] if later["status"] == "open"), None)
        recount.expect(f"{what} open again after {state['start']}", state["again_at"], again_at)
    if [state["end"] is None for state in states] != [False] * (len(states) - 1) + [True]:
        recount.differ(f"{what} present rows", sum(state["end"] is None for state in states), 1)
    last = states[-1]
    row["expected_close"] = recount.date(row["expected_close"])
    for name in ("status", "stage_id", "owner_id", "team_id", "amount", "currency", "expected_close"):
        if last[name] != row[name]:
            recount.differ(f"{what} stands at {name}", last[name], row[name])
    _check_age(recount, whole, what)


def _check_age(recount: Recount, whole: Whole, what: str) -> None:
    """Time in stages and time closed in between add up to the time from the first row to now, or to the closing."""
    last = whole.states[-1]
    if last["status"] != "open" and whole.closed_at is not None:
        closing = last
        for state in reversed(whole.states):
            if state["status"] != last["status"]:
                break
            closing = state
        if closing["start"] != whole.closed_at:
            recount.differ(f"{what} closed at", closing["start"], whole.closed_at)
    if any(state["end"] is not None and state["end"] < state["start"] for state in whole.states):
        recount.differ(f"{what} history", "a row ends before it starts", "times run forward")


def count_deals(recount: Recount) -> None:
    """Everything about deals."""
    deals = Deals(recount)
    windows = Windows(recount, deals.around.stages)
    recount.notes["windows"] = windows
    for page in pages(recount):
        for whole in page:
            check_chain(recount, whole)
            if whole.states:
                deals.count(whole)
                windows.count(whole)
    for pk, (_industry, _country, since) in deals.around.companies.items():
        recount.expect(f"company {pk} customer since", since, deals.around.first_win.get(pk))
    deals.compare()


checks.register("deals", count_deals)


from .attribution import checks as _attribution  # noqa: E402, F401
from .contracts import checks as _contracts  # noqa: E402, F401
from .forecasts import checks as _forecasts  # noqa: E402, F401
from .orders import checks as _orders  # noqa: E402, F401
from .subscriptions import checks as _subscriptions  # noqa: E402, F401
from .value import checks as _value  # noqa: E402, F401
from .value import checks_worth as _worth  # noqa: E402, F401
