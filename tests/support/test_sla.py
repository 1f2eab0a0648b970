"""Service levels: what is promised, paused, kept and broken, and that it is written down in time without anybody looking."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import pytest

from contacts.models import Task
from crm import due, jobs
from crm.events import Origin, acting
from crm.models import Event, Job
from support import alarms, catalogue, services
from support.models import SlaTarget, Ticket
from tests.factories import CalendarFactory, CompanyFactory, MessageFactory, QueueFactory, SlaPolicyFactory, TicketFactory, utc

pytestmark = pytest.mark.django_db

BERLIN = ZoneInfo("Europe/Berlin")


def at(text: str) -> dt.datetime:
    """An instant by the clocks of Berlin in 2026."""
    return dt.datetime.fromisoformat(f"2026-{text}").replace(tzinfo=BERLIN).astimezone(dt.UTC)


@pytest.fixture
def gus(people, clock):
    """The agent on Monday the 4th of May 2026 at nine; the office in Berlin is open from nine to five."""
    clock(at("05-04 09:00"))
    CalendarFactory(name="Office", is_default=True)
    return people.gus


def solve_policy(minutes=480, **values):
    return SlaPolicyFactory(goals={"resolution": minutes}, **values)


def pend(ticket, when, clock, by, category="waiting_customer"):
    clock(at(when))
    with acting(by, Origin.PAGE):
        return services.change_ticket(ticket, status=catalogue.default_status(category))


def target(ticket, **which):
    return SlaTarget.objects.get(ticket=ticket, **which)


def kinds(ticket):
    return list(
        Event.objects.filter(subject_id=ticket.pk, kind__startswith="ticket.sla").order_by("pk").values_list("kind", "at")
    )


# --- pauses ----------------------------------------------------------------------------------------------------------


def test_e36_a_pause_is_taken_out_of_the_clock_in_its_own_time(gus, clock):
    solve_policy()
    clock(at("05-04 10:00"))
    ticket = TicketFactory()
    pend(ticket, "05-04 12:00", clock, gus)
    paused = target(ticket)
    assert (paused.outcome, paused.used_seconds, paused.due_at) == ("paused", 2 * 3600, None)
    ticket.refresh_from_db()
    assert ticket.next_due_at is None
    clock(at("05-06 11:00"))
    MessageFactory(ticket=ticket)
    resumed = target(ticket)
    assert (resumed.outcome, resumed.due_at) == ("running", at("05-06 17:00"))
    assert [(row.running, row.seconds) for row in resumed.segments.all()] == [(True, 7200), (False, 15 * 3600), (True, None)]


def test_e37_the_pause_is_not_added_as_time_on_the_wall(gus, clock):
    solve_policy()
    clock(at("05-04 16:00"))
    ticket = TicketFactory()
    pend(ticket, "05-05 10:00", clock, gus)
    clock(at("05-06 12:00"))
    MessageFactory(ticket=ticket)
    assert target(ticket).due_at == at("05-07 10:00")


def test_e38_used_time_is_what_was_worked(gus, clock):
    solve_policy()
    clock(at("05-08 15:00"))
    ticket = TicketFactory()
    pend(ticket, "05-08 16:00", clock, gus)
    clock(at("05-11 10:00"))
    MessageFactory(ticket=ticket)
    clock(at("05-11 12:00"))
    with acting(gus, Origin.PAGE):
        services.solve(ticket)
    assert (target(ticket).used_seconds, target(ticket).outcome) == (3 * 3600, "met")


@pytest.mark.parametrize(("pauses", "outcome"), [(True, "paused"), (False, "running")])
def test_waiting_for_a_third_party_pauses_only_when_the_policy_says_so(gus, clock, pauses, outcome):
    solve_policy(pause_waiting_other=pauses)
    ticket = pend(TicketFactory(), "05-04 10:00", clock, gus, "waiting_other")
    assert target(ticket).outcome == outcome


def test_a_first_response_is_never_paused(gus, clock):
    SlaPolicyFactory(goals={"first_response": 60})
    ticket = pend(TicketFactory(), "05-04 09:30", clock, gus)
    assert (target(ticket).outcome, target(ticket).due_at) == ("running", at("05-04 10:00"))


def test_a_ticket_that_is_opened_waiting_is_paused_from_the_start(gus):
    solve_policy()
    ticket = TicketFactory(status=catalogue.default_status("waiting_customer"))
    assert (target(ticket).outcome, target(ticket).used_seconds) == ("paused", 0)


def test_by_the_clock_on_the_wall_nights_count(gus):
    solve_policy(goals__business=False, minutes=24 * 60)
    assert target(TicketFactory()).due_at == at("05-05 09:00")


# --- decisions -------------------------------------------------------------------------------------------------------


def answered_after(gus, clock, minutes):
    SlaPolicyFactory(goals={"first_response": 60})
    ticket = TicketFactory()
    clock(at("05-04 09:00") + minutes)
    MessageFactory(ticket=ticket, by=gus)
    return target(ticket)


def test_a_promise_is_kept_up_to_the_last_moment_before_it_is_due(gus, clock):
    found = answered_after(gus, clock, dt.timedelta(minutes=60) - dt.timedelta(microseconds=1))
    assert found.outcome == "met"


def test_a_promise_is_broken_at_the_moment_it_is_due(gus, clock):
    found = answered_after(gus, clock, dt.timedelta(minutes=60))
    assert (found.outcome, found.decided_at) == ("breached", at("05-04 10:00"))


def test_a_late_answer_leaves_the_breach_dated_when_it_was_due(gus, clock):
    found = answered_after(gus, clock, dt.timedelta(minutes=95))
    assert (found.outcome, found.decided_at, found.fulfilled_at) == ("breached", at("05-04 10:00"), at("05-04 10:35"))
    assert found.used_seconds == 95 * 60


def test_the_decision_belongs_to_who_was_in_charge_when_it_was_due(gus, people, clock):
    SlaPolicyFactory(goals={"first_response": 60})
    ticket = TicketFactory(owner=people.max)
    clock(at("05-04 11:00"))
    with acting(people.ada, Origin.PAGE):
        services.change_ticket(ticket, owner=gus)
    assert (target(ticket).owner, target(ticket).team) == (people.max, people.north)


def test_only_the_first_response_is_promised_before_it_then_the_next_replies(gus, clock):
    SlaPolicyFactory(goals={"first_response": 60, "next_reply": 30})
    ticket = TicketFactory()
    clock(at("05-04 09:10"))
    MessageFactory(ticket=ticket)
    assert [row.metric for row in ticket.targets.all()] == ["first_response"]
    clock(at("05-04 09:20"))
    MessageFactory(ticket=ticket, by=gus)
    clock(at("05-04 09:40"))
    MessageFactory(ticket=ticket)
    assert target(ticket, metric="next_reply").due_at == at("05-04 10:10")


def test_a_resolution_is_decided_by_the_first_solve_and_reopening_does_not_ask_again(gus, clock):
    solve_policy()
    ticket = TicketFactory()
    clock(at("05-04 10:00"))
    with acting(gus, Origin.PAGE):
        services.solve(ticket)
    clock(at("05-07 10:00"))
    MessageFactory(ticket=ticket)
    assert (target(ticket).outcome, target(ticket).decided_at) == ("met", at("05-04 10:00"))


def test_spam_is_in_no_decision(gus, clock):
    SlaPolicyFactory(goals={"first_response": 60})
    late, early = TicketFactory(), TicketFactory()
    services.mark_spam(early)
    clock(at("05-04 11:00"))
    alarms.look(late.pk)
    services.mark_spam(late)
    assert target(early).outcome == "cancelled"
    assert not SlaTarget.objects.decided().exists()
    services.mark_spam(early, False)
    assert target(early).outcome == "breached"


def test_e44_e45_running_promises_do_not_count_until_they_are_due(gus, clock):
    SlaPolicyFactory(goals={"first_response": 60})
    for count, minutes in ((30, 10), (6, 70)):
        for _n in range(count):
            clock(at("05-04 09:00"))
            ticket = TicketFactory()
            clock(at("05-04 09:00") + dt.timedelta(minutes=minutes))
            MessageFactory(ticket=ticket, by=gus)
    running = []
    for number in range(4):
        clock(at("05-04 11:00") + dt.timedelta(minutes=number))
        running.append(TicketFactory())
    assert (SlaTarget.objects.met().count(), SlaTarget.objects.decided().count()) == (30, 36)
    clock(at("05-04 12:00"))
    alarms.soon()
    jobs.run_all(limit=20, even_early=True, strict=True)
    assert (SlaTarget.objects.met().count(), SlaTarget.objects.decided().count()) == (30, 37)


# --- changes on the way ----------------------------------------------------------------------------------------------


def urgent_policy():
    return SlaPolicyFactory(goals={("resolution", "normal"): 480, ("resolution", "urgent"): 120, ("resolution", "high"): 30})


def test_e46_another_priority_counts_from_the_original_start(gus, clock):
    urgent_policy()
    ticket = TicketFactory()
    clock(at("05-04 10:00"))
    services.change_ticket(ticket, priority="urgent")
    old, new = ticket.targets.order_by("opened_at")
    assert (old.outcome, old.ended_at) == ("superseded", at("05-04 10:00"))
    assert (new.started_at, new.due_at, new.outcome) == (at("05-04 09:00"), at("05-04 11:00"), "running")


def test_e46_what_is_broken_stays_broken_and_is_not_promised_anew(gus, clock):
    urgent_policy()
    ticket = TicketFactory(priority="urgent")
    clock(at("05-04 12:00"))
    services.change_ticket(ticket, priority="normal")
    assert (target(ticket).priority, target(ticket).outcome, target(ticket).decided_at) == (
        "urgent",
        "breached",
        at("05-04 11:00"),
    )


def test_a_promise_that_would_have_been_due_before_it_was_made_is_broken_when_it_is_made(gus, clock):
    urgent_policy()
    ticket = TicketFactory()
    clock(at("05-04 10:00"))
    services.change_ticket(ticket, priority="high")
    new = target(ticket, priority="high")
    assert (new.outcome, new.due_at, new.decided_at) == ("breached", at("05-04 09:30"), at("05-04 10:00"))


def test_a_policy_that_is_changed_leaves_running_promises_as_they_were_made(gus, clock):
    policy = SlaPolicyFactory(goals={"first_response": 60})
    ticket = TicketFactory()
    catalogue.save_policy(policy, goals=[("normal", "first_response", 10, True)])
    clock(at("05-04 09:20"))
    alarms.look(ticket.pk)
    assert (target(ticket).outcome, target(ticket).due_at) == ("running", at("05-04 10:00"))
    assert target(TicketFactory()).due_at == at("05-04 09:30")


def test_each_stretch_of_a_clock_goes_by_the_hours_valid_then(gus, clock):
    solve_policy()
    ticket = TicketFactory()
    clock(at("05-04 10:00"))
    calendar = ticket.targets.get().calendar
    late = {str(day): [["13:00", "17:00"]] for day in range(5)}
    catalogue.save_calendar(calendar, zone="Europe/Berlin", week=late, valid_from=at("05-05 00:00"))
    jobs.run_all(strict=True)
    assert target(ticket).due_at == at("05-04 17:00")
    pend(ticket, "05-04 12:00", clock, gus)
    clock(at("05-05 14:00"))
    MessageFactory(ticket=ticket)
    # Three hours were used on Monday; of the five left three fit into Tuesday afternoon.
    assert target(ticket).due_at == at("05-06 15:00")
    versions = [row.version.zone and row.version.valid_from for row in target(ticket).segments.all()]
    assert versions == [None, None, at("05-05 00:00"), at("05-05 00:00")]


def test_a_queue_with_other_hours_changes_the_clock_from_then_on(gus, clock):
    solve_policy()
    always = CalendarFactory(name="Always", week={str(day): [["00:00", "24:00"]] for day in range(7)})
    ticket = TicketFactory()
    clock(at("05-04 16:00"))
    services.change_ticket(ticket, queue=QueueFactory(calendar=always))
    assert target(ticket).due_at == at("05-04 17:00")
    assert ticket.targets.count() == 1


# --- which policy ----------------------------------------------------------------------------------------------------


def test_the_first_active_policy_whose_conditions_all_hold_applies(gus):
    vip, queue = CompanyFactory(name="Vip"), QueueFactory()
    QueueFactory(is_default=True)
    goals = {"first_response": 60}
    SlaPolicyFactory(name="off", position=0, active=False, goals=goals)
    SlaPolicyFactory(name="both", position=1, company=vip, queue=queue, goals=goals)
    SlaPolicyFactory(name="vip", position=2, company=vip, goals=goals)
    SlaPolicyFactory(name="login", position=3, type="Login", channel="email", goals=goals)
    SlaPolicyFactory(name="tagged", position=4, tag=catalogue.tag_named("gold"), goals=goals)
    SlaPolicyFactory(name="rest", position=5, goals=goals)

    def policy(**values):
        return target(TicketFactory(**values)).policy.name

    assert policy(company=vip, queue=queue) == "both"
    assert policy(company=vip) == "vip"
    assert policy(type="login", channel="email") == "login"
    assert policy(type="login", channel="web") == "rest"
    assert policy(tags=["Gold"]) == "tagged"


def test_a_policy_with_other_conditions_reaches_a_ticket_at_its_next_change(gus, clock):
    first = SlaPolicyFactory(name="first", goals={"first_response": 30})
    SlaPolicyFactory(name="rest", position=1, goals={"first_response": 60})
    ticket = TicketFactory()
    catalogue.save_policy(first, channel="phone")
    clock(at("05-04 09:10"))
    alarms.look(ticket.pk)
    assert [(row.policy.name, row.outcome) for row in ticket.targets.all()] == [("first", "running")]
    MessageFactory(ticket=ticket)
    assert target(ticket, outcome="running").policy.name == "rest"


def test_a_tag_given_later_brings_its_policy(gus, clock):
    SlaPolicyFactory(name="gold", tag=catalogue.tag_named("gold"), goals={"first_response": 30})
    SlaPolicyFactory(name="rest", position=1, goals={"first_response": 60})
    ticket = TicketFactory()
    clock(at("05-04 09:10"))
    services.change_ticket(ticket, tags=["gold"])
    assert [(row.policy.name, row.outcome) for row in ticket.targets.all()] == [("rest", "superseded"), ("gold", "running")]
    assert target(ticket, outcome="running").due_at == at("05-04 09:30")


# --- written in time -------------------------------------------------------------------------------------------------


def pass_time(clock, when):
    """The minute's look, and the jobs it gave."""
    clock(at(when))
    due.tick()
    jobs.run_all(limit=20, even_early=True, strict=True)


