"""Settings, Jobs: what runs, what waits, what was given up and why; run again, cancel, remove."""

from __future__ import annotations

import datetime as dt
from typing import Any

import django_filters
from django.contrib import messages
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from .. import jobs
from ..access import may
from ..columns import with_query
from ..http import render_page, safe_next
from ..models import Heartbeat, Job, JobState
from ..paging import Page, count_upto
from .settings_base import SettingsView

SILENT = dt.timedelta(minutes=2)  # a worker signs at least every 30 s
ORDER = {"waiting": ("run_at", "pk"), "running": ("locked_until", "pk")}


def kind_choices() -> list[tuple[str, str]]:
    """Kinds by their label."""
    return sorted(((kind.name, str(kind.label)) for kind in jobs.kinds), key=lambda choice: choice[1])


class JobFilter(django_filters.FilterSet):
    """Jobs of one kind."""

    kind = django_filters.ChoiceFilter(choices=kind_choices, label=gettext_lazy("Kind"), empty_label=gettext_lazy("Any kind"))

    class Meta:
        model = Job
        fields = ["kind"]


class JobsView(SettingsView):
    """The list, by state. `view` in the URL is the state; it starts with what needs a person, if anything does."""

    permission = ("job", "view")

    def get(self, request: HttpRequest) -> HttpResponse:
        counts = dict(Job.objects.order_by().values_list("state").annotate(Count("pk")))
        state = request.GET.get("view", "")
        if state not in JobState:
            state = next((one for one in (JobState.DEAD, JobState.RUNNING, JobState.WAITING) if counts.get(one)), JobState.DONE)
        filterset = JobFilter(request.GET, queryset=Job.objects.filter(state=state), request=request)
        found = filterset.qs.order_by(*ORDER.get(state, ("-finished_at", "-pk"))) if filterset.is_valid() else Job.objects.none()
        page = Page(found, request.GET, count_upto(found), show=Job.objects.select_related("actor"))
        worker = Heartbeat.objects.filter(name="worker").first()
        context = {
            "page": page,
            "rows": [describe(job, here=request.get_full_path()) for job in page.rows],
            "filterset": filterset,
            "state": state,
            "states": tabs(request, counts, state),
            "any": bool(counts),
            "narrowed": bool(request.GET.get("kind")),
            "worker": worker,
            "silent": worker is None or timezone.now() - worker.at > SILENT,
            "may_act": state in (JobState.WAITING, JobState.DEAD) and may(self.user, "job", "change"),
            "here": request.get_full_path(),
        }
        return render_page(request, "crm/jobs.html", "crm/jobs_table.html", context)


def tabs(request: HttpRequest, counts: dict[str, int], current: str) -> list[dict]:
    """One tab a state, each with its count."""
    order = (JobState.DEAD, JobState.RUNNING, JobState.WAITING, JobState.DONE)
    return [
        {
            "label": state.label,
            "url": reverse("jobs") + with_query(request.GET, view=state.value, page=None),
            "count": counts.get(state, 0),
            "current": state == current,
        }
        for state in order
    ]


def describe(job: Job, here: str) -> dict[str, Any]:
    """What a row shows."""
    kind = jobs.kinds.get(job.kind)
    return {
        "job": job,
        "label": kind.label if kind else job.kind,
        "known": kind is not None,
        "allowed": kind.attempts if kind else None,
        "late": job.state == JobState.WAITING and job.attempt > 0,
        "fields": {"next": here},
    }


class JobAction(SettingsView):
    """One thing done to a job by POST."""

    permission = ("job", "change")
    http_method_names = ["post"]

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        job = get_object_or_404(Job, pk=pk)
        done = self.act(job)
        if done:
            messages.success(request, done)
        else:
            messages.warning(request, _("Nothing was changed: the job has moved on meanwhile."))
        return redirect(safe_next(request, reverse("jobs")))

    def act(self, job: Job) -> str:
        """Does it and returns what to say; "" when it could not be done any more."""
        raise NotImplementedError


class RetryView(JobAction):
    """Run a waiting or given-up job now, with all its attempts."""

    def act(self, job: Job) -> str:
        return _("The job runs as soon as a worker is free.") if jobs.retry(job) else ""


class CancelView(JobAction):
    """A waiting job is given up, a given-up one removed."""

    def act(self, job: Job) -> str:
        done = _("The job was removed.") if job.state == JobState.DEAD else _("The job was cancelled.")
        return done if jobs.cancel(job) else ""
