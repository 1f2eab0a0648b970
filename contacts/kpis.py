"""The KPIs of leads, and of what people do."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from analytics.registry import UNKNOWN, Kpi, Parts, add_kpi, quotient, total

from . import measures  # noqa: F401  what is counted

LEADS: dict[str, Any] = {"area": "lead", "dimensions": ("owner", "team", "source", "campaign", "channel", "segment")}

add_kpi(
    Kpi(
        "leads_created",
        {"en": "Leads created", "fr": "Prospects créés", "es": "Clientes potenciales creados"},
        _("How many leads came in."),
        _("count of leads created"),
        _("the lead's creation, in an import its original date"),
        unit="count",
        direction="higher",
        kind="additive",
        terms={"numerator": total("leads_created")},
        left_out_note=_("Leads imported without their date are left out."),
        order=10,
        **LEADS,
    )
)
add_kpi(
    Kpi(
        "lead_conversion_rate",
        {
            "en": "Lead-to-customer conversion rate",
            "fr": "Taux de conversion des prospects en clients",
            "es": "Tasa de conversión de prospectos en clientes",
        },
        _("Which share of the leads created became customers in time."),
        _("100 × leads created whose account first bought within the window / leads created, once the window has passed"),
        _(
            "the lead's creation decides the cohort; the account's first win must lie within the window (90 days unless set otherwise)"
        ),
        unit="percent",
        direction="higher",
        kind="ratio",
        terms={
            "numerator": total("leads_become_customers", matures="lead_conversion_window"),
            "denominator": total("leads_new", matures="lead_conversion_window"),
        },
        left_out=((_("Leads of accounts that were customers already"), "leads_of_customers"),),
        left_out_note=_("Younger leads are pending. Of several leads of one account the first open one is credited."),
        subset=True,
        order=20,
        **{**LEADS, "dimensions": (*LEADS["dimensions"], "score_band")},
    )
)
add_kpi(
    Kpi(
        "lead_conversion_rate_period",
        {
            "en": "Lead conversion, period view",
            "fr": "Conversion des prospects (vue période)",
            "es": "Conversión de prospectos (vista de período)",
        },
        _("Leads converted in the period against leads created in it: different leads, so it can exceed 100 %."),
        _("100 × leads converted in the period / leads created in the period"),
        _("the conversion above, the creation below"),
        unit="percent",
        direction="higher",
        kind="ratio",
        terms={"numerator": total("leads_converted"), "denominator": total("leads_created")},
        left_out_note=_(
            "A period ratio: it moves when the inflow moves. The cohort view is the lead-to-customer conversion rate."
        ),
        order=30,
        **LEADS,
    )
)
add_kpi(
    Kpi(
        "lead_abandonment_rate",
        {
            "en": "Lead abandonment rate",
            "fr": "Taux d’abandon des prospects",
            "es": "Tasa de abandono de clientes potenciales",
        },
        _("Which share of the leads created the team let drop."),
        _(
            "100 × leads created that were left without a human touch for the first days, or without any activity for as many days in a "
            "row while open, or closed without response, within the window / leads created, once the window has passed"
        ),
        _("the lead's creation; abandoned within 30 days, after 14 quiet ones, unless set otherwise"),
        unit="percent",
        direction="lower",
        kind="ratio",
        terms={
            "numerator": total("leads_abandoned", matures="lead_abandonment_window"),
            "denominator": total("leads_created", matures="lead_abandonment_window"),
        },
        left_out_note=_("Younger leads are pending. A lead that was picked up again later stays abandoned."),
        subset=True,
        order=40,
        **LEADS,
    )
)
add_kpi(
    Kpi(
        "untouched_leads",
        {"en": "Untouched leads", "fr": "Prospects non contactés", "es": "Clientes potenciales sin contactar"},
        _("How many open leads nobody had reached out to at the period's end."),
        _("count of open leads without a human outbound touch, at the end"),
        _("the state at the period's end"),
        unit="count",
        direction="lower",
        kind="stock",
        terms={"numerator": total("leads_untouched")},
        order=50,
        **LEADS,
    )
)
add_kpi(
    Kpi(
        "lead_response_time",
        {
            "en": "Lead response time (median)",
            "fr": "Délai de réponse aux prospects",
            "es": "Tiempo de respuesta a prospectos",
        },
        _("How long leads waited for the first human answer: half of them waited less."),
        _("median of (first human outbound touch − creation) over leads first touched in the period"),
        _("the first touch"),
        unit="days",
        direction="lower",
        kind="percentile",
        terms={"numerator": total("lead_response")},
        left_out=((_("Touched before they were created, or without a known date"), "lead_response_unclear"),),
        left_out_note=_("Leads nobody has touched yet are not in it: see untouched leads. Machines do not answer."),
        order=60,
        **LEADS,
    )
)
add_kpi(
    Kpi(
        "lead_qualification_rate",
        {
            "en": "Lead qualification rate",
            "fr": "Taux de qualification des prospects",
            "es": "Tasa de cualificación",
        },
        _("Which share of the leads created turned out to be worth selling to, in time."),
        _("100 × leads created that were qualified within the window / leads created, once the window has passed"),
        _("the lead's creation; its first qualification must lie within the window of conversion (90 days unless set otherwise)"),
        unit="percent",
        direction="higher",
        kind="ratio",
        terms={
            "numerator": total("leads_qualified", matures="lead_conversion_window"),
            "denominator": total("leads_qualifiable", matures="lead_conversion_window"),
        },
        left_out=((_("Qualified before they were created"), "leads_qualified_early"),),
        left_out_note=_(
            "Younger leads are pending. A lead that was disqualified later stays qualified; one converted without having been "
            "marked as qualified was qualified by that."
        ),
        subset=True,
        order=15,
        **LEADS,
    )
)
add_kpi(
    Kpi(
        "speed_to_lead_rate",
        {
            "en": "Speed-to-lead within target",
            "fr": "Part des prospects contactés à temps",
            "es": "Prospectos contactados a tiempo",
        },
        _("Which share of the leads created somebody reached out to within the hour."),
        _("100 × leads created with a human outbound touch within 60 minutes / leads created"),
        _("the lead's creation; day and night count, working hours or not"),
        unit="percent",
        direction="higher",
        kind="ratio",
        terms={
            "numerator": total("leads_quick", matures="lead_quick_days"),
            "denominator": total("leads_to_reach", matures="lead_quick_days"),
        },
        left_out=((_("Touched before they were created"), "leads_touched_early"),),
        left_out_note=_(
            "Leads nobody has touched yet are in it. Leads of today and yesterday are pending. Machines do not answer."
        ),
        subset=True,
        order=65,
        **LEADS,
    )
)


def _per_rep_and_day(terms: Any) -> Parts:
    """activities / (mean full-time equivalents x working days), from days of full-time work."""
    if not terms["days"]:
        return Parts(None, terms["numerator"], None, UNKNOWN)
    reps = (terms["denominator"] or 0) / terms["days"]
    return quotient({"numerator": terms["numerator"], "denominator": reps * terms["working_days"]})


add_kpi(
    Kpi(
        "activities_per_rep",
        {
            "en": "Activities per rep per working day",
            "fr": "Activités par commercial et par jour",
            "es": "Actividades por vendedor y día",
        },
        _("How many calls, e-mails and meetings a full-time sales rep has on a working day, on average."),
        _("calls, e-mails and meetings / (mean full-time equivalents of quota carriers × working days of the period)"),
        _("when the activity took place"),
        area="productivity",
        unit="ratio",
        direction="neutral",
        kind="ratio",
        terms={
            "numerator": total("activities_done"),
            "denominator": total("rep_days", ignores=("activity_type",), per=100),
            "n": total("activities_done"),
        },
        dimensions=("team", "owner", "activity_type"),
        calculate=_per_rep_and_day,
        left_out_note=_(
            "Volume, not quality. Notes, tasks and what machines sent are left out; activities of people without a quota count. "
            "Working days are Monday to Friday: holidays lower the number. Joiners and leavers weigh by days."
        ),
        order=30,
    )
)
add_kpi(
    Kpi(
        "overdue_task_rate",
        {"en": "Overdue task rate", "fr": "Taux de tâches en retard", "es": "Tasa de tareas vencidas"},
        _("Which share of the tasks that were due was not done by then."),
        _("100 × tasks due in the period that were done after they were due, or not at all / tasks due in the period"),
        _("when the task was due; one that was put off after it was due stays with the date that was missed"),
        area="adoption",
        unit="percent",
        direction="lower",
        kind="ratio",
        terms={
            "numerator": total("tasks_overdue", matures="task_due_days"),
            "denominator": total("tasks_due", matures="task_due_days"),
        },
        dimensions=("owner", "team"),
        left_out_note=_(
            "Tasks without a due date are left out. Tasks due today or later are pending. Tasks count for whoever has them today."
        ),
        subset=True,
        order=80,
    )
)

from . import kpis_scores as _scores  # noqa: E402, F401
