"""Rows that are true for a span of local days, from `start` to before `end`, or still.

To find the few that hold on a day among all that ever did, PostgreSQL needs an index of the spans themselves; SQLite has none.
"""

from __future__ import annotations

import datetime as dt

from django.db import connections
from django.db.models import BooleanField, DateField, F, Func, Q, Value
from django.db.models.expressions import Combinable, CombinedExpression


def holding(start: str, end: str, first: dt.date, before: dt.date, using: str) -> Q:
    """Rows that hold at some instant of the days [first, before). Where both are one day: at its first instant.

    start, end: names of the columns; `indexes.spans` makes the index.
    """
    found = Q(Q(**{f"{end}__isnull": True}) | Q(**{f"{end}__gte": first}), **{f"{start}__lt": before})
    if connections[using].vendor != "postgresql":
        return found
    near = CombinedExpression(_days(F(start), F(end)), "&&", _days(_day(first), _day(before)), output_field=BooleanField())
    return found & Q(near)


def _days(start: Combinable, end: Combinable) -> Func:
    return Func(start, end, Value("[]"), function="daterange", output_field=DateField())


def _day(day: dt.date) -> Value:
    return Value(day, output_field=DateField())
