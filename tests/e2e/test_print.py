"""Pages of numbers on paper: a report that says what it is, of whom, over which days and as of when, on the width of an A4 sheet."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.urls import reverse
from playwright.sync_api import Browser, Page, expect

from analytics.boards import boards

from .conftest import Site, Watch, sign_in

pytestmark = [pytest.mark.e2e, pytest.mark.once, pytest.mark.django_db(transaction=True)]

#: An A4 sheet between its margins: 186 mm at 96 dots an inch.
SHEET = {"width": 703, "height": 1000}
PERIOD = "?period=last_quarter"
PAGES = {
    "the overview": f"/{PERIOD}",
    "all numbers": f"/numbers/{PERIOD}",
    "a number split": f"/numbers/win_rate/{PERIOD}&by=owner",
    "its records": f"/numbers/win_rate/records/{PERIOD}&part=denominator",
    **{key: f"/boards/{key}/{PERIOD}" for key in boards.keys()},
}

#: What can only be pressed or typed into, of all that is to be seen.
PRESSED = """() => [...document.querySelectorAll("nav a, button, select, input, summary, .button, .popover, .more, .area-more, .sidebar, .topbar")]
  .filter((each) => each.checkVisibility()).map((each) => each.outerHTML.slice(0, 90))"""
#: What sticks out of the sheet.
WIDE = """() => [...document.querySelectorAll("main *")]
  .filter((each) => each.checkVisibility() && each.getBoundingClientRect().right > document.documentElement.clientWidth + 1
    && !each.closest(".visually-hidden, svg"))
  .map((each) => each.outerHTML.slice(0, 90))"""
#: Texts that are not dark, or stand on something that is.
PALE = """() => {
  const light = (colour) => {
    const canvas = new OffscreenCanvas(1, 1).getContext("2d");
    canvas.fillStyle = "white";
    canvas.fillRect(0, 0, 1, 1);
    canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
    const [r, g, b] = canvas.getImageData(0, 0, 1, 1).data;
    return (0.2126 * r + 0.7152 * g + 0.0722 * b) / 255;
  };
  return [...document.querySelectorAll("body, main :is(h1, h2, h3, p, th, td, .kpi, .panel, .kpi-value, .chart-tick)")]
    .filter((each) => each.checkVisibility())
    .filter((each) => {
      const style = getComputedStyle(each);
      return light(style.backgroundColor) < 0.7 || light(each.matches(".chart-tick") ? style.fill : style.color) > 0.5;
    })
    .map((each) => each.outerHTML.slice(0, 90));
}"""
#: Charts that two sheets may share, and heads of tables that only the first sheet would have.
CUT = """() => [
  ...[...document.querySelectorAll(".chart")].map((each) => each.closest(".panel"))
    .filter((each) => getComputedStyle(each).breakInside !== "avoid"),
  ...[...document.querySelectorAll("thead")]
    .filter((each) => each.checkVisibility() && getComputedStyle(each).display !== "table-header-group"),
].map((each) => each.outerHTML.slice(0, 90))"""


@pytest.fixture(scope="module")
def sheet(site: Site, browser: Browser, browser_context_args: dict) -> Iterator[Page]:
    """A window of somebody who reads in the dark, as it goes to the printer."""
    context = browser.new_context(**{**browser_context_args, "base_url": site.url, "viewport": SHEET, "color_scheme": "dark"})
    page = context.new_page()
    page.watch = Watch(context)  # type: ignore[attr-defined]
    sign_in(context, site.url, site.people.ada)
    page.emulate_media(media="print")
    yield page
    assert page.watch.problems == []  # type: ignore[attr-defined]
    context.close()


@pytest.mark.parametrize("name", PAGES)
def test_a_page_reads_as_a_report(site: Site, sheet: Page, name: str) -> None:
    sheet.goto(PAGES[name])
    expect(sheet.locator("h1")).to_be_visible()
    expect(sheet.locator(".paper-head")).to_contain_text("Sextant")
    expect(sheet.locator(".paper-head")).to_contain_text("As of" if name == "its records" else "Computed")
    period = sheet.locator(".period-span, .scope-period").filter(visible=True)
    expect(period).to_have_count(1)
    expect(period).to_contain_text("20")
    if name != "its records":
        expect(sheet.locator(".period-against")).to_contain_text("against")
    wrong = {
        what: sheet.evaluate(script) for what, script in (("pressed", PRESSED), ("wide", WIDE), ("pale", PALE), ("cut", CUT))
    }
    assert wrong == {"pressed": [], "wide": [], "pale": [], "cut": []}


def test_paper_tells_which_filters_were_chosen_and_the_exact_time(site: Site, sheet: Page) -> None:
    sheet.goto(f"/boards/pipeline/?owner={site.people.ann.pk}")
    chip = sheet.locator(".chip")
    expect(chip).to_contain_text("Owner is Ann Archer")
    expect(chip.locator("a")).to_be_hidden()
    sheet.goto(f"/deals/?owner={site.people.ann.pk}")
    expect(sheet.locator(".filters .chip")).to_contain_text("Ann Archer")
    expect(sheet.locator(".filters .button").first).to_be_hidden()
    sheet.goto(reverse("analytics:kpi", args=["deals_won"]))
    shown = "getComputedStyle(document.querySelector('#definition time'), '::after').content"
    assert "20" in sheet.evaluate(shown)


def test_what_is_for_paper_alone_is_not_on_the_screen(site: Site, sheet: Page) -> None:
    sheet.goto(PAGES["the overview"])
    sheet.emulate_media(media="screen")
    try:
        expect(sheet.locator(".paper-head")).to_be_hidden()
        expect(sheet.locator(".period-span")).to_be_hidden()
    finally:
        sheet.emulate_media(media="print")
