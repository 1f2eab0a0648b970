"""An agent's day: from the customer's form to solved, without a mouse."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from support.links import token_for
from support.models import Ticket
from tests.factories import MessageFactory, TicketFactory

from .conftest import PHONE, OpenAs, Site, press

pytestmark = [pytest.mark.e2e, pytest.mark.once, pytest.mark.django_db(transaction=True)]
A_MOMENT = 2500  # ms; who sends sooner is taken for a machine


def ask(page: Page, subject: str) -> None:
    """A customer fills in the form, slower than a machine."""
    page.get_by_label("Your name").fill("Zoe Zimmer")
    page.get_by_label("Your e-mail address").fill("zoe@new.example")
    page.get_by_label("Subject").fill(subject)
    page.get_by_label("How can we help?").fill("The fan is loud.\nWhat can I do?")
    page.wait_for_timeout(A_MOMENT)
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_text("We have your request")).to_be_visible()


def test_an_agent_takes_a_ticket_from_the_form_to_solved_by_keyboard_alone(site: Site, open_as: OpenAs) -> None:
    customer = open_as(None, "/help/?l=en", viewport=PHONE)
    ask(customer, "The fan is loud")
    page = open_as(site.people.gus, "/tickets/?view=unassigned")
    link = page.get_by_role("link", name="The fan is loud")
    expect(link).to_be_visible()
    for _press in range(12):
        press(page, "j")
        if link.evaluate("link => link === document.activeElement"):
            break
    press(page, "Enter")
    expect(page.get_by_role("heading", name="The fan is loud")).to_be_visible()

    press(page, "t")
    expect(page.get_by_text("is yours")).to_be_visible()
    press(page, "p")
    page.keyboard.type("High")
    press(page, "Control+Enter")
    expect(page.locator(".page-title .badge", has_text="High")).to_be_visible()

    press(page, "i")
    expect(page.get_by_role("radio", name="Internal note")).to_be_checked()
    page.keyboard.type("Known fault of the 2024 series.")
    press(page, "Control+Enter")
    expect(page.locator(".message.note")).to_contain_text("Known fault")

    press(page, "r")
    expect(page.get_by_role("radio", name="Public reply")).to_be_checked()
    press(page, "Escape")
    page.evaluate("document.activeElement.blur()")
    press(page, ";")
    page.keyboard.type("greet")
    expect(page.locator("#saved-replies [data-insert]")).to_have_count(1)
    press(page, "Enter")
    text = page.get_by_label("Text")
    expect(text).to_have_value(re.compile("^Hello Zoe,"))
    press(page, "Control+Shift+Enter")
    expect(page.get_by_text("Reply sent")).to_be_visible()

    ticket = Ticket.objects.get(subject="The fan is loud")
    assert (ticket.category, ticket.owner, ticket.priority) == ("done", site.people.gus, "high")
    customer.reload()
    expect(customer.get_by_text("Hello Zoe,")).to_be_visible()
    expect(customer.get_by_text("Solved", exact=True)).to_be_visible()
    expect(customer.get_by_text("Known fault")).to_have_count(0)


def test_what_is_typed_survives_leaving_the_page_and_goes_when_it_was_sent(site: Site, open_as: OpenAs) -> None:
    ticket = TicketFactory(subject="Draft", owner=site.people.gus)
    page = open_as(site.people.gus, ticket.get_absolute_url())
    page.get_by_label("Text").fill("Half an answer")
    page.goto("/tickets/")
    page.goto(ticket.get_absolute_url())
    expect(page.get_by_label("Text")).to_have_value("Half an answer")
    expect(page.get_by_text("Draft kept in this browser")).to_be_visible()
    page.get_by_role("button", name="Send reply").click()
    expect(page.locator(".message.ours")).to_contain_text("Half an answer")
    page.goto(ticket.get_absolute_url())
    expect(page.get_by_label("Text")).to_have_value("")


def test_a_reply_stops_before_what_just_arrived_and_goes_when_one_insists(site: Site, open_as: OpenAs) -> None:
    ticket = TicketFactory(subject="Crossing", owner=site.people.gus)
    page = open_as(site.people.gus, ticket.get_absolute_url())
    page.watch.expect("409")  # type: ignore[attr-defined]
    page.get_by_label("Text").fill("Please restart it.")
    MessageFactory(ticket=ticket, body="It works again!")
    page.get_by_role("button", name="Send reply").click()
    expect(page.get_by_text("Not sent: something new arrived")).to_be_visible()
    expect(page.get_by_label("Text")).to_have_value("Please restart it.")
    page.get_by_role("button", name="Send anyway").click()
    expect(page.locator(".message.ours")).to_contain_text("Please restart it.")


def test_the_queue_shows_what_came_without_loading_it_again(site: Site, open_as: OpenAs) -> None:
    page = open_as(site.people.gus, "/tickets/?view=open")
    box = page.locator("tbody input[name=ids]").first
    box.check()
    TicketFactory(subject="Just came in")
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(page.get_by_role("link", name="Just came in")).to_be_visible()
    expect(page.locator("tbody input[name=ids]:checked")).to_have_count(1)


def test_single_keys_can_be_switched_off(site: Site, open_as: OpenAs) -> None:
    ticket = TicketFactory(subject="Keys")
    page = open_as(site.people.gus, ticket.get_absolute_url())
    press(page, "?")
    with page.expect_response("**/preferences/"):  # the choice is stored
        page.get_by_role("dialog").get_by_role("button", name="Off").click()
    press(page, "Escape")
    page.reload()
    press(page, "t")
    press(page, "?")
    expect(page.get_by_role("dialog")).to_be_visible()
    ticket.refresh_from_db()
    assert ticket.owner is None


def test_a_customer_answers_on_a_phone_without_script(site: Site, open_as: OpenAs) -> None:
    ticket = TicketFactory(subject="On the phone", requester=site.persons[2])
    page = open_as(None, f"/t/{token_for(ticket)}/?l=en", viewport=PHONE, java_script_enabled=False)
    page.get_by_label("Write more").fill("It is the second line.")
    page.wait_for_timeout(A_MOMENT)
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_text("It is the second line.")).to_be_visible()
    page.wait_for_timeout(A_MOMENT)
    page.get_by_role("button", name="This is solved, thank you").click()
    expect(page.get_by_text("Solved", exact=True)).to_be_visible()
