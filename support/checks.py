"""The check of what tickets count. One pass over the tickets, two thousand at a time, each with its history, messages, tags and
targets; waits, answers, solves and reopenings are worked out from those a second time."""

from __future__ import annotations

import datetime as dt
import math
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from analytics.checking import Recount, checks, text

from . import checks_kpis  # noqa: F401  the formulas of published values
from .checks_hours import Calendars

Row = dict[str, Any]
Said = tuple[dt.datetime, float]  # when, and in which order among what was said at that moment
SECOND = dt.timedelta(seconds=1)
DAY = dt.timedelta(days=1)
SLIP = dt.timedelta(minutes=5)
INSTANTS = ("created_at", "solved_at", "closed_at", "stated_response_at")

TIMED = ("", "_business", "_unclear", "_no_calendar")
WAITS = (
    "waits_answered",
    "wait_time",
    "waits_answered_business",
    "wait_time_business",
    "waits_unclear",
    "waits_no_calendar",
    "waits_unanswered",
    "first_waits_unanswered",
)
STREAMS: dict[str, tuple[str, ...]] = {
    "tickets.created": ("tickets_created", "conversations"),
    "tickets.replied": tuple(f"first_response{name}" for name in TIMED),
    "tickets.first_solved": ("first_solved", "first_solved_reopened", *(f"first_resolution{name}" for name in TIMED)),
    "tickets.solved": (
        "tickets_solved",
        "solved_at_first_contact",
        *(f"resolution{name}" for name in TIMED),
        *(f"handling{name}" for name in TIMED),
    ),
    "tickets.opened": ("ticket_backlog",),
    "tickets.left": ("ticket_backlog",),
    "tickets.waits": WAITS,
    "tickets.waiting_in": ("waits_open", "first_waits_open"),
    "tickets.waiting_out": ("waits_open", "first_waits_open"),
    "tickets.sla": ("sla_decided", "sla_met"),
}


@dataclass
class Whole:
    """A ticket with everything that belongs to it."""

    row: Row
    chain: list[Row] = field(default_factory=list)  # its history as it is stored
    customer: list[Said] = field(default_factory=list)
    replies: list[Said] = field(default_factory=list)
    targets: list[Row] = field(default_factory=list)
    tags: set[str] = field(default_factory=set)


@dataclass
class Waited:
    """A customer's wait: from, until, whether it was for the first answer, whether it got one."""

    asked: Said
    first: bool
    end: Said | None = None
    answered: bool = False


def pages(recount: Recount) -> Iterator[list[Whole]]:
    """The tickets in order of their ids, a page at a time."""
    last = 0
    sql = """SELECT t.*, c.industry FROM support_ticket t LEFT JOIN contacts_company c ON c.id = t.company_id
             WHERE t.id > %s ORDER BY t.id LIMIT 2000"""
    while rows := list(recount.dicts(sql, [last])):
        found = {row["id"]: Whole(row) for row in rows}
        for row in rows:
            for name in INSTANTS:
                row[name] = recount.instant(row[name])
        _read_parts(recount, found, [rows[0]["id"], rows[-1]["id"]])
        yield list(found.values())
        last = rows[-1]["id"]


def _read_parts(recount: Recount, found: dict[int, Whole], inside: list[int]) -> None:
    sql = "SELECT * FROM support_ticketstate WHERE ticket_id BETWEEN %s AND %s ORDER BY ticket_id, start, id"
    for state in recount.dicts(sql, inside):
        state["start"], state["end"] = recount.instant(state["start"]), recount.instant(state["end"])
        found[state["ticket_id"]].chain.append(state)
    sql = """SELECT ticket_id, author, at, id FROM support_message WHERE visibility = 'public' AND NOT automatic
             AND author IN ('customer', 'agent') AND ticket_id BETWEEN %s AND %s ORDER BY at, id"""
    for ticket, author, at, number in recount.rows(sql, inside):
        whole = found[ticket]
        (whole.customer if author == "customer" else whole.replies).append((recount.instant(at), number))  # type: ignore[arg-type]
    for target in recount.dicts("SELECT * FROM support_slatarget WHERE ticket_id BETWEEN %s AND %s", inside):
        for name in ("due_at", "fulfilled_at", "decided_at", "opened_at"):
            target[name] = recount.instant(target[name])
        found[target["ticket_id"]].targets.append(target)
    for ticket, tag in recount.rows("SELECT ticket_id, tag_id FROM support_tickettag WHERE ticket_id BETWEEN %s AND %s", inside):
        found[ticket].tags.add(text(tag))


