"""Messages on tickets and their attachments."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.crypto import get_random_string
from django.utils.translation import gettext_lazy as _

from contacts.models import Person
from crm.events import Origin
from crm.fields import LocalDayField, LocalDayMixin

from ..choices import Author, Channel, MailState, Visibility
from ..querysets import AttachmentQuerySet, MessageQuerySet
from .tickets import Ticket

USER = settings.AUTH_USER_MODEL


class Message(LocalDayMixin):
    """What was said on a ticket. `html` is kept as it came and only ever shown through `support.html`.

    `automatic`: written by a machine (an out-of-office answer, our own acknowledgement); it starts, stops and reopens nothing.
    `nonce`: of the form that wrote it; sending the form twice writes one message.
    """

    ticket = models.ForeignKey(Ticket, models.CASCADE, related_name="messages")
    visibility = models.CharField(_("visibility"), max_length=6, choices=Visibility)
    author = models.CharField(max_length=8, choices=Author)
    user = models.ForeignKey(USER, models.SET_NULL, null=True, blank=True, related_name="+")
    person = models.ForeignKey(Person, models.SET_NULL, null=True, blank=True, related_name="+")
    email = models.EmailField(_("from"), blank=True)
    body = models.TextField(_("text"), blank=True)
    html = models.TextField(blank=True)
    at = models.DateTimeField(default=timezone.now)
    day = LocalDayField(of="at", db_index=True)
    channel = models.CharField(max_length=8, choices=Channel, default=Channel.OTHER)
    automatic = models.BooleanField(default=False)
    message_id = models.CharField(max_length=255, null=True, blank=True, unique=True)  # noqa: DJ001  many rows have none
    in_reply_to = models.CharField(max_length=255, blank=True)
    to = models.EmailField(_("to"), blank=True)
    mail_state = models.CharField(max_length=6, choices=MailState, default=MailState.NONE)
    mail_error = models.CharField(max_length=300, blank=True)
    mailed_at = models.DateTimeField(null=True, blank=True)
    nonce = models.CharField(max_length=64, blank=True)
    origin = models.CharField(max_length=10, choices=Origin.choices, default=Origin.SYSTEM, editable=False)

    objects = MessageQuerySet.as_manager()

    class Meta:
        verbose_name = _("message")
        verbose_name_plural = _("messages")
        ordering = ["at", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["ticket", "nonce"], condition=~Q(nonce=""), name="message_sent_once"),
            models.CheckConstraint(condition=Q(visibility__in=Visibility.values), name="message_says_who_may_read_it"),
            models.CheckConstraint(
                condition=Q(visibility=Visibility.PUBLIC) | Q(mail_state=MailState.NONE, to=""), name="notes_are_never_mailed"
            ),
        ]
        indexes = [models.Index(fields=["ticket", "at"], name="message_ticket")]

    def __str__(self) -> str:
        return f"{self.ticket_id} {self.get_author_display()} {self.at:%Y-%m-%d %H:%M}"

    @property
    def public(self) -> bool:
        return self.visibility == Visibility.PUBLIC


FOLDER = "tickets"


def random_path(attachment: Attachment, name: str) -> str:
    """Where a file is kept: nothing of its name, its ticket or its sender is in the path."""
    token = get_random_string(32, "abcdefghijklmnopqrstuvwxyz0123456789")
    return f"{FOLDER}/{token[:2]}/{token}"


class Attachment(models.Model):
    """A file of a message; who may read the message may fetch it (`Attachment.objects.visible_to`, `.public`)."""

    message = models.ForeignKey(Message, models.CASCADE, related_name="attachments")
    name = models.CharField(_("name"), max_length=200)
    content_type = models.CharField(max_length=100)
    size = models.PositiveIntegerField(_("size"))
    file = models.FileField(upload_to=random_path, max_length=200)
    sha256 = models.CharField(max_length=64)

    objects = AttachmentQuerySet.as_manager()

    class Meta:
        verbose_name = _("attachment")
        verbose_name_plural = _("attachments")
        ordering = ["pk"]

    def __str__(self) -> str:
        return self.name
