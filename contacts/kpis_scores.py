"""The KPIs of the score of leads: how many are hot, and whether the score was right."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from analytics.registry import Kpi, Over, Term, add_kpi, total

from . import judging

WINDOW = "lead_conversion_window"
JUDGED = _(
    "the lead's creation decides; the score is the one of a day after it, the outcome the account's first win in the window"
)
NOT_JUDGED = _(
    "Left out are leads of accounts that were customers already, leads that became one within a day, and leads without a date. Younger "
    "leads are pending. The points are fixed and the chance is read from earlier leads only, so no lead is judged by itself."
)


def judged(key: str, **options: Any) -> Term:
    return total(key, matures=WINDOW, **options)


SCORES: dict[str, Any] = {"area": "lead", "left_out_note": NOT_JUDGED, "dimensions": ("source", "segment"), "minimum_sample": 30}
BOUGHT = {"numerator": judged("leads_judged_bought"), "denominator": judged("leads_judged"), "n": judged("leads_judged")}

add_kpi(
    Kpi(
        "hot_lead_share",
        {
            "en": "High-score lead share",
            "fr": "Part des prospects à fort score",
            "es": "Proporción de prospectos de alta puntuación",
        },
        _("Which share of the leads that came looked good within a day: their score was 60 or more."),
        _("100 × leads created with a score of 60 or more a day after they came / leads created, once the day has passed"),
        _("the lead's creation; the score is the one of a day later, never today's"),
        area="lead",
        unit="percent",
        direction="higher",
        kind="ratio",
        terms={
            "numerator": total("leads_hot", matures="lead_quick_days"),
            "denominator": total("leads_created", matures="lead_quick_days"),
        },
        dimensions=("owner", "team", "source", "campaign", "channel", "segment", "score_band"),
        left_out_note=_("Leads imported without their date are left out. How the score is made stands on each lead's page."),
        subset=True,
        order=80,
    )
)
add_kpi(
    Kpi(
        "lead_score_lift",
        {
            "en": "Lead score lift (top decile)",
            "fr": "Gain du score (1er décile)",
            "es": "Lift del scoring (primer decil)",
        },
        _(
            "How many times as often as all leads the tenth with the best scores became customers: 1 means that the score helps nobody."
        ),
        _("share of the top tenth by score that became customers in time / share of all scored leads that did"),
        JUDGED,
        unit="ratio",
        direction="higher",
        kind="ratio",
        terms=BOUGHT,
        over=Over(judged("score_and_outcome"), judging.lift),
        beside=("lead_score_auc", "lead_score_calibration"),
        order=82,
        **SCORES,
    )
)
add_kpi(
    Kpi(
        "lead_score_auc",
        {"en": "Lead score AUC", "fr": "AUC du score", "es": "AUC del scoring"},
        _("How often a lead that became a customer had the higher score than one that did not: 0.5 is chance, 1 is always."),
        _(
            "share of all pairs of a lead that became a customer in time and one that did not in which the first had the higher score; ties half"
        ),
        JUDGED,
        unit="ratio",
        direction="higher",
        kind="model",
        terms=BOUGHT,
        over=Over(judged("score_and_outcome"), judging.auc),
        beside=("lead_score_lift", "lead_score_calibration"),
        order=84,
        **SCORES,
    )
)
add_kpi(
    Kpi(
        "lead_score_calibration",
        {
            "en": "Lead score calibration (Brier)",
            "fr": "Calibration du score (Brier)",
            "es": "Calibración del scoring (Brier)",
        },
        _(
            "How far the chance that was said of each lead lay from what became of it: 0 is never wrong. By bands of score, see the conversion."
        ),
        _("mean of (chance − outcome)², where the outcome is 1 for a lead that became a customer in time and 0 for another"),
        JUDGED,
        unit="score",
        direction="lower",
        kind="model",
        terms={"numerator": judged("prediction_error", per=10**8), "denominator": judged("leads_predicted")},
        beside=("lead_score_auc", "lead_score_lift"),
        order=86,
        **SCORES,
    )
)
