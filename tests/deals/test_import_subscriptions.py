"""Importing subscriptions: one row each, the same file again changes nothing."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest

from contacts.models import Company
from deals.models import Subscription
from tests.factories import CompanyFactory
from tests.imports import counts, reasons, run_import, write

from .subscribing import moves

pytestmark = pytest.mark.django_db

HEAD = ["number", "customer", "plan", "amount", "currency", "interval", "started_at", "ended_at", "cancel_reason"]
ROWS = [
    ["C-1", "Acme", "Pro", "1200", "USD", "year", "2026-01-01", "", ""],
    ["C-2", "Acme", "Basic", "60", "", "monthly", "2026-02-01", "", ""],
    ["C-3", "Zenith", "Basic", "90", "USD", "Quarter", "2026-01-15", "2026-04-15", "too expensive"],
    ["", "Zenith", "Care", "10.50", "", "", "2026-03-01", "2026-05-01", "The roof fell in"],
]


@pytest.fixture(autouse=True)
def later(organisation: Any, clock: Any) -> None:
    clock("2026-06-18 10:00")


def file_of(tmp_path: Path, rows: list[list[str]], head: list[str] = HEAD) -> Path:
    return write(tmp_path / "subscriptions.csv", [head, *rows])


def test_a_row_is_a_subscription(tmp_path: Path) -> None:
    run = run_import("subscriptions", file_of(tmp_path, ROWS))
    assert (counts(run), reasons(run)) == ((4, 0, 0, 0), [])
    first, gone = (Subscription.objects.get(number=number) for number in ("C-1", "C-3"))
    assert (first.company.name, first.mrr, first.origin, first.status) == ("Acme", 100_00, "import", "active")
    assert (gone.status, gone.ended_on, gone.cancel_reason) == ("ended", dt.date(2026, 4, 15), "price")
    care = Subscription.objects.get(plan="Care")
    assert (care.cancel_reason, care.cancel_note, care.amount, care.interval) == ("other", "The roof fell in", 10_50, "month")
    assert moves(Company.objects.get(name="Acme")) == [("2026-01-01", "new", 100_00), ("2026-02-01", "expansion", 60_00)]


def test_the_same_file_again_changes_nothing(tmp_path: Path) -> None:
    path = file_of(tmp_path, ROWS)
    run_import("subscriptions", path)
    before = list(Subscription.objects.order_by("pk").values())
    assert counts(run_import("subscriptions", path)) == (0, 0, 4, 0)
    assert list(Subscription.objects.order_by("pk").values()) == before


def test_another_price_holds_from_today_and_an_end_from_its_day(tmp_path: Path) -> None:
    run_import("subscriptions", file_of(tmp_path, ROWS))
    rows = [
        ["C-1", "Acme", "Pro", "2400", "USD", "year", "2026-01-01", "", ""],
        ["C-2", "Acme", "Basic", "60", "", "month", "2026-02-01", "2026-06-01", "unused"],
    ]
    run = run_import("subscriptions", file_of(tmp_path, rows))
    assert counts(run) == (0, 2, 0, 0)
    assert moves(Company.objects.get(name="Acme"))[2:] == [
        ("2026-06-01", "contraction", -60_00),
        ("2026-06-18", "expansion", 100_00),
    ]


@pytest.mark.parametrize(
    ("row", "column"),
    [
        (["", "", "Pro", "12", "", "", "2026-01-01", "", ""], "customer"),
        (["", "Acme", "Pro", "", "", "", "2026-01-02", "", ""], "amount"),
        (["", "Acme", "Pro", "-3", "", "", "2026-01-01", "", ""], "amount"),
        (["", "Acme", "Pro", "12", "", "week", "2026-01-01", "", ""], "interval"),
        (["", "Acme", "Pro", "12", "", "", "", "", ""], "started_at"),
        (["", "Acme", "Pro", "12", "", "", "2026-01-01", "2025-12-31", ""], "ended_at"),
        (["", "Acme", "", "12", "", "", "2026-01-01", "", ""], "plan"),
        (["C-1", "Zenith", "Pro", "1200", "", "year", "2026-01-01", "", ""], "customer"),
        (["C-1", "Acme", "Pro", "1200", "EUR", "year", "2026-01-01", "", ""], "currency"),
    ],
)
def test_what_is_wrong_is_refused_at_its_column(tmp_path: Path, row: list[str], column: str) -> None:
    run_import("subscriptions", file_of(tmp_path, ROWS[:1]))
    run = run_import("subscriptions", file_of(tmp_path, [row]))
    assert counts(run) == (0, 0, 0, 1)
    assert run.issues.get().column == column
    assert Subscription.objects.count() == 1


def test_a_manager_does_not_touch_what_is_another_teams(tmp_path: Path, people: Any) -> None:
    theirs = CompanyFactory(name="Acme", owner=people.cleo)
    run = run_import("subscriptions", file_of(tmp_path, ROWS[:1]), actor=people.max)
    assert counts(run) == (0, 0, 0, 1)
    assert not theirs.subscriptions.exists()
