"""The manager's pages, and the CSV of their blocks that no single KPI has."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from crm.exports import rows_response
from crm.http import render_page

from .. import before_after, board_reading, triangles
from ..boards import BeforeAfter, Board, Course, Split, Triangle, boards
from ..question import Question
from ..sources import dimensions
from .common import computed, reader_only


def board_or_404(key: str) -> Board:
    found = boards.get(key)
    if found is None or not found.shown():
        raise Http404
    return found


@require_safe
@reader_only
def board(request: HttpRequest, key: str) -> HttpResponse:
    """One subject: its numbers, and what explains them. Period, comparison, filters and split are in the address."""
    shown = board_or_404(key)
    cuts = shown.dimensions()
    question = Question.of_many(request, cuts)
    cards = board_reading.cards(shown, question)
    context = {
        "board": shown,
        "question": question,
        "bar": question.bar,
        "cards": cards,
        "computed": computed(card.computed_at for _kpi, card in cards),
        "panels": list(board_reading.panels(shown, question)),
        "dimensions": [(dimensions[one], question.encoded(by=one)) for one in cuts if one not in question.chosen],
    }
    return render_page(request, "analytics/board.html", "analytics/_board.html", context)


@require_safe
@reader_only
def board_export(request: HttpRequest, key: str, block: str) -> HttpResponse:
    """A bridge, steps, a comparison or a triangle as on the page; full precision, money in major units."""
    shown = board_or_404(key)
    found = next((one for one in shown.parts() if not isinstance(one, Course | Split) and one.name == block), None)
    if found is None:
        raise Http404
    question = Question.of_many(request, shown.dimensions())
    if isinstance(found, BeforeAfter):
        return rows_response(*before_after.exported(found, question), f"{key}-{block}")
    if isinstance(found, Triangle):
        head, *lines = triangles.table(found, question)
        return rows_response(lines, [str(name) for name in head], f"{key}-{block}")
    rows = [[rung.label, rung.plain] for rung in board_reading.rungs(found, question)]
    return rows_response(rows, [str(found.title), question.bar.span], f"{key}-{block}")
