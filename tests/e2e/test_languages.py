"""In French and Spanish no page falls back into English, and nothing grows out of its place."""

from __future__ import annotations

import pytest
from django.utils.translation import trans_real
from playwright.sync_api import Page

from contacts.models import Company, Lead, Person
from crm.models import Team, User
from deals.models import Deal, LossReason, Pipeline, Product, Stage

from .conftest import DESK, PHONE, OpenAs, Site
from .test_every_page import too_wide

pytestmark = [pytest.mark.e2e, pytest.mark.once, pytest.mark.django_db(transaction=True)]

PATHS = [
    "/",
    "/deals/",
    "deal",
    "/deals/new/",
    "/companies/",
    "/people/",
    "/leads/",
    "/tasks/",
    "/numbers/",
    "/numbers/win_rate/?by=owner",
]
PATHS += [
    "/settings/organisation/",
    "/settings/users/",
    "/settings/tokens/",
    "/settings/imports/new/",
    "/settings/jobs/",
    "/search/",
]
WORDS = """() => [...document.querySelectorAll("button, label, legend, th[scope=col], h1, h2, h3, summary, nav a, a.button, option")]
  .map((each) => each.innerText.replace(/\\s+/g, " ").replace(/[ *–]+$/, "").trim()).filter((text) => /\\p{L}{3}/u.test(text) && !/^\\w+\\/\\w+/.test(text))"""
#: Proper names, which are the same in every language.
NAMES = {"English", "Français", "Español", "Sextant", "CSV", "XLSX", "UTC"}


def words(page: Page, path: str) -> set[str]:
    page.goto(path)
    return set(page.evaluate(WORDS))


def data() -> set[str]:
    """What people typed, which nobody translates."""
    found: set[str] = set(NAMES)
    for model in (Company, Person, Lead, Deal, LossReason, Pipeline, Product, Stage, Team, User):
        found |= {str(row) for row in model._default_manager.all()}
    return found


def is_same_word(text: str, language: str) -> bool:
    """Whether the language writes it so too: "Source" is French."""
    catalog = trans_real.translation(language)._catalog
    return text in catalog and catalog[text] == text


@pytest.mark.parametrize("language", ["fr", "es"])
def test_pages_speak_one_language(site: Site, open_as: OpenAs, language: str) -> None:
    User.objects.filter(pk=site.people.ada.pk).update(language="")
    english = open_as(site.people.ada)
    spoken = {path: words(english, site.deal.get_absolute_url() if path == "deal" else path) for path in PATHS}
    User.objects.filter(pk=site.people.ada.pk).update(language=language)
    page = open_as(site.people.ada)
    typed, left, wide = data(), {}, {}
    for path in PATHS:
        here = words(page, site.deal.get_absolute_url() if path == "deal" else path)
        assert page.locator("html").get_attribute("lang") == language
        left[path] = {text for text in here & spoken[path] if text not in typed and not is_same_word(text, language)}
        wide[path] = []
        for size in (DESK, PHONE):
            page.set_viewport_size(size)
            wide[path] += [too_wide(page)]
    User.objects.filter(pk=site.people.ada.pk).update(language="")
    assert [f"{path}: {text}" for path, found in left.items() for text in sorted(found)] == []
    assert [f"{path}: {text}" for path, found in wide.items() for text in found if text] == []
