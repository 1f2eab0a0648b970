"""What the website reports: every hit that is answered with 2xx is stored, everything else is refused, nothing breaks."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from crm import jobs, periods
from marketing import visits
from marketing.models import Hit, Salt, Submission, Visit
from tests.factories import utc

pytestmark = pytest.mark.django_db

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
NUMBER = "3f0c7a54-6a3e-4bd1-9f57-0a2a1d0a9f11"


@pytest.fixture(autouse=True)
def may(organisation: object, clock: Any) -> Any:
    cache.clear()
    clock("2026-05-18 10:00")
    return clock


def send(
    body: Any = None, client: Client | None = None, headers: dict[str, str] | None = None, agent: str = FIREFOX, **fields: Any
) -> Any:
    if body is None:
        body = json.dumps({"p": "/a", "q": "", "r": "", "v": "", "n": 0, "d": "desktop", "e": [["view", 0]], **fields})
    browser = client or Client(enforce_csrf_checks=True)
    return browser.post(
        reverse("marketing:hit"), body, content_type="text/plain", headers={"User-Agent": agent, **(headers or {})}
    )


def count() -> list[Visit]:
    """The visits after the worker has run."""
    visits.take_hits()
    return list(Visit.objects.order_by("started_at", "pk"))


def test_a_hit_is_stored_without_cookie_address_or_browser() -> None:
    response = send()
    assert (response.status_code, response.cookies, response.content) == (204, {}, b"")
    assert response["Access-Control-Allow-Origin"] == "*"
    hit = Hit.objects.get()
    assert "127.0.0.1" not in json.dumps(hit.data) and "Firefox" not in json.dumps(hit.data)
    (visit,) = count()
    assert (visit.landing_page, visit.views, visit.device, visit.started_day) == ("/a", 1, "desktop", dt.date(2026, 5, 18))
    assert not Hit.objects.exists()


def test_a_worker_takes_what_a_hit_left() -> None:
    send()
    jobs.run_all(strict=True, even_early=True)
    assert Visit.objects.count() == 1 and not Hit.objects.exists()


@pytest.mark.parametrize(
    "body",
    [
        "",
        "x",
        "[]",
        "null",
        "1",
        "{}",
        "[" * 5000,
        b"\xff\xfe",
        '{"p": "/a", "e": []}',
        '{"p": "a", "e": [["view", 0]]}',
        '{"p": "/a", "e": [["view", -1]]}',
        '{"p": "/a", "e": [["view", true]]}',
        '{"p": "/a", "e": [["view", 1.5]]}',
        '{"p": "/a", "e": [["view", 99999999999]]}',
        '{"p": "/a", "e": [["buy", 0]]}',
        '{"p": "/a", "e": ["view"]}',
        '{"p": "/a", "e": {"view": 0}}',
        '{"p": {"a": 1}, "e": [["view", 0]]}',
        '{"p": "/a\\u0000", "e": [["view", 0]]}',
        '{"p": "/\\ud800", "e": [["view", 0]]}',
        '{"p": "/a", "v": "short", "e": [["view", 0]]}',
        '{"p": "/a", "v": "x@y.example and more", "e": [["view", 0]]}',
        '{"p": "/a", "d": "fridge", "e": [["view", 0]]}',
        '{"p": "/a", "n": "yes", "e": [["view", 0]]}',
        json.dumps({"p": "/" + "a" * 300, "e": [["view", 0]]}),
        json.dumps({"p": "/a", "e": [["view", 0]] * 51}),
    ],
)
def test_garbage_is_refused_and_leaves_nothing(body: Any) -> None:
    assert send(body).status_code == 400
    assert not Hit.objects.exists()


def test_what_is_too_large_is_refused() -> None:
    assert send(json.dumps({"p": "/a", "x": "y" * 9000, "e": [["view", 0]]})).status_code == 413
    assert not Hit.objects.exists()


@pytest.mark.parametrize("header", ["DNT", "Sec-GPC"])
def test_who_asks_not_to_be_tracked_is_not_counted(header: str) -> None:
    assert send(headers={header: "1"}).status_code == 403
    assert send(headers={header: "0"}).status_code == 204
    assert Hit.objects.count() == 1


@pytest.mark.parametrize(
    "agent", ["", "Googlebot/2.1", "curl/8.5", "python-requests/2", "HeadlessChrome/140", "Mozilla/5.0 (compatible; AhrefsBot/7)"]
)
def test_programs_are_left_out(agent: str) -> None:
    assert send(agent=agent).status_code == 403
    assert not Hit.objects.exists()


def test_only_posts_are_taken_and_the_flood_ends(monkeypatch: Any) -> None:
    assert Client().get(reverse("marketing:hit")).status_code == 405
    monkeypatch.setattr("marketing.views.collect.A_MINUTE", 3)
    codes = [send().status_code for _number in range(5)]
    assert codes == [204, 204, 204, 429, 429]
    assert Hit.objects.count() == 3


def test_every_2xx_is_counted_in_the_end(may: Any) -> None:
    for minute in range(6):
        may(f"2026-05-18 10:{minute * 9:02}")
        assert send(e=[["view", 500], ["click", 0]]).status_code == 204
    (visit,) = count()
    assert (visit.views, visit.clicks, visit.clicking) == (6, 6, 1)


def test_thirty_minutes_without_anything_end_a_session(may: Any) -> None:
    send()
    may("2026-05-18 10:29:59")
    send()
    may("2026-05-18 10:59:59")
    send()
    assert [visit.views for visit in count()] == [2, 1]


def test_a_session_goes_on_in_the_next_batch_and_over_midnight(may: Any) -> None:
    may("2026-05-18 23:50")
    send()
    count()
    may("2026-05-19 00:05")
    send(p="/b")
    (visit,) = count()
    assert (visit.views, visit.landing_page, visit.started_day) == (2, "/a", dt.date(2026, 5, 18))


def test_who_agreed_is_one_visitor_on_all_days_who_did_not_is_another_each_day(may: Any) -> None:
    for day in ("2026-05-18 10:00", "2026-05-20 10:00"):
        may(day)
        send(v=NUMBER)
        send()
    agreed = {visit.visitor for visit in count() if visit.visitor.startswith("c")}
    others = {visit.visitor for visit in Visit.objects.all()} - agreed
    assert (len(agreed), len(others)) == (1, 2)
    assert NUMBER not in str(agreed)


def test_who_refused_is_a_session_and_no_visitor() -> None:
    send(n=1)
    send(n=1, e=[["click", 0]])
    (visit,) = count()
    assert (visit.visitor, visit.clicks) == ("", 1)


def test_the_salt_of_a_day_is_gone_after_the_next(may: Any) -> None:
    for day in ("2026-05-18 10:00", "2026-05-19 10:00", "2026-05-20 10:00"):
        may(day)
        send()
    assert set(Salt.objects.values_list("day", flat=True)) == {dt.date(2026, 5, 19), dt.date(2026, 5, 20)}
    assert periods.today() == dt.date(2026, 5, 20)


@pytest.mark.parametrize(
    ("query", "referrer", "came"),
    [
        ("?utm_source=Google%20Ads&utm_medium=cpc&utm_campaign=spring&utm_term=pump&x=1", "", ("Google Ads", "cpc", "spring")),
        ("?utm_campaign=spring", "https://www.google.com/", ("", "", "spring")),
        ("", "https://www.google.com/search?q=x", ("google", "organic", "")),
        ("", "https://blog.partner.example/post", ("blog.partner.example", "referral", "")),
        ("", "", ("", "", "")),
        ("", "nonsense", ("", "", "")),
        ("?utm_source=" + "x" * 500, "", ("x" * 80, "", "")),
    ],
)
def test_where_a_visit_came_from(query: str, referrer: str, came: tuple[str, str, str]) -> None:
    assert send(q=query, r=referrer).status_code == 204
    (visit,) = count()
    assert (visit.source, visit.medium, visit.campaign) == came


def test_clicks_count_on_the_landing_page_and_double_clicks_once() -> None:
    send(e=[["view", 9000], ["click", 8000], ["click", 7500], ["click", 5000]])
    send(p="/b", e=[["view", 2000], ["click", 1000]])
    (visit,) = count()
    assert (visit.clicks, visit.views) == (2, 2)


def test_a_form_begun_and_sent_is_a_signup_of_the_visitor_once() -> None:
    send(v=NUMBER, e=[["view", 9000], ["start", 5000]])
    (visit,) = count()
    assert (visit.form_started, visit.form_left, visit.submitted) == (1, 1, 0)
    send(v=NUMBER, e=[["submit", 0], ["submit", 0]])
    (visit,) = count()
    assert (visit.form_started, visit.form_left, visit.submitted) == (1, 0, 1)
    assert sorted(Submission.objects.values_list("outcome", flat=True)) == ["known", "signup"]


def test_a_form_of_nobody_known_is_no_signup() -> None:
    send(n=1, e=[["submit", 0]])
    count()
    assert Submission.objects.get().outcome == "unnamed"


def test_spam_leaves_the_numbers_and_the_next_one_is_the_signup() -> None:
    send(v=NUMBER, e=[["submit", 5000], ["submit", 0]])
    count()
    first, second = Submission.objects.order_by("at")
    visits.mark_spam(first)
    assert list(Submission.objects.order_by("at").values_list("outcome", flat=True)) == ["spam", "signup"]
    visits.mark_spam(first, False)
    assert list(Submission.objects.order_by("at").values_list("outcome", flat=True)) == ["signup", "known"]
    assert second.at == utc("2026-05-18 10:00")


def test_the_script_is_small_ours_and_obeys() -> None:
    response = Client().get(reverse("marketing:script"))
    text = response.content.decode()
    assert response["Content-Type"].startswith("text/javascript")
    assert len(response.content) < 2000
    assert "cookie" not in text.replace("No cookie", "") and "http" not in text
    for word in ("globalPrivacyControl", "doNotTrack", 'credentials: "omit"'):
        assert word in text
