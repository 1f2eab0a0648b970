"""The vectors of the catalogue for costs (kpis.md 3.6 and 3.2), over records."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from analytics import refreshing
from analytics.checking import run
from analytics.engine import evaluate
from analytics.scopes import Scope
from contacts import services as contacts
from crm import jobs
from crm import services as kernel
from crm.models import Job, Organisation
from crm.periods import Period
from tests.analytics.vectors import LATER, MAY, leads, number
from tests.factories import CampaignFactory, CostFactory

from . import market

pytestmark = pytest.mark.publishes


@pytest.fixture(autouse=True)
def later(organisation, clock):
    clock(LATER)


def test_5000_spent_for_250_leads_are_20_each():
    leads(250)
    CostFactory(amount=5_000_00)
    row = number("cost_per_lead")
    assert (row.value, row.numerator, row.denominator) == (20_00, 5_000_00, 250)


def test_without_leads_there_is_no_cost_per_lead_and_the_money_is_still_said():
    CostFactory(amount=5_000_00)
    row = number("cost_per_lead")
    assert (row.value, row.reason, row.numerator) == (None, "empty", 5_000_00)


def test_leads_without_a_booked_cost_cost_nobody_knows_how_much():
    leads(3)
    row = number("cost_per_lead")
    assert (row.value, row.reason, row.denominator) == (None, "not_booked", 3)
    CostFactory(amount=0)
    assert number("cost_per_lead").value == 0


def test_the_last_day_of_the_month_is_in_and_the_first_of_the_next_is_not():
    leads(10)
    for day in (dt.date(2026, 4, 30), dt.date(2026, 5, 1), dt.date(2026, 5, 31), dt.date(2026, 6, 1)):
        CostFactory(amount=100, posted_on=day)
    assert number("cost_per_lead").numerator == 200


def test_a_cost_over_two_months_counts_in_each_with_its_days():
    leads(10)
    CostFactory(amount=61_00, posted_on=dt.date(2026, 5, 1), until=dt.date(2026, 6, 30))
    june = Period(dt.date(2026, 6, 1), dt.date(2026, 7, 1), "month")
    assert (number("cost_per_lead").numerator, number("cost_per_lead", june).numerator) == (31_00, 30_00)


def test_only_marketing_that_wins_customers_is_in_it():
    leads(10)
    CostFactory(amount=100)
    CostFactory(amount=1000, category="staff")
    CostFactory(amount=1000, purpose="retention")
    assert number("cost_per_lead").numerator == 100


def test_a_cost_without_exchange_rate_is_left_out_and_counted():
    leads(10)
    CostFactory(amount=100)
    CostFactory(amount=100, currency="GBP")
    row = number("cost_per_lead")
    assert (row.numerator, [(count, measure) for _text, count, measure in row.left_out]) == (
        100,
        [(1, "cost_marketing_unconverted")],
    )


def test_a_cost_is_converted_at_the_rate_of_its_day():
    leads(10)
    kernel.set_rate("EUR", dt.date(2026, 5, 1), Decimal("1.1"))
    kernel.set_rate("EUR", dt.date(2026, 5, 20), Decimal("2"))
    CostFactory(amount=100, currency="EUR")
    assert number("cost_per_lead").numerator == 110


def test_campaigns_divide_their_own_money_by_their_own_leads():
    leads(4, campaign="spring", source="Ads", medium="cpc")
    leads(6)
    CostFactory(amount=400, campaign=CampaignFactory(name="Spring!", code="spring", source="Ads", channel="cpc"))
    CostFactory(amount=100)
    for by, member in (("campaign", "spring"), ("channel", "cpc"), ("source", "Ads")):
        row = number("cost_per_lead", by=by, member=member)
        assert (row.numerator, row.denominator) == (400, 4), by
        none = number("cost_per_lead", by=by, member="")
        assert (none.numerator, none.denominator) == (100, 6), by
    assert number("cost_per_lead", by="campaign", member="spring").label == "Spring!"


def test_the_cost_of_keeping_customers_is_the_sum_of_costs_of_that_purpose():
    CostFactory(amount=700_00, purpose="retention", category="staff")
    CostFactory(amount=300_00, purpose="retention")
    CostFactory(amount=900_00, purpose="crm")
    row = number("customer_retention_cost")
    assert (row.value, row.n) == (1_000_00, 2)
    assert number("customer_retention_cost", by="cost_category", member="staff").value == 700_00


def test_nothing_spent_is_a_true_zero():
    assert number("customer_retention_cost").value == 0


def test_who_sees_only_their_own_numbers_sees_no_costs(people):
    CostFactory(amount=100, team=people.north)
    for scope, expected in ((Scope.of(people.max), 100), (Scope.of(people.ann), None), (Scope.of(people.mia), 100)):
        row = evaluate(["customer_retention_cost"], [MAY], scope=scope, live=True)[0]
        cost = evaluate(["cost_per_lead"], [MAY], scope=scope, live=True)[0]
        assert (row.reason == "not_cut") == (expected is None)
        assert cost.numerator == expected


def settle():
    """What a worker does after edits, without publishing: conversions, then the marked days."""
    Job.objects.filter(kind__startswith="analytics.").delete()
    jobs.run_all(strict=True, even_early=True)
    refreshing.refresh_all_marked()
    Job.objects.filter(kind__startswith="analytics.").delete()


def test_the_numbers_are_those_of_the_records_after_random_edits(people):
    """With the incremental refresh alone; the check computes them by another road."""
    Organisation.remember()
    budget = market.build_costs(people, size=20)
    leads(8, "2026-05-04 09:00", campaign="spring", source="web")
    for _round in range(2):
        market.shake(budget, 20)
        settle()
        report = run()
        assert (report.jobs, report.waiting, report.found) == ([], {}, [])
    assert report.compared > 300


def test_a_lead_that_is_deleted_leaves_the_denominator():
    found = leads(10)
    CostFactory(amount=100)
    contacts.delete_lead(found[0])
    assert number("cost_per_lead").denominator == 9
