"""The forms behind the settings of support, and how hours and promises are written in them."""

from __future__ import annotations

import re
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.forms import formset_factory
from django.utils.dates import WEEKDAYS
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from contacts.filters import COMPANIES_URL
from crm.access import scope_of
from crm.forms import ComboboxWidget, DateInput, DateTimeInput, DayField, MomentField
from crm.models import Organisation
from crm.zones import zone_choices

from ..catalogue import Goal
from ..choices import PROMISED, Metric, Priority
from ..models import Calendar, Desk, Queue, SavedReply, SlaPolicy, Tag, TicketStatus
from ..owners import workers

INTERVAL = re.compile(r"\s*(\d{1,2}(?:[:.h]\d{2})?)\s*(?:-|–|—|to|à|a)\s*(\d{1,2}(?:[:.h]\d{2})?)\s*", re.IGNORECASE)
#: Ways to write a promise; each leaves hours, minutes, or both.
SPANS = [
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"(?P<h>\d+):(?P<m>[0-5]\d)",
        r"(?P<h>\d+)\s*h\s*(?P<m>\d+)\s*(?:m|min)?",
        r"(?P<h>\d+(?:[.,]\d+)?)\s*h?",
        r"(?P<h>)(?P<m>\d+)\s*(?:m|min)",
    )
]


# --- reading and writing ---------------------------------------------------------------------------------------------


def read_intervals(text: str) -> list[list[str]]:
    """ "9-12:30, 13:30 – 17" as [["09:00", "12:30"], ["13:30", "17:00"]]; an end before its start lies on the next day."""
    found = []
    for part in filter(str.strip, re.split(r"[,;]", text)):
        match = INTERVAL.fullmatch(part)
        if match is None:
            raise ValidationError(_("Write times as 09:00-12:30, 13:30-17:00."))
        found.append([_clock(match[1]), _clock(match[2])])
    return found


def _clock(text: str) -> str:
    hour, _sign, minute = re.sub("[.hH]", ":", text).partition(":")
    if int(hour) > 24 or int(minute or 0) > 59 or int(hour) == 24 and int(minute or 0):
        raise ValidationError(_("“%(text)s” is no time of day.") % {"text": text})
    return f"{int(hour):02}:{minute or '00'}"


def write_intervals(intervals: Any) -> str:
    return ", ".join(f"{start}-{end}" for start, end in intervals)


def read_minutes(text: str) -> int:
    """ "8", "8 h", "1:30", "1h 30m", "0.5" and "45 min" as minutes: a bare number is hours."""
    found = next((match for match in (span.fullmatch(text.strip()) for span in SPANS) if match), None)
    if found is None or len(text) > 20:
        raise ValidationError(_("Write hours, as 8 or 1:30, or minutes, as 45 min."))
    parts = found.groupdict()
    minutes = round(float((parts["h"] or "0").replace(",", ".")) * 60) + int(parts.get("m") or 0)
    if not 1 <= minutes <= 525_600:
        raise ValidationError(_("A promise takes between one minute and a year."))
    return minutes


def write_minutes(minutes: int) -> str:
    """8 h as "8", an hour and a half as "1:30"."""
    hours, rest = divmod(minutes, 60)
    return f"{hours}:{rest:02}" if rest else str(hours)


