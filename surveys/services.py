"""What administrators do with surveys, and what anybody may do with their own invitations."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from contacts.models import Person
from crm import events
from crm.changes import apply, clean, lock
from crm.jobs.queue import lock_key

from . import marks
from .choices import PENDING, FollowUp, InvitationState, Kind, Polarity, Trigger
from .links import links_of
from .models import Invitation, QuestionVersion, Survey, Unsubscribe
from .texts import SCALES, texts_for
from .tokens import issue

LONGEST_CSAT, LONGEST_SCALE = 11, 101


@transaction.atomic
def create_survey(
    survey: Survey, *, scale: tuple[int, int] | None = None, polarity: str | None = None, texts: dict | None = None, step: int = 1
) -> Survey:
    """A new survey with the first version of its question: on the usual scale, with ready texts, unless others are given."""
    events.stamp(survey)
    if survey.team_id is None and survey.owner is not None:
        survey.team = survey.owner.team
    _check(survey)
    survey.save()
    low, high = scale or SCALES[Kind(survey.kind)]
    version = QuestionVersion(survey=survey, scale_min=low, scale_max=high, step=step, texts=texts or texts_for(survey.kind))
    version.polarity = polarity or Polarity.HIGH
    _check_version(version)
    version.save()
    events.record("survey.created", survey, new={"name": survey.name, "kind": survey.kind})
    return survey


@transaction.atomic
def change_survey(survey: Survey, **changes: Any) -> Survey:
    """Changes the settings of a survey; its type stays. The question is changed by `change_question`."""
    lock(survey)
    if changes.get("kind", survey.kind) != survey.kind:
        raise ValidationError({"kind": _("The type of a survey stays. Make a new survey instead.")})
    old, new = apply(survey, changes)
    if "owner" in new and "team" not in changes:
        survey.team = survey.owner.team if survey.owner else None
    _check(survey)
    survey.save()
    if new:
        events.record("survey.changed", survey, old=old, new=new)
    return survey


@transaction.atomic
def delete_survey(survey: Survey) -> None:
    """Deletes a survey that has asked nobody; one with answers or invitations stays, switched off."""
    lock(survey)
    if survey.responses.exists() or survey.invitations.exists():
        raise ValidationError(_("Somebody was asked already, so the survey stays. Switch it off instead."))
    events.record("survey.deleted", survey, old={"name": survey.name, "kind": survey.kind})
    survey.delete()


def _check(survey: Survey) -> None:
    errors: dict[str, str] = {}
    if survey.trigger == Trigger.DAYS_AFTER_START and survey.days_after is None:
        errors["days_after"] = _("Say after how many days.")
    usual = 90 if survey.kind == Kind.NPS else 30
    if survey.throttle_days is not None and survey.throttle_days < usual and not survey.throttle_reason.strip():
        errors["throttle_reason"] = _("Say why people may be asked again before %(n)s days.") % {"n": usual}
    if survey.low_score_rule == FollowUp.USER and survey.low_score_user_id is None:
        errors["low_score_user"] = _("Choose who follows up.")
    if errors:
        raise ValidationError(errors)
    clean(survey)


def _check_version(version: QuestionVersion) -> None:
    errors: dict[str, str] = {}
    points = len(version.scale)
    kind = version.survey.kind
    if version.scale_max <= version.scale_min or (version.scale_max - version.scale_min) % version.step:
        errors["scale_max"] = _("The scale does not reach its upper end in these steps.")
    elif points > (LONGEST_CSAT if kind == Kind.CSAT else LONGEST_SCALE):
        errors["scale_max"] = _("A scale has at most %(n)s answers.") % {
            "n": LONGEST_CSAT if kind == Kind.CSAT else LONGEST_SCALE
        }
    if kind == Kind.NPS and (version.scale_min, version.scale_max, version.step) not in ((0, 10, 1), (1, 10, 1)):
        errors["scale_min"] = _("NPS is asked from 0 to 10.")
    if kind != Kind.CES and version.polarity != Polarity.HIGH:
        errors["polarity"] = _("Only effort can be asked with the low end as the good one.")
    if not version.texts.get("en", {}).get("question"):
        errors["texts"] = _("Write the question in English; it stands in for missing languages.")
    if errors:
        raise ValidationError(errors)


@transaction.atomic
def change_question(survey: Survey, **changes: Any) -> QuestionVersion:
    """Changes wording, scale or polarity: in place while nobody was asked or answered, else as the next version.

    Numbers are compared within a version only, and a chart breaks where one ends. Returns the version that is asked from now on.
    """
    lock(survey)
    version = survey.version
    assert version is not None
    old, new = apply(version, changes)
    if not new:
        return version
    _check_version(version)
    if version.responses.exists() or Invitation.objects.filter(version=version).sent().exists():
        version.pk, version.version, version.valid_from = None, version.version + 1, timezone.now()
        version._state.adding = True
    version.save()
    Invitation.objects.pending().filter(survey=survey).update(version=version)
    events.record("survey.question_changed", survey, old=old, new={**new, "version": version.version})
    return version


@transaction.atomic
def hand_out(invitation: Invitation) -> str | None:
    """Gives the secret of a planned invitation to whoever sends the link in a message of their own: it counts as sent and delivered
    now. None when nobody is asked."""
    lock(invitation)
    if invitation.state != InvitationState.PLANNED:
        return None
    went_out(invitation, timezone.now())
    return issue(invitation)


def went_out(invitation: Invitation, at: dt.datetime) -> None:
    """Writes that a locked invitation reached its receiver at `at`, from when its link works for the survey's days."""
    invitation.state, invitation.sent_at, invitation.delivered_at = InvitationState.SENT, at, at
    invitation.expires_at = at + dt.timedelta(days=invitation.survey.expiry_days)
    invitation.save(update_fields=["state", "sent_at", "delivered_at", "expires_at"])
    new = {"survey": invitation.survey.name, "email": invitation.email}
    events.record("survey.sent", invitation, new=new, at=at, links=links_of(invitation))
    marks.mark([invitation])


