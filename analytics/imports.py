"""Importing targets."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm.imports.engine import Step, refuse_by
from crm.imports.parsing import fold
from crm.imports.references import ambiguous, find_user, load_teams
from crm.imports.registry import Field, Kind, Row, register
from crm.models import Organisation, Team

from . import targets
from .models import Target
from .registry import Kpi


def kpi_named(text: str) -> Kpi | None:
    """A number by its key or its name in any language."""
    wanted = fold(text)
    for kpi in targets.settable():
        if wanted == fold(kpi.key) or wanted in {fold(name) for name in kpi.names.values()}:
            return kpi
    return None


@register
class Targets(Kind):
    """Targets; a row for a number, period and person or team that has one changes it."""

    key = "targets"
    label = gettext_lazy("Targets")
    needs = (("target", "add"),)
    required = (("kpi",), ("start",), ("value",))
    fields = (
        Field("kpi", gettext_lazy("Number"), limit=120, headings=("key", "metric", "indicator", "number", "quota type")),
        Field(
            "grain", gettext_lazy("For a"), "choice", choices=tuple(Target.Grain.choices), headings=("period type", "interval")
        ),
        Field("start", gettext_lazy("First day"), "day", headings=("month", "period", "date", "begins")),
        Field("owner", gettext_lazy("Person"), limit=150, headings=("sales rep", "user", "sales agent", "rep")),
        Field("team", gettext_lazy("Team"), limit=120, headings=("department", "group")),
        Field("value", gettext_lazy("Target"), "money", headings=("quota", "goal", "amount", "objective")),
    )

    def identities(self, row: Row) -> list[str]:
        kpi = kpi_named(row.text("kpi"))
        whom = fold(row.text("owner")) or fold(row.text("team"))
        return ["|".join((kpi.key if kpi else "", row.text("grain"), str(row.get("start")), whom))]

    def save(self, rows: Sequence[Row], step: Step) -> None:
        for row in rows:
            self._save(row, step)

    def _save(self, row: Row, step: Step) -> None:
        kpi = kpi_named(row.text("kpi"))
        for key in ("kpi", "start", "value"):
            if row.get(key) is None:
                return row.refuse(key, _("is missing"))
        if kpi is None:
            return row.refuse("kpi", _("is no number that may have a target"))
        whom = self._whom(row, step)
        if row.refused:
            return None
        wanted = {"kpi": kpi.key, "grain": row.get("grain") or Target.Grain.MONTH, "start": row.values["start"], **whom}
        try:
            value = targets.inside(kpi, self._number(row, kpi), Organisation.current().base_currency)
            target = self._present(wanted)
            is_new = target is None
            if target is not None and target.value == value and targets.is_current(target):
                row.result = "unchanged"
                return None
            targets.save_target(target or Target(), **({**wanted, "value": value} if is_new else {"value": value}))
            row.result = "created" if is_new else "updated"
        except ValidationError as error:
            refuse_by(row, self, error)
        return None

    @staticmethod
    def _number(row: Row, kpi: Kpi) -> Any:
        """The value as written; a currency beside it must be the organisation's."""
        amount = row.values["value"]
        base = Organisation.current().base_currency
        if amount.currency and (kpi.unit != "money" or amount.currency != base):
            raise ValidationError(
                {"value": _("is in %(written)s, targets are in %(base)s") % {"written": amount.currency, "base": base}}
            )
        return amount.value

    def _whom(self, row: Row, step: Step) -> dict[str, Any]:
        """Whose target it is; refused where whoever imports may not set it."""
        owner = find_user(step, row, make=False) if row.text("owner") else None
        team = None
        if owner is None and row.text("team") and not row.refused:
            found = step.index("teams", load_teams).find(row.text("team"))
            if found is None:
                row.refuse("team", _("there is no such team"))
            elif found.several:
                ambiguous(row, "team")
            else:
                team = Team.objects.get(pk=found.pk)
        if not row.refused and step.actor is not None and not targets.may_set(step.actor, owner, team, "add"):
            row.refuse("owner" if owner else "team", _("belongs to another team"))
        return {"owner": owner} if owner else {"team": team}

    @staticmethod
    def _present(wanted: dict[str, Any]) -> Target | None:
        same = Target.objects.filter(kpi=wanted["kpi"], grain=wanted["grain"], start=wanted["start"])
        owner, team = wanted.get("owner"), wanted.get("team")
        if owner is not None:
            return same.filter(owner=owner).first()
        return same.filter(owner=None, team=team).first()
