"""The organisation's settings and its dated exchange rates."""

from __future__ import annotations

import zoneinfo
from contextvars import ContextVar
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from ..money import validate_currency

_remembered: ContextVar[Organisation | None] = ContextVar("organisation", default=None)


class AttributionModel(models.TextChoices):
    """How the credit for a sale is shared among the touches before it."""

    FIRST = "first", _("First touch")
    LAST = "last", _("Last touch")
    EVEN = "even", _("Evenly")
    ENDS = "ends", _("Two fifths first, two fifths last, one fifth between")


def validate_zone(name: str) -> None:
    """Refuses names that are not IANA time zones."""
    if name not in zoneinfo.available_timezones():
        raise ValidationError(_("“%(name)s” is not a time zone. Example: Europe/Paris."), params={"name": name})


class Organisation(models.Model):
    """The one organisation of this installation. `current()` reads it once a request (see `remember` and `forget`)."""

    name = models.CharField(_("name"), max_length=120, default="Sextant")
    time_zone = models.CharField(_("time zone"), max_length=64, default="UTC", validators=[validate_zone])
    base_currency = models.CharField(_("base currency"), max_length=3, default="USD", validators=[validate_currency])
    language = models.CharField(_("language"), max_length=5, default="en")
    fiscal_year_start = models.PositiveSmallIntegerField(
        _("first month of the fiscal year"), default=1, validators=[MinValueValidator(1), MaxValueValidator(12)]
    )
    week_start = models.PositiveSmallIntegerField(
        _("first day of the week"), default=0, validators=[MaxValueValidator(6)], help_text=_("0 is Monday, 6 is Sunday.")
    )
    go_live_on = models.DateField(_("CRM in use since"), null=True, blank=True)
    go_live_ramp = models.PositiveSmallIntegerField(
        _("months to settle in after that"),
        default=3,
        validators=[MaxValueValidator(24)],
        help_text=_("Before and after are compared without them."),
    )
    crm_savings = models.PositiveBigIntegerField(
        _("yearly savings thanks to the CRM"),
        default=0,
        validators=[MaxValueValidator(10**12)],
        help_text=_("An assumption, in whole units of the base currency, for the return on the CRM."),
    )

    # The windows that KPI definitions name; changing one recomputes the numbers that use it.
    lead_quiet_days = models.PositiveSmallIntegerField(_("days without contact until a lead counts as abandoned"), default=14)
    lead_abandonment_window = models.PositiveSmallIntegerField(_("window of lead abandonment, days"), default=30)
    lead_conversion_window = models.PositiveSmallIntegerField(_("window of lead conversion, days"), default=90)
    deal_win_window = models.PositiveSmallIntegerField(_("window of the cohort win rate, days"), default=90)
    stage_conversion_window = models.PositiveSmallIntegerField(_("window of stage conversion, days"), default=90)
    stale_days = models.PositiveSmallIntegerField(_("days without activity until a deal is stale"), default=30)
    survey_response_window = models.PositiveSmallIntegerField(_("window of the survey response rate, days"), default=30)

    customer_window_days = models.PositiveSmallIntegerField(
        _("days after the last purchase until a customer counts as lost"), default=365, validators=[MinValueValidator(1)]
    )

    attribution_model = models.CharField(
        _("how revenue is credited to touches"), max_length=5, choices=AttributionModel, default=AttributionModel.EVEN
    )
    attribution_window_days = models.PositiveSmallIntegerField(
        _("days before a sale in which touches count"), default=90, validators=[MinValueValidator(1), MaxValueValidator(1096)]
    )

    class Meta:
        verbose_name = _("organisation")
        verbose_name_plural = _("organisation")
        constraints = [models.CheckConstraint(condition=models.Q(pk=1), name="organisation_is_one_row")]

    def __str__(self) -> str:
        return self.name

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.pk = 1
        super().save(*args, **kwargs)
        if _remembered.get() is not None:
            _remembered.set(self)

    @classmethod
    def current(cls) -> Organisation:
        """The settings row, created with defaults when it is missing."""
        return _remembered.get() or cls.objects.get_or_create(pk=1)[0]

    @classmethod
    def remember(cls) -> None:
        """Reads the row once for the request, command or job step that starts here."""
        _remembered.set(None)
        _remembered.set(cls.current())

    @classmethod
    def forget(cls) -> None:
        """Ends `remember`."""
        _remembered.set(None)


class ExchangeRate(models.Model):
    """From `date` on, one unit of `currency` is worth `rate` units of the base currency, until the next row."""

    currency = models.CharField(_("currency"), max_length=3, validators=[validate_currency])
    date = models.DateField(_("from"))
    rate = models.DecimalField(_("rate"), max_digits=18, decimal_places=8, validators=[MinValueValidator(0.00000001)])

    class Meta:
        verbose_name = _("exchange rate")
        verbose_name_plural = _("exchange rates")
        ordering = ["currency", "-date"]
        constraints = [
            models.UniqueConstraint(fields=["currency", "date"], name="rate_once_a_day"),
            models.CheckConstraint(condition=models.Q(rate__gt=0), name="rate_is_positive"),
        ]

    def __str__(self) -> str:
        return f"{self.currency} {self.date}: {self.rate}"
