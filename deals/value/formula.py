"""What customers with subscriptions are worth by the field's short formula, and against what it costs to win them (kpis.md 54, 59)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

from analytics.registry import EMPTY, Kpi, Parts, Term, add_kpi, total

from ..orders.kpis_growth import FIRST_PURCHASE, NO_COST_RATE
from ..subscriptions.kpis import NO_RATE, YEAR

MONTHS = 12


def monthly(lost: float, base: float) -> float:
    """The churn of a month that in twelve of them loses as many: 1 - (1 - c)^(1/12) (kpis.md 12)."""
    return 1 - (1 - lost / base) ** (1 / MONTHS)


def over(margin: float, churn: float) -> float | None:
    """What a margin of every month is worth where so many leave every month; None where nobody does: not infinite."""
    return margin / churn if churn > 0 else None


def worth(terms: Mapping[str, Any], mrr: str) -> Parts:
    """ARPA x margin rate / monthly churn. None without accounts now or a year ago, known costs, or anybody lost."""
    accounts, costed, base, lost = (terms[name] or 0 for name in ("accounts", "costed", "base", "lost"))
    if not accounts or costed <= 0 or not base:
        return Parts(None, None, None, EMPTY)
    margin = terms[mrr] / accounts * terms["margin"] / costed
    churn = monthly(lost, base)
    value = over(margin, churn)
    return Parts(value, margin, churn, EMPTY if value is None else "")


def simple(terms: Mapping[str, Any]) -> Parts:
    return worth({**terms, "lost": terms["denominator"]}, "numerator")


def against_cost(terms: Mapping[str, Any]) -> Parts:
    """The same / cost of winning a customer; none without customers won, without costs, or without a value."""
    value = worth({**terms, "mrr": terms["numerator"]}, "mrr").value
    cac = terms["denominator"] / terms["n"] if terms["n"] else None
    if value is None or not cac or cac <= 0:
        return Parts(None, value, cac, EMPTY)
    return Parts(value / cac, value, cac)


#: Of the last twelve months; the margin is that of everything billed in them.
SHARED: dict[str, Term] = {
    "accounts": total("mrr_accounts"),
    "margin": total("costed_margin", trailing=YEAR),
    "costed": total("costed_revenue", trailing=YEAR),
    "base": total("accounts_at_start", trailing=YEAR),
}
LOST = total("accounts_lost", trailing=YEAR)
ESTIMATE = _(
    "An estimate: it takes one churn for all time, so it is too low where those who stay tend to stay, and what comes later counts as much as what "
    "comes soon. Churn is that of the accounts with subscriptions over the last twelve months, as a monthly rate; gross margin that of the "
    "orders of the same months. Without a loss, known costs, or accounts a year ago there is no value."
)
STATE = _("the state at the period's end and twelve months before; the dates of the orders between")

add_kpi(
    Kpi(
        "clv_simple",
        {
            "en": "Customer lifetime value, formula",
            "fr": "Valeur vie client (formule)",
            "es": "Valor de vida del cliente (fórmula)",
        },
        _("What an account with subscriptions would bring after direct costs if all went on as in the last twelve months."),
        _("average revenue per account × gross margin / monthly churn rate"),
        STATE,
        area="value",
        unit="money",
        direction="higher",
        kind="ratio",
        terms={"numerator": total("mrr"), "denominator": LOST, "n": total("mrr_accounts"), **SHARED},
        dimensions=("owner", "team", "source", "segment", "product"),
        calculate=simple,
        part_units={"denominator": "ratio"},
        left_out=((NO_RATE, "mrr_unconverted"),),
        left_out_note=ESTIMATE,
        beside=("arpa", "gross_margin_rate", "clv_contractual", "ltv_cac"),
        order=3,
    )
)
add_kpi(
    Kpi(
        "ltv_cac",
        {"en": "LTV to CAC ratio", "fr": "Ratio LTV/CAC", "es": "Ratio LTV/CAC"},
        _("How often a customer's value, by the formula and after direct costs, pays for what it cost to win one."),
        _("customer lifetime value by the formula / cost of winning a customer"),
        FIRST_PURCHASE,
        area="value",
        unit="ratio",
        direction="higher",
        kind="ratio",
        terms={
            "numerator": total("mrr"),
            "denominator": total("cost_acquisition"),
            "n": total("customers_new"),
            "lost": LOST,
            **SHARED,
        },
        dimensions=("team", "source"),
        calculate=against_cost,
        parts_unit="money",
        left_out=((NO_COST_RATE, "cost_acquisition_unconverted"), (NO_RATE, "mrr_unconverted")),
        left_out_note=ESTIMATE,
        beside=("clv_simple", "cac", "cac_payback"),
        order=8,
    )
)
