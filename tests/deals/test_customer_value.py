"""What customers are expected to be worth: the models, their gates, the numbers made of them, and that they stand week by week."""

from __future__ import annotations

import datetime as dt
import os
import random
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.db import transaction

from analytics import refreshing
from analytics.checking import run as check
from analytics.engine import Row, evaluate
from analytics.registry import NO_MODEL
from analytics.scopes import Scope
from contacts.models import Company
from contacts.services import merge_companies
from crm import jobs
from crm.models import Organisation
from crm.periods import Period
from deals.models import Customer, CustomerValue, OrderLine, ValueRun
from deals.value import bgnbd, fitting, spend
from deals.value.bgnbd import Fit, History
from deals.value.models import Refusal
from tests.factories import CompanyFactory

from .ordering import line, order, orders, refund

pytestmark = pytest.mark.once

NOW = dt.datetime(2026, 5, 18, 10, tzinfo=dt.UTC)
DAY = dt.date(2026, 5, 17)
WEEK = dt.timedelta(days=7)

#: CDNOW: the published parameters, rounded, and the customer of the paper (kpis.md 5.3, 5.4).
PUBLISHED = Fit(0.243, 4.414, 0.793, 2.426)
SPENT = spend.SpendFit(6.25, 3.74, 15.44)
PAPER = History(2, 30.43, 38.86)


# --- the formulas ----------------------------------------------------------------------------------------------------


def test_the_published_customer_has_the_published_expectations() -> None:
    assert PUBLISHED.alive(PAPER) == pytest.approx(0.726579, abs=1e-6)
    assert PUBLISHED.expected(PAPER, 39) == pytest.approx(1.22603, abs=1e-5)
    assert PUBLISHED.expected_of_new(39) == pytest.approx(1.19672, abs=1e-5)
    assert PUBLISHED.expected(PAPER, 52) == pytest.approx(1.55872, abs=1e-5)
    assert PUBLISHED.discounted(PAPER, 52, 0.1) == pytest.approx(1.49041, abs=1e-5)


def test_the_published_customer_spends_and_is_worth_what_was_published() -> None:
    mean = SPENT.expected(2, 22.35)
    assert mean == pytest.approx(24.663714, abs=1e-6)
    assert SPENT.expected(0, 0) == pytest.approx(35.22, abs=0.005)
    assert mean * PUBLISHED.discounted(PAPER, 52, 0.1) == pytest.approx(36.759, abs=0.0005)
    assert 0.4 * mean * PUBLISHED.discounted(PAPER, 52, 0.1) == pytest.approx(14.704, abs=0.0005)


def test_who_bought_on_one_day_only_has_no_chance_to_be_active() -> None:
    assert PUBLISHED.alive(History(0, 0.0, 38.86)) is None
    assert PUBLISHED.expected(History(0, 0.0, 38.86), 39) > 0


def test_many_purchases_do_not_overflow() -> None:
    found = bgnbd.fit([History(900, 150.0, 156.0), History(0, 0.0, 100.0), History(3, 20.0, 60.0)] * 3)
    assert found.log_likelihood > float("-inf")


def test_a_hole_in_the_formula_is_bridged() -> None:
    around = [Fit(0.243, 4.414, a, 2.426).expected(PAPER, 39) for a in (0.9999, 1.0, 1.0001)]
    assert around[0] == pytest.approx(around[1], rel=1e-3)
    assert around[2] == pytest.approx(around[1], rel=1e-3)


# --- CDNOW -----------------------------------------------------------------------------------------------------------


FILE = Path(os.environ.get("SEXTANT_DATA") or "no-such-folder") / "cdnow" / "CDNOW_sample.txt"


@pytest.mark.skipif(not FILE.exists(), reason="SEXTANT_DATA names no folder with the public files")
@pytest.mark.django_db
def test_cdnow_gives_the_published_parameters(organisation: Any) -> None:
    """2,357 customers of 1997, as orders; repeats to the end of September."""
    bought: dict[str, list[tuple[str, int]]] = defaultdict(list)
    for text in FILE.read_text().splitlines():
        _master, customer, day, _cds, dollars = text.split()
        bought[customer].append((f"{day[:4]}-{day[4:6]}-{day[6:]}", round(float(dollars) * 100)))
    companies = Company.objects.bulk_create([Company(name=customer) for customer in bought])
    rows = [(who, day, [line(cents)]) for who, days in zip(companies, bought.values(), strict=True) for day, cents in days]
    orders(rows, currency=Organisation.current().base_currency)
    end = dt.date(1997, 10, 1)
    found = list(fitting.buyers(end - dt.timedelta(days=1)))
    fitted = bgnbd.fit(one.history(end) for one in found)
    assert (len(found), sum(len(one.days) - 1 for one in found), sum(len(one.days) == 1 for one in found)) == (2357, 2457, 1411)
    assert (fitted.r, fitted.alpha, fitted.a, fitted.b) == pytest.approx((0.24259, 4.41353, 0.79289, 2.42575), abs=2e-5)
    assert fitted.log_likelihood == pytest.approx(-9582.4256, abs=1e-4)
    assert sum(fitted.expected(one.history(end), 39) for one in found) == pytest.approx(1653, abs=0.5)
    spent = spend.fit([(len(one.days) - 1, mean) for one in found if (mean := one.mean_repeat()) is not None], scale=100)
    assert (spent.p, spent.q, spent.g) == pytest.approx((6.2496, 3.7442, 15.4435), abs=2e-4)
    assert spent.log_likelihood == pytest.approx(-4055.9177, abs=1e-4)


