"""The filters of orders: list, export and API alike."""

from __future__ import annotations

from typing import Any

import django_filters
from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from contacts.filters import CompanyChoice
from contacts.forms import PEOPLE_URL
from contacts.models import Company, Person
from crm.access import visible_to
from crm.filters import RecordFilter, SeveralFilter, SpanFilter, TextFilter
from crm.forms import ComboboxWidget
from crm.models import Organisation
from crm.money import exponent
from crm.search import matching

from ..choices import OrderKind
from ..filters import PRODUCTS_URL
from ..models import Deal, Product
from .models import Order


def seen_people(request: Any) -> QuerySet[Person]:
    return visible_to(Person.objects.all(), request.user) if request is not None else Person.objects.none()


def seen_deals(request: Any) -> QuerySet[Deal]:
    return visible_to(Deal.objects.all(), request.user) if request is not None else Deal.objects.none()


class OrderFilter(RecordFilter):
    kind = SeveralFilter(choices=OrderKind.choices, label=_("Type"))
    ordered = SpanFilter(field_name="ordered_day", label=_("Date"))
    company = CompanyChoice()
    person = django_filters.ModelChoiceFilter(
        queryset=seen_people, label=_("Person"), widget=ComboboxWidget(url=PEOPLE_URL, limit=0)
    )
    product = django_filters.ModelChoiceFilter(
        queryset=Product.objects.all(),
        method="with_product",
        label=_("Product"),
        widget=ComboboxWidget(url=PRODUCTS_URL, limit=0),
    )
    value_from = django_filters.NumberFilter(method="worth_at_least", label=_("Amount from"), min_value=0, max_value=10**12)
    rate = django_filters.ChoiceFilter(
        choices=(("missing", _("no exchange rate")),), method="by_rate", label=_("Exchange rate"), empty_label=_("Any")
    )
    credited = django_filters.ChoiceFilter(
        choices=(("some", _("credited")), ("none", _("not credited"))),
        method="by_credit",
        label=_("Credit notes"),
        empty_label=_("Any"),
    )
    deal = django_filters.ModelChoiceFilter(queryset=seen_deals, label=_("Deal"), widget=forms.HiddenInput)
    country = TextFilter(label=_("Country"))
    source = TextFilter(label=_("Source"))
    campaign = TextFilter(label=_("Campaign"))
    channel = TextFilter(label=_("Channel"))
    created = None

    class Meta:
        model = Order
        fields: list[str] = []

    def search(self, queryset: QuerySet, text: str) -> QuerySet:
        """By any part of the number, or of the name of a company or person the user may see."""
        user = self.request.user
        own = matching(Order.objects.all(), text).order_by().values("pk")
        companies = visible_to(matching(Company.objects.all(), text), user).order_by().values("pk")
        people = visible_to(matching(Person.objects.all(), text), user).order_by().values("pk")
        found = own.union(
            Order.objects.filter(company__in=companies).order_by().values("pk"),
            Order.objects.filter(person__in=people).order_by().values("pk"),
        )
        return queryset.filter(pk__in=found)

    def with_product(self, queryset: QuerySet, name: str, value: Product) -> QuerySet:
        """Orders with a line of the product."""
        return queryset.filter(pk__in=value.order_lines.order_by().values("order_id"))

    def worth_at_least(self, queryset: QuerySet, name: str, value: object) -> QuerySet:
        """Major units; orders in other currencies than the organisation's are compared by their own number."""
        return queryset.filter(amount__gte=int(value * 10 ** exponent(Organisation.current().base_currency)))  # type: ignore[operator]

    def by_rate(self, queryset: QuerySet, name: str, value: str) -> QuerySet:
        return queryset.unconverted()  # type: ignore[attr-defined]

    def by_credit(self, queryset: QuerySet, name: str, value: str) -> QuerySet:
        queryset = queryset.filter(kind=OrderKind.ORDER)
        return queryset.filter(refunded__gt=0) if value == "some" else queryset.filter(refunded=0)
