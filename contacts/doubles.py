"""Which records look like the same thing entered twice (kpis.md 142).

Two companies match by their name, two people by their name at one company, two open leads by their e-mail: without case, accents,
blanks and signs in names. Of those that match, all but the first are surplus: what a merge would take away.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from .choices import OPEN_LEADS
from .models import Company, Lead, Person

#: model -> further fields in which matching records agree
ALSO: dict[Any, tuple[str, ...]] = {Company: (), Person: ("company",), Lead: ()}
STREAMS = {Company: "companies.surplus", Person: "people.surplus", Lead: "leads.surplus"}


def matchable(model: Any) -> QuerySet:
    """The records that others could match."""
    rows = model._base_manager.exclude(match_key="")
    return rows.filter(status__in=OPEN_LEADS) if model is Lead else rows


def surplus(model: Any) -> QuerySet:
    """Those that match an earlier one, as things stand today."""
    same = {name: OuterRef(name) for name in ("match_key", *ALSO[model])}
    before = Q(created_at__lt=OuterRef("created_at")) | Q(created_at=OuterRef("created_at"), pk__lt=OuterRef("pk"))
    return matchable(model).filter(Exists(matchable(model).filter(before, **same)))


def days(model: Any, keys: Iterable[str]) -> list[tuple[str, dt.date | None]]:
    """The (stream, day) pairs that may change when a record with one of these keys begins or ceases to match, or moves."""
    known = sorted({key for key in keys if key})
    if model not in ALSO or not known:
        return []
    found = model._base_manager.filter(match_key__in=known).order_by().values_list("created_day", flat=True).distinct()
    return [(STREAMS[model], day) for day in found]


def days_of(people: QuerySet) -> list[tuple[str, dt.date | None]]:
    """The same for all people of companies that are merged or go."""
    return [(STREAMS[Person], day) for day in people.order_by().values_list("created_day", flat=True).distinct()]
