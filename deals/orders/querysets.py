"""The vocabulary of orders, once."""

from __future__ import annotations

from typing import Any, Self

from django.db.models import Q, QuerySet

from contacts.models import Company, Person
from crm.querysets import ScopedQuerySet

from ..choices import OrderKind


class OrderQuerySet(ScopedQuerySet):
    def placed(self) -> Self:
        """Orders, without credit notes."""
        return self.filter(kind=OrderKind.ORDER)

    def refunds(self) -> Self:
        return self.filter(kind=OrderKind.REFUND)

    def unconverted(self) -> Self:
        """Without an exchange rate on their day: in no sum of money until there is one."""
        return self.filter(base__isnull=True)

    def for_list(self) -> Self:
        return self.select_related("company", "person", "owner", "team", "refund_of", "product", "deal")


class CustomerQuerySet(QuerySet):
    def visible_to(self, user: Any, action: str = "view") -> Self:
        """The customers whose company or person the user may see; nobody sees one whose person was erased."""
        companies = Company.objects.visible_to(user, action).values("pk")
        people = Person.objects.visible_to(user, action).values("pk")
        return self.filter(Q(company__in=companies) | Q(person__in=people))

    def for_list(self) -> Self:
        return self.select_related("company", "person")
