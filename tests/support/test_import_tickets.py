"""Importing tickets: their dates count, what does not fit together is refused by line, and importing again changes nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from analytics import refreshing
from analytics.checking import run as check
from analytics.engine import evaluate
from analytics.scopes import Scope
from crm import jobs
from crm.exports import rows_response
from crm.imports.mapping import propose
from crm.imports.registry import kinds
from crm.models import Organisation
from crm.periods import Period
from support.columns import TICKETS
from support.models import Queue, Ticket
from tests.factories import CalendarFactory, PersonFactory, TicketFactory, utc
from tests.imports import counts, reasons, run_import, write

pytestmark = [pytest.mark.publishes, pytest.mark.django_db]

HEAD = (
    "number,subject,requester,company,queue,priority,type,channel,agent,status,opened_at,first_response_at,resolved_at,closed_at,"
    "reopen_count,sla_met"
).split(",")
YEAR = Period(utc("2026-01-01").date(), utc("2027-01-01").date())


@pytest.fixture(autouse=True)
def now(organisation: Any, clock: Any) -> None:
    clock("2026-05-18 10:00")
    Organisation.remember()


def row(**values: Any) -> list[Any]:
    return [values.get(name, "") for name in HEAD]


def solved(number: str = "A-1", **values: Any) -> list[Any]:
    story = {
        "number": number,
        "subject": "Broken",
        "status": "Closed",
        "opened_at": "2026-03-02 09:00",
        "first_response_at": "2026-03-02 10:00",
        "resolved_at": "2026-03-03 09:00",
        "closed_at": "2026-03-10 09:00",
    }
    return row(**{**story, **values})


def load(tmp_path: Path, *rows: list[Any], **options: Any) -> Any:
    return run_import("tickets", write(tmp_path / "tickets.csv", [HEAD, *rows]), **options)


def value(key: str) -> Any:
    refreshing.refresh_all_marked()
    return evaluate([key], [YEAR], scope=Scope.everything())[0].value


def test_dates_of_a_file_count_without_any_message(tmp_path: Path, people: Any) -> None:
    CalendarFactory(is_default=True, zone="UTC")
    run = load(
        tmp_path,
        solved(
            agent="gus",
            requester="eve@firm.example",
            company="Firm",
            priority="Medium",
            channel="E-mail",
            sla_met="yes",
            reopen_count=2,
        ),
        row(number="A-2", subject="Still open", priority="critical", channel="phone", opened_at="2026-05-11 09:00"),
    )
    assert counts(run) == (2, 0, 0, 0), reasons(run)
    ticket = Ticket.objects.get(number="A-1")
    assert (ticket.owner, ticket.company.name, ticket.priority, ticket.channel) == (people.gus, "Firm", "normal", "email")
    assert (ticket.closed_at, ticket.reopen_count, ticket.messages.count()) == (utc("2026-03-10 09:00"), 2, 0)
    assert Ticket.objects.get(number="A-2").priority == "urgent"
    assert (value("tickets_created"), value("tickets_solved"), value("ticket_backlog")) == (2, 1, 1)
    assert (value("first_response_time"), value("resolution_time")) == (3600, 86_400)
    assert value("resolution_time_business") == 8 * 3600
    assert (value("sla_attainment"), value("reopen_rate")) == (100, 100)


def test_importing_the_same_file_again_changes_nothing(tmp_path: Path, people: Any) -> None:
    rows = [
        solved(agent="gus", queue="Returns", reopen_count=1, sla_met="no"),
        row(subject="No number", opened_at="2026-05-11 09:00"),
    ]
    assert counts(load(tmp_path, *rows)) == (2, 0, 0, 0)
    assert counts(load(tmp_path, *rows)) == (0, 0, 2, 0)
    assert Ticket.objects.count() == 2


def test_a_later_file_brings_a_ticket_to_where_it_stands_now(tmp_path: Path, people: Any) -> None:
    load(tmp_path, row(number="A-1", subject="Broken", opened_at="2026-03-02 09:00", status="open"))
    assert counts(load(tmp_path, solved(priority="high"))) == (0, 1, 0, 0)
    ticket = Ticket.objects.get()
    assert (ticket.solved_at, ticket.priority, ticket.status.closes) == (utc("2026-03-03 09:00"), "high", True)
    assert value("first_response_time") == 3600


@pytest.mark.parametrize(
    ("changes", "column", "reason"),
    [
        ({"first_response_at": "2026-03-01 09:00"}, "first_response_at", "lies before the opening"),
        ({"resolved_at": "2026-03-01 09:00"}, "resolved_at", "lies before the opening"),
        ({"closed_at": "2026-03-02 12:00"}, "closed_at", "lies before the solution"),
        ({"status": "Open"}, "status", "contradicts the date on which the ticket was done"),
        ({"resolved_at": "", "closed_at": ""}, "status", "the date is missing: map resolved_at or closed_at"),
        ({"status": "Sideways"}, "status", "is not a ticket status"),
        ({"priority": "Purple"}, "priority", "is none of the known values"),
        ({"sla_met": "maybe"}, "sla_met", "is none of the known values"),
        ({"reopen_count": "-1"}, "reopen_count", "is not a number of times"),
    ],
)
def test_what_does_not_fit_is_refused_with_its_line_and_reason(
    tmp_path: Path, changes: dict[str, str], column: str, reason: str
) -> None:
    run = load(tmp_path, solved("A-0"), solved(**changes))
    assert counts(run) == (1, 0, 0, 1)
    ((line, *_where, said),) = reasons(run)
    assert (line, _where[0], said) == (3, column, reason)


def test_an_agent_nobody_knows_is_made_as_one_and_a_rep_is_refused(tmp_path: Path, people: Any) -> None:
    run = load(tmp_path, solved(agent="Nils Berg"), solved("A-2", agent="ann"), actor=people.ada)
    assert reasons(run) == [(3, "agent", "ann", "has a role that does not work on tickets")]
    owner = Ticket.objects.get().owner
    assert (owner.name, owner.role, owner.is_active) == ("Nils Berg", "agent", False)


def test_a_ticket_without_an_opening_date_is_in_the_backlog_and_in_no_flow(tmp_path: Path) -> None:
    run = load(tmp_path, row(number="A-1", subject="Old"))
    assert counts(run) == (1, 0, 0, 0)
    assert (value("tickets_created"), value("ticket_backlog")) == (0, 1)
    assert any(note["key"] == "ticket:undated" for note in run.notes)


def test_a_queue_nobody_knows_is_made_by_who_may_and_refused_for_others(tmp_path: Path, people: Any) -> None:
    run = load(tmp_path, solved(queue="Returns"), actor=people.max)
    assert reasons(run) == [(2, "queue", "Returns", "there is no such queue")]
    assert counts(load(tmp_path, solved(queue="Returns"), actor=people.ada)) == (1, 0, 0, 0)
    assert Ticket.objects.get().queue == Queue.objects.get(name="Returns")


def test_an_export_comes_back_unchanged(tmp_path: Path, people: Any) -> None:
    person = PersonFactory(name="Eve", emails=["eve@firm.example"])
    TicketFactory(
        subject="One", requester=person, owner=people.gus, created_at=utc("2026-05-11 09:00"), priority="high", type="Bug"
    )
    TicketFactory(subject="Two", created_at=utc("2026-05-11 09:00"), solved_at=utc("2026-05-12 09:00"), channel="phone")
    lines = [[column.value(ticket) for column in TICKETS] for ticket in Ticket.objects.for_list()]
    heads = [str(column.label) for column in TICKETS]
    response = rows_response(lines, heads, "tickets")
    path = tmp_path / "export.csv"
    path.write_bytes(b"".join(response.streaming_content))
    run = run_import("tickets", path, actor=people.ada, map=propose(kinds["tickets"], heads))
    assert counts(run) == (0, 0, 2, 0), (reasons(run), run.notes)


def test_the_check_confirms_what_an_import_made(tmp_path: Path, people: Any) -> None:
    rows = [
        solved(f"A-{number}", agent="gus", opened_at=f"2026-02-{number + 1:02} 09:00", sla_met="yes" if number % 2 else "")
        for number in range(20)
    ]
    load(tmp_path, *rows)
    load(tmp_path, *(solved(f"A-{number}", opened_at=f"2026-01-{number + 1:02} 09:00") for number in range(20)))
    jobs.run_all(strict=True, even_early=True)
    report = check()
    assert report.compared and not report.found


def test_a_later_file_corrects_opening_and_solving_together(tmp_path: Path) -> None:
    early = solved(status="Solved", closed_at="")
    late = solved(
        status="Solved",
        closed_at="",
        opened_at="2026-03-12 09:00",
        first_response_at="2026-03-12 11:00",
        resolved_at="2026-03-14 09:00",
    )
    load(tmp_path, early)
    for file, opened, done, hours in ((late, "2026-03-12", "2026-03-14", 2), (early, "2026-03-02", "2026-03-03", 1)):
        assert counts(load(tmp_path, file)) == (0, 1, 0, 0)
        ticket = Ticket.objects.get()
        assert (ticket.created_at, ticket.solved_at) == (utc(f"{opened} 09:00"), utc(f"{done} 09:00"))
        assert value("first_response_time") == hours * 3600
    jobs.run_all(strict=True, even_early=True)
    assert check().found == []


def test_a_refused_row_changes_nothing_of_its_ticket(tmp_path: Path) -> None:
    load(tmp_path, solved())
    run = load(tmp_path, row(number="A-1", subject="Other words", status="Open"))
    assert counts(run) == (0, 0, 0, 1)
    assert Ticket.objects.get().subject == "Broken"
