"""Import runs and the rows that were refused or need a look."""

from __future__ import annotations

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class ImportRun(models.Model):
    """One file being imported: how to read it, how far it got, what came of it. Resumes after a kill at `next_row`."""

    class State(models.TextChoices):
        DRAFT = "draft", _("To be set up")
        WAITING = "waiting", _("Waiting")
        RUNNING = "running", _("Running")
        DONE = "done", _("Done")
        FAILED = "failed", _("Failed")
        CANCELLED = "stopped", _("Stopped")

    kind = models.CharField(max_length=30)
    file_name = models.CharField(max_length=255)
    path = models.CharField(max_length=500, blank=True)
    options = models.JSONField(default=dict, encoder=DjangoJSONEncoder)
    dry_run = models.BooleanField(default=False)
    state = models.CharField(max_length=8, choices=State, default=State.WAITING)
    next_row = models.PositiveIntegerField(default=0)
    rows = models.PositiveIntegerField(default=0)
    created = models.PositiveIntegerField(default=0)
    updated = models.PositiveIntegerField(default=0)
    unchanged = models.PositiveIntegerField(default=0)
    refused = models.PositiveIntegerField(default=0)
    made = models.JSONField(default=dict, encoder=DjangoJSONEncoder, help_text=_("What was created on the way, by kind."))
    notes = models.JSONField(default=list, encoder=DjangoJSONEncoder)
    error = models.TextField(blank=True)
    actor = models.ForeignKey("crm.User", models.SET_NULL, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.kind}: {self.file_name}"


class ImportChunk(models.Model):
    """A thousand rows of a run's file, as read: the steps need no file, so any worker on any machine can go on.

    `rows` is compressed JSON: [line, cells, flaw] each. Number -1 holds what a dry run must remember from step to step.
    """

    run = models.ForeignKey(ImportRun, models.CASCADE, related_name="chunks")
    number = models.IntegerField()
    rows = models.BinaryField()

    class Meta:
        ordering = ["run_id", "number"]
        constraints = [models.UniqueConstraint(fields=["run", "number"], name="import_chunk_once")]

    def __str__(self) -> str:
        return f"{self.run_id}/{self.number}"


class ImportIssue(models.Model):
    """A refused row: its line, the column, the value and why."""

    run = models.ForeignKey(ImportRun, models.CASCADE, related_name="issues")
    line = models.PositiveIntegerField()
    column = models.CharField(max_length=120, blank=True)
    value = models.TextField(blank=True)
    reason = models.TextField()
    row = models.JSONField(default=list)

    class Meta:
        ordering = ["run_id", "line"]
        indexes = [models.Index(fields=["run", "line"], name="import_issue_line")]

    def __str__(self) -> str:
        return f"{self.line}: {self.reason}"
