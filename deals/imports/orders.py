"""Importing orders and credit notes: each row is a line, rows with the same number are one order.

What is posted is never changed by a file: a line that is there is left as it is, one that is not is added, and one that is there
with other values is refused. So the same file can be imported again and again.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext

from contacts.imports.companies import References as Companies
from contacts.imports.companies import index_of as companies_index
from contacts.imports.people import find_person
from contacts.imports.people import index_of as people_index
from contacts.models import Company, Person
from crm.imports.engine import Step, refuse_by
from crm.imports.index import Index
from crm.imports.parsing import fold
from crm.imports.registry import Field, Kind, Row, register

from ..choices import OrderKind
from ..models import Order, OrderLine
from ..orders import services
from .products import References as Products

LARGEST_QUANTITY = 10**9


def unnumbered_key(company: int | None, person: int | None, at: dt.datetime) -> str:
    return f"t:{company or ''}|{person or ''}|{at.isoformat()}"


def load(since: dt.datetime | None) -> Iterator[tuple[int, tuple[str, ...]]]:
    rows = Order.objects.order_by()
    if since is not None:
        rows = rows.filter(updated_at__gte=since)
    names = ("pk", "number", "company_id", "person_id", "ordered_at", "kind")
    for pk, number, company, person, at, kind in rows.values_list(*names).iterator():
        yield pk, keys(number, company, person, at, kind)


def keys(number: str, company: int | None, person: int | None, at: dt.datetime, kind: str) -> tuple[str, ...]:
    """By number; an order also by buyer and moment, for files that have no numbers."""
    own = unnumbered_key(company, person, at.astimezone(dt.UTC)) if kind == OrderKind.ORDER else ""
    return f"n:{number.lower()}", own


def index_of(step: Step) -> Index:
    return step.index("orders", load)


class Buyers:
    """Who the rows' customers are: a person for an e-mail or a name that only a person bears, else a company, made when missing."""

    def __init__(self, step: Step, rows: Sequence[Row]) -> None:
        self._people: dict[str, Person | None] = {}
        companies, people = companies_index(step), people_index(step)
        named: list[Row] = []
        for row in rows:
            text = row.text("customer")
            if not text or row.refused:
                continue
            if text not in self._people and ("@" in text or (not companies.find(text) and people.find(f"a:{fold(text)}"))):
                self._people[text] = find_person(step, row, None, "customer")
            if text not in self._people:
                named.append(row)
        self._companies = Companies(step, named, "customer")

    def get(self, row: Row) -> Company | Person | None:
        text = row.text("customer")
        person = self._people.get(text)
        return (person.company or person) if person is not None else self._companies.get(row)


@dataclass
class Group:
    """The rows of one order, understood."""

    key: str
    rows: list[tuple[Row, OrderLine]] = field(default_factory=list)
    first: Row | None = None
    buyer: Company | Person | None = None
    at: dt.datetime | None = None
    currency: str = ""
    original: Order | None = None


