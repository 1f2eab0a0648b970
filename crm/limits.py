"""Counting what comes from one address, for pages that anybody may open: guessing and flooding get 429."""

from __future__ import annotations

from ipaddress import ip_network

from allauth.account.adapter import get_adapter
from django.core.cache import cache, caches
from django.core.cache.backends.db import DatabaseCache
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.http import HttpRequest
from django.utils import timezone

WINDOW = 60  # seconds


def address_of(request: HttpRequest | None) -> str | None:
    """Where a request came from, as the trusted proxies vouch for it; None for one without a network behind it.

    Of an IPv6 address the network counts (/64): whoever has one address of it has them all.
    """
    try:
        found = get_adapter().get_client_ip(request) if request is not None else None
    except PermissionDenied:
        return None
    return str(ip_network(f"{found}/64", strict=False)) if found and ":" in found else found


def sweep() -> int:
    """Takes what has expired out of the database's cache, and says how many rows: it is never culled, because what it drops when it is
    full is chosen by the names of its keys, and a lock-out may be among them."""
    backend = caches["default"]
    if not isinstance(backend, DatabaseCache):
        return 0
    now = timezone.now().replace(microsecond=0)  # as the cache writes it
    table = connection.ops.quote_name(backend._table)  # type: ignore[attr-defined]
    with connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM {table} WHERE expires < %s", [connection.ops.adapt_datetimefield_value(now)])  # noqa: S608
        return cursor.rowcount


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
