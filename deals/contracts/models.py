"""Runs of the model of renewals, and what each expected of every account with contracts."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from ..subscriptions.models import Stepped


class Refusal(models.TextChoices):
    """Why a run says nothing (kpis.md 5.6)."""

    FEW_TERMS = "few_terms", _("Fewer than 100 terms have ended")
    FEW_RENEWALS = "few_renewals", _("No contract has come to the end of its third term")
    NO_FIT = "no_fit", _("The model does not fit these renewals")
    HOLD_OUT = (
        "hold_out",
        _(
            "Fitted on the first seven tenths of the time, it missed the rest by more than a quarter, or by more than a plain rate"
        ),
    )


class ContractRun(models.Model):
    """One fit of the shifted-beta-geometric to all terms that had ended by the end of `day`.

    `refused` says why there is no result; else `parameters` holds alpha and beta. `error` is the error of the hold-out in percent of the
    renewals there were; `due` how many terms had ended, `longest` the most of one chain of renewals.
    """

    day = models.DateField(_("day"), unique=True)
    made_at = models.DateTimeField(_("made at"), auto_now_add=True)
    refused = models.CharField(_("refused"), max_length=20, choices=Refusal, blank=True)
    due = models.PositiveIntegerField(_("terms that ended"), default=0)
    longest = models.PositiveIntegerField(_("terms of the longest contract"), default=0)
    error = models.DecimalField(_("error of the hold-out in percent"), max_digits=9, decimal_places=2, null=True)
    margin = models.DecimalField(_("margin"), max_digits=7, decimal_places=6, null=True)
    parameters = models.JSONField(_("parameters"), default=dict)

    class Meta:
        verbose_name = _("run of the model of renewals")
        verbose_name_plural = _("runs of the model of renewals")
        ordering = ["-day"]

    def __str__(self) -> str:
        return str(self.day)


class ContractValue(Stepped):
    """What one run expects of one account; it stands from `start` until the next run, `end`.

    value: margin of the terms to come of all its contracts, each discounted to its next renewal at a tenth a year, in minor units of
    `currency`; empty where a price has no exchange rate or no margin is known. The other columns are those of the account's largest contract:
    `renewals` is how often it was renewed.
    """

    run = models.ForeignKey(ContractRun, models.CASCADE, related_name="values")
    company = models.ForeignKey("contacts.Company", models.CASCADE, related_name="contract_values", verbose_name=_("company"))
    start = models.DateField()
    end = models.DateField(null=True)
    renewals = models.PositiveIntegerField()
    value = models.BigIntegerField(null=True)
    currency = models.CharField(max_length=3)
    source = models.CharField(max_length=80, blank=True)

    class Meta:
        verbose_name = _("expected value of an account")
        verbose_name_plural = _("expected values of accounts")
        ordering = ["run_id", "company_id"]
        constraints = [
            models.UniqueConstraint(fields=["run", "company"], name="contract_value_once"),
            models.CheckConstraint(condition=Q(end__isnull=True) | Q(end__gte=F("start")), name="contract_value_runs_forward"),
        ]
        indexes = [models.Index(fields=["start", "end"], name="contract_value_span")]

    def __str__(self) -> str:
        return f"{self.company_id} {self.start}"
