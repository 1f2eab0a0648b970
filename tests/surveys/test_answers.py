"""Answers: one for each invitation, changed with history, in quarantine where they look automatic, followed up when low."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.test import Client

from analytics.models import DirtyDay
from contacts.models import Task
from contacts.services import complete_task
from crm.history import events_of
from crm.models import Event, EventLink
from surveys import answers, scores, tokens
from surveys.choices import FollowUp
from surveys.models import Response
from tests.factories import CompanyFactory, DealFactory, PersonFactory, ResponseFactory, SurveyFactory, utc
from tests.people import People

from .scene import invite, open_page, run_jobs, send

pytestmark = pytest.mark.django_db

START = utc("2026-05-18 10:00")


def after(seconds: float) -> dt.datetime:
    return START + dt.timedelta(seconds=seconds)


@pytest.fixture
def ask(people: People, clock: Any) -> Any:
    """An invitation to Joe at Ann's company, delivered an hour ago; it is 18 May 2026, 10:00."""

    def make(**values: Any) -> Any:
        clock(START)
        company = CompanyFactory(owner=people.ann)
        joe = PersonFactory(name="Joe", company=company, emails=["joe@x.example"])
        defaults = {"person": joe, "company": company, "owner": people.ann, "team": people.north, "email": "joe@x.example"}
        return invite(**{**defaults, **values})

    return make


def respond(client: Client, clock: Any, token: str, score: int, at: float = 10, opened: float | None = None) -> Any:
    """Opens the page and sends it ten seconds later, `at` seconds after the start."""
    clock(after(at - 10 if opened is None else opened))
    page = open_page(client, token, edit=1)
    clock(after(at))
    return send(client, token, score, page)


def test_a_changed_answer_is_one_answer_with_history_and_pages_nobody(client: Client, clock: Any, ask: Any) -> None:
    _invitation, token = ask()
    respond(client, clock, token, 3)
    respond(client, clock, token, 8, at=130)
    clock(after(900))
    run_jobs()
    response = Response.objects.get()
    assert (response.score, response.band, response.responded_at) == (8, "passive", after(10))
    assert [edit.score for edit in response.edits.all()] == [3]
    assert not Task.objects.exists()


def test_the_day_of_an_answer_stays_that_of_the_first(client: Client, clock: Any, ask: Any) -> None:
    _invitation, token = ask()
    respond(client, clock, token, 3)
    respond(client, clock, token, 8, at=5 * 86400)
    assert Response.objects.get().responded_day == dt.date(2026, 5, 18)


def test_an_answer_can_be_changed_for_14_days_to_the_second(client: Client, clock: Any, ask: Any) -> None:
    _invitation, token = ask()
    respond(client, clock, token, 3)
    respond(client, clock, token, 4, at=10 + 14 * 86400 - 1)
    assert Response.objects.get().score == 4
    assert respond(client, clock, token, 5, at=10 + 14 * 86400, opened=10 + 14 * 86400 - 20).status_code == 422
    assert Response.objects.get().score == 4


def test_a_low_score_makes_a_task_with_owner_and_due_time(client: Client, clock: Any, ask: Any, people: People) -> None:
    _invitation, token = ask(survey=SurveyFactory(low_score_hours=8))
    respond(client, clock, token, 2)
    clock(after(700))
    run_jobs()
    task = Task.objects.get()
    assert (task.owner, task.due_at, task.person.name) == (people.ann, after(700) + dt.timedelta(hours=8), "Joe")
    assert Response.objects.get().task == task


def test_a_low_score_makes_one_task_however_often_it_is_changed(client: Client, clock: Any, ask: Any) -> None:
    _invitation, token = ask()
    respond(client, clock, token, 2)
    clock(after(700))
    run_jobs()
    respond(client, clock, token, 1, at=900)
    clock(after(2000))
    run_jobs()
    assert Task.objects.count() == 1


def test_a_better_score_stands_on_the_open_task_and_does_not_close_it(client: Client, clock: Any, ask: Any) -> None:
    _invitation, token = ask()
    respond(client, clock, token, 2)
    clock(after(700))
    run_jobs()
    respond(client, clock, token, 9, at=900)
    task = Task.objects.get()
    assert task.done_at is None
    assert task.note.startswith("Answer changed from 2 of 10 to 9 of 10.")
    complete_task(task)
    respond(client, clock, token, 1, at=1200)
    assert Task.objects.get().note == task.note


@pytest.mark.parametrize(("rule", "who"), [(FollowUp.OWNER, "ann"), (FollowUp.MANAGER, "max"), (FollowUp.USER, "gus")])
def test_the_surveys_rule_says_who_follows_up(client: Client, clock: Any, ask: Any, people: People, rule: str, who: str) -> None:
    _invitation, token = ask(survey=SurveyFactory(low_score_rule=rule, low_score_user=people.gus))
    respond(client, clock, token, 2)
    clock(after(700))
    run_jobs()
    assert Task.objects.get().owner.username == who


