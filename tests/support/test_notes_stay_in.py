"""An internal note never leaves: asked of every way out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from crm import jobs
from crm.events import Origin, acting
from crm.models import Event, Job
from support import outgoing, services
from support.links import token_for
from support.models import Message, Ticket
from tests.api import Api
from tests.factories import CompanyFactory, MessageFactory, PersonFactory, SlaPolicyFactory, SurveyFactory, TicketFactory
from tests.people import People

pytestmark = pytest.mark.django_db

WORDS = "owes us ten thousand"


@pytest.fixture
def note(people: People) -> Message:
    """With a file, on the ticket of a customer of Ann's, between public messages."""
    company = CompanyFactory(name="Aster Foods", owner=people.ann)
    nora = PersonFactory(name="Nora Lind", company=company, owner=people.ann, emails=["nora@aster.example"])
    ticket = TicketFactory(subject="Pump stops", requester=nora)
    file = SimpleUploadedFile("debts.txt", WORDS.encode())
    row = MessageFactory(ticket=ticket, by=people.gus, visibility="note", body=f"He {WORDS}", attachments=[file])
    MessageFactory(ticket=ticket, by=people.gus, body="We are on it.")
    return row


ClientOf = Callable[[Any], Client]


def text_of(response: Any) -> str:
    content = b"".join(response.streaming_content) if response.streaming else response.content
    return content.decode("utf-8", "replace")


@pytest.mark.parametrize("who", ["gus", "ada"])
def test_the_team_reads_it(people: People, client_of: ClientOf, note: Message, who: str) -> None:
    assert WORDS in text_of(client_of(getattr(people, who)).get(note.ticket.get_absolute_url()))


@pytest.mark.parametrize("who", ["ann", "mia"])
@pytest.mark.parametrize(
    "path", ["page", "/tickets/?view=all", "company", "person", "/search/?q=thousand", "/tickets/?view=all&q=thousand"]
)
def test_no_page_shows_it_to_others(people: People, client_of: ClientOf, note: Message, who: str, path: str) -> None:
    ticket = note.ticket
    pages = {"page": ticket, "company": ticket.company, "person": ticket.requester}
    url = pages[path].get_absolute_url() if path in pages else path
    text = text_of(client_of(getattr(people, who)).get(url))
    assert WORDS not in text
    assert "debts.txt" not in text


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
@pytest.mark.parametrize("who", ["gus", "ada"])
def test_no_export_holds_it(people: People, client_of: ClientOf, note: Message, who: str, kind: str) -> None:
    assert WORDS not in text_of(client_of(getattr(people, who)).get(f"/tickets/?export={kind}"))


def test_its_file_and_layout_are_for_the_team_alone(people: People, client_of: ClientOf, note: Message) -> None:
    Message.objects.filter(pk=note.pk).update(html=f"<p>{WORDS}</p>")
    paths = [f"/tickets/files/{note.attachments.get().pk}/", f"/tickets/messages/{note.pk}/html/"]
    for path in paths:
        assert WORDS in text_of(client_of(people.gus).get(path))
        assert client_of(people.ann).get(path).status_code == 404
        assert client_of(people.mia).get(path).status_code == 404


def test_when_it_was_written_does_not_show_as_the_last_message(people: People, note: Message) -> None:
    later = MessageFactory(ticket=note.ticket, by=people.gus, visibility="note")
    ticket = Ticket.objects.get()
    assert ticket.last_message_at == ticket.messages.public().latest("at").at
    assert ticket.last_message_at < later.at


def test_the_api_gives_it_to_the_team_alone(people: People, note: Message) -> None:
    path = f"/tickets/{note.ticket_id}/messages/"
    assert WORDS in Api(people.gus).get(path).content.decode()
    for user in (people.ann, people.mia):
        response = Api(user).get(path)
        assert response.status_code == 200
        assert WORDS not in response.content.decode()
        assert WORDS not in Api(user).get(f"/tickets/{note.ticket_id}/").content.decode()


def test_searching_and_listing_through_the_api_does_not_find_it(people: People, note: Message) -> None:
    for user in (people.ann, people.mia):
        api = Api(user)
        for path in ("/tickets/?q=thousand", "/tickets/", f"/tickets/{note.ticket_id}/clocks/"):
            response = api.get(path)
            assert response.status_code == 200
            assert WORDS not in response.content.decode()
        assert api.get("/tickets/?q=thousand").json()["results"] == []


def test_no_event_and_no_job_carries_its_words(people: People, note: Message) -> None:
    """What timelines, alarms and surveys are told, and what workers are handed."""
    for model in (Event, Job):
        assert WORDS not in str(list(model.objects.values()))
    assert Event.objects.filter(kind="ticket.noted").exists()


def test_the_warnings_of_a_late_ticket_and_its_survey_do_not_carry_it(people: People, note: Message, mailoutbox: list) -> None:
    SlaPolicyFactory(goals={"resolution": 1}, goals__business=False)
    SurveyFactory(kind="csat", trigger="ticket_solved", delay_hours=0)
    with acting(people.gus, Origin.PAGE):
        services.change_ticket(note.ticket, priority="high")
        services.solve(note.ticket)
    jobs.run_all(even_early=True, strict=True)
    assert len(mailoutbox) == 2  # the public reply, the survey
    assert not any(WORDS in mail.message().as_string() for mail in mailoutbox)


def test_the_customers_page_does_not_know_of_it(note: Message) -> None:
    client, url = Client(), f"/t/{token_for(note.ticket)}/"
    text = text_of(client.get(url))
    assert "We are on it." in text
    assert WORDS not in text
    assert "debts.txt" not in text
    assert client.get(f"{url}files/{note.attachments.get().pk}/").status_code == 404


def test_no_mail_carries_it(people: People, note: Message) -> None:
    with pytest.raises(ValueError, match="public"):
        outgoing.compose(note)
    for message in Message.objects.public().filter(ticket=note.ticket):
        message.to = message.to or "nora@aster.example"
        assert WORDS not in outgoing.compose(message).message().as_string()


def test_the_timeline_of_company_and_person_does_not_know_that_it_is_there(
    people: People, client_of: ClientOf, note: Message
) -> None:
    text = text_of(client_of(people.ann).get(note.ticket.company.get_absolute_url()))
    assert "noted" not in text
    assert Ticket.objects.count() == 1


def test_a_manager_reads_the_notes_of_own_tickets_and_not_of_those_another_team_works_on(
    people: People, client_of: ClientOf, note: Message
) -> None:
    ticket, client = note.ticket, client_of(people.max)
    paths = [ticket.get_absolute_url(), "/tickets/?view=all"]
    file = f"/tickets/files/{note.attachments.get().pk}/"
    assert [WORDS in text_of(client.get(path)) for path in paths] == [False, False]
    assert WORDS not in Api(people.max).get(f"/tickets/{ticket.pk}/messages/").content.decode()
    assert client.get(file).status_code == 404
    Ticket.objects.filter(pk=ticket.pk).update(team=people.north)
    assert WORDS in text_of(client.get(paths[0]))
    assert WORDS in text_of(client.get(file))
