"""The pages of surveys: list, results, form, preview, sending to a list."""

from __future__ import annotations

from typing import Any

import pytest
from django.core import mail
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from surveys.models import Invitation, Response, Survey
from tests.factories import CompanyFactory, PersonEmailFactory, PersonFactory, SurveyFactory, utc
from tests.people import People
from tests.suites import posted

from .bulk import answered, answers, invitations
from .scene import run_jobs

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def today(organisation: Any, clock: Any) -> None:
    clock("2026-05-18 10:00")


@pytest.fixture
def boss(people: People, client_of: Any) -> Client:
    return client_of(people.ada)


def page(client: Client, survey: Survey, **query: Any) -> Any:
    response = client.get(survey.get_absolute_url(), query)
    assert response.status_code == 200
    return response


def queries(client: Client, url: str) -> int:
    with CaptureQueriesContext(connection) as captured:
        assert client.get(url).status_code == 200
    return len(captured)


# --- results


def test_without_answers_the_page_shows_a_dash(boss: Client) -> None:
    assert page(boss, SurveyFactory()).context["score"].state == "none"


@pytest.mark.parametrize(("n", "state"), [(9, "few"), (10, "small"), (29, "small"), (30, "normal")])
def test_a_score_is_shown_by_how_many_answers_it_rests_on(boss: Client, n: int, state: str) -> None:
    survey = SurveyFactory()
    answers(survey, [9] * n)
    assert page(boss, survey).context["score"].state == state


def test_a_handful_of_answers_is_told_in_counts_and_without_a_score(boss: Client) -> None:
    survey = SurveyFactory()
    answers(survey, [9, 10, 9, 10, 3])
    found = page(boss, survey)
    text = found.content.decode()
    assert "4 of 5 are promoters" in text
    assert "+60" not in text


def test_the_score_stands_with_its_interval_and_the_bands_open_their_answers(boss: Client) -> None:
    survey = SurveyFactory()
    answers(survey, {10: 45, 7: 30, 3: 25})
    found = page(boss, survey)
    assert (found.context["score"].text, found.context["score"].interval) == ("+20", "+4 – +35")
    for band in found.context["bands"]:
        listed = boss.get(band["url"])
        assert listed.context["page"].count == band["n"]


def test_quarantined_answers_are_announced_and_not_counted(boss: Client) -> None:
    survey = SurveyFactory()
    answers(survey, {10: 10})
    answers(survey, [0, 0], state="quarantined")
    found = page(boss, survey)
    assert found.context["score"].n == 10
    assert "2 answers look as if a machine had sent them" in found.content.decode()


def test_latest_and_first_answers_of_each_person_can_be_looked_at(boss: Client) -> None:
    survey, person = SurveyFactory(), PersonFactory()
    answers(survey, [0], utc("2026-04-01"), person=person)
    answers(survey, [10], utc("2026-05-01"), person=person)
    for mode, scores in (("all", [0, 10]), ("latest", [10]), ("first", [0])):
        rows = page(boss, survey, people=mode).context["spread"].rows
        assert [int(row["score"]) for row in rows if row["n"]] == scores, mode


def test_a_month_with_fewer_than_ten_answers_is_a_gap_in_the_line(boss: Client) -> None:
    survey = SurveyFactory()
    answers(survey, [9] * 9, utc("2026-03-10"))
    answers(survey, [9] * 10, utc("2026-04-10"))
    rows = {row["name"]: row["score"] for row in page(boss, survey).context["course"].rows}
    assert (rows["March 2026"].shown, rows["April 2026"].shown) == (False, True)


def test_a_member_of_a_split_with_fewer_than_five_answers_is_hidden(boss: Client, people: People) -> None:
    survey = SurveyFactory()
    answers(survey, [9] * 4, owner=people.ann)
    answers(survey, [9] * 12, owner=people.ben)
    lines = {line.label: line for line in page(boss, survey, by="owner").context["split"]}
    assert lines["Ann Archer"].hidden
    assert lines["Ben Baker"].score.text == "+100"


def test_each_number_on_the_way_from_planned_to_answered_opens_its_list(boss: Client) -> None:
    survey = SurveyFactory()
    sent = invitations(survey, 10)
    invitations(survey, 2, state="bounced")
    Invitation.objects.filter(pk__in=[row.pk for row in invitations(survey, 3, state="skipped", reason="throttled")]).update(
        sent_at=None, delivered_at=None, delivered_day=None
    )
    answered(sent[:4], utc("2026-05-05"))
    answered(sent[4:5], utc("2026-05-05"), state="quarantined")
    found = page(boss, survey)
    steps = {step.key: step for step in found.context["steps"]}
    wanted = {
        "planned": 15,
        "skipped": 3,
        "reason": 3,
        "sent": 12,
        "bounced": 2,
        "delivered": 10,
        "quarantined": 1,
        "answered": 4,
    }
    assert {key: step.n for key, step in steps.items()} == wanted
    assert found.context["rated"] == (4, 10, "40.0%")
    for step in steps.values():
        assert boss.get(step.url).context["page"].count == step.n, step.key


