"""The event log: append-only, written in the same transaction as the change."""

from __future__ import annotations

from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.utils import timezone


class Event(models.Model):
    """One change that matters. `at` is business time, `recorded_at` the time it was written down."""

    kind = models.CharField(max_length=60)
    subject_type = models.CharField(max_length=40)
    subject_id = models.BigIntegerField()
    subject_name = models.CharField(max_length=255, blank=True)
    actor = models.ForeignKey("crm.User", models.SET_NULL, null=True, blank=True, related_name="+")
    origin = models.CharField(max_length=10)
    at = models.DateTimeField()
    recorded_at = models.DateTimeField(default=timezone.now)
    old = models.JSONField(default=dict, encoder=DjangoJSONEncoder)
    new = models.JSONField(default=dict, encoder=DjangoJSONEncoder)

    class Meta:
        ordering = ["-at", "-id"]
        indexes = [
            models.Index(fields=["subject_type", "subject_id", "-at"], name="event_subject"),
            models.Index(fields=["kind", "recorded_at"], name="event_kind"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.subject_name}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if self.pk and not kwargs.get("force_insert"):
            raise TypeError("Events are append-only.")
        super().save(*args, **kwargs)


class EventLink(models.Model):
    """Another record whose timeline shows the event: the company of a deal, the person of a call."""

    event = models.ForeignKey(Event, models.CASCADE, related_name="links")
    object_type = models.CharField(max_length=40)
    object_id = models.BigIntegerField()
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["event", "object_type", "object_id"], name="event_link_once")]
        indexes = [models.Index(fields=["object_type", "object_id", "-at"], name="event_link_object")]

    def __str__(self) -> str:
        return f"{self.object_type} {self.object_id}"
