"""Replies by mail, through a real mail server: what arrives, what is tried again, what never leaves."""

from __future__ import annotations

import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from crm import jobs
from crm.models import Event, Job
from support import catalogue, links, outgoing, services
from support.models import Desk, Message
from tests.factories import MessageFactory, PersonFactory, QueueFactory, TicketFactory

pytestmark = pytest.mark.django_db

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 20


@pytest.fixture
def gus(people, settings, tmp_path):
    settings.MEDIA_ROOT, settings.SITE_URL = tmp_path, "https://desk.example"
    catalogue.save_desk(email="help@desk.example", name="Desk, Inc. <evil@x.example>")
    return people.gus


@pytest.fixture
def ticket(gus):
    return TicketFactory(
        subject="Printer", requester=PersonFactory(emails=["lisa@example.com"]), message_id="<first@example.com>"
    )


def send():
    jobs.run_all(limit=10, even_early=True)


def parts(mail):
    return [mail.get_body((kind,)).get_content() for kind in ("plain", "html")]


def test_a_public_reply_arrives_with_its_link_and_its_files(ticket, gus, smtp):
    reply = MessageFactory(ticket=ticket, by=gus, body="Try <this>.", attachments=[SimpleUploadedFile("a.png", PNG)])
    assert reply.mail_state == "queued"
    send()
    [mail] = smtp.messages
    assert smtp.envelopes == [["lisa@example.com"]]
    assert str(mail["Subject"]).strip() == f"Re: [{ticket.number}] Printer"
    [address] = mail["From"].addresses
    assert (address.addr_spec, address.display_name) == ("help@desk.example", "Desk, Inc. <evil@x.example>")
    text, page = parts(mail)
    assert "Try <this>." in text and "Try &lt;this&gt;." in page
    for body in (text, page):
        [token] = re.findall(r"https://desk\.example/t/([^/\s\"]+)/", body)[:1]
        assert links.ticket_of(token) == ticket
    assert [part.get_filename() for part in mail.iter_attachments()] == ["a.png"]
    reply.refresh_from_db()
    assert reply.mail_state == "sent" and reply.mailed_at is not None


def test_the_mail_says_what_it_answers(ticket, gus, smtp):
    first = MessageFactory(ticket=ticket, by=gus)
    MessageFactory(ticket=ticket, message_id="<second@example.com>")
    MessageFactory(ticket=ticket, by=gus, visibility="note")
    reply = MessageFactory(ticket=ticket, by=gus)
    send()
    mail = smtp.messages[-1]
    assert (mail["Message-ID"], mail["In-Reply-To"]) == (reply.message_id, "<second@example.com>")
    assert mail["References"].split() == ["<first@example.com>", first.message_id, "<second@example.com>"]
    assert reply.message_id.endswith("@desk.example>") and reply.message_id != first.message_id


def test_a_note_and_its_files_never_leave(ticket, gus, smtp):
    MessageFactory(ticket=ticket, by=gus, visibility="note", body="secret", attachments=[SimpleUploadedFile("n.png", PNG)])
    send()
    assert smtp.messages == [] and not Job.objects.filter(kind="support.send").exists()
    MessageFactory(ticket=ticket, by=gus, body="open")
    send()
    [mail] = smtp.messages
    assert b"secret" not in mail.as_bytes() and list(mail.iter_attachments()) == []


def test_a_job_for_a_note_sends_nothing(ticket, gus, smtp):
    note = MessageFactory(ticket=ticket, by=gus, visibility="note")
    outgoing.deliver(note.pk)
    assert smtp.messages == []


def test_what_the_customer_writes_is_not_mailed_back(ticket, smtp):
    MessageFactory(ticket=ticket)
    send()
    assert smtp.messages == []


def test_without_an_address_a_reply_is_kept_unmailed(gus, smtp):
    reply = MessageFactory(ticket=TicketFactory(), by=gus)
    send()
    assert (reply.mail_state, smtp.messages) == ("none", [])