class Read:
    """What happened on a ticket."""

    def __init__(self, whole: Whole) -> None:
        row = self.row = whole.row
        self.states = [state for state in whole.chain if not _is_slip(whole, state)]
        self.replies = list(whole.replies)
        if row["stated_response_at"] and not self.replies:
            self.replies = [(row["stated_response_at"], 1)]
        asked = list(whole.customer)
        if not asked and not row["agent_opened"]:
            asked = [(row["created_at"], 0)]
        kinds = [state["category"] == "done" for state in self.states]
        turns = [n for n, done in enumerate(kinds) if n == 0 and done or n and done != kinds[n - 1]]
        self.solves = [self.states[n]["start"] for n in turns if kinds[n]]
        self.reopenings = [self.states[n]["start"] for n in turns if not kinds[n]]
        self.waits = self._waits(asked)

    @property
    def solved(self) -> dt.datetime | None:
        return self.solves[-1] if self.states[-1]["category"] == "done" else None

    def _waits(self, asked: Sequence[Said]) -> list[Waited]:
        """Each question that finds no wait on begins one; the next answer or solve, whichever is earlier, ends it. At one instant the
        status changes after everything was said."""
        found: list[Waited] = []
        ends = [(reply, True) for reply in self.replies] + [((solve, math.inf), False) for solve in self.solves]
        for question in asked:
            if found and (found[-1].end is None or question < found[-1].end):
                continue
            first = not self.row["agent_opened"] and not any(reply < question for reply in self.replies)
            end, answered = min((end for end in ends if end[0] > question), default=(None, False))
            found.append(Waited(question, first, end, answered))
        return found

    def state_at(self, at: dt.datetime) -> Row:
        begun = [state for state in self.states if state["start"] <= at]
        return begun[-1] if begun else self.states[0]

    def softly(self, number: int) -> bool:
        """Whether a reopening was solved again without an answer."""
        begun, again = self.reopenings[number], self.solves[number + 1 : number + 2]
        return bool(again) and not any(begun <= at <= again[0] for at, _number in self.replies)


def _is_slip(whole: Whole, state: Row) -> bool:
    """A solve that a person took back within five minutes, without a word of the customer."""
    chain = whole.chain
    number = chain.index(state)
    after = next((row for row in chain[number:] if row["category"] != "done"), None)
    if state["category"] != "done" or number == 0 or after is None or after["by_id"] is None:
        return False
    if any(at == after["start"] for at, _number in whole.customer):
        return False
    begun = number
    while begun > 0 and chain[begun - 1]["category"] == "done":
        begun -= 1
    return after["start"] - chain[begun]["start"] <= SLIP


def seconds(start: dt.datetime, end: dt.datetime) -> int | None:
    return (end - start) // SECOND if end >= start else None


def who(state: Row) -> dict[str, str]:
    names = {name: text(state[f"{name}_id"]) for name in ("owner", "team", "queue")}
    return {**names, "priority": state["priority"]}


