"""Importing products, and finding or making the products that deals name."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from crm import events
from crm.changes import apply, clean
from crm.imports.engine import Step, refuse_by
from crm.imports.index import Index
from crm.imports.parsing import fold, squash
from crm.imports.references import ambiguous, forgiven
from crm.imports.registry import Field, Kind, Row, register

from ..models import Product


def load(since: dt.datetime | None) -> Iterator[tuple[int, tuple[str, ...]]]:
    for pk, code, name in Product.objects.values_list("pk", "code", "name"):
        yield pk, keys(code, name)


def keys(code: str, name: str) -> tuple[str, ...]:
    return f"c:{fold(code)}", name


def index_of(step: Step) -> Index:
    return step.index("products", load)


def free_code(name: str) -> str:
    """A code from the name: "GTX Pro" is GTXPRO, or GTXPRO-2 when that is taken."""
    base = squash(name).upper()[:50] or "P"
    taken = set(Product.objects.filter(code__istartswith=base).values_list("code", flat=True))
    return base if base not in taken else next(f"{base}-{n}" for n in range(2, len(taken) + 3) if f"{base}-{n}" not in taken)


def save_product(product: Product, **changes: Any) -> dict[str, Any]:
    """Creates or changes a product; returns what changed."""
    new_product = product.pk is None
    old, new = apply(product, changes)
    if new_product or new:
        clean(product)
        product.save()
        events.record("product.created" if new_product else "product.changed", product, old=old, new=new)
    return new


@register
class Products(Kind):
    """Products; the same one has that code, else that name, spaces and punctuation aside."""

    key = "products"
    label = gettext_lazy("Products")
    needs = (("product", "change"),)
    required = (("name", "code"),)
    fields = (
        Field("code", gettext_lazy("Code"), limit=60, headings=("product code", "sku", "product id", "article")),
        Field("name", gettext_lazy("Product"), limit=160, headings=("product name",)),
        Field("family", gettext_lazy("Family"), limit=80, headings=("series", "category", "product family", "product line")),
        Field("price", gettext_lazy("Price"), "money", headings=("sales price", "list price", "unit price", "amount")),
        Field("currency", gettext_lazy("Currency"), "currency", headings=("currency code",)),
    )

    def identities(self, row: Row) -> list[str]:
        return [f"c:{fold(row.text('code'))}" if row.text("code") else "", squash(row.text("name"))]

    def save(self, rows: Sequence[Row], step: Step) -> None:
        for row in rows:
            if not row.text("name") and not row.text("code"):
                row.refuse("name", _("is missing"))
                continue
            try:
                self._save(row, step)
            except ValidationError as error:
                refuse_by(row, self, error)

    def _save(self, row: Row, step: Step) -> None:
        index = index_of(step)
        code, name = row.text("code"), row.text("name")
        found = (index.find(f"c:{fold(code)}") if code else None) or (index.find(name) if name else None)
        if found and found.several:
            ambiguous(row, "name")
            return
        product = Product.objects.get(pk=found.pk) if found else Product(code=code or free_code(name), name=name or code)
        currency = row.currency_of("price", product.currency or step.organisation.base_currency)
        price = row.minor("price", currency)
        if row.refused:
            return
        before = product.name
        changes = {key: row.values[key] for key in ("code", "name", "family") if row.get(key)}
        changes |= {"currency": currency} if price is not None or not product.currency or row.get("currency") else {}
        changes |= {"price": price} if price is not None else {}
        changed = save_product(product, **changes)
        if found and found.loosely and before != product.name:
            step.note(f"renamed:{product.pk}", _("“%(old)s” is now called “%(new)s”.") % {"old": before, "new": product.name})
        index.add(product.pk, keys(product.code, product.name))
        row.result = "created" if found is None else "updated" if changed else "unchanged"


class References:
    """The products that rows name, all found or made at once: by code, else by name."""

    def __init__(self, step: Step, rows: Sequence[Row], key: str = "product") -> None:
        self.key = key
        named: dict[str, list[Row]] = {}
        for row in rows:
            if row.text(key) and not row.refused:
                named.setdefault(row.text(key), []).append(row)
        index = index_of(step)
        self._products = {product.pk: product for product in Product.objects.all()} if named else {}
        self._ids: dict[str, int] = {}
        for text, its_rows in named.items():
            found = index.find(f"c:{fold(text)}", text)
            if found and found.several:
                for row in its_rows:
                    ambiguous(row, key)
            elif found:
                self._ids[text] = found.pk
                name = self._products[found.pk].name
                if fold(text) != fold(name) and squash(text) == squash(name):
                    forgiven(step, key, text, name, len(its_rows))
            elif not step.may("product", "change"):
                for row in its_rows:
                    row.refuse(key, _("there is no such product"))
            else:
                self._make(step, text)

    def _make(self, step: Step, text: str) -> None:
        product = Product(code=free_code(text), name=text[:160], currency=step.organisation.base_currency)
        save_product(product)
        self._products[product.pk] = product
        self._ids[text] = product.pk
        index_of(step).add(product.pk, keys(product.code, product.name))
        step.made("product", product.name)

    def get(self, row: Row) -> Product | None:
        """The row's product; None when the cell is blank."""
        pk = self._ids.get(row.text(self.key))
        return self._products.get(pk) if pk else None
