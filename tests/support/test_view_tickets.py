"""A ticket's page, form, composer and actions."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from contacts.models import Person
from support.catalogue import default_status
from support.choices import Category
from support.conversation import split_quote
from support.models import Message, Ticket
from tests.factories import (
    CompanyFactory,
    DealFactory,
    MessageFactory,
    PersonFactory,
    QueueFactory,
    SavedReplyFactory,
    SlaPolicyFactory,
    TicketFactory,
)
from tests.people import People
from tests.suites import posted, queries_of

pytestmark = pytest.mark.django_db
ClientOf = Callable[[Any], Client]


@pytest.fixture
def ticket(people: People) -> Ticket:
    """Of Nora at Ann's company."""
    company = CompanyFactory(name="Aster Foods", owner=people.ann)
    nora = PersonFactory(name="Nora Lind", company=company, owner=people.ann, emails=["nora@aster.example"])
    return TicketFactory(subject="Pump stops", requester=nora)


def composed(client: Client, ticket: Ticket, **values: Any) -> dict[str, Any]:
    """What the composer posts as it stands, with these values."""
    form = client.get(ticket.get_absolute_url()).context["form"]
    return {**posted(form), "status": "", **values}


def send(client: Client, ticket: Ticket, **values: Any) -> Any:
    return client.post(f"/tickets/{ticket.pk}/message/", composed(client, ticket, **values))


# --- who sees it


@pytest.mark.parametrize(("who", "code"), [("gus", 200), ("ada", 200), ("ann", 200), ("cleo", 404), ("max", 200)])
def test_the_page_is_for_agents_and_for_those_who_look_after_the_company(
    people: People, client_of: ClientOf, ticket: Ticket, who: str, code: int
) -> None:
    assert client_of(getattr(people, who)).get(ticket.get_absolute_url()).status_code == code


def test_a_rep_reads_and_has_nothing_to_press(people: People, client_of: ClientOf, ticket: Ticket) -> None:
    response = client_of(people.ann).get(ticket.get_absolute_url())
    assert "form" not in response.context
    assert "data-reply" not in response.content.decode()


@pytest.mark.parametrize("verb", ["take", "solve", "close", "spam", "revoke", "message", "edit", "task", "delete"])
def test_a_rep_can_do_nothing_to_it(people: People, client_of: ClientOf, ticket: Ticket, verb: str) -> None:
    assert client_of(people.ann).post(f"/tickets/{ticket.pk}/{verb}/").status_code == 403


def test_the_page_takes_as_many_queries_with_30_messages_as_with_3(people: People, client_of: ClientOf, ticket: Ticket) -> None:
    SlaPolicyFactory(goals={"first_response": 60, "resolution": 600}, goals__business=False)
    text = SimpleUploadedFile("a.txt", b"a")
    for _number in range(3):
        MessageFactory(ticket=ticket, by=people.gus, attachments=[text])
    client = client_of(people.gus)
    client.get(ticket.get_absolute_url())
    few = queries_of(client, ticket.get_absolute_url())
    for _number in range(27):
        MessageFactory(ticket=ticket, by=people.gus, attachments=[text])
    assert queries_of(client, ticket.get_absolute_url()) == few
    assert few <= 45


def test_a_long_conversation_shows_its_newest_and_says_how_many_are_older(
    people: People, client_of: ClientOf, ticket: Ticket
) -> None:
    now = timezone.now()
    rows = [
        Message(ticket=ticket, visibility="public", author="customer", body=f"Number {at}.", at=now + dt.timedelta(seconds=at))
        for at in range(70)
    ]
    Message.objects.bulk_create(rows)
    text = client_of(people.gus).get(ticket.get_absolute_url()).content.decode()
    assert "Number 69." in text
    assert "Number 3." not in text
    assert "Show 11 older messages" in text
    assert "Number 3." in client_of(people.gus).get(ticket.get_absolute_url() + "?all").content.decode()


