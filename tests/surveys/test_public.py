"""The page behind the link: what a person on a phone does with it, and what everybody else may not."""

from __future__ import annotations

import datetime as dt
import re
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from django.utils import timezone

from crm.models import Event
from surveys import scores, services
from surveys.choices import Polarity
from surveys.models import ClickLog, Invitation, Response, Unsubscribe
from surveys.planning import plan
from tests.factories import InvitationFactory, PersonFactory, ResponseFactory, SurveyFactory, utc
from tests.people import People

from .scene import PAGE, invite, mailed_token, open_page, path, run_jobs, send

pytestmark = pytest.mark.django_db


@pytest.fixture
def start(organisation: Any, clock: Any) -> dt.datetime:
    clock("2026-05-18 10:00")
    return utc("2026-05-18 10:00")


def later(clock: Any, start: dt.datetime, seconds: float = 10) -> None:
    clock(start + dt.timedelta(seconds=seconds))


def text_of(response: Any) -> str:
    return re.sub(r"\s+", " ", response.content.decode())


def test_the_score_of_the_mail_is_selected_and_nothing_is_sent(client: Client, start: Any) -> None:
    _invitation, token = invite()
    page = text_of(client.get(path(token, v=9)))
    assert re.findall(r'value="(\d+)" class="is-\w+" required checked', page) == ["9"]
    assert "Not sent yet." in page
    assert not Response.objects.exists()


def test_sending_gives_a_thank_you_with_the_answer(client: Client, start: Any, clock: Any) -> None:
    invitation, token = invite()
    page = open_page(client, token, v=9)
    later(clock, start)
    answer = send(client, token, 9, page, "Fast & <b>friendly</b>")
    assert answer.status_code == 200
    assert "9 of 10" in text_of(answer)
    assert "Fast &amp; &lt;b&gt;friendly&lt;/b&gt;" in text_of(answer)
    response = Response.objects.get()
    assert (response.score, response.state, response.origin, response.invitation) == (9, "confirmed", "form", invitation)
    again = text_of(client.get(path(token)))
    assert "9 of 10" in again
    assert "Change my answer" in again


def test_changing_shows_the_answer_that_stands(client: Client, start: Any, clock: Any) -> None:
    _invitation, token = invite()
    page = open_page(client, token)
    later(clock, start)
    send(client, token, 3, page, "slow")
    form = text_of(client.get(path(token, edit=1)))
    assert re.findall(r'value="(\d+)" class="is-\w+" required checked', form) == ["3"]
    assert ">slow</textarea>" in form
    assert "The change is not sent yet." in form


def test_a_double_tap_is_one_answer_and_one_page(client: Client, start: Any, clock: Any) -> None:
    _invitation, token = invite()
    page = open_page(client, token)
    later(clock, start)
    first, second = send(client, token, 9, page), send(client, token, 9, page)
    assert (first.status_code, first.content) == (second.status_code, second.content)
    assert Response.objects.count() == 1
    assert Event.objects.filter(kind__startswith="response.").count() == 1


def test_an_old_page_that_is_sent_again_does_not_undo_a_change(client: Client, start: Any, clock: Any) -> None:
    _invitation, token = invite()
    old = open_page(client, token)
    later(clock, start)
    send(client, token, 3, old)
    new = open_page(client, token, edit=1)
    later(clock, start, 60)
    send(client, token, 8, new)
    send(client, token, 3, old)
    assert Response.objects.get().score == 8


def test_a_form_without_its_nonce_stores_nothing_and_loses_nothing(client: Client, start: Any) -> None:
    _invitation, token = invite()
    for page in ("", "forged:x:y"):
        answer = send(client, token, 9, page, "my words")
        assert answer.status_code == 422
        assert ">my words</textarea>" in answer.content.decode()
    assert not Response.objects.exists()


def test_the_nonce_of_another_invitation_is_not_taken(client: Client, start: Any, clock: Any) -> None:
    _one, token = invite()
    _other, foreign = invite()
    page = open_page(client, foreign)
    later(clock, start)
    assert send(client, token, 9, page).status_code == 422
    assert not Response.objects.exists()


