"""Deciding whether somebody is asked: every trigger ends here, and every "no" is a row with its reason."""

from __future__ import annotations

import datetime as dt
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext as _

from contacts.models import Company, Person, PersonEmail
from crm import events, jobs
from crm.access import scope_of
from crm.changes import lock
from crm.jobs.queue import lock_key
from crm.models import Organisation
from crm.periods import local_day

from .choices import InvitationState, Skip, Trigger
from .links import links_of
from .models import Invitation, Survey
from .services import is_unsubscribed


@dataclass
class About:
    """What an invitation is about, copied into it (see `models.Attribution`)."""

    company: Company | None = None
    owner: Any = None
    team: Any = None
    queue: str = ""
    priority: str = ""
    channel: str = ""
    campaign: str = ""
    product: str = ""
    subject_type: str = ""
    subject_id: int | None = None
    subject_number: str = ""


def plan(
    survey: Survey,
    *,
    person: Person | None = None,
    email: str = "",
    cause: str,
    trigger: str = Trigger.MANUAL,
    about: About | None = None,
    at: dt.datetime | None = None,
    language: str = "",
    delay: dt.timedelta | None = None,
) -> Invitation:
    """Plans one invitation and the job that sends it, or writes down why not. Asking again with the same cause changes nothing.

    cause: what happened, in words for machines ("event:812"); at: when it happened; delay: the survey's own unless given (none
    for a manual list). The person is locked, so that two triggers at once give one invitation and one skip.
    """
    at = at or timezone.now()
    with transaction.atomic():
        person, email = _receiver(person, email)
        hold(person, email or cause)
        existing = Invitation.objects.filter(survey=survey, cause=cause).first()
        if existing is not None:
            return existing
        version = survey.version
        assert version is not None
        wait = dt.timedelta(hours=survey.delay_hours) if delay is None else delay
        invitation = Invitation(
            survey=survey, version=version, person=person, email=email, trigger=trigger, cause=cause, planned_at=at
        )
        invitation.language = _language(language or (person.language if person else ""))
        invitation.send_after = max(at + wait, timezone.now())
        _attribute(invitation, about or About())
        return _decide(invitation)


def _receiver(person: Person | None, email: str) -> tuple[Person | None, str]:
    """Person and address: the person's first address where none is given, the person of an address where there is one."""
    email = email.strip()
    if email:
        try:
            validate_email(email)
        except ValidationError as error:
            raise ValidationError({"email": error.messages}) from error
    if person is None and email:
        person = Person.objects.filter(emails__email__iexact=email).first()
    if person is not None and not email:
        first = person.emails.order_by("position", "pk").first()
        email = first.email if first else ""
    return person, email


def receivers_for(user: Any, addresses: Sequence[str], of: Person | None = None) -> list[tuple[Person | None, str]]:
    """(person, address) of each address that the user wants to have asked; `of` when they are one person's. Raises ValidationError
    at "email".

    Who sees all people may ask any address. Others ask the people they see: an address of somebody else's customer is refused like
    one that nobody has, so that asking tells nothing about whom colleagues know.
    """
    if scope_of(user, "person", "view") == "all":
        return [(of, address) for address in addresses]
    people = Person.objects.visible_to(user)
    rows = PersonEmail.objects.annotate(lower=Lower("email")).filter(
        lower__in=[address.lower() for address in addresses], person__in=people.filter(pk=of.pk) if of else people
    )
    known = {row.lower: row.person for row in rows.select_related("person")}
    if unknown := [address for address in addresses if address.lower() not in known]:
        shown = ", ".join(unknown[:5])
        raise ValidationError({"email": _("You see nobody with this address: %(unknown)s") % {"unknown": shown}})
    return [(known[address.lower()], address) for address in addresses]


def hold(person: Person | None, name: str) -> None:
    """Whoever plans or sends for the same receiver waits here until the running transaction ends."""
    if person is not None:
        lock(person)
    else:
        lock_key("surveys.receiver", name.lower(), wait=True)


def _language(wanted: str) -> str:
    """One of ours: what the person reads, else the organisation's, else English."""
    ours = dict(settings.LANGUAGES)
    for code in (wanted[:2].lower(), Organisation.current().language[:2]):
        if code in ours:
            return code
    return settings.LANGUAGE_CODE


