"""The return on the CRM: what margin was gained and what is saved, against what it has cost (kpis.md 68)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from analytics import formats, golive
from analytics.engine import Asked, Row
from analytics.golive import Windows
from analytics.lift import windows_for
from analytics.registry import EMPTY, UNKNOWN, About, Leg, add_kpi
from crm.models import Organisation
from crm.money import exponent
from crm.periods import Period

MARGIN, COST = "gross_margin_rate", "crm_cost"
SINCE = dt.date(1900, 1, 1)


def costs_of(windows: Windows) -> Period:
    """Everything that the CRM has cost, from its first day of work on to the end of the window after."""
    return Period(SINCE, windows.after.end)


def savings(windows: Windows, asked: Asked) -> int:
    """The assumed savings of as many months, in minor units; they are the whole organisation's, so no part of it has any."""
    question = asked.question
    if question.by or question.filters or question.scope.kind != "all":
        return 0
    organisation = Organisation.current()
    yearly = organisation.crm_savings * 10 ** exponent(organisation.base_currency)
    return round(yearly * windows.months / 12)


def roi(kpi: About, spans: Sequence[Period], asked: Asked) -> Iterator[Row]:
    """100 x (margin after - margin before + savings - cost) / cost, as of the end of each span."""
    found = {span: windows_for(span, asked.question) for span in spans}
    windows = {one for one in found.values() if isinstance(one, Windows)}
    margins = asked.rows(MARGIN, sorted({one for both in windows for one in (both.before, both.after)})) if windows else {}
    costs = asked.rows(COST, sorted({costs_of(one) for one in windows})) if windows else {}
    by = asked.question.by
    for span, one in found.items():
        if isinstance(one, str):
            yield Row(kpi, span, by, reason=one, parts=dict.fromkeys(kpi.parts, 0))
            continue
        sides = [margins[period.start, period.end] for period in (one.before, one.after)]
        cost = costs[SINCE, one.after.end]
        for member in sorted({*sides[0], *sides[1], *cost}):
            yield _row(Row(kpi, span, by, member), savings(one, asked), *(side.get(member) for side in (*sides, cost)))


def _row(row: Row, saved: int, before: Row | None, after: Row | None, cost: Row | None) -> Row:
    row.parts = {
        "numerator": (after.parts.get("numerator") or 0) if after else 0,
        "denominator": (cost.parts.get("numerator") or 0) if cost else 0,
        "before": (before.parts.get("numerator") or 0) if before else 0,
    }
    row.n = sum(side.n for side in (before, after) if side)
    refused = next((side.reason for side in (cost, before, after) if side is not None and side.reason not in ("", EMPTY)), "")
    if refused or before is None or after is None or not before.n or not after.n:
        row.reason = refused or UNKNOWN
        return row
    spent = (cost.value if cost is not None else 0) or 0
    gained = row.parts["numerator"] - row.parts["before"]  # type: ignore[operator]
    row.numerator, row.denominator = row.parts["numerator"], spent
    row.notes = list(_inputs(row, saved))
    if spent <= 0:
        row.reason = EMPTY
    else:
        row.value = 100 * (gained + saved - spent) / spent
    return row


def _inputs(row: Row, saved: int) -> Iterator[str]:
    """What the value is made of, because most of it is assumed."""
    currency = Organisation.current().base_currency

    def money(amount: float | int | None) -> str:
        return formats.exact(amount, "money", currency)

    values = {"before": money(row.parts["before"]), "after": money(row.parts["numerator"]), "saved": money(saved)}
    yield _("Margin before %(before)s, after %(after)s; savings assumed %(saved)s.") % values
    yield _("An assumption: that all of the gain is the CRM's. Nothing here proves it.")


def legs(kpi: About, period: Period, asked: Asked) -> dict[str, Leg]:
    """The order lines after and before, and the costs."""
    found = windows_for(period, asked.question)
    if isinstance(found, str):
        return {}
    return {
        "numerator": Leg("numerator", found.after, MARGIN),
        "denominator": Leg("numerator", costs_of(found), COST),
        "before": Leg("numerator", found.before, MARGIN),
    }


add_kpi(
    About(
        "crm_roi",
        {"en": "CRM ROI", "fr": "ROI du CRM", "es": "ROI del CRM"},
        gettext_lazy("What the CRM has brought back for each 100 that it cost, if all that was gained since then is its doing."),
        gettext_lazy("100 × (margin after − margin before + savings − cost of the CRM) / cost of the CRM"),
        gettext_lazy(
            "the billing date for margins, in as many months before go-live as after settling in; the posting date for costs, from the "
            "first one to the end of those months"
        ),
        area="acquisition",
        unit="percent",
        direction="higher",
        kind="ratio",
        terms={},
        dimensions=("team",),
        cut=("team",),
        answer=roi,
        legs=legs,
        parts={
            "numerator": (gettext_lazy("Margin after"), "money"),
            "denominator": (gettext_lazy("CRM cost"), "money"),
            "before": (gettext_lazy("Margin before"), "money"),
        },
        metric=MARGIN,
        own=True,
        also=(golive.STREAM, "marketing.costs"),
        left_out_note=gettext_lazy(
            "An assumption, no proof: no group without the CRM tells what would have happened anyway. Only lines whose direct cost is known "
            "have a margin. The yearly savings are a setting of the organisation."
        ),
        order=95,
    )
)
