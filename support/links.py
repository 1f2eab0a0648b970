"""The customer's link to a ticket: signed, revocable, and silent about what exists.

The token carries the ticket's id and the version of its link; raising the version (`services.revoke_link`) makes all links sent
before worthless. A wrong, old or expired token finds nothing, and looks like one of a ticket that never was.
"""

from __future__ import annotations

import datetime as dt

from django.conf import settings
from django.core import signing
from django.utils import timezone

from .models import Ticket

PATH = "t/"  # where the customer's pages are mounted
AFTER_CLOSE = dt.timedelta(days=30)
SALT = "support.ticket"


def token_for(ticket: Ticket) -> str:
    """The token of the ticket's present link."""
    return signing.Signer(salt=SALT).sign_object([ticket.pk, ticket.link_version])


def link_for(ticket: Ticket) -> str:
    """The address of the ticket's page for its customer, for mails: it always starts with SITE_URL."""
    return f"{settings.SITE_URL.rstrip('/')}/{PATH}{token_for(ticket)}/"


def ticket_of(token: str) -> Ticket | None:
    """The ticket that the token opens now; None for anything else, whatever the reason."""
    try:
        pk, version = signing.Signer(salt=SALT).unsign_object(token)
    except (signing.BadSignature, ValueError, TypeError):
        return None
    ticket = Ticket.objects.filter(pk=pk, link_version=version, spam=False).select_related("status", "queue").first()
    if ticket is None or ticket.closed_at is not None and ticket.closed_at + AFTER_CLOSE < timezone.now():
        return None
    return ticket