# --- a shop of our own -----------------------------------------------------------------------------------------------


def purchases(seed: int, customers: int) -> list[list[str]]:
    """Days on which each of many customers buys, as BG/NBD says they do, over the two years before NOW."""
    chance = random.Random(seed)
    found = []
    for _customer in range(customers):
        rate, leave = chance.gammavariate(1.2, 1 / 8), chance.betavariate(0.8, 2.5)
        at = chance.uniform(0, 90)
        days = [at]
        while chance.random() > leave:
            at += chance.expovariate(rate)
            if at >= 104:
                break
            days.append(at)
        start = DAY - 104 * WEEK
        found.append(sorted({(start + dt.timedelta(days=int(at * 7))).isoformat() for at in days}))
    return found


@pytest.fixture(scope="module")
def sold(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """A shop with 320 customers and two years of orders, each line at half its price; made once for this file."""
    with django_db_blocker.unblock(), time_machine.travel(NOW, tick=False), transaction.atomic():
        Organisation.forget()
        days = purchases(11, 320)
        companies = CompanyFactory.create_batch(len(days))
        amounts = random.Random(5)
        rows = []
        for company, bought in zip(companies, days, strict=True):
            usual = amounts.randint(40, 400)
            for day in bought:
                amount = 100 * max(10, usual + amounts.randint(-30, 30))
                rows.append((company, day, [line(amount, cost=amount // 2)]))
        orders(rows, currency=Organisation.current().base_currency)
        yield
        transaction.set_rollback(True)


@pytest.fixture
def shop(sold: None, db: None) -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


def run(day: dt.date = DAY) -> ValueRun:
    """A whole run, as its jobs make it."""
    found = fitting.begin(day)
    after: int | None = 0
    while not found.done and after is not None:
        after = fitting.value_some(found, after)
    while refreshing.refresh_step():
        pass
    return found


def value(key: str, day: dt.date = DAY) -> Row:
    [row] = evaluate([key], [Period(day, day + dt.timedelta(days=1))], scope=Scope.everything())
    return row


def test_a_run_says_what_each_customer_is_expected_to_bring(shop: None) -> None:
    found = run()
    assert (found.refused, found.customers) == ("", 320)
    assert found.error < 25
    assert found.margin == pytest.approx(0.5, abs=0.001)
    rows = list(CustomerValue.objects.filter(run=found))
    assert len(rows) == 320
    assert all((row.alive is None) == (row.repeats == 0) for row in rows)
    expected = sum(row.expected for row in rows) / 1000
    assert value("expected_purchases").value == pytest.approx(expected)
    chances = [row.alive / 10_000 for row in rows if row.alive is not None]
    assert value("p_alive").value == pytest.approx(100 * sum(chances) / len(chances))
    assert value("p_alive").n == found.repeaters
    amounts = [row.value for row in rows if row.value is not None]
    assert value("clv_predicted").value == pytest.approx(sum(amounts) / len(amounts))
    usual = 0.5 * 220_00 * expected / 320
    assert 0.6 * usual < value("clv_predicted").value < 1.4 * usual


def test_the_values_of_one_customer_are_those_of_the_formulas(shop: None) -> None:
    found = run()
    told = found.parameters
    model = Fit(told["r"], told["alpha"], told["a"], told["b"])
    row = CustomerValue.objects.filter(run=found, repeats__gt=2).order_by("-repeats", "pk").first()
    days = sorted(set(row.customer.orders.values_list("ordered_day", flat=True)))
    one = History(len(days) - 1, round((days[-1] - days[0]).days / 7, 2), round((DAY - days[0]).days / 7, 2))
    assert (row.repeats, float(row.last), float(row.age)) == (one.repeats, one.last, one.age)
    assert row.alive == round(10_000 * model.alive(one))
    assert row.expected == round(1000 * model.expected(one, 52))
    assert row.order == row.customer.orders.order_by("ordered_day", "pk").last()


def test_a_later_run_takes_the_place_of_the_one_before_from_its_day_on(shop: None) -> None:
    first = run(DAY - WEEK)
    then = value("expected_purchases", DAY - WEEK).value
    second = run()
    assert value("expected_purchases", DAY - WEEK).value == then
    assert value("expected_purchases").value == pytest.approx(sum(row.expected for row in second.values.all()) / 1000)
    assert set(first.values.values_list("end", flat=True)) == {DAY}
    with pytest.raises(ValueError, match="already"):
        fitting.begin(DAY - WEEK)


def test_a_run_of_the_same_day_is_made_anew(shop: None) -> None:
    run(DAY - WEEK)
    run()
    before = value("clv_predicted").value
    run()
    assert value("clv_predicted").value == before
    assert ValueRun.objects.count() == 2
    assert check().found == []


def test_a_run_that_is_refused_ends_what_was_said_before(shop: None) -> None:
    run(DAY - WEEK)
    Customer.objects.order_by("pk").first().orders.update(ordered_day=DAY + WEEK)
    keep = Customer.objects.order_by("pk").values_list("pk", flat=True)[299]
    for customer in Customer.objects.filter(pk__gt=keep):
        customer.orders.update(ordered_day=DAY + WEEK)
    found = run()
    assert (found.refused, found.customers) == (Refusal.FEW_CUSTOMERS, 299)
    row = value("clv_predicted")
    assert (row.value, row.reason) == (None, NO_MODEL)
    assert value("expected_purchases").value is None
    assert value("clv_predicted", DAY - WEEK).value is not None


def test_the_numbers_are_those_of_the_rows_after_runs_and_a_merge(shop: None) -> None:
    run(DAY - WEEK)
    run()
    keep, lose = (CustomerValue.objects.filter(run__day=DAY).order_by("pk")[at].customer.company for at in (0, 1))
    merge_companies(keep, lose)
    keep.refresh_from_db()
    keep.industry = "Retail"
    keep.save()
    while refreshing.refresh_step():
        pass
    assert check().found == []


def test_without_costs_purchases_are_expected_and_no_margin(shop: None) -> None:
    OrderLine.objects.update(cost=None, cost_base=None)
    assert run().margin is None
    assert value("expected_purchases").value > 0
    assert value("clv_predicted").reason == NO_MODEL


def test_a_week_that_is_over_is_fitted_and_valued_by_jobs(shop: None) -> None:
    jobs.enqueue("deals.value_fit", {"day": DAY.isoformat()}, key="fit")
    while not ValueRun.objects.filter(done=True).exists():
        assert jobs.run_all(limit=1) == 1
    while refreshing.refresh_step():
        pass
    assert CustomerValue.objects.count() == 320
    assert value("p_alive").value is not None


# --- the gates -------------------------------------------------------------------------------------------------------


def buyer(*weeks: float) -> fitting.Buyer:
    start = dt.date(2024, 1, 1)
    days = tuple(start + dt.timedelta(days=round(7 * week)) for week in weeks)
    return fitting.Buyer(1, days, tuple(100 for _day in days), 1)


def test_each_gate_has_its_reason() -> None:
    end = dt.date(2024, 12, 30)
    assert fitting.refusal([buyer(0)] * 299, end)[0] == Refusal.FEW_CUSTOMERS
    assert fitting.refusal([buyer(0)] * 201 + [buyer(0, 5)] * 99, end)[0] == Refusal.FEW_REPEATERS
    assert fitting.refusal([buyer(0)] * 200 + [buyer(0, 20)] * 100, end)[0] == Refusal.SHORT_HISTORY
    alike = [buyer(*range(0, 52, 4))] * 300
    assert fitting.refusal(alike, end)[0] in (Refusal.NO_FIT, Refusal.HOLD_OUT)


def test_spend_that_hangs_on_frequency_is_refused() -> None:
    assert spend.too_correlated([(1, 10.0), (2, 20.0), (3, 30.0)])
    assert not spend.too_correlated([(1, 10.0), (2, 30.0), (3, 10.0), (4, 30.0), (5, 10.0)])
    assert not spend.too_correlated([(1, 10.0)])


def test_orders_of_one_day_are_one_purchase_and_what_was_credited_is_none(shop: None) -> None:
    company = CompanyFactory()
    currency = Organisation.current().base_currency
    order(company, "2026-01-05", 100_00, currency=currency)
    order(company, "2026-02-05", 60_00, currency=currency)
    last = order(company, "2026-02-05", 40_00, currency=currency)
    refund(last, "2026-02-06", 10_00)
    gone = order(company, "2026-03-05", 500_00, currency=currency)
    refund(gone, "2026-03-06", 500_00)
    [found] = fitting.buyers(DAY, [gone.customer_id])
    assert found.days == (dt.date(2026, 1, 5), dt.date(2026, 2, 5))
    assert found.spent == (100_00, 90_00)
    assert found.order == last.pk
    assert found.mean_repeat() == 90_00
