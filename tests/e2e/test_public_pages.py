"""The pages that customers open, as they meet them: on a phone, in light and dark, in three languages, without a login, a cookie or a
script.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, Page, Response, expect

from support import services
from support.links import token_for
from support.models import Ticket
from surveys.models import Response as Answer
from surveys.models import Unsubscribe
from surveys.services import is_unsubscribed, unsubscribe
from tests.factories import MessageFactory, ResponseFactory, SurveyFactory, TicketFactory
from tests.surveys.scene import invite, path

from .conftest import PHONE, OpenAs, Site, Watch, serve
from .desk import open_desk
from .test_every_page import AXE, faults, too_wide

pytestmark = [pytest.mark.e2e, pytest.mark.once, pytest.mark.django_db(transaction=True)]

MOST_BYTES = 50_000
LOADED = {"document", "stylesheet"}
A_MOMENT = 2200  # ms; who sends sooner is taken for a machine


@pytest.fixture(scope="module")
def site(django_db_setup: None, django_db_blocker: Any) -> Iterator[Site]:
    with serve(django_db_blocker) as server:
        yield Site(server.url, open_desk())  # type: ignore[arg-type]  # a smaller scene


# --- the pages -------------------------------------------------------------------------------------------------------


def question(**values: Any) -> str:
    _invitation, token = invite(**values)
    return path(token, v=4)


def answered(score: int) -> str:
    survey = SurveyFactory(kind="csat")
    invitation, token = invite(survey=survey)
    ResponseFactory(survey=survey, score=score, invitation=invitation, comment="Nobody called me back.")
    return path(token)


def expired() -> str:
    return question(sent_at=timezone.now() - dt.timedelta(days=40), survey=SurveyFactory(reply_to="help@sextant.example"))


def way_out(*, gone: bool = False) -> str:
    invitation, token = invite()
    if gone:
        unsubscribe(invitation)
    return f"/s/{token}/unsubscribe/"


def ticket(*, solved: bool = False) -> str:
    row = TicketFactory(subject="The pump of line 2 stops every night", body="Since Monday.\n\n> We are here for you.")
    MessageFactory(ticket=row, author="agent", body="Does https://aster.example/line-2 show it?")
    if solved:
        services.solve(row)
    return f"/t/{token_for(row)}/"


def address(pathname: str) -> Callable[[], str]:
    return lambda: pathname


#: what a customer meets -> its address, and the answer where it is not 200
PAGES: dict[str, tuple[Callable[[], str], int]] = {
    "a survey from 0 to 10": (question, 200),
    "a survey from 1 to 5": (lambda: question(survey=SurveyFactory(kind="csat")), 200),
    "a survey of good or bad": (lambda: question(survey=SurveyFactory(kind="csat", scale=(0, 1))), 200),
    "a survey of effort": (lambda: question(survey=SurveyFactory(kind="ces")), 200),
    "a survey with a number to type": (lambda: question(survey=SurveyFactory(kind="ces", scale=(0, 100))), 200),
    "a good answer": (lambda: answered(5), 200),
    "a bad answer": (lambda: answered(1), 200),
    "an answer to change": (lambda: answered(2) + "?edit=1", 200),
    "a survey that is over": (expired, 410),
    "a link that leads nowhere": (address("/s/unknown/"), 404),
    "no more surveys?": (way_out, 200),
    "no more surveys": (lambda: way_out(gone=True), 200),
    "the form to ask": (address("/help/"), 200),
    "a ticket": (ticket, 200),
    "a solved ticket": (lambda: ticket(solved=True), 200),
    "a ticket that is not there": (address("/t/unknown/"), 404),
}


def weigh(answers: list[Response]) -> list[str]:
    """What is wrong with what a page loaded: too much, a script, a cookie."""
    answers = [answer for answer in answers if not answer.url.endswith("favicon.svg")]  # the browser may have it already
    size = sum(len(answer.body()) for answer in answers if not 300 <= answer.status < 400)  # a redirect has no body
    wrong = [f"{size} bytes"] if size >= MOST_BYTES else []
    wrong += [f"loads a {kind}" for kind in {answer.request.resource_type for answer in answers} - LOADED]
    return wrong + [f"sets a cookie: {answer.url}" for answer in answers if "set-cookie" in answer.all_headers()]


@pytest.fixture(scope="module")
def phone(site: Site, browser: Browser, browser_context_args: dict) -> Iterator[Page]:
    """A visitor's window of 360 px."""
    context = browser.new_context(**{**browser_context_args, "base_url": site.url, "viewport": PHONE})
    page = context.new_page()
    page.watch = Watch(context)  # type: ignore[attr-defined]
    page.answers = []  # type: ignore[attr-defined]
    page.on("response", lambda answer: page.answers.append(answer))  # type: ignore[attr-defined]
    yield page
    context.close()


