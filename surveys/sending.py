"""Sending invitations and reminders by mail, and letting links expire.

A mail is handed over at least once: the token's hash and the state are stored first, the mail server is asked, then "sent" is
written. A worker that dies in between sends again, with the same Message-ID and another secret; both mails work.

What may lie in a mailbox is not taken back: once a mail may have been accepted, a reason not to send it ends the tries, and the
invitation counts as sent with its link. Only a refusal that we heard leaves it unsent, and its secret is forgotten.
"""

from __future__ import annotations

import datetime as dt
import smtplib
import socket
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from crm import due, events, jobs
from crm.changes import lock
from crm.crash import crashpoint
from crm.periods import Period, first_instant

from .choices import PENDING, InvitationState, Skip
from .links import links_of
from .mail import build, message_id
from .models import Invitation, InvitationToken, token_hash
from .planning import hold, skip, why_not
from .services import is_unsubscribed, mark_bounced, went_out
from .tokens import issue
from .triggers import cause_stands

STEP = 200
ATTEMPTS = 5
#: The server, or nobody, answered so: it has no mail of ours. A connection that broke later may have been heard to the end.
NOT_TAKEN = (
    smtplib.SMTPResponseException,
    smtplib.SMTPRecipientsRefused,
    smtplib.SMTPNotSupportedError,
    ConnectionRefusedError,
    socket.gaierror,
)


@jobs.kind("surveys.send", label=_("Send a survey"), atomic=False, attempts=ATTEMPTS)
def send(job: Any) -> None:
    """Sends one invitation, if it still may be sent."""
    invitation = Invitation.objects.select_related("survey", "version", "person", "company").get(pk=job.payload["invitation"])
    token = _prepare(invitation)
    if token is None:
        return
    crashpoint("survey.prepared")
    refused = _deliver(job, invitation, token)
    crashpoint("survey.delivered")
    if refused:
        _refused(invitation, refused)
    else:
        _sent(invitation)


@transaction.atomic
def _prepare(invitation: Invitation) -> str | None:
    """Asks again whether it may be sent, under the receiver's lock; the secret of the mail, or None."""
    hold(invitation.person, invitation.email)
    lock(invitation)
    if invitation.state not in PENDING:
        return None
    reason, rival = (Skip.REOPENED, None) if not cause_stands(invitation) else why_not(invitation)
    if reason is not None and (mailed := invitation.mailed_at()) is not None:
        went_out(invitation, mailed)
        return None
    if reason is not None:
        skip(invitation, reason, rival)
        return None
    invitation.state = InvitationState.QUEUED
    invitation.expires_at = timezone.now() + dt.timedelta(days=invitation.survey.expiry_days)
    invitation.message_id = message_id(invitation)
    invitation.save(update_fields=["state", "expires_at", "message_id"])
    return issue(invitation)


def _deliver(job: Any, invitation: Invitation, token: str, *, reminder: bool = False) -> str:
    """Hands the mail to the server. Returns why the address was refused for good, or ""; other errors try again later."""
    try:
        build(invitation, token, reminder=reminder).send()
    except smtplib.SMTPRecipientsRefused as error:
        code, text = next(iter(error.recipients.values()))
        if 500 <= code < 600:
            return f"{code} {text.decode(errors='replace') if isinstance(text, bytes) else text}"
        _forget(token)
        _failed_at_last(job, invitation, error)
        raise
    except Exception as error:
        if isinstance(error, NOT_TAKEN):
            _forget(token)
        _failed_at_last(job, invitation, error)
        raise
    return ""


def _forget(token: str) -> None:
    """The mail with this secret was not taken: nobody has its link."""
    InvitationToken.objects.filter(hashed=token_hash(token)).delete()


def _failed_at_last(job: Any, invitation: Invitation, error: Exception) -> None:
    """After the last try the invitation says so; a reminder that failed changes nothing."""
    if job.attempt >= ATTEMPTS:
        unsent = Invitation.objects.filter(pk=invitation.pk, state=InvitationState.QUEUED)
        unsent.update(state=InvitationState.FAILED, error=str(error)[:400])


@transaction.atomic
def _sent(invitation: Invitation) -> None:
    lock(invitation)
    if invitation.state == InvitationState.QUEUED:
        went_out(invitation, timezone.now())


