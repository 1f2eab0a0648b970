"""ETag and If-Match: who changes a record says which version was read, and a version in between is not overwritten."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from django.http.request import HttpHeaders
from rest_framework.utils.encoders import JSONEncoder

from .errors import Stale


def of(data: Any) -> str:
    """The strong ETag of a record's representation."""
    text = json.dumps(data, cls=JSONEncoder, sort_keys=True, separators=(",", ":"))
    return f'"{hashlib.sha256(text.encode()).hexdigest()[:32]}"'


def _tags(header: str) -> set[str]:
    return {tag.strip() for tag in header.split(",")}


def require_match(headers: HttpHeaders, current: str) -> None:
    """Raises 412 when the request names versions and the current one is not among them."""
    wanted = headers.get("If-Match")
    if wanted is not None and not _tags(wanted) & {"*", current}:
        raise Stale()


def unchanged(headers: HttpHeaders, current: str) -> bool:
    """Whether the reader says it has this version already (If-None-Match)."""
    return bool({tag.removeprefix("W/") for tag in _tags(headers.get("If-None-Match", ""))} & {"*", current})
