"""Messages: what stays inside, what stops a send, and which files are let in."""

from __future__ import annotations

import datetime as dt
import os
import threading
from contextlib import suppress

import pytest
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from crm.events import Origin, acting
from crm.models import Event
from support import catalogue, html, outgoing, services
from support.files import sweep
from support.models import Attachment, Message, Ticket
from tests.factories import CompanyFactory, MessageFactory, PersonFactory, TicketFactory

pytestmark = pytest.mark.django_db

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 20


@pytest.fixture(autouse=True)
def _files(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def gus(people, clock):
    clock("2026-05-04 10:00")
    return people.gus


@pytest.fixture
def ticket(gus):
    return TicketFactory(requester=PersonFactory(emails=["lisa@example.com"]))


# --- notes -----------------------------------------------------------------------------------------------------------


def test_a_note_is_public_in_no_way(ticket, gus):
    note = MessageFactory(
        ticket=ticket, by=gus, visibility="note", body="He shouts.", attachments=[SimpleUploadedFile("a.png", PNG)]
    )
    assert note not in Message.objects.public()
    assert not Attachment.objects.public().exists()
    assert (note.mail_state, note.to) == ("none", "")
    with pytest.raises(ValueError, match="public"):
        outgoing.compose(note)
    for event in Event.objects.all():
        assert "shouts" not in f"{event.old} {event.new} {event.subject_name}"
    told = Event.objects.get(kind="ticket.noted")
    assert {link.object_type for link in told.links.all()} == {"support.ticket"}


def test_only_those_who_work_on_tickets_read_notes_and_their_files(ticket, gus, people):
    with acting(people.ada, Origin.PAGE):
        services.change_ticket(ticket, company=CompanyFactory(owner=people.ann), team=people.north)
    MessageFactory(ticket=ticket, by=gus, visibility="note", attachments=[SimpleUploadedFile("a.png", PNG)])
    MessageFactory(ticket=ticket, attachments=[SimpleUploadedFile("b.png", PNG)])
    read = {user.username: Message.objects.readable_by(user).filter(visibility="note").exists() for user in people}
    assert {name for name, yes in read.items() if yes} == {"max", "ada", "gus"}
    files = {user.username: set(Attachment.objects.visible_to(user).values_list("name", flat=True)) for user in people}
    assert files["gus"] == files["max"] == {"a.png", "b.png"}
    assert files["ann"] == files["mia"] == {"b.png"}
    assert files["cleo"] == set()


def test_the_database_refuses_a_note_that_is_to_be_mailed(ticket):
    with pytest.raises(IntegrityError), transaction.atomic():
        Message.objects.create(
            ticket=ticket, visibility="note", author="agent", body="x", to="a@example.com", mail_state="queued"
        )


def test_what_a_customer_writes_cannot_be_a_note(ticket):
    with pytest.raises(ValidationError):
        MessageFactory(ticket=ticket, visibility="note", author="customer")


# --- what a message does ---------------------------------------------------------------------------------------------


def test_a_customers_message_takes_a_waiting_ticket_up_again(ticket, gus):
    MessageFactory(ticket=ticket, by=gus, status=catalogue.default_status("waiting_customer"))
    ticket.refresh_from_db()
    assert (ticket.category, ticket.unanswered_since) == ("waiting_customer", None)
    MessageFactory(ticket=ticket)
    ticket.refresh_from_db()
    assert ticket.category == "open" and ticket.unanswered_since is not None


def test_an_empty_message_is_refused_and_changes_nothing(ticket, gus):
    with pytest.raises(ValidationError) as error:
        MessageFactory(ticket=ticket, by=gus, body="  ", status=catalogue.default_status("done"))
    assert "body" in error.value.message_dict
    assert Ticket.objects.get(pk=ticket.pk).category == "open"


def test_sending_stops_when_something_arrived_after_what_was_read(ticket, gus):
    read = ticket.messages.last().pk
    new = MessageFactory(ticket=ticket, body="Wait!")
    note = MessageFactory(ticket=ticket, by=gus, visibility="note")
    with pytest.raises(services.SomethingNew) as stop:
        MessageFactory(ticket=ticket, by=gus, expected_last_message_id=read, status=catalogue.default_status("done"))
    assert stop.value.messages == [new, note]
    assert ticket.messages.count() == 3
    assert MessageFactory(ticket=ticket, by=gus, expected_last_message_id=note.pk).pk


def test_the_same_form_sent_twice_is_one_message(ticket, gus):
    first = MessageFactory(ticket=ticket, by=gus, nonce="abc")
    assert MessageFactory(ticket=ticket, by=gus, nonce="abc", expected_last_message_id=0) == first
    assert ticket.messages.count() == 2


@pytest.mark.django_db(transaction=True)
def test_of_two_agents_who_answer_at_once_one_is_stopped(people):
    ticket = TicketFactory()
    read = ticket.messages.last().pk
    results: list[str] = []
    start = threading.Barrier(2)

    def answer(user):
        try:
            start.wait()
            MessageFactory(ticket=Ticket.objects.get(pk=ticket.pk), by=user, expected_last_message_id=read)
            results.append("sent")
        except services.SomethingNew:
            results.append("stopped")
        finally:
            connection.close()

    threads = [threading.Thread(target=answer, args=[user]) for user in (people.gus, people.ada)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(results) == ["sent", "stopped"]
    assert ticket.waits.count() == 1
    assert ticket.states.filter(end__isnull=True).count() == 1


# --- files -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("page.html", b"<html>"),
        ("drawing.svg", b"<svg onload=alert(1)>"),
        ("run.exe", b"MZ"),
        ("photo.png", b"<script>alert(1)</script>"),
        ("notes.txt", b"<!DOCTYPE html><script>x</script>"),
        ("notes.txt", b"\0\1\2"),
        ("report.pdf", PNG),
        ("noname", PNG),
        ("empty.png", b""),
    ],
)
def test_a_file_that_is_not_what_it_says_is_refused_and_nothing_is_kept(ticket, tmp_path, name, content):
    with pytest.raises(ValidationError) as error:
        MessageFactory(ticket=ticket, attachments=[SimpleUploadedFile("good.png", PNG), SimpleUploadedFile(name, content)])
    assert "attachments" in error.value.message_dict
    assert ticket.messages.count() == 1
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_a_file_of_what_was_rolled_back_is_swept_and_those_that_belong_to_something_stay(ticket, gus, tmp_path):
    MessageFactory(ticket=ticket, by=gus, attachments=[SimpleUploadedFile("a.png", PNG)])
    with suppress(RuntimeError), transaction.atomic():
        MessageFactory(ticket=ticket, by=gus, attachments=[SimpleUploadedFile("b.png", PNG)])
        raise RuntimeError
    now = timezone.now()
    written = [path for path in tmp_path.rglob("*") if path.is_file()]
    for path in written:
        os.utime(path, (now.timestamp(), now.timestamp()))
    assert (len(written), sweep(now + dt.timedelta(hours=23)), sweep(now + dt.timedelta(hours=25))) == (2, 0, 1)
    assert Attachment.objects.get().file.size == len(PNG)


