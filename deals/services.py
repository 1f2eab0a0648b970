"""What people do with deals. Each function is one transaction: check, change, history, event, and the days to recompute."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from contacts import leads as lead_facts
from contacts import services as contacts
from contacts.models import Activity, Company, Lead, Person, Task
from crm import events
from crm.changes import clean, lock, refuse_future
from crm.models import Organisation, fresh_number
from crm.money import format_money

from . import history
from .choices import CLOSED, PersonRole, Status
from .models import Deal, DealActivity, DealLine, DealPerson, DealTask, LossReason, Pipeline, Stage

People = Sequence[tuple[Person, str]]


def default_pipeline() -> Pipeline:
    """The pipeline new deals go to; a first one with four stages is made where none is."""
    found = Pipeline.objects.order_by("-is_default", "position", "pk").first()
    if found is None:
        found = Pipeline.objects.create(name=_("Sales"), is_default=True)
        steps = ((_("Qualified"), 20), (_("Meeting held"), 40), (_("Proposal"), 60), (_("Negotiation"), 80))
        Stage.objects.bulk_create(
            [Stage(pipeline=found, name=name, probability=chance, position=n) for n, (name, chance) in enumerate(steps)]
        )
    return found


def _complete(deal: Deal) -> None:
    """Fills what a new deal may leave out: pipeline, first stage, currency, title, number, team."""
    if deal.pipeline_id is None:
        deal.pipeline = deal.stage.pipeline if deal.stage_id else default_pipeline()
    if deal.stage_id is None:
        stage = deal.pipeline.stages.order_by("position", "pk").first()
        if stage is None:
            raise ValidationError({"stage": _("The pipeline has no stage yet.")})
        deal.stage = stage
    deal.currency = deal.currency or Organisation.current().base_currency
    deal.title = deal.title or (str(deal.company) if deal.company else "")
    if deal.team_id is None and deal.owner is not None:
        deal.team = deal.owner.team


def _check(deal: Deal) -> None:
    errors: dict[str, Any] = {}
    if deal.stage.pipeline_id != deal.pipeline_id:
        errors["stage"] = _("This stage belongs to another pipeline.")
    if deal.closed_at and deal.closed_at < deal.created_at:
        errors["won_at" if deal.won_at else "lost_at"] = _("A deal cannot be closed before it was created.")
    if errors:
        raise ValidationError(errors)
    refuse_future(created_at=deal.created_at, won_at=deal.won_at, lost_at=deal.lost_at)
    clean(deal)


@transaction.atomic
def create_deal(deal: Deal, *, people: People = (), lines: Sequence[DealLine] | None = None) -> Deal:
    """Writes a new deal with its people and lines. It may be won or lost already, with its own dates (an import, a late entry)."""
    _complete(deal)
    events.stamp(deal)
    if lines:
        deal.amount, deal.product = value_lines(deal, lines), main_product(lines)
    if not deal.number:
        deal.number = fresh_number(Deal, "deal", "D-")
    _check(deal)
    deal.save()
    _write_people(deal, people)
    _write_lines(deal, lines or ())
    closed_at, status = deal.closed_at, deal.status
    deal.status = Status.OPEN
    history.begin(deal).save()
    deal.status = status
    if closed_at:
        history.advance(deal, closed_at)
    _record("deal.created", deal, new={"title": deal.title, "amount": deal.amount, "currency": deal.currency}, at=deal.created_at)
    if closed_at:
        _record(f"deal.{status}", deal, new={"amount": deal.amount, "currency": deal.currency}, at=closed_at)
    history.rebuild([deal], new=True)
    return deal


def _record(kind: str, deal: Deal, *, old: dict | None = None, new: dict | None = None, at: dt.datetime | None = None) -> None:
    people = [row.person for row in deal.deal_people.select_related("person")]
    events.record(kind, deal, old=old, new=new, at=at, links=[deal.company, *people, deal.lead])


def line_amount(line: DealLine) -> int:
    """Quantity x unit price less discount, in minor units, rounded half to even."""
    factor = (Decimal(100) - Decimal(line.discount)) / Decimal(100)
    return int((Decimal(line.quantity) * line.unit_price * factor).quantize(Decimal(1), rounding=ROUND_HALF_EVEN))


def value_lines(deal: Deal, lines: Sequence[DealLine]) -> int:
    """Sets each line's amount and returns their sum."""
    for line in lines:
        line.amount = line_amount(line)
    return sum(line.amount for line in lines)


