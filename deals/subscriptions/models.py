"""Subscriptions, their steps, and what they bring a month. Money is in minor units; what ends in `base` is in the organisation's
base currency. Days are local days of the organisation."""

from __future__ import annotations

import datetime as dt

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from contacts.models import Company
from crm.models import Record
from crm.money import LARGEST, validate_currency

from ..choices import CancelReason, Interval, MovementKind, SubscriptionStatus
from .querysets import MrrMovementQuerySet, SubscriptionQuerySet

USER = settings.AUTH_USER_MODEL
AMOUNT = [MinValueValidator(0), MaxValueValidator(LARGEST)]
DAYS = [MaxValueValidator(3650)]


class Subscription(Record):
    """What a company pays again and again. Plan, product, interval, amount, quantity, owner and team are those of today; how they
    were stands in its steps. `amount` is for one of `quantity` and one interval.

    It runs from `start` to `term_end`, else until it is cancelled: one without an end renews itself. `ended_on` is the first day
    after a cancellation takes effect. The renewal is a subscription of its own, with `renewed_from`.
    """

    number = models.CharField(_("number"), max_length=40, unique=True, blank=True)
    company = models.ForeignKey(Company, models.PROTECT, related_name="subscriptions", verbose_name=_("company"))
    plan = models.CharField(_("plan"), max_length=120)
    product = models.ForeignKey(
        "deals.Product", models.PROTECT, null=True, blank=True, related_name="subscriptions", verbose_name=_("product")
    )
    deal = models.ForeignKey(
        "deals.Deal", models.SET_NULL, null=True, blank=True, related_name="subscriptions", verbose_name=_("deal")
    )
    renewed_from = models.OneToOneField(
        "self", models.PROTECT, null=True, blank=True, related_name="renewal", verbose_name=_("renewal of")
    )
    start = models.DateField(_("start"))
    trial_end = models.DateField(_("first paid day"), null=True, blank=True)
    term_end = models.DateField(_("end of the term"), null=True, blank=True)
    currency = models.CharField(_("currency"), max_length=3, validators=[validate_currency])
    interval = models.CharField(_("billed per"), max_length=7, choices=Interval, default=Interval.MONTH)
    amount = models.BigIntegerField(_("amount"), validators=AMOUNT)
    quantity = models.DecimalField(_("quantity"), max_digits=12, decimal_places=3, default=1, validators=[MinValueValidator(0)])
    cancelled_on = models.DateField(_("cancelled on"), null=True, blank=True, editable=False)
    ended_on = models.DateField(_("ends on"), null=True, blank=True, editable=False)
    cancel_reason = models.CharField(_("reason"), max_length=12, choices=CancelReason, blank=True)
    cancel_note = models.TextField(_("note on the cancellation"), blank=True)
    grace_days = models.PositiveSmallIntegerField(_("days of grace"), default=30, validators=DAYS)
    remind_days = models.PositiveSmallIntegerField(_("days before the end to prepare the renewal"), default=60, validators=DAYS)
    reminded_for = models.DateField(null=True, editable=False)
    renewal_deal = models.OneToOneField(
        "deals.Deal",
        models.SET_NULL,
        null=True,
        blank=True,
        editable=False,
        related_name="renews",
        verbose_name=_("deal of the renewal"),
    )
    source = models.CharField(_("source"), max_length=80, blank=True)
    description = models.TextField(_("note"), blank=True)
    rate = models.DecimalField(_("exchange rate"), max_digits=18, decimal_places=8, null=True, editable=False)
    rate_day = models.DateField(_("day of the rate"), null=True, editable=False)
    # What lists need, kept by `deals.subscriptions.facts`.
    status = models.CharField(
        _("status"), max_length=9, choices=SubscriptionStatus, default=SubscriptionStatus.ACTIVE, editable=False
    )
    mrr = models.BigIntegerField(_("MRR"), default=0, editable=False)
    turns_on = models.DateField(null=True, editable=False, db_index=True)

    objects = SubscriptionQuerySet.as_manager()

    class Meta:
        verbose_name = _("subscription")
        verbose_name_plural = _("subscriptions")
        ordering = ["-start", "-pk"]
        constraints = [
            models.CheckConstraint(condition=Q(amount__gte=0), name="subscription_amount_is_not_negative"),
            models.CheckConstraint(
                condition=Q(term_end__isnull=True) | Q(term_end__gt=F("start")), name="subscription_runs_forward"
            ),
            models.CheckConstraint(
                condition=Q(trial_end__isnull=True) | Q(trial_end__gte=F("start")), name="subscription_trial_runs_forward"
            ),
            models.CheckConstraint(
                condition=Q(ended_on__isnull=True) | Q(ended_on__gte=F("start")), name="subscription_ends_after_its_start"
            ),
            models.CheckConstraint(
                condition=Q(renewed_from__isnull=True) | ~Q(renewed_from=F("pk")), name="subscription_renews_another"
            ),
        ]
        indexes = [
            models.Index(fields=["-start", "-id"], name="subscription_when"),
            models.Index(fields=["-mrr", "-id"], name="subscription_mrr"),
            models.Index(fields=["term_end", "id"], name="subscription_term"),
            models.Index(fields=["owner", "-start"], name="subscription_owner"),
            models.Index(fields=["team", "-start"], name="subscription_team"),
            models.Index(fields=["company", "start"], name="subscription_company"),
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.plan}"

    def get_absolute_url(self) -> str:
        return reverse("deals:subscription", args=[self.pk])

    @property
    def paid_from(self) -> dt.date:
        """The first day that is paid for: the start, or the end of the trial."""
        return max(self.start, self.trial_end or self.start)

    @property
    def natural_end(self) -> dt.date | None:
        """The day from which it no longer runs, renewals aside: cancelled, or the term is over. None: it goes on."""
        return self.ended_on or self.term_end

    @property
    def grace_end(self) -> dt.date | None:
        """The last day on which a renewal still counts as one."""
        end = self.natural_end
        return None if end is None else end + dt.timedelta(days=self.grace_days)


