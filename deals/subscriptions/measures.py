"""Measures of subscriptions: recurring revenue as a stock, and how it moved. The KPIs made of them are in `deals.subscriptions.kpis`."""

from __future__ import annotations

from django.db.models import BigIntegerField, F, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce, Least
from django.utils.translation import gettext_lazy as _

from analytics.settled import Settled, latest_of
from analytics.sources import DailySource, Measure, StockSource, WindowSource, add_dimension, add_source
from crm.periods import Period

from ..choices import MovementKind
from .facts import ENDED, ENTERED, LEFT, MOVED
from .models import MrrMovement, MrrSpan, TermEnd

add_dimension("plan", _("Plan"))
add_dimension("currency", _("Currency"))

#: As they were at the time; the industry is the company's own.
SPLIT = {
    "owner": "owner_id",
    "team": "team_id",
    "source": "source",
    "segment": "company__industry",
    "product": "product_id",
    "plan": "plan",
    "currency": "currency",
}
SUBSCRIPTION = ("deals.subscription", "subscription_id")
ACCOUNT = ("contacts.company", "company_id")
MONTHS = 12

add_source(
    StockSource(
        "mrr.state",
        (
            Measure("mrr", value="base"),
            Measure("arr", value=F("base") * MONTHS),
            Measure("mrr_subscriptions", Q(base__isnull=False)),
            Measure("mrr_unconverted", Q(base__isnull=True)),
        ),
        SPLIT,
        SUBSCRIPTION,
        rows=lambda: MrrSpan.objects.all(),
        start="start",
        end="end",
        opened=ENTERED,
        left=LEFT,
    )
)


def _of(*kinds: str) -> Q:
    return Q(kind__in=kinds, base__isnull=False)


NEW, EXPANSION, BACK = MovementKind.NEW, MovementKind.EXPANSION, MovementKind.REACTIVATION
CONTRACTION, CHURN = MovementKind.CONTRACTION, MovementKind.CHURN
ALL = (NEW, EXPANSION, BACK, CONTRACTION, CHURN)

add_source(
    DailySource(
        MOVED,
        (
            Measure("new_mrr", _of(NEW), "base"),
            Measure("expansion_mrr", _of(EXPANSION), "base"),
            Measure("reactivation_mrr", _of(BACK), "base"),
            Measure("contraction_mrr", _of(CONTRACTION), F("base") * -1),
            Measure("churned_mrr", _of(CHURN), F("base") * -1),
            Measure("net_new_mrr", _of(*ALL), "base"),
            Measure("net_lost_mrr", _of(*ALL[1:]), F("base") * -1),
            Measure("moved_mrr", _of(MovementKind.MOVED), "base"),
            Measure("new_mrr_moves", _of(NEW)),
            Measure("expansion_mrr_moves", _of(EXPANSION)),
            Measure("reactivation_mrr_moves", _of(BACK)),
            Measure("contraction_mrr_moves", _of(CONTRACTION)),
            Measure("churned_mrr_moves", _of(CHURN)),
            Measure("mrr_moves", _of(*ALL)),
            Measure("mrr_moves_unconverted", Q(kind__in=ALL, base__isnull=True)),
        ),
        SPLIT,
        SUBSCRIPTION,
        rows=lambda: MrrMovement.objects.valid(),
        day="day",
    )
)

# --- accounts --------------------------------------------------------------------------------------------------------


def on_at(day: object) -> Q:
    """What was on just before the first instant of a day (kpis.md G1)."""
    return Q(start__lt=day) & (Q(end__isnull=True) | Q(end__gte=day))


def _paying_at_end(period: Period) -> QuerySet:
    return Settled.of(MrrSpan.objects.filter(on_at(period.end), base__gt=0), latest_of("company"))


#: An account with subscriptions to two plans counts under each of them and once in the whole.
add_source(
    WindowSource(
        "mrr.accounts",
        (Measure("mrr_accounts"),),
        SPLIT,
        ACCOUNT,
        rows=_paying_at_end,
        day="start",
        depends=(ENTERED, LEFT),
        at_end=True,
        many=tuple(SPLIT),
        settled=True,
    )
)


def _at_start(period: Period) -> QuerySet:
    return MrrSpan.objects.filter(on_at(period.start), base__isnull=False)


add_source(
    WindowSource(
        "mrr.base",
        (Measure("mrr_at_start", value="base"), Measure("mrr_at_start_subscriptions")),
        SPLIT,
        SUBSCRIPTION,
        rows=_at_start,
        day="start",
        depends=(ENTERED, LEFT),
    )
)


def _account_at(day: object) -> Coalesce:
    """The recurring revenue of the row's account on a day."""
    rows = MrrSpan.objects.filter(on_at(day), company=OuterRef("company"), base__isnull=False).order_by()
    total = rows.values("company").annotate(total=Sum("base")).values("total")
    return Coalesce(Subquery(total, output_field=BigIntegerField()), 0, output_field=BigIntegerField())


def _kept(period: Period) -> QuerySet:
    """One row per account that paid just before the period's start, with what it paid then and pays at the end: its largest
    subscription of then, whose owner, plan and so on it counts under (kpis.md G6)."""
    same = MrrSpan.objects.filter(on_at(period.start), company=OuterRef("company"), base__gt=0)
    rows = MrrSpan.objects.filter(on_at(period.start), base__gt=0)
    rows = rows.filter(pk=Subquery(same.order_by("-base", "subscription_id").values("pk")[:1]))
    rows = rows.annotate(account_start=_account_at(period.start), account_end=_account_at(period.end))
    return rows.annotate(account_kept=Least("account_start", "account_end"))


add_source(
    WindowSource(
        "mrr.kept",
        (
            Measure("account_mrr_start", value="account_start"),
            Measure("account_mrr_end", value="account_end"),
            Measure("account_mrr_kept", value="account_kept"),
            Measure("accounts_at_start"),
            Measure("accounts_lost", Q(account_end=0)),
        ),
        SPLIT,
        ACCOUNT,
        rows=_kept,
        day="start",
        depends=(ENTERED, LEFT),
    )
)

# --- renewals --------------------------------------------------------------------------------------------------------

MATURED = Q(matured=True)
VALUED = Q(matured=True, kept_base__isnull=False)

add_source(
    DailySource(
        ENDED,
        (
            Measure("renewals_due", MATURED),
            Measure("renewals_done", Q(matured=True, renewed=True)),
            Measure("renewals_pending", Q(matured=False)),
            Measure("renewals_valued", VALUED),
            Measure("renewals_unconverted", Q(matured=True, kept_base__isnull=True)),
            Measure("due_value", VALUED, "base"),
            Measure("kept_value", VALUED, "kept_base"),
            Measure("renewed_value", VALUED, "renewed_base"),
        ),
        SPLIT,
        SUBSCRIPTION,
        rows=lambda: TermEnd.objects.all(),
        day="day",
    )
)
