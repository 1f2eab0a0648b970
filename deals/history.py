"""A deal's history as rows, and what numbers derive from it.

`DealState` rows are the history itself. `StageVisit` and `DealFacts` are derived from them here, always for whole deals, so that
running it again gives the same rows.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from django.db.models import Min

from analytics import dirty
from contacts import leads as lead_facts
from contacts.choices import REACHES_OUT, TOUCHES, ActivityKind
from contacts.models import Activity, Company, Lead
from crm import events
from crm.money import Rates
from crm.periods import local_day

from . import discounts
from .choices import CLOSED, Status
from .models import Deal, DealFacts, DealPerson, DealState, StageVisit

TRACKED = ("status", "stage_id", "owner_id", "team_id", "amount", "currency", "probability", "expected_close")
EARLY = dt.timedelta(days=7)
FACT_FIELDS = [field.name for field in DealFacts._meta.concrete_fields if not field.primary_key]


def present_values(deal: Deal) -> dict[str, Any]:
    """How the deal stands now, as a history row keeps it."""
    values = {name: getattr(deal, name) for name in TRACKED if name != "probability"}
    return {**values, "probability": deal.chance}


def begin(deal: Deal) -> DealState:
    """The first history row of a new deal, unsaved."""
    return DealState(deal=deal, start=deal.created_at, by=events.actor(), origin=events.origin(), **present_values(deal))


def advance(deal: Deal, at: dt.datetime) -> None:
    """Ends the present row at `at` and starts the next, when the deal stands differently now.

    Back-dated changes win over what was written after them: later rows are dropped, the row that spans `at` is cut. While a deal
    is closed, corrections of value and expected close change its closed row in place: they restate the day it was closed on.
    """
    states = list(deal.states.order_by("start", "pk"))
    values = present_values(deal)
    last = states[-1]
    differing = {name for name, value in values.items() if getattr(last, name) != value}
    if not differing:
        return
    if (
        deal.status in CLOSED
        and last.status == deal.status
        and differing <= {"amount", "currency", "expected_close", "probability"}
    ):
        for name in differing:
            setattr(last, name, values[name])
        last.save(update_fields=list(differing))
        return
    kept = _before(states, at, closing=deal.status if last.status != deal.status else "")
    before = kept[-1]
    at = max(at, before.start)
    DealState.objects.filter(pk__in=[state.pk for state in states if state not in kept]).delete()
    before.end = at
    before.save(update_fields=["end"])
    DealState.objects.create(
        deal=deal,
        start=at,
        moved=before.stage_id != values["stage_id"],
        revalued=(before.amount, before.currency) != (values["amount"], values["currency"]),
        by=events.actor(),
        origin=events.origin(),
        **values,
    )


def _before(states: Sequence[DealState], at: dt.datetime, closing: str = "") -> list[DealState]:
    """The rows that had begun by then, at least the first. Before a closing, an earlier closing of the same kind is left out: the
    deal was open until the one that stands."""
    kept = [state for state in states if state.start <= at] or list(states[:1])
    while closing in CLOSED and len(kept) > 1 and kept[-1].status == closing:
        kept.pop()
    return kept


def redate_creation(deal: Deal) -> None:
    """Lets the history begin at the deal's creation date after that was corrected. It begins open: a deal is created before it closes."""
    states = list(deal.states.order_by("start", "pk"))
    opened = [state for state in states if state.status == Status.OPEN]
    first = next((state for state in opened if state.end is None or state.end > deal.created_at), opened[-1])
    DealState.objects.filter(pk__in=[state.pk for state in states if (state.start, state.pk) < (first.start, first.pk)]).delete()
    first.start, first.moved, first.revalued = deal.created_at, False, False
    for state in states[states.index(first) :]:
        if state is not first and state.start >= deal.created_at:
            break
        # Nothing was before the creation; a closing that was is corrected next.
        state.start = max(state.start, deal.created_at)
        state.end = max(state.end, deal.created_at) if state.end is not None else None
        state.save(update_fields=["start", "end", "moved", "revalued"])


def redate_closing(deal: Deal, at: dt.datetime) -> None:
    """Moves the present closing to `at`: open rows after it are dropped, the last open row ends there."""
    states = list(deal.states.order_by("start", "pk"))
    closing = len(states) - 1
    while closing > 0 and states[closing - 1].status == deal.status:
        closing -= 1
    kept = _before(states[:closing], at, closing=deal.status)
    DealState.objects.filter(pk__in=[state.pk for state in states[:closing] if state not in kept]).delete()
    end = max(at, kept[-1].start)
    closed = states[closing]
    if closed.end is not None and closed.end < end:
        DealState.objects.filter(pk__in=[state.pk for state in states[closing:-1]]).delete()
        closed = states[-1]
    # The closed row moves first: two rows never both lack an end, and none ends before it starts.
    closed.start = end
    closed.save(update_fields=["start"])
    kept[-1].end = end
    kept[-1].save(update_fields=["end"])


