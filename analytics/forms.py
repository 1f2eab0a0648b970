"""The forms of targets: one target, and a year of them in a grid."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm import access, periods
from crm.editing import RecordForm
from crm.forms import DateInput, parse_number, show_number
from crm.models import Organisation, Team, User
from crm.periods import Period

from . import formats, targets
from .areas import by_area
from .models import SuccessThreshold, Target
from .registry import Kpi, kpis

Row = tuple[str, Any, Any]  # key of a row of the grid, person, team


def kpi_choices() -> list[tuple[Any, Any]]:
    """The numbers that may have a target, by area."""
    return [(name, [(kpi.key, kpi.name) for kpi in group]) for _key, name, group in by_area(targets.settable())]


def read_value(kpi: Kpi | None, text: str, currency: str) -> Decimal | None:
    """What was typed, as it is kept; None for nothing. Raises ValidationError."""
    if not text.strip() or kpi is None:
        return None
    try:
        return targets.inside(kpi, parse_number(text.removesuffix("%").strip()), currency)
    except ValidationError as error:
        raise ValidationError(error.messages) from error


def typed_value(kpi: Kpi, value: Decimal, currency: str) -> str:
    """A kept value as it stands in a field."""
    return show_number(targets.outside(kpi, value, currency))


def unit_words(kpi: Kpi) -> str:
    """What a typed value is in."""
    return {
        "money": _("in %(currency)s") % {"currency": Organisation.current().base_currency},
        "percent": _("in percent, 0 to 100"),
        "days": _("in days; 0.5 is twelve hours"),
    }.get(kpi.unit, _("as a plain number"))


class TargetForm(RecordForm):
    """One target. The value is typed in the number's unit: major units of money, percent, days."""

    kpi = forms.ChoiceField(label=gettext_lazy("Number"))
    value = forms.CharField(
        label=gettext_lazy("Target"),
        max_length=40,
        help_text=gettext_lazy("Money in the base currency, shares in percent, durations in days."),
        widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off", "class": "number"}),
    )

    class Meta:
        model: Any = Target
        fields = ["kpi", "grain", "start", "owner", "team", "value"]
        widgets = {"start": DateInput()}
        labels = {"owner": gettext_lazy("Person")}
        help_texts = {"team": gettext_lazy("Of the team as a whole. With a person: leave it empty.")}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["kpi"].choices = kpi_choices()  # type: ignore[attr-defined]
        everyone, team = access.scope_of(self.user, "target", "change") == "all", self.fields["team"]
        for name, label in (("owner", _("Nobody in particular")), ("team", _("No team") if not everyone else _("Everyone"))):
            self.fields[name].empty_label = label  # type: ignore[attr-defined]
        if not everyone:
            team.queryset = Team.objects.filter(pk__in={*access.team_ids(self.user), self.record.team_id})  # type: ignore[attr-defined]
        if self.creating:
            self.initial.setdefault("start", periods.today().replace(day=1))
            self.initial["owner"] = None
        else:
            kpi = kpis.get(self.record.kpi)
            if kpi is not None:
                self.initial["value"] = typed_value(kpi, self.record.value, self.record.currency)
            if self.record.owner_id is not None:
                self.initial["team"] = None

    def clean_value(self) -> Any:
        value = read_value(kpis.get(self.cleaned_data.get("kpi", "")), self.cleaned_data["value"], currency())
        return Decimal() if value is None else value  # without a number that is known the form is refused for that

    def clean(self) -> Any:
        data = super().clean()
        owner, team = self.cleaned_data.get("owner"), self.cleaned_data.get("team")
        if owner is not None and team is not None and owner.team_id != team.pk:
            self.add_error("team", _("A target is of a person or of a team, not of both."))
        elif not self.errors and not targets.may_set(self.user, owner, team):
            self.add_error("team", _("Choose one of your teams, or somebody in them."))
        return data

    def changes(self) -> dict[str, Any]:
        values = {name: self.cleaned_data[name] for name in self.model_fields if name in self.cleaned_data}
        if self.creating:
            return values
        present = {name: getattr(self.record, name) for name in values}
        if self.record.owner_id is not None and values.get("owner") == self.record.owner:
            values.pop("team", None)
        return {name: value for name, value in values.items() if value != present[name]}


