"""Writing many deals at once, for imports and samples: the same rows as `services.create_deal` writes, set-based."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction

from contacts.models import Person
from crm import events
from crm.models import next_number

from . import history, services
from .choices import Status
from .models import Deal, DealLine, DealPerson, DealState


@dataclass
class Step:
    """A later change in a deal's open life: what is given differs from the step before."""

    at: dt.datetime
    changes: dict[str, Any]  # stage, owner, team, amount, currency, expected_close, probability


@dataclass
class NewDeal:
    """A deal to be written: the unsaved row as it stands in the end, how it began, what happened since, its people and lines.

    beginning: values of the first history row that differ from the end (stage, owner, team, amount, ...).
    """

    deal: Deal
    beginning: dict[str, Any] = field(default_factory=dict)
    steps: Sequence[Step] = ()
    people: Sequence[tuple[Person, str]] = ()
    lines: Sequence[DealLine] = ()


HISTORY_FIELDS = ("stage", "owner", "team", "amount", "currency", "expected_close", "probability")


def states_of(new: NewDeal) -> list[DealState]:
    """The chain of history rows: the beginning, one row per step, the closing; never a gap, times never run back."""
    deal, closed_at = new.deal, new.deal.closed_at
    values = {name: new.beginning.get(name, getattr(deal, name)) for name in HISTORY_FIELDS}
    start = min(deal.created_at, closed_at) if closed_at else deal.created_at
    chain = [_state(deal, start, values, Status.OPEN)]
    for step in sorted(new.steps, key=lambda step: step.at):
        if closed_at and step.at >= closed_at:
            break
        values = {**values, **step.changes}
        chain.append(_state(deal, max(step.at, chain[-1].start), values, Status.OPEN))
    if deal.status == Status.OPEN:
        end = {name: getattr(deal, name) for name in HISTORY_FIELDS}
        if any(values[name] != end[name] for name in HISTORY_FIELDS):
            raise ValueError(f"The steps of deal {deal.number} do not lead to where it stands.")
    else:
        chain.append(_state(deal, max(closed_at or start, chain[-1].start), values, deal.status))
        chain[-1].amount, chain[-1].currency = deal.amount, deal.currency
    for before, after in zip(chain, chain[1:], strict=False):
        before.end = after.start
    history.say_steps(chain)
    return chain


def _state(deal: Deal, start: dt.datetime, values: dict[str, Any], status: str) -> DealState:
    own = values["probability"]
    chance = {Status.WON: 100, Status.LOST: 0}.get(Status(status), own if own is not None else values["stage"].probability)
    return DealState(
        deal=deal, start=start, status=status, by=events.actor(), origin=events.origin(), **{**values, "probability": chance}
    )


@transaction.atomic
def create_many(rows: Sequence[NewDeal]) -> list[Deal]:
    """Writes the deals with history, people, lines, events and facts. Values are taken as given: the caller has checked them;
    the database's constraints still hold."""
    rows = list(rows)
    unnumbered = [new.deal for new in rows if not new.deal.number]
    if unnumbered:
        first = next_number("deal", len(unnumbered))
        for offset, deal in enumerate(unnumbered):
            deal.number = f"D-{first + offset}"
    for new in rows:
        events.stamp(new.deal)
        if new.lines:
            new.deal.amount, new.deal.product = services.value_lines(new.deal, new.lines), services.main_product(new.lines)
    deals = Deal.objects.bulk_create([new.deal for new in rows], batch_size=500)
    DealPerson.objects.bulk_create(
        [
            DealPerson(deal=new.deal, person=person, role=role, position=position)
            for new in rows
            for position, (person, role) in enumerate(new.people)
        ],
        batch_size=500,
    )
    for new in rows:
        for position, line in enumerate(new.lines):
            line.deal, line.position = new.deal, position
    DealLine.objects.bulk_create([line for new in rows for line in new.lines], batch_size=500)
    DealState.objects.bulk_create([state for new in rows for state in states_of(new)], batch_size=500)
    events.record_many([entry for new in rows for entry in _events(new)])
    history.rebuild(deals)
    return deals


def _events(new: NewDeal) -> list[tuple[Any, list[Any]]]:
    deal = new.deal
    links = [deal, deal.company, *(person for person, _role in new.people)]
    value = {"amount": deal.amount, "currency": deal.currency}
    found = [(events.build("deal.created", deal, new={"title": deal.title, **value}, at=deal.created_at), links)]
    for step in new.steps:
        if "stage" in step.changes:
            found.append((events.build("deal.moved", deal, new={"stage": step.changes["stage"].pk}, at=step.at), links))
    if deal.closed_at:
        found.append((events.build(f"deal.{deal.status}", deal, new=value, at=deal.closed_at), links))
    return found
