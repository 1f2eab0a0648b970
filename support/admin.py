"""Tickets, their history and what support is set up with, in the administration."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin

from crm.admin_base import ReadOnlyAdmin, ReadOnlyInline, ServiceAdmin, register_read_only

from . import catalogue, services
from .models import (
    Attachment,
    Calendar,
    CalendarVersion,
    Desk,
    Message,
    Queue,
    ReplyWait,
    SavedReply,
    SlaGoal,
    SlaPolicy,
    SlaSegment,
    SlaTarget,
    Tag,
    Ticket,
    TicketFacts,
    TicketState,
    TicketStatus,
    TicketTag,
    TicketTask,
)


class MessageInline(ReadOnlyInline):
    model = Message
    fields = ["at", "visibility", "author", "user", "person", "mail_state"]


class StateInline(ReadOnlyInline):
    model = TicketState
    fields = ["start", "end", "status", "owner", "priority", "queue", "by", "origin"]


@admin.register(Ticket)
class TicketAdmin(ServiceAdmin):
    """The status is changed on the ticket's own page, where a reply goes with it; tags and messages too."""

    list_display = ["number", "subject", "requester", "status", "priority", "owner", "created_at"]
    list_select_related = ["requester", "status", "owner"]
    list_filter = ["status", "queue", "priority", "spam"]
    search_fields = ["number", "subject"]
    raw_id_fields = ["requester", "company", "owner"]
    fields = [
        *("subject", "requester", "email", "company", "queue", "priority", "type", "channel", "language", "owner"),
        *("agent_opened", "created_at"),
    ]
    inlines = [MessageInline, StateInline]

    def store(self, record: Ticket, changes: dict[str, Any]) -> Ticket:
        if record.pk:
            return services.change_ticket(record, **changes)
        return services.open_ticket(Ticket(**changes))

    def remove(self, record: Ticket) -> None:
        services.delete_ticket(record)


class EntryAdmin(ServiceAdmin):
    """What administrators set up."""

    def store(self, record: Any, changes: dict[str, Any]) -> Any:
        return catalogue.save_entry(record, **changes)

    def remove(self, record: Any) -> None:
        catalogue.delete_entry(record)


class DefaultForm(forms.ModelForm):
    def _get_validation_exclusions(self) -> set[str]:
        """A second default is no error here: saving takes it from the first."""
        return {*super()._get_validation_exclusions(), "is_default"}  # type: ignore[misc]  # Django's own, not in its stubs


@admin.register(Queue)
class QueueAdmin(EntryAdmin):
    form = DefaultForm
    list_display = ["name", "position", "team", "calendar", "is_default", "public", "active"]
    list_select_related = ["team", "calendar"]


@admin.register(TicketStatus)
class StatusAdmin(EntryAdmin):
    list_display = ["name", "category", "closes", "position", "active"]


@admin.register(Tag)
class TagAdmin(EntryAdmin):
    list_display = ["name"]
    search_fields = ["name"]


@admin.register(SavedReply)
class SavedReplyAdmin(EntryAdmin):
    list_display = ["title", "owner", "team", "position"]
    list_select_related = ["owner", "team"]
    search_fields = ["title"]


class GoalInline(ReadOnlyInline):
    model = SlaGoal
    fields = ["metric", "priority", "minutes", "business"]


@admin.register(SlaPolicy)
class PolicyAdmin(EntryAdmin):
    """Its goals are set on the settings page."""

    list_display = ["name", "position", "active", "queue", "type", "channel", "company", "tag"]
    list_select_related = ["queue", "company", "tag"]
    raw_id_fields = ["company"]
    inlines = [GoalInline]


class VersionInline(ReadOnlyInline):
    model = CalendarVersion
    fields = ["valid_from", "zone", "week", "holidays"]


@admin.register(Calendar)
class CalendarAdmin(ReadOnlyAdmin):
    """Hours are set on the settings page: each change is another version."""

    list_display = ["name", "is_default"]
    inlines = [VersionInline]


@admin.register(Desk)
class DeskAdmin(ReadOnlyAdmin):
    list_display = ["name", "email", "close_after_days"]


register_read_only(
    *(Attachment, CalendarVersion, Message, ReplyWait, SlaGoal, SlaSegment, SlaTarget, TicketFacts, TicketState, TicketTag),
    TicketTask,
)