def test_the_page_shows_the_requesters_other_tickets_and_the_companys_deals(
    people: People, client_of: ClientOf, ticket: Ticket
) -> None:
    TicketFactory(subject="Earlier trouble", requester=ticket.requester)
    DealFactory(title="New warehouse", company=ticket.company, owner=people.ann)
    text = client_of(people.ada).get(ticket.get_absolute_url()).content.decode()
    assert "Earlier trouble" in text
    assert "New warehouse" in text


def test_a_company_person_and_deal_show_the_tickets(people: People, client_of: ClientOf, ticket: Ticket) -> None:
    deal = DealFactory(company=ticket.company, owner=people.ann)
    client = client_of(people.ann)
    for record in (ticket.company, ticket.requester, deal):
        assert "Pump stops" in client.get(record.get_absolute_url()).content.decode()


def test_the_service_level_is_explained_clock_by_clock(people: People, client_of: ClientOf, clock: Any) -> None:
    clock("2026-05-18 10:00")
    SlaPolicyFactory(name="Gold", goals={"first_response": 120, "resolution": 480}, goals__business=False)
    row = TicketFactory(created_at=timezone.now() - dt.timedelta(hours=1))
    MessageFactory(ticket=row, by=people.gus, status=default_status(Category.WAITING_CUSTOMER))
    text = client_of(people.gus).get(row.get_absolute_url()).content.decode()
    assert "1 h of 2 h" in text
    assert "1 h of 8 h" in text
    assert "Paused: Waiting on customer" in text
    assert "Gold" in text


# --- writing


def test_a_reply_is_public_mailed_and_sets_the_status(people: People, client_of: ClientOf, ticket: Ticket) -> None:
    waiting = default_status(Category.WAITING_CUSTOMER)
    response = send(client_of(people.gus), ticket, body="Please restart it.", visibility="public", status=waiting.pk)
    assert response.status_code == 302
    said = ticket.messages.last()
    ticket.refresh_from_db()
    assert (said.visibility, said.user, said.to, said.mail_state) == ("public", people.gus, "nora@aster.example", "queued")
    assert ticket.status == waiting


def test_a_note_is_for_the_team_not_mailed_and_leaves_the_status(people: People, client_of: ClientOf, ticket: Ticket) -> None:
    solved = default_status(Category.DONE)
    send(client_of(people.gus), ticket, body="He is angry.", visibility="note", status=solved.pk)
    said = ticket.messages.last()
    ticket.refresh_from_db()
    assert (said.visibility, said.mail_state, said.to) == ("note", "none", "")
    assert ticket.category == Category.OPEN


def test_sending_and_solving_is_one_press(people: People, client_of: ClientOf, ticket: Ticket) -> None:
    send(client_of(people.gus), ticket, body="Done.", visibility="public", solve="1")
    ticket.refresh_from_db()
    assert ticket.category == Category.DONE


def test_without_saying_who_may_read_it_nothing_is_sent(people: People, client_of: ClientOf, ticket: Ticket) -> None:
    response = send(client_of(people.gus), ticket, body="To whom?", visibility="")
    assert response.status_code == 422
    assert "To whom?" in response.content.decode()
    assert ticket.messages.count() == 1


def test_an_empty_reply_is_refused(people: People, client_of: ClientOf, ticket: Ticket) -> None:
    assert send(client_of(people.gus), ticket, body="  ", visibility="public").status_code == 422
    assert ticket.messages.count() == 1


def test_a_reply_stops_when_something_new_arrived_and_keeps_what_was_typed(
    people: People, client_of: ClientOf, ticket: Ticket
) -> None:
    client = client_of(people.gus)
    data = composed(client, ticket, body="My long answer", visibility="public")
    MessageFactory(ticket=ticket, body="It works again, forget it")
    response = client.post(f"/tickets/{ticket.pk}/message/", data)
    text = response.content.decode()
    assert response.status_code == 409
    assert "My long answer" in text
    assert "It works again, forget it" in text
    assert "Send anyway" in text
    assert ticket.messages.count() == 2


