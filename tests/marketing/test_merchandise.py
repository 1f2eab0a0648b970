"""Published web analytics go in as they were exported: remarks before the headings, German headings and numbers, "1.959.048,63 $". What
Sextant says of them is what plain SQL says, and what the author's own tidied copy of the file says.

It runs where SEXTANT_DATA names the folder of the data. The export has no dates: all of it is of its last day.
"""

from __future__ import annotations

import csv
import os
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.db import connection, transaction

from analytics import refreshing
from analytics.checking import run as check
from analytics.engine import Row, evaluate
from analytics.scopes import Scope
from crm.models import Organisation
from crm.periods import containing
from deals.models import Product
from tests.factories import utc
from tests.imports import counts, reasons, run_import

FOLDER = Path(os.environ.get("SEXTANT_DATA") or "no-such-folder") / "google_merchandise"
pytestmark = pytest.mark.skipif(not FOLDER.is_dir(), reason="the published web analytics are not on this machine (SEXTANT_DATA)")

RAW, TIDY = FOLDER / "google_merchandise_raw.csv", FOLDER / "google_merchandise_tidied_by_author.csv"
NOW, DAY = utc("2019-01-10 10:00"), "2018-12-17"
DECEMBER = containing(utc(DAY).date(), "month")
CHANNEL = "Default Channel Grouping (Standard-Channelgruppierung)"
VISITS: dict[str, Any] = {
    "map": {
        "medium": CHANNEL,
        "sessions": "Nutzer",
        "clicks": "Eindeutige Ereignisse",
        "submitted": "Purchase Completed (Abschlüsse für Zielvorhaben 1)",
    },
    "default": {"started_at": DAY, "landing_page": "/"},
    "decimal": ",",
}
ORDERS: dict[str, Any] = {
    "map": {"product": CHANNEL, "customer": "Land", "amount": "Umsatz"},
    "default": {"ordered_at": DAY, "currency": "USD"},
}


@pytest.fixture(scope="module")
def imported(django_db_setup: None, django_db_blocker: Any) -> Iterator[list[dict[str, str]]]:
    """The author's copy, the raw file being in the database."""
    with django_db_blocker.unblock(), time_machine.travel(NOW, tick=False), transaction.atomic():
        Organisation.remember()
        for kind, options in (("visits", VISITS), ("orders", ORDERS)):
            run = run_import(kind, RAW, **options)
            assert (counts(run), reasons(run)) == ((1220, 0, 0, 0), [])
        refreshing.rebuild()
        with TIDY.open(encoding="utf-8") as file:
            names = next(csv.reader(file))  # which leave out the column that numbers the rows
            yield [dict(zip(names, cells[1:], strict=True)) for cells in csv.reader(file)]
        transaction.set_rollback(True)
        Organisation.forget()


@pytest.fixture
def store(imported: list[dict[str, str]], db: None, clock: Any) -> list[dict[str, str]]:
    clock(NOW)
    return imported


def rows(key: str, by: str = "") -> dict[str, Row]:
    found = evaluate([key], [DECEMBER], scope=Scope.everything(), by=by)
    return {row.member: row for row in found}


def sql(text: str) -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(text)
        return cursor.fetchall()


def by_channel(store: list[dict[str, str]], column: str, times: int = 1) -> dict[str, int]:
    """Sums of the author's copy. A channel without any is not in it."""
    found: Counter[str] = Counter()
    for row in store:
        found[row["Channel"]] += int(times * Decimal(row[column]))
    return dict(found)


SESSIONS = "SELECT medium, SUM(sessions), SUM(clicks), SUM(submitted) FROM marketing_visit GROUP BY medium"


def test_the_sessions_of_each_channel_are_those_of_plain_sql_and_of_the_file(store: list[dict[str, str]]) -> None:
    said = {member: row.value for member, row in rows("website_sessions", "channel").items()}
    assert said == {medium: sessions for medium, sessions, _clicks, _sent in sql(SESSIONS)} == by_channel(store, "Nutzer")
    assert rows("website_sessions")[""].value == 1_483_805


def test_what_was_clicked_and_sent_is_that_of_plain_sql_and_of_the_file(store: list[dict[str, str]]) -> None:
    clicks = {member: row.value for member, row in rows("landing_page_clicks", "channel").items()}
    assert clicks == {medium: clicked for medium, _sessions, clicked, _sent in sql(SESSIONS)}
    assert clicks == by_channel(store, "Eindeutige Ereignisse")
    rate = rows("landing_page_conversion_rate", "channel")
    sent = {medium: (sent, sessions) for medium, sessions, _clicks, sent in sql(SESSIONS)}
    assert {member: (row.numerator, row.denominator) for member, row in rate.items()} == sent
    assert {medium: count for medium, (count, _sessions) in sent.items()} == by_channel(store, "Purchase_Completed")


def test_the_revenue_of_each_channel_is_that_of_plain_sql_and_of_the_file(store: list[dict[str, str]]) -> None:
    named = {str(product.pk): product.name for product in Product.objects.all()}
    said = {named[member]: row.value for member, row in rows("revenue", "product").items() if row.value}
    plain = sql("SELECT p.name, SUM(l.amount) FROM deals_orderline l JOIN deals_product p ON p.id = l.product_id GROUP BY p.name")
    assert said == {name: amount for name, amount in plain if amount}
    assert said == {name: amount for name, amount in by_channel(store, "Umsatz", 100).items() if amount}
    assert rows("revenue")[""].value == 7_271_592_94


def test_the_same_export_again_adds_nothing_and_the_stored_numbers_are_those_of_the_records(store: list[dict[str, str]]) -> None:
    for kind, options in (("visits", VISITS), ("orders", ORDERS)):
        assert counts(run_import(kind, RAW, **options)) == (0, 0, 1220, 0)
    refreshing.refresh_all_marked()
    assert check().found == []
