"""/api/v1/kpis/: definitions, series, and the records behind each number."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from analytics.registry import kpis
from tests.api import Api, fields
from tests.factories import DealFactory, utc

from .scene import settle

pytestmark = pytest.mark.django_db

MAY = "from=2026-05-01&to=2026-06-01"


def series(user: Any, key: str, query: str = MAY) -> list[dict[str, Any]]:
    response = Api(user).get(f"/kpis/{key}/series/?{query}")
    assert response.status_code == 200, response.content
    return response.json()["results"]


def test_every_kpi_explains_itself(spring: Any) -> None:
    listed = Api(spring.ann).get("/kpis/").json()
    assert [row["key"] for row in listed] == kpis.keys()
    for row in listed:
        assert row["name"] and row["definition"] and row["formula"] and row["dated"] and row["unit"], row["key"]


def test_names_come_in_the_readers_language(spring: Any) -> None:
    spring.ann.language = "fr"
    spring.ann.save()
    assert Api(spring.ann).get("/kpis/win_rate/").json()["name"] == kpis["win_rate"].names["fr"]


def test_a_rate_comes_with_its_parts_and_interval(spring: Any) -> None:
    (row,) = series(spring.ann, "win_rate")
    assert (row["value"], row["numerator"], row["denominator"], row["n"], row["unit"]) == (75.0, 6, 8, 8, "percent")
    assert 0 < row["low"] < 75 < row["high"] < 100
    assert (row["period_start"], row["period_end"]) == ("2026-05-01", "2026-06-01")


def test_money_is_decimal_text_in_the_organisations_currency(spring: Any) -> None:
    (row,) = series(spring.ann, "won_amount")
    assert (row["value"], row["currency"]) == ("6000.00", "USD")


def test_durations_are_days(spring: Any) -> None:
    (row,) = series(spring.ben, "deal_cycle_length")
    assert (row["value"], row["unit"]) == (73.125, "days")


def test_no_value_is_null_with_the_reason(spring: Any) -> None:
    (row,) = series(spring.ann, "win_rate", "from=2020-01-01&to=2020-02-01")
    assert row["value"] is None
    assert row["reason"] == "empty"


def test_everyone_gets_the_numbers_that_count_for_them(spring: Any) -> None:
    wins = {name: series(getattr(spring, name), "deals_won")[0]["value"] for name in ("ann", "ben", "cleo", "max", "ada", "gus")}
    assert wins == {"ann": 6, "ben": 1, "cleo": 3, "max": 7, "ada": 10, "gus": 0}


def test_a_filter_for_someone_elses_records_does_not_widen_the_scope(spring: Any) -> None:
    (row,) = series(spring.ann, "deals_won", f"{MAY}&owner={spring.cleo.pk}")
    assert row["value"] == 0
    found = Api(spring.ann).get(f"/kpis/deals_won/records/?{MAY}&owner={spring.cleo.pk}").json()
    assert (found["count"], found["results"]) == (0, [])


def test_a_series_has_one_row_for_each_unit(spring: Any) -> None:
    rows = series(spring.ann, "deals_won", "from=2026-04-01&to=2026-06-01&grain=month")
    assert [(row["period_start"], row["value"]) for row in rows] == [("2026-04-01", 2), ("2026-05-01", 6)]


def test_a_split_names_its_members_and_adds_up(spring: Any) -> None:
    rows = series(spring.ada, "deals_won", f"{MAY}&by=owner")
    assert {row["member"]: row["value"] for row in rows} == {"Ann Archer": 6, "Ben Baker": 1, "Cleo Cruz": 3}
    key = next(row["member_key"] for row in rows if row["member"] == "Cleo Cruz")
    assert series(spring.ada, "deals_won", f"{MAY}&owner={key}")[0]["value"] == 3


@pytest.mark.parametrize("key", ["deals_won", "won_amount", "win_rate", "open_pipeline", "sales_cycle_length", "leads_created"])
def test_the_records_are_those_of_the_number(key: str, spring: Any) -> None:
    (row,) = series(spring.max, key)
    api = Api(spring.max)
    for part in ("numerator", "denominator"):
        if part not in kpis[key].terms:
            continue
        found = api.get(f"/kpis/{key}/records/?{MAY}&part={part}").json()
        assert len(found["results"]) == found["count"]
        assert found["total"] == row[part] if found["total"] is not None else found["count"] == row[part]


def test_records_come_page_by_page_and_each_once(spring: Any) -> None:
    api, path, seen = Api(spring.ada), f"/kpis/deals_won/records/?{MAY}&limit=4", []
    while path:
        answer = api.get(path.replace("http://testserver", "")).json()
        seen += [row["url"] for row in answer["results"]]
        path = answer["next"]
    assert len(seen) == len(set(seen)) == answer["count"] == 10


def test_a_record_that_counts_but_is_not_the_readers_has_no_name(spring: Any) -> None:
    """A deal that Ann won counts for her after it went to Cleo, but it is Cleo's to open."""
    from deals import services

    deal = spring.ann and DealFactory(
        owner=spring.ann, created_at=utc("2026-05-01 09:00"), won_at=utc("2026-05-15"), title="Secret"
    )
    services.change_deal(deal, owner=spring.cleo)
    settle()
    found = Api(spring.ann).get(f"/kpis/deals_won/records/?{MAY}").json()
    assert (found["count"], found["visible"]) == (7, 6)
    assert [row["label"] for row in found["results"] if row["url"] is None] == ["Not visible to you"]
    assert "Secret" not in str(found)


