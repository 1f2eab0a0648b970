"""Pages offer only what the reader may do: no link or button beside a record that leads to a refusal."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from contacts.models import Activity, Task
from contacts.services import log_activity
from crm.models import User
from deals.services import log_deal_activity, save_deal_task
from tests.factories import DealFactory
from tests.people import People

pytestmark = pytest.mark.django_db


@pytest.fixture
def pages(people: People) -> dict[str, Any]:
    """Pages that show Ann's call and task."""
    deal = DealFactory(owner=people.ann)
    call = log_deal_activity(deal, Activity(), kind="call", note="Rang", owner=people.ann)
    log_activity(call, minutes=5)
    task = save_deal_task(deal, Task(), title="Send offer", owner=people.ann)
    offers = [reverse("contacts:activity_edit", args=[call.pk])]
    offers += [reverse(f"contacts:task_{what}", args=[task.pk]) for what in ("edit", "done")]
    return {"urls": [deal.get_absolute_url(), reverse("contacts:tasks")], "offers": offers}


def offered(client: Client, pages: dict[str, Any]) -> set[str]:
    text = "".join(client.get(url).content.decode() for url in pages["urls"])
    assert "Send offer" in text
    return {offer for offer in pages["offers"] if offer in text}


def test_a_marketer_reads_activities_and_tasks_and_is_offered_no_change(
    people: People, client_of: Callable[[Any], Client], pages: dict[str, Any]
) -> None:
    marketer = User.objects.create(email="marketer@x.example", name="Mo", role="marketer")
    assert offered(client_of(marketer), pages) == set()


@pytest.mark.parametrize("who", ["ann", "max", "ada"])
def test_who_may_change_them_is_offered_it(
    people: People, client_of: Callable[[Any], Client], pages: dict[str, Any], who: str
) -> None:
    assert offered(client_of(getattr(people, who)), pages) == set(pages["offers"])
