"""Drawing answers: {% load surveys %}."""

from __future__ import annotations

from typing import Any

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from ..choices import GOOD_BANDS, LOW_BANDS, Band
from ..models import QuestionVersion, Response
from ..results import Asked

register = template.Library()


@register.simple_tag
def score_badge(response: Response) -> SafeString:
    """The score with its scale's end and its band in words: the tone alone says nothing."""
    tone = "danger" if response.band in LOW_BANDS else "success" if response.band in GOOD_BANDS else "neutral"
    label = Band(response.band).label
    return format_html(
        '<span class="badge tone-{} score-badge"><strong>{}</strong><span>{}</span></span>', tone, response.score, label
    )


@register.filter
def question(version: QuestionVersion) -> str:
    """The question in the reader's language."""
    return version.text("question")


@register.filter
def list_of(asked: Asked, name: str) -> Any:
    """The list of what a page of results is about."""
    return asked.url(name)
