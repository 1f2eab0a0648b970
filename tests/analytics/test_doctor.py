"""What `manage.py doctor` says of numbers."""

from __future__ import annotations

import datetime as dt

import pytest
from django.utils import timezone

from analytics.models import DirtyDay
from crm import health

pytestmark = pytest.mark.django_db


def states() -> list[str]:
    return [finding.state for finding in health.checks["numbers"]()]


def test_numbers_are_well_when_no_day_waits():
    assert states() == ["ok"]


def test_days_that_were_just_marked_are_well():
    DirtyDay.objects.create(source="deals.created", day=dt.date(2026, 5, 18))
    assert states() == ["ok"]


def test_days_that_wait_for_long_are_wrong():
    DirtyDay.objects.create(source="deals.created", day=dt.date(2026, 5, 18), at=timezone.now() - dt.timedelta(minutes=6))
    assert states() == ["error"]
