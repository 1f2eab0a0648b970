"""Real sales data goes in: 8,800 deals with their agents, teams, products and accounts, in three date formats and any order.

The small file has the same shape and quirks and is always there; the published one where SEXTANT_DATA names
its folder.
"""

from __future__ import annotations

import csv
import datetime as dt
from collections import Counter, defaultdict
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction

from contacts.models import Company
from crm.models import Event, Team, User, UserSpan
from deals.models import Deal, DealState, Product, Stage
from tests.imports import counts, run_import, write

from .maven import FILES, FOLDER, MAPS, import_file, picture

pytestmark = pytest.mark.django_db
needs_data = pytest.mark.skipif(not FOLDER.is_dir(), reason="the published Maven files are not on this machine (SEXTANT_DATA)")

ACCOUNTS = [
    ["account", "sector", "year_established", "revenue", "employees", "office_location", "subsidiary_of"],
    ["Betatech", "medical", 1986, 647.18, 1185, "Kenya", "Zotcorp"],
    ["Cancity", "retail", 2001, 718.62, 2448, "United States", ""],
    ["Isdom", "technolgy", 2002, 3178.24, 4540, "Philipines", ""],
    ["Zotcorp", "software", 2000, 99.5, 100, "Korea", ""],
]
PRODUCTS = [
    ["product", "series", "sales_price"],
    ["GTX Pro", "GTX", 4821],
    ["GTX Plus Basic", "GTX", 1096],
    ["MG Special", "MG", 55],
]
TEAMS = [
    ["sales_agent", "manager", "regional_office"],
    ["Moses Frase", "Dustin Brinkmann", "Central"],
    ["Darcel Schlecht", "Melvin Marxen", "Central"],
    ["Kary Hendrixson", "Summer Sewald", "West"],
    ["Carl Lin", "Summer Sewald", "West"],
]
DEALS = [
    ["opportunity_id", "sales_agent", "product", "account", "deal_stage", "engage_date", "close_date", "close_value"],
    ["1C1I7A6R", "Moses Frase", "GTX Plus Basic", "Cancity", "Won", "2016-10-20", "2017-03-01", 1054],
    ["Z063OYW0", "Darcel Schlecht", "GTXPro", "Isdom", "Won", "2016-10-25", "2017-03-11", 4514],
    ["EC4QE1BX", "Darcel Schlecht", "MG Special", "Cancity", "Lost", "2016-10-25", "2017-03-07", 0],
    ["HAXMC4IX", "Kary Hendrixson", "MG Special", "", "Engaging", "2016-11-03", "", ""],
    ["6CWZFOHJ", "Kary Hendrixson", "GTXPro", "Betatech", "Prospecting", "", "", ""],
]


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """The small files in one folder."""
    for kind, rows in (("users", TEAMS), ("products", PRODUCTS), ("companies", ACCOUNTS), ("deals", DEALS)):
        write(tmp_path / FILES[kind], rows)
    return tmp_path


def all_of(folder: Path, order: tuple[str, ...] = ("users", "products", "companies", "deals")) -> dict[str, Any]:
    return {kind: import_file(kind, folder) for kind in order}


def dated(rows: list[list[Any]], pattern: str) -> list[list[Any]]:
    def again(cell: Any) -> Any:
        return dt.date.fromisoformat(cell).strftime(pattern) if cell else ""

    return [rows[0], *([*row[:5], again(row[5]), again(row[6]), row[7]] for row in rows[1:])]


def test_deals_keep_their_dates_agents_teams_and_stages(small: Path) -> None:
    all_of(small)
    deal = Deal.objects.get(number="Z063OYW0")
    assert (deal.owner.name, deal.team.name) == ("Darcel Schlecht", "Central")
    assert (deal.company.name, deal.product.name, deal.amount, deal.currency) == ("Isdom", "GTX Pro", 451400, "USD")
    assert (deal.status, deal.created_at, deal.won_at) == (
        "won",
        dt.datetime(2016, 10, 25, tzinfo=dt.UTC),
        dt.datetime(2017, 3, 11, tzinfo=dt.UTC),
    )
    chain = list(deal.states.order_by("start").values_list("status", "stage__name", "start", "end"))
    assert chain == [("open", "Engaging", deal.created_at, deal.won_at), ("won", "Engaging", deal.won_at, None)]


