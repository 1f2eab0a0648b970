"""What is stored of numbers: the days to recompute, the daily sums, the published values, the targets set for them, and the numbers that people made of
them."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from crm.models import Record
from crm.periods import Period, containing
from crm.querysets import ScopedQuerySet

from .querysets import AimQuerySet

SLOTS = 16


class DirtyDay(models.Model):
    """A (source, local day) whose daily sums must be computed again. Append-only: the worker deletes what it has read."""

    source = models.CharField(max_length=60)
    day = models.DateField()
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        indexes = [models.Index(fields=["source", "day"], name="dirty_source_day")]

    def __str__(self) -> str:
        return f"{self.source} {self.day}"


class DailyMeasure(models.Model):
    """The sums of one source on one local day for one member of one dimension ("" and "" for the whole).

    A source has up to 16 measures on the same rows and date; `v0`... are theirs in order of declaration. Money of stocks is kept
    per currency, because it is converted at the day it is read for; money of flows is in the base currency already.
    """

    source = models.CharField(max_length=60)
    day = models.DateField()
    dimension = models.CharField(max_length=20, blank=True)
    member = models.CharField(max_length=200, blank=True)
    currency = models.CharField(max_length=3, blank=True)
    v0 = models.BigIntegerField(default=0)
    v1 = models.BigIntegerField(default=0)
    v2 = models.BigIntegerField(default=0)
    v3 = models.BigIntegerField(default=0)
    v4 = models.BigIntegerField(default=0)
    v5 = models.BigIntegerField(default=0)
    v6 = models.BigIntegerField(default=0)
    v7 = models.BigIntegerField(default=0)
    v8 = models.BigIntegerField(default=0)
    v9 = models.BigIntegerField(default=0)
    v10 = models.BigIntegerField(default=0)
    v11 = models.BigIntegerField(default=0)
    v12 = models.BigIntegerField(default=0)
    v13 = models.BigIntegerField(default=0)
    v14 = models.BigIntegerField(default=0)
    v15 = models.BigIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["source", "dimension", "day", "member", "currency"], name="daily_measure_once")
        ]

    def __str__(self) -> str:
        return f"{self.source} {self.day} {self.dimension}={self.member}"


class SourceStatus(models.Model):
    """When a stored stream was last brought up to date; the row of "" is the whole, and says under which declarations."""

    source = models.CharField(max_length=60, primary_key=True)
    computed_at = models.DateTimeField()
    declarations = models.CharField(max_length=64, blank=True)  # sources.fingerprint()

    class Meta:
        verbose_name = _("source status")
        verbose_name_plural = _("source statuses")

    def __str__(self) -> str:
        return self.source


class Threshold(models.Model):
    """A bound that a definition freezes at the start of a fiscal year (the size from which a deal is large)."""

    name = models.CharField(max_length=40)
    start = models.DateField()
    value = models.BigIntegerField(null=True)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["name", "start"], name="threshold_once")]

    def __str__(self) -> str:
        return f"{self.name} {self.start}: {self.value}"


class KpiSnapshot(models.Model):
    """What was published: one KPI, period and member, with its parts. A final one is never overwritten: a later change adds an
    adjustment beside it (`adjusts`), and `current` tells which one holds. `split`: it was published by member too, with rows only for
    those members that have something.
    """

    class Status(models.TextChoices):
        PROVISIONAL = "provisional", _("Provisional")
        FINAL = "final", _("Final")

    kpi = models.CharField(max_length=60)
    version = models.PositiveSmallIntegerField(default=1)
    start = models.DateField()
    end = models.DateField()
    grain = models.CharField(max_length=8, blank=True)
    dimension = models.CharField(max_length=20, blank=True)
    member = models.CharField(max_length=200, blank=True)
    value = models.FloatField(null=True)
    numerator = models.FloatField(null=True)
    denominator = models.FloatField(null=True)
    n = models.BigIntegerField(default=0)
    low = models.FloatField(null=True)
    high = models.FloatField(null=True)
    pending = models.BigIntegerField(default=0)
    reason = models.CharField(max_length=40, blank=True)
    status = models.CharField(max_length=12, choices=Status, default=Status.PROVISIONAL)
    as_of = models.DateField(help_text=_("The local day on which it was computed; provisional values hold for that day only."))
    watermark = models.BigIntegerField(default=0, help_text=_("The last event that was in it."))
    extra = models.JSONField(default=dict)
    computed_at = models.DateTimeField(default=timezone.now)
    current = models.BooleanField(default=True)
    stale = models.BooleanField(default=False)
    split = models.BooleanField(default=False)
    adjusts = models.ForeignKey("self", models.SET_NULL, null=True, blank=True, related_name="adjustments")

    class Meta:
        verbose_name = _("KPI snapshot")
        verbose_name_plural = _("KPI snapshots")
        ordering = ["kpi", "-start"]
        constraints = [
            models.UniqueConstraint(
                fields=["kpi", "start", "end", "dimension", "member"],
                condition=Q(current=True),
                name="snapshot_current_once",
            )
        ]
        indexes = [models.Index(fields=["end", "start"], name="snapshot_span")]

    def __str__(self) -> str:
        return f"{self.kpi} {self.start} {self.dimension}={self.member}"


class Difference(models.Model):
    """What the nightly check found: a stored number that the records do not confirm."""

    found_at = models.DateTimeField(default=timezone.now)
    what = models.CharField(max_length=200)
    stored = models.CharField(max_length=80)
    recomputed = models.CharField(max_length=80)

    class Meta:
        ordering = ["-found_at"]

    def __str__(self) -> str:
        return self.what


class Aim(Record):
    """What a number should reach: of everyone, of a team, or of one person.

    `owner` is the person; without one it is the team's, without either everyone's. A person's keeps the team the person was in when it
    was set. `value` is in the number's stored unit: minor units of `currency`, seconds, percent 0 to 100.
    """

    class Grain(models.TextChoices):
        MONTH = "month", _("Month")
        QUARTER = "quarter", _("Quarter")
        YEAR = "year", _("Year")

    kpi = models.CharField(_("number"), max_length=60)
    currency = models.CharField(_("currency"), max_length=3, blank=True, editable=False)

    objects: Any = AimQuerySet.as_manager()  # the plugin of mypy cannot resolve it in this cycle of modules

    class Meta:
        abstract = True

    @property
    def whom(self) -> Any:
        """The person or team; None for everyone."""
        return self.owner or self.team


class Target(Aim):
    """What a number should be in a month, quarter or year."""

    grain = models.CharField(_("for a"), max_length=7, choices=Aim.Grain, default=Aim.Grain.MONTH)
    start = models.DateField(_("first day"))
    value = models.DecimalField(_("target"), max_digits=20, decimal_places=4)

    class Meta:
        verbose_name = _("target")
        verbose_name_plural = _("targets")
        ordering = ["-start", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["kpi", "grain", "start", "owner"],
                condition=Q(owner__isnull=False),
                name="target_person_once",
                violation_error_message=_("This person has a target for it already."),
            ),
            models.UniqueConstraint(
                fields=["kpi", "grain", "start", "team"],
                condition=Q(owner__isnull=True, team__isnull=False),
                name="target_team_once",
                violation_error_message=_("This team has a target for it already."),
            ),
            models.UniqueConstraint(
                fields=["kpi", "grain", "start"],
                condition=Q(owner__isnull=True, team__isnull=True),
                name="target_everyone_once",
                violation_error_message=_("There is a target of everyone for it already."),
            ),
        ]
        indexes = [models.Index(fields=["-start", "-id"], name="target_start")]

    def __str__(self) -> str:
        from .targets import name_of

        return name_of(self)

    @property
    def period(self) -> Period:
        return containing(self.start, self.grain)

    def get_absolute_url(self) -> str:
        return reverse("analytics:target", args=[self.pk])


class OwnNumber(Record):
    """A number that people made of the others by a formula (see `own.grammar`). `unit` is what they call what comes out: 100 x a
    ratio may be a percentage. A changed formula is a new version.
    """

    class Unit(models.TextChoices):
        COUNT = "count", _("Count")
        MONEY = "money", _("Money")
        PERCENT = "percent", _("Percent")
        RATIO = "ratio", _("Ratio")
        DAYS = "days", _("Days")
        SCORE = "score", _("Score")

    class Direction(models.TextChoices):
        HIGHER = "higher", _("Higher is better")
        LOWER = "lower", _("Lower is better")
        NEUTRAL = "neutral", _("Neither")

    name = models.CharField(_("name"), max_length=80)
    name_fr = models.CharField(_("name in French"), max_length=80, blank=True)
    name_es = models.CharField(_("name in Spanish"), max_length=80, blank=True)
    definition = models.CharField(_("what it says"), max_length=300, blank=True)
    formula = models.TextField(_("formula"), max_length=1000)
    unit = models.CharField(_("unit"), max_length=7, choices=Unit, default=Unit.RATIO)
    direction = models.CharField(_("good is"), max_length=7, choices=Direction, default=Direction.NEUTRAL)
    minimum_sample = models.PositiveSmallIntegerField(_("smallest sample"), default=5)
    version = models.PositiveIntegerField(_("version"), default=1, editable=False)

    objects: Any = ScopedQuerySet.as_manager()  # as that of targets

    class Meta:
        verbose_name = _("own number")
        verbose_name_plural = _("own numbers")
        ordering = ["name", "pk"]
        constraints = [
            models.UniqueConstraint(
                Lower("name"),
                name="own_number_name_once",
                violation_error_message=_("There is an own number of this name already."),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("analytics:own_number", args=[self.pk])


class SuccessThreshold(Aim):
    """The level from which a number counts as a success, from a day on.

    It is reached when a closed period of `grain` lies at it or beyond, and can be reached again once one lies back by the dead band.
    """

    grain = models.CharField(_("in a"), max_length=7, choices=Aim.Grain, default=Aim.Grain.MONTH)
    start = models.DateField(_("from"))
    value = models.DecimalField(_("threshold"), max_digits=20, decimal_places=4)
    dead_band = models.DecimalField(_("dead band"), max_digits=20, decimal_places=4, default=0)

    class Meta:
        verbose_name = _("success threshold")
        verbose_name_plural = _("success thresholds")
        ordering = ["kpi", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["kpi", "owner"],
                condition=Q(owner__isnull=False),
                name="threshold_person_once",
                violation_error_message=_("This person has a threshold for it already."),
            ),
            models.UniqueConstraint(
                fields=["kpi", "team"],
                condition=Q(owner__isnull=True, team__isnull=False),
                name="threshold_team_once",
                violation_error_message=_("This team has a threshold for it already."),
            ),
            models.UniqueConstraint(
                fields=["kpi"],
                condition=Q(owner__isnull=True, team__isnull=True),
                name="threshold_everyone_once",
                violation_error_message=_("There is a threshold of everyone for it already."),
            ),
            models.CheckConstraint(condition=Q(dead_band__gte=0), name="threshold_band_not_negative"),
        ]
        indexes = [
            models.Index(fields=["kpi", "id"], name="threshold_kpi"),
            models.Index(fields=["-start", "-id"], name="threshold_start"),
        ]

    def __str__(self) -> str:
        from .success import name_of

        return name_of(self)

    def get_absolute_url(self) -> str:
        return reverse("analytics:threshold", args=[self.pk])
