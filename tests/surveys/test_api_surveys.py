"""Surveys, invitations and answers over the API."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.core import mail
from django.test import Client

from crm.models import IdempotencyKey
from surveys.models import Invitation, InvitationToken, Survey
from tests.api import Api, fields
from tests.factories import CompanyFactory, InvitationFactory, PersonFactory, ResponseFactory, SurveyFactory
from tests.people import People

from .scene import open_page, run_jobs, send

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def today(organisation: Any, clock: Any) -> None:
    clock("2026-05-18 10:00")


@pytest.fixture
def api(people: People) -> Api:
    return Api(people.ada)


def test_a_survey_is_made_with_its_question(api: Api) -> None:
    question = {"scale_min": 1, "scale_max": 7, "texts": {"en": {"question": "Happy?", "low": "no", "high": "yes"}}}
    answer = api.post("/surveys/", name="Help", kind="csat", question=question)
    assert answer.status_code == 201
    assert answer.json()["question"]["scale_max"] == 7
    assert Survey.objects.get().version.text("question") == "Happy?"


def test_what_is_read_can_be_sent_back_and_changes_nothing(api: Api) -> None:
    survey = SurveyFactory()
    data = api.get(f"/surveys/{survey.pk}/").json()
    assert api.patch(f"/surveys/{survey.pk}/", **data).status_code == 200
    assert survey.version.version == 1


def test_another_question_starts_a_version_once_somebody_answered(api: Api) -> None:
    survey = SurveyFactory()
    ResponseFactory(survey=survey)
    api.patch(f"/surveys/{survey.pk}/", question={"texts": {"en": {"question": "New?"}}})
    assert survey.version.version == 2


@pytest.mark.parametrize(
    ("question", "field"),
    [
        ({"scale_min": 5, "scale_max": 1}, "scale_max"),
        ({"texts": {"xx": {"question": "?"}}}, "question.texts"),
        ({"texts": {"en": {"question": 7}}}, "question.texts"),
        ({"colour": "red"}, "question.colour"),
    ],
)
def test_a_question_that_makes_no_sense_is_refused_at_its_field(api: Api, question: dict, field: str) -> None:
    answer = api.post("/surveys/", name="Help", kind="csat", question=question)
    assert answer.status_code == 400
    assert field in fields(answer)
    assert not Survey.objects.exists()


def test_a_rep_reads_surveys_and_makes_none(people: People) -> None:
    SurveyFactory()
    rep = Api(people.ann)
    assert len(rep.get("/surveys/").json()["results"]) == 1
    assert rep.post("/surveys/", name="Mine", kind="nps").status_code == 403


@pytest.mark.parametrize(("who", "status"), [("ann", 200), ("ben", 404), ("cleo", 404), ("max", 200), ("mia", 200), ("gus", 404)])
def test_who_reads_an_answer(people: People, who: str, status: int) -> None:
    response = ResponseFactory(score=3, owner=people.ann, team=people.north)
    caller = Api(getattr(people, who))
    assert caller.get(f"/responses/{response.pk}/").status_code == status
    assert len(caller.get("/responses/").json()["results"]) == int(status == 200)


def test_the_filters_are_those_of_the_page_and_an_unknown_one_is_refused(api: Api) -> None:
    ResponseFactory(score=10)
    ResponseFactory(score=0)
    assert [row["score"] for row in api.get("/responses/?band=detractor").json()["results"]] == [0]
    assert len(api.get("/responses/?from=2026-05-18").json()["results"]) == 2
    assert api.get("/responses/?mood=bad").status_code == 400


def test_answers_cannot_be_written_or_deleted(api: Api) -> None:
    response = ResponseFactory()
    assert api.patch(f"/responses/{response.pk}/", score=1).status_code == 405
    assert api.delete(f"/responses/{response.pk}/").status_code == 405


def test_an_answer_is_rejected_and_released(api: Api) -> None:
    response = ResponseFactory()
    assert api.post(f"/responses/{response.pk}/reject/").json()["state"] == "rejected"
    assert api.post(f"/responses/{response.pk}/release/").json()["state"] == "confirmed"


def test_a_planned_invitation_is_mailed_and_shows_no_link(api: Api) -> None:
    answer = api.post("/invitations/", survey=SurveyFactory().pk, email="ann@x.example")
    assert (answer.status_code, answer.json()["link"]) == (201, None)
    run_jobs()
    assert mail.outbox[0].to == ["ann@x.example"]


def test_a_link_for_an_own_message_is_shown_once_and_works(api: Api, clock: Any) -> None:
    survey = SurveyFactory()
    answer = api.post("/invitations/", survey=survey.pk, person=PersonFactory().pk, email="ann@x.example", mail=False)
    link = answer.json()["link"]
    token = re.findall(r"/s/([a-z2-7]{32})/", link)[0]
    run_jobs()
    assert not mail.outbox
    assert not InvitationToken.objects.filter(hashed=token).exists()
    assert link not in api.get(f"/invitations/{answer.json()['id']}/").content.decode()
    clock("2026-05-18 11:00")
    page = open_page(Client(), token)
    clock("2026-05-18 11:01")
    send(Client(), token, 9, page)
    assert Invitation.objects.get().response.score == 9


def test_a_repeated_request_plans_nobody_twice_and_keeps_no_link(api: Api) -> None:
    survey = SurveyFactory()
    sent = {"survey": survey.pk, "email": "ann@x.example", "mail": False}
    first = api.post("/invitations/", headers={"Idempotency-Key": "k1"}, **sent)
    second = api.post("/invitations/", headers={"Idempotency-Key": "k1"}, **sent)
    assert first.json()["id"] == second.json()["id"]
    assert first.json()["link"]
    assert second.json()["link"] is None
    assert "/s/" not in str(IdempotencyKey.objects.get().body)


def test_the_same_cause_again_asks_nobody_twice(api: Api) -> None:
    survey = SurveyFactory()
    for _number in range(2):
        api.post("/invitations/", survey=survey.pk, email="ann@x.example", cause="order 12")
    assert Invitation.objects.count() == 1


def test_who_is_left_out_is_told_why(api: Api) -> None:
    survey = SurveyFactory()
    InvitationFactory(survey=survey, email="ann@x.example")
    answer = api.post("/invitations/", survey=survey.pk, email="ann@x.example", mail=False).json()
    assert (answer["state"], answer["reason"], answer["link"]) == ("skipped", "throttled", None)


@pytest.mark.parametrize(
    "data", [{}, {"email": "nonsense"}, {"survey": 999, "email": "a@x.example"}, {"email": "a@x.example", "x": 1}]
)
def test_a_plan_that_makes_no_sense_is_refused(api: Api, data: dict) -> None:
    assert api.post("/invitations/", **({"survey": SurveyFactory().pk} | data)).status_code == 400
    assert not Invitation.objects.exists()


def test_a_rep_cannot_name_a_person_of_another_team(people: People) -> None:
    answer = Api(people.ann).post("/invitations/", survey=SurveyFactory().pk, person=PersonFactory(owner=people.cleo).pk)
    assert answer.status_code == 400


@pytest.mark.parametrize("who", ["ann", "max"])
@pytest.mark.parametrize("more", [{}, {"mail": False}])
def test_an_address_of_another_team_is_answered_like_one_of_nobody(people: People, who: str, more: dict) -> None:
    company = CompanyFactory(owner=people.cleo, team=people.south)
    PersonFactory(owner=people.cleo, team=people.south, company=company, emails=["theirs@x.example"])
    own = PersonFactory(owner=people.ann, team=people.north, emails=["own@x.example"])
    survey, caller = SurveyFactory(), Api(getattr(people, who))
    answers = [
        caller.post("/invitations/", survey=survey.pk, email=email, **extra, **more)
        for extra in ({}, {"person": own.pk})
        for email in ("theirs@x.example", "Theirs@X.example", "unknown@x.example")
    ]
    assert {answer.status_code for answer in answers} == {400}
    assert len({re.sub("(theirs|unknown)@x", "", str(answer.json()["errors"]).lower()) for answer in answers}) == 1
    assert fields(answers[0]) == {"email"}
    assert not Invitation.objects.exists()
    assert caller.post("/invitations/", survey=survey.pk, email="OWN@x.example", **more).json()["person"] == own.pk


def test_an_invitation_is_withdrawn(api: Api) -> None:
    row = InvitationFactory()
    assert api.post(f"/invitations/{row.pk}/withdraw/").json()["state"] == "withdrawn"


def test_a_cause_that_was_used_before_gives_nobody_the_link_of_somebody_else(people: People) -> None:
    survey = SurveyFactory(delay_hours=24)
    theirs, own = (PersonFactory(owner=user, emails=[f"{user.username}@x.example"]) for user in (people.ann, people.cleo))
    Api(people.ann).post("/invitations/", survey=survey.pk, person=theirs.pk, cause="order 12")
    answer = Api(people.cleo).post("/invitations/", survey=survey.pk, person=own.pk, cause="order 12", mail=False)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "cause")
    assert "ann@x.example" not in answer.content.decode()
    assert not InvitationToken.objects.exists()
