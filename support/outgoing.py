"""Mailing public messages: what the mail looks like, and the job that sends it.

A mail is a row first: the message says "queued" in the transaction that wrote it. The job hands it to the server and then writes
"sent". Killed between the two, it sends again: that cannot be avoided (RFC 1047), so the Message-ID is made once, with the message,
and both copies carry it; mail programs show them as one.
"""

from __future__ import annotations

import smtplib
from email.utils import formataddr, parseaddr
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.db import transaction
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.crypto import get_random_string
from django.utils.translation import override

from crm import events, jobs
from crm.crash import crashpoint
from crm.models import Organisation

from . import links
from .choices import MailState, Visibility
from .models import Attachment, Desk, Message, Ticket

KIND = "support.send"
ATTEMPTS = 9  # over two and a half days
THREAD = 20  # ids in References


def sender(ticket: Ticket) -> tuple[str, str]:
    """(name, address) that replies come from: the queue's address, else the desk's, else the installation's. The name in one line:
    a header has no second."""
    desk = Desk.current()
    own_name, own = parseaddr(settings.DEFAULT_FROM_EMAIL)
    name = " ".join((desk.name or Organisation.current().name or own_name).split())
    return name, ticket.queue.email or desk.email or own


def recipient(ticket: Ticket) -> str:
    """Where replies go: the ticket's own address, else the requester's first."""
    if ticket.email or ticket.requester is None:
        return ticket.email
    return ticket.requester.emails.order_by("position", "pk").values_list("email", flat=True).first() or ""


def new_id(ticket: Ticket) -> str:
    """A Message-ID that nobody can guess, in the name of the sender's domain."""
    domain = sender(ticket)[1].rpartition("@")[2] or urlsplit(settings.SITE_URL).hostname
    return f"<{get_random_string(24).lower()}.{ticket.pk}@{domain}>"


def address(message: Message) -> None:
    """Prepares an unsaved public message of ours for mailing; it stays unmailed where nobody's address is known."""
    message.to = recipient(message.ticket)
    if message.to:
        message.mail_state = MailState.QUEUED
        message.message_id = message.message_id or new_id(message.ticket)
        said = message.ticket.messages.public().exclude(message_id=None).order_by("-at", "-pk")
        message.in_reply_to = message.in_reply_to or said.values_list("message_id", flat=True).first() or ""


def queue(message: Message) -> None:
    """Has a prepared message sent once the running transaction is committed."""
    if message.mail_state == MailState.QUEUED:
        jobs.enqueue(KIND, {"message": message.pk}, key=f"message:{message.pk}")


def send_again(message: Message) -> None:
    """A person wants a mail that failed to be tried again."""
    with transaction.atomic():
        changed = Message.objects.public().filter(pk=message.pk, mail_state=MailState.FAILED)
        if changed.update(mail_state=MailState.QUEUED, mail_error=""):
            jobs.enqueue(KIND, {"message": message.pk}, key=f"message:{message.pk}")


def compose(message: Message) -> EmailMultiAlternatives:
    """The mail of a public message, in the ticket's language: text and HTML, the thread's headers, the status link in the foot."""
    if message.visibility != Visibility.PUBLIC:
        raise ValueError("Only public messages are mailed.")
    ticket = message.ticket
    with override(ticket.language or Organisation.current().language):
        context = {"message": message, "ticket": ticket, "link": links.link_for(ticket), "organisation": Organisation.current()}
        mail = EmailMultiAlternatives(
            # What we send without having read it carries nothing that a stranger wrote.
            subject=f"[{ticket.number}]" if message.automatic else " ".join(f"Re: [{ticket.number}] {ticket.subject}".split()),
            body=render_to_string("support/mail/reply.txt", context),
            from_email=formataddr(sender(ticket)),
            to=[message.to],
            headers=_headers(message),
        )
        mail.attach_alternative(render_to_string("support/mail/reply.html", context), "text/html")
    for row in Attachment.objects.public().filter(message=message):
        with row.file.open("rb") as file:
            mail.attach(row.name, file.read(), row.content_type)
    return mail


def _headers(message: Message) -> dict[str, str]:
    headers = {"Message-ID": message.message_id or "", "Auto-Submitted": "auto-replied" if message.automatic else "no"}
    said = message.ticket.messages.public().filter(at__lte=message.at).exclude(pk=message.pk).exclude(message_id=None)
    thread = list(said.order_by("-at", "-pk").values_list("message_id", flat=True)[:THREAD])[::-1]
    if message.in_reply_to:
        headers["In-Reply-To"] = message.in_reply_to
    if thread:
        headers["References"] = " ".join(str(name) for name in thread)
    return headers


def deliver(pk: int, attempt: int = 1) -> None:
    """Sends a queued message and writes that it was sent; one that was sent, or is gone, is left alone.

    What the server refuses for good makes the message "not delivered" at once, with the reason; anything else is raised, so that
    the job tries again later, and at the last attempt the message says so too.
    """
    message = Message.objects.public().filter(pk=pk, mail_state=MailState.QUEUED).select_related("ticket__queue").first()
    if message is None:
        return
    mail = compose(message)
    crashpoint("support.sending")
    try:
        mail.send()
    except (smtplib.SMTPException, OSError, ValueError) as error:
        lasting = isinstance(error, ValueError) or refused_for_good(error)
        if lasting or attempt >= ATTEMPTS:
            _give_up(message, error)
        if lasting:
            raise jobs.GiveUp(str(error)[:300]) from error
        raise
    crashpoint("support.accepted")
    Message.objects.filter(pk=pk).update(mail_state=MailState.SENT, mailed_at=timezone.now(), mail_error="")


def refused_for_good(error: Exception) -> bool:
    """Whether the server said 5xx about this mail: trying again cannot help."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return all(500 <= code < 600 for code, _words in error.recipients.values())
    kinds = (smtplib.SMTPSenderRefused, smtplib.SMTPDataError)
    return isinstance(error, kinds) and 500 <= error.smtp_code < 600


def _give_up(message: Message, error: Exception) -> None:
    words = " ".join(jobs.runner.describe(error).split())[:300]
    with transaction.atomic():
        Message.objects.filter(pk=message.pk).update(mail_state=MailState.FAILED, mail_error=words)
        events.record("ticket.mail_failed", message.ticket, new={"message": message.pk})
