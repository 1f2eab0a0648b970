"""The published examples of NPS, CES and CSAT, over answers in the database."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from surveys import scores
from surveys.choices import InvitationState, Polarity, ResponseState
from surveys.models import Invitation, Response, Survey
from tests.factories import InvitationFactory, PersonFactory, ResponseFactory, SurveyFactory

pytestmark = pytest.mark.django_db


def answers(survey: Survey, values: list[int]) -> scores.Counts:
    for value in values:
        ResponseFactory(survey=survey, score=value)
    return Response.objects.filter(survey=survey).confirmed().counts()


def nps_of(promoters: int, passives: int, detractors: int) -> scores.Counts:
    """Stored answers of a new NPS survey: one of each band is made by the service, the others are its copies."""
    survey = SurveyFactory()
    for score, n in ((9, promoters), (8, passives), (3, detractors)):
        if n:
            first = ResponseFactory(survey=survey, score=score)
            names = [field.attname for field in Response._meta.concrete_fields if not field.primary_key]
            copy = {name: getattr(first, name) for name in names}
            Response.objects.bulk_create(Response(**copy) for _n in range(n - 1))
    return Response.objects.filter(survey=survey).confirmed().counts()


@pytest.mark.parametrize(
    ("bands", "score", "simple", "interval"),
    [
        pytest.param((45, 30, 25), 20, 15.92, (3.8, 35.1), id="E1"),
        pytest.param((5, 0, 0), 100, 0.0, (17.5, 100), id="E2"),
        pytest.param((7, 3, 2), 41.67, None, (-5.5, 72.2), id="E3"),
        pytest.param((10, 0, 10), 0, 43.83, (-39.51, 39.51), id="E4"),
        pytest.param((3, 3, 3), 0, 53.34, (-44.73, 44.73), id="E5"),
        pytest.param((0, 0, 4), -100, 0.0, (-100, -6.9), id="E6"),
        pytest.param((450, 300, 250), 20, 5.04, (14.9, 25.0), id="E7"),
    ],
)
def test_nps_with_its_margin_and_interval(organisation: Any, bands: Any, score: float, simple: Any, interval: Any) -> None:
    counts = nps_of(*bands)
    assert scores.nps(counts) == pytest.approx(score, abs=0.005)
    if simple is not None:
        assert scores.nps_simple_margin(counts) == pytest.approx(simple, abs=0.005)
    assert scores.nps_interval(counts) == pytest.approx(interval, abs=0.05)


def test_a_change_is_called_one_only_outside_its_margin(organisation: Any) -> None:
    found = scores.nps_difference(nps_of(45, 30, 25), nps_of(60, 38, 22))
    assert found is not None
    assert (round(found.points, 2), round(found.margin, 2), round(found.z, 2)) == (11.67, 20.98, 1.09)
    assert not found.is_change
    assert scores.nps_difference(nps_of(450, 300, 250), nps_of(600, 200, 200)).is_change  # type: ignore[union-attr]


def test_a_large_part_of_all_customers_narrows_the_margin(organisation: Any) -> None:
    assert scores.nps_simple_margin(nps_of(45, 30, 25), base=150) == pytest.approx(9.22, abs=0.005)


def test_nps_bands_lie_where_they_are_published(organisation: Any) -> None:
    survey = SurveyFactory()
    counts = answers(survey, [6, 7, 8, 9])
    assert list(Response.objects.order_by("score").values_list("band", flat=True)) == [
        "detractor",
        "passive",
        "passive",
        "promoter",
    ]
    assert scores.nps(counts) == 0


@pytest.mark.parametrize("value", [11, -1, "7.5", "nan", "[9]", "٩"])
def test_what_is_not_on_the_scale_is_refused(organisation: Any, value: Any) -> None:
    with pytest.raises(ValidationError) as found:
        ResponseFactory(score=value)
    assert "score" in found.value.message_dict
    assert not Response.objects.exists()


@pytest.mark.parametrize("value", ["", None])
def test_nothing_given_is_no_answer(organisation: Any, value: Any) -> None:
    with pytest.raises(ValidationError):
        ResponseFactory(score=value)
    assert not Response.objects.exists()


def test_how_many_answers_a_margin_needs(organisation: Any) -> None:
    variance = scores.nps_variance(nps_of(45, 30, 25))
    assert variance == pytest.approx(0.66)
    assert [scores.nps_needed(10, variance), scores.nps_needed(5, variance)] == [254, 1015]
    assert [scores.nps_needed(10), scores.nps_needed(5)] == [385, 1537]
    mixed = scores.nps_variance(nps_of(50, 30, 20))
    assert [scores.nps_needed(10, mixed), scores.nps_needed(5, mixed)] == [235, 938]


@pytest.mark.parametrize(
    ("bands", "score", "over_n", "over_less_one"),
    [((50, 30, 20), 30, 15.3, 15.3), ((500, 300, 200), 30, 4.8, 4.8), ((5, 3, 2), 30, 48, 51), ((6, 4, 10), -20, 38, 39)],
)
def test_the_short_margin_divides_by_n_less_one_under_50(
    organisation: Any, bands: Any, score: int, over_n: float, over_less_one: float
) -> None:
    counts = nps_of(*bands)
    assert scores.nps(counts) == pytest.approx(score)
    assert scores.nps_simple_margin(counts) == pytest.approx(over_n, abs=0.5)
    assert scores.nps_margin(counts) == pytest.approx(over_less_one, abs=0.5)


def test_nps_of_the_catalogue(organisation: Any) -> None:
    assert scores.nps(answers(SurveyFactory(), [10, 9, 9, 8, 7, 6, 0])) == pytest.approx(14.285714)
    assert scores.nps(nps_of(0, 10, 0)) == 0
    assert scores.nps(scores.Counts()) is None


def test_ces_on_agreement_seven(organisation: Any) -> None:
    counts = answers(SurveyFactory(kind="ces"), [7, 7, 6, 5, 4, 2, 1])
    assert scores.mean(counts) == pytest.approx(4.571, abs=0.0005)
    assert scores.ease_rate(counts) == pytest.approx(57.1, abs=0.05)
    assert scores.net_ease(counts) == pytest.approx(28.6, abs=0.05)
    assert scores.ease_index(counts) == pytest.approx(59.5, abs=0.05)
    assert 100 * Response.objects.filter(score__gte=6).count() / counts.n == pytest.approx(42.9, abs=0.05)


def test_ces_where_low_is_easy_is_turned_and_the_wrong_polarity_shows(organisation: Any) -> None:
    effort = SurveyFactory(kind="ces", scale=(1, 5), polarity=Polarity.LOW)
    counts = answers(effort, [1, 1, 2, 3, 5])
    assert scores.mean(counts) == pytest.approx(2.4)
    assert scores.ease_rate(counts) == pytest.approx(60)
    assert scores.ease_index(counts) == pytest.approx(65.0)
    wrong = answers(SurveyFactory(kind="ces", scale=(1, 5)), [1, 1, 2, 3, 5])
    assert scores.ease_index(wrong) == pytest.approx(35.0)


def test_ces_from_0_to_100(organisation: Any) -> None:
    counts = answers(SurveyFactory(kind="ces", scale=(0, 100)), [80, 100, 30])
    assert (scores.mean(counts), scores.ease_index(counts)) == (pytest.approx(70), pytest.approx(70))


@pytest.mark.parametrize(
    ("scale", "polarity", "values", "ces"),
    [
        ((1, 7), Polarity.HIGH, [7, 6, 6, 5, 4], 5.6),
        ((1, 7), Polarity.LOW, [1, 2, 2, 3, 4], 5.6),
        ((0, 100), Polarity.HIGH, [75], 5.5),
    ],
)
def test_ces_is_rescaled_to_seven(organisation: Any, scale: Any, polarity: str, values: list[int], ces: float) -> None:
    counts = answers(SurveyFactory(kind="ces", scale=scale, polarity=polarity), values)
    assert scores.ces(counts) == pytest.approx(ces)


def test_ces_of_two_polarities_may_be_added_after_turning(organisation: Any) -> None:
    answers(SurveyFactory(kind="ces"), [7, 6, 6, 5, 4])
    answers(SurveyFactory(kind="ces", polarity=Polarity.LOW), [1, 2, 2, 3, 4])
    counts = Response.objects.of_kind("ces").confirmed().counts()
    assert scores.ces(counts) == pytest.approx(5.6)
    assert scores.ease_rate(counts) == pytest.approx(80)


def test_easy_starts_at_two_thirds_of_a_long_scale(organisation: Any) -> None:
    counts = answers(SurveyFactory(kind="ces", scale=(0, 100)), [66, 67])
    assert scores.ease_rate(counts) == 50


def test_csat_keeps_neutral_answers_in_n(organisation: Any) -> None:
    counts = answers(SurveyFactory(kind="csat"), [5] * 9 + [4] * 4 + [3] * 3 + [2] * 2 + [1])
    assert counts.n == 19
    assert scores.csat(counts) == pytest.approx(68.4, abs=0.05)
    assert scores.mean(counts) == pytest.approx(3.947, abs=0.0005)
    assert scores.csat_interval(counts) == pytest.approx((46.0, 84.6), abs=0.05)
    without_neutral = Response.objects.exclude(band="neutral").counts()
    assert scores.csat(without_neutral) == pytest.approx(81.3, abs=0.05)


@pytest.mark.parametrize(
    ("scale", "values", "csat"),
    [
        pytest.param((0, 1), [1] * 8 + [0] * 2, 80, id="good or bad"),
        pytest.param((1, 3), [3, 2, 1], 100 / 3, id="1-3"),
        pytest.param((1, 4), [4, 3, 2, 1], 50, id="1-4"),
        pytest.param((1, 5), [1] * 4 + [2] * 6 + [3] * 10 + [4] * 20 + [5] * 10, 60, id="1-5"),
        pytest.param((1, 7), [7, 6, 5, 4], 50, id="1-7"),
        pytest.param((1, 10), [10, 9, 8, 7], 75, id="1-10"),
    ],
)
def test_csat_counts_the_top_boxes_of_its_scale(organisation: Any, scale: Any, values: list[int], csat: float) -> None:
    assert scores.csat(answers(SurveyFactory(kind="csat", scale=scale), values)) == pytest.approx(csat)


def test_csat_mean_of_the_catalogue(organisation: Any) -> None:
    counts = answers(SurveyFactory(kind="csat"), [1] * 4 + [2] * 6 + [3] * 10 + [4] * 20 + [5] * 10)
    assert scores.mean(counts) == pytest.approx(3.52)


def test_the_response_rate_leaves_out_bounced_mails_and_suspect_answers(organisation: Any) -> None:
    survey = SurveyFactory()
    sent = InvitationFactory.create_batch(200, survey=survey)
    Invitation.objects.filter(pk__in=[row.pk for row in sent[:10]]).update(state=InvitationState.BOUNCED)
    for row in sent[10:58]:
        ResponseFactory(survey=survey, score=9, invitation=row)
    for row in sent[58:64]:
        ResponseFactory(survey=survey, score=0, invitation=row, state=ResponseState.QUARANTINED)
    rows = Invitation.objects.filter(survey=survey)
    assert (rows.sent().count(), rows.delivered().count(), rows.delivered().answered().count()) == (200, 190, 48)
    assert 100 * 48 / 190 == pytest.approx(25.3, abs=0.05)
    assert scores.nps(Response.objects.confirmed().counts()) == 100


def test_the_first_and_the_latest_answer_of_each_person_are_both_there(organisation: Any) -> None:
    survey, joe, eve = SurveyFactory(), PersonFactory(), PersonFactory()
    day = dt.timedelta(days=1)
    now = timezone.now()
    for person, score, at in (
        (joe, 2, now - 3 * day),
        (joe, 9, now - day),
        (joe, 7, now - 2 * day),
        (eve, 5, now),
        (None, 1, now),
    ):
        ResponseFactory(survey=survey, person=person, score=score, responded_at=at)
    rows = Response.objects.confirmed()
    assert sorted(row.score for row in rows.latest_per_person()) == [1, 5, 9]
    assert sorted(row.score for row in rows.first_per_person()) == [1, 2, 5]
    assert sorted(row.score for row in rows.filter(responded_at__lt=now - day).latest_per_person()) == [7]


def test_two_answers_of_one_instant_count_once_per_person(organisation: Any) -> None:
    survey, joe = SurveyFactory(), PersonFactory()
    now = timezone.now()
    first, second = (ResponseFactory(survey=survey, person=joe, score=score, responded_at=now) for score in (1, 9))
    assert list(Response.objects.latest_per_person()) == [second]
    assert list(Response.objects.first_per_person()) == [first]
