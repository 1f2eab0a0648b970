"""Success thresholds: setting them, and how often a number has reached its own (kpis.md 160)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import urlencode

from django.core.exceptions import ValidationError
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm import periods
from crm.periods import Period

from . import aims, formats, targets
from .engine import Asked, Row
from .models import SuccessThreshold, Target
from .question import NONE
from .registry import About, Kpi, Leg, add_kpi, kpis

STREAM = "analytics.thresholds"  # what their days are marked under
MOST_UNITS = 240  # twenty years of months

# --- setting ----------------------------------------------------------------------------------------------------------


def name_of(threshold: SuccessThreshold) -> str:
    """ "Won amount, Ann Archer" """
    return aims.name_of(threshold)


def shown(threshold: SuccessThreshold, name: str = "value") -> str:
    """The threshold or its dead band in words, as the number itself is written."""
    kpi, value = kpis.get(threshold.kpi), getattr(threshold, name)
    if kpi is None:
        return str(value)
    return formats.exact(targets.number(value), kpi.unit if name == "dead_band" else kpi.written, threshold.currency)


def is_current(threshold: SuccessThreshold) -> bool:
    """Whether it counts: one in another currency than the present base currency does not."""
    return aims.in_base_currency(threshold)


def save_threshold(threshold: SuccessThreshold, **changes: Any) -> SuccessThreshold:
    """Creates or changes a threshold (see `aims.save`)."""
    return aims.save(threshold, STREAM, check, changes)


def delete_threshold(threshold: SuccessThreshold) -> None:
    aims.delete(threshold, STREAM)


def check(threshold: SuccessThreshold) -> None:
    """Raises ValidationError, at its field, for what cannot be."""
    kpi = kpis.get(threshold.kpi)
    if kpi is None or kpi not in targets.settable():
        raise ValidationError({"kpi": _("There is no number of this name that could have a threshold.")})
    if threshold.start is None:
        raise ValidationError({"start": _("Say when it begins.")})
    if threshold.grain not in Target.Grain.values:
        raise ValidationError({"grain": _("A threshold is for months, quarters or years.")})
    if threshold.dead_band < 0:
        raise ValidationError({"dead_band": _("The dead band cannot be negative.")})
    aims.check_whom(threshold, kpi)


# --- how often it was reached -----------------------------------------------------------------------------------------


def held(kpi: Kpi, question: Any) -> dict[str, SuccessThreshold]:
    """member -> its threshold; "" for the one whom the question is about. None where several teams would each have their own."""
    rows = SuccessThreshold.objects.filter(kpi=kpi.key).select_related("owner", "team")
    found, member = targets.asked_for(rows, question)
    own: dict[str, list[SuccessThreshold]] = {}
    for row in found:
        if is_current(row):
            own.setdefault(member[row.pk], []).append(row)
    return {name: several[0] for name, several in own.items() if len(several) == 1}


def units_of(threshold: SuccessThreshold, end: dt.date, today: dt.date) -> list[Period]:
    """The whole periods since it holds that are over by `end` and by today, the last 240 at most."""
    stop = min(end, today)
    if stop <= threshold.start:
        return []
    return [unit for unit in periods.units(threshold.start, stop, threshold.grain) if unit.end <= stop][-MOST_UNITS:]


def crossings(kpi: Kpi, threshold: SuccessThreshold, course: Sequence[tuple[Period, float | int | None]]) -> list[Period]:
    """The periods in which it was reached, of those in order of time. A period without a value changes nothing."""
    sign = -1 if kpi.direction == "lower" else 1
    level, back = targets.number(threshold.value), targets.number(threshold.dead_band)
    armed, found = True, []
    for unit, value in course:
        if value is None:
            continue
        over = sign * (value - level)
        if armed and over >= 0:
            armed = False
            found.append(unit)
        elif not armed and over < 0 and -over >= back:
            armed = True
    return found


def reached(kpi: About, spans: Sequence[Period], asked: Asked) -> dict[str, list[tuple[Period, float | int]]]:
    """member -> the periods up to the last span's end in which its threshold was reached, each with its value."""
    own = held(kpi.base, asked.question)
    end = max(span.end for span in spans)
    units = {member: units_of(row, end, asked.question.today) for member, row in own.items()}
    wanted = sorted({unit for several in units.values() for unit in several})
    rows = asked.rows(kpi.metric, wanted) if wanted else {}
    found = {}
    for member, row in own.items():
        course = [(unit, _value(kpi.base, rows[unit.start, unit.end].get(member))) for unit in units[member]]
        values = dict(course)
        found[member] = [(unit, values[unit] or 0) for unit in crossings(kpi.base, row, course)]
    return found


def _value(base: Kpi, row: Row | None) -> float | int | None:
    return row.value if row is not None else 0 if base.kind == "additive" else None


def inside(found: Sequence[tuple[Period, Any]], span: Period) -> list[tuple[Period, Any]]:
    """Those that closed in the span: their last day lies in it."""
    return [(unit, value) for unit, value in found if unit.last_day in span]


def breaches(kpi: About, spans: Sequence[Period], asked: Asked) -> Iterator[Row]:
    """How many periods that closed in each span reached the threshold."""
    by = asked.question.by
    found = reached(kpi, spans, asked)
    for span in spans:
        for member in sorted(found) if by else [""]:
            count = len(inside(found.get(member, []), span))
            row = Row(kpi, span, by, member, value=count, numerator=count, n=count, parts={"numerator": count})
            if member not in found:
                row.notes = [_("No threshold is set.")]
            yield row


def legs(kpi: About, period: Period, asked: Asked) -> dict[str, Leg]:
    """The periods themselves."""
    from .drill import Item
    from .reading import currency

    cut = urlencode({name: member or NONE for name, member in asked.question.filters.items()})
    page, items = reverse("analytics:kpi", args=[kpi.metric]), []
    for unit, value in inside(reached(kpi, [period], asked).get("", []), period):
        url = f"{page}?from={unit.start}&to={unit.last_day}" + (f"&{cut}" if cut else "")
        detail = formats.exact(value, kpi.base.written, currency())
        items.append(Item(formats.period(unit), url, unit.last_day, None, detail))
    return {"numerator": Leg(items=tuple(items))} if items else {}


add_kpi(
    About(
        "threshold_breach",
        {"en": "Success threshold reached", "fr": "Seuil de succès atteint", "es": "Umbral de éxito alcanzado"},
        gettext_lazy("In how many periods a number reached the level that was defined as a success."),
        gettext_lazy("count of the closed periods whose value reached the threshold"),
        gettext_lazy("the last day of each month, quarter or year that the threshold is for"),
        area="trend",
        unit="count",
        direction="neutral",
        kind="additive",
        terms={},
        dimensions=("owner", "team"),
        answer=breaches,
        legs=legs,
        parts={"numerator": (gettext_lazy("Periods"), "count")},
        also=(STREAM,),
        left_out_note=gettext_lazy(
            "Reached is at the threshold or beyond, the way the number should go. It counts once until a period lies back by the dead band."
        ),
        order=50,
    )
)
