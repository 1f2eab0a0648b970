"""The vectors of the catalogue for service (kpis.md 3.16) and channel preference (3.1), over records in the database."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from analytics import dirty
from analytics.ages import age_bands
from analytics.drill import drill
from analytics.engine import evaluate, quantile
from analytics.scopes import Scope
from contacts.models import Company
from crm.periods import Period
from support import alarms, catalogue, services
from support.bulk import NewTicket, Step, create_many
from support.choices import Author, Category, Visibility
from support.kpis import AGES
from support.models import Message, SlaTarget, Ticket, TicketFacts
from tests.analytics.vectors import LATER, MAY, number
from tests.factories import (
    CalendarFactory,
    CompanyFactory,
    DealFactory,
    MessageFactory,
    PersonFactory,
    QueueFactory,
    SlaPolicyFactory,
    TagFactory,
    TicketFactory,
    UserFactory,
    utc,
)

pytestmark = pytest.mark.django_db
MINUTE, HOUR, DAY = 60, 3600, 86_400


@pytest.fixture(autouse=True)
def later(organisation: Any, clock: Callable) -> None:
    clock(LATER)


def said(author: str, at: dt.datetime) -> Message:
    return Message(author=author, visibility=Visibility.PUBLIC, body="Words", at=at)


def tickets(
    count: int, opened: str = "2026-05-04 09:00", *, replies: Sequence[float] = (), solved: float | None = None, **fields: Any
) -> list:
    """`count` tickets of customers with the same dates; replies and the solve are hours after the opening."""
    at, usual = utc(opened), catalogue.statuses()
    new = []
    for _number in range(count):
        ticket = Ticket(subject="Help", created_at=at, queue=catalogue.default_queue(), status=usual[Category.OPEN], **fields)
        steps = []
        if solved is not None:
            ticket.status, ticket.solved_at = usual[Category.DONE], at + dt.timedelta(hours=solved)
            steps = [Step(ticket.solved_at, {"status": ticket.status})]
        messages = [said(Author.CUSTOMER, at)]
        messages += [said(Author.AGENT, at + dt.timedelta(hours=hours)) for hours in replies]
        new.append(NewTicket(ticket, {"status": usual[Category.OPEN]}, steps, messages))
    return create_many(new)


def test_the_backlog_is_what_came_less_what_was_solved_and_what_came_back(people: Any) -> None:
    tickets(30, "2026-04-20 09:00")
    tickets(5, "2026-05-05 09:00")
    done = tickets(45, "2026-05-05 09:00", solved=24)
    assert number("ticket_backlog").value == 35
    for ticket in done[:2]:
        services.reopen(ticket, at=utc("2026-05-20 09:00"))
    assert number("ticket_backlog").value == 37
    assert number("tickets_created").value == 50
    assert number("tickets_solved").value == 43


def test_the_backlog_stands_by_age_at_the_end_of_the_period(people: Any, client_of: Any) -> None:
    ages = (0, 3.9, 4, 24, 3 * 24 - 0.1, 3 * 24, 7 * 24, 30 * 24 - 0.1, 30 * 24, 500 * 24)
    for hours in ages:
        opened = utc("2026-06-01 00:00") - dt.timedelta(hours=hours) - dt.timedelta(microseconds=not hours)
        tickets(1, opened.isoformat(), channel="phone")
    tickets(1, "2026-05-30 00:00", solved=1)
    tickets(1, "2026-05-31 12:00")
    found = age_bands(AGES, drill("ticket_backlog", MAY, scope=Scope.everything(), filters={"channel": "phone"}))
    assert [band.n for band in found] == [2, 1, 2, 1, 2, 2]
    page = client_of(people.ada).get("/numbers/ticket_backlog/", {"from": "2026-05-01", "to": "2026-05-31"})
    bands = page.context["ages"]
    assert sum(band.n for band in bands) == number("ticket_backlog").value == 11
    assert [band.n for band in bands] == [2, 2, 2, 1, 2, 2]
    assert "30 days and more" in page.content.decode()


def test_net_of_what_cannot_be_solved_at_first_contact_sixty_of_eighty_are() -> None:
    tickets(60, replies=[1], solved=2, type="Question")
    tickets(20, replies=[1, 1.5], solved=2, type="Question")
    tickets(20, replies=[1, 1.5], solved=2, type="Repair")
    assert number("fcr").value == 60
    assert number("fcr", by="type", member="Question").value == 75


def test_the_first_response_is_the_median_with_the_mean_beside_it() -> None:
    for minutes in (10, 20, 30, 40, 400):
        tickets(1, replies=[minutes / 60])
    row = number("first_response_time")
    assert (row.value, row.mean, row.n, row.p90) == (30 * MINUTE, 100 * MINUTE, 5, None)


def test_one_outlier_moves_the_mean_and_hardly_the_median() -> None:
    for minutes in (5, 8, 12, 20, 30, 45, 60, 90, 240, 1440):
        tickets(1, replies=[minutes / 60])
    row = number("first_response_time")
    assert (row.value, row.mean, row.p90) == (37.5 * MINUTE, 195 * MINUTE, None)
    stored = TicketFacts.objects.order_by("reply_seconds").values_list("reply_seconds", flat=True)
    # between the ninth and the tenth; the nearest rank would say 240
    assert quantile(list(stored), 0.9) == pytest.approx(360 * MINUTE)


def test_the_90th_percentile_needs_thirty_answers() -> None:
    for minutes in range(1, 31):
        tickets(1, replies=[minutes / 60])
    row = number("first_response_time")
    assert (row.value, row.p90) == (15.5 * MINUTE, pytest.approx(27.1 * MINUTE))


def test_who_still_waits_for_a_first_answer_is_counted_beside_it() -> None:
    tickets(2, replies=[1])
    tickets(3)
    tickets(1, solved=2)
    row = number("first_response_time")
    assert row.n == 2
    assert sorted((count, measure) for _text, count, measure in row.left_out) == [
        (1, "first_waits_unanswered"),
        (3, "first_waits_open"),
    ]


def test_tickets_that_we_opened_have_no_first_response(people: Any) -> None:
    ticket = TicketFactory(by=people.ann, author="agent", created_at=utc("2026-05-04 10:00"))
    MessageFactory(ticket=ticket, at=utc("2026-05-04 14:00"))
    MessageFactory(ticket=ticket, by=people.ann, at=utc("2026-05-04 14:20"))
    row = number("first_response_time")
    assert (row.value, row.left_out) == (None, [])
    assert number("response_time").value == 20 * MINUTE


def test_business_hours_stand_beside_the_clock_on_the_wall() -> None:
    CalendarFactory(is_default=True)
    tickets(1, "2026-03-27 15:00", replies=[65 + 1])  # Friday 16:00 in Berlin; Monday 10:00, an hour was put forward between
    march = Period(dt.date(2026, 3, 1), dt.date(2026, 4, 1), "month")
    assert number("first_response_time", march).value == 66 * HOUR
    assert number("first_response_time_business", march).value == 3 * HOUR


def test_without_a_calendar_business_hours_have_no_value_and_say_why() -> None:
    tickets(2, replies=[1])
    row = number("first_response_time_business")
    assert row.value is None
    assert [(count, measure) for _text, count, measure in row.left_out] == [(2, "first_response_no_calendar")]


def test_the_response_time_is_the_mean_of_all_answered_waits() -> None:
    tickets(1, replies=[10 / 60])
    tickets(1, replies=[50 / 60])
    row = number("response_time")
    assert (row.value, row.median, row.n) == (30 * MINUTE, 30 * MINUTE, 2)


def test_messages_in_a_row_are_one_wait(people: Any) -> None:
    (ticket,) = tickets(1, "2026-05-04 10:00")
    MessageFactory(ticket=ticket, at=utc("2026-05-04 10:20"))
    for minute in (50, 55):
        MessageFactory(ticket=ticket, by=people.gus, at=utc(f"2026-05-04 10:{minute}"))
    row = number("response_time")
    assert (row.value, row.denominator) == (50 * MINUTE, 1)


def test_the_resolution_time_is_the_median_to_the_final_solve() -> None:
    for hours in (2, 6, 72):
        tickets(1, solved=hours)
    assert number("resolution_time").value == 6 * HOUR


def test_a_reopened_ticket_has_two_resolution_times() -> None:
    CalendarFactory(is_default=True)
    (ticket,) = tickets(1, "2026-05-04 08:00", solved=26)  # Monday 10:00 to Tuesday 12:00 in Berlin
    services.reopen(ticket, at=utc("2026-05-06 07:00"))
    services.solve(ticket, at=utc("2026-05-06 08:30"))
    assert number("first_resolution_time").value == 26 * HOUR
    assert number("first_resolution_time_business").value == 10 * HOUR
    assert number("resolution_time").value == 48.5 * HOUR
    assert number("resolution_time_business").value == 16.5 * HOUR
    assert number("handling_time").value == 27.5 * HOUR
    assert number("handling_time_business").value == 11.5 * HOUR


def test_a_promise_that_is_overdue_is_broken_the_moment_it_is_due(clock: Callable) -> None:
    clock("2026-05-04 09:00")
    SlaPolicyFactory(goals={"first_response": 60}, goals__business=False)
    clock("2026-05-20 10:00")
    tickets(7, replies=[0.5])
    tickets(1, replies=[3])
    tickets(2)
    row = number("sla_attainment")
    assert (row.value, row.numerator, row.denominator) == (70, 7, 10)


def test_targets_that_run_in_time_are_not_decided_until_they_fall_due(clock: Callable) -> None:
    SlaPolicyFactory(goals={"first_response": 60}, goals__business=False)
    clock("2026-05-20 09:30")
    tickets(30, "2026-05-12 09:00", replies=[0.5])
    tickets(6, "2026-05-12 09:00", replies=[5])
    late = tickets(4, "2026-05-20 09:00")
    assert number("sla_attainment").value == pytest.approx(100 * 30 / 36)
    clock("2026-05-20 10:00")
    alarms.look(late[0].pk)
    row = number("sla_attainment")
    assert (row.value, row.denominator) == (pytest.approx(100 * 30 / 37), 37)
    assert SlaTarget.objects.get(ticket=late[0]).decided_at == utc("2026-05-20 10:00")


def test_the_reopen_rate_is_of_first_solves_whose_window_has_passed() -> None:
    done = tickets(50, solved=2)
    for ticket in done[:3]:
        services.reopen(ticket, at=ticket.solved_at + dt.timedelta(days=6, hours=23))
    services.reopen(done[3], at=done[3].solved_at + dt.timedelta(days=7))
    row = number("reopen_rate")
    assert (row.value, row.numerator, row.denominator) == (6, 3, 50)


def test_a_thank_you_is_no_reopening() -> None:
    done = tickets(4, solved=2)
    MessageFactory(ticket=done[0], at=utc("2026-05-05 09:00"), body="Thanks!")
    services.solve(Ticket.objects.get(pk=done[0].pk), at=utc("2026-05-05 10:00"))
    assert number("reopen_rate").value == 0


def test_sixty_of_a_hundred_are_solved_at_first_contact() -> None:
    tickets(60, replies=[1], solved=2)
    tickets(40, replies=[1, 1.5], solved=2)
    assert number("fcr").value == 60


def test_young_solves_are_pending(clock: Callable) -> None:
    clock("2026-05-20 10:00")
    tickets(51, replies=[1], solved=2)
    tickets(37, replies=[1, 1.5], solved=2)
    tickets(12, "2026-05-18 09:00", replies=[1], solved=2)
    row = number("fcr")
    assert (row.value, row.denominator, row.pending) == (pytest.approx(51 / 88 * 100), 88, 12)


def test_another_ticket_of_that_type_by_the_same_person_undoes_first_contact() -> None:
    person = PersonFactory()
    tickets(1, replies=[1], solved=2, requester=person, type="Billing")
    tickets(1, "2026-05-08 09:00", replies=[1], solved=2, requester=person, type="billing")
    tickets(1, "2026-05-08 10:00", replies=[1], solved=2, requester=person, type="Other")
    row = number("fcr")
    assert (row.numerator, row.denominator) == (2, 3)


def test_fifty_tickets_of_four_hundred_customers_are_twelve_and_a_half_per_hundred() -> None:
    since = utc("2026-01-01")
    Company.objects.bulk_create(
        [Company(name=f"C{n}", created_at=since, customer_since=since, origin="page") for n in range(400)]
    )
    dirty.mark([("customers.active", since.date())])
    tickets(50)
    row = number("tickets_per_customer")
    assert (row.value, row.numerator, row.denominator) == (12.5, 50, 400)


def test_customers_are_averaged_over_the_days_of_the_period(people: Any) -> None:
    DealFactory(company=CompanyFactory(), created_at=utc("2026-04-01"), won_at=utc("2026-04-10 10:00"))
    DealFactory(company=CompanyFactory(), created_at=utc("2026-04-01"), won_at=utc("2026-05-22 10:00"))  # ten of 31 day-ends
    tickets(1)
    row = number("tickets_per_customer")
    assert row.denominator == pytest.approx(1 + 10 / 31)
    listed = drill("tickets_per_customer", MAY, scope=Scope.everything(), part="denominator")
    assert (listed.count, listed.total) == (2, row.denominator)
    assert sorted(item.value for item in listed.page(people.ada)) == [10, 31]


def test_the_phone_has_thirty_percent_of_what_customers_begin() -> None:
    tickets(60, channel="email")
    tickets(30, channel="phone")
    tickets(10, channel="chat")
    tickets(5, channel="phone", agent_opened=True)
    row = number("channel_preference", member="phone", by="channel")
    assert (row.value, row.numerator, row.denominator, row.label) == (30, 30, 100, "Phone")


def test_a_ticket_with_two_tags_counts_under_both_and_once_in_all() -> None:
    vip, bug = TagFactory(name="vip"), TagFactory(name="bug")
    both, one, none = tickets(3)
    services.change_ticket(both, tags=["vip", "bug"])
    services.change_ticket(one, tags=["vip"])
    assert number("tickets_created").value == 3
    assert number("tickets_created", by="tag", member=str(vip.pk)).value == 2
    assert number("tickets_created", by="tag", member=str(bug.pk)).value == 1
    assert number("tickets_created", by="tag", member="").value == 1
    rows = evaluate(["tickets_created"], [MAY], scope=Scope.everything(), filters={"tag": str(vip.pk), "channel": "other"})
    assert rows[0].value == 2
    listed = drill("tickets_created", MAY, scope=Scope.everything(), filters={"tag": str(vip.pk)})
    assert listed.count == 2 and none.pk


def test_numbers_keep_who_was_in_charge_when_it_happened(people: Any) -> None:
    ida, kim = UserFactory(role="agent", team=people.north), UserFactory(role="agent", team=people.south)
    first, second = QueueFactory(name="First"), QueueFactory(name="Second")
    ticket = TicketFactory(created_at=utc("2026-05-04 09:00"), owner=ida, queue=first, priority="low")
    MessageFactory(ticket=ticket, by=ida, at=utc("2026-05-04 10:00"))
    services.change_ticket(ticket, owner=kim, queue=second, priority="high", at=utc("2026-05-05 09:00"))
    services.solve(ticket, at=utc("2026-05-06 09:00"))
    for key, owner, queue, priority in (
        ("tickets_created", ida, first, "low"),
        ("first_response_time", ida, first, "low"),
        ("tickets_solved", kim, second, "high"),
        ("resolution_time", kim, second, "high"),
    ):
        for dimension, member in (("owner", str(owner.pk)), ("queue", str(queue.pk)), ("priority", priority)):
            assert number(key, by=dimension, member=member).n == 1, (key, dimension)


def test_spam_is_in_no_number() -> None:
    ticket, *_others = tickets(2, replies=[1], solved=2)
    services.mark_spam(ticket)
    assert [number(key).n for key in ("tickets_created", "tickets_solved", "first_response_time", "fcr")] == [1, 1, 1, 1]
    services.mark_spam(Ticket.objects.get(pk=ticket.pk), False)
    assert number("tickets_created").value == 2
