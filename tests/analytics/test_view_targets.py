"""The pages of targets: list, form, and a year at once."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from analytics import targets
from analytics.models import Target
from tests.factories import TargetFactory
from tests.people import People
from tests.suites import queries_of

pytestmark = pytest.mark.django_db
Browser = Callable[[Any], Client]

YEAR = reverse("analytics:target_year")
NEW = {"kpi": "won_amount", "grain": "month", "start": "2026-05-01", "value": "12,500.50"}


@pytest.fixture(autouse=True)
def _today(clock: Callable) -> None:
    clock("2026-05-18 10:00")


def test_reps_see_their_own_managers_their_teams_and_marketers_all(people: People, client_of: Browser) -> None:
    for whom in ({}, {"team": people.north}, {"owner": people.ann}, {"owner": people.cleo}):
        TargetFactory(**whom)
    url = reverse("analytics:targets")
    found = {who: client_of(getattr(people, who)).get(url).context["page"].rows for who in ("ann", "gus", "max", "mia", "ada")}
    assert {who: len(rows) for who, rows in found.items()} == {"ann": 1, "gus": 0, "max": 2, "mia": 4, "ada": 4}


def test_a_list_costs_the_same_with_many_rows(people: People, client_of: Browser) -> None:
    client, url = client_of(people.ada), reverse("analytics:targets")
    TargetFactory(owner=people.ann)
    client.get(url)
    few = queries_of(client, url)
    for number in range(6, 13):
        TargetFactory(owner=people.ann, start=dt.date(2026, number, 1))
    assert queries_of(client, url) == few


def test_a_list_is_searched_by_number_and_person(people: People, client_of: Browser) -> None:
    TargetFactory(owner=people.ann)
    TargetFactory(kpi="win_rate", owner=people.ben, value=Decimal(30))
    client = client_of(people.ada)
    for text, keys in (("won", ["won_amount"]), ("ben", ["win_rate"]), ("win baker", ["win_rate"]), ("zzz", [])):
        page = client.get(reverse("analytics:targets"), {"q": text}).context["page"]
        assert [row.kpi for row in page.rows] == keys, text


def test_an_administrator_sets_changes_and_deletes_one(people: People, client_of: Browser) -> None:
    client = client_of(people.ada)
    answer = client.post(reverse("analytics:target_new"), NEW)
    target = Target.objects.get()
    assert answer["Location"] == target.get_absolute_url()
    assert (target.value, target.currency, target.owner, target.created_by) == (12_500_50, "USD", None, people.ada)
    assert "$12,500.50" in client.get(target.get_absolute_url()).content.decode()
    edit = reverse("analytics:target_edit", args=[target.pk])
    assert client.get(edit).context["form"]["value"].value() == "12,500.5"
    client.post(edit, {**NEW, "value": "9", "owner": people.ann.pk})
    target.refresh_from_db()
    assert (target.value, target.owner, target.team) == (9_00, people.ann, people.north)
    client.post(reverse("analytics:target_delete", args=[target.pk]))
    assert not Target.objects.exists()


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"value": "many"}, "value"),
        ({"value": "-4"}, "value"),
        ({"value": "1.234"}, "value"),
        ({"kpi": "nonsense"}, "kpi"),
        ({"start": "2026-05-03"}, "start"),
        ({"start": ""}, "start"),
    ],
)
def test_what_cannot_be_is_said_at_its_field(people: People, client_of: Browser, values: dict, field: str) -> None:
    answer = client_of(people.ada).post(reverse("analytics:target_new"), {**NEW, **values})
    assert answer.status_code == 422
    assert set(answer.context["form"].errors) == {field}
    assert not Target.objects.exists()


def test_a_manager_sets_targets_of_the_own_team_only(people: People, client_of: Browser) -> None:
    client, url = client_of(people.max), reverse("analytics:target_new")
    for whom in ({}, {"team": people.south.pk}, {"owner": people.cleo.pk}):
        assert client.post(url, {**NEW, **whom}).status_code == 422
    assert not Target.objects.exists()
    assert client.post(url, {**NEW, "team": people.north.pk}).status_code == 302
    assert client.post(url, {**NEW, "owner": people.ben.pk}).status_code == 302


@pytest.mark.parametrize("who", ["ann", "gus", "mia"])
def test_who_sets_no_targets_is_refused(people: People, client_of: Browser, who: str) -> None:
    target = TargetFactory(owner=people.ann)
    client = client_of(getattr(people, who))
    assert client.get(YEAR).status_code == 403
    assert client.post(YEAR, {"all-2026-05": "5"}).status_code == 403
    assert client.post(reverse("analytics:target_new"), NEW).status_code == 403
    assert client.post(reverse("analytics:target_edit", args=[target.pk]), NEW).status_code in (403, 404)


# --- a year at once --------------------------------------------------------------------------------------------------


def cells(client: Client, **query: Any) -> dict[str, str]:
    grid = client.get(YEAR, query).context["grid"]
    return {cell.name: cell.text for cell in grid.cells}


def test_the_grid_offers_everyone_and_the_teams_and_the_people_of_a_team(people: People, client_of: Browser) -> None:
    ada = client_of(people.ada)
    assert [line.label for line in ada.get(YEAR).context["grid"].lines] == ["Everyone", "North", "South"]
    north = ada.get(YEAR, {"of": people.north.pk}).context["grid"]
    assert [line.label for line in north.lines] == ["Ann Archer", "Ben Baker", "Max Moreau"]
    own = client_of(people.max).get(YEAR, {"of": people.south.pk}).context["grid"]
    assert [line.label for line in own.lines] == ["North"]


def test_a_year_is_typed_in_changed_and_emptied(people: People, client_of: Browser) -> None:
    client, row = client_of(people.ada), f"t{people.north.pk}"
    client.post(YEAR, {f"{row}-2026-{number:02}": "1,000" for number in range(1, 13)} | {"all-2026-05": "2,500.50"})
    assert Target.objects.count() == 13
    grid = client.get(YEAR).context["grid"]
    assert (grid.lines[1].year, grid.lines[0].note) == ("$12,000", "1 of 12 months")
    typed = {**cells(client), f"{row}-2026-05": "1,200", f"{row}-2026-06": "", "seen": grid.seen}
    client.post(YEAR, typed)
    kept = {target.start.month: target.value for target in Target.objects.filter(team=people.north)}
    assert (kept[5], kept.get(6), kept[7]) == (1_200_00, None, 1_000_00)


def test_nothing_is_saved_while_a_cell_cannot_be_read(people: People, client_of: Browser) -> None:
    answer = client_of(people.ada).post(YEAR, {"all-2026-05": "100", "all-2026-06": "many"})
    assert answer.status_code == 422
    assert not Target.objects.exists()
    assert {cell.name for cell in answer.context["grid"].cells if cell.error} == {"all-2026-06"}


def test_a_cell_that_somebody_else_changed_is_not_overwritten_unseen(people: People, client_of: Browser) -> None:
    target = TargetFactory()
    client = client_of(people.ada)
    seen = client.get(YEAR).context["grid"].seen
    targets.save_target(target, value=Decimal(7_00))
    answer = client.post(YEAR, {"all-2026-05": "5", "all-2026-06": "6", "seen": seen})
    assert answer.status_code == 422
    assert [cell.error for cell in answer.context["grid"].cells if cell.error] == ["Somebody has set it to $7 meanwhile."]
    assert client.post(YEAR, {"all-2026-05": "1,000", "all-2026-06": "6", "seen": seen}).status_code == 302
    assert Target.objects.get(pk=target.pk).value == 7_00


def test_a_manager_cannot_slip_another_teams_row_in(people: People, client_of: Browser) -> None:
    client_of(people.max).post(YEAR, {"all-2026-05": "5", f"t{people.south.pk}-2026-05": "5", "seen": json.dumps([1])})
    assert not Target.objects.exists()


def test_addresses_that_make_no_sense_fall_back(people: People, client_of: Browser) -> None:
    client = client_of(people.ada)
    for query in ({"kpi": "x"}, {"of": "-1"}, {"of": "9" * 30}, {"year": "99999"}, {"year": "0001"}):
        assert client.get(YEAR, query).status_code == 200


def test_a_fiscal_year_has_its_own_months(people: People, client_of: Browser) -> None:
    from crm import services as kernel
    from crm.models import Organisation

    kernel.save_organisation(Organisation.current(), fiscal_year_start=4)
    grid = client_of(people.ada).get(YEAR, {"year": "2026"}).context["grid"]
    assert (grid.months[0].start, grid.months[-1].start) == (dt.date(2026, 4, 1), dt.date(2027, 3, 1))
