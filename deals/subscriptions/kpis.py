"""The KPIs of subscriptions: recurring revenue, how it moves, and how much of it is kept (kpis.md 39-52)."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from analytics.registry import Kpi, add_kpi, total

SPLIT = ("owner", "team", "source", "segment", "product", "plan", "currency")
YEAR = 365  # days

AT_END = _("the state at the period's end")
MOVED = _("the day from which a change holds")
NO_RATE = _("No exchange rate on the first day of the fiscal year in which it began")
CONSTANT = _(
    "Without trials, pauses, taxes and one-off fees. A subscription keeps the exchange rate of the first day of the fiscal year in which "
    "it began, and its renewals keep it: rates never look like gains or losses."
)
NETTED = _(
    "Counted by account: what one account gains and loses on the same day is netted first. Cancelling one of two subscriptions is a "
    "contraction, cancelling the last one is churn; a renewal within the grace takes the loss back. Split by plan, owner or team, what "
    "only moved from one to another is in none of them."
)
BRIDGE = ("mrr", "new_mrr", "expansion_mrr", "reactivation_mrr", "contraction_mrr", "churned_mrr", "net_new_mrr")


def _add(key: str, en: str, fr: str, es: str, order: int, **values: Any) -> None:
    """Registers a KPI of recurring revenue; all of the bridge are read together."""
    beside = tuple(name for name in (*values.pop("beside", ()), *BRIDGE) if name != key)
    add_kpi(
        Kpi(
            key,
            {"en": en, "fr": fr, "es": es},
            area="subscription",
            dimensions=SPLIT,
            beside=beside,
            order=order,
            **{"unit": "money", "left_out_note": CONSTANT, **values},
        )
    )


_add(
    "mrr",
    "Monthly recurring revenue (MRR)",
    "Revenu mensuel récurrent (MRR)",
    "Ingreso mensual recurrente (MRR)",
    1,
    definition=_("What the subscriptions that are on bring in a month."),
    formula=_("sum over subscriptions on at the period's end of amount × quantity / months of the interval"),
    dated=AT_END,
    direction="higher",
    kind="stock",
    terms={"numerator": total("mrr"), "n": total("mrr_subscriptions")},
    left_out=((NO_RATE, "mrr_unconverted"),),
    beside=("arr", "arpa"),
)
_add(
    "arr",
    "Annual recurring revenue (ARR)",
    "Revenu annuel récurrent (ARR)",
    "Ingreso anual recurrente (ARR)",
    2,
    definition=_(
        "What the subscriptions that are on would bring in a year if nothing changed: a run rate, not what contracts promise."
    ),
    formula=_("12 × monthly recurring revenue"),
    dated=AT_END,
    direction="higher",
    kind="stock",
    terms={"numerator": total("arr"), "n": total("mrr_subscriptions")},
    left_out=((NO_RATE, "mrr_unconverted"),),
)
_add(
    "arpa",
    "Average revenue per account (ARPA)",
    "Revenu moyen par compte (ARPA)",
    "Ingreso medio por cuenta (ARPA)",
    3,
    definition=_("What a paying account brings in a month on average."),
    formula=_("monthly recurring revenue / accounts with recurring revenue, at the period's end"),
    dated=AT_END,
    direction="higher",
    kind="stock",
    terms={"numerator": total("mrr"), "denominator": total("mrr_accounts")},
    left_out=((NO_RATE, "mrr_unconverted"),),
    left_out_note=_(
        "Accounts on trial, paused or free do not divide. An account with two plans counts under each and once in the whole."
    ),
)

#: key -> names, definition, formula, direction
for _order, (_key, _en, _fr, _es, _definition, _formula, _direction) in enumerate(
    (
        (
            "new_mrr",
            "New MRR",
            "MRR nouveau",
            "MRR nuevo",
            _("Recurring revenue of accounts that pay for the first time."),
            _("sum of the first recurring revenue ever of an account"),
            "higher",
        ),
        (
            "expansion_mrr",
            "Expansion MRR",
            "MRR d’expansion",
            "MRR de expansión",
            _("By how much accounts that were paying pay more."),
            _("sum of the increases of accounts with recurring revenue before"),
            "higher",
        ),
        (
            "reactivation_mrr",
            "Reactivation MRR",
            "MRR de réactivation",
            "MRR de reactivación",
            _("Recurring revenue of accounts that had gone and came back."),
            _("sum of the recurring revenue of accounts that had churned to 0"),
            "higher",
        ),
        (
            "contraction_mrr",
            "Contraction MRR",
            "MRR de contraction",
            "MRR de contracción",
            _("By how much accounts that go on paying pay less."),
            _("sum of the decreases of accounts that still have recurring revenue"),
            "lower",
        ),
        (
            "churned_mrr",
            "Churned MRR",
            "MRR perdu",
            "MRR perdido",
            _("Recurring revenue of accounts that went."),
            _("sum of the recurring revenue of accounts whose last subscription ended or was paused"),
            "lower",
        ),
    ),
    start=10,
):
    _add(
        _key,
        _en,
        _fr,
        _es,
        _order,
        definition=_definition,
        formula=_formula,
        dated=MOVED,
        direction=_direction,
        kind="additive",
        terms={"numerator": total(_key), "n": total(f"{_key}_moves")},
        left_out=((NO_RATE, "mrr_moves_unconverted"),),
        left_out_note=NETTED,
    )

_add(
    "net_new_mrr",
    "Net new MRR",
    "MRR net nouveau",
    "MRR nuevo neto",
    20,
    definition=_("By how much recurring revenue grew, losses taken off."),
    formula=_("new + expansion + reactivation − contraction − churned MRR = MRR at the end − MRR at the start"),
    dated=MOVED,
    direction="higher",
    kind="additive",
    terms={"numerator": total("net_new_mrr"), "n": total("mrr_moves")},
    left_out=((NO_RATE, "mrr_moves_unconverted"),),
    left_out_note=NETTED,
)
_add(
    "gross_mrr_churn_rate",
    "Gross MRR churn rate",
    "Taux de churn MRR brut",
    "Tasa de churn bruto de MRR",
    30,
    unit="percent",
    definition=_("Which share of the recurring revenue of the period's start was lost, gains aside."),
    formula=_("100 × (churned + contraction MRR) / MRR at the start"),
    dated=MOVED,
    direction="lower",
    kind="ratio",
    parts_unit="money",
    terms={
        "numerator": total("churned_mrr", "contraction_mrr"),
        "denominator": total("mrr_at_start"),
        "n": total("mrr_at_start_subscriptions"),
    },
    left_out=((NO_RATE, "mrr_moves_unconverted"),),
    left_out_note=NETTED,
    beside=("net_mrr_churn_rate", "grr"),
)
_add(
    "net_mrr_churn_rate",
    "Net MRR churn rate",
    "Taux de churn MRR net",
    "Tasa de churn neto de MRR",
    31,
    unit="percent",
    definition=_("Which share of the recurring revenue of the period's start was lost, less what known accounts gained."),
    formula=_("100 × (churned + contraction − expansion − reactivation MRR) / MRR at the start"),
    dated=MOVED,
    direction="lower",
    kind="ratio",
    parts_unit="money",
    terms={
        "numerator": total("net_lost_mrr"),
        "denominator": total("mrr_at_start"),
        "n": total("mrr_at_start_subscriptions"),
    },
    left_out=((NO_RATE, "mrr_moves_unconverted"),),
    left_out_note=_("Negative is good: known accounts gained more than was lost. What came back counts as a gain."),
    beside=("gross_mrr_churn_rate", "nrr"),
)

TWELVE_MONTHS = _("who paid 365 days before the period's end, and what they pay at its end")
COHORT = _(
    "Over the twelve months (365 days) up to the period's end, whatever its length. Accounts that did not pay at the start are in "
    "neither part; an account with several subscriptions counts under the largest it had at the start."
)
_add(
    "grr",
    "Gross revenue retention (GRR)",
    "Rétention brute du revenu",
    "Retención bruta de ingresos",
    40,
    unit="percent",
    definition=_("Which share of the recurring revenue of twelve months before is still there, without what accounts added."),
    formula=_("100 × sum over accounts that paid at the start of the lesser of then and now / sum of then"),
    dated=TWELVE_MONTHS,
    direction="higher",
    kind="ratio",
    parts_unit="money",
    terms={
        "numerator": total("account_mrr_kept", trailing=YEAR),
        "denominator": total("account_mrr_start", trailing=YEAR),
        "n": total("accounts_at_start", trailing=YEAR),
    },
    left_out=((NO_RATE, "mrr_unconverted"),),
    left_out_note=COHORT,
    beside=("nrr", "gross_mrr_churn_rate"),
)
_add(
    "nrr",
    "Net revenue retention (NRR)",
    "Rétention nette du revenu",
    "Retención neta de ingresos",
    41,
    unit="percent",
    definition=_("What the accounts that paid twelve months before pay now, for each 100 of then."),
    formula=_("100 × sum over accounts that paid at the start of what they pay now / sum of then"),
    dated=TWELVE_MONTHS,
    direction="higher",
    kind="ratio",
    parts_unit="money",
    terms={
        "numerator": total("account_mrr_end", trailing=YEAR),
        "denominator": total("account_mrr_start", trailing=YEAR),
        "n": total("accounts_at_start", trailing=YEAR),
    },
    left_out=((NO_RATE, "mrr_unconverted"),),
    left_out_note=COHORT,
    beside=("grr", "net_mrr_churn_rate"),
)
_add(
    "quick_ratio",
    "SaaS quick ratio",
    "Quick ratio SaaS",
    "Quick ratio SaaS",
    50,
    unit="ratio",
    definition=_("How much recurring revenue was gained for each unit that was lost."),
    formula=_("(new + expansion + reactivation MRR) / (contraction + churned MRR)"),
    dated=MOVED,
    direction="higher",
    kind="ratio",
    parts_unit="money",
    terms={
        "numerator": total("new_mrr", "expansion_mrr", "reactivation_mrr"),
        "denominator": total("contraction_mrr", "churned_mrr"),
        "n": total("mrr_moves"),
    },
    left_out=((NO_RATE, "mrr_moves_unconverted"),),
    left_out_note=_("No value where nothing was lost."),
)

# --- renewals --------------------------------------------------------------------------------------------------------

DUE = _("the end of the old term, whenever the renewal was signed; counted when its grace has passed")
PENDING = _("Still in the grace after the end")
TERMS = _(
    "Contracts whose term has an end, each counted once; what renews itself is in the churn instead. A renewal that starts later than the "
    "grace after the end (30 days unless said) is none. Contracts that were given up in their trial were never due."
)
RENEWALS: dict[str, Any] = {"area": "retention", "unit": "percent", "direction": "higher", "kind": "ratio", "dated": DUE}

add_kpi(
    Kpi(
        "renewal_rate",
        {"en": "Renewal rate (logo)", "fr": "Taux de renouvellement", "es": "Tasa de renovación"},
        _("Which share of the contracts that came to their end was renewed."),
        _("100 × contracts whose term ended and that were renewed / contracts whose term ended"),
        terms={"numerator": total("renewals_done"), "denominator": total("renewals_due")},
        dimensions=("owner", "team", "segment", "product", "plan", "source"),
        left_out=((PENDING, "renewals_pending"),),
        left_out_note=TERMS,
        subset=True,
        beside=("renewal_rate_value", "customer_retention_rate"),
        order=60,
        **RENEWALS,
    )
)
add_kpi(
    Kpi(
        "renewal_rate_value",
        {
            "en": "Renewal rate by value (gross)",
            "fr": "Taux de renouvellement en valeur",
            "es": "Tasa de renovación por valor",
        },
        _("How much of the yearly value of the contracts that came to their end was renewed, without what was added."),
        _("100 × sum of the lesser of renewed and expiring yearly value / sum of the expiring yearly value"),
        terms={
            "numerator": total("kept_value"),
            "denominator": total("due_value"),
            "renewed": total("renewed_value"),
            "n": total("renewals_valued"),
        },
        parts_unit="money",
        dimensions=("owner", "team", "segment", "product", "plan"),
        left_out=((PENDING, "renewals_pending"), (NO_RATE, "renewals_unconverted")),
        left_out_note=TERMS,
        beside=("renewal_rate", "grr"),
        order=61,
        **RENEWALS,
    )
)
