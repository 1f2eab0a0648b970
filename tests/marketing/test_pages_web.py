"""The pages of visits and landing pages."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from marketing.models import Submission
from tests.api import Api
from tests.factories import LeadFactory, VisitFactory, utc
from tests.people import People
from tests.suites import queries_of

pytestmark = pytest.mark.django_db
Browser = Callable[[Any], Client]
MAY = "period=own&from=2026-05-01&to=2026-05-31"
PAGES = ["marketing:visits", "marketing:landing_pages", "marketing:web_setup"]


@pytest.fixture(autouse=True)
def now(clock: Any, organisation: object) -> None:
    clock("2026-05-18 10:00")


@pytest.mark.parametrize("name", PAGES)
def test_marketers_and_managers_see_them_reps_do_not(people: People, client_of: Browser, name: str) -> None:
    VisitFactory()
    assert [client_of(getattr(people, who)).get(reverse(name)).status_code for who in ("mia", "max", "ada", "ann", "gus")] == [
        200, 200, 200, 403, 403,
    ]  # fmt: skip


def test_landing_pages_are_summed_over_the_period_the_busiest_first(people: People, client_of: Browser) -> None:
    VisitFactory(landing_page="/a", sessions=10, clicks=4, submitted=1)
    VisitFactory(landing_page="/b", sessions=30, submitted=3)
    VisitFactory(landing_page="/b", sessions=99, started_at=utc("2026-04-30 09:00"))
    context = client_of(people.mia).get(reverse("marketing:landing_pages")).context
    assert [(page.name, page.sessions, page.rate) for page, _url in context["pages"]] == [("/b", 30, 10), ("/a", 10, 10)]
    assert (context["total"].sessions, context["total"].submitted) == (40, 4)


def test_a_landing_page_shows_where_its_visits_came_from_and_its_leads(people: People, client_of: Browser) -> None:
    VisitFactory(landing_page="/a b?c", source="ads", sessions=5)
    VisitFactory(landing_page="/a b?c", source="mail", sessions=7)
    LeadFactory(name="Rosa Long", landing_page="/a b?c", owner=people.ann)
    client = client_of(people.mia)
    url = client.get(reverse("marketing:landing_pages")).context["pages"][0][1]
    response = client.get(url)
    assert [(row.name, row.sessions) for row in response.context["splits"][0][1]] == [("mail", 7), ("ads", 5)]
    assert "Rosa Long" in response.content.decode()
    assert client.get(reverse("marketing:landing_page") + "?page=/nowhere").status_code == 404
    assert client.get(reverse("marketing:landing_page")).status_code == 404


def test_the_list_of_visits_is_filtered_exported_and_cheap(people: People, client_of: Browser) -> None:
    client, url = client_of(people.mia), reverse("marketing:visits")
    VisitFactory(landing_page="/a", source="ads")
    queries_of(client, url)
    few = queries_of(client, url)
    for number in range(8):
        VisitFactory(landing_page=f"/b{number}", submitted=1)
    assert queries_of(client, url) == few
    assert [row.landing_page for row in client.get(f"{url}?source=ADS").context["page"].rows] == ["/a"]
    assert len(client.get(f"{url}?sent=true").context["page"].rows) == 8
    assert "/b3" in b"".join(client.get(f"{url}?export=csv")).decode()
    for query in ("page=0", "sort=key", "started=x", "sent=x", "q=%27"):
        assert client.get(f"{url}?{query}").status_code == 200


def test_a_visit_shows_its_forms_and_a_marketer_takes_out_spam(people: People, client_of: Browser) -> None:
    visit = VisitFactory(visitor="v", submitted=1)
    VisitFactory(visitor="v", landing_page="/before", started_at=utc("2026-05-01 09:00"))
    client, row = client_of(people.mia), visit.submissions.get()
    page = client.get(visit.get_absolute_url()).content.decode()
    assert "Sign-up" in page and "/before" in page
    url = reverse("marketing:submission_spam", args=[row.pk])
    assert client.post(url).status_code == 302
    assert Submission.objects.get().outcome == "spam"
    client.post(url, {"spam": "0"})
    assert Submission.objects.get().outcome == "signup"
    assert client_of(people.ann).post(url).status_code == 404


def test_the_set_up_names_our_own_address(people: People, client_of: Browser) -> None:
    text = client_of(people.mia).get(reverse("marketing:web_setup")).content.decode()
    assert f"http://testserver{reverse('marketing:script')}" in text


def test_the_api_reads_visits(people: People) -> None:
    visit = VisitFactory(source="ads", clicks=2)
    VisitFactory()
    (read,) = Api(people.mia).get("/visits/?source=ads").json()["results"]
    assert (read["id"], read["clicks"], read["started_at"]) == (visit.pk, 2, "2026-05-18T10:00:00Z")
    assert Api(people.mia).post("/visits/", source="x").status_code == 405
    assert Api(people.ann).get("/visits/").status_code == 403
