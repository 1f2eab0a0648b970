"""The KPIs of what it costs to win and keep customers, and of what known customers buy in addition.

What was spent is counted by marketing; these numbers divide it by its key.
"""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from analytics.registry import EMPTY, NOT_BOOKED, Kpi, Parts, add_kpi, per_booked, total

from .kpis import BILLED, BUYERS, NO_RATE, ORDERED, REVENUE

MONTH = 30.4375  # days
DAY = 86_400

#: The dimensions that both costs and customers have.
SHARED = ("source", "campaign", "channel", "team")
NO_COST_RATE = _("Days of costs without an exchange rate")
FIRST_PURCHASE = _("the day a cost was posted, or each day it is spread over; the customer's first purchase")

add_kpi(
    Kpi(
        "net_new_revenue",
        {"en": "Net new revenue", "fr": "Nouveaux revenus nets", "es": "Nuevos ingresos netos"},
        _("What was billed to customers who ordered for the first time in the same period, less what was credited to them."),
        _("new-customer revenue − credit notes of the period for the same orders"),
        BILLED,
        unit="money",
        direction="higher",
        kind="additive",
        terms={"numerator": total("net_new_revenue"), "n": total("net_new_lines")},
        left_out=((NO_RATE, "lines_unconverted"),),
        left_out_note=_(
            "Who is new depends on the period, so months do not add up to their quarter. What recurs is net new MRR, another number."
        ),
        beside=("new_customer_revenue", "revenue"),
        order=6,
        **REVENUE,
    )
)
add_kpi(
    Kpi(
        "expansion_revenue",
        {"en": "Expansion revenue", "fr": "Revenus d’expansion", "es": "Ingresos de expansión"},
        _("What was billed for more than customers had: upsells and cross-sales."),
        _("sum of the order lines that are an upsell or a cross-sale to a customer who had bought before"),
        ORDERED,
        unit="money",
        direction="higher",
        kind="additive",
        terms={"numerator": total("expansion_revenue"), "n": total("expansion_lines")},
        left_out=((NO_RATE, "expansion_unconverted"), (_("Lines that name no product"), "expansion_unknown")),
        left_out_note=_(
            "Cross-sale: a product family the customer had not bought on an earlier day; a product without a family is one of its own. "
            "Upsell: more units of a product than in any order before, or another product of the family at a higher price than any paid "
            "in it. Before credit notes; an order credited in full is no purchase."
        ),
        beside=("revenue", "expansion_rate", "cross_sell_rate"),
        order=8,
        **REVENUE,
    )
)
GROWTH: dict[str, Any] = {"area": "revenue", "unit": "percent", "direction": "higher", "dimensions": BUYERS, "subset": True}
SINCE_START = _("who is active at the period's start; the date of the order in the period")

add_kpi(
    Kpi(
        "upsell_rate",
        {
            "en": "Upsell rate (seed: repeat or bigger purchases)",
            "fr": "Taux de vente à la hausse",
            "es": "Tasa de venta adicional (upsell)",
        },
        _("Which share of the active customers bought more than once in the period."),
        _("100 × customers with two or more purchases in the period / customers active at any instant of it"),
        _("the order's date; the active time that meets the period"),
        kind="distinct",
        terms={"numerator": total("customers_met_again"), "denominator": total("customers_met")},
        left_out_note=_(
            "Whether the later purchase is larger does not matter here: that is the expansion rate. Several orders on one day are one "
            "purchase; an order credited in full is none. Compare periods of the same length only."
        ),
        beside=("expansion_rate", "repeat_customer_rate"),
        order=61,
        **GROWTH,
    )
)
add_kpi(
    Kpi(
        "expansion_rate",
        {
            "en": "Expansion (upsell) rate on existing customers",
            "fr": "Taux d’upsell des clients existants",
            "es": "Tasa de expansión de clientes existentes",
        },
        _("Which share of the customers who were active at the period's start bought more, or dearer, of what they had."),
        _("100 × customers active at the start with an upsell in the period / customers active at the start"),
        SINCE_START,
        kind="ratio",
        terms={"numerator": total("base_upsold"), "denominator": total("base_customers")},
        left_out_note=_(
            "Upsell: more units of a product than in any order before, or another product of the family at a higher price than any paid "
            "in it. What is new to the customer counts in the cross-sell rate. Lines that name no product count in neither."
        ),
        beside=("cross_sell_rate", "upsell_rate", "expansion_revenue"),
        order=62,
        **GROWTH,
    )
)
add_kpi(
    Kpi(
        "cross_sell_rate",
        {"en": "Cross-sell rate", "fr": "Taux de vente croisée", "es": "Tasa de venta cruzada"},
        _(
            "Which share of the customers who were active at the period's start bought from a product family that was new to them."
        ),
        _("100 × customers active at the start with a first purchase of a family in the period / customers active at the start"),
        SINCE_START,
        kind="ratio",
        terms={"numerator": total("base_crossed"), "denominator": total("base_customers")},
        left_out_note=_("A product without a family is one of its own. Lines that name no product are left out."),
        beside=("expansion_rate", "expansion_revenue"),
        order=63,
        **GROWTH,
    )
)
add_kpi(
    Kpi(
        "customer_retention_cost_per_customer",
        {
            "en": "Retention cost per customer",
            "fr": "Coût de fidélisation par client",
            "es": "Costo de retención por cliente",
        },
        _("What was spent to keep customers, for each of them."),
        _("costs whose purpose is to keep customers / mean number of active customers"),
        _("the day a cost was posted, or each day it is spread over; the customers active at the end of each day"),
        area="retention",
        unit="money",
        direction="lower",
        kind="ratio",
        terms={
            "numerator": total("cost_retention"),
            "denominator": total("customers_active", mean=True),
            "booked": total("cost_retention_days"),
        },
        calculate=per_booked,
        version=2,
        dimensions=SHARED,
        left_out=((NO_COST_RATE, "cost_retention_unconverted"),),
        left_out_note=_(
            "Customers who are new in the period count below from their first purchase on. A team is the one whose budget paid, and the one "
            "that sold."
        ),
        beside=("customer_retention_cost", "active_customers"),
        order=90,
    )
)
ACQUISITION: dict[str, Any] = {"area": "acquisition", "direction": "lower", "kind": "ratio"}