def test_comments_are_found_by_words_and_band(boss: Client) -> None:
    survey = SurveyFactory()
    answers(survey, [10], comment="quick answer")
    answers(survey, [0], comment="slow answer")
    answers(survey, [0], comment="rude")
    assert page(boss, survey, q="answer").context["comments"].count == 2
    assert page(boss, survey, q="answer", band="detractor").context["comments"].count == 1


def test_a_rep_sees_the_answers_about_own_customers_only(people: People, client_of: Any) -> None:
    survey = SurveyFactory()
    answers(survey, [9] * 3, owner=people.ann, team=people.north)
    answers(survey, [0] * 5, owner=people.cleo, team=people.south)
    assert page(client_of(people.ann), survey).context["score"].n == 3
    assert page(client_of(people.max), survey).context["score"].n == 3
    assert page(client_of(people.mia), survey).context["score"].n == 8


def test_the_page_takes_as_many_queries_with_many_answers_as_with_few(boss: Client, people: People) -> None:
    survey = SurveyFactory()
    answers(survey, [9] * 12, comment="words", owner=people.ann)
    answered(invitations(survey, 3), utc("2026-05-05"))
    page(boss, survey)
    few = queries(boss, survey.get_absolute_url())
    answers(survey, [9, 3, 7] * 20, comment="words", owner=people.ben)
    answered(invitations(survey, 30), utc("2026-05-05"))
    assert queries(boss, survey.get_absolute_url()) == few


@pytest.mark.parametrize(
    "query",
    ["people=odd", "by=password", "band=x", "q=%25_", "q=" + "x" * 3000, "page=99", "from=2026-13-01", "grain=hour", "by=survey"],
)
def test_the_page_survives_what_nobody_should_type(boss: Client, query: str) -> None:
    survey = SurveyFactory()
    answers(survey, [9] * 12)
    assert boss.get(f"{survey.get_absolute_url()}?{query}").status_code == 200


@pytest.mark.parametrize(("kind", "scores", "text"), [("ces", [7] * 40, "7.0"), ("csat", [5] * 30 + [1] * 10, "75.0%")])
def test_each_kind_has_its_headline(boss: Client, kind: str, scores: list[int], text: str) -> None:
    survey = SurveyFactory(kind=kind)
    answers(survey, scores)
    assert page(boss, survey).context["score"].text == text


def test_a_scale_to_a_hundred_is_drawn_by_tenths(boss: Client) -> None:
    survey = SurveyFactory(kind="ces", scale=(0, 100))
    answers(survey, [0, 75, 100])
    assert [row["n"] for row in page(boss, survey).context["spread"].rows] == [1, 0, 0, 0, 0, 0, 0, 1, 0, 1]


# --- list


def test_the_list_shows_rate_and_score_and_does_not_ask_more_for_more_surveys(boss: Client) -> None:
    survey = SurveyFactory()
    answered(invitations(survey, 40), utc("2026-05-05"))
    url = reverse("surveys:surveys")
    assert "100.0%" in boss.get(url).content.decode()
    few = queries(boss, url)
    for _number in range(20):
        SurveyFactory()
    assert queries(boss, url) == few


# --- form


def test_a_marketer_makes_a_survey_with_ready_texts(people: People, client_of: Any) -> None:
    client = client_of(people.mia)
    form = posted(client.get(reverse("surveys:survey_new") + "?kind=csat").context["form"])
    response = client.post(reverse("surveys:survey_new"), form | {"name": "Help"})
    assert response.status_code == 302
    survey = Survey.objects.get()
    assert (survey.kind, survey.version.scale_max, survey.owner) == ("csat", 5, people.mia)
    assert survey.version.text("question", "fr").startswith("Êtes-vous")


@pytest.mark.parametrize("who", ["ann", "gus"])
def test_reps_and_agents_do_not_edit_surveys(people: People, client_of: Any, who: str) -> None:
    survey = SurveyFactory()
    client = client_of(getattr(people, who))
    assert client.get(reverse("surveys:survey_new")).status_code == 403
    assert client.get(reverse("surveys:survey_edit", args=[survey.pk])).status_code == 403
    assert client.post(reverse("surveys:survey_switch", args=[survey.pk])).status_code == 403


def test_another_wording_of_a_question_that_was_answered_starts_a_version_and_says_so(boss: Client) -> None:
    survey = SurveyFactory()
    answers(survey, [9])
    url = reverse("surveys:survey_edit", args=[survey.pk])
    opened = boss.get(url)
    assert "starts version 2" in opened.content.decode()
    form = posted(opened.context["form"]) | {"question_en": "Would you recommend us?"}
    response = boss.post(url, form, follow=True)
    assert survey.version.version == 2
    assert "version 2" in response.content.decode()
    assert Response.objects.get().version.version == 1


