"""Invitations by mail, through a real mail server: what arrives, what is tried again, what is not sent any more."""

from __future__ import annotations

import datetime as dt
import re
import smtplib
from types import SimpleNamespace
from typing import Any

import pytest
from django.test import Client

from contacts.models import Person
from crm import jobs
from crm.models import Event, Job
from crm.periods import Period
from support import services as support
from surveys import sending, services, tokens
from surveys.models import Invitation, InvitationToken, Response, Survey
from surveys.planning import plan
from surveys.sending import expire_daily, reminders
from tests.factories import CompanyFactory, InvitationFactory, PersonFactory, ResponseFactory, SurveyFactory, TicketFactory, utc
from tests.people import People
from tests.smtp import SmtpServer

from .scene import LINK, PAGE, run_jobs

pytestmark = pytest.mark.django_db


@pytest.fixture
def joe(people: People) -> Person:
    return PersonFactory(name="Joe", emails=["joe@x.example"], company=CompanyFactory(owner=people.ann), language="fr")


def parts(message: Any) -> tuple[str, str]:
    """(plain text, HTML) of a received mail."""
    plain, html = message.get_body(("plain",)), message.get_body(("html",))
    return plain.get_content(), html.get_content()


def test_the_mail_asks_in_the_persons_language_with_a_link_for_each_score(joe: Person, smtp: SmtpServer, settings: Any) -> None:
    settings.SITE_URL = "https://crm.example"
    survey = SurveyFactory(sender_name="Ines from Sextant", reply_to="ines@sextant.example")
    plan(survey, person=joe, cause="a")
    run_jobs()
    [mail] = smtp.messages
    assert smtp.envelopes == [["joe@x.example"]]
    assert str(mail["Subject"]).strip().startswith("Dans quelle mesure")
    assert (mail["From"].addresses[0].display_name, str(mail["Reply-To"])) == ("Ines from Sextant", "ines@sextant.example")
    for body in parts(mail):
        links = re.findall(r"https://crm\.example/s/[a-z2-7]{32}/\?v=(\d+)", body)
        assert list(map(int, links)) == list(range(11))
        assert "Pas du tout" in body
    assert "<script" not in parts(mail)[1]
    assert "<img" not in parts(mail)[1]


def test_the_mail_can_be_unsubscribed_with_one_click(joe: Person, smtp: SmtpServer, client: Client) -> None:
    plan(SurveyFactory(), person=joe, cause="a")
    run_jobs()
    [mail] = smtp.messages
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    way_out = re.sub(r"\s", "", mail["List-Unsubscribe"]).strip("<>")
    assert client.post(way_out.partition("8000")[2], {"List-Unsubscribe": "One-Click"}).status_code == 200
    assert plan(SurveyFactory(throttle_days=0, throttle_reason="Test"), person=joe, cause="b").reason == "unsubscribed"


def test_from_the_mail_to_the_score(joe: Person, smtp: SmtpServer, client: Client, clock: Any) -> None:
    start = utc("2026-05-18 10:00")
    clock(start)
    invitation = plan(SurveyFactory(), person=joe, cause="a")
    run_jobs()
    link = re.findall(r"(/s/[a-z2-7]{32}/\?v=9)", parts(smtp.messages[0])[0])[0]
    clock(start + dt.timedelta(minutes=5))
    page = client.get(link).content.decode()
    clock(start + dt.timedelta(minutes=6))
    client.post(link, {"score": 9, "page": PAGE.findall(page)[0]})
    response = Response.objects.get()
    assert (response.score, response.state, response.person) == (9, "confirmed", joe)
    invitation.refresh_from_db()
    assert (invitation.state, invitation.sent_at, invitation.delivered_at) == ("answered", start, start)
    assert invitation.expires_at == start + dt.timedelta(days=28)


