"""Measures of what touches have of orders. A touch that names no campaign counts for marketing when its channel does not come by
itself. What no touch leads to is counted apart, so that all of it together is revenue."""

from __future__ import annotations

from collections.abc import Sequence

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from analytics.registry import Ref, Term
from analytics.sources import DailySource, Measure, add_dimension, add_source
from crm.models.organisation import AttributionModel

from ..orders.life import ORIGINS
from ..orders.measures import OF_ORDER
from .models import TouchShare
from .shares import MARGINS, MODELS, SHARES

MODEL = "attribution_model"  # the dimension, and the organisation's setting that says which counts unless another is asked for

add_dimension(
    MODEL,
    _("Attribution model"),
    lambda members: {member: str(AttributionModel(member).label) for member in members if member in AttributionModel.values},
)

#: Source, channel and campaign are the touch's; everything else is the order's.
OF_SHARE = {
    **{name: f"order__{lookup}" for name, lookup in OF_ORDER.items() if name not in ("source", "channel", "campaign")},
    "source": "source",
    "channel": "channel",
    "campaign": "campaign",
}
ORDER, BUYER = ("deals.order", "order_id"), ("deals.customer", "order__customer_id")
MARKETING, PAID, UNTOUCHED = Q(marketing=True), Q(paid=True), Q(touched=False)
ONCE = Q(position=0)
SALE = Q(order__refund_of__isnull=True)
NO_RATE = Q(even__isnull=True)


def by_model(prefix: str, models: Sequence[str] = MODELS) -> Term:
    """The measures `<prefix>_<model>`, of which the one of the chosen model counts."""
    return Term(tuple(Ref(f"{prefix}_{model}", {MODEL: model}) for model in models), choice=MODEL)


add_source(
    DailySource(
        SHARES,
        (
            *(Measure(f"marketing_revenue_{model}", MARKETING, model) for model in MODELS),
            *(Measure(f"paid_revenue_{model}", PAID, model) for model in MODELS),
            Measure("marketing_touches", MARKETING & ~NO_RATE),
            Measure("paid_touches", PAID & ~NO_RATE),
            Measure("shared_revenue", value="even"),
            Measure("untouched_revenue", UNTOUCHED, "even"),
            Measure("untouched_orders", UNTOUCHED & SALE),
            Measure("shares_unconverted", ONCE & NO_RATE),
            Measure("shared_orders", ONCE & ~NO_RATE),
        ),
        OF_SHARE,
        ORDER,
        rows=TouchShare.objects.all,
        day="order__ordered_day",
    )
)
add_source(
    DailySource(
        MARGINS,
        (
            *(Measure(f"marketing_margin_{model}", MARKETING, f"margin_{model}") for model in MODELS),
            Measure("marketing_margin_touches", MARKETING & Q(margin_even__isnull=False)),
            Measure("marketing_margin_unknown", MARKETING & ~NO_RATE & Q(margin_even__isnull=True)),
        ),
        OF_SHARE,
        ORDER,
        rows=TouchShare.objects.all,
        day="order__ordered_day",
    )
)
add_source(
    DailySource(
        ORIGINS,
        (Measure("origins"), Measure("origins_paid", PAID), Measure("origins_unknown", UNTOUCHED)),
        OF_SHARE,
        BUYER,
        rows=lambda: TouchShare.objects.filter(position=0, order__spells_begun__first=True),
        day="order__ordered_day",
    )
)
