"""The deal that an imported activity belongs to."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from contacts.imports.activities import Link, links
from crm.imports.engine import Step
from crm.imports.registry import Field, Row

from ..models import Deal
from ..services import log_deal_activity


def find_deal(step: Step, row: Row) -> Deal | None:
    """By number, else by a title that only one deal has."""
    text = row.text("deal")
    deal = Deal.objects.filter(number__iexact=text).first()
    if deal is None:
        titled = list(Deal.objects.filter(title__iexact=text)[:2])
        if len(titled) != 1:
            row.refuse("deal", _("is the title of more than one deal: give its number") if titled else _("there is no such deal"))
            return None
        deal = titled[0]
    if not step.may_change(deal, "deal"):
        row.refuse("deal", _("belongs to another team"))
        return None
    return deal


def linked(activities: Any, deal: Deal) -> Any:
    return activities.filter(deal_activities__deal=deal)


links["deal"] = Link(
    Field("deal", gettext_lazy("Deal"), headings=("deal number", "opportunity", "deal - title")),
    find_deal,
    log_deal_activity,
    linked,
)
