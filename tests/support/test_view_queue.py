"""The queue: its views with counts, order, filters, bulk actions, export."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import Client
from django.utils import timezone

from support import services
from support.models import Ticket
from tests.factories import (
    CompanyFactory,
    MessageFactory,
    PersonFactory,
    QueueFactory,
    SlaPolicyFactory,
    TicketFactory,
    UserFactory,
)
from tests.people import People
from tests.suites import queries_of

pytestmark = pytest.mark.django_db
URL = "/tickets/"
ClientOf = Callable[[Any], Client]


def solved(subject: str, **values: Any) -> Ticket:
    """A ticket that was solved an hour ago."""
    now = timezone.now()
    hour = dt.timedelta(hours=1)
    return TicketFactory(subject=subject, created_at=now - 2 * hour, solved_at=now - hour, **values)


def subjects(response: Any) -> list[str]:
    return [row.subject for row in response.context["page"].rows]


def test_it_shows_what_is_unsolved_when_nothing_else_is_asked(people: People, client_of: ClientOf) -> None:
    TicketFactory(subject="Open one")
    solved("Solved one")
    spam = TicketFactory(subject="Spam")
    Ticket.objects.filter(pk=spam.pk).update(spam=True)
    assert subjects(client_of(people.gus).get(URL)) == ["Open one"]


def test_it_is_in_the_order_of_what_is_due_next_then_of_who_waits_longest(people: People, client_of: ClientOf) -> None:
    now = timezone.now()
    TicketFactory(subject="Answered", created_at=now - dt.timedelta(hours=9))
    MessageFactory(ticket=Ticket.objects.get(subject="Answered"), by=people.gus)
    TicketFactory(subject="Young", created_at=now - dt.timedelta(hours=1))
    TicketFactory(subject="Old", created_at=now - dt.timedelta(hours=5))
    SlaPolicyFactory(goals={"first_response": 600}, goals__business=False)
    TicketFactory(subject="Promised", created_at=now)
    assert subjects(client_of(people.gus).get(URL)) == ["Promised", "Old", "Young", "Answered"]


@pytest.fixture
def several(people: People) -> None:
    """One ticket in each view."""
    now = timezone.now()
    TicketFactory(subject="Mine", owner=people.gus)
    TicketFactory(subject="Unassigned")
    TicketFactory(subject="Customer's turn", owner=people.max)
    MessageFactory(ticket=Ticket.objects.get(subject="Customer's turn"), by=people.gus, status=status("waiting_customer"))
    TicketFactory(subject="Supplier's turn", owner=people.max)
    MessageFactory(ticket=Ticket.objects.get(subject="Supplier's turn"), by=people.gus, status=status("waiting_other"))
    late = TicketFactory(subject="Late", owner=people.max)
    Ticket.objects.filter(pk=late.pk).update(next_due_at=now - dt.timedelta(minutes=1))
    solved("Solved", owner=people.max)


def status(category: str) -> Any:
    from support.catalogue import default_status

    return default_status(category)


@pytest.mark.parametrize(
    ("view", "found"),
    [
        ("mine", {"Mine"}),
        ("unassigned", {"Unassigned"}),
        ("overdue", {"Late"}),
        ("waiting_customer", {"Customer's turn"}),
        ("waiting_other", {"Supplier's turn"}),
        ("open", {"Mine", "Unassigned", "Customer's turn", "Supplier's turn", "Late"}),
        ("solved", {"Solved"}),
        ("spam", set()),
    ],
)
def test_a_view_holds_its_tickets_and_its_tab_says_how_many(
    people: People, client_of: ClientOf, several: None, view: str, found: set[str]
) -> None:
    response = client_of(people.gus).get(URL, {"view": view})
    assert set(subjects(response)) == found
    tab = next(tab for tab in response.context["views"] if tab["current"])
    assert tab["count"] in (len(found), None)


def test_due_today_ends_at_the_readers_midnight(people: People, client_of: ClientOf, clock: Any) -> None:
    clock("2026-05-18 20:00")
    for subject, at in (("Late", "2026-05-18 19:59"), ("Today", "2026-05-18 23:59"), ("Tomorrow", "2026-05-19 00:00")):
        row = TicketFactory(subject=subject)
        Ticket.objects.filter(pk=row.pk).update(next_due_at=dt.datetime.fromisoformat(at).replace(tzinfo=dt.UTC))
    assert subjects(client_of(people.gus).get(URL, {"view": "today"})) == ["Today"]


def test_a_status_filter_finds_solved_tickets_without_a_view(people: People, client_of: ClientOf, several: None) -> None:
    assert subjects(client_of(people.gus).get(URL, {"status": status("done").pk})) == ["Solved"]


@pytest.mark.parametrize(
    "query", ["q=Anna", "q=Acme", "q=Broken", "tag=VIP", "type=bug", "priority=urgent", "channel=web", "company={company}"]
)
def test_filters_find_the_ticket(people: People, client_of: ClientOf, query: str) -> None:
    company = CompanyFactory(name="Acme", owner=people.ann)
    person = PersonFactory(name="Anna Lind", company=company, owner=people.ann)
    TicketFactory(subject="Broken pump", requester=person, priority="urgent", type="Bug", tags=["vip"], channel="web")
    TicketFactory(subject="Other", channel="phone")
    found = client_of(people.gus).get(f"{URL}?{query.format(company=company.pk)}")
    assert subjects(found) == ["Broken pump"]


def test_the_countdown_says_how_late_a_ticket_is(people: People, client_of: ClientOf, clock: Any) -> None:
    clock("2026-05-18 10:00")
    SlaPolicyFactory(goals={"first_response": 60}, goals__business=False)
    TicketFactory(subject="Late", created_at=timezone.now() - dt.timedelta(minutes=78))
    TicketFactory(subject="Soon", created_at=timezone.now() - dt.timedelta(minutes=18))
    text = client_of(people.gus).get(URL).content.decode()
    assert "18 min late" in text
    assert "in 42 min" in text


def test_it_takes_as_many_queries_with_30_tickets_as_with_1(people: People, client_of: ClientOf) -> None:
    company = CompanyFactory(owner=people.ann)
    SlaPolicyFactory(goals={"first_response": 60, "resolution": 600}, goals__business=False)

    def add() -> None:
        person = PersonFactory(company=company, owner=people.ann)
        TicketFactory(requester=person, owner=UserFactory(role="agent"), tags=["vip"])

    add()
    client = client_of(people.gus)
    client.get(URL)
    few = queries_of(client, URL)
    for _number in range(29):
        add()
    assert queries_of(client, URL) == few
    assert few <= 18


def test_several_tickets_get_an_assignee_at_once(people: People, client_of: ClientOf) -> None:
    rows = [TicketFactory() for _number in range(3)]
    data = {"ids": [row.pk for row in rows[:2]], "do": "assign", "owner": people.gus.pk}
    response = client_of(people.gus).post("/tickets/bulk/", data, follow=True)
    assert "2 tickets changed" in response.content.decode()
    assert [Ticket.objects.get(pk=row.pk).owner for row in rows] == [people.gus, people.gus, None]


def test_several_tickets_get_a_tag_and_keep_theirs(people: People, client_of: ClientOf) -> None:
    row = TicketFactory(tags=["old"])
    client_of(people.gus).post("/tickets/bulk/", {"ids": [row.pk], "do": "tag", "tag": "new"})
    assert sorted(tag.name for tag in row.tags.all()) == ["new", "old"]


@pytest.mark.django_db(transaction=True)
def test_a_tag_that_a_colleague_gives_meanwhile_stays(client_of: ClientOf) -> None:
    row, gus = TicketFactory(), UserFactory(role="agent")
    client = client_of(gus)
    client.get(URL)

    def tag() -> int:
        try:
            return client.post("/tickets/bulk/", {"ids": [row.pk], "do": "tag", "tag": "new"}).status_code
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            services.change_ticket(row, tags=["colleague's"])
            sent = pool.submit(tag)
            wait([sent], timeout=0.7)  # it has come as far as the lock
        assert sent.result() == 302
    assert sorted(tag.name for tag in row.tags.all()) == ["colleague's", "new"]


def test_what_a_bulk_action_cannot_change_is_said_and_the_rest_is_changed(people: People, client_of: ClientOf) -> None:
    closed = solved("Closed", closed_at=timezone.now())
    row = TicketFactory()
    data = {"ids": [closed.pk, row.pk], "do": "status", "status": status("waiting_customer").pk}
    text = client_of(people.gus).post("/tickets/bulk/", data, follow=True).content.decode()
    assert "1 ticket changed" in text
    assert "A closed ticket does not reopen" in text


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"do": "assign"},
        {"do": "assign", "owner": "abc"},
        {"do": "assign", "owner": "ann"},
        {"do": "status"},
        {"do": "tag", "tag": " "},
    ],
)
def test_a_bulk_action_without_a_choice_changes_nothing(people: People, client_of: ClientOf, data: dict) -> None:
    row = TicketFactory()
    if data.get("owner") == "ann":  # a rep
        data = {**data, "owner": people.ann.pk}
    assert client_of(people.gus).post("/tickets/bulk/", {"ids": [row.pk], **data}).status_code == 302
    row.refresh_from_db()
    assert (row.owner, row.status.category) == (None, "open")


def test_a_rep_cannot_change_in_bulk_and_a_manager_only_the_teams(people: People, client_of: ClientOf) -> None:
    company = CompanyFactory(owner=people.ann)
    row = TicketFactory(company=company)
    data = {"ids": [row.pk], "do": "tag", "tag": "x"}
    assert client_of(people.ann).post("/tickets/bulk/", data).status_code == 403
    client_of(people.max).post("/tickets/bulk/", data)
    assert not row.tags.exists()


def test_an_export_holds_the_view_and_nothing_that_was_said(people: People, client_of: ClientOf) -> None:
    row = TicketFactory(subject="Exported", body="Secret words of the customer")
    MessageFactory(ticket=row, by=people.gus, visibility="note", body="Secret words of ours")
    solved("Solved")
    response = client_of(people.gus).get(URL, {"export": "csv"})
    text = b"".join(response.streaming_content).decode()
    assert "Exported" in text
    assert "Secret" not in text
    assert "Solved" not in text.splitlines()[1]


def test_a_rep_sees_tickets_of_own_companies_only(people: People, client_of: ClientOf) -> None:
    TicketFactory(subject="Ann's", company=CompanyFactory(owner=people.ann))
    TicketFactory(subject="Cleo's", company=CompanyFactory(owner=people.cleo))
    assert subjects(client_of(people.ann).get(URL)) == ["Ann's"]


def test_a_note_is_no_snippet_for_a_rep(people: People, client_of: ClientOf) -> None:
    row = TicketFactory(company=CompanyFactory(owner=people.ann), body="Please help")
    MessageFactory(ticket=row, by=people.gus, visibility="note", body="He owes us money")
    assert "owes us" in client_of(people.gus).get(URL).content.decode()
    text = client_of(people.ann).get(URL).content.decode()
    assert "owes us" not in text
    assert "Please help" in text


def test_next_and_previous_stay_in_the_view_one_came_from(people: People, client_of: ClientOf) -> None:
    now = timezone.now()
    rows = [TicketFactory(owner=people.gus, created_at=now - dt.timedelta(hours=9 - at)) for at in range(3)]
    TicketFactory(queue=QueueFactory())
    context = client_of(people.gus).get(f"/tickets/{rows[1].pk}/?view=mine").context
    assert context["previous_url"] == f"/tickets/{rows[0].pk}/?view=mine"
    assert context["next_url"] == f"/tickets/{rows[2].pk}/?view=mine"
    assert context["list_url"] == "/tickets/?view=mine"


@pytest.mark.parametrize(
    "query", ["view=odd", "queue=x", "status=99999999999999999999", "tag=%27", "requester=abc", "sort=-due", "page=9", "q=%25"]
)
def test_it_survives_what_nobody_should_type(people: People, client_of: ClientOf, query: str) -> None:
    TicketFactory()
    assert client_of(people.gus).get(f"{URL}?{query}").status_code == 200
