"""Ann's day: she signs in, logs a deal without a mouse, calls, moves, loses, and finds somebody who rings."""

from __future__ import annotations

import re

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from contacts.models import Activity, Company, Person, Task
from deals.models import Deal
from tests.factories import PASSWORD, DealFactory, PersonFactory

from .conftest import OpenAs, Site, press

pytestmark = [pytest.mark.e2e, pytest.mark.once, pytest.mark.django_db(transaction=True)]


def heading(page: Page, words: str | re.Pattern[str]) -> None:
    expect(page.get_by_role("heading", level=1)).to_have_text(words)


def count_loads(page: Page) -> list[str]:
    """The addresses of documents that are loaded from now on."""
    loads: list[str] = []
    page.on("request", lambda request: loads.append(request.url) if request.is_navigation_request() else None)
    return loads


def test_she_signs_in_and_the_overview_is_hers(site: Site, open_as: OpenAs) -> None:
    page = open_as(None, "/")
    heading(page, re.compile("^Sign in to"))
    page.get_by_label(re.compile("^User name")).fill("ann")
    page.get_by_label(re.compile("^Password")).fill(PASSWORD)
    press(page, "Enter")
    heading(page, "Overview")
    expect(page.locator(".page-context")).to_contain_text("Your numbers")
    expect(page.locator("article.kpi").filter(has_text="Deals won").first.locator(".kpi-value")).to_have_text(re.compile(r"\d"))


def test_a_wrong_password_says_so_and_keeps_the_name(site: Site, open_as: OpenAs) -> None:
    page = open_as(None, "/accounts/login/")
    page.get_by_label(re.compile("^User name")).fill("ann")
    page.get_by_label(re.compile("^Password")).fill("not this")
    press(page, "Enter")
    expect(page.get_by_text("not correct")).to_be_visible()
    expect(page.get_by_label(re.compile("^User name"))).to_have_value("ann")


def test_a_deal_with_a_new_person_and_a_new_company_takes_four_fields_and_no_mouse(site: Site, open_as: OpenAs) -> None:
    """n d, company, person, e-mail, value, Ctrl+Enter: the page of the form and the page of the deal, nothing between."""
    page = open_as(site.people.ann)
    loads = count_loads(page)
    press(page, "n", "d")
    heading(page, "New deal")
    expect(page.get_by_role("combobox", name="Company")).to_be_focused()
    page.keyboard.type("Kestrel Optics")
    press(page, "Tab")
    page.keyboard.type("Ida Moss")
    press(page, "Tab")
    page.keyboard.type("ida@kestrel.example")
    for _field in ("phone", "title", "value"):
        press(page, "Tab")
    page.keyboard.type("12,500")
    press(page, "Control+Enter")
    heading(page, "Deal with Kestrel Optics")
    deal = Deal.objects.get(company__name="Kestrel Optics")
    assert (deal.amount, deal.owner, deal.people.get().name) == (12_500_00, site.people.ann, "Ida Moss")
    assert deal.people.get().emails.get().email == "ida@kestrel.example"
    assert deal.company.owner == site.people.ann
    assert [load for load in loads if "/new/" not in load and f"/deals/{deal.pk}/" not in load] == []


def test_a_company_that_is_there_already_is_found_while_typing(site: Site, open_as: OpenAs) -> None:
    page = open_as(site.people.ann, "/deals/new/")
    page.get_by_role("combobox", name="Company").press_sequentially("aster")
    expect(page.get_by_role("option").filter(has_text="Aster Foods")).to_be_visible()
    press(page, "Enter")
    expect(page.get_by_role("combobox", name="Company")).to_have_value("Aster Foods")
    page.get_by_label("Value").fill("900")
    page.get_by_role("button", name="Save").click()
    heading(page, "Deal with Aster Foods")
    assert Company.objects.filter(name="Aster Foods").count() == 1


def test_a_mistake_is_marked_at_its_field_and_nothing_typed_is_lost(site: Site, open_as: OpenAs) -> None:
    page = open_as(site.people.ann, "/deals/new/")
    page.watch.expect("422")  # type: ignore[attr-defined]
    page.get_by_label("Title").fill("A pump")
    page.get_by_label("Value").fill("a lot")
    press(page, "Control+Enter")
    expect(page.get_by_label("Value")).to_be_focused()
    expect(page.get_by_label("Value")).to_have_attribute("aria-invalid", "true")
    expect(page.get_by_label("Title")).to_have_value("A pump")


def test_esc_asks_before_it_throws_away_what_was_typed(site: Site, open_as: OpenAs) -> None:
    page = open_as(site.people.ann, "/deals/new/")
    page.get_by_label("Title").fill("A pump")
    press(page, "Escape")
    expect(page.get_by_text("What you typed is not saved.")).to_be_visible()
    page.get_by_role("button", name="Keep editing").click()
    expect(page.get_by_label("Title")).to_have_value("A pump")


def own_deal(site: Site, title: str) -> Deal:
    """A deal for one test to change."""
    return DealFactory(owner=site.people.ann, company=site.companies[0], title=title, amount=5_000_00, created_at=timezone.now())


