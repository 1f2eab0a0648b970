"""What people do with tickets: opening, following up, solving, closing, sharing, and who may see what of it."""

from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile

from contacts import services as contacts
from crm import access, jobs
from crm.events import Origin, acting
from crm.models import Event
from support import catalogue, links, services
from support.explain import explain
from support.models import Desk, Message, SavedReply, Tag, Ticket, TicketState
from tests.factories import (
    CalendarFactory,
    CompanyFactory,
    MessageFactory,
    PersonFactory,
    QueueFactory,
    SavedReplyFactory,
    SlaPolicyFactory,
    TicketFactory,
    utc,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def gus(people, clock):
    """The agent on Monday the 4th of May 2026 at ten."""
    clock("2026-05-04 10:00")
    return people.gus


def by(user):
    return acting(user, Origin.PAGE)


def kinds(ticket):
    return list(
        Event.objects.filter(subject_type="support.ticket", subject_id=ticket.pk).order_by("pk").values_list("kind", flat=True)
    )


def test_a_new_ticket_gets_what_was_left_out(people):
    queue = QueueFactory(name="Returns", is_default=True, team=people.north)
    lisa = PersonFactory(name="Lisa", company=CompanyFactory(name="Acme"), language="fr")
    ticket = TicketFactory(requester=lisa)
    assert (ticket.queue, ticket.team, ticket.company.name, ticket.language) == (queue, people.north, "Acme", "fr")
    assert (ticket.number[:2], ticket.category, ticket.status.name) == ("T-", "open", "Open")


def test_a_message_without_its_visibility_is_a_programming_error(db):
    with pytest.raises(TypeError):
        services.open_ticket(Ticket(subject="Help"), body="Please", author="customer")
    assert not Ticket.objects.exists()


def test_the_history_is_one_chain_without_gaps(gus, clock, people):
    ticket = TicketFactory()
    with by(gus):
        for minute, changes in enumerate([{"owner": gus}, {"priority": "high"}, {"subject": "Other"}, {"owner": people.max}], 1):
            clock(f"2026-05-04 10:{minute:02}")
            services.change_ticket(ticket, **changes)
    states = list(ticket.states.order_by("start"))
    assert [(state.owner, state.priority) for state in states] == [
        (None, "normal"),
        (gus, "normal"),
        (gus, "high"),
        (people.max, "high"),
    ]
    assert [state.end for state in states] == [*[state.start for state in states[1:]], None]
    assert states[1].by == gus


def test_solving_twice_changes_nothing(gus):
    ticket = TicketFactory()
    for _again in range(2):
        services.solve(ticket)
    assert kinds(ticket).count("ticket.solved") == 1


def test_the_event_of_a_solve_says_who_was_in_charge_and_for_whom(gus):
    company = CompanyFactory()
    ticket = TicketFactory(owner=gus, requester=PersonFactory(company=company))
    services.solve(ticket)
    event = Event.objects.get(kind="ticket.solved")
    assert (event.new["owner"], event.new["requester"], event.new["company"]) == (gus.pk, ticket.requester_id, company.pk)
    assert {link.object_type for link in event.links.all()} == {"support.ticket", "contacts.company", "contacts.person"}


def test_a_closed_ticket_does_not_reopen(gus):
    ticket = TicketFactory()
    services.close(ticket)
    with pytest.raises(ValidationError) as error:
        services.reopen(ticket)
    assert "status" in error.value.message_dict
    ticket.refresh_from_db()
    assert ticket.closed


def test_a_message_on_a_closed_ticket_opens_a_follow_up(gus, clock):
    lisa = PersonFactory(name="Lisa")
    ticket = TicketFactory(requester=lisa, owner=gus, tags=["vip"])
    services.close(ticket)
    clock("2026-05-05 10:00")
    message = MessageFactory(ticket=ticket, body="It is back", nonce="n")
    again = message.ticket
    assert (again.followed_up, again.requester, again.owner, again.category) == (ticket, lisa, gus, "open")
    assert [tag.name for tag in again.tags.all()] == ["vip"]
    ticket.refresh_from_db()
    assert (ticket.closed, ticket.reopen_count) == (True, 0)
    assert MessageFactory(ticket=ticket, body="It is back", nonce="n") == message


def test_an_automatic_answer_to_a_closed_ticket_opens_nothing(gus):
    ticket = TicketFactory()
    services.close(ticket)
    MessageFactory(ticket=ticket, automatic=True)
    assert Ticket.objects.count() == 1


def test_tickets_that_stayed_solved_are_closed_and_no_others(gus, clock):
    old, young = TicketFactory(), TicketFactory()
    services.solve(old)
    clock("2026-05-05 10:00")
    services.solve(young)
    clock("2026-05-18 10:00")
    assert services.close_old() == 1
    assert set(Ticket.objects.filter(closed_at__isnull=False)) == {old}
    catalogue.save_desk(close_after_days=3)
    assert services.close_old() == 1
    assert Desk.current().close_after_days == 3


def test_spam_is_out_of_the_queue_and_its_link_opens_nothing(gus):
    ticket = TicketFactory()
    token = links.token_for(ticket)
    services.mark_spam(ticket)
    assert not Ticket.objects.genuine().exists()
    assert links.ticket_of(token) is None


def test_deleting_takes_messages_history_and_files_along(gus, settings, tmp_path, django_capture_on_commit_callbacks):
    settings.MEDIA_ROOT = tmp_path
    ticket = TicketFactory(attachments=[SimpleUploadedFile("a.txt", b"hello")])
    assert [path for path in tmp_path.rglob("*") if path.is_file()]
    with django_capture_on_commit_callbacks(execute=True):
        services.delete_ticket(ticket)
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]
    assert not Message.objects.exists() and not TicketState.objects.exists()


