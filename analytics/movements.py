"""Whether a number has moved more than it usually does: `signals` as a number about numbers (kpis.md 159)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm.periods import Period

from . import formats, history, signals
from .engine import Asked, Row
from .registry import EMPTY, NO_UNIT, RUNNING, SHORT, UNKNOWN, About, Kpi, Leg, add_kpi
from .signals import Judged


def movement(kpi: About, spans: Sequence[Period], asked: Asked) -> Iterator[Row]:
    """The last closed period of each span's history is the span itself."""
    by, today = asked.question.by, asked.question.today
    units = {span: history.unit_of(span) for span in spans}
    closed = {span: unit for span, unit in units.items() if unit is not None and unit.end <= today}
    past = {span: history.closed_before(unit.end, unit.grain, today) for span, unit in closed.items()}
    wanted = {one for found in past.values() for one in found} | set(spans)
    read = history.read(kpi.metric, sorted(wanted), asked)
    for span in spans:
        members = sorted({member for one in past.get(span, []) for member in read[one]}) if by else [""]
        for member in members or [""]:
            base = read[span].get(member)
            row = Row(kpi, span, by, member, n=base.n if base else 0)
            row.parts = {"numerator": (base.parts.get("numerator") or 0) if base else 0}
            if span not in closed:
                row.reason = NO_UNIT if units[span] is None else RUNNING
            else:
                points = history.points(kpi.base, past[span], read, member)
                _fill(row, kpi.base, points, closed[span])
            yield row


def _fill(row: Row, base: Kpi, points: Sequence[history.Point], unit: Period) -> None:
    judged = signals.judge(base, points, history.SEASON[unit.grain])
    found = next((one for one in judged if one.point.period == unit), None)
    if found is None:
        row.reason = SHORT if not judged else UNKNOWN
        return
    row.value, row.reason = found.score, EMPTY if found.score is None else ""
    row.notes = [*([said(found, base)] if found.rule else [_("Within what is usual.")]), bounds(found, base)]


def said(found: Judged, base: Kpi) -> str:
    """What is unusual, and whether it is good."""
    if found.rule == signals.SHIFTED:
        text = _("Eight in a row above the mean") if found.is_up else _("Eight in a row below the mean")
    else:
        text = _("Above the upper limit") if found.is_up else _("Below the lower limit")
    if base.direction == "neutral":
        return text
    return (
        _("%(what)s: good") % {"what": text}
        if found.is_up == (base.direction == "higher")
        else _("%(what)s: bad") % {"what": text}
    )


def bounds(found: Judged, base: Kpi) -> str:
    """Mean and limits, of the value or of what it lies above a year ago."""
    from .reading import currency

    def told(value: float) -> str:
        return formats.exact(value, "score" if base.points else base.unit, currency())

    words = {"mean": told(found.mean), "low": told(found.low), "high": told(found.high)}
    if found.seasonal:
        return _("Against a year ago: mean %(mean)s, limits %(low)s to %(high)s.") % words
    return _("Mean %(mean)s, limits %(low)s to %(high)s.") % words


def legs(kpi: About, period: Period, asked: Asked) -> dict[str, Leg]:
    """The period's own records."""
    return {"numerator": Leg("numerator", period, kpi.metric)}


add_kpi(
    About(
        "anomaly_signal",
        {"en": "Significant movement", "fr": "Variation significative", "es": "Variación significativa"},
        gettext_lazy("How far a number lies from its mean, in sigmas: beyond three it has moved more than it usually does."),
        gettext_lazy(
            "(value − mean) / sigma, where 3 sigma = 2.66 × the mean moving range (XmR); of rates sigma = √(p (1 − p) / n) (p-chart)"
        ),
        gettext_lazy("the number's own date; only closed periods"),
        area="trend",
        unit="score",
        direction="neutral",
        kind="model",
        terms={},
        dimensions=("owner", "team"),
        answer=movement,
        legs=legs,
        parts={"numerator": (gettext_lazy("This period"), "")},
        left_out_note=gettext_lazy(
            "The first twelve closed periods are the baseline; it stands until eight in a row lie on one side of the mean, and then gives way "
            "to twelve from the first of them. Seasonal numbers are judged by what they lie above a year ago. Rates on fewer than 30 records, "
            "and periods that are not over, never signal."
        ),
        order=40,
    )
)
