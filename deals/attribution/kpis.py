"""The KPIs of where revenue and customers come from."""

from __future__ import annotations

from typing import Any

from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from analytics.registry import EMPTY, Kpi, Parts, add_kpi, per_booked, total

from ..orders.kpis import BILLED, NO_RATE
from ..orders.kpis_growth import ACQUISITION, NO_COST_RATE, SHARED
from .measures import MODEL, by_model

TOUCHED: dict[str, Any] = {
    "area": "acquisition",
    "dimensions": ("source", "campaign", "channel", "segment", "product", "team", MODEL),
}
SPENT = _(
    "the order's date; a credit note counts on its own; a cost counts on the day it was posted, or on each day it is spread over"
)


def notes(*texts: Any) -> Any:
    """Several sentences in the reader's language, one after the other."""
    return format_lazy(" ".join(["{}"] * len(texts)), *texts)


WINDOW = _(
    "Touches count in the days before the order that the settings say (90 unless set otherwise): leads, answers to campaigns, visits and "
    "forms of the customer's people. The same source, channel and campaign on one day are one touch."
)
SHARING = _(
    "The model is the one of the settings; split by model, or filter by it, to see the others. Orders to which no touch leads are credited "
    "to nobody: their part is the share of revenue without a known origin."
)
NO_TOUCH = _("Orders to which no touch leads")

add_kpi(
    Kpi(
        "marketing_sourced_revenue",
        {
            "en": "Marketing-attributed revenue",
            "fr": "Revenus attribués au marketing",
            "es": "Ingresos atribuidos a marketing",
        },
        _("Which part of what was billed is credited to marketing, by the touches before each order."),
        _("sum of the orders' revenue × the credit of their marketing touches; the credits of an order add up to 1"),
        BILLED,
        unit="money",
        direction="higher",
        kind="additive",
        terms={"numerator": by_model("marketing_revenue"), "n": total("marketing_touches", ignores=(MODEL,))},
        left_out=((NO_TOUCH, "untouched_orders"), (NO_RATE, "shares_unconverted")),
        left_out_note=notes(
            WINDOW,
            SHARING,
            _(
                "A touch is marketing's when it names a campaign, or a channel that does not come by itself (organic, referral, direct)."
            ),
        ),
        beside=("unattributed_revenue_share", "revenue", "marketing_roi"),
        order=50,
        **TOUCHED,
    )
)
add_kpi(
    Kpi(
        "unattributed_revenue_share",
        {
            "en": "Revenue without a known origin",
            "fr": "Part du revenu d’origine inconnue",
            "es": "Proporción de ingresos de origen desconocido",
        },
        _("Which part of what was billed no touch leads to."),
        _("100 × revenue of orders to which no touch leads / net revenue"),
        BILLED,
        area="acquisition",
        unit="percent",
        direction="lower",
        kind="ratio",
        terms={"numerator": total("untouched_revenue"), "denominator": total("shared_revenue"), "n": total("shared_orders")},
        dimensions=("segment", "product", "team"),
        parts_unit="money",
        left_out=((NO_RATE, "shares_unconverted"),),
        left_out_note=WINDOW,
        beside=("marketing_sourced_revenue",),
        order=51,
    )
)
add_kpi(
    Kpi(
        "customer_origin",
        {"en": "Customer origin mix", "fr": "Origine des clients", "es": "Origen de los clientes"},
        _("Through which source new customers first came to us."),
        _("100 × new customers whose first touch was of the source / new customers"),
        _("the customer's first purchase; the source is that of the first touch before it"),
        area="acquisition",
        unit="percent",
        direction="neutral",
        kind="ratio",
        terms={"numerator": total("origins"), "denominator": total("origins", ignores=("source", "channel", "campaign"))},
        dimensions=("source", "campaign", "channel", "segment", "product", "team"),
        left_out_note=notes(WINDOW, _("Customers to whom no touch leads stand under none: they are never dropped.")),
        subset=True,
        beside=("paid_cac", "cac"),
        order=60,
    )
)
add_kpi(
    Kpi(
        "paid_cac",
        {"en": "Paid CAC", "fr": "CAC payant", "es": "CAC de pago"},
        _("What advertising that is paid for costs for each customer who first came by it."),
        _("marketing cost of paid channels to win customers / new customers whose first touch came by a paid channel"),
        _("the day a cost was posted, or each day it is spread over; the customer's first purchase"),
        unit="money",
        terms={"numerator": total("cost_paid"), "denominator": total("origins_paid"), "booked": total("cost_paid_days")},
        calculate=per_booked,
        version=2,
        dimensions=SHARED,
        left_out=((NO_COST_RATE, "cost_paid_unconverted"), (_("New customers to whom no touch leads"), "origins_unknown")),
        left_out_note=notes(
            _(
                "Credit goes to the first touch. Paid are the channels cpc, cpm, cpa, cpv, ppc, paid…, ads, display, banner, retargeting and "
                "affiliates, of costs and of touches alike."
            ),
            WINDOW,
        ),
        beside=("cac", "customer_origin"),
        order=15,
        **ACQUISITION,
    )
)