def main_product(lines: Sequence[DealLine]) -> Any:
    """The product of the line with the highest amount: the deal's product where numbers are split by product."""
    return max(lines, key=lambda line: line.amount).product


def _replace_lines(deal: Deal, lines: Sequence[DealLine] | None) -> None:
    if lines is None:
        return
    deal.lines.all().delete()
    _write_lines(deal, lines)


def _write_lines(deal: Deal, lines: Sequence[DealLine]) -> None:
    for position, line in enumerate(lines):
        line.pk, line.deal, line.position = None, deal, position
        clean(line)
    DealLine.objects.bulk_create(lines)


def _replace_people(deal: Deal, people: People) -> None:
    deal.deal_people.all().delete()
    _write_people(deal, people)


def _write_people(deal: Deal, people: People) -> None:
    seen: dict[int, DealPerson] = {}
    for person, role in people:
        seen.setdefault(person.pk, DealPerson(deal=deal, person=person, role=role or PersonRole.CONTACT, position=len(seen)))
    DealPerson.objects.bulk_create(seen.values())


@transaction.atomic
def change_deal(
    deal: Deal,
    *,
    at: dt.datetime | None = None,
    people: People | None = None,
    lines: Sequence[DealLine] | None = None,
    **changes: Any,
) -> Deal:
    """Changes any fields of a deal. History rows begin at `at` (now); a corrected created_at, won_at or lost_at moves the history.

    Winning, losing and reopening have their own functions; `status` is refused here.
    """
    if "status" in changes:
        raise TypeError("Use win_deal, lose_deal or reopen_deal.")
    refuse_future(at=at)
    deal = _locked(deal)
    history.mark([deal.pk])
    if lines:
        changes["amount"], changes["product"] = value_lines(deal, lines), main_product(lines)
    if "pipeline" in changes and "stage" not in changes and changes["pipeline"] != deal.pipeline:
        changes["stage"] = changes["pipeline"].stages.order_by("position", "pk").first()
    if "stage" in changes and "pipeline" not in changes:
        changes["pipeline"] = changes["stage"].pipeline
    before_company = deal.company_id
    old, new = contacts.prepare(deal, changes)
    if "created_at" in new:
        deal.undated = False
    _check(deal)
    deal.save()
    if people is not None:
        _replace_people(deal, people)
    _replace_lines(deal, lines)
    if "created_at" in new:
        history.redate_creation(deal)
    closing = {"won_at", "lost_at"} & set(new)
    if closing:
        history.redate_closing(deal, new[closing.pop()])
    history.advance(deal, at or timezone.now())
    if new:
        _record("deal.moved" if set(new) <= {"stage", "pipeline"} else "deal.changed", deal, old=old, new=new, at=at)
    history.rebuild([deal])
    if before_company not in (None, deal.company_id):
        left_company(before_company)
    return deal


def left_company(company_id: int) -> None:
    """Keeps customer date and facts of a company that lost one of its deals."""
    deals = Deal.objects.filter(company_id=company_id, status=Status.WON)
    if deals.exists():
        history.rebuild(deals)
    else:
        history.keep_customers({company_id})
        lead_facts.rebuild(Lead.objects.filter(company_id=company_id))


def _locked(deal: Deal) -> Deal:
    """The deal as it is in the database now, locked until the transaction ends: two movers give one chain."""
    lock(deal)
    return deal


def move_deal(deal: Deal, stage: Stage, at: dt.datetime | None = None) -> Deal:
    """Puts the deal into a stage; nothing happens when it is there already."""
    return change_deal(deal, stage=stage, at=at) if deal.stage_id != stage.pk else deal


def win_deal(deal: Deal, at: dt.datetime | None = None) -> Deal:
    """Marks the deal won. Winning a lost deal reopens it first; winning it again changes nothing."""
    return _close(deal, Status.WON, at, won_at=at)


def lose_deal(deal: Deal, reason: LossReason | None = None, note: str = "", at: dt.datetime | None = None) -> Deal:
    """Marks the deal lost, with a reason from the list."""
    return _close(deal, Status.LOST, at, lost_at=at, lost_reason=reason, lost_note=note)


