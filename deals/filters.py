"""The filters of deals: list, export and API alike."""

from __future__ import annotations

import django_filters
from django import forms
from django.db.models import Exists, OuterRef, QuerySet
from django.urls import reverse_lazy
from django.utils.translation import gettext_lazy as _

from contacts.filters import CompanyChoice
from contacts.models import Company
from crm.access import visible_to
from crm.filters import RecordFilter, SeveralFilter, SpanFilter, TextFilter, span
from crm.forms import ComboboxWidget
from crm.models import Organisation
from crm.money import exponent
from crm.search import matching

from .choices import Status
from .models import Deal, DealTask, Product, Stage

PRODUCTS_URL = reverse_lazy("deals:lookup_products")


class StagesFilter(SeveralFilter):
    """One or several stages, or pipelines; both choices come of one query."""

    @property
    def field(self) -> forms.Field:
        stages = getattr(self.parent, "_stages", None)
        if stages is None:
            stages = self.parent._stages = list(Stage.objects.select_related("pipeline"))
        if self.field_name == "pipeline":
            known = {str(stage.pipeline_id): str(stage.pipeline) for stage in stages}
        else:
            several = len({stage.pipeline_id for stage in stages}) > 1
            known = {str(stage.pk): f"{stage.name} ({stage.pipeline})" if several else stage.name for stage in stages}
        self.extra["choices"] = list(known.items())
        if hasattr(self, "_field"):
            del self._field
        return super().field


class DealFilter(RecordFilter):
    status = SeveralFilter(choices=Status.choices, label=_("Status"))
    pipeline = StagesFilter(field_name="pipeline", label=_("Pipeline"))
    stage = StagesFilter(field_name="stage", label=_("Stage"))
    closing = SpanFilter(field_name="expected_close", label=_("Closing"))
    won = SpanFilter(method="won_in", label=_("Won"))
    lost = SpanFilter(method="lost_in", label=_("Lost"))
    value_from = django_filters.NumberFilter(method="worth_at_least", label=_("Value from"), min_value=0, max_value=10**12)
    next_step = django_filters.ChoiceFilter(
        choices=(("none", _("nothing planned")), ("planned", _("planned"))),
        method="by_next_step",
        label=_("Next step"),
        empty_label=_("Any"),
    )
    product = django_filters.ModelChoiceFilter(
        queryset=Product.objects.all(), label=_("Product"), widget=ComboboxWidget(url=PRODUCTS_URL, limit=0)
    )
    company = CompanyChoice()
    source = TextFilter(label=_("Source"))
    campaign = TextFilter(label=_("Campaign"))

    class Meta:
        model = Deal
        fields: list[str] = []

    def search(self, queryset: QuerySet, text: str) -> QuerySet:
        """By any part of title or number, or of the company's name or domain."""
        own = matching(Deal.objects.all(), text).order_by().values("pk")
        companies = visible_to(matching(Company.objects.all(), text), self.request.user).order_by().values("pk")
        return queryset.filter(pk__in=own.union(Deal.objects.filter(company__in=companies).order_by().values("pk")))

    def won_in(self, queryset: QuerySet, name: str, value: str) -> QuerySet:
        return self._closed_in(queryset.won(), value)

    def lost_in(self, queryset: QuerySet, name: str, value: str) -> QuerySet:
        return self._closed_in(queryset.lost(), value)

    @staticmethod
    def _closed_in(queryset: QuerySet, value: str) -> QuerySet:
        start, end = span(value)
        if start:
            queryset = queryset.filter(facts__closed_day__gte=start)
        return queryset.filter(facts__closed_day__lt=end)

    def worth_at_least(self, queryset: QuerySet, name: str, value: object) -> QuerySet:
        """Major units; deals in other currencies than the organisation's are compared by their own number."""
        return queryset.filter(amount__gte=int(value * 10 ** exponent(Organisation.current().base_currency)))  # type: ignore[operator]

    def by_next_step(self, queryset: QuerySet, name: str, value: str) -> QuerySet:
        """Open deals with, or without, an open task."""
        planned = Exists(DealTask.objects.filter(deal=OuterRef("pk"), task__done_at__isnull=True))
        return queryset.open().filter(planned if value == "planned" else ~planned)
