"""Writes the stories: deals with their people and lines, and one history row per change."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from crm.models import next_number
from crm.money import to_major, to_minor
from crm.sample.context import Sample
from deals import history
from deals.choices import PersonRole, Status
from deals.models import Deal, DealLine, DealPerson, DealState, Stage
from deals.services import line_amount

from .stories import Story

#: what a euro price is in the customer's currency
PRICE_LEVEL = {"EUR": Decimal(1), "GBP": Decimal("0.87"), "USD": Decimal("1.1")}

SHOWN = ("stage_id", "owner_id", "amount", "expected_close")
ROLES = ((PersonRole.DECIDES, 0.5), (PersonRole.INFLUENCES, 0.3), (PersonRole.BUYS, 0.2))


def deals(sample: Sample, stories: list[Story]) -> None:
    """Deals first, then all that hangs on them; each story's deal is left in `notes`, in the order of the stories."""
    first = next_number("deal", len(stories))
    lines = [_lines(story) for story in stories]
    histories = [_history(sample, story, sum(line.amount for line in rows)) for story, rows in zip(stories, lines, strict=True)]
    rows = [_deal(sample, story, states) for story, states in zip(stories, histories, strict=True)]
    for place, deal in enumerate(rows):
        deal.number = f"D-{first + place}"
    Deal.objects.bulk_create(rows, batch_size=500)
    for deal, story_lines, states in zip(rows, lines, histories, strict=True):
        for row in [*story_lines, *states]:
            row.deal = deal
    DealState.objects.bulk_create([state for states in histories for state in states], batch_size=1000)
    DealLine.objects.bulk_create([line for found in lines for line in found], batch_size=1000)
    people = [
        DealPerson(deal=deal, person=person, role=_role(sample, place), position=place)
        for deal, story in zip(rows, stories, strict=True)
        for place, person in enumerate(story.people)
    ]
    DealPerson.objects.bulk_create(people, batch_size=1000)
    sample.notes["deals"] = rows
    for deal, story, states in zip(rows, stories, histories, strict=True):
        _events(sample, deal, story, states)


def _role(sample: Sample, place: int) -> str:
    return PersonRole.CONTACT if place == 0 else sample.pick(ROLES)


def _lines(story: Story) -> list[DealLine]:
    """The main product, and software or service with it."""
    rows = [(story.product, story.quantity)] + ([(story.extra, 1)] if story.extra else [])
    found = []
    for position, (product, quantity) in enumerate(rows):
        major = to_major(product.price or 0, "EUR") * PRICE_LEVEL[story.currency]
        price = to_minor(major.quantize(Decimal(10)), story.currency)
        line = DealLine(product=product, quantity=quantity, unit_price=price, discount=story.discount, position=position)
        line.amount = line_amount(line)
        found.append(line)
    return found


def _history(sample: Sample, story: Story, total: int) -> list[DealState]:
    """The chain of states from creation to now: each row as the one before with what the step changed."""
    stages: list[Stage] = sample.notes["stages"][story.pipeline]
    now: dict[str, Any] = {
        "status": Status.OPEN,
        "stage": stages[0],
        "owner": story.owner,
        "amount": _guess(total, story.early),
        "currency": story.currency,
        "expected_close": story.expected,
    }
    states = [_state(sample, story.created, now)]
    for step in story.steps:
        amount = None if step.factor is None else _guess(total, step.factor)
        wanted = {
            "status": step.status,
            "stage": step.stage,
            "owner": step.owner,
            "amount": amount,
            "expected_close": step.expected,
        }
        _advance(sample, states, now, step.at, {name: value for name, value in wanted.items() if value is not None})
    if story.closed is not None:
        _advance(sample, states, now, story.closed, {"status": story.status})
    history.say_steps(states)
    return states


def _guess(total: int, factor: float) -> int:
    """A first estimate is a round number, the final value is the sum of the lines."""
    return total if factor == 1.0 else max(round(total * factor / 50_000), 1) * 50_000


def _advance(sample: Sample, states: list[DealState], now: dict[str, Any], at: Any, changes: dict[str, Any]) -> None:
    if all(now[name] == value for name, value in changes.items()):
        return
    now.update(changes)
    states[-1].end = at
    states.append(_state(sample, at, now))


def _state(sample: Sample, at: Any, now: dict[str, Any]) -> DealState:
    chance = {Status.WON: 100, Status.LOST: 0}.get(now["status"], now["stage"].probability)
    state = DealState(start=at, team=now["owner"].team, probability=chance, **now)
    state.by = None if sample.imported(at) else now["owner"]
    return sample.stamp(state, at, now["owner"])


def _deal(sample: Sample, story: Story, states: list[DealState]) -> Deal:
    """The deal as its last state says."""
    last = states[-1]
    amount = f"{story.quantity} × " if story.quantity > 1 else ""
    deal = Deal(
        title=f"{story.company.name}: {amount}{story.product.name}"[:200],
        company=story.company,
        pipeline=last.stage.pipeline,
        stage=last.stage,
        status=last.status,
        amount=last.amount,
        currency=last.currency,
        product=story.product,
        source=story.source,
        campaign=story.campaign,
        expected_close=last.expected_close,
        owner=last.owner,
        team=last.team,
        created_at=story.created,
        lead=story.lead,
    )
    if last.status == Status.WON:
        deal.won_at = last.start
    elif last.status == Status.LOST:
        deal.lost_at = last.start
        deal.lost_reason = sample.notes["reasons"].get(story.reason)
    return sample.stamp(deal, story.created, story.owner)


def _events(sample: Sample, deal: Deal, story: Story, states: list[DealState]) -> None:
    """One event per change, as the services would have written it."""
    links = [story.company, *story.people, story.lead]
    first = states[0]
    new = {"title": deal.title, "amount": first.amount, "currency": first.currency}
    sample.event("deal.created", deal, first.start, story.owner, new=new, links=links)
    for before, after in zip(states, states[1:], strict=False):
        names = [name for name in SHOWN if getattr(before, name) != getattr(after, name)]
        old, new = ({name.removesuffix("_id"): getattr(state, name) for name in names} for state in (before, after))
        kind = "deal.moved" if names == ["stage_id"] else "deal.changed"
        if before.status != after.status:
            kind = "deal.reopened" if after.status == Status.OPEN else f"deal.{after.status}"
            old = {"status": before.status}
            new = {"amount": after.amount, "currency": after.currency}
            if after.status == Status.LOST:
                new["lost_reason"] = story.reason if after is states[-1] else ""
        sample.event(kind, deal, after.start, after.owner, old=old, new=new, links=links)
