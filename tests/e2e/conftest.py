"""A real browser on a real server: one small set of records a module, one signed-in browser window a person.

`site` is filled once a module and emptied after it, because filling takes longer than most tests; tests of a module that
change records change their own. `open_as(user)` gives a page whose every misstep is kept: an error or a refusal of the
content policy on the console, a request that leaves the machine, an answer of 500. A test that ends with one fails.
"""

from __future__ import annotations

import copy
import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlparse

import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import connection, connections
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, Page, expect
from pytest_django.live_server_helper import LiveServer

from crm.models import Organisation
from tests import machine

from .scene import Scene, fill

#: Playwright's loop makes Django believe that tests are async. They are not.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
DESK = {"width": 1440, "height": 900}
PHONE = {"width": 360, "height": 740}

#: How long a busy machine may take; nothing waits longer than it must.
PATIENCE = 30_000
expect.set_options(timeout=PATIENCE)


@dataclass
class Site:
    """Where the server answers, and what is on it."""

    url: str
    scene: Scene

    def __getattr__(self, name: str) -> Any:
        return getattr(self.scene, name)


@pytest.fixture(scope="session")
def base_url() -> None:
    """Nothing: each module's server has its own address. (The plugin's own fixture is of a form that pytest deprecates.)"""
    return


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict) -> dict:
    """The system's Chromium; Playwright brings none."""
    return {**browser_type_launch_args, "executable_path": machine.find("chromium"), "args": FLAGS}


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args: dict) -> dict:
    """A desk's window, an English reader, and nothing that moves."""
    return {**browser_context_args, "viewport": DESK, "locale": "en-US", "reduced_motion": "reduce", "timezone_id": "UTC"}


@pytest.fixture(scope="session")
def browser(browser: Browser) -> Iterator[Browser]:
    """The plugin's. While its loop runs, this thread has a database connection of its own for it: nobody else would close that."""
    yield browser
    connections.close_all()


@pytest.fixture
def _django_db_helper(site: Site) -> None:
    """In place of pytest-django's, which would empty the database after each test: here it lives as long as the module."""


@contextmanager
def serve(blocker: Any) -> Iterator[LiveServer]:
    """A server on the test's database, which is empty again afterwards."""
    with blocker.unblock():
        Organisation.forget()
        server = LiveServer("127.0.0.1")
        server._live_server_modified_settings.enable()
        server.thread.httpd.daemon_threads = False  # stop() waits for answers under way, which hold the database
        try:
            yield server
        finally:
            server.stop()
            server._live_server_modified_settings.disable()
            call_command("flush", interactive=False, verbosity=0)
            Organisation.forget()


@pytest.fixture(scope="session")
def kept_scene() -> list[tuple[sqlite3.Connection, Scene]]:
    """The filled database and its records, once a module has made them."""
    return []


@pytest.fixture(scope="module")
def site(django_db_setup: None, django_db_blocker: Any, kept_scene: list) -> Iterator[Site]:
    """The server, with the records of `tests.e2e.scene`: filled by the first module, on SQLite copied for the others."""
    with serve(django_db_blocker) as server:
        if kept_scene:
            database, scene = kept_scene[0]
            database.backup(connection.connection)
        else:
            scene = fill()
            if connection.vendor == "sqlite":
                database = sqlite3.connect(":memory:", check_same_thread=False)
                connection.connection.backup(database)
                kept_scene.append((database, scene))
        yield Site(server.url, copy.deepcopy(scene))


#: What htmx writes when typing goes on before suggestions came, and their request is given up for the next; errors have other names.
REPLACED = ("htmx:afterRequest, ", "htmx:sendAbort, ")


class Watch:
    """What went wrong in a browser window, unless it was expected."""

    def __init__(self, context: BrowserContext) -> None:
        self.problems: list[str] = []
        self.expected = list(REPLACED)
        context.on("console", lambda message: self.note(message.text) if message.type == "error" else None)
        context.on("weberror", lambda error: self.note(str(error.error)))
        context.on("request", lambda request: self._look(request.url))
        context.on("response", lambda answer: self.note(f"{answer.status} {answer.url}") if answer.status >= 500 else None)

    def note(self, text: str) -> None:
        if not any(words in text for words in self.expected):
            self.problems.append(text)

    def _look(self, url: str) -> None:
        if urlparse(url).hostname not in ("127.0.0.1", None):
            self.note(f"a request left the machine: {url}")

    def expect(self, words: str) -> None:
        """What a test provokes on purpose: expect("404")."""
        self.expected.append(words)


def sign_in(context: BrowserContext, url: str, user: Any) -> None:
    """The session of a user, without the login page (its own test opens that)."""
    client = Client()
    client.force_login(user)
    context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": client.cookies["sessionid"].value, "url": url}])


def press(page: Page, *keys: str) -> None:
    """Presses keys of which the page's scripts take notice: they run once it is parsed, and its first text is seen before that."""
    page.wait_for_load_state("domcontentloaded")
    for key in keys:
        page.keyboard.press(key)


OpenAs = Callable[..., Page]


@pytest.fixture
def open_as(site: Site, browser: Browser, browser_context_args: dict) -> Iterator[OpenAs]:
    """open_as(user, path="/", **context): a page; None opens it as a visitor. `page.watch` is what went wrong so far."""
    opened: list[tuple[BrowserContext, Watch]] = []

    def open_page(user: Any, path: str = "/", **more: Any) -> Page:
        context = browser.new_context(**{**browser_context_args, "base_url": site.url, **more})
        context.set_default_timeout(PATIENCE)
        watch = Watch(context)
        opened.append((context, watch))
        if user is not None:
            sign_in(context, site.url, user)
        page = context.new_page()
        page.watch = watch  # type: ignore[attr-defined]
        page.goto(path)
        return page

    yield open_page
    problems = [problem for _context, watch in opened for problem in watch.problems]
    for context, _watch in opened:
        context.close()
    assert problems == []
