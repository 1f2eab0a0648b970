"""Pipelines, products, deals and their history."""

from __future__ import annotations

import datetime as dt

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from contacts.models import Activity, Company, Lead, Person, Task
from crm.events import Origin
from crm.fields import LocalDayField, LocalDayMixin
from crm.models import Record
from crm.money import LARGEST, validate_currency

from .choices import Billing, PersonRole, Status
from .querysets import DealQuerySet, DealStateQuerySet

USER = settings.AUTH_USER_MODEL


class Pipeline(models.Model):
    """A way of selling, with its own stages."""

    name = models.CharField(_("name"), max_length=80, unique=True)
    position = models.PositiveSmallIntegerField(_("position"), default=0)
    is_default = models.BooleanField(_("default"), default=False)

    class Meta:
        verbose_name = _("pipeline")
        verbose_name_plural = _("pipelines")
        ordering = ["position", "pk"]
        constraints = [models.UniqueConstraint(fields=["is_default"], condition=Q(is_default=True), name="one_default_pipeline")]

    def __str__(self) -> str:
        return self.name


class Stage(models.Model):
    """A step of a pipeline. Won and lost are states of the deal, not stages."""

    pipeline = models.ForeignKey(Pipeline, models.PROTECT, related_name="stages", verbose_name=_("pipeline"))
    name = models.CharField(_("name"), max_length=80)
    position = models.PositiveSmallIntegerField(_("position"), default=0)
    probability = models.PositiveSmallIntegerField(_("probability in percent"), default=50, validators=[MaxValueValidator(100)])
    rotting_days = models.PositiveSmallIntegerField(_("days until a deal rots"), null=True, blank=True)

    class Meta:
        verbose_name = _("stage")
        verbose_name_plural = _("stages")
        ordering = ["pipeline__position", "position", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["pipeline", "name"], name="stage_name_once"),
            models.CheckConstraint(condition=Q(probability__lte=100), name="stage_probability_is_percent"),
        ]

    def __str__(self) -> str:
        return self.name


class LossReason(models.Model):
    """Why deals are lost, from a list."""

    name = models.CharField(_("name"), max_length=80, unique=True)
    position = models.PositiveSmallIntegerField(_("position"), default=0)
    active = models.BooleanField(_("offered"), default=True)

    class Meta:
        verbose_name = _("loss reason")
        verbose_name_plural = _("loss reasons")
        ordering = ["position", "name"]

    def __str__(self) -> str:
        return self.name


