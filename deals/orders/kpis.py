"""The KPIs of what was billed: revenue and what it is made of, and how often customers buy."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from analytics.registry import Kpi, Parts, add_kpi, quotient, total

SPLIT = ("owner", "team", "source", "segment", "product", "campaign", "channel", "pipeline", "country")
BUYERS = ("owner", "team", "source", "segment", "product", "campaign", "country")
REVENUE: dict[str, Any] = {"area": "revenue", "dimensions": SPLIT}
RETENTION: dict[str, Any] = {"area": "retention", "dimensions": BUYERS}

BILLED = _("the order's date; a credit note counts on its own date, at the exchange rate of its order")
ORDERED = _("the order's date")
NO_RATE = _("No exchange rate for its currency and day")
OVERLAP = _("A customer with orders of two owners or teams counts under each of them and once in the whole.")

add_kpi(
    Kpi(
        "revenue",
        {"en": "Net revenue", "fr": "Chiffre d’affaires net", "es": "Ingresos netos"},
        _("What was billed, less what was credited."),
        _("sum of the order lines, net of discounts and without tax − sum of the credit notes"),
        BILLED,
        unit="money",
        direction="higher",
        kind="additive",
        terms={"numerator": total("revenue"), "n": total("revenue_lines")},
        left_out=((NO_RATE, "lines_unconverted"),),
        left_out_note=_(
            "Billed, not booked: what deals promise is the won amount. A credit note does not change a closed month."
        ),
        beside=("won_amount", "refund_rate"),
        order=1,
        **REVENUE,
    )
)
add_kpi(
    Kpi(
        "revenue_per_customer",
        {"en": "Revenue per customer", "fr": "Chiffre d’affaires par client", "es": "Ingresos por cliente"},
        _("What a customer who was billed brought on average."),
        _("net revenue / different customers who were billed"),
        BILLED,
        unit="money",
        direction="higher",
        kind="distinct",
        terms={"numerator": total("revenue"), "denominator": total("customers_billed")},
        left_out=((NO_RATE, "lines_unconverted"),),
        left_out_note=_("A customer whose orders were credited in full still counts below."),
        beside=("revenue", "top_customer_share"),
        order=2,
        **REVENUE,
    )
)
add_kpi(
    Kpi(
        "top_customer_share",
        {
            "en": "Revenue share of top 10 customers",
            "fr": "Part des 10 premiers clients",
            "es": "Peso de los 10 mayores clientes",
        },
        _("How much of the revenue hangs on the ten customers who bring most."),
        _("100 × net revenue of the ten largest customers of the period / net revenue"),
        BILLED,
        area="revenue",
        unit="percent",
        direction="neutral",
        kind="distinct",
        terms={"numerator": total("top_customer_revenue"), "denominator": total("revenue"), "n": total("revenue_lines")},
        dimensions=("segment", "team", "product"),
        parts_unit="money",
        left_out=((NO_RATE, "lines_unconverted"),),
        left_out_note=_("Of a team or industry the ten largest of its own customers count."),
        beside=("revenue_per_customer",),
        order=3,
    )
)
add_kpi(
    Kpi(
        "average_order_value",
        {"en": "Average order value", "fr": "Valeur moyenne des commandes (panier moyen)", "es": "Valor medio de pedido"},
        _("What an order is worth on average."),
        _("sum of the orders' amounts, net of discounts and without tax / orders"),
        ORDERED,
        unit="money",
        direction="higher",
        kind="ratio",
        terms={"numerator": total("order_value"), "denominator": total("orders_valued")},
        left_out=((NO_RATE, "orders_unconverted"),),
        left_out_note=_("Before credit notes. Split by product, an order counts under the product of its largest line."),
        beside=("purchase_frequency", "average_deal_size"),
        order=4,
        **REVENUE,
    )
)
add_kpi(
    Kpi(
        "new_customer_revenue",
        {
            "en": "New-customer revenue",
            "fr": "Nouvelles recettes (nouveaux clients)",
            "es": "Ingresos de nuevos clientes",
        },
        _("What was billed to customers who ordered for the first time in the same period."),
        _("sum of the order lines of customers whose first order ever lies in the period, before credit notes"),
        ORDERED,
        unit="money",
        direction="higher",
        kind="additive",
        terms={"numerator": total("new_customer_revenue"), "n": total("new_customer_lines")},
        left_out=((NO_RATE, "sales_unconverted"),),
        left_out_note=_(
            "Who is new depends on the period: a quarter also counts the March order of a customer won in January. So months do not "
            "add up to their quarter."
        ),
        beside=("revenue",),
        order=5,
        **REVENUE,
    )
)
add_kpi(
    Kpi(
        "gross_margin_rate",
        {"en": "Gross margin rate", "fr": "Taux de marge brute", "es": "Tasa de margen bruto"},
        _("What is left of each 100 of revenue after the direct cost of what was sold."),
        _("100 × (net revenue − direct cost) / net revenue, over lines whose direct cost is known"),
        BILLED,
        unit="percent",
        direction="higher",
        kind="ratio",
        terms={"numerator": total("costed_margin"), "denominator": total("costed_revenue"), "n": total("costed_lines")},
        parts_unit="money",
        left_out=((_("Direct cost not known"), "uncosted_lines"), (NO_RATE, "lines_unconverted")),
        beside=("revenue",),
        order=6,
        **REVENUE,
    )
)
add_kpi(
    Kpi(
        "refund_rate",
        {"en": "Refund rate", "fr": "Taux de remboursement", "es": "Tasa de reembolso"},
        _("How much was credited for each 100 that were billed."),
        _("100 × credit notes of the period / revenue of the period before credit notes"),
        BILLED,
        unit="percent",
        direction="lower",
        kind="ratio",
        terms={"numerator": total("refunds"), "denominator": total("gross_revenue"), "n": total("gross_lines")},
        parts_unit="money",
        left_out=((NO_RATE, "lines_unconverted"),),
        left_out_note=_("What is credited was often billed in an earlier period, so it can exceed 100 %."),
        beside=("revenue",),
        order=7,
        **REVENUE,
    )
)
add_kpi(
    Kpi(
        "repeat_customer_rate",
        {"en": "Repeat customer rate", "fr": "Taux de clients récurrents", "es": "Tasa de clientes recurrentes"},
        _("Which share of the customers who bought had bought before."),
        _("100 × customers with a purchase in the period and one on an earlier day / customers with a purchase in the period"),
        ORDERED,
        unit="percent",
        direction="higher",
        kind="distinct",
        terms={"numerator": total("customers_repeating"), "denominator": total("customers_buying")},
        left_out=((_("Orders credited in full: no purchases"), "orders_returned"),),
        left_out_note=_("Several orders on one day are one occasion. Fewer new customers raise it."),
        subset=True,
        beside=("purchase_frequency", "new_customer_revenue"),
        order=60,
        **RETENTION,
    )
)
add_kpi(
    Kpi(
        "purchase_frequency",
        {"en": "Purchase frequency", "fr": "Fréquence d’achat", "es": "Frecuencia de compra"},
        _("How many orders a customer who ordered placed on average."),
        _("orders / different customers who ordered"),
        ORDERED,
        unit="ratio",
        direction="higher",
        kind="distinct",
        terms={"numerator": total("orders"), "denominator": total("customers_ordering")},
        left_out_note=OVERLAP,
        beside=("average_order_value", "repeat_customer_rate"),
        order=70,
        **RETENTION,
    )
)
add_kpi(
    Kpi(
        "purchase_interval",
        {"en": "Time between purchases (median)", "fr": "Délai entre deux achats", "es": "Tiempo entre compras"},
        _("How long it takes until a customer buys again: half of the repeat purchases came sooner."),
        _("median of the time since the same customer's previous purchase, over repeat purchases"),
        _("the later purchase"),
        unit="days",
        direction="lower",
        kind="percentile",
        terms={"numerator": total("purchase_interval")},
        left_out_note=_(
            "Customers who never came back are not in it. Several orders on one day are one purchase; orders credited in full are none."
        ),
        beside=("repeat_customer_rate",),
        order=80,
        **RETENTION,
    )
)


# --- customers' life -------------------------------------------------------------------------------------------------

WINDOW = _(
    "A customer is active until the last purchase is as old as the activity window of the settings (365 days unless set otherwise), and is "
    "lost on that day. An order credited in full within 14 days is no purchase."
)
BRIDGE = ("active_customers", "new_customers", "reactivated_customers", "churned_customers")
STATE_AT = _("who is active at the period's start and at its end")


def _life(key: str, names: dict[str, str], order: int, **values: Any) -> None:
    """Registers a KPI of the customers' life; all of them read together are the bridge from one stock to the next."""
    beside = tuple(name for name in (*values.pop("beside", ()), *BRIDGE) if name != key)
    note = values.pop("note", WINDOW)
    add_kpi(Kpi(key, names, left_out_note=note, beside=beside, order=order, **values, **RETENTION))


