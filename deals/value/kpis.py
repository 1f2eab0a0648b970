"""The KPIs of what customers are expected to be worth (kpis.md 5: BG/NBD and Gamma-Gamma)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

from analytics.registry import NO_MODEL, Kpi, Parts, add_kpi, percent, plain, quotient, total

from ..orders.kpis import BUYERS

STATED = _("the day of the model's last run before the period's end; it runs every week")
HONEST = _(
    "Nothing is said for fewer than 300 customers or 100 who came back, for a history of less than three times the usual time between "
    "purchases, or where the model, fitted on the first seven tenths of the time, misses the rest by more than a quarter. It knows neither "
    "seasons nor campaigns."
)
VALUE: dict[str, Any] = {"area": "value", "kind": "model", "direction": "higher", "dimensions": BUYERS, "left_out_note": HONEST}


def modelled(formula: Any) -> Any:
    """The formula, where there is a model: without one there is no value, not a zero."""

    def calculate(terms: Mapping[str, float | int | None]) -> Parts:
        return formula(terms) if terms["n"] else Parts(None, terms["numerator"], terms.get("denominator"), NO_MODEL)

    return calculate


add_kpi(
    Kpi(
        "clv_predicted",
        {
            "en": "Predicted CLV, non-contractual (BG/NBD + Gamma-Gamma)",
            "fr": "CLV prédite, non contractuelle",
            "es": "CLV prevista, no contractual",
        },
        _("What a customer is expected to bring in the next 52 weeks after the direct cost of what is sold."),
        _("sum of expected margins of the next 52 weeks, discounted by a tenth a year / customers with an expected margin"),
        STATED,
        unit="money",
        terms={
            "numerator": total("customer_value"),
            "denominator": total("customers_valued"),
            "n": total("customers_valued"),
        },
        calculate=modelled(quotient),
        beside=("expected_purchases", "p_alive"),
        order=4,
        **VALUE,
    )
)
add_kpi(
    Kpi(
        "p_alive",
        {
            "en": "Probability the customer is still active",
            "fr": "Probabilité que le client soit actif",
            "es": "Probabilidad de que el cliente siga activo",
        },
        _("How likely it is, on average, that a customer who came back will buy again."),
        _("100 × sum of the chances that each is still active / customers with purchases on several days"),
        STATED,
        unit="percent",
        terms={
            "numerator": total("alive", per=10_000),
            "denominator": total("customers_alive"),
            "n": total("customers_alive"),
        },
        calculate=modelled(percent),
        beside=("expected_purchases",),
        order=5,
        **VALUE,
    )
)
add_kpi(
    Kpi(
        "expected_purchases",
        {"en": "Expected purchases in the next H", "fr": "Achats attendus", "es": "Compras esperadas"},
        _("How many days with a purchase all customers together are expected to have in the next 52 weeks."),
        _("sum of the purchase days expected of each customer in the next 52 weeks"),
        STATED,
        unit="count",
        terms={"numerator": total("expected_purchases", per=1000), "n": total("customers_expected")},
        calculate=modelled(plain),
        beside=("p_alive",),
        order=6,
        **VALUE,
    )
)
