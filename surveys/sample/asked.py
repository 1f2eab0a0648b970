"""Who was asked, and who was not and why."""

from __future__ import annotations

import datetime as dt
from bisect import bisect_right
from dataclasses import dataclass
from typing import Any

from contacts.models import Person
from crm.sample.context import Sample

from ..choices import InvitationState, Kind, Skip, Trigger
from ..models import Invitation
from .surveys import Asking

HOW_MANY = {Kind.NPS: 1200, Kind.CES: 450, Kind.CSAT: 850}
SKIPS = ((Skip.THROTTLED, 0.62), (Skip.NO_ADDRESS, 0.2), (Skip.UNSUBSCRIBED, 0.1), (Skip.SAMPLED_OUT, 0.08))


@dataclass
class Asked:
    """An invitation and what is needed to draw its answer."""

    invitation: Invitation
    asking: Asking
    answers: bool


def fill(sample: Sample, askings: list[Asking]) -> list[Asked]:
    """About 2,500 invitations; solved tickets are asked about where the sample has any."""
    people = list(
        Person.objects.filter(company__customer_since__isnull=False)
        .select_related("company", "owner", "team", "company__owner", "company__team")
        .prefetch_related("emails")
        .order_by("pk")
    )
    by_pk = {person.pk: person for person in people}
    people.sort(key=lambda person: (person.company.customer_since, person.pk))
    since = [person.company.customer_since for person in people]
    found: list[Asked] = []

    def customer(at: dt.datetime) -> Person | None:
        """Somebody whose company was a customer by then."""
        count = bisect_right(since, at)
        return people[sample.random.randrange(count)] if count else None

    for asking in askings:
        kind = Kind(asking.survey.kind)
        solved = tickets(sample, by_pk) if kind == Kind.CSAT else []
        drawn = [(at := sample.moment(day), customer(at), None) for day in sample.days(HOW_MANY[kind])] if not solved else []
        for at, person, ticket in (solved or drawn)[: HOW_MANY[kind]]:
            if person is not None:
                found.append(_invite(sample, asking, at, person, ticket, len(found)))
    found.sort(key=lambda one: one.invitation.planned_at)
    Invitation.objects.bulk_create([one.invitation for one in found], batch_size=500)
    for one in found:
        _tell(sample, one.invitation)
    return found


def tickets(sample: Sample, people: dict[int, Person]) -> list[tuple[dt.datetime, Person, Any]]:
    """The solved tickets of customers, spread evenly over the years: when, whose, and the ticket."""
    found = []
    for event, subject, links in sample.happened("ticket.solved"):
        person = next((people[link.pk] for link in links if isinstance(link, Person) and link.pk in people), None)
        if person is not None:
            found.append((event.at, person, subject))
    step = max(1, -(-len(found) // HOW_MANY[Kind.CSAT]))
    return found[::step]


def _invite(sample: Sample, asking: Asking, at: dt.datetime, person: Person, ticket: Any, number: int) -> Asked:
    company = person.company
    survey = asking.survey
    holder = ticket if ticket is not None and ticket.owner_id else company
    email = next((row.email for row in person.emails.all()), "")
    invitation = Invitation(
        survey=survey,
        version=asking.version,
        person=person,
        email=email,
        language=person.language or "en",
        trigger=survey.trigger if ticket is not None or survey.trigger != Trigger.TICKET_SOLVED else Trigger.MANUAL,
        cause=f"sample:{number}",
        planned_at=at,
        send_after=at,
        company=company,
        owner=holder.owner if holder else None,
        team=holder.team if holder else None,
        segment=company.industry if company else "",
    )
    if ticket is not None:
        invitation.subject_type, invitation.subject_id = ticket._meta.label_lower, ticket.pk
        invitation.subject_number = ticket.number
        invitation.priority, invitation.channel = str(ticket.priority), str(ticket.channel)
        invitation.queue = str(ticket.queue) if ticket.queue else ""
    elif survey.kind == Kind.CSAT:
        invitation.channel = sample.pick((("email", 0.6), ("phone", 0.25), ("chat", 0.15)))
    answers = _send(sample, asking, invitation)
    return Asked(invitation, asking, answers)


def _send(sample: Sample, asking: Asking, invitation: Invitation) -> bool:
    """Draws what became of it; whether it was answered."""
    if not invitation.email or sample.chance(0.08):
        invitation.state = InvitationState.SKIPPED
        invitation.reason = sample.pick(SKIPS) if invitation.email else Skip.NO_ADDRESS
        return False
    sent = invitation.planned_at + dt.timedelta(hours=asking.survey.delay_hours if asking.survey.kind == Kind.CSAT else 0)
    if sent >= sample.now:
        return False  # planned, not sent yet
    invitation.sent_at, invitation.expires_at = sent, sent + dt.timedelta(days=asking.survey.expiry_days)
    if sample.chance(0.022):
        invitation.state, invitation.error = InvitationState.BOUNCED, "550 5.1.1 User unknown"
        return False
    invitation.delivered_at = sent
    invitation.state = InvitationState.EXPIRED if invitation.expires_at <= sample.now else InvitationState.SENT
    return sample.chance(asking.answers)


def _tell(sample: Sample, invitation: Invitation) -> None:
    links = [invitation.person, invitation.company]
    new = {"survey": invitation.survey.name, "email": invitation.email}
    if invitation.sent_at:
        sample.event("survey.sent", invitation, invitation.sent_at, None, new=new, links=links)
    elif invitation.reason:
        new = {"survey": invitation.survey.name, "reason": str(invitation.reason)}
        sample.event("survey.skipped", invitation, invitation.planned_at, None, new=new, links=links)
