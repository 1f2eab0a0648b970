"""The vectors of the catalogue for the customers' voice (kpis.md 3.1 and 6.2) and the worked examples of surveys, over records."""

from __future__ import annotations

import datetime as dt

import pytest

from analytics.registry import EMPTY, IMMATURE, MIXED
from crm.periods import Period
from surveys.answers import release
from surveys.models import Response
from tests.analytics.vectors import LATER, number
from tests.factories import CompanyFactory, SurveyFactory, utc

from .bulk import answered, answers, invitations


@pytest.fixture(autouse=True)
def later(organisation, clock):
    clock(LATER)


def nps(**counts: int) -> dict[int, int]:
    return {10: counts.get("p", 0), 7: counts.get("passive", 0), 3: counts.get("d", 0)}


@pytest.mark.parametrize(
    ("counts", "value"),
    [
        ({"p": 50, "passive": 30, "d": 20}, 30),
        ({"p": 6, "passive": 4, "d": 10}, -20),
        ({"passive": 10}, 0),
        ({"p": 45, "passive": 30, "d": 25}, 20),
        ({"p": 5}, 100),
        ({"d": 4}, -100),
        ({"p": 3, "passive": 3, "d": 3}, 0),
    ],
)
def test_nps_is_promoters_less_detractors_of_all_answers(counts, value):
    answers(SurveyFactory(), nps(**counts))
    assert number("nps").value == pytest.approx(value)


def test_nps_of_single_scores():
    answers(SurveyFactory(), [10, 9, 9, 8, 7, 6, 0])
    row = number("nps")
    assert row.value == pytest.approx(100 / 7)
    assert (row.numerator, row.denominator, row.n) == (1, 7, 7)


def test_nps_without_answers_has_no_value():
    assert (number("nps").value, number("nps").reason) == (None, EMPTY)


@pytest.mark.parametrize(
    ("counts", "low", "high"),
    [
        ({"p": 45, "passive": 30, "d": 25}, 3.8, 35.1),  # E1
        ({"p": 5}, 17.5, 100),  # E2: the simple margin would be 0
        ({"p": 7, "passive": 3, "d": 2}, -5.5, 72.2),  # E3
        ({"p": 10, "d": 10}, -39.51, 39.51),  # E4
        ({"p": 3, "passive": 3, "d": 3}, -44.73, 44.73),  # E5
        ({"d": 4}, -100, -6.9),  # E6
        ({"p": 450, "passive": 300, "d": 250}, 14.9, 25.0),  # E7
    ],
)
def test_nps_has_the_adjusted_wald_interval(counts, low, high):
    answers(SurveyFactory(), nps(**counts))
    row = number("nps")
    assert (row.low, row.high) == (pytest.approx(low, abs=0.06), pytest.approx(high, abs=0.06))


def test_nps_over_months_adds_counts_and_divides_once():
    survey = SurveyFactory()
    answers(survey, {10: 1}, utc("2026-05-04"))
    answers(survey, {3: 3, 7: 6}, utc("2026-06-04"))
    assert number("nps", Period(dt.date(2026, 5, 1), dt.date(2026, 7, 1))).value == pytest.approx(-20)


def test_an_answer_counts_on_its_local_day_and_the_end_is_not_in(organisation):
    organisation.time_zone = "America/New_York"
    organisation.save()
    survey = SurveyFactory()
    answers(survey, [10], utc("2026-05-01 03:59"))  # still 30 April there
    answers(survey, [10], utc("2026-05-01 04:00"))
    answers(survey, [10], utc("2026-06-01 03:59"))
    answers(survey, [10], utc("2026-06-01 04:00"))
    assert number("nps").denominator == 2


def test_only_answers_to_nps_surveys_make_nps():
    answers(SurveyFactory(), [10, 0])
    answers(SurveyFactory(kind="csat"), [5] * 5)
    answers(SurveyFactory(kind="ces"), [7] * 5)
    assert number("nps").denominator == 2


def test_answers_in_quarantine_and_rejected_ones_are_counted_apart():
    survey = SurveyFactory()
    answers(survey, [9])
    answers(survey, [0, 0], state="quarantined")
    answers(survey, [0, 0, 0], state="rejected")
    row = number("nps")
    assert (row.value, row.denominator) == (100, 1)
    assert [(measure, count) for _text, count, measure in row.left_out] == [("nps_quarantined", 2), ("nps_rejected", 3)]


def test_a_released_answer_counts_on_its_own_day(clock):
    survey = SurveyFactory()
    answers(survey, [9], utc("2026-05-04"), state="quarantined")
    assert number("nps").value is None
    release(Response.objects.get())
    assert number("nps").value == 100


def test_effort_is_the_mean_of_ease():
    answers(SurveyFactory(kind="ces"), [7, 6, 6, 5, 4])
    row = number("ces")
    assert row.value == pytest.approx(5.6)
    assert (row.numerator, row.denominator) == (28, 5)
    assert number("ces_ease_rate").value == 80


def test_effort_asked_the_other_way_round_gives_the_same():
    answers(SurveyFactory(kind="ces", polarity="low_is_easy"), [1, 2, 2, 3, 4])
    assert number("ces").value == pytest.approx(5.6)
    assert number("ces_ease_rate").value == 80


