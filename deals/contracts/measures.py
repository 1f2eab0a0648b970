"""Measures of what accounts with contracts are expected to be worth, as the run that stood on a day has it."""

from __future__ import annotations

from django.db.models import Q

from analytics.sources import Measure, StockSource, add_source

from ..subscriptions.measures import ACCOUNT, SPLIT
from .models import ContractValue, runs

add_source(
    StockSource(
        "contracts.value",
        (
            Measure("contracts_expected"),
            Measure("contracts_valued", Q(value__isnull=False)),
            Measure("contract_value", value="value"),
        ),
        {name: lookup for name, lookup in SPLIT.items() if name != "currency"},
        ACCOUNT,
        rows=lambda: ContractValue.objects.all(),
        start="start",
        end="end",
        opened=runs.valued,
        left=runs.outdated,
        currency="currency",
    )
)
