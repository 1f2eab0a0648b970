"""Ada sets up: a user, an import by the pages, a token that works."""

from __future__ import annotations

import json
import re
import urllib.request
from pathlib import Path

import pytest
from playwright.sync_api import expect

from contacts.models import Company
from crm import jobs
from crm.models import User

from .conftest import OpenAs, Site, press

pytestmark = [pytest.mark.e2e, pytest.mark.once, pytest.mark.django_db(transaction=True)]


def test_she_adds_a_user_who_then_signs_in(site: Site, open_as: OpenAs) -> None:
    page = open_as(site.people.ada, "/settings/users/")
    page.get_by_role("link", name="New user").click()
    page.get_by_role("textbox", name="Name", exact=True).fill("Dora Diaz")
    page.get_by_role("textbox", name="User name").fill("dora")
    page.get_by_role("textbox", name="E-mail").fill("dora@sextant.example")
    page.get_by_role("textbox", name="New password").fill("blue heron on a pier")
    page.get_by_label(re.compile("^Role")).select_option("rep")
    press(page, "Control+Enter")
    expect(page.get_by_role("row").filter(has_text="Dora Diaz")).to_be_visible()
    assert User.objects.get(username="dora").role == "rep"
    other = open_as(None, "/accounts/login/")
    other.get_by_label(re.compile("^User name")).fill("dora")
    other.get_by_label(re.compile("^Password")).fill("blue heron on a pier")
    press(other, "Enter")
    expect(other.get_by_role("heading", level=1)).to_have_text("Overview")


def test_she_imports_a_file_after_a_trial(site: Site, open_as: OpenAs, tmp_path: Path) -> None:
    path = tmp_path / "firms.csv"
    path.write_text("Firm,Web,Staff\nIndigo Mills,indigo.example,120\nJuniper & Co,juniper.example,many\nKite Works,,40\n")
    page = open_as(site.people.ada, "/settings/imports/")
    page.get_by_role("link", name="Import a file").first.click()
    page.get_by_label("What the file holds").select_option("companies")
    page.locator("input[type=file]").set_input_files(path)
    page.get_by_role("button", name="Continue").click()
    for column, field in (("Firm", "name"), ("Web", "domain"), ("Staff", "employees")):
        page.get_by_label(column, exact=True).select_option(field)
    page.get_by_role("button", name="Try it").click()
    expect(page.locator("#run")).to_be_visible()
    jobs.run_all()
    expect(page.locator("#run").get_by_role("button", name="Import for real")).to_be_visible()
    expect(page.locator("#run")).to_contain_text("many")
    assert not Company.objects.filter(name="Indigo Mills").exists()
    page.get_by_role("button", name="Import for real").click()
    expect(page.locator("#run")).to_be_visible()
    jobs.run_all()
    expect(page.locator("#run [role=status]")).to_contain_text("Done")
    assert set(
        Company.objects.filter(name__in=["Indigo Mills", "Juniper & Co", "Kite Works"]).values_list("name", flat=True)
    ) == {
        "Indigo Mills",
        "Kite Works",
    }


def test_a_token_is_shown_once_and_opens_the_api(site: Site, open_as: OpenAs) -> None:
    page = open_as(site.people.ada, "/settings/tokens/")
    page.get_by_label("Name").fill("Nightly export")
    page.get_by_role("button", name="Make a token").click()
    secret = page.locator("code.secret").inner_text()
    request = urllib.request.Request(f"{site.url}/api/v1/deals/", headers={"Authorization": f"Bearer {secret}"})  # noqa: S310
    with urllib.request.urlopen(request) as answer:  # noqa: S310
        assert json.load(answer)["results"]
    page.goto("/settings/tokens/")
    expect(page.locator("code.secret")).to_have_count(0)
    expect(page.get_by_role("row").filter(has_text="Nightly export")).to_contain_text(secret[:8])


def test_the_theme_and_the_rows_are_remembered(site: Site, open_as: OpenAs) -> None:
    page = open_as(site.people.ada, "/deals/")
    page.get_by_label(re.compile("your menu")).click()
    page.get_by_role("button", name="Dark").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    page.get_by_role("button", name="Compact").click()
    expect(page.locator("html")).to_have_attribute("data-density", "compact")
    page.goto("/companies/")
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    expect(page.locator("html")).to_have_attribute("data-density", "compact")