def test_a_call_and_the_next_step_are_three_clicks_and_a_note(site: Site, open_as: OpenAs) -> None:
    deal = own_deal(site, "To be called")
    page = open_as(site.people.ann, deal.get_absolute_url())
    expect(page.get_by_text("Nothing planned")).to_be_visible()
    composer = page.locator("#log")
    composer.get_by_text("Call", exact=True).first.click()
    composer.get_by_label("What was said or done").fill("Wants an offer by Friday.")
    composer.get_by_text("In 3 days").click()
    composer.get_by_role("button", name="Log").click()
    expect(page.locator(".next-step")).to_contain_text("in 3 days")
    expect(page.get_by_text("Wants an offer by Friday.")).to_be_visible()
    activity = Activity.objects.get(note="Wants an offer by Friday.")
    assert (activity.kind, activity.owner) == ("call", site.people.ann)
    assert Task.objects.filter(deals=deal, done_at=None).count() == 1


def test_a_click_on_the_bar_moves_the_deal_and_undo_takes_it_back(site: Site, open_as: OpenAs) -> None:
    deal = own_deal(site, "To be moved")
    page = open_as(site.people.ann, deal.get_absolute_url())
    page.locator(".stage-bar").get_by_role("button", name="Offer").click()
    expect(page.locator(".stage-bar [aria-current=step]")).to_contain_text("Offer")
    page.locator("#toasts").get_by_role("button", name="Undo").click()
    expect(page.locator(".stage-bar [aria-current=step]")).to_contain_text("Lead in")


def test_losing_a_deal_with_a_reason_is_two_clicks(site: Site, open_as: OpenAs) -> None:
    deal = own_deal(site, "To be lost")
    page = open_as(site.people.ann, deal.get_absolute_url())
    page.locator("summary", has_text="Lost").click()
    page.get_by_role("button", name="No decision").click()
    expect(page.locator(".page-title .badge")).to_have_text("Lost")
    deal.refresh_from_db()
    assert (deal.status, deal.lost_reason.name) == ("lost", "No decision")


def test_a_deal_is_won_with_one_click_and_reopened_with_another(site: Site, open_as: OpenAs) -> None:
    deal = own_deal(site, "To be won")
    page = open_as(site.people.ann, deal.get_absolute_url())
    page.get_by_role("button", name="Won", exact=True).click()
    expect(page.locator(".page-title .badge")).to_have_text("Won")
    page.get_by_role("button", name="Reopen").click()
    expect(page.locator(".page-title .badge")).to_have_text("Open")


def test_four_digits_of_a_phone_and_enter_open_the_person(site: Site, open_as: OpenAs) -> None:
    PersonFactory(name="Yara Zell", owner=site.people.ann, phones=["+33 6 98 76 54 32"])
    page = open_as(site.people.ann)
    press(page, "/")
    page.keyboard.type("7654")
    press(page, "Enter")
    heading(page, "Yara Zell")


def test_suggestions_come_while_typing_and_arrows_choose(site: Site, open_as: OpenAs) -> None:
    page = open_as(site.people.ann)
    press(page, "/")
    page.keyboard.type("nora")
    expect(page.locator("#suggestions a").first).to_contain_text("Nora Lind")
    press(page, "ArrowDown")
    expect(page.locator("#suggestions a").first).to_be_focused()
    press(page, "Enter")
    heading(page, "Nora Lind")


def test_a_task_is_done_from_the_list(site: Site, open_as: OpenAs) -> None:
    page = open_as(site.people.ann, "/tasks/")
    row = page.get_by_role("row").filter(has_text="Prepare the fair")
    row.hover()
    row.get_by_role("button", name=re.compile("Done")).click()
    expect(page.get_by_role("row").filter(has_text="Prepare the fair")).to_have_count(0)
    assert Task.objects.get(title="Prepare the fair").done_at is not None


def test_what_is_a_colleagues_is_not_there_for_somebody_else(site: Site, open_as: OpenAs) -> None:
    page = open_as(site.people.cleo)
    page.watch.expect("404")  # type: ignore[attr-defined]
    for record in (site.deal, site.companies[0], site.persons[0], site.lead):
        answer = page.goto(record.get_absolute_url())
        assert answer.status == 404
        expect(page.get_by_text(str(record))).to_have_count(0)
    assert Person.objects.filter(pk=site.persons[0].pk).exists()


def test_on_a_phone_the_bar_at_the_foot_reaches_everything(site: Site, open_as: OpenAs) -> None:
    page = open_as(site.people.ann, viewport={"width": 360, "height": 740}, has_touch=True)
    bar = page.get_by_role("navigation", name="Quick menu")
    for box in [each.bounding_box() for each in bar.locator("> a, summary").all()]:
        assert min(box["width"], box["height"]) >= 44
    bar.get_by_text("More").click()
    page.get_by_role("navigation", name="Main menu").get_by_role("link", name="Companies").click()
    heading(page, "Companies")
