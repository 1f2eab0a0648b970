"""The columns of tickets: on the page, in exports, and for the API's ordering."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from crm.columns import Column, Columns

from .models import Ticket


class TicketColumns(Columns):
    """Sorted by "due" a list is in the queue's order, which has more to it than one field."""

    def sorted(self, queryset: QuerySet, wanted: str) -> QuerySet:
        if self.sort_key(wanted) == "due":
            return queryset.by_due()  # type: ignore[attr-defined]
        return super().sorted(queryset, wanted)


def _name(attribute: str) -> Any:
    def read(ticket: Ticket) -> str | None:
        value = getattr(ticket, attribute)
        return str(value) if value not in (None, "") else None

    return read


def _label(attribute: str) -> Any:
    def read(ticket: Ticket) -> str:
        return str(getattr(ticket, f"get_{attribute}_display")())

    return read


def _moment(attribute: str) -> Any:
    return lambda ticket: getattr(ticket, attribute)


#: An export holds what the ticket is, never what was said on it.
TICKETS = TicketColumns(
    Column("number", _("Number"), _name("number"), order="created_at"),
    Column("subject", _("Subject"), _name("subject"), order="subject"),
    Column("requester", _("Requester"), _name("requester")),
    Column("company", _("Company"), _name("company"), on_page=False),
    Column("priority", _("Priority"), _label("priority")),
    Column("due", _("Next due"), _moment("next_due_at"), kind="when", order="next_due_at", blanks=True),
    Column("status", _("Status"), _name("status")),
    Column("owner", _("Assignee"), _name("owner")),
    Column("updated", _("Last message"), _moment("last_message_at"), kind="when"),
    Column("category", _("Category"), _label("category"), on_page=False),
    Column("queue", _("Queue"), _name("queue"), on_page=False),
    Column("type", _("Type"), _name("type"), on_page=False),
    Column("channel", _("Channel"), _label("channel"), on_page=False),
    Column("tags", _("Tags"), lambda ticket: ", ".join(tag.name for tag in ticket.tags.all()), on_page=False),
    Column("team", _("Team"), _name("team"), on_page=False),
    Column("created", _("Opened"), _moment("created_at"), kind="when", on_page=False),
    Column("first_response", _("First response"), _moment("first_response_at"), kind="when", on_page=False),
    Column("first_solved", _("First solved"), _moment("first_solved_at"), kind="when", on_page=False),
    Column("solved", _("Solved"), _moment("solved_at"), kind="when", on_page=False),
    Column("closed", _("Closed"), _moment("closed_at"), kind="when", on_page=False),
    Column("reopen_count", _("Reopened"), lambda ticket: ticket.reopen_count, kind="number", on_page=False),
    default="due",
)
