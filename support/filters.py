"""The filters of tickets: queue page, export and API alike."""

from __future__ import annotations

import datetime as dt
from typing import Any

import django_filters
from django import forms
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from contacts.filters import CompanyChoice, find_people
from contacts.models import Company, Person
from crm.access import visible_to
from crm.filters import RecordFilter, SeveralFilter, TextFilter
from crm.search import matching

from .choices import Category, Channel, Priority
from .models import Queue, Tag, Ticket, TicketStatus
from .querysets import TicketQuerySet

#: Ready-made views of the queue, in the order of their tabs. All leave spam out but the last.
VIEWS = (
    ("mine", _("Mine")),
    ("unassigned", _("Unassigned")),
    ("overdue", _("Overdue")),
    ("today", _("Due today")),
    ("waiting_customer", _("Waiting on customer")),
    ("waiting_other", _("Waiting on third party")),
    ("open", _("All unsolved")),
    ("solved", _("Solved")),
    ("all", _("All")),
    ("spam", _("Spam")),
)
COUNTED = ("mine", "unassigned", "overdue", "today", "waiting_customer", "waiting_other", "open")
DEFAULT_VIEW = "open"


def end_of_today(now: dt.datetime) -> dt.datetime:
    """The first instant of the reader's tomorrow."""
    tomorrow = timezone.localtime(now).date() + dt.timedelta(days=1)
    return timezone.make_aware(dt.datetime.combine(tomorrow, dt.time()))


def in_view(tickets: TicketQuerySet, view: str, user: Any) -> TicketQuerySet:
    """The tickets of a ready-made view."""
    now = timezone.now()
    if view == "spam":
        return tickets.filter(spam=True)
    tickets = tickets.genuine()
    if view == "solved":
        return tickets.done()
    if view == "all":
        return tickets
    tickets = tickets.undone()
    if view == "mine":
        return tickets.filter(owner=user)
    if view == "unassigned":
        return tickets.unassigned()
    if view == "overdue":
        return tickets.overdue(now)
    if view == "today":
        return tickets.filter(next_due_at__gt=now, next_due_at__lt=end_of_today(now))
    if view in (Category.WAITING_CUSTOMER, Category.WAITING_OTHER):
        return tickets.filter(category=view)
    return tickets


class RowsFilter(SeveralFilter):
    """One or several rows of a short list that an administrator keeps: one query."""

    def __init__(self, *args: Any, model: Any, **kwargs: Any) -> None:
        self.rows = model
        super().__init__(*args, **kwargs)

    @property
    def field(self) -> forms.Field:
        known = getattr(self, "_known", None)
        if known is None:
            known = self._known = [(str(row.pk), str(row)) for row in self.rows._default_manager.all()]
        self.extra["choices"] = known
        return super().field


class TicketFilter(RecordFilter):
    view = django_filters.ChoiceFilter(choices=VIEWS, method="by_view", widget=forms.HiddenInput(), label=_("View"))
    queue = RowsFilter(model=Queue, label=_("Queue"))
    status = RowsFilter(model=TicketStatus, label=_("Status"))
    category = SeveralFilter(choices=Category.choices, label=_("Whose turn"))
    priority = SeveralFilter(choices=Priority.choices, label=_("Priority"))
    channel = SeveralFilter(choices=Channel.choices, label=_("Channel"))
    type = TextFilter(label=_("Type"))
    tag = django_filters.CharFilter(method="by_tag", label=_("Tag"), max_length=60)
    company = CompanyChoice()
    requester = django_filters.ModelChoiceFilter(
        queryset=lambda request: visible_to(Person.objects.all(), request.user) if request else Person.objects.none(),
        label=_("Requester"),
        widget=forms.HiddenInput(),
    )
    answered = django_filters.ChoiceFilter(
        choices=(("no", _("waits for our answer")), ("yes", _("answered"))),
        method="by_answer",
        label=_("Last word"),
        empty_label=_("Any"),
    )

    class Meta:
        model = Ticket
        fields: list[str] = []

    def search(self, queryset: QuerySet, text: str) -> QuerySet:
        """By any part of subject or number, or of the requester's or company's name."""
        user = self.request.user
        own = matching(Ticket.objects.all(), text).order_by().values("pk")
        people = find_people(visible_to(Person.objects.all(), user), text).order_by().values("pk")
        companies = visible_to(matching(Company.objects.all(), text), user).order_by().values("pk")
        others = [
            Ticket.objects.filter(**{name: found}).order_by().values("pk")
            for name, found in (("requester__in", people), ("company__in", companies))
        ]
        return queryset.filter(pk__in=own.union(*others))

    def by_view(self, queryset: Any, name: str, value: str) -> QuerySet:
        return in_view(queryset, value, self.request.user)

    def by_tag(self, queryset: QuerySet, name: str, value: str) -> QuerySet:
        tag = Tag.objects.filter(name__iexact=value.strip()).first()
        return queryset.filter(ticket_tags__tag=tag) if tag else queryset.none()

    def by_answer(self, queryset: Any, name: str, value: str) -> QuerySet:
        return queryset.unanswered() if value == "no" else queryset.filter(unanswered_since__isnull=True)


class QueueFilter(TicketFilter):
    """The queue page's: without a view it shows what is unsolved, unless a status or category asks for something else."""

    def filter_queryset(self, queryset: QuerySet) -> QuerySet:
        found = super().filter_queryset(queryset)
        if self.form.cleaned_data.get("view"):
            return found
        named = self.form.cleaned_data.get("status") or self.form.cleaned_data.get("category")
        return in_view(found, "all" if named else DEFAULT_VIEW, self.request.user)
