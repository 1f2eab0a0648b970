"""Runs of the model, and what each expected of every customer."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from .runs import Runs

MISSED = _(
    "Fitted on the first seven tenths of the time, it missed the rest by more than a quarter, or by more than a plain rate"
)


class ModelRun(models.Model):
    """One fit of a model to all that had happened by the end of `day`.

    A subclass's `refused` says why there is no result; else `parameters` holds them. `error` is the error of the hold-out in percent of what
    happened then.
    """

    day = models.DateField(_("day"), unique=True)
    made_at = models.DateTimeField(_("made at"), auto_now_add=True)
    error = models.DecimalField(_("error of the hold-out in percent"), max_digits=9, decimal_places=2, null=True)
    margin = models.DecimalField(_("margin"), max_digits=7, decimal_places=6, null=True)
    parameters = models.JSONField(_("parameters"), default=dict)

    class Meta:
        abstract = True
        ordering = ["-day"]

    def __str__(self) -> str:
        return str(self.day)


class Refusal(models.TextChoices):
    """Why a run says nothing (kpis.md 5.6)."""

    FEW_CUSTOMERS = "few_customers", _("Fewer than 300 customers")
    FEW_REPEATERS = "few_repeaters", _("Fewer than 100 customers who came back")
    SHORT_HISTORY = "short_history", _("The orders reach less far back than three times the usual time between purchases")
    NO_FIT = "no_fit", _("The model does not fit these purchases")
    HOLD_OUT = "hold_out", MISSED


class ValueRun(ModelRun):
    """One fit of BG/NBD and Gamma-Gamma to all orders up to the end of `day`.

    `parameters`: r, alpha, a, b in weeks and, where spend could be modelled, p, q, g in base currency. `done` once all customers are
    valued: until then the run before it stands.
    """

    done = models.BooleanField(_("done"), default=False)
    refused = models.CharField(_("refused"), max_length=20, choices=Refusal, blank=True)
    customers = models.PositiveIntegerField(_("customers"), default=0)
    repeaters = models.PositiveIntegerField(_("customers who came back"), default=0)

    class Meta(ModelRun.Meta):
        verbose_name = _("run of the customer value model")
        verbose_name_plural = _("runs of the customer value model")


class CustomerValue(models.Model):
    """What one run expects of one customer; it stands from `start` until the next run, `end`.

    repeats, last, age: days with a purchase after the first, weeks from first to last purchase, weeks from the first to the run.
    expected: purchase days in the next 52 weeks, in thousandths. alive: the chance that the customer is still active, in hundredths of a
    percent; empty for buyers of one day. value: margin to come in 52 weeks, discounted by a tenth a year, in minor units of `currency`; empty
    where spend or margin is not known. `order` is the last purchase, whose owner, team and source are the value's.
    """

    run = models.ForeignKey(ValueRun, models.CASCADE, related_name="values")
    customer = models.ForeignKey("deals.Customer", models.CASCADE, related_name="values", verbose_name=_("customer"))
    order = models.ForeignKey("deals.Order", models.PROTECT, related_name="+")
    start = models.DateField()
    end = models.DateField(null=True)
    repeats = models.PositiveIntegerField()
    last = models.DecimalField(max_digits=8, decimal_places=2)
    age = models.DecimalField(max_digits=8, decimal_places=2)
    expected = models.BigIntegerField()
    alive = models.PositiveIntegerField(null=True)
    value = models.BigIntegerField(null=True)
    currency = models.CharField(max_length=3)

    class Meta:
        verbose_name = _("expected value of a customer")
        verbose_name_plural = _("expected values of customers")
        ordering = ["run_id", "customer_id"]
        constraints = [
            models.UniqueConstraint(fields=["run", "customer"], name="customer_value_once"),
            models.CheckConstraint(condition=Q(end__isnull=True) | Q(end__gte=F("start")), name="customer_value_runs_forward"),
        ]
        indexes = [models.Index(fields=["start", "end"], name="customer_value_span")]

    def __str__(self) -> str:
        return f"{self.customer_id} {self.start}"


runs = Runs(ValueRun, CustomerValue, "customers.valued", "customers.outdated")
