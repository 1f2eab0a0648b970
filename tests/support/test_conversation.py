"""The conversation reads in the order in which things happened, also within one moment."""

from __future__ import annotations

from typing import Any

import pytest

from support import services
from support.choices import Author, Visibility
from support.conversation import conversation_of
from support.models import Ticket
from tests.people import People

pytestmark = pytest.mark.django_db


def test_what_is_said_stands_between_the_opening_and_what_it_led_to(people: People, clock: Any) -> None:
    clock("2026-05-18 10:00")
    ticket = services.open_ticket(
        Ticket(subject="Display dark"), body="It stays dark.", visibility=Visibility.PUBLIC, author=Author.CUSTOMER
    )
    services.solve(ticket)
    items, _hidden = conversation_of(ticket, people.gus)
    kinds = ["said" if item.message is not None else "opened" if item.opening else "solved" for item in items]
    assert kinds == ["opened", "said", "solved"]
