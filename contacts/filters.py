"""The filters of companies, people, leads and tasks: pages, exports and API alike."""

from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import QuerySet
from django.urls import reverse_lazy
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from crm.access import visible_to
from crm.filters import OwnerFilter, RecordFilter, SeveralFilter, SpanFilter, TeamFilter, TextFilter
from crm.forms import ComboboxWidget
from crm.search import matching

from .choices import ActivityKind, LeadStatus
from .models import Activity, Company, Lead, Person, PersonEmail, PersonPhone, Task
from .scores import HOT

COMPANIES_URL = reverse_lazy("contacts:lookup_companies")
DIGITS = 4  # this many digits of a phone number find a person


def find_people(queryset: QuerySet, text: str) -> QuerySet:
    """People by any part of name or e-mail, or four digits of a phone number, however it is written."""
    names = matching(Person.objects.all(), text).order_by().values("pk")
    emails = matching(PersonEmail.objects.all(), text).order_by().values("person_id")
    found = [names, emails]
    digits = "".join(char for char in text if char.isdigit())
    if len(digits) >= DIGITS and not any(char.isalpha() for char in text):
        found.append(matching(PersonPhone.objects.all(), digits).order_by().values("person_id"))
    return queryset.filter(pk__in=found[0].union(*found[1:]))


def seen_companies(request: Any) -> QuerySet[Company]:
    """The companies that may be named in a filter."""
    user = getattr(request, "user", None)
    return visible_to(Company.objects.all(), user) if user is not None else Company.objects.none()


class CompanyChoice(django_filters.ModelChoiceFilter):
    """Of one company, found while typing."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs = {
            "label": _("Company"),
            "queryset": seen_companies,
            "widget": ComboboxWidget(url=COMPANIES_URL, limit=0),
            **kwargs,
        }
        super().__init__(*args, **kwargs)


class CompanyFilter(RecordFilter):
    industry = TextFilter(label=_("Industry"))
    country = TextFilter(label=_("Country"))
    source = TextFilter(label=_("Source"))

    class Meta:
        model = Company
        fields: list[str] = []


class PersonFilter(RecordFilter):
    company = CompanyChoice()
    source = TextFilter(label=_("Source"))

    class Meta:
        model = Person
        fields: list[str] = []

    def search(self, queryset: QuerySet, text: str) -> QuerySet:
        return find_people(queryset, text)


class LeadFilter(RecordFilter):
    status = SeveralFilter(choices=LeadStatus.choices, label=_("Status"))
    answered = django_filters.ChoiceFilter(
        choices=(("no", _("not yet")), ("yes", _("done"))), method="by_answer", label=_("First response"), empty_label=_("Any")
    )
    score = django_filters.ChoiceFilter(
        choices=(("hot", _("60 and more")), ("warm", _("30 to 59")), ("cold", _("below 30"))),
        method="by_score",
        label=_("Score"),
        empty_label=_("Any"),
    )
    source = TextFilter(label=_("Source"))
    campaign = TextFilter(label=_("Campaign"))

    class Meta:
        model = Lead
        fields: list[str] = []

    def by_answer(self, queryset: QuerySet, name: str, value: str) -> QuerySet:
        return queryset.untouched() if value == "no" else queryset.filter(first_response_at__isnull=False)

    def by_score(self, queryset: QuerySet, name: str, value: str) -> QuerySet:
        low, high = {"hot": (HOT, 100), "warm": (HOT // 2, HOT - 1), "cold": (0, HOT // 2 - 1)}[value]
        return queryset.filter(score__gte=low, score__lte=high)


class TaskFilter(django_filters.FilterSet):
    """Tasks by what became of them."""

    DUE = (("overdue", _("overdue")), ("open", _("not done")), ("done", _("done")))

    owner = OwnerFilter()
    team = TeamFilter()
    state = django_filters.ChoiceFilter(choices=DUE, method="by_state", label=_("State"), empty_label=_("All"))
    kind = django_filters.ChoiceFilter(choices=ActivityKind.choices, label=_("Type"), empty_label=_("Any type"))

    class Meta:
        model = Task
        fields: list[str] = []

    qs = RecordFilter.qs
    is_narrowed = RecordFilter.is_narrowed

    def by_state(self, queryset: QuerySet, name: str, value: str) -> QuerySet:
        if value == "overdue":
            return queryset.overdue(timezone.now())
        return queryset.open() if value == "open" else queryset.filter(done_at__isnull=False)


class OpenTaskFilter(TaskFilter):
    """The page's: what is not done, unless one asks for more."""

    state = django_filters.ChoiceFilter(
        choices=(("overdue", _("overdue")), ("done", _("done")), ("all", _("All"))),
        method="by_state",
        label=_("State"),
        empty_label=_("not done"),
    )

    def by_state(self, queryset: QuerySet, name: str, value: str) -> QuerySet:
        return queryset if value == "all" else super().by_state(queryset, name, value)

    @property
    def qs(self) -> QuerySet:
        found = RecordFilter.qs.fget(self)  # type: ignore[attr-defined]
        return found if self.data.get("state") else found.open()


class ActivityFilter(django_filters.FilterSet):
    """What was done, by whom, with whom."""

    owner = OwnerFilter()
    team = TeamFilter()
    kind = SeveralFilter(choices=ActivityKind.choices, label=_("Type"))
    done = SpanFilter(field_name="day", label=_("When"))
    company = django_filters.NumberFilter(field_name="company_id", label=_("Company number"), min_value=1, max_value=2**63 - 1)
    person = django_filters.NumberFilter(field_name="person_id", label=_("Person number"), min_value=1, max_value=2**63 - 1)
    lead = django_filters.NumberFilter(field_name="lead_id", label=_("Lead number"), min_value=1, max_value=2**63 - 1)

    class Meta:
        model = Activity
        fields: list[str] = []

    qs = RecordFilter.qs
    is_narrowed = RecordFilter.is_narrowed
