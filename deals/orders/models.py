"""Customers, orders and their lines. Money is in minor units; what ends in `_base` is in the organisation's base currency."""

from __future__ import annotations

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _text
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from contacts.models import Company, Person
from crm.fields import LocalDayField
from crm.models import Record
from crm.money import LARGEST, validate_currency

from ..choices import Growth, OrderKind
from .querysets import CustomerQuerySet, OrderQuerySet

AMOUNT = [MinValueValidator(0), MaxValueValidator(LARGEST)]


class Customer(models.Model):
    """Who buys: a company, or a person without one. It outlives the person, so that what was sold still counts without a name.

    Made with the first order and kept by `deals.orders.facts`: numbers count customers by this row, whatever it is called.

    `started` is the day of the first purchase that counts as one, `origin` that order, `cohort` its month ("2026-03"); empty for whom
    nothing counts. Kept by `deals.orders.life`.
    """

    company = models.OneToOneField(Company, models.PROTECT, null=True, related_name="customer", verbose_name=_("company"))
    person = models.OneToOneField(Person, models.SET_NULL, null=True, related_name="customer", verbose_name=_("person"))
    first_day = models.DateField(_("first order"), null=True, editable=False)
    started = models.DateField(_("customer since"), null=True, editable=False, db_index=True)
    cohort = models.CharField(_("month of the first purchase"), max_length=7, blank=True, editable=False)
    origin = models.ForeignKey(
        "deals.Order", models.SET_NULL, null=True, editable=False, related_name="begun", verbose_name=_("first purchase")
    )

    objects = CustomerQuerySet.as_manager()

    class Meta:
        verbose_name = _("customer")
        verbose_name_plural = _("customers")
        ordering = ["pk"]
        constraints = [models.CheckConstraint(condition=Q(company__isnull=True) | Q(person__isnull=True), name="customer_is_one")]

    def __str__(self) -> str:
        return str(self.company or self.person or _text("Erased customer"))

    def get_absolute_url(self) -> str:
        """The page of the company or person; visible ones have one."""
        return (self.company or self.person).get_absolute_url() if self.company_id or self.person_id else ""


class Order(Record):
    """What was billed, or with kind "refund" what was credited of an order. Owner, team, source, country and pipeline are as they
    were at the sale. Once posted, customer, date, currency and lines stay: a correction is a credit note.

    `amount` is the sum of the lines, never negative; `base` is what it adds to revenue, negative for refunds, null without a rate.
    """

    number = models.CharField(_("number"), max_length=40, unique=True, blank=True)
    kind = models.CharField(_("type"), max_length=6, choices=OrderKind, default=OrderKind.ORDER, editable=False)
    refund_of = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="refunds", verbose_name=_("credit note for")
    )
    customer = models.ForeignKey(Customer, models.PROTECT, related_name="orders", verbose_name=_("customer"))
    company = models.ForeignKey(Company, models.PROTECT, null=True, blank=True, related_name="orders", verbose_name=_("company"))
    person = models.ForeignKey(Person, models.SET_NULL, null=True, blank=True, related_name="orders", verbose_name=_("person"))
    deal = models.ForeignKey("deals.Deal", models.SET_NULL, null=True, blank=True, related_name="orders", verbose_name=_("deal"))
    pipeline = models.ForeignKey(
        "deals.Pipeline", models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("pipeline")
    )
    product = models.ForeignKey(
        "deals.Product", models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("main product")
    )
    ordered_at = models.DateTimeField(_("date"), default=timezone.now)
    ordered_day = LocalDayField(of="ordered_at", db_index=True)
    currency = models.CharField(_("currency"), max_length=3, validators=[validate_currency])
    amount = models.BigIntegerField(_("amount"), default=0, editable=False, validators=AMOUNT)
    rate = models.DecimalField(_("exchange rate"), max_digits=18, decimal_places=8, null=True, editable=False)
    rate_day = models.DateField(_("day of the rate"), null=True, editable=False)
    base = models.BigIntegerField(null=True, editable=False)
    country = models.CharField(_("country"), max_length=2, blank=True)
    source = models.CharField(_("source"), max_length=80, blank=True)
    campaign = models.CharField(_("campaign"), max_length=120, blank=True)
    channel = models.CharField(_("channel"), max_length=80, blank=True)
    description = models.TextField(_("note"), blank=True)
    # What numbers need, kept by `deals.orders.facts`.
    refunded = models.BigIntegerField(_("credited"), default=0, editable=False)
    repeat = models.BooleanField(default=False, editable=False)  # the customer had bought on an earlier day
    interval = models.BigIntegerField(null=True, editable=False)  # seconds since the customer's previous purchase

    objects = OrderQuerySet.as_manager()

    class Meta:
        verbose_name = pgettext_lazy("sale", "order")
        verbose_name_plural = _("orders")
        ordering = ["-ordered_at", "-pk"]
        constraints = [
            models.CheckConstraint(condition=Q(amount__gte=0), name="order_amount_is_not_negative"),
            models.CheckConstraint(
                condition=Q(kind=OrderKind.ORDER, refund_of__isnull=True) | Q(kind=OrderKind.REFUND, refund_of__isnull=False),
                name="refund_names_its_order",
            ),
            models.CheckConstraint(condition=Q(refund_of__isnull=True) | ~Q(refund_of=F("pk")), name="order_refunds_another"),
        ]
        indexes = [
            models.Index(fields=["-ordered_at", "-id"], name="order_when"),
            models.Index(fields=["-amount", "-id"], name="order_amount"),
            models.Index(fields=["owner", "-ordered_at"], name="order_owner"),
            models.Index(fields=["team", "-ordered_at"], name="order_team"),
            models.Index(fields=["customer", "ordered_at"], name="order_customer"),
        ]

    def __str__(self) -> str:
        return self.number

    def get_absolute_url(self) -> str:
        return reverse("deals:order", args=[self.pk])

    @property
    def is_refund(self) -> bool:
        return self.kind == OrderKind.REFUND

    @property
    def sign(self) -> int:
        """What its amounts count as in revenue."""
        return -1 if self.is_refund else 1

    @property
    def buyer(self) -> Company | Person | None:
        """The company, else the person; None once the person was erased."""
        return self.company or self.person

    @property
    def left(self) -> int:
        """What of an order's amount was not credited yet."""
        return 0 if self.is_refund else max(self.amount - self.refunded, 0)

    @property
    def is_returned(self) -> bool:
        """Whether all of it was credited: then it is no purchase."""
        return 0 < self.amount <= self.refunded


