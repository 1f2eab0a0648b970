"""The overview (cards by area), one card as a fragment, and the index of all numbers."""

from __future__ import annotations

from collections.abc import Iterable

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_safe

from crm.access import may
from crm.http import is_fragment

from .. import reading
from ..areas import by_area
from ..question import SHOWN, Question, mix
from ..registry import About, Kpi, kpis
from .common import computed, kpi_or_404, reader_only

CARDS = 4  # of an area, one row at a desk; the others are a click away


@require_safe
@reader_only
def overview(request: HttpRequest) -> HttpResponse:
    """The first cards of each area in one evaluation: the daily sums are read once for all KPIs, which is less work than a request
    for each. A card that is being recomputed asks for itself again (see `card`).
    """
    question = Question.read(request)
    groups = list(by_area(kpi for kpi in kpis if not mix(kpi)))
    found = reading.read([kpi for *_area, group in groups for kpi in group[:CARDS]], question, units=question.units()[-SHOWN:])
    areas = [
        (area, name, [(kpi, reading.card(found[kpi.key], question)) for kpi in group[:CARDS]], len(group) > CARDS)
        for area, name, group in groups
    ]
    context = {
        "question": question,
        "bar": question.bar,
        "areas": areas,
        "computed": computed(one.now.computed_at for one in found.values()),
        "blank": is_blank(found.values()),
        "may_import": may(request.user, "import", "run"),
    }
    response = render(request, "analytics/overview.html", context)
    patch_vary_headers(response, ["HX-Request"])
    return response


def is_blank(readings: Iterable[reading.Reading]) -> bool:
    """Whether nothing but the use of Sextant itself has been recorded in all the periods shown."""
    told = (one for one in readings if one.kpi.area != "adoption" and not isinstance(one.kpi, About))
    return not any(row is not None and row.n for one in told for row in (one.now, *one.series))


@require_safe
@reader_only
def card(request: HttpRequest, key: str) -> HttpResponse:
    """One card, for the overview and for whoever wants to show it elsewhere."""
    kpi = kpi_or_404(request, key)
    question = Question.read(request, kpi if isinstance(kpi, About) else None)
    found = reading.read([kpi], question, units=question.units()[-SHOWN:])
    context = {"question": question, "kpi": kpi, "card": reading.card(found[key], question)}
    return render(request, "analytics/_card.html", context)


@require_safe
@reader_only
def numbers(request: HttpRequest) -> HttpResponse:
    """All KPIs by area, with their definitions; ?q= finds by name, key and definition."""
    question = Question.read(request)
    wanted = request.GET.get("q", "").strip()[:100]
    shown = [kpi for kpi in kpis if matches(kpi, wanted)]
    found = reading.read(shown, question) if shown else {}

    def entry(kpi: Kpi) -> tuple:
        return kpi, reading.card(found[kpi.key], question)

    areas = [(area, name, [entry(kpi) for kpi in group]) for area, name, group in by_area(shown)]
    context = {
        "question": question,
        "bar": question.bar,
        "areas": areas,
        "wanted": wanted,
        "count": len(shown),
        "computed": computed(one.now.computed_at for one in found.values()),
    }
    template = "analytics/_numbers.html" if is_fragment(request) else "analytics/numbers.html"
    response = render(request, template, context)
    patch_vary_headers(response, ["HX-Request"])
    return response


def matches(kpi: Kpi, wanted: str) -> bool:
    """Whether all words typed are in the KPI's names, key or definition."""
    text = " ".join([*kpi.names.values(), kpi.key.replace("_", " "), str(kpi.definition)]).casefold()
    return all(word in text for word in wanted.casefold().split())
