"""Customers by the month in which they began: how many there were, and how many were still customers at the end of each month after.

R(c, k) of kpis.md 3.2: of the customers who began in month c, those active at the end of month c + k. Only complete months count: the
window of an age reaches back to the month that is old enough for it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence

from django.db.models import BooleanField, Case, Q, QuerySet, When
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from analytics import formats
from analytics.registry import Ref, Term
from analytics.sources import DailySource, Measure, WindowSource, add_dimension, add_source, windows
from crm.periods import Period, containing, last, today

from .life import COHORTS, ENTERED, LAPSED
from .measures import BUYER, OF_ORDER, OF_SPELL
from .models import CustomerSpell

AGES = (*range(1, 13), 18, 24, 36)  # months
USUAL = "12"  # the age that counts unless another is asked for
AGE, COHORT = "cohort_age", "cohort"

#: As the order that made somebody a customer has it.
OF_CUSTOMER = {**{name: f"customer__origin__{lookup}" for name, lookup in OF_ORDER.items()}, COHORT: "customer__cohort"}


def age_names(members: Sequence[str]) -> dict[str, str]:
    """Ages in words, from young to old."""
    known = [age for age in AGES if str(age) in members]
    return {str(age): ngettext("after %(n)s month", "after %(n)s months", age) % {"n": age} for age in known}


def cohort_names(members: Sequence[str]) -> dict[str, str]:
    """Months in the reader's language, oldest first."""
    known = [member for member in sorted(members) if is_month(member)]
    return {member: formats.period(containing(dt.date.fromisoformat(f"{member}-01"), "month")) for member in known}


def is_month(text: str) -> bool:
    """Whether a text is a month as `Customer.cohort` has them ("2026-03")."""
    try:
        return dt.date.fromisoformat(f"{text}-01").strftime("%Y-%m") == text
    except ValueError:
        return False


add_dimension(AGE, _("Age"), age_names, in_order=True)
add_dimension(COHORT, _("Month of the first purchase"), cohort_names, in_order=True)


def window_of(age: int) -> Callable[[], int]:
    """The days from the first month that is too young for this age to today: a month counts once the month `age` later is over."""

    def days() -> int:
        now = today()
        return (now - last(age + 1, "month", now)[0].start).days

    return days


for _age in AGES:
    windows.register(f"{AGE}_{_age}", window_of(_age))
windows.register(AGE, window_of(int(USUAL)))


def active_at(age: int) -> Q:
    """The active times that cover the end of the month of this age."""
    return Q(age__lte=age) & (Q(lost_age__isnull=True) | Q(lost_age__gt=age))


add_source(
    DailySource(
        COHORTS,
        (Measure("cohort_customers", Q(first=True)), *(Measure(f"cohort_active_{age}", active_at(age)) for age in AGES)),
        OF_CUSTOMER,
        BUYER,
        rows=CustomerSpell.objects.all,
        day="customer__started",
    )
)


def _lives(period: Period) -> QuerySet:
    """The active times that had begun before the period's end; `over` tells those that had ended by then."""
    over = Case(When(end__lt=period.end, then=True), default=False, output_field=BooleanField())
    return CustomerSpell.objects.filter(start__lt=period.end).annotate(over=over)


add_source(
    WindowSource(
        "customers.lives",
        (Measure("lives"), Measure("lives_over", Q(over=True))),
        OF_SPELL,
        BUYER,
        rows=_lives,
        day="start",
        depends=(ENTERED, LAPSED),
        at_end=True,
    )
)


def by_age(prefix: str = "") -> Term:
    """`prefix`_<age> for each age, or the whole cohort for each; the usual age counts unless another is asked for."""
    refs = [Ref(f"{prefix}_{age}" if prefix else "cohort_customers", {AGE: str(age)}, f"{AGE}_{age}") for age in AGES]
    return Term(tuple(refs), matures=AGE, choice=AGE, chosen=USUAL)
