"""Cursor paging: a page starts after the last row of the page before, whatever was inserted or deleted in between."""

from __future__ import annotations

import base64
import json
from typing import Any

from django.core.exceptions import ValidationError as DjangoValidationError
from django.core.serializers.json import DjangoJSONEncoder
from django.db.models import F, Field, Q, QuerySet
from django.utils.translation import gettext_lazy as _
from rest_framework.exceptions import ValidationError
from rest_framework.pagination import BasePagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import replace_query_param

SIZE, LARGEST_PAGE = 50, 200


class CursorPaging(BasePagination):
    """`?limit=` up to 200, `?ordering=` from the view's allow-list, `?cursor=` from the `next` link.

    The order is total: the primary key breaks ties. Rows without a value come last in either direction.
    """

    def paginate_queryset(self, queryset: QuerySet, request: Request, view: Any = None) -> list[Any]:
        self.request = request
        self.limit = _limit(request.query_params.get("limit"))
        name, self.down = _ordering(request.query_params.get("ordering"), view)
        self.field: Field = queryset.model._meta.get_field(name)  # type: ignore[assignment]
        if cursor := request.query_params.get("cursor"):
            queryset = queryset.filter(self._after(*self._read(cursor)))
        rows = list(queryset.order_by(*self._order())[: self.limit + 1])
        self.more, rows = len(rows) > self.limit, rows[: self.limit]
        self.last = rows[-1] if rows else None
        return rows

    def _order(self) -> list[Any]:
        tie = "-pk" if self.down else "pk"
        if self.field.primary_key:
            return [tie]
        name = F(self.field.name)
        nulls = {"nulls_last": True} if self.field.null else {}
        return [name.desc(**nulls) if self.down else name.asc(**nulls), tie]

    def _after(self, value: Any, pk: int) -> Q:
        """The rows that come after (value, pk) in the order."""
        way = "lt" if self.down else "gt"
        name, tie = self.field.name, Q(**{f"pk__{way}": pk})
        if self.field.primary_key:
            return tie
        if value is None:
            return Q(**{f"{name}__isnull": True}) & tie
        beyond = Q(**{f"{name}__{way}": value}) | (Q(**{name: value}) & tie)
        # The first condition says nothing new; it lets the database start inside the index.
        return beyond | Q(**{f"{name}__isnull": True}) if self.field.null else Q(**{f"{name}__{way}e": value}) & beyond

    def _read(self, cursor: str) -> tuple[Any, int]:
        try:
            named, value, pk = json.loads(base64.urlsafe_b64decode(cursor.encode("ascii") + b"==="))
            if named != self._name or not isinstance(pk, int) or isinstance(pk, bool) or not 0 <= pk < 2**63:
                raise ValueError(named)
            if isinstance(value, dict | list) or (value is None and not (self.field.null or self.field.primary_key)):
                raise ValueError(value)
            if isinstance(value, str) and "\x00" in value:
                raise ValueError(value)
            str(value).encode()
            return self.field.to_python(value), pk
        except (ValueError, TypeError, RecursionError, OverflowError, DjangoValidationError) as error:
            raise ValidationError({"cursor": [_("This cursor is not one of ours.")]}) from error

    @property
    def _name(self) -> str:
        return f"-{self.field.name}" if self.down else self.field.name

    def next_link(self) -> str | None:
        """The address of the next page; None on the last one."""
        if not self.more or self.last is None:
            return None
        value = None if self.field.primary_key else getattr(self.last, self.field.attname)
        text = json.dumps([self._name, value, self.last.pk], cls=_Exact, separators=(",", ":"))
        cursor = base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")
        return replace_query_param(self.request.build_absolute_uri(), "cursor", cursor)

    def get_paginated_response(self, data: Any) -> Response:
        return Response({"results": data, "next": self.next_link()})

    def get_paginated_response_schema(self, schema: dict) -> dict:
        return {
            "type": "object",
            "required": ["results", "next"],
            "properties": {
                "results": schema,
                "next": {"type": "string", "format": "uri", "nullable": True, "description": "The next page; null on the last."},
            },
        }

    def get_schema_operation_parameters(self, view: Any) -> list[dict]:
        allowed = list(getattr(view, "ordering_fields", ()))
        return [
            _parameter("cursor", {"type": "string"}, "Where the page starts: from the `next` link of the page before."),
            _parameter("limit", {"type": "integer", "minimum": 1, "maximum": LARGEST_PAGE, "default": SIZE}, "Rows a page."),
            _parameter(
                "ordering",
                {"type": "string", "enum": [sign + name for name in allowed for sign in ("", "-")]},
                "Order of the rows; - for downwards.",
            ),
        ]


class _Exact(DjangoJSONEncoder):
    """Instants with their microseconds: a cursor that drops them would repeat or skip rows."""

    def default(self, o: Any) -> Any:
        return o.isoformat() if hasattr(o, "isoformat") else super().default(o)


def _parameter(name: str, schema: dict, description: str) -> dict:
    return {"name": name, "in": "query", "required": False, "schema": schema, "description": description}


def _limit(text: str | None) -> int:
    if text is None:
        return SIZE
    if not (text.isascii() and text.isdigit() and len(text) < 6 and 0 < int(text) <= LARGEST_PAGE):
        raise ValidationError({"limit": [_("A number from 1 to %(most)s.") % {"most": LARGEST_PAGE}]})
    return int(text)


def _ordering(text: str | None, view: Any) -> tuple[str, bool]:
    """Field and whether downwards, from the view's allow-list."""
    text = text if text is not None else view.ordering
    name, down = text.removeprefix("-"), text.startswith("-")
    if name not in view.ordering_fields:
        allowed = ", ".join(view.ordering_fields)
        raise ValidationError({"ordering": [_("Possible: %(allowed)s.") % {"allowed": allowed}]})
    return name, down
