"""Published churn data goes in: 7,043 customers of a telephone company with their contracts and charges. What Sextant says of them is what
plain SQL says. The file has no dates, only how many months each stayed and who left within the last one: so it is read as of 1 June.

It runs where SEXTANT_DATA names the folder of the data.
"""

from __future__ import annotations

import csv
import datetime as dt
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.db import connection, transaction

from analytics import refreshing
from analytics.engine import Row, evaluate
from analytics.scopes import Scope
from crm.models import Organisation
from crm.periods import Period
from tests.factories import utc
from tests.imports import counts, run_import, write

FILE = Path(os.environ.get("SEXTANT_DATA") or "no-such-folder") / "telco_churn" / "Telco-Customer-Churn.csv"
pytestmark = pytest.mark.skipif(not FILE.is_file(), reason="the published churn data is not on this machine (SEXTANT_DATA)")

NOW, AS_OF = utc("2026-06-02 10:00"), dt.date(2026, 6, 1)
MAY = Period(dt.date(2026, 5, 1), AS_OF, "month")
MAP = {
    "number": "customerID",
    "customer": "customerID",
    "plan": "Contract",
    "amount": "MonthlyCharges",
    "started_at": "started",
    "ended_at": "ended",
}


def dated(tenure: int) -> dt.date:
    """The first of the month that lies so many months before June; who has stayed for none began in May."""
    year, month = divmod(12 * AS_OF.year + AS_OF.month - 1 - max(tenure, 1), 12)
    return dt.date(year, month + 1, 1)


@pytest.fixture(scope="module")
def imported(django_db_setup: None, django_db_blocker: Any, tmp_path_factory: Any) -> Iterator[list[dict[str, str]]]:
    with django_db_blocker.unblock(), time_machine.travel(NOW, tick=False), transaction.atomic():
        Organisation.remember()
        with FILE.open(encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        lines = [
            [row["customerID"], row["Contract"], row["MonthlyCharges"], dated(int(row["tenure"])), _ended(row)] for row in rows
        ]
        head = ["customerID", "Contract", "MonthlyCharges", "started", "ended"]
        path = write(tmp_path_factory.mktemp("telco") / "telco.csv", [head, *lines])
        run = run_import("subscriptions", path, map=MAP, default={"currency": "USD", "interval": "month"})
        assert counts(run) == (7043, 0, 0, 0)
        refreshing.rebuild()
        yield rows
        transaction.set_rollback(True)
        Organisation.forget()


def _ended(row: dict[str, str]) -> str:
    """Who left did so on the last day of May."""
    return "2026-05-31" if row["Churn"] == "Yes" else ""


@pytest.fixture
def telco(imported: list[dict[str, str]], db: None, clock: Any) -> list[dict[str, str]]:
    clock(NOW)
    return imported


def one(key: str, by: str = "", member: str = "") -> Row:
    rows = evaluate([key], [MAY], scope=Scope.everything(), by=by)
    return next(row for row in rows if row.member == member)


def sql(text: str, *values: Any) -> tuple:
    with connection.cursor() as cursor:
        cursor.execute(text, values)
        return cursor.fetchone()


STOOD = """SELECT COUNT(*), SUM(s.amount), COUNT(CASE WHEN s.ended_on = %s THEN 1 END), SUM(CASE WHEN s.ended_on = %s THEN s.amount END)
           FROM deals_subscription s WHERE s.start < %s"""


def test_the_churned_revenue_is_that_of_the_file_and_of_plain_sql(telco: list[dict[str, str]]) -> None:
    left = [row for row in telco if row["Churn"] == "Yes"]
    charges = sum(round(100 * float(row["MonthlyCharges"])) for row in left)
    _all, _charges, count, lost = sql(STOOD, "2026-05-31", "2026-05-31", "2026-06-01")
    assert (len(left), charges) == (1869, lost)
    assert (count, one("churned_mrr").value) == (1869, charges)


def test_the_revenue_churn_of_may_is_that_of_plain_sql(telco: list[dict[str, str]]) -> None:
    _all, charges, _count, _lost = sql(STOOD, "2026-05-31", "2026-05-31", "2026-05-01")
    _all, _charges, _count, lost = sql(STOOD, "2026-05-31", "2026-05-31", "2026-06-01")
    found = one("gross_mrr_churn_rate")
    assert (found.numerator, found.denominator) == (lost, charges)
    assert found.value == pytest.approx(float(100 * lost / charges))


def test_the_accounts_lost_of_those_a_year_ago_are_those_of_plain_sql(telco: list[dict[str, str]]) -> None:
    count, _charges, lost, _lost_charges = sql(STOOD, "2026-05-31", "2026-05-31", "2025-06-01")
    parts = one("clv_simple").parts
    assert (parts["base"], parts["denominator"], parts["accounts"]) == (count, lost, 7043 - 1869)


@pytest.mark.parametrize("plan", ["Month-to-month", "One year", "Two year"])
def test_what_is_left_of_each_contract_is_what_the_file_says(telco: list[dict[str, str]], plan: str) -> None:
    stay = [row for row in telco if row["Contract"] == plan and row["Churn"] == "No"]
    charges = sum(round(100 * float(row["MonthlyCharges"])) for row in stay)
    found = one("arpa", "plan", plan)
    assert (found.numerator, found.denominator) == (charges, len(stay))


def test_the_value_kept_is_that_of_who_paid_a_year_ago(telco: list[dict[str, str]]) -> None:
    then = [row for row in telco if dated(int(row["tenure"])) < dt.date(2025, 6, 1)]
    kept = [row for row in then if row["Churn"] == "No"]
    before, after = (sum(round(100 * float(row["MonthlyCharges"])) for row in rows) for rows in (then, kept))
    found = one("grr")
    assert (found.numerator, found.denominator) == (after, before)
