"""A form that is sent twice from one page is carried out once: double click, refresh, back and again.

Each drawing of a form has its own CSRF token, so the same address and fields from the same user are the same sending. The key
is written in the transaction of the change, like the API's Idempotency-Key; the second sending is led to where the first one
went. A form that was changed before it was sent again is another sending.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Callable

from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import timezone

from .models import IdempotencyKey

KEPT = dt.timedelta(days=3)


def _print(request: HttpRequest) -> str:
    """What makes two sendings the same; empty when they cannot be told apart from two alike forms."""
    if not request.POST.get("csrfmiddlewaretoken") or request.FILES:
        return ""
    return hashlib.sha256(f"{request.get_full_path()}\n{request.POST.urlencode()}".encode()).hexdigest()


def sent_before(request: HttpRequest) -> HttpResponse | None:
    """The answer of the first sending, when this is the second. Asked before the form is checked against what is there now."""
    print_ = _print(request)
    row = IdempotencyKey.objects.filter(user=request.user.pk, key=f"form:{print_}").first() if print_ else None
    return HttpResponseRedirect(row.body["url"]) if row is not None and row.body else None


def once(request: HttpRequest, answer: Callable[[], HttpResponse]) -> HttpResponse:
    """`answer`, or where it led when another request has just given it. Runs inside the change's transaction."""
    print_ = _print(request)
    if not print_ or request.user.pk is None:
        return answer()
    keys = IdempotencyKey.objects.filter(user=request.user.pk)
    keys.filter(created_at__lt=timezone.now() - KEPT).delete()
    try:
        with transaction.atomic():
            row = IdempotencyKey.objects.create(user_id=request.user.pk, key=f"form:{print_}", fingerprint=print_)
    except IntegrityError:
        return sent_before(request) or HttpResponseRedirect(request.path)
    response = answer()
    keys.filter(pk=row.pk).update(status=response.status_code, body={"url": response["Location"]})
    return response
