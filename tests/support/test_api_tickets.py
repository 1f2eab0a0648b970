"""Tickets through the API."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from support.models import Message, Ticket
from tests.api import Api, fields
from tests.factories import CompanyFactory, MessageFactory, PersonFactory, QueueFactory, SlaPolicyFactory, TicketFactory
from tests.people import People

pytestmark = pytest.mark.django_db


@pytest.fixture
def ticket(people: People) -> Ticket:
    company = CompanyFactory(owner=people.ann)
    nora = PersonFactory(company=company, owner=people.ann, emails=["nora@aster.example"])
    return TicketFactory(subject="Pump stops", requester=nora, tags=["vip"])


def test_a_ticket_is_opened_with_its_first_message(people: People) -> None:
    nora = PersonFactory(owner=people.ann, emails=["nora@aster.example"])
    message = {"visibility": "public", "author": "customer", "body": "Help"}
    response = Api(people.gus).post(
        "/tickets/", subject="Pump", requester=nora.pk, queue=QueueFactory().pk, tags=["b", "a"], message=message
    )
    assert response.status_code == 201, response.content
    row = Ticket.objects.get()
    assert response.json()["tags"] == ["a", "b"]
    assert (row.origin, row.owner, row.channel, row.messages.get().body) == ("api", None, "other", "Help")


def test_a_message_without_visibility_is_refused(people: People, ticket: Ticket) -> None:
    response = Api(people.gus).post(f"/tickets/{ticket.pk}/messages/", body="To whom?")
    assert response.status_code == 400
    assert fields(response) == {"visibility"}


def test_a_reply_is_mailed_and_a_note_is_not(people: People, ticket: Ticket) -> None:
    api = Api(people.gus)
    reply = api.post(f"/tickets/{ticket.pk}/messages/", visibility="public", body="Restart it.")
    note = api.post(f"/tickets/{ticket.pk}/messages/", visibility="note", body="Angry.")
    assert (reply.status_code, reply.json()["mail_state"], reply.json()["to"]) == (201, "queued", "nora@aster.example")
    assert (note.json()["mail_state"], note.json()["to"]) == ("none", "")


def test_a_message_stops_when_something_new_arrived(people: People, ticket: Ticket) -> None:
    seen = ticket.messages.get().pk
    MessageFactory(ticket=ticket, body="It works again")
    response = Api(people.gus).post(f"/tickets/{ticket.pk}/messages/", visibility="public", body="Answer", after=seen)
    assert response.status_code == 409
    assert response.json()["errors"][0]["code"] == "something_new"
    assert ticket.messages.count() == 2


def test_a_rep_reads_public_messages_and_writes_none(people: People, ticket: Ticket) -> None:
    MessageFactory(ticket=ticket, by=people.gus, visibility="note", body="Secret")
    api = Api(people.ann)
    assert [row["visibility"] for row in api.get(f"/tickets/{ticket.pk}/messages/").json()["results"]] == ["public"]
    assert api.post(f"/tickets/{ticket.pk}/messages/", visibility="public", body="x").status_code == 403
    assert Api(people.cleo).get(f"/tickets/{ticket.pk}/messages/").status_code == 404


@pytest.mark.parametrize("who", ["ann", "cleo"])
@pytest.mark.parametrize("verb", ["solve", "reopen", "close", "take", "spam"])
def test_others_can_do_nothing_to_it(people: People, ticket: Ticket, who: str, verb: str) -> None:
    response = Api(getattr(people, who)).post(f"/tickets/{ticket.pk}/{verb}/")
    assert response.status_code == (403 if who == "ann" else 404)


def test_the_verbs_of_an_agent(people: People, ticket: Ticket) -> None:
    api, path = Api(people.gus), f"/tickets/{ticket.pk}"
    assert api.post(f"{path}/take/").json()["owner"] == people.gus.pk
    assert api.post(f"{path}/solve/").json()["category"] == "done"
    assert api.post(f"{path}/reopen/").json()["category"] == "open"
    assert api.post(f"{path}/spam/").json()["spam"] is True
    assert api.post(f"{path}/spam/", spam=False).json()["spam"] is False
    assert api.post(f"{path}/close/").json()["closed_at"] is not None
    assert api.post(f"{path}/reopen/").status_code == 400


@pytest.mark.parametrize("verb", ["solve", "close", "reopen"])
def test_nothing_happens_in_the_future(people: People, ticket: Ticket, verb: str) -> None:
    later = (timezone.now() + dt.timedelta(hours=1)).isoformat()
    response = Api(people.gus).post(f"/tickets/{ticket.pk}/{verb}/", at=later)
    assert (response.status_code, fields(response)) == (400, {"at"})
    ticket.refresh_from_db()
    assert ticket.solved_at is None


def test_a_callers_clock_that_is_a_little_fast_solves_now(people: People, ticket: Ticket) -> None:
    soon = (timezone.now() + dt.timedelta(seconds=30)).isoformat()
    assert Api(people.gus).post(f"/tickets/{ticket.pk}/solve/", at=soon).status_code == 200
    ticket.refresh_from_db()
    assert ticket.solved_at <= timezone.now()


@pytest.mark.parametrize("who", ["ann", "mia"])
def test_only_whose_role_works_on_tickets_gets_one(people: People, ticket: Ticket, who: str) -> None:
    api, user = Api(people.gus), getattr(people, who)
    for response in (api.patch(f"/tickets/{ticket.pk}/", owner=user.pk), api.post("/tickets/", subject="New", owner=user.pk)):
        assert (response.status_code, fields(response)) == (400, {"owner"})
    assert Ticket.objects.get().owner is None
    assert api.patch(f"/tickets/{ticket.pk}/", owner=people.max.pk).json()["owner"] == people.max.pk


def test_a_change_checks_the_version_and_sets_tags(people: People, ticket: Ticket) -> None:
    api, path = Api(people.gus), f"/tickets/{ticket.pk}/"
    tag = api.get(path)["ETag"]
    assert api.patch(path, {"If-Match": tag}, priority="urgent", tags=["pump"]).status_code == 200
    assert api.patch(path, {"If-Match": tag}, priority="low").status_code == 412
    ticket.refresh_from_db()
    assert (ticket.priority, [row.name for row in ticket.tags.all()]) == ("urgent", ["pump"])


def test_a_key_opens_one_ticket(people: People) -> None:
    api, queue = Api(people.gus), QueueFactory().pk
    numbers = {
        api.post("/tickets/", {"Idempotency-Key": "k1"}, subject="Once", queue=queue).json()["number"] for _time in range(2)
    }
    assert len(numbers) == 1
    assert Ticket.objects.count() == 1


@pytest.mark.parametrize(
    ("query", "found"), [("view=mine", 0), ("view=unassigned", 1), ("tag=VIP", 1), ("category=done", 0), ("q=pump", 1), ("", 1)]
)
def test_the_filters_are_those_of_the_page(people: People, ticket: Ticket, query: str, found: int) -> None:
    assert len(Api(people.gus).get(f"/tickets/?{query}").json()["results"]) == found


def test_the_list_takes_as_many_queries_with_20_tickets_as_with_1(people: People, ticket: Ticket) -> None:
    api = Api(people.gus)
    api.get("/tickets/")

    def count() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert api.get("/tickets/").status_code == 200
        return len(captured)

    few = count()
    for _number in range(19):
        TicketFactory(requester=ticket.requester, tags=["vip"])
    assert count() == few


def test_clocks_statuses_queues_and_tags_can_be_read(people: People, clock: Any) -> None:
    clock("2026-05-18 10:00")
    SlaPolicyFactory(goals={"first_response": 60}, goals__business=False)
    row = TicketFactory(created_at=timezone.now() - dt.timedelta(minutes=5), tags=["vip"])
    api = Api(people.gus)
    found = api.get(f"/tickets/{row.pk}/clocks/").json()["results"]
    assert [(clock["metric"], clock["goal_seconds"], clock["outcome"]) for clock in found] == [
        ("first_response", 3600, "running")
    ]
    for path in ("ticket-statuses", "queues", "tags"):
        assert api.get(f"/{path}/").json()["results"]
        assert api.post(f"/{path}/", name="x").status_code == 405
    assert Message.objects.count() == 1
