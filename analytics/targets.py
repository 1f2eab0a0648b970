"""Targets: what a number should be. Setting them, how they are written, and which one holds for a period and a reader.

Every change writes its event and marks the first day of its period, from which the numbers about goals are published anew.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from crm import access, periods
from crm import formats as words
from crm.models import Team, User
from crm.money import LARGEST, exponent, to_major
from crm.periods import Period

from . import aims, formats
from .models import Target
from .question import mix
from .registry import Kpi, kpis

STREAM = "analytics.targets"  # what their days are marked under
SECONDS_A_DAY = 86400
PLACES = Decimal("0.0001")
SIGNED = ("score",)  # units whose values may be below zero
FINER = {"year": "quarter", "quarter": "month"}


# --- which numbers, for whom ------------------------------------------------------------------------------------------


def settable() -> list[Kpi]:
    """The numbers that may have a target: those of records, not those about other numbers or shares that add up to the whole."""
    return [kpi for kpi in kpis if kpi.may_be_aimed_at and not mix(kpi)]


def may_set(user: Any, owner: User | None, team: Team | None, action: str = "change") -> bool:
    """Managers set targets and thresholds of their teams and the people in them, administrators all."""
    scope = access.scope_of(user, "target", action)
    if scope == "all":
        return True
    if scope != "team":
        return False
    whose = owner.team_id if owner is not None else team.pk if team is not None else None
    return whose is not None and whose in access.team_ids(user)


def name_of(target: Target) -> str:
    """ "Won amount, May 2026, Ann Archer" """
    return aims.name_of(target, formats.period(target.period))


# --- how values are written -------------------------------------------------------------------------------------------


def outside(kpi: Kpi, value: Decimal, currency: str) -> Decimal:
    """As people write it: money in major units, durations in days, everything else as it is."""
    if kpi.unit == "money":
        return to_major(int(value), currency)
    found = value / SECONDS_A_DAY if kpi.unit == "days" else value
    found = found.quantize(PLACES, ROUND_HALF_EVEN).normalize()
    return found.quantize(Decimal(1)) if found == found.to_integral_value() else found


def inside(kpi: Kpi, value: Decimal, currency: str) -> Decimal:
    """As it is kept. Raises ValidationError for what the number's unit cannot be."""
    if value < 0 and kpi.unit not in SIGNED:
        raise ValidationError({"value": _("A target of this number cannot be negative.")})
    if abs(value) > LARGEST // 1000:
        raise ValidationError({"value": _("The target is too large.")})
    if kpi.unit == "money":
        places = exponent(currency)
        if value != round(value, places):
            raise ValidationError(
                {"value": _("%(currency)s has %(places)s decimal places.") % {"currency": currency, "places": places}}
            )
        return value.scaleb(places)
    if kpi.unit == "days":
        return (value * SECONDS_A_DAY).quantize(Decimal(1), ROUND_HALF_EVEN)
    if value != value.quantize(PLACES):
        raise ValidationError({"value": _("A target has four decimal places at most.")})
    return value


def shown(target: Target) -> str:
    """The value in words, as the number itself is written."""
    kpi = kpis.get(target.kpi)
    return str(target.value) if kpi is None else formats.exact(number(target.value), kpi.written, target.currency)


def number(value: Decimal) -> int | float:
    """For arithmetic with measured values: whole numbers stay exact."""
    return int(value) if value == value.to_integral_value() else float(value)


def is_current(target: Target) -> bool:
    """Whether it counts: an amount in another currency than the present base currency does not, nor one of a quarter or year that the
    fiscal calendar no longer has."""
    return aims.in_base_currency(target) and target.period.start == target.start


# --- setting ----------------------------------------------------------------------------------------------------------


def save_target(target: Target, **changes: Any) -> Target:
    """Creates or changes a target (see `aims.save`)."""
    return aims.save(target, STREAM, check, changes)


def delete_target(target: Target) -> None:
    aims.delete(target, STREAM)


def check(target: Target) -> None:
    """Raises ValidationError, at its field, for what cannot be: an unknown number, a day on which no such period begins, whom the
    number cannot be split by, a second target for the same."""
    kpi = kpis.get(target.kpi)
    if kpi is None or not kpi.may_be_aimed_at or mix(kpi):
        raise ValidationError({"kpi": _("There is no number of this name that could have a target.")})
    if target.start is None:
        raise ValidationError({"start": _("Say when it begins.")})
    if target.grain not in Target.Grain.values:
        raise ValidationError({"grain": _("A target is for a month, a quarter or a year.")})
    if target.period.start != target.start:
        raise ValidationError(
            {
                "start": _("No %(grain)s begins on this day; the one around it begins on %(day)s.")
                % {"grain": target.get_grain_display().lower(), "day": words.day(target.period.start)}
            }
        )
    aims.check_whom(target, kpi)


