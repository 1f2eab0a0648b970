"""Login events, a KPI source and an audit trail. The address is the one that the trusted proxies vouch for."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.signals import user_logged_in, user_login_failed
from django.dispatch import Signal, receiver
from django.utils import timezone

from .limits import address_of
from .models import LoginEvent

active_day_written = Signal()  # day: the local day on which a user was seen, or acted, for the first time


def _write(request: Any, *, user: Any, username: str, ok: bool) -> None:
    meta = request.META if request is not None else {}
    LoginEvent.objects.create(
        user=user,
        username=username[:254].replace("\x00", ""),
        ok=ok,
        at=timezone.now(),
        ip=address_of(request),
        agent=meta.get("HTTP_USER_AGENT", "")[:200],
    )


@receiver(user_logged_in)
def logged_in(sender: Any, request: Any, user: Any, **kwargs: Any) -> None:
    _write(request, user=user, username=user.get_username(), ok=True)


@receiver(user_login_failed)
def login_failed(sender: Any, credentials: dict, request: Any = None, **kwargs: Any) -> None:
    name = credentials.get("username") or credentials.get("email") or ""
    _write(request, user=None, username=str(name), ok=False)