class Tickets:
    """Counts tickets one by one."""

    def __init__(self, recount: Recount) -> None:
        self.recount, self.calendars = recount, Calendars(recount)
        for key, measures in STREAMS.items():
            recount.stream(key, *measures)
        desk = next(recount.rows("SELECT reopen_window, contact_window FROM support_desk"), (7, 7))
        self.reopen_window, self.contact_window = (days * DAY for days in desk)
        recount.notes["service"] = {"reopen_window": desk[0], "contact_window": desk[1]}
        self.later: dict[tuple[int, str], list[dt.datetime]] = defaultdict(list)
        sql = """SELECT requester_id, type, created_at FROM support_ticket
                 WHERE requester_id IS NOT NULL AND NOT spam AND NOT undated ORDER BY created_at"""
        for requester, kind, created in recount.rows(sql):
            self.later[requester, kind.casefold()].append(recount.instant(created))  # type: ignore[arg-type]

    def count(self, whole: Whole) -> None:
        row, read = whole.row, Read(whole)
        shared = {"channel": row["channel"], "segment": row["industry"] or "", "type": row["type"], "tag": whole.tags}
        if not row["undated"]:
            members = {**who(read.states[0]), **shared}
            self.recount.add("tickets.created", self.recount.day(row["created_at"]), members, (1, int(not row["agent_opened"])))
        self._answer(read, shared)
        self._first_solve(read, shared)
        self._solve(read, shared)
        self._history(whole, shared)
        self._waits(read, shared)
        self._targets(whole, read, shared)

    def _timed(
        self, key: str, start: dt.datetime, state: Row, at: dt.datetime, row: Row, spans: list[tuple] | None = None
    ) -> tuple[int, int, int, int]:
        """A duration as its four measures, kept for medians too: on the clock on the wall, in business hours, unclear, no calendar."""
        spans = [(start, at)] if spans is None else spans
        lengths = [] if row["undated"] else [seconds(*span) for span in spans]
        elapsed = None if row["undated"] or None in lengths else sum(length or 0 for length in lengths)
        business = None
        if elapsed is not None and state["calendar_id"] in self.calendars.versions:
            business = sum(self.calendars.seconds(state["calendar_id"], *span, at) or 0 for span in spans)
        members, day = who(state), self.recount.day(at)
        for name, value in ((key, elapsed), (f"{key}_business", business)):
            if value is not None:
                self.recount.values[name].append((day, value, members["owner"], members["team"]))
        return elapsed or 0, business or 0, int(elapsed is None), int(elapsed is not None and business is None)

    def _answer(self, read: Read, shared: Row) -> None:
        """The first answer, from the question it answers: the last one that began a wait."""
        row = read.row
        if not read.replies or row["agent_opened"]:
            return
        at = min(read.replies)[0]
        asked = [wait.asked[0] for wait in read.waits if wait.asked < min(read.replies)]
        state = read.state_at(at)
        values = self._timed("first_response", asked[-1] if asked else row["created_at"], state, at, row)
        self.recount.add("tickets.replied", self.recount.day(at), {**who(state), **shared}, values)

    def _first_solve(self, read: Read, shared: Row) -> None:
        if not read.solves:
            return
        row, at = read.row, read.solves[0]
        state = read.state_at(at)
        back = next((again for number, again in enumerate(read.reopenings) if not read.softly(number)), None)
        stated = (row["stated_reopens"] or 0) > len(read.reopenings)
        reopened = back - at < self.reopen_window if back else stated
        values = self._timed("first_resolution", row["created_at"], state, at, row)
        members = {**who(state), **shared}
        self.recount.add("tickets.first_solved", self.recount.day(at), members, (1, int(reopened), *values))

    def _solve(self, read: Read, shared: Row) -> None:
        at = read.solved
        if at is None:
            return
        row, state = read.row, read.state_at(at)
        soft = sum(read.softly(number) for number in range(len(read.reopenings)))
        again = self.later.get((row["requester_id"], row["type"].casefold()), [])
        back = next((moment for moment in again if moment > at), None)
        once = len(read.replies) <= 1 and max(len(read.reopenings), row["stated_reopens"] or 0) <= soft
        once = once and (back is None or back - at >= self.contact_window)
        starts = [one["start"] for one in read.states]
        ours = [
            (one["start"], min(end, at))
            for one, end in zip(read.states, [*starts[1:], at], strict=True)
            if one["category"] == "open" and one["start"] < at
        ]
        values = self._timed("resolution", row["created_at"], state, at, row)
        handling = self._timed("handling", row["created_at"], state, at, row, ours)
        members = {**who(state), **shared}
        self.recount.add("tickets.solved", self.recount.day(at), members, (1, int(once), *values, *handling))

    def _history(self, whole: Whole, shared: Row) -> None:
        for state in whole.chain:
            if state["category"] != "done":
                members = {**who(state), **shared}
                self.recount.add("tickets.opened", self.recount.day(state["start"]), members, (1,))
                if state["end"]:
                    self.recount.add("tickets.left", self.recount.day(state["end"]), members, (1,))

    def _waits(self, read: Read, shared: Row) -> None:
        recount = self.recount
        for wait in read.waits:
            end = wait.end[0] if wait.end else None
            state = read.state_at(end) if end else read.states[-1]
            members = {**who(state), **shared}
            recount.add("tickets.waiting_in", recount.day(wait.asked[0]), members, (1, int(wait.first)))
            if end is None:
                continue
            recount.add("tickets.waiting_out", recount.day(end), members, (1, int(wait.first)))
            values = (0, 0, 0, 0, 0, 0, 1, int(wait.first))
            if wait.answered:
                elapsed, business, unclear, bare = self._timed("wait_time", wait.asked[0], state, end, read.row)
                known = int(not unclear)
                values = (known, elapsed, known - bare, business, unclear, bare, 0, 0)
            recount.add("tickets.waits", recount.day(end), members, values)

    def _targets(self, whole: Whole, read: Read, shared: Row) -> None:
        for target in whole.targets:
            self._check_target(whole, target)
            if target["outcome"] not in ("met", "breached"):
                continue
            if target["outcome"] == "met":
                state = read.state_at(target["decided_at"])
                for name in ("owner_id", "team_id", "queue_id"):
                    self.recount.expect(f"ticket {read.row['number']} target {target['id']} {name}", target[name], state[name])
            members = {**who(target), **shared, "sla_policy": text(target["policy_id"]), "sla_metric": target["metric"]}
            met = int(target["outcome"] == "met")
            self.recount.add("tickets.sla", self.recount.day(target["decided_at"]), members, (1, met))

    def _check_target(self, whole: Whole, target: Row) -> None:
        """A target is met when it was fulfilled before it was due, broken the moment it was due, and open before that."""
        what, late = f"ticket {whole.row['number']} target {target['id']}", self.recount.now - SLIP
        due, done = target["due_at"], target["fulfilled_at"]
        if target["outcome"] == "met" and target["metric"] != "stated":
            self.recount.expect(f"{what} decided", target["decided_at"], done)
            if due is not None and due <= done:
                self.recount.differ(f"{what} outcome", "met", "breached")
        elif target["outcome"] == "breached" and target["metric"] != "stated":
            self.recount.expect(f"{what} decided", target["decided_at"], max(due, target["opened_at"]))
        elif target["outcome"] == "running" and due is not None and due < late:
            self.recount.differ(f"{what} outcome", "running", f"breached at {due}")


