"""What every queryset of records with an owner and a team can do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from django.db.models import QuerySet

from .access import visible_to

if TYPE_CHECKING:
    from .models import User


class ScopedQuerySet(QuerySet):
    """A queryset of records with owner and team."""

    def visible_to(self, user: User, action: str = "view") -> Self:
        """The rows the user may act on (see `crm.access`)."""
        return visible_to(self, user, action)  # type: ignore[type-var, return-value]  # the model is the subclass's
