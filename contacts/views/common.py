"""What the pages of companies, people and leads share: composer, tasks, timeline, merging."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from crm.access import covers, get_or_404, may, visible_to
from crm.history import events_of
from crm.once import once
from crm.views.generic import RecordView

from ..choices import ActivityKind
from ..forms import ComposerForm, MergeForm, TaskForm
from ..models import Activity, Task

#: The kinds of subject that whoever sees a lead or deal sees with it.
DONE_ON_IT = ("contacts.activity", "contacts.task")


def composer(request: HttpRequest, record: Any, data: Any = None, tab: str = "") -> dict[str, Any]:
    """The forms of a record's composer; `tab` is the one that is open. Both post to the record's own addresses."""
    name = record._meta.model_name
    tab = tab or request.GET.get("log", "note")
    kind = tab if tab in ActivityKind.values else ActivityKind.NOTE
    app = record._meta.app_label
    return {
        "form": ComposerForm(data if tab != "task" else None, user=request.user, initial={"kind": kind}, prefix="log"),
        "task": TaskForm(data if tab == "task" else None, user=request.user, prefix="task")
        if may(request.user, "task", "add")
        else None,
        "tab": tab,
        "log_url": reverse(f"{app}:{name}_log", args=[record.pk]),
        "task_url": reverse(f"{app}:{name}_task", args=[record.pk]),
    }


def tasks_of(record: Any, user: Any) -> list[Task]:
    """The record's open tasks that the user may see, the next one first."""
    if not may(user, "task", "view"):
        return []
    rows = record.tasks.open().select_related("owner").order_by(*Task._meta.ordering)
    return mark_tasks(visible_to(rows, user)[:20], user)


def mark_tasks(tasks: Iterable[Task], user: Any) -> list[Task]:
    """The tasks, each knowing whether it is late (`is_overdue`) and whether the user may change it (`may_change`)."""
    now, found = timezone.now(), list(tasks)
    for task in found:
        task.is_overdue = task.done_at is None and task.due_at is not None and task.due_at < now  # type: ignore[attr-defined]
        task.may_change = covers(user, task, "change")  # type: ignore[attr-defined]
    return found


def timeline_of(record: Any, user: Any, **kwargs: Any) -> list[Any]:
    """The record's events, newest first, with the present text of its activities."""
    return with_activities(events_of(record, user, **kwargs), user)


def with_activities(events: list[Any], user: Any) -> list[Any]:
    """Puts each logged activity's row on its event (`event.activity`), so that a corrected note is shown corrected once.
    The entry leads to its form only for those who may change it.
    """
    ids = [event.subject_id for event in events if event.subject_type == "contacts.activity"]
    rows = {row.pk: row for row in Activity.objects.filter(pk__in=ids).select_related("person", "owner")} if ids else {}
    found = []
    for event in events:
        if event.kind == "activity.changed":
            continue
        event.activity = rows.get(event.subject_id) if event.subject_type == "contacts.activity" else None
        event.may_change = event.activity is not None and covers(user, event.activity, "change")
        found.append(event)
    return found


class LogView(RecordView):
    """Logs what was done about a record, and the next step, in one go."""

    def log(self, record: Any, values: dict) -> Activity:
        raise NotImplementedError

    def plan(self, record: Any, task: Task, values: dict) -> Task:
        raise NotImplementedError

    def target(self) -> Any:
        """The record of the URL; seeing it is enough to write down what was done with it."""
        from crm.access import require

        require(self.user, "activity", "add")
        return get_or_404(self.base(), self.user, pk=self.kwargs["pk"])

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        return self.draw(self.target(), composer(request, self.target()))

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        record = self.target()
        parts = composer(request, record, request.POST, tab="log")
        form = parts["form"]
        if not form.is_valid():
            return self.draw(record, parts, 422)
        try:
            with transaction.atomic():
                return once(request, lambda: self.logged(record, form))
        except ValidationError as error:
            form.take_errors(error)
            return self.draw(record, parts, 422)

    def logged(self, record: Any, form: ComposerForm) -> HttpResponse:
        self.log(record, form.changes())
        step = form.next_step() if may(self.user, "task", "add") else None
        if step:
            self.plan(record, Task(), {**step, "owner": self.user})
        messages.success(self.request, _("Logged, next step planned") if step else _("Logged"))
        return HttpResponseRedirect(record.get_absolute_url())

    def draw(self, record: Any, parts: dict, status: int = 200) -> HttpResponse:
        return render(self.request, "contacts/composer_page.html", {"record": record, "composer": parts}, status=status)


class PlanView(LogView):
    """Plans a task about a record."""

    def target(self) -> Any:
        from crm.access import require

        require(self.user, "task", "add")
        return get_or_404(self.base(), self.user, pk=self.kwargs["pk"])

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        record = self.target()
        return self.draw(record, composer(request, record, tab="task"))

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        record = self.target()
        parts = composer(request, record, request.POST, tab="task")
        form = parts["task"]
        if not form.is_valid():
            return self.draw(record, parts, 422)
        try:
            with transaction.atomic():
                return once(request, lambda: self.planned(record, form))
        except ValidationError as error:
            form.take_errors(error)
            return self.draw(record, parts, 422)

    def planned(self, record: Any, form: TaskForm) -> HttpResponse:
        self.plan(record, Task(), form.changes())
        messages.success(self.request, _("Planned"))
        return HttpResponseRedirect(record.get_absolute_url())


class MergeView(RecordView):
    """Merges two records: first choose the other one, then which of the two stays."""

    template = "contacts/merge.html"
    merge: Any = None
    lookup_url: Any = ""

    def weight(self, record: Any) -> list[tuple[str, int]]:
        """How much hangs on a record, to help choosing."""
        return []

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        record = self.fetch("delete")
        form = self.make_form(record, request.GET if "other" in request.GET else None)
        other = form.cleaned_data["other"] if form.is_bound and form.is_valid() else None
        context = {"record": record, "form": form, "kind": self.model._meta.verbose_name_plural}
        if other is not None:
            context["pair"] = [(one, self.weight(one)) for one in (record, other)]
        return render(request, self.template, context)

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        record = self.fetch("delete")
        form = self.make_form(record, request.POST)
        if not form.is_valid():
            return render(request, self.template, {"record": record, "form": form}, status=422)
        keep, lose = record, form.cleaned_data["other"]
        if request.POST.get("keep") == str(lose.pk):
            keep, lose = lose, keep
        try:
            type(self).merge(keep, lose)
        except ValidationError as error:
            messages.error(request, " ".join(error.messages))
            return HttpResponseRedirect(record.get_absolute_url())
        messages.success(request, _("Merged into %(name)s") % {"name": keep})
        return HttpResponseRedirect(keep.get_absolute_url())

    def make_form(self, record: Any, data: Any) -> MergeForm:
        allowed = visible_to(self.base(), self.user, "delete").exclude(pk=record.pk)
        return MergeForm(data, queryset=allowed, url=self.lookup_url)
