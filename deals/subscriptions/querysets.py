"""The vocabulary of subscriptions, once."""

from __future__ import annotations

import datetime as dt
from typing import Self

from django.db.models import QuerySet

from crm.querysets import ScopedQuerySet

from ..choices import SubscriptionStatus


class SubscriptionQuerySet(ScopedQuerySet):
    def running(self) -> Self:
        """Those that are not over: on trial, active, paused, or cancelled with some time left."""
        over = (SubscriptionStatus.ENDED, SubscriptionStatus.RENEWED)
        return self.exclude(status__in=over)

    def unconverted(self) -> Self:
        """Without an exchange rate: in no sum of money until there is one."""
        return self.filter(rate__isnull=True)

    def ending(self, before: dt.date) -> Self:
        """Those whose term ends before that day and which nobody has cancelled or renewed."""
        return self.filter(term_end__lt=before, cancelled_on__isnull=True, renewal__isnull=True)

    def for_list(self) -> Self:
        return self.select_related("company", "product", "owner", "team", "deal", "renewed_from")


class MrrMovementQuerySet(QuerySet):
    def valid(self) -> Self:
        """Those that stand."""
        return self.filter(withdrawn_at__isnull=True)
