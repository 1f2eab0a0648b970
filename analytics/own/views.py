"""Own numbers: list, page, form."""

from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import Q, QuerySet
from django.urls import reverse, reverse_lazy
from django.utils.translation import gettext_lazy as _

from crm.columns import Column, Columns
from crm.editing import RecordForm
from crm.filters import RecordFilter, SeveralFilter
from crm.history import changes_of
from crm.views.generic import DeleteView, DetailView, FormView, ListView

from ..areas import by_area
from ..models import OwnNumber
from ..registry import About, kpis
from . import services
from .grammar import FormulaError
from .numbers import key_of, kpi_of

OWN_NUMBERS = Columns(
    Column("name", _("Name"), lambda own: own.name, order="name"),
    Column("key", _("Key"), key_of),
    Column("formula", _("Formula"), lambda own: own.formula),
    Column("unit", _("Unit"), lambda own: str(own.get_unit_display())),
    Column("version", _("Version"), lambda own: own.version, kind="number", on_page=False),
    Column("set_by", _("Set by"), lambda own: str(own.owner) if own.owner_id else None),
    default="name",
)


class OwnNumberFilter(RecordFilter):
    unit = SeveralFilter(choices=OwnNumber.Unit.choices, label=_("Unit"))
    direction = django_filters.ChoiceFilter(choices=OwnNumber.Direction.choices, label=_("Good is"))

    class Meta:
        model = OwnNumber
        fields: list[str] = []

    def search(self, queryset: QuerySet, text: str) -> QuerySet:
        """By name, what it says, and formula."""
        for word in text.split():
            near = Q(formula__icontains=word) | Q(definition__icontains=word)
            queryset = queryset.filter(near | Q(name__icontains=word) | Q(name_fr__icontains=word) | Q(name_es__icontains=word))
        return queryset


class OwnNumberForm(RecordForm):
    class Meta:
        model = OwnNumber
        fields = ["name", "name_fr", "name_es", "definition", "formula", "unit", "direction", "minimum_sample"]
        help_texts = {
            "name_fr": _("Without one the first name is shown."),
            "name_es": _("Without one the first name is shown."),
            "unit": _("100 × a ratio may be called a percentage."),
            "minimum_sample": _("On fewer records the value is not shown in lists and splits."),
        }

    def changes(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in self.model_fields if name in self.cleaned_data}


def ingredients() -> list[tuple[Any, list[tuple[str, str, Any]]]]:
    """The numbers that a formula may name, by area: key, name, unit."""
    usable = [kpi for kpi in kpis if not isinstance(kpi, About)]
    return [(name, [(kpi.key, kpi.name, kpi.unit) for kpi in group]) for _key, name, group in by_area(usable)]


class OwnNumberList(ListView):
    model = OwnNumber
    show = OwnNumber.objects.select_related("owner")
    filterset_class = OwnNumberFilter
    columns = OWN_NUMBERS
    rows_template = "analytics/_own_number_rows.html"
    new_url: Any = reverse_lazy("analytics:own_number_new")
    new_label: Any = _("New own number")
    icon = "sigma"
    empty_title: Any = _("No numbers of your own yet")
    empty_text = _(
        "Make one of the others by a formula, such as won_amount / pipeline_activities, and split and open it like them."
    )


class OwnNumberPage(DetailView):
    model = OwnNumber
    template = "analytics/own_number.html"

    def extra(self, own: Any) -> dict:
        try:
            kpi = kpi_of(own)
        except FormulaError:
            kpi = None
        return {"kpi": kpi, "key": key_of(own), "changes": changes_of(own)}


class OwnNumberEdit(FormView):
    model = OwnNumber
    form_class: Any = OwnNumberForm
    template = "analytics/own_number_form.html"

    def save(self, form: Any) -> OwnNumber:
        return services.save_own_number(form.record, **form.changes())

    def extra(self, form: Any) -> dict:
        return {"ingredients": ingredients()}

    def list_url(self) -> str:
        return reverse("analytics:own_numbers")


class OwnNumberNew(OwnNumberEdit):
    creates = True


class OwnNumberDelete(DeleteView):
    model = OwnNumber
    remove = staticmethod(services.delete_own_number)
    list_url = "analytics:own_numbers"