@register
class Orders(Kind):
    """Order lines; those with one number are one order. With refund_of they are a credit note for that order."""

    key = "orders"
    label = gettext_lazy("Orders")
    needs = (("order", "add"),)
    required = (("number", "customer"), ("amount", "unit_price"), ("ordered_at",))
    fields = (
        Field(
            "number",
            gettext_lazy("Number"),
            limit=40,
            headings=("order number", "order id", "order", "invoice", "invoice number"),
        ),
        Field("line", gettext_lazy("Line"), limit=40, headings=("line number", "position", "item number", "line id")),
        Field(
            "customer",
            gettext_lazy("Customer"),
            headings=("company", "account", "client", "customer name", "customer id", "email", "buyer"),
            help=gettext_lazy("A company by name or domain, or a person by e-mail."),
        ),
        Field("product", gettext_lazy("Product"), limit=160, headings=("product name", "item", "sku", "article")),
        Field("quantity", gettext_lazy("Quantity"), "decimal", headings=("qty", "units")),
        Field("unit_price", gettext_lazy("Unit price"), "money", headings=("price", "item price")),
        Field(
            "amount",
            gettext_lazy("Amount"),
            "money",
            headings=("line total", "total", "net amount", "revenue", "value"),
            help=gettext_lazy("Of the line: net of discounts, without tax."),
        ),
        Field("direct_cost", gettext_lazy("Direct cost"), "money", headings=("cost", "cost of goods", "cogs")),
        Field("currency", gettext_lazy("Currency"), "currency", headings=("currency code",)),
        Field(
            "ordered_at",
            gettext_lazy("Date"),
            "moment",
            headings=("order date", "invoice date", "date", "ordered", "purchase date"),
        ),
        Field("refund_of", gettext_lazy("Credit note for"), limit=40, headings=("refunds", "original order", "original invoice")),
        Field("country", gettext_lazy("Country"), "country", headings=("country code", "ship to country", "billing country")),
    )

    def identities(self, row: Row) -> list[str]:
        """A line; those of one order may be written together, two rows of the same line may not."""
        line = row.text("line")
        return [f"{self._words(row)}|{line}"] if line else []

    @staticmethod
    def _words(row: Row) -> str:
        """What the row calls its order."""
        number = row.text("number")
        return f"n:{number.lower()}" if number else f"t:{fold(row.text('customer'))}|{row.get('ordered_at') or ''}"

    def save(self, rows: Sequence[Row], step: Step) -> None:
        """Orders first: a credit note may be for one of the same thousand rows."""
        buyers, products = Buyers(step, rows), Products(step, rows)
        seen = Seen(step)
        for refunds in (False, True):
            groups: dict[str, Group] = {}
            for row in rows:
                if not row.refused and bool(row.text("refund_of")) == refunds:
                    self._read(row, step, groups, buyers, products)
            self._write([group for group in groups.values() if group.rows], step, seen)
        seen.keep()

    # --- understanding a row -----------------------------------------------------------------------------------------

    def _read(self, row: Row, step: Step, groups: dict[str, Group], buyers: Buyers, products: Products) -> None:
        group = groups.setdefault(self._words(row), Group(self._words(row)))
        self._head(row, step, group, buyers)
        line = None if row.refused else self._line(row, group, products)
        if line is not None and not row.refused:
            group.rows.append((row, line))

    def _head(self, row: Row, step: Step, group: Group, buyers: Buyers) -> None:
        """What all rows of an order say; the first says it for those that leave it blank, none may say otherwise."""
        currency = row.currency_of("amount", "") or row.currency_of("unit_price", "")
        buyer, at = buyers.get(row), row.get("ordered_at")
        if group.first is None:
            group.original = self._original(row, step)
            if row.refused:
                return
            usual = group.original.currency if group.original else step.organisation.base_currency
            group.first, group.buyer, group.at, group.currency = row, buyer, at, currency or usual
            return
        if buyer is not None and group.buyer is not None and buyer != group.buyer:
            row.refuse("customer", _("is another customer than on the order's first line"))
        elif at is not None and group.at is not None and at != group.at:
            row.refuse("ordered_at", _("is another date than on the order's first line"))
        elif currency and currency != group.currency:
            row.refuse("currency", _("is another currency than on the order's first line"))
        group.buyer, group.at = group.buyer or buyer, group.at or at

    @staticmethod
    def _original(row: Row, step: Step) -> Order | None:
        text = row.text("refund_of")
        if not text:
            return None
        found = index_of(step).find(f"n:{text.lower()}")
        order = (
            Order.objects.select_related("company", "person", "customer", "owner", "team").filter(pk=found.pk).first()
            if found
            else None
        )
        if order is None or not step.may_change(order, "order"):
            row.refuse("refund_of", _("there is no order with this number"))
        return order

    def _line(self, row: Row, group: Group, products: Products) -> OrderLine | None:
        if group.original is not None:  # credit notes are written with or without a minus
            for key in ("amount", "unit_price", "direct_cost"):
                if row.get(key) is not None:
                    row.values[key] = dataclasses.replace(row.values[key], value=abs(row.values[key].value))
        elif row.get("amount") is not None and row.values["amount"].value < 0:
            row.refuse("amount", _("is negative: say in refund_of which order it credits"))
        quantity = abs(row.get("quantity", Decimal(1))) if group.original else row.get("quantity", Decimal(1))
        if not 0 < quantity < LARGEST_QUANTITY:
            row.refuse("quantity", _("is not a quantity"))
        amount, price, cost = (row.minor(key, group.currency) for key in ("amount", "unit_price", "direct_cost"))
        if amount is None and price is None:
            row.refuse("amount", _("is missing"))
        if row.refused:
            return None
        quantity = quantity.quantize(Decimal("0.001"))
        if amount is None:
            assert price is not None
            amount = services.line_amount(quantity, price)
        price = price if price is not None else round(Decimal(amount) / (quantity or 1))
        product = products.get(row)
        text = "" if product else row.text("number") or pgettext("sale", "Order")
        return OrderLine(
            key=row.text("line"), product=product, text=text, quantity=quantity, unit_price=price, amount=amount, cost=cost
        )

    # --- writing -----------------------------------------------------------------------------------------------------

    def _write(self, groups: list[Group], step: Step, seen: Seen) -> None:
        found = {group.key: self._find(group, step) for group in groups}
        known = Order.objects.select_related("refund_of").prefetch_related("lines").in_bulk([pk for pk in found.values() if pk])
        fresh: list[tuple[Group, services.NewOrder]] = []
        for group in groups:
            pk = found[group.key]
            if pk is not None:
                self._extend(group, known[pk], step, seen)
            elif (order := self._new(group, step)) is not None:
                lines = [line for _row, line in group.rows]
                fresh.append((group, services.NewOrder(order, lines)))
        services.post([new for _group, new in fresh])
        for group, new in fresh:
            order = new.order
            index_of(step).add(order.pk, keys(order.number, order.company_id, order.person_id, order.ordered_at, order.kind))
            for row, line in group.rows:
                seen.count(group.key, line)
                row.result = "created"

    @staticmethod
    def _find(group: Group, step: Step) -> int | None:
        key = group.key
        if key.startswith("t:"):
            if group.buyer is None or group.at is None:
                return None
            company = group.buyer.pk if isinstance(group.buyer, Company) else None
            person = None if company else group.buyer.pk
            key = unnumbered_key(company, person, group.at.astimezone(dt.UTC))
        found = index_of(step).find(key)
        if found and found.several:
            for row, _line in group.rows:
                row.refuse("number", _("fits more than one order: give the number"))
            group.rows.clear()
        return found.pk if found and not found.several else None

    def _new(self, group: Group, step: Step) -> Order | None:
        first = group.first
        assert first is not None
        buyer = group.buyer if group.original is None else None
        if group.original is None and buyer is None:
            return self._refuse(group, "customer", _("is missing"))
        if group.at is None:
            return self._refuse(group, "ordered_at", _("is missing"))
        number = first.text("number")
        if group.original is not None:
            order = Order(kind=OrderKind.REFUND, refund_of=group.original, **services.taken_over(group.original))
        else:
            order = Order(
                company=buyer if isinstance(buyer, Company) else None, person=buyer if isinstance(buyer, Person) else None
            )
            order.country = first.text("country")
            if not number:
                step.note("unnumbered", _("Rows without a number: those of one customer at one moment were taken as one order."))
        order.number, order.currency, order.ordered_at = number, group.currency, group.at
        services.complete(order)
        if order.owner is None and step.actor is not None and step.scope("order", "change") != "all":
            order.owner, order.team = step.actor, step.actor.team
        if group.original is not None and not self._fits(group, order):
            return None
        return order

    def _fits(self, group: Group, order: Order) -> bool:
        """Whether the credit note stays within its order."""
        original = group.original
        assert original is not None
        if group.currency != original.currency:
            self._refuse(group, "currency", _("is another currency than the order's"))
            return False
        original.refresh_from_db(fields=["refunded"])
        errors = services.check_refund(order, sum(line.amount for _row, line in group.rows))
        for name, words in errors.items():
            self._refuse(group, {"lines": "amount"}.get(name, name), words)
        return not errors

    @staticmethod
    def _refuse(group: Group, key: str, words: str) -> None:
        for row, _line in group.rows:
            row.refuse(key, words)

    def _extend(self, group: Group, order: Order, step: Step, seen: Seen) -> None:
        """Adds the lines that an order does not have yet."""
        if (order.refund_of_id or None) != (group.original.pk if group.original else None):
            self._refuse(group, "number", _("is the number of another order"))
            return
        if self._differs(group, order):
            return
        by_key = {line.key: line for line in order.lines.all() if line.key}
        there = Counter(content(line) for line in order.lines.all() if not line.key)
        more: list[tuple[Row, OrderLine]] = []
        for row, line in group.rows:
            if line.key and line.key in by_key:
                if content(line) == content(by_key[line.key]):
                    row.result = "unchanged"
                else:
                    row.refuse("line", _("is posted with other values, which stay: write a credit note"))
            elif not line.key and seen.number(group.key, line) < there[content(line)]:
                seen.count(group.key, line)
                row.result = "unchanged"
            else:
                more.append((row, line))
        if more:
            self._add(group, order, more, step, seen)

    def _differs(self, group: Group, order: Order) -> bool:
        """Refuses rows that say something else of a posted order than it does."""
        if group.at is not None and group.at != order.ordered_at:
            self._refuse(group, "ordered_at", _("differs from the posted order, which stays: write a credit note"))
        elif group.currency != order.currency:
            self._refuse(group, "currency", _("differs from the posted order, which stays: write a credit note"))
        elif group.original is None and group.buyer is not None and not _is_buyer(group.buyer, order):
            self._refuse(group, "customer", _("differs from the posted order, which stays: write a credit note"))
        else:
            return False
        return True

    def _add(self, group: Group, order: Order, more: list[tuple[Row, OrderLine]], step: Step, seen: Seen) -> None:
        if not step.may_change(order, "order"):
            for row, _line in more:
                row.refuse("number", _("exists already and belongs to another team"))
            return
        try:
            services.add_lines(order, [line for _row, line in more])
        except ValidationError as error:
            for row, _line in more:
                refuse_by(row, self, error)
            return
        for row, line in more:
            seen.count(group.key, line)
            row.result = "created"


