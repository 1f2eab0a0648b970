"""A low score becomes a task with an owner and a due time, once the answer has settled."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, override

from contacts.models import Task
from contacts.services import save_task
from crm import jobs
from crm.changes import lock
from crm.models import Organisation

from .choices import LOW_BANDS, FollowUp, ResponseState
from .links import links_of
from .models import Response


def owner_of(response: Response) -> Any:
    """Who follows up, by the survey's rule; nobody who has left. Without an owner, the team's manager."""
    survey = response.survey
    if survey.low_score_rule == FollowUp.NOBODY:
        return None
    manager = response.team.manager if response.team else None
    wanted = {
        FollowUp.OWNER: (response.owner, manager),
        FollowUp.MANAGER: (manager, response.owner),
        FollowUp.USER: (survey.low_score_user, response.owner, manager),
    }[FollowUp(survey.low_score_rule)]
    return next((user for user in wanted if user is not None and user.is_active), None)


@jobs.kind("surveys.follow_up", label=gettext_lazy("Follow up a low score"))
def follow_up(job: Any) -> None:
    """Runs after the settling time; nothing happens when the answer was changed to a better one, or is in quarantine."""
    response = Response.objects.filter(pk=job.payload["response"]).first()
    if response is None:
        return
    settled = max(filter(None, (response.responded_at, response.edited_at)))
    wait = settled + dt.timedelta(minutes=response.survey.settle_minutes) - timezone.now()
    if response.edited_at and wait > dt.timedelta():  # changed again meanwhile: it settles anew
        jobs.enqueue("surveys.follow_up", job.payload, key=job.key, delay=wait)
        return
    make_task(response)


@transaction.atomic
def make_task(response: Response) -> Task | None:
    """The task of a low score that counts; None when there is one already, or nothing to do, or nobody to do it."""
    lock(response)
    if response.task_id is not None or response.band not in LOW_BANDS or response.state != ResponseState.CONFIRMED:
        return None
    owner = owner_of(response)
    if owner is None:
        return None
    due = timezone.now() + dt.timedelta(hours=response.survey.low_score_hours)
    with override(owner.language or Organisation.current().language):
        title = _("Follow up: %(who)s gave %(score)s") % {"who": _who(response), "score": _score(response)}
    task = save_task(
        Task(),
        also=[link for link in links_of(response) if link is not None and link._meta.app_label != "contacts"],
        title=title[:200],
        kind="call",
        due_at=due,
        owner=owner,
        note="\n".join(filter(None, (f"{response.survey.name} {response.subject_number}".strip(), response.comment))),
        person=response.person,
        company=response.company,
    )
    response.task = task
    response.save(update_fields=["task"])
    return task


def tell_of_change(response: Response, before: int) -> None:
    """Writes another score onto the task of a low one, while it is open. It is not closed: who was unhappy yesterday is still worth
    a call, and whether to make it is for its owner to say."""
    task = response.task
    if task is None:
        return
    lock(task)
    if task.done_at is not None:
        return
    language = task.owner.language if task.owner else ""
    with override(language or Organisation.current().language):
        was = _("%(score)s of %(highest)s") % {"score": before, "highest": response.version.scale_max}
        line = _("Answer changed from %(before)s to %(now)s.") % {"before": was, "now": _score(response)}
    said = f"{line} {response.comment}".strip()
    save_task(task, note=f"{said}\n{task.note}".strip())


def _who(response: Response) -> str:
    return str(response.person or response.company or (response.invitation.email if response.invitation else "") or _("Somebody"))


def _score(response: Response) -> str:
    return _("%(score)s of %(highest)s") % {"score": response.score, "highest": response.version.scale_max}
