"""A KPI's page: the value and how it was made, its course, its splits, and the records behind it."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from crm.access import may
from crm.http import is_fragment, render_page

from .. import formats, outlook, reading
from ..ages import age_bands
from ..forms import kpi_choices
from ..question import Question
from ..registry import About
from ..sources import dimensions
from .common import computed, kpi_or_404, reader_only
from .opening import ways
from .records import open_part, records, records_context, tabs


@require_safe
@reader_only
def page(request: HttpRequest, key: str) -> HttpResponse:
    """Everything about one number. htmx gets the part below the period bar, or the records alone when it pages through them."""
    if is_fragment(request) and request.htmx.target == "records":  # type: ignore[attr-defined]
        return records(request, key)
    kpi = kpi_or_404(request, key)
    question = Question.read(request, kpi)
    parts = reading.parts_of(kpi)
    stock = open_part(kpi, question, "numerator") if kpi.ages else None
    units = question.units()
    found = reading.read([kpi], question, units=units)[key]
    seen = outlook.look(found.kpi, question, units)
    links = {one["part"].partition(":")[0]: one["url"] + "#records" for one in tabs(kpi, question, "")}
    context = {
        "kpi": kpi,
        "question": question,
        "bar": question.bar,
        "reading": found,
        "computed": computed([found.now.computed_at]),
        "head": reading.headline(found, question, parts),
        "parts": parts,
        "chart": reading.chart(found, question, parts, seen),
        "outlook": seen,
        "movements": seen.movements(question),
        "table": reading.table(found, question, parts),
        "ages": age_bands(kpi.ages, stock) if kpi.ages and stock else None,
        "split": reading.split(kpi, question, parts) if question.by else None,
        "metrics": kpi_choices() if isinstance(kpi, About) and not kpi.own else [],
        "may_aim": kpi.may_be_aimed_at and may(request.user, "target", "add"),
        "dimensions": [(dimensions[one], question.encoded(by=one)) for one in kpi.dimensions],
        "links": links,
        "ways": ways(found.kpi, found.now, question, links),
        "summed": not kpi.derives,
        "left_out": [
            (text, formats.number(count), question.encoded(part=f"left_out:{measure}") + "#records")
            for text, count, measure in found.now.left_out
        ],
        **records_context(request, kpi, question, parts),
    }
    return render_page(request, "analytics/kpi.html", "analytics/_kpi.html", context)
