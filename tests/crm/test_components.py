"""Components draw what they say, escape what they are given, and show only what the reader may use."""

from __future__ import annotations

import datetime as dt

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.paginator import Paginator
from django.template import Context, Template
from django.test import RequestFactory
from django.utils import timezone, translation

from crm import formats
from crm.cards import Card, Change
from crm.timeline import Entry, by_day


def draw(source: str, **context) -> str:
    return Template(source).render(Context(context))


def request_of(user, path="/", **query):
    request = RequestFactory().get(path, query)
    request.user = user
    return request


def test_an_unknown_icon_is_an_error():
    with pytest.raises(Exception, match="does not exist"):
        draw("{% icon 'no-such-icon' %}")


def test_text_in_components_is_escaped():
    html = draw(
        "{% badge text %}{% panel text %}{{ text }}{% endpanel %}{% facts %}{% fact text %}{{ text }}{% endfact %}{% endfacts %}",
        text="<b>x",
    )
    assert "<b>x" not in html
    assert html.count("&lt;b&gt;x") == 5


def test_an_empty_fact_shows_a_dash():
    assert "—" in draw("{% fact 'Source' %}{{ nothing|default_if_none:'' }}{% endfact %}", nothing=None)


def test_money_shows_cents_only_when_there_are_some():
    assert (
        draw("{{ a|money:'EUR' }} {{ b|money:'EUR' }} {{ c|money:'JPY' }} {{ d|money:'EUR' }}", a=1200, b=1250, c=1250, d=None)
        == "€12 €12.50 ¥1,250 —"
    )


def test_shortened_money_keeps_the_exact_amount_as_title():
    assert 'title="€12,400.50"' in draw("{% money 1240050 'EUR' short=True %}")


def test_numbers_follow_the_readers_locale():
    with translation.override("fr"):
        assert formats.number(1234.5) == "1\u202f234,5"
        assert formats.percent(12.34) == "12,3\u202f%"


@pytest.mark.parametrize(
    ("seconds", "words"), [(0, "0 s"), (59, "59 s"), (3720, "1 h 2 min"), (93784, "1 d 2 h"), (86400, "1 d"), (-60, "−1 min")]
)
def test_a_span_shows_its_two_largest_units(seconds, words):
    assert formats.duration(seconds) == words


def test_near_days_are_named():
    today = dt.date(2026, 5, 18)
    assert formats.day_ago(today, today) == "today"
    assert formats.day_ago(today + dt.timedelta(days=1), today) == "tomorrow"
    assert formats.day_ago(today - dt.timedelta(days=60), today) == "19 Mar 2026"


def test_a_card_without_a_value_says_why():
    html = draw("{% kpi_card card %}", card=Card("Win rate", url="/x/", reason="No deal was closed."))
    assert "No value" in html
    assert "No deal was closed." in html


def test_a_card_that_is_not_permitted_shows_no_number_and_no_link():
    html = draw("{% kpi_card card %}", card=Card("Win rate", url="/x/", value="34%", permitted=False))
    assert "34%" not in html
    assert "/x/" not in html


@pytest.mark.parametrize(("better", "tone"), [(True, "success"), (False, "danger"), (None, "neutral")])
def test_a_change_is_green_only_when_better(better, tone):
    html = draw("{% kpi_card card %}", card=Card("x", value="1", change=Change("+1", "up", better, "against April")))
    assert f"kpi-delta tone-{tone}" in html


def test_sorting_a_column_turns_round_and_keeps_the_filters():
    user = AnonymousUser()
    html = draw("{% th 'Value' sort='amount' numeric=True %}", request=request_of(user, owner="3", sort="-amount", page="7"))
    assert 'aria-sort="descending"' in html
    assert "owner=3" in html
    assert "sort=amount" in html
    assert "page=" not in html


def test_the_pager_links_to_its_neighbours_only():
    page = Paginator(range(120), 50).page(3)
    html = draw("{% pager page %}", page=page, request=request_of(AnonymousUser(), page="3", q="acme"))
    assert "101–120 of 120" in html
    assert "page=2" in html
    assert 'rel="next"' not in html


def test_the_timeline_is_grouped_by_the_readers_day():
    late = dt.datetime(2026, 5, 17, 23, 30, tzinfo=dt.UTC)
    with timezone.override("Europe/Paris"):
        days = by_day([Entry(late, "a"), Entry(late - dt.timedelta(hours=3), "b")])
    assert [day for day, _words, _entries in days] == [dt.date(2026, 5, 18), dt.date(2026, 5, 17)]


def test_the_menu_shows_only_what_the_role_may_use(people):
    html = draw("{% sidebar %}{% new_menu %}", request=request_of(people.ann))
    assert "Deals" in html
    assert "Settings" not in draw("{% sidebar %}", request=request_of(AnonymousUser()))


def test_the_menu_marks_one_current_item(people):
    html = draw("{% sidebar %}", request=request_of(people.ann, "/deals/"))
    assert html.count('aria-current="page"') == 1


def test_the_style_guide_draws_every_component_for_administrators_only(people, client_of):
    assert client_of(people.ada).get("/styleguide/").status_code == 200
    assert client_of(people.ann).get("/styleguide/").status_code == 404


def test_theme_is_remembered_on_the_device_and_rows_with_the_person(people, client_of):
    client = client_of(people.ann)
    client.post("/preferences/", {"theme": "dark", "density": "compact"})
    people.ann.refresh_from_db()
    assert people.ann.compact
    assert b'data-theme="dark"' in client.get("/accounts/2fa/").content


def test_unknown_preferences_change_nothing(people, client_of):
    response = client_of(people.ann).post("/preferences/", {"theme": "<b>", "density": "x", "next": "https://evil.example/"})
    assert "theme" not in response.cookies
    assert response["Location"] == "/"


@pytest.mark.parametrize(
    "path",
    [
        "/accounts/login/",
        "/accounts/password/reset/",
        "/accounts/password/reset/done/",
        "/accounts/password/reset/key/x-y/",
        "/accounts/signup/",
        "/nowhere/",
    ],
)
def test_pages_for_visitors_have_a_language_a_heading_and_a_landmark(db, client, path):
    html = client.get(path, headers={"accept-language": "fr"}).content.decode()
    assert '<html lang="fr"' in html
    assert "<h1" in html
    assert '<main id="main"' in html
    assert "style=" not in html


@pytest.mark.parametrize(
    "path",
    [
        "/accounts/password/change/",
        "/accounts/2fa/",
        "/accounts/2fa/totp/activate/",
        "/accounts/logout/",
        "/accounts/reauthenticate/",
    ],
)
def test_account_pages_draw(people, path, client):
    client.post("/accounts/login/", {"login": people.ann.username, "password": "x"})
    client.force_login(people.ann)
    assert client.get(path, follow=True).status_code == 200
