"""The manager's pages: the numbers of a subject, what explains them, and the records behind each."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from html.parser import HTMLParser
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from analytics.boards import Split, boards
from analytics.registry import kpis
from deals.models import Pipeline, Stage
from tests.deals.ordering import order
from tests.factories import CompanyFactory, DealFactory, PipelineFactory, StageFactory, utc
from tests.people import People

from . import scene
from .catalogue import CATALOGUE
from .test_view_overview import NONSENSE, text_of

SPRING = "?period=last_30&compare=none"


class Links(HTMLParser):
    """(address, words) of every link of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, str]] = []
        self._open = False
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "a":
            self._open = True
            self.found.append((dict(attrs).get("href") or "", ""))

    def handle_endtag(self, tag: str) -> None:
        self._open = self._open and tag != "a"

    def handle_data(self, data: str) -> None:
        if self._open:
            href, words = self.found[-1]
            self.found[-1] = (href, words + data)


def page_of(client: Client, key: str, query: str = SPRING) -> str:
    response = client.get(f"/boards/{key}/{query}")
    assert response.status_code == 200
    return response.content.decode()


def test_every_number_that_a_page_names_is_one_of_the_catalogue() -> None:
    named = {key for board in boards for key in (*board.cards, *(key for block in board.blocks for key in block.keys))}
    assert named - set(CATALOGUE) - set(kpis.keys()) == set()


def test_a_split_is_by_what_its_number_knows() -> None:
    splits = [block for board in boards for block in board.blocks if isinstance(block, Split) and block.key in kpis]
    assert [split for split in splits if split.by not in kpis[split.key].dimensions] == []


@pytest.mark.parametrize("key", boards.keys())
def test_a_page_says_its_question_and_leads_to_the_others(spring: People, client_of: Callable, key: str) -> None:
    html = page_of(client_of(spring.max), key)
    assert str(boards[key].asks) in html
    assert [other for other in boards.keys() if f'href="/boards/{other}/?period=last_30&amp;compare=none"' not in html] == []


def test_an_unknown_page_is_not_there_and_visitors_are_sent_to_the_login(
    client: Client, spring: People, client_of: Callable
) -> None:
    assert client_of(spring.max).get("/boards/nothing/").status_code == 404
    assert client_of(spring.max).get("/boards/customers/nothing.csv").status_code == 404
    assert client.get("/boards/sales/")["Location"].startswith("/accounts/login/")


@pytest.mark.parametrize("query", NONSENSE)
def test_no_address_ends_in_an_error(spring: People, client_of: Callable, query: str) -> None:
    assert client_of(spring.max).get(f"/boards/customers/{query}").status_code == 200
    assert client_of(spring.max).get(f"/boards/customers/customers.csv{query}").status_code == 200


@pytest.mark.once
@pytest.mark.parametrize(
    ("who", "key"),
    [("max", "sales"), ("ada", "pipeline"), ("ada", "customers"), ("ada", "marketing"), ("ann", "sales"), ("cleo", "team")],
)
def test_every_number_opens_its_page_with_the_same_value(trading: People, client_of: Callable, who: str, key: str) -> None:
    client = client_of(getattr(trading, who))
    shown = [(href, words.strip()) for href, words in Links(page_of(client, key)).found if href.endswith("#records")]
    assert shown
    wrong = []
    for href, words in dict(shown[:20]).items():
        html = client.get(href.partition("#")[0]).content.decode()
        exact = re.search(r'class="headline-value[^"]*"\s*(?:title="([^"]*)")?\s*>\s*([^<]*?)\s*<', html)
        there = exact and (exact[1] or exact[2] or "—")
        if there != words.lstrip("+−"):
            wrong.append((href, words, there))
    assert wrong == []


def test_a_member_filters_the_whole_page_and_the_chip_takes_it_out_again(spring: People, client_of: Callable) -> None:
    client, ann = client_of(spring.max), f"owner={spring.ann.pk}"
    whole = page_of(client, "sales")
    link = next(href for href, words in Links(whole).found if words.strip() == "Ann Archer")
    assert ann in link
    html = page_of(client, "sales", link)
    assert " Owner is Ann Archer " in text_of(client.get(f"/boards/sales/{link}"))
    assert re.search(r'id="card-deals_won".*?kpi-value"[^>]*>6<', html, re.S)
    assert re.search(r'id="card-deals_won".*?kpi-value"[^>]*>7<', whole, re.S)
    assert any(href == SPRING for href, _words in Links(html).found)


