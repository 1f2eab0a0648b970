"""Success thresholds on pages and over the API."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from analytics.models import DirtyDay, SuccessThreshold
from tests.api import Api
from tests.factories import ThresholdFactory
from tests.people import People
from tests.suites import queries_of

pytestmark = pytest.mark.django_db
Browser = Callable[[Any], Client]
NEW = {"kpi": "won_amount", "grain": "month", "start": "2026-05-01", "value": "12,500.50", "dead_band": "500"}


@pytest.fixture(autouse=True)
def _today(clock: Callable) -> None:
    clock("2026-05-18 10:00")


def test_reps_see_their_own_managers_their_teams_and_marketers_all(people: People, client_of: Browser) -> None:
    for whom in ({}, {"team": people.north}, {"owner": people.ann}, {"owner": people.cleo}):
        ThresholdFactory(**whom)
    url = reverse("analytics:thresholds")
    found = {who: client_of(getattr(people, who)).get(url).context["page"].rows for who in ("ann", "gus", "max", "mia", "ada")}
    assert {who: len(rows) for who, rows in found.items()} == {"ann": 1, "gus": 0, "max": 2, "mia": 4, "ada": 4}


def test_a_list_costs_the_same_with_many_rows(people: People, client_of: Browser) -> None:
    client, url = client_of(people.ada), reverse("analytics:thresholds")
    ThresholdFactory(owner=people.ann)
    client.get(url)
    few = queries_of(client, url)
    for owner in (people.ben, people.cleo, people.max):
        ThresholdFactory(owner=owner)
    assert queries_of(client, url) == few


def test_an_administrator_sets_changes_and_deletes_one(people: People, client_of: Browser) -> None:
    client = client_of(people.ada)
    assert client.post(reverse("analytics:threshold_new"), NEW).status_code == 302
    made = SuccessThreshold.objects.get()
    assert (made.value, made.dead_band, made.currency, made.created_by) == (12_500_50, 500_00, "USD", people.ada)
    assert DirtyDay.objects.filter(source="analytics.thresholds", day=dt.date(2026, 5, 1)).exists()
    html = client.get(made.get_absolute_url()).content.decode()
    assert "$12,500.50" in html
    edit = client.get(reverse("analytics:threshold_edit", args=[made.pk]))
    assert edit.context["form"]["dead_band"].value() == "500"
    client.post(reverse("analytics:threshold_edit", args=[made.pk]), {**NEW, "value": "100", "dead_band": ""})
    made.refresh_from_db()
    assert (made.value, made.dead_band) == (100_00, 0)
    client.post(reverse("analytics:threshold_delete", args=[made.pk]))
    assert not SuccessThreshold.objects.exists()


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"value": "-5"}, "value"),
        ({"dead_band": "-5"}, "dead_band"),
        ({"dead_band": "x"}, "dead_band"),
        ({"kpi": "nothing"}, "kpi"),
        ({"kpi": "goal_gap"}, "kpi"),
        ({"grain": "week"}, "grain"),
        ({"start": ""}, "start"),
    ],
)
def test_what_cannot_be_is_refused_at_its_field(people: People, client_of: Browser, change: dict, field: str) -> None:
    response = client_of(people.ada).post(reverse("analytics:threshold_new"), {**NEW, **change})
    assert response.status_code == 422
    assert field in response.context["form"].errors


def test_a_manager_sets_them_for_the_own_team_only_and_a_second_one_is_refused(people: People, client_of: Browser) -> None:
    client, url = client_of(people.max), reverse("analytics:threshold_new")
    assert client.post(url, NEW).status_code == 422
    assert client.post(url, {**NEW, "owner": people.cleo.pk}).status_code == 422
    assert client.post(url, {**NEW, "owner": people.ann.pk}).status_code == 302
    assert client.post(url, {**NEW, "owner": people.ann.pk}).status_code == 422
    assert client_of(people.ann).get(url).status_code == 403


def test_the_api_reads_and_writes_major_units(people: People) -> None:
    api = Api(people.ada)
    values = {"kpi": "won_amount", "grain": "month", "start": "2026-05-01", "value": "1234.50", "dead_band": "10"}
    read = api.post("/success-thresholds/", **values).json()
    assert (read["value"], read["dead_band"], read["unit"]) == ("1234.50", "10.00", "money")
    assert api.post("/success-thresholds/", **{**values, "dead_band": "-1"}).status_code == 400
    assert SuccessThreshold.objects.get().dead_band == Decimal(10_00)