@pytest.fixture
def watched(gus, people):
    SlaPolicyFactory(goals={"first_response": 60}, warn_minutes=15, escalate_to=people.max, escalate_minutes=30)
    return TicketFactory(subject="Printer on fire")


def test_nothing_is_said_before_its_time(watched, clock):
    pass_time(clock, "05-04 09:40")
    assert kinds(watched) == []


def test_warning_breach_and_escalation_are_written_without_anybody_looking(watched, people, clock):
    pass_time(clock, "05-04 09:47")
    assert kinds(watched) == [("ticket.sla_warned", at("05-04 09:45"))]
    pass_time(clock, "05-04 10:02")
    assert kinds(watched)[1:] == [("ticket.sla_breached", at("05-04 10:00"))]
    assert target(watched).outcome == "breached"
    pass_time(clock, "05-04 10:31")
    assert kinds(watched)[2:] == [("ticket.sla_escalated", at("05-04 10:30"))]
    task = Task.objects.get()
    assert (task.owner, watched.number in task.title, watched.ticket_tasks.get().task) == (people.max, True, task)


def test_after_a_night_without_workers_each_is_written_once_with_its_own_time(watched, clock):
    for _again in range(2):
        pass_time(clock, "05-05 08:00")
    assert [kind for kind, _at in kinds(watched)] == ["ticket.sla_breached", "ticket.sla_escalated"]
    assert target(watched).decided_at == at("05-04 10:00")
    assert Task.objects.count() == 1


