"""From a customer's question to the score of the answer: form, agent, worker, mail server, phone, numbers. And what a mail scanner
can do on the way: nothing.

Everything is real: the browser, the worker's process, the mail server, the rules about who answers too fast. Only the time that a
mail lies unread is not waited for.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from analytics.engine import evaluate
from analytics.scopes import Scope
from crm.periods import Period, local_day
from support.models import Ticket
from surveys.models import ClickLog, Invitation, Response, Unsubscribe
from surveys.planning import plan
from tests.faults.harness import Faults, wait_until, wait_until_idle
from tests.smtp import SmtpServer
from tests.surveys.scene import LINK

from .conftest import PHONE, OpenAs, Site, press, serve
from .desk import open_desk
from .test_agent_day import ask

pytestmark = [pytest.mark.e2e, pytest.mark.once, pytest.mark.django_db(transaction=True)]

CSAT = "Customer satisfaction (CSAT)"
TOUCH = {"viewport": PHONE, "has_touch": True, "is_mobile": True}
A_MOMENT = 2200  # ms; who sends sooner is taken for a machine


@pytest.fixture(scope="module")
def site(django_db_setup: None, django_db_blocker: Any) -> Iterator[Site]:
    with serve(django_db_blocker) as server:
        yield Site(server.url, open_desk())  # type: ignore[arg-type]  # a smaller scene


@pytest.fixture
def post(site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SmtpServer]:
    """The mail server, and a worker that sends through it."""
    with SmtpServer() as server:
        monkeypatch.setenv("EMAIL_URL", f"smtp://127.0.0.1:{server.port}")
        monkeypatch.setenv("SITE_URL", site.url)
        processes = Faults(tmp_path)
        processes.worker()
        yield server
        processes.end()


def surveys_in(post: SmtpServer) -> list[EmailMessage]:
    return [mail for mail in post.messages if mail["List-Unsubscribe"]]


def html_of(mail: EmailMessage) -> str:
    return mail.get_body(("html",)).get_content()  # type: ignore[union-attr]


def lie_unread(invitation: Invitation) -> None:
    """An hour goes by in the mailbox."""
    hour = dt.timedelta(hours=1)
    invitation.refresh_from_db()
    assert invitation.delivered_at is not None
    invitation.delivered_at -= hour
    invitation.save(update_fields=["delivered_at"])
    for click in invitation.clicks.all():
        ClickLog.objects.filter(pk=click.pk).update(at=click.at - hour)


def csat() -> tuple[int, int, int]:
    """(satisfied, answers, in quarantine) of yesterday and today, from the stored sums."""
    today = local_day(timezone.now())
    days = Period(today - dt.timedelta(days=1), today + dt.timedelta(days=1))
    [row] = evaluate(["csat"], [days], scope=Scope.everything())
    apart = {measure: count for _label, count, measure in row.left_out}
    return int(row.numerator or 0), int(row.denominator or 0), apart.get("csat_quarantined", 0)


def read_mail(phone: Page, mail: EmailMessage) -> None:
    phone.set_content(html_of(mail))


def solve_by_keyboard(page: Page, subject: str) -> None:
    """From the queue to solved without a mouse."""
    link = page.get_by_role("link", name=subject)
    expect(link).to_be_visible()
    for _press in range(12):
        press(page, "j")
        if link.evaluate("link => link === document.activeElement"):
            break
    press(page, "Enter")
    expect(page.get_by_role("heading", name=subject)).to_be_visible()
    press(page, "t")
    expect(page.get_by_text("is yours")).to_be_visible()
    press(page, ";")
    page.keyboard.type("greet")
    expect(page.locator("#saved-replies [data-insert]")).to_have_count(1)
    press(page, "Enter")
    expect(page.get_by_label("Text")).to_have_value(re.compile("^Hello Zoe,"))
    press(page, "Control+Shift+Enter")
    expect(page.get_by_text("Reply sent")).to_be_visible()


def test_a_question_becomes_a_solved_ticket_one_survey_and_a_score_in_every_place(
    site: Site, open_as: OpenAs, post: SmtpServer
) -> None:
    ask(open_as(None, "/help/?l=en", viewport=PHONE), "The fan is loud")
    agent = open_as(site.people.gus, "/tickets/?view=unassigned")
    solve_by_keyboard(agent, "The fan is loud")
    ticket = Ticket.objects.get()
    assert (ticket.category, ticket.owner) == ("done", site.people.gus)

    wait_until(lambda: bool(surveys_in(post)), "the survey's mail")
    wait_until_idle()
    [mail] = surveys_in(post)
    assert [envelope for envelope in post.envelopes if envelope != ["zoe@new.example"]] == []
    assert [str(other["Subject"]) for other in post.messages if other is not mail] == [
        f"[{ticket.number}]",
        f"Re: [{ticket.number}] The fan is loud",
    ]

    lie_unread(Invitation.objects.get())
    phone = open_as(None, "about:blank", **TOUCH)
    read_mail(phone, mail)
    phone.get_by_role("link", name="Choose 4").tap()
    expect(phone.get_by_role("radio", checked=True)).to_have_value("4")
    assert not Response.objects.exists()
    phone.wait_for_timeout(A_MOMENT)
    phone.get_by_role("button", name="Send").tap()
    expect(phone.get_by_role("heading", name="Your answer has been sent")).to_be_visible()
    assert phone.context.cookies() == []
    wait_until_idle()
    assert len(surveys_in(post)) == 1

    agent.goto(ticket.get_absolute_url())
    expect(agent.locator(".score-badge")).to_have_text(re.compile(r"^\s*4\s*Satisfied"))
    agent.goto("/")
    card = agent.locator("article.kpi").filter(has=agent.get_by_role("link", name=CSAT, exact=True))
    expect(card.locator(".kpi-value")).to_have_text("100.0%")
    expect(card.locator(".kpi-foot")).to_contain_text("n = 1")
    card.get_by_role("link", name=CSAT, exact=True).click()
    expect(agent.locator(".headline-value")).to_have_text("100.0%")
    expect(agent.locator("#records tbody tr")).to_have_count(1)
    agent.locator("#records tbody a").click()
    expect(agent.locator("main")).to_contain_text(ticket.number)
    assert csat() == (1, 1, 0)


# --- a mail scanner --------------------------------------------------------------------------------------------------


def links_of(mail: EmailMessage) -> list[str]:
    """Every address in the mail: in its HTML, its text and its headers."""
    places = [html_of(mail), mail.get_body(("plain",)).get_content(), re.sub(r"\s", "", mail["List-Unsubscribe"])]  # type: ignore[union-attr]
    return list(dict.fromkeys(link for text in places for link in re.findall(r"http[^\s\"<>]+", text)))


def post_at_once(page: Page) -> None:
    """Sends the survey on the page, if there is one, with the last answer where none is chosen."""
    if page.locator("input[name=score]").count():
        page.evaluate(
            """() => {
              const scores = [...document.querySelectorAll("input[name=score]")];
              if (!scores.some((each) => each.checked)) scores.at(-1).checked = true;
            }"""
        )
        with page.expect_navigation():
            page.locator("button.send").click()


def scan(page: Page, mail: EmailMessage) -> None:
    """Opens every link of the mail and every link behind it, lets scripts run, and posts each survey as soon as it is there."""
    opened = links_of(mail)
    for link in opened[:]:
        page.goto(link)
        behind = page.locator("a").evaluate_all("links => links.map((link) => link.href)")
        opened += [each for each in behind if LINK.search(each) and each not in opened]
    for link in opened:
        page.goto(link)
        post_at_once(page)


def test_a_mail_scanner_changes_no_score_and_costs_no_answer(site: Site, open_as: OpenAs, post: SmtpServer) -> None:
    invitation = plan(site.survey, email="nora@aster.example", cause="scanned")
    wait_until_idle()
    [mail] = surveys_in(post)
    lie_unread(invitation)
    satisfied, answers, _apart = csat()
    scanner = open_as(None, "about:blank")
    scan(scanner, mail)
    wait_until_idle()
    response = Response.objects.get(invitation=invitation)
    assert response.state == "quarantined"
    assert csat() == (satisfied, answers, 1)
    assert not Unsubscribe.objects.exists()

    lie_unread(invitation)
    phone = open_as(None, "about:blank", **TOUCH)
    read_mail(phone, mail)
    phone.get_by_role("link", name="Choose 2").tap()
    expect(phone.get_by_role("radio", checked=True)).to_have_value("2")
    phone.wait_for_timeout(A_MOMENT)
    phone.get_by_role("button", name="Send").tap()
    expect(phone.get_by_text("2 of 5")).to_be_visible()
    wait_until_idle()
    assert csat() == (satisfied, answers + 1, 0)

    scan(scanner, mail)
    wait_until_idle()
    response.refresh_from_db()
    assert (response.score, response.state) == (2, "confirmed")
    assert csat() == (satisfied, answers + 1, 0)