@transaction.atomic
def _refused(invitation: Invitation, why: str) -> None:
    """The server knows no such address: sent, bounced, and never delivered; unless it was withdrawn or answered meanwhile."""
    lock(invitation)
    if invitation.state != InvitationState.QUEUED:
        return
    invitation.state, invitation.sent_at, invitation.error = InvitationState.BOUNCED, timezone.now(), why[:400]
    invitation.save(update_fields=["state", "sent_at", "error"])
    events.record("survey.bounced", invitation, new={"reason": invitation.error}, links=links_of(invitation))


# --- each morning ----------------------------------------------------------------------------------------------------


@due.every("surveys.reminders", grain="day", each=False)
def reminders(period: Period) -> None:
    """Reminds once, so many days after the mail, whoever has not answered."""
    for days in Invitation.objects.awaiting().values_list("survey__reminder_days", flat=True).distinct():
        if days is not None:
            jobs.enqueue("surveys.remind_all", {"days": days, "day": period.end.isoformat(), "after": 0})


@jobs.kind("surveys.remind_all", label=_("Plan reminders"))
def remind_all(job: Any) -> None:
    """Enqueues the reminders of one waiting time, 200 a step."""
    until = first_instant(dt.date.fromisoformat(job.payload["day"]) - dt.timedelta(days=job.payload["days"] - 1))
    rows = Invitation.objects.awaiting().filter(
        survey__reminder_days=job.payload["days"],
        survey__active=True,
        reminded_at__isnull=True,
        not_reminded="",
        sent_at__lt=until,
    )
    found = list(rows.filter(pk__gt=job.payload["after"]).order_by("pk").values_list("pk", flat=True)[:STEP])
    for pk in found:
        jobs.enqueue("surveys.remind", {"invitation": pk}, key=f"reminder:{pk}")
    if len(found) == STEP:
        job.again({**job.payload, "after": found[-1]})


@jobs.kind("surveys.remind", label=_("Remind of a survey"), atomic=False, attempts=ATTEMPTS)
def remind(job: Any) -> None:
    """Sends one reminder, if nobody answered or was reminded meanwhile and nothing speaks against it now."""
    invitation = Invitation.objects.select_related("survey", "version", "person", "company").get(pk=job.payload["invitation"])
    token = _prepare_reminder(invitation)
    if token is None:
        return
    if refused := _deliver(job, invitation, token, reminder=True):
        with transaction.atomic():
            mark_bounced(invitation, refused)
    else:
        Invitation.objects.filter(pk=invitation.pk).update(reminded_at=timezone.now())
        with transaction.atomic():
            events.record("survey.reminded", invitation, new={"survey": invitation.survey.name}, links=links_of(invitation))


@transaction.atomic
def _prepare_reminder(invitation: Invitation) -> str | None:
    """Asks again whether the reminder may be sent; the secret of its mail, or None. A reason against it is kept, and ends it."""
    lock(invitation)
    if invitation.state != InvitationState.SENT or invitation.reminded_at or invitation.not_reminded or invitation.expired():
        return None
    if (reason := _why_not_again(invitation)) is None:
        return issue(invitation)
    invitation.not_reminded = reason
    invitation.save(update_fields=["not_reminded"])
    new = {"survey": invitation.survey.name, "reason": str(reason)}
    events.record("survey.reminder_skipped", invitation, new=new, links=links_of(invitation))
    return None


def _why_not_again(invitation: Invitation) -> Skip | None:
    """Why the receiver of a mail may not be reminded of it. How often one is asked was decided when it was sent."""
    if not invitation.survey.active:
        return Skip.INACTIVE
    if is_unsubscribed(invitation.person, invitation.email):
        return Skip.UNSUBSCRIBED
    return None if cause_stands(invitation) else Skip.REOPENED


@due.every("surveys.expiry", grain="day", each=False)
def expire_daily(period: Period) -> None:
    """Once a day. The page itself looks at the instant; this only says so in lists."""
    jobs.enqueue("surveys.expire", key="expire")


@jobs.kind("surveys.expire", label=_("Let surveys expire"))
def expire(job: Any) -> None:
    """Marks what nobody answered in time, 1,000 a step."""
    over = Invitation.objects.awaiting().filter(expires_at__lte=timezone.now()).order_by("pk")
    found = list(over.values_list("pk", flat=True)[:1000])
    Invitation.objects.filter(pk__in=found).update(state=InvitationState.EXPIRED)
    if len(found) == 1000:
        job.again()