def test_tags_are_one_in_any_case(gus):
    ticket = TicketFactory(tags=["VIP"])
    services.change_ticket(ticket, tags=["vip", " new  one "])
    assert sorted(Tag.objects.values_list("name", flat=True)) == ["VIP", "new one"]
    event = Event.objects.get(kind="ticket.changed")
    assert (event.old["tags"], event.new["tags"]) == (["VIP"], ["VIP", "new one"])


def test_a_status_that_tickets_have_keeps_its_category(gus):
    status = TicketFactory().status
    with pytest.raises(ValidationError) as error:
        catalogue.save_entry(status, category="done")
    assert "category" in error.value.message_dict


def test_merged_people_and_companies_keep_their_tickets(gus):
    keep, lose = CompanyFactory(), CompanyFactory()
    lisa, liz = PersonFactory(), PersonFactory()
    ticket = TicketFactory(company=lose, requester=liz)
    contacts.merge_companies(keep, lose)
    contacts.merge_people(lisa, liz)
    ticket.refresh_from_db()
    assert (ticket.company, ticket.requester) == (keep, lisa)
    assert ticket.messages.get().person == lisa


def test_a_person_with_tickets_is_not_deleted(gus):
    lisa = PersonFactory()
    TicketFactory(requester=lisa)
    with pytest.raises(ValidationError):
        contacts.delete_person(lisa)


# --- links -----------------------------------------------------------------------------------------------------------


def test_a_link_opens_its_ticket_until_it_is_revoked(gus):
    ticket = TicketFactory()
    token = links.token_for(ticket)
    assert links.ticket_of(token) == ticket
    services.revoke_link(ticket)
    assert links.ticket_of(token) is None
    assert links.ticket_of(links.token_for(ticket)) == ticket


@pytest.mark.parametrize(
    "bend", [lambda t: t[:-1], lambda t: "x" + t, lambda t: "", lambda t: t.swapcase(), lambda t: "é:1", str.upper]
)
def test_a_bent_link_opens_nothing(gus, bend):
    assert links.ticket_of(bend(links.token_for(TicketFactory()))) is None


def test_a_link_ends_a_month_after_the_ticket_was_closed(gus, clock):
    ticket = TicketFactory()
    services.close(ticket)
    token = links.token_for(ticket)
    clock("2026-06-03 10:00")
    assert links.ticket_of(token) == ticket
    clock("2026-06-03 10:01")
    assert links.ticket_of(token) is None


