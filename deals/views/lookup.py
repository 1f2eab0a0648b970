"""Products for comboboxes."""

from __future__ import annotations

from typing import Any

from django.db.models import Q

from contacts.views.lookup import LIMIT, Lookup

from ..models import Product


class ProductLookup(Lookup):
    resource = "product"

    def find(self, text: str) -> Any:
        return Product.objects.filter(Q(name__icontains=text) | Q(code__icontains=text)).order_by("name", "pk")[:LIMIT]

    def describe(self, row: Any) -> dict[str, str]:
        return {"value": str(row.pk), "label": row.name, "detail": row.code}
