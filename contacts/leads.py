"""What follows from a lead's record and activities: first response, abandonment, the facts that numbers read."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from django.utils import timezone

from analytics import dirty
from crm.models import Organisation
from crm.periods import local_day

from . import scores
from .choices import LeadStatus
from .models import Activity, Lead, LeadFacts, UntouchedSpan

FACT_FIELDS = [field.name for field in LeadFacts._meta.concrete_fields if not field.primary_key]


def abandonment(lead: Lead, activities: Sequence[tuple[dt.datetime, bool]], quiet_days: int) -> dt.datetime | None:
    """The first moment the team let the lead drop, or will unless somebody acts; None when it was closed before.

    activities: (when, is a human outbound touch), any order. Abandoned is: no human outbound touch in the first `quiet_days`;
    or that many days in a row without any activity while open; or closed with "no response". A later revival does not undo it
    (kpis.md 87).
    """
    if lead.abandoned_at:
        return lead.abandoned_at
    quiet = dt.timedelta(days=quiet_days)
    closed = lead.converted_at or lead.closed_at
    seen = sorted(when for when, _touch in activities if when >= lead.created_at)
    touches = [when for when, touch in activities if touch]
    if lead.first_response_at:
        touches.append(lead.first_response_at)
        seen = sorted({*seen, max(lead.first_response_at, lead.created_at)})
    candidates = []
    if not any(when < lead.created_at + quiet for when in touches):
        candidates.append(lead.created_at + quiet)
    before = lead.created_at
    for when in seen:
        if when - before >= quiet:
            break
        before = when
    candidates.append(before + quiet)
    moment = min(candidates)
    if closed is None or moment < closed:
        return moment
    return closed if lead.status == LeadStatus.UNRESPONSIVE else None


def _seconds(start: dt.datetime, end: dt.datetime | None) -> int | None:
    return None if end is None or end < start else int((end - start).total_seconds())


def rebuild(leads: Iterable[Lead]) -> None:
    """Derives the facts and untouched spans of these leads anew and marks the days they touched and touch now.

    Owners of the past are kept: a fact that is there already keeps its owner unless its moment changed.
    """
    leads = list(leads)
    ids = [lead.pk for lead in leads]
    known = {facts.lead_id: facts for facts in LeadFacts.objects.filter(pk__in=ids)}
    spans: dict[int, list[UntouchedSpan]] = defaultdict(list)
    for span in UntouchedSpan.objects.filter(lead_id__in=ids).order_by("lead_id", "start", "pk"):
        spans[span.lead_id].append(span)
    activities: dict[int, list[tuple[dt.datetime, bool]]] = defaultdict(list)
    touched = set(Activity.objects.touches().filter(lead_id__in=ids).values_list("pk", flat=True))
    for pk, lead_id, at in Activity.objects.filter(lead_id__in=ids, by_machine=False).values_list("pk", "lead_id", "at"):
        activities[lead_id].append((at, pk in touched))
    customers = _customers(leads)
    quiet_days = Organisation.current().lead_quiet_days
    scored = scores.read(leads)
    marks: set[tuple[str, dt.date | None]] = set()
    facts, new_spans = [], []
    for lead in leads:
        before = known.get(lead.pk)
        marks |= days(lead, before, spans[lead.pk])
        after = _facts(lead, before, abandonment(lead, activities[lead.pk], quiet_days), *customers.get(lead.pk, (None, False)))
        after.early_score, after.early_chance = scored.early[lead.pk].score, scored.early[lead.pk].chance
        wanted = _untouched(lead, spans[lead.pk])
        marks |= days(lead, after, wanted)
        facts.append(after)
        new_spans += wanted
    LeadFacts.objects.bulk_create(facts, update_conflicts=True, unique_fields=["lead"], update_fields=FACT_FIELDS, batch_size=500)
    scores.write(scored, {fact.lead_id: fact for fact in facts})
    UntouchedSpan.objects.filter(lead_id__in=ids).delete()
    UntouchedSpan.objects.bulk_create(new_spans, batch_size=500)
    dirty.mark(marks)


def _facts(
    lead: Lead, before: LeadFacts | None, abandoned: dt.datetime | None, customer: dt.datetime | None, was: bool
) -> LeadFacts:
    facts = LeadFacts(lead=lead, was_customer=was)
    facts.created_day = None if lead.undated else local_day(lead.created_at)
    facts.response_day = local_day(lead.first_response_at) if lead.first_response_at else None
    facts.converted_day = local_day(lead.converted_at) if lead.converted_at else None
    for part in ("created", "response", "converted"):
        kept = (
            before is not None and getattr(before, f"{part}_day") is not None and getattr(before, f"{part}_owner_id") is not None
        )
        holder: Any = before if kept else lead
        prefix = f"{part}_" if kept else ""
        setattr(facts, f"{part}_owner_id", getattr(holder, f"{prefix}owner_id"))
        setattr(facts, f"{part}_team_id", getattr(holder, f"{prefix}team_id"))
    facts.response_seconds = None if lead.undated else _seconds(lead.created_at, lead.first_response_at)
    facts.customer_seconds = _seconds(lead.created_at, customer)
    facts.abandon_seconds = _seconds(lead.created_at, abandoned)
    return facts


def _untouched(lead: Lead, present: list[UntouchedSpan]) -> list[UntouchedSpan]:
    """The stretches in which the lead waited untouched: those known, cut at the first touch or closing, the last by the present owner."""
    ends = [when for when in (lead.first_response_at, lead.converted_at, lead.closed_at) if when]
    end = max(min(ends), lead.created_at) if ends else None
    spans = []
    start = lead.created_at
    for span in present:
        stop = span.end
        if stop is None or stop <= start or (end is not None and stop >= end):
            continue
        spans.append(UntouchedSpan(lead=lead, start=start, end=stop, owner_id=span.owner_id, team_id=span.team_id))
        start = stop
    last = present[-1] if present else None
    if last is not None and last.end is None and last.owner_id != lead.owner_id and last.owner_id is not None and end is None:
        now = timezone.now()
        if now > start:
            spans.append(UntouchedSpan(lead=lead, start=start, end=now, owner_id=last.owner_id, team_id=last.team_id))
            start = now
    owner, team = lead.owner_id, lead.team_id
    if end is not None and last is not None and last.owner_id is not None:
        owner, team = last.owner_id, last.team_id  # who had it when the wait ended
    if end is None or start < end or not spans:
        spans.append(UntouchedSpan(lead=lead, start=start, end=end, owner_id=owner, team_id=team))
    return spans


def _customers(leads: Sequence[Lead]) -> dict[int, tuple[dt.datetime | None, bool]]:
    """lead -> (when its account became a customer thanks to it, whether the account was one before).

    The account's conversion credits its first lead that was open then; a lead converted without an account is taken at its word.
    """
    found: dict[int, tuple[dt.datetime | None, bool]] = {}
    for lead in leads:
        if lead.company_id is None and lead.converted_at:
            found[lead.pk] = (lead.converted_at, False)
    companies = {lead.company_id for lead in leads if lead.company_id is not None}
    rows = Lead.objects.filter(company_id__in=companies, company__customer_since__isnull=False).order_by("created_at", "pk")
    credited = set()
    for pk, company, since, created, status, closed in rows.values_list(
        "pk", "company_id", "company__customer_since", "created_at", "status", "closed_at"
    ):
        if created > since:
            found[pk] = (None, True)
        elif company not in credited and not (status != LeadStatus.CONVERTED and closed and closed < since):
            credited.add(company)
            found[pk] = (since, False)
    return found


def days(lead: Lead, facts: LeadFacts | None, spans: Iterable[UntouchedSpan]) -> set[tuple[str, dt.date | None]]:
    """The (source, day) pairs in which the lead is counted."""
    marks: set[tuple[str, dt.date | None]] = {("leads.held", lead.created_day), ("leads.made", lead.created_day)}
    if facts is not None:
        marks |= {
            ("leads.created", facts.created_day),
            ("leads.judged", facts.created_day),
            ("leads.responded", facts.response_day),
            ("leads.converted", facts.converted_day),
        }
    for span in spans:
        marks |= {
            ("leads.untouched_in", local_day(span.start)),
            ("leads.untouched_out", local_day(span.end) if span.end else None),
        }
    return marks
