"""What makes surveys go out: solved tickets, won deals, the calendar.

Surveys know neither tickets nor deals. They read events: who is asked stands in the event's links or in its `requester`, and what
the answer will be counted by in its new values; what an event does not say is read off its subject, by the names below.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from contacts.models import Company, Person
from crm import due, events, jobs
from crm.models import Event, EventLink, Team, User
from crm.periods import Period, first_instant

from .choices import InvitationState, Skip, Trigger
from .links import subject_model
from .models import Invitation, Survey
from .planning import About, plan, skip


@dataclass(frozen=True)
class Cause:
    """A kind of event that makes surveys go out, and those that take it back while they wait."""

    trigger: str
    undone_by: tuple[str, ...]


CAUSES = {
    "ticket.solved": Cause(Trigger.TICKET_SOLVED, ("ticket.reopened", "ticket.spam", "ticket.deleted")),
    "deal.won": Cause(Trigger.DEAL_WON, ("deal.reopened", "deal.lost", "deal.deleted")),
}
UNDOING = tuple(kind for cause in CAUSES.values() for kind in cause.undone_by)


FRESH = dt.timedelta(days=7)


@events.subscribe(*CAUSES)
def _happened(event: Any) -> None:
    """Asks about what happens now, not about history that is imported or entered late."""
    if event.origin == events.Origin.IMPORT or event.at < timezone.now() - FRESH:
        return
    if Survey.objects.active().filter(trigger=CAUSES[event.kind].trigger).exists():
        jobs.enqueue("surveys.trigger", {"event": event.pk})


@jobs.kind("surveys.trigger", label=_("Plan surveys"))
def trigger(job: Any) -> None:
    """Plans the surveys that an event asks for; none when it was taken back in the meantime."""
    event = Event.objects.get(pk=job.payload["event"])
    if not still_stands(event):
        return
    cause = CAUSES[event.kind]
    about = about_of(event)
    person, email = receiver_of(event)
    for survey in Survey.objects.active().filter(trigger=cause.trigger):
        plan(survey, person=person, email=email, cause=f"event:{event.pk}", trigger=cause.trigger, about=about, at=event.at)


def still_stands(event: Event) -> bool:
    """Whether nothing took the event back: the ticket is still solved and was no spam all along, the deal still won."""
    if getattr(subject_of(event), "spam", False):
        return False
    later = Event.objects.filter(subject_type=event.subject_type, subject_id=event.subject_id, pk__gt=event.pk)
    return not later.filter(kind__in=CAUSES[event.kind].undone_by).exists()


def cause_stands(invitation: Invitation) -> bool:
    """The same for an invitation that is about to be sent; True for those that no event made."""
    name, _colon, pk = invitation.cause.partition(":")
    if name != "event" or not pk.isdigit():
        return True
    event = Event.objects.filter(pk=int(pk), kind__in=CAUSES).first()
    return event is None or still_stands(event)


@events.subscribe(*UNDOING)
def _undone(event: Any) -> None:
    """A reopened ticket, a deal that is not won any more: what waits to be sent about it is not sent."""
    waiting = Invitation.objects.filter(state=InvitationState.PLANNED).about(event.subject_type, event.subject_id)
    for invitation in waiting.select_for_update(of=("self",)).select_related("survey", "person", "company"):
        skip(invitation, Skip.REOPENED)


def receiver_of(event: Event) -> tuple[Person | None, str]:
    """(person, address) to ask: the requester the event names, else the first person it is linked to, else the subject's address."""
    linked = (
        EventLink.objects.filter(event=event, object_type="contacts.person").order_by("pk").values_list("object_id", flat=True)
    )
    wanted = [event.new["requester"]] if "requester" in event.new else list(linked)
    people = Person.objects.in_bulk([pk for pk in wanted if pk is not None])
    person = next((people[pk] for pk in wanted if pk in people), None)
    return person, "" if person else getattr(subject_of(event), "email", "") or ""


def subject_of(event: Event) -> Any:
    """The ticket or deal itself; None when it is gone."""
    model = subject_model(event.subject_type)
    return model._default_manager.filter(pk=event.subject_id).first() if model else None


def about_of(event: Event) -> About:
    """What the answer is counted by: the event's own words first, then the subject's fields of those names."""
    subject = subject_of(event)

    def record(model: Any, name: str) -> Any:
        pk = event.new[name] if name in event.new else getattr(subject, f"{name}_id", None)
        return model.objects.filter(pk=pk).first() if pk else None

    def words(name: str, length: int) -> str:
        said = event.new.get(name)
        if not isinstance(said, str):  # nothing, or the id of a record whose name the subject knows
            said = getattr(subject, name, None) or ""
        return str(said)[:length]

    return About(
        company=record(Company, "company"),
        owner=record(User, "owner"),
        team=record(Team, "team"),
        queue=words("queue", 80),
        priority=words("priority", 20),
        channel=words("channel", 20),
        campaign=words("campaign", 120),
        product=words("product", 200),
        subject_type=event.subject_type,
        subject_id=event.subject_id,
        subject_number=words("number", 40),
    )


@due.every("surveys.days_after", grain="day")
def days_after_start(period: Period) -> None:
    """Each morning: the surveys for companies that became customers so many days ago today."""
    for survey in Survey.objects.active().filter(trigger=Trigger.DAYS_AFTER_START):
        jobs.enqueue("surveys.days_after", {"survey": survey.pk, "day": period.end.isoformat(), "after": 0})


STEP = 200


@jobs.kind("surveys.days_after", label=_("Plan surveys some days after the start"))
def days_after(job: Any) -> None:
    """Plans for all people of the companies whose day it is, 200 people a step."""
    survey = Survey.objects.get(pk=job.payload["survey"])
    if survey.days_after is None:
        return
    day = dt.date.fromisoformat(job.payload["day"]) - dt.timedelta(days=survey.days_after)
    since, until = first_instant(day), first_instant(day + dt.timedelta(days=1))
    people = Person.objects.filter(company__customer_since__gte=since, company__customer_since__lt=until)
    rows = list(people.filter(pk__gt=job.payload["after"]).select_related("company").order_by("pk")[:STEP])
    for person in rows:
        cause = f"start:{person.company_id}:{person.pk}"
        plan(survey, person=person, cause=cause, trigger=Trigger.DAYS_AFTER_START, about=About(company=person.company))
    if len(rows) == STEP:
        job.again({**job.payload, "after": rows[-1].pk})
