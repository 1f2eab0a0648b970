"""Max reads his team's numbers: another period, another cut, and the very records behind a number."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from .conftest import OpenAs, Site

pytestmark = [pytest.mark.e2e, pytest.mark.once, pytest.mark.django_db(transaction=True)]


def card(page: Page, name: str) -> object:
    link = page.get_by_role("link", name=name, exact=True)
    return page.locator("article.kpi").filter(has=link)


def whole_number(text: str) -> int:
    return int(re.sub(r"\D", "", text))


def test_from_the_overview_to_the_records_the_count_stays_the_same(site: Site, open_as: OpenAs) -> None:
    page = open_as(site.people.max)
    page.locator(".period-bar summary").click()
    page.get_by_role("link", name=re.compile("^Last quarter")).click()
    expect(page).to_have_url(re.compile("period=last_quarter"))
    shown = card(page, "Deals won").locator(".kpi-value").inner_text()
    page.get_by_role("link", name="Deals won", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Deals won")
    expect(page).to_have_url(re.compile("period=last_quarter"))
    expect(page.locator(".headline-value")).to_have_text(shown)
    expect(page.locator("#records tbody tr")).to_have_count(whole_number(shown))

    with page.expect_navigation():
        page.locator("#split").get_by_role("link", name="Owner", exact=True).click()
    rows = page.locator("#split tbody tr")
    assert whole_number(shown) == sum(whole_number(text) for text in rows.locator("td.cell-1").all_inner_texts())
    row = rows.filter(has_text="Ann Archer")
    of_ann = whole_number(row.locator("td.cell-1").inner_text())
    row.get_by_role("link", name="Ann Archer").click()
    expect(page.locator(".headline-value")).to_have_text(str(of_ann))
    expect(page.locator("#records tbody tr")).to_have_count(of_ann)
    page.locator("#records tbody a").first.click()
    expect(page.locator("main")).to_contain_text("Ann Archer")


def test_the_teams_number_leaves_out_the_other_team(site: Site, open_as: OpenAs) -> None:
    won = {}
    for user in (site.people.max, site.people.cleo, site.people.ada):
        page = open_as(user, "/numbers/deals_won/?period=last_quarter")
        won[user.username] = whole_number(page.locator(".headline-value").inner_text())
    assert won["max"] + won["cleo"] == won["ada"]
    assert min(won.values()) > 0


def test_dates_of_ones_own_stand_in_the_address_and_come_back(site: Site, open_as: OpenAs) -> None:
    page = open_as(site.people.max)
    page.locator(".period-bar summary").click()
    page.get_by_label("First day").fill("2026-01-01")
    page.get_by_label("Last day").fill("2026-02-28")
    page.get_by_role("button", name="Show these days").click()
    expect(page).to_have_url(re.compile("from=2026-01-01.*to=2026-02-28"))
    page.reload()
    expect(page.get_by_label("First day")).to_have_value("2026-01-01")
    page.get_by_label("Compared with").select_option("year")
    expect(page).to_have_url(re.compile("compare=year"))
    expect(page.locator(".period-against")).to_contain_text("2025")


def test_a_chart_tells_its_values_to_the_keyboard_and_has_a_table(site: Site, open_as: OpenAs) -> None:
    page = open_as(site.people.max, "/numbers/won_amount/?period=last_quarter&grain=month")
    canvas = page.locator("[data-chart]").first
    page.keyboard.press("Tab")
    canvas.focus()
    page.keyboard.press("End")
    expect(canvas.locator(".chart-tip")).to_be_visible()
    expect(canvas.locator(".chart-tip")).to_contain_text("Won amount")
    page.keyboard.press("Escape")
    expect(canvas.locator(".chart-tip")).to_be_hidden()
    page.get_by_text("Show as table").click()
    expect(page.locator("#course table tbody tr").first).to_be_visible()


def test_the_definition_opens_on_the_card_and_esc_closes_it(site: Site, open_as: OpenAs) -> None:
    page = open_as(site.people.max)
    sign = page.get_by_label("What is Win rate by value?", exact=True)
    sign.focus()
    page.keyboard.press("Enter")
    told = card(page, "Win rate by value").locator(".kpi-info .popover")
    expect(told).to_be_visible()
    page.keyboard.press("Escape")
    expect(told).to_be_hidden()
    expect(sign).to_be_focused()
