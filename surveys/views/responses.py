"""Answers: list, page, and what those who look after them do."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from contacts.models import Company, Person, Task
from crm.access import covers, visible_to
from crm.history import changes_of
from crm.views.generic import ActionView, DetailView, ListView

from .. import answers
from ..choices import ResponseState, Suspicion
from ..columns import RESPONSES
from ..filters import ResponseFilter
from ..followups import make_task
from ..links import subject_model
from ..models import Response


class ResponseList(ListView):
    model = Response
    filterset_class = ResponseFilter
    columns = RESPONSES
    rows_template = "surveys/_response_rows.html"
    icon = "message-square-quote"
    empty_title = gettext_lazy("No answers yet")
    empty_text = gettext_lazy("Answers of customers stand here as soon as the first one comes in.")

    def extra(self, page: Any) -> dict:
        return {"title": _("Answers")}


class ResponsePage(DetailView):
    model = Response
    template = "surveys/response.html"

    def base(self) -> Any:
        return Response.objects.for_list()

    def extra(self, response: Any) -> dict:
        version = response.version
        return {
            "person_visible": sees(self.user, Person, response.person_id),
            "company_visible": sees(self.user, Company, response.company_id),
            "subject": subject_of(response, self.user),
            "edits": list(response.edits.order_by("-at", "-pk")),
            "changes": changes_of(response),
            "signals": [Suspicion(name).label for name in response.reasons if name in Suspicion.values],
            "question": version.text("question"),
            "ends": (version.text("low"), version.text("high")),
            "task_visible": response.task_id is not None
            and visible_to(Task.objects.all(), self.user).filter(pk=response.task_id).exists(),
            "may_follow_up": response.task_id is None
            and response.state == ResponseState.CONFIRMED
            and covers(self.user, response, "change"),
        }


def sees(user: Any, model: Any, pk: int | None) -> bool:
    """Whether the user may open this record."""
    return pk is not None and model.objects.visible_to(user).filter(pk=pk).exists()


def subject_of(row: Any, user: Any) -> Any:
    """The ticket or deal that an answer or invitation is about, when the user may see it."""
    model = subject_model(row.subject_type)
    if model is None or row.subject_id is None:
        return None
    return visible_to(model._default_manager.all(), user).filter(pk=row.subject_id).first()


class ResponseRelease(ActionView):
    """An answer in quarantine, or a rejected one, is real after all."""

    model = Response

    def act(self, response: Any) -> str:
        answers.release(response)
        return _("Released: the answer counts from now on")


class ResponseReject(ActionView):
    """The answer is not a customer's; it can be released again."""

    model = Response

    def act(self, response: Any) -> str:
        answers.reject(response)
        return _("Rejected: the answer does not count")


class ResponseFollowUp(ActionView):
    """Makes the task of a low score by hand, without waiting for the answer to settle."""

    model = Response

    def act(self, response: Any) -> str:
        task = make_task(response)
        if task is None:
            raise ValidationError(_("There is nobody to follow up, or nothing to follow up."))
        return _("Task planned for %(owner)s") % {"owner": task.owner}
