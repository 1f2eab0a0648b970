"""What the pages of numbers say before there is anything to count."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from analytics.boards import boards
from tests.people import People

from . import scene
from .test_view_overview import text_of


def test_before_anything_is_recorded_the_overview_says_what_fills_it(
    people: People, clock: Callable, client_of: Callable
) -> None:
    clock(scene.NOW)
    text = text_of(client_of(people.ada).get("/"))
    assert "Nothing was recorded in these periods." in text
    assert "Import records" in text
    assert "Import records" not in text_of(client_of(people.ann).get("/"))


@pytest.mark.parametrize("key", boards.keys())
def test_a_managers_page_without_records_opens(people: People, clock: Callable, client_of: Callable, key: str) -> None:
    clock(scene.NOW)
    assert client_of(people.max).get(f"/boards/{key}/").status_code == 200
