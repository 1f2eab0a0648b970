"""Rows that are chosen after a number was cut: one for each thing (a customer), or those of the largest things.

How many customers bought, by team: a customer with orders of two teams counts under each and once in the whole. Which rows stand
for it depends on the cut, so the choice is made last, when the filters of scope, dimension and measure are known. To the engine
these are the rows of a `WindowSource`; the list behind a number is the same rows.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from typing import Any, Self

from django.db.models import F, Max, Q, QuerySet, Sum

from .sums import member_text

MEMBER = "member_"  # how sums name the dimension that splits

#: (the rows after the cut, how they are split: "" or MEMBER) -> those that stand.
Settle = Callable[[QuerySet, str], QuerySet]


def latest_of(thing: str) -> Settle:
    """One row per thing, the one with the highest key: counting the rows counts the things."""

    def settle(rows: QuerySet, by: str) -> QuerySet:
        names = [thing, by] if by else [thing]
        last = rows.order_by().values(*names).annotate(last_=Max("pk")).values("last_")
        return rows.filter(pk__in=last)

    return settle


def largest(count: int, thing: str, value: str) -> Settle:
    """All rows of the `count` things whose values add up to most; of each member when it is split."""

    def settle(rows: QuerySet, by: str) -> QuerySet:
        if not by:
            top = rows.order_by().values(thing).annotate(worth=Sum(value)).filter(worth__isnull=False)
            return rows.filter(**{f"{thing}__in": [row[thing] for row in top.order_by("-worth", thing)[:count]]})
        found: dict[Any, list[tuple[int, int]]] = defaultdict(list)
        for row in rows.order_by().values(by, thing).annotate(worth=Sum(value)):
            if row["worth"] is not None:
                found[row[by]].append((-row["worth"], row[thing]))
        wanted = Q(pk__in=[])
        for member in sorted(found, key=member_text):
            same = Q(settled_by__isnull=True) if member is None else Q(settled_by=member)
            wanted |= same & Q(**{f"{thing}__in": [pk for _worth, pk in sorted(found[member])[:count]]})
        return rows.annotate(settled_by=F(by)).filter(wanted)  # lookups cannot follow a name that ends in an underscore

    return settle


class Settled(QuerySet):
    """Rows of which `settle` chooses some whenever they are counted, summed or listed."""

    settle: Settle | None = None

    @classmethod
    def of(cls, rows: QuerySet, settle: Settle) -> Self:
        found = cls(model=rows.model, query=rows.query.chain(), using=rows.db)
        found.settle = settle
        return found

    def _clone(self) -> Self:
        found = super()._clone()  # type: ignore[misc]
        found.settle = self.settle
        return found

    def _chosen(self, by: str = "") -> QuerySet:
        assert self.settle is not None
        return self.settle(QuerySet(model=self.model, query=self.query.chain(), using=self.db), by)

    def aggregate(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        return self._chosen().aggregate(*args, **kwargs)

    def count(self) -> int:
        return self._chosen().count()

    def values(self, *names: Any, **expressions: Any) -> QuerySet:  # type: ignore[override]
        return self._chosen(MEMBER if MEMBER in names else "").values(*names, **expressions)

    def values_list(self, *names: Any, **options: Any) -> QuerySet:  # type: ignore[override]
        return self._chosen(MEMBER if MEMBER in names else "").values_list(*names, **options)
