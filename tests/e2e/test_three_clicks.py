"""What a manager asks is answered three clicks from where one lands after signing in, at most, and the answer opens its records."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from playwright.sync_api import Locator, Page, expect

from crm import periods
from crm.models import Organisation
from tests.factories import TargetFactory

from .conftest import OpenAs, Site

pytestmark = [pytest.mark.e2e, pytest.mark.once, pytest.mark.django_db(transaction=True)]


class Clicks:
    """Clicks that are counted."""

    def __init__(self, page: Page) -> None:
        self.page, self.count = page, 0

    def on(self, target: Locator) -> None:
        self.count += 1
        target.click()

    def tab(self, name: str) -> None:
        """A page of numbers, by its tab."""
        self.on(self.page.get_by_role("navigation", name="Pages of numbers").get_by_role("link", name=name, exact=True))
        expect(self.page.get_by_role("heading", level=1)).to_have_text(name)


def panel(page: Page, title: str) -> Locator:
    return page.locator("section.panel").filter(has=page.get_by_role("heading", name=title, exact=True))


def test_are_we_on_target_this_quarter(site: Site, open_as: OpenAs) -> None:
    quarter = periods.containing(periods.today(), "quarter")
    TargetFactory(grain="quarter", start=quarter.start, value=Decimal(90_000_00), by=site.people.ada)
    clicks = Clicks(open_as(site.people.ada))
    clicks.on(clicks.page.locator(".period-bar summary"))
    clicks.on(clicks.page.get_by_role("link", name="This quarter"))
    card = clicks.page.locator("article.kpi").filter(
        has=clicks.page.get_by_role("link", name="Won amount (bookings)", exact=True)
    )
    expect(card).to_contain_text("of $90K")
    clicks.on(card.get_by_role("link", name="Won amount (bookings)", exact=True))
    expect(clicks.page.locator("#records")).to_be_visible()
    assert clicks.count <= 3


@pytest.mark.parametrize(
    ("tab", "title"),
    [
        ("Marketing", "LTV to CAC ratio by source"),  # which source gives customers worth more than they cost
        ("Customers", "Churned customers by industry"),  # why did churn rise
        ("Pipeline", "Time in stage (median) by stage"),  # where do deals get stuck
    ],
)
def test_a_question_is_answered_by_a_split_of_its_page(site: Site, open_as: OpenAs, tab: str, title: str) -> None:
    clicks = Clicks(open_as(site.people.ada))
    clicks.tab(tab)
    found = panel(clicks.page, title)
    expect(found).to_be_visible()
    value = found.locator("td.num a").first
    if value.count():
        clicks.on(value)
        expect(clicks.page.locator("#records")).to_be_visible()
    assert clicks.count <= 3


def test_did_the_crm_help(site: Site, open_as: OpenAs) -> None:
    Organisation.objects.update(go_live_on=periods.today() - dt.timedelta(days=400))
    Organisation.forget()
    clicks = Clicks(open_as(site.people.ada))
    clicks.tab("Before / after go-live")
    expect(panel(clicks.page, "Before and after")).to_contain_text("Close rate")
    assert clicks.count == 1
