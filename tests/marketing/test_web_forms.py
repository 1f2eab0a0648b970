"""Web forms: what anybody may open and send, and what becomes of it."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings
from django.core.exceptions import ValidationError
from django.test import Client
from django.utils import timezone

from contacts.models import Lead
from crm import jobs
from crm.models import Event
from marketing import web_forms
from marketing.models import Submission, Visit, WebForm, WebFormDay, WebFormEntry
from tests.analytics.vectors import number
from tests.api import Api, fields
from tests.factories import CampaignFactory, LeadFactory, PersonFactory, WebFormFactory
from tests.people import People

pytestmark = pytest.mark.django_db
BROWSER = "Mozilla/5.0 (X11; Linux) Firefox/140"
NORA = {"name": "Nora Lind", "email": "nora@aster.example", "company": "Aster", "message": "Please send it."}


@pytest.fixture
def form(people: People, clock: Any) -> WebForm:
    clock("2026-05-18 10:00")
    return WebFormFactory(owner=people.ann, consent_text="You may write to me.")


@pytest.fixture
def visitor() -> Client:
    """A browser that is strict about CSRF, as real ones are."""
    return Client(enforce_csrf_checks=True, headers={"user-agent": BROWSER})


def page_of(response: Any) -> str:
    found = re.search(r'name="page" value="([^"]+)"', response.content.decode())
    assert found
    return found[1]


@pytest.fixture
def fill_in(visitor: Client, form: WebForm, clock: Any) -> Callable[..., Any]:
    """fill_in(name=..., query="?utm_source=x", seconds=60): opens the form, waits, sends it."""

    def send(query: str = "", seconds: int = 60, headers: dict | None = None, **values: Any) -> Any:
        now = timezone.now()
        page = page_of(visitor.get(form.path + query, headers=headers))
        clock(now + dt.timedelta(seconds=seconds))
        return visitor.post(form.path + query, {**NORA, "page": page, **values}, headers=headers)

    return send


# --- what is sent


def test_what_is_sent_becomes_a_lead_of_the_forms_owner_with_the_consent_as_it_was_shown(
    fill_in: Callable, form: WebForm, people: People, visitor: Client
) -> None:
    response = fill_in(consent="on")
    lead, entry = Lead.objects.get(), WebFormEntry.objects.get()
    assert response.status_code == 302
    assert "Thank you" in visitor.get(response["Location"]).content.decode()
    assert (lead.name, lead.email, lead.company_name, lead.description) == (
        "Nora Lind",
        "nora@aster.example",
        "Aster",
        "Please send it.",
    )
    assert (lead.owner, lead.origin, lead.created_by, lead.landing_page) == (people.ann, "form", None, form.path)
    assert (entry.lead, entry.consented, entry.consent_version, entry.consent_text) == (lead, True, 1, "You may write to me.")
    assert Event.objects.filter(kind="webform.sent", subject_id=form.pk).exists()


def test_another_text_is_another_version_and_what_was_sent_keeps_its_own(fill_in: Callable, form: WebForm) -> None:
    fill_in()
    web_forms.save_form(form, intro="Hello")
    web_forms.save_form(form, consent_text="You may call me.")
    fill_in(email="other@aster.example", consent="on")
    said = list(WebFormEntry.objects.order_by("pk").values_list("consented", "consent_version", "consent_text"))
    assert said == [(False, 1, "You may write to me."), (True, 2, "You may call me.")]


def test_consent_that_is_needed_must_be_given(fill_in: Callable, form: WebForm) -> None:
    web_forms.save_form(form, consent_needed=True)
    assert fill_in().status_code == 422
    assert not Lead.objects.exists()
    assert fill_in(consent="on").status_code == 302


def test_the_marks_of_the_address_go_to_lead_and_visit(fill_in: Callable, form: WebForm) -> None:
    fill_in("?utm_source=Fair&utm_medium=stand&utm_campaign=oslo&utm_content=poster")
    for row in (Lead.objects.get(), Visit.objects.get()):
        assert (row.source, row.medium, row.campaign, row.content) == ("Fair", "stand", "oslo", "poster")
    assert Submission.objects.get().campaign == "oslo"


def test_without_marks_the_visit_says_where_the_lead_came_from_and_is_the_same_session(
    fill_in: Callable, visitor: Client, form: WebForm
) -> None:
    hit = {"p": "/pumps", "q": "utm_source=Google&utm_medium=cpc", "r": "", "e": [["view", 0]]}
    visitor.post("/web/hits", hit, content_type="application/json")
    jobs.run_all(even_early=True)
    fill_in()
    lead, visit = Lead.objects.get(), Visit.objects.get()
    assert (lead.source, lead.medium, lead.landing_page) == ("Google", "cpc", form.path)
    assert (visit.landing_page, visit.submitted, visit.lead) == ("/pumps", 1, lead)


def test_without_marks_and_origin_the_form_says_it(fill_in: Callable, form: WebForm) -> None:
    web_forms.save_form(form, campaign=CampaignFactory(name="Spring", code="spring", source="Mail", channel="email"))
    fill_in()
    lead = Lead.objects.get()
    assert (lead.source, lead.medium, lead.campaign) == ("Mail", "email", "spring")


def test_an_open_lead_of_the_address_gets_what_it_lacks_and_there_is_no_second_one(fill_in: Callable, people: People) -> None:
    lead = LeadFactory(name="Dr Nora Lind", email="Nora@Aster.example", description="Met at the fair.", owner=people.ben)
    fill_in(name="Somebody", email="nora@aster.example")
    lead.refresh_from_db()
    assert Lead.objects.count() == 1
    assert (lead.name, lead.owner, lead.company_name) == ("Dr Nora Lind", people.ben, "Aster")
    assert lead.description == "Met at the fair.\n\nPlease send it."
    assert WebFormEntry.objects.get().known is True


def test_a_known_person_stands_behind_the_new_lead_and_keeps_the_name(fill_in: Callable, people: People) -> None:
    nora = PersonFactory(name="Dr Nora Lind", owner=people.ann, emails=["nora@aster.example"])
    fill_in(name="Somebody")
    lead = Lead.objects.get()
    nora.refresh_from_db()
    assert (lead.person, nora.name, Submission.objects.get().outcome) == (nora, "Dr Nora Lind", "known")


def test_who_sends_the_first_time_is_a_sign_up_and_the_second_time_is_known(fill_in: Callable) -> None:
    fill_in()
    fill_in(message="And one more thing.")
    assert list(Submission.objects.order_by("pk").values_list("outcome", flat=True)) == ["signup", "known"]
    assert number("signups_captured").value == 1


# --- what is counted


def test_who_opens_it_and_leaves_is_a_visit_and_who_began_and_left_is_an_abandoned_form(
    visitor: Client, form: WebForm, fill_in: Callable
) -> None:
    visitor.get(form.path)
    jobs.run_all(even_early=True)
    assert Visit.objects.values_list("landing_page", "form_started", "submitted").get() == (form.path, 0, 0)
    fill_in(email="no address")
    jobs.run_all(even_early=True)
    assert Visit.objects.values_list("form_started", "form_left").get() == (1, 1)
    assert number("form_abandonment_rate").value == 100
    fill_in()
    jobs.run_all(even_early=True)
    assert Visit.objects.values_list("form_started", "submitted", "form_left").get() == (1, 1, 0)
    assert (number("form_abandonment_rate").value, number("landing_page_conversion_rate").value) == (0, 100)
    assert WebFormDay.objects.get().views == 3


@pytest.mark.parametrize("headers", [{"dnt": "1"}, {"sec-gpc": "1"}, {"user-agent": "curl/8"}])
def test_who_must_not_be_counted_makes_a_lead_and_no_visit(fill_in: Callable, headers: dict) -> None:
    assert fill_in("?utm_source=Fair", headers=headers).status_code == 302
    jobs.run_all(even_early=True)
    assert not Visit.objects.exists()
    assert not WebFormDay.objects.exists()
    assert Lead.objects.get().source == Submission.objects.get().source == "Fair"


# --- protections


def test_a_trap_that_people_do_not_see_takes_machines(fill_in: Callable) -> None:
    response = fill_in(website="https://spam.example")
    assert "Thank you" in response.content.decode()
    assert not Lead.objects.exists()


@pytest.mark.parametrize(("seconds", "code"), [(1, 422), (60, 302), (25 * 3600, 422)])
def test_a_page_that_is_sent_at_once_or_days_later_is_asked_again(fill_in: Callable, seconds: int, code: int) -> None:
    response = fill_in(seconds=seconds)
    assert response.status_code == code
    assert code == 302 or "Please send it." in response.content.decode()


@pytest.mark.parametrize("page", ["", "odd", "a:b:c", "x" * 3000])
def test_a_form_without_the_mark_of_our_page_makes_nothing(fill_in: Callable, page: str) -> None:
    assert fill_in(page=page).status_code == 422
    assert not Lead.objects.exists()


def test_a_page_that_is_sent_twice_is_one_lead(visitor: Client, form: WebForm, clock: Any) -> None:
    page = page_of(visitor.get(form.path))
    clock(timezone.now() + dt.timedelta(minutes=1))
    answers = [visitor.post(form.path, {**NORA, "page": page}) for _time in range(2)]
    assert answers[0]["Location"] == answers[1]["Location"]
    assert (Lead.objects.count(), WebFormEntry.objects.count()) == (1, 1)


def test_the_eleventh_form_in_a_minute_waits_and_keeps_what_was_typed(visitor: Client, form: WebForm) -> None:
    for _number in range(10):
        visitor.post(form.path, {})
    response = visitor.post(form.path, {"message": "My long story"})
    assert (response.status_code, "My long story" in response.content.decode()) == (429, True)


@pytest.mark.parametrize(
    "values",
    [
        {"email": "odd"},
        {"name": ""},
        {"name": "Buy at https://spam.example"},
        {"message": "x" * 6000},
        {"email": "a\x00@b.example"},
    ],
)
def test_what_is_wrong_is_said_at_its_field_and_makes_nothing(fill_in: Callable, values: dict) -> None:
    assert fill_in(**values).status_code in (400, 422)
    assert not Lead.objects.exists()


@pytest.mark.parametrize("query", ["?utm_source=%00", "?utm_source=" + "x" * 5000, "?l=xx", "?%ff=%ff", "?sent"])
def test_odd_addresses_are_answered(visitor: Client, form: WebForm, query: str) -> None:
    assert visitor.get(form.path + query).status_code in (200, 400)


def test_a_closed_form_and_one_that_never_was_are_not_there(visitor: Client, form: WebForm) -> None:
    web_forms.save_form(form, active=False)
    for path in (form.path, f"{form.path}embed/", "/f/nothing/"):
        assert visitor.get(path).status_code == 404
        assert visitor.post(path, NORA).status_code == 404


def test_the_page_is_small_private_and_without_script_or_cookie(visitor: Client, form: WebForm) -> None:
    response = visitor.get(form.path)
    text = response.content.decode()
    assert response["Cache-Control"] == "no-store"
    assert "script-src 'none'" in response["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in response["Content-Security-Policy"]
    assert not response.cookies
    assert "<script" not in text
    assert re.findall(r'(?:src|href)="(?:https?:)?//', text) == []
    styles = sum(len((settings.BASE_DIR / f"static/css/{name}.css").read_bytes()) for name in ("tokens", "public", "help"))
    assert len(response.content) + styles < 50_000


def test_only_its_address_for_frames_may_be_shown_in_one(visitor: Client, form: WebForm) -> None:
    framed, plain = visitor.get(f"{form.path}embed/"), visitor.get(form.path)
    assert "frame-ancestors *" in framed["Content-Security-Policy"]
    assert "script-src 'none'" in framed["Content-Security-Policy"]
    assert ("X-Frame-Options" in framed, plain["X-Frame-Options"]) == (False, "DENY")
    assert not framed.cookies


@pytest.mark.parametrize("language", ["en", "fr", "es"])
def test_the_reader_switches_the_language_and_keeps_the_marks(visitor: Client, form: WebForm, language: str) -> None:
    response = visitor.get(f"{form.path}?utm_source=Fair&l={language}")
    assert response["Content-Language"] == language
    assert "?l=fr&amp;utm_source=Fair" in response.content.decode()


# --- behind the login


def test_its_page_shows_numbers_addresses_and_only_the_names_of_leads_one_may_see(
    fill_in: Callable, form: WebForm, people: People, client_of: Any
) -> None:
    fill_in(consent="on")
    text = client_of(people.mia).get(form.get_absolute_url()).content.decode()
    assert "Nora Lind" in text
    assert f"{form.path}embed/" in text
    page = client_of(people.mia).get(form.get_absolute_url())
    assert (page.context["rate"], page.context["counts"]) == (100, {"new": 1, "consented": 1, "spam": 0})
    assert client_of(people.gus).get(form.get_absolute_url()).status_code == 404
    assert client_of(people.ann).get("/web-forms/").status_code == 403


def test_it_is_written_closed_and_deleted_only_while_nobody_has_sent_it(
    people: People, client_of: Any, fill_in: Callable, form: WebForm
) -> None:
    client = client_of(people.mia)
    new = {"name": "Trial", "title": "Try it", "ask_phone": "required", "ask_company": "no", "ask_message": "no"}
    assert client.post("/web-forms/new/", {**new, "consent_needed": "on"}).status_code == 422
    assert client.post("/web-forms/new/", {**new, "active": "on"}).status_code == 302
    made = WebForm.objects.get(name="Trial")
    text = Client().get(made.path).content.decode()
    assert ('name="phone"' in text, 'name="company"' in text) == (True, False)
    client.post(f"/web-forms/{made.pk}/open/")
    made.refresh_from_db()
    assert made.active is False
    web_forms.delete_form(made)
    fill_in()
    with pytest.raises(ValidationError, match="stays"):
        web_forms.delete_form(form)


def test_the_api_writes_it_and_refuses_what_cannot_be(people: People) -> None:
    api = Api(people.mia)
    made = api.post("/web-forms/", name="Trial", title="Try it", consent_text="Yes").json()
    assert (made["consent_version"], made["active"], len(made["key"])) == (1, True, 12)
    assert api.patch(f"/web-forms/{made['id']}/", consent_text="Yes, please").json()["consent_version"] == 2
    assert fields(api.post("/web-forms/", name="Other", title="x", consent_needed=True)) == {"consent_text"}
    assert fields(api.post("/web-forms/", name="Other", title="x", key="mine")) == {"key"}
    assert Api(people.ann).get("/web-forms/").status_code == 403


def test_the_list_is_exported_and_takes_as_many_queries_with_many_as_with_one(
    people: People, client_of: Any, form: WebForm
) -> None:
    from tests.suites import queries_of

    client = client_of(people.mia)
    queries_of(client, "/web-forms/")
    few = queries_of(client, "/web-forms/")
    for _number in range(5):
        WebFormFactory(owner=people.mia)
    assert queries_of(client, "/web-forms/") == few
    assert form.name in b"".join(client.get("/web-forms/?export=csv")).decode()
