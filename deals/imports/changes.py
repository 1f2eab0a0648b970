"""Bringing an existing deal to where a row says it stands, through the services, so that its history tells of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _

from ..choices import PersonRole, Status
from ..models import Deal
from ..services import change_deal, lose_deal, reopen_deal, win_deal

if TYPE_CHECKING:
    from .deals import Wanted


def change(deal: Deal, wanted: Wanted, *, may: bool) -> bool:
    """Makes the changes; True when there were any. Blank cells change nothing. Refuses the row when whoever imports may not."""
    row = wanted.row
    values = _differing(deal, wanted)
    status = wanted.status if wanted.status and wanted.status != deal.status else None
    people = _people(deal, wanted)
    lines = _lines(deal, wanted)
    if not (values or status or people or lines):
        return False
    if not may:
        row.refuse("number", _("exists already and belongs to another team"))
        return False
    if status in (Status.WON, Status.LOST) and wanted.closed_at is None:
        row.refuse("status", _("the date is missing: map won_at, lost_at or closed_at"))
        return False
    if status and deal.status != Status.OPEN:
        reopen_deal(deal)
    if values or people or lines:
        change_deal(deal, people=people, lines=lines, **values)
    if status == Status.WON:
        win_deal(deal, at=wanted.closed_at)
    elif status == Status.LOST:
        lose_deal(deal, reason=wanted.reason, at=wanted.closed_at)
    return True


def _differing(deal: Deal, wanted: Wanted) -> dict[str, Any]:
    values: dict[str, Any] = dict(wanted.plain)
    for name in ("company", "owner", "product", "stage", "currency", "amount"):
        value = getattr(wanted, name)
        if value is not None:
            values[name] = value
    if wanted.pipeline is not None and wanted.stage is None and wanted.row.text("pipeline"):
        values["pipeline"] = wanted.pipeline
    created = wanted.row.get("created_at")
    if created is not None:
        values["created_at"] = created
    if wanted.status == deal.status and wanted.closed_at is not None:
        values[f"{deal.status}_at"] = wanted.closed_at
    if wanted.status == deal.status == Status.LOST and wanted.reason is not None:
        values["lost_reason"] = wanted.reason
    found = {}
    for name, value in values.items():
        attname = deal._meta.get_field(name).attname  # type: ignore[union-attr]
        if getattr(deal, attname) != getattr(value, "pk", value) or (name == "created_at" and deal.undated):
            found[name] = value
    return found


def _people(deal: Deal, wanted: Wanted) -> list[tuple[Any, str]] | None:
    if wanted.person is None:
        return None
    there = [(row.person, row.role) for row in deal.deal_people.select_related("person")]
    if wanted.person in [person for person, _role in there]:
        return None
    return [*there, (wanted.person, PersonRole.CONTACT)]


def _lines(deal: Deal, wanted: Wanted) -> list[Any] | None:
    line = wanted.line()
    if line is None:
        return None
    there = [(row.product_id, row.quantity, row.unit_price) for row in deal.lines.all()]
    return None if there == [(line.product.pk, line.quantity, line.unit_price)] else [line]
