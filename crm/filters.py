"""What the filters of all lists share. Pages, exports and the API read the same FilterSets."""

from __future__ import annotations

import datetime as dt
from typing import Any

import django_filters
from django import forms
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from . import periods, search
from .access import scope_of, team_ids
from .http import whole_number
from .models import Team, User

ME = "me"
NOBODY = "none"


def _scope(user: Any) -> str | None:
    return scope_of(user, "deal", "view") or scope_of(user, "company", "view")


def colleagues(user: Any) -> QuerySet[User]:
    """The people a user may name as owner in a filter or form: themselves, their teams, or everyone."""
    people = User.objects.filter(is_active=True, is_service=False)
    scope = _scope(user)
    if scope == "all":
        return people
    if scope == "team":
        return people.filter(Q(pk=user.pk) | Q(team__in=team_ids(user)))
    return people.filter(pk=user.pk)


class OwnerFilter(django_filters.ChoiceFilter):
    """Owner is me, nobody, or someone the user may name."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"label": _("Owner"), "empty_label": _("Anyone"), **kwargs})

    @property
    def field(self) -> forms.Field:
        user = getattr(self.parent.request, "user", None)
        known: list[tuple[str, Any]] = [(ME, _("me")), (NOBODY, _("nobody"))]
        if user is not None and user.is_authenticated:
            # Somebody who sees only their own has nobody to choose: no query.
            alone = _scope(user) == "own"
            others = () if alone else colleagues(user)
            known += [(str(person.pk), str(person)) for person in others if person.pk != user.pk]
            if alone:
                known.append((str(user.pk), str(user)))
        self.extra["choices"] = known
        if hasattr(self, "_field"):
            del self._field
        return super().field

    def filter(self, qs: QuerySet, value: str) -> QuerySet:
        if value == ME:
            return qs.filter(**{self.field_name: self.parent.request.user})
        if value == NOBODY:
            return qs.filter(**{f"{self.field_name}__isnull": True})
        return super().filter(qs, value)


class TeamFilter(django_filters.ModelChoiceFilter):
    """The team of the owner; the user's own and those below it, or all."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"label": _("Team"), "queryset": self.teams, "empty_label": _("Any team"), **kwargs})

    @staticmethod
    def teams(request: Any) -> QuerySet[Team]:
        user = getattr(request, "user", None)
        if user is None or not user.is_authenticated:
            return Team.objects.none()
        scope = _scope(user)
        if scope == "own":
            return Team.objects.none()
        return Team.objects.all() if scope == "all" else Team.objects.filter(pk__in=team_ids(user))


SPANS = (
    ("today", _("today")),
    ("this_week", _("this week")),
    ("this_month", _("this month")),
    ("last_month", _("last month")),
    ("next_month", _("next month")),
    ("this_quarter", _("this quarter")),
    ("this_year", _("this year")),
    ("past", _("in the past")),
)


def span(name: str) -> tuple[dt.date | None, dt.date]:
    """[start, end) of a named span of days, as of today."""
    today = periods.today()
    if name == "today":
        return today, today + dt.timedelta(days=1)
    if name == "past":
        return None, today
    when, _sep, grain = name.partition("_")
    unit = periods.containing(today, grain)
    if when == "last":
        unit = unit.previous()
    elif when == "next":
        unit = periods.containing(unit.end, grain)
    return unit.start, unit.end


class SpanFilter(django_filters.ChoiceFilter):
    """A column of local days by words: this month, in the past."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"choices": SPANS, "empty_label": _("Any time"), **kwargs})

    def filter(self, qs: QuerySet, value: str) -> QuerySet:
        if not value:
            return qs
        start, end = span(value)
        if start:
            qs = qs.filter(**{f"{self.field_name}__gte": start})
        return qs.filter(**{f"{self.field_name}__lt": end})


class TextFilter(django_filters.CharFilter):
    """Exactly this text, whatever the case."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"lookup_expr": "iexact", "max_length": 200, **kwargs})


class SeveralFilter(django_filters.MultipleChoiceFilter):
    """One or several of a short list, each a chip to switch."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("widget", forms.CheckboxSelectMultiple(attrs={"data-chips": ""}))
        super().__init__(*args, **kwargs)


class SearchFilter(django_filters.CharFilter):
    """The list's search box: any part of the searchable texts (see `crm.search`)."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"label": _("Search"), "max_length": 200, **kwargs})

    def filter(self, qs: QuerySet, value: str) -> QuerySet:
        value = (value or "").strip()
        return self.parent.search(qs, value) if value else qs


class RecordFilter(django_filters.FilterSet):
    """Base of the lists' filters: search, owner, team, creation. A value that cannot be read gives no rows and an error at
    its field, never all rows: a number read off a list whose filter was dropped would be wrong.
    """

    q = SearchFilter()
    owner = OwnerFilter()
    team = TeamFilter()
    created = SpanFilter(field_name="created_day", label=_("Created"))

    def search(self, queryset: QuerySet, text: str) -> QuerySet:
        """The rows that the text finds."""
        return search.matching(queryset, text)

    @property
    def qs(self) -> QuerySet:
        if not hasattr(self, "_qs"):
            found = self.queryset.all()
            if self.is_bound:
                found = self.filter_queryset(found) if self.is_valid() else found.none()
            self._qs = found
        return self._qs

    @property
    def is_narrowed(self) -> bool:
        """Whether any filter is set, so that an empty list can offer to clear them."""
        return any(self.data.get(name) for name in self.filters) if self.data else False


def by_id_or_none(queryset: QuerySet, text: str | None) -> Any:
    """The row whose id was written in a URL, or None."""
    pk = whole_number(text)
    return queryset.filter(pk=pk).first() if pk is not None else None