@pytest.mark.parametrize("name", PAGES)
def test_a_public_page_is_without_fault(phone: Page, name: str) -> None:
    make, status = PAGES[name]
    where = make()
    phone.watch.problems.clear()  # type: ignore[attr-defined]
    phone.watch.expected[:] = [] if status == 200 else [str(status)]  # type: ignore[attr-defined]
    phone.answers.clear()  # type: ignore[attr-defined]
    phone.emulate_media(color_scheme="light")
    answer = phone.goto(where, wait_until="load")
    assert answer is not None and answer.status == status
    wrong = weigh(phone.answers)  # type: ignore[attr-defined]
    phone.evaluate(AXE.axe_script)
    wrong += [f"light: {fault}" for fault in [*faults(phone), too_wide(phone)] if fault]
    phone.emulate_media(color_scheme="dark")
    wrong += [f"dark: {fault}" for fault in faults(phone)]
    for language in ("fr", "es"):
        phone.goto(f"{where}{'&' if '?' in where else '?'}l={language}", wait_until="load")
        wrong += [f"{language}: {fault}" for fault in [too_wide(phone)] if fault]
    assert wrong + phone.watch.problems + phone.context.cookies() == []  # type: ignore[attr-defined]


@pytest.mark.parametrize("where", ["the form to ask", "a survey from 1 to 5"])
def test_a_form_that_is_refused_is_without_fault(phone: Page, where: str) -> None:
    phone.watch.problems.clear()  # type: ignore[attr-defined]
    phone.watch.expected[:] = ["422"]  # type: ignore[attr-defined]
    phone.goto(PAGES[where][0]().partition("?")[0])
    phone.locator("main form button").first.click()
    expect(phone.get_by_role("alert")).to_be_visible()
    phone.evaluate(AXE.axe_script)
    wrong = [*faults(phone), too_wide(phone)]
    phone.emulate_media(color_scheme="dark")
    assert [*filter(None, wrong), *faults(phone), *phone.watch.problems] == []  # type: ignore[attr-defined]


# --- without script --------------------------------------------------------------------------------------------------


@pytest.fixture
def plain(site: Site, open_as: OpenAs) -> Callable[[str], Page]:
    """plain(path): the page on a phone that runs no script."""
    return lambda where: open_as(None, where, viewport=PHONE, java_script_enabled=False)


def test_a_survey_is_answered_and_changed_without_script(plain: Callable[[str], Page]) -> None:
    invitation, token = invite(survey=SurveyFactory(kind="csat"))
    page = plain(path(token, v=4))
    expect(page.get_by_role("radio", checked=True)).to_have_value("4")
    page.wait_for_timeout(A_MOMENT)
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_text("4 of 5")).to_be_visible()
    page.get_by_role("link", name="Change my answer").click()
    page.locator("label.score", has_text="2").click()
    page.get_by_label("What went wrong?").fill("It broke again.")
    page.wait_for_timeout(A_MOMENT)
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_text("2 of 5")).to_be_visible()
    answer = Answer.objects.get(invitation=invitation)
    assert (answer.score, answer.comment, answer.state) == (2, "It broke again.", "confirmed")
    assert page.context.cookies() == []


def test_a_customer_leaves_the_surveys_and_comes_back_without_script(plain: Callable[[str], Page]) -> None:
    invitation, token = invite()
    page = plain(path(token))
    page.get_by_role("link", name="No more surveys, please").click()
    page.get_by_role("button", name="Send me no more surveys").click()
    expect(page.get_by_role("heading", name="You get no more surveys")).to_be_visible()
    assert is_unsubscribed(None, invitation.email)
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_role("heading", name="You get surveys again")).to_be_visible()
    assert not Unsubscribe.objects.standing().filter(invitation=invitation).exists()


def test_a_customer_asks_and_follows_the_ticket_without_script(plain: Callable[[str], Page]) -> None:
    page = plain("/help/?l=en")
    page.get_by_label("Your name").fill("Zoe Zimmer")
    page.get_by_label("Your e-mail address").fill("zoe@new.example")
    page.get_by_label("Subject").fill("The lamp flickers")
    page.get_by_label("How can we help?").fill("Since Monday.")
    page.wait_for_timeout(A_MOMENT + 500)
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_text("We have your request")).to_be_visible()
    page.get_by_label("Write more").fill("In the evening.")
    page.wait_for_timeout(A_MOMENT)
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_text("In the evening.")).to_be_visible()
    row = Ticket.objects.get(subject="The lamp flickers")
    assert list(row.messages.filter(author="customer").values_list("body", flat=True)) == ["Since Monday.", "In the evening."]
    assert page.context.cookies() == []
