"""The KPIs of the customers' voice: NPS, effort, satisfaction, and how many of those who were asked answered."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

from analytics.registry import EMPTY, MIXED, Kpi, Parts, add_kpi, quotient, total

from .choices import Band
from .measures import CUT
from .scores import MICRO, Counts, nps_interval

Terms = Mapping[str, float | int | None]

VOICE: dict[str, Any] = {"area": "perception", "direction": "higher", "kind": "ratio", "dimensions": tuple(CUT["dimensions"])}
ANSWERED = _("the moment the customer first sent the answer; changing it later moves its score, not its day")


def apart(prefix: str) -> tuple[tuple[Any, str], ...]:
    """Answers that are kept and do not count."""
    return (
        (_("In quarantine: looks as if a machine had sent it"), f"{prefix}_quarantined"),
        (_("Rejected by a person"), f"{prefix}_rejected"),
    )


def _nps(terms: Terms) -> Parts:
    """100 (promoters - detractors) / answers."""
    parts = quotient(terms)
    return parts if parts.value is None else Parts(100 * parts.value, parts.numerator, parts.denominator)


def _nps_interval(terms: Terms) -> tuple[float, float] | None:
    """The adjusted Wald interval of Rocks (2016)."""
    bands = {Band.PROMOTER: int(terms["promoters"] or 0), Band.DETRACTOR: int(terms["detractors"] or 0)}
    return nps_interval(Counts(int(terms["denominator"] or 0), bands))


add_kpi(
    Kpi(
        "nps",
        {
            "en": "Net Promoter Score",
            "fr": "Net Promoter Score (taux de recommandation net)",
            "es": "Puntuación neta del promotor",
        },
        _("How many more customers would recommend us than not, in points from -100 to +100."),
        _("100 × (promoters − detractors) / answers; promoters gave 9 or 10, detractors 0 to 6"),
        ANSWERED,
        unit="score",
        points=True,
        terms={
            "numerator": total("nps_balance"),
            "denominator": total("nps_answers"),
            "promoters": total("nps_promoters"),
            "detractors": total("nps_detractors"),
        },
        calculate=_nps,
        interval=_nps_interval,
        left_out=apart("nps"),
        left_out_note=_(
            "Every answer counts, also several of one person; the survey's page shows the latest of each. Customers who did not "
            "answer are not in it: see the response rate."
        ),
        order=10,
        **VOICE,
    )
)


add_kpi(
    Kpi(
        "ces",
        {
            "en": "Customer Effort Score (mean ease, 1-7)",
            "fr": "Score d’effort client",
            "es": "Puntuación de esfuerzo del cliente",
        },
        _("How easy customers found it to get their concern handled, from 1 (hard) to 7 (easy)."),
        _("sum of ease / answers; ease is the score turned so that high is easy, then rescaled to 1 to 7"),
        ANSWERED,
        unit="score",
        terms={"numerator": total("ces_ease", per=MICRO), "denominator": total("ces_answers")},
        left_out=apart("ces"),
        left_out_note=_("Which end of the scale is the good one is stored with the question; it is never guessed."),
        order=20,
        **VOICE,
    )
)
add_kpi(
    Kpi(
        "ces_ease_rate",
        {
            "en": "CES ease rate (5-7 of 7)",
            "fr": "Part de clients déclarant une démarche facile",
            "es": "Porcentaje de experiencia fácil (CES)",
        },
        _("Which share of the customers found it easy."),
        _("100 × answers with an ease of at least 5 of 7 / answers"),
        ANSWERED,
        unit="percent",
        terms={"numerator": total("ces_easy"), "denominator": total("ces_answers")},
        left_out=apart("ces"),
        subset=True,
        order=30,
        **VOICE,
    )
)
add_kpi(
    Kpi(
        "csat",
        {
            "en": "Customer satisfaction (CSAT)",
            "fr": "Satisfaction client (CSAT)",
            "es": "Satisfacción del cliente (CSAT)",
        },
        _("Which share of the customers was satisfied."),
        _(
            "100 × satisfied answers / answers; satisfied are the best two of up to 7 points, the best of up to 3, else the best three"
        ),
        ANSWERED,
        unit="percent",
        terms={"numerator": total("csat_positive"), "denominator": total("csat_answers")},
        left_out=apart("csat"),
        left_out_note=_("A neutral answer (3 of 5) is not satisfied and stays in the denominator."),
        subset=True,
        order=40,
        **VOICE,
    )
)


def one_scale(terms: Terms) -> bool:
    """Whether all answers were given on one scale: the ends have no variance, n Σx² = (Σx)². Exact, because all are integers,
    and it adds up over days like any other sum."""
    n = terms["denominator"] or 0
    return all(n * (terms[f"{end}_squared"] or 0) == (terms[end] or 0) ** 2 for end in ("lowest", "highest"))


def _csat_mean(terms: Terms) -> Parts:
    """The mean on the scale as it was asked; none over different scales (kpis.md 5)."""
    if not terms["denominator"]:
        return Parts(None, terms["numerator"], terms["denominator"], EMPTY)
    if not one_scale(terms):
        return Parts(None, terms["numerator"], terms["denominator"], MIXED)
    return quotient(terms)


add_kpi(
    Kpi(
        "csat_mean",
        {"en": "CSAT mean score", "fr": "Note moyenne de satisfaction", "es": "Puntuación media de satisfacción"},
        _("The mean score that customers gave, on the scale they were asked on."),
        _("sum of scores / answers"),
        ANSWERED,
        unit="score",
        terms={
            "numerator": total("csat_score"),
            "denominator": total("csat_answers"),
            "lowest": total("csat_lowest"),
            "lowest_squared": total("csat_lowest_squared"),
            "highest": total("csat_highest"),
            "highest_squared": total("csat_highest_squared"),
        },
        calculate=_csat_mean,
        left_out=apart("csat"),
        left_out_note=_(
            "It has no value over answers on different scales (1 to 5 and 1 to 7): a mean of both would be neither. Choose one "
            "survey, or split by survey."
        ),
        order=50,
        **VOICE,
    )
)
add_kpi(
    Kpi(
        "survey_response_rate",
        {"en": "Survey response rate", "fr": "Taux de réponse aux enquêtes", "es": "Tasa de respuesta a encuestas"},
        _("Which share of the customers who got a survey answered it in time."),
        _("100 × invitations answered within the window / invitations delivered, once the window has passed"),
        _("the delivery; the answer must come within the window (30 days unless set otherwise)"),
        unit="percent",
        terms={
            "numerator": total("invitations_answered", matures="survey_response_window"),
            "denominator": total("invitations_delivered", matures="survey_response_window"),
        },
        left_out=((_("Came back"), "invitations_bounced"),),
        left_out_note=_(
            "Younger invitations are pending. An opened link is no answer, nor is one in quarantine. Answers without an invitation are "
            "in neither part."
        ),
        subset=True,
        order=60,
        **VOICE,
    )
)
