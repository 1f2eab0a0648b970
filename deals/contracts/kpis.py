"""The KPI of what accounts with contracts are expected to be worth (kpis.md 5.1: shifted-beta-geometric)."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from analytics.registry import Kpi, add_kpi, quotient, total

from ..value.kpis import STATED, modelled

add_kpi(
    Kpi(
        "clv_contractual",
        {
            "en": "Predicted CLV, contractual (sBG or KM)",
            "fr": "CLV prédite, contractuelle",
            "es": "CLV prevista, contractual",
        },
        _("What an account with contracts is expected to bring from its next renewal on, after direct costs."),
        _("sum of margin of a term × terms to come, each term discounted by a tenth a year / accounts with an expected margin"),
        STATED,
        area="value",
        unit="money",
        direction="higher",
        kind="model",
        terms={
            "numerator": total("contract_value"),
            "denominator": total("contracts_valued"),
            "n": total("contracts_valued"),
        },
        dimensions=("owner", "team", "source", "segment", "product", "plan"),
        calculate=modelled(quotient),
        left_out_note=_(
            "For contracts with an end: how likely each renewal is follows from all terms that have ended (shifted-beta-geometric model), at today's "
            "price and the gross margin of the last year. Nothing is said before 100 terms have ended and one contract has come to the end of its third, "
            "nor where the model, fitted on the first seven tenths of the time, misses the rest by more than a quarter. Contracts that were cancelled, "
            "and those without an end, are not in it. An account counts with its largest contract's plan, owner and team."
        ),
        beside=("clv_simple", "clv_predicted", "renewal_rate"),
        order=7,
    )
)
