"""Settings, Check of numbers: what the check of the stored numbers found, and a button that runs it."""

from __future__ import annotations

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _

from crm import jobs
from crm.models import Job, JobState
from crm.paging import Page, count_upto
from crm.views.settings_base import SettingsView

from ..checking import LAST_RUN
from ..models import Difference, SourceStatus


class CheckPage(SettingsView):
    """Differences, those of the last run first; POST has the check run once more."""

    def get(self, request: HttpRequest) -> HttpResponse:
        last = SourceStatus.objects.filter(source=LAST_RUN).first()
        found = Difference.objects.order_by("-found_at", "pk")
        page = Page(found, request.GET, count_upto(found))
        unfinished = Job.objects.filter(kind="analytics.check", state__in=(JobState.WAITING, JobState.RUNNING))
        context = {
            "title": _("Check of numbers"),
            "last": last,
            "count": found.filter(found_at=last.computed_at).count() if last else 0,
            "page": page,
            "running": unfinished.exists(),
        }
        return self.draw("analytics/differences.html", context)

    def post(self, request: HttpRequest) -> HttpResponse:
        with transaction.atomic():
            jobs.enqueue("analytics.check", key="check", actor=request.user)
        messages.success(request, _("The check starts in a moment"))
        return HttpResponseRedirect(reverse("analytics:check"))
