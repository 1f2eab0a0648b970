"""A reply whose worker is killed while it is mailed: never lost, and twice only with the same Message-ID."""

from __future__ import annotations

import pytest

from support.models import Message
from tests.factories import MessageFactory, TicketFactory
from tests.people import hire
from tests.smtp import SmtpServer

from .harness import Faults, wait_until_idle

pytestmark = [pytest.mark.faults, pytest.mark.django_db(transaction=True)]


@pytest.mark.parametrize(("crash", "copies"), [("support.sending", 1), ("support.accepted", 2), ("job.finishing", 1)])
def test_a_reply_survives_its_worker(faults: Faults, monkeypatch: pytest.MonkeyPatch, crash: str, copies: int) -> None:
    gus = hire().gus
    with SmtpServer() as server:
        monkeypatch.setenv("EMAIL_URL", f"smtp://127.0.0.1:{server.port}")
        reply = MessageFactory(ticket=TicketFactory(email="lisa@example.com"), by=gus)
        faults.worker(crash=crash).wait_until_killed()
        faults.worker()
        wait_until_idle()
        assert [mail["Message-ID"] for mail in server.messages] == [reply.message_id] * copies
    reply.refresh_from_db()
    assert reply.mail_state == "sent"
    assert Message.objects.filter(ticket=reply.ticket).count() == 2
