"""The sample's organisation and three years of monthly exchange rates."""

from __future__ import annotations

import math
from decimal import Decimal

from ..models import ExchangeRate, Organisation
from .context import MONTHS, Sample, months_before

#: what one unit was worth in euros on average, and how far it swings
CURRENCIES = {"USD": (0.915, 0.035), "GBP": (1.165, 0.022)}


def fill(sample: Sample) -> None:
    """Saves the settings row and the rates."""
    Organisation(
        name="Meridian Instruments",
        time_zone="Europe/Paris",
        base_currency="EUR",
        language="en",
        go_live_on=sample.go_live,
        crm_savings=9_000,
    ).save()
    ExchangeRate.objects.bulk_create(
        [
            ExchangeRate(currency=currency, date=months_before(sample.today, back), rate=_rate(sample, currency, back))
            for currency in CURRENCIES
            for back in range(MONTHS, -1, -1)
        ]
    )


def _rate(sample: Sample, currency: str, months_back: int) -> Decimal:
    """A slow wave with a little noise: rates drift, they do not jump."""
    middle, swing = CURRENCIES[currency]
    wave = math.sin(months_back / 5.5 + len(currency) + middle)
    return Decimal(str(round(middle + swing * wave + sample.random.uniform(-0.004, 0.004), 4)))