# --- who may see -----------------------------------------------------------------------------------------------------


def seen(user, action="view"):
    return {ticket.subject for ticket in Ticket.objects.visible_to(user, action)}


def test_reps_see_the_tickets_of_their_companies_and_change_none(people):
    TicketFactory(subject="Ann's customer", company=CompanyFactory(owner=people.ann))
    TicketFactory(subject="Cleo's customer", company=CompanyFactory(owner=people.cleo))
    TicketFactory(subject="Nobody's")
    assert seen(people.ann) == {"Ann's customer"}
    assert seen(people.ann, "change") == set()
    assert seen(people.max) == {"Ann's customer"}
    for user in (people.gus, people.ada, people.mia):
        assert len(seen(user)) == 3
    assert seen(people.mia, "change") == set()
    assert len(seen(people.gus, "change")) == 3
    assert seen(people.gus, "delete") == set()


def test_a_button_is_offered_by_the_same_rule_as_the_row(people):
    TicketFactory(company=CompanyFactory(owner=people.ann))
    ticket = Ticket.objects.select_related("company").get()
    for user in people:
        for action in ("view", "change", "delete"):
            there = Ticket.objects.visible_to(user, action).exists()
            assert access.covers(user, ticket, action) == there, (user, action)


def test_saved_replies_are_personal_the_teams_or_everybodys(people):
    SavedReplyFactory(title="mine", owner=people.ann)
    SavedReplyFactory(title="north", team=people.north)
    SavedReplyFactory(title="all")
    found = {user.username: set(SavedReply.objects.visible_to(user).values_list("title", flat=True)) for user in people}
    assert found["ann"] == {"mine", "north", "all"}
    assert found["ben"] == {"north", "all"}
    assert found["gus"] == {"all"}


# --- the explanation -------------------------------------------------------------------------------------------------


def test_a_clock_is_explained_stretch_by_stretch(gus, clock):
    CalendarFactory(is_default=True, zone="UTC", holidays=[{"date": "2026-05-05", "name": "Founders' Day"}])
    SlaPolicyFactory(goals={"resolution": 600})
    ticket = TicketFactory(created_at=utc("2026-05-04 10:00"))
    clock("2026-05-06 11:00")
    with by(gus):
        services.change_ticket(ticket, status=catalogue.default_status("waiting_customer"))
    clock("2026-05-06 12:00")
    [clock_] = explain(ticket)
    assert [(part.running, part.reason, part.seconds // 60) for part in clock_.stretches] == [
        (True, "", 420),
        (False, "Holiday: Founders' Day", 0),
        (True, "", 120),
        (False, "Paused: Waiting on customer", 60),
    ]
    assert (clock_.used, clock_.left, clock_.due_at) == (540 * 60, 60 * 60, None)
    MessageFactory(ticket=ticket)
    clock("2026-05-06 14:00")
    assert explain(ticket)[0].left == -60 * 60
    assert explain(ticket)[0].due_at == utc("2026-05-06 13:00")


def test_the_daily_job_closes_what_stayed_solved(gus, clock):
    for _n in range(3):
        services.solve(TicketFactory())
    clock("2026-06-04 10:00")
    jobs.enqueue("support.close", key="daily")
    jobs.run_all(limit=3, even_early=True, strict=True)
    assert Ticket.objects.filter(closed_at=utc("2026-06-04 10:00")).count() == 3


def test_a_ticket_that_its_customer_reopens_while_old_ones_are_closed_stays_open(gus, clock, monkeypatch):
    clock("2026-05-01 10:00")
    first, second = TicketFactory(), TicketFactory()
    services.solve(first)
    services.solve(second)
    clock("2026-05-18 10:00")
    close = services.close

    def close_and_hear(ticket):
        services.reopen(Ticket.objects.get(pk=second.pk))
        return close(ticket)

    monkeypatch.setattr(services, "close", close_and_hear)
    assert services.close_old() == 1
    second.refresh_from_db()
    assert second.category == "open"