@pytest.mark.parametrize(
    ("query", "named"),
    [
        ("", {"from"}),
        ("from=2026-05-01", {"to"}),
        ("from=yesterday&to=2026-06-01", {"from"}),
        ("from=2026-02-30&to=2026-06-01", {"from"}),
        ("from=0001-01-01&to=9999-12-31", {"from"}),
        ("from=2026-06-01&to=2026-06-01", {"to"}),
        (f"{MAY}&grain=hour", {"grain"}),
        ("from=2000-01-01&to=2026-01-01&grain=day", {"grain"}),
        (f"{MAY}&by=password", {"by"}),
        (f"{MAY}&by=user", {"by"}),
        (f"{MAY}&owner=x", {"owner"}),
        (f"{MAY}&owner=99999999999999999999999", {"owner"}),
        (f"{MAY}&owner=", {"owner"}),
        (f"{MAY}&source={'x' * 300}", {"source"}),
        (f"{MAY}&owner__password=x", {"owner__password"}),
    ],
)
def test_a_question_that_cannot_be_read_is_refused_by_name(query: str, named: set[str], spring: Any) -> None:
    response = Api(spring.ann).get(f"/kpis/deals_won/series/?{query}")
    assert response.status_code == 400
    assert fields(response) == named


@pytest.mark.parametrize("query", ["part=secret", "part=denominator", "limit=0", "limit=201", "offset=-1", "offset=10000000000"])
def test_records_refuse_what_they_do_not_offer(query: str, spring: Any) -> None:
    assert Api(spring.ann).get(f"/kpis/deals_won/records/?{MAY}&{query}").status_code == 400


def test_an_unknown_kpi_is_not_found(spring: Any) -> None:
    for path in ("/kpis/nonsense/", f"/kpis/nonsense/series/?{MAY}", f"/kpis/nonsense/records/?{MAY}"):
        assert Api(spring.ann).get(path).status_code == 404


def test_numbers_cannot_be_written(spring: Any) -> None:
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        assert Api(spring.ada).call(method, "/kpis/won_amount/", {}).status_code == 405


@pytest.mark.parametrize("key", sorted(kpis.keys()))
def test_every_kpi_answers_and_opens(key: str, spring: Any) -> None:
    """A rep opens what can be cut to own records; the rest is refused with the reason that its values have."""
    for reader in (spring.ann, spring.ada):
        api = Api(reader)
        rows = api.get(f"/kpis/{key}/series/?{MAY}&grain=week")
        assert rows.status_code == 200
        assert api.get(f"/kpis/{key}/series/?{MAY}&by={kpis[key].dimensions[0]}").status_code == 200
        found = api.get(f"/kpis/{key}/records/?{MAY}")
        if found.status_code == 400:
            assert (reader, rows.json()["results"][0]["reason"]) == (spring.ann, "not_cut")
            continue
        for part in found.json()["parts"]:
            assert api.get(f"/kpis/{key}/records/?{MAY}&part={part}").status_code == 200


@pytest.mark.parametrize("path", ["series/?" + MAY, "series/?" + MAY + "&by=owner", "records/?" + MAY])
def test_more_deals_take_no_more_queries(path: str, spring: Any) -> None:
    api = Api(spring.ann)

    def count() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert api.get(f"/kpis/deals_won/{path}").status_code == 200
        return len(queries)

    count()
    few = count()
    for _ in range(20):
        DealFactory(owner=spring.ann, created_at=utc("2026-05-01 09:00"), won_at=utc("2026-05-15"))
    settle()
    assert count() == few