def test_settings_can_be_changed_without_a_new_version(boss: Client) -> None:
    survey = SurveyFactory()
    answers(survey, [9])
    url = reverse("surveys:survey_edit", args=[survey.pk])
    boss.post(url, posted(boss.get(url).context["form"]) | {"expiry_days": "14"})
    survey.refresh_from_db()
    assert (survey.expiry_days, survey.version.version) == (14, 1)


def test_asking_more_often_needs_a_reason_and_nothing_typed_is_lost(boss: Client) -> None:
    survey = SurveyFactory()
    url = reverse("surveys:survey_edit", args=[survey.pk])
    form = posted(boss.get(url).context["form"]) | {"throttle_days": "5", "sender_name": "Kept words"}
    response = boss.post(url, form)
    assert response.status_code == 422
    assert "throttle_reason" in response.context["form"].errors
    assert "Kept words" in response.content.decode()


def test_two_who_change_the_question_at_once_do_not_overwrite_each_other(boss: Client) -> None:
    survey = SurveyFactory()
    answers(survey, [9])
    url = reverse("surveys:survey_edit", args=[survey.pk])
    first, second = posted(boss.get(url).context["form"]), posted(boss.get(url).context["form"])
    boss.post(url, first | {"question_en": "One?"})
    assert boss.post(url, second | {"question_en": "Two?"}).status_code == 422
    assert survey.version.text("question", "en") == "One?"


def test_a_survey_that_asked_somebody_stays(boss: Client) -> None:
    survey = SurveyFactory()
    answers(survey, [9])
    boss.post(reverse("surveys:survey_delete", args=[survey.pk]))
    assert Survey.objects.filter(pk=survey.pk).exists()
    other = SurveyFactory()
    boss.post(reverse("surveys:survey_delete", args=[other.pk]))
    assert not Survey.objects.filter(pk=other.pk).exists()


@pytest.mark.parametrize(("what", "words"), [("page", "Dans quelle mesure"), ("mail", "Dans quelle mesure")])
def test_page_and_mail_can_be_looked_at_in_each_language_before_sending(boss: Client, what: str, words: str) -> None:
    survey = SurveyFactory()
    response = boss.get(reverse("surveys:survey_preview", args=[survey.pk]), {"what": what, "l": "fr"})
    assert words in response.content.decode()
    assert not Invitation.objects.exists()


# --- sending to a list


def test_a_list_of_people_is_asked_and_who_was_asked_lately_is_left_out(boss: Client) -> None:
    survey = SurveyFactory()
    invitations(survey, 1, utc("2026-05-10"), email="twice@x.example")
    url = reverse("surveys:survey_send", args=[survey.pk])
    response = boss.post(url, {"addresses": "ann@x.example\ntwice@x.example, ben@x.example"}, follow=True)
    text = response.content.decode()
    assert "2 people are asked." in text
    assert "1 is left out." in text
    run_jobs()
    assert sorted(message.to[0] for message in mail.outbox) == ["ann@x.example", "ben@x.example"]


def test_a_wrong_address_is_named_and_nobody_is_asked(boss: Client) -> None:
    survey = SurveyFactory()
    response = boss.post(reverse("surveys:survey_send", args=[survey.pk]), {"addresses": "ann@x.example\nnonsense"})
    assert response.status_code == 422
    assert "nonsense" in response.content.decode()
    assert not Invitation.objects.exists()


def test_a_list_with_people_of_another_team_is_answered_like_one_with_unknown_addresses(people: People, client_of: Any) -> None:
    PersonFactory(owner=people.cleo, team=people.south, emails=["theirs@x.example"])
    PersonFactory(owner=people.ann, team=people.north, emails=["own@x.example"])
    url, rep = reverse("surveys:survey_send", args=[SurveyFactory().pk]), client_of(people.ann)
    hidden, unknown = (rep.post(url, {"addresses": f"own@x.example\n{name}@x.example"}) for name in ("theirs", "unknown"))
    assert (hidden.status_code, unknown.status_code) == (422, 422)
    said = [
        [str(error).replace(name, "") for error in response.context["form"].errors["addresses"]]
        for response, name in ((hidden, "theirs"), (unknown, "unknown"))
    ]
    assert said[0] == said[1]
    assert not Invitation.objects.exists()
    assert rep.post(url, {"addresses": "Own@x.example"}).status_code == 302
    assert Invitation.objects.get().owner == people.ann


def test_from_a_company_its_people_are_proposed(boss: Client) -> None:
    company = CompanyFactory()
    PersonEmailFactory(person=PersonFactory(company=company), email="her@x.example")
    url = reverse("surveys:survey_send", args=[SurveyFactory().pk])
    assert "her@x.example" in boss.get(url, {"company": company.pk}).content.decode()
