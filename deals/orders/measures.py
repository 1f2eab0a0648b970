"""Measures of orders: what is counted, by which date, over which rows. The KPIs made of them are in `deals.orders.kpis`."""

from __future__ import annotations

from collections.abc import Callable

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet

from analytics.settled import Settle, Settled, largest, latest_of
from analytics.sources import DailySource, Measure, StockSource, WindowSource, add_source
from crm.periods import Period

from ..choices import Growth, OrderKind
from .facts import LINES, PLACED
from .life import CHURNED, ENTERED, LAPSED, STARTED
from .models import CustomerSpell, Order, OrderLine

#: As they were at the sale; a credit note has its order's. The industry is the company's own.
OF_ORDER = {
    "owner": "owner_id",
    "team": "team_id",
    "source": "source",
    "segment": "company__industry",
    "product": "product_id",
    "campaign": "campaign",
    "channel": "channel",
    "pipeline": "pipeline_id",
    "country": "country",
}
OF_LINE = {**{name: f"order__{lookup}" for name, lookup in OF_ORDER.items()}, "product": "product_id"}
ORDER = ("deals.order", "pk")
LINE = ("deals.order", "order_id")
SALE, REFUND = Q(order__kind=OrderKind.ORDER), Q(order__kind=OrderKind.REFUND)
CONVERTED, COSTED = Q(net_base__isnull=False), Q(net_base__isnull=False, cost_base__isnull=False)
UNCONVERTED = Q(net_base__isnull=True)
GROWN = Q(growth__in=[Growth.CROSS, Growth.UPSELL])

add_source(
    DailySource(
        LINES,
        (
            Measure("revenue", value="net_base"),
            Measure("revenue_lines", CONVERTED),
            Measure("gross_revenue", SALE, "net_base"),
            Measure("gross_lines", SALE & CONVERTED),
            Measure("refunds", REFUND, F("net_base") * -1),
            Measure("lines_unconverted", UNCONVERTED),
            Measure("sales_unconverted", SALE & UNCONVERTED),
            Measure("costed_revenue", COSTED, "net_base"),
            Measure("costed_margin", COSTED, F("net_base") - F("cost_base")),
            Measure("costed_lines", COSTED),
            Measure("uncosted_lines", CONVERTED & Q(cost_base__isnull=True)),
            Measure("expansion_revenue", GROWN, "net_base"),
            Measure("expansion_lines", GROWN & CONVERTED),
            Measure("expansion_unconverted", GROWN & UNCONVERTED),
            Measure("expansion_unknown", Q(growth=Growth.UNKNOWN)),
        ),
        OF_LINE,
        LINE,
        rows=lambda: OrderLine.objects.all(),
        day="order__ordered_day",
    )
)

RETURNED = Q(amount__gt=0, refunded__gte=F("amount"))

add_source(
    DailySource(
        PLACED,
        (
            Measure("orders"),
            Measure("orders_valued", Q(base__isnull=False)),
            Measure("order_value", value="base"),
            Measure("orders_unconverted", Q(base__isnull=True)),
            Measure("purchase_interval", Q(interval__isnull=False), "interval"),
            Measure("orders_returned", RETURNED),
        ),
        OF_ORDER,
        ORDER,
        rows=lambda: Order.objects.placed(),
        day="ordered_day",
    )
)


def _lines_in(period: Period) -> QuerySet:
    return OrderLine.objects.filter(order__ordered_day__gte=period.start, order__ordered_day__lt=period.end)


def _new_in(period: Period) -> QuerySet:
    """Lines billed and credited to customers whose first order ever lies in the period too: what is credited was sold in it."""
    return _lines_in(period).filter(order__customer__first_day__gte=period.start)


add_source(
    WindowSource(
        "orders.of_new_customers",
        (
            Measure("new_customer_revenue", SALE, "net_base"),
            Measure("new_customer_lines", SALE & CONVERTED),
            Measure("net_new_revenue", value="net_base"),
            Measure("net_new_lines", CONVERTED),
            Measure("net_new_costed", COSTED, "net_base"),
            Measure("net_new_margin", COSTED, F("net_base") - F("cost_base")),
        ),
        OF_LINE,
        LINE,
        rows=_new_in,
        day="order__ordered_day",
        depends=(LINES,),
    )
)


def _settled(rows: Callable[[Period], QuerySet], settle: Settle) -> Callable[[Period], QuerySet]:
    return lambda period: Settled.of(rows(period), settle)


def _bought_in(period: Period) -> QuerySet:
    return Order.objects.placed().filter(ordered_day__gte=period.start, ordered_day__lt=period.end)


BUYER, BUYER_OF_LINE = ("deals.customer", "customer_id"), ("deals.customer", "order__customer_id")

