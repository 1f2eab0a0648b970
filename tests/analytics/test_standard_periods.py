"""Which periods are published."""

from __future__ import annotations

import datetime as dt

import pytest

from analytics.models import DailyMeasure
from analytics.snapshots import standard_periods

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "today", ["2026-05-31", "2026-03-30", "2026-03-31", "2026-06-30", "2026-12-31", "2028-02-29", "2026-05-18"]
)
def test_no_days_are_published_twice(organisation, today: str) -> None:
    DailyMeasure.objects.create(source="deals.won", dimension="", day=dt.date(2025, 1, 1))
    found = standard_periods(dt.date.fromisoformat(today))
    assert len({(period.start, period.end) for period in found}) == len(found)
