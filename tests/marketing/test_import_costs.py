"""Importing costs."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from marketing.models import Campaign, Cost
from tests.factories import CampaignFactory
from tests.imports import counts, reasons, run_import, write
from tests.people import People

pytestmark = pytest.mark.django_db

HEAD = ["posted_on", "until", "category", "purpose", "campaign", "channel", "amount", "currency"]


def test_costs_come_in_with_their_campaigns(tmp_path: Path, organisation: object) -> None:
    CampaignFactory(name="Spring fair", code="spring", channel="event")
    rows = [
        HEAD,
        ["2026-05-01", "2026-05-31", "marketing", "acquisition", "spring", "", "310.00", "USD"],
        ["2026-05-02", "", "staff", "retention", "", "", "99.99", "EUR"],
        ["2026-05-03", "", "", "", "Autumn", "cpc", "5", ""],
    ]
    run = run_import("costs", write(tmp_path / "c.csv", rows))
    assert counts(run) == (3, 0, 0, 0), reasons(run)
    spring, staff, autumn = Cost.objects.order_by("posted_on")
    assert (spring.campaign.name, spring.channel, spring.days, spring.parts.count()) == ("Spring fair", "event", 31, 31)
    assert (staff.category, staff.purpose, staff.amount, staff.base_amount) == ("staff", "retention", 99_99, None)
    assert (autumn.category, autumn.purpose, autumn.currency) == ("marketing", "acquisition", "USD")
    assert run.made == {"campaign": {"count": 1, "names": ["Autumn"]}}
    assert Campaign.objects.get(name="Autumn").channel == "cpc"


def test_the_same_file_again_adds_nothing_and_another_amount_is_another_cost(tmp_path: Path, organisation: object) -> None:
    rows = [HEAD, ["2026-05-01", "", "", "", "Spring", "", "1,310.00", "USD"]]
    run_import("costs", write(tmp_path / "c.csv", rows))
    assert counts(run_import("costs", write(tmp_path / "c.csv", rows))) == (0, 0, 1, 0)
    rows[1][6] = "1,310.01"
    assert counts(run_import("costs", write(tmp_path / "c.csv", rows))) == (1, 0, 0, 0)


def test_rows_that_cannot_be_are_refused_with_their_reason(tmp_path: Path, organisation: object) -> None:
    rows = [
        HEAD,
        ["2026-05-01", "2026-04-01", "", "", "", "", "10", ""],
        ["2026-05-01", "", "bribes", "", "", "", "10", ""],
        ["2026-05-01", "", "", "", "", "", "-10", ""],
        ["", "", "", "", "", "", "10", ""],
        ["2026-05-01", "", "", "", "", "", "", ""],
        ["2026-05-01", "", "", "", "", "", "10 EUR", "USD"],
        ["2026-05-04", "", "", "", "", "", "10", ""],
    ]
    run = run_import("costs", write(tmp_path / "c.csv", rows))
    assert counts(run) == (1, 0, 0, 6)
    assert [column for _line, column, _value, _why in reasons(run)] == [
        "until", "category", "amount", "posted_on", "amount", "amount",
    ]  # fmt: skip


def test_a_manager_imports_for_the_own_team_and_makes_no_campaign_a_rep_none_at_all(tmp_path: Path, people: People) -> None:
    from crm.imports.engine import may_import
    from crm.imports.registry import kinds

    path = write(tmp_path / "c.csv", [HEAD, ["2026-05-01", "", "", "", "", "", "10", ""]])
    run_import("costs", path, actor=people.max)
    assert (Cost.objects.get().team, Cost.objects.get().owner) == (people.north, people.max)
    allowed = [name for name in ("ann", "gus", "mia", "max", "ada") if may_import(getattr(people, name), kinds["costs"])]
    assert allowed == ["mia", "max", "ada"]


def test_a_dry_run_writes_nothing(tmp_path: Path, organisation: object) -> None:
    path = write(tmp_path / "c.csv", [HEAD, ["2026-05-01", "", "", "", "New", "", "10", ""]])
    assert counts(run_import("costs", path, dry_run=True)) == (1, 0, 0, 0)
    assert not Cost.objects.exists() and not Campaign.objects.exists()


def test_days_and_amounts_in_other_formats_are_read(tmp_path: Path, organisation: object) -> None:
    path = write(tmp_path / "c.csv", [["Date", "Spend"], ["31.05.2026", "1.234,56"], ["01.06.2026", "2,50"]], delimiter=";")
    run = run_import("costs", path, map={"posted_on": "Date", "amount": "Spend"})
    assert counts(run) == (2, 0, 0, 0), reasons(run)
    assert set(Cost.objects.values_list("posted_on", "amount")) == {
        (dt.date(2026, 5, 31), 1_234_56),
        (dt.date(2026, 6, 1), 2_50),
    }
