"""Success thresholds: list, page and form."""

from __future__ import annotations

from typing import Any

from django.urls import reverse, reverse_lazy
from django.utils.translation import gettext_lazy

from crm.history import changes_of
from crm.views.generic import DeleteView, DetailView, FormView, ListView

from .. import success
from ..columns import THRESHOLDS
from ..filters import ThresholdFilter
from ..forms import ThresholdForm
from ..models import SuccessThreshold
from ..registry import METRIC, kpis
from .targets import FIRST_CHOICE, cut_of


class ThresholdList(ListView):
    model = SuccessThreshold
    filterset_class = ThresholdFilter
    columns = THRESHOLDS
    rows_template = "analytics/_threshold_rows.html"
    new_url = reverse_lazy("analytics:threshold_new")
    new_label = gettext_lazy("New threshold")
    icon = "flag"
    empty_title = gettext_lazy("No success thresholds yet")
    empty_text = gettext_lazy("Say from which level on a number is a success, and see in which months it got there.")


class ThresholdPage(DetailView):
    model = SuccessThreshold
    template = "analytics/threshold.html"

    def base(self) -> Any:
        return SuccessThreshold.objects.for_list()

    def extra(self, threshold: Any) -> dict:
        kpi, page = kpis.get(threshold.kpi), reverse("analytics:kpi", args=["threshold_breach"])
        url = f"{page}?period=last_365&{METRIC}={kpi.key}{cut_of(threshold, kpi)}" if kpi else ""
        return {"kpi": kpi, "kpi_url": url, "current": success.is_current(threshold), "changes": changes_of(threshold)}


class ThresholdEdit(FormView):
    model = SuccessThreshold
    form_class: Any = ThresholdForm
    template = "analytics/threshold_form.html"

    def base(self) -> Any:
        return SuccessThreshold.objects.for_list()

    def save(self, form: Any) -> SuccessThreshold:
        return success.save_threshold(form.record, **form.changes())

    def list_url(self) -> str:
        return reverse("analytics:thresholds")


class ThresholdNew(ThresholdEdit):
    creates = True

    def initial(self, record: Any) -> dict:
        wanted = self.request.GET.get("kpi", "")
        return {"kpi": wanted if wanted in kpis else FIRST_CHOICE}


class ThresholdDelete(DeleteView):
    model = SuccessThreshold
    remove = staticmethod(success.delete_threshold)
    list_url = "analytics:thresholds"
