"""What the API shows of tickets and takes for them."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from crm.api.fields import InstantField, ScopedField
from crm.api.serializers import RecordSerializer, StrictSerializer
from support import services
from support.choices import Author, Visibility
from support.models import Attachment, Message, SlaTarget, Ticket, TicketStatus

MOST_TAGS = 50
LONGEST = 50_000
KEPT = ["team", "origin", "created_at", "updated_at"]


#: Who may be named as the author of a message; machines write their own.
SPEAKERS = [(Author.CUSTOMER, _("Customer")), (Author.AGENT, _("Agent"))]


class TagsField(serializers.ListField):
    """The tags of a ticket by name; an unknown one is made."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(child=serializers.CharField(max_length=60), max_length=MOST_TAGS, **kwargs)

    def to_representation(self, data: Any) -> list[str]:
        return sorted(tag.name for tag in data.all())


class FirstMessageSerializer(StrictSerializer):
    """The message that a new ticket begins with. `visibility` has no default: whoever writes says who may read it."""

    visibility = serializers.ChoiceField(choices=Visibility.choices)
    author = serializers.ChoiceField(choices=SPEAKERS)
    body = serializers.CharField(max_length=LONGEST)


class TicketSerializer(RecordSerializer):
    tags = TagsField(required=False)
    message = FirstMessageSerializer(write_only=True, required=False, help_text=_("Only when a ticket is created."))

    class Meta:
        model = Ticket
        fields = [
            "id", "number", "subject", "requester", "email", "company", "queue", "status", "category", "priority", "type",
            "channel", "tags", "language", "spam", "agent_opened", "followed_up", "first_response_at", "first_solved_at",
            "solved_at", "closed_at", "reopen_count", "last_message_at", "unanswered_since", "next_due_at", "next_due_metric",
            "message", "owner", *KEPT,
        ]  # fmt: skip
        read_only_fields = [
            "id", "number", "category", "language", "spam", "agent_opened", "followed_up", "first_response_at", "first_solved_at",
            "solved_at", "closed_at", "reopen_count", "last_message_at", "unanswered_since", "next_due_at", "next_due_metric",
            *KEPT,
        ]  # fmt: skip
        extra_kwargs = {name: {"required": False} for name in ("queue", "status")}

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if self.instance is None:
            attrs.setdefault("owner", None)  # a new ticket waits for somebody, whoever wrote it down
        elif "message" in attrs:
            raise serializers.ValidationError({"message": _("Add messages at the ticket's own messages.")})
        return super().validate(attrs)

    def store(self, record: Ticket, values: dict[str, Any]) -> Ticket:
        tags = values.pop("tags", None)
        if record.pk:
            return services.change_ticket(record, tags=tags, **values)
        message = values.pop("message", None) or {}
        return services.open_ticket(Ticket(**values), tags=tags or (), **message)


class AttachmentSerializer(serializers.ModelSerializer):
    class Meta:
        model = Attachment
        fields = ["id", "name", "content_type", "size", "sha256"]
        read_only_fields = fields


class MessageSerializer(serializers.ModelSerializer):
    at = InstantField(read_only=True)
    mailed_at = InstantField(read_only=True)
    attachments = AttachmentSerializer(many=True, read_only=True)

    class Meta:
        model = Message
        fields = [
            "id", "at", "visibility", "author", "user", "person", "email", "body", "channel", "automatic", "to", "mail_state",
            "mailed_at", "attachments",
        ]  # fmt: skip
        read_only_fields = fields


class NewMessageSerializer(StrictSerializer):
    """A message to write. `after` names the last message that was read: a later one refuses the write with 409."""

    visibility = serializers.ChoiceField(choices=Visibility.choices)
    author = serializers.ChoiceField(choices=SPEAKERS, default=Author.AGENT)
    body = serializers.CharField(max_length=LONGEST)
    status = ScopedField(queryset=TicketStatus.objects.filter(active=True), required=False)
    after = serializers.IntegerField(required=False, min_value=0, max_value=2**63 - 1)


class NothingSerializer(StrictSerializer):
    """An action without inputs."""


class SpamSerializer(StrictSerializer):
    spam = serializers.BooleanField(default=True)


class ClockSerializer(serializers.ModelSerializer):
    """A promise and how its clock stands, in seconds of its own clock."""

    started_at = InstantField(read_only=True)
    due_at = InstantField(read_only=True)
    fulfilled_at = InstantField(read_only=True)
    decided_at = InstantField(read_only=True)

    class Meta:
        model = SlaTarget
        fields = [
            "metric", "priority", "business", "goal_seconds", "used_seconds", "started_at", "due_at", "fulfilled_at",
            "decided_at", "outcome",
        ]  # fmt: skip
        read_only_fields = fields