def test_words_for_won_and_lost_are_outcomes_and_the_others_stages_in_their_usual_order(small: Path) -> None:
    all_of(small)
    assert list(Stage.objects.order_by("position").values_list("name", flat=True)) == ["Prospecting", "Engaging"]
    assert Counter(Deal.objects.values_list("status", flat=True)) == {"won": 2, "lost": 1, "open": 2}
    assert Deal.objects.get(number="6CWZFOHJ").stage.name == "Prospecting"


def test_the_column_of_stages_and_outcomes_may_be_mapped_to_the_status(small: Path) -> None:
    all_of(small)
    before = picture()
    Deal.objects.all().delete()
    mapped = {"status" if field == "stage" else field: column for field, column in MAPS["deals"].items()}
    run_import("deals", small / FILES["deals"], map=mapped)
    assert picture() == before


def test_nothing_sold_stays_zero_and_no_value_stays_none(small: Path) -> None:
    all_of(small)
    assert Deal.objects.get(number="EC4QE1BX").amount == 0
    assert Deal.objects.get(number="HAXMC4IX").amount is None


def test_deals_without_a_creation_date_stand_in_the_pipeline_from_today_and_in_no_flow(small: Path) -> None:
    report = all_of(small)["deals"]
    deal = Deal.objects.get(number="6CWZFOHJ")
    assert deal.undated
    assert deal.facts.created_day is None
    assert any(note["key"] == "undated" and note["count"] == 1 for note in report.notes)


def test_a_product_spelled_without_its_space_is_the_same_product_and_the_report_says_so(small: Path) -> None:
    report = all_of(small)["deals"]
    assert Product.objects.count() == 3
    assert [(note["text"], note["count"]) for note in report.notes if "GTXPro" in note["text"]] == [
        ("“GTXPro” was taken for “GTX Pro”.", 2)
    ]


def test_countries_are_read_with_their_slips_and_parents_further_down_are_found(small: Path) -> None:
    report = all_of(small)["companies"]
    assert counts(report) == (4, 0, 0, 0)
    assert report.made == {}
    assert dict(Company.objects.values_list("name", "country")) == {
        "Betatech": "KE",
        "Cancity": "US",
        "Isdom": "PH",
        "Zotcorp": "KR",
    }
    assert Company.objects.get(name="Betatech").parent.name == "Zotcorp"


def test_managers_are_made_with_their_role_and_team(small: Path) -> None:
    report = all_of(small)["users"]
    assert report.made["user"]["names"] == ["Dustin Brinkmann", "Melvin Marxen", "Summer Sewald"]
    melvin = User.objects.get(name="Melvin Marxen")
    assert (melvin.role, melvin.team.name, melvin.has_usable_password()) == ("manager", "Central", False)
    assert Team.objects.get(name="Central").manager.name == "Dustin Brinkmann"


def test_the_working_time_of_imported_agents_begins_with_their_first_deal(small: Path) -> None:
    all_of(small)
    since = dict(UserSpan.objects.values_list("user__name", "start"))
    assert since["Moses Frase"] == dt.date(2016, 10, 20)
    assert since["Carl Lin"] > dt.date(2016, 10, 20)


def test_what_deals_name_and_nobody_knows_is_made_and_reported(small: Path) -> None:
    report = import_file("deals", small)
    assert counts(report) == (5, 0, 0, 0)
    assert {what: entry["count"] for what, entry in report.made.items()} == {
        "company": 3,
        "product": 3,
        "user": 3,
        "pipeline": 1,
        "stage": 2,
    }
    assert not User.objects.filter(is_active=True).exists()


def test_importing_every_file_again_changes_nothing(small: Path) -> None:
    all_of(small)
    before, events = picture(), Event.objects.count()
    for kind, report in all_of(small).items():
        assert counts(report) == (0, 0, report.rows, 0), kind
    assert picture() == before
    assert Event.objects.count() == events


