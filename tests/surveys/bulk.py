"""Many answers and invitations at once, for the tests of numbers: written straight into the tables, with what follows from them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any

from django.utils import timezone

from crm.periods import local_day
from surveys import marks
from surveys.answers import derive
from surveys.models import Invitation, Response, Survey
from tests.factories import utc

MAY_4 = utc("2026-05-04 09:00")


def answers(survey: Survey, scores: Mapping[int, int] | Iterable[int], at: dt.datetime = MAY_4, **fields: Any) -> list[Response]:
    """Confirmed answers: {score: how many}, or the scores one by one."""
    if isinstance(scores, Mapping):
        scores = [score for score, count in scores.items() for _number in range(count)]
    version = survey.version
    rows = []
    for score in scores:
        row = Response(survey=survey, version=version, score=score, responded_at=at, responded_day=local_day(at), **fields)
        derive(row)
        rows.append(row)
    Response.objects.bulk_create(rows)
    marks.mark(rows)
    return rows


def invitations(survey: Survey, count: int, at: dt.datetime = MAY_4, **fields: Any) -> list[Invitation]:
    """Delivered invitations."""
    before = Invitation.objects.count()
    values = {"state": "sent", "sent_at": at, "delivered_at": at, "delivered_day": local_day(at), "planned_at": at, **fields}
    values |= {"version": survey.version, "trigger": "manual", "planned_day": local_day(at), "send_after": timezone.now()}
    rows = [Invitation(survey=survey, cause=f"bulk:{before + number}", **values) for number in range(count)]
    Invitation.objects.bulk_create(rows)
    marks.mark(rows)
    return rows


def answered(rows: Iterable[Invitation], at: dt.datetime, score: int = 9, **fields: Any) -> None:
    """Answers to these invitations."""
    for row in rows:
        found = Response(invitation=row, survey=row.survey, version=row.version, score=score, responded_at=at, **fields)
        found.responded_day = local_day(at)
        derive(found)
        found.save()
        marks.mark([found])
