"""Every page there is, as everybody may meet it: in light and dark, at a desk and on a phone, without a mouse.

The list comes from the URL resolver, so a new page is in it by itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.urls import resolve, reverse
from playwright.sync_api import Browser, Page

from analytics.boards import boards
from analytics.registry import kpis
from marketing.models import WebForm
from support.links import token_for
from tests.crm.test_every_url import ADMINISTRATORS, RECORDS, SHARED, addresses, names

from .conftest import DESK, PHONE, Site, Watch, sign_in

pytestmark = [pytest.mark.e2e, pytest.mark.once, pytest.mark.django_db(transaction=True)]

#: Answers that are no pages: data for programs, and fragments that only stand inside pages.
NO_PAGES = ("api:", "healthz", "readyz", "livez", "contacts:lookup", "deals:lookup", "analytics:card")
NO_PAGES += ("analytics:export", "analytics:board_export")
NO_PAGES += ("import_errors", "preferences", "support:attachment", "support:message_html", "support:ticket_replies")
NO_PAGES += ("surveys_public:", "surveys:survey_preview")  # the customer's page, which has a test of its own
NO_PAGES += ("support:status", "support:help")  # they have a test of their own, as visitors meet them
NO_PAGES += ("marketing:script", "marketing:hit", "marketing:lookup", "marketing:landing_page")  # pages among the states
NO_PAGES += ("marketing:public_form",)  # it has a test of its own, as visitors meet it
API_PAGE = "/api/v1/docs/"
#: What stands behind a login and is not ours, in our frame.
ACCOUNT = ["account_change_password", "account_logout", "mfa_index", "mfa_activate_totp", "account_reauthenticate"]
VISITORS = ["account_login", "account_reset_password", "account_reset_password_done", "account_signup", "account_inactive"]
#: States of pages that an address alone does not show.
STATES = {
    "an empty list": "/deals/?q=nothing+is+called+this",
    "filters in use": "/deals/?status=open&q=order",
    "search results": "/search/?q=aster",
    "own dates": "/?from=2026-01-01&to=2026-03-31&compare=year",
    "a period without anything": "/?from=2015-01-01&to=2015-03-31",
    "wrong dates": "/?from=2026-03-31&to=2026-01-01",
    "a number split": "/numbers/won_amount/?by=owner",
    "a number by a filter": "/numbers/win_rate/?by=source",
    "a share against its target": "/numbers/win_rate/?period=last_month",
    "the goal of another number": "/numbers/goal_gap/?metric=first_response_time",
    "the change of another number": "/numbers/period_change/?metric=win_rate&by=owner",
    "late tickets": "/tickets/?view=overdue",
    "solved tickets": "/tickets/?view=solved",
    "answers in quarantine": "/surveys/responses/?state=quarantined",
    "a new survey of effort": "/surveys/new/?kind=ces",
    "landing pages": "/landing-pages/",
    "a landing page": "/landing-pages/page/?page=/a",
    "not found": "/nothing/here/",
}

AXE = Axe()
OPTIONS = {"resultTypes": ["violations"], "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}

KINDS = {name: kind for table in (RECORDS, ADMINISTRATORS, SHARED) for kind, name in names(table)}


def pages() -> list[str]:
    """The names of all pages: every address that is not for programs and answers GET."""
    listed = {name for _route, name in addresses() if not name.startswith(NO_PAGES)}
    return sorted(name for name in listed - {"analytics:kpi", "analytics:records", "analytics:board"} if is_page(name))


def is_page(name: str) -> bool:
    """Whether the address has something to show, or only does something when posted to."""
    view = resolve(reverse(name, args=[1] if name in KINDS else [])).func
    page = getattr(view, "view_class", None)
    return page is None or (hasattr(page, "get") and "get" in page.http_method_names)


def numbers() -> list[str]:
    """One number of each kind and unit, which between them show every form of the page."""
    return sorted({(kpi.kind, kpi.unit): kpi.key for kpi in kpis}.values())


@pytest.fixture(scope="module")
def window(site: Site, browser: Browser, browser_context_args: dict) -> Iterator[Page]:
    """One window for the whole module, with an administrator in it."""
    context = browser.new_context(**{**browser_context_args, "base_url": site.url})
    page = context.new_page()
    page.watch = Watch(context)  # type: ignore[attr-defined]
    sign_in(context, site.url, site.people.ada)
    yield page
    context.close()


@pytest.fixture(scope="module")
def visitor(site: Site, browser: Browser, browser_context_args: dict) -> Iterator[Page]:
    context = browser.new_context(**{**browser_context_args, "base_url": site.url})
    page = context.new_page()
    page.watch = Watch(context)  # type: ignore[attr-defined]
    yield page
    context.close()


def faults(page: Page) -> list[str]:
    """What axe has to say, a line a fault. Swagger's own block on the page of the API is not ours to judge."""
    found = page.evaluate("options => axe.run({exclude: ['#swagger-ui']}, options)", OPTIONS)
    return [
        f"{rule['id']}: {' '.join(node['target'][0]) if isinstance(node['target'][0], list) else node['target'][0]} ({node['html'][:110]})"
        for rule in found["violations"]
        for node in rule["nodes"][:4]
    ]