def test_an_answer_in_time_leaves_nothing_to_write(watched, gus, clock):
    clock(at("05-04 09:30"))
    MessageFactory(ticket=watched, by=gus)
    pass_time(clock, "05-04 12:00")
    assert kinds(watched) == []
    assert Ticket.objects.get(pk=watched.pk).clock_at is None


def test_a_moment_within_the_minute_gets_its_own_job(watched, clock):
    clock(at("05-04 09:44:30"))
    assert alarms.soon() == 1
    assert Job.objects.filter(kind="support.clock", key=f"ticket:{watched.pk}").count() == 1


def test_the_queue_is_ordered_by_what_is_due_next_then_by_who_waits_longest(gus, clock):
    SlaPolicyFactory(goals={("first_response", "urgent"): 30, ("first_response", "normal"): 60})
    waiting, normal = TicketFactory(priority="low"), TicketFactory()
    clock(at("05-04 09:10"))
    urgent, later = TicketFactory(priority="urgent"), TicketFactory(priority="low")
    assert list(Ticket.objects.by_due()) == [urgent, normal, waiting, later]
    assert Ticket.objects.get(pk=urgent.pk).next_due_metric == "first_response"


def test_a_late_answer_stays_first_in_the_queue_until_it_is_given(watched, gus, clock):
    pass_time(clock, "05-04 10:30")
    assert list(Ticket.objects.overdue(at("05-04 10:30"))) == [watched]
    MessageFactory(ticket=watched, by=gus)
    assert not Ticket.objects.overdue(utc("2027-01-01")).exists()
