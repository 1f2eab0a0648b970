"""Small helpers between views and responses."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import patch_vary_headers
from django.utils.http import url_has_allowed_host_and_scheme

LARGEST_ID = 2**63 - 1


def is_fragment(request: HttpRequest) -> bool:
    """Whether htmx asks for a part of the page: not for a boosted link, not when it restores history."""
    htmx: Any = getattr(request, "htmx", None)
    return bool(htmx) and not htmx.boosted and not htmx.history_restore_request


def render_page(request: HttpRequest, template: str, fragment: str, context: dict, status: int = 200) -> HttpResponse:
    """The whole page, or its fragment when htmx asks; both live at one URL, so caches must tell them apart."""
    response = render(request, fragment if is_fragment(request) else template, context, status=status)
    patch_vary_headers(response, ["HX-Request"])
    return response


def safe_next(request: HttpRequest, default: str) -> str:
    """Where to go after an action: the form's `next` when it is an address of ours, else the default."""
    wanted = request.POST.get("next") or request.GET.get("next") or ""
    if wanted and url_has_allowed_host_and_scheme(wanted, {request.get_host()}, require_https=request.is_secure()):
        return wanted
    return default


def whole_number(text: str | None) -> int | None:
    """A row id or count from a URL or form: None when it is not a plain number that a column can hold."""
    if not text or not text.isascii() or not text.isdigit() or len(text) > 19:
        return None
    number = int(text)
    return number if number <= LARGEST_ID else None