class CustomerSpell(models.Model):
    """A time in which a customer was active: from the day of a purchase to the day on which the last one was as old as the window
    (`Organisation.customer_window_days`). `end` is empty until that day, `lapses`, has come: who may still buy is not lost yet.

    `order` began it; its owner, team, source and product are the spell's. Kept by `deals.orders.life`, never edited.

    `age` and `lost_age` count months from the month in which the customer's first spell began to those of start and end: at the end of
    the month that is k months old the customer is active where age <= k < lost_age (kpis.md 3.2, G1).
    """

    customer = models.ForeignKey(Customer, models.CASCADE, related_name="spells", verbose_name=_("customer"))
    order = models.ForeignKey(Order, models.PROTECT, related_name="spells_begun", verbose_name=pgettext_lazy("sale", "order"))
    start = models.DateField(_("active since"), db_index=True)
    lapses = models.DateField(_("lapses"))
    end = models.DateField(_("lost"), null=True, db_index=True)
    first = models.BooleanField(_("new customer"), default=False)
    age = models.PositiveIntegerField(default=0)
    lost_age = models.PositiveIntegerField(null=True)

    class Meta:
        verbose_name = _("active time of a customer")
        verbose_name_plural = _("active times of customers")
        ordering = ["customer_id", "start"]
        constraints = [
            models.UniqueConstraint(fields=["customer", "start"], name="customer_spell_once"),
            models.CheckConstraint(condition=Q(lapses__gt=F("start")), name="customer_spell_runs_forward"),
        ]
        indexes = [models.Index(fields=["lapses"], condition=Q(end__isnull=True), name="customer_spell_due")]

    def __str__(self) -> str:
        return f"{self.customer_id} {self.start}"


class OrderLine(models.Model):
    """One line of an order or credit note, in its currency. `amount` is net of discounts, without tax; `cost` the direct cost of
    what was sold (of a credit note: of what came back), null where it is not known.

    `net_base` and `cost_base` are what it adds to revenue and cost in the base currency: negative on credit notes, null without a
    rate. `growth` is kept by `deals.orders.growth`, blank on what is no growth of a known customer. `key` is the line's number in the system it came from.
    """

    order = models.ForeignKey(Order, models.PROTECT, related_name="lines")
    position = models.PositiveIntegerField(default=0)
    key = models.CharField(_("line"), max_length=40, blank=True)
    product = models.ForeignKey(
        "deals.Product", models.PROTECT, null=True, blank=True, related_name="order_lines", verbose_name=_("product")
    )
    text = models.CharField(_("description"), max_length=200, blank=True)
    quantity = models.DecimalField(_("quantity"), max_digits=12, decimal_places=3, default=1, validators=[MinValueValidator(0)])
    unit_price = models.BigIntegerField(_("unit price"), validators=AMOUNT)
    amount = models.BigIntegerField(_("amount"), validators=AMOUNT)
    cost = models.BigIntegerField(_("direct cost"), null=True, blank=True, validators=AMOUNT)
    net_base = models.BigIntegerField(null=True, editable=False)
    cost_base = models.BigIntegerField(null=True, editable=False)
    growth = models.CharField(max_length=7, choices=Growth, blank=True, editable=False)

    class Meta:
        verbose_name = _("line of an order")
        verbose_name_plural = _("lines of orders")
        ordering = ["position", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["order", "key"], condition=~Q(key=""), name="order_line_once"),
            models.CheckConstraint(condition=Q(amount__gte=0), name="order_line_is_not_negative"),
        ]

    def __str__(self) -> str:
        return f"{self.product or self.text} × {self.quantity}"
