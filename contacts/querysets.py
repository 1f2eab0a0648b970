"""The vocabulary of contacts, once: pages, API, numbers and jobs use these words."""

from __future__ import annotations

import datetime as dt
from typing import Self

from django.db.models import Prefetch

from crm.querysets import ScopedQuerySet

from .choices import OPEN_LEADS, REACHES_OUT, TOUCHES


class CompanyQuerySet(ScopedQuerySet):
    def for_list(self) -> Self:
        return self.select_related("owner", "team", "parent")


class PersonQuerySet(ScopedQuerySet):
    def for_list(self) -> Self:
        from .models import PersonEmail, PersonPhone

        return self.select_related("owner", "team", "company").prefetch_related(
            Prefetch("emails", PersonEmail.objects.order_by("position", "pk")),
            Prefetch("phones", PersonPhone.objects.order_by("position", "pk")),
        )


class LeadQuerySet(ScopedQuerySet):
    def open(self) -> Self:
        """Not converted, disqualified or given up."""
        return self.filter(status__in=OPEN_LEADS)

    def untouched(self) -> Self:
        """Open, and nobody has reached out yet."""
        return self.open().filter(first_response_at__isnull=True)

    def for_list(self) -> Self:
        return self.select_related("owner", "team", "company", "person")


class ActivityQuerySet(ScopedQuerySet):
    def touches(self) -> Self:
        """Completed calls, mails and meetings that went out to the customer or both ways, made by people."""
        return self.filter(kind__in=TOUCHES, direction__in=REACHES_OUT, by_machine=False)


class TaskQuerySet(ScopedQuerySet):
    def open(self) -> Self:
        return self.filter(done_at__isnull=True)

    def overdue(self, now: dt.datetime) -> Self:
        return self.open().filter(due_at__lt=now)