def test_effort_on_another_scale_is_rescaled():
    answers(SurveyFactory(kind="ces", scale=(0, 100)), [75])
    assert number("ces").value == pytest.approx(5.5)


def test_efforts_of_both_polarities_and_scales_add_up():
    answers(SurveyFactory(kind="ces"), [7])
    answers(SurveyFactory(kind="ces", scale=(1, 5), polarity="low_is_easy"), [5])
    answers(SurveyFactory(kind="ces", scale=(0, 100)), [75])
    assert number("ces").value == pytest.approx((7 + 1 + 5.5) / 3)


def test_the_ease_rate_cuts_at_two_thirds_of_a_long_scale():
    answers(SurveyFactory(kind="ces", scale=(0, 100)), [66, 67])
    assert number("ces_ease_rate").numerator == 1


@pytest.mark.parametrize(
    ("scale", "scores", "rate", "mean"),
    [
        ((0, 1), {1: 8, 0: 2}, 80, 0.8),
        ((1, 5), {1: 4, 2: 6, 3: 10, 4: 20, 5: 10}, 60, 3.52),
        ((1, 5), {5: 9, 4: 4, 3: 3, 2: 2, 1: 1}, 100 * 13 / 19, 75 / 19),  # E17
        ((1, 7), {7: 1, 6: 1, 5: 2}, 50, 5.75),
        ((1, 3), {3: 1, 2: 3}, 25, 2.25),
    ],
)
def test_satisfaction_is_the_share_of_top_boxes_and_its_mean_is_on_the_native_scale(scale, scores, rate, mean):
    answers(SurveyFactory(kind="csat", scale=scale), scores)
    assert number("csat").value == pytest.approx(rate)
    assert number("csat_mean").value == pytest.approx(mean)


def test_satisfaction_has_a_wilson_interval():
    answers(SurveyFactory(kind="csat"), {5: 9, 4: 4, 3: 3, 2: 2, 1: 1})
    row = number("csat")
    assert (row.low, row.high) == (pytest.approx(46.0, abs=0.05), pytest.approx(84.6, abs=0.05))


def test_means_on_different_scales_have_no_common_mean_but_each_survey_has_its_own():
    five, seven = SurveyFactory(kind="csat"), SurveyFactory(kind="csat", scale=(1, 7))
    answers(five, [4, 5])
    answers(seven, [6, 7])
    row = number("csat_mean")
    assert (row.value, row.reason, row.numerator, row.denominator) == (None, MIXED, 22, 4)
    assert number("csat_mean", by="survey", member=str(five.pk)).value == 4.5
    assert number("csat_mean", by="survey", member=str(seven.pk)).value == 6.5
    assert number("csat").value == 100


def test_400_delivered_and_92_answered_are_23_percent():
    survey = SurveyFactory()
    rows = invitations(survey, 400)
    answered(rows[:92], utc("2026-05-05"))
    assert number("survey_response_rate").value == 23


def test_bounced_invitations_leave_the_response_rate_and_quarantined_answers_are_none():
    """E19: sent 200, bounced 10, confirmed 48, quarantined 6."""
    survey = SurveyFactory()
    rows = invitations(survey, 190)
    invitations(survey, 10, state="bounced")
    answered(rows[:48], utc("2026-05-05"))
    answered(rows[48:54], utc("2026-05-05"), state="quarantined")
    row = number("survey_response_rate")
    assert (row.numerator, row.denominator) == (48, 190)
    assert row.value == pytest.approx(25.26, abs=0.01)
    assert [count for _text, count, _measure in row.left_out] == [10]


def test_the_window_of_an_answer_is_half_open():
    survey = SurveyFactory()
    rows = invitations(survey, 2, utc("2026-05-04 09:00"))
    answered(rows[:1], utc("2026-06-03 08:59"))
    answered(rows[1:], utc("2026-06-03 09:00"))
    assert number("survey_response_rate").numerator == 1


def test_invitations_that_can_still_be_answered_in_time_are_pending(clock):
    survey = SurveyFactory()
    invitations(survey, 3, utc("2026-05-31 09:00"))
    clock("2026-06-15 10:00")
    row = number("survey_response_rate")
    assert (row.value, row.reason, row.pending) == (None, IMMATURE, 3)


def test_answers_without_invitation_make_the_score_but_no_response_rate():
    survey = SurveyFactory()
    answers(survey, [9, 9])
    assert number("nps").denominator == 2
    assert number("survey_response_rate").value is None


def test_scores_are_split_by_what_they_were_about_then(people):
    survey, company = SurveyFactory(), CompanyFactory()
    about = {"segment": "Retail", "product": "Laptop", "priority": "high", "company": company}
    answers(survey, [10], owner=people.ann, team=people.north, **about)
    answers(survey, [0], owner=people.cleo, team=people.south, segment="Health", product="Phone", priority="low")
    split = (("owner", people.ann), ("team", people.north), ("segment", "Retail"), ("product", "Laptop"), ("company", company))
    for dimension, named in split:
        member = getattr(named, "pk", named)
        assert number("nps", by=dimension, member=str(member)).value == 100, dimension
    assert number("nps", by="priority", member="low").value == -100
