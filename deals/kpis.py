"""The KPIs of selling: sales, pipeline, productivity, and what deals add to adoption and data quality."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

from analytics.registry import EMPTY, UNKNOWN, Kpi, Parts, add_kpi, quotient, total
from contacts.measures import completeness_terms, created_term, whole_terms

DAY = 86_400
SPLIT = ("owner", "team", "pipeline", "source", "segment", "product", "campaign", "country")
STAGED = ("owner", "team", "pipeline", "stage", "source", "segment", "product", "country")
SALES: dict[str, Any] = {"area": "sales", "dimensions": SPLIT}
PIPELINE: dict[str, Any] = {"area": "pipeline", "dimensions": STAGED}

CREATED = _("the deal's creation, in an import its original date")
WON_AT = _("the win as it stands now; a reopened deal leaves its day and counts again when it is won again")
CLOSED_AT = _("the win or loss as it stands now")
AT_END = _("the state at the period's end, with stage, owner and value as they were then")
NO_AMOUNT = _("Won without a value")
NO_RATE = _("No exchange rate for its currency and day")

Terms = Mapping[str, float | int | None]

add_kpi(
    Kpi(
        "deals_created",
        {"en": "Deals created", "fr": "Affaires créées", "es": "Oportunidades creadas"},
        _("How many deals were opened."),
        _("count of deals created"),
        CREATED,
        unit="count",
        direction="higher",
        kind="additive",
        terms={"numerator": total("deals_created")},
        left_out_note=_("Deals imported without their date are left out: they stand in the open pipeline since the import."),
        order=10,
        **SALES,
    )
)
add_kpi(
    Kpi(
        "deals_won",
        {"en": "Deals won", "fr": "Affaires conclues", "es": "Operaciones ganadas"},
        _("How many deals were won."),
        _("count of deals won"),
        WON_AT,
        unit="count",
        direction="higher",
        kind="additive",
        terms={"numerator": total("deals_won")},
        order=20,
        **SALES,
    )
)
add_kpi(
    Kpi(
        "won_amount",
        {"en": "Won amount (bookings)", "fr": "Montant gagné (prises de commande)", "es": "Importe ganado"},
        _("What the deals won are worth."),
        _("sum of the values of deals won, in the base currency at the rate of the win's day"),
        WON_AT,
        unit="money",
        direction="higher",
        kind="additive",
        terms={"numerator": total("won_amount"), "n": total("won_valued")},
        left_out=((NO_AMOUNT, "won_without_amount"),),
        left_out_note=_("Bookings, not invoices: net of discounts, without tax."),
        order=30,
        **SALES,
    )
)
add_kpi(
    Kpi(
        "deals_lost",
        {"en": "Deals lost", "fr": "Affaires perdues", "es": "Operaciones perdidas"},
        _("How many deals were lost."),
        _("count of deals lost"),
        _("the loss as it stands now"),
        unit="count",
        direction="lower",
        kind="additive",
        terms={"numerator": total("deals_lost")},
        order=40,
        area="sales",
        dimensions=(*SPLIT, "reason"),
    )
)
add_kpi(
    Kpi(
        "close_rate",
        {"en": "Close rate (on pipeline)", "fr": "Taux de clôture", "es": "Tasa de cierre"},
        _("Which share of all deals in progress during the period was won in it."),
        _("100 × deals won in the period / deals open at any instant of it, each once"),
        _("the win above; below, the time a deal was open"),
        unit="percent",
        direction="higher",
        kind="ratio",
        terms={"numerator": total("deals_won"), "denominator": total("deals_in_progress")},
        left_out_note=_("Longer periods raise it: compare equal lengths only. The win rate divides by closed deals instead."),
        subset=True,
        order=50,
        **SALES,
    )
)
add_kpi(
    Kpi(
        "win_rate",
        {"en": "Win rate (closed deals)", "fr": "Taux de succès", "es": "Tasa de éxito"},
        _("Which share of the deals that were decided was won."),
        _("100 × deals won / (deals won + deals lost)"),
        CLOSED_AT,
        unit="percent",
        direction="higher",
        kind="ratio",
        terms={"numerator": total("deals_won"), "denominator": total("deals_won", "deals_lost")},
        left_out_note=_("Never marking deals lost flatters it: read it beside the stale deal rate."),
        subset=True,
        order=60,
        **SALES,
    )
)
add_kpi(
    Kpi(
        "win_rate_value",
        {"en": "Win rate by value", "fr": "Taux de succès en valeur", "es": "Tasa de éxito por valor"},
        _("Which share of the value that was decided was won."),
        _("100 × won amount / (won amount + lost amount)"),
        CLOSED_AT,
        unit="percent",
        direction="higher",
        kind="ratio",
        terms={
            "numerator": total("won_amount"),
            "denominator": total("won_amount", "lost_amount"),
            "n": total("deals_won", "deals_lost"),
        },
        left_out=((NO_RATE, "closed_unconverted"),),
        left_out_note=_("A lost deal counts with its last value before the loss."),
        order=70,
        **SALES,
    )
)
add_kpi(
    Kpi(
        "cohort_win_rate",
        {"en": "Created-cohort win rate", "fr": "Taux de succès par cohorte de création", "es": "Tasa de éxito por cohorte"},
        _("Which share of the deals created was won in time; open ones count as not won."),
        _("100 × deals created in the period and won within the window / deals created in it, once the window has passed"),
        _("the deal's creation decides the cohort; the win must lie within the window (90 days unless set otherwise)"),
        unit="percent",
        direction="higher",
        kind="ratio",
        terms={
            "numerator": total("deals_created_then_won", matures="deal_win_window"),
            "denominator": total("deals_created", matures="deal_win_window"),
        },
        left_out_note=_("Younger deals are pending."),
        subset=True,
        order=80,
        **SALES,
    )
)
add_kpi(
    Kpi(
        "average_deal_size",
        {
            "en": "Average deal size (won)",
            "fr": "Taille moyenne des transactions",
            "es": "Tamaño medio de las operaciones ganadas",
        },
        _("What a won deal is worth on average."),
        _("won amount / deals won that have a value"),
        WON_AT,
        area="revenue",
        unit="money",
        direction="higher",
        kind="ratio",
        terms={"numerator": total("won_amount"), "denominator": total("won_valued")},
        dimensions=SPLIT,
        left_out=((NO_AMOUNT, "won_without_amount"), (NO_RATE, "closed_unconverted")),
        left_out_note=_("Deals worth 0 count. A few large deals pull it up: look at the large-deal share."),
        order=10,
    )
)
add_kpi(
    Kpi(
        "average_open_deal_size",
        {
            "en": "Average deal size in pipeline",
            "fr": "Taille moyenne des affaires en cours",
            "es": "Tamaño medio de las oportunidades abiertas",
        },
        _("What a deal in the pipeline is worth on average."),
        _("open pipeline value / open deals that have a value, at the end"),
        AT_END,
        area="revenue",
        unit="money",
        direction="neutral",
        kind="stock",
        terms={"numerator": total("open_amount"), "denominator": total("open_valued")},
        calculate=quotient,
        dimensions=STAGED,
        left_out=((_("Open without a value"), "open_without_amount"),),
        left_out_note=_("The pipeline's average, not that of won deals: see average deal size."),
        order=20,
    )
)


def _over_cycle(terms: Terms) -> Parts:
    """numerator / mean days of cycle; the mean is seconds / n / 86 400."""
    top, seconds, n = terms["numerator"] or 0, terms["seconds"] or 0, terms["n"] or 0
    mean = seconds / n / DAY if n else None
    if not mean:
        return Parts(None, top, mean, EMPTY)
    return Parts(top / mean, top, mean)


CYCLES = {"seconds": total("deal_cycle"), "n": total("deal_cycle_n")}
UNCLEAR = ((_("Won without a known or with a negative duration"), "deal_cycle_unclear"),)

add_kpi(
    Kpi(
        "large_deal_share",
        {"en": "Large-deal share", "fr": "Part des gros contrats", "es": "Proporción de operaciones grandes"},
        _("Which share of the deals won was large."),
        _(
            "100 × deals won at or above the bound / deals won; the bound is what four of five deals won in the fiscal year before stayed below"
        ),
        WON_AT,
        unit="percent",
        direction="higher",
        kind="ratio",
        terms={"numerator": total("won_large"), "denominator": total("won_boundable")},
        left_out=((NO_AMOUNT, "won_without_amount"),),
        left_out_note=_(
            "The bound is frozen at the start of the fiscal year. A year after one with fewer than five wins has none."
        ),
        subset=True,
        order=40,
        area="pipeline",
        dimensions=SPLIT,
    )
)
add_kpi(
    Kpi(
        "average_discount_rate",
        {"en": "Average discount", "fr": "Remise moyenne", "es": "Descuento medio"},
        _("How much of the list price was given away on what was sold."),
        _("100 × sum of (list − sold) / sum of list over the product lines of deals won; list is quantity × unit price"),
        WON_AT,
        unit="percent",
        parts_unit="money",
        direction="lower",
        kind="ratio",
        terms={
            "numerator": total("deal_lines_discount"),
            "denominator": total("deal_lines_list"),
            "n": total("deal_lines_priced"),
        },
        left_out=((NO_RATE, "deal_lines_unconverted"),),
        left_out_note=_(
            "Weighed by value. Deals won without product lines are not in it, and a unit price that was typed lower than the product's is "
            "no discount: only what stands as one on the line is. The product is the line's."
        ),
        order=45,
        area="pipeline",
        dimensions=SPLIT,
    )
)
add_kpi(
    Kpi(
        "sales_cycle_length",
        {"en": "Sales cycle length", "fr": "Durée du cycle de vente", "es": "Duración del ciclo de ventas"},
        _("How long it takes from the first contact to the win: half of the deals won took less."),
        _("median of (win − first contact with the account, lead or creation of the deal, whichever came first) over deals won"),
        WON_AT,
        unit="days",
        direction="lower",
        kind="percentile",
        terms={"numerator": total("sales_cycle")},
        left_out=((_("Won without a known or with a negative duration"), "sales_cycle_unclear"),),
        left_out_note=_(
            "Open deals are not in it. A repeat sale starts with its own lead or deal. The mean is shown beside the median."
        ),
        order=90,
        area="sales",
        dimensions=(*SPLIT, "sale"),
    )
)
add_kpi(
    Kpi(
        "deal_cycle_length",
        {"en": "Deal cycle length", "fr": "Durée de l’affaire", "es": "Duración de la oportunidad"},
        _("How long a deal takes from its creation to the win: half of the deals won took less."),
        _("median of (win − creation of the deal) over deals won"),
        WON_AT,
        unit="days",
        direction="lower",
        kind="percentile",
        terms={"numerator": total("deal_cycle")},
        left_out=UNCLEAR,
        left_out_note=_("Open deals are not in it."),
        order=100,
        **SALES,
    )
)
add_kpi(
    Kpi(
        "touches_to_close",
        {"en": "Touches to close", "fr": "Nombre de contacts pour conclure", "es": "Contactos necesarios para cerrar"},
        _("How many contacts a win takes: half of the deals won took fewer."),
        _("median over deals won of the outbound and two-way calls, e-mails and meetings with its people before the win"),
        WON_AT,
        unit="count",
        direction="lower",
        kind="percentile",
        terms={"numerator": total("won_touches")},
        left_out_note=_("Notes and what machines sent do not count. An activity linked to two deals counts for each."),
        order=110,
        **SALES,
    )
)
add_kpi(
    Kpi(
        "pipeline_velocity",
        {"en": "Pipeline velocity (seed)", "fr": "Vélocité du pipeline", "es": "Velocidad del pipeline"},
        _("Deals won for each day a won deal spent in the pipeline on average."),
        _("deals won / mean days from creation to win of those deals"),
        WON_AT,
        unit="ratio",
        direction="higher",
        kind="ratio",
        terms={"numerator": total("deal_cycle_n"), **CYCLES},
        calculate=_over_cycle,
        left_out=UNCLEAR,
        left_out_note=_("It grows with the length of the period and is no throughput: sales velocity gives money per day."),
        order=10,
        area="pipeline",
        dimensions=SPLIT,
    )
)
add_kpi(
    Kpi(
        "sales_velocity",
        {"en": "Sales velocity (four factors)", "fr": "Vélocité des ventes", "es": "Velocidad de ventas"},
        _("How much money the pipeline turns into wins per day of cycle."),
        _(
            "opportunities × win rate × average deal size / cycle; with the close rate as win rate this is won amount / mean days from creation to win"
        ),
        WON_AT,
        unit="money",
        direction="higher",
        kind="ratio",
        terms={"numerator": total("won_amount_in_cycle"), **CYCLES},
        calculate=_over_cycle,
        left_out=(*UNCLEAR, (NO_AMOUNT, "won_without_amount")),
        order=20,
        area="pipeline",
        dimensions=SPLIT,
    )
)
add_kpi(
    Kpi(
        "open_pipeline",
        {"en": "Open pipeline value", "fr": "Valeur du pipeline ouvert", "es": "Valor del pipeline abierto"},
        _("What the deals in progress are worth."),
        _("sum of the values of open deals at the end, in the base currency at the rate of that day"),
        AT_END,
        unit="money",
        direction="higher",
        kind="stock",
        terms={"numerator": total("open_amount"), "n": total("open_valued")},
        left_out=((_("Open without a value"), "open_without_amount"),),
        order=30,
        **PIPELINE,
    )
)
add_kpi(
    Kpi(
        "weighted_pipeline",
        {"en": "Weighted pipeline", "fr": "Pipeline pondéré", "es": "Pipeline ponderado"},
        _("What the deals in progress are worth when each counts by its probability."),
        _("sum of value × probability of the stage, or of the deal where it has its own, over open deals at the end"),
        AT_END,
        unit="money",
        direction="higher",
        kind="stock",
        terms={"numerator": total("open_weighted", per=100), "n": total("open_valued")},
        left_out=((_("Open without a value"), "open_without_amount"),),
        order=32,
        **PIPELINE,
    )
)
add_kpi(
    Kpi(
        "pipeline_created",
        {"en": "Pipeline created", "fr": "Pipeline créé", "es": "Pipeline creado"},
        _("What the deals created were worth a week after their creation."),
        _("sum of the values, seven days after creation, of deals created"),
        CREATED,
        unit="money",
        direction="higher",
        kind="additive",
        terms={"numerator": total("pipeline_created"), "n": total("pipeline_created_n")},
        left_out=((_("Created without a value"), "created_without_amount"), (NO_RATE, "created_unconverted")),
        left_out_note=_("Later changes of value do not move it."),
        order=34,
        area="pipeline",
        dimensions=SPLIT,
    )
)
add_kpi(
    Kpi(
        "pipeline_activities",
        {"en": "Pipeline activities", "fr": "Activités du pipeline", "es": "Actividades del pipeline"},
        _("How much was done on open deals."),
        _("stage moves + changes of value + calls, e-mails, meetings and tasks done on open deals"),
        _("the moment it was done"),
        unit="count",
        direction="neutral",
        kind="additive",
        terms={"numerator": total("stage_moves", "amount_changes", "deal_activities", "deal_tasks_done")},
        left_out_note=_("What imports and machines did is left out."),
        order=60,
        area="pipeline",
        dimensions=(*SPLIT, "stage", "activity_type"),
    )
)
add_kpi(
    Kpi(
        "stage_conversion_rate",
        {"en": "Stage-to-stage conversion", "fr": "Conversion d’étape à étape", "es": "Conversión entre etapas"},
        _("Which share of the deals that entered a stage got further in time."),
        _(
            "100 × first entries into a stage that later reached a stage after it, or the win, within the window / first entries, once the window has passed"
        ),
        _("the first entry into the stage; the advance must lie within the window (90 days unless set otherwise)"),
        unit="percent",
        direction="higher",
        kind="ratio",
        terms={
            "numerator": total("stages_advanced", matures="stage_conversion_window"),
            "denominator": total("stages_entered", matures="stage_conversion_window"),
        },
        left_out_note=_(
            "Skipping a stage counts as reaching it; moving back does not undo it. Without a stage it is the rate over all steps."
        ),
        subset=True,
        order=70,
        **PIPELINE,
    )
)
add_kpi(
    Kpi(
        "time_in_stage",
        {"en": "Time in stage (median)", "fr": "Temps passé par étape", "es": "Tiempo por etapa"},
        _("How long deals stay in a stage: half of those that left it stayed less."),
        _("median of the whole time in the stage over deals that left it in the period"),
        _("the last exit from the stage, by a move or by closing"),
        unit="days",
        direction="lower",
        kind="percentile",
        terms={"numerator": total("stage_time")},
        left_out_note=_("Deals still in the stage are not in it. Re-entries add up."),
        order=80,
        **PIPELINE,
    )
)
add_kpi(
    Kpi(
        "stale_deals",
        {"en": "Stale deals", "fr": "Affaires stagnantes", "es": "Oportunidades estancadas"},
        _("How many open deals rest."),
        _(
            "count of open deals without a completed activity for 30 days unless set otherwise, or in their stage for longer than nine of ten won deals"
        ),
        _("the state at the period's end, or now while it runs"),
        unit="count",
        direction="lower",
        kind="stock",
        terms={"numerator": total("stale_deals")},
        left_out_note=_("A deal younger than that is not quiet yet. The stage's bound needs thirty won deals that left it."),
        order=90,
        **PIPELINE,
    )
)
add_kpi(
    Kpi(
        "stale_deal_rate",
        {"en": "Stale deal rate", "fr": "Part d’affaires stagnantes", "es": "Proporción de oportunidades estancadas"},
        _("Which share of the open deals rests."),
        _("100 × stale deals / open deals"),
        _("the state at the period's end, or now while it runs"),
        unit="percent",
        direction="lower",
        kind="stock",
        terms={"numerator": total("stale_deals"), "denominator": total("resting_of")},
        subset=True,
        order=92,
        **PIPELINE,
    )
)
add_kpi(
    Kpi(
        "slipped_deal_rate",
        {"en": "Slipped deal rate", "fr": "Taux de report des affaires", "es": "Tasa de oportunidades aplazadas"},
        _("Which share of the deals that were expected to close did not."),
        _(
            "100 × deals expected at the start to close in the period and still open at its end / deals expected at the start to close in it"
        ),
        _("the expected close as it stood at the period's start"),
        unit="percent",
        direction="lower",
        kind="ratio",
        terms={"numerator": total("deals_slipped"), "denominator": total("deals_expected")},
        left_out_note=_("A deal that was closed in the period, won or lost, has not slipped."),
        subset=True,
        order=95,
        **PIPELINE,
    )
)
add_kpi(
    Kpi(
        "loss_reason_share",
        {"en": "Loss reason mix", "fr": "Répartition des motifs de perte", "es": "Motivos de pérdida"},
        _("Why deals are lost: each reason's share of the deals lost."),
        _("100 × deals lost for the reason / deals lost"),
        _("the loss as it stands now"),
        unit="percent",
        direction="neutral",
        kind="ratio",
        terms={"numerator": total("deals_lost"), "denominator": total("deals_lost", ignores=("reason",))},
        left_out_note=_("No reason given is a reason of its own. Without a split it is 100 %: split it by loss reason."),
        subset=True,
        order=98,
        area="pipeline",
        dimensions=("reason", *SPLIT),
    )
)


def _per_rep(terms: Terms) -> Parts:
    """amount / mean full-time equivalents, from days of full-time work."""
    days = terms["days"]
    reps = (terms["denominator"] or 0) / days if days else None
    if reps is None:
        return Parts(None, terms["numerator"], None, UNKNOWN)
    return quotient({"numerator": terms["numerator"], "denominator": reps})


PRODUCTIVITY: dict[str, Any] = {
    "area": "productivity",
    "direction": "higher",
    "kind": "ratio",
    "dimensions": ("team", "segment", "pipeline"),
    "calculate": _per_rep,
}
REPS = total("rep_days", ignores=("segment", "pipeline"), per=100)

add_kpi(
    Kpi(
        "revenue_per_rep",
        {"en": "Won amount per sales rep", "fr": "Chiffre d’affaires par commercial", "es": "Ingresos por vendedor"},
        _("What a full-time sales rep won on average."),
        _("won amount / mean full-time equivalents of quota carriers over the days of the period"),
        WON_AT,
        unit="money",
        terms={"numerator": total("won_amount"), "denominator": REPS, "n": total("won_valued")},
        left_out=((NO_AMOUNT, "won_without_amount"),),
        left_out_note=_("Joiners and leavers weigh by days."),
        order=10,
        **PRODUCTIVITY,
    )
)
add_kpi(
    Kpi(
        "deals_won_per_rep",
        {"en": "Deals won per rep", "fr": "Affaires gagnées par commercial", "es": "Operaciones ganadas por vendedor"},
        _("How many deals a full-time sales rep won on average."),
        _("deals won / mean full-time equivalents of quota carriers over the days of the period"),
        WON_AT,
        unit="ratio",
        terms={"numerator": total("deals_won"), "denominator": REPS, "n": total("deals_won")},
        left_out_note=_("Joiners and leavers weigh by days."),
        order=20,
        **PRODUCTIVITY,
    )
)
add_kpi(
    Kpi(
        "records_created",
        {"en": "New records created", "fr": "Créations de nouveaux enregistrements", "es": "Creación de nuevos registros"},
        _("How many records people entered."),
        _("count of companies, people, leads and deals created by people"),
        _("the record's creation"),
        area="adoption",
        unit="count",
        direction="neutral",
        kind="additive",
        terms={"numerator": created_term()},
        dimensions=("entity_type", "user", "team", "source"),
        left_out=tuple((_("Made by imports, the API or machines"), ref) for ref in created_term("made_otherwise").refs),
        left_out_note=_("A record deleted as a duplicate leaves its day."),
        order=60,
    )
)
add_kpi(
    Kpi(
        "data_completeness",
        {"en": "Data completeness", "fr": "Complétude des données", "es": "Completitud de los datos"},
        _("How much of what should be known about the records is filled in."),
        _("100 × required fields that are filled / (records × required fields)"),
        _("the records there were at the period's end, with their fields as they are today"),
        area="data_quality",
        unit="percent",
        direction="higher",
        kind="stock",
        terms=completeness_terms(),
        dimensions=("entity_type", "field", "owner", "team", "source"),
        left_out_note=_("Blanks and placeholders such as “n/a” count as empty."),
        subset=True,
        order=10,
    )
)
add_kpi(
    Kpi(
        "complete_record_rate",
        {"en": "Complete records", "fr": "Fiches complètes", "es": "Fichas completas"},
        _("Which share of the records has everything filled in that should be known."),
        _("100 × records with all required fields filled / records"),
        _("the records there were at the period's end, with their fields as they are today"),
        area="data_quality",
        unit="percent",
        direction="higher",
        kind="stock",
        terms=whole_terms(),
        dimensions=("entity_type", "owner", "team", "source"),
        left_out_note=_("Blanks and placeholders such as “n/a” count as empty."),
        subset=True,
        order=20,
    )
)
add_kpi(
    Kpi(
        "next_step_coverage",
        {
            "en": "Open deals with a next step",
            "fr": "Affaires avec prochaine étape",
            "es": "Oportunidades con próximo paso",
        },
        _("Which share of the open deals has something planned: those without are forgotten easily."),
        _("100 × open deals with an unfinished task that is due later / open deals"),
        _("the state at the period's end, or today while it runs; tasks with their due dates as they are today"),
        area="adoption",
        unit="percent",
        direction="higher",
        kind="stock",
        terms={"numerator": total("planned_deals"), "denominator": total("plannable_deals")},
        dimensions=("owner", "team", "pipeline", "stage"),
        left_out_note=_(
            "Overdue tasks, and tasks without a due date, are no next step. Tasks of the deal count, not its people's."
        ),
        subset=True,
        order=70,
    )
)


from . import kpis_quality as _quality  # noqa: E402, F401
from .attribution import kpis as _attribution  # noqa: E402, F401
from .contracts import kpis as _contracts  # noqa: E402, F401
from .forecasts import kpis as _forecasts  # noqa: E402, F401
from .orders import kpis as _orders  # noqa: E402, F401
from .orders import kpis_cohorts as _cohorts  # noqa: E402, F401
from .subscriptions import kpis as _subscriptions  # noqa: E402, F401
from .value import formula as _formula  # noqa: E402, F401
from .value import kpis as _value  # noqa: E402, F401
from .value import kpis_observed as _observed  # noqa: E402, F401
