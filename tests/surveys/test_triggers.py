"""Solved tickets, won deals and the calendar make surveys go out; a reopening takes them back."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone

from contacts.models import Company, Person
from crm import due, jobs
from crm.models import Job
from crm.periods import Period
from deals.services import reopen_deal, win_deal
from support.services import mark_spam, reopen, solve
from surveys.choices import Trigger
from surveys.models import Invitation
from surveys.triggers import days_after_start
from tests.factories import CompanyFactory, DealFactory, PersonFactory, SurveyFactory, TicketFactory, utc
from tests.people import People

from .scene import run_jobs

pytestmark = pytest.mark.django_db

HOUR = dt.timedelta(hours=1)


@pytest.fixture
def joe(people: People) -> Person:
    return PersonFactory(emails=["joe@x.example"], company=CompanyFactory(owner=people.ann))


def due_jobs() -> None:
    """Runs what is due by the test's clock; the job table goes by the database's."""
    jobs.run_all(strict=True)
    for job in Job.objects.filter(kind="surveys.send", state="waiting"):
        if Invitation.objects.get(pk=job.payload["invitation"]).send_after <= timezone.now():
            Job.objects.filter(pk=job.pk).update(run_at=job.created_at)
    jobs.run_all(strict=True)


def test_a_reopened_ticket_is_asked_about_once_after_it_was_solved_for_good(
    people: People, joe: Person, clock: Callable[[Any], None], mailoutbox: list
) -> None:
    start = utc("2026-05-18 10:00")
    clock(start)
    SurveyFactory(kind="csat", trigger=Trigger.TICKET_SOLVED, delay_hours=24)
    ticket = TicketFactory(requester=joe)
    solve(ticket)
    due_jobs()
    clock(start + 5 * HOUR)
    reopen(ticket)
    clock(start + 24 * HOUR)
    due_jobs()
    assert not mailoutbox
    clock(start + 30 * HOUR)
    solve(ticket)
    due_jobs()
    clock(start + 53 * HOUR)
    due_jobs()
    assert not mailoutbox
    clock(start + 54 * HOUR)
    due_jobs()
    assert len(mailoutbox) == 1
    first, second = Invitation.objects.order_by("pk")
    assert (first.state, first.reason) == ("skipped", "reopened")
    assert (second.state, second.sent_at) == ("sent", start + 54 * HOUR)


def test_a_ticket_that_was_asked_about_is_not_asked_about_again(people: People, joe: Person, mailoutbox: list) -> None:
    SurveyFactory(kind="csat", trigger=Trigger.TICKET_SOLVED, throttle_days=0, throttle_reason="Test")
    ticket = TicketFactory(requester=joe)
    for step in (solve, reopen, solve):
        step(ticket)
        run_jobs()
    assert len(mailoutbox) == 1
    assert list(Invitation.objects.order_by("pk").values_list("reason", flat=True)) == ["", "already_asked"]


def test_a_ticket_reopened_before_the_worker_came_is_not_asked_about(people: People, joe: Person, mailoutbox: list) -> None:
    SurveyFactory(kind="csat", trigger=Trigger.TICKET_SOLVED)
    ticket = TicketFactory(requester=joe)
    solve(ticket)
    reopen(ticket)
    run_jobs()
    assert not mailoutbox
    assert not Invitation.objects.exists()


def test_the_invitation_carries_agent_team_queue_priority_and_channel(people: People, joe: Person) -> None:
    SurveyFactory(kind="csat", trigger=Trigger.TICKET_SOLVED)
    ticket = TicketFactory(requester=joe, owner=people.gus, team=people.north, priority="high", channel="phone")
    solve(ticket)
    run_jobs()
    row = Invitation.objects.get()
    assert (row.person, row.company, row.owner, row.team) == (joe, joe.company, people.gus, people.north)
    assert (row.queue, row.priority, row.channel) == (str(ticket.queue), "high", "phone")
    assert (row.subject_type, row.subject_id, row.subject_number) == ("support.ticket", ticket.pk, ticket.number)


def test_a_ticket_of_an_address_nobody_knows_asks_that_address(people: People, mailoutbox: list) -> None:
    SurveyFactory(kind="csat", trigger=Trigger.TICKET_SOLVED)
    solve(TicketFactory(email="stranger@x.example"))
    run_jobs()
    assert mailoutbox[0].to == ["stranger@x.example"]
    assert Invitation.objects.get().person == Person.objects.filter(emails__email="stranger@x.example").first()


def test_spam_is_not_asked(people: People, joe: Person, mailoutbox: list) -> None:
    SurveyFactory(kind="csat", trigger=Trigger.TICKET_SOLVED)
    ticket = TicketFactory(requester=joe)
    solve(ticket)
    mark_spam(ticket)
    run_jobs()
    assert not mailoutbox


def test_a_won_deal_asks_its_first_person(people: People, joe: Person, mailoutbox: list) -> None:
    other = PersonFactory(emails=["other@x.example"])
    SurveyFactory(trigger=Trigger.DEAL_WON)
    deal = DealFactory(owner=people.ann, company=joe.company, people=[(joe, "buys"), (other, "uses")], campaign="Spring")
    win_deal(deal)
    run_jobs()
    row = Invitation.objects.get()
    assert (row.person, row.owner, row.team, row.company) == (joe, people.ann, people.north, joe.company)
    assert (row.subject_type, row.subject_id, row.subject_number, row.campaign) == ("deals.deal", deal.pk, deal.number, "Spring")
    assert mailoutbox[0].to == ["joe@x.example"]


def test_a_deal_that_is_opened_again_is_not_asked_about(people: People, joe: Person, mailoutbox: list) -> None:
    SurveyFactory(trigger=Trigger.DEAL_WON, delay_hours=24)
    deal = DealFactory(owner=people.ann, company=joe.company, people=[(joe, "buys")])
    win_deal(deal)
    due_jobs()
    reopen_deal(deal)
    run_jobs()
    assert not mailoutbox
    assert Invitation.objects.get().reason == "reopened"


@pytest.mark.parametrize(("origin", "days"), [("import", 0), ("page", 30)])
def test_history_asks_nobody(people: People, joe: Person, origin: str, days: int) -> None:
    SurveyFactory(trigger=Trigger.DEAL_WON)
    at = timezone.now() - dt.timedelta(days=days, hours=1)
    DealFactory(owner=people.ann, people=[(joe, "buys")], created_at=at, won_at=at, origin=origin)
    run_jobs()
    assert not Invitation.objects.exists()


def test_customers_are_asked_so_many_days_after_they_became_ones(people: People, joe: Person, clock: Any) -> None:
    survey = SurveyFactory(trigger=Trigger.DAYS_AFTER_START, days_after=30)
    for name, since in (("joe", "2026-04-18 00:00"), ("late", "2026-04-19 00:00"), ("early", "2026-04-17 23:59")):
        company = joe.company if name == "joe" else PersonFactory(emails=[f"{name}@x.example"], company=CompanyFactory()).company
        Company.objects.filter(pk=company.pk).update(customer_since=utc(since))
    clock("2026-05-18 00:05")
    days_after_start(Period(dt.date(2026, 5, 17), dt.date(2026, 5, 18), "day"))
    run_jobs()
    row = Invitation.objects.get()
    assert (row.survey, row.person, row.trigger) == (survey, joe, Trigger.DAYS_AFTER_START)


def test_the_calendar_is_asked_every_day(people: People) -> None:
    assert {"surveys.days_after", "surveys.reminders", "surveys.expiry"} <= {item.name for item in due.periodics}


def test_spam_that_is_solved_later_is_not_asked(people: People, joe: Person, mailoutbox: list) -> None:
    SurveyFactory(kind="csat", trigger=Trigger.TICKET_SOLVED)
    ticket = TicketFactory(requester=joe)
    mark_spam(ticket)
    solve(ticket)
    run_jobs()
    assert not Invitation.objects.exists()
    assert not mailoutbox
