"""What `support.history` derives from a ticket's history and messages; never edited."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from crm.fields import LocalDayField, LocalDayMixin

from ..choices import Category, Metric, Outcome, Priority, WaitOutcome
from ..querysets import SlaTargetQuerySet
from .setup import Calendar, CalendarVersion, Queue, SlaPolicy
from .tickets import Ticket

USER = settings.AUTH_USER_MODEL


class ReplyWait(LocalDayMixin):
    """A customer's wait for an answer: from the oldest unanswered message to the next public reply of a person.

    `first`: it waited for the first response. Owner, team, priority and queue are as they were at the end. Without `ended_at` it
    is still on. `business_seconds` is null without a calendar, never 0 instead.
    """

    ticket = models.ForeignKey(Ticket, models.CASCADE, related_name="waits")
    first = models.BooleanField()
    started_at = models.DateTimeField()
    started_day = LocalDayField(of="started_at")
    ended_at = models.DateTimeField(null=True)
    day = LocalDayField(of="ended_at")
    outcome = models.CharField(max_length=18, choices=WaitOutcome)
    seconds = models.BigIntegerField(null=True)
    business_seconds = models.BigIntegerField(null=True)
    by = models.ForeignKey(USER, models.SET_NULL, null=True, related_name="+")  # who answered
    owner = models.ForeignKey(USER, models.PROTECT, null=True, related_name="+")
    team = models.ForeignKey("crm.Team", models.PROTECT, null=True, related_name="+")
    priority = models.CharField(max_length=8, choices=Priority)
    queue = models.ForeignKey(Queue, models.PROTECT, related_name="+")

    class Meta:
        ordering = ["ticket", "started_at"]
        constraints = [
            models.UniqueConstraint(fields=["ticket"], condition=Q(ended_at__isnull=True), name="ticket_waits_once"),
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True) | Q(ended_at__gte=F("started_at")), name="wait_runs_forward"
            ),
        ]
        indexes = [models.Index(fields=["day", "outcome"], name="wait_day")]

    def __str__(self) -> str:
        return f"{self.ticket_id} {self.started_at:%Y-%m-%d %H:%M}"


class SlaTarget(LocalDayMixin):
    """A promise at work on a ticket: what was promised when its clock started, and how it went.

    `started_at` is where its clock started, `opened_at` where this row took over (after a change of priority or policy).
    `used_seconds` is the sum of its running segments in its own clock. `due_at` is null while paused. `decided_at` is the moment
    of fulfilment if that came before `due_at`, else `due_at`; owner, team and queue are as they were then. A breach stays.
    """

    ticket = models.ForeignKey(Ticket, models.CASCADE, related_name="targets")
    policy = models.ForeignKey(SlaPolicy, models.PROTECT, null=True, related_name="targets")
    metric = models.CharField(max_length=16, choices=Metric)
    priority = models.CharField(max_length=8, choices=Priority)
    business = models.BooleanField()
    goal_seconds = models.BigIntegerField(null=True)
    pause_waiting_other = models.BooleanField(default=False)
    warn_seconds = models.BigIntegerField(null=True)
    escalate_to = models.ForeignKey(USER, models.SET_NULL, null=True, related_name="+")
    escalate_seconds = models.BigIntegerField(default=0)
    calendar = models.ForeignKey(Calendar, models.PROTECT, null=True, related_name="+")
    started_at = models.DateTimeField()
    opened_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    used_seconds = models.BigIntegerField(default=0)
    due_at = models.DateTimeField(null=True)
    fulfilled_at = models.DateTimeField(null=True)
    decided_at = models.DateTimeField(null=True)
    decided_day = LocalDayField(of="decided_at")
    outcome = models.CharField(max_length=10, choices=Outcome)
    owner = models.ForeignKey(USER, models.PROTECT, null=True, related_name="+")
    team = models.ForeignKey("crm.Team", models.PROTECT, null=True, related_name="+")
    queue = models.ForeignKey(Queue, models.PROTECT, null=True, related_name="+")
    warn_at = models.DateTimeField(null=True)
    warned_at = models.DateTimeField(null=True)
    breach_told_at = models.DateTimeField(null=True)  # when its event was written
    escalate_at = models.DateTimeField(null=True)
    escalated_at = models.DateTimeField(null=True)

    objects = SlaTargetQuerySet.as_manager()

    class Meta:
        verbose_name = _("SLA target")
        verbose_name_plural = _("SLA targets")
        ordering = ["ticket", "started_at", "opened_at", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["ticket", "metric", "started_at", "opened_at"], name="sla_target_once"),
            models.CheckConstraint(
                condition=Q(outcome__in=[Outcome.MET, Outcome.BREACHED], decided_at__isnull=False)
                | (~Q(outcome__in=[Outcome.MET, Outcome.BREACHED]) & Q(decided_at__isnull=True)),
                name="sla_decision_has_its_date",
            ),
        ]
        indexes = [models.Index(fields=["decided_day", "outcome"], name="sla_decided")]

    def __str__(self) -> str:
        return f"{self.ticket_id} {self.get_metric_display()}"

    @property
    def left_seconds(self) -> int | None:
        """What is left of the goal in its own clock, as of the last look; below zero when late."""
        return None if self.goal_seconds is None else self.goal_seconds - self.used_seconds


class SlaSegment(models.Model):
    """A stretch of a target's life: running or paused, in one status category and one version of its calendar.

    `seconds` is its length in the target's own clock, whether it ran or paused; null while it is not over.
    """

    target = models.ForeignKey(SlaTarget, models.CASCADE, related_name="segments")
    start = models.DateTimeField()
    end = models.DateTimeField(null=True)
    running = models.BooleanField()
    category = models.CharField(max_length=16, choices=Category)
    seconds = models.BigIntegerField(null=True)
    version = models.ForeignKey(CalendarVersion, models.PROTECT, null=True, related_name="+")

    class Meta:
        verbose_name = _("stretch of an SLA target")
        verbose_name_plural = _("stretches of SLA targets")
        ordering = ["target", "start", "pk"]
        constraints = [
            models.CheckConstraint(condition=Q(end__isnull=True) | Q(end__gte=F("start")), name="segment_runs_forward")
        ]

    def __str__(self) -> str:
        return f"{self.target_id} {self.start:%Y-%m-%d %H:%M}"


class TicketFacts(models.Model):
    """What numbers need of a ticket, derived from it, its states and messages by `support.history`; never edited.

    Owner, team, queue and priority are as they were at creation, at the first reply, at the first solve and at the final solve.
    Seconds are of the clock on the wall; `*_business` of the calendar in force at the closing event, null without one. Days are
    null where it did not happen, and all of them for an import without its date.
    """

    ticket = models.OneToOneField(Ticket, models.CASCADE, primary_key=True, related_name="facts")

    created_day = models.DateField(null=True, db_index=True)
    created_owner = models.ForeignKey(USER, models.PROTECT, null=True, related_name="+")
    created_team = models.ForeignKey("crm.Team", models.PROTECT, null=True, related_name="+")
    created_queue = models.ForeignKey(Queue, models.PROTECT, null=True, related_name="+")
    created_priority = models.CharField(max_length=8, choices=Priority)

    reply_at = models.DateTimeField(null=True)
    reply_day = models.DateField(null=True, db_index=True)
    reply_owner = models.ForeignKey(USER, models.PROTECT, null=True, related_name="+")
    reply_team = models.ForeignKey("crm.Team", models.PROTECT, null=True, related_name="+")
    reply_queue = models.ForeignKey(Queue, models.PROTECT, null=True, related_name="+")
    reply_priority = models.CharField(max_length=8, choices=Priority, blank=True)
    reply_seconds = models.BigIntegerField(null=True)  # null for tickets that we opened
    reply_business = models.BigIntegerField(null=True)

    first_solved_at = models.DateTimeField(null=True)
    first_solved_day = models.DateField(null=True, db_index=True)
    first_solved_owner = models.ForeignKey(USER, models.PROTECT, null=True, related_name="+")
    first_solved_team = models.ForeignKey("crm.Team", models.PROTECT, null=True, related_name="+")
    first_solved_queue = models.ForeignKey(Queue, models.PROTECT, null=True, related_name="+")
    first_solved_priority = models.CharField(max_length=8, choices=Priority, blank=True)
    first_seconds = models.BigIntegerField(null=True)  # creation to first solved
    first_business = models.BigIntegerField(null=True)
    reopened_seconds = models.BigIntegerField(null=True)  # first solved to the first reopening that was not soft
    reopens = models.PositiveIntegerField(default=0)
    soft_reopens = models.PositiveIntegerField(default=0)  # of those: solved again without a public reply

    solved_at = models.DateTimeField(null=True)  # the present solve; null while it is not solved
    solved_day = models.DateField(null=True, db_index=True)
    solved_owner = models.ForeignKey(USER, models.PROTECT, null=True, related_name="+")
    solved_team = models.ForeignKey("crm.Team", models.PROTECT, null=True, related_name="+")
    solved_queue = models.ForeignKey(Queue, models.PROTECT, null=True, related_name="+")
    solved_priority = models.CharField(max_length=8, choices=Priority, blank=True)
    full_seconds = models.BigIntegerField(null=True)  # creation to the present solve
    full_business = models.BigIntegerField(null=True)
    open_seconds = models.BigIntegerField(null=True)  # of that, not spent solved
    open_business = models.BigIntegerField(null=True)
    handling_seconds = models.BigIntegerField(null=True)  # of that, our turn
    handling_business = models.BigIntegerField(null=True)
    waiting_seconds = models.BigIntegerField(null=True)  # of that, the customer's or a third party's turn
    waiting_business = models.BigIntegerField(null=True)

    replies = models.PositiveIntegerField(default=0)  # public replies by people of ours
    customer_messages = models.PositiveIntegerField(default=0)
    early_messages = models.PositiveIntegerField(default=0)  # of the customer, before the first reply
    contact_again_seconds = models.BigIntegerField(null=True)  # present solve to the requester's next ticket of the same type
    first_contact = models.BooleanField(default=False)  # solved with at most one reply and no reopening but soft ones

    class Meta:
        verbose_name = _("facts of a ticket")
        verbose_name_plural = _("facts of tickets")
        indexes = [models.Index(fields=["created_day", "created_owner"], name="ticket_facts_owner")]

    def __str__(self) -> str:
        return str(self.ticket_id)
