"""The picture in the README. It is part of the tree and made anew only when it is missing or SEXTANT_SCREENSHOTS=1 asks for it."""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from playwright.sync_api import Browser

from analytics import refreshing
from crm import sample
from crm.models import User

from .conftest import DESK, serve, sign_in

pytestmark = [pytest.mark.e2e, pytest.mark.once, pytest.mark.django_db(transaction=True)]

PICTURE = Path(settings.BASE_DIR) / "docs" / "images" / "overview.png"
ASKED = os.environ.get("SEXTANT_SCREENSHOTS") == "1" or not PICTURE.exists()


@pytest.fixture(scope="module")
def site(django_db_setup: None, django_db_blocker: Any) -> Iterator[str | None]:
    """The sample data served, when a picture is to be taken: filling takes longer than all else here."""
    if not ASKED:
        yield None
        return
    with serve(django_db_blocker) as server:
        sample.fill()
        while refreshing.refresh_step():
            pass
        yield server.url


def take(browser: Browser, context_args: dict, url: str) -> None:
    context = browser.new_context(**{**context_args, "base_url": url, "color_scheme": "light"})
    sign_in(context, url, User.objects.get(username="admin"))
    page = context.new_page()
    page.goto("/", wait_until="load")
    PICTURE.parent.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=PICTURE)
    context.close()


def test_the_readme_shows_the_overview(site: str | None, browser: Browser, browser_context_args: dict) -> None:
    if site is not None:
        take(browser, browser_context_args, site)
    data = PICTURE.read_bytes()
    assert struct.unpack(">II", data[16:24]) == (DESK["width"], DESK["height"])
    assert len(data) < 300_000
    assert PICTURE.relative_to(settings.BASE_DIR).as_posix() in (settings.BASE_DIR / "README.md").read_text()
