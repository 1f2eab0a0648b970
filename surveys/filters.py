"""The filters of surveys, answers and invitations: pages, exports and API alike."""

from __future__ import annotations

from typing import Any

import django_filters
from django import forms
from django.db.models import QuerySet
from django.urls import reverse_lazy
from django.utils.translation import gettext_lazy as _

from contacts.filters import CompanyChoice, find_people
from contacts.models import Person
from crm.access import visible_to
from crm.filters import OwnerFilter, RecordFilter, SeveralFilter, SpanFilter, TeamFilter, TextFilter
from crm.forms import ComboboxWidget, DateInput
from crm.search import matching

from .choices import Band, InvitationState, Kind, ResponseState, Skip, Trigger
from .models import Invitation, Response, Survey
from .results import STAGES, reached

PEOPLE_URL = reverse_lazy("contacts:lookup_people")


class OneSurvey(django_filters.ModelChoiceFilter):
    """Of one survey."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"queryset": Survey.objects.all(), "label": _("Survey"), "empty_label": _("Any"), **kwargs})


def seen_people(request: Any) -> QuerySet[Person]:
    user = getattr(request, "user", None)
    return visible_to(Person.objects.all(), user) if user is not None else Person.objects.none()


class OnePerson(django_filters.ModelChoiceFilter):
    """Of one person, found while typing."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        widget = ComboboxWidget(url=PEOPLE_URL, limit=0)
        super().__init__(*args, **{"queryset": seen_people, "label": _("Person"), "widget": widget, **kwargs})


class DayFilter(django_filters.DateFilter):
    """From a day, or up to and with one."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"widget": DateInput(), **kwargs})


class AnswerFilter(django_filters.FilterSet):
    """What the lists of answers and invitations share."""

    owner = OwnerFilter()
    team = TeamFilter()
    survey = OneSurvey()
    company = CompanyChoice()
    person = OnePerson()
    channel = TextFilter(label=_("Channel"))
    segment = TextFilter(label=_("Industry"))
    product = TextFilter(label=_("Product"))
    campaign = TextFilter(label=_("Campaign"))
    priority = TextFilter(label=_("Priority"))
    subject_type = TextFilter(label=_("About a"), widget=forms.HiddenInput)
    subject_id = django_filters.NumberFilter(label=_("About number"), min_value=1, max_value=2**63 - 1, widget=forms.HiddenInput)

    qs = RecordFilter.qs
    is_narrowed = RecordFilter.is_narrowed

    @staticmethod
    def of_people(text: str, user: Any) -> QuerySet:
        return visible_to(find_people(Person.objects.all(), text), user).order_by().values("pk")


class SurveyFilter(RecordFilter):
    kind = SeveralFilter(choices=Kind.choices, label=_("Type"))
    active = django_filters.BooleanFilter(label=_("Active"))

    class Meta:
        model = Survey
        fields: list[str] = []


class ResponseFilter(AnswerFilter):
    q = RecordFilter.declared_filters["q"]
    kind = SeveralFilter(choices=Kind.choices, label=_("Type"))
    band = SeveralFilter(choices=Band.choices, label=_("Band"))
    state = SeveralFilter(choices=ResponseState.choices, label=_("State"))
    answered = SpanFilter(field_name="responded_day", label=_("Answered"))
    commented = django_filters.BooleanFilter(method="by_comment", label=_("With a comment"))
    invited = django_filters.BooleanFilter(field_name="invitation", lookup_expr="isnull", exclude=True, label=_("By invitation"))

    class Meta:
        model = Response
        fields: list[str] = []

    def search(self, queryset: QuerySet, text: str) -> QuerySet:
        """By any part of the comment, or of the person's name or e-mail."""
        own = matching(Response.objects.all(), text).order_by().values("pk")
        people = Response.objects.filter(person__in=self.of_people(text, self.request.user)).order_by().values("pk")
        return queryset.filter(pk__in=own.union(people))

    def by_comment(self, queryset: QuerySet, name: str, value: bool) -> QuerySet:
        return queryset.exclude(comment="") if value else queryset.filter(comment="")


class InvitationFilter(AnswerFilter):
    q = RecordFilter.declared_filters["q"]
    state = SeveralFilter(choices=InvitationState.choices, label=_("State"))
    reason = SeveralFilter(choices=Skip.choices, label=_("Not sent because"))
    stage = django_filters.ChoiceFilter(
        choices=[(key, label) for key, label, _apart in STAGES], method="by_stage", label=_("Stage"), empty_label=_("Any")
    )
    trigger = SeveralFilter(choices=Trigger.choices, label=_("Trigger"))
    planned = SpanFilter(field_name="planned_day", label=_("Planned"))

    class Meta:
        model = Invitation
        fields: list[str] = []

    def search(self, queryset: QuerySet, text: str) -> QuerySet:
        """By any part of the address, or of the person's name."""
        own = matching(Invitation.objects.all(), text).order_by().values("pk")
        people = Invitation.objects.filter(person__in=self.of_people(text, self.request.user)).order_by().values("pk")
        return queryset.filter(pk__in=own.union(people))

    def by_stage(self, queryset: QuerySet, name: str, value: str) -> QuerySet:
        return reached(queryset, value)


#: "from" is a word of Python, so these two are put in by name.
for _filter, _day in ((ResponseFilter, "responded_day"), (InvitationFilter, "planned_day")):
    _filter.base_filters["from"] = DayFilter(field_name=_day, lookup_expr="gte", label=_("From"))
    _filter.base_filters["to"] = DayFilter(field_name=_day, lookup_expr="lte", label=_("Up to"))
