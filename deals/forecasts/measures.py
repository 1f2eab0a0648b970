"""Measures of deals that are due in a period, as they stood on its first day, and as they stand."""

from __future__ import annotations

import datetime as dt

from django.db.models import BooleanField, F, Q, QuerySet, Value

from analytics.sources import Measure, WindowSource, add_source
from crm.periods import Period, today

from ..measures import DEAL, IN_STAGE, OPEN_STREAMS, of_owner
from ..models import DealState

DAY = dt.timedelta(days=1)


def foretold_in(period: Period) -> QuerySet:
    """Deals open when the period began and then expected to close in it, with value and probability of that moment."""
    rows = DealState.objects.open_at(period.start)
    return rows.filter(expected_close__gte=period.start, expected_close__lt=period.end)


def due_in(period: Period) -> QuerySet:
    """Deals expected to close in the period: as they stand today, or, of a period that is over, as they stood when it began. `late`:
    the day on which they were expected has passed."""
    now = today()
    if period.end <= now:
        return foretold_in(period).annotate(late=Value(False, output_field=BooleanField()))
    rows = DealState.objects.open_at(now + DAY).filter(expected_close__gte=period.start, expected_close__lt=period.end)
    return rows.annotate(late=Q(expected_close__lt=now))


PRICED = Q(amount__isnull=False)

add_source(
    WindowSource(
        "deals.foretold",
        (
            Measure("foretold_weighted", value=F("amount") * F("probability")),
            Measure("foretold_valued", PRICED, priced=True),
            Measure("foretold_without_amount", ~PRICED),
        ),
        {**of_owner(), **IN_STAGE},
        DEAL,
        rows=foretold_in,
        day="expected_close",
        depends=OPEN_STREAMS,
        currency="currency",
        at_start=True,
    )
)
add_source(
    WindowSource(
        "deals.due",
        (
            Measure("due_amount", Q(late=False), "amount"),
            Measure("due_valued", PRICED & Q(late=False), priced=True),
            Measure("due_late", Q(late=True)),
        ),
        {**of_owner(), **IN_STAGE},
        DEAL,
        rows=due_in,
        day="expected_close",
        depends=OPEN_STREAMS,
        currency="currency",
    )
)
