"""Answers: written once for each invitation, changed for a while, kept in quarantine where they look automatic."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from contacts.models import Person
from crm import events, jobs
from crm.changes import apply, clean, lock

from . import marks, services
from .choices import CLOSED, GOOD_BANDS, LOW_BANDS, InvitationState, Kind, ResponseState
from .followups import tell_of_change
from .links import links_of
from .models import ATTRIBUTES, Invitation, QuestionVersion, Response, ResponseEdit, Survey
from .scores import band_of, ease_micro
from .suspicion import suspicions
from .tokens import Page

EDITABLE = dt.timedelta(days=14)
LONGEST_COMMENT = 4000


def read_score(version: QuestionVersion, value: Any) -> int | None:
    """The score in a form field or cell; None when nothing was given. What is not on the scale is refused: 11, -1, 7.5, "good"."""
    text = str(value).strip() if value is not None else ""
    if text == "":
        return None
    if not text.isascii() or not text.removeprefix("-").isdigit() or len(text) > 6 or int(text) not in version.scale:
        raise ValidationError({"score": _("Choose one of the answers from %(low)s to %(high)s.") % _ends(version)})
    return int(text)


def _ends(version: QuestionVersion) -> dict[str, int]:
    return {"low": version.scale_min, "high": version.scale_max}


def _read_comment(text: str) -> str:
    text = text.strip()
    if len(text) > LONGEST_COMMENT:
        raise ValidationError({"comment": _("At most %(n)s characters.") % {"n": LONGEST_COMMENT}})
    return text


def derive(response: Response) -> None:
    """Sets what follows from score and version."""
    version = response.version
    scale = (version.scale_min, version.scale_max)
    response.kind = response.survey.kind
    response.band = band_of(response.kind, response.score, *scale, version.step, version.polarity)
    response.positive = response.band in GOOD_BANDS
    response.ease_micro = ease_micro(response.score, *scale, version.polarity) if response.kind == Kind.CES else None


@dataclass
class Sent:
    """What came of a sent form: the answer as it stands, and whether this form changed anything."""

    response: Response
    changed: bool


@transaction.atomic
def answer(invitation: Invitation, value: Any, comment: str, page: Page, *, honeypot: bool = False) -> Sent:
    """Takes the form of a survey page. The first one is the answer; a later page changes it, while that is open.

    The invitation is locked, so a hundred forms at once give one answer; the same page again changes nothing. Raises
    ValidationError at `score` or `comment`, and without a field when the time for changes is over.
    """
    lock(invitation)
    now = timezone.now()
    if invitation.expired(now) or invitation.state in CLOSED:
        raise ValidationError(_("This survey is closed."))
    score = read_score(invitation.version, value)
    comment = _read_comment(comment)
    response = Response.objects.select_related("survey", "version").filter(invitation=invitation).first()
    if response is not None and page.nonce in seen_nonces(response):
        return Sent(response, False)
    if score is None:
        raise ValidationError({"score": _("Choose an answer.")})
    signals = suspicions(invitation, page, now, honeypot=honeypot)
    if response is None:
        return Sent(_first(invitation, score, comment, page, signals, now), True)
    return Sent(response, _change(response, invitation, score, comment, page, signals, now))


def seen_nonces(response: Response) -> set[str]:
    """The pages that made the answer what it is and was."""
    return {response.nonce, *response.edits.values_list("nonce", flat=True)} - {""}


def changeable(response: Response, now: dt.datetime | None = None) -> bool:
    """Whether the receiver may still change it: for 14 days, at most until the link expires; not once it was rejected."""
    now = now or timezone.now()
    invitation = response.invitation
    if invitation is None or invitation.expired(now) or response.state == ResponseState.REJECTED:
        return False
    return now < response.responded_at + EDITABLE


def _first(invitation: Invitation, score: int, comment: str, page: Page, signals: list[str], now: dt.datetime) -> Response:
    response = Response(invitation=invitation, survey=invitation.survey, version=invitation.version, person=invitation.person)
    for name in ATTRIBUTES:
        setattr(response, name, getattr(invitation, name))
    response.score, response.comment, response.nonce, response.responded_at = score, comment, page.nonce, now
    response.origin = events.Origin.FORM
    if signals:
        response.state, response.reasons = ResponseState.QUARANTINED, signals
    _write(response)
    if not signals:
        _answered(invitation, now)
    return response


def _answered(invitation: Invitation, at: dt.datetime) -> None:
    """Whoever answers a link has got it, also when the worker died before it could write so."""
    mailed = invitation.mailed_at()
    if invitation.sent_at is None and mailed is not None:
        services.went_out(invitation, mailed)
    invitation.state, invitation.answered_at = InvitationState.ANSWERED, invitation.answered_at or at
    invitation.save(update_fields=["state", "answered_at"])


def _write(response: Response) -> None:
    """A new answer: what follows from it, its row, its event, its numbers, and the look at a low score after the settling time."""
    derive(response)
    company = response.company
    response.segment = company.industry if company else response.segment
    clean(response)
    response.save()
    kind = "response.quarantined" if response.state == ResponseState.QUARANTINED else "response.received"
    new = {"score": response.score, "band": response.band, "comment": response.comment, "survey": response.survey.name}
    if response.reasons:
        new["reasons"] = response.reasons
    events.record(kind, response, new=new, at=response.responded_at, links=links_of(response))
    marks.mark([response])
    _settle(response)


def _settle(response: Response) -> None:
    """Has a low score looked at once it has settled; imported answers are history and page nobody."""
    if response.band in LOW_BANDS and response.state == ResponseState.CONFIRMED and response.origin != events.Origin.IMPORT:
        wait = dt.timedelta(minutes=response.survey.settle_minutes)
        jobs.enqueue("surveys.follow_up", {"response": response.pk}, key=f"response:{response.pk}", delay=wait)


def _change(
    response: Response, invitation: Invitation, score: int, comment: str, page: Page, signals: list[str], now: dt.datetime
) -> bool:
    """Another score or comment. A human answer replaces a suspect one; a suspect one never replaces a human one."""
    if not changeable(response, now):
        raise ValidationError(_("This answer can no longer be changed."))
    if signals and response.state == ResponseState.CONFIRMED:
        _note_suspect(response, score, signals)
        return False
    heals = response.state == ResponseState.QUARANTINED and not signals
    if not heals and (score, comment) == (response.score, response.comment):
        return False
    ResponseEdit.objects.create(response=response, score=response.score, comment=response.comment, nonce=response.nonce, at=now)
    marks.mark([response])
    old = {"score": response.score, "comment": response.comment, "state": response.state}
    response.score, response.comment, response.nonce, response.edited_at = score, comment, page.nonce, now
    if heals:
        response.state, response.reasons = ResponseState.CONFIRMED, []
        _answered(invitation, now)
    derive(response)
    clean(response)
    response.save()
    new = {"score": score, "comment": comment, "state": response.state}
    changed = {name for name in new if new[name] != old[name]}
    events.record(
        "response.changed",
        response,
        old={name: old[name] for name in changed},
        new={name: new[name] for name in changed} | {"survey": response.survey.name},
        links=links_of(response),
    )
    marks.mark([response])
    if response.score != old["score"]:
        tell_of_change(response, old["score"])
    _settle(response)
    return True


def _note_suspect(response: Response, score: int, signals: list[str]) -> None:
    """A machine's try to change a human answer is written down and changes nothing."""
    events.record("response.suspect_change", response, new={"score": score, "reasons": signals})