_life(
    "active_customers",
    {"en": "Active customers", "fr": "Clients actifs", "es": "Clientes activos"},
    10,
    definition=_("How many customers have bought and are not lost."),
    formula=_("count of customers active at the period's end = active at its start + new + reactivated − churned"),
    dated=_("the state at the period's end"),
    unit="count",
    direction="higher",
    kind="stock",
    terms={"numerator": total("customers_active")},
)
_life(
    "new_customers",
    {"en": "New customers", "fr": "Nouveaux clients", "es": "Nuevos clientes"},
    20,
    definition=_("How many customers bought for the first time."),
    formula=_("count of customers whose first purchase ever lies in the period"),
    dated=_("the first purchase"),
    unit="count",
    direction="higher",
    kind="additive",
    terms={"numerator": total("customers_new")},
)
_life(
    "churned_customers",
    {"en": "Churned customers", "fr": "Clients perdus", "es": "Clientes perdidos"},
    30,
    definition=_("How many customers were lost."),
    formula=_("count of customers whose last purchase became as old as the activity window"),
    dated=_("the last purchase plus the activity window; known on that day and never dated back"),
    unit="count",
    direction="lower",
    kind="additive",
    terms={"numerator": total("customers_churned")},
    beside=("customer_churn_rate",),
)
_life(
    "reactivated_customers",
    {"en": "Reactivated customers", "fr": "Clients réactivés", "es": "Clientes reactivados"},
    40,
    definition=_("How many lost customers bought again."),
    formula=_("count of customers who bought after they had been lost"),
    dated=_("the purchase that brought them back"),
    unit="count",
    direction="higher",
    kind="additive",
    terms={"numerator": total("customers_reactivated")},
)
_life(
    "customer_churn_rate",
    {
        "en": "Customer churn rate (gross, logo)",
        "fr": "Taux d’attrition client (brut)",
        "es": "Tasa de pérdida de clientes (bruta)",
    },
    50,
    definition=_("Which share of the customers who were active at the period's start is lost at its end."),
    formula=_("100 × customers active at the start and not at the end / customers active at the start"),
    dated=STATE_AT,
    unit="percent",
    direction="lower",
    kind="ratio",
    terms={"numerator": total("base_lost"), "denominator": total("base_customers")},
    subset=True,
    beside=("net_customer_loss_rate", "customer_retention_rate"),
    note=_("Who was won and lost inside the period is in neither part. Compare periods of the same length only."),
)


