"""What administrators set up: the desk, statuses, calendars, queues, tags, service levels, saved replies."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from contacts.models import Company
from crm.models.organisation import validate_zone

from ..choices import Category, Channel, Metric, Priority
from ..querysets import SavedReplyQuerySet

USER = settings.AUTH_USER_MODEL


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
