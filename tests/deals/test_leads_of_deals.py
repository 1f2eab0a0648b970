"""The sales cycle of a deal begins with its lead, whatever becomes of the lead afterwards."""

from __future__ import annotations

import datetime as dt

import pytest

from contacts import services as contacts
from contacts.models import Lead
from deals import services
from tests.analytics.vectors import LATER, number
from tests.factories import LeadFactory, utc

pytestmark = pytest.mark.django_db


@pytest.fixture
def lead(people, clock) -> Lead:
    """Of 1 April; its deal was made on 1 May and won on 11 May."""
    clock(LATER)
    lead = LeadFactory(created_at=utc("2026-04-01"))
    deal = services.convert_lead(lead, at=utc("2026-05-01"))[2]
    assert deal is not None
    services.win_deal(deal, at=utc("2026-05-11"))
    assert number("sales_cycle_length").value == dt.timedelta(days=40).total_seconds()
    return Lead.objects.get(pk=lead.pk)


def test_a_lead_that_is_redated_lengthens_or_shortens_the_cycle(lead):
    contacts.save_lead(lead, created_at=utc("2026-04-11"))
    assert number("sales_cycle_length").value == dt.timedelta(days=30).total_seconds()


def test_without_its_lead_the_cycle_begins_with_the_deal(lead):
    contacts.delete_lead(lead)
    assert number("sales_cycle_length").value == dt.timedelta(days=10).total_seconds()
