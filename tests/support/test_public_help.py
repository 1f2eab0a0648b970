"""The form that anybody may open, and the page of a ticket behind its link."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from contacts.models import Person
from support import services
from support.links import token_for
from support.models import Ticket
from support.views import public
from tests.factories import MessageFactory, PersonFactory, QueueFactory, TicketFactory
from tests.people import People

pytestmark = pytest.mark.django_db


@pytest.fixture
def visitor() -> Client:
    """A browser that is strict about CSRF, as real ones are."""
    return Client(enforce_csrf_checks=True)


@pytest.fixture
def fill_in(visitor: Client, clock: Any, people: People) -> Callable[..., Any]:
    """fill_in(name=...): opens the form, waits a minute, sends it."""

    def send(**values: Any) -> Any:
        now = timezone.now()
        clock(now)
        page = page_of(visitor.get("/help/"))
        clock(now + dt.timedelta(seconds=values.pop("seconds", 60)))
        data = {"name": "Nora Lind", "email": "nora@aster.example", "subject": "Pump stops", "body": "Please help."}
        return visitor.post("/help/", {**data, "page": page, **values})

    return send


def page_of(response: Any) -> str:
    found = re.search(r'name="page" value="([^"]+)"', response.content.decode())
    assert found
    return found[1]


def status_url(ticket: Ticket) -> str:
    return f"/t/{token_for(ticket)}/"


@pytest.fixture
def write(visitor: Client, clock: Any) -> Callable[..., Any]:
    """write(ticket, body=...): opens the page of the ticket, waits a minute, sends one of its forms."""

    def send(ticket: Ticket, *, seconds: int = 60, **values: Any) -> Any:
        now = timezone.now()
        clock(now)
        page = page_of(visitor.get(status_url(ticket)))
        clock(now + dt.timedelta(seconds=seconds))
        return visitor.post(status_url(ticket), {"page": page, **values})

    return send


# --- asking


def test_the_form_opens_a_ticket_and_leads_to_its_page(fill_in: Callable, visitor: Client) -> None:
    response = fill_in()
    row = Ticket.objects.get()
    said = row.messages.first()
    assert response.status_code == 302
    assert response["Location"].startswith(status_url(row))
    assert (row.channel, row.requester.name, row.origin, row.agent_opened) == ("web", "Nora Lind", "form", False)
    assert (said.visibility, said.author, said.body) == ("public", "customer", "Please help.")
    assert row.number in visitor.get(response["Location"]).content.decode()


def test_the_link_is_mailed_to_the_address_that_was_given(fill_in: Callable) -> None:
    fill_in()
    mail = Ticket.objects.get().messages.last()
    assert (mail.to, mail.automatic, mail.mail_state) == ("nora@aster.example", True, "queued")


def test_a_known_address_keeps_its_person_and_name_and_the_answer_looks_the_same(fill_in: Callable, people: People) -> None:
    nora = PersonFactory(name="Dr Nora Lind", owner=people.ann, emails=["nora@aster.example"])
    known = fill_in(email="Nora@Aster.example", name="Somebody")
    unknown = fill_in(email="new@other.example", name="Somebody")
    nora.refresh_from_db()
    assert Ticket.objects.get(email__iexact="nora@aster.example").requester == nora
    assert nora.name == "Dr Nora Lind"
    assert (known.status_code, unknown.status_code) == (302, 302)
    assert re.sub("t/[^/]+", "", known["Location"]) == re.sub("t/[^/]+", "", unknown["Location"])


def test_a_signed_in_colleague_asks_as_a_customer_too(people: People, client_of: Any, clock: Any) -> None:
    client = client_of(people.gus)
    page = page_of(client.get("/help/"))
    clock(timezone.now() + dt.timedelta(minutes=1))
    data = {"name": "Gus", "email": "gus@home.example", "subject": "Hm", "body": "Hm", "page": page}
    client.post("/help/", data)
    row = Ticket.objects.get()
    assert (row.created_by, row.origin, row.messages.first().author) == (None, "form", "customer")


def test_what_is_missing_is_said_at_its_field_and_nothing_typed_is_lost(fill_in: Callable) -> None:
    response = fill_in(email="no address", subject="")
    text = response.content.decode()
    assert response.status_code == 422
    assert "Please help." in text
    assert "no address" in text
    assert text.count('class="error"') == 2
    assert not Ticket.objects.exists()


def test_a_trap_that_people_do_not_see_takes_machines(fill_in: Callable) -> None:
    response = fill_in(website="https://spam.example")
    assert response.status_code == 200
    assert "Thank you" in response.content.decode()
    assert not Ticket.objects.exists()
    assert not Person.objects.exists()


@pytest.mark.parametrize(("seconds", "code"), [(1, 422), (60, 302), (25 * 3600, 422)])
def test_a_page_that_is_sent_at_once_or_days_later_is_asked_again(fill_in: Callable, seconds: int, code: int) -> None:
    response = fill_in(seconds=seconds)
    assert response.status_code == code
    if code == 422:
        assert "Please help." in response.content.decode()


@pytest.mark.parametrize("page", ["", "odd", "a:b:c", "x" * 3000])
def test_a_form_without_the_mark_of_our_page_opens_nothing(fill_in: Callable, page: str) -> None:
    assert fill_in(page=page).status_code == 422
    assert not Ticket.objects.exists()


def test_a_page_that_is_sent_twice_is_one_ticket(visitor: Client, people: People, clock: Any) -> None:
    page = page_of(visitor.get("/help/"))
    clock(timezone.now() + dt.timedelta(minutes=1))
    data = {"name": "Nora", "email": "nora@aster.example", "subject": "Pump", "body": "Stops.", "page": page}
    first, second = visitor.post("/help/", data), visitor.post("/help/", data)
    assert first["Location"] == second["Location"]
    assert Ticket.objects.count() == 1


def test_a_page_whose_first_sending_died_waits_a_minute_and_then_asks(
    visitor: Client, people: People, clock: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    page, start = page_of(visitor.get("/help/")), timezone.now()
    data = {"name": "Nora", "email": "nora@aster.example", "subject": "Pump", "body": "Stops.", "page": page}

    def send(seconds: int) -> Any:
        clock(start + dt.timedelta(seconds=seconds))
        return visitor.post("/help/", data)

    with monkeypatch.context() as killed:  # no `except` runs in a process that is killed
        killed.setattr(public, "_open", lambda data: 1 / 0)
        killed.setattr(public.cache, "delete", lambda key: None)
        with pytest.raises(ZeroDivisionError):
            send(60)
    assert "Thank you" in send(70).content.decode()
    assert not Ticket.objects.exists()
    assert send(60 + public.UNDER_WAY + 1).status_code == 302
    assert Ticket.objects.count() == 1


def test_the_eleventh_form_in_a_minute_waits_and_keeps_what_was_typed(fill_in: Callable, visitor: Client) -> None:
    for _number in range(10):
        visitor.post("/help/", {})
    response = visitor.post("/help/", {"body": "My long story"})
    assert response.status_code == 429
    assert "My long story" in response.content.decode()


def test_a_bad_file_is_refused_by_name_and_opens_nothing(fill_in: Callable) -> None:
    response = fill_in(attachments=SimpleUploadedFile("run.exe", b"MZ"))
    assert response.status_code == 422
    assert "run.exe" in response.content.decode()
    assert not Ticket.objects.exists()
    assert not Person.objects.exists()


def test_only_public_queues_are_offered_and_taken(fill_in: Callable, visitor: Client) -> None:
    QueueFactory(name="Repairs")
    QueueFactory(name="Sales")
    hidden = QueueFactory(name="Internal affairs", public=False)
    text = visitor.get("/help/").content.decode()
    assert "Repairs" in text
    assert "Internal affairs" not in text
    assert fill_in(queue=hidden.pk).status_code == 422


# --- the page behind the link


@pytest.fixture
def ticket(people: People) -> Ticket:
    nora = PersonFactory(name="Nora Lind", owner=people.ann, emails=["nora@aster.example"])
    return TicketFactory(subject="Pump stops", requester=nora, body="It stops every night.")


def test_it_shows_what_was_said_in_public(visitor: Client, ticket: Ticket, people: People) -> None:
    MessageFactory(ticket=ticket, by=people.gus, body="Please restart it.")
    text = visitor.get(status_url(ticket)).content.decode()
    assert "It stops every night." in text
    assert "Please restart it." in text
    assert "Gus" in text
    assert "Gray" not in text


def test_an_answer_is_a_public_message_of_the_customer(write: Callable, ticket: Ticket, people: People) -> None:
    response = write(ticket, body="Still stops.", attachments=SimpleUploadedFile("a.txt", b"a"))
    said = ticket.messages.last()
    assert response.status_code == 302
    assert (said.visibility, said.author, said.person, said.body) == ("public", "customer", ticket.requester, "Still stops.")
    assert said.attachments.get().name == "a.txt"


def test_an_answer_reopens_what_was_solved(write: Callable, ticket: Ticket) -> None:
    services.solve(ticket)
    write(ticket, body="Not yet.")
    ticket.refresh_from_db()
    assert ticket.category == "open"


def test_an_answer_to_a_closed_ticket_leads_to_the_one_that_goes_on(write: Callable, ticket: Ticket) -> None:
    services.close(ticket)
    response = write(ticket, body="Again.")
    sequel = Ticket.objects.get(followed_up=ticket)
    assert response["Location"].startswith(status_url(sequel))


def test_the_customer_says_that_it_is_solved_and_takes_it_back(write: Callable, ticket: Ticket) -> None:
    write(ticket, do="solved")
    ticket.refresh_from_db()
    assert ticket.category == "done"
    write(ticket, do="reopen")
    ticket.refresh_from_db()
    assert ticket.category == "open"


@pytest.mark.parametrize("wish", [{"do": "solved"}, {"body": "From a machine"}])
def test_what_is_sent_without_its_page_or_at_once_does_nothing_and_is_asked_again(
    visitor: Client, write: Callable, ticket: Ticket, wish: dict[str, str]
) -> None:
    other = page_of(visitor.get(status_url(TicketFactory())))
    answers = [visitor.post(status_url(ticket), {**wish, **page}) for page in ({}, {"page": "x"}, {"page": other})]
    answers.append(write(ticket, seconds=0, **wish))
    ticket.refresh_from_db()
    assert [answer.status_code for answer in answers] == [422] * 4
    assert all("Please press the button once more." in answer.content.decode() for answer in answers)
    assert wish.get("body", "") in answers[0].content.decode()
    assert (ticket.category, ticket.messages.count()) == ("open", 1)


def test_opening_the_page_changes_nothing(visitor: Client, ticket: Ticket) -> None:
    before = list(Ticket.objects.values()), ticket.messages.count()
    for method in (visitor.get, visitor.head):
        assert method(status_url(ticket) + "?do=solved").status_code == 200
    assert (list(Ticket.objects.values()), ticket.messages.count()) == before


def test_a_reply_that_is_sent_twice_is_one_message(write: Callable, ticket: Ticket) -> None:
    for _time in range(2):
        write(ticket, body="Once", nonce="n" * 20)
    assert ticket.messages.filter(body="Once").count() == 1


def test_every_wrong_link_gets_the_same_answer(visitor: Client, ticket: Ticket, people: People) -> None:
    good = token_for(ticket)
    spam = TicketFactory()
    services.mark_spam(spam)
    old = TicketFactory()
    revoked = token_for(old)
    services.revoke_link(old)
    tokens = [good[:-1], good + "x", "x", "1:2", "%", revoked, token_for(spam), good.split(":")[0] + ":" + "a" * 43]
    answers = {(response.status_code, response.content) for response in (visitor.get(f"/t/{token}/") for token in tokens)}
    assert len(answers) == 1
    assert answers.pop()[0] == 404
    assert visitor.get(status_url(old)).status_code == 200


def test_guessing_links_ends_in_a_wait(visitor: Client, ticket: Ticket) -> None:
    for number in range(20):
        visitor.get(f"/t/guess{number}/")
    assert visitor.get("/t/guess/").status_code == 429


@pytest.mark.parametrize("path", ["/help/", "status", "/t/unknown/"])
def test_a_page_is_small_private_and_without_script_or_cookie(visitor: Client, ticket: Ticket, path: str) -> None:
    response = visitor.get(status_url(ticket) if path == "status" else path)
    text = response.content.decode()
    assert response["Cache-Control"] == "no-store"
    assert response["Referrer-Policy"] == "no-referrer"
    assert "noindex" in response["X-Robots-Tag"]
    assert "script-src 'none'" in response["Content-Security-Policy"]
    assert not response.cookies
    assert "<script" not in text
    assert re.findall(r'(?:src|href)="(?:https?:)?//', text) == []
    styles = sum(len((settings.BASE_DIR / f"static/css/{name}.css").read_bytes()) for name in ("tokens", "help"))
    assert len(response.content) + styles < 50_000


@pytest.mark.parametrize(
    ("language", "words"), [("en", "How can we help?"), ("fr", "Au plus 10 fichiers de 10 Mo chacun."), ("es", 'lang="es"')]
)
def test_the_reader_switches_the_language(visitor: Client, people: People, language: str, words: str) -> None:
    response = visitor.get(f"/help/?l={language}")
    assert response["Content-Language"] == language
    assert words in response.content.decode()


def test_a_public_file_is_a_download_and_a_notes_file_or_anothers_is_not_there(
    visitor: Client, ticket: Ticket, people: People
) -> None:
    text = SimpleUploadedFile("log.txt", b"line")
    MessageFactory(ticket=ticket, by=people.gus, attachments=[text])
    public = ticket.messages.last().attachments.get()
    MessageFactory(ticket=ticket, by=people.gus, visibility="note", attachments=[text])
    note = ticket.messages.last().attachments.get()
    other = TicketFactory(attachments=[text]).messages.get().attachments.get()
    response = visitor.get(f"{status_url(ticket)}files/{public.pk}/")
    assert b"".join(response.streaming_content) == b"line"
    assert response["Content-Disposition"].startswith("attachment")
    assert response["Cache-Control"] == "no-store"
    for pk in (note.pk, other.pk, "abc", 10**30):
        assert visitor.get(f"{status_url(ticket)}files/{pk}/").status_code == 404
