"""The vectors of the catalogue for the score of leads (kpis.md 3.9), over records."""

from __future__ import annotations

from typing import Any

import pytest

from analytics.checking import run
from analytics.drill import drill
from analytics.scopes import Scope
from contacts import leads as lead_facts
from contacts import services as contacts
from contacts.models import Company, Lead, LeadScore
from tests.factories import ActivityFactory, LeadFactory, utc

from .vectors import LATER, MAY, leads, number

CAME = "2026-05-04 09:00"
SIXTY: dict[str, Any] = {
    "source": "Referral",
    "email": "zoe@firm.example",
    "phone": "1",
    "company_name": "Firm",
    "description": "A pump, please",
}


@pytest.fixture(autouse=True)
def later(organisation, clock):
    clock(LATER)


def judged(score: int, won: bool = False, chance: int | None = None, at: str = "2026-05-20", **fields: Any) -> Lead:
    """A lead whose score was this a day after it came, and whether it became a customer."""
    if won:
        fields |= {"status": "converted", "converted_at": utc(at), "closed_at": utc(at)}
    lead = leads(1, CAME, **fields)[0]
    LeadScore.objects.filter(lead=lead).update(score=score, chance=chance)
    lead_facts.rebuild([lead])
    return lead


def test_hot_leads_are_those_with_a_high_score():
    leads(30, **SIXTY)
    leads(170, **{**SIXTY, "phone": ""})
    row = number("hot_lead_share")
    assert (row.value, row.numerator, row.denominator) == (15, 30, 200)
    assert number("hot_lead_share", by="score_band", member="60").value == 100


def test_a_lead_is_as_hot_as_it_was_a_day_after_it_came(clock, people):
    clock(CAME)
    early, late = (LeadFactory(created_at=utc(CAME), **{**SIXTY, "phone": "", "name": name}) for name in ("Early", "Late"))
    clock("2026-05-05 08:59")
    ActivityFactory(lead=early, kind="call", direction="in", at=utc("2026-05-05 08:59"))
    clock("2026-05-05 09:00")
    ActivityFactory(lead=late, kind="call", direction="in", at=utc("2026-05-05 09:00"))
    clock(LATER)
    contacts.save_lead(Lead.objects.get(pk=early.pk), description="", email="")  # it is cold today
    assert [item.label for item in drill("hot_lead_share", MAY, scope=Scope.everything()).page(people.ada)] == ["Early"]
    assert [Lead.objects.get(pk=lead.pk).score for lead in (early, late)] == [40, 60]
    assert not run().found


def test_auc_is_the_share_of_pairs_in_the_right_order():
    for score, won in ((90, True), (60, True), (70, False), (20, False)):
        judged(score, won)
    row = number("lead_score_auc")
    assert (row.value, row.n) == (0.75, 4)
    assert row.low < 0.75 < row.high
    judged(60)
    assert number("lead_score_auc").value == pytest.approx((1 + 1 + 1 + 0 + 1 + 0.5) / 6)  # a tie is half
    assert not run().found


def test_without_leads_of_both_kinds_there_is_nothing_to_compare():
    judged(50)
    assert number("lead_score_auc").value is None
    assert number("lead_score_lift").value is None


def test_lift_is_the_best_tenth_against_all():
    for place in range(100):
        judged(80 if place < 10 else 20, won=place < 4 or place >= 94)
    row = number("lead_score_lift")
    assert (row.value, row.numerator, row.denominator) == (pytest.approx(4), 0.4, 0.1)
    opened = {
        part: drill("lead_score_lift", MAY, scope=Scope.everything(), part=part).count for part in ("numerator", "denominator")
    }
    assert opened == {"numerator": 10, "denominator": 100}


def test_leads_that_tie_at_the_cut_share_what_is_left_of_the_tenth():
    for place in range(20):
        judged(60 if place < 1 else 40 if place < 5 else 0, won=place in (0, 1, 10))
    assert number("lead_score_lift").value == pytest.approx(((1 + 1 / 4) / 2) / (3 / 20))
    assert not run().found


def test_calibration_is_the_mean_squared_error_of_the_chance():
    judged(80, True, chance=8_000)
    judged(20, False, chance=3_000)
    judged(50, False)  # nothing was known then
    row = number("lead_score_calibration")
    assert (row.value, row.denominator) == (pytest.approx(0.065), 2)


def test_only_leads_whose_time_has_passed_and_whose_score_came_first_are_judged(clock):
    judged(90, True)
    judged(10)
    judged(90, True, at="2026-05-05 08:59")  # within the day
    judged(90, True, at="2026-09-20")  # too late: it counts as one that did not buy
    company = Company.objects.create(name="Old customer", customer_since=utc("2026-01-01"))
    judged(90, company=company)
    row = number("lead_score_auc")
    assert (row.numerator, row.denominator) == (1, 3)
    clock("2026-07-20 10:00")
    assert number("lead_score_auc").value is None
    assert number("lead_score_auc").pending == 3


def test_a_chance_is_read_from_earlier_leads_only():
    leads(10, "2025-10-06 09:00", status="converted", converted_at=utc("2025-11-01"), closed_at=utc("2025-11-01"))
    leads(20, "2025-10-06 09:00")
    before = leads(1, "2025-12-01 09:00")[0]  # the ninety days of the others have not passed
    after = leads(1, CAME)[0]
    assert before.scores.get().chance is None
    assert after.scores.get().chance == round(10_000 * (10 + 2 * 10 / 31) / 33)
    leads(50, "2025-10-06 09:00", status="converted", converted_at=utc("2025-11-01"), closed_at=utc("2025-11-01"))
    lead_facts.rebuild([after])
    assert after.scores.get().chance == round(10_000 * (10 + 2 * 10 / 31) / 33)  # what was said stays said
