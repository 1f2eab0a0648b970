"""What a number was before the CRM came into use, and after (kpis.md 155, 6.3). A difference is an association, never an effect."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm.periods import Period

from . import golive, intervals
from .engine import DAY, Asked, Question, Row
from .golive import Windows
from .registry import NO_BEFORE, UNKNOWN, About, Kpi, Leg, Ref, Term, add_kpi
from .sources import DailySource
from .sums import Span, values_of

Values = Mapping[str, Sequence[int]]  # member -> the values that a mean or median is made of


@dataclass
class Sides:
    """A number before and after, for one member, with the values that it is a mean or median of."""

    before: Row | None
    after: Row | None
    values_before: Sequence[int] = field(default_factory=list)
    values_after: Sequence[int] = field(default_factory=list)


def windows_for(period: Period, question: Question) -> Windows | str:
    """The windows as of the period's end, or of today while it runs."""
    return golive.windows_at(min(period.end, question.today + DAY), question.organisation)


def lift(kpi: About, spans: Sequence[Period], asked: Asked) -> Iterator[Row]:
    """value(after) - value(before), as of the end of each span."""
    question = asked.question
    found = {span: windows_for(span, question) for span in spans}
    windows = {one for one in found.values() if isinstance(one, Windows)}
    wanted = sorted({period for one in windows for period in (one.before, one.after)})
    rows = asked.rows(kpi.metric, wanted) if wanted else {}
    values = values_behind(kpi.base, wanted, question)
    for span, one in found.items():
        if isinstance(one, str):
            yield Row(kpi, span, question.by, reason=one, parts={"numerator": 0, "denominator": 0})
            continue
        before, after = ((period.start, period.end) for period in (one.before, one.after))
        for member in sorted(set(rows[before]) | set(rows[after])):
            sides = Sides(
                rows[before].get(member),
                rows[after].get(member),
                values.get(before, {}).get(member, ()),
                values.get(after, {}).get(member, ()),
            )
            yield compared(Row(kpi, span, question.by, member), sides)


def compared(row: Row, sides: Sides) -> Row:
    """Fills in the row: lift, both values, the interval of the difference, and what there is to say of it."""
    kpi = row.kpi
    assert isinstance(kpi, About)
    one, other = _value(kpi.base, sides.after), _value(kpi.base, sides.before)
    row.parts = {"numerator": _part(sides.after), "denominator": _part(sides.before)}
    row.n = min((side.n for side in (sides.before, sides.after) if side is not None), default=0)
    row.reason = _refusal(kpi.base, sides)
    if row.reason or one is None or other is None:
        row.reason = row.reason or UNKNOWN
        return row
    row.numerator, row.denominator, row.value = one, other, one - other
    bounds = interval(kpi.base, sides)
    row.low, row.high = bounds or (None, None)
    row.notes = list(_words(row))
    return row


def _refusal(base: Kpi, sides: Sides) -> str:
    for side in (sides.before, sides.after):
        if side is not None and side.reason:
            return side.reason
    empty = sides.before is None or not sides.before.n
    return NO_BEFORE if empty and base.kind == "additive" else ""


def _value(base: Kpi, row: Row | None) -> float | int | None:
    return row.value if row is not None else 0 if base.kind == "additive" else None


def _part(row: Row | None) -> float | int:
    return (row.parts.get("numerator") or 0) if row is not None else 0


def relative(row: Row) -> float | None:
    """The lift in percent of what was before; None from zero or below."""
    if row.value is None or row.denominator is None or row.denominator <= 0:
        return None
    return 100 * row.value / row.denominator


def _words(row: Row) -> Iterator[str]:
    from . import formats

    share = relative(row)
    if share is not None:
        yield _("%(change)s of the value before") % {"change": formats.signed(share, "percent")}
    yield verdict(row)
    yield _("An association, no proof: other things changed as well.")


def verdict(row: Row) -> str:
    """What may be said of a difference, from its interval."""
    if row.low is None or row.high is None:
        return _("No interval is known for such a number, so chance cannot be told from change.")
    if row.low <= 0 <= row.high:
        return _("Not distinguishable from no change.")
    return _("More than chance alone would explain.")


