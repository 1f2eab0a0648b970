"""Settings of support: queues, statuses, calendars, service levels, tags, saved replies, the desk."""

from __future__ import annotations

import copy
import datetime as dt
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Count, Q
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse, reverse_lazy
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm.views.settings_base import SettingsForm, SettingsList, SettingsView

from .. import catalogue
from ..choices import Priority
from ..hours import hours_of
from ..models import Calendar, Desk, Queue, SavedReply, SlaPolicy, Tag, TicketStatus
from ..templatetags.tickets import hours as in_hours
from .files import VARIABLES
from .settings_forms import (
    CalendarForm,
    DeskForm,
    PolicyForm,
    QueueForm,
    SavedReplyForm,
    StatusForm,
    TagForm,
    speaks_for_all,
)

OPENINGS = 6  # next opening times shown of a calendar
UNTIL = dt.timedelta(days=60)


def _yes(value: bool) -> str:
    return _("yes") if value else ""


class EntryForm(SettingsForm):
    """A row that `catalogue.save_entry` saves; `blank` makes a new one."""

    model: Any
    delete_url = ""

    def record(self) -> Any:
        return self.row(self.model.objects) if "pk" in self.kwargs else self.model()

    def save(self, form: Any, record: Any) -> Any:
        return catalogue.save_entry(record, **form.cleaned_data)

    def extra(self, record: Any) -> dict:
        return {"delete_url": reverse(self.delete_url, args=[record.pk]) if self.delete_url and record.pk else ""}


class EntryDelete(SettingsView):
    """Deletes what nothing depends on."""

    model: Any
    list_url = ""
    http_method_names = ["post"]

    def find(self) -> Any:
        return self.row(self.model.objects)

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        row = self.find()
        try:
            catalogue.delete_entry(row)
            messages.success(request, _("%(name)s deleted") % {"name": row})
        except ValidationError as error:
            messages.error(request, " ".join(error.messages))
        return HttpResponseRedirect(reverse(self.list_url))


# --- queues, statuses, tags, the desk --------------------------------------------------------------------------------


class QueueList(SettingsList):
    title = gettext_lazy("Queues")
    hint = gettext_lazy("Where tickets wait. Each has its team, its working hours and the address its replies come from.")
    new_url = reverse_lazy("support:queue_new")
    new_label = gettext_lazy("New queue")
    heads = (gettext_lazy("Team"), gettext_lazy("Unsolved"), gettext_lazy("On the web form"), gettext_lazy("Default"))
    icon = "inbox"

    def queryset(self) -> Any:
        unsolved = Count("tickets", filter=~Q(tickets__category="done") & Q(tickets__spam=False))
        return Queue.objects.select_related("team").annotate(n=unsolved)

    def url(self, row: Any) -> str:
        return reverse("support:queue_edit", args=[row.pk])

    def cells(self, row: Any) -> list[Any]:
        return [row.team or "", row.n, _yes(row.public and row.active), _yes(row.is_default)]


class QueueEdit(EntryForm):
    model = Queue
    form_class = QueueForm
    parent = (gettext_lazy("Queues"), "support:queues")
    title = gettext_lazy("New queue")
    template = "support/settings_entry.html"
    delete_url = "support:queue_delete"


class QueueDelete(EntryDelete):
    model = Queue
    list_url = "support:queues"


class StatusList(SettingsList):
    title = gettext_lazy("Ticket statuses")
    hint = gettext_lazy("Yours in name and number; the category says what each means to clocks and numbers.")
    new_url = reverse_lazy("support:status_new")
    new_label = gettext_lazy("New status")
    heads = (gettext_lazy("Category"), gettext_lazy("Closes for good"), gettext_lazy("Offered"))
    icon = "flag"

    def queryset(self) -> Any:
        return TicketStatus.objects.all()

    def url(self, row: Any) -> str:
        return reverse("support:status_edit", args=[row.pk])

    def cells(self, row: Any) -> list[Any]:
        return [row.get_category_display(), _yes(row.closes), _yes(row.active)]


class StatusEdit(EntryForm):
    model = TicketStatus
    form_class = StatusForm
    parent = (gettext_lazy("Ticket statuses"), "support:statuses")
    title = gettext_lazy("New status")
    template = "support/settings_entry.html"
    delete_url = "support:status_delete"


class StatusDelete(EntryDelete):
    model = TicketStatus
    list_url = "support:statuses"