def test_the_queues_address_comes_before_the_desks(gus, smtp):
    ticket = TicketFactory(email="max@example.com", queue=QueueFactory(email="returns@desk.example"))
    MessageFactory(ticket=ticket, by=gus)
    send()
    assert smtp.messages[0]["From"].addresses[0].addr_spec == "returns@desk.example"
    assert smtp.envelopes == [["max@example.com"]]


def test_a_busy_server_is_tried_again_with_the_same_id(ticket, gus, smtp):
    smtp.busy = 1
    reply = MessageFactory(ticket=ticket, by=gus)
    jobs.run_one(even_early=True)
    assert Message.objects.get(pk=reply.pk).mail_state == "queued"
    send()
    assert [mail["Message-ID"] for mail in smtp.messages] == [reply.message_id]


def test_a_mail_that_was_taken_without_an_answer_comes_twice_with_one_id(ticket, gus, smtp):
    smtp.drops = 1
    reply = MessageFactory(ticket=ticket, by=gus)
    send()
    assert [mail["Message-ID"] for mail in smtp.messages] == [reply.message_id] * 2
    assert Message.objects.get(pk=reply.pk).mail_state == "sent"


def test_an_unknown_address_is_told_at_once_and_can_be_tried_again(ticket, gus, smtp):
    smtp.unknown = {"lisa@example.com"}
    reply = MessageFactory(ticket=ticket, by=gus)
    send()
    reply.refresh_from_db()
    assert reply.mail_state == "failed" and "no such user" in reply.mail_error
    assert Job.objects.get(kind="support.send").attempt == 1
    assert Event.objects.filter(kind="ticket.mail_failed", subject_id=ticket.pk).count() == 1
    smtp.unknown = set()
    outgoing.send_again(reply)
    send()
    assert len(smtp.messages) == 1


def test_a_message_that_was_sent_is_not_sent_again(ticket, gus, smtp):
    reply = MessageFactory(ticket=ticket, by=gus)
    send()
    outgoing.deliver(reply.pk)
    assert len(smtp.messages) == 1


def test_the_reply_is_framed_in_the_customers_language(gus, smtp):
    ticket = TicketFactory(email="lisa@example.com", language="fr", subject="Imprimante")
    MessageFactory(ticket=ticket, by=gus)
    send()
    assert '<html lang="fr">' in parts(smtp.messages[0])[1]


def test_a_line_break_in_the_subject_adds_no_header(gus, smtp):
    ticket = TicketFactory(email="lisa@example.com", subject="Hello\r\nBcc: all@example.com")
    MessageFactory(ticket=ticket, by=gus)
    send()
    assert smtp.envelopes == [["lisa@example.com"]]
    assert smtp.messages[0]["Bcc"] is None


@pytest.mark.parametrize("whose", ["desk", "organisation"])
def test_a_line_break_in_the_senders_name_adds_no_header(ticket, gus, smtp, organisation, whose):
    hostile = "Desk\r\nBcc: all@example.com"
    Desk.objects.update(name=hostile if whose == "desk" else "")
    organisation.name = hostile if whose == "organisation" else "Aster"
    organisation.save()
    MessageFactory(ticket=ticket, by=gus)
    send()
    [mail] = smtp.messages
    assert mail["From"].addresses[0].display_name == "Desk Bcc: all@example.com"
    assert mail["Bcc"] is None
    assert smtp.envelopes == [["lisa@example.com"]]


def test_a_ticket_is_acknowledged_once_a_day_and_in_our_words_only(gus, smtp):
    for _again in range(2):
        services.acknowledge(TicketFactory(email="victim@example.com", subject="Buy pills", body="Buy pills"))
    send()
    [mail] = smtp.messages
    assert mail["Auto-Submitted"] == "auto-replied"
    assert b"pills" not in mail.as_bytes()
