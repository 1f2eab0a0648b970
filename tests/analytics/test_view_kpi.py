"""A KPI's page: value, parts, chart with its table, split, definition."""

import re
from html import unescape

from django.db import connection
from django.test.utils import CaptureQueriesContext

from analytics.reading import parts_of
from analytics.registry import kpis
from crm.models import UserSpan

from . import scene
from .test_view_overview import HTMX, text_of


def row(response, block, name):
    """The text of a table's row by its head."""
    html = response.content.decode()
    html = html[html.index(f'id="{block}"') :]
    found = re.search(rf"<tr[^>]*>\s*<th[^>]*>(?:\s*<[^>]+>)*\s*{re.escape(name)}.*?</tr>", html, re.S)
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", found.group()))).strip() if found else None


def test_every_number_has_a_page_and_splits_by_its_dimensions(spring, client_of):
    client = client_of(spring.max)
    for number, kpi in enumerate(kpis):
        for dimension in ("", *kpi.dimensions[number % 5 :: 5]):  # each of them with many a number; the contract asks every pair
            response = client.get(f"/numbers/{kpi.key}/", {"period": "this_quarter", "by": dimension})
            assert response.status_code == 200, (kpi.key, dimension)


def test_the_page_tells_how_the_number_was_made(spring, client_of):
    text = text_of(client_of(spring.ada).get("/numbers/win_rate/"))
    for words in (
        "66.7%",
        "+16.7 points against 1–18 Apr (50.0%)",
        "Deals won 10",
        "Deals won + deals lost 15",
        "Interval (95 %) 41.7% – 84.8%",
        "1–18 May so far",
        "Formula 100 × deals won / (deals won + deals lost)",
        "Deciding date The win or loss as it stands now",
        "Computed",
    ):
        assert words in text


def test_an_unknown_number_is_not_found(spring, client_of):
    assert client_of(spring.ada).get("/numbers/no_such/").status_code == 404


def test_the_chart_has_a_table_with_the_same_values(spring, client_of):
    response = client_of(spring.ada).get("/numbers/win_rate/")
    assert row(response, "course", "April 2026").startswith("April 2026 50.0% 2 4")
    assert row(response, "course", "May 2026").startswith("May 2026 so far 66.7% 10 15")
    assert row(response, "course", "February 2026").startswith("February 2026 — 0 0")


def test_a_split_hides_values_of_fewer_than_five_and_marks_small_samples(spring, client_of):
    response = client_of(spring.ada).get("/numbers/win_rate/", {"by": "owner"})
    assert row(response, "split", str(spring.ann)).startswith(f"{spring.ann} 75.0% small sample")
    assert "n < 5" in row(response, "split", str(spring.ben))
    assert "100" not in row(response, "split", str(spring.ben))


def test_the_split_adds_up_to_the_whole(spring, client_of):
    response = client_of(spring.ada).get("/numbers/deals_won/", {"by": "team"})
    assert row(response, "split", "North").split()[1:3] == ["7", "70.0%"]
    assert row(response, "split", "South").split()[1:3] == ["3", "30.0%"]
    assert row(response, "split", "All").split()[1] == "10"


def test_a_member_of_a_split_leads_to_the_filtered_page(spring, client_of):
    client = client_of(spring.ada)
    html = client.get("/numbers/win_rate/", {"by": "owner"}).content.decode()
    href = re.search(rf'href="([^"]*owner={spring.ann.pk}[^"]*)"', html).group(1).replace("&amp;", "&")
    text = text_of(client.get("/numbers/win_rate/" + href))
    assert f"Owner is {spring.ann}" in text and "75.0%" in text


def test_rows_without_a_member_can_be_chosen(spring, client_of):
    text = text_of(client_of(spring.ada).get("/numbers/deals_won/", {"source": "(none)"}))
    assert "Source is none" in text and "Deals won 10" in text


def test_an_unknown_member_is_left_out_with_a_word(spring, client_of):
    client = client_of(spring.ada)
    for member in ("999999", "abc", "1' OR 1=1", "9" * 40):
        text = text_of(client.get("/numbers/deals_won/", {"owner": member}))
        assert "is not a value of Owner" in text and "10 records" in text, member


def test_a_rep_cannot_look_at_others_by_a_filter(spring, client_of):
    text = text_of(client_of(spring.ann).get("/numbers/deals_won/", {"owner": spring.cleo.pk}))
    assert "0 records" in text


