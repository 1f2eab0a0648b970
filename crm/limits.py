"""Counting what comes from one address, for pages that anybody may open: guessing and flooding get 429."""

from __future__ import annotations

from allauth.account.adapter import get_adapter
from django.core.cache import cache
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.utils import timezone

WINDOW = 60  # seconds


def address_of(request: HttpRequest | None) -> str | None:
    """Where a request came from, as the trusted proxies vouch for it; None for one without a network behind it."""
    try:
        return get_adapter().get_client_ip(request) if request is not None else None
    except PermissionDenied:
        return None


def _key(name: str, who: str | None) -> str:
    return f"limit:{name}:{who or 'nowhere'}:{int(timezone.now().timestamp()) // WINDOW}"


def used(name: str, who: str | None) -> int:
    """How often it was counted in the running minute."""
    return cache.get(_key(name, who), 0)


def count(name: str, who: str | None) -> int:
    """Counts once more; returns how often in the running minute."""
    key = _key(name, who)
    if cache.add(key, 1, WINDOW + 5):
        return 1
    try:
        return cache.incr(key)
    except ValueError:  # the row went between the two steps: a new minute has begun
        return 1
