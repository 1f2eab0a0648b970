"""The vocabulary of what numbers keep, once."""

from __future__ import annotations

from typing import Self

from crm.querysets import ScopedQuerySet


class AimQuerySet(ScopedQuerySet):
    """Targets and success thresholds."""

    def for_list(self) -> Self:
        return self.select_related("owner", "team", "created_by")

    def of_people(self) -> Self:
        return self.filter(owner__isnull=False)

    def of_teams(self) -> Self:
        """Those of whole teams, not of the people in them."""
        return self.filter(owner__isnull=True, team__isnull=False)

    def of_everyone(self) -> Self:
        return self.filter(owner__isnull=True, team__isnull=True)