@pytest.mark.parametrize("score", ["11", "-1", "9.5", "[9]", "NaN", "", "9" * 400, "٣"])
def test_a_tampered_score_is_refused_and_the_comment_kept(client: Client, start: Any, clock: Any, score: str) -> None:
    _invitation, token = invite()
    page = open_page(client, token)
    later(clock, start)
    answer = send(client, token, score, page, "my words")
    assert answer.status_code == 422
    assert ">my words</textarea>" in answer.content.decode()
    assert not Response.objects.exists()


def test_large_numbers_stand_plainly_in_the_form(client: Client, start: Any) -> None:
    survey = SurveyFactory(kind="ces")
    services.change_question(survey, scale_max=1001, step=100)
    _invitation, token = invite(survey=survey)
    page = client.get(path(token)).content.decode()
    assert re.findall(r'type="radio" name="score" value="([^"]+)"', page)[-1] == "1001"
    assert 'maxlength="4000"' in page


def test_a_comment_too_long_is_refused_and_kept(client: Client, start: Any, clock: Any) -> None:
    _invitation, token = invite()
    page = open_page(client, token)
    later(clock, start)
    answer = send(client, token, 9, page, "a" * 4001)
    assert answer.status_code == 422
    assert "a" * 4001 in answer.content.decode()
    assert not Response.objects.exists()


def test_fields_that_are_not_asked_change_nothing(client: Client, start: Any, clock: Any) -> None:
    invitation, token = invite()
    page = open_page(client, token)
    later(clock, start)
    send(client, token, 9, page, state="rejected", person="1", responded_at="2020-01-01", owner="1")
    response = Response.objects.get()
    assert (response.state, response.person, response.owner) == ("confirmed", invitation.person, None)
    assert response.responded_at == timezone.now()


def test_an_expired_link_is_refused_kindly_and_leaves_a_line_in_the_log(client: Client, start: Any, clock: Any) -> None:
    survey = SurveyFactory(reply_to="help@sextant.example")
    _invitation, token = invite(survey=survey, sent_at=start)
    page = open_page(client, token)
    clock(start + dt.timedelta(days=28))
    assert client.get(path(token)).status_code == 410
    before = ClickLog.objects.count()
    answer = send(client, token, 9, page)
    assert answer.status_code == 410
    assert "help@sextant.example" in answer.content.decode()
    assert not Response.objects.exists()
    assert ClickLog.objects.count() == before + 1


def test_an_answer_can_still_be_read_when_the_link_has_expired(client: Client, start: Any, clock: Any) -> None:
    _invitation, token = invite()
    page = open_page(client, token)
    later(clock, start)
    send(client, token, 9, page)
    clock(start + dt.timedelta(days=60))
    text = text_of(client.get(path(token, edit=1)))
    assert "9 of 10" in text
    assert "Change my answer" not in text


@pytest.mark.parametrize("end", ["", "unsubscribe/", "more/"])
@pytest.mark.parametrize("method", ["get", "head", "post"])
def test_links_that_lead_nowhere_look_all_the_same(client: Client, start: Any, end: str, method: str) -> None:
    _invitation, token = invite()
    withdrawn, taken_back = invite(language="fr")
    services.withdraw(withdrawn)
    _skipped, never_asked = invite(state="skipped", reason="reopened", language="es")
    flipped = ("b" if token[0] == "a" else "a") + token[1:]
    dead = [taken_back, never_asked, flipped, token.upper(), token + "a", "a" * 32, "x", "a" * 3000]
    answers = [getattr(client, method)(path(text) + end) for text in dead]
    assert {(answer.status_code, answer.content) for answer in answers} == {(404, answers[0].content)}
    assert len({str(answer.headers) for answer in answers}) == 1
    living = client.get(path(token) + end)
    assert set(living.headers) == set(answers[0].headers)
    assert not any(text in answers[0].content.decode() for text in (token, "@", withdrawn.survey.name))
    assert not Response.objects.exists()


