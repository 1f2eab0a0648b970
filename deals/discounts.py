"""What the lines of won deals were worth before and after their discount, in the base currency at the rate of the win's day."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import ROUND_HALF_EVEN, Decimal

from crm.money import Rates

from .choices import Status
from .models import DealFacts, DealLine


def list_value(line: DealLine) -> int:
    """Quantity x unit price, in minor units, rounded half to even: what the line would cost without its discount."""
    return int((Decimal(line.quantity) * line.unit_price).quantize(Decimal(1), rounding=ROUND_HALF_EVEN))


def derive(facts: Iterable[DealFacts], rates: Rates) -> None:
    """Writes the values of these deals' lines anew; lines of deals that are not won have none, nor have those without a rate."""
    known = {fact.deal_id: fact for fact in facts}
    changed = []
    for line in DealLine.objects.filter(deal_id__in=known).select_related("deal"):
        before = line.list_base, line.sold_base
        line.list_base = line.sold_base = None
        fact = known[line.deal_id]
        if fact.status == Status.WON and fact.closed_day is not None:
            line.list_base = rates.convert(list_value(line), line.deal.currency, fact.closed_day)
            line.sold_base = rates.convert(line.amount, line.deal.currency, fact.closed_day)
        if before != (line.list_base, line.sold_base):
            changed.append(line)
    DealLine.objects.bulk_update(changed, ["list_base", "sold_base"], batch_size=500)
