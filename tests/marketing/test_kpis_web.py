"""The vectors of the catalogue for the website (kpis.md 3.7), over records."""

from __future__ import annotations

import random
from typing import Any

import pytest

from analytics import refreshing
from analytics.checking import run
from analytics.drill import drill
from analytics.scopes import Scope
from contacts import services as contacts
from contacts.models import Lead
from crm import jobs
from crm import services as kernel
from crm.models import Job, Organisation
from crm.periods import Period
from marketing import visits
from marketing.models import Submission, Visit
from tests.analytics.vectors import LATER, MAY, leads, number
from tests.factories import VisitFactory, utc

pytestmark = pytest.mark.publishes

WHEN = utc("2026-05-04 09:00")


@pytest.fixture(autouse=True)
def later(organisation, clock):
    clock(LATER)


def visit(**values: Any) -> Visit:
    return VisitFactory(**{"started_at": WHEN, **values})


def test_a_visitor_of_two_days_is_one_visitor():
    for visitor, when in (
        ("A", "2026-05-04 09:00"),
        ("B", "2026-05-04 10:00"),
        ("B", "2026-05-05 09:00"),
        ("C", "2026-05-05 09:00"),
    ):
        visit(visitor=visitor, started_at=utc(when))
    assert number("website_visitors").value == 3
    day = Period(WHEN.date(), WHEN.date().replace(day=5), "day")
    assert number("website_visitors", day).value == 2


def test_a_late_visit_before_the_first_is_by_what_its_visitor_counts():
    visit(visitor="A", started_at=utc("2026-05-20 09:00"), source="mail")
    visit(visitor="A", started_at=utc("2026-04-30 09:00"), source="ads")
    assert number("website_visitors", by="source", member="mail").value == 1
    visit(visitor="A", started_at=utc("2026-05-04 09:00"), source="ads")
    assert number("website_visitors", by="source", member="ads").value == 1
    assert number("website_visitors").value == 1


def test_visitors_who_are_not_known_are_sessions_only():
    visit(visitor="A")
    visit(sessions=7)
    row = number("website_visitors")
    assert (row.value, [(n, measure) for _text, n, measure in row.left_out]) == (1, [(7, "web_sessions_unknown")])
    assert number("website_sessions").value == 8


def test_a_visitor_counts_by_the_first_visit_of_the_period():
    visit(visitor="A", source="ads", started_at=utc("2026-04-30 09:00"))
    visit(visitor="A", source="mail")
    visit(visitor="A", source="ads", started_at=utc("2026-05-20 09:00"))
    assert number("website_visitors", by="source", member="mail").value == 1
    assert number("website_visitors").value == 1


def test_sessions_add_up_and_belong_to_the_day_they_began():
    visit(sessions=100)
    visit(sessions=120, started_at=utc("2026-05-31 23:59"))
    visit(sessions=999, started_at=utc("2026-06-01 00:00"))
    assert number("website_sessions").value == 220


def test_50_leads_of_2000_visits_are_two_and_a_half_percent():
    visit(sessions=2000)
    leads(30, landing_page="/a")
    leads(10)
    Lead.objects.bulk_create([])
    for lead in leads(20):
        Lead.objects.filter(pk=lead.pk).update(origin="form")
    row = number("traffic_to_lead_rate")
    assert (row.value, row.numerator, row.denominator, row.low) == (2.5, 50, 2000, None)
    assert number("visitors_per_lead").value == 40
    assert number("traffic_to_lead_rate", by="landing_page", member="/a").numerator == 50 - 20


def test_without_traffic_there_is_no_rate_and_without_leads_no_visitors_per_lead():
    leads(5, landing_page="/a")
    assert (number("traffic_to_lead_rate").value, number("traffic_to_lead_rate").reason) == (None, "empty")
    visit()
    contacts.delete_lead(Lead.objects.first())
    Lead.objects.all().delete()
    refreshing.rebuild()
    assert number("visitors_per_lead").reason == "empty"


def test_30_of_600_sessions_convert():
    visit(sessions=600, submitted=30)
    visit(sessions=50, submitted=50, landing_page="")
    row = number("landing_page_conversion_rate")
    assert (row.value, row.numerator, row.denominator) == (5, 30, 600)
    assert row.low < 5 < row.high