class Product(models.Model):
    """Something we sell."""

    code = models.CharField(_("code"), max_length=60, unique=True)
    name = models.CharField(_("name"), max_length=160)
    family = models.CharField(_("family"), max_length=80, blank=True)
    price = models.BigIntegerField(_("price"), null=True, blank=True, validators=[MinValueValidator(0)])
    currency = models.CharField(_("currency"), max_length=3, validators=[validate_currency])
    billing = models.CharField(_("billed"), max_length=7, choices=Billing, default=Billing.ONCE)
    active = models.BooleanField(_("offered"), default=True)

    class Meta:
        verbose_name = _("product")
        verbose_name_plural = _("products")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Deal(Record):
    """A possible sale. Status (open, won, lost) is apart from the stage; `deals.services` makes every change."""

    number = models.CharField(_("number"), max_length=40, unique=True, blank=True)
    title = models.CharField(_("title"), max_length=200)
    company = models.ForeignKey(Company, models.PROTECT, null=True, blank=True, related_name="deals", verbose_name=_("company"))
    people = models.ManyToManyField(Person, through="DealPerson", related_name="deals", verbose_name=_("people"))
    pipeline = models.ForeignKey(Pipeline, models.PROTECT, related_name="deals", verbose_name=_("pipeline"))
    stage = models.ForeignKey(Stage, models.PROTECT, related_name="deals", verbose_name=_("stage"))
    status = models.CharField(_("status"), max_length=4, choices=Status, default=Status.OPEN)
    amount = models.BigIntegerField(
        _("value"), null=True, blank=True, validators=[MinValueValidator(0), MaxValueValidator(LARGEST)]
    )
    currency = models.CharField(_("currency"), max_length=3, validators=[validate_currency])
    probability = models.PositiveSmallIntegerField(
        _("own probability in percent"), null=True, blank=True, validators=[MaxValueValidator(100)]
    )
    product = models.ForeignKey(
        Product, models.PROTECT, null=True, blank=True, related_name="deals", verbose_name=_("main product")
    )
    source = models.CharField(_("source"), max_length=80, blank=True)
    campaign = models.CharField(_("campaign"), max_length=120, blank=True)
    expected_close = models.DateField(_("expected close"), null=True, blank=True)
    first_contact_at = models.DateTimeField(_("first contact"), null=True, blank=True)
    won_at = models.DateTimeField(_("won"), null=True, blank=True)
    lost_at = models.DateTimeField(_("lost"), null=True, blank=True)
    lost_reason = models.ForeignKey(
        LossReason, models.PROTECT, null=True, blank=True, related_name="deals", verbose_name=_("loss reason")
    )
    lost_note = models.TextField(_("note on the loss"), blank=True)
    description = models.TextField(_("description"), blank=True)
    lead = models.OneToOneField(Lead, models.SET_NULL, null=True, blank=True, related_name="deal", verbose_name=_("lead"))
    activities = models.ManyToManyField(Activity, through="DealActivity", related_name="deals")
    tasks = models.ManyToManyField(Task, through="DealTask", related_name="deals")

    objects = DealQuerySet.as_manager()

    class Meta:
        verbose_name = _("deal")
        verbose_name_plural = _("deals")
        ordering = ["-created_at", "-pk"]
        constraints = [
            models.CheckConstraint(condition=Q(amount__isnull=True) | Q(amount__gte=0), name="deal_amount_is_not_negative"),
            models.CheckConstraint(
                condition=(Q(status=Status.OPEN) & Q(won_at__isnull=True) & Q(lost_at__isnull=True))
                | (Q(status=Status.WON) & Q(won_at__isnull=False) & Q(lost_at__isnull=True))
                | (Q(status=Status.LOST) & Q(lost_at__isnull=False) & Q(won_at__isnull=True)),
                name="deal_outcome_has_its_date",
            ),
        ]
        indexes = [
            models.Index(fields=["-created_at", "-id"], name="deal_created"),
            models.Index(fields=["-amount", "-id"], name="deal_amount"),
            models.Index(fields=["expected_close", "id"], name="deal_expected"),
            models.Index(fields=["title", "id"], name="deal_title"),
            models.Index(fields=["status", "-created_at"], name="deal_status"),
            models.Index(fields=["status", "stage", "-amount"], name="deal_stage"),
            models.Index(fields=["owner", "-created_at"], name="deal_owner"),
            models.Index(fields=["team", "-created_at"], name="deal_team"),
        ]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return reverse("deals:deal", args=[self.pk])

    @property
    def closed_at(self) -> dt.datetime | None:
        """When it was won or lost."""
        return self.won_at or self.lost_at

    @property
    def chance(self) -> int:
        """Probability in percent: the deal's own, else its stage's; 100 when won, 0 when lost."""
        if self.status != Status.OPEN:
            return 100 if self.status == Status.WON else 0
        return self.probability if self.probability is not None else self.stage.probability


class DealPerson(models.Model):
    """A person's part in a deal; the first one is the main contact."""

    deal = models.ForeignKey(Deal, models.CASCADE, related_name="deal_people")
    person = models.ForeignKey(Person, models.CASCADE, related_name="deal_people")
    role = models.CharField(_("role"), max_length=12, choices=PersonRole, default=PersonRole.CONTACT)
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        verbose_name = _("person of a deal")
        verbose_name_plural = _("people of deals")
        ordering = ["position", "pk"]
        constraints = [models.UniqueConstraint(fields=["deal", "person"], name="deal_person_once")]

    def __str__(self) -> str:
        return f"{self.person} – {self.deal}"


