"""Pages that customers open without a login: no cookie, no script, nothing from elsewhere, in the language they choose.

Their templates extend `public.html` and add a style sheet of their own to static/css/public.css.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from csp.constants import NONE, SELF
from csp.decorators import csp_replace
from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils.crypto import get_random_string
from django.utils.translation import get_language, get_language_info, override
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from . import events
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

OPEN_FOR = 24 * 3600  # seconds that a page may stand open before its form is asked again
AT_ONCE = 2  # seconds within which nobody has filled in a form

View = Callable[..., HttpResponse]


def public(view: View) -> Callable[..., Any]:
    """Runs the view as nobody, in the reader's language, with the headers of a page that nobody else may keep or link to.

    Django's CSRF check needs a cookie, so such a view is exempt from it; it acts with nobody's rights, and its form carries the mark
    of its page (`page_mark`) instead.
    """

    @csrf_exempt
    @csp_replace(POLICY)
    @require_http_methods(["GET", "HEAD", "POST"])
    @wraps(view)
    def page(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        with events.acting(None, events.Origin.FORM), override(wanted_language(request) or get_language()):
            response = view(request, *args, **kwargs)
            for name, value in HEADERS.items():
                response.headers[name] = value
            response.headers["Content-Language"] = get_language() or settings.LANGUAGE_CODE
        return response

    return page


def page_mark(salt: str) -> str:
    """The signed mark of a page: when it was drawn, and which one it is."""
    return signing.TimestampSigner(salt=salt).sign(get_random_string(22))


def page_of(mark: str, salt: str) -> str:
    """Which page it is; "" for a mark that is not ours, too old, or too young for a person."""
    signer = signing.TimestampSigner(salt=salt)
    try:
        page = signer.unsign(mark, max_age=OPEN_FOR)
    except signing.BadSignature:
        return ""
    try:
        signer.unsign(mark, max_age=AT_ONCE)
    except signing.SignatureExpired:
        return page
    return ""


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
