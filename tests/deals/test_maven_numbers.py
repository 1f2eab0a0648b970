"""After the import of the published sales data, the numbers on the command line are those that a script gets from the files alone:
the same to the cent, for the year and by month, quarter, owner, team and product."""

from __future__ import annotations

import csv
import datetime as dt
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from io import StringIO
from statistics import mean, median
from typing import Any

import pytest
import time_machine
from django.core.management import call_command
from django.db import transaction

from analytics import refreshing, snapshots
from analytics.checking import run
from crm.models import Organisation

from .maven import FILES, FOLDER, import_file

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(not FOLDER.is_dir(), reason="the published Maven files are not on this machine (SEXTANT_DATA)"),
]

YEAR = (dt.date(2017, 1, 1), dt.date(2018, 1, 1))
TODAY = dt.datetime(2018, 1, 10, 9, tzinfo=dt.UTC)
KEYS = (
    "deals_created",
    "deals_won",
    "deals_lost",
    "won_amount",
    "win_rate",
    "win_rate_value",
    "close_rate",
    "average_deal_size",
    "sales_cycle_length",
    "deal_cycle_length",
    "pipeline_velocity",
    "sales_velocity",
    "open_pipeline",
    "average_open_deal_size",
)


@dataclass(frozen=True)
class Line:
    """A line of the file."""

    members: dict[str, str]
    stage: str
    engaged: dt.date | None
    closed: dt.date | None
    value: Decimal | None


def read(kind: str) -> list[dict[str, str]]:
    with (FOLDER / FILES[kind]).open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def lines() -> list[Line]:
    """The deals as the files have them; nothing here knows the database."""
    team_of = {row["sales_agent"]: row["regional_office"] for row in read("users")}

    def day(text: str) -> dt.date | None:
        return dt.date.fromisoformat(text) if text else None

    return [
        Line(
            {
                "owner": row["sales_agent"],
                "team": team_of[row["sales_agent"]],
                "product": {"GTXPro": "GTX Pro"}.get(row["product"], row["product"]),
            },
            row["deal_stage"],
            day(row["engage_date"]),
            day(row["close_date"]),
            Decimal(row["close_value"]) if row["close_value"] else None,
        )
        for row in read("deals")
    ]


@pytest.fixture(scope="module")
def imported(django_db_setup: Any, django_db_blocker: Any) -> Iterator[None]:
    """The four files imported and the numbers computed, once for all tests here."""
    with django_db_blocker.unblock(), time_machine.travel(TODAY, tick=False), transaction.atomic():
        Organisation.forget()
        for kind in FILES:
            import_file(kind, FOLDER)
        refreshing.refresh_all_marked()
        while snapshots.publish_step():
            pass
        yield
        transaction.set_rollback(True)


def asked(by: str = "", grain: str = "") -> dict[tuple[str, str, str], dict[str, Any]]:
    """What the command prints: (KPI, first day, member) -> row."""
    out = StringIO()
    options = [*(["--by", by] if by else []), *(["--grain", grain] if grain else [])]
    call_command("kpi", *KEYS, "--from", str(YEAR[0]), "--to", str(YEAR[1]), "--json", *options, stdout=out)
    return {(row["kpi"], row["period_start"], row["member"]): row for row in json.loads(out.getvalue())}


def wanted(lines: list[Line], start: dt.date, end: dt.date) -> dict[str, Any]:
    """The numbers of a period, counted from the lines: money in dollars, durations in days."""
    engaged = [line for line in lines if line.engaged and start <= line.engaged < end]
    closed = [line for line in lines if line.closed and start <= line.closed < end]
    won = [line for line in closed if line.stage == "Won"]
    lost = [line for line in closed if line.stage == "Lost"]
    alive = [line for line in lines if line.engaged and line.engaged < end]
    progress = [line for line in alive if line.closed is None or line.closed >= start]
    still = [line.value for line in alive if (line.closed is None or line.closed >= end) and line.value is not None]
    days = [(line.closed - line.engaged).days for line in won if line.closed and line.engaged]
    amount = sum((line.value or Decimal(0) for line in won), Decimal(0))
    decided = amount + sum((line.value or Decimal(0) for line in lost), Decimal(0))
    return {
        "deals_created": len(engaged),
        "deals_won": len(won),
        "deals_lost": len(lost),
        "won_amount": amount,
        "win_rate": 100 * len(won) / len(closed) if closed else None,
        "win_rate_value": float(100 * amount / decided) if decided else None,
        "close_rate": 100 * len(won) / len(progress) if progress else None,
        "average_deal_size": amount / len(won) if won else None,
        "sales_cycle_length": median(days) if days else None,
        "deal_cycle_length": median(days) if days else None,
        "pipeline_velocity": len(won) / mean(days) if days else None,
        "sales_velocity": float(amount) / mean(days) if days else None,
        "open_pipeline": sum(still, Decimal(0)),
        "average_open_deal_size": sum(still, Decimal(0)) / len(still) if still else None,
    }


def same(found: dict[str, Any], value: Any) -> bool:
    """To the cent for money, to the sixth place (as it is printed) for rates and days."""
    if found["value"] is None or value is None:
        return found["value"] is value
    if found["unit"] == "money":
        return abs(Decimal(found["value"]) - Decimal(value)) <= Decimal("0.005")
    return float(found["value"]) == pytest.approx(value, abs=1e-6)


def compare(rows: dict, lines: list[Line], spans: list[tuple[dt.date, dt.date]], by: str = "") -> int:
    members = sorted({line.members[by] for line in lines}) if by else [""]
    compared = 0
    for start, end in spans:
        for member in members:
            numbers = wanted([line for line in lines if not by or line.members[by] == member], start, end)
            for key in KEYS:
                row = rows.get((key, start.isoformat(), member))
                if row is None:  # a member without any record in the period has no row
                    assert not numbers[key], (key, start, member)
                    continue
                assert same(row, numbers[key]), (key, start, member, row, numbers[key])
                compared += 1
    return compared


def spans(months: int) -> list[tuple[dt.date, dt.date]]:
    edges = [dt.date(2017 + number // 12, number % 12 + 1, 1) for number in range(0, 13, months)]
    return list(zip(edges, edges[1:], strict=False))


@pytest.mark.parametrize(("grain", "months"), [("", 12), ("month", 1), ("quarter", 3)])
@pytest.mark.parametrize("by", ["", "owner", "team", "product"])
def test_the_numbers_are_those_of_the_files(imported: None, lines: list[Line], grain: str, months: int, by: str) -> None:
    assert compare(asked(by, grain), lines, spans(months), by) >= len(KEYS)


def test_the_year_has_the_published_totals(imported: None) -> None:
    rows = asked()
    number: Callable[[str], Any] = lambda key: rows[key, "2017-01-01", ""]["value"]  # noqa: E731
    assert (number("deals_won"), number("deals_lost"), number("won_amount")) == (4238, 2473, "10005534.00")
    assert number("win_rate") == pytest.approx(100 * 4238 / 6711)
    assert number("average_deal_size") == "2360.91"


def test_each_row_names_its_money_and_its_parts(imported: None) -> None:
    row = asked()["win_rate", "2017-01-01", ""]
    assert (row["numerator"], row["denominator"], row["n"], row["period_end"]) == (4238, 6711, 6711, "2018-01-01")
    assert row["low"] < row["value"] < row["high"]
    assert asked()["won_amount", "2017-01-01", ""]["currency"] == "USD"


def test_the_check_finds_no_difference(imported: None) -> None:
    Organisation.remember()
    report = run()
    assert (report.found, report.jobs, report.waiting) == ([], [], {})
    assert report.compared > 10_000
