"""Importing answers: small files in the shape of the usual exports, and the public ones where SEXTANT_DATA names their folder."""

from __future__ import annotations

import csv
import os
from collections import Counter, defaultdict
from pathlib import Path

import pytest

from analytics.engine import evaluate
from analytics.scopes import Scope
from contacts.models import Company, Person
from crm.periods import Period
from surveys.models import Invitation, Response, Survey
from tests.factories import DealFactory, PersonEmailFactory, PersonFactory, SurveyFactory, utc
from tests.imports import counts, reasons, run_import, write

FOLDER = Path(os.environ.get("SEXTANT_DATA") or "no-such-folder") / "nps_surveys"
NPS = {"survey": "Guests", "kind": "nps"}
HEAD = ["Who", "When", "Rating", "Why"]
MAP = {"respondent": "Who", "answered_at": "When", "score": "Rating", "comment": "Why"}


@pytest.fixture(autouse=True)
def today(organisation, clock):
    clock("2026-05-18 10:00")


def load(tmp_path: Path, rows: list[list], head: list[str] = HEAD, **options):
    options = {"map": MAP, "default": NPS, **options}
    return run_import("responses", write(tmp_path / "answers.csv", [head, *rows]), **options)


def separately(scores: list[int]) -> float:
    """NPS by hand."""
    return 100 * (sum(score >= 9 for score in scores) - sum(score <= 6 for score in scores)) / len(scores)


def nps_of(responses) -> float:
    counts = responses.counts()
    return 100 * (counts.promoters - counts.detractors) / counts.n


def test_answers_come_in_with_people_times_and_comments(tmp_path):
    run = load(tmp_path, [["ann@x.example", "2026-05-04 09:30", "10", "Great"], ["ben@x.example", "2026-05-05", "3", ""]])
    assert counts(run) == (2, 0, 0, 0)
    first = Response.objects.get(score=10)
    assert (first.responded_at, first.comment, first.band) == (utc("2026-05-04 09:30"), "Great", "promoter")
    assert first.person.emails.get().email == "ann@x.example"
    assert Survey.objects.get().active is False


def test_importing_again_changes_nothing(tmp_path):
    rows = [["Juliana", "05/01/2020", "7", ""], ["Juliana", "19/01/2020", "1", ""], ["Henk", "01/01/2020", "2", "dog"]] * 2
    assert counts(load(tmp_path, rows))[0] == 6
    assert counts(load(tmp_path, rows)) == (0, 0, 6, 0)
    assert Response.objects.count() == 6


def test_all_answers_of_one_person_are_kept_and_first_and_latest_can_be_asked_for(tmp_path):
    load(tmp_path, [["Juliana", "19/01/2020", "1", ""], ["Juliana", "05/01/2020", "7", ""], ["Ross", "13/01/2020", "9", ""]])
    assert Person.objects.count() == 2
    assert sorted(Response.objects.latest_per_person().values_list("score", flat=True)) == [1, 9]
    assert sorted(Response.objects.first_per_person().values_list("score", flat=True)) == [7, 9]


def test_a_corrected_score_changes_the_answer_and_keeps_what_it_was(tmp_path):
    load(tmp_path, [["Ann", "2026-05-04", "3", ""]])
    assert counts(load(tmp_path, [["Ann", "2026-05-04", "8", ""]])) == (0, 1, 0, 0)
    response = Response.objects.get()
    assert (response.score, response.edits.get().score) == (8, 3)


def test_what_cannot_be_read_is_refused_by_line(tmp_path):
    rows = [
        ["A", "2026-05-04", "11", ""],
        ["B", "2026-05-04", "7.5", ""],
        ["C", "Monday - 13th Jan", "7", ""],
        ["D", "2026-05-04", "", ""],
        ["E", "2026-05-04", "-1", ""],
        ["F", "2026-05-04", "nine", ""],
        ["G", "2026-05-04", "9", ""],
    ]
    run = load(tmp_path, rows)
    assert counts(run) == (1, 0, 0, 6)
    assert [(line, column) for line, column, _value, _reason in reasons(run)] == [
        (2, "Rating"),
        (3, "Rating"),
        (4, "When"),
        (5, "Rating"),
        (6, "Rating"),
        (7, "Rating"),
    ]