def _attribute(invitation: Invitation, about: About) -> None:
    for field in fields(about):
        setattr(invitation, field.name, getattr(about, field.name))
    if invitation.company is None and invitation.person is not None:
        invitation.company = invitation.person.company
    if invitation.owner is None:
        holder = invitation.company or invitation.person
        invitation.owner = holder.owner if holder else None
    if invitation.team is None and invitation.owner is not None:
        invitation.team = invitation.owner.team
    invitation.segment = invitation.company.industry if invitation.company else ""


def _decide(invitation: Invitation) -> Invitation:
    """Writes the invitation: planned with its job, or skipped."""
    reason, rival = why_not(invitation)
    if reason is None and _sampled_out(invitation):
        reason = Skip.SAMPLED_OUT
    if reason is not None:
        return skip(invitation, reason, rival)
    invitation.save()
    wait = invitation.send_after - timezone.now()
    jobs.enqueue(
        "surveys.send", {"invitation": invitation.pk}, key=f"invitation:{invitation.pk}", delay=max(wait, dt.timedelta())
    )
    new = {"survey": invitation.survey.name, "email": invitation.email}
    events.record("survey.planned", invitation, new=new, at=invitation.planned_at, links=links_of(invitation))
    return invitation


def skip(invitation: Invitation, reason: str, rival: Invitation | None = None) -> Invitation:
    """Writes that an invitation was not sent, and why; `rival` is the one that came before it."""
    invitation.state, invitation.reason, invitation.starved_by = InvitationState.SKIPPED, reason, rival
    invitation.save()
    new = {"survey": invitation.survey.name, "reason": str(reason)}
    events.record("survey.skipped", invitation, new=new, links=links_of(invitation))
    return invitation


def why_not(invitation: Invitation) -> tuple[str | None, Invitation | None]:
    """Why this invitation may not be sent, and the one in its way. Asked when it is planned and again before it is sent."""
    survey = invitation.survey
    if not survey.active:
        return Skip.INACTIVE, None
    if not invitation.email:
        return Skip.NO_ADDRESS, None
    if is_unsubscribed(invitation.person, invitation.email):
        return Skip.UNSUBSCRIBED, None
    others = Invitation.objects.exclude(pk=invitation.pk)
    if invitation.subject_id is not None:
        about = others.filter(survey=survey).about(invitation.subject_type, invitation.subject_id)
        asked = about.sent().first() or about.pending().first()
        if asked is not None:
            return Skip.ALREADY_ASKED, asked
    rival = throttled_by(invitation)
    return (Skip.THROTTLED, rival) if rival is not None else (None, None)


def throttled_by(invitation: Invitation) -> Invitation | None:
    """The invitation of any survey that this receiver got too recently, or is about to get.

    Whole local days of the organisation lie between the last sending and this one: sent on 1 March with 90 days, the next may be
    sent from 30 May 00:00 on. One that waits to be sent counts like one that was, if it was planned first.
    """
    survey = invitation.survey
    if survey.throttle == 0:
        return None
    theirs = Invitation.objects.exclude(pk=invitation.pk).of_person(invitation.person, invitation.email)
    waiting = theirs.pending()
    if invitation.pk is not None:
        waiting = waiting.filter(pk__lt=invitation.pk)
    first = waiting.order_by("pk").first()
    if first is not None:
        return first
    last = theirs.sent().order_by("-sent_at").first()
    if last is None or last.sent_at is None:
        return None
    days = (local_day(max(invitation.send_after, timezone.now())) - local_day(last.sent_at)).days
    return last if days < survey.throttle else None


def _sampled_out(invitation: Invitation) -> bool:
    """The same cause is always in or out of the sample, however often it is asked."""
    bucket = zlib.crc32(f"{invitation.survey_id}:{invitation.cause}".encode()) % 100
    return bucket >= invitation.survey.sampling_percent


def plan_list(survey: Survey, receivers: list[tuple[Person | None, str]], *, batch: str, trigger: str) -> list[Invitation]:
    """Plans an invitation for each (person, address) of a list, to be sent at once; the same `batch` again plans nobody twice."""
    found = []
    for person, email in receivers:
        who = f"person:{person.pk}" if person is not None else email.strip().lower()
        cause = f"{batch}:{who}"[:120]
        found.append(plan(survey, person=person, email=email, cause=cause, trigger=trigger, delay=dt.timedelta()))
    return found