class DealLine(models.Model):
    """A product on a deal, in the deal's currency. `amount` = quantity x unit price less discount, in minor units.

    Of a won deal, list_base and sold_base are the value without and with the discount in the base currency (`deals.discounts`).
    """

    deal = models.ForeignKey(Deal, models.CASCADE, related_name="lines")
    product = models.ForeignKey(Product, models.PROTECT, related_name="lines", verbose_name=_("product"))
    quantity = models.DecimalField(_("quantity"), max_digits=12, decimal_places=3, default=1, validators=[MinValueValidator(0)])
    unit_price = models.BigIntegerField(_("unit price"), validators=[MinValueValidator(0), MaxValueValidator(LARGEST)])
    discount = models.DecimalField(
        _("discount in percent"),
        max_digits=5,
        decimal_places=2,
        default=0,
        validators=[MinValueValidator(0), MaxValueValidator(100)],
    )
    amount = models.BigIntegerField(editable=False)
    list_base = models.BigIntegerField(null=True, editable=False)
    sold_base = models.BigIntegerField(null=True, editable=False)
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["position", "pk"]
        constraints = [models.CheckConstraint(condition=Q(amount__gte=0), name="deal_line_is_not_negative")]

    def __str__(self) -> str:
        return f"{self.product} × {self.quantity}"


class DealActivity(models.Model):
    """An activity that belongs to a deal; one linked to two deals counts for each."""

    deal = models.ForeignKey(Deal, models.CASCADE, related_name="deal_activities")
    activity = models.ForeignKey(Activity, models.CASCADE, related_name="deal_activities")

    class Meta:
        verbose_name = _("activity of a deal")
        verbose_name_plural = _("activities of deals")
        constraints = [models.UniqueConstraint(fields=["deal", "activity"], name="deal_activity_once")]

    def __str__(self) -> str:
        return f"{self.deal} – {self.activity}"


class DealTask(models.Model):
    """A task that belongs to a deal."""

    deal = models.ForeignKey(Deal, models.CASCADE, related_name="deal_tasks")
    task = models.ForeignKey(Task, models.CASCADE, related_name="deal_tasks")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["deal", "task"], name="deal_task_once")]

    def __str__(self) -> str:
        return f"{self.deal} – {self.task}"


class DealState(LocalDayMixin):
    """History: how a deal stood from `start` to just before `end`. One row per change of stage, owner, team, amount, currency,
    probability, expected close or status; the chain has no gap, and exactly one row has no end.

    This is where numbers find values *as they were* (kpis.md G6): the stage at a date, the owner at the win.
    """

    deal = models.ForeignKey(Deal, models.CASCADE, related_name="states")
    start = models.DateTimeField()
    start_day = LocalDayField(of="start")
    end = models.DateTimeField(null=True, blank=True)
    end_day = LocalDayField(of="end")
    status = models.CharField(max_length=4, choices=Status)
    stage = models.ForeignKey(Stage, models.PROTECT, related_name="+")
    owner = models.ForeignKey(USER, models.PROTECT, null=True, related_name="+")
    team = models.ForeignKey("crm.Team", models.PROTECT, null=True, related_name="+")
    amount = models.BigIntegerField(null=True)
    currency = models.CharField(max_length=3)
    probability = models.PositiveSmallIntegerField()
    expected_close = models.DateField(null=True)
    moved = models.BooleanField(default=False)  # the stage differs from the row before
    revalued = models.BooleanField(default=False)  # the amount differs from the row before
    again_at = models.DateTimeField(null=True, editable=False)  # when the deal's next open row starts
    by = models.ForeignKey(USER, models.SET_NULL, null=True, related_name="+")
    origin = models.CharField(max_length=10, choices=Origin.choices)

    objects = DealStateQuerySet.as_manager()

    class Meta:
        ordering = ["deal_id", "start", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["deal"], condition=Q(end__isnull=True), name="deal_has_one_present"),
            models.CheckConstraint(condition=Q(end__isnull=True) | Q(end__gte=F("start")), name="deal_state_runs_forward"),
        ]
        indexes = [
            models.Index(fields=["start_day", "status"], name="deal_state_start"),
            models.Index(fields=["end_day", "status"], name="deal_state_end"),
        ]

    def __str__(self) -> str:
        return f"{self.deal_id} {self.stage} {self.start:%Y-%m-%d}"