# --- intervals -------------------------------------------------------------------------------------------------------


def interval(base: Kpi, sides: Sides) -> intervals.Bounds | None:
    """The 95 % interval of the difference: Newcombe's of shares, exact Poisson of counts, drawn records of means, order statistics
    of medians; None of what none of them fits, such as sums of money."""
    before, after = sides.before, sides.after
    if before is None or after is None or before.value is None or after.value is None:
        return None
    if base.kind == "percentile":
        ends = [intervals.of_median(values) for values in (sides.values_before, sides.values_after)]
    elif base.kind == "additive" and base.unit == "count":
        ends = [intervals.of_count(int(row.value or 0)) for row in (before, after)]
    elif before.low is not None and after.low is not None:
        ends = [(row.low or 0.0, row.high or 0.0) for row in (before, after)]
    else:
        return _of_means(before, after, sides)
    if ends[0] is None or ends[1] is None:
        return None
    return intervals.of_difference(before.value, after.value, ends[0], ends[1])


def _of_means(before: Row, after: Row, sides: Sides) -> intervals.Bounds | None:
    """Only where the value is the mean of exactly these records."""
    for row, values in ((before, sides.values_before), (after, sides.values_after)):
        if not values or row.value is None or abs(sum(values) / len(values) - row.value) > 1e-6 * max(1.0, abs(row.value)):
            return None
    return intervals.of_means(sides.values_before, sides.values_after)


def values_behind(base: Kpi, wanted: Sequence[Period], question: Question) -> Mapping[Span, Values]:
    """(start, end) -> member -> the values whose mean or median the number is; nothing where it is neither."""
    term = base.terms.get("numerator")
    ref = term.refs[0] if term is not None and len(term.refs) == 1 else None
    if not wanted or ref is None or term is None or not _is_mean(base, ref):
        return {}
    try:
        cut = question.cut(ref, term)
    except LookupError:
        return {}
    return values_of(ref.source, ref.measure, {(one.start, one.end) for one in wanted}, cut) if cut else {}  # type: ignore[arg-type]


def _is_mean(base: Kpi, ref: Ref) -> bool:
    if not isinstance(ref.source, DailySource) or ref.source.measure(ref.measure).value is None:
        return False
    below: Term | None = base.terms.get("denominator")
    if base.reads_values or below is None:
        return base.reads_values
    measures = [one.source.measure(one.measure) for one in below.refs]
    return len(measures) == 1 and measures[0].value is None and below.refs[0].source is ref.source


# --- declaration -----------------------------------------------------------------------------------------------------


def legs(kpi: About, period: Period, asked: Asked) -> dict[str, Leg]:
    """The records after and before."""
    one = windows_for(period, asked.question)
    if isinstance(one, str):
        return {}
    return {"numerator": Leg("numerator", one.after, kpi.metric), "denominator": Leg("numerator", one.before, kpi.metric)}


add_kpi(
    About(
        "crm_lift",
        {
            "en": "Before/after CRM comparison",
            "fr": "Comparaison avant/après le CRM",
            "es": "Comparación antes/después del CRM",
        },
        gettext_lazy("How a number differs between the months before the CRM came into use and the months after."),
        gettext_lazy("value after − value before"),
        gettext_lazy(
            "the number's own date; as many whole months, six to twelve, before the day since which the CRM has been in use and after the "
            "months of settling in, as of the period's end"
        ),
        area="comparison",
        unit="ratio",
        direction="neutral",
        kind="ratio",
        terms={},
        dimensions=("owner", "team"),
        answer=lift,
        legs=legs,
        parts={"numerator": (gettext_lazy("After"), ""), "denominator": (gettext_lazy("Before"), "")},
        follows=True,
        also=(golive.STREAM,),
        left_out_note=gettext_lazy(
            "An association, no proof: the CRM was not the only thing that changed. Shares differ by points. The interval is Newcombe's for "
            "shares, exact Poisson for counts, of 10,000 draws of the records for means, of order statistics for medians; sums of money have "
            "none."
        ),
        order=10,
    )
)
