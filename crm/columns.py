"""What a list shows: one declaration of columns for the page's head, its sorting, the export and the API's ordering."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from django.db.models import F, QuerySet
from django.db.models.expressions import OrderBy
from django.http import QueryDict

from .site import Text

NUMERIC = ("number", "money")


@dataclass(frozen=True)
class Column:
    """One column.

    value(record) is what an export writes: text, number, date or None. `order` names the field to sort by; only fields
    with an index get one, because a list must cost the same at 100,000 rows. `on_page` is off for columns of exports only.
    """

    key: str
    label: Text
    value: Callable[[Any], Any]
    kind: str = "text"  # text | number | money | date | when
    order: str = ""
    on_page: bool = True
    blanks: bool = False  # the sorted column may be null; those rows come last, whichever way it is sorted

    @property
    def numeric(self) -> bool:
        return self.kind in NUMERIC

    @property
    def sort(self) -> str:
        """The value of ?sort= that this column's head writes; "" when it does not sort."""
        return self.key if self.order else ""


class Columns:
    """The columns of one kind of record, with the list's default order."""

    def __init__(self, *columns: Column, default: str) -> None:
        self.all = columns
        self.default = default
        self.sorts = {column.key: column for column in columns if column.order}

    def __iter__(self) -> Iterator[Column]:
        return iter(self.all)

    @property
    def on_page(self) -> list[Column]:
        return [column for column in self.all if column.on_page]

    def sort_key(self, wanted: str) -> str:
        """The wanted sort ("amount", "-amount") when it is allowed, else the default."""
        return wanted if wanted.removeprefix("-") in self.sorts else self.default

    def order_by(self, wanted: str) -> list[OrderBy]:
        """How the database sorts it: rows without a value last, ties by id, so that pages never overlap."""
        key = self.sort_key(wanted)
        column = self.sorts[key.removeprefix("-")]
        # Where nothing can be null the plain order is asked for: PostgreSQL reads an index only in exactly its own order.
        field, last = F(column.order), True if column.blanks else None
        if key.startswith("-"):
            return [field.desc(nulls_last=last), F("pk").desc()]
        return [field.asc(nulls_last=last), F("pk").asc()]

    def sorted(self, queryset: QuerySet, wanted: str) -> QuerySet:
        return queryset.order_by(*self.order_by(wanted))


def with_query(query: QueryDict, **changes: Any) -> str:
    """The query string with some parameters replaced; None takes one out. Starts with "?"."""
    copy = query.copy()
    for key, value in changes.items():
        copy.pop(key, None)
        if value is not None:
            copy[key] = str(value)
    return "?" + copy.urlencode()
