"""Importing tickets with their real dates, agents and outcomes. Their dates are facts: no messages are needed for them to count."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from contacts.imports.common import checked, differing, import_day
from contacts.imports.companies import References as Companies
from contacts.imports.people import find_person
from contacts.models import Company, Person
from crm.imports.engine import Step, refuse_by
from crm.imports.index import Index
from crm.imports.parsing import fold
from crm.imports.references import find_user
from crm.imports.registry import Field, Kind, Row, register
from crm.models import User
from crm.models.users import Role

from .. import bulk, catalogue, owners, services
from ..choices import Category
from ..models import Queue, Ticket, TicketStatus
from ..sla import Promises
from .words import CLOSED, meaning, understood


def load(since: dt.datetime | None) -> Iterator[tuple[int, tuple[str, ...]]]:
    rows = Ticket.objects.order_by()
    if since is not None:
        rows = rows.filter(updated_at__gte=since)
    for pk, number, subject, created, undated in rows.values_list("pk", "number", "subject", "created_at", "undated").iterator():
        yield pk, keys(number, subject, None if undated else created)


def keys(number: str, subject: str, created: dt.datetime | None) -> tuple[str, str]:
    """A ticket without a number is known by its subject and when it was opened."""
    return f"n:{number.lower()}", f"s:{fold(subject)}|{created.isoformat() if created else ''}"


def index_of(step: Step) -> Index:
    return step.index("tickets", load)


@dataclass
class Wanted:
    """What a row says about its ticket, after every word in it was understood; None where it says nothing."""

    row: Row
    company: Company | None = None
    requester: Person | None = None
    queue: Queue | None = None
    owner: User | None = None
    status: TicketStatus | None = None
    solved_at: dt.datetime | None = None
    closed_at: dt.datetime | None = None
    plain: dict[str, Any] = field(default_factory=dict)


class Names:
    """Queues and statuses by name; a queue that the file names and nobody has is made where the importer may."""

    def __init__(self, step: Step) -> None:
        self.step = step
        self.queues = {fold(row.name): row for row in Queue.objects.all()}
        self.statuses = {fold(row.name): row for row in TicketStatus.objects.all()}
        self.usual = catalogue.statuses()

    def queue(self, row: Row) -> Queue | None:
        text = row.text("queue")
        if not text:
            return None
        if fold(text) not in self.queues:
            if not self.step.may("settings", "change"):
                row.refuse("queue", _("there is no such queue"))
                return None
            position = len(self.queues)
            self.queues[fold(text)] = catalogue.save_entry(Queue(), name=text, position=position, public=False)
            self.step.made("queue", text)
        return self.queues[fold(text)]

    def status(self, row: Row) -> TicketStatus | None:
        """The status of that name, else the usual one of what the word means."""
        text = row.text("status")
        if not text:
            return None
        found = self.statuses.get(fold(text)) or self.usual.get(meaning(row, "status") or "")
        if found is None:
            row.refuse("status", _("is not a ticket status"))
        return found


@register
class Tickets(Kind):
    """Tickets; the same one has that number, else that subject and opening date."""

    key = "tickets"
    label = gettext_lazy("Tickets")
    needs = (("ticket", "add"),)
    required = (("number", "subject"),)
    fields = (
        Field("number", gettext_lazy("Number"), limit=40, headings=("id", "ticket id", "ticket number", "ticket", "case number")),
        Field("subject", gettext_lazy("Subject"), headings=("title", "ticket subject", "summary", "issue")),
        Field(
            "requester",
            gettext_lazy("Requester"),
            headings=("customer", "customer email", "contact", "customer name", "requester email", "from"),
        ),
        Field("company", gettext_lazy("Company"), headings=("account", "organization", "company name")),
        Field("queue", gettext_lazy("Queue"), limit=80, headings=("group", "department", "assigned group", "ticket queue")),
        Field("priority", gettext_lazy("Priority"), limit=40, headings=("ticket priority", "severity", "urgency")),
        Field("type", gettext_lazy("Type"), limit=80, headings=("ticket type", "topic", "issue type")),
        Field("channel", gettext_lazy("Channel"), limit=40, headings=("ticket channel", "source", "via", "origin")),
        Field("agent", gettext_lazy("Assignee"), headings=("owner", "assigned to", "ticket owner", "agent name")),
        Field("status", gettext_lazy("Status"), limit=60, headings=("ticket status", "state")),
        Field(
            "opened_at",
            gettext_lazy("Opened"),
            "moment",
            headings=("created", "created at", "created_at", "date of purchase", "open date"),
        ),
        Field("first_response_at", gettext_lazy("First response"), "moment", headings=("first response time", "first reply at")),
        Field(
            "resolved_at",
            gettext_lazy("Solved"),
            "moment",
            headings=("resolved", "solved at", "resolution date", "time of resolution"),
        ),
        Field("closed_at", gettext_lazy("Closed"), "moment", headings=("close date", "closed date")),
        Field("reopen_count", gettext_lazy("Reopened"), "whole", headings=("reopens", "times reopened")),
        Field("sla_met", gettext_lazy("SLA met"), limit=40, headings=("sla", "sla status", "within sla")),
    )

    def identities(self, row: Row) -> list[str]:
        number, same = keys(row.text("number"), row.text("subject"), row.get("opened_at"))
        return [number if row.text("number") else same]

    def save(self, rows: Sequence[Row], step: Step) -> None:
        companies, names = Companies(step, rows), Names(step)
        index = index_of(step)
        matches = {id(row): index.find(*self.identities(row)) for row in rows}
        related = Ticket.objects.select_related("status", "queue", "owner", "company", "requester")
        known = related.in_bulk([found.pk for found in matches.values() if found and not found.several])
        fresh: list[tuple[Row, bulk.NewTicket]] = []
        for row in rows:
            if row.refused:
                continue
            wanted = self._read(row, step, names, companies)
            found = matches[id(row)]
            if found and found.several:
                row.refuse("subject", _("fits more than one ticket: give the number"))
            if row.refused:
                continue
            ticket = known.get(found.pk) if found else None
            if ticket is not None:
                self._change(wanted, step, ticket)
            else:
                self._new(wanted, step, names, fresh)
        self._write(fresh, step)

    # --- understanding a row -----------------------------------------------------------------------------------------

    def _read(self, row: Row, step: Step, names: Names, companies: Companies) -> Wanted:
        wanted = Wanted(row)
        wanted.status, wanted.queue = names.status(row), names.queue(row)
        for key in ("priority", "channel", "sla_met"):
            found = understood(row, key)
            if found is not None:
                wanted.plain[key] = found
        for key, name in (("subject", "subject"), ("type", "type"), ("first_response_at", "stated_response_at")):
            if row.get(key):
                wanted.plain[name] = row.values[key]
        if row.get("reopen_count") is not None:
            wanted.plain["stated_reopens"] = row.values["reopen_count"]
            if not 0 <= row.values["reopen_count"] < 1000:
                row.refuse("reopen_count", _("is not a number of times"))
        self._dates(row, wanted, names)
        if row.refused:
            return wanted
        wanted.owner = find_user(step, row, "agent", role=Role.AGENT)
        if wanted.owner is not None and not owners.handles(wanted.owner):
            row.refuse("agent", _("has a role that does not work on tickets"))
        elif wanted.owner is not None and not step.may_own("ticket", wanted.owner):
            row.refuse("agent", _("belongs to another team"))
        wanted.company = companies.get(row)
        wanted.requester = find_person(step, row, wanted.company, "requester")
        return wanted

    def _dates(self, row: Row, wanted: Wanted, names: Names) -> None:
        """Dates and status must tell one story, in order."""
        opened, solved, closed = row.get("opened_at"), row.get("resolved_at"), row.get("closed_at")
        for key in ("first_response_at", "resolved_at", "closed_at"):
            if opened and row.get(key) and row.values[key] < opened:
                row.refuse(key, _("lies before the opening"))
        if solved and closed and closed < solved:
            row.refuse("closed_at", _("lies before the solution"))
        done = wanted.status is not None and wanted.status.category == Category.DONE
        if (solved or closed) and wanted.status is not None and not done:
            row.refuse("status", _("contradicts the date on which the ticket was done"))
        if done and not solved and not closed:
            row.refuse("status", _("the date is missing: map resolved_at or closed_at"))
        wanted.solved_at, wanted.closed_at = solved or closed, closed
        if wanted.closed_at and not (wanted.status and wanted.status.closes):
            wanted.status = names.usual[CLOSED]
        elif wanted.solved_at and wanted.status is None:
            wanted.status = names.usual[Category.DONE]
        if wanted.status is not None and wanted.status.closes:
            wanted.closed_at = wanted.closed_at or wanted.solved_at

    # --- writing -----------------------------------------------------------------------------------------------------

    def _new(self, wanted: Wanted, step: Step, names: Names, fresh: list[tuple[Row, bulk.NewTicket]]) -> None:
        row, opened = wanted.row, wanted.row.get("opened_at")
        if opened is None:
            text = _("Tickets without an opening date are in the backlog since the import and count as created in no period.")
            step.note("ticket:undated", text, row.text("number") or row.text("subject"))
        first = min(filter(None, (wanted.plain.get("stated_response_at"), wanted.solved_at, import_day(step))))
        owner = wanted.owner
        if owner is None and step.actor is not None and step.scope("ticket", "change") == "own":
            owner = step.actor
        ticket = Ticket(
            number=row.text("number"),
            subject=row.text("subject") or row.text("number"),
            company=wanted.company or (wanted.requester.company if wanted.requester else None),
            requester=wanted.requester,
            language=wanted.requester.language if wanted.requester else "",
            queue=wanted.queue or catalogue.default_queue(),
            status=wanted.status or names.usual[Category.OPEN],
            owner=owner,
            created_at=opened or first,
            undated=opened is None,
            solved_at=wanted.solved_at,
            closed_at=wanted.closed_at,
        )
        ticket.category = ticket.status.category
        ticket.team = owner.team if owner and owner.team_id else ticket.queue.team
        for name, value in wanted.plain.items():
            setattr(ticket, name, value)
        if checked(self, row, ticket):
            fresh.append((row, bulk.NewTicket(ticket, *_story(ticket, names))))

    def _change(self, wanted: Wanted, step: Step, ticket: Ticket) -> None:
        row = wanted.row
        values = dict(wanted.plain)
        if values.get("stated_response_at") == ticket.first_response_at:
            values.pop("stated_response_at", None)  # its messages say so already
        if values.get("stated_reopens") == ticket.reopen_count:
            values.pop("stated_reopens", None)
        for name in ("company", "requester", "queue", "owner"):
            if getattr(wanted, name) is not None:
                values[name] = getattr(wanted, name)
        changes = differing(ticket, values)
        opened = row.get("opened_at")
        if opened and (ticket.created_at != opened or ticket.undated):
            changes["created_at"] = opened
        finish = self._finish(wanted, ticket)
        if (changes or finish) and not step.may_change(ticket, "ticket"):
            row.refuse("number", _("exists already and belongs to another team"))
            return
        later = "created_at" in changes and opened > ticket.created_at  # then it must first have been solved later, too
        try:
            with transaction.atomic():  # a refused row changes nothing
                for change in (*finish, changes) if later else (changes, *finish):
                    if change:
                        services.change_ticket(ticket, **change)
        except ValidationError as error:
            refuse_by(row, self, error)
            return
        row.result = "updated" if changes or finish else "unchanged"

    def _finish(self, wanted: Wanted, ticket: Ticket) -> list[dict[str, Any]]:
        """The changes of status that bring the ticket to where the row says it stands."""
        status, found = wanted.status, []
        if status is None or wanted.solved_at is None:
            return [{"status": status}] if status and status.pk != ticket.status_id else []
        if ticket.category != Category.DONE:
            solved = status if not status.closes else catalogue.default_status(Category.DONE)
            found.append({"status": solved, "at": wanted.solved_at})
        elif ticket.solved_at != wanted.solved_at and wanted.row.get("resolved_at"):
            found.append({"solved_at": wanted.solved_at})
        if status.closes and not ticket.closed:
            found.append({"status": status, "at": wanted.closed_at})
        return found

    def _write(self, fresh: list[tuple[Row, bulk.NewTicket]], step: Step) -> None:
        if not fresh:
            return
        bulk.create_many([new for _row, new in fresh], Promises())
        index = index_of(step)
        for row, new in fresh:
            index.add(new.ticket.pk, keys(new.ticket.number, new.ticket.subject, row.get("opened_at")))
            row.result = "created"


def _story(ticket: Ticket, names: Names) -> tuple[dict[str, Any], list[bulk.Step]]:
    """It was opened, then solved, then closed, as far as that happened."""
    if ticket.solved_at is None:
        return {}, []
    done = names.usual[Category.DONE] if ticket.status.closes else ticket.status
    steps = [bulk.Step(ticket.solved_at, {"status": done})]
    if ticket.closed_at is not None:
        steps.append(bulk.Step(ticket.closed_at, {"status": ticket.status}))
    return {"status": names.usual[Category.OPEN]}, steps