class ThresholdForm(TargetForm):
    """One success threshold, typed as a target is."""

    dead_band = forms.CharField(
        label=gettext_lazy("Dead band"),
        max_length=40,
        required=False,
        help_text=gettext_lazy("How far the number must fall back before it can be reached again."),
        widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off", "class": "number"}),
    )

    class Meta(TargetForm.Meta):
        model: Any = SuccessThreshold
        fields = ["kpi", "grain", "start", "owner", "team", "value", "dead_band"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["value"].label = _("Threshold")
        kpi = kpis.get(self.record.kpi)
        if not self.creating and kpi is not None:
            self.initial["dead_band"] = typed_value(kpi, self.record.dead_band, self.record.currency)

    def clean_dead_band(self) -> Any:
        value = read_value(kpis.get(self.cleaned_data.get("kpi", "")), self.cleaned_data["dead_band"], currency())
        return Decimal() if value is None else value


def currency() -> str:
    """Of targets for money."""
    return Organisation.current().base_currency


@dataclass
class Cell:
    """One field of the grid: a month of one row."""

    name: str
    month: Period
    label: str
    text: str = ""
    error: str = ""
    target: Target | None = None


@dataclass
class Line:
    """A row of the grid: everyone, a team or a person, with the year that its months add up to or that was set for it."""

    key: str
    label: str
    owner: Any = None
    team: Any = None
    cells: list[Cell] = field(default_factory=list)
    year: str = ""
    note: str = ""


class YearGrid:
    """A year of monthly targets of one number: a row for everyone, each team or each person of a team, a column a month.

    Only cells that the reader changed are saved; one that somebody else changed meanwhile is an error at the cell, and nothing is
    saved while any cell has an error.
    """

    def __init__(self, kpi: Kpi, year: Period, rows: list[Row], data: Any = None) -> None:
        self.kpi, self.year, self.data, self.currency = kpi, year, data, currency()
        self.months = list(periods.units(year.start, year.end, "month"))
        self.lines = [self._line(*row) for row in rows]
        self._fill()
        self.seen = json.dumps({cell.name: str(cell.target.value) for cell in self.cells if cell.target})
        self.has_errors = False
        if data is not None:
            self._read()

    @property
    def cells(self) -> list[Cell]:
        return [cell for line in self.lines for cell in line.cells]

    def _line(self, key: str, owner: Any, team: Any) -> Line:
        label = str(owner or team or _("Everyone"))
        cells = [Cell(f"{key}-{month.start:%Y-%m}", month, f"{label}, {formats.period(month)}") for month in self.months]
        return Line(key, label, owner, team, cells)

    def _fill(self) -> None:
        """What is set already, and what the year's months add up to."""
        found: dict[tuple, Target] = {}
        for target in Target.objects.filter(kpi=self.kpi.key, start__gte=self.year.start, start__lt=self.year.end).for_list():
            if targets.is_current(target):
                found[target.owner_id, None if target.owner_id else target.team_id, target.grain, target.start] = target
        for line in self.lines:
            whose = (line.owner.pk if line.owner else None, line.team.pk if line.team else None)
            for cell in line.cells:
                cell.target = found.get((*whose, "month", cell.month.start))
                cell.text = typed_value(self.kpi, cell.target.value, self.currency) if cell.target else ""
            self._add_up(line, found.get((*whose, "year", self.year.start)))

    def _add_up(self, line: Line, of_year: Target | None) -> None:
        months = [cell.target for cell in line.cells if cell.target]
        if of_year is not None:
            line.year, line.note = targets.shown(of_year), _("set for the year")
        elif self.kpi.kind == "additive" and months:
            line.year = formats.exact(targets.value_of(months), self.kpi.written, self.currency)
            line.note = "" if len(months) == len(line.cells) else _("%(n)s of 12 months") % {"n": len(months)}

    def _read(self) -> None:
        """What was typed, with errors at the cells."""
        try:
            seen = json.loads(self.data.get("seen") or "{}")
        except ValueError:
            seen = {}
        self.known: dict[str, str] = seen if isinstance(seen, dict) else {}
        self.values: dict[str, Decimal | None] = {}
        for cell in self.cells:
            if cell.name not in self.data:
                continue
            cell.text = self.data[cell.name][:60]
            try:
                value = read_value(self.kpi, cell.text, self.currency)
            except ValidationError as error:
                cell.error, self.has_errors = " ".join(error.messages), True
                continue
            before, now = self.known.get(cell.name), str(cell.target.value) if cell.target else None
            if _same(value, before):
                continue
            if before != now and not _same(value, now):
                shown = targets.shown(cell.target) if cell.target else _("nothing")
                cell.error, self.has_errors = _("Somebody has set it to %(now)s meanwhile.") % {"now": shown}, True
                continue
            self.values[cell.name] = value

    def save(self) -> int:
        """Writes what was changed; returns how many targets that were. Raises ValidationError from the service."""
        count = 0
        for line in self.lines:
            for cell in line.cells:
                if cell.name not in self.values:
                    continue
                value = self.values[cell.name]
                if value is None and cell.target is not None:
                    targets.delete_target(cell.target)
                elif cell.target is not None:
                    targets.save_target(cell.target, value=value)
                elif value is not None:
                    whom = {"owner": line.owner} if line.owner else {"team": line.team}
                    targets.save_target(Target(), kpi=self.kpi.key, grain="month", start=cell.month.start, value=value, **whom)
                else:
                    continue
                count += 1
        return count


def _same(value: Decimal | None, text: str | None) -> bool:
    """Whether a value is what a kept text says."""
    if value is None or not text:
        return value is None and not text
    try:
        return value == Decimal(text)
    except ArithmeticError:
        return False


def rows_for(user: Any, kpi: Kpi, of: str) -> list[Row]:
    """The rows of the grid whose targets the user may set: those of a team's people, or everyone and the teams."""
    scope = access.scope_of(user, "target", "change")
    teams = Team.objects.all() if scope == "all" else Team.objects.filter(pk__in=access.team_ids(user))
    if of:
        people = User.objects.filter(is_active=True, is_service=False, team__in=teams.filter(pk=of)).order_by("name", "pk")
        return [(f"p{person.pk}", person, None) for person in people] if {"owner", "user"} & set(kpi.dimensions) else []
    rows: list[Row] = [("all", None, None)] if scope == "all" else []
    return rows + ([(f"t{team.pk}", None, team) for team in teams] if "team" in kpi.dimensions else [])


def year_of(text: str | None, today: dt.date) -> Period:
    """The fiscal year that begins in the written year; the present one for anything unreadable."""
    present = periods.containing(today, "year")
    if text and text.isascii() and text.isdigit() and 1971 <= int(text) <= 2199:
        return periods.containing(present.start.replace(year=int(text)), "year")
    return present
