"""Importing targets."""

from __future__ import annotations

from pathlib import Path

import pytest

from analytics.models import Target
from tests.imports import counts, reasons, run_import, write
from tests.people import People

pytestmark = pytest.mark.django_db

HEAD = ["kpi", "grain", "start", "owner", "team", "value"]


def test_targets_come_in_by_key_or_name_for_people_teams_and_everyone(tmp_path: Path, people: People) -> None:
    rows = [
        HEAD,
        ["won_amount", "month", "2026-05-01", "Ann Archer", "", "1,234.50"],
        ["Win rate (closed deals)", "quarter", "2026-04-01", "", "North", "32.5"],
        ["Affaires conclues", "", "2026-05-01", "", "", "12"],
    ]
    run = run_import("targets", write(tmp_path / "t.csv", rows))
    assert counts(run) == (3, 0, 0, 0), reasons(run)
    won, rate, deals = (Target.objects.get(kpi=key) for key in ("won_amount", "win_rate", "deals_won"))
    assert (won.value, won.currency, won.owner, won.team) == (1_234_50, "USD", people.ann, people.north)
    assert (rate.grain, rate.owner, rate.team, float(rate.value)) == ("quarter", None, people.north, 32.5)
    assert (deals.grain, deals.whom, deals.value) == ("month", None, 12)


def test_a_row_for_the_same_changes_the_target(tmp_path: Path, people: People) -> None:
    rows = [HEAD, ["won_amount", "month", "2026-05-01", "", "", "100"]]
    run_import("targets", write(tmp_path / "t.csv", rows))
    assert counts(run_import("targets", write(tmp_path / "t.csv", rows))) == (0, 0, 1, 0)
    rows[1][5] = "150"
    assert counts(run_import("targets", write(tmp_path / "t.csv", rows))) == (0, 1, 0, 0)
    assert Target.objects.get().value == 150_00


def test_rows_that_cannot_be_are_refused_with_their_reason(tmp_path: Path, people: People) -> None:
    rows = [
        HEAD,
        ["nonsense", "", "2026-05-01", "", "", "1"],
        ["won_amount", "", "2026-05-02", "", "", "1"],
        ["won_amount", "", "2026-05-01", "Nobody Known", "", "1"],
        ["won_amount", "", "2026-05-01", "", "West", "1"],
        ["won_amount", "", "2026-05-01", "", "", "-1"],
        ["won_amount", "", "2026-05-01", "", "", "1 EUR"],
        ["won_amount", "", "2026-05-01", "", "", ""],
        ["won_amount", "", "", "", "", "1"],
    ]
    run = run_import("targets", write(tmp_path / "t.csv", rows))
    assert counts(run) == (0, 0, 0, 8)
    assert [column for _line, column, _value, _why in reasons(run)] == [
        "kpi", "start", "owner", "team", "value", "value", "value", "start",
    ]  # fmt: skip


def test_a_manager_imports_those_of_the_own_team(tmp_path: Path, people: People) -> None:
    rows = [
        HEAD,
        ["won_amount", "", "2026-05-01", "ann", "", "1"],
        ["won_amount", "", "2026-05-01", "cleo", "", "1"],
        ["won_amount", "", "2026-05-01", "", "South", "1"],
        ["won_amount", "", "2026-05-01", "", "", "1"],
    ]
    run = run_import("targets", write(tmp_path / "t.csv", rows), actor=people.max)
    assert counts(run) == (1, 0, 0, 3)
    assert Target.objects.get().owner == people.ann
