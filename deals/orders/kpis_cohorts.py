"""The KPIs of how long customers stay (kpis.md 3.2 and 5.2)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import gettext_lazy as _

from analytics.registry import NOT_REACHED, Estimate, Kpi, Parts, add_kpi, percent, total
from crm.periods import local_day

from .cohorts import AGE, COHORT, by_age
from .kpis import BUYERS, WINDOW
from .kpis_growth import DAY, MONTH
from .survival import Life, curve, median

add_kpi(
    Kpi(
        "cohort_retention",
        {"en": "Cohort retention", "fr": "Rétention par cohorte", "es": "Retención por cohorte"},
        _("Which share of the customers who began in a month are still customers some months later."),
        _(
            "100 × customers who began in the period and are active at the end of the month of that age / customers who began in the period"
        ),
        _("the first purchase; the state at the end of the month that is so many months later"),
        area="retention",
        unit="percent",
        direction="higher",
        kind="ratio",
        terms={"numerator": by_age("cohort_active"), "denominator": by_age()},
        dimensions=(COHORT, AGE, *BUYERS),
        subset=True,
        left_out_note=_(
            "Twelve months later, unless another age is asked for. Only months that are over count: younger customers are pending, not lost. "
            "Over several months their customers are added up, then divided once. Owner, team, source and product are those of the first "
            "purchase. Who was lost and came back is active again."
        ),
        beside=("customer_retention_rate", "new_customers"),
        order=57,
    )
)


def hazard(terms: Mapping[str, Any]) -> Parts:
    """100 x churned / customer-months; a customer-month is 30.4375 days of one customer."""
    return percent({"numerator": terms["numerator"], "denominator": (terms["denominator"] or 0) * terms["days"] / MONTH})


add_kpi(
    Kpi(
        "churn_hazard_monthly",
        {
            "en": "Churn rate on exposure (person-month)",
            "fr": "Taux d’attrition sur exposition",
            "es": "Tasa de abandono por exposición",
        },
        _(
            "How many of a hundred customers are lost in a month, counted over all the days on which there were customers to lose."
        ),
        _("100 × customers lost / customer-months; a customer-month is 30.4375 days of one active customer"),
        _("the day a customer is lost; each day on which a customer is active"),
        area="retention",
        unit="percent",
        direction="lower",
        kind="ratio",
        terms={"numerator": total("customers_churned"), "denominator": total("customers_active", mean=True)},
        dimensions=BUYERS,
        calculate=hazard,
        left_out_note=WINDOW,
        beside=("customer_churn_rate", "churned_customers", "customer_lifetime_median"),
        order=54,
    )
)


def lifetime(rows: Sequence[tuple], upto: dt.date) -> Parts:
    """The median stay in seconds, with its 95 % interval, of (start, end, first, when the company was first won) as known just before
    the first instant of `upto`."""
    low: float | None
    value, low, high = median(curve(_life(row, upto) for row in rows))
    if value is None:
        return Parts(None, None, reason=NOT_REACHED)
    if low is None or high is None:
        low = high = None
    return Parts(value * DAY, None, low=low and low * DAY, high=high and high * DAY)


def _life(row: tuple, upto: dt.date) -> Life:
    """One active time in days. A company that was won before its first order was a customer unseen: it enters at that age."""
    start, end, first, won = row
    entry = max((start - local_day(won)).days, 0) if first and won is not None else 0
    over = end is not None and end < upto
    return Life(entry, entry + ((end if over else upto) - start).days, over)


add_kpi(
    Kpi(
        "customer_lifetime_median",
        {
            "en": "Median customer lifetime (Kaplan-Meier)",
            "fr": "Durée de vie médiane des clients",
            "es": "Vida media (mediana) del cliente",
        },
        _("How long half of the customers stay at least, those who are still here taken into account."),
        _(
            "the first age at which half or fewer stay: S(t) = product of (1 − lost at an age / customers who reached that age) is 0.5 or less"
        ),
        _("the purchase that began the active time; the day the customer was lost, else the period's end"),
        area="retention",
        unit="days",
        direction="higher",
        kind="model",
        terms={"numerator": total("lives_over"), "denominator": total("lives")},
        dimensions=BUYERS,
        part_names={"numerator": _("Active times that are over"), "denominator": _("Active times begun")},
        estimate=Estimate(("start", "end", "first", "customer__company__customer_since"), lifetime),
        left_out_note=_(
            "Who is still a customer counts as long as seen. A company that was won before its first order is counted from the age at which "
            "it ordered. Who comes back begins anew. The activity window of the settings is part of every stay."
        ),
        beside=("churn_hazard_monthly", "customer_retention_rate"),
        order=58,
    )
)
