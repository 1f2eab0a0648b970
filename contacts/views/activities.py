"""Logging activities, planning and doing tasks."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.urls import reverse, reverse_lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm.access import may
from crm.filters import by_id_or_none
from crm.http import safe_next
from crm.toasts import toast
from crm.views.generic import ActionView, DeleteView, FormView, ListView

from .. import services
from ..columns import TASKS
from ..filters import OpenTaskFilter
from ..forms import ActivityForm, TaskForm
from ..homes import home_of
from ..models import Activity, Company, Lead, Person, Task
from .common import LogView, PlanView, mark_tasks


def links(record: Any) -> dict[str, Any]:
    """How an activity or task is tied to a company, person or lead; a person brings their company."""
    if isinstance(record, Company):
        return {"company": record}
    if isinstance(record, Person):
        return {"person": record, "company": record.company}
    return {"lead": record, "company": record.company, "person": record.person}


class _Log(LogView):
    def log(self, record: Any, values: dict) -> Activity:
        return services.log_activity(Activity(), **values, **links(record))

    def plan(self, record: Any, task: Task, values: dict) -> Task:
        return services.save_task(task, **values, **links(record))


class _Plan(_Log, PlanView):
    pass


class CompanyLog(_Log):
    model = Company


class PersonLog(_Log):
    model = Person


class LeadLog(_Log):
    model = Lead


class CompanyTask(_Plan):
    model = Company


class PersonTask(_Plan):
    model = Person


class LeadTask(_Plan):
    model = Lead


class ActivityEdit(FormView):
    model = Activity
    form_class = ActivityForm
    template = "contacts/activity_form.html"

    def save(self, form: Any) -> Activity:
        return services.log_activity(form.record, **form.changes())

    def done_url(self, saved: Any) -> str:
        return safe_next(self.request, home_of(saved))

    def cancel_url(self, record: Any) -> str:
        return safe_next(self.request, home_of(record))


class ActivityDelete(DeleteView):
    model = Activity
    remove = staticmethod(services.delete_activity)

    def post(self, request: HttpRequest, **kwargs: Any) -> Any:
        self.home = home_of(self.fetch("delete"))
        return super().post(request, **kwargs)

    def back(self, record: Any) -> str:
        return home_of(record)

    def after(self) -> str:
        return self.home


class TaskList(ListView):
    model = Task
    filterset_class = OpenTaskFilter
    columns = TASKS
    rows_template = "contacts/_task_rows.html"
    new_url = reverse_lazy("contacts:task_new")
    new_label = gettext_lazy("New task")
    icon = "square-check"
    actions = True
    empty_title = gettext_lazy("Nothing to do")
    empty_text = gettext_lazy("Tasks you plan on deals, people and companies stand here, the next one first.")

    def rows(self) -> Any:
        return Task.objects.select_related("owner", "company", "person", "lead")

    def extra(self, page: Any) -> dict:
        mark_tasks(page.rows, self.user)
        return {}


class TaskEdit(FormView):
    model = Task
    form_class = TaskForm
    template = "contacts/task_form.html"

    def save(self, form: Any) -> Task:
        return services.save_task(form.record, **form.changes())

    def done_url(self, saved: Any) -> str:
        return safe_next(self.request, home_of(saved))

    def cancel_url(self, record: Any) -> str:
        return safe_next(self.request, home_of(record) if record.pk else reverse("contacts:tasks"))


class TaskNew(TaskEdit):
    """A task about nothing, or about the record that ?company=, ?person= or ?lead= names."""

    creates = True

    def about(self) -> dict[str, Any]:
        for name, model in (("company", Company), ("person", Person), ("lead", Lead)):
            if may(self.user, name, "view"):
                record = by_id_or_none(model.objects.visible_to(self.user), self.request.GET.get(name))
                if record is not None:
                    return links(record)
        return {}

    def save(self, form: Any) -> Task:
        return services.save_task(form.record, **form.changes(), **self.about())


class TaskDone(ActionView):
    """Ticks a task off; the toast takes it back."""

    model = Task

    def act(self, task: Any) -> None:
        services.complete_task(task)
        undo = {"next": safe_next(self.request, home_of(task))}
        toast(
            self.request,
            _("%(task)s done") % {"task": task},
            undo_url=reverse("contacts:task_undo", args=[task.pk]),
            undo_fields=undo,
        )

    def back(self, record: Any) -> str:
        return home_of(record)


class TaskUndo(ActionView):
    """Opens a done task again."""

    model = Task

    def act(self, task: Any) -> str:
        if task.done_at is None:
            raise ValidationError(_("This task is open."))
        services.save_task(task, done_at=None)
        return _("%(task)s is open again") % {"task": task}

    def back(self, record: Any) -> str:
        return home_of(record)


class TaskDelete(DeleteView):
    model = Task
    remove = staticmethod(services.delete_task)

    def post(self, request: HttpRequest, **kwargs: Any) -> Any:
        self.home = home_of(self.fetch("delete"))
        return super().post(request, **kwargs)

    def back(self, record: Any) -> str:
        return home_of(record)

    def after(self) -> str:
        return self.home
