"""One error format for everything that goes wrong under /api/.

    {"errors": [{"code": "required", "field": "title", "message": "This field is required."}], "request_id": "…"}

`field` is a dotted path ("emails.0.email"), or empty for what concerns the whole request.
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Iterator
from typing import Any

from django.core import signals
from django.core.exceptions import NON_FIELD_ERRORS, PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.core.exceptions import ValidationError as DjangoValidationError
from django.db import IntegrityError, OperationalError
from django.db.models import ProtectedError
from django.http import Http404, JsonResponse
from django.utils.translation import gettext_lazy as _
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import set_rollback

log = logging.getLogger(__name__)
WHOLE = {NON_FIELD_ERRORS, "non_field_errors"}
Error = dict[str, str]


class TooLarge(exceptions.APIException):
    status_code = 413
    default_code = "too_large"
    default_detail = _("The request is too large.")


class Stale(exceptions.APIException):
    status_code = 412
    default_code = "stale"
    default_detail = _("The record was changed in the meantime. Read it again, then repeat your change.")


class Conflict(exceptions.APIException):
    status_code = 409
    default_code = "conflict"
    default_detail = _("The change met another one. Read the record again, then repeat it.")


class Busy(exceptions.APIException):
    status_code = 503
    default_code = "busy"
    default_detail = _("The database is busy. Try again in a moment.")


class KeyReused(exceptions.APIException):
    status_code = 422
    default_code = "idempotency_key_reused"
    default_detail = _("This Idempotency-Key was used for another request.")


def handle(error: Exception, context: dict[str, Any]) -> Response:
    """DRF's exception handler: every exception becomes an answer in the one format; what nobody expected is logged as 500."""
    known = translate(error)
    request_id = uuid.uuid4().hex
    set_rollback()
    if known is None:
        log.error("API request %s failed", request_id, exc_info=error)
        signals.got_request_exception.send(sender=None, request=context["request"]._request)
        known = exceptions.APIException(_("Something went wrong on our side."), code="server_error")
    response = Response({"errors": list(flatten(known.detail)), "request_id": request_id}, status=known.status_code)
    if header := getattr(known, "auth_header", None):
        response["WWW-Authenticate"] = header
    wait = getattr(known, "wait", None)
    if wait or known.status_code in (409, 503):
        response["Retry-After"] = str(int(wait or 1))
    return response


def translate(error: Exception) -> exceptions.APIException | None:
    """The API's exception for what Django and the services raise; None for what is a fault of ours."""
    if isinstance(error, exceptions.APIException):
        return error
    if isinstance(error, DjangoValidationError):
        return exceptions.ValidationError(django_detail(error))
    if isinstance(error, Http404):
        return exceptions.NotFound()
    if isinstance(error, PermissionDenied):
        return exceptions.PermissionDenied()
    if isinstance(error, RequestDataTooBig):
        return TooLarge()
    if isinstance(error, SuspiciousOperation):
        return exceptions.ParseError()
    if isinstance(error, ProtectedError | IntegrityError):
        return Conflict()
    if isinstance(error, OperationalError):
        return Busy()
    return None


def django_detail(error: DjangoValidationError) -> dict[str, list[exceptions.ErrorDetail]]:
    """A service's ValidationError with its fields and codes kept."""
    fields = error.error_dict if hasattr(error, "error_dict") else {NON_FIELD_ERRORS: error.error_list}
    return {
        name: [
            exceptions.ErrorDetail(message, code=one.code or "invalid")
            for one in problems
            for message in DjangoValidationError(one).messages
        ]
        for name, problems in fields.items()
    }


def flatten(detail: Any, path: tuple[str, ...] = ()) -> Iterator[Error]:
    """DRF's nested details as a flat list of errors."""
    if isinstance(detail, dict):
        for name, inner in detail.items():
            yield from flatten(inner, path if name in WHOLE else (*path, str(name)))
    elif isinstance(detail, list | tuple):
        nested = any(isinstance(inner, dict | list) for inner in detail)
        for place, inner in enumerate(detail):
            yield from flatten(inner, (*path, str(place)) if nested else path)
    else:
        yield {"code": getattr(detail, "code", "invalid"), "field": ".".join(path), "message": str(detail)}


def plain(status: int, code: str, message: Any) -> JsonResponse:
    """An error in the same format from where DRF is not: an unknown address."""
    errors = [{"code": code, "field": "", "message": str(message)}]
    return JsonResponse({"errors": errors, "request_id": uuid.uuid4().hex}, status=status)
