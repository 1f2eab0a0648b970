"""The records behind a number: as many as it counts, worth what it says, and only readable to those who may open them."""

import datetime as dt
import re

import pytest

from analytics.drill import parts_of
from analytics.registry import kpis
from tests.factories import LeadFactory, VisitFactory

from . import scene
from .test_view_overview import HTMX, text_of


def test_every_part_of_every_number_opens(spring, client_of):
    client = client_of(spring.ada)
    for kpi in kpis:
        for part in parts_of(kpi):
            response = client.get(f"/numbers/{kpi.key}/records/", {"part": part, "period": "this_year"})
            assert response.status_code == 200, (kpi.key, part)


@pytest.mark.parametrize(("part", "words"), [("numerator", "10 records"), ("denominator", "15 records")])
def test_the_count_equals_the_number(spring, client_of, part, words):
    response = client_of(spring.ada).get("/numbers/win_rate/records/", {"part": part})
    assert words in text_of(response)
    assert response.content.decode().count("row-link") == int(words.split()[0])


def test_the_total_equals_the_number(spring, client_of):
    client = client_of(spring.ada)
    assert "10 records, $22,000 in all" in text_of(client.get("/numbers/won_amount/records/"))
    assert "Exactly $22,000" in text_of(client.get("/numbers/won_amount/"))


def test_an_unknown_part_is_the_numerator(spring, client_of):
    assert "10 records" in text_of(client_of(spring.ada).get("/numbers/win_rate/records/", {"part": "zzz"}))


def test_records_come_in_pages_and_the_last_page_is_the_last(spring, client_of):
    for day in range(1, 18):
        scene.won(spring.ann, f"2026-05-{day:02}")
    client = client_of(spring.ada)
    first = client.get("/numbers/deals_won/records/")
    last = client.get("/numbers/deals_won/records/", {"page": "99"})
    assert "1–25 of 27" in text_of(first) and first.content.decode().count("row-link") == 25
    assert "26–27 of 27" in text_of(last) and last.content.decode().count("row-link") == 2


def test_htmx_gets_the_list_only(spring, client_of):
    response = client_of(spring.ada).get("/numbers/win_rate/records/", headers=HTMX)
    assert b"<html" not in response.content and b'id="records"' in response.content


def test_paging_on_the_numbers_page_swaps_the_records_only(spring, client_of):
    response = client_of(spring.ada).get("/numbers/win_rate/", {"page": "1"}, headers={**HTMX, "HX-Target": "records"})
    assert response.content.decode().strip().startswith('<section class="panel flush list" id="records">')


def test_records_that_may_be_counted_but_not_opened_have_no_name(spring, client_of):
    """An agent's own numbers may hold leads, which agents do not open."""
    LeadFactory(owner=spring.gus, name="A lead of an agent", created_at=dt.datetime(2026, 5, 6, 9, tzinfo=dt.UTC))
    scene.settle()
    text = text_of(client_of(spring.gus).get("/numbers/leads_created/records/"))
    assert "A lead of an agent" not in text
    assert "0 of 1 records visible to you" in text


def test_outsiders_records_are_neither_counted_nor_listed(spring, client_of):
    html = client_of(spring.cleo).get("/numbers/deals_won/records/").content.decode()
    assert html.count("row-link") == 3
    assert not re.search("Ben", html[html.index('id="records"') :])


def test_a_sum_of_plain_numbers_tells_its_total_and_each_rows_part(spring, client_of):
    for clicks in (2, 5):
        VisitFactory(started_at=dt.datetime(2026, 5, 6, 9, tzinfo=dt.UTC), clicks=clicks)
    scene.settle()
    response = client_of(spring.ada).get("/numbers/landing_page_clicks/records/")
    assert "2 records, 7 in all" in text_of(response)
    assert "Value" in text_of(response)