class MinutesField(forms.CharField):
    """A promise: typed in hours, kept in minutes."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            required=False, max_length=20, widget=forms.TextInput(attrs={"size": 6, "autocomplete": "off"}), **kwargs
        )

    def clean(self, value: Any) -> int | None:
        text = super().clean(value)
        return read_minutes(text) if text else None

    def prepare_value(self, value: Any) -> Any:
        return write_minutes(value) if isinstance(value, int) else value


# --- simple rows -----------------------------------------------------------------------------------------------------


class StatusForm(forms.ModelForm):
    class Meta:
        model = TicketStatus
        fields = ["name", "category", "position", "closes", "active"]
        help_texts = {"category": gettext_lazy("What it means to clocks and numbers. It stays once tickets have the status.")}


class QueueForm(forms.ModelForm):
    class Meta:
        model = Queue
        fields = ["name", "position", "team", "calendar", "email", "public", "is_default", "active"]
        help_texts = {"email": gettext_lazy("The support desk's, when empty.")}

    def _get_validation_exclusions(self) -> set[str]:
        """Making this the default takes it from the other one; that there is one is met when it is saved."""
        return {*super()._get_validation_exclusions(), "is_default"}  # type: ignore[misc]


class TagForm(forms.ModelForm):
    class Meta:
        model = Tag
        fields = ["name"]


class DeskForm(forms.ModelForm):
    class Meta:
        model = Desk
        fields = ["name", "email", "close_after_days", "reopen_window", "contact_window"]


SCOPES = (("own", gettext_lazy("Only me")), ("team", gettext_lazy("My team")), ("all", gettext_lazy("Everybody")))


class SavedReplyForm(forms.ModelForm):
    """Whose reply it is, is one question; who may not speak for all is not asked about everybody."""

    scope = forms.ChoiceField(
        label=gettext_lazy("For whom"), choices=SCOPES, widget=forms.RadioSelect(attrs={"data-segments": ""})
    )

    class Meta:
        model = SavedReply
        fields = ["title", "body", "position"]
        widgets = {"body": forms.Textarea(attrs={"rows": 10})}

    def __init__(self, *args: Any, user: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user
        row = self.instance
        choices = [choice for choice in SCOPES if choice[0] != "team" or user.team_id or row.team_id]
        if not speaks_for_all(user):
            choices = [choice for choice in choices if choice[0] != "all"]
        self.fields["scope"].choices = choices  # type: ignore[attr-defined]
        stored = "own" if row.owner_id else "team" if row.team_id else "all"
        self.initial["scope"] = stored if row.pk else "own"

    def values(self) -> dict[str, Any]:
        """What the service stores: the scope as owner and team."""
        data = dict(self.cleaned_data)
        scope = data.pop("scope")
        team = (self.instance.team or self.user.team) if scope == "team" else None
        return {**data, "owner": self.user if scope == "own" else None, "team": team}


def speaks_for_all(user: Any) -> bool:
    """Whether the user may write what everybody sees: those who look after the settings."""
    return scope_of(user, "settings", "change") is not None


# --- calendars -------------------------------------------------------------------------------------------------------


class HolidayRow(forms.Form):
    date = DayField(label=gettext_lazy("Date"), widget=DateInput())
    name = forms.CharField(label=gettext_lazy("Name"), max_length=80, required=False)
    start = forms.TimeField(
        label=gettext_lazy("From"), required=False, widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M")
    )
    end = forms.TimeField(
        label=gettext_lazy("To"), required=False, widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M")
    )

    def clean(self) -> dict:
        data = super().clean() or self.cleaned_data
        start, end = data.get("start"), data.get("end")
        if (start is None) != (end is None):
            self.add_error("end" if end is None else "start", _("Write both times, or none for the whole day."))
        elif start is not None and end <= start:
            self.add_error("end", _("This is before the start."))
        return data

    def stored(self) -> dict[str, str]:
        data = self.cleaned_data
        row = {"date": data["date"].isoformat(), "name": data["name"]}
        return row | ({"start": f"{data['start']:%H:%M}", "end": f"{data['end']:%H:%M}"} if data["start"] else {})


HolidayRows = formset_factory(HolidayRow, extra=1, max_num=200, absolute_max=250, can_delete=True)


class CalendarForm(forms.ModelForm):
    """A calendar's name and its newest hours; saving other hours adds a version that holds from then on."""

    zone = forms.ChoiceField(label=gettext_lazy("Time zone"), choices=zone_choices, widget=ComboboxWidget())
    valid_from = MomentField(
        label=gettext_lazy("Other hours hold from"),
        required=False,
        widget=DateTimeInput(),
        help_text=gettext_lazy("Empty: from now on. What was before stays as it was."),
    )

    class Meta:
        model = Calendar
        fields = ["name", "is_default"]

    def __init__(self, data: Any = None, *, instance: Calendar, **kwargs: Any) -> None:
        super().__init__(data, instance=instance, **kwargs)
        last = instance.versions.last() if instance.pk else None
        self.initial["zone"] = last.zone if last else Organisation.current().time_zone
        week = last.week if last else {str(day): [["09:00", "17:00"]] for day in range(5)}
        for day, name in WEEKDAYS.items():
            self.fields[f"day_{day}"] = forms.CharField(label=name, required=False, max_length=200)
            self.initial[f"day_{day}"] = write_intervals(week.get(str(day), []))
        if instance.pk is None:
            del self.fields["valid_from"]
        self.holidays = HolidayRows(data, initial=last.holidays if last else [], prefix="holidays")

    def _get_validation_exclusions(self) -> set[str]:
        return {*super()._get_validation_exclusions(), "is_default"}  # type: ignore[misc]

    @property
    def days(self) -> list[Any]:
        return [self[f"day_{day}"] for day in WEEKDAYS]

    def is_valid(self) -> bool:
        return all([super().is_valid(), self.holidays.is_valid()])

    def clean(self) -> dict:
        data = super().clean() or self.cleaned_data
        week = {}
        for day in WEEKDAYS:
            try:
                intervals = read_intervals(data.get(f"day_{day}", ""))
            except ValidationError as error:
                self.add_error(f"day_{day}", error)
                continue
            if intervals:
                week[str(day)] = intervals
        data["week"] = week
        return data

    def values(self) -> dict[str, Any]:
        """For `catalogue.save_calendar`."""
        kept = [row for row in self.holidays.forms if row.cleaned_data.get("date") and not row.cleaned_data.get("DELETE")]
        names = ("name", "is_default", "zone", "week", "valid_from")
        return {**{name: self.cleaned_data.get(name) for name in names}, "holidays": [row.stored() for row in kept]}


