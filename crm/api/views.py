"""Base of the API's views: scope, version check, idempotency, actor; subclasses name model, serializer and service."""

from __future__ import annotations

import zoneinfo
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from typing import Any

from django.db import transaction
from django.db.models import Model, QuerySet
from django.http import Http404
from django.http.request import RawPostDataException
from django.utils import timezone, translation
from django.utils.cache import patch_vary_headers
from rest_framework import mixins, status, viewsets
from rest_framework.exceptions import PermissionDenied, UnsupportedMediaType
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request
from rest_framework.response import Response

from .. import access, events
from ..models import ApiToken, Organisation
from . import etag, idempotency
from .auth import right


class Endpoint(viewsets.GenericViewSet):
    """Base of every view under /api/v1/.

    `resource` is what `crm.access` is asked; `rights` names the right of an action where the HTTP method does not tell it.
    Writes run in one transaction with their idempotency key; what they change is recorded as done by the caller through the API.
    """

    resource = ""
    rights: dict[str, str] = {}
    ordering = "id"
    ordering_fields: tuple[str, ...] = ("id",)
    lookup_value_converter = "int"
    metadata_class = None  # OPTIONS is 405: what there is stands in the schema

    def dispatch(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        with ExitStack() as self.around:
            return super().dispatch(request, *args, **kwargs)

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Checks the caller, then makes the handler run as the caller: only here is it known whose token it is."""
        super().initial(request, *args, **kwargs)
        self.around.enter_context(events.acting(request.user, events.Origin.API))
        if isinstance(request.auth, ApiToken):
            speak_to(request.user, self.around)
        if request.method not in SAFE_METHODS:
            method = request.method.lower()
            setattr(self, method, partial(self.write, getattr(self, method, self.http_method_not_allowed)))

    def finalize_response(self, request: Request, response: Response, *args: Any, **kwargs: Any) -> Response:
        """What one caller may read is no other's: no shared cache keeps it."""
        response = super().finalize_response(request, response, *args, **kwargs)
        response.headers.setdefault("Cache-Control", "private, no-cache")
        patch_vary_headers(response, ["Authorization", "Cookie"])
        return response

    def write(self, handler: Callable[..., Response], request: Request, *args: Any, **kwargs: Any) -> Response:
        """One transaction around the handler; a POST with an Idempotency-Key happens once."""
        measure(request)
        with transaction.atomic():
            if request.method != "POST":
                return handler(request, *args, **kwargs)
            return idempotency.once(request, lambda: handler(request, *args, **kwargs))


def measure(request: Request) -> None:
    """Reads the body once, which refuses what is over DATA_UPLOAD_MAX_MEMORY_SIZE, before anything parses it."""
    try:
        _read = request._request.body
    except RawPostDataException as error:  # a form with files, which the middleware has read: nothing here takes one
        raise UnsupportedMediaType(request.content_type) from error


def speak_to(user: Any, around: ExitStack) -> None:
    """Messages in the token owner's language and days in his zone, as the middleware does for sessions."""
    if user.language and translation.check_for_language(user.language):
        around.enter_context(translation.override(user.language))
    around.enter_context(timezone.override(zoneinfo.ZoneInfo(user.time_zone or Organisation.current().time_zone)))


class RecordEndpoint(Endpoint):
    """Records with owner and team. Subclasses list what they offer by adding DRF's mixins or `Editable`."""

    def get_queryset(self) -> QuerySet:
        queryset = self.whole()
        if getattr(self, "swagger_fake_view", False):
            return queryset.none()
        return access.visible_to(queryset, self.request.user)

    def whole(self) -> QuerySet:
        """All rows with what the serializer reads of them."""
        queryset = self.queryset.all()
        return queryset.for_list() if hasattr(queryset, "for_list") else queryset

    def get_object(self) -> Any:
        """Fetch and authorise in one call. Outsiders get 404; writes hold the row's lock and check If-Match."""
        queryset, user = self.get_queryset(), self.request.user
        writing = self.request.method not in SAFE_METHODS
        if writing:
            queryset = queryset.select_for_update(of=("self",))
        found = queryset.filter(pk=self.kwargs["pk"]).first()
        if found is None:
            raise Http404
        action = right(self, self.request.method or "")
        if action != "view" and not access.visible_to(self.queryset.all(), user, action).filter(pk=found.pk).exists():
            raise PermissionDenied
        if writing and "If-Match" in self.request.headers:
            etag.require_match(self.request.headers, etag.of(self.represent(found)))
        return found

    def represent(self, record: Model) -> Any:
        return self.serializer_class(record, context=self.get_serializer_context()).data

    def answer(self, record: Model, code: int = status.HTTP_200_OK) -> Response:
        """The record as it is now, with its ETag."""
        data = self.represent(self.whole().get(pk=record.pk))
        response = Response(data, status=code)
        response["ETag"] = etag.of(data)
        if code == status.HTTP_201_CREATED:
            response["Location"] = self.reverse_action("detail", kwargs={"pk": record.pk})
        return response


class Readable(mixins.ListModelMixin, RecordEndpoint):
    """List and single record."""

    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        data = self.represent(self.get_object())
        tag = etag.of(data)
        if etag.unchanged(request.headers, tag):
            return Response(status=status.HTTP_304_NOT_MODIFIED, headers={"ETag": tag})
        return Response(data, headers={"ETag": tag})


class Editable(Readable):
    """List, create, read, change and delete. `remove` calls the service that deletes."""

    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        serializer = self.get_serializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        return self.answer(serializer.save(), status.HTTP_201_CREATED)

    def update(self, request: Request, *args: Any, partial: bool = False, **kwargs: Any) -> Response:
        serializer = self.get_serializer(self.get_object(), data=request.data, partial=partial)
        serializer.is_valid(raise_exception=True)
        return self.answer(serializer.save())

    def partial_update(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return self.update(request, *args, partial=True, **kwargs)

    def destroy(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        self.remove(self.get_object())
        return Response(status=status.HTTP_204_NO_CONTENT)

    def remove(self, record: Any) -> None:
        """Deletes through the service."""
        raise NotImplementedError

    def command(self, request: Request, serializer_class: type, run: Callable[[Any, dict[str, Any]], Any]) -> Response:
        """One action on one record: fetch, read its few inputs, call the service, answer with the record as it is now."""
        record = self.get_object()
        serializer = serializer_class(data=request.data, context=self.get_serializer_context())
        serializer.is_valid(raise_exception=True)
        run(record, serializer.validated_data)
        return self.answer(record)
