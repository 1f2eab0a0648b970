"""Keeping the numbers that people made."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from crm import events
from crm.changes import apply, clean, lock, plain
from crm.jobs.queue import lock_key

from ..models import OwnNumber
from .grammar import FormulaError, parse, refs_of
from .numbers import PREFIX, checked, key_of, unit_of
from .units import DECLARED, UNITS

SAID = ("name", "name_fr", "name_es", "definition", "formula", "unit", "direction", "minimum_sample")


@transaction.atomic
def save_own_number(own: OwnNumber, **changes: Any) -> OwnNumber:
    """Creates or changes a number that people made. Raises ValidationError at "formula" with the place where it does not fit, and at
    "unit" for one that does not come out. One at a time, so that two formulas never lead to each other.
    """
    lock_key("analytics.own", "", wait=True)
    is_new = own.pk is None
    if not is_new:
        lock(own)
    old, new = apply(own, changes)
    check(own)
    if is_new:
        events.stamp(own)
        own.owner = own.created_by
        own.team_id = own.created_by_team_id
    elif not new:
        return own
    if not is_new and {"formula", "unit"} & set(new):
        own.version += 1
    own.save()
    if not is_new:
        _check_above(own)
    if is_new:
        events.record("ownnumber.created", own, new={name: plain(getattr(own, name)) for name in SAID})
    else:
        events.record("ownnumber.changed", own, old=old, new=new)
    return own


@transaction.atomic
def delete_own_number(own: OwnNumber) -> None:
    """Deletes it. Raises ValidationError while another formula names it."""
    lock_key("analytics.own", "", wait=True)
    lock(own)
    if users := users_of(own):
        raise ValidationError(_("Other formulas name it: %(names)s.") % {"names": ", ".join(map(str, users))})
    events.record("ownnumber.deleted", own, old={"name": own.name, "formula": own.formula})
    own.delete()


def _check_above(own: OwnNumber) -> None:
    """Raises ValidationError where a formula that rests on this one would not fit, or come out in another unit."""
    waiting, seen = [own], {own.pk}
    while waiting:
        for other in users_of(waiting.pop()):
            if not _fits(other):
                raise ValidationError({"formula": _("“%(name)s” rests on it and would not fit any more.") % {"name": other}})
            if other.pk not in seen:
                seen.add(other.pk)
                waiting.append(other)


def _fits(own: OwnNumber) -> bool:
    try:
        checked(own.formula, own.pk)
        return own.unit in DECLARED[unit_of(own.formula, own.pk)]
    except FormulaError:
        return False


def users_of(own: OwnNumber) -> list[OwnNumber]:
    """The other formulas that name it."""
    near = OwnNumber.objects.exclude(pk=own.pk).filter(formula__contains=PREFIX)
    return [other for other in near if key_of(own) in {ref.key for ref in refs_of(parse(other.formula))}]


def check(own: OwnNumber) -> None:
    """Raises ValidationError, at its field, for a formula that does not fit and a unit that does not come out."""
    own.formula = own.formula.strip()
    if own.formula:
        try:
            checked(own.formula, own.pk)
            found = unit_of(own.formula, own.pk)
        except FormulaError as error:
            words = {"at": error.at + 1, "what": error.message}
            raise ValidationError({"formula": _("At character %(at)s: %(what)s") % words}) from error
        if own.unit in OwnNumber.Unit.values and own.unit not in DECLARED[found]:
            names = ", ".join(str(OwnNumber.Unit(unit).label) for unit in DECLARED[found])
            raise ValidationError(
                {"unit": _("What comes out is %(unit)s. Choose: %(known)s.") % {"unit": UNITS[found], "known": names}}
            )
    clean(own)
