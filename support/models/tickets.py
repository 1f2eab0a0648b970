"""The ticket, what hangs on it, and its history."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from contacts.models import Company, Person, Task
from crm.access import scope_of, team_ids
from crm.events import Origin
from crm.fields import LocalDayField, LocalDayMixin
from crm.models import Record

from ..choices import Category, Channel, Metric, Priority
from ..querysets import TicketQuerySet, TicketStateQuerySet
from .setup import Calendar, Queue, SlaPolicy, Tag, TicketStatus

USER = settings.AUTH_USER_MODEL


class Ticket(Record):
    """A customer's request. `support.services` makes every change; `category` repeats its status's.

    `first_response_at` to `unanswered_since` and `next_due_*` are kept by `support.history` from messages and states; the last
    message is the last public one, since those who may not read notes see it too.
    `stated_*` and `sla_met` are what an import knew without telling the messages behind it.
    """

    number = models.CharField(_("number"), max_length=40, unique=True, blank=True)
    subject = models.CharField(_("subject"), max_length=200)
    requester = models.ForeignKey(
        Person, models.PROTECT, null=True, blank=True, related_name="tickets", verbose_name=_("requester")
    )
    email = models.EmailField(_("reply address"), blank=True, help_text=_("Where replies go; the requester's first, when empty."))
    company = models.ForeignKey(Company, models.PROTECT, null=True, blank=True, related_name="tickets", verbose_name=_("company"))
    queue = models.ForeignKey(Queue, models.PROTECT, related_name="tickets", verbose_name=_("queue"))
    priority = models.CharField(_("priority"), max_length=8, choices=Priority, default=Priority.NORMAL)
    type = models.CharField(_("type"), max_length=80, blank=True)
    channel = models.CharField(_("channel"), max_length=8, choices=Channel, default=Channel.OTHER)
    status = models.ForeignKey(TicketStatus, models.PROTECT, related_name="tickets", verbose_name=_("status"))
    category = models.CharField(max_length=16, choices=Category, editable=False)
    tags = models.ManyToManyField(Tag, through="TicketTag", related_name="tickets", verbose_name=_("tags"))
    language = models.CharField(_("language"), max_length=5, blank=True)
    agent_opened = models.BooleanField(_("opened by us"), default=False)
    spam = models.BooleanField(_("spam"), default=False)
    followed_up = models.ForeignKey(
        "self", models.SET_NULL, null=True, blank=True, related_name="follow_ups", verbose_name=_("follow-up of")
    )
    link_version = models.PositiveIntegerField(default=1, editable=False)

    first_response_at = models.DateTimeField(_("first response"), null=True, blank=True, editable=False)
    first_solved_at = models.DateTimeField(_("first solved"), null=True, blank=True, editable=False)
    solved_at = models.DateTimeField(_("solved"), null=True, blank=True)
    closed_at = models.DateTimeField(_("closed"), null=True, blank=True)
    reopen_count = models.PositiveIntegerField(_("reopened"), default=0, editable=False)
    last_message_at = models.DateTimeField(_("last message"), null=True, blank=True, editable=False)
    unanswered_since = models.DateTimeField(_("unanswered since"), null=True, blank=True, editable=False)
    next_due_at = models.DateTimeField(_("next due"), null=True, blank=True, editable=False)
    next_due_metric = models.CharField(max_length=16, choices=Metric, blank=True, editable=False)
    clock_at = models.DateTimeField(null=True, blank=True, editable=False, help_text=_("When its clocks must be looked at next."))

    stated_response_at = models.DateTimeField(null=True, blank=True, editable=False)
    stated_reopens = models.PositiveIntegerField(null=True, blank=True, editable=False)
    sla_met = models.BooleanField(null=True, blank=True, editable=False)

    objects = TicketQuerySet.as_manager()

    class Meta:
        verbose_name = _("ticket")
        verbose_name_plural = _("tickets")
        ordering = ["-created_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(category=Category.DONE, solved_at__isnull=False)
                | (~Q(category=Category.DONE) & Q(solved_at__isnull=True, closed_at__isnull=True)),
                name="ticket_done_has_its_date",
            ),
            models.CheckConstraint(condition=Q(followed_up__isnull=True) | ~Q(followed_up=F("pk")), name="ticket_not_own_sequel"),
        ]
        indexes = [
            models.Index(fields=["-created_at", "-id"], name="ticket_created"),
            models.Index(fields=["category", "next_due_at", "created_at"], name="ticket_due"),
            models.Index(fields=["owner", "category", "next_due_at"], name="ticket_owner"),
            models.Index(fields=["team", "category", "next_due_at"], name="ticket_team"),
            models.Index(fields=["queue", "category", "next_due_at"], name="ticket_queue"),
            models.Index(fields=["requester", "created_at"], name="ticket_requester"),
            models.Index(fields=["company", "created_at"], name="ticket_company"),
            models.Index(fields=["subject", "id"], name="ticket_subject"),
            models.Index(fields=["type"], name="ticket_type"),
            models.Index(fields=["clock_at"], condition=Q(clock_at__isnull=False), name="ticket_clock"),
            models.Index(
                fields=["solved_at"], condition=Q(closed_at__isnull=True, solved_at__isnull=False), name="ticket_solved"
            ),
        ]

    def __str__(self) -> str:
        return self.subject

    def get_absolute_url(self) -> str:
        return reverse("support:ticket", args=[self.pk])

    @property
    def closed(self) -> bool:
        """Closed for good: a later message opens a follow-up."""
        return self.closed_at is not None

    @classmethod
    def also_visible(cls, user: Any, action: str) -> Q:
        """To look at, the tickets of the companies that the user's scope covers (asked by `crm.access.visible_to`)."""
        scope = scope_of(user, "ticket", action) if action == "view" else None
        if scope == "own":
            return Q(company__owner=user.pk)
        if scope == "team":
            return Q(company__owner=user.pk) | Q(company__team__in=team_ids(user))
        return Q(pk__in=[])

    def also_covered(self, user: Any, action: str) -> bool:
        """`also_visible` for a ticket in hand whose company was fetched with it (asked by `crm.access.covers`)."""
        scope = scope_of(user, "ticket", action) if action == "view" else None
        if self.company is None or scope not in ("own", "team"):
            return False
        return self.company.owner_id == user.pk or scope == "team" and self.company.team_id in team_ids(user)


