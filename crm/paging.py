"""Paging that costs the same on page 1 and page 1,000.

A page is found in two steps: the ids of the page, which the database reads from an index without touching rows, then those
rows. Counting stops at CAP: "more than 10,000" is as useful as 93,412 and does not grow with the table.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from django.db.models import QuerySet
from django.http import QueryDict

from .http import whole_number

PER_PAGE = 50
CAP = 10_000
LAST_PAGE = 1_000_000


class Page:
    """One page of a sorted queryset, with what the pager needs to say and link.

    A page number that is no number is page 1; one beyond the end is the last page.
    """

    def __init__(self, queryset: QuerySet, query: QueryDict, counted: int, *, show: Any = None, per_page: int = PER_PAGE) -> None:
        self.per_page = per_page
        self.capped = counted > CAP
        self.count = min(counted, CAP)
        self.number = max(1, min(whole_number(query.get("page")) or 1, LAST_PAGE))
        if not self.capped:
            self.number = min(self.number, self.pages or 1)
        ids = self._ids(queryset)
        self.has_next = len(ids) > per_page
        self.rows = self._rows(show if show is not None else queryset, ids[:per_page])

    def _ids(self, queryset: QuerySet) -> list[int]:
        start = (self.number - 1) * self.per_page
        return list(queryset.values_list("pk", flat=True)[start : start + self.per_page + 1])

    @staticmethod
    def _rows(show: QuerySet, ids: Sequence[int]) -> list[Any]:
        found = {row.pk: row for row in show.order_by().filter(pk__in=ids)} if ids else {}
        return [found[pk] for pk in ids if pk in found]

    @property
    def pages(self) -> int | None:
        """How many pages there are; None when the count is not known exactly."""
        return None if self.capped else -(-self.count // self.per_page)

    @property
    def first(self) -> int:
        """The number of the first row on this page; 0 when there is none."""
        return (self.number - 1) * self.per_page + 1 if self.rows else 0

    @property
    def last(self) -> int:
        return (self.number - 1) * self.per_page + len(self.rows)

    @property
    def has_previous(self) -> bool:
        return self.number > 1

    @property
    def object_list(self) -> list[Any]:
        """Django's name for the rows."""
        return self.rows

    def __iter__(self) -> Iterator[Any]:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)


def count_upto(queryset: QuerySet, cap: int = CAP) -> int:
    """How many rows there are, counting no further than one beyond the cap."""
    return queryset.order_by()[: cap + 1].count()
