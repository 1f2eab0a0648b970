"""/api/v1/targets/"""

from __future__ import annotations

import pytest

from analytics.models import Target
from tests.api import Api, fields
from tests.factories import TargetFactory
from tests.people import People

pytestmark = pytest.mark.django_db

MAY = {"kpi": "won_amount", "grain": "month", "start": "2026-05-01", "value": "1234.50"}


def test_a_target_is_written_and_read_in_major_units(people: People) -> None:
    api = Api(people.ada)
    read = api.post("/targets/", **MAY, owner=people.ann.pk).json()
    assert (read["value"], read["unit"], read["currency"]) == ("1234.50", "money", "USD")
    assert (read["owner"], read["team"]) == (people.ann.pk, people.north.pk)
    days = api.post("/targets/", **{**MAY, "kpi": "first_response_time", "value": "0.5"}).json()
    assert (days["value"], days["unit"], Target.objects.get(pk=days["id"]).value) == ("0.5", "days", 43_200)


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"value": "-1"}, "value"),
        ({"value": "1.234"}, "value"),
        ({"value": "1e5"}, "value"),
        ({"value": True}, "value"),
        ({"value": "9" * 20}, "value"),
        ({"kpi": "nonsense"}, "kpi"),
        ({"start": "2026-05-02"}, "start"),
        ({"grain": "week"}, "grain"),
        ({"owner": 999_999}, "owner"),
        ({"unit": "money"}, "unit"),
    ],
)
def test_what_cannot_be_is_refused_at_its_field(people: People, values: dict, field: str) -> None:
    assert fields(Api(people.ada).post("/targets/", **{**MAY, **values})) == {field}
    assert not Target.objects.exists()


def test_a_second_one_for_the_same_is_refused(people: People) -> None:
    TargetFactory(owner=people.ann)
    assert Api(people.ada).post("/targets/", **MAY, owner=people.ann.pk).status_code == 400
    assert Target.objects.count() == 1


def test_a_manager_sets_those_of_the_own_team_only(people: People) -> None:
    api = Api(people.max)
    assert fields(api.post("/targets/", **MAY)) == {"team"}
    assert fields(api.post("/targets/", **MAY, team=people.south.pk)) == {"team"}
    assert fields(api.post("/targets/", **MAY, owner=people.cleo.pk)) == {"owner"}
    made = api.post("/targets/", **MAY, owner=people.ann.pk).json()
    assert fields(api.patch(f"/targets/{made['id']}/", owner=people.cleo.pk)) == {"owner"}
    assert api.patch(f"/targets/{made['id']}/", value="5").json()["value"] == "5.00"
    assert api.delete(f"/targets/{made['id']}/").status_code == 204


def test_outsiders_find_none(people: People) -> None:
    target = TargetFactory(owner=people.ann)
    assert Api(people.ann).get(f"/targets/{target.pk}/").status_code == 200
    assert Api(people.ann).patch(f"/targets/{target.pk}/", value="5").status_code == 403
    assert Api(people.ben).get(f"/targets/{target.pk}/").status_code == 404
    assert Api(people.ben).get("/targets/").json()["results"] == []


def test_targets_are_filtered(people: People) -> None:
    own, _other = TargetFactory(owner=people.ann), TargetFactory(kpi="deals_won")
    found = Api(people.ada).get("/targets/?kpi=won_amount").json()["results"]
    assert [row["id"] for row in found] == [own.pk]
