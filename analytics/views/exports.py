"""CSV of every block of a KPI's page: its course, its split, its records."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import get_language, override
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from crm.columns import Column
from crm.exports import rows_response

from .. import formats, reading
from ..question import Question
from ..registry import Kpi
from .common import kpi_or_404, reader_only
from .records import open_part, unit_of

STEP = 1000  # records read at once


@require_safe
@reader_only
def export(request: HttpRequest, key: str, block: str) -> HttpResponse:
    """The block with the same period, filters and split as on the page; full precision, money in major units."""
    kpi = kpi_or_404(request, key)
    make = BLOCKS.get(block)
    if make is None:
        raise Http404
    rows, columns = make(request, kpi, Question.read(request, kpi))
    lines = ([column.value(row) for column in columns] for row in rows)
    return rows_response(lines, [str(column.label) for column in columns], f"{kpi.key}-{block}")


def _value_columns(kpi: Kpi, parts: reading.Parts, currency: str) -> list[Column]:
    """Value, its parts, n and interval of a row."""
    unit = f" ({currency})" if kpi.unit == "money" else " (%)" if kpi.unit == "percent" else " (s)" if kpi.unit == "days" else ""

    spread = {"median": _("Median"), "mean": _("Mean"), "p90": _("90th percentile")}

    def plain(name: str, of: str) -> Callable[[Any], Any]:
        return lambda row: formats.plain(getattr(row, name), of, currency)

    return [
        Column("value", f"{kpi.name}{unit}", plain("value", kpi.unit), "number"),
        Column("numerator", parts.numerator, plain("numerator", parts.units["numerator"]), "number"),
        Column("denominator", parts.denominator, plain("denominator", parts.units["denominator"]), "number"),
        *([Column(name, label, plain(name, kpi.unit), "number") for name, label in spread.items()] if kpi.reads_values else []),
        Column("n", _("n"), lambda row: row.n, "number"),
        Column("low", _("From (80 %)") if parts.confidence == 80 else _("From (95 %)"), plain("low", kpi.unit), "number"),
        Column("high", _("To (80 %)") if parts.confidence == 80 else _("To (95 %)"), plain("high", kpi.unit), "number"),
        Column("status", _("Status"), lambda row: row.status),
    ]


def _series(request: HttpRequest, kpi: Kpi, question: Question) -> tuple[Iterable[Any], list[Column]]:
    found = reading.read([kpi], question, units=question.units())[kpi.key]
    columns = [
        Column("start", _("First day"), lambda row: row.period.start, "date"),
        Column("end", _("Last day"), lambda row: row.period.last_day, "date"),
        *_value_columns(kpi, reading.parts_of(kpi), reading.currency()),
    ]
    return [row for row in found.series if row is not None], columns


def _split(request: HttpRequest, kpi: Kpi, question: Question) -> tuple[Iterable[Any], list[Column]]:
    if not question.by:
        raise Http404
    found = reading.split(kpi, question, reading.parts_of(kpi), most=None)
    rows = [row for row in found.rows if not reading.is_hidden(kpi, row)]
    columns = [
        Column("member", str(found.label), reading.member_label),
        *_value_columns(kpi, reading.parts_of(kpi), reading.currency()),
    ]
    return rows, columns


def _records(request: HttpRequest, kpi: Kpi, question: Question) -> tuple[Iterable[Any], list[Column]]:
    found = open_part(kpi, question, request.GET.get("part", ""))
    if found is None:
        raise Http404
    unit, money = unit_of(found, reading.parts_of(kpi)), reading.currency()

    language = get_language()

    def items() -> Iterator[Any]:
        """Read while the response streams, when the request's language is no longer set."""
        for start in range(0, found.count, STEP):
            with override(language):
                page = found.page(request.user, start, STEP)
            yield from page

    def value(item: Any) -> Any:
        return None if item.value is None else formats.plain(item.value / found.term.per, unit, item.currency or money)

    columns = [
        Column("label", _("Record"), lambda item: item.label),
        Column("detail", _("Detail"), lambda item: item.detail),
        Column("when", _("Date"), lambda item: item.when, "date"),
        Column("value", _("Value"), value, "number"),
    ]
    if unit == "money":
        columns.append(Column("currency", _("Currency"), lambda item: item.currency or money))
    return items(), columns


BLOCKS = {"series": _series, "split": _split, "records": _records}
