"""Lists without page loads: filter, sort, page, back; and without a mouse."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from .conftest import OpenAs, Site

pytestmark = [pytest.mark.e2e, pytest.mark.once, pytest.mark.django_db(transaction=True)]


def mark(page: Page) -> None:
    """Leaves a sign in the document, which a page load would wipe away."""
    page.evaluate("document.body.dataset.same = 'yes'")


def is_same(page: Page) -> bool:
    return page.evaluate("document.body.dataset.same === 'yes'")


def test_a_filter_swaps_the_rows_and_stands_in_the_address(site: Site, open_as: OpenAs) -> None:
    page = open_as(site.people.ada, "/deals/")
    mark(page)
    page.locator(".filters summary", has_text="Filter").click()
    page.get_by_role("checkbox", name="Won").check()
    expect(page).to_have_url(re.compile(r"status=won"))
    expect(page.locator(".chip")).to_contain_text("Won")
    assert is_same(page)
    assert "q=" not in page.url
    rows = page.locator("#list tbody tr").count()
    page.reload()
    expect(page.locator("#list tbody tr")).to_have_count(rows)
    page.get_by_label(re.compile("^Remove the filter")).click()
    expect(page).not_to_have_url(re.compile(r"status=won"))
    page.go_back()
    expect(page.locator(".chip")).to_contain_text("Won")
    expect(page.locator("#list tbody tr")).to_have_count(rows)


def test_typing_narrows_the_list_and_keeps_the_caret(site: Site, open_as: OpenAs) -> None:
    page = open_as(site.people.ada, "/deals/")
    mark(page)
    field = page.locator("#list input[type=search]")
    field.press_sequentially("warehouse", delay=20)
    expect(page.locator("#list tbody tr")).to_have_count(1)
    expect(field).to_be_focused()
    expect(field).to_have_value("warehouse")
    assert is_same(page)


def test_a_filter_that_hides_everything_offers_to_be_cleared(site: Site, open_as: OpenAs) -> None:
    page = open_as(site.people.ada, "/deals/?q=zzzz")
    expect(page.get_by_text("Nothing matches these filters")).to_be_visible()
    page.locator("#list").get_by_role("link", name="Clear filters").last.click()
    expect(page.locator("#list tbody tr").first).to_be_visible()


def test_a_head_sorts_and_says_so(site: Site, open_as: OpenAs) -> None:
    page = open_as(site.people.ada, "/deals/")
    head = page.get_by_role("columnheader", name="Value")
    head.get_by_role("link").click()
    expect(page).to_have_url(re.compile("sort="))
    expect(head).to_have_attribute("aria-sort", re.compile("ascending|descending"))
    first = head.get_attribute("aria-sort")
    head.get_by_role("link").click()
    expect(head).not_to_have_attribute("aria-sort", first)


def test_pages_turn_and_back_returns(site: Site, open_as: OpenAs) -> None:
    page = open_as(site.people.ada, "/leads/")
    mark(page)
    expect(page.locator(".pager")).to_contain_text("1–50 of 60")
    page.get_by_role("link", name="Next").click()
    expect(page.locator(".pager")).to_contain_text("51–60 of 60")
    expect(page).to_have_url(re.compile("page=2"))
    assert is_same(page)
    page.go_back()
    expect(page.locator(".pager")).to_contain_text("1–50 of 60")


def test_j_k_and_enter_walk_the_rows(site: Site, open_as: OpenAs) -> None:
    page = open_as(site.people.ada, "/companies/")
    page.keyboard.press("j")
    page.keyboard.press("j")
    second = page.locator("main .row-link").nth(1)
    expect(second).to_be_focused()
    name = second.inner_text()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text(name)


def test_without_scripts_filters_and_pages_still_work(site: Site, open_as: OpenAs) -> None:
    page = open_as(site.people.ada, "/leads/?source=web", java_script_enabled=False)
    expect(page.locator(".pager")).to_contain_text("of 29")
    page.goto("/leads/")
    page.get_by_role("link", name="Next").click()
    expect(page.locator(".pager")).to_contain_text("51–60 of 60")