def test_mangled_links_are_404_and_never_an_error(client: Client, start: Any) -> None:
    for text in ("x", "a" * 32 + "%0a", "a" * 5000, "%27%20OR%201=1", "..%2f", "%F0%9F%92%A9"):
        assert client.get(path(text)).status_code == 404


def test_guessing_is_slowed_down_whether_or_not_the_next_link_is_right(client: Client, start: Any) -> None:
    _invitation, token = invite()
    codes = [client.get(path(f"{number:032d}")).status_code for number in range(21)]
    assert codes == [404] * 20 + [429]
    assert client.get(path(token)).status_code == 429
    assert client.get(path(token), REMOTE_ADDR="10.0.0.9").status_code == 200


def test_a_scanner_that_opens_every_link_leaves_lines_in_the_log_and_nothing_else(client: Client, start: Any) -> None:
    invitation, token = invite()
    before = Invitation.objects.values().get()
    client.head(path(token, v=0))
    for score in range(11):
        client.get(path(token, v=score), HTTP_USER_AGENT="Scanner/1.0")
    assert Invitation.objects.values().get() == before
    assert not Response.objects.exists()
    assert not Event.objects.filter(subject_type="surveys.invitation").exists()
    clicks = ClickLog.objects.filter(invitation=invitation)
    assert sorted(clicks.values_list("value", flat=True)) == list(range(11))
    assert set(clicks.values_list("agent", flat=True)) == {"Scanner/1.0"}
    assert Invitation.objects.clicked_only().count() == 1


def test_a_scanner_that_opens_every_link_of_mail_and_page_and_sends_the_form_at_once_changes_no_score(
    client: Client, start: Any, clock: Any, mailoutbox: list
) -> None:
    """It follows links as a machine does, unsubscribing and the hidden one included; there is no script to run."""
    survey = SurveyFactory()
    ResponseFactory(survey=survey, score=10)
    before = scores.nps(Response.objects.confirmed().counts())
    plan(survey, email="joe@x.example", cause="a")
    run_jobs()
    later(clock, start, 60)
    opened, todo, page = set(), links_in(mailoutbox[0].alternatives[0][0]), ""
    while todo:
        url = todo.pop()
        opened.add(url)
        text = client.get(url).content.decode()
        assert "<script" not in text
        page = PAGE.findall(text)[0] if PAGE.search(text) and not page else page
        todo |= links_in(text, url) - opened
    later(clock, start, 60.9)
    assert len(opened) > 13
    answer = send(client, mailed_token(), 0, page)
    assert answer.status_code == 200
    response = Response.objects.get(invitation__isnull=False)
    assert response.state == "quarantined"
    assert set(response.reasons) >= {"fast_post", "many_values", "decoy"}
    assert scores.nps(Response.objects.confirmed().counts()) == before == 100
    assert not services.is_unsubscribed(None, "joe@x.example")
    assert Invitation.objects.get().state == "sent"


def links_in(text: str, base: str = "") -> set[str]:
    """The paths of ours that a page or mail leads to."""
    found = (urljoin(base, unescape(link)) for link in re.findall(r'(?:href|action)="([^"]+)"', text))
    return {re.sub(r"^https?://[^/]+", "", link) for link in found if "/s/" in link}


@pytest.mark.parametrize(
    ("case", "reason"),
    [
        ("fast", "fast_post"),
        ("many", "many_values"),
        ("decoy", "decoy"),
        ("honeypot", "honeypot"),
        ("just delivered", "fast_after_mail"),
    ],
)
def test_each_signal_of_a_machine_puts_the_answer_in_quarantine(
    client: Client, start: Any, clock: Any, case: str, reason: str
) -> None:
    invitation, token = invite(sent_at=start if case == "just delivered" else start - dt.timedelta(hours=1))
    if case == "many":
        client.get(path(token, v=3))
    if case == "decoy":
        client.get(path(token) + "more/")
    page = open_page(client, token, v=9)
    later(clock, start, 0.4 if case == "fast" else 10)
    answer = send(client, token, 9, page, **({"website": "x"} if case == "honeypot" else {}))
    assert answer.status_code == 200
    response = Response.objects.get()
    assert (response.state, response.reasons) == ("quarantined", [reason])
    invitation.refresh_from_db()
    assert (invitation.state, invitation.answered_at) == ("sent", None)


