"""The job table: the queue of record."""

from __future__ import annotations

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class JobState(models.TextChoices):
    WAITING = "waiting", _("Waiting")
    RUNNING = "running", _("Running")
    DONE = "done", _("Done")
    DEAD = "dead", _("Given up")


class Job(models.Model):
    """One piece of work, written in the transaction of its cause and taken by lease (see `crm.jobs`)."""

    kind = models.CharField(max_length=60)
    key = models.CharField(max_length=120, blank=True, help_text=_("At most one unfinished job per kind and key."))
    payload = models.JSONField(default=dict, encoder=DjangoJSONEncoder)
    state = models.CharField(max_length=8, choices=JobState, default=JobState.WAITING)
    attempt = models.PositiveSmallIntegerField(default=0)
    run_at = models.DateTimeField(default=timezone.now)
    locked_until = models.DateTimeField(null=True, blank=True)
    lease = models.CharField(max_length=36, blank=True)
    progress = models.PositiveIntegerField(default=0)
    total = models.PositiveIntegerField(null=True, blank=True)
    error = models.TextField(blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True, blank=True)
    actor = models.ForeignKey("crm.User", models.SET_NULL, null=True, blank=True, related_name="+")

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "key"],
                condition=models.Q(state="waiting") & ~models.Q(key=""),
                name="job_waits_once_per_key",
            )
        ]
        indexes = [models.Index(fields=["state", "run_at"], name="job_state_run_at")]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"

    #: What `again` asked for; the runner reads it when the handler returns.
    next_payload: dict | None = None

    def again(self, payload: dict | None = None) -> None:
        """Called by a handler with more to do: after this step the job waits for its next one, with this payload.

        It becomes so in the transaction of the step. Keep the place where to go on in rows of your own: if the same work was
        enqueued meanwhile, that job goes on instead of this one.
        """
        self.next_payload = self.payload if payload is None else payload


class DuePeriod(models.Model):
    """Periodic work is decided by unique rows: two beats, or none for a week, give the same rows."""

    name = models.CharField(max_length=60)
    period = models.CharField(max_length=40)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["name", "period"], name="due_once")]

    def __str__(self) -> str:
        return f"{self.name} {self.period}"


class Heartbeat(models.Model):
    """The last time a worker process finished a turn of its loop; `doctor` and `/readyz` read it."""

    name = models.CharField(max_length=60, primary_key=True)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name
