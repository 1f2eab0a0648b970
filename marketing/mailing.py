"""Messages of campaigns, as the mailing tool tells of them: sent, bounced, opened, clicked, opted out."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils.translation import gettext as _

from analytics import dirty
from contacts import services as contacts
from contacts.choices import Consent
from contacts.models import Lead, Person, PersonEmail
from crm import events
from crm.changes import apply, clean, lock, refuse_future
from crm.periods import local_day

from .models import CampaignMessage
from .services import MESSAGES

MOMENTS = ("bounced_at", "opened_at", "clicked_at", "opted_out_at")


@transaction.atomic
def save_message(message: CampaignMessage, **changes: Any) -> CampaignMessage:
    """Writes down a message, or what has become of it since. Whom it went to is found by the address unless it is named; who opts out
    does not consent to marketing any more."""
    is_new = message.pk is None
    before = [] if is_new else _marks([message])
    if not is_new:
        lock(message)
    address = message.email
    apply(message, changes)
    if not is_new and message.email.lower() != address.lower():
        message.person = message.lead = None  # it went to somebody else
    if is_new or message.email != address:
        recipients([message])
    if is_new or "campaign" in changes:
        message.owner_id, message.team_id = message.campaign.owner_id, message.campaign.team_id
    if is_new:
        message.origin = events.origin()
    check_message(message)
    clean(message)
    message.save()
    dirty.mark([*before, *_marks([message])])
    _heed([message])
    return message


@transaction.atomic
def write_messages(messages: Sequence[CampaignMessage]) -> None:
    """Writes new messages, however many, in a few statements; `check_message` has passed them."""
    recipients(messages)
    for message in messages:
        message.owner_id, message.team_id = message.campaign.owner_id, message.campaign.team_id
        message.origin = events.origin()
    CampaignMessage.objects.bulk_create(messages, batch_size=500)
    dirty.mark(_marks(messages))
    _heed(messages)


def _marks(messages: Iterable[CampaignMessage]) -> list[tuple[str, dt.date]]:
    return list({(MESSAGES, local_day(message.sent_at)) for message in messages})


def check_message(message: CampaignMessage) -> None:
    """Raises ValidationError for what cannot have happened: before the sending, or in the future."""
    refuse_future(**{name: getattr(message, name) for name in ("sent_at", *MOMENTS)})
    for name in MOMENTS:
        at = getattr(message, name)
        if at is not None and message.sent_at is not None and at < message.sent_at:
            raise ValidationError({name: _("This lies before the message was sent.")})


def recipients(messages: Sequence[CampaignMessage]) -> None:
    """Finds the person with each message's address, else the newest lead with it; those that are named stay."""
    wanted = {message.email.lower() for message in messages if message.person_id is None and message.lead_id is None}
    people: dict[str, int] = {}
    leads: dict[str, int] = {}
    if wanted:
        known = PersonEmail.objects.annotate(low=Lower("email")).filter(low__in=wanted)
        people = dict(known.values_list("low", "person_id"))
        found = Lead.objects.filter(match_key__in=wanted).order_by("created_at", "pk")
        leads = dict(found.values_list("match_key", "pk"))
    for message in messages:
        if message.person_id is None and message.lead_id is None:
            message.person_id = people.get(message.email.lower())
            message.lead_id = None if message.person_id else leads.get(message.email.lower())


def _heed(messages: Sequence[CampaignMessage]) -> None:
    """People who opted out do not consent any more; whoever said no before is left alone."""
    gone = {message.person_id for message in messages if message.opted_out_at is not None and message.person_id}
    for person in Person.objects.filter(pk__in=gone).exclude(consent=Consent.DENIED).order_by("pk"):
        contacts.save_person(person, consent=Consent.DENIED)


@transaction.atomic
def delete_message(message: CampaignMessage) -> None:
    """Deletes a message that was never sent; its day is counted again."""
    lock(message)
    dirty.mark(_marks([message]))
    message.delete()


@events.watch
def _written(written: Sequence[Any]) -> None:
    """Leads that changed may have been converted, or be another person's; of those that go the days are marked before."""
    about = [event for event in written if event.subject_type == Lead._meta.label_lower and event.kind.startswith("lead.")]
    gone = [event.subject_id for event in written if event.kind == "person.deleted"]
    if about or gone:
        ids = {event.subject_id for event in about}
        named = {event.old.get("person") for event in about} | set(
            Lead.objects.filter(pk__in=ids).values_list("person_id", flat=True)
        )
        leads_changed(ids, {pk for pk in named if pk} | set(gone))


def leads_changed(leads: Iterable[int], people: Iterable[int]) -> None:
    """Marks the days of messages to these leads and people: what they became may count as a conversion."""
    found = CampaignMessage.objects.filter(Q(lead_id__in=list(leads)) | Q(person_id__in=list(people)), clicked_at__isnull=False)
    dirty.mark([(MESSAGES, day) for day in found.order_by().values_list("sent_day", flat=True).distinct()])
