"""What marketing knows of people's touches: answers to campaigns, visits, and forms sent."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable

from contacts import touches
from contacts.touches import Touch, Who

from .choices import MemberStatus
from .models import CampaignMember, Submission, Visit


def _of_members(leads: Collection[int], people: Collection[int]) -> Iterable[tuple[Who, Touch]]:
    """Members of a campaign touch it when they respond; who was only to be reached, or was, may not have noticed."""
    for name, ids in (("lead", leads), ("person", people)):
        rows = CampaignMember.objects.filter(**{f"{name}__in": ids}, status=MemberStatus.RESPONDED).order_by()
        values = rows.values_list(f"{name}_id", "responded_at", "campaign__source", "campaign__channel", "campaign__code")
        for pk, at, source, channel, code in values:
            yield (name, pk), Touch(at, "member", source, channel, code)


def _of_visits(leads: Collection[int], people: Collection[int]) -> Iterable[tuple[Who, Touch]]:
    """A lead's own visits, and the others of the browser that made them, also those before anybody knew who it was."""
    whose: dict[str, set[int]] = defaultdict(set)
    for pk, visitor in Visit.objects.filter(lead__in=leads).order_by().values_list("lead_id", "visitor"):
        if visitor:
            whose[visitor].add(pk)
    fields = ("lead_id", "visitor", "started_at", "source", "medium", "campaign")
    own = Visit.objects.filter(lead__in=leads).order_by().values_list(*fields)
    others = Visit.objects.filter(visitor__in=list(whose), lead__isnull=True).order_by().values_list(*fields)
    for pk, visitor, at, source, medium, campaign in (*own, *others):
        for lead in [pk] if pk else whose[visitor]:
            yield ("lead", lead), Touch(at, "visit", source, medium, campaign)


def _of_forms(leads: Collection[int], people: Collection[int]) -> Iterable[tuple[Who, Touch]]:
    """Forms sent outside a recorded visit; in a visit they are part of it."""
    rows = Submission.objects.filter(lead__in=leads, visit__isnull=True, spam=False).order_by()
    for pk, at, source, medium, campaign in rows.values_list("lead_id", "at", "source", "medium", "campaign"):
        yield ("lead", pk), Touch(at, "form", source, medium, campaign)


touches.readers.register("members", _of_members)
touches.readers.register("visits", _of_visits)
touches.readers.register("forms", _of_forms)


def visits_changed(visits: Iterable[Visit]) -> None:
    """New visits are touches of their leads, and of those whose browser it was."""
    visits = list(visits)
    visitors = {visit.visitor for visit in visits} - {""}
    leads = {visit.lead_id for visit in visits if visit.lead_id}
    if visitors:
        known = Visit.objects.filter(visitor__in=visitors, lead__isnull=False).order_by()
        leads |= set(known.values_list("lead_id", flat=True))
    touches.changed(leads=leads)


def forms_changed(rows: Iterable[Submission]) -> None:
    """Forms outside a visit are touches of their leads."""
    touches.changed(leads=[row.lead_id for row in rows if row.lead_id and not row.visit_id])


def members_changed(members: Iterable[CampaignMember]) -> None:
    members = list(members)
    touches.changed(
        leads=[member.lead_id for member in members if member.lead_id],
        people=[member.person_id for member in members if member.person_id],
    )
