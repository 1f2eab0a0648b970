"""Subscriptions for tests, made by the services."""

from __future__ import annotations

import datetime as dt
from typing import Any

from contacts.models import Company
from deals.models import MrrMovement, Subscription
from deals.subscriptions import services
from tests.factories import CompanyFactory


def day(text: str | dt.date | None) -> dt.date | None:
    return dt.date.fromisoformat(text) if isinstance(text, str) else text


def subscription(
    company: Company | None, start: str, amount: int = 100_00, *, interval: str = "month", **fields: Any
) -> Subscription:
    """subscription(acme, "2026-01-01", 1_200_00, interval="year")"""
    values = {"currency": "USD", "plan": "Basic", **fields}
    for name in ("trial_end", "term_end", "ended_on", "cancelled_on"):
        if name in values:
            values[name] = day(values[name])
    company = company or CompanyFactory()
    return services.start(Subscription(company=company, start=day(start), amount=amount, interval=interval, **values))


def change(row: Subscription, since: str, **changes: Any) -> Subscription:
    return services.change(row, day=day(since), **changes)


def cancel(row: Subscription, since: str, reason: str = "price") -> Subscription:
    return services.cancel(row, day=day(since), reason=reason)


def moves(company: Company) -> list[tuple[str, str, int]]:
    """(day, kind, base amount) of what stands of an account, in order."""
    rows = MrrMovement.objects.valid().filter(company=company).order_by("day", "kind", "-base")
    return [(row.day.isoformat(), row.kind, row.base) for row in rows]
