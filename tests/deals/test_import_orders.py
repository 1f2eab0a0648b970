"""Importing orders: rows are lines, the same file again changes nothing, what is posted stays."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from contacts.models import Company, Person
from crm import services as kernel
from crm.models import Event
from deals.models import Order, OrderLine, Product
from tests.factories import CompanyFactory, PersonFactory, ProductFactory, utc
from tests.imports import counts, reasons, run_import, write

pytestmark = pytest.mark.django_db

HEAD = ["number", "line", "customer", "product", "quantity", "unit_price", "amount", "direct_cost", "currency", "ordered_at", "refund_of", "country"]  # fmt: skip
ROWS = [
    ["INV-1", "1", "Acme", "Pump", "2", "100.00", "180.00", "90.00", "USD", "2026-05-04", "", "FR"],
    ["INV-1", "2", "Acme", "Hose", "10", "2.50", "", "", "", "", "", ""],
    ["INV-2", "1", "Zenith", "Pump", "", "", "95.00", "", "EUR", "2026-05-05", "", ""],
    ["CN-1", "1", "", "Pump", "1", "", "-90.00", "-45", "", "2026-05-20", "INV-1", ""],
]


@pytest.fixture(autouse=True)
def later(organisation: Any, clock: Any) -> None:
    clock("2026-06-18 10:00")


def file_of(tmp_path: Path, rows: list[list[str]], head: list[str] = HEAD) -> Path:
    return write(tmp_path / "orders.csv", [head, *rows])


def test_rows_with_one_number_are_lines_of_one_order(tmp_path: Path) -> None:
    kernel.set_rate("EUR", dt.date(2026, 1, 1), Decimal("1.10"))
    run = run_import("orders", file_of(tmp_path, ROWS))
    assert (counts(run), reasons(run)) == ((4, 0, 0, 0), [])
    first, second, credit = (Order.objects.get(number=number) for number in ("INV-1", "INV-2", "CN-1"))
    assert (first.amount, first.base, first.country, first.ordered_at) == (205_00, 205_00, "FR", utc("2026-05-04"))
    assert [(line.key, line.product.name, line.quantity, line.amount, line.cost) for line in first.lines.all()] == [
        ("1", "Pump", 2, 180_00, 90_00),
        ("2", "Hose", 10, 25_00, None),
    ]
    assert (second.amount, second.base) == (95_00, 104_50)
    assert (credit.kind, credit.refund_of, credit.company, credit.base) == ("refund", first, first.company, -90_00)
    first.refresh_from_db()
    assert (first.refunded, first.left) == (90_00, 115_00)
    assert Event.objects.filter(kind="order.created", origin="import").count() == 2


def test_the_same_file_again_changes_nothing(tmp_path: Path) -> None:
    path = file_of(tmp_path, ROWS)
    run_import("orders", path)
    before = list(Order.objects.order_by("pk").values()), list(OrderLine.objects.order_by("pk").values())
    assert counts(run_import("orders", path)) == (0, 0, 4, 0)
    assert before == (list(Order.objects.order_by("pk").values()), list(OrderLine.objects.order_by("pk").values()))


def test_a_posted_line_stays_whatever_a_file_says(tmp_path: Path) -> None:
    run_import("orders", file_of(tmp_path, ROWS))
    other = [list(row) for row in ROWS[:3]]
    other[0][6], other[1][9], other[2][2] = "170.00", "", "Acme"
    run = run_import("orders", file_of(tmp_path, other))
    assert counts(run) == (0, 0, 1, 2)
    assert [(line, column) for line, column, _value, _reason in reasons(run)] == [(2, "line"), (4, "customer")]
    assert Order.objects.get(number="INV-1").amount == 205_00


def test_a_line_that_comes_later_joins_its_order(tmp_path: Path) -> None:
    run_import("orders", file_of(tmp_path, ROWS[:1]))
    assert counts(run_import("orders", file_of(tmp_path, ROWS[:2]))) == (1, 0, 1, 0)
    order = Order.objects.get()
    assert (order.amount, order.base, order.lines.count()) == (205_00, 205_00, 2)


def test_alike_lines_without_numbers_are_each_a_line_and_found_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("crm.imports.engine.CHUNK", 3)
    head = ["number", "customer", "amount", "ordered_at"]
    path = file_of(tmp_path, [["1", "Acme", "10", "2026-05-04"]] * 5 + [["2", "Acme", "10", "2026-05-05"]], head)
    assert counts(run_import("orders", path)) == (6, 0, 0, 0)
    assert sorted(Order.objects.values_list("amount", flat=True)) == [10_00, 50_00]
    assert counts(run_import("orders", path)) == (0, 0, 6, 0)
    assert OrderLine.objects.count() == 6


def test_without_numbers_customer_and_moment_are_the_order(tmp_path: Path) -> None:
    head = ["customer", "amount", "ordered_at"]
    rows = [["00001", "11.77", "19970101"], ["00002", "12", "19970112"], ["00002", "77", "19970112"], ["00001", "5", "19970301"]]
    path = file_of(tmp_path, rows, head)
    assert counts(run_import("orders", path)) == (4, 0, 0, 0)
    assert sorted(Order.objects.values_list("amount", flat=True)) == [5_00, 11_77, 89_00]
    assert counts(run_import("orders", path)) == (0, 0, 4, 0)


def test_a_dry_run_writes_nothing_and_counts_the_same(tmp_path: Path) -> None:
    run = run_import("orders", file_of(tmp_path, ROWS), dry_run=True)
    assert counts(run) == (4, 0, 0, 0)
    assert not Order.objects.exists() and not Company.objects.exists()


def test_a_customer_is_found_by_name_domain_or_e_mail(tmp_path: Path) -> None:
    acme = CompanyFactory(name="Acme", domain="acme.example")
    paula, pons = PersonFactory(emails=["paula@x.example"]), PersonFactory(name="Pons", company=acme)
    head = ["number", "customer", "amount", "ordered_at"]
    names = ["acme", "acme.example", "paula@x.example", "Pons", "new@x.example", "Newcomer"]
    rows = [[str(number), name, "10", "2026-05-04"] for number, name in enumerate(names)]
    assert counts(run_import("orders", file_of(tmp_path, rows, head))) == (6, 0, 0, 0)
    found = [Order.objects.get(number=str(number)) for number in range(6)]
    assert [order.company for order in found[:2]] == [acme, acme]
    assert (found[2].person, found[3].company) == (paula, acme)
    assert (found[4].buyer, found[5].buyer) == (Person.objects.get(name="new"), Company.objects.get(name="Newcomer"))
    assert pons.orders.count() == 0


@pytest.mark.parametrize(
    ("changes", "column"),
    [
        ({"customer": ""}, "customer"),
        ({"ordered_at": ""}, "ordered_at"),
        ({"amount": "-5"}, "amount"),
        ({"amount": "", "unit_price": ""}, "amount"),
        ({"quantity": "0"}, "quantity"),
        ({"refund_of": "INV-99"}, "refund_of"),
        ({"currency": "XXZ"}, "currency"),
        ({"direct_cost": "1", "currency": "EUR", "amount": "5 USD"}, "amount"),
    ],
)
def test_what_cannot_be_an_order_is_refused_with_its_column(tmp_path: Path, changes: dict[str, str], column: str) -> None:
    row = {**dict(zip(HEAD, ROWS[0], strict=True)), **changes}
    run = run_import("orders", file_of(tmp_path, [list(row.values())]))
    assert [found for _line, found, _value, _reason in reasons(run)] == [column]
    assert not Order.objects.exists()


def test_a_credit_note_beyond_its_order_is_refused(tmp_path: Path) -> None:
    rows = [ROWS[2], ["CN-2", "1", "", "", "", "", "95.01", "", "EUR", "2026-05-20", "INV-2", ""]]
    run = run_import("orders", file_of(tmp_path, rows))
    assert (counts(run), reasons(run)[0][:2]) == ((1, 0, 0, 1), (3, "amount"))


def test_lines_of_one_order_must_agree(tmp_path: Path) -> None:
    rows = [
        ROWS[0],
        ["INV-1", "2", "Other", "", "", "", "5", "", "", "", "", ""],
        ["INV-1", "3", "", "", "", "", "5", "", "EUR", "", "", ""],
    ]
    run = run_import("orders", file_of(tmp_path, rows))
    assert [row[:2] for row in reasons(run)] == [(3, "customer"), (4, "currency")]
    assert Order.objects.get().lines.count() == 1


def test_a_manager_imports_for_the_own_team_only(people: Any, tmp_path: Path) -> None:
    CompanyFactory(name="Acme", owner=people.ann)
    CompanyFactory(name="Zenith", owner=people.cleo)
    ProductFactory(name="Pump"), ProductFactory(name="Hose")
    run = run_import("orders", file_of(tmp_path, ROWS[:3]), actor=people.max)
    assert (counts(run), reasons(run)[0][:2]) == ((2, 0, 0, 1), (4, "customer"))
    assert Order.objects.get().owner == people.ann
    assert Product.objects.count() == 2
