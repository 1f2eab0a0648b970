"""A formula as a number: it is asked, split, filtered and opened like any other, and counts for each reader what the numbers in it
count for that reader."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from typing import Any

from django.utils.translation import gettext as _

from crm.periods import Period

from ..engine import Asked, Row
from ..models import OwnNumber
from ..registry import EMPTY, UNKNOWN, About, Kpi, Leg, find, finders
from .grammar import Binary, Call, FormulaError, Minus, Node, Number, Ref, parse, refs_of
from .units import Type, type_of

PREFIX = "own_"
DEEPEST = 5  # own numbers in own numbers
MOST_ASKED = 30  # numbers that one formula asks, those of the formulas in it too
LARGEST = 10**17  # a value beyond it is none: nothing that is counted or billed is so large
DAY = dt.timedelta(days=1)

#: value, or None with the reason
Found = tuple[float | int | None, str]


@dataclass(frozen=True)
class Composed(About):
    """A number made of others by a formula: `tree`, with the numbers it names in order."""

    tree: Any = None
    refs: tuple[Ref, ...] = ()
    bases: tuple[Kpi, ...] = ()

    @property
    def asks_whole(self) -> bool:
        return False

    def of(self, metric: str = "") -> Composed:
        """It is about the numbers in it, whatever is asked."""
        return self

    @property
    def streams(self) -> set[str]:
        return {stream for base in self.bases for stream in base.streams}

    @property
    def named(self) -> list[tuple[str, Ref, Kpi]]:
        """The parts that can be opened, one for each number in the formula. The first two are called as all numbers' parts are."""
        names = ["numerator", "denominator", *(f"part{number}" for number in range(3, len(self.refs) + 1))]
        return list(zip(names, self.refs, self.bases, strict=False))


# --- from the record -------------------------------------------------------------------------------------------------


def key_of(own: OwnNumber) -> str:
    return f"{PREFIX}{own.pk}"


#: Own numbers that were read since the outermost question about one began: a formula that names another twice reads it once.
_read: ContextVar[dict[str, Kpi | None] | None] = ContextVar("own numbers read", default=None)


@contextmanager
def each_read_once() -> Iterator[dict[str, Kpi | None]]:
    known = _read.get()
    if known is not None:
        yield known
        return
    found: dict[str, Kpi | None] = {}
    token = _read.set(found)
    try:
        yield found
    finally:
        _read.reset(token)


def lookup(key: str) -> Kpi | None:
    """The own number of this key; None where there is none, or none that still makes sense."""
    with each_read_once() as known:
        if key not in known:
            known[key] = _stored(key)
        return known[key]


def _stored(key: str) -> Kpi | None:
    pk = key.removeprefix(PREFIX)
    if not key.startswith(PREFIX) or not pk.isascii() or not pk.isdigit() or len(pk) > 18:
        return None
    own = OwnNumber.objects.filter(pk=int(pk)).first()
    if own is None:
        return None
    try:
        return kpi_of(own)
    except FormulaError:  # a number in it is gone
        return None


finders.append(lookup)


def kpi_of(own: OwnNumber) -> Composed:
    """The number that a record stands for. Raises FormulaError for a formula that does not fit any more."""
    tree, kind = checked(own.formula, own.pk)
    refs = tuple(refs_of(tree))
    bases = tuple(find(ref.key) for ref in refs)
    names = {"en": own.name, "fr": own.name_fr or own.name, "es": own.name_es or own.name}
    found = Composed(
        key=key_of(own),
        names=names,
        definition=own.definition or own.formula,
        formula=own.formula,
        dated=_("the deciding dates of the numbers in it"),
        area="own",
        unit=own.unit,  # type: ignore[arg-type]
        direction=own.direction,  # type: ignore[arg-type]
        kind=kind,  # type: ignore[arg-type]
        terms={},
        dimensions=tuple(name for name in bases[0].dimensions if all(name in base.dimensions for base in bases)),
        minimum_sample=own.minimum_sample,
        version=own.version,
        answer=answer,
        legs=legs,
        metric=refs[0].key,
        own=True,
        is_bound=True,
        tree=tree,
        refs=refs,
        bases=bases,
    )
    return replace(found, parts={part: (_part_name(ref, base), _part_unit(base)) for part, ref, base in found.named})


