"""The three surveys."""

from __future__ import annotations

from dataclasses import dataclass

from crm import events
from crm.sample.context import Sample

from ..choices import Kind, Trigger
from ..models import QuestionVersion, Survey
from ..services import create_survey


@dataclass
class Asking:
    """A survey, its question, and how customers take it: the share that answers and how content they are."""

    survey: Survey
    version: QuestionVersion
    answers: float
    content: float


def fill(sample: Sample) -> list[Asking]:
    """Relationship NPS each half year, effort after the start, satisfaction after each solved ticket."""
    owner = sample.users.get("marketer")
    plans = (
        (Survey(name="Would you recommend us?", kind=Kind.NPS, trigger=Trigger.MANUAL, reminder_days=7), 0.27, 0.66),
        (Survey(name="Getting started", kind=Kind.CES, trigger=Trigger.DAYS_AFTER_START, days_after=30), 0.33, 0.5),
        (Survey(name="How was our help?", kind=Kind.CSAT, trigger=Trigger.TICKET_SOLVED, delay_hours=24), 0.36, 0.56),
    )
    found = []
    for survey, answers, content in plans:
        survey.active, survey.owner, survey.sender_name = True, owner, "Sextant"
        survey.team = owner.team if owner else None
        with events.acting(owner, events.Origin.PAGE):
            create_survey(survey)
        version = survey.version
        assert version is not None
        Survey.objects.filter(pk=survey.pk).update(created_at=sample.moment(sample.start))
        QuestionVersion.objects.filter(pk=version.pk).update(valid_from=sample.moment(sample.start))
        found.append(Asking(survey, version, answers, content))
    return found