def test_a_slow_person_is_no_machine(client: Client, start: Any, clock: Any) -> None:
    _invitation, token = invite(sent_at=start)
    later(clock, start, 20)
    client.get(path(token, v=3))
    later(clock, start, 31)
    page = open_page(client, token, v=9)
    later(clock, start, 33)
    send(client, token, 9, page)
    assert Response.objects.get().state == "confirmed"


@pytest.mark.django_db(transaction=True)
def test_a_hundred_answers_at_once_are_one() -> None:
    _invitation, token = invite()
    pages = [open_page(Client(), token) for _number in range(100)]

    def post(number: int) -> int:
        try:
            return send(Client(REMOTE_ADDR=f"10.0.0.{number}"), token, number % 11, pages[number]).status_code
        finally:
            connection.close()

    with ThreadPoolExecutor(16) as pool:
        codes = list(pool.map(post, range(100)))
    assert set(codes) == {200}
    assert Response.objects.count() == 1


def test_the_page_has_no_cookie_no_script_and_tells_nobody(client: Client, start: Any) -> None:
    _invitation, token = invite()
    for url in (path(token, v=9), path(token) + "unsubscribe/", path("a" * 32)):
        answer = client.get(url)
        assert not answer.cookies
        assert "<script" not in answer.content.decode()
        assert not re.findall(r'(?:src|href|action)="(?:https?:)?//', answer.content.decode())
        assert answer["Cache-Control"] == "no-store"
        assert answer["Referrer-Policy"] == "no-referrer"
        assert answer["X-Robots-Tag"] == "noindex, nofollow"
        assert "default-src 'none'" in answer["Content-Security-Policy"]
        assert "script-src 'none'" in answer["Content-Security-Policy"]
        assert "frame-ancestors 'none'" in answer["Content-Security-Policy"]


def test_the_page_with_everything_is_under_50_kb(client: Client, start: Any) -> None:
    _invitation, token = invite()
    page = client.get(path(token, v=9)).content
    files = re.findall(r'/static/([\w./-]+)"', page.decode())
    assert len(files) == 4
    assert len(page) + sum((Path(settings.BASE_DIR) / "static" / name).stat().st_size for name in files) < 50_000


def test_the_page_tells_only_the_question_and_a_masked_address(client: Client, start: Any, people: People) -> None:
    joe = PersonFactory(name="Joe Secret", emails=["joe@x.example"], owner=people.ann)
    _invitation, token = invite(person=joe, email="joe@x.example", subject_number="T-12", owner=people.ann, queue="Billing")
    page = text_of(client.get(path(token)))
    assert "j***@x.example" in page
    for secret in ("joe@x.example", "Joe Secret", "T-12", "Ann", "Billing"):
        assert secret not in page


@pytest.mark.parametrize(("language", "words"), [("fr", "Pas du tout"), ("es", "Nada probable"), ("en", "Not at all likely")])
def test_the_page_is_in_the_invitations_language_and_can_be_switched(
    client: Client, start: Any, language: str, words: str
) -> None:
    _invitation, token = invite(language=language)
    answer = client.get(path(token), headers={"accept-language": "de"})
    assert words in answer.content.decode()
    assert f'<html lang="{language}">' in answer.content.decode()
    assert answer["Content-Language"] == language
    _other, token = invite(language="en")
    switched = text_of(client.get(path(token, l=language, v=9)))
    assert words in switched
    assert f'action="?l={language}"' in switched
    assert "checked" in switched


@pytest.mark.parametrize("language", ["xx", "en'\"><script>", ""])
def test_a_language_that_is_not_ours_is_the_invitations(client: Client, start: Any, language: str) -> None:
    _invitation, token = invite(language="fr")
    answer = client.get(path(token), {"l": language})
    assert '<html lang="fr">' in answer.content.decode()


