"""Who asks: a personal token in the Authorization header, or the session of a signed-in reader."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.core.cache import cache
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from .. import access
from ..models import ApiToken, User
from ..models.tokens import digest

KEYWORD = "Bearer"
USED_EVERY = dt.timedelta(minutes=1)
#: HTTP method -> what `crm.access` is asked; a view's `rights` says otherwise for single actions
RIGHTS = {"GET": "view", "HEAD": "view", "OPTIONS": "view", "PUT": "change", "PATCH": "change", "DELETE": "delete"}


class TokenAuthentication(BaseAuthentication):
    """`Authorization: Bearer sxt_…`. Unknown, expired and inactive all give the same 401; a token in the URL is never read."""

    def authenticate(self, request: Request) -> tuple[User, ApiToken] | None:
        scheme, _space, secret = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != KEYWORD.lower():
            return None
        now = timezone.now()
        alive = Q(expires_at__isnull=True) | Q(expires_at__gt=now)
        found = ApiToken.objects.select_related("user__team").filter(alive, hashed=digest(secret.strip())).first()
        if found is None or not found.user.is_active:
            raise AuthenticationFailed(_("The token is not valid."))
        mark_used(found, now)
        return found.user, found

    def authenticate_header(self, request: Request) -> str:
        return KEYWORD


def mark_used(token: ApiToken, now: dt.datetime) -> None:
    """Writes the last use at most once a minute, so that reading does not write."""
    if token.last_used_at is None or token.last_used_at <= now - USED_EVERY:
        stale = Q(last_used_at__isnull=True) | Q(last_used_at__lte=now - USED_EVERY)
        ApiToken.objects.filter(stale, pk=token.pk).update(last_used_at=now)


def right(view: Any, method: str) -> str:
    """What the request wants to do with the view's resource: view, add, change or delete."""
    named = getattr(view, "rights", {}).get(getattr(view, "action", None))
    if named or method != "POST":
        return named or RIGHTS.get(method, "change")
    return "change" if "pk" in view.kwargs else "add"


class RolePermission(BasePermission):
    """A token's scope cuts down its owner's rights; lists and creation ask the role here, single records in `get_object`.

    So someone outside a record's scope gets 404, and someone who sees it but may not do this gets 403.
    """

    def has_permission(self, request: Request, view: Any) -> bool:
        if not request.user or not request.user.is_authenticated:
            return False
        token = request.auth
        if isinstance(token, ApiToken) and token.scope != ApiToken.Scope.WRITE and request.method not in SAFE_METHODS:
            return False
        resource = getattr(view, "resource", None)
        if not resource or "pk" in view.kwargs or getattr(view, "action", "") is None:
            return True  # single records are checked where they are fetched; a method that is not offered gets 405
        return access.may(request.user, resource, right(view, request.method or ""))


class TokenThrottle(BaseThrottle):
    """So many requests a minute for each token, counted in the cache; sessions of people are not limited."""

    window = 60

    def allow_request(self, request: Request, view: Any) -> bool:
        from django.conf import settings

        if not isinstance(request.auth, ApiToken):
            return True
        now = int(timezone.now().timestamp())
        self.left = self.window - now % self.window
        key = f"api-rate:{request.auth.pk}:{now // self.window}"
        if cache.add(key, 1, self.window + 5):
            return True
        try:
            return cache.incr(key) <= settings.API_REQUESTS_PER_MINUTE
        except ValueError:  # the row went between the two steps: a new window has begun
            return True

    def wait(self) -> float:
        return self.left
