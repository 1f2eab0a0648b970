"""A survey whose worker is killed around the mail server's answer: the customer has one survey, and every link works."""

from __future__ import annotations

import pytest

from surveys import tokens
from surveys.planning import plan
from tests.factories import SurveyFactory
from tests.smtp import SmtpServer
from tests.surveys.scene import LINK

from .harness import Faults, wait_until_idle

pytestmark = [pytest.mark.faults, pytest.mark.django_db(transaction=True)]


@pytest.mark.parametrize(("crash", "mails"), [("survey.prepared", 1), ("survey.delivered", 2), ("job.handled", 1)])
def test_a_killed_worker_loses_no_survey_and_asks_nobody_twice(
    faults: Faults, monkeypatch: pytest.MonkeyPatch, crash: str, mails: int
) -> None:
    with SmtpServer() as server:
        monkeypatch.setenv("EMAIL_URL", f"smtp://127.0.0.1:{server.port}")
        invitation = plan(SurveyFactory(), email="joe@x.example", cause="a")
        faults.worker(crash=crash).wait_until_killed()
        faults.worker()
        wait_until_idle()
        invitation.refresh_from_db()
        assert invitation.state == "sent"
        assert len(server.messages) == mails
        assert {message["Message-ID"] for message in server.messages} == {invitation.message_id}
        links = [LINK.findall(message.get_body(("plain",)).get_content())[0] for message in server.messages]
        assert [tokens.find(token) for token in links] == [invitation] * mails
