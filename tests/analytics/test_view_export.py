"""CSV of each block: full precision, the same filters, formulas made harmless."""

import csv
import io

import pytest

from . import scene


def rows(response):
    assert response.status_code == 200
    assert response["Content-Type"].startswith("text/csv")
    text = b"".join(response.streaming_content).decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text)))


def test_the_course_is_exported_by_unit(spring, client_of):
    found = rows(client_of(spring.ada).get("/numbers/won_amount/series.csv"))
    assert found[-1]["First day"] == "2026-05-01" and found[-1]["Won amount (bookings) (USD)"] == "22000.00"
    assert len(found) == 12


def test_the_split_is_exported_without_hidden_values(spring, client_of):
    found = rows(client_of(spring.ada).get("/numbers/win_rate/split.csv", {"by": "owner"}))
    assert {row["Owner"] for row in found} == {str(spring.ann), str(spring.cleo)}
    assert found[0]["Win rate (closed deals) (%)"] in ("75.00", "75")


def test_the_records_are_exported_with_their_values(spring, client_of):
    found = rows(client_of(spring.ada).get("/numbers/won_amount/records.csv"))
    assert len(found) == 10
    assert sum(float(row["Value"]) for row in found) == 22_000


def test_titles_that_look_like_formulas_are_text(spring, client_of):
    scene.won(spring.ben, "2026-05-15", title="=1+1")
    found = rows(client_of(spring.ben).get("/numbers/deals_won/records.csv"))
    assert "'=1+1" in {row["Record"] for row in found}


def test_a_rep_exports_own_records_only(spring, client_of):
    assert len(rows(client_of(spring.ben).get("/numbers/deals_won/records.csv"))) == 1


@pytest.mark.parametrize("path", ["/numbers/win_rate/nothing.csv", "/numbers/no_such/series.csv"])
def test_an_unknown_block_or_number_is_not_found(spring, client_of, path):
    assert client_of(spring.ada).get(path).status_code == 404