def too_wide(page: Page) -> str:
    """The words for a page that scrolls sideways, and what sticks out."""
    return page.evaluate(
        """() => {
          const room = document.documentElement.clientWidth;
          if (document.documentElement.scrollWidth <= room) return "";
          const out = [...document.querySelectorAll("body *")].filter(
            (each) => each.getBoundingClientRect().right > room + 1 && getComputedStyle(each).position !== "fixed");
          return `${document.documentElement.scrollWidth - room} px too wide: ` + out.slice(0, 4).map((each) => each.outerHTML.slice(0, 90)).join(" | ");
        }"""
    )


#: Two looks, so that each page is seen in both colours and at both widths; which two hangs on its address alone.
LOOKS = ((("light", DESK), ("dark", PHONE)), (("dark", DESK), ("light", PHONE)))


def look_at(page: Page, path: str) -> list[str]:
    """Opens a page and judges it in every way; what is wrong with it."""
    wrong: list[str] = []
    page.watch.problems.clear()  # type: ignore[attr-defined]
    looks = LOOKS[sum(path.encode()) % 2]
    show(page, *looks[0])
    page.goto(path, wait_until="load")
    page.wait_for_function("!document.querySelector('.htmx-request')")
    page.evaluate(AXE.axe_script)
    for colours, size in looks:
        show(page, colours, size)
        where = f"{colours}, {size['width']} px"
        wrong += [f"{where}: {fault}" for fault in [*faults(page), too_wide(page)] if fault]
    return wrong + page.watch.problems  # type: ignore[attr-defined]


def show(page: Page, colours: Any, size: Any) -> None:
    page.emulate_media(color_scheme=colours)
    page.set_viewport_size(size)


@pytest.mark.parametrize("name", pages())
def test_a_page_is_without_fault(site: Site, window: Page, name: str) -> None:
    kind = KINDS.get(name)
    assert look_at(window, reverse(name, args=[site.ids[kind]] if kind else [])) == []


@pytest.mark.parametrize("key", numbers())
def test_a_number_is_without_fault(site: Site, window: Page, key: str) -> None:
    assert look_at(window, reverse("analytics:kpi", args=[key])) == []


@pytest.mark.parametrize("key", boards.keys())
def test_a_managers_page_is_without_fault(site: Site, window: Page, key: str) -> None:
    assert look_at(window, reverse("analytics:board", args=[key]) + "?period=last_quarter") == []


def test_the_records_of_a_number_are_without_fault(site: Site, window: Page) -> None:
    assert look_at(window, reverse("analytics:records", args=["deals_won"]) + "?period=last_quarter") == []


@pytest.mark.parametrize("state", STATES)
def test_a_state_is_without_fault(site: Site, window: Page, state: str) -> None:
    window.watch.expected[:] = ["404"] if state == "not found" else []  # type: ignore[attr-defined]
    assert look_at(window, STATES[state]) == []


@pytest.mark.parametrize("name", ACCOUNT)
def test_an_account_page_is_without_fault(site: Site, window: Page, name: str) -> None:
    assert look_at(window, reverse(name)) == []


@pytest.mark.parametrize("name", VISITORS)
def test_a_visitors_page_is_without_fault(site: Site, visitor: Page, name: str) -> None:
    assert look_at(visitor, reverse(name)) == []


def test_a_web_form_and_its_thanks_are_without_fault(site: Site, visitor: Page) -> None:
    path = WebForm.objects.get().path
    for address in (path, f"{path}embed/", f"{path}?sent"):
        assert look_at(visitor, address) == []


def test_the_form_to_ask_and_a_customers_ticket_are_without_fault(site: Site, visitor: Page) -> None:
    assert look_at(visitor, "/help/?l=en") == []
    assert look_at(visitor, reverse("support:status", args=[token_for(site.ticket)])) == []
    visitor.watch.expected[:] = ["404"]  # type: ignore[attr-defined]
    assert look_at(visitor, "/t/unknown/") == []


def test_the_page_of_the_api_is_without_fault(site: Site, window: Page) -> None:
    assert look_at(window, API_PAGE) == []