# --- which one holds --------------------------------------------------------------------------------------------------


class Held:
    """The targets of one number for the members of a question, read once.

    member -> (grain, first day) -> target. The member is "" for the whole that the reader sees: everyone's target, that of the
    teams together, or the reader's own.
    """

    def __init__(self, kpi: Kpi, rows: Iterable[Target], member: Mapping[int, str]) -> None:
        self.kpi = kpi
        self.members: dict[str, dict[tuple[str, dt.date], list[Target]]] = {}
        for row in rows:
            if row.kpi == kpi.key and row.pk in member and is_current(row):
                self.members.setdefault(member[row.pk], {}).setdefault((row.grain, row.start), []).append(row)

    def of(self, member: str, period: Period) -> list[Target]:
        """The targets that make up the one of this period: that of the period itself, else those of the quarters or months in it when
        the number adds up and each has one. None where there is none."""
        held = self.members.get(member)
        if not held:
            return []
        for unit in units_of(period):
            if found := held.get((unit.grain, unit.start)):
                return found
        return self._added(held, period)

    def _added(self, held: Mapping[tuple[str, dt.date], list[Target]], period: Period) -> list[Target]:
        if not self.kpi.adds_up:
            return []
        named = [unit for unit in units_of(period) if unit.grain in FINER]
        grain = FINER[named[0].grain] if named else "month"
        parts = list(periods.units(period.start, period.end, grain))
        if parts[0].start != period.start or parts[-1].end != period.end or (not named and len(parts) < 2):
            return []
        found: list[Target] = []
        for part in parts:
            inside = held.get((part.grain, part.start)) or (self._added(held, part) if part.grain in FINER else [])
            if not inside:
                return []
            found += inside
        return found


def units_of(period: Period) -> list[Period]:
    """The month, quarter or year that this span of days is exactly, if it is one, the longest first."""
    found = [periods.containing(period.start, grain) for grain in ("year", "quarter", "month")]
    return [unit for unit in found if (unit.start, unit.end) == (period.start, period.end)]


def value_of(targets: Sequence[Target]) -> int | float | None:
    """Their sum; None of none."""
    return number(sum((target.value for target in targets), Decimal())) if targets else None


def held(kpi: Kpi, question: Any) -> Held:
    """The targets of one number (see `held_of`)."""
    return held_of([kpi], question)[kpi.key]


def held_of(wanted: Sequence[Kpi], question: Any) -> dict[str, Held]:
    """The targets that a question's members have, of several numbers in one query: by person or team when it is split so, else of the one whom it is about.

    A question that is cut by anything else than person or team has no targets: none is set for a part of the work.
    """
    rows = Target.objects.filter(kpi__in=[kpi.key for kpi in wanted]).select_related("owner", "team")
    found, member = asked_for(rows, question)
    return {kpi.key: Held(kpi, found, member) for kpi in wanted}


def asked_for(rows: Any, question: Any) -> tuple[list[Any], dict[int, str]]:
    """Those of these targets or thresholds that a question is about, and the member each belongs to."""
    columns = {"owner": "owner", "user": "owner", "team": "team"}
    filters = {name: member for name, member in question.filters.items() if name != "metric"}
    asked = {*filters, *([question.by] if question.by else [])}
    if not asked <= set(columns):
        return [], {}
    rows = _in_scope(rows, question.scope)
    for name, member in filters.items():
        rows = rows.filter(**{f"{columns[name]}__in": [int(member)] if member.isdecimal() else []})
    whose = columns[question.by] if question.by else "owner" if {"owner", "user"} & asked else "team" if asked else ""
    whose = whose or {"all": "", "team": "team", "own": "owner"}[question.scope.kind]
    found = list({"": rows.of_everyone, "team": rows.of_teams, "owner": rows.of_people}[whose]())
    return found, {row.pk: str(getattr(row, f"{whose}_id")) if question.by else "" for row in found}


def _in_scope(rows: Any, scope: Any) -> Any:
    """The targets of those whose numbers the reader may see."""
    if scope.kind == "all":
        return rows
    column = "team" if scope.kind == "team" else "owner"
    return rows.filter(**{f"{column}__in": [int(pk) for pk in scope.members]})
