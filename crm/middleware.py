"""What happens around each request: hostile bytes are refused, the reader's language and zone are set, the actor is known."""

from __future__ import annotations

import zoneinfo
from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import timezone, translation
from django.utils.cache import patch_vary_headers

from . import events
from .models import Organisation
from .presence import mark_active

Next = Callable[[HttpRequest], HttpResponse]


def unclean(text: str) -> bool:
    """Whether the text holds what PostgreSQL cannot store: NUL or a lone surrogate."""
    return "\x00" in text or any("\ud800" <= char <= "\udfff" for char in text)


class CleanInputMiddleware:
    """Refuses NUL and lone surrogates in path, query and form fields with 400, on both databases alike."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        texts = [request.path_info]
        texts += [text for key, values in request.GET.lists() for text in (key, *values)]
        if request.method == "POST" and request.content_type in ("application/x-www-form-urlencoded", "multipart/form-data"):
            texts += [str(text) for key, values in request.POST.lists() for text in (key, *values)]
        if any(unclean(text) for text in texts):
            if request.path_info.startswith("/api/"):
                from .api.errors import plain  # here, because the API reads this module

                return plain(400, "unclean", "The request holds characters that cannot be stored.")
            return HttpResponse("The request holds characters that cannot be stored.", status=400, content_type="text/plain")
        return self.get_response(request)


class ReaderMiddleware:
    """Sets language, time zone and organisation for the reader; marks the user active today; names the actor of changes."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        Organisation.remember()
        user = request.user
        chosen = getattr(user, "language", "")
        language = chosen or translation.get_language_from_request(request)
        translation.activate(language if translation.check_for_language(language) else settings.LANGUAGE_CODE)
        name = getattr(user, "time_zone", "") or Organisation.current().time_zone
        timezone.activate(zoneinfo.ZoneInfo(name))
        api = request.path_info.startswith("/api/")
        door = (
            events.Origin.API if api else events.Origin.ADMIN if request.path_info.startswith("/admin/") else events.Origin.PAGE
        )
        try:
            with events.acting(user, door):
                response = self.get_response(request)
            if user.is_authenticated and not api and response.status_code < 400:
                mark_active(user)
        finally:
            timezone.deactivate()
            Organisation.forget()
        response.headers.setdefault("Content-Language", translation.get_language() or settings.LANGUAGE_CODE)
        if not chosen:
            patch_vary_headers(response, ["Accept-Language"])
        response.headers.setdefault("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
        if user.is_authenticated:
            response.headers.setdefault("Cache-Control", "private, no-cache")
        return response