def test_the_split_asked_for_takes_the_place_of_each_blocks_own(spring: People, client_of: Callable) -> None:
    text = text_of(client_of(spring.ada).get(f"/boards/sales/{SPRING}&by=team"))
    assert "Won amount (bookings) by team" in text
    assert "Won amount (bookings) by owner" not in text
    assert text.count("Won amount (bookings) by team") == 1


def test_a_reps_own_page_is_not_split_by_person(spring: People, client_of: Callable) -> None:
    text = text_of(client_of(spring.ann).get(f"/boards/sales/{SPRING}"))
    assert "Your numbers" in text
    assert "by owner" not in text


def test_stages_stand_in_the_order_of_their_pipelines(spring: People, client_of: Callable) -> None:
    first = Pipeline.objects.get()
    other = PipelineFactory(name="Renewals", position=first.position + 1)
    late, early = (StageFactory(pipeline=other, name=name, position=at) for name, at in (("Agreed", 2), ("Due", 1)))
    DealFactory(owner=spring.ann, stage=late, pipeline=other, created_at=utc("2026-05-02 09:00"), amount=90_000_00)
    DealFactory(owner=spring.ann, stage=early, pipeline=other, created_at=utc("2026-05-02 09:00"), amount=100)
    scene.settle()
    text = text_of(client_of(spring.max).get(f"/boards/pipeline/{SPRING}"))
    own = Stage.objects.filter(pipeline=first, deals__title="Still open").get()
    places = [text.index(f"{stage.name} ({stage.pipeline.name})") for stage in (own, early, late)]
    assert places == sorted(places)


# --- a bridge --------------------------------------------------------------------------------------------------------


@pytest.fixture
def trading(spring: People) -> People:
    """Customers of the year before May: three from February, one of them gone since; two who came in May."""
    for at, days in enumerate(
        (["2025-02-03", "2026-02-04"], ["2026-02-05"], ["2025-03-02", "2025-04-25"], ["2026-05-04"], ["2026-05-06"])
    ):
        company = CompanyFactory(name=f"Customer {at}", owner=spring.ann if at % 2 else spring.ben)
        for day in days:
            order(company, day, 100_00 * (at + 1))
    scene.settle()
    return spring


def lines(client: Client, query: str = SPRING) -> dict[str, str]:
    response = client.get(f"/boards/customers/customers.csv{query}")
    text = b"".join(response.streaming_content).decode("utf-8-sig")
    return dict(row[:2] for row in list(csv.reader(io.StringIO(text)))[1:])


def test_a_bridge_leads_from_the_start_to_the_end(trading: People, client_of: Callable) -> None:
    found = lines(client_of(trading.ada))
    assert found == {
        "At the start": "3",
        "New customers": "2",
        "Reactivated customers": "0",
        "Churned customers": "-1",
        "At the end": "4",
    }
    text = text_of(client_of(trading.ada).get(f"/boards/customers/{SPRING}"))
    assert " New customers +2 Reactivated customers 0 Churned customers −1 At the end 4 " in text


def test_a_bridge_of_one_owner_counts_that_owners_customers(trading: People, client_of: Callable) -> None:
    found = lines(client_of(trading.ada), f"{SPRING}&owner={trading.ann.pk}")
    assert (found["At the start"], found["New customers"], found["At the end"]) == ("1", "1", "2")


def test_the_queries_of_a_page_do_not_grow_with_its_records(trading: People, client_of: Callable) -> None:
    client: Any = client_of(trading.ada)
    client.get(f"/boards/customers/{SPRING}")
    with CaptureQueriesContext(
        connection,
    ) as few:
        client.get(f"/boards/customers/{SPRING}")
    for at in range(8):
        order(CompanyFactory(name=f"More {at}", owner=trading.ann), "2026-05-07", 100_00)
    scene.settle()
    client.get(f"/boards/customers/{SPRING}")
    with CaptureQueriesContext(connection) as many:
        client.get(f"/boards/customers/{SPRING}")
    assert len(many) == len(few)


def test_a_field_is_named_with_its_record_type(spring: People, client_of: Callable) -> None:
    text = text_of(client_of(spring.ada).get(f"/boards/quality/{SPRING}"))
    assert "Owner (Deals)" in text and "Owner (Leads)" in text


def test_a_split_that_cannot_be_says_so(spring: People, client_of: Callable) -> None:
    html = page_of(client_of(spring.max), "quality")
    block = html[html.index("Duplicate rate by record type") :].partition("</section>")[0]
    assert "This number cannot be cut this way." in block
    assert "<table" not in block
