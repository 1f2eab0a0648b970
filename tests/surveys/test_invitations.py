"""Who is asked and who is not: throttle, sampling, unsubscribed people, and a reason for every survey that was not sent."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import connection

from contacts.services import merge_people
from crm.models import Event
from surveys import services
from surveys.choices import Skip
from surveys.models import Invitation, Response
from surveys.planning import About, plan, plan_list
from tests.factories import (
    CompanyFactory,
    InvitationFactory,
    PersonFactory,
    ResponseFactory,
    SurveyFactory,
    utc,
)
from tests.people import People

from .scene import invite, run_jobs

pytestmark = pytest.mark.django_db


def outcome(invitation: Invitation) -> tuple[str, str]:
    return (invitation.state, invitation.reason)


@pytest.mark.parametrize(
    ("zone", "now", "expected"),
    [
        ("Europe/Berlin", "2026-05-29 12:00", ("skipped", "throttled")),
        ("Europe/Berlin", "2026-05-29 21:59", ("skipped", "throttled")),
        ("Europe/Berlin", "2026-05-29 22:00", ("planned", "")),  # 30 May, 00:00 in Berlin
        ("UTC", "2026-05-29 22:00", ("skipped", "throttled")),
    ],
)
def test_the_throttle_counts_whole_days_of_the_organisation(
    organisation: Any, clock: Callable[[str], None], zone: str, now: str, expected: Any
) -> None:
    organisation.time_zone = zone
    organisation.save()
    joe = PersonFactory(emails=["joe@x.example"])
    clock("2026-03-01 09:00")
    InvitationFactory(person=joe, survey=SurveyFactory(kind="csat"))
    clock(now)
    assert outcome(plan(SurveyFactory(), person=joe, cause="b")) == expected


def test_two_triggers_of_one_minute_give_one_invitation_and_one_skip(organisation: Any) -> None:
    joe = PersonFactory(emails=["joe@x.example"])
    first = plan(SurveyFactory(kind="csat"), person=joe, cause="a")
    second = plan(SurveyFactory(), person=joe, cause="b")
    assert (outcome(first), outcome(second)) == (("planned", ""), ("skipped", "throttled"))
    assert second.starved_by == first


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_the_same_moment_give_one_invitation_and_one_skip() -> None:
    joe = PersonFactory(emails=["joe@x.example"])
    surveys = [SurveyFactory(kind="csat"), SurveyFactory()]
    start = threading.Barrier(2)

    def work(number: int) -> None:
        try:
            start.wait()
            plan(surveys[number], person=joe, cause=f"c{number}")
        finally:
            connection.close()

    threads = [threading.Thread(target=work, args=[number]) for number in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(map(outcome, Invitation.objects.all())) == [("planned", ""), ("skipped", "throttled")]


def test_asking_again_for_the_same_cause_changes_nothing(organisation: Any) -> None:
    survey, joe = SurveyFactory(), PersonFactory(emails=["joe@x.example"])
    assert plan(survey, person=joe, cause="a") == plan(survey, person=joe, cause="a")
    assert Invitation.objects.count() == 1


def test_a_survey_of_its_own_throttle_needs_a_reason(organisation: Any) -> None:
    survey = SurveyFactory()
    with pytest.raises(ValidationError) as found:
        services.change_survey(survey, throttle_days=7)
    assert "throttle_reason" in found.value.message_dict
    services.change_survey(survey, throttle_days=7, throttle_reason="Pilot customers asked for it")
    assert survey.throttle == 7


@pytest.mark.parametrize(
    ("case", "reason"),
    [
        ("no address", Skip.NO_ADDRESS),
        ("unsubscribed", Skip.UNSUBSCRIBED),
        ("unsubscribed at another address", Skip.UNSUBSCRIBED),
        ("switched off", Skip.INACTIVE),
        ("sampled out", Skip.SAMPLED_OUT),
        ("asked about it", Skip.ALREADY_ASKED),
    ],
)
def test_every_skip_is_a_row_with_its_reason(organisation: Any, case: str, reason: str) -> None:
    # Its number is part of what decides who is in the sample.
    survey = SurveyFactory(pk=1_000_000, throttle_days=0, throttle_reason="Test")
    joe = PersonFactory(emails=["joe@x.example"])
    about = About(subject_type="support.ticket", subject_id=12)
    cause = "a"
    if case == "no address":
        joe = PersonFactory()
    elif case.startswith("unsubscribed"):
        services.unsubscribe(InvitationFactory(person=joe, email="old@x.example" if "another" in case else "joe@x.example"))
    elif case == "switched off":
        services.change_survey(survey, active=False)
    elif case == "sampled out":
        services.change_survey(survey, sampling_percent=1)
        cause = "event:5"
    else:
        InvitationFactory(survey=survey, subject_type="support.ticket", subject_id=12)
    skipped = plan(survey, person=joe, cause=cause, about=about)
    assert outcome(skipped) == ("skipped", reason)
    assert Event.objects.filter(kind="survey.skipped", subject_id=skipped.pk, new__reason=reason).exists()


def test_a_sample_is_as_large_as_it_says(organisation: Any) -> None:
    survey = SurveyFactory(sampling_percent=30)
    found = plan_list(survey, [(None, f"p{n}@x.example") for n in range(300)], batch="list:1", trigger="manual")
    planned = sum(row.state == "planned" for row in found)
    assert 70 <= planned <= 110
    assert {row.reason for row in found if row.state == "skipped"} == {"sampled_out"}


def test_a_list_given_twice_asks_nobody_twice(organisation: Any) -> None:
    survey, joe = SurveyFactory(), PersonFactory(emails=["joe@x.example"])
    for _try in range(2):
        plan_list(survey, [(joe, ""), (None, "new@x.example")], batch="list:7", trigger="manual")
    assert sorted(Invitation.objects.values_list("email", flat=True)) == ["joe@x.example", "new@x.example"]


def test_an_address_of_someone_known_is_that_person(organisation: Any, people: People) -> None:
    company = CompanyFactory(owner=people.ann, industry="Retail")
    joe = PersonFactory(emails=["a@x.example", "joe@x.example"], company=company, language="fr")
    row = plan(SurveyFactory(), email="JOE@x.example", cause="a")
    assert (row.person, row.company, row.owner, row.team) == (joe, company, people.ann, people.north)
    assert (row.email, row.language, row.segment) == ("JOE@x.example", "fr", "Retail")


def test_what_is_no_address_is_refused(organisation: Any) -> None:
    with pytest.raises(ValidationError) as found:
        plan(SurveyFactory(), email="joe@", cause="a")
    assert "email" in found.value.message_dict


def test_the_attribution_stays_when_the_records_change(organisation: Any, people: People) -> None:
    company = CompanyFactory(owner=people.ann)
    invitation, _token = invite(person=PersonFactory(company=company), company=company, owner=people.ann, team=people.north)
    company.owner = people.cleo
    company.save()
    response = ResponseFactory(survey=invitation.survey, invitation=invitation)
    assert (response.owner, response.team) == (people.ann, people.north)


def test_a_withdrawn_invitation_is_not_sent(organisation: Any, mailoutbox: list) -> None:
    invitation = plan(SurveyFactory(), email="joe@x.example", cause="a")
    services.withdraw(invitation)
    run_jobs()
    assert not mailoutbox


def test_merged_people_keep_their_surveys_and_their_wish_for_none(organisation: Any) -> None:
    keep, lose = PersonFactory(emails=["a@x.example"]), PersonFactory(emails=["b@x.example"])
    invitation, _token = invite(person=lose, email="b@x.example")
    ResponseFactory(survey=invitation.survey, invitation=invitation, person=lose)
    services.unsubscribe(invitation)
    merge_people(keep, lose)
    assert Response.objects.get().person == keep
    assert services.is_unsubscribed(keep, "a@x.example")


def test_changing_the_question_after_it_was_sent_makes_a_version(organisation: Any) -> None:
    survey = SurveyFactory()
    first = survey.version
    services.change_question(survey, scale_min=1)
    assert (survey.version.pk, survey.version.version) == (first.pk, 1)
    ResponseFactory(survey=survey)
    second = services.change_question(survey, scale_min=0)
    assert (second.version, second.scale_min) == (2, 0)
    first.refresh_from_db()
    assert first.scale_min == 1


@pytest.mark.parametrize(
    ("kind", "changes", "field"),
    [
        ("nps", {"scale_max": 5}, "scale_min"),
        ("csat", {"polarity": "low_is_easy"}, "polarity"),
        ("ces", {"scale_max": 1}, "scale_max"),
        ("csat", {"scale_max": 100}, "scale_max"),
        ("nps", {"texts": {"fr": {"question": "Ça va ?"}}}, "texts"),
    ],
)
def test_a_question_that_cannot_be_counted_is_refused(organisation: Any, kind: str, changes: dict, field: str) -> None:
    survey = SurveyFactory(kind=kind)
    with pytest.raises(ValidationError) as found:
        services.change_question(survey, **changes)
    assert field in found.value.message_dict


def test_the_throttle_is_measured_on_the_day_the_mail_leaves(organisation: Any, clock: Callable[[Any], None]) -> None:
    """A mail that leaves late is measured on the day it leaves."""
    joe = PersonFactory(emails=["joe@x.example"])
    clock("2026-03-01 10:00")
    InvitationFactory(person=joe, survey=SurveyFactory(kind="csat"))
    clock("2026-05-29 12:00")
    planned = plan(SurveyFactory(delay_hours=24), person=joe, cause="a")
    assert outcome(planned) == ("planned", "")
    assert planned.send_after == utc("2026-05-30 12:00")
    assert planned.planned_day == dt.date(2026, 5, 29)