@transaction.atomic
def _close(deal: Deal, status: str, at: dt.datetime | None, **fields: Any) -> Deal:
    deal = _locked(deal)
    if deal.status == status:
        return deal
    if deal.status in CLOSED:
        deal = reopen_deal(deal, at=at)
    at = at or timezone.now()
    history.mark([deal.pk])
    fields["won_at" if status == Status.WON else "lost_at"] = at
    deal.status = status
    for name, value in fields.items():
        setattr(deal, name, value)
    _check(deal)
    deal.save()
    history.advance(deal, at)
    new = {"amount": deal.amount, "currency": deal.currency}
    if status == Status.LOST:
        new["lost_reason"] = str(deal.lost_reason) if deal.lost_reason else ""
    _record(f"deal.{status}", deal, old={"status": Status.OPEN}, new=new, at=at)
    history.rebuild([deal])
    return deal


@transaction.atomic
def reopen_deal(deal: Deal, at: dt.datetime | None = None) -> Deal:
    """Takes the outcome back: its day no longer counts it, the history keeps it. Not before the closing itself."""
    deal = _locked(deal)
    if deal.status == Status.OPEN:
        return deal
    refuse_future(at=at)
    closed_at = deal.closed_at
    assert closed_at is not None
    at = max(at or timezone.now(), closed_at)
    history.mark([deal.pk])
    old = {"status": deal.status}
    deal.status = Status.OPEN
    deal.won_at = deal.lost_at = deal.lost_reason = None
    deal.lost_note = ""
    deal.save()
    history.advance(deal, at)
    _record("deal.reopened", deal, old=old, new={"status": Status.OPEN}, at=at)
    history.rebuild([deal])
    if deal.company_id:
        left_company(deal.company_id)
    return deal


@transaction.atomic
def delete_deal(deal: Deal) -> None:
    """Deletes a deal: it leaves every number, past ones included."""
    deal = _locked(deal)
    company = deal.company_id
    history.mark([deal.pk])
    value = format_money(deal.amount, deal.currency, "en") if deal.amount is not None else ""
    _record("deal.deleted", deal, old={"title": deal.title, "number": deal.number, "value": value})
    deal.delete()
    if company:
        left_company(company)


@transaction.atomic
def convert_lead(
    lead: Lead,
    *,
    at: dt.datetime | None = None,
    title: str = "",
    company: Company | None = None,
    person: Person | None = None,
    with_deal: bool = True,
    **deal_fields: Any,
) -> tuple[Company | None, Person | None, Deal | None]:
    """Turns a lead into company, person and deal (matching what is there), and keeps the links between them."""
    at = at or timezone.now()
    company, person = contacts.convert_lead_contacts(lead, at=at, company=company, person=person)
    if not with_deal:
        return company, person, None
    fields = {"owner": lead.owner, "source": lead.source, "campaign": lead.campaign, "created_at": at, **deal_fields}
    deal = Deal(title=title or lead.company_name or lead.name, company=company, lead=lead, **fields)
    return company, person, create_deal(deal, people=[(person, PersonRole.CONTACT)] if person else [])


@transaction.atomic
def log_deal_activity(deal: Deal, activity: Activity, **changes: Any) -> Activity:
    """Logs an activity on a deal; company and main contact come from the deal unless given."""
    if activity.pk is None:
        main = deal.deal_people.select_related("person").first()
        changes.setdefault("company", deal.company)
        changes.setdefault("person", main.person if main else None)
    activity = contacts.log_activity(activity, also=[deal], **changes)
    DealActivity.objects.get_or_create(deal=deal, activity=activity)
    touched(deal.pk)
    return activity


def touched(*ids: int) -> None:
    """Activities of these deals changed: touches, and the days they are counted on."""
    history.mark(list(ids))
    history.refresh_facts(Deal.objects.filter(pk__in=ids, status=Status.WON))


@transaction.atomic
def save_deal_task(deal: Deal, task: Task, **changes: Any) -> Task:
    """Creates or changes a task of a deal; company and main contact come from the deal unless given."""
    if task.pk is None:
        main = deal.deal_people.select_related("person").first()
        changes.setdefault("company", deal.company)
        changes.setdefault("person", main.person if main else None)
    task = contacts.save_task(task, also=[deal], **changes)
    DealTask.objects.get_or_create(deal=deal, task=task)
    history.mark([deal.pk])
    return task
