"""Tickets, their messages and history, calendars and service levels."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower
from django.urls import reverse
from django.utils import timezone
from django.utils.crypto import get_random_string
from django.utils.translation import gettext_lazy as _

from contacts.models import Company, Person, Task
from crm.access import scope_of, team_ids
from crm.events import Origin
from crm.fields import LocalDayField, LocalDayMixin
from crm.models import Record
from crm.models.organisation import validate_zone

from .choices import (
    Author,
    Category,
    Channel,
    MailState,
    Metric,
    Outcome,
    Priority,
    Visibility,
    WaitOutcome,
)
from .querysets import (
    AttachmentQuerySet,
    MessageQuerySet,
    SavedReplyQuerySet,
    SlaTargetQuerySet,
    TicketQuerySet,
    TicketStateQuerySet,
)

USER = settings.AUTH_USER_MODEL


# --- what administrators set up --------------------------------------------------------------------------------------


class Desk(models.Model):
    """The settings of support, one row. `current()` reads it."""

    name = models.CharField(_("name of the sender"), max_length=120, blank=True, help_text=_("The organisation's, when empty."))
    email = models.EmailField(_("address replies come from"), blank=True)
    close_after_days = models.PositiveSmallIntegerField(
        _("days from solved to closed"), default=14, validators=[MinValueValidator(1), MaxValueValidator(365)]
    )
    reopen_window = models.PositiveSmallIntegerField(_("window of the reopen rate, days"), default=7)
    contact_window = models.PositiveSmallIntegerField(_("window of first contact resolution, days"), default=7)

    class Meta:
        verbose_name = _("support settings")
        verbose_name_plural = _("support settings")
        constraints = [models.CheckConstraint(condition=Q(pk=1), name="desk_is_one_row")]

    def __str__(self) -> str:
        return str(_("support settings"))

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.pk = 1
        super().save(*args, **kwargs)

    @classmethod
    def current(cls) -> Desk:
        """The settings row, with defaults when none was saved."""
        return cls.objects.filter(pk=1).first() or cls(pk=1)


class TicketStatus(models.Model):
    """A status of tickets. Its category says what it means; one that `closes` ends a ticket for good."""

    name = models.CharField(_("name"), max_length=60, unique=True)
    category = models.CharField(_("category"), max_length=16, choices=Category)
    closes = models.BooleanField(_("closes for good"), default=False)
    position = models.PositiveSmallIntegerField(_("position"), default=0)
    active = models.BooleanField(_("offered"), default=True)

    class Meta:
        verbose_name = _("ticket status")
        verbose_name_plural = _("ticket statuses")
        ordering = ["position", "pk"]
        constraints = [
            models.CheckConstraint(condition=Q(closes=False) | Q(category=Category.DONE), name="only_done_statuses_close")
        ]

    def __str__(self) -> str:
        return self.name


class Calendar(models.Model):
    """Working hours. What they are, and were, is in its versions."""

    name = models.CharField(_("name"), max_length=80, unique=True)
    is_default = models.BooleanField(_("default"), default=False)

    class Meta:
        verbose_name = _("calendar")
        verbose_name_plural = _("calendars")
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["is_default"], condition=Q(is_default=True), name="one_default_calendar")]

    def __str__(self) -> str:
        return self.name


class CalendarVersion(models.Model):
    """Working hours from `valid_from` (null: always) until the next version; never changed once written.

    week: {"0": [["09:00", "12:00"], ["13:30", "17:00"]], ...}, Monday is 0; an end not after its start lies on the next day.
    holidays: [{"date": "2026-05-01", "name": "Labour Day"}, {"date": ..., "name": ..., "start": "12:00", "end": "17:00"}];
    without times the whole day: what starts on it is cancelled.
    """

    calendar = models.ForeignKey(Calendar, models.CASCADE, related_name="versions")
    valid_from = models.DateTimeField(null=True, blank=True)
    zone = models.CharField(_("time zone"), max_length=64, validators=[validate_zone])
    week = models.JSONField(default=dict)
    holidays = models.JSONField(default=list)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    created_by = models.ForeignKey(USER, models.SET_NULL, null=True, related_name="+", editable=False)

    class Meta:
        verbose_name = _("calendar version")
        verbose_name_plural = _("calendar versions")
        ordering = ["calendar", F("valid_from").asc(nulls_first=True), "pk"]
        constraints = [
            models.UniqueConstraint(fields=["calendar", "valid_from"], name="calendar_version_once"),
            models.UniqueConstraint(fields=["calendar"], condition=Q(valid_from__isnull=True), name="calendar_begins_once"),
        ]

    def __str__(self) -> str:
        return f"{self.calendar} {self.valid_from or ''}".strip()


class Queue(models.Model):
    """Where tickets wait. `public`: offered on the web form; `email`: the address its replies come from."""

    name = models.CharField(_("name"), max_length=80, unique=True)
    position = models.PositiveSmallIntegerField(_("position"), default=0)
    team = models.ForeignKey("crm.Team", models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("team"))
    calendar = models.ForeignKey(
        Calendar, models.PROTECT, null=True, blank=True, related_name="queues", verbose_name=_("calendar")
    )
    email = models.EmailField(_("address replies come from"), blank=True)
    is_default = models.BooleanField(_("default"), default=False)
    public = models.BooleanField(_("offered on the web form"), default=True)
    active = models.BooleanField(_("offered"), default=True)

    class Meta:
        verbose_name = _("queue")
        verbose_name_plural = _("queues")
        ordering = ["position", "pk"]
        constraints = [models.UniqueConstraint(fields=["is_default"], condition=Q(is_default=True), name="one_default_queue")]

    def __str__(self) -> str:
        return self.name


class Tag(models.Model):
    """A word on tickets; "VIP" and "vip" are one."""

    name = models.CharField(_("name"), max_length=60)

    class Meta:
        verbose_name = _("tag")
        verbose_name_plural = _("tags")
        ordering = ["name"]
        constraints = [models.UniqueConstraint(Lower("name"), name="tag_name_once")]

    def __str__(self) -> str:
        return self.name


class SlaPolicy(models.Model):
    """What is promised to whom. The first active policy by position whose conditions all hold applies; empty ones always hold."""

    name = models.CharField(_("name"), max_length=80, unique=True)
    position = models.PositiveSmallIntegerField(_("position"), default=0)
    active = models.BooleanField(_("active"), default=True)
    calendar = models.ForeignKey(
        Calendar,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="policies",
        verbose_name=_("calendar"),
        help_text=_("The queue's, else the default one, when empty."),
    )
    queue = models.ForeignKey(Queue, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("queue"))
    type = models.CharField(_("type"), max_length=80, blank=True)
    channel = models.CharField(_("channel"), max_length=8, choices=Channel, blank=True)
    company = models.ForeignKey(Company, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("company"))
    tag = models.ForeignKey(Tag, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("tag"))
    pause_waiting_other = models.BooleanField(_("pause while waiting on a third party"), default=False)
    warn_minutes = models.PositiveIntegerField(
        _("warn so many minutes before"), null=True, blank=True, validators=[MinValueValidator(1)]
    )
    escalate_to = models.ForeignKey(USER, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("escalate to"))
    escalate_minutes = models.PositiveIntegerField(_("escalate so many minutes after the breach"), default=0)

    class Meta:
        verbose_name = _("SLA policy")
        verbose_name_plural = _("SLA policies")
        ordering = ["position", "pk"]

    def __str__(self) -> str:
        return self.name


class SlaGoal(models.Model):
    """A promise of a policy for one priority: at most so many minutes, of business time or of the clock on the wall."""

    policy = models.ForeignKey(SlaPolicy, models.CASCADE, related_name="goals")
    priority = models.CharField(_("priority"), max_length=8, choices=Priority)
    metric = models.CharField(_("metric"), max_length=16, choices=Metric)
    minutes = models.PositiveIntegerField(_("minutes"), validators=[MinValueValidator(1), MaxValueValidator(525_600)])
    business = models.BooleanField(_("business time"), default=True)

    class Meta:
        verbose_name = _("SLA goal")
        verbose_name_plural = _("SLA goals")
        ordering = ["policy", "metric", "priority"]
        constraints = [
            models.UniqueConstraint(fields=["policy", "priority", "metric"], name="sla_goal_once"),
            models.CheckConstraint(condition=Q(minutes__gte=1), name="sla_goal_takes_time"),
            models.CheckConstraint(condition=~Q(metric=Metric.STATED), name="sla_goal_is_promised"),
        ]

    def __str__(self) -> str:
        return f"{self.get_metric_display()} · {self.get_priority_display()}"


class SavedReply(models.Model):
    """A text to insert: one person's (owner), a team's (team), or everybody's (neither)."""

    title = models.CharField(_("title"), max_length=120)
    body = models.TextField(_("text"))
    owner = models.ForeignKey(USER, models.CASCADE, null=True, blank=True, related_name="+", verbose_name=_("only for"))
    team = models.ForeignKey("crm.Team", models.CASCADE, null=True, blank=True, related_name="+", verbose_name=_("team"))
    position = models.PositiveSmallIntegerField(_("position"), default=0)

    objects = SavedReplyQuerySet.as_manager()

    class Meta:
        verbose_name = _("saved reply")
        verbose_name_plural = _("saved replies")
        ordering = ["position", "title"]

    def __str__(self) -> str:
        return self.title


