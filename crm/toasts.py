"""Toasts: a short word of what was done, with undo where it can be undone.

They are Django messages, so they survive the redirect after a form. An undo is a POST to a URL of ours.
"""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qsl, urlencode

from django.contrib import messages
from django.contrib.messages import constants
from django.http import HttpRequest, HttpResponse

TONES = {"info": constants.INFO, "success": constants.SUCCESS, "warning": constants.WARNING, "danger": constants.ERROR}
LEVELS = {level: tone for tone, level in TONES.items()}
ICONS = {"info": "info", "success": "check", "warning": "triangle-alert", "danger": "circle-alert"}
UNDO = "undo:"


def toast(request: HttpRequest, text: Any, undo_url: str = "", undo_fields: dict | None = None, tone: str = "success") -> None:
    """Shows the text on the page that comes next; undo_fields are posted along with the undo."""
    tags = UNDO + urlencode({"url": undo_url, **(undo_fields or {})}) if undo_url else ""
    messages.add_message(request, TONES[tone], text, extra_tags=tags)


def trigger(response: HttpResponse, text: Any, undo_url: str = "", tone: str = "success") -> HttpResponse:
    """The same for an answer to htmx: the page shows it without a load."""
    response["HX-Trigger"] = json.dumps({"toast": {"text": str(text), "undo": undo_url, "tone": tone}})
    return response


def parse_tags(message: Any) -> dict:
    """What the toast's template needs of a Django message."""
    tone = LEVELS.get(message.level, "info")
    tags = message.extra_tags or ""
    fields = dict(parse_qsl(tags.removeprefix(UNDO))) if tags.startswith(UNDO) else {}
    return {"text": message, "tone": tone, "icon": ICONS[tone], "undo_url": fields.pop("url", ""), "undo_fields": fields}
