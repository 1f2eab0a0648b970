"""The KPIs of what customers have brought so far, as margin and as revenue (kpis.md 53)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

from analytics.registry import EMPTY, Kpi, Parts, add_kpi, quotient, total

from ..orders.cohorts import COHORT
from ..orders.kpis import BUYERS, NO_RATE

OBSERVED: dict[str, Any] = {
    "area": "value",
    "unit": "money",
    "direction": "higher",
    "kind": "additive",
    "dimensions": (COHORT, *BUYERS),
}
SO_FAR = _("the date of each order or credit note before the period's end; the first purchase before it")
SAME_AGE = _(
    "Everything since the first purchase counts, not the period alone. Customers who began lately have had less time: compare months of the "
    "first purchase only when they are equally old. Owner, team, source and product are those of the first purchase."
)


def margin_each(terms: Mapping[str, Any]) -> Parts:
    """Revenue so far at the margin rate of the lines whose direct cost is known / customers; none without customers or known costs."""
    customers, costed = terms["denominator"] or 0, terms["costed"] or 0
    if not customers or costed <= 0:
        return Parts(None, terms["numerator"], terms["denominator"], EMPTY)
    margin = terms["numerator"] * terms["revenue"] / costed
    return Parts(margin / customers, margin, customers)


add_kpi(
    Kpi(
        "clv_historic",
        {
            "en": "Customer lifetime value, observed",
            "fr": "Valeur vie client observée",
            "es": "Valor de vida del cliente observado",
        },
        _("What a customer has brought so far on average, after the direct cost of what was sold."),
        _("net revenue of all customers so far × gross margin / customers so far"),
        SO_FAR,
        terms={
            "numerator": total("lifetime_margin"),
            "denominator": total("customers_ever"),
            "revenue": total("lifetime_revenue"),
            "costed": total("lifetime_costed"),
        },
        calculate=margin_each,
        left_out=((_("Direct cost not known"), "lifetime_uncosted"), (NO_RATE, "lifetime_unconverted")),
        left_out_note=SAME_AGE,
        beside=("clv_historic_revenue", "clv_predicted", "clv_simple"),
        order=1,
        **OBSERVED,
    )
)
add_kpi(
    Kpi(
        "clv_historic_revenue",
        {
            "en": "Customer lifetime revenue, observed",
            "fr": "Revenu par client observé depuis l’origine",
            "es": "Ingresos por cliente observados desde el inicio",
        },
        _("What a customer has been billed so far on average, less what was credited."),
        _("net revenue of all customers so far / customers so far"),
        SO_FAR,
        terms={"numerator": total("lifetime_revenue"), "denominator": total("customers_ever")},
        calculate=quotient,
        left_out=((NO_RATE, "lifetime_unconverted"),),
        left_out_note=SAME_AGE,
        beside=("clv_historic", "revenue_per_customer"),
        order=2,
        **OBSERVED,
    )
)
