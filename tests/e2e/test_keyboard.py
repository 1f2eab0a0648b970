"""Without a mouse: everything is reached with Tab, one sees where one is, and Esc leads out."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from .conftest import OpenAs, Site

pytestmark = [pytest.mark.e2e, pytest.mark.once, pytest.mark.django_db(transaction=True)]

#: Numbers what can be used on a page and is shown; a group of radios counts once, as Tab does.
NUMBER = """() => {
  const seen = new Set();
  let count = 0;
  for (const each of document.querySelectorAll("a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex='0']")) {
    if (each.disabled || each.tabIndex < 0 || !each.checkVisibility({visibilityProperty: true})) continue;
    const group = each.type === "radio" && each.form ? [...each.form.elements].find((other) => other.name === each.name && other.checked) ?? each : each;
    if (seen.has(group)) continue;
    seen.add(group);
    group.dataset.stop = count++;
  }
  return count;
}"""
#: The number of what has the focus, and whether one can see that it has: an outline on it, its label or what frames it.
WHERE = """() => {
  const here = document.activeElement;
  const frames = [here, here.closest("label"), here.parentElement, here.closest("tr"), here.closest("article"), here.closest("form")];
  const shown = frames.filter(Boolean).some((each) => ["", "::before", "::after"].some((part) => {
    const style = getComputedStyle(each, part || null);
    return (style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0) || (each === here && style.boxShadow !== "none");
  }));
  return [here.dataset.stop ?? "", shown, here.outerHTML.slice(0, 100)];
}"""


def walk(page: Page) -> tuple[set[str], list[str]]:
    """Presses Tab until the page is through: the stops that were reached, and those where the focus cannot be seen."""
    reached: set[str] = set()
    unseen, before = [], ""
    for _press in range(400):
        page.keyboard.press("Tab")
        stop, shown, html = page.evaluate(WHERE)
        # A date field takes several presses: day, month, year, and a button that the browser draws and marks itself.
        if stop and stop != before and not shown:
            unseen.append(html)
        if stop in reached and stop != before:
            break
        before = stop
        if stop:
            reached.add(stop)
    return reached, unseen


@pytest.mark.parametrize("path", ["/", "/deals/", "deal", "/deals/new/", "/numbers/win_rate/", "/settings/tokens/"])
def test_tab_reaches_everything_and_shows_where_one_is(site: Site, open_as: OpenAs, path: str) -> None:
    page = open_as(site.people.ada, site.deal.get_absolute_url() if path == "deal" else path)
    page.evaluate("document.activeElement.blur()")
    stops = page.evaluate(NUMBER)
    reached, unseen = walk(page)
    missed = [
        page.locator(f'[data-stop="{stop}"]').evaluate("e => e.outerHTML.slice(0, 120)")
        for stop in range(stops)
        if str(stop) not in reached
    ]
    assert missed == []
    assert unseen == []


def test_the_first_stop_skips_to_the_content(site: Site, open_as: OpenAs) -> None:
    page = open_as(site.people.ann)
    page.keyboard.press("Tab")
    link = page.get_by_role("link", name="Skip to the content")
    expect(link).to_be_focused()
    expect(link).to_be_in_viewport()
    page.keyboard.press("Enter")
    expect(page.locator("#main")).to_be_focused()


def test_esc_closes_menus_and_gives_the_focus_back(site: Site, open_as: OpenAs) -> None:
    page = open_as(site.people.ann)
    for summary in (
        page.locator("[data-new-menu] summary"),
        page.get_by_label("Ann Archer: your menu"),
        page.locator(".period-bar summary"),
    ):
        summary.focus()
        page.keyboard.press("Enter")
        expect(page.locator("details[data-menu][open]")).to_have_count(1)
        page.keyboard.press("ArrowDown")
        page.keyboard.press("Escape")
        expect(page.locator("details[data-menu][open]")).to_have_count(0)
        expect(summary).to_be_focused()


def test_a_question_mark_lists_the_keys_and_esc_closes_the_list(site: Site, open_as: OpenAs) -> None:
    page = open_as(site.people.ann)
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()


def test_keys_do_nothing_while_one_types(site: Site, open_as: OpenAs) -> None:
    page = open_as(site.people.ann, "/deals/new/")
    field = page.get_by_label("Title")
    field.press_sequentially("n/? d")
    expect(field).to_have_value("n/? d")
    expect(page.locator("details[data-menu][open]")).to_have_count(0)
