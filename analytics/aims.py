"""Aims: what a number should reach, as a target of a period or as a threshold from a day on. Both are of everyone, a team or a
person, are set by the same people, and leave the same traces: an event, and the marks of the days that are published anew.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from crm import events
from crm.changes import apply, clean, lock, plain
from crm.models import Organisation

from . import dirty
from .registry import Kpi, kpis

SAID = ("kpi", "grain", "start", "value", "dead_band", "currency", "owner", "team")


def kpi_of(aim: Any) -> Kpi | None:
    return kpis.get(aim.kpi)


def name_of(aim: Any, *between: str) -> str:
    """ "Won amount, Ann Archer", with more words between the two."""
    kpi = kpi_of(aim)
    whom = aim.whom if aim.whom is not None else _("everyone")
    return ", ".join([str(kpi.name if kpi else aim.kpi), *between, str(whom)])


def in_base_currency(aim: Any) -> bool:
    """Whether its number is known and, if that is money, the aim is in the present base currency."""
    kpi = kpi_of(aim)
    return kpi is not None and (kpi.unit != "money" or aim.currency == Organisation.current().base_currency)


@transaction.atomic
def save(aim: Any, stream: str, check: Callable[[Any], None], changes: dict[str, Any]) -> Any:
    """Creates or changes an aim; values are in the stored unit. A person's belongs to the person's present team. `check` raises
    ValidationError; the first days before and after are marked under `stream`."""
    is_new = aim.pk is None
    if not is_new:
        lock(aim)
    before = {} if is_new else said(aim)
    old_start = aim.start
    owner = changes.get("owner", aim.owner)
    if owner is not None and (is_new or "owner" in changes):
        changes["team"] = owner.team
    old, new = apply(aim, changes)
    kpi = kpi_of(aim)
    aim.currency = Organisation.current().base_currency if kpi is not None and kpi.unit == "money" else ""
    check(aim)
    clean(aim)
    if is_new:
        events.stamp(aim)
    elif not new and before == said(aim):
        return aim
    aim.save()
    kind = aim._meta.model_name
    if is_new:
        events.record(f"{kind}.created", aim, new=said(aim), links=[aim.owner])
    else:
        events.record(f"{kind}.changed", aim, old=old, new=new, links=[aim.owner])
    dirty.mark((stream, day) for day in {aim.start, old_start or aim.start})
    return aim


@transaction.atomic
def delete(aim: Any, stream: str) -> None:
    """Takes an aim back, as if none had been set."""
    lock(aim)
    events.record(f"{aim._meta.model_name}.deleted", aim, old=said(aim), links=[aim.owner])
    dirty.mark([(stream, aim.start)])
    aim.delete()


def check_whom(aim: Any, kpi: Kpi) -> None:
    """Raises ValidationError for a person or team that the number cannot be split by."""
    if aim.owner_id is not None and not {"owner", "user"} & set(kpi.dimensions):
        raise ValidationError({"owner": _("This number is nobody's own: it cannot be split by person.")})
    if aim.owner_id is None and aim.team_id is not None and "team" not in kpi.dimensions:
        raise ValidationError({"team": _("This number cannot be split by team.")})


def said(aim: Any) -> dict[str, Any]:
    """What the aim says, as events keep it."""
    found = {name: getattr(aim, name) for name in SAID if hasattr(aim, name)}
    return {
        name: f"{value.normalize():f}" if isinstance(value, Decimal) else plain(value)
        for name, value in found.items()
        if value not in (None, "")
    }