def check_chain(recount: Recount, whole: Whole) -> None:
    """A ticket's history: begins at its creation, has no gap and no overlap, one present row, and ends where the ticket stands."""
    row, chain = whole.row, whole.chain
    what = f"ticket {row['number']}"
    recount.compared += 1
    if not chain:
        recount.differ(f"{what} history", "no rows", "at least one")
        return
    if chain[0]["start"] != row["created_at"]:
        recount.differ(f"{what} history begins", chain[0]["start"], row["created_at"])
    for before, after in zip(chain, chain[1:], strict=False):
        if before["end"] != after["start"]:
            recount.differ(f"{what} history has a gap", before["end"], after["start"])
    if [state["end"] is None for state in chain] != [False] * (len(chain) - 1) + [True]:
        recount.differ(f"{what} present rows", sum(state["end"] is None for state in chain), 1)
    for name in ("status_id", "category", "owner_id", "team_id", "priority", "queue_id"):
        if chain[-1][name] != row[name]:
            recount.differ(f"{what} stands at {name}", chain[-1][name], row[name])


def count_tickets(recount: Recount) -> None:
    """Everything about tickets. Spam is in no number."""
    tickets = Tickets(recount)
    for page in pages(recount):
        for whole in page:
            check_chain(recount, whole)
            if whole.chain and not whole.row["spam"]:
                tickets.count(whole)
    for key in STREAMS:
        recount.compare(key)


checks.register("tickets", count_tickets)
