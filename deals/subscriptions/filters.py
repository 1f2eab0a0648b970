"""The filters of subscriptions: list, export and API alike."""

from __future__ import annotations

import datetime as dt
from typing import Any

import django_filters
from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from contacts.filters import CompanyChoice
from contacts.models import Company
from crm.access import visible_to
from crm.filters import RecordFilter, SeveralFilter, SpanFilter, TextFilter
from crm.forms import ComboboxWidget
from crm.periods import today
from crm.search import matching

from ..choices import CancelReason, Interval, SubscriptionStatus
from ..filters import PRODUCTS_URL
from ..models import Deal, Product
from .models import Subscription

SOON = (("30", _("in 30 days")), ("60", _("in 60 days")), ("90", _("in 90 days")))


def seen_deals(request: Any) -> QuerySet[Deal]:
    return visible_to(Deal.objects.all(), request.user) if request is not None else Deal.objects.none()


class SubscriptionFilter(RecordFilter):
    status = SeveralFilter(choices=SubscriptionStatus.choices, label=_("Status"))
    due = django_filters.ChoiceFilter(choices=SOON, method="due_in", label=_("Renewal due"), empty_label=_("Any time"))
    started = SpanFilter(field_name="start", label=_("Start"))
    company = CompanyChoice()
    product = django_filters.ModelChoiceFilter(
        queryset=Product.objects.all(), label=_("Product"), widget=ComboboxWidget(url=PRODUCTS_URL, limit=0)
    )
    plan = TextFilter(label=_("Plan"))
    interval = SeveralFilter(choices=Interval.choices, label=_("Billed per"))
    cancel_reason = SeveralFilter(choices=CancelReason.choices, label=_("Reason"))
    rate = django_filters.ChoiceFilter(
        choices=(("missing", _("no exchange rate")),), method="by_rate", label=_("Exchange rate"), empty_label=_("Any")
    )
    deal = django_filters.ModelChoiceFilter(queryset=seen_deals, label=_("Deal"), widget=forms.HiddenInput)
    source = TextFilter(label=_("Source"))
    created = None

    class Meta:
        model = Subscription
        fields: list[str] = []

    def search(self, queryset: QuerySet, text: str) -> QuerySet:
        """By any part of the number or plan, or of the name of a company the user may see."""
        own = matching(Subscription.objects.all(), text).order_by().values("pk")
        companies = visible_to(matching(Company.objects.all(), text), self.request.user).order_by().values("pk")
        return queryset.filter(pk__in=own.union(Subscription.objects.filter(company__in=companies).order_by().values("pk")))

    def due_in(self, queryset: QuerySet, name: str, value: str) -> QuerySet:
        """Terms that end within so many days and that nobody has renewed or cancelled."""
        now = today()
        return queryset.filter(term_end__gte=now).ending(now + dt.timedelta(days=int(value) + 1))  # type: ignore[attr-defined]

    def by_rate(self, queryset: QuerySet, name: str, value: str) -> QuerySet:
        return queryset.unconverted()  # type: ignore[attr-defined]
