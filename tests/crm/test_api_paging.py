"""Cursor paging: every row once, whatever is inserted on the way; the number of queries does not depend on rows."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.api import Api
from tests.factories import (
    ActivityFactory,
    CompanyFactory,
    DealFactory,
    LeadFactory,
    PersonFactory,
    ProductFactory,
    TaskFactory,
    utc,
)

pytestmark = pytest.mark.django_db


def walk(api: Api, path: str) -> list[dict[str, Any]]:
    """All rows, page by page."""
    found: list[dict[str, Any]] = []
    while path:
        answer = api.get(path.replace("http://testserver", "")).json()
        found += answer["results"]
        path = answer["next"]
    return found


@pytest.mark.parametrize("ordering", ["id", "-id", "employees", "-employees", "name", "-created_at", "-updated_at"])
def test_all_pages_together_are_all_rows_once_and_in_order(ordering: str, people: Any) -> None:
    for number in range(23):
        CompanyFactory(owner=people.ann, employees=[None, 5, 5, 70][number % 4], created_at=utc(f"2026-01-{number % 3 + 1:02}"))
    rows = walk(Api(people.ann), f"/companies/?limit=5&ordering={ordering}")
    assert len({row["id"] for row in rows}) == len(rows) == 23
    name, down = ordering.removeprefix("-"), ordering.startswith("-")
    values = [row[name] for row in rows if row[name] is not None]
    assert values == sorted(values, reverse=down)
    assert [row[name] for row in rows][len(values) :] == [None] * (23 - len(values))


def test_rows_inserted_on_the_way_neither_repeat_nor_hide_others(people: Any) -> None:
    api = Api(people.ann)
    there = {DealFactory(owner=people.ann, created_at=utc(f"2026-01-{day:02}")).pk for day in range(1, 11)}
    first = api.get("/deals/?limit=4").json()
    DealFactory(owner=people.ann, created_at=utc("2026-02-01"))
    DealFactory(owner=people.ann, created_at=utc("2025-12-01"))
    rest = walk(api, first["next"])
    seen = [row["id"] for row in [*first["results"], *rest]]
    assert len(seen) == len(set(seen))
    assert there <= set(seen)


def test_the_next_page_keeps_filters_and_order(people: Any) -> None:
    for number in range(5):
        CompanyFactory(owner=people.ann, industry="Steel" if number else "Wood")
    rows = walk(Api(people.ann), "/companies/?limit=2&industry=steel&ordering=-name")
    assert [row["industry"] for row in rows] == ["Steel"] * 4


def test_the_last_page_has_no_next(people: Any) -> None:
    for _ in range(2):
        ProductFactory()
    assert Api(people.ann).get("/products/?limit=2").json()["next"] is None
    assert Api(people.ann).get("/products/?limit=1").json()["next"]


def cursor(*values: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(values).encode()).decode().rstrip("=")


def test_a_cursor_that_was_tampered_with_is_refused(people: Any) -> None:
    api = Api(people.ann)
    tampered = [
        cursor("-created_at", "soon", 1),
        cursor("-created_at", "2026-01-01T00:00:00+00:00", "1"),
        cursor("-created_at", None, 1),
        cursor("-created_at", "2026-01-01T00:00:00+00:00", 2**64),
        cursor("owner__password", "a", 1),
        cursor("title", "a", 1),
        cursor("-created_at", {"a": 1}, 1),
        cursor("-created_at"),
        cursor("-created_at", True, True),
    ]
    for text in tampered:
        assert api.get(f"/deals/?cursor={text}").status_code == 400, text
    assert api.get(f"/deals/?ordering=amount&cursor={cursor('amount', 10**30, 1)}").status_code in (200, 400)
    assert api.get(f"/deals/?ordering=title&cursor={cursor('title', chr(0xD800), 1)}").status_code == 400


MAKERS: dict[str, Any] = {
    "/companies/": CompanyFactory,
    "/people/": PersonFactory,
    "/leads/": LeadFactory,
    "/activities/": ActivityFactory,
    "/tasks/": TaskFactory,
    "/deals/": DealFactory,
}


def count(api: Api, path: str) -> int:
    with CaptureQueriesContext(connection) as queries:
        assert api.get(path).status_code == 200
    return len(queries)


@pytest.mark.parametrize("path", MAKERS)
def test_thirty_rows_take_as_many_queries_as_one(path: str, people: Any) -> None:
    api, make = Api(people.ann), MAKERS[path]
    extra = {"emails": ["a@x.example"], "phones": ["+33 1 44 55 66 77"]} if path == "/people/" else {}
    make(owner=people.ann, **extra)
    api.get(path)
    one = count(api, path)
    for number in range(29):
        extra = {"emails": [f"b{number}@x.example"], "phones": ["+33 1 44 55 66 88"]} if path == "/people/" else {}
        make(owner=people.ann, **extra)
    assert count(api, path) == one <= 10


def test_a_deals_page_with_people_and_lines_takes_as_many_queries_as_one_deal(people: Any) -> None:
    from deals.models import DealLine

    def make() -> None:
        DealFactory(
            owner=people.ann,
            people=[(PersonFactory(owner=people.ann), "buys")],
            lines=[DealLine(product=ProductFactory(), quantity=2, unit_price=500)],
        )

    make()
    api = Api(people.ann)
    api.get("/deals/")
    one = count(api, "/deals/")
    for _ in range(9):
        make()
    assert count(api, "/deals/") == one
