"""The secret of a link, and the nonce of a page.

The secret: 160 random bits as 32 letters and digits (base32, lower case). Only its SHA-256 is stored (`InvitationToken`), so a
copy of the database opens no survey, and finding one is a look-up by hash that takes as long for a miss as for a hit.

The nonce: the page is made without a cookie, so Django's CSRF cookie cannot protect its form. Instead each page carries a nonce,
signed by the server, that names its invitation, the moment of rendering and a random part. A form is accepted only with the
nonce of its own invitation: a page of another site cannot make one, and the link's secret, which it would need to fetch one, is
not known to it. The moment tells how long the page was open, the random part makes a second post of the same page harmless.
"""

from __future__ import annotations

import base64
import datetime as dt
import re
import secrets
from dataclasses import dataclass

from django.conf import settings
from django.core import signing
from django.urls import reverse
from django.utils import timezone

from .models import Invitation, InvitationToken, token_hash

BYTES = 20
TOKEN = re.compile(r"[a-z2-7]{32}")
SALT = "surveys.page"
PAGE_LASTS = dt.timedelta(days=14)


def issue(invitation: Invitation) -> str:
    """A new secret for the invitation; those of earlier mails go on working."""
    token = base64.b32encode(secrets.token_bytes(BYTES)).decode().lower()
    InvitationToken.objects.create(invitation=invitation, hashed=token_hash(token))
    return token


def find(token: str) -> Invitation | None:
    """The invitation of a secret, whatever its state; None for everything else that may stand in an address."""
    found = (
        InvitationToken.objects.filter(hashed=token_hash(token))
        .select_related("invitation__survey", "invitation__version", "invitation__person")
        .first()
    )
    return found.invitation if found and TOKEN.fullmatch(token) else None


def url(token: str, *, name: str = "surveys_public:survey", score: int | None = None) -> str:
    """The address for a mail: from SITE_URL, never from a request's Host header."""
    query = f"?v={score}" if score is not None else ""
    return f"{settings.SITE_URL}{reverse(name, args=[token])}{query}"


@dataclass(frozen=True)
class Page:
    """A rendered page, as its nonce tells."""

    nonce: str
    at: dt.datetime


def page_nonce(invitation: Invitation, now: dt.datetime | None = None) -> str:
    """The signed nonce of a page that is rendered now."""
    at = (now or timezone.now()).timestamp()
    return signing.dumps([invitation.pk, f"{at:.3f}", secrets.token_hex(8)], salt=SALT)


def read_nonce(invitation: Invitation, text: str) -> Page | None:
    """What page was sent; None when the nonce is forged, of another invitation, or too old."""
    try:
        pk, at, nonce = signing.loads(text, salt=SALT)
    except (signing.BadSignature, ValueError, TypeError):
        return None
    rendered = dt.datetime.fromtimestamp(float(at), dt.UTC)
    return Page(nonce, rendered) if pk == invitation.pk and timezone.now() - rendered < PAGE_LASTS else None