def test_dates_written_in_different_ways_are_read(tmp_path):
    written = ["13/01/2020", "5th Jan 2020", "2020/01/19", "15/1/2020", "7 Dec 2019", "2020-01-12"]
    run = load(tmp_path, [["A", when, "9", ""] for when in written])
    assert counts(run) == (6, 0, 0, 0)
    days = [(at.month, at.day) for at in Response.objects.order_by("pk").values_list("responded_at", flat=True)]
    assert days == [(1, 13), (1, 5), (1, 19), (1, 15), (12, 7), (1, 12)]


def test_countries_with_a_slip_are_read_and_others_refused(tmp_path):
    rows = [["Clapham", "Ingland", "9"], ["Utrecht", "Netherlands", "8"], ["Putney", "3ngland", "7"], ["Leith", "Sc0tland", "6"]]
    mapped = {"company": "Store", "country": "Country", "score": "Score"}
    run = load(tmp_path, rows, ["Store", "Country", "Score"], map=mapped, alias={"country": {"3ngland": "England"}})
    assert counts(run) == (3, 0, 0, 1)
    assert dict(Company.objects.values_list("name", "country")) == {"Clapham": "GB", "Utrecht": "NL", "Putney": "GB"}


def test_an_answer_on_the_low_is_easy_scale_is_turned(tmp_path):
    default = {"survey": "Effort", "kind": "ces", "scale_min": "1", "scale_max": "5", "polarity": "low_is_easy"}
    load(tmp_path, [["1"], ["5"]], ["Score"], map={"score": "Score"}, default=default)
    assert sorted(Response.objects.values_list("ease_micro", flat=True)) == [1_000_000, 7_000_000]


def test_a_survey_that_is_sent_takes_no_answers_on_another_scale(tmp_path):
    SurveyFactory(name="Care", kind="csat")
    default = {"survey": "Care", "scale_min": "1", "scale_max": "7"}
    run = load(tmp_path, [["6"]], ["Score"], map={"score": "Score"}, default=default)
    assert counts(run) == (0, 0, 0, 1)


def test_a_new_survey_needs_its_type(tmp_path):
    run = load(tmp_path, [["6"]], ["Score"], map={"score": "Score"}, default={"survey": "New"})
    assert reasons(run)[0][3].startswith("is missing")


def test_invitations_nobody_answered_make_the_response_rate(tmp_path):
    rows = [["a@x.example", "2026-03-02", "9"], ["b@x.example", "2026-03-02", ""], ["c@x.example", "2026-03-02", ""]]
    mapped = {"respondent": "Who", "invited_at": "Sent", "score": "Score"}
    assert counts(load(tmp_path, rows, ["Who", "Sent", "Score"], map=mapped))[0] == 3
    march = Period(utc("2026-03-01").date(), utc("2026-04-01").date())
    row = evaluate(["survey_response_rate"], [march], scope=Scope.everything(), live=True)[0]
    assert (row.numerator, row.denominator) == (1, 3)
    rows[1][2] = "4"
    assert counts(load(tmp_path, rows, ["Who", "Sent", "Score"], map=mapped)) == (0, 1, 2, 0)
    assert Invitation.objects.count() == 3


def test_an_answer_is_counted_by_the_deal_it_is_about(tmp_path, people):
    deal = DealFactory(owner=people.ann)
    run = load(tmp_path, [[deal.number, "9"], ["D-none", "9"]], ["Deal", "Score"], map={"deal": "Deal", "score": "Score"})
    assert counts(run) == (1, 0, 0, 1)
    response = Response.objects.get()
    assert (response.owner, response.subject_number) == (people.ann, deal.number)