def test_a_file_is_kept_under_a_path_that_says_nothing(ticket):
    MessageFactory(ticket=ticket, attachments=[SimpleUploadedFile("../../photo\u202egnp.png", PNG)])
    row = Attachment.objects.get()
    assert (row.name, row.content_type, row.size) == ("photognp.png", "image/png", len(PNG))
    assert "photo" not in row.file.name and str(ticket.pk) not in row.file.name.split("/")
    with row.file.open() as file:
        assert file.read() == PNG


def test_too_large_and_too_many_files_are_refused(ticket):
    large = SimpleUploadedFile("large.png", PNG)
    large.size = 10 * 1024 * 1024 + 1
    for files in ([large], [SimpleUploadedFile(f"{n}.png", PNG) for n in range(11)]):
        with pytest.raises(ValidationError):
            MessageFactory(ticket=ticket, attachments=files)


# --- html ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "nasty",
    [
        "<script>alert(1)</script>",
        "<img src=http://tracker.example/x.png>",
        "<a href='javascript:alert(1)'>x</a>",
        "<a href='java\tscript:alert(1)'>x</a>",
        "<p style='position:fixed' onclick=x class=y hx-get=/ data-hx-on=x>t</p>",
        "<svg/onload=alert(1)>",
        "<iframe src=//evil></iframe><form action=/x><input></form>",
        "<base href=//evil><meta http-equiv=refresh content=0><link rel=stylesheet href=//evil>",
        "<math><mtext><table><mglyph><style><!--</style><img title='--&gt;&lt;img src=1 onerror=alert(1)&gt;'>",
    ],
)
def test_html_from_outside_is_shown_without_anything_that_acts_or_loads(nasty):
    shown = html.safe(f"<p>Hello</p>{nasty}").lower()
    assert "<p>hello</p>" in shown
    for word in (
        "<script",
        "<img",
        "<svg",
        "<iframe",
        "<form",
        "javascript:",
        "style=",
        "onclick",
        "hx-",
        "class=",
        "<base",
        "<meta",
    ):
        assert word not in shown