class Stepped(models.Model):
    """What of a subscription may differ from day to day and splits its numbers."""

    plan = models.CharField(_("plan"), max_length=120)
    product = models.ForeignKey(
        "deals.Product", models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("product")
    )
    owner = models.ForeignKey(USER, models.PROTECT, null=True, related_name="+", verbose_name=_("owner"))
    team = models.ForeignKey("crm.Team", models.PROTECT, null=True, related_name="+", verbose_name=_("team"))

    class Meta:
        abstract = True


class SubscriptionStep(Stepped):
    """How a subscription is from `day` on, until its next step. The first step is on its start."""

    subscription = models.ForeignKey(Subscription, models.CASCADE, related_name="steps")
    day = models.DateField(_("from"))
    interval = models.CharField(_("billed per"), max_length=7, choices=Interval)
    amount = models.BigIntegerField(_("amount"), validators=AMOUNT)
    quantity = models.DecimalField(_("quantity"), max_digits=12, decimal_places=3, validators=[MinValueValidator(0)])
    paused = models.BooleanField(_("paused"), default=False)

    class Meta:
        verbose_name = _("step of a subscription")
        verbose_name_plural = _("steps of subscriptions")
        ordering = ["subscription_id", "day"]
        constraints = [models.UniqueConstraint(fields=["subscription", "day"], name="subscription_step_once")]

    def __str__(self) -> str:
        return f"{self.subscription_id} {self.day}"


class MrrSpan(Stepped):
    """A time in which a subscription brought the same every month: from `start` to before `end` (empty: still on). Kept by
    `deals.subscriptions.facts`, never edited; what has not come yet is not in it.

    `base` is empty without an exchange rate.
    """

    subscription = models.ForeignKey(Subscription, models.CASCADE, related_name="spans")
    company = models.ForeignKey(Company, models.CASCADE, related_name="mrr_spans")
    start = models.DateField(db_index=True)
    end = models.DateField(null=True, db_index=True)
    currency = models.CharField(max_length=3)
    amount = models.BigIntegerField()
    base = models.BigIntegerField(null=True)
    source = models.CharField(max_length=80, blank=True)

    class Meta:
        verbose_name = _("time of recurring revenue")
        verbose_name_plural = _("times of recurring revenue")
        ordering = ["subscription_id", "start"]
        constraints = [
            models.UniqueConstraint(fields=["subscription", "start"], name="mrr_span_once"),
            models.CheckConstraint(condition=Q(end__isnull=True) | Q(end__gt=F("start")), name="mrr_span_runs_forward"),
        ]
        indexes = [models.Index(fields=["company", "start"], name="mrr_span_company")]

    def __str__(self) -> str:
        return f"{self.subscription_id} {self.start}"


class TermEnd(Stepped):
    """The end of a paid term that has come, and what became of it. `matured` when the grace has passed: until then nobody knows.

    `base` is a year of the contract as it was on its last day, `renewed_base` a year of the renewal as it begins, both in the base
    currency at the contract's own rate, empty without one; `kept_base` the lesser of the two, 0 where nothing was renewed. Kept by
    `deals.subscriptions.facts`, never edited.
    """

    subscription = models.OneToOneField(Subscription, models.CASCADE, related_name="term_ended")
    company = models.ForeignKey(Company, models.CASCADE, related_name="term_ends")
    day = models.DateField(_("end of the term"), db_index=True)
    matured = models.BooleanField()
    renewed = models.BooleanField()
    base = models.BigIntegerField(null=True)
    renewed_base = models.BigIntegerField(null=True)
    kept_base = models.BigIntegerField(null=True)
    currency = models.CharField(max_length=3)
    source = models.CharField(max_length=80, blank=True)

    class Meta:
        verbose_name = _("end of a term")
        verbose_name_plural = _("ends of terms")
        ordering = ["day", "pk"]

    def __str__(self) -> str:
        return f"{self.subscription_id} {self.day}"


class MrrMovement(Stepped):
    """A change of the recurring revenue of an account (a company) on a day, as one of its subscriptions brought it. Signed.

    Rows are never changed or deleted: what turns out otherwise is withdrawn, and what is right is added. Kept by
    `deals.subscriptions.facts`.
    """

    company = models.ForeignKey(Company, models.CASCADE, related_name="mrr_movements", verbose_name=_("company"))
    subscription = models.ForeignKey(
        Subscription, models.SET_NULL, null=True, related_name="movements", verbose_name=_("subscription")
    )
    kind = models.CharField(_("type"), max_length=12, choices=MovementKind)
    day = models.DateField(_("day"), db_index=True)
    currency = models.CharField(_("currency"), max_length=3)
    amount = models.BigIntegerField(_("amount"))
    base = models.BigIntegerField(null=True)
    source = models.CharField(max_length=80, blank=True)
    recorded_at = models.DateTimeField(_("recorded"), default=timezone.now)
    withdrawn_at = models.DateTimeField(_("withdrawn"), null=True)

    objects = MrrMovementQuerySet.as_manager()

    class Meta:
        verbose_name = _("movement of recurring revenue")
        verbose_name_plural = _("movements of recurring revenue")
        ordering = ["-day", "-pk"]
        indexes = [models.Index(fields=["company", "day"], name="mrr_movement_company")]

    def __str__(self) -> str:
        return f"{self.day} {self.get_kind_display()}"