def test_a_manager_cannot_hang_answers_on_people_of_another_team(tmp_path, people):
    SurveyFactory(name="Guests")
    PersonEmailFactory(person=PersonFactory(owner=people.cleo), email="her@x.example")
    run = load(tmp_path, [["her@x.example", "2026-05-04", "9", ""], ["new@x.example", "2026-05-04", "9", ""]], actor=people.max)
    assert counts(run) == (1, 0, 0, 1)
    assert Response.objects.get().owner == people.max


def test_a_dry_run_writes_nothing(tmp_path):
    run = load(tmp_path, [["Ann", "2026-05-04", "3", ""]], dry_run=True)
    assert counts(run)[0] == 1
    assert not Response.objects.exists()
    assert not Survey.objects.exists()


# --- the public files ------------------------------------------------------------------------------------------------

real = pytest.mark.skipif(not FOLDER.exists(), reason="SEXTANT_DATA names no folder with the public files")


def read(name: str) -> list[dict[str, str]]:
    with open(FOLDER / name, newline="", encoding="utf-8-sig") as file:
        return list(csv.DictReader(file))


@real
def test_the_airlines_have_the_scores_of_a_separate_calculation(tmp_path):
    question = "How likely are you to recommend this airline?"
    mapped = {"company": "Airline", "respondent": "CustomerID", "score": question}
    default = {"survey": "Airlines", "kind": "nps", "answered_at": "2021-01-05"}
    expected: dict[str, list[int]] = defaultdict(list)
    for name in ("airlines/input_01.csv", "airlines/input_02.csv"):
        rows = read(name)
        run = run_import("responses", FOLDER / name, map=mapped, default=default)
        assert counts(run) == (len(rows), 0, 0, 0), reasons(run)
        for row in rows:
            expected[row["Airline"]].append(int(row[question]))
    assert len(expected) == 99
    for company in Company.objects.all():
        assert nps_of(Response.objects.filter(company=company)) == pytest.approx(separately(expected[company.name])), company
    again = run_import("responses", FOLDER / "airlines/input_02.csv", map=mapped, default=default)
    assert counts(again) == (0, 0, 184, 0)


@real
@pytest.mark.parametrize(("name", "form"), [("input_01.csv", "m/d/Y H:i:s"), ("input_02.csv", "")])
def test_sudzilla_has_the_score_of_a_separate_calculation(tmp_path, name, form):
    question = "On a scale of 0-10, how would you rate Sudzilla?"
    rows = read(f"sudzilla/{name}")
    mapped = {"answered_at": "Timestamp", "score": question, "comment": "...why?"}
    path = FOLDER / "sudzilla" / name
    run = run_import("responses", path, map=mapped, default={"survey": "Sudzilla", "kind": "nps"}, date_format=form)
    assert counts(run) == (39, 0, 0, 0)
    assert nps_of(Response.objects.all()) == pytest.approx(separately([int(row[question]) for row in rows]))
    assert Counter(Response.objects.values_list("comment", flat=True)) == Counter(row["...why?"].strip() for row in rows)
    assert {at.date().isoformat() for at in Response.objects.values_list("responded_at", flat=True)} == {
        "2019-11-01",
        "2019-11-02",
        "2019-11-04",
    }


@real
def test_the_store_survey_keeps_all_answers_of_one_person(tmp_path):
    rows = [row for row in read("store_survey_duplicates/input_01.csv") if row["Question Number"] == "3"]
    mapped = {"score": "Answer", "respondent": "Name", "company": "Store", "country": "Country"}
    mistakes = {
        "3ngland": "England",
        "Sc0tland": "England",
        "Scottish": "England",
        "Scotland": "England",
        "The Netherlands": "NL",
    }
    path = FOLDER / "store_survey_duplicates/input_01.csv"
    default = {"survey": "Stores", "kind": "nps"}
    run = run_import("responses", path, map=mapped, default=default, alias={"country": mistakes})
    assert (run.created, run.refused) == (28, 112)
    assert nps_of(Response.objects.all()) == pytest.approx(separately([int(row["Answer"]) for row in rows]))
    assert Response.objects.filter(person__name="Juliana").count() == 3
    assert Response.objects.latest_per_person().count() == len({row["Name"] for row in rows})
