"""Waits, first responses, solves and reopenings: the worked examples over records in the database."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext

from crm.events import Origin, acting
from crm.models import Organisation
from support import catalogue, history, services
from support.models import Ticket
from tests.factories import CalendarFactory, MessageFactory, PersonFactory, QueueFactory, SlaPolicyFactory, TicketFactory

pytestmark = pytest.mark.django_db

BERLIN = ZoneInfo("Europe/Berlin")
EASTER = ["2026-04-03", "2026-04-06", "2026-05-01"]


def at(text: str) -> dt.datetime:
    """An instant by the clocks of Berlin: at("05-04 10:00") in 2026."""
    return dt.datetime.fromisoformat(f"2026-{text}").replace(tzinfo=BERLIN).astimezone(dt.UTC)


@pytest.fixture
def gus(people, clock):
    """The agent, in an office that is open from nine to five in Berlin; it is the middle of May."""
    clock(at("05-20 12:00"))
    CalendarFactory(name="Office", is_default=True, holidays=EASTER)
    return people.gus


def facts(ticket):
    return Ticket.objects.get(pk=ticket.pk).facts


def waits(ticket):
    return [(wait.seconds and wait.seconds // 60, wait.outcome) for wait in ticket.waits.order_by("started_at")]


def test_e20_only_a_public_reply_of_a_person_is_a_first_response(gus):
    ticket = TicketFactory(created_at=at("05-04 10:00"))
    MessageFactory(ticket=ticket, author="system", automatic=True, at=at("05-04 10:00"))
    MessageFactory(ticket=ticket, by=gus, visibility="note", at=at("05-04 10:30"))
    MessageFactory(ticket=ticket, by=gus, at=at("05-04 11:15"))
    assert facts(ticket).reply_seconds == 75 * 60
    assert facts(ticket).reply_business == 75 * 60


def test_e21_messages_in_a_row_are_one_wait(gus):
    ticket = TicketFactory(created_at=at("05-04 10:00"))
    MessageFactory(ticket=ticket, at=at("05-04 10:20"))
    MessageFactory(ticket=ticket, by=gus, at=at("05-04 10:50"))
    MessageFactory(ticket=ticket, by=gus, at=at("05-04 10:55"))
    assert waits(ticket) == [(50, "answered")]


def test_e22_a_ticket_that_we_opened_has_no_first_response_but_its_replies_have_a_wait(gus):
    ticket = TicketFactory(created_at=at("05-04 10:00"), by=gus, author="agent")
    MessageFactory(ticket=ticket, at=at("05-04 14:00"))
    MessageFactory(ticket=ticket, by=gus, at=at("05-04 14:20"))
    assert facts(ticket).reply_seconds is None
    assert [(wait.first, wait.seconds) for wait in ticket.waits.all()] == [(False, 20 * 60)]


def test_e23_solved_without_a_word_there_is_no_first_response_and_the_promise_is_kept(gus):
    SlaPolicyFactory(goals={"first_response": 60})
    ticket = TicketFactory(created_at=at("05-04 10:00"))
    with acting(gus, Origin.PAGE):
        services.solve(ticket, at=at("05-04 10:30"))
    assert facts(ticket).reply_seconds is None
    assert waits(ticket) == [(30, "closed_unanswered")]
    assert ticket.targets.get().outcome == "met"


def test_e24_a_change_of_status_is_no_response(gus):
    ticket = TicketFactory(created_at=at("05-04 10:00"))
    with acting(gus, Origin.PAGE):
        services.change_ticket(ticket, status=catalogue.default_status("waiting_customer"), at=at("05-04 10:05"))
    MessageFactory(ticket=ticket, by=gus, at=at("05-04 12:00"))
    assert facts(ticket).reply_seconds == 120 * 60


def test_e25_what_a_machine_solved_is_answered_from_when_the_customer_came_back(gus):
    ticket = TicketFactory(created_at=at("05-04 09:00"))
    with acting(None, Origin.SYSTEM):
        services.solve(ticket, at=at("05-04 09:05"))
    MessageFactory(ticket=ticket, at=at("05-08 14:00"))
    MessageFactory(ticket=ticket, by=gus, at=at("05-08 14:10"))
    assert facts(ticket).reply_seconds == 10 * 60


def test_e34_answered_before_opening_the_business_time_is_a_real_zero(gus):
    SlaPolicyFactory(goals={"first_response": 120})
    ticket = TicketFactory(created_at=at("05-09 10:00"))
    MessageFactory(ticket=ticket, by=gus, at=at("05-09 11:00"))
    assert (facts(ticket).reply_seconds, facts(ticket).reply_business) == (60 * 60, 0)
    target = ticket.targets.get()
    assert (target.outcome, target.due_at) == ("met", at("05-11 11:00"))


def test_e35_without_a_calendar_business_time_is_no_value(people, clock):
    clock(at("05-20 12:00"))
    ticket = TicketFactory(created_at=at("05-04 10:00"))
    MessageFactory(ticket=ticket, by=people.gus, at=at("05-04 11:00"))
    assert (facts(ticket).reply_seconds, facts(ticket).reply_business) == (3600, None)


def hours_of(ticket, *names):
    return [getattr(facts(ticket), name) / 3600 for name in names]


def test_e39_first_and_full_resolution_with_and_without_the_time_it_stood_solved(gus):
    ticket = TicketFactory(created_at=at("05-04 10:00"))
    with acting(gus, Origin.PAGE):
        services.solve(ticket, at=at("05-05 12:00"))
    MessageFactory(ticket=ticket, at=at("05-06 09:00"))
    with acting(gus, Origin.PAGE):
        services.solve(ticket, at=at("05-06 10:30"))
    assert hours_of(ticket, "first_seconds", "first_business") == [26, 10]
    assert hours_of(ticket, "full_seconds", "full_business") == [48.5, 16.5]
    assert hours_of(ticket, "open_seconds", "open_business") == [27.5, 11.5]
    assert Ticket.objects.get(pk=ticket.pk).reopen_count == 1


def test_e38_handling_time_leaves_out_the_pause_in_working_time(gus):
    ticket = TicketFactory(created_at=at("05-08 15:00"))
    with acting(gus, Origin.PAGE):
        services.change_ticket(ticket, status=catalogue.default_status("waiting_customer"), at=at("05-08 16:00"))
    MessageFactory(ticket=ticket, at=at("05-11 10:00"))
    with acting(gus, Origin.PAGE):
        services.solve(ticket, at=at("05-11 12:00"))
    assert hours_of(ticket, "full_business", "waiting_business", "handling_business") == [5, 2, 3]
    assert hours_of(ticket, "waiting_seconds") == [66]


@pytest.mark.parametrize(("automatic", "category", "reopens"), [(True, "done", 0), (False, "open", 1)], ids=["e40", "e41"])
def test_e40_e41_a_machine_reopens_nothing_and_a_person_does(gus, automatic, category, reopens):
    ticket = TicketFactory(created_at=at("05-04 10:00"), owner=gus)
    with acting(gus, Origin.PAGE):
        services.solve(ticket, at=at("05-05 12:00"))
    MessageFactory(ticket=ticket, at=at("05-06 09:00"), automatic=automatic)
    ticket.refresh_from_db()
    assert (ticket.category, ticket.reopen_count, ticket.owner) == (category, reopens, gus)


def test_a_solve_taken_back_within_five_minutes_never_was(gus):
    ticket = TicketFactory(created_at=at("05-04 10:00"))
    with acting(gus, Origin.PAGE):
        services.solve(ticket, at=at("05-04 11:00"))
        services.reopen(ticket, at=at("05-04 11:05"))
    assert (facts(ticket).first_solved_at, facts(ticket).reopens) == (None, 0)
    assert waits(ticket) == [(None, "waiting")]


def test_a_solve_taken_back_after_five_minutes_is_a_reopening(gus):
    ticket = TicketFactory(created_at=at("05-04 10:00"))
    with acting(gus, Origin.PAGE):
        services.solve(ticket, at=at("05-04 11:00"))
        services.reopen(ticket, at=at("05-04 11:05:01"))
    assert (facts(ticket).first_solved_at, facts(ticket).reopens) == (at("05-04 11:00"), 1)
    assert facts(ticket).reopened_seconds == 301


def test_a_customer_who_comes_back_at_once_reopens_all_the_same(gus):
    ticket = TicketFactory(created_at=at("05-04 10:00"))
    with acting(gus, Origin.PAGE):
        services.solve(ticket, at=at("05-04 11:00"))
    MessageFactory(ticket=ticket, at=at("05-04 11:01"))
    assert facts(ticket).reopened_seconds == 60


def thanked(gus, *, answered):
    ticket = TicketFactory(created_at=at("05-04 10:00"))
    MessageFactory(ticket=ticket, by=gus, at=at("05-04 10:30"), status=catalogue.default_status("done"))
    MessageFactory(ticket=ticket, body="Thank you!", at=at("05-04 15:00"))
    if answered:
        MessageFactory(ticket=ticket, by=gus, at=at("05-04 15:30"))
    with acting(gus, Origin.PAGE):
        services.solve(ticket, at=at("05-04 16:00"))
    return facts(ticket)


def test_a_thank_you_is_a_soft_reopening_and_left_out_of_the_second_figure(gus):
    found = thanked(gus, answered=False)
    assert (found.reopens, found.soft_reopens, found.reopened_seconds, found.first_contact) == (1, 1, None, True)


def test_a_reopening_that_had_to_be_answered_counts(gus):
    found = thanked(gus, answered=True)
    assert (found.reopens, found.soft_reopens, found.first_contact) == (1, 0, False)
    assert found.reopened_seconds == 4.5 * 3600


def test_who_was_in_charge_at_each_moment_is_kept_with_it(gus, people):
    support = QueueFactory(name="Second level")
    ticket = TicketFactory(created_at=at("05-04 10:00"))
    with acting(people.ada, Origin.PAGE):
        services.change_ticket(ticket, owner=people.max, at=at("05-04 10:10"))
    MessageFactory(ticket=ticket, by=gus, at=at("05-04 11:00"))
    with acting(people.ada, Origin.PAGE):
        services.change_ticket(ticket, owner=gus, queue=support, priority="urgent", at=at("05-04 12:00"))
        services.solve(ticket, at=at("05-04 13:00"))
        services.change_ticket(ticket, owner=people.ada, at=at("05-04 14:00"))
    found = facts(ticket)
    assert [found.created_owner, found.reply_owner, found.reply_team, found.solved_owner, found.solved_team] == [
        None,
        people.max,
        people.north,
        gus,
        None,
    ]
    assert (found.reply_priority, found.solved_priority, found.solved_queue) == ("normal", "urgent", support)


def test_the_next_ticket_of_the_same_kind_counts_as_contact_again(gus):
    lisa = PersonFactory(name="Lisa")
    first = TicketFactory(created_at=at("05-04 10:00"), requester=lisa, type="Login", solved_at=at("05-04 12:00"))
    TicketFactory(created_at=at("05-04 13:00"), requester=lisa, type="Invoice")
    assert facts(first).contact_again_seconds is None
    again = TicketFactory(created_at=at("05-05 12:00"), requester=lisa, type="login")
    assert facts(first).contact_again_seconds == 24 * 3600
    services.mark_spam(again)
    assert facts(first).contact_again_seconds is None


def test_an_answer_reads_no_other_ticket_of_its_requester(gus):
    nora = PersonFactory()
    first = TicketFactory(requester=nora, created_at=at("05-04 10:00"), solved_at=at("05-04 10:30"))
    ticket = TicketFactory(requester=nora, created_at=at("05-04 11:00"))
    with CaptureQueriesContext(connection) as asked:
        MessageFactory(ticket=ticket, by=gus)
        MessageFactory(ticket=first, by=gus, visibility="note")
        services.change_ticket(ticket, priority="high", owner=gus)
    assert not [query["sql"] for query in asked if '"requester_id" IN' in query["sql"]]
    assert facts(first).contact_again_seconds == 30 * 60
    services.change_ticket(ticket, type="Other")
    assert facts(first).contact_again_seconds is None


@pytest.mark.parametrize("undo", [services.delete_ticket, lambda ticket: services.change_ticket(ticket, requester=None)])
def test_contact_again_is_forgotten_with_the_ticket_that_was_it(gus, undo):
    lisa = PersonFactory(name="Lisa")
    first = TicketFactory(created_at=at("05-04 10:00"), requester=lisa, solved_at=at("05-04 12:00"))
    undo(TicketFactory(created_at=at("05-05 12:00"), requester=lisa))
    assert facts(first).contact_again_seconds is None


def test_an_import_that_tells_only_dates_has_its_times(gus):
    ticket = TicketFactory(
        created_at=at("05-04 10:00"),
        origin=Origin.IMPORT,
        body="",
        stated_response_at=at("05-04 10:30"),
        stated_reopens=2,
        solved_at=at("05-05 10:00"),
        closed_at=at("05-07 10:00"),
        sla_met=False,
    )
    found = facts(ticket)
    assert (found.reply_seconds, found.full_seconds, found.reopens) == (1800, 24 * 3600, 2)
    target = ticket.targets.get()
    assert (target.metric, target.outcome, target.decided_at) == ("stated", "breached", at("05-05 10:00"))
    assert ticket.status.closes


def test_an_import_without_its_date_is_in_no_flow_and_has_no_times(gus):
    ticket = TicketFactory(body="", undated=True, origin=Origin.IMPORT, created_at=at("05-04 10:00"), solved_at=at("05-04 11:00"))
    found = facts(ticket)
    assert (found.created_day, found.full_seconds) == (None, None)


def test_deriving_again_gives_the_same_rows(gus):
    SlaPolicyFactory(goals={"first_response": 60, "next_reply": 60, "resolution": 480})
    ticket = TicketFactory(created_at=at("05-04 10:00"))
    MessageFactory(ticket=ticket, by=gus, at=at("05-04 12:00"), status=catalogue.default_status("waiting_customer"))
    MessageFactory(ticket=ticket, at=at("05-05 12:00"))
    before = dump(ticket)
    history.replay(Ticket.objects.get(pk=ticket.pk))
    assert dump(ticket) == before


def dump(ticket):
    rows = [ticket.waits.values(), ticket.targets.values(), Ticket.objects.filter(pk=ticket.pk).values()]
    segments = [list(target.segments.values_list("start", "end", "seconds")) for target in ticket.targets.all()]
    waits, targets, columns = ([{**row, "id": 0} for row in found] for found in rows)
    return waits, targets, columns, segments, [(f.name, getattr(facts(ticket), f.name)) for f in facts(ticket)._meta.fields]


def test_a_corrected_date_of_opening_moves_the_times(gus):
    ticket = TicketFactory(created_at=at("05-04 10:00"))
    MessageFactory(ticket=ticket, by=gus, at=at("05-04 12:00"))
    services.change_ticket(ticket, created_at=at("05-04 11:00"))
    assert facts(ticket).reply_seconds == 3600


def test_a_date_of_opening_after_the_first_reply_is_refused(gus):
    ticket = TicketFactory(created_at=at("05-04 10:00"))
    MessageFactory(ticket=ticket, by=gus, at=at("05-04 12:00"))
    with pytest.raises(ValidationError) as error:
        services.change_ticket(ticket, created_at=at("05-04 13:00"))
    assert "created_at" in error.value.message_dict
    assert facts(ticket).reply_seconds == 2 * 3600


def test_the_number_of_queries_does_not_grow_with_the_tickets(gus):
    SlaPolicyFactory(goals={"first_response": 60, "resolution": 480}, goals__business=False)
    tickets = [TicketFactory(created_at=at("05-20 11:30"), requester=PersonFactory()) for _n in range(6)]
    counts = []
    Organisation.remember()  # as a request or a job does
    for batch in (tickets[:1], tickets[1:]):
        rows = list(Ticket.objects.filter(pk__in=[ticket.pk for ticket in batch]).select_related("queue", "company"))
        with CaptureQueriesContext(connection) as queries:
            history.rebuild(rows)
        counts.append(len(queries))
    assert counts[0] == counts[1]