def test_an_owner_who_has_left_gets_no_task(client: Client, clock: Any, ask: Any, people: People) -> None:
    people.ann.is_active = False
    people.ann.save()
    _invitation, token = ask()
    respond(client, clock, token, 2)
    run_jobs()
    assert Task.objects.get().owner == people.max


def test_an_imported_low_score_makes_no_task(organisation: Any, people: People) -> None:
    ResponseFactory(score=0, person=PersonFactory(owner=people.ann), origin="import")
    run_jobs()
    assert not Task.objects.exists()


def test_quarantine_is_left_by_release_and_by_rejection(client: Client, clock: Any, ask: Any) -> None:
    invitation, token = ask()
    respond(client, clock, token, 0, opened=9.6)
    response = Response.objects.get()
    assert (response.state, response.reasons) == ("quarantined", ["fast_post"])
    assert scores.nps(Response.objects.confirmed().counts()) is None
    answers.release(response)
    assert scores.nps(Response.objects.confirmed().counts()) == -100
    invitation.refresh_from_db()
    assert (invitation.state, invitation.answered_at) == ("answered", after(10))
    answers.reject(response)
    assert scores.nps(Response.objects.confirmed().counts()) is None
    assert set(Event.objects.filter(subject_type="surveys.response").values_list("kind", flat=True)) == {
        "response.quarantined",
        "response.released",
        "response.rejected",
    }


def test_a_low_score_in_quarantine_pages_nobody_until_it_is_released(client: Client, clock: Any, ask: Any) -> None:
    _invitation, token = ask()
    respond(client, clock, token, 0, opened=9.6)
    clock(after(2000))
    run_jobs()
    assert not Task.objects.exists()
    answers.release(Response.objects.get())
    run_jobs()
    assert Task.objects.count() == 1


def test_a_persons_answer_takes_the_place_of_a_suspect_one(client: Client, clock: Any, ask: Any) -> None:
    invitation, token = ask()
    respond(client, clock, token, 0, opened=9.6)
    respond(client, clock, token, 9, at=3600)
    response = Response.objects.get()
    assert (response.state, response.score, response.reasons) == ("confirmed", 9, [])
    invitation.refresh_from_db()
    assert invitation.state == "answered"


def test_a_machine_never_changes_a_persons_answer(client: Client, clock: Any, ask: Any) -> None:
    _invitation, token = ask()
    respond(client, clock, token, 9)
    respond(client, clock, token, 0, at=100, opened=99.5)
    response = Response.objects.get()
    assert (response.state, response.score) == ("confirmed", 9)
    assert Event.objects.filter(kind="response.suspect_change", new__score=0).exists()


def test_an_answer_stands_on_the_timelines_of_person_company_and_deal(
    client: Client, clock: Any, ask: Any, people: People
) -> None:
    deal = DealFactory(owner=people.ann)
    invitation, token = ask(subject_type="deals.deal", subject_id=deal.pk, subject_number=deal.number)
    respond(client, clock, token, 9)
    for record in (invitation.person, invitation.company, deal):
        assert "response.received" in [event.kind for event in events_of(record, people.ann)]


def test_a_timeline_shows_an_answer_only_to_who_may_see_it(client: Client, clock: Any, ask: Any, people: People) -> None:
    invitation, token = ask(owner=people.cleo, team=people.south)
    respond(client, clock, token, 9)
    assert "response.received" not in [event.kind for event in events_of(invitation.company, people.ann)]
    assert Response.objects.visible_to(people.ann).count() == 0
    assert Response.objects.visible_to(people.cleo).count() == 1


def test_a_subject_of_an_app_that_is_not_there_is_no_error(client: Client, clock: Any, ask: Any) -> None:
    _invitation, token = ask(subject_type="moon.crater", subject_id=1)
    respond(client, clock, token, 9)
    assert not EventLink.objects.filter(object_type="moon.crater").exists()


def test_an_answer_marks_its_day_and_the_day_its_mail_was_delivered(client: Client, clock: Any, ask: Any) -> None:
    _invitation, token = ask(sent_at=START - dt.timedelta(days=3))
    respond(client, clock, token, 9)
    marks = dict(DirtyDay.objects.filter(source__startswith="surveys.").values_list("source", "day"))
    assert sorted(marks.values()) == [dt.date(2026, 5, 15), dt.date(2026, 5, 18)]
    assert marks["surveys.invitations"] == dt.date(2026, 5, 15)


def test_an_invitation_that_is_closed_takes_no_answer_by_any_door(organisation: Any, clock: Any) -> None:
    clock(START)
    invitation, _token = invite()
    page = tokens.read_nonce(invitation, tokens.page_nonce(invitation))
    clock(START + dt.timedelta(days=28))
    with pytest.raises(ValidationError):
        answers.answer(invitation, 9, "", page)
    assert not Response.objects.exists()


def test_a_correction_of_an_imported_answer_keeps_the_old_one(organisation: Any) -> None:
    response = ResponseFactory(score=2, comment="slow")
    answers.change_response(response, score="9")
    assert (response.score, response.band) == (9, "promoter")
    assert [(edit.score, edit.comment) for edit in response.edits.all()] == [(2, "slow")]