def _net_loss(terms: Any) -> Parts:
    """100 x (active at start - active at end) / active at start; negative when the base grows."""
    lost = (terms["denominator"] or 0) - (terms["numerator"] or 0)
    parts = quotient({"numerator": lost, "denominator": terms["denominator"]})
    return Parts(None if parts.value is None else 100 * parts.value, lost, parts.denominator, parts.reason)


_life(
    "net_customer_loss_rate",
    {"en": "Net customer loss rate", "fr": "Taux de perte nette de clients", "es": "Tasa de pérdida neta de clientes"},
    53,
    definition=_("By how much the number of active customers shrank."),
    formula=_("100 × (customers active at the start − customers active at the end) / customers active at the start"),
    dated=STATE_AT,
    unit="percent",
    direction="lower",
    kind="ratio",
    terms={"numerator": total("customers_active"), "denominator": total("base_customers")},
    calculate=_net_loss,
    beside=("customer_churn_rate",),
    note=_(
        "Losses hide behind gains: 99 customers, 6 won and 10 lost are 95, a net loss of 4.04 % where the churn is 10.10 %. Negative when the "
        "base grows. The list above the line holds those active at the end."
    ),
)
_life(
    "customer_retention_rate",
    {
        "en": "Customer retention rate",
        "fr": "Taux de fidélisation (rétention) des clients",
        "es": "Tasa de retención de clientes",
    },
    56,
    definition=_("Which share of the customers who were active at the period's start is still active at its end."),
    formula=_("100 × customers active at the start and at the end / customers active at the start"),
    dated=STATE_AT,
    unit="percent",
    direction="higher",
    kind="ratio",
    terms={"numerator": total("base_kept"), "denominator": total("base_customers")},
    subset=True,
    beside=("customer_churn_rate", "repeat_customer_rate"),
    note=_("One hundred less the churn rate. New customers of the period are in neither part."),
)


from . import kpis_crm as _crm  # noqa: E402, F401
from . import kpis_growth as _growth  # noqa: E402, F401
