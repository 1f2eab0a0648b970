"""Pages that customers open without a login: no cookie, no script, nothing from elsewhere, in the language they choose.

Their templates extend `public.html` and add a style sheet of their own to static/css/public.css.
"""

from __future__ import annotations

from typing import Any

from csp.constants import NONE, SELF
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils.translation import get_language, get_language_info

from .models import Organisation

#: Nobody keeps these pages, hears of their address or lists them.
HEADERS = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer", "X-Robots-Tag": "noindex, nofollow"}
#: What such a page may load and where its forms may go; a script never runs.
POLICY = {
    "default-src": [NONE],
    "style-src": [SELF],
    "img-src": [SELF],
    "form-action": [SELF],
    "frame-ancestors": [NONE],
    "base-uri": [NONE],
    "script-src": [NONE],
}


def wanted_language(request: HttpRequest) -> str:
    """The language that the reader switched to; empty when it is none of ours."""
    wanted = request.GET.get("l", "")
    return wanted if wanted in dict(settings.LANGUAGES) else ""


def render(template: str, context: dict[str, Any], *, keep: str = "", status: int = 200) -> HttpResponse:
    """The page in the active language. `keep`: what the links to other languages carry on, such as "&v=9"."""
    here = get_language() or settings.LANGUAGE_CODE
    languages = [
        {
            "code": code,
            "name": get_language_info(code)["name_local"].capitalize(),
            "url": f"?l={code}{keep}",
            "here": code == here,
        }
        for code, _name in settings.LANGUAGES
    ]
    frame = {"organisation": Organisation.current(), "language": here, "languages": languages}
    return HttpResponse(
        render_to_string(template, {**frame, **context}), status=status, headers={**HEADERS, "Content-Language": here}
    )