def test_sending_anyway_goes_through(people: People, client_of: ClientOf, ticket: Ticket) -> None:
    client = client_of(people.gus)
    data = composed(client, ticket, body="My long answer", visibility="public")
    MessageFactory(ticket=ticket, body="It works again")
    stopped = client.post(f"/tickets/{ticket.pk}/message/", data)
    again = {**data, "last": stopped.context["form"]["last"].value()}
    assert client.post(f"/tickets/{ticket.pk}/message/", again).status_code == 302
    assert ticket.messages.last().body == "My long answer"


def test_a_form_that_is_sent_twice_is_one_message(people: People, client_of: ClientOf, ticket: Ticket) -> None:
    client = client_of(people.gus)
    data = composed(client, ticket, body="Once", visibility="public")
    for _time in range(2):
        assert client.post(f"/tickets/{ticket.pk}/message/", data).status_code == 302
    assert ticket.messages.filter(body="Once").count() == 1


def test_a_file_goes_with_a_reply_and_a_bad_one_is_refused_by_name(people: People, client_of: ClientOf, ticket: Ticket) -> None:
    client = client_of(people.gus)
    bad = SimpleUploadedFile("page.html", b"<html><script>alert(1)</script>")
    response = send(client, ticket, body="See the page", visibility="public", attachments=bad)
    assert response.status_code == 422
    assert "page.html" in response.content.decode()
    assert "See the page" in response.content.decode()
    good = [SimpleUploadedFile("a.txt", b"a"), SimpleUploadedFile("b.txt", b"b")]
    assert send(client, ticket, body="See these", visibility="public", attachments=good).status_code == 302
    assert [file.name for file in ticket.messages.last().attachments.all()] == ["a.txt", "b.txt"]


@pytest.mark.parametrize("after", ["next", "stay", "list"])
def test_after_sending_one_goes_where_one_likes_and_that_is_remembered(
    people: People, client_of: ClientOf, ticket: Ticket, after: str
) -> None:
    other = TicketFactory()
    client = client_of(people.gus)
    data = composed(client, ticket, body="Done", visibility="public", after=after)
    response = client.post(f"/tickets/{ticket.pk}/message/?view=open", data)
    there = {"next": f"/tickets/{other.pk}/", "stay": f"/tickets/{ticket.pk}/", "list": "/tickets/"}[after]
    assert response["Location"] == f"{there}?view=open"
    assert client.get(ticket.get_absolute_url()).context["form"]["after"].value() == after


# --- what came


def test_a_quote_is_folded_and_an_answer_between_quotes_is_not() -> None:
    assert split_quote("New words\n\nOn Mon, 16 Nov 2026, Ann wrote:\n> old") == (
        "New words",
        "On Mon, 16 Nov 2026, Ann wrote:\n> old",
    )
    assert split_quote("New words\n> old\n> older") == ("New words", "> old\n> older")
    assert split_quote("> a question\nmy answer") == ("> a question\nmy answer", "")
    assert split_quote("On Monday the pump stopped.") == ("On Monday the pump stopped.", "")


def test_received_html_stands_alone_in_a_frame_that_may_do_nothing(people: People, client_of: ClientOf) -> None:
    html = '<p onclick="x()">Hi <img src="https://spy.example/1.gif"><script>alert(1)</script><a href="javascript:x">y</a></p>'
    row = TicketFactory(body="Hi", html=html)
    client = client_of(people.gus)
    page = client.get(row.get_absolute_url())
    message = row.messages.get()
    frame = client.get(f"/tickets/messages/{message.pk}/html/")
    assert "spy.example" not in page.content.decode()
    assert f'src="/tickets/messages/{message.pk}/html/"' in page.content.decode()
    assert 'sandbox="allow-popups"' in page.content.decode()
    assert "frame-src 'self'" in page["Content-Security-Policy"]
    text = frame.content.decode()
    assert not any(word in text for word in ("spy.example", "<script", "onclick", "javascript:"))
    assert "default-src 'none'" in frame["Content-Security-Policy"]
    assert "sandbox" in frame["Content-Security-Policy"]