# --- policies --------------------------------------------------------------------------------------------------------

TIMES = (("business", gettext_lazy("working time")), ("wall", gettext_lazy("all hours")))


class PolicyForm(forms.ModelForm):
    """A policy's conditions, and its goals as a table: a row for each promise, a column for each priority."""

    class Meta:
        model = SlaPolicy
        fields = [
            "name",
            "position",
            "active",
            "queue",
            "type",
            "channel",
            "company",
            "tag",
            "calendar",
            "pause_waiting_other",
            "warn_minutes",
            "escalate_to",
            "escalate_minutes",
        ]
        widgets = {"company": ComboboxWidget(url=COMPANIES_URL)}
        help_texts = {"position": gettext_lazy("The first policy whose conditions all hold applies.")}

    def __init__(self, data: Any = None, *, instance: SlaPolicy, user: Any, **kwargs: Any) -> None:
        super().__init__(data, instance=instance, **kwargs)
        self.fields["escalate_to"].queryset = workers(user)  # type: ignore[attr-defined]
        goals = {(goal.metric, goal.priority): goal for goal in instance.goals.all()} if instance.pk else {}
        for metric in PROMISED:
            mine = [goal for (name, _priority), goal in goals.items() if name == metric]
            self.fields[f"time_{metric}"] = forms.ChoiceField(choices=TIMES, label=gettext_lazy("Counted in"))
            self.initial[f"time_{metric}"] = "wall" if mine and not mine[0].business else "business"
            for priority in Priority.values:
                name = f"goal_{metric}_{priority}"
                self.fields[name] = MinutesField(label=f"{Metric(metric).label}: {Priority(priority).label}")
                goal = goals.get((metric, priority))
                self.initial[name] = goal.minutes if goal else None

    @property
    def grid(self) -> list[tuple[Any, Any, list[Any]]]:
        """(promise, the field of its time, a field for each priority)."""
        return [
            (metric.label, self[f"time_{metric}"], [self[f"goal_{metric}_{priority}"] for priority in Priority.values])
            for metric in PROMISED
        ]

    @property
    def conditions(self) -> list[Any]:
        return [self[name] for name in ("queue", "type", "channel", "company", "tag")]

    def goals(self) -> list[Goal]:
        data = self.cleaned_data
        return [
            (str(priority), str(metric), data[f"goal_{metric}_{priority}"], data[f"time_{metric}"] == "business")
            for metric in PROMISED
            for priority in Priority.values
            if data.get(f"goal_{metric}_{priority}")
        ]

    def values(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in self._meta.fields or ()}
