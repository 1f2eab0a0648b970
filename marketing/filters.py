"""The filters of campaigns and costs: pages, exports and API alike."""

from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import QuerySet
from django.urls import reverse_lazy
from django.utils.translation import gettext_lazy as _

from crm.filters import RecordFilter, SeveralFilter, SpanFilter, TextFilter
from crm.forms import ComboboxWidget, DateInput
from crm.search import matching

from .choices import CampaignKind, CampaignStatus, Category, Device, Purpose
from .models import Campaign, CampaignMessage, Cost, Visit, WebForm

CAMPAIGNS_URL = reverse_lazy("marketing:lookup_campaigns")


class CampaignFilter(RecordFilter):
    status = SeveralFilter(choices=CampaignStatus.choices, label=_("Status"))
    kind = SeveralFilter(choices=CampaignKind.choices, label=_("Type"))
    starting = SpanFilter(field_name="start", label=_("Starts"))
    source = TextFilter(label=_("Source"))
    channel = TextFilter(label=_("Channel"))

    class Meta:
        model = Campaign
        fields: list[str] = []


class WebFormFilter(RecordFilter):
    active = django_filters.BooleanFilter(label=_("Open to everybody"))

    class Meta:
        model = WebForm
        fields: list[str] = []


class VisitFilter(django_filters.FilterSet):
    """Visits by where they began, where they came from and what came of them."""

    started = SpanFilter(field_name="started_day", label=_("Started"))
    landing_page = TextFilter(label=_("Landing page"), max_length=300)
    source = TextFilter(label=_("Source"))
    medium = TextFilter(label=_("Channel"))
    campaign = TextFilter(label=_("Campaign"))
    device = SeveralFilter(choices=Device.choices, label=_("Device"))
    sent = django_filters.BooleanFilter(method="by_sent", label=_("Sent a form"))

    class Meta:
        model = Visit
        fields: list[str] = []

    qs = RecordFilter.qs
    is_narrowed = RecordFilter.is_narrowed

    def by_sent(self, queryset: QuerySet, name: str, value: bool) -> QuerySet:
        return queryset.filter(submitted__gt=0) if value else queryset.filter(submitted=0)


class CampaignChoice(django_filters.ModelChoiceFilter):
    """Of one campaign, found while typing."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        widget = ComboboxWidget(url=CAMPAIGNS_URL, limit=0)
        super().__init__(*args, **{"queryset": Campaign.objects.all(), "label": _("Campaign"), "widget": widget, **kwargs})


class MessageFilter(django_filters.FilterSet):
    """Messages by campaign, recipient and what became of them."""

    STATES = (
        ("bounced", _("Bounced")),
        ("opened", _("First opened")),
        ("clicked", _("First clicked")),
        ("opted_out", _("Opted out")),
    )

    campaign = CampaignChoice()
    email = TextFilter(label=_("E-mail"))
    sent = SpanFilter(field_name="sent_day", label=_("Sent"))
    state = django_filters.ChoiceFilter(choices=STATES, method="by_state", label=_("State"), empty_label=_("All"))

    class Meta:
        model = CampaignMessage
        fields: list[str] = []

    qs = RecordFilter.qs
    is_narrowed = RecordFilter.is_narrowed

    def by_state(self, queryset: QuerySet, name: str, value: str) -> QuerySet:
        return queryset.filter(**{f"{value}_at__isnull": False})


class CostFilter(RecordFilter):
    category = SeveralFilter(choices=Category.choices, label=_("Category"))
    purpose = SeveralFilter(choices=Purpose.choices, label=_("Purpose"))
    posted = SpanFilter(field_name="posted_on", label=_("Posted"))
    campaign = CampaignChoice()
    channel = TextFilter(label=_("Channel"))
    unconverted = django_filters.BooleanFilter(field_name="base_amount", lookup_expr="isnull", label=_("Without exchange rate"))

    class Meta:
        model = Cost
        fields: list[str] = []

    def search(self, queryset: QuerySet, text: str) -> QuerySet:
        """By any part of what it was for, or of the campaign's name."""
        own = matching(Cost.objects.all(), text).order_by().values("pk")
        campaigns = matching(Campaign.objects.all(), text).order_by().values("pk")
        return queryset.filter(pk__in=own.union(Cost.objects.filter(campaign__in=campaigns).order_by().values("pk")))


#: "from" is a word of Python, so these two are put in by name.
CostFilter.base_filters["from"] = django_filters.DateFilter(
    field_name="posted_on", lookup_expr="gte", label=_("From"), widget=DateInput()
)
CostFilter.base_filters["to"] = django_filters.DateFilter(
    field_name="posted_on", lookup_expr="lte", label=_("Up to"), widget=DateInput()
)
