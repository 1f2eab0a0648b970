"""Idempotency-Key on POST: a retry gets the answer of the first time, and nothing happens twice.

The key is inserted in the transaction of the write, so there is no state between: a request that failed or was killed leaves
no key and may be repeated. The unique constraint makes a second request with the same key wait for the first one.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Callable
from typing import Any

from django.db import IntegrityError, OperationalError, connection, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.encoders import JSONEncoder

from ..models import IdempotencyKey
from .errors import Conflict, KeyReused

KEPT = dt.timedelta(days=3)
WAIT = "5s"


def once(request: Request, answer: Callable[[], Response]) -> Response:
    """Calls `answer` the first time the user sends this key; later gives back what it gave. Runs inside the write's transaction.

    Only answers that wrote something are kept: an error changed nothing, so repeating it does no harm.
    """
    key = request.headers.get("Idempotency-Key")
    if key is None:
        return answer()
    if not (0 < len(key) <= 255 and key.isascii() and key.isprintable()):
        raise ValidationError({"Idempotency-Key": [_("1 to 255 visible characters.")]})
    print_ = fingerprint(request)
    row = _claim(request.user, key, print_)
    if row is None:
        return _stored(request.user, key, print_)
    response = answer()
    body = json.loads(json.dumps(response.data, cls=JSONEncoder))
    IdempotencyKey.objects.filter(pk=row.pk).update(status=response.status_code, body=body)
    return response


def fingerprint(request: Request) -> str:
    """What makes two requests the same: method, address and body."""
    head = f"{request.method} {request.get_full_path()}\n".encode()
    return hashlib.sha256(head + request._request.body).hexdigest()


def _claim(user: Any, key: str, print_: str) -> IdempotencyKey | None:
    """The new row, or None when the key was used before. Waits for a request that is using it now, then gives 409."""
    IdempotencyKey.objects.filter(user=user, created_at__lt=timezone.now() - KEPT).delete()
    try:
        with transaction.atomic(), _patience():
            return IdempotencyKey.objects.create(user=user, key=key, fingerprint=print_)
    except IntegrityError:
        return None
    except OperationalError as error:
        raise Conflict(_("A request with this Idempotency-Key is still running.")) from error


class _patience:
    """On PostgreSQL: waits for another transaction's insert of the same key only so long. SQLite has its own busy timeout."""

    def _set(self, value: str) -> None:
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("SELECT set_config('lock_timeout', %s, true)", [value])

    def __enter__(self) -> None:
        self._set(WAIT)

    def __exit__(self, kind: Any, *rest: Any) -> None:
        if kind is None:  # after an error the savepoint's rollback takes the setting back
            self._set("0")


def _stored(user: Any, key: str, print_: str) -> Response:
    row = IdempotencyKey.objects.get(user=user, key=key)
    if row.fingerprint != print_:
        raise KeyReused()
    response = Response(row.body, status=row.status)
    response["Idempotent-Replayed"] = "true"
    return response