#: A customer with orders of two teams counts under each of them and once in the whole.
for _key, _measure, _rows, _thing, _dimensions, _subject, _depends in (
    (
        "customers.billed",
        "customers_billed",
        lambda period: _lines_in(period).filter(SALE, CONVERTED),
        "order__customer",
        OF_LINE,
        BUYER_OF_LINE,
        LINES,
    ),
    ("customers.ordering", "customers_ordering", _bought_in, "customer", OF_ORDER, BUYER, PLACED),
    (
        "customers.buying",
        "customers_buying",
        lambda period: _bought_in(period).exclude(RETURNED),
        "customer",
        OF_ORDER,
        BUYER,
        PLACED,
    ),
    (
        "customers.repeating",
        "customers_repeating",
        lambda period: _bought_in(period).filter(repeat=True),
        "customer",
        OF_ORDER,
        BUYER,
        PLACED,
    ),
):
    add_source(
        WindowSource(
            _key,
            (Measure(_measure),),
            _dimensions,
            _subject,
            rows=_settled(_rows, latest_of(_thing)),
            day="order__ordered_day" if _thing.startswith("order__") else "ordered_day",
            depends=(_depends,),
            many=tuple(_dimensions),
            settled=True,
        )
    )

TOP = 10

add_source(
    WindowSource(
        "customers.largest",
        (Measure("top_customer_revenue", value="net_base"),),
        OF_LINE,
        LINE,
        rows=_settled(_lines_in, largest(TOP, "order__customer", "net_base")),
        day="order__ordered_day",
        depends=(LINES,),
        settled=True,
    )
)

# --- customers' life -------------------------------------------------------------------------------------------------

#: As the order that began the active time has it.
OF_SPELL = {name: f"order__{lookup}" for name, lookup in OF_ORDER.items()}

add_source(
    StockSource(
        "customers.state",
        (Measure("customers_active"),),
        OF_SPELL,
        BUYER,
        rows=lambda: CustomerSpell.objects.all(),
        start="start",
        end="end",
        opened=ENTERED,
        left=LAPSED,
    )
)
add_source(
    DailySource(
        STARTED,
        (Measure("customers_new", Q(first=True)), Measure("customers_reactivated", Q(first=False))),
        OF_SPELL,
        BUYER,
        rows=lambda: CustomerSpell.objects.all(),
        day="start",
    )
)
add_source(
    DailySource(
        CHURNED,
        (Measure("customers_churned"),),
        OF_SPELL,
        BUYER,
        rows=lambda: CustomerSpell.objects.filter(end__isnull=False),
        day="end",
    )
)


def _active_at_start(period: Period) -> QuerySet:
    """One row per customer active just before the period's start; `kept` tells who is active at its end too (kpis.md G1)."""
    rows = CustomerSpell.objects.filter(Q(end__isnull=True) | Q(end__gte=period.start), start__lt=period.start)
    later = CustomerSpell.objects.filter(Q(end__isnull=True) | Q(end__gte=period.end), start__lt=period.end)
    return rows.annotate(kept=Exists(later.filter(customer=OuterRef("customer"))))


add_source(
    WindowSource(
        "customers.base",
        (Measure("base_customers"), Measure("base_kept", Q(kept=True)), Measure("base_lost", Q(kept=False))),
        OF_SPELL,
        BUYER,
        rows=_active_at_start,
        day="start",
        depends=(ENTERED, LAPSED),
    )
)


# --- growth of known customers ---------------------------------------------------------------------------------------


def _grown(period: Period) -> QuerySet:
    """Those active at the start; `upsold` and `crossed` tell what they bought in the period beyond what they had."""
    lines = _lines_in(period).filter(order__customer=OuterRef("customer"))
    return _active_at_start(period).annotate(
        upsold=Exists(lines.filter(growth=Growth.UPSELL)), crossed=Exists(lines.filter(growth=Growth.CROSS))
    )


add_source(
    WindowSource(
        "customers.grown",
        (Measure("base_upsold", Q(upsold=True)), Measure("base_crossed", Q(crossed=True))),
        OF_SPELL,
        BUYER,
        rows=_grown,
        day="start",
        depends=(ENTERED, LAPSED, LINES),
    )
)


def _active_in(period: Period) -> QuerySet:
    """One row per customer active at any instant of the period, by the last active time in it; `again` tells who bought on two days
    or more of it."""
    rows = CustomerSpell.objects.filter(Q(end__isnull=True) | Q(end__gte=period.start), start__lt=period.end)
    later = CustomerSpell.objects.filter(customer=OuterRef("customer"), start__gt=OuterRef("start"), start__lt=period.end)
    bought = _bought_in(period).exclude(RETURNED).filter(customer=OuterRef("customer")).order_by().values("customer")
    twice = bought.annotate(days=Count("ordered_day", distinct=True)).filter(days__gte=2)
    return rows.filter(~Exists(later)).annotate(again=Exists(twice))


add_source(
    WindowSource(
        "customers.met",
        (Measure("customers_met"), Measure("customers_met_again", Q(again=True))),
        OF_SPELL,
        BUYER,
        rows=_active_in,
        day="start",
        depends=(ENTERED, LAPSED, PLACED),
    )
)
