"""What tests of surveys share: people who are asked, pages that are opened and sent as a browser does it."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

from django.core import mail
from django.test import Client
from django.utils import timezone

from crm import jobs
from surveys import tokens
from surveys.models import Invitation
from tests.factories import InvitationFactory

LINK = re.compile(r"/s/([a-z2-7]{32})/")
PAGE = re.compile(r'name="page" value="([^"]+)"')


def invite(**values: Any) -> tuple[Invitation, str]:
    """An invitation whose mail was delivered an hour ago, and the secret of its link."""
    values.setdefault("sent_at", timezone.now() - dt.timedelta(hours=1))
    invitation = InvitationFactory(**values)
    return invitation, tokens.issue(invitation)


def path(token: str, **query: Any) -> str:
    return f"/s/{token}/" + ("?" + "&".join(f"{name}={value}" for name, value in query.items()) if query else "")


def open_page(client: Client, token: str, **query: Any) -> str:
    """Opens the survey and returns the nonce of its form."""
    return PAGE.findall(client.get(path(token, **query)).content.decode())[0]


def send(client: Client, token: str, score: Any, page: str, comment: str = "", **more: Any) -> Any:
    return client.post(path(token), {"score": score, "comment": comment, "page": page, **more})


def run_jobs() -> int:
    """Runs everything that waits, whatever its time; a handler's exception is the test's."""
    return jobs.run_all(even_early=True, strict=True)


def mailed_token(number: int = -1) -> str:
    """The secret in a mail that was sent (the last one)."""
    return LINK.findall(str(mail.outbox[number].body))[0]