class TagList(SettingsList):
    title = gettext_lazy("Tags")
    hint = gettext_lazy("They come into being on tickets. Here they are renamed, and deleted where nobody needs them.")
    new_url = reverse_lazy("support:tag_new")
    new_label = gettext_lazy("New tag")
    heads = (gettext_lazy("Tickets"),)
    icon = "tags"

    def queryset(self) -> Any:
        return Tag.objects.annotate(n=Count("ticket_tags")).order_by("name", "pk")

    def url(self, row: Any) -> str:
        return reverse("support:tag_edit", args=[row.pk])

    def cells(self, row: Any) -> list[Any]:
        return [row.n]


class TagEdit(EntryForm):
    model = Tag
    form_class = TagForm
    parent = (gettext_lazy("Tags"), "support:tags")
    title = gettext_lazy("New tag")
    template = "support/settings_entry.html"
    delete_url = "support:tag_delete"


class TagDelete(EntryDelete):
    model = Tag
    list_url = "support:tags"


class DeskPage(SettingsForm):
    form_class = DeskForm
    title = gettext_lazy("Support desk")

    def record(self) -> Any:
        return Desk.current()

    def save(self, form: Any, record: Any) -> Any:
        return catalogue.save_desk(**form.cleaned_data)


# --- calendars -------------------------------------------------------------------------------------------------------


class CalendarList(SettingsList):
    title = gettext_lazy("Calendars")
    hint = gettext_lazy("Working hours, by which promises are counted.")
    new_url = reverse_lazy("support:calendar_new")
    new_label = gettext_lazy("New calendar")
    heads = (gettext_lazy("Time zone"), gettext_lazy("Hours a week"), gettext_lazy("Default"))
    icon = "calendar-clock"

    def queryset(self) -> Any:
        return Calendar.objects.prefetch_related("versions").order_by("name", "pk")

    def url(self, row: Any) -> str:
        return reverse("support:calendar_edit", args=[row.pk])

    def cells(self, row: Any) -> list[Any]:
        versions = list(row.versions.all())
        last = versions[-1] if versions else None
        week = sum(end - start for day in hours_of(last).week for start, end in day) if last else 0
        return [last.zone if last else "", in_hours(week * 60), _yes(row.is_default)]


class CalendarEdit(SettingsForm):
    form_class = CalendarForm
    parent = (gettext_lazy("Calendars"), "support:calendars")
    title = gettext_lazy("New calendar")
    template = "support/settings_calendar.html"

    def record(self) -> Any:
        return self.row(Calendar.objects) if "pk" in self.kwargs else Calendar()

    def save(self, form: Any, record: Any) -> Any:
        return catalogue.save_calendar(record, **form.values())

    def extra(self, record: Any) -> dict:
        versions = list(record.versions.all()) if record.pk else []
        return {"versions": versions, "openings": next_openings(versions), "zone": versions[-1].zone if versions else ""}


def next_openings(versions: list[Any]) -> list[tuple[dt.datetime, dt.datetime]]:
    """The next stretches of open time, in the calendar's own zone."""
    now = timezone.now()
    found = []
    for number, version in enumerate(versions):
        following = versions[number + 1] if number + 1 < len(versions) else None
        end = min(now + UNTIL, following.valid_from) if following else now + UNTIL
        start = max(now, version.valid_from) if version.valid_from else now
        if start < end:
            opened = hours_of(version)
            found += [(a.astimezone(opened.zone), b.astimezone(opened.zone)) for a, b in opened.windows(start, end)]
    return found[:OPENINGS]


# --- service levels --------------------------------------------------------------------------------------------------


class PolicyList(SettingsList):
    title = gettext_lazy("Service levels")
    hint = gettext_lazy("What is promised to whom. The first policy from the top whose conditions all hold applies.")
    new_url = reverse_lazy("support:policy_new")
    new_label = gettext_lazy("New policy")
    heads = (gettext_lazy("Position"), gettext_lazy("For"), gettext_lazy("Promises"), gettext_lazy("Active"))
    icon = "alarm-clock"

    def queryset(self) -> Any:
        return SlaPolicy.objects.select_related("queue", "company", "tag").prefetch_related("goals").order_by("position", "pk")

    def url(self, row: Any) -> str:
        return reverse("support:policy_edit", args=[row.pk])

    def cells(self, row: Any) -> list[Any]:
        channel = row.get_channel_display() if row.channel else ""
        conditions = [str(part) for part in (row.queue, row.type, channel, row.company, row.tag) if part]
        return [row.position, ", ".join(conditions) or _("all tickets"), self.promises(row), _yes(row.active)]

    @staticmethod
    def promises(row: Any) -> str:
        """The promises to normal tickets, in words."""
        goals = [goal for goal in row.goals.all() if goal.priority == Priority.NORMAL]
        return " · ".join(f"{goal.get_metric_display()} {in_hours(goal.minutes * 60)}" for goal in goals)