def _roi(terms: Any) -> Parts:
    """100 x (margin - cost) / cost; a cost without any sale is -100 %."""
    gain, cost = (terms["numerator"] or 0) - (terms["denominator"] or 0), terms["denominator"] or 0
    if cost <= 0:
        return Parts(None, gain, cost, EMPTY)
    return Parts(100 * gain / cost, gain, cost)


add_kpi(
    Kpi(
        "marketing_roi",
        {"en": "Marketing ROI", "fr": "ROI marketing", "es": "ROI de marketing"},
        _("What marketing brought back in margin beyond its cost, for each 100 it cost."),
        _("100 × (margin of orders credited to marketing − cost of marketing) / cost of marketing"),
        SPENT,
        unit="percent",
        direction="higher",
        kind="ratio",
        terms={
            "numerator": by_model("marketing_margin"),
            "denominator": total("cost_marketing", "cost_marketing_elsewhere", ignores=(MODEL,)),
            "n": total("marketing_margin_touches", ignores=(MODEL,)),
        },
        area="acquisition",
        dimensions=(*SHARED, MODEL),
        calculate=_roi,
        parts_unit="money",
        left_out=(
            (_("Touches before orders whose cost is not known"), "marketing_margin_unknown"),
            (NO_COST_RATE, "cost_marketing_unconverted"),
        ),
        left_out_note=notes(
            SHARING,
            WINDOW,
            _(
                "Margin is over lines whose direct cost is known. It is an average: it does not say what spending more would bring. The list "
                "above the line holds the margin before the cost is taken off."
            ),
        ),
        beside=("roas", "marketing_sourced_revenue", "unattributed_revenue_share"),
        order=55,
    )
)
add_kpi(
    Kpi(
        "roas",
        {
            "en": "Return on ad spend",
            "fr": "Retour sur dépenses publicitaires (ROAS)",
            "es": "Retorno de la inversión publicitaria (ROAS)",
        },
        _("How much revenue each unit of money spent on advertising brought."),
        _("revenue credited to paid channels / marketing cost of paid channels"),
        SPENT,
        unit="ratio",
        direction="higher",
        kind="ratio",
        terms={
            "numerator": by_model("paid_revenue"),
            "denominator": total("cost_paid", ignores=(MODEL,)),
            "n": total("paid_touches", ignores=(MODEL,)),
        },
        area="acquisition",
        dimensions=(*SHARED, MODEL),
        parts_unit="money",
        left_out=((NO_COST_RATE, "cost_paid_unconverted"),),
        left_out_note=notes(SHARING, WINDOW),
        beside=("marketing_roi", "paid_cac"),
        order=56,
    )
)