# --- the ticket ------------------------------------------------------------------------------------------------------


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


# --- messages --------------------------------------------------------------------------------------------------------


class Message(LocalDayMixin):
    """What was said on a ticket. `html` is kept as it came and only ever shown through `support.html`.

    `automatic`: written by a machine (an out-of-office answer, our own acknowledgement); it starts, stops and reopens nothing.
    `nonce`: of the form that wrote it; sending the form twice writes one message.
    """

    ticket = models.ForeignKey(Ticket, models.CASCADE, related_name="messages")
    visibility = models.CharField(_("visibility"), max_length=6, choices=Visibility)
    author = models.CharField(max_length=8, choices=Author)
    user = models.ForeignKey(USER, models.SET_NULL, null=True, blank=True, related_name="+")
    person = models.ForeignKey(Person, models.SET_NULL, null=True, blank=True, related_name="+")
    email = models.EmailField(_("from"), blank=True)
    body = models.TextField(_("text"), blank=True)
    html = models.TextField(blank=True)
    at = models.DateTimeField(default=timezone.now)
    day = LocalDayField(of="at", db_index=True)
    channel = models.CharField(max_length=8, choices=Channel, default=Channel.OTHER)
    automatic = models.BooleanField(default=False)
    message_id = models.CharField(max_length=255, null=True, blank=True, unique=True)  # noqa: DJ001  many rows have none
    in_reply_to = models.CharField(max_length=255, blank=True)
    to = models.EmailField(_("to"), blank=True)
    mail_state = models.CharField(max_length=6, choices=MailState, default=MailState.NONE)
    mail_error = models.CharField(max_length=300, blank=True)
    mailed_at = models.DateTimeField(null=True, blank=True)
    nonce = models.CharField(max_length=64, blank=True)
    origin = models.CharField(max_length=10, choices=Origin.choices, default=Origin.SYSTEM, editable=False)

    objects = MessageQuerySet.as_manager()

    class Meta:
        verbose_name = _("message")
        verbose_name_plural = _("messages")
        ordering = ["at", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["ticket", "nonce"], condition=~Q(nonce=""), name="message_sent_once"),
            models.CheckConstraint(condition=Q(visibility__in=Visibility.values), name="message_says_who_may_read_it"),
            models.CheckConstraint(
                condition=Q(visibility=Visibility.PUBLIC) | Q(mail_state=MailState.NONE, to=""), name="notes_are_never_mailed"
            ),
        ]
        indexes = [models.Index(fields=["ticket", "at"], name="message_ticket")]

    def __str__(self) -> str:
        return f"{self.ticket_id} {self.get_author_display()} {self.at:%Y-%m-%d %H:%M}"

    @property
    def public(self) -> bool:
        return self.visibility == Visibility.PUBLIC


FOLDER = "tickets"


def random_path(attachment: Attachment, name: str) -> str:
    """Where a file is kept: nothing of its name, its ticket or its sender is in the path."""
    token = get_random_string(32, "abcdefghijklmnopqrstuvwxyz0123456789")
    return f"{FOLDER}/{token[:2]}/{token}"


class Attachment(models.Model):
    """A file of a message; who may read the message may fetch it (`Attachment.objects.visible_to`, `.public`)."""

    message = models.ForeignKey(Message, models.CASCADE, related_name="attachments")
    name = models.CharField(_("name"), max_length=200)
    content_type = models.CharField(max_length=100)
    size = models.PositiveIntegerField(_("size"))
    file = models.FileField(upload_to=random_path, max_length=200)
    sha256 = models.CharField(max_length=64)

    objects = AttachmentQuerySet.as_manager()

    class Meta:
        verbose_name = _("attachment")
        verbose_name_plural = _("attachments")
        ordering = ["pk"]

    def __str__(self) -> str:
        return self.name


# --- derived by support.history: never edited ------------------------------------------------------------------------


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