@pytest.mark.parametrize("order", list(permutations(FILES)), ids="-".join)
def test_any_order_gives_the_same_database(small: Path, order: tuple[str, ...]) -> None:
    point = transaction.savepoint()
    all_of(small)
    wanted = picture()
    transaction.savepoint_rollback(point)
    all_of(small, order)
    found = picture()
    for what, rows in wanted.items():
        assert found[what] == rows, what


@pytest.mark.parametrize("pattern", ["%m/%d/%Y", "%d-%m-%y", "%d.%m.%Y", "%d %B %Y"])
def test_every_way_of_writing_dates_gives_the_same_database(small: Path, pattern: str) -> None:
    point = transaction.savepoint()
    all_of(small)
    wanted = picture()
    transaction.savepoint_rollback(point)
    write(small / FILES["deals"], dated(DEALS, pattern))
    all_of(small)
    assert picture() == wanted


def test_a_dry_run_reports_the_same_and_writes_nothing(small: Path) -> None:
    dry = import_file("deals", small, dry_run=True)
    assert not Deal.objects.exists() and not Company.objects.exists() and not User.objects.exists() and not Event.objects.exists()
    wet = import_file("deals", small)
    assert (counts(dry), dry.made) == (counts(wet), wet.made)


# --- the published files ---------------------------------------------------------------------------------------------


def published() -> list[dict[str, str]]:
    with (FOLDER / FILES["deals"]).open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


@needs_data
def test_the_published_files_come_in_whole_and_add_up() -> None:
    reports = all_of(FOLDER)
    assert {kind: counts(report) for kind, report in reports.items()} == {
        "users": (35, 0, 0, 0),
        "products": (7, 0, 0, 0),
        "companies": (85, 0, 0, 0),
        "deals": (8800, 0, 0, 0),
    }
    notes = {note["key"]: note["count"] for note in reports["deals"].notes}
    assert notes.pop("backdated") >= 30
    assert notes == {"taken:product:GTXPro": 1480, "companyless": 1425, "undated": 500}
    assert sums_here() == sums_of_the_file()
    before = picture()["deals"]
    for name in ("", "variants/sales_pipeline_us_dates.csv", "variants/sales_pipeline_dd-mm-yy.csv"):
        assert counts(import_file("deals", FOLDER, name)) == (0, 0, 8800, 0), name
    assert picture()["deals"] == before


def sums_of_the_file() -> dict[tuple[str, str], list[int]]:
    """Deals won and their value by team, agent, product and month, from the CSV files alone."""
    with (FOLDER / FILES["users"]).open(encoding="utf-8-sig", newline="") as file:
        team_of = {row["sales_agent"]: row["regional_office"] for row in csv.DictReader(file)}
    sums: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0])
    for row in published():
        if row["deal_stage"] == "Won":
            agent = row["sales_agent"]
            product = {"GTXPro": "GTX Pro"}.get(row["product"], row["product"])
            for key in (("team", team_of[agent]), ("agent", agent), ("product", product), ("month", row["close_date"][:7])):
                sums[key][0] += 1
                sums[key][1] += int(row["close_value"]) * 100
    return dict(sums)


def sums_here() -> dict[tuple[str, str], list[int]]:
    """The same from the history of the imported deals."""
    sums: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0])
    closed = DealState.objects.filter(status="won", end=None)
    for team, owner, product, day, amount in closed.values_list(
        "team__name", "owner__name", "deal__product__name", "start_day", "amount"
    ):
        for key in (("team", team), ("agent", owner), ("product", product), ("month", f"{day:%Y-%m}")):
            sums[key][0] += 1
            sums[key][1] += amount
    return dict(sums)


@needs_data
def test_the_published_deals_first_in_another_format_give_the_same_database() -> None:
    point = transaction.savepoint()
    all_of(FOLDER)
    wanted = picture()
    transaction.savepoint_rollback(point)
    import_file("deals", FOLDER, "variants/sales_pipeline_dd-mm-yy.csv")
    for kind in ("companies", "users", "products"):
        import_file(kind, FOLDER)
    found = picture()
    for what, rows in wanted.items():
        assert found[what] == rows, what