class PolicyEdit(SettingsForm):
    form_class = PolicyForm
    parent = (gettext_lazy("Service levels"), "support:policies")
    title = gettext_lazy("New policy")
    template = "support/settings_policy.html"

    def record(self) -> Any:
        return self.row(SlaPolicy.objects) if "pk" in self.kwargs else SlaPolicy()

    def make_form(self, record: Any, data: Any = None) -> Any:
        return PolicyForm(data, instance=copy.copy(record), user=self.user)

    def save(self, form: Any, record: Any) -> Any:
        return catalogue.save_policy(record, goals=form.goals(), **form.values())

    def extra(self, record: Any) -> dict:
        return {
            "priorities": Priority.labels,
            "delete_url": reverse("support:policy_delete", args=[record.pk]) if record.pk else "",
        }


class PolicyDelete(EntryDelete):
    model = SlaPolicy
    list_url = "support:policies"


# --- saved replies ---------------------------------------------------------------------------------------------------


class ReplyRights:
    """Everybody who answers has replies of their own; what others see belongs to those who look after the settings."""

    permission = ("savedreply", "change")
    user: Any
    kwargs: dict

    def mine(self) -> SavedReply:
        """The reply of the address, if the user may change it."""
        row = SavedReply.objects.visible_to(self.user).filter(pk=self.kwargs["pk"]).first()
        if row is None and speaks_for_all(self.user):
            row = SavedReply.objects.filter(pk=self.kwargs["pk"], owner__isnull=True).first()
        if row is None:
            raise Http404
        if not may_edit(self.user, row):
            raise PermissionDenied
        return row


def may_edit(user: Any, row: SavedReply) -> bool:
    """One's own; a team's by its members; everybody's by those who look after the settings."""
    if row.owner_id:
        return row.owner_id == user.pk
    return speaks_for_all(user) or row.team_id is not None and row.team_id == user.team_id


class ReplyList(ReplyRights, SettingsList):
    title = gettext_lazy("Saved replies")
    hint = gettext_lazy("Texts to insert while answering: your own, your team's, everybody's.")
    new_url = reverse_lazy("support:reply_new")
    new_label = gettext_lazy("New reply")
    heads = (gettext_lazy("Text"), gettext_lazy("For whom"))
    icon = "message-square-quote"

    def queryset(self) -> Any:
        return SavedReply.objects.visible_to(self.user).select_related("team", "owner").order_by("position", "title", "pk")

    def url(self, row: Any) -> str:
        return reverse("support:reply_edit", args=[row.pk]) if may_edit(self.user, row) else ""

    def cells(self, row: Any) -> list[Any]:
        text = " ".join(row.body.split())
        whose = _("Only me") if row.owner_id else str(row.team) if row.team else _("Everybody")
        return [text if len(text) <= 80 else text[:79] + "…", whose]


class ReplyEdit(ReplyRights, SettingsForm):
    form_class = SavedReplyForm
    parent = (gettext_lazy("Saved replies"), "support:replies")
    title = gettext_lazy("New reply")
    template = "support/settings_reply.html"

    def record(self) -> Any:
        return self.mine() if "pk" in self.kwargs else SavedReply()

    def make_form(self, record: Any, data: Any = None) -> Any:
        return SavedReplyForm(data, instance=copy.copy(record), user=self.user)

    def save(self, form: Any, record: Any) -> Any:
        return catalogue.save_entry(record, **form.values())

    def extra(self, record: Any) -> dict:
        return {
            "variables": VARIABLES,
            "delete_url": reverse("support:reply_delete", args=[record.pk]) if record.pk else "",
        }


class ReplyDelete(ReplyRights, EntryDelete):
    list_url = "support:replies"

    def find(self) -> Any:
        return self.mine()
