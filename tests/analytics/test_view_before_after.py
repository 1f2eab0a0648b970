"""The page "Before / after go-live"."""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Callable

import pytest
from django.test import Client

from analytics import refreshing
from crm import services as kernel
from crm.models import Organisation
from tests.people import People

from .test_boards import Links
from .test_view_overview import text_of
from .vectors import LATER, deals

pytestmark = pytest.mark.django_db
PAGE = "/boards/go_live/"


@pytest.fixture
def manager(clock: Callable, people: People, client_of: Callable) -> Client:
    """Ada sees all. Ten deals closed before, two of them won; forty after, of which twenty were."""
    clock(LATER)
    kernel.save_organisation(Organisation.current(), go_live_on=dt.date(2025, 7, 1))
    for day, won, lost in (("2025-03-04", 2, 8), ("2026-03-04", 20, 20)):
        deals(won, f"{day[:8]}01 09:00", won=f"{day} 12:00", owner=people.ann)
        deals(lost, f"{day[:8]}01 09:00", lost=f"{day} 12:00", owner=people.ann)
    refreshing.refresh_all_marked()
    return client_of(people.ada)


def test_each_number_stands_before_and_after_with_its_difference_and_what_it_says(manager: Client) -> None:
    text = text_of(manager.get(PAGE))
    assert "1 Oct 2025" in text
    assert "12 months on either side." in text
    assert "An association, no proof" in text
    assert "Win rate (closed deals) 20.0% n 10 50.0% n 40 +30 points" in text


def test_each_value_opens_exactly_its_records(manager: Client) -> None:
    html = manager.get(PAGE).content.decode()
    before, after = [href for href, _words in Links(html).found if "/numbers/deals_won/" in href and "#records" in href]
    assert "2 records" in text_of(manager.get(before.partition("#")[0]))
    assert "20 records" in text_of(manager.get(after.partition("#")[0]))


def test_too_few_records_are_not_compared(manager: Client) -> None:
    assert "Too few records to compare: n &lt; 5." in text_of(manager.get(PAGE))


def test_the_csv_says_the_same_in_full(manager: Client) -> None:
    rows = list(csv.reader(io.StringIO(b"".join(manager.get(f"{PAGE}before_after.csv").streaming_content).decode("utf-8-sig"))))
    found = next(row for row in rows if row[0] == "Win rate (closed deals)")
    assert found[1:8] == ["percent", "20.00", "10", "50.00", "40", "30.00", "150.00"]


def test_without_a_go_live_day_the_page_says_what_is_missing(manager: Client) -> None:
    kernel.save_organisation(Organisation.current(), go_live_on=None)
    assert "do not say since when the CRM has been in use" in text_of(manager.get(PAGE))
    assert manager.get(f"{PAGE}before_after.csv").status_code == 200


def test_a_rep_sees_the_own_numbers(manager: Client, client_of: Callable, people: People) -> None:
    assert "deals won 2 n 2 20 n 20" in text_of(client_of(people.ann).get(PAGE)).lower()
    assert "deals won 2 n 2 20 n 20" not in text_of(client_of(people.cleo).get(PAGE)).lower()


def test_without_a_day_of_going_live_who_may_set_it_is_led_there(clock: Callable, people: People, client_of: Callable) -> None:
    clock(LATER)
    href = 'href="/settings/organisation/"'
    assert f"{href}>Set the day" in client_of(people.ada).get(PAGE).content.decode()
    assert f"{href}>Set the day" not in client_of(people.max).get(PAGE).content.decode()