def checked(formula: str, pk: int | None = None) -> tuple[Node, str]:
    """Tree and kind of a formula whose units fit. Raises FormulaError. `pk`: the record's own, which may not be in it."""
    tree = parse(formula)
    refs = refs_of(tree)
    if not refs:
        raise FormulaError(_("A formula names at least one number."), 0)
    with each_read_once():
        kind = type_of(tree, lambda ref: _type_of_ref(ref, pk)).kind
        asked = sum(weight(find(ref.key)) for ref in refs)
    if asked > MOST_ASKED:
        raise FormulaError(
            _("A formula asks for %(n)s numbers at most, with those in the formulas it names.") % {"n": MOST_ASKED}, 0
        )
    return tree, kind


def unit_of(formula: str, pk: int | None = None) -> str:
    """The unit that comes out."""
    with each_read_once():
        return type_of(parse(formula), lambda ref: _type_of_ref(ref, pk)).unit


def _type_of_ref(ref: Ref, pk: int | None) -> Type:
    kpi = base_of(ref, pk)
    for name, _member in ref.filters:
        if name not in kpi.dimensions:
            words = {"name": kpi.name, "dimension": name, "known": ", ".join(kpi.dimensions) or "–"}
            raise FormulaError(_("%(name)s cannot be cut by “%(dimension)s”. It can by: %(known)s.") % words, ref.at)
    if ref.moment == "start" and kpi.kind != "stock":
        raise FormulaError(
            _("Only what stands at an end stands at a start, too: %(name)s does not.") % {"name": kpi.name}, ref.at
        )
    kind = kpi.kind if kpi.kind in ("additive", "stock") else "ratio"
    return Type(kpi.unit, "ratio" if ref.moment else kind)


def base_of(ref: Ref, pk: int | None = None) -> Kpi:
    """The number that a formula names. Raises FormulaError for none, for one about another number, and for itself by any way round."""
    try:
        kpi = find(ref.key)
    except KeyError:
        raise FormulaError(_("There is no number “%(key)s”.") % {"key": ref.key}, ref.at) from None
    if isinstance(kpi, About) and not isinstance(kpi, Composed):
        raise FormulaError(_("%(name)s is about another number; name that one.") % {"name": kpi.name}, ref.at)
    if isinstance(kpi, Composed) and (depth(kpi, pk) >= DEEPEST):
        raise FormulaError(_("%(name)s leads back here, or through too many other formulas.") % {"name": kpi.name}, ref.at)
    return kpi


def depth(kpi: Kpi, pk: int | None) -> int:
    """Through how many formulas a number goes; too many where it goes through the record `pk`."""
    if not isinstance(kpi, Composed):
        return 0
    if pk is not None and kpi.key == f"{PREFIX}{pk}":
        return DEEPEST
    return 1 + max(depth(base, pk) for base in kpi.bases)


def weight(kpi: Kpi) -> int:
    """How many declared numbers are asked for it."""
    return sum(map(weight, kpi.bases)) if isinstance(kpi, Composed) else 1


def _part_name(ref: Ref, base: Kpi) -> str:
    return base.name if str(ref) == ref.key else f"{base.name} ({str(ref).removeprefix(ref.key)})"


def _part_unit(base: Kpi) -> str:
    from ..reading import parts_of

    return parts_of(base).units["numerator"]


# --- answering -------------------------------------------------------------------------------------------------------


def span_of(ref: Ref, period: Period) -> Period:
    """The days that a number in a formula is asked for."""
    if ref.moment == "start":
        return Period(period.start - DAY, period.start)
    if ref.moment == "prev":
        return period.previous()
    if ref.moment == "last_year":
        return period.year_before()
    return Period(period.end - ref.days * DAY, period.end) if ref.moment == "trailing" else period


def cut_of(ref: Ref, filters: Mapping[str, Any]) -> dict[str, Any] | None:
    """The reader's filters and the formula's; None where both cannot hold."""
    found = dict(filters)
    for name, member in ref.filters:
        asked = found.setdefault(name, member)
        if asked != member and member not in (asked if isinstance(asked, tuple) else ()):
            return None
        found[name] = member
    return found


