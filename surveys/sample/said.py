"""What customers answered: scores around how content their company is, comments, changed minds, machines, and follow-ups."""

from __future__ import annotations

import datetime as dt

from contacts.models import Company, Task
from crm.events import Origin
from crm.sample.context import Sample

from ..answers import derive
from ..choices import GOOD_BANDS, LOW_BANDS, InvitationState, Kind, ResponseState, Suspicion
from ..links import subject_model
from ..models import ATTRIBUTES, Invitation, Response, ResponseEdit
from .asked import Asked
from .words import comments


def fill(sample: Sample, asked: list[Asked]) -> None:
    """Answers in bulk with their events; what numbers need follows from score and scale."""
    moods: dict[int, float] = {}
    answers: list[Response] = []
    for one in asked:
        if one.answers:
            answers.append(_answer(sample, one, moods))
    answers = [answer for answer in answers if answer.responded_at < sample.now]
    _judge(sample, answers)
    Response.objects.bulk_create(answers, batch_size=500)
    real = [answer for answer in answers if answer.state == ResponseState.CONFIRMED]
    _settle(real)
    _change_some(sample, real)
    _follow_up(sample, real)
    for answer in answers:
        kind = "response.received" if answer.state == ResponseState.CONFIRMED else "response.quarantined"
        new = {"score": answer.score, "band": str(answer.band), "comment": answer.comment, "survey": answer.survey.name}
        sample.event(kind, answer, answer.responded_at, None, new=new, links=_links(answer))


def _links(answer: Response) -> list:
    model = subject_model(answer.subject_type) if answer.subject_id else None
    return [answer.person, answer.company, model(pk=answer.subject_id) if model else None]


def _answer(sample: Sample, one: Asked, moods: dict[int, float]) -> Response:
    invitation, version = one.invitation, one.asking.version
    answer = Response(invitation=invitation, survey=one.asking.survey, version=version, person=invitation.person)
    for name in ATTRIBUTES:
        setattr(answer, name, getattr(invitation, name))
    delivered = invitation.delivered_at
    assert delivered is not None
    answer.responded_at = delivered + dt.timedelta(hours=min(sample.lognormal(9, 1.4), 24 * 26))
    answer.score = version.scale[_place(sample, one, moods, len(version.scale))]
    answer.origin = Origin.IMPORT if sample.imported(answer.responded_at) else Origin.FORM
    derive(answer)
    if sample.chance(0.42):
        mood = "good" if answer.band in GOOD_BANDS else "low" if answer.band in LOW_BANDS else "middle"
        answer.comment = sample.random.choice(comments(mood)[_language(invitation)])
    return answer


def _language(invitation: Invitation) -> str:
    return invitation.language if invitation.language in ("en", "fr", "es") else "en"


def _place(sample: Sample, one: Asked, moods: dict[int, float], points: int) -> int:
    """The place on the scale: how the survey is taken, the company's mood, a firm that gets better, and the day."""
    company: Company | None = one.invitation.company
    key = company.pk if company else 0
    mood = moods.setdefault(key, sample.random.gauss(0, 0.13))
    years = (one.invitation.planned_at.date() - sample.start).days / 365
    drawn = one.asking.content + mood + 0.045 * years + sample.random.gauss(0.1, 0.25)
    return min(points - 1, max(0, round(drawn * (points - 1))))


def _judge(sample: Sample, answers: list[Response]) -> None:
    """Since the go-live some answers look as if a machine had sent them; a few were looked at and rejected."""
    own = [answer for answer in answers if answer.origin == Origin.FORM]
    for answer in sample.random.sample(own, min(len(own), 16)):
        signals = (Suspicion.FAST_POST, Suspicion.MANY_VALUES, Suspicion.DECOY)
        answer.state = ResponseState.REJECTED if sample.chance(0.4) else ResponseState.QUARANTINED
        answer.reasons, answer.comment = [str(sample.random.choice(signals))], ""


def _settle(answers: list[Response]) -> None:
    """Their invitations are answered."""
    invitations = []
    for answer in answers:
        invitation = answer.invitation
        assert invitation is not None
        invitation.state, invitation.answered_at = InvitationState.ANSWERED, answer.responded_at
        invitations.append(invitation)
    Invitation.objects.bulk_update(invitations, ["state", "answered_at"], batch_size=200)


def _change_some(sample: Sample, answers: list[Response]) -> None:
    """One in thirty thought again; what it was stands in the history."""
    edits = []
    for answer in answers:
        if answer.origin != Origin.FORM or not sample.chance(0.035):
            continue
        at = min(answer.responded_at + dt.timedelta(minutes=sample.random.randrange(2, 90)), sample.now)
        before = max(answer.version.scale_min, answer.score - sample.random.randrange(1, 4))
        if before != answer.score:
            edits.append(ResponseEdit(response=answer, score=before, at=at))
            Response.objects.filter(pk=answer.pk).update(edited_at=at)
    ResponseEdit.objects.bulk_create(edits, batch_size=500)


def _follow_up(sample: Sample, answers: list[Response]) -> None:
    """Low scores since the go-live have a task; most are done, those of last week partly not."""
    pairs = []
    for answer in answers:
        if answer.band not in LOW_BANDS or answer.origin != Origin.FORM or answer.owner is None:
            continue
        made = answer.responded_at + dt.timedelta(minutes=10)
        who = str(answer.person or answer.company or "")
        kind = Kind(answer.survey.kind).label
        task = Task(
            kind="call",
            title=f"Follow up: {who} gave {answer.score} of {answer.version.scale_max} ({kind})"[:200],
            owner=answer.owner,
            team=answer.team,
            company=answer.company,
            person=answer.person,
            note=answer.comment,
            created_at=made,
            due_at=made + dt.timedelta(hours=24),
        )
        done = made + dt.timedelta(hours=sample.lognormal(16, 0.9))
        if done < sample.now - dt.timedelta(hours=1) and (sample.now - made > dt.timedelta(days=7) or sample.chance(0.4)):
            task.done_at = done
        pairs.append((answer, sample.stamp(task, made, None)))
    Task.objects.bulk_create([task for _answer, task in pairs], batch_size=500)
    for answer, task in pairs:
        answer.task = task
    Response.objects.bulk_update([answer for answer, _task in pairs], ["task"], batch_size=200)
    for _answer, task in pairs:
        links = [task.company, task.person]
        sample.event("task.created", task, task.created_at, None, new={"title": task.title}, links=links)
        if task.done_at:
            done = {"done_at": task.done_at}
            sample.event("task.done", task, task.done_at, task.owner, old={"done_at": None}, new=done, links=links)