# --- derivation ------------------------------------------------------------------------------------------------------


def rebuild(deals: Iterable[Deal], *, new: bool = False) -> None:
    """Derives visits and facts of these deals anew, keeps their companies' and leads' customer dates, and marks the days that
    they touched and touch now. Set-based: the number of queries does not depend on the number of deals.

    new: they were written in this transaction and nothing hangs on them yet.
    """
    deals = list(deals)
    ids = [deal.pk for deal in deals]
    marks = set() if new else marks_of(ids)
    states = _grouped(
        DealState.objects.filter(deal_id__in=ids).select_related("stage").order_by("deal_id", "start", "pk"), "deal_id"
    )
    # Rows before and after these may have gone or been corrected.
    wrong = [state for chain in states.values() for state in say_steps(chain)]
    DealState.objects.bulk_update(wrong, STEPS, batch_size=500)
    visits = [visit for deal in deals for visit in visits_of(deal, states[deal.pk])]
    if not new:
        StageVisit.objects.filter(deal_id__in=ids).delete()
    StageVisit.objects.bulk_create(visits, batch_size=500)
    won = [deal for deal in deals if deal.status == Status.WON]
    companies = {deal.company_id for deal in (won if new else deals) if deal.company_id}
    changed = keep_customers(companies) if companies else set()
    context = _Context(deals)
    facts = [facts_of(deal, states[deal.pk], context) for deal in deals]
    DealFacts.objects.bulk_create(facts, update_conflicts=True, unique_fields=["deal"], update_fields=FACT_FIELDS, batch_size=500)
    discounts.derive(facts, context.rates)
    marks |= {("deals.made", deal.created_day) for deal in deals} | {("deals.held", deal.created_day) for deal in deals}
    marks |= _marks([state for deal in deals for state in states[deal.pk]], visits, facts)
    if not new:
        marks |= _marks_beside(ids)
    dirty.mark(marks)
    if changed:
        others = Deal.objects.filter(company_id__in=changed, status=Status.WON).exclude(pk__in=ids)
        refresh_facts(others)
        lead_facts.rebuild(Lead.objects.filter(company_id__in=changed))


STEPS = ("moved", "revalued", "again_at")


def say_steps(chain: Sequence[DealState]) -> list[DealState]:
    """Says of each row of a deal whether stage or value differ from the row before it, and when its next open row starts; returns the
    rows that said something else."""
    wrong, again_at = [], None
    for before, state in reversed(list(zip([None, *chain], chain, strict=False))):
        moved = before is not None and before.stage_id != state.stage_id
        revalued = before is not None and (before.amount, before.currency) != (state.amount, state.currency)
        steps = dict(zip(STEPS, (moved, revalued, again_at), strict=True))
        if any(getattr(state, name) != value for name, value in steps.items()):
            for name, value in steps.items():
                setattr(state, name, value)
            wrong.append(state)
        if state.status == Status.OPEN:
            again_at = state.start
    return wrong


def refresh_facts(deals: Iterable[Deal]) -> None:
    """Derives only the facts anew: their history stands, but what they are computed from elsewhere changed."""
    deals = list(deals)
    if not deals:
        return
    ids = [deal.pk for deal in deals]
    mark(ids)
    states = _grouped(DealState.objects.filter(deal_id__in=ids).order_by("deal_id", "start", "pk"), "deal_id")
    context = _Context(deals)
    facts = [facts_of(deal, states[deal.pk], context) for deal in deals]
    DealFacts.objects.bulk_create(facts, update_conflicts=True, unique_fields=["deal"], update_fields=FACT_FIELDS, batch_size=500)
    discounts.derive(facts, context.rates)


def _grouped(rows: Iterable[Any], by: str) -> dict[int, list[Any]]:
    found: dict[int, list[Any]] = defaultdict(list)
    for row in rows:
        found[getattr(row, by)].append(row)
    return found


