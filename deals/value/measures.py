"""Measures of what customers are expected to be worth, as the run that stood on a day has it."""

from __future__ import annotations

from django.db.models import Q

from analytics.sources import Measure, StockSource, add_source

from ..orders.measures import BUYER, OF_SPELL
from .models import CustomerValue, runs

add_source(
    StockSource(
        "customers.value",
        (
            Measure("customers_expected"),
            Measure("expected_purchases", value="expected"),
            Measure("customers_alive", Q(alive__isnull=False)),
            Measure("alive", Q(alive__isnull=False), "alive"),
            Measure("customers_valued", Q(value__isnull=False)),
            Measure("customer_value", value="value"),
        ),
        OF_SPELL,
        BUYER,
        rows=lambda: CustomerValue.objects.filter(run__done=True),
        start="start",
        end="end",
        opened=runs.valued,
        left=runs.outdated,
        currency="currency",
    )
)
