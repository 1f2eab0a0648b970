"""From a customer's question to the score of the answer, with the worker killed at every step: one reply, one survey, one answer, one
number, one follow-up.

A step's worker dies at a crash point and the next step goes on meanwhile, as people do. Mails between a mail server's "taken" and our
note of it may come twice, then under the same Message-ID (RFC 1047).
"""

from __future__ import annotations

import datetime as dt
import re
from email.message import EmailMessage
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from analytics.engine import evaluate
from analytics.scopes import Scope
from contacts.models import Task
from crm.periods import Period
from support.models import Message, Ticket
from surveys.models import Invitation, InvitationToken, Response
from tests.factories import QueueFactory, SurveyFactory
from tests.people import hire
from tests.smtp import SmtpServer
from tests.suites import posted
from tests.surveys.scene import LINK, PAGE

from .harness import Faults, wait_until, wait_until_idle

pytestmark = [pytest.mark.faults, pytest.mark.django_db(transaction=True)]

MINUTE = dt.timedelta(minutes=1)


def open_form(url: str) -> str:
    """The nonce of a form that has been open for a minute."""
    with time_machine.travel(timezone.now() - MINUTE):
        found = PAGE.search(Client().get(url).content.decode())
    assert found
    return found[1]


def ask() -> Ticket:
    """A customer sends the public form, twice as impatient people do."""
    data = {"name": "Zoe Zimmer", "email": "zoe@new.example", "subject": "The fan is loud", "body": "What can I do?"}
    data["page"] = open_form("/help/")
    for _press in range(2):
        assert Client(enforce_csrf_checks=True).post("/help/", data).status_code == 302
    return Ticket.objects.get()


def solve(agent: Client, ticket: Ticket) -> None:
    """The agent takes the ticket, answers and solves it."""
    assert agent.post(f"/tickets/{ticket.pk}/take/").status_code == 302
    form = posted(agent.get(ticket.get_absolute_url()).context["form"])
    data = {**form, "body": "Please hold the button for ten seconds.", "visibility": "public", "status": "", "solve": "1"}
    assert agent.post(f"/tickets/{ticket.pk}/message/", data).status_code == 302


def surveys_in(server: SmtpServer) -> list[EmailMessage]:
    return [mail for mail in server.messages if mail["List-Unsubscribe"]]


def answer(mail: EmailMessage, score: int) -> None:
    """The customer finds the mail a minute after it came, and takes some seconds to answer."""
    invitation = Invitation.objects.get()
    if invitation.delivered_at:
        invitation.delivered_at -= MINUTE
        invitation.save(update_fields=["delivered_at"])
    for token in invitation.tokens.all():
        InvitationToken.objects.filter(pk=token.pk).update(created_at=token.created_at - MINUTE)
    link = LINK.search(mail.get_body(("plain",)).get_content())  # type: ignore[union-attr]
    assert link
    sent = Client(enforce_csrf_checks=True).post(link[0], {"score": score, "page": open_form(f"{link[0]}?v={score}&edit=1")})
    assert sent.status_code == 200


def csat(day: dt.date, *, live: bool) -> tuple[Any, ...]:
    [row] = evaluate(["csat"], [Period(day, day + dt.timedelta(days=1))], scope=Scope.everything(), live=live)
    return row.value, row.numerator, row.denominator


#: name -> (the crash points after the reply, before and after the answer; copies of the reply and of the survey)
CHAINS = {
    "before each effect": (["support.sending:2", "survey.prepared"], ["analytics.recomputed"], (1, 1)),
    "after each effect": (["support.accepted:2", "survey.delivered"], ["job.handled"], (2, 1)),
    "between the jobs": (["job.taken:2", "job.finishing:4"], ["job.finished"], (1, 1)),
}


@pytest.mark.parametrize("chain", CHAINS)
def test_whatever_dies_the_customer_gets_one_reply_and_one_survey_and_counts_once(
    faults: Faults, monkeypatch: pytest.MonkeyPatch, chain: str
) -> None:
    before, after, copies = CHAINS[chain]
    gus = hire().gus
    QueueFactory(name="Support", is_default=True)
    SurveyFactory(kind="csat", trigger="ticket_solved", settle_minutes=0)
    agent = Client()
    agent.force_login(gus)
    with SmtpServer() as server:
        monkeypatch.setenv("EMAIL_URL", f"smtp://127.0.0.1:{server.port}")
        ticket = ask()
        solve(agent, ticket)
        for point in before:
            faults.worker(crash=point).wait_until_killed()
        last = faults.worker() if not surveys_in(server) else None
        wait_until(lambda: bool(surveys_in(server)), "the survey's mail")
        if last:
            wait_until_idle()
            last.kill()
        answer(surveys_in(server)[0], 2)
        for point in after:
            faults.worker(crash=point).wait_until_killed()
        faults.worker()
        wait_until_idle()
        for mail in surveys_in(server):
            answer(mail, 2)
        assert len(surveys_in(server)) == copies[1]

        reply = Message.objects.get(ticket=ticket, author="agent")
        assert reply.mail_state == "sent"
        assert [mail["Message-ID"] for mail in server.messages if str(mail["Subject"]).startswith("Re:")] == (
            [reply.message_id] * copies[0]
        )
    assert {envelope[0] for envelope in server.envelopes} == {"zoe@new.example"}
    assert Invitation.objects.get().state == "answered"
    response = Response.objects.get()
    assert (response.score, response.state, response.owner, response.subject_id) == (2, "confirmed", gus, ticket.pk)
    assert Task.objects.get().owner == gus
    day = response.responded_day
    assert csat(day, live=False) == csat(day, live=True) == (0, 0, 1)
    assert re.search(r"score-badge.*?2", agent.get(ticket.get_absolute_url()).content.decode(), re.S)
