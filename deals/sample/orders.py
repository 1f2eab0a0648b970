"""What the sample's firm billed: the orders of won deals, spare parts that customers come back for, and a few credit notes."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from crm.events import Origin, acting
from crm.sample.context import Sample
from deals.choices import OrderKind, Status
from deals.models import Deal, DealLine, Order, OrderLine, Product
from deals.orders import services
from deals.orders.services import NewOrder

#: family -> what of the price the goods cost
COST = {"Analysers": 0.52, "Flow": 0.58, "Software": 0.12, "Service": 0.45}
CHANNELS = (("field", 0.7), ("phone", 0.2), ("shop", 0.1))
#: What customers order again without a deal: code -> (text, price in euros)
SPARES = {
    "FL-50": ("Seal kit", 240),
    "MX-10": ("Reference samples", 310),
    "AX-200": ("Filter set", 165),
    "CAL-1": ("Calibration", 480),
}
STEP = 500
WHY = ("Delivered damaged", "Wrong quantity", "Goodwill for a late delivery", "Ordered twice")


def fill(sample: Sample) -> None:
    """Posted in bulk, in order of time, as an import would; the events tell of each."""
    sample.tell("orders, credit notes")
    rows = _of_deals(sample)
    rows += _spares(sample, rows)
    rows.sort(key=lambda new: new.order.ordered_at)
    for number, new in enumerate(rows, 1):
        new.order.number, new.order.created_at = f"O-{number:04}", new.order.ordered_at
    with acting(None, Origin.IMPORT):  # invoices come from the books
        for start in range(0, len(rows), STEP):
            services.post(rows[start : start + STEP])
        _credits(sample, [new.order for new in rows])


def _of_deals(sample: Sample) -> list[NewOrder]:
    """Nine won deals in ten are billed, some days after the signature."""
    won = Deal.objects.filter(status=Status.WON, company__isnull=False).select_related("company", "owner", "team", "pipeline")
    lines: dict[int, list[DealLine]] = {}
    for line in DealLine.objects.filter(deal__status=Status.WON).select_related("product").order_by("position"):
        lines.setdefault(line.deal_id, []).append(line)
    found = []
    for deal in won.order_by("won_at", "pk"):
        assert deal.won_at is not None
        at = deal.won_at + dt.timedelta(days=sample.random.randrange(1, 25))
        if at > sample.now or not sample.chance(0.92) or deal.pk not in lines:
            continue
        order = Order(deal=deal, company=deal.company, currency=deal.currency, ordered_at=at, channel=sample.pick(CHANNELS))
        services.complete(order)
        found.append(
            NewOrder(order, [_line(sample, line.product, line.quantity, line.unit_price, line.amount) for line in lines[deal.pk]])
        )
    return found


def _line(sample: Sample, product: Product, quantity: Decimal | int, price: int, amount: int, text: str = "") -> OrderLine:
    share = COST.get(product.family, 0.5) * sample.random.uniform(0.9, 1.1)
    cost = None if sample.chance(0.04) else round(amount * share)
    return OrderLine(product=product, text=text, quantity=quantity, unit_price=price, amount=amount, cost=cost)


def _spares(sample: Sample, sold: list[NewOrder]) -> list[NewOrder]:
    """Who bought an instrument comes back for what it uses up, every few months, until they stop."""
    products: dict[str, Product] = sample.notes["products"]
    found, seen = [], set()
    for new in sorted(sold, key=lambda new: new.order.ordered_at):
        first = new.order
        if first.company_id in seen or not sample.chance(0.6):
            continue
        seen.add(first.company_id)
        code = sample.random.choice(list(SPARES))
        text, euros = SPARES[code]
        at = first.ordered_at
        while True:
            at = sample.office(at + dt.timedelta(days=sample.lognormal(115, 0.55)))
            if at >= sample.now - dt.timedelta(hours=1) or sample.chance(0.12):
                break
            quantity = sample.random.randrange(1, 6)
            order = Order(
                company=first.company,
                currency=first.currency,
                ordered_at=at,
                channel=sample.pick((("shop", 0.8), ("phone", 0.2))),
            )
            order.owner, order.team, order.source, order.pipeline = first.owner, first.team, first.source, first.pipeline
            services.complete(order)
            found.append(NewOrder(order, [_line(sample, products[code], quantity, euros * 100, quantity * euros * 100, text)]))
    return found


def _credits(sample: Sample, orders: list[Order]) -> None:
    """Three orders in a hundred come back, wholly or in part."""
    rows = []
    for order in orders:
        at = sample.office(order.ordered_at + dt.timedelta(days=sample.random.randrange(3, 40)))
        if not sample.chance(0.03) or not order.ordered_at <= at < sample.now:
            continue
        whole = sample.chance(0.35)
        refund = Order(kind=OrderKind.REFUND, refund_of=order, ordered_at=at, **services.taken_over(order))
        refund.created_at = at
        refund.description, refund.number = sample.random.choice(WHY), f"CN-{len(rows) + 1:03}"
        lines = list(order.lines.select_related("product")) if whole else [order.lines.select_related("product").first()]
        share = 1.0 if whole else sample.random.choice((0.1, 0.25, 0.5))
        back = [
            OrderLine(
                product=line.product,
                text=line.text,
                unit_price=round(line.amount * share),
                amount=round(line.amount * share),
                cost=None if line.cost is None else round(line.cost * share) if whole else 0,
            )
            for line in lines
        ]
        rows.append(NewOrder(refund, back))
    services.post(rows)
