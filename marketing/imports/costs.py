"""Importing costs."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from contacts.imports.common import checked
from crm.imports.engine import Step, refuse_by
from crm.imports.index import Index
from crm.imports.parsing import fold
from crm.imports.registry import Field, Kind, Row, register

from ..choices import Category, Purpose
from ..models import Cost
from ..services import check_cost, create_costs
from .campaigns import find_campaign


def mark(*values: Any) -> str:
    """What makes two costs the same one: all that a row says."""
    return "k:" + "|".join(fold(str(value)) if value not in (None, "") else "" for value in values)


def load(since: dt.datetime | None) -> Iterator[tuple[int, tuple[str, ...]]]:
    rows = Cost.objects.order_by()
    if since is not None:
        rows = rows.filter(updated_at__gte=since)
    names = ("posted_on", "until", "category", "purpose", "campaign_id", "channel", "amount", "currency")
    for pk, *values in rows.values_list("pk", *names).iterator():
        yield pk, (mark(*values),)


def index_of(step: Step) -> Index:
    return step.index("costs", load)


@register
class Costs(Kind):
    """Costs; a row that says the same as a cost that is there is that cost, so a file that is imported again adds nothing."""

    key = "costs"
    label = gettext_lazy("Costs")
    needs = (("cost", "add"),)
    required = (("posted_on",), ("amount",))
    fields = (
        Field("posted_on", gettext_lazy("Posted on"), "day", headings=("date", "day", "invoice date", "month", "start date")),
        Field("until", gettext_lazy("Spread until"), "day", headings=("end date", "to", "last day")),
        Field(
            "category", gettext_lazy("Category"), "choice", choices=tuple(Category.choices), headings=("cost category", "type")
        ),
        Field("purpose", gettext_lazy("Purpose"), "choice", choices=tuple(Purpose.choices), headings=("cost purpose",)),
        Field("campaign", gettext_lazy("Campaign"), limit=120, headings=("campaign name", "utm_campaign")),
        Field("channel", gettext_lazy("Channel"), limit=80, headings=("medium", "utm_medium", "marketing channel")),
        Field("amount", gettext_lazy("Amount"), "money", headings=("cost", "spend", "spent", "ad spend", "value", "price")),
        Field("currency", gettext_lazy("Currency"), "currency", headings=("currency code",)),
    )

    def identities(self, row: Row) -> list[str]:
        """As written: the campaign's number and the amount's currency are not known before the row is read."""
        return [mark(*(row.raw.get(field.key, "") for field in self.fields))]

    def save(self, rows: Sequence[Row], step: Step) -> None:
        index = index_of(step)
        fresh: list[tuple[Row, Cost, str]] = []
        for row in rows:
            cost = self._cost(row, step)
            if cost is None or row.refused:
                continue
            values = (
                cost.posted_on,
                cost.until,
                cost.category,
                cost.purpose,
                cost.campaign_id,
                cost.channel,
                cost.amount,
                cost.currency,
            )
            key = mark(*values)
            if index.find(key):
                row.result = "unchanged"
            else:
                fresh.append((row, cost, key))
        made = create_costs([cost for _row, cost, _key in fresh])
        for (row, _cost, key), cost in zip(fresh, made, strict=True):
            index.add(cost.pk, (key,))
            row.result = "created"

    def _cost(self, row: Row, step: Step) -> Cost | None:
        """The unsaved cost of a row; the row is refused where it cannot be one."""
        for key in ("posted_on", "amount"):
            if row.get(key) is None:
                row.refuse(key, _("is missing"))
                return None
        campaign = find_campaign(step, row)
        currency = row.currency_of("amount", campaign.currency if campaign else step.organisation.base_currency)
        amount = row.minor("amount", currency)
        if row.refused or amount is None:
            return None
        own = step.scope("cost", "change") != "all"
        cost = Cost(
            posted_on=row.values["posted_on"],
            until=row.get("until"),
            category=row.get("category") or Category.MARKETING,
            purpose=row.get("purpose") or Purpose.ACQUISITION,
            campaign=campaign,
            channel=row.text("channel") or (campaign.channel if campaign else ""),
            amount=amount,
            currency=currency,
            owner=step.actor,
            team=step.actor.team if own and step.actor else None,
        )
        if cost.until == cost.posted_on:
            cost.until = None
        if not checked(self, row, cost):
            return None
        try:
            check_cost(cost)
        except ValidationError as error:
            refuse_by(row, self, error)
        return cost