class TicketTag(models.Model):
    """A tag on a ticket."""

    ticket = models.ForeignKey(Ticket, models.CASCADE, related_name="ticket_tags")
    tag = models.ForeignKey(Tag, models.CASCADE, related_name="ticket_tags")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["ticket", "tag"], name="ticket_tag_once")]

    def __str__(self) -> str:
        return f"{self.ticket} – {self.tag}"


class TicketTask(models.Model):
    """A task that belongs to a ticket."""

    ticket = models.ForeignKey(Ticket, models.CASCADE, related_name="ticket_tasks")
    task = models.ForeignKey(Task, models.CASCADE, related_name="ticket_tasks")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["ticket", "task"], name="ticket_task_once")]

    def __str__(self) -> str:
        return f"{self.ticket} – {self.task}"


class TicketState(LocalDayMixin):
    """History: how a ticket stood from `start` to just before `end`. One row per change of status, owner, team, priority or
    queue, or of the policy and calendar that follow from what the ticket is; no gap, and exactly one row has no end."""

    ticket = models.ForeignKey(Ticket, models.CASCADE, related_name="states")
    start = models.DateTimeField()
    start_day = LocalDayField(of="start")
    end = models.DateTimeField(null=True, blank=True)
    end_day = LocalDayField(of="end")
    status = models.ForeignKey(TicketStatus, models.PROTECT, related_name="+")
    category = models.CharField(max_length=16, choices=Category)
    owner = models.ForeignKey(USER, models.PROTECT, null=True, related_name="+")
    team = models.ForeignKey("crm.Team", models.PROTECT, null=True, related_name="+")
    priority = models.CharField(max_length=8, choices=Priority)
    queue = models.ForeignKey(Queue, models.PROTECT, related_name="+")
    policy = models.ForeignKey(SlaPolicy, models.PROTECT, null=True, related_name="+")
    calendar = models.ForeignKey(Calendar, models.PROTECT, null=True, related_name="+")
    by = models.ForeignKey(USER, models.SET_NULL, null=True, related_name="+")
    origin = models.CharField(max_length=10, choices=Origin.choices)

    objects = TicketStateQuerySet.as_manager()

    class Meta:
        ordering = ["ticket", "start", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["ticket"], condition=Q(end__isnull=True), name="ticket_has_one_present"),
            models.CheckConstraint(condition=Q(end__isnull=True) | Q(end__gte=F("start")), name="ticket_state_runs_forward"),
        ]
        indexes = [
            models.Index(fields=["start_day", "category"], name="ticket_state_start"),
            models.Index(fields=["end_day", "category"], name="ticket_state_end"),
        ]

    def __str__(self) -> str:
        return f"{self.ticket_id} {self.status} {self.start:%Y-%m-%d}"
