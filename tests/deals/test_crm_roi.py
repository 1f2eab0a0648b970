"""kpis.md 68: the vector over orders and costs in the database, and when there is no value."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest

from analytics.drill import drill
from analytics.engine import Row, evaluate
from analytics.registry import NO_GO_LIVE, UNKNOWN
from analytics.scopes import Scope
from crm import services as kernel
from crm.models import Organisation
from crm.periods import containing
from tests.analytics.vectors import LATER, number
from tests.factories import CostFactory

from .ordering import companies, line, orders

pytestmark = pytest.mark.django_db
ALL = Scope.everything()
NOVEMBER = containing(dt.date(2026, 11, 1), "month")


@pytest.fixture(autouse=True)
def _live(clock: Callable, organisation: Organisation) -> None:
    clock(LATER)
    kernel.save_organisation(organisation, go_live_on=dt.date(2025, 7, 1), crm_savings=10_000)


def margins(before: int, after: int) -> None:
    [company] = companies(1)
    orders([(company, "2025-03-04", [line(before + 500, cost=500)]), (company, "2026-03-04", [line(after + 700, cost=700)])])


def asked(by: str | None = None) -> Row:
    number("crm_cost")
    return evaluate(["crm_roi"], [NOVEMBER], scope=ALL, by=by)[0]


def test_60k_gained_and_10k_saved_for_40k_are_75_percent() -> None:
    margins(20_000_00, 80_000_00)
    CostFactory(amount=30_000_00, purpose="crm", posted_on=dt.date(2025, 5, 2))
    CostFactory(amount=10_000_00, purpose="crm", posted_on=dt.date(2026, 9, 30))
    CostFactory(amount=99_000_00, purpose="crm", posted_on=dt.date(2026, 10, 1))  # after the months that are compared
    CostFactory(amount=99_000_00, purpose="acquisition", posted_on=dt.date(2026, 5, 1))
    row = asked()
    assert row.value == pytest.approx(75)
    assert (row.numerator, row.denominator) == (80_000_00, 40_000_00)
    assert any("$20,000" in note and "$80,000" in note and "$10,000" in note for note in row.notes)


def test_every_input_opens_its_records() -> None:
    margins(20_000_00, 80_000_00)
    CostFactory(amount=40_000_00, purpose="crm", posted_on=dt.date(2025, 5, 2))
    row = asked()
    for part, total in (("numerator", 80_000_00), ("before", 20_000_00), ("denominator", 40_000_00)):
        assert drill("crm_roi", NOVEMBER, scope=ALL, part=part).total == row.parts[part] == total


def test_without_costs_margins_or_a_go_live_day_there_is_no_return() -> None:
    assert asked().reason == UNKNOWN
    margins(20_000_00, 80_000_00)
    assert (asked().value, asked().reason) == (None, "empty")
    kernel.save_organisation(Organisation.current(), go_live_on=None)
    assert asked().reason == NO_GO_LIVE


def test_savings_are_the_whole_organisations_and_no_teams() -> None:
    margins(20_000_00, 80_000_00)
    CostFactory(amount=30_000_00, purpose="crm", posted_on=dt.date(2025, 5, 2))
    rows = {row.member: row for row in [asked("team")]}
    assert rows[""].value == pytest.approx(100)