def test_the_question_beside_the_comment_is_there_for_each_band(client: Client, start: Any) -> None:
    _invitation, token = invite(survey=SurveyFactory(kind="ces", scale=(1, 5), polarity=Polarity.LOW))
    page = text_of(client.get(path(token)))
    assert "What made it difficult?" in page
    assert re.findall(r'value="(\d)" class="is-(\w+)"', page) == [
        ("1", "easy"),
        ("2", "easy"),
        ("3", "neutral"),
        ("4", "hard"),
        ("5", "hard"),
    ]


@pytest.mark.parametrize(
    ("kind", "scale", "shows"),
    [("csat", (0, 1), "Very dissatisfied"), ("csat", (1, 7), 'value="7"'), ("ces", (0, 100), 'type="number"')],
)
def test_every_scale_has_its_form_and_takes_its_answer(
    client: Client, start: Any, clock: Any, kind: str, scale: Any, shows: str
) -> None:
    _invitation, token = invite(survey=SurveyFactory(kind=kind, scale=scale))
    assert shows in text_of(client.get(path(token)))
    page = open_page(client, token)
    later(clock, start)
    assert send(client, token, scale[1], page).status_code == 200
    assert Response.objects.get().positive


def test_a_low_score_names_who_will_get_in_touch(client: Client, start: Any, clock: Any, people: People) -> None:
    _invitation, token = invite(owner=people.ann)
    page = open_page(client, token)
    later(clock, start)
    answer = text_of(send(client, token, 2, page))
    assert "Ann will read this" in answer
    assert "Archer" not in answer


def test_someone_signed_in_who_opens_the_link_answers_as_the_customer(
    client_of: Any, start: Any, clock: Any, people: People
) -> None:
    _invitation, token = invite()
    client = client_of(people.ann)
    page = open_page(client, token)
    later(clock, start)
    send(client, token, 9, page)
    event = Event.objects.get(kind="response.received")
    assert (event.actor, event.origin) == (None, "form")


def test_opening_the_unsubscribe_link_unsubscribes_nobody(client: Client, start: Any) -> None:
    invitation, token = invite()
    for method in (client.get, client.head):
        assert method(path(token) + "unsubscribe/").status_code == 200
    assert not services.is_unsubscribed(invitation.person, invitation.email)


def test_one_click_unsubscribes_and_can_be_undone(client: Client, start: Any) -> None:
    invitation, token = invite()
    url = path(token) + "unsubscribe/"
    for _click in range(2):
        assert client.post(url, {"List-Unsubscribe": "One-Click"}).status_code == 200
    assert services.is_unsubscribed(None, invitation.email.upper())
    assert Event.objects.filter(kind="survey.unsubscribed").count() == 1
    client.post(url, {"undo": "1"})
    assert not services.is_unsubscribed(None, invitation.email)


@pytest.mark.django_db(transaction=True)
def test_two_clicks_at_once_from_two_mails_to_one_address_unsubscribe_once(monkeypatch: Any) -> None:
    links = [invite(email=email)[1] for email in ("joe@x.example", "JOE@x.example")]
    both, asked = threading.Barrier(2), services.is_unsubscribed

    def ask(person: Any, email: str) -> bool:
        found = asked(person, email)
        with suppress(threading.BrokenBarrierError):
            both.wait(0.5)  # neither goes on before both have looked, if both can look
        return found

    def click(token: str) -> int:
        try:
            return Client().post(path(token) + "unsubscribe/", {"List-Unsubscribe": "One-Click"}).status_code
        finally:
            connection.close()

    monkeypatch.setattr(services, "is_unsubscribed", ask)
    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(click, links)) == [200, 200]
    assert Unsubscribe.objects.count() == 1


def test_unsubscribing_is_for_the_own_address_only(client: Client, start: Any) -> None:
    _invitation, token = invite()
    other = InvitationFactory()
    client.post(path(token) + "unsubscribe/", {"List-Unsubscribe": "One-Click", "email": other.email})
    assert not services.is_unsubscribed(None, other.email)


@pytest.mark.parametrize("method", ["put", "patch", "delete", "options"])
def test_other_methods_are_not_offered(client: Client, start: Any, method: str) -> None:
    _invitation, token = invite()
    assert getattr(client, method)(path(token)).status_code == 405