def test_a_file_is_always_a_download(people: People, client_of: ClientOf) -> None:
    row = TicketFactory(attachments=[SimpleUploadedFile("log.txt", b"line")])
    file = row.messages.get().attachments.get()
    response = client_of(people.gus).get(f"/tickets/files/{file.pk}/")
    assert b"".join(response.streaming_content) == b"line"
    assert response["Content-Disposition"] == 'attachment; filename="log.txt"'
    assert response["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in response["Content-Security-Policy"]
    assert client_of(people.cleo).get(f"/tickets/files/{file.pk}/").status_code == 404


def test_saved_replies_are_found_by_words_and_filled_in(people: People, client_of: ClientOf, ticket: Ticket) -> None:
    SavedReplyFactory(title="Greeting", body="Hello {first_name}, about {number} {odd} – {agent}")
    SavedReplyFactory(title="Ada's own", body="Hello", owner=people.ada)
    text = client_of(people.gus).get(f"/tickets/{ticket.pk}/replies/?q=greet").content.decode()
    assert f"Hello Nora, about {ticket.number} {{odd}} – Gus Gray" in text
    assert "Ada&#x27;s own" not in client_of(people.gus).get(f"/tickets/{ticket.pk}/replies/").content.decode()


# --- changing


def opened(client: Client, ticket: Ticket) -> dict[str, Any]:
    return posted(client.get(f"/tickets/{ticket.pk}/edit/").context["form"])


def test_the_form_changes_what_was_changed(people: People, client_of: ClientOf, ticket: Ticket) -> None:
    client = client_of(people.gus)
    data = opened(client, ticket) | {"priority": "urgent", "owner": people.gus.pk, "tags": "vip, pump"}
    assert client.post(f"/tickets/{ticket.pk}/edit/", data).status_code == 302
    ticket.refresh_from_db()
    assert (ticket.priority, ticket.owner, ticket.subject) == ("urgent", people.gus, "Pump stops")
    assert sorted(tag.name for tag in ticket.tags.all()) == ["pump", "vip"]


def test_a_second_editor_of_the_same_field_is_told(people: People, client_of: ClientOf, ticket: Ticket) -> None:
    gus, ada = client_of(people.gus), client_of(people.ada)
    first, second = opened(gus, ticket) | {"subject": "From Gus"}, opened(ada, ticket) | {"subject": "From Ada"}
    assert gus.post(f"/tickets/{ticket.pk}/edit/", first).status_code == 302
    response = ada.post(f"/tickets/{ticket.pk}/edit/", second)
    assert response.status_code == 409
    assert "From Ada" in response.content.decode()


def test_only_people_who_work_on_tickets_can_be_given_one(people: People, client_of: ClientOf, ticket: Ticket) -> None:
    client = client_of(people.gus)
    response = client.post(f"/tickets/{ticket.pk}/edit/", opened(client, ticket) | {"owner": people.cleo.pk})
    assert response.status_code == 422
    assert "owner" in response.context["form"].errors


@pytest.mark.parametrize(
    ("verb", "check"),
    [
        ("take", lambda row, people: row.owner == people.gus),
        ("solve", lambda row, people: row.category == Category.DONE),
        ("close", lambda row, people: row.closed),
        ("spam", lambda row, people: row.spam),
        ("revoke", lambda row, people: row.link_version == 2),
    ],
)
def test_a_verb_does_what_it_says(people: People, client_of: ClientOf, ticket: Ticket, verb: str, check: Any) -> None:
    response = client_of(people.gus).post(f"/tickets/{ticket.pk}/{verb}/?view=mine")
    assert response["Location"] == f"/tickets/{ticket.pk}/?view=mine"
    ticket.refresh_from_db()
    assert check(ticket, people)


def test_a_closed_ticket_is_not_reopened_and_says_so(people: People, client_of: ClientOf) -> None:
    now = timezone.now()
    row = TicketFactory(created_at=now - dt.timedelta(hours=2), solved_at=now, closed_at=now)
    response = client_of(people.gus).post(f"/tickets/{row.pk}/reopen/", follow=True)
    assert "does not reopen" in response.content.decode()


def test_a_follow_up_is_planned_and_shown(people: People, client_of: ClientOf, ticket: Ticket) -> None:
    response = client_of(people.gus).post(f"/tickets/{ticket.pk}/task/", {"task-title": "Call the plant"}, follow=True)
    assert "Call the plant" in response.content.decode()
    assert ticket.ticket_tasks.get().task.owner == people.gus


# --- new ones


def new_form(**values: Any) -> dict[str, Any]:
    queue = QueueFactory()
    return {
        "subject": "Called us",
        "queue": queue.pk,
        "priority": "normal",
        "channel": "phone",
        "opened_by": "customer",
        "body": "The pump stops.",
        **values,
    }


def test_an_agent_writes_down_a_call_of_somebody_new(people: People, client_of: ClientOf) -> None:
    data = new_form(requester="new:Zoe Zimmer", requester_email="zoe@new.example", tags="call")
    response = client_of(people.gus).post("/tickets/new/", data)
    assert response.status_code == 302, response.context["form"].errors
    row = Ticket.objects.get()
    said = row.messages.get()
    assert (row.requester.name, row.channel, row.created_by) == ("Zoe Zimmer", "phone", people.gus)
    assert (said.visibility, said.author, row.agent_opened) == ("public", "customer", False)
    assert row.requester.emails.get().email == "zoe@new.example"


def test_the_company_comes_from_the_requester(people: People, client_of: ClientOf, ticket: Ticket) -> None:
    client_of(people.gus).post("/tickets/new/", new_form(requester=ticket.requester_id))
    assert Ticket.objects.latest("pk").company == ticket.company


def test_a_known_address_is_not_added_twice(people: People, client_of: ClientOf, ticket: Ticket) -> None:
    client_of(people.gus).post("/tickets/new/", new_form(requester="new:N. Lind", requester_email="NORA@aster.example"))
    assert Ticket.objects.latest("pk").requester == ticket.requester
    assert Person.objects.count() == 1


@pytest.mark.parametrize(
    ("opened_by", "visibility", "author"),
    [("customer", "public", "customer"), ("reply", "public", "agent"), ("note", "note", "agent")],
)
def test_who_says_the_first_message_is_asked(
    people: People, client_of: ClientOf, ticket: Ticket, opened_by: str, visibility: str, author: str
) -> None:
    client_of(people.gus).post("/tickets/new/", new_form(requester=ticket.requester_id, opened_by=opened_by))
    said = Ticket.objects.latest("pk").messages.get()
    assert (said.visibility, said.author) == (visibility, author)


def test_a_new_ticket_without_that_choice_is_refused_and_keeps_what_was_typed(
    people: People, client_of: ClientOf, ticket: Ticket
) -> None:
    response = client_of(people.gus).post("/tickets/new/", new_form(requester=ticket.requester_id, opened_by=""))
    assert response.status_code == 422
    assert "opened_by" in response.context["form"].errors
    assert "The pump stops." in response.content.decode()


def test_a_rep_opens_no_tickets(people: People, client_of: ClientOf) -> None:
    assert client_of(people.ann).get("/tickets/new/").status_code == 403


def test_a_typed_address_moves_no_person_of_another_team(people: People, client_of: ClientOf) -> None:
    theirs = PersonFactory(owner=people.cleo, emails=["cp@x.example"])
    company = CompanyFactory(owner=people.ann)
    data = new_form(requester="new:C. P.", requester_email="cp@x.example", company=company.pk, opened_by="note")
    assert client_of(people.max).post("/tickets/new/", data).status_code == 302
    theirs.refresh_from_db()
    assert theirs.company is None


def test_the_addresses_of_a_requester_are_for_those_who_may_see_the_person(people: People, client_of: ClientOf) -> None:
    theirs = PersonFactory(owner=people.cleo, emails=["cp@x.example"], phones=["+33 1 23 45 99 99"])
    ticket = TicketFactory(requester=theirs, company=CompanyFactory(owner=people.ann))
    url = ticket.get_absolute_url()
    assert "99 99" not in client_of(people.ann).get(url).content.decode()
    assert "99 99" in client_of(people.gus).get(url).content.decode()
