"""Runs of the model of renewals, and what each expected of every account with contracts."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from ..subscriptions.models import Stepped
from ..value.models import MISSED, ModelRun
from ..value.runs import Runs


class Refusal(models.TextChoices):
    """Why a run says nothing (kpis.md 5.6)."""

    FEW_TERMS = "few_terms", _("Fewer than 100 terms have ended")
    FEW_RENEWALS = "few_renewals", _("No contract has come to the end of its third term")
    NO_FIT = "no_fit", _("The model does not fit these renewals")
    HOLD_OUT = "hold_out", MISSED


class ContractRun(ModelRun):
    """One fit of the shifted-beta-geometric to all terms that had ended by the end of `day`.

    `parameters`: alpha and beta. `due` is how many terms had ended, `longest` the most of one chain of renewals.
    """

    refused = models.CharField(_("refused"), max_length=20, choices=Refusal, blank=True)
    due = models.PositiveIntegerField(_("terms that ended"), default=0)
    longest = models.PositiveIntegerField(_("terms of the longest contract"), default=0)

    class Meta(ModelRun.Meta):
        verbose_name = _("run of the model of renewals")
        verbose_name_plural = _("runs of the model of renewals")


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


runs = Runs(ContractRun, ContractValue, "contracts.valued", "contracts.outdated")
