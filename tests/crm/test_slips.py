"""Slips of the hand that would break what is built on a record: a year of 9999, a ring of companies, an hour that a clock shows twice."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import caches
from django.core.cache.backends.db import DatabaseCache
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from analytics import refreshing
from analytics.checking import run as check
from analytics.models import DirtyDay
from contacts.models import Activity, Company
from contacts.services import merge_companies, save_company
from crm import jobs, limits
from crm.models import Organisation
from crm.services import save_organisation
from deals import services as deals
from deals.models import Deal, Stage
from tests.factories import ActivityFactory, CompanyFactory, DealFactory, LossReasonFactory, PipelineFactory, StageFactory, utc
from tests.imports import reasons, run_import
from tests.people import People

pytestmark = pytest.mark.django_db
AUTUMN = dt.datetime(2025, 10, 26, 1, 30, tzinfo=dt.UTC)  # the second half past two in Paris that night


def form_of(client: Client, url: str) -> dict[str, Any]:
    """What a browser would send back from the page of a form."""
    form = client.get(url).context["form"]
    found: dict[str, Any] = {}
    with timezone.override(Organisation.current().time_zone):
        for bound in form:
            value = bound.value()
            found[bound.html_name] = bound.field.widget.format_value(value) if isinstance(value, dt.datetime) else value
    return {name: value for name, value in found.items() if value is not None}


# --- years -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("day", ["0001-01-01", "1899-12-31", "2201-01-01", "9999-12-31"])
@pytest.mark.parametrize("field", ["created_at", "won_at", "first_contact_at", "expected_close"])
def test_a_deal_takes_no_day_that_no_calendar_is_made_for(people: People, client_of: Callable, field: str, day: str) -> None:
    deal = DealFactory(owner=people.ann, created_at=utc("2026-05-02 09:00"), won_at=utc("2026-05-04 10:00"))
    client, url = client_of(people.ann), reverse("deals:deal_edit", args=[deal.pk])
    text = day if field == "expected_close" else f"{day}T12:00"
    response = client.post(url, {**form_of(client, url), field: text})
    assert response.status_code == 422
    assert field in response.context["form"].errors
    assert text in response.content.decode()


@pytest.mark.parametrize("at", ["0001-01-01T00:00", "9999-12-31T12:00"])
def test_a_call_takes_none_either_and_the_numbers_go_on(people: People, client_of: Callable, at: str) -> None:
    call = ActivityFactory(owner=people.ann, at=utc("2026-05-04 10:00"))
    client, url = client_of(people.ann), reverse("contacts:activity_edit", args=[call.pk])
    assert client.post(url, {**form_of(client, url), "at": at}).status_code == 422
    assert Activity.objects.get().at == call.at


def test_services_refuse_what_no_form_has_asked(people: People) -> None:
    with pytest.raises(ValidationError) as found:
        deals.change_deal(DealFactory(owner=people.ann), expected_close=dt.date(9999, 1, 1))
    assert set(found.value.message_dict) == {"expected_close"}


@pytest.mark.parametrize("what", ["win", "lose", "move", "reopen", "change"])
def test_what_has_yet_to_come_has_not_happened(people: People, what: str) -> None:
    won = {"won_at": utc("2026-05-04 10:00")} if what in ("reopen", "change") else {}
    deal = DealFactory(owner=people.ann, created_at=utc("2026-05-02 09:00"), **won)
    later = timezone.now() + dt.timedelta(days=1)
    acts = {
        "win": lambda: deals.win_deal(deal, at=later),
        "lose": lambda: deals.lose_deal(deal, LossReasonFactory(), at=later),
        "move": lambda: deals.move_deal(deal, StageFactory(pipeline=deal.pipeline, position=9), at=later),
        "reopen": lambda: deals.reopen_deal(deal, at=later),
        "change": lambda: deals.change_deal(deal, won_at=later),
    }
    before = Deal.objects.values().get()
    with pytest.raises(ValidationError, match="future"):
        acts[what]()
    assert Deal.objects.values().get() == before


# --- clocks that are set -----------------------------------------------------------------------------------------------


def test_an_hour_that_the_clock_shows_twice_stays_where_it_was(people: People, client_of: Callable) -> None:
    save_organisation(Organisation.current(), time_zone="Europe/Paris")
    at = AUTUMN + dt.timedelta(seconds=17)
    call = ActivityFactory(owner=people.ann, at=at)
    client, url = client_of(people.ann), reverse("contacts:activity_edit", args=[call.pk])
    sent = form_of(client, url)
    assert sent["at"] == "2025-10-26T02:30"
    assert client.post(url, {**sent, "note": "Said again"}).status_code == 302
    call.refresh_from_db()
    assert (call.note, call.at) == ("Said again", at)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("2025-10-26T02:30", "2025-10-26 00:30"), ("2025-03-30T02:30", "2025-03-30 01:30")],
    ids=["twice", "never"],
)
def test_such_an_hour_can_be_typed(people: People, client_of: Callable, typed: str, meant: str) -> None:
    save_organisation(Organisation.current(), time_zone="Europe/Paris")
    call = ActivityFactory(owner=people.ann, at=utc("2026-05-04 10:00"))
    client, url = client_of(people.ann), reverse("contacts:activity_edit", args=[call.pk])
    assert client.post(url, {**form_of(client, url), "at": typed}).status_code == 302
    call.refresh_from_db()
    assert call.at == utc(meant)


# --- rings of companies ------------------------------------------------------------------------------------------------


def above(company: Company) -> list[str]:
    """The names from a company to the top; a ring would never end."""
    found = []
    one: Company | None = Company.objects.get(pk=company.pk)
    while one is not None:
        found.append(one.name)
        assert len(found) < 10, found
        one = one.parent
    return found


def test_a_merge_into_a_grandchild_makes_no_ring(people: People) -> None:
    holding = CompanyFactory(name="Holding")
    top = CompanyFactory(name="Top", parent=holding)
    mid = CompanyFactory(name="Mid", parent=top)
    low, other = CompanyFactory(name="Low", parent=mid), CompanyFactory(name="Other", parent=top)
    merge_companies(low, top)
    assert above(low) == ["Low", "Mid", "Holding"]
    assert above(other) == ["Other", "Low", "Mid", "Holding"]
    assert above(save_company(Company(), name="New", parent=low)) == ["New", "Low", "Mid", "Holding"]


def test_a_merge_keeps_the_place_and_the_owner_that_the_survivor_lacks(people: People) -> None:
    top = CompanyFactory(name="Top")
    child, lost = CompanyFactory(name="Child", parent=top), CompanyFactory(name="Lost", parent=top, owner=people.ann)
    alone = CompanyFactory(name="Alone", owner=None)
    merge_companies(child, top)
    assert above(child) == ["Child"]
    lost.refresh_from_db()
    merge_companies(alone, lost)
    assert above(alone) == ["Alone", "Child"]
    assert (alone.owner, alone.team) == (people.ann, people.ann.team)


def test_an_import_makes_no_ring(people: People, tmp_path: Path) -> None:
    file = tmp_path / "companies.csv"
    file.write_text("name,parent\nRing A,Ring B\nRing B,Ring C\nRing C,Ring A\n")
    run = run_import("companies", file)
    assert [column for _line, column, _value, _reason in reasons(run)] == ["parent"]
    assert len(above(Company.objects.get(name="Ring A"))) <= 3


def test_a_parent_that_is_a_colleagues_is_not_named(people: People, client_of: Callable) -> None:
    company = CompanyFactory(name="Ours", owner=people.ann, parent=CompanyFactory(name="Secret Holding", owner=people.cleo))
    client = client_of(people.ann)
    for name in ("contacts:company", "contacts:company_edit"):
        assert "Secret Holding" not in client.get(reverse(name, args=[company.pk])).content.decode()
    assert "Secret Holding" in client_of(people.ada).get(reverse("contacts:company", args=[company.pk])).content.decode()
    url = reverse("contacts:company_edit", args=[company.pk])
    assert client.post(url, {**form_of(client, url), "city": "Lyon"}).status_code == 302
    company.refresh_from_db()
    assert (company.city, company.parent.name) == ("Lyon", "Secret Holding")


# --- what numbers are made of ------------------------------------------------------------------------------------------


def settle() -> None:
    """Until no day waits and no job derives anything."""
    jobs.run_all(even_early=True, strict=True)
    while DirtyDay.objects.exists():
        refreshing.refresh_step()


def test_stages_in_another_order_count_anew(people: People, client_of: Callable) -> None:
    pipeline = PipelineFactory()
    stages = [StageFactory(pipeline=pipeline, name=name, position=at) for at, name in enumerate(("First", "Second", "Third"))]
    deal = DealFactory(owner=people.ann, pipeline=pipeline, stage=stages[0], created_at=utc("2026-05-02 09:00"))
    deals.move_deal(deal, stages[1], at=utc("2026-05-05 09:00"))
    settle()
    client, url = client_of(people.ada), reverse("deals:pipeline_edit", args=[pipeline.pk])
    rows = {"stages-TOTAL_FORMS": 3, "stages-INITIAL_FORMS": 3, "stages-MIN_NUM_FORMS": 0, "stages-MAX_NUM_FORMS": 1000}
    for at, stage in enumerate(stages):
        row = {"id": stage.pk, "pipeline": pipeline.pk, "name": stage.name, "position": 9 - at, "probability": stage.probability}
        rows |= {f"stages-{at}-{name}": value for name, value in row.items()}
    response = client.post(url, {"name": pipeline.name, "position": pipeline.position, **rows})
    assert response.status_code == 302
    assert Stage.objects.get(name="First").position == 9
    settle()
    assert check().found == []


def test_calls_are_counted_on_the_days_of_another_time_zone(people: People) -> None:
    for hour in (1, 9, 13, 22):
        ActivityFactory(owner=people.ann, at=utc(f"2026-05-04 {hour:02}:30"))
    settle()
    save_organisation(Organisation.current(), time_zone="Pacific/Auckland")
    refreshing.rebuild()  # as when the numbers are computed anew before the days are
    settle()
    assert check().found == []


# --- limits ------------------------------------------------------------------------------------------------------------


def test_the_sweep_takes_out_what_has_expired_and_nothing_else(settings: Any, organisation: Any) -> None:
    table = {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "crm_cache_test",
        "OPTIONS": {"MAX_ENTRIES": 10_000},
    }
    settings.CACHES = {"default": table}
    call_command("createcachetable", verbosity=0)
    backend = caches["default"]
    assert isinstance(backend, DatabaseCache)
    backend.set("locked:hugo", 1, 600)
    backend.set("old", 1, -1)
    assert limits.sweep() in (0, 1)
    assert backend.get("locked:hugo") == 1


def test_one_ipv6_network_is_one_visitor(rf: Any) -> None:
    found = {limits.address_of(rf.get("/", REMOTE_ADDR=f"2001:db8:1:2::{n:x}")) for n in range(3)}
    assert found == {"2001:db8:1:2::/64"}
    assert limits.address_of(rf.get("/", REMOTE_ADDR="192.0.2.7")) == "192.0.2.7"