class StageVisit(LocalDayMixin):
    """A deal's time in one stage, derived from its states: first entry, when it got further, last exit, seconds in all."""

    deal = models.ForeignKey(Deal, models.CASCADE, related_name="visits")
    stage = models.ForeignKey(Stage, models.PROTECT, related_name="visits")
    entered_at = models.DateTimeField()
    entered_day = LocalDayField(of="entered_at", db_index=True)
    entry_owner = models.ForeignKey(USER, models.PROTECT, null=True, related_name="+")
    entry_team = models.ForeignKey("crm.Team", models.PROTECT, null=True, related_name="+")
    advanced_at = models.DateTimeField(null=True)
    advance_seconds = models.BigIntegerField(null=True)
    left_at = models.DateTimeField(null=True)
    left_day = LocalDayField(of="left_at", db_index=True)
    exit_owner = models.ForeignKey(USER, models.PROTECT, null=True, related_name="+")
    exit_team = models.ForeignKey("crm.Team", models.PROTECT, null=True, related_name="+")
    seconds = models.BigIntegerField(null=True)

    class Meta:
        ordering = ["deal_id", "entered_at"]
        constraints = [models.UniqueConstraint(fields=["deal", "stage"], name="stage_visit_once")]

    def __str__(self) -> str:
        return f"{self.deal_id} {self.stage}"


class DealFacts(models.Model):
    """What numbers need of a deal, derived from it, its states, activities and rates by `deals.history`; never edited.

    The creation side is always there; the closing side only while the deal is won or lost. Amounts ending in `_base` are
    minor units of the base currency at the rate of their day, null where amount or rate is missing.
    """

    deal = models.OneToOneField(Deal, models.CASCADE, primary_key=True, related_name="facts")
    created_day = models.DateField(null=True, db_index=True)  # null when imported without a date
    created_owner = models.ForeignKey(USER, models.PROTECT, null=True, related_name="+")
    created_team = models.ForeignKey("crm.Team", models.PROTECT, null=True, related_name="+")
    early_amount = models.BigIntegerField(null=True)  # the amount seven days after creation
    early_currency = models.CharField(max_length=3)
    early_base = models.BigIntegerField(null=True)
    status = models.CharField(max_length=4, choices=Status)
    closed_day = models.DateField(null=True)
    closed_owner = models.ForeignKey(USER, models.PROTECT, null=True, related_name="+")
    closed_team = models.ForeignKey("crm.Team", models.PROTECT, null=True, related_name="+")
    closed_amount = models.BigIntegerField(null=True)
    closed_base = models.BigIntegerField(null=True)
    win_seconds = models.BigIntegerField(null=True)  # creation to the win, for the cohort; null unless won
    deal_seconds = models.BigIntegerField(null=True)  # creation to closing; null when negative or undated
    sales_seconds = models.BigIntegerField(null=True)  # first contact, lead or creation to closing; null when negative or undated
    touches = models.PositiveIntegerField(null=True)
    repeat = models.BooleanField(default=False)  # the company had won deals before

    class Meta:
        verbose_name = _("facts of a deal")
        verbose_name_plural = _("facts of deals")
        indexes = [models.Index(fields=["closed_day", "status"], name="deal_facts_closed")]

    def __str__(self) -> str:
        return str(self.deal_id)


from .attribution.models import TouchShare  # noqa: E402, F401
from .contracts.models import ContractRun, ContractValue  # noqa: E402, F401
from .orders.models import Customer, CustomerSpell, Order, OrderLine  # noqa: E402, F401  models of this app that stand in a folder of their own
from .subscriptions.models import MrrMovement, MrrSpan, Subscription, SubscriptionStep, TermEnd  # noqa: E402, F401
from .value.models import CustomerValue, ValueRun  # noqa: E402, F401