def test_a_mail_is_sent_once_however_often_its_job_runs(joe: Person, smtp: SmtpServer) -> None:
    invitation = plan(SurveyFactory(), person=joe, cause="a")
    run_jobs()
    jobs.enqueue("surveys.send", {"invitation": invitation.pk})
    run_jobs()
    assert len(smtp.messages) == 1


def test_a_mail_whose_answer_got_lost_is_sent_again_as_the_same_mail_and_both_links_work(joe: Person, smtp: SmtpServer) -> None:
    invitation = plan(SurveyFactory(), person=joe, cause="a")
    smtp.drops = 1
    jobs.run_all(even_early=True)
    jobs.run_all(even_early=True)
    first, second = smtp.messages
    assert first["Message-ID"] == second["Message-ID"]
    found = [LINK.findall(parts(mail)[0])[0] for mail in smtp.messages]
    assert found[0] != found[1]
    assert [tokens.find(token) for token in found] == [invitation, invitation]
    invitation.refresh_from_db()
    assert (invitation.state, invitation.message_id) == ("sent", first["Message-ID"])


@pytest.fixture
def answer_early(smtp: SmtpServer, client: Client, clock: Any) -> Any:
    """answer_early(survey, seconds): the mail server takes the mail and is not heard saying so; the receiver answers so much later."""

    def answer(survey: Survey, seconds: int) -> Invitation:
        clock("2026-05-18 10:00")
        invitation = plan(survey, email="zoe@x.example", cause="a")
        smtp.drops = 1
        jobs.run_all(limit=1, even_early=True)
        link = LINK.search(parts(smtp.messages[0])[0])
        clock(utc("2026-05-18 10:00") + dt.timedelta(seconds=seconds - 10))
        page = PAGE.findall(client.get(link[0]).content.decode())[0]
        clock(utc("2026-05-18 10:00") + dt.timedelta(seconds=seconds))
        client.post(link[0], {"score": 9, "page": page})
        return invitation

    return answer


def test_an_answer_tells_that_a_mail_arrived_of_which_we_do_not_know(
    organisation: Any, smtp: SmtpServer, answer_early: Any
) -> None:
    survey = SurveyFactory()
    invitation = answer_early(survey, seconds=60)
    run_jobs()
    assert len(smtp.messages) == 1
    invitation.refresh_from_db()
    assert (invitation.state, invitation.sent_at, invitation.delivered_at) == ("answered", *[utc("2026-05-18 10:00")] * 2)
    assert Event.objects.filter(kind="survey.sent").count() == 1
    assert plan(survey, email="zoe@x.example", cause="b").reason == "throttled"


def test_an_answer_right_after_a_mail_is_suspect_even_before_we_know_that_it_was_taken(
    organisation: Any, answer_early: Any
) -> None:
    invitation = answer_early(SurveyFactory(), seconds=20)
    assert invitation.response.reasons == ["fast_after_mail"]


@pytest.mark.parametrize(("heard", "state", "mails"), [("nothing", "sent", 1), ("451", "skipped", 0)])
def test_a_link_that_may_lie_in_a_mailbox_works_though_its_ticket_was_reopened_before_the_next_try(
    organisation: Any, smtp: SmtpServer, client: Client, clock: Any, heard: str, state: str, mails: int
) -> None:
    clock("2026-05-18 10:00")
    SurveyFactory(kind="csat", trigger="ticket_solved", delay_hours=0)
    ticket = TicketFactory(email="zoe@x.example", created_at=utc("2026-05-18 09:00"))
    support.solve(ticket)
    while not Invitation.objects.exists():
        jobs.run_all(limit=1, even_early=True)
    smtp.drops, smtp.busy = (1, 0) if heard == "nothing" else (0, 1)
    with pytest.raises(smtplib.SMTPException):
        sending.send(SimpleNamespace(payload={"invitation": Invitation.objects.get().pk}, attempt=1))
    support.reopen(ticket)
    run_jobs()
    invitation = Invitation.objects.get()
    assert (invitation.state, len(smtp.messages), invitation.tokens.count()) == (state, mails, mails)
    if mails:
        clock("2026-05-18 11:00")
        link = LINK.search(parts(smtp.messages[0])[0])
        page = PAGE.findall(client.get(link[0]).content.decode())[0]
        clock("2026-05-18 11:01")
        assert client.post(link[0], {"score": 5, "page": page}).status_code == 200
        assert Response.objects.get().state == "confirmed"