def answer(kpi: Composed, spans: Sequence[Period], asked: Asked) -> list[Row]:
    """The rows of the formula: each number in it is asked once, for all periods and times."""
    wanted: dict[tuple, list[Ref]] = defaultdict(list)
    for ref in kpi.refs:
        wanted[ref.key, ref.filters].append(ref)
    found: dict[tuple, dict[tuple[dt.date, dt.date], dict[str, Row]]] = {}
    for (key, _filters), group in wanted.items():
        cut = cut_of(group[0], asked.question.filters)
        days = [span_of(ref, span) for ref in group for span in spans]
        rows = asked.rows(key, days, filters=cut) if cut is not None else {}
        found |= {ref.same: rows for ref in group}
    return [row for span in spans for row in _rows(kpi, span, asked.question.by or "", found)]


def _rows(kpi: Composed, span: Period, by: str, found: Mapping[tuple, Any]) -> list[Row]:
    held: dict[tuple, dict[str, Row]] = {}
    for ref in kpi.refs:
        days = span_of(ref, span)
        held[ref.same] = found[ref.same].get((days.start, days.end), {})
    members = sorted({member for rows in held.values() for member in rows}) if by else [""]
    return [_row(kpi, span, by, member, {same: rows.get(member) for same, rows in held.items()}) for member in members]


def _row(kpi: Composed, span: Period, by: str, member: str, held: Mapping[tuple, Row | None]) -> Row:
    row = Row(kpi, span, by, member)
    additive = {ref.same for ref, base in zip(kpi.refs, kpi.bases, strict=True) if base.kind == "additive"}
    row.value, row.reason = valued(kpi.tree, lambda ref: _value(held[ref.same], ref.same in additive))
    if row.value is not None and not abs(row.value) <= LARGEST:  # not a number is not smaller, either
        row.value, row.reason = None, UNKNOWN
    if row.value is not None and kpi.unit in ("count", "money") and kpi.kind in ("additive", "stock"):
        row.value = round(row.value)
    rows = [one for one in held.values() if one is not None]
    row.n = sample(kpi.tree, held) or 0
    row.pending = max((one.pending for one in rows), default=0)
    row.unconverted = max((one.unconverted for one in rows), default=0)
    for part, ref, _base in kpi.named:
        found = held[ref.same]
        row.parts[part] = (found.parts.get("numerator") or 0) if found is not None else 0
    row.numerator, row.denominator = row.parts.get("numerator"), row.parts.get("denominator")
    return row


def _value(row: Row | None, is_additive: bool) -> Found:
    """Of a member for whom nothing counted there is no row: then a sum is 0, and everything else is not known."""
    if row is None:
        return (0, "") if is_additive else (None, EMPTY)
    return (row.value, "") if row.value is not None else (None, row.reason or UNKNOWN)


def valued(node: Node, value: Callable[[Ref], Found]) -> Found:
    """What the tree comes to. Nothing is divided by 0, and what is not known makes the whole not known, unless the formula takes it
    for 0."""
    if isinstance(node, Number):
        return node.value, ""
    if isinstance(node, Ref):
        return value(node)
    parts = [valued(one, value) for one in node.below]
    if isinstance(node, Call) and node.name == "coalesce0":
        return parts[0][0] or 0, ""
    for one, reason in parts:
        if one is None:
            return None, reason
    numbers: list[Any] = [one for one, _reason in parts]
    if isinstance(node, Minus):
        return -numbers[0], ""
    if isinstance(node, Call):
        return abs(numbers[0]) if node.name == "abs" else min(numbers) if node.name == "min" else max(numbers), ""
    assert isinstance(node, Binary)
    left, right = numbers
    if node.sign == "/":
        return (left / right, "") if right else (None, EMPTY)
    return {"+": left + right, "-": left - right, "*": left * right}[node.sign], ""


def sample(node: Node, held: Mapping[tuple, Row | None]) -> int | None:
    """On how many records a formula rests: a quotient on those below, all else on the fewest of its parts. None for constants."""
    if isinstance(node, Ref):
        row = held[node.same]
        return row.n if row is not None else 0
    found = [one for one in (sample(part, held) for part in node.below) if one is not None]
    if isinstance(node, Binary) and node.sign == "/":
        return found[-1] if found else None
    return min(found, default=None)


def legs(kpi: Composed, period: Period, asked: Asked) -> dict[str, Leg]:
    """The records behind each number in the formula."""
    found = {}
    for part, ref, _base in kpi.named:
        cut = cut_of(ref, asked.question.filters)
        if cut is not None:
            found[part] = Leg("numerator", span_of(ref, period), ref.key, cut)
    return found