def test_a_rep_does_not_learn_names_of_others_by_a_filter(spring, client_of):
    assert str(spring.cleo) not in text_of(client_of(spring.ann).get("/numbers/deals_won/", {"owner": spring.cleo.pk}))


def test_a_reps_page_holds_own_records_only(spring, client_of):
    html = client_of(spring.ben).get("/numbers/deals_won/").content.decode()
    assert html.count("row-link") == 1 and "Ben&#x27;s only one" in html


def test_loss_reasons_are_split_by_reason_from_the_start(spring, client_of):
    response = client_of(spring.ada).get("/numbers/loss_reason_share/")
    assert row(response, "split", "Price").startswith("Price 100.0%")


def test_what_is_left_out_is_counted_and_opens(spring, client_of):
    scene.won(spring.ann, "2026-05-16", amount=None)
    scene.settle()
    client = client_of(spring.ada)
    html = client.get("/numbers/won_amount/").content.decode()
    assert re.search(r'href="[^"]*part=left_out%3Awon_without_amount[^"]*">1</a> Won without a value', html)


def test_htmx_gets_the_part_below_the_period_bar(spring, client_of):
    response = client_of(spring.ada).get("/numbers/win_rate/", headers=HTMX)
    assert b"<html" not in response.content and b'id="number"' in response.content
    assert "HX-Request" in response["Vary"]


def test_nothing_on_the_page_needs_inline_style_or_script(spring, client_of):
    html = client_of(spring.ada).get("/numbers/win_rate/").content.decode()
    assert " style=" not in html and "onclick" not in html
    assert not re.search(r"<script(?![^>]*src=)", html)


def test_french_readers_get_french_axes_and_tables(spring, client_of):
    spring.ada.language = "fr"
    spring.ada.save()
    response = client_of(spring.ada).get("/numbers/win_rate/")
    assert "Taux de succès" in text_of(response)
    assert "avril 2026 50,0 %" in re.sub("[\xa0\u202f]", " ", row(response, "course", "avril 2026"))


def test_the_number_of_queries_does_not_depend_on_rows(spring, client_of):
    client = client_of(spring.ada)
    client.get("/numbers/win_rate/")
    with CaptureQueriesContext(connection) as few:
        client.get("/numbers/win_rate/")
    for day in range(1, 18):
        scene.won(spring.ann, f"2026-05-{day:02}")
    scene.settle()
    with CaptureQueriesContext(connection) as many:
        client.get("/numbers/win_rate/")
    assert len(many) <= len(few)


def hrefs(response, block):
    """The addresses in a block, from its start to the next section."""
    html = response.content.decode()
    html = html[html.index(f'id="{block}"') :].partition("</section>")[0]
    return [unescape(href) for href in re.findall(r'href="([^"]*)"', html)]


def test_each_value_of_the_table_and_of_the_split_opens_its_records(spring, client_of):
    client = client_of(spring.ada)
    response = client.get("/numbers/win_rate/", {"by": "owner"})
    april = next(href for href in hrefs(response, "course") if "from=2026-04-01" in href and "denominator" in href)
    assert "4 records" in text_of(client.get(april.partition("#")[0]))
    ann = next(href for href in hrefs(response, "split") if f"owner={spring.ann.pk}" in href and "denominator" in href)
    assert "8 records" in text_of(client.get("/numbers/win_rate/" + ann.partition("#")[0]))
    assert sum("#records" in href for href in hrefs(response, "split")) == 3 * 2 + 2  # too few records hide Ben's value alone


def test_what_is_made_of_records_says_of_how_many(spring, client_of):
    """Two and a half people at full time are the number of no records."""
    UserSpan.objects.filter(user=spring.ben).update(fte_percent=50)
    text = text_of(client_of(spring.ada).get("/numbers/deals_won_per_rep/"))
    assert "over the days of the period 2.5 from 3 records" in text
    assert "Records (n) 10" in text


def test_what_cannot_be_cut_down_to_these_eyes_opens_nothing(spring, client_of):
    response = client_of(spring.ann).get("/numbers/duplicate_rate/")
    assert "This number cannot be cut this way." in text_of(response)
    assert not re.search(r"Records \(n\)</dt>\s*<dd[^>]*>\s*<a", response.content.decode())


def test_shares_of_recurring_revenue_are_divided_from_money(organisation):
    for key in ("grr", "nrr", "gross_mrr_churn_rate", "net_mrr_churn_rate", "quick_ratio", "renewal_rate_value"):
        assert {parts_of(kpis[key]).units[part] for part in ("numerator", "denominator")} == {"money"}, key
