"""A KPI's page says where the number goes, and when it moved more than usual."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urljoin

import pytest
from django.test import Client

from analytics import refreshing
from tests.people import People

from .test_boards import Links
from .test_vectors_signals import won
from .test_view_overview import text_of

pytestmark = pytest.mark.django_db
PAGE = "/numbers/won_amount/"


@pytest.fixture
def manager(clock: Callable, people: People, client_of: Callable) -> Client:
    clock("2026-12-01 10:00")
    won([5_000_00 if at == 26 else 1_000_00 + at * 37 % 100 * 100 for at in range(35)])
    refreshing.refresh_all_marked()
    return client_of(people.ada)


def test_the_chart_and_its_table_go_on_into_what_is_to_come(manager: Client) -> None:
    response = manager.get(PAGE)
    assert response.content.decode().count('class="chart-expected') == 4
    text = text_of(response)
    assert "December 2026 forecast $1,051 ($995 – $1,107)" in text
    assert "March 2027 forecast $5,000" in text
    assert "As a season ago (seasonal naive)." in text


def test_a_movement_is_ringed_listed_and_opens_its_records(manager: Client) -> None:
    html = manager.get(PAGE).content.decode()
    assert html.count('class="chart-signal"') == 1
    hrefs = [href for href, words in Links(html).found if words.strip() == "$5,000" and href.endswith("#records")]
    assert len(hrefs) > 1  # in the list of movements and in the table
    for href in hrefs:
        assert "1 record, $5,000 in all" in text_of(manager.get(urljoin(PAGE, href.partition("#")[0])))


def test_a_period_long_past_has_no_forecast(manager: Client) -> None:
    html = manager.get(f"{PAGE}?period=custom&from=2025-01-01&to=2025-03-31").content.decode()
    assert 'class="chart-expected' not in html


def test_the_forecasts_own_page_says_80_percent(manager: Client) -> None:
    text = text_of(manager.get("/numbers/trend_forecast/?metric=won_amount"))
    assert "Interval (80 %)" in text
    assert "Interval (95 %)" not in text