@pytest.mark.parametrize("meanwhile", ["withdrawn", "answered"])
def test_a_refusal_that_comes_after_something_else_happened_changes_nothing(organisation: Any, meanwhile: str) -> None:
    invitation = InvitationFactory(state="queued", delivered_at=None)
    stale = Invitation.objects.select_related("survey", "person", "company").get()
    services.withdraw(invitation) if meanwhile == "withdrawn" else ResponseFactory(
        survey=invitation.survey, invitation=invitation
    )
    sending._refused(stale, "550 no such user")
    invitation.refresh_from_db()
    assert (invitation.state, invitation.error) == (meanwhile, "")


def test_a_reminder_to_an_address_that_is_gone_bounces_the_invitation(organisation: Any, smtp: SmtpServer) -> None:
    invitation = InvitationFactory(email="gone@x.example")
    smtp.unknown = {"gone@x.example"}
    jobs.enqueue("surveys.remind", {"invitation": invitation.pk})
    run_jobs()
    invitation.refresh_from_db()
    assert (invitation.state, invitation.reminded_at) == ("bounced", None)
    assert "no such user" in invitation.error
    assert Event.objects.filter(kind="survey.bounced", subject_id=invitation.pk).count() == 1
    assert not Invitation.objects.delivered().exists()


def test_an_address_that_does_not_exist_bounces_and_is_not_tried_again(joe: Person, smtp: SmtpServer) -> None:
    smtp.unknown = {"joe@x.example"}
    invitation = plan(SurveyFactory(), person=joe, cause="a")
    run_jobs()
    invitation.refresh_from_db()
    assert (invitation.state, invitation.delivered_at) == ("bounced", None)
    assert "no such user" in invitation.error
    assert not Job.objects.filter(state="waiting", kind="surveys.send").exists()


def test_a_busy_server_is_asked_again(joe: Person, smtp: SmtpServer) -> None:
    smtp.busy = 2
    invitation = plan(SurveyFactory(), person=joe, cause="a")
    jobs.run_all(even_early=True)
    invitation.refresh_from_db()
    assert (invitation.state, len(smtp.messages)) == ("sent", 1)


def test_a_mail_that_fails_every_time_says_so(joe: Person, smtp: SmtpServer) -> None:
    smtp.busy = 99
    invitation = plan(SurveyFactory(), person=joe, cause="a")
    jobs.run_all(even_early=True)
    invitation.refresh_from_db()
    assert (invitation.state, invitation.sent_at) == ("failed", None)
    assert "451" in invitation.error


@pytest.mark.parametrize("reason", ["unsubscribed", "inactive", "throttled"])
def test_what_changed_while_it_waited_is_seen_before_it_is_sent(joe: Person, smtp: SmtpServer, reason: str) -> None:
    survey = SurveyFactory()
    invitation = plan(survey, person=joe, cause="a")
    if reason == "unsubscribed":
        services.unsubscribe(InvitationFactory(email="joe@x.example", sent_at=utc("2020-01-01")))
    elif reason == "inactive":
        services.change_survey(survey, active=False)
    else:
        InvitationFactory(person=joe)
    run_jobs()
    assert not smtp.messages
    invitation.refresh_from_db()
    assert (invitation.state, invitation.reason) == ("skipped", reason)


