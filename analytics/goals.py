"""How numbers stand to their targets: attainment, gap and pace of any number, and of the quotas for the won amount (kpis.md 121-126)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm.periods import Period

from . import formats, targets
from .engine import DAY, Asked, Question, Row
from .models import Target
from .registry import AHEAD, NO_SHARE, NO_TARGET, About, Kpi, Leg, add_kpi

PEOPLE = ("owner", "team")


def members_of(held: targets.Held, question: Question, base: dict[str, Row]) -> list[str]:
    """The members that have a row: the one asked about, or, split, those with a target."""
    return [""] if not question.by else sorted(set(held.members))


def pairs(kpi: About, spans: Sequence[Period], asked: Asked) -> Iterator[tuple[Row, Row | None, list[Target]]]:
    """(row to fill in, the number's own row, the targets) for each period and member."""
    held = targets.held(kpi.base, asked.question)
    actual = asked.rows(kpi.metric, spans)
    for span in spans:
        rows = actual[span.start, span.end]
        for member in members_of(held, asked.question, rows):
            base, found = rows.get(member), held.of(member, span)
            row = Row(kpi, span, asked.question.by, member)
            row.parts = {"numerator": base.parts.get("numerator", 0) if base else 0, "denominator": targets.value_of(found) or 0}
            row.n = base.n if base else 0
            row.unconverted, row.pending = (base.unconverted, base.pending) if base else (0, 0)
            if asked.question.by and not found:
                continue
            yield row, base, found


def value(base: Row | None, kpi: Kpi) -> float | int | None:
    """The measured value: nothing counted is 0 of what adds up."""
    return base.value if base is not None else 0 if kpi.adds_up else None


def refused(row: Row, base: Row | None, found: Sequence[Target], *, share: bool) -> bool:
    """Says why there is no value, where there can be none."""
    kpi = row.kpi
    assert isinstance(kpi, About)
    if base is not None and base.reason:
        row.reason = base.reason
    elif not found:
        row.reason = NO_TARGET
    elif share and (not kpi.base.adds_up or kpi.base.direction == "lower" or not targets.value_of(found)):
        row.reason = NO_SHARE
    return bool(row.reason)


def legs(kpi: About, period: Period, asked: Asked) -> dict[str, Leg]:
    """The measured records, and the targets."""
    found = targets.held(kpi.base, asked.question).of("", period)
    return {"numerator": Leg("numerator", period, kpi.metric), "denominator": Leg(targets=tuple(found))}


def attainment(kpi: About, spans: Sequence[Period], asked: Asked) -> Iterator[Row]:
    """100 x actual / target, of numbers that add up and of which more is better."""
    for row, base, found in pairs(kpi, spans, asked):
        if not refused(row, base, found, share=True):
            row.numerator, row.denominator = value(base, kpi.base), targets.value_of(found)
            row.value = 100 * row.numerator / row.denominator  # type: ignore[operator]
        yield row


def gap(kpi: About, spans: Sequence[Period], asked: Asked) -> Iterator[Row]:
    """(actual - target), turned round where less is better: above 0 is good."""
    for row, base, found in pairs(kpi, spans, asked):
        measured = value(base, kpi.base)
        if not refused(row, base, found, share=False) and measured is not None:
            sign = -1 if kpi.base.direction == "lower" else 1
            row.numerator, row.denominator = measured, targets.value_of(found)
            row.value = (measured - row.denominator) * sign  # type: ignore[operator]
        yield row


def elapsed(period: Period, today: Any) -> float:
    """Which share of the days has begun, 0 to 1."""
    return max(0, min((today + DAY - period.start).days, period.days)) / period.days


def pace(kpi: About, spans: Sequence[Period], asked: Asked) -> Iterator[Row]:
    """100 x actual so far / (target x share of the days elapsed, today included); 100 is on course."""
    for row, base, found in pairs(kpi, spans, asked):
        share = elapsed(row.period, asked.question.today)
        if not refused(row, base, found, share=True):
            if not share:
                row.reason = AHEAD
            else:
                measured, aim = value(base, kpi.base) or 0, targets.value_of(found) or 0
                row.numerator, row.denominator = measured, aim * share
                row.value = 100 * measured / row.denominator
                if share < 1:
                    row.notes.append(_("At this pace: %(value)s") % {"value": _written(measured / share, kpi.base)})
        yield row


def _written(found: float | int, kpi: Kpi) -> str:
    from .reading import currency

    return formats.exact(round(found) if kpi.unit in ("money", "count") else found, kpi.written, currency())


# --- quotas -----------------------------------------------------------------------------------------------------------


def _carriers(kpi: About, asked: Asked) -> tuple[targets.Held, dict[str, str]]:
    """The people's targets, and person -> team."""
    question = asked.question
    held = targets.held(kpi.base, Question(question.scope, question.filters, "owner", question.live))
    teams = {
        member: str(rows[0].team_id or "")
        for member, places in held.members.items()
        for rows in list(places.values())[:1]
        if rows
    }
    return held, teams


def quotas(kpi: About, spans: Sequence[Period], asked: Asked) -> Iterator[Row]:
    """100 x won amount of those who have a quota / their quotas, of which each is the person's target."""
    question = asked.question
    held, teams = _carriers(kpi, asked)
    if question.by == "team":
        groups = {team: [who for who, own in teams.items() if own == team] for team in sorted(set(teams.values()))}
    elif question.by:
        groups = {who: [who] for who in sorted(teams)}
    else:
        groups = {"": sorted(teams)}
    for member, people in groups.items():
        cut = {**question.filters, **({"team": member} if question.by == "team" else {})}
        won = asked.rows(kpi.metric, spans, by="owner", filters=cut)
        for span in spans:
            row = _quota_row(kpi, span, question.by, member, people, held, won[span.start, span.end])
            if row.denominator or not question.by:
                yield row


def _quota_row(
    kpi: About, span: Period, by: str, member: str, people: Sequence[str], held: targets.Held, won: dict[str, Row]
) -> Row:
    row, reached, carriers = Row(kpi, span, by, member), 0, 0
    top: float | int = 0
    bottom: float | int = 0
    for who in people:
        quota = targets.value_of(held.of(who, span))
        if not quota:
            continue
        amount = (won[who].value or 0) if who in won else 0
        top, bottom, carriers = top + amount, bottom + quota, carriers + 1
        reached += amount >= quota
    row.parts = {"numerator": top, "denominator": bottom}
    row.n = carriers
    if not carriers:
        row.reason = NO_TARGET
        return row
    row.numerator, row.denominator, row.value = top, bottom, 100 * top / bottom
    if not by:
        row.notes.append(_("%(n)s of %(all)s people at 100 %% or more") % {"n": reached, "all": carriers})
    return row


def quota_legs(kpi: About, period: Period, asked: Asked) -> dict[str, Leg]:
    """The deals won by those who have a quota, and the quotas."""
    held, _teams = _carriers(kpi, asked)
    people = {who: found for who in held.members if (found := held.of(who, period)) and targets.value_of(found)}
    own = asked.question.filters.get("owner")
    who = tuple(sorted(people)) if own is None else tuple(one for one in sorted(people) if one == own)
    return {
        "numerator": Leg("numerator", period, kpi.metric, {"owner": who}),
        "denominator": Leg(targets=tuple(target for found in people.values() for target in found)),
    }


# --- declarations -----------------------------------------------------------------------------------------------------

GOALS: dict[str, Any] = {
    "area": "goals",
    "kind": "ratio",
    "terms": {},
    "dimensions": PEOPLE,
    "cut": PEOPLE,
    "also": (targets.STREAM,),
    "parts": {"numerator": (gettext_lazy("Actual"), ""), "denominator": (gettext_lazy("Target"), "")},
    "legs": legs,
}
OF_ITS_OWN = gettext_lazy("the number's own date; the target is that of the month, quarter or year")

add_kpi(
    About(
        "goal_attainment",
        {"en": "Goal attainment", "fr": "Atteinte des objectifs", "es": "Cumplimiento de objetivos"},
        gettext_lazy("How much of its target a number has reached."),
        gettext_lazy("100 × actual / target"),
        OF_ITS_OWN,
        unit="percent",
        direction="higher",
        answer=attainment,
        left_out_note=gettext_lazy(
            "Only of numbers that add up and of which more is better; of all others the gap says it. Targets of months add up to those of quarters and years that have none of their own."
        ),
        order=10,
        **GOALS,
    )
)
add_kpi(
    About(
        "goal_gap",
        {"en": "Gap to goal", "fr": "Écart à l’objectif", "es": "Brecha respecto al objetivo"},
        gettext_lazy("How far a number is beyond its target, or short of it."),
        gettext_lazy("actual − target; target − actual where less is better"),
        OF_ITS_OWN,
        unit="ratio",
        direction="higher",
        answer=gap,
        follows=True,
        left_out_note=gettext_lazy("Above zero is good, whichever way the number should go. Shares differ by points."),
        order=20,
        **GOALS,
    )
)
add_kpi(
    About(
        "goal_pace",
        {"en": "Goal pace", "fr": "Rythme vers l’objectif", "es": "Ritmo hacia el objetivo"},
        gettext_lazy("Whether a number is where it should be by today to reach its target."),
        gettext_lazy("100 × actual so far / (target × days elapsed / days of the period)"),
        OF_ITS_OWN,
        unit="percent",
        direction="higher",
        answer=pace,
        left_out_note=gettext_lazy("Today counts as elapsed. Every day weighs the same; a season is not taken into account."),
        order=30,
        **GOALS,
    )
)
add_kpi(
    About(
        "quota_attainment",
        {"en": "Quota attainment", "fr": "Atteinte des quotas", "es": "Cumplimiento de cuota"},
        gettext_lazy("How much of their quotas the people who have one have won."),
        gettext_lazy("100 × won amount of the people with a quota / their quotas"),
        gettext_lazy("the day the deal was won; the quota is the person's target for the won amount"),
        unit="percent",
        direction="higher",
        answer=quotas,
        own=True,
        left_out_note=gettext_lazy(
            "What is won by people without a quota is left out. A quota counts in full, also of who joined meanwhile."
        ),
        order=40,
        **{
            **GOALS,
            "legs": quota_legs,
            "parts": {
                "numerator": (gettext_lazy("Won by people with a quota"), ""),
                "denominator": (gettext_lazy("Quotas"), ""),
            },
        },
    )
)