@transaction.atomic
def withdraw(invitation: Invitation) -> Invitation:
    """Takes an invitation back: it is not sent any more, or its link answers like one that never was. An answer stays."""
    lock(invitation)
    if invitation.state not in (*PENDING, InvitationState.SENT):
        raise ValidationError(_("This invitation cannot be withdrawn any more."))
    invitation.state, invitation.withdrawn_at = InvitationState.WITHDRAWN, timezone.now()
    invitation.save(update_fields=["state", "withdrawn_at"])
    events.record("survey.withdrawn", invitation, links=links_of(invitation))
    return invitation


@transaction.atomic
def mark_bounced(invitation: Invitation, reason: str = "") -> Invitation:
    """The mail came back: the invitation leaves the denominator of the response rate, unless somebody answered it."""
    lock(invitation)
    if invitation.state != InvitationState.SENT:
        return invitation
    marks.mark([invitation])
    invitation.state, invitation.error = InvitationState.BOUNCED, reason[:400]
    invitation.save(update_fields=["state", "error"])
    events.record("survey.bounced", invitation, new={"reason": invitation.error}, links=links_of(invitation))
    return invitation


def is_unsubscribed(person: Person | None, email: str) -> bool:
    """Whether the person, under any address, or the address does not want surveys."""
    return Unsubscribe.objects.standing().of(person, email).exists()


def _hold(email: str) -> None:
    """Whoever says yes or no to surveys for the same address waits here until the running transaction ends."""
    lock_key("surveys.unsubscribe", email.lower(), wait=True)


@transaction.atomic
def unsubscribe(invitation: Invitation) -> None:
    """The receiver of this invitation gets no more surveys. Doing it twice changes nothing, also at the same moment from the mails of
    two invitations."""
    lock(invitation)
    _hold(invitation.email)
    if is_unsubscribed(invitation.person, invitation.email):
        return
    Unsubscribe.objects.create(email=invitation.email.lower(), person=invitation.person, invitation=invitation)
    events.record("survey.unsubscribed", invitation, links=links_of(invitation)[:2])


@transaction.atomic
def resubscribe(invitation: Invitation) -> None:
    """Takes it back."""
    lock(invitation)
    _hold(invitation.email)
    standing = Unsubscribe.objects.standing().of(invitation.person, invitation.email)
    if standing.update(undone_at=timezone.now()):
        events.record("survey.resubscribed", invitation, links=links_of(invitation)[:2])