def test_90_clicking_sessions_of_which_30_convert_leave_60():
    for number_ in range(90):
        visit(clicks=2, submitted=int(number_ < 30))
    visit(submitted=1)
    assert number("clicks_without_conversion").value == 60
    assert number("landing_page_clicks").value == 180


def test_in_a_row_of_many_sessions_each_clicks_once_before_any_clicks_twice():
    visit(sessions=100, clicks=90, submitted=30)
    visit(sessions=10, clicks=500, submitted=10)
    assert (number("clicks_without_conversion").value, number("landing_page_clicks").value) == (60, 590)


def test_40_forms_with_6_spam_and_4_known_are_30_signups():
    found = [visit(visitor=f"v{n}", submitted=1) for n in range(36)]
    for again in range(4):
        visit(visitor=f"v{again}", submitted=1, started_at=utc("2026-05-09 09:00"))
    for row in Submission.objects.filter(visit__in=found[-6:]):
        visits.mark_spam(row)
    row = number("signups_captured")
    assert row.value == 30
    assert {measure: n for _text, n, measure in row.left_out} == {"web_spam": 6, "web_known": 4}


def test_spam_of_nobody_known_is_spam():
    first = visit()
    visits.write_submissions([visits.submission_of(first, WHEN, spam=True), visits.submission_of(first, WHEN)])
    row = number("signups_captured")
    assert (row.value, {measure: n for _text, n, measure in row.left_out}) == (0, {"web_spam": 1, "web_unnamed": 1})


def test_who_was_known_before_is_no_signup():
    first = visit(visitor="v")
    visits.write_submissions([visits.submission_of(first, WHEN, known=True)])
    assert number("signups_captured").value == 0


def test_200_began_a_form_and_150_sent_it():
    Visit.objects.bulk_create(
        [visits.derive(Visit(started_at=WHEN, last_at=WHEN, form_started=1, submitted=int(n < 150))) for n in range(200)]
    )
    refreshing.rebuild()
    row = number("form_abandonment_rate")
    assert (row.value, row.numerator, row.denominator) == (25, 50, 200)


def test_nothing_begun_is_no_rate():
    visit(submitted=1)
    assert number("form_abandonment_rate").reason == "empty"


@pytest.mark.parametrize("key", ["website_visitors", "website_sessions", "landing_page_clicks", "signups_captured"])
def test_the_records_behind_a_number_are_those_it_counts_and_closed_to_reps(people, key):
    visit(visitor="A", clicks=3, submitted=1, sessions=1)
    row = number(key)
    found = drill(key, MAY, scope=Scope.everything())
    assert (found.total if found.is_sum else found.count) == row.value
    assert [item.url is None for who in (people.mia, people.ann) for item in found.page(who)] == [False, True]


def shake(rng: random.Random) -> None:
    """New visits, forms, spam, a time zone for a day: what moves the numbers."""
    kind = rng.randrange(4)
    rows = list(Submission.objects.order_by("pk"))
    if kind == 0 and rows:
        visits.mark_spam(rng.choice(rows), rng.random() < 0.5)
        return
    sessions = rng.choice([1, 1, 1, 40])
    started = utc("2026-04-30 23:30") if rng.random() < 0.3 else utc(f"2026-05-{rng.randrange(1, 32):02} 09:00")
    visit(
        visitor=rng.choice(["", "A", "B", "C"]),
        started_at=started,
        landing_page=rng.choice(["", "/a", "/b"]),
        source=rng.choice(["", "ads"]),
        sessions=sessions,
        clicks=rng.randrange(4),
        submitted=rng.randrange(sessions + 1),
    )


def settle() -> None:
    """What a worker does after edits, without publishing."""
    Job.objects.filter(kind__startswith="analytics.").delete()
    jobs.run_all(strict=True, even_early=True)
    refreshing.refresh_all_marked()
    Job.objects.filter(kind__startswith="analytics.").delete()


def test_the_numbers_are_those_of_the_records_after_random_edits_and_in_another_time_zone():
    rng = random.Random(3)
    Organisation.remember()
    for _number in range(40):
        shake(rng)
    settle()
    assert run().found == []
    kernel.save_organisation(Organisation.objects.get(), time_zone="America/Los_Angeles")
    settle()
    for _number in range(10):
        shake(rng)
    settle()
    report = run()
    assert (report.jobs, report.waiting, report.found) == ([], {}, [])