add_kpi(
    Kpi(
        "cac",
        {
            "en": "Customer acquisition cost (blended, fully loaded)",
            "fr": "Coût d’acquisition client (CAC)",
            "es": "Costo de adquisición de clientes (CAC)",
        },
        _("What was spent to win customers, for each who was won: marketing, staff, training, software and all else."),
        _("costs whose purpose is to win customers / new customers"),
        FIRST_PURCHASE,
        unit="money",
        terms={
            "numerator": total("cost_acquisition"),
            "denominator": total("customers_new", ignores=("cost_category",)),
            "booked": total("cost_acquisition_days"),
        },
        calculate=per_booked,
        version=2,
        dimensions=(*SHARED, "cost_category"),
        left_out=((NO_COST_RATE, "cost_acquisition_unconverted"),),
        left_out_note=_(
            "Split by category of cost, each category is divided by all new customers, so that the parts add up. Costs that name no campaign "
            "or channel stand under none: they are never spread silently. Customers whose first order was credited in full within 14 days "
            "are not counted. Costs of the period are set against customers of the same period, without a lag. A team "
            "is the one whose budget paid, and the one that sold."
        ),
        beside=("cost_per_lead", "cac_payback"),
        order=10,
        **ACQUISITION,
    )
)


def _payback(terms: Any) -> Parts:
    """30.4375 days x CAC / (a new customer's margin in a month of the period), in seconds; the number of customers cancels out."""
    cost, costed, months = terms["numerator"] or 0, terms["costed"] or 0, terms["days"] / MONTH
    if not terms["booked"]:
        return Parts(None, cost, None, NOT_BOOKED)
    if not terms["n"] or costed <= 0 or not months:
        return Parts(None, cost, None, EMPTY)
    margin = terms["denominator"] * terms["margin"] / costed / months
    if margin <= 0:
        return Parts(None, cost, margin, EMPTY)
    return Parts(MONTH * DAY * cost / margin, cost, margin)


add_kpi(
    Kpi(
        "cac_payback",
        {"en": "CAC payback", "fr": "Délai de récupération du CAC", "es": "Plazo de recuperación del CAC"},
        _("How long a new customer must buy as new customers do until the margin has paid for winning them."),
        _("cost of winning customers / margin of the new customers in a month; in months of 30.4375 days"),
        FIRST_PURCHASE,
        unit="days",
        terms={
            "numerator": total("cost_acquisition"),
            "denominator": total("net_new_revenue"),
            "margin": total("net_new_margin"),
            "costed": total("net_new_costed"),
            "n": total("customers_new"),
            "booked": total("cost_acquisition_days"),
        },
        dimensions=SHARED,
        calculate=_payback,
        version=2,
        parts_unit="money",
        left_out=((NO_COST_RATE, "cost_acquisition_unconverted"), (NO_RATE, "lines_unconverted")),
        left_out_note=_(
            "The margin is what new customers of the period were billed, less credit notes, over the months of the period, at the margin rate of "
            "those of their lines whose direct cost is known. Without new customers, known costs or a margin there is no value."
        ),
        beside=("cac", "net_new_revenue", "gross_margin_rate"),
        order=20,
        **ACQUISITION,
    )
)