def test_who_has_not_answered_is_reminded_once(people: People, smtp: SmtpServer, clock: Any) -> None:
    survey = SurveyFactory(reminder_days=5)
    start = utc("2026-05-18 10:00")
    clock(start)
    silent, answered = (InvitationFactory(survey=survey, email=f"{name}@x.example") for name in ("silent", "answered"))
    ResponseFactory(survey=survey, invitation=answered)
    for day in (22, 23, 24):
        clock(utc(f"2026-05-{day} 00:10"))
        reminders(Period(dt.date(2026, 5, day - 1), dt.date(2026, 5, day), "day"))
        run_jobs()
        assert len(smtp.messages) == (0 if day == 22 else 1)
    assert smtp.envelopes == [["silent@x.example"]]
    assert smtp.messages[0]["Subject"].startswith("Reminder:")
    silent.refresh_from_db()
    assert silent.reminded_at == utc("2026-05-23 00:10")


@pytest.mark.parametrize("reason", ["inactive", "unsubscribed", "reopened"])
def test_a_reminder_is_not_sent_after_what_changed_and_says_why_once(
    people: People, smtp: SmtpServer, clock: Any, reason: str
) -> None:
    start = utc("2026-05-18 10:00")
    clock(start)
    ticket = TicketFactory(requester=PersonFactory(emails=["joe@x.example"]))
    survey = SurveyFactory(reminder_days=5, trigger="ticket_solved", delay_hours=0)
    support.solve(ticket)
    run_jobs()
    invitation = Invitation.objects.get()
    assert invitation.state == "sent"
    smtp.messages.clear()
    clock(utc("2026-05-23 00:10"))
    jobs.enqueue("surveys.remind", {"invitation": invitation.pk})
    if reason == "inactive":
        services.change_survey(survey, active=False)
    elif reason == "unsubscribed":
        services.unsubscribe(invitation)
    else:
        support.reopen(ticket)
    run_jobs()
    services.change_survey(survey, active=True)
    clock(utc("2026-05-24 00:10"))
    reminders(Period(dt.date(2026, 5, 23), dt.date(2026, 5, 24), "day"))
    run_jobs()
    invitation.refresh_from_db()
    assert (len(smtp.messages), invitation.reminded_at, invitation.not_reminded) == (0, None, reason)
    [event] = Event.objects.filter(kind="survey.reminder_skipped", subject_id=invitation.pk)
    assert event.new["reason"] == reason


def test_what_nobody_answered_in_time_expires(organisation: Any, clock: Any) -> None:
    clock(utc("2026-05-18 10:00"))
    old = InvitationFactory(sent_at=utc("2026-04-20 10:00"))
    fresh = InvitationFactory(sent_at=utc("2026-04-20 10:01"))
    expire_daily(Period(dt.date(2026, 5, 17), dt.date(2026, 5, 18), "day"))
    run_jobs()
    assert [Invitation.objects.get(pk=row.pk).state for row in (old, fresh)] == ["expired", "sent"]


def test_a_hostile_name_breaks_no_header_and_no_page(people: People, smtp: SmtpServer, organisation: Any) -> None:
    organisation.name = 'Evil" <b>\r\nBcc: spy@x.example'
    organisation.save()
    survey = SurveyFactory()
    services.change_question(survey, texts={"en": {"question": "<script>alert(1)</script>\r\nBcc: spy@x.example"}})
    plan(survey, email="joe@x.example", cause="a")
    run_jobs()
    [mail] = smtp.messages
    assert mail["Bcc"] is None
    assert "<script>" not in parts(mail)[1]
    assert smtp.envelopes == [["joe@x.example"]]


def test_secrets_are_in_no_event_and_no_job(joe: Person, smtp: SmtpServer) -> None:
    plan(SurveyFactory(), person=joe, cause="a")
    run_jobs()
    token = LINK.findall(parts(smtp.messages[0])[0])[0]
    for model in (Event, Job, Invitation, InvitationToken):
        assert token not in str(list(model.objects.values()))
