"""Pipelines with their stages, reasons for losing, and what the firm sells."""

from __future__ import annotations

from crm.sample.context import Sample
from deals.choices import Billing
from deals.models import LossReason, Pipeline, Product, Stage

#: pipeline -> (stage, probability in percent, days until a deal rots)
PIPELINES = {
    "New business": (
        ("Qualified", 10, 21),
        ("Needs known", 20, 21),
        ("Demonstration", 40, 21),
        ("Offer sent", 60, 30),
        ("Negotiation", 80, 21),
    ),
    "Service and renewals": (("Due", 40, 30), ("Offer sent", 70, 21), ("Agreed", 90, 14)),
}

#: reason -> how often
REASONS = {
    "Price": 0.27,
    "Competitor": 0.22,
    "No decision": 0.2,
    "Budget withdrawn": 0.13,
    "Missing feature": 0.09,
    "Delivery time": 0.06,
    "Closed by age": 0.03,
}

#: code -> (name, family, price in euros, pipeline)
PRODUCTS = {
    "AX-200": ("Aurex 200 gas analyser", "Analysers", 14_800, "New business"),
    "AX-400": ("Aurex 400 process analyser", "Analysers", 38_500, "New business"),
    "MX-10": ("Moistar 10 moisture analyser", "Analysers", 6_900, "New business"),
    "FL-50": ("Fluvia 50 flow meter", "Flow", 2_350, "New business"),
    "FL-300": ("Fluvia 300 ultrasonic flow meter", "Flow", 7_800, "New business"),
    "PR-8": ("Presto 8 pressure transmitter set", "Flow", 1_180, "New business"),
    "MC-S": ("Meridian Cloud, site licence, one year", "Software", 4_200, "New business"),
    "MC-E": ("Meridian Cloud, enterprise, one year", "Software", 21_000, "New business"),
    "CAL-1": ("Yearly calibration, per instrument", "Service", 480, "Service and renewals"),
    "SC-3": ("Service contract, three years", "Service", 9_600, "Service and renewals"),
}


#: what is paid for again and again
BILLING = {"MC-S": Billing.YEAR, "MC-E": Billing.YEAR, "CAL-1": Billing.YEAR}


def fill(sample: Sample) -> None:
    """Writes them and leaves them in `notes` by name."""
    stages: dict[str, list[Stage]] = {}
    for position, (name, steps) in enumerate(PIPELINES.items()):
        pipeline = Pipeline.objects.create(name=name, position=position, is_default=position == 0)
        stages[name] = Stage.objects.bulk_create(
            [
                Stage(pipeline=pipeline, name=step, position=place, probability=probability, rotting_days=days)
                for place, (step, probability, days) in enumerate(steps)
            ]
        )
    reasons = LossReason.objects.bulk_create([LossReason(name=name, position=place) for place, name in enumerate(REASONS)])
    products = Product.objects.bulk_create(
        [
            Product(
                code=code, name=name, family=family, price=price * 100, currency="EUR", billing=BILLING.get(code, Billing.ONCE)
            )
            for code, (name, family, price, _pipeline) in PRODUCTS.items()
        ]
    )
    sample.notes["stages"] = stages
    sample.notes["reasons"] = {reason.name: reason for reason in reasons}
    sample.notes["products"] = {product.code: product for product in products}
