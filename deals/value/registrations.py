"""What is expected of a customer, on the company's page."""

from __future__ import annotations

from typing import Any

from analytics import formats
from crm import site

from .models import CustomerValue


def company_value(company: Any, user: Any) -> dict | None:
    """What the standing run expects of the company; nothing where there is none, or it never bought."""
    value = CustomerValue.objects.filter(customer__company=company, end=None, run__done=True).select_related("run").first()
    if value is None:
        return None
    return {
        "value": value,
        "purchases": formats.number(value.expected / 1000, 1),
        "alive": "" if value.alive is None else formats.percent(value.alive / 100, 0),
        "margin": "" if value.value is None else formats.exact(value.value, "money", value.currency),
        "day": value.run.day,
    }


site.panels.register("company_value", site.Panel("contacts.company", "deals/_value_panel.html", company_value, "order", order=16))
