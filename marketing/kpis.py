"""The KPIs of marketing."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from analytics.registry import Kpi, add_kpi, per_booked, total

NO_RATE = _("Days of costs without an exchange rate")
POSTED = _("the day a cost was posted; a cost that is spread counts on each of its days with that day's part")
UNALLOCATED = _("Costs that name no campaign or channel stand under none: they are never spread silently.")

ACQUISITION: dict[str, Any] = {"area": "acquisition", "dimensions": ("source", "campaign", "channel", "team")}

add_kpi(
    Kpi(
        "cost_per_lead",
        {"en": "Cost per lead", "fr": "Coût par prospect", "es": "Costo por cliente potencial"},
        _("What marketing spent for each lead that came in."),
        _("cost of marketing to win customers / leads created"),
        _("the day a cost was posted, or each day it is spread over; the lead's creation"),
        unit="money",
        direction="lower",
        kind="ratio",
        terms={
            "numerator": total("cost_marketing"),
            "denominator": total("leads_created"),
            "booked": total("cost_marketing_days"),
        },
        calculate=per_booked,
        version=2,
        left_out=((NO_RATE, "cost_marketing_unconverted"),),
        left_out_note=_(
            "Salaries, training and software are in the cost of acquisition, not here, and so is marketing that is to keep customers. "
            "Leads of all sources count, also those that cost nothing."
        ),
        order=40,
        **ACQUISITION,
    )
)
add_kpi(
    Kpi(
        "customer_retention_cost",
        {
            "en": "Customer retention cost",
            "fr": "Coût de fidélisation client (total)",
            "es": "Costo de retención de clientes (total)",
        },
        _("What was spent to keep customers."),
        _("sum of the costs whose purpose is to keep customers"),
        POSTED,
        area="retention",
        unit="money",
        direction="lower",
        kind="additive",
        terms={"numerator": total("cost_retention"), "n": total("cost_retention_days")},
        dimensions=("cost_category", "team", "campaign", "channel"),
        left_out=((NO_RATE, "cost_retention_unconverted"),),
        left_out_note=UNALLOCATED,
        order=80,
    )
)

add_kpi(
    Kpi(
        "crm_cost",
        {"en": "CRM cost", "fr": "Coût du CRM", "es": "Costo del CRM"},
        _("What the CRM has cost: programs, training and operation."),
        _("sum of the costs whose purpose is the CRM"),
        POSTED,
        unit="money",
        direction="lower",
        kind="additive",
        terms={"numerator": total("cost_crm"), "n": total("cost_crm_days")},
        area="acquisition",
        dimensions=("cost_category", "team"),
        left_out=((NO_RATE, "cost_crm_unconverted"),),
        left_out_note=_("Costs that name no team stand under none: they are never spread silently."),
        order=90,
    )
)

# --- the website -----------------------------------------------------------------------------------------------------

OF_VISIT = ("source", "campaign", "channel", "landing_page")
WEB: dict[str, Any] = {"area": "web", "dimensions": (*OF_VISIT, "device")}
STARTED = _("the start of the session; one that crosses midnight belongs to the day it began")
ON_PAGE = _("The page is the one on which the session began. Sessions whose first page is not known are left out.")

add_kpi(
    Kpi(
        "website_visitors",
        {"en": "Website visitors (unique)", "fr": "Visiteurs uniques", "es": "Visitantes únicos"},
        _("How many different people visited the website."),
        _("count of different visitors with a session that began in the period"),
        _("the start of the session; a visitor counts once, by the source and page of the first session in the period"),
        unit="count",
        direction="higher",
        kind="distinct",
        terms={"numerator": total("web_visitors")},
        left_out=((_("Sessions of visitors who are not known"), "web_sessions_unknown"),),
        left_out_note=_(
            "Days do not add up to weeks: who comes on two days is one visitor. Who did not agree to be recognised is known for one day "
            "only, and counts again on another. Programs and who asks not to be tracked are not counted."
        ),
        order=10,
        **WEB,
    )
)
add_kpi(
    Kpi(
        "website_sessions",
        {"en": "Website sessions", "fr": "Sessions du site", "es": "Sesiones del sitio"},
        _("How many times somebody visited the website."),
        _("count of sessions; 30 minutes without anything end one"),
        STARTED,
        unit="count",
        direction="higher",
        kind="additive",
        terms={"numerator": total("web_sessions")},
        left_out_note=_("Programs and who asks not to be tracked are not counted."),
        order=20,
        **WEB,
    )
)
add_kpi(
    Kpi(
        "traffic_to_lead_rate",
        {
            "en": "Traffic-to-lead conversion rate",
            "fr": "Taux de conversion trafic/prospect",
            "es": "Tasa de conversión de tráfico a cliente potencial",
        },
        _("How many of a hundred visits to the website brought a lead."),
        _("100 × leads captured on the website / sessions"),
        _("the lead's creation above, the start of the session below"),
        area="web",
        unit="percent",
        direction="higher",
        kind="ratio",
        terms={"numerator": total("leads_from_web"), "denominator": total("web_sessions")},
        dimensions=OF_VISIT,
        left_out_note=_(
            "Leads that came by no web form and name no landing page are left out. Read the other way round it is visitors per lead."
        ),
        order=30,
    )
)
add_kpi(
    Kpi(
        "visitors_per_lead",
        {"en": "Visitors per lead", "fr": "Visiteurs par prospect", "es": "Visitantes por cliente potencial"},
        _("How many visits it takes to win a lead."),
        _("sessions / leads captured on the website"),
        _("the start of the session above, the lead's creation below"),
        area="web",
        unit="ratio",
        direction="lower",
        kind="ratio",
        terms={"numerator": total("web_sessions"), "denominator": total("leads_from_web")},
        dimensions=OF_VISIT,
        left_out_note=_("The traffic-to-lead rate turned round: sessions, not people, are divided."),
        order=40,
    )
)
add_kpi(
    Kpi(
        "landing_page_conversion_rate",
        {
            "en": "Landing page conversion rate",
            "fr": "Taux de conversion de la page de destination",
            "es": "Tasa de conversión de la página de destino",
        },
        _("Which share of the sessions that began on a page sent a form."),
        _("100 × sessions with at least one form sent / sessions that began on the page"),
        STARTED,
        unit="percent",
        direction="higher",
        kind="ratio",
        terms={"numerator": total("web_landed_submitted"), "denominator": total("web_landed")},
        left_out_note=ON_PAGE,
        subset=True,
        order=50,
        **WEB,
    )
)
add_kpi(
    Kpi(
        "landing_page_clicks",
        {
            "en": "Landing page link clicks",
            "fr": "Clics sur les pages de destination",
            "es": "Clics en páginas de destino",
        },
        _("How often links on landing pages were clicked."),
        _("count of clicks on links of the page on which the session began; two within a second are one"),
        STARTED,
        unit="count",
        direction="higher",
        kind="additive",
        terms={"numerator": total("web_clicks")},
        left_out_note=ON_PAGE,
        order=60,
        **WEB,
    )
)
add_kpi(
    Kpi(
        "clicks_without_conversion",
        {"en": "Clicks without conversion", "fr": "Clics sans conversion", "es": "Clics sin conversión"},
        _("How many sessions clicked on a landing page and sent no form."),
        _("sessions with a click on the page they began on − those of them that sent a form in the same session"),
        STARTED,
        unit="count",
        direction="lower",
        kind="additive",
        terms={"numerator": total("web_clicked_in_vain")},
        left_out_note=_(
            "Sessions count, not clicks; the window is the session. Of imported rows that stand for many sessions each session is taken to "
            "click once before any clicks twice, and those that sent a form are taken to have clicked."
        ),
        order=70,
        **WEB,
    )
)
add_kpi(
    Kpi(
        "signups_captured",
        {"en": "Sign-ups captured", "fr": "Inscriptions capturées", "es": "Registros capturados"},
        _("How many people sent a form on the website for the first time."),
        _("count of the first valid form of each person"),
        _("the moment the form was sent"),
        area="web",
        unit="count",
        direction="higher",
        kind="additive",
        terms={"numerator": total("web_signups")},
        dimensions=OF_VISIT,
        left_out=(
            (_("Spam"), "web_spam"),
            (_("Of people who were known already"), "web_known"),
            (_("Nobody known who sent it"), "web_unnamed"),
        ),
        left_out_note=_("Imported rows that stand for many sessions name nobody and bring no sign-ups."),
        order=80,
    )
)
add_kpi(
    Kpi(
        "form_abandonment_rate",
        {"en": "Form abandonment rate", "fr": "Taux d’abandon de formulaire", "es": "Tasa de abandono de formulario"},
        _("Which share of the sessions that began to fill in a form did not send it."),
        _("100 × sessions that began a form and sent none / sessions that began one"),
        STARTED,
        unit="percent",
        direction="lower",
        kind="ratio",
        terms={"numerator": total("web_forms_left"), "denominator": total("web_forms_started")},
        left_out_note=_("Imported visits do not tell whether a form was begun, so they are in neither part."),
        subset=True,
        order=90,
        **WEB,
    )
)

from . import kpis_mail as _mail  # noqa: E402, F401
