"""The overview, a card as a fragment, and the index of all numbers."""

import re

from django.db import connection
from django.test.utils import CaptureQueriesContext

from analytics.areas import by_area
from analytics.question import mix
from analytics.registry import kpis
from analytics.views.overview import CARDS

from . import scene

HTMX = {"HX-Request": "true"}
NONSENSE = (
    "?period=nonsense",
    "?from=2026-13-45&to=x",
    "?from=2026-05-10&to=2026-05-01",
    "?from=0001-01-01&to=9999-12-31",
    "?compare=zzz&grain=century&by=nothing",
    "?period=this_year&grain=day",
    "?from=2026-05-01&to=2026-05-01",
    "?from=2030-01-01&to=2030-12-31",
    "?page=-1&part=%27&owner=%27&stage=abc",
)


def text_of(response):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode())).replace("\xa0", " ").replace("\u202f", " ")


def card(client, key, query=""):
    return text_of(client.get(f"/numbers/{key}/card/{query}", headers=HTMX))


def test_everyone_has_an_overview(spring, client_of):
    for user in spring:
        assert client_of(user).get("/").status_code == 200, user


def test_visitors_are_sent_to_the_login_page(client, db):
    assert client.get("/")["Location"].startswith("/accounts/login/")


def test_a_visitors_fragment_sends_the_browser_to_the_login_page(client, db):
    assert "HX-Redirect" in client.get("/numbers/win_rate/card/", headers=HTMX)


def test_each_area_shows_its_first_numbers_and_leads_to_the_others(spring, client_of):
    client = client_of(spring.ada)
    html, index = client.get("/").content.decode(), client.get("/numbers/").content.decode()
    for area, _name, group in by_area(kpi for kpi in kpis if not mix(kpi)):
        shown = [kpi.key for kpi in group if f'id="card-{kpi.key}"' in html]
        assert shown == [kpi.key for kpi in group[:CARDS]]
        assert (f"/numbers/#area-{area}" in html) == (len(group) > CARDS)
        assert f'id="area-{area}"' in index
    assert [kpi.key for kpi in kpis if f"/numbers/{kpi.key}/" not in index] == []


def test_a_card_tells_value_change_comparison_and_n(spring, client_of):
    text = card(client_of(spring.ada), "win_rate")
    assert "66.7%" in text  # 10 of 15
    assert "+16.7 points against 1–18 Apr" in text
    assert "n = 15" in text


def test_a_card_says_whose_numbers_it_shows(spring, client_of):
    assert "Your numbers" in text_of(client_of(spring.ann).get("/"))
    assert "Team North" in text_of(client_of(spring.max).get("/"))
    assert "Everyone" in text_of(client_of(spring.ada).get("/"))


def test_each_role_counts_what_it_may_count(spring, client_of):
    for name, value in {"ann": 6, "ben": 1, "cleo": 3, "max": 7, "ada": 10, "mia": 10, "gus": 0}.items():
        assert f" How it is made {value} " in card(client_of(getattr(spring, name)), "deals_won"), name


def test_a_small_sample_is_marked(spring, client_of):
    assert "small sample" in card(client_of(spring.ada), "win_rate")


def test_no_value_is_a_dash_with_its_reason(spring, client_of):
    text = card(client_of(spring.ben), "win_rate", "?period=last_month")
    assert "No value" in text and "Nothing to divide by in this period." in text


def test_a_card_that_waits_for_a_recomputation_asks_again(spring, client_of):
    scene.won(spring.ann, "2026-05-15")
    html = client_of(spring.ada).get("/numbers/deals_won/card/", headers=HTMX).content.decode()
    assert "updating" in html
    assert 'hx-trigger="load delay:5s"' in html


def test_the_comparison_can_be_the_year_before_or_nothing(spring, client_of):
    client = client_of(spring.ada)
    assert "against 1–18 May 2025" in card(client, "deals_won", "?compare=year")
    assert "against" not in card(client, "deals_won", "?compare=none")


def test_nonsense_in_the_address_never_breaks_a_page(spring, client_of):
    client = client_of(spring.ada)
    for query in NONSENSE:
        for path in ("/numbers/", "/numbers/win_rate/", "/numbers/win_rate/card/", "/numbers/win_rate/records/"):
            assert client.get(path + query).status_code == 200, path + query


def test_french_readers_get_french_numbers(spring, client_of):
    spring.ada.language = "fr"
    spring.ada.save()
    text = card(client_of(spring.ada), "win_rate")
    assert "66,7 %" in text
    assert "+16,7 points" in text
    assert "1–18 avr." in text


def test_the_number_of_queries_does_not_depend_on_rows(spring, client_of):
    client = client_of(spring.ada)
    client.get("/")
    with CaptureQueriesContext(connection) as few:
        client.get("/")
    for day in range(1, 18):
        scene.won(spring.ann, f"2026-05-{day:02}")
    scene.settle()
    with CaptureQueriesContext(connection) as many:
        client.get("/")
    assert len(many) <= len(few)


def test_an_unknown_number_has_no_card(spring, client_of):
    assert client_of(spring.ada).get("/numbers/no_such/card/").status_code == 404


# --- all numbers -----------------------------------------------------------------------------------------------------


def test_all_numbers_are_listed_with_definition_and_value(spring, client_of):
    text = text_of(client_of(spring.ada).get("/numbers/"))
    assert all(kpi.name in text and str(kpi.definition)[:40] in text for kpi in kpis if "'" not in str(kpi.definition)[:40])


def test_numbers_are_found_by_words_of_their_meaning_in_any_language(spring, client_of):
    client = client_of(spring.ada)
    for words in ("win rate", "taux succès", "tasa éxito"):
        assert "Win rate (closed deals)" in text_of(client.get("/numbers/", {"q": words}))


def test_a_search_that_finds_nothing_says_so_and_offers_all(spring, client_of):
    assert "No number matches" in text_of(client_of(spring.ada).get("/numbers/", {"q": "zzzz"}))


def test_typing_swaps_the_list_only(spring, client_of):
    response = client_of(spring.ada).get("/numbers/", {"q": "lead"}, headers=HTMX)
    assert b"<html" not in response.content
    assert "HX-Request" in response["Vary"]


def test_with_records_it_says_nothing_of_the_kind(spring, client_of):
    assert "Nothing was recorded" not in text_of(client_of(spring.ada).get("/"))
