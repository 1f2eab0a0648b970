"""The KPIs of service, and the channel customers prefer. Where the catalogue leaves room, docs/decisions/service.md says how they
are read."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from analytics.registry import Ages, Kpi, Parts, add_kpi, quotient, total

SPLIT = ("owner", "team", "queue", "priority", "channel", "company", "segment", "type", "tag")
SERVICE: dict[str, Any] = {"area": "service", "dimensions": SPLIT}

CREATED = _("the ticket's creation, in an import its original date")
REPLIED = _("the first public answer of a person")
SOLVED = _("the solve as it stands now; a reopened ticket leaves its day and counts again when it is solved again")
FIRST_SOLVED = _("the first solve, reopened or not")
NO_DATES = _("Without a known creation date, or answered or solved before it")
NO_CALENDAR = _("No calendar says which hours are business hours")
WHOSE = _("Agent, team, queue and priority are those of that moment.")

AGES = Ages(
    "ticket__created_at",
    (
        (_("Under 4 hours"), dt.timedelta(hours=4)),
        (_("4 hours to 1 day"), dt.timedelta(days=1)),
        (_("1 to 3 days"), dt.timedelta(days=3)),
        (_("3 to 7 days"), dt.timedelta(days=7)),
        (_("7 to 30 days"), dt.timedelta(days=30)),
        (_("30 days and more"), None),
    ),
)

add_kpi(
    Kpi(
        "tickets_created",
        {"en": "Tickets created", "fr": "Tickets créés", "es": "Tickets creados"},
        _("How many requests came in."),
        _("count of tickets created"),
        CREATED,
        unit="count",
        direction="neutral",
        kind="additive",
        terms={"numerator": total("tickets_created")},
        left_out_note=_("Spam is left out, and tickets imported without their date."),
        order=10,
        **SERVICE,
    )
)
add_kpi(
    Kpi(
        "tickets_solved",
        {"en": "Tickets solved", "fr": "Tickets résolus", "es": "Tickets resueltos"},
        _("How many requests were solved, and have stayed so."),
        _("count of tickets by their present solve"),
        SOLVED,
        unit="count",
        direction="higher",
        kind="additive",
        terms={"numerator": total("tickets_solved")},
        left_out_note=_("Spam is left out."),
        order=20,
        **SERVICE,
    )
)
add_kpi(
    Kpi(
        "ticket_backlog",
        {"en": "Ticket backlog", "fr": "Tickets en attente", "es": "Tickets pendientes"},
        _("How many tickets were not solved at the period's end, whoever they waited for."),
        _("count of unsolved tickets, at the end"),
        _("the state at the period's end, with agent, team, queue and priority as they were then"),
        unit="count",
        direction="lower",
        kind="stock",
        terms={"numerator": total("ticket_backlog")},
        left_out_note=_("Spam is left out."),
        ages=AGES,
        order=30,
        **SERVICE,
    )
)


def add_time(
    key: str, measure: str, names: tuple[dict[str, str], dict[str, str]], texts: tuple[Any, Any, Any], **options: Any
) -> None:
    """A duration twice: by the clock on the wall, and by business hours beside it. The median, with mean and 90th percentile.

    names: of both. texts: definition, formula, deciding date.
    """
    definition, formula, dated = texts
    left_out = (*options.pop("left_out", ()), (NO_DATES, f"{measure}_unclear"))
    order = options.pop("order")
    shared: dict[str, Any] = {"unit": "days", "direction": "lower", "kind": "percentile", **SERVICE, **options}
    add_kpi(
        Kpi(
            key,
            names[0],
            definition,
            formula,
            dated,
            terms={"numerator": total(measure)},
            left_out=left_out,
            beside=(f"{key}_business",),
            order=order,
            **shared,
        )
    )
    add_kpi(
        Kpi(
            f"{key}_business",
            names[1],
            definition,
            format_lazy("{formula}; {business}", formula=formula, business=BUSINESS),
            dated,
            terms={"numerator": total(f"{measure}_business")},
            left_out=(*left_out, (NO_CALENDAR, f"{measure}_no_calendar")),
            beside=(key,),
            order=order + 1,
            **shared,
        )
    )


BUSINESS = _("only business hours count, by the calendar in force at the end")

add_time(
    "first_response_time",
    "first_response",
    (
        {
            "en": "First response time (median)",
            "fr": "Délai de première réponse",
            "es": "Tiempo de primera respuesta",
        },
        {
            "en": "First response time, business hours",
            "fr": "Délai de première réponse, heures ouvrées",
            "es": "Tiempo de primera respuesta, horas laborables",
        },
    ),
    (
        _("How long customers waited for the first answer of a person: half of them waited less."),
        _("median of (first public answer of a person − creation) over tickets first answered in the period"),
        REPLIED,
    ),
    left_out=(
        (_("Still waiting for a first answer at the end"), "first_waits_open"),
        (_("Solved without any answer"), "first_waits_unanswered"),
    ),
    left_out_note=_("Notes and automatic answers are no answers. Tickets that we opened have no first response."),
    order=40,
)
add_time(
    "resolution_time",
    "resolution",
    (
        {"en": "Resolution time (median)", "fr": "Délai de résolution", "es": "Tiempo de resolución"},
        {
            "en": "Resolution time, business hours",
            "fr": "Délai de résolution, heures ouvrées",
            "es": "Tiempo de resolución, horas laborables",
        },
    ),
    (
        _("How long it took until tickets were solved for good: half of them took less."),
        _("median of (present solve − creation) over tickets solved in the period"),
        SOLVED,
    ),
    left_out_note=_("The time a ticket waited for the customer is in it: see handling time."),
    order=60,
)
add_time(
    "first_resolution_time",
    "first_resolution",
    (
        {
            "en": "First resolution time (median)",
            "fr": "Délai de première résolution",
            "es": "Tiempo de primera resolución",
        },
        {
            "en": "First resolution time, business hours",
            "fr": "Délai de première résolution, heures ouvrées",
            "es": "Tiempo de primera resolución, horas laborables",
        },
    ),
    (
        _("How long it took until tickets were solved for the first time, reopened later or not."),
        _("median of (first solve − creation) over tickets first solved in the period"),
        FIRST_SOLVED,
    ),
    left_out_note=WHOSE,
    order=62,
)
add_time(
    "handling_time",
    "handling",
    (
        {"en": "Handling time (median)", "fr": "Temps de traitement", "es": "Tiempo de gestión"},
        {
            "en": "Handling time, business hours",
            "fr": "Temps de traitement, heures ouvrées",
            "es": "Tiempo de gestión, horas laborables",
        },
    ),
    (
        _("For how long it was our turn until tickets were solved: half of them took less."),
        _("median of the time in open statuses before the present solve, over tickets solved in the period"),
        SOLVED,
    ),
    left_out_note=_("Time on hold, for the customer or a third party, and time spent solved are left out."),
    order=64,
)

WAITED: dict[str, Any] = {
    "unit": "days",
    "direction": "lower",
    "kind": "ratio",
    "calculate": quotient,
    "spread": True,
    **SERVICE,
}
UNANSWERED = (_("Ended by a solve without an answer"), "waits_unanswered")

add_kpi(
    Kpi(
        "response_time",
        {
            "en": "Response time, all replies (mean)",
            "fr": "Temps de réponse moyen",
            "es": "Tiempo medio de respuesta",
        },
        _("How long customers waited for an answer, on average, the first and every later one."),
        _("waiting time of answered messages / answered waits"),
        _("the answer that ends the wait; messages in a row are one wait, from the oldest on"),
        terms={"numerator": total("wait_time"), "denominator": total("waits_answered")},
        left_out=(
            UNANSWERED,
            (_("Still waiting for an answer at the end"), "waits_open"),
            (NO_DATES, "waits_unclear"),
        ),
        left_out_note=WHOSE,
        beside=("response_time_business",),
        order=50,
        **WAITED,
    )
)
add_kpi(
    Kpi(
        "response_time_business",
        {
            "en": "Response time, business hours (mean)",
            "fr": "Temps de réponse moyen, heures ouvrées",
            "es": "Tiempo medio de respuesta, horas laborables",
        },
        _("How long customers waited for an answer, on average, while we were open."),
        format_lazy("{formula}; {business}", formula=_("waiting time of answered messages / answered waits"), business=BUSINESS),
        _("the answer that ends the wait; messages in a row are one wait, from the oldest on"),
        terms={"numerator": total("wait_time_business"), "denominator": total("waits_answered_business")},
        left_out=(
            UNANSWERED,
            (_("Still waiting for an answer at the end"), "waits_open"),
            (NO_DATES, "waits_unclear"),
            (NO_CALENDAR, "waits_no_calendar"),
        ),
        left_out_note=WHOSE,
        beside=("response_time",),
        order=51,
        **WAITED,
    )
)
add_kpi(
    Kpi(
        "sla_attainment",
        {"en": "SLA attainment", "fr": "Respect des SLA", "es": "Cumplimiento de SLA"},
        _("Which share of what was promised to customers was kept in time."),
        _("100 × SLA targets met / SLA targets decided"),
        _("the moment a target is fulfilled or falls due, whichever comes first"),
        unit="percent",
        direction="higher",
        kind="ratio",
        terms={"numerator": total("sla_met"), "denominator": total("sla_decided")},
        left_out_note=_(
            "A target that falls due unanswered is broken at that moment and stays so. Running and paused targets are not decided; those that another priority replaced never are."
        ),
        subset=True,
        order=70,
        area="service",
        dimensions=(*SPLIT, "sla_policy", "sla_metric"),
    )
)
add_kpi(
    Kpi(
        "reopen_rate",
        {"en": "Reopen rate", "fr": "Taux de réouverture", "es": "Tasa de reapertura"},
        _("Which share of the tickets solved came back."),
        _("100 × tickets first solved that were reopened within the window / tickets first solved, once the window has passed"),
        _("the first solve decides the cohort; the reopening must lie within the window (7 days unless set otherwise)"),
        unit="percent",
        direction="lower",
        kind="ratio",
        terms={
            "numerator": total("first_solved_reopened", matures="reopen_window"),
            "denominator": total("first_solved", matures="reopen_window"),
        },
        left_out_note=_(
            "Younger solves are pending. A “thank you” that was solved again without an answer is no reopening, nor is a slip taken back within five minutes."
        ),
        subset=True,
        order=80,
        **SERVICE,
    )
)
add_kpi(
    Kpi(
        "fcr",
        {"en": "First contact resolution", "fr": "Résolution au premier contact", "es": "Resolución en el primer contacto"},
        _("Which share of the tickets solved took one answer at most and stayed solved."),
        _(
            "100 × tickets solved with at most one public answer, not reopened, and no other ticket of that type by the same person within the window / tickets solved, once the window has passed"
        ),
        _("the solve as it stands now; the window is 7 days unless set otherwise"),
        unit="percent",
        direction="higher",
        kind="ratio",
        terms={
            "numerator": total("solved_at_first_contact", matures="contact_window"),
            "denominator": total("tickets_solved", matures="contact_window"),
        },
        left_out_note=_("Younger solves are pending."),
        subset=True,
        order=90,
        **SERVICE,
    )
)


def _per_hundred(terms: Mapping[str, float | int | None]) -> Parts:
    """100 x tickets / customers."""
    parts = quotient(terms)
    return Parts(None if parts.value is None else 100 * parts.value, parts.numerator, parts.denominator, parts.reason)


add_kpi(
    Kpi(
        "tickets_per_customer",
        {"en": "Tickets per 100 customers", "fr": "Tickets pour 100 clients", "es": "Tickets por cada 100 clientes"},
        _("How many requests a hundred customers make."),
        _("100 × tickets created / mean number of customers"),
        _("the ticket's creation above; below, the customers there were at the end of each day of the period"),
        unit="ratio",
        direction="lower",
        kind="ratio",
        terms={
            "numerator": total("tickets_created"),
            "denominator": total("customers", mean=True, ignores=tuple(name for name in SPLIT if name != "segment")),
        },
        calculate=_per_hundred,
        left_out_note=_(
            "A customer is a company with a won deal. By industry both sides are cut; by anything else the tickets alone."
        ),
        order=100,
        **SERVICE,
    )
)
add_kpi(
    Kpi(
        "channel_preference",
        {"en": "Customer channel preference", "fr": "Canal de contact préféré", "es": "Canal de contacto preferido"},
        _("How customers reach us: each channel's share of the conversations they begin."),
        _("100 × conversations begun by customers on the channel / conversations begun by customers"),
        _("the ticket's creation; a conversation counts at its first channel"),
        unit="percent",
        direction="neutral",
        kind="ratio",
        terms={"numerator": total("conversations"), "denominator": total("conversations", ignores=("channel",))},
        left_out_note=_("Tickets that we opened are left out. Without a split it is 100 %: split it by channel."),
        subset=True,
        order=70,
        area="perception",
        dimensions=("channel", *(name for name in SPLIT if name != "channel")),
    )
)