@transaction.atomic
def record_response(
    survey: Survey,
    score: Any,
    *,
    version: QuestionVersion | None = None,
    person: Person | None = None,
    comment: str = "",
    responded_at: dt.datetime | None = None,
    number: str = "",
    invitation: Invitation | None = None,
    state: str = ResponseState.CONFIRMED,
    origin: str = "",
    **about: Any,
) -> Response:
    """Writes an answer that came by another door than the page: an import, the API, an anonymous link.

    about: fields of `models.Attribution`. Where company, owner or team are not said they follow from the person and company.
    """
    version = version or survey.version
    assert version is not None
    value = read_score(version, score)
    if value is None:
        raise ValidationError({"score": _("Choose an answer.")})
    response = Response(survey=survey, version=version, score=value, person=person, number=number, invitation=invitation)
    for name in ATTRIBUTES:
        if invitation is not None:
            setattr(response, name, getattr(invitation, name))
    for name, given in about.items():
        if name not in ATTRIBUTES:
            raise TypeError(f"An answer has no {name}.")
        setattr(response, name, given)
    response.company = response.company or (person.company if person else None)
    holder = response.company or person
    if response.owner is None and holder is not None:
        response.owner = holder.owner
    if response.team is None and response.owner is not None:
        response.team = response.owner.team
    response.comment, response.responded_at = _read_comment(comment), responded_at or timezone.now()
    response.origin, response.state = origin or events.origin(), state
    _write(response)
    if invitation is not None and state == ResponseState.CONFIRMED:
        _answered(invitation, response.responded_at)
    return response


@transaction.atomic
def change_response(response: Response, **changes: Any) -> Response:
    """Corrects an imported answer; score and comment keep their history. The day moves only when `responded_at` is given."""
    lock(response)
    before = (response.score, response.comment, response.nonce)
    marks.mark([response])
    if "score" in changes:
        changes["score"] = read_score(changes.get("version", response.version), changes["score"])
        if changes["score"] is None:
            raise ValidationError({"score": _("Choose an answer.")})
    if "comment" in changes:
        changes["comment"] = _read_comment(changes["comment"])
    old, new = apply(response, changes)
    if not new:
        return response
    if {"score", "comment"} & set(new):
        ResponseEdit.objects.create(response=response, score=before[0], comment=before[1], nonce=before[2])
        response.edited_at = timezone.now()
    derive(response)
    clean(response)
    response.save()
    events.record("response.changed", response, old=old, new=new, links=links_of(response))
    marks.mark([response])
    return response


@transaction.atomic
def release(response: Response) -> Response:
    """A person says that an answer in quarantine, or a rejected one, is real: it counts from now on, on its own day."""
    lock(response)
    if response.state == ResponseState.CONFIRMED:
        return response
    old = response.state
    response.state = ResponseState.CONFIRMED
    _judged(response, "response.released", old)
    if response.invitation is not None:
        _answered(response.invitation, response.responded_at)
    _settle(response)
    return response


@transaction.atomic
def reject(response: Response) -> Response:
    """A person says that an answer is not real: it counts nowhere, stays visible, and can be released again."""
    lock(response)
    if response.state == ResponseState.REJECTED:
        return response
    old = response.state
    response.state = ResponseState.REJECTED
    _judged(response, "response.rejected", old)
    return response


def _judged(response: Response, kind: str, old: str) -> None:
    response.save(update_fields=["state"])
    new = {"state": response.state, "survey": response.survey.name, "score": response.score}
    events.record(kind, response, old={"state": old}, new=new, links=links_of(response))
    marks.mark([response])