def visits_of(deal: Deal, states: Sequence[DealState]) -> list[StageVisit]:
    """One row per stage the deal was in while open. Re-entries add up; moving back does not undo an advance; a win advances
    every stage, but only while it stands."""
    found: dict[int, StageVisit] = {}
    for state in states:
        if state.status != Status.OPEN:
            continue
        for other in found.values():
            same_pipeline = other.stage.pipeline_id == state.stage.pipeline_id
            if other.advanced_at is None and same_pipeline and other.stage.position < state.stage.position:
                other.advanced_at = state.start
        visit = found.get(state.stage_id)
        if visit is None:
            visit = found[state.stage_id] = StageVisit(
                deal=deal,
                stage=state.stage,
                entered_at=state.start,
                entry_owner_id=state.owner_id,
                entry_team_id=state.team_id,
                seconds=0,
            )
        if state.end is None:
            visit.left_at, visit.exit_owner_id, visit.exit_team_id = None, None, None
        else:
            visit.left_at, visit.exit_owner_id, visit.exit_team_id = state.end, state.owner_id, state.team_id
            visit.seconds += int((state.end - state.start).total_seconds())
    if deal.status == Status.OPEN and states and states[-1].stage_id in found:
        visit = found[states[-1].stage_id]
        visit.left_at, visit.exit_owner_id, visit.exit_team_id = None, None, None
    for visit in found.values():
        if visit.advanced_at is None and deal.won_at is not None:
            visit.advanced_at = max(deal.won_at, visit.entered_at)
        if visit.advanced_at is not None:
            visit.advance_seconds = int((visit.advanced_at - visit.entered_at).total_seconds())
        if visit.left_at is None:
            visit.seconds = None
    return list(found.values())


class _Context:
    """What the facts of many deals need from elsewhere, read in a fixed number of queries."""

    def __init__(self, deals: Sequence[Deal]) -> None:
        won = [deal for deal in deals if deal.status == Status.WON]
        self.rates = Rates.load()
        self.customer_since: dict[int, dt.datetime | None] = {}
        self.lead_created: dict[int, dt.datetime] = {}
        self.first_contact: dict[int, dt.datetime] = {}
        self.touches: dict[int, dict[int, dt.datetime]] = defaultdict(dict)
        if won:
            self._read(won)

    def _read(self, won: Sequence[Deal]) -> None:
        companies = {deal.company_id for deal in won if deal.company_id}
        self.customer_since = dict(Company.objects.filter(pk__in=companies).values_list("pk", "customer_since"))
        self.lead_created = dict(
            Lead.objects.filter(pk__in=[deal.lead_id for deal in won if deal.lead_id], undated=False).values_list(
                "pk", "created_at"
            )
        )
        contacts = Activity.objects.exclude(kind=ActivityKind.NOTE).filter(by_machine=False)
        self.first_contact = dict(
            contacts.filter(company_id__in=companies).order_by().values_list("company_id").annotate(first=Min("at"))
        )
        self.touches = self._touches([deal.pk for deal in won])

    @staticmethod
    def _touches(ids: list[int]) -> dict[int, dict[int, dt.datetime]]:
        """deal -> activity -> when, for outbound and two-way touches linked to the deal or to one of its people."""
        found: dict[int, dict[int, dt.datetime]] = defaultdict(dict)
        touch = {"kind__in": TOUCHES, "direction__in": REACHES_OUT, "by_machine": False}
        linked = Activity.objects.filter(deal_activities__deal_id__in=ids, **touch).order_by()
        for deal, pk, at in linked.values_list("deal_activities__deal_id", "pk", "at"):
            found[deal][pk] = at
        people = DealPerson.objects.filter(
            deal_id__in=ids, **{f"person__activities__{name}": value for name, value in touch.items()}
        )
        for deal, pk, at in people.order_by().values_list("deal_id", "person__activities__pk", "person__activities__at"):
            found[deal][pk] = at
        return found


def facts_of(deal: Deal, states: Sequence[DealState], context: _Context) -> DealFacts:
    """The facts of one deal (see the model)."""
    first = states[0]
    early = [state for state in states if state.start < deal.created_at + EARLY][-1:] or [first]
    facts = DealFacts(
        deal=deal,
        status=deal.status,
        created_day=None if deal.undated else local_day(deal.created_at),
        created_owner_id=first.owner_id,
        created_team_id=first.team_id,
        early_amount=early[0].amount,
        early_currency=early[0].currency,
        early_base=context.rates.convert(early[0].amount, early[0].currency, local_day(deal.created_at)),
    )
    closed_at = deal.closed_at
    if closed_at is None:
        return facts
    last_open = [state for state in states if state.status == Status.OPEN][-1:] or [first]
    facts.closed_day = local_day(closed_at)
    facts.closed_owner_id, facts.closed_team_id = last_open[0].owner_id, last_open[0].team_id
    facts.closed_amount = deal.amount
    facts.closed_base = context.rates.convert(deal.amount, deal.currency, facts.closed_day)
    if not deal.undated:
        facts.deal_seconds = _seconds(deal.created_at, closed_at)
    if deal.status == Status.WON:
        facts.win_seconds = facts.deal_seconds
        since = context.customer_since.get(deal.company_id) if deal.company_id else None
        facts.repeat = since is not None and since < closed_at
        start = _cycle_start(deal, facts.repeat, context)
        if not deal.undated or deal.first_contact_at:
            facts.sales_seconds = _seconds(start, closed_at)
        facts.touches = sum(1 for at in context.touches[deal.pk].values() if start <= at < closed_at)
    return facts