def _is_buyer(buyer: Company | Person, order: Order) -> bool:
    """Whether the order is this buyer's; one whose person was erased is whoever's it was."""
    if isinstance(buyer, Company):
        return order.company_id == buyer.pk
    return order.person_id in (buyer.pk, None) and order.company_id is None


def content(line: OrderLine) -> str:
    """What makes two lines say the same."""
    return f"{line.product_id or ''}|{line.quantity:.3f}|{line.amount}|{'' if line.cost is None else line.cost}"


class Seen:
    """How often each line without a number of its own has come in this run: the second of two alike is another line, the first of
    the next run is the same again. Kept with the run for the rows of this thousand and the one before."""

    def __init__(self, step: Step) -> None:
        self.run = step.run
        kept = self.run.options.get("seen_lines") or {"row": self.run.next_row, "now": {}, "before": {}}
        if kept["row"] != self.run.next_row:
            kept = {"row": self.run.next_row, "now": {}, "before": kept["now"]}
        self.row, self.before = kept["row"], kept["before"]
        self.now: dict[str, int] = dict(kept["now"])

    def number(self, order: str, line: OrderLine) -> int:
        key = f"{order}|{content(line)}"
        return self.now.get(key, 0) + self.before.get(key, 0)

    def count(self, order: str, line: OrderLine) -> None:
        if not line.key:
            key = f"{order}|{content(line)}"
            self.now[key] = self.now.get(key, 0) + 1

    def keep(self) -> None:
        self.run.options["seen_lines"] = {"row": self.row, "now": self.now, "before": self.before}
