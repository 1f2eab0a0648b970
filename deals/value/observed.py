"""Measures of what customers have brought so far: everything billed and credited before a day, and everybody who had begun by then."""

from __future__ import annotations

from django.db.models import F

from analytics.sources import Measure, StockSource, add_source

from ..orders.cohorts import COHORT
from ..orders.life import BEGUN, LIFETIME
from ..orders.measures import BUYER, CONVERTED, COSTED, LINE, OF_ORDER, OF_SPELL, UNCONVERTED
from ..orders.models import CustomerSpell, OrderLine

#: As the order that made somebody a customer has it, whoever sells to them later.
OF_BUYER = {
    **{name: f"order__customer__origin__{lookup}" for name, lookup in OF_ORDER.items()},
    COHORT: "order__customer__cohort",
}

add_source(
    StockSource(
        "customers.lifetime",
        (
            Measure("lifetime_revenue", value="net_base"),
            Measure("lifetime_lines", CONVERTED),
            Measure("lifetime_unconverted", UNCONVERTED),
            Measure("lifetime_costed", COSTED, "net_base"),
            Measure("lifetime_margin", COSTED, F("net_base") - F("cost_base")),
            Measure("lifetime_uncosted", CONVERTED & ~COSTED),
        ),
        OF_BUYER,
        LINE,
        rows=lambda: OrderLine.objects.filter(order__customer__started__isnull=False),
        start="order__ordered_day",
        opened=LIFETIME,
    )
)
add_source(
    StockSource(
        "customers.ever",
        (Measure("customers_ever"),),
        {**OF_SPELL, COHORT: "customer__cohort"},
        BUYER,
        rows=lambda: CustomerSpell.objects.filter(first=True),
        start="start",
        opened=BEGUN,
    )
)
