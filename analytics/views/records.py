"""The records behind a number: exactly those that were counted, with the count and total that the number shows."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from crm.http import render_page, whole_number

from .. import formats, reading
from ..drill import Drill, Item, drill, parts_for, parts_of
from ..question import Question
from ..registry import Kpi
from .common import kpi_or_404, reader_only

PER_PAGE = 25


@dataclass
class RecordPage:
    """One page of a part's records, as {% pager %} wants it."""

    rows: list[Any]
    number: int
    count: int
    per_page: int = PER_PAGE
    capped: bool = False

    @property
    def has_next(self) -> bool:
        return self.number * self.per_page < self.count

    @property
    def first(self) -> int:
        return (self.number - 1) * self.per_page + 1 if self.rows else 0

    @property
    def last(self) -> int:
        return (self.number - 1) * self.per_page + len(self.rows)


@require_safe
@reader_only
def records(request: HttpRequest, key: str) -> HttpResponse:
    """The list on its own page; htmx gets the list, for tabs and paging."""
    kpi = kpi_or_404(request, key)
    question = Question.read(request, kpi)
    context = {"kpi": kpi, "question": question, "bar": question.bar}
    context.update(records_context(request, kpi, question, reading.parts_of(kpi)))
    return render_page(request, "analytics/records.html", "analytics/_records.html", context)


def records_context(request: HttpRequest, kpi: Kpi, question: Question, parts: reading.Parts) -> dict[str, Any]:
    """What the list of records needs: the part asked for, its page, count and total, and the other parts as tabs.

    An unknown part is the numerator; a page beyond the end is the last one. No drill where the KPI cannot be cut as asked.
    """
    found = open_part(kpi, question, request.GET.get("part", ""))
    context: dict[str, Any] = {"drill": found, "records_tabs": tabs(kpi, question, found.part if found else "")}
    if found is None:
        return context
    last = max(1, -(-found.count // PER_PAGE))
    number = min(max(1, whole_number(request.GET.get("page")) or 1), last)
    rows = found.page(request.user, (number - 1) * PER_PAGE, PER_PAGE)
    return {
        **context,
        "page": RecordPage([_shown(found, item) for item in rows], number, found.count),
        "records_total": total_words(found, parts),
        "records_unit": unit_of(found, parts),
        "records_valued": found.is_sum,
        "records_detailed": any(item.detail for item in rows),
        "records_query": question.encoded(part=found.part),
        "hidden_words": hidden_words(found, request.user),
    }


def open_part(kpi: Kpi, question: Question, part: str) -> Drill | None:
    """The records of the part, or of the numerator where there is no such part."""
    known = parts_of(kpi)
    try:
        return drill(
            kpi.key,
            question.span_of(kpi),
            scope=question.scope,
            filters=question.chosen,
            part=part if part in known else "numerator",
        )
    except LookupError:
        return None


def _shown(found: Drill, item: Item) -> Item:
    """The item with its value in the unit of the part (amount × percent becomes amount)."""
    if item.value is None or found.term.per == 1:
        return item
    return replace(item, value=item.value / found.term.per)


def tabs(kpi: Kpi, question: Question, current: str) -> list[dict]:
    """The parts that can be opened: numerator, denominator, what is not decided yet, what was left out."""
    names: dict[str, Any] = {"pending": _("Not decided yet"), "n": _("Records (n)")}
    names |= {f"left_out:{ref.measure}": text for text, ref in kpi.excluded}
    return [
        {
            "part": part,
            "label": names.get(part) or reading.part_name(kpi, part),
            "url": question.encoded(part=part),
            "current": part == current,
        }
        for part in parts_for(kpi, question.scope)
    ]


def unit_of(found: Drill, parts: reading.Parts) -> str:
    """What the rows' values are: the part's unit; what is left out or pending has none."""
    return parts.units.get(found.part, "count")


def total_words(found: Drill, parts: reading.Parts) -> str:
    """ "42 records, €1,200 in all" """
    count = ngettext("%(n)s record", "%(n)s records", found.count) % {"n": formats.number(found.count)}
    unit = unit_of(found, parts)
    if found.total is None or (unit == "count" and found.total == found.count):
        return count
    return _("%(count)s, %(total)s in all") % {"count": count, "total": formats.exact(found.total, unit, reading.currency())}


def hidden_words(found: Drill, user: Any) -> str:
    """ "37 of 42 records visible to you", where they differ (kpis.md G12)."""
    visible = found.visible(user)
    if visible >= found.count:
        return ""
    numbers = {"visible": formats.number(visible), "count": formats.number(found.count)}
    return _("%(visible)s of %(count)s records visible to you") % numbers