def _cycle_start(deal: Deal, repeat: bool, context: _Context) -> dt.datetime:
    """MIN(first contact, lead creation, deal creation); the account's first contact counts for its first sale only, because a
    repeat sale did not begin when the account was met (kpis.md 103)."""
    starts = [deal.created_at, deal.first_contact_at, context.lead_created.get(deal.lead_id) if deal.lead_id else None]
    if deal.company_id and not repeat:
        starts.append(context.first_contact.get(deal.company_id))
    return min(start for start in starts if start is not None)


def _seconds(start: dt.datetime, end: dt.datetime) -> int | None:
    return int((end - start).total_seconds()) if end >= start else None


def keep_customers(companies: set[int]) -> set[int]:
    """Keeps `Company.customer_since` at the earliest win and marks its days; returns the companies whose date changed."""
    first = dict(
        Deal.objects.filter(company_id__in=companies, status=Status.WON)
        .order_by()
        .values_list("company_id")
        .annotate(first=Min("won_at"))
    )
    changed, days = [], set()
    for company in Company.objects.filter(pk__in=companies).only("pk", "customer_since"):
        if company.customer_since != first.get(company.pk):
            days |= {company.customer_since, first.get(company.pk)}
            company.customer_since = first.get(company.pk)
            changed.append(company)
    Company.objects.bulk_update(changed, ["customer_since"], batch_size=500)
    dirty.mark({("customers.active", local_day(at)) for at in days if at})
    return {company.pk for company in changed}


# --- the days a deal is counted in -----------------------------------------------------------------------------------


Marks = set[tuple[str, "dt.date | None"]]


def mark(ids: Sequence[int]) -> None:
    """Marks every (source, day) in which these deals are counted as they are stored now. Called before a change."""
    dirty.mark(marks_of(ids))


def marks_of(ids: Sequence[int]) -> Marks:
    """The (source, day) pairs in which these deals are counted as they are stored now."""
    marks: Marks = set()
    for day in Deal.objects.filter(pk__in=ids).values_list("created_day", flat=True):
        marks |= {("deals.made", day), ("deals.held", day)}
    states = DealState.objects.filter(deal_id__in=ids).order_by().only("status", "start_day", "end_day", "moved", "revalued")
    visits = StageVisit.objects.filter(deal_id__in=ids).order_by().only("entered_day", "left_day")
    facts = DealFacts.objects.filter(pk__in=ids).order_by().only("created_day", "closed_day")
    return marks | _marks(states, visits, facts) | _marks_beside(ids)


def _marks(states: Iterable[DealState], visits: Iterable[StageVisit], facts: Iterable[DealFacts]) -> Marks:
    marks: Marks = set()
    for fact in facts:
        marks |= {("deals.created", fact.created_day), ("deals.closed", fact.closed_day), ("deals.lines", fact.closed_day)}
    for state in states:
        if state.status == Status.OPEN:
            marks |= {("deals.opened", state.start_day), ("deals.left", state.end_day)}
        marks |= {(f"deals.{step}", state.start_day) for step in ("moved", "revalued") if getattr(state, step)}
    for visit in visits:
        marks |= {("stages.entered", visit.entered_day), ("stages.left", visit.left_day)}
    return marks


def _marks_beside(ids: Sequence[int]) -> Marks:
    """The days of activities and tasks that count while a deal is open."""
    touched = Activity.objects.filter(deal_activities__deal_id__in=ids).order_by().values_list("day", flat=True).distinct()
    done = Deal.objects.filter(pk__in=ids, tasks__done_day__isnull=False).order_by().values_list("tasks__done_day", flat=True)
    return {("deals.touches", day) for day in touched} | {("deals.tasks_done", day) for day in done.distinct()}
