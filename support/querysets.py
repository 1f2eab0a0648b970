"""The vocabulary of tickets, once: pages, API, numbers and jobs use these words."""

from __future__ import annotations

import datetime as dt
from typing import Any, Self

from django.db.models import F, Q, QuerySet

from crm.access import scope_of, scope_q, team_ids
from crm.querysets import ScopedQuerySet

from .choices import DECIDED, WAITING, Category, Outcome, Visibility


def readable(user: Any, message: str = "") -> Q:
    """The messages, by that path, that are public or notes that the user may read: a team's scope reads those on its own tickets,
    not on those of its companies that another team works on."""
    if scope_of(user, "ticket_note", "view") == "all":
        return Q()
    notes = scope_q(user, "ticket_note", owner=f"{message}ticket__owner", team=f"{message}ticket__team")
    return Q(**{f"{message}visibility": Visibility.PUBLIC}) | notes


class TicketQuerySet(ScopedQuerySet):
    """`visible_to` is the one rule: own, team or all as the role says, and to look at also those of own companies."""

    def genuine(self) -> Self:
        """Without spam: what numbers are made of."""
        return self.filter(spam=False)

    def undone(self) -> Self:
        """Not solved, whoever it waits for."""
        return self.exclude(category=Category.DONE)

    def open(self) -> Self:
        """It is our turn."""
        return self.filter(category=Category.OPEN)

    def waiting(self) -> Self:
        """It is the customer's or a third party's turn."""
        return self.filter(category__in=WAITING)

    def done(self) -> Self:
        return self.filter(category=Category.DONE)

    def unassigned(self) -> Self:
        return self.filter(owner__isnull=True)

    def unanswered(self) -> Self:
        """A customer waits for our answer."""
        return self.filter(unanswered_since__isnull=False)

    def overdue(self, now: dt.datetime) -> Self:
        """A promised answer or solution is late."""
        return self.filter(next_due_at__lte=now)

    def by_due(self) -> Self:
        """The queue's order: next due first, then the longest unanswered, then the oldest."""
        return self.order_by(
            F("next_due_at").asc(nulls_last=True), F("unanswered_since").asc(nulls_last=True), "created_at", "pk"
        )

    def for_list(self) -> Self:
        return self.select_related("requester", "company", "queue", "status", "owner", "team").prefetch_related("tags")


class TicketStateQuerySet(ScopedQuerySet):
    """History rows by local day (kpis.md G1). Spam is in none of them."""

    def open_at(self, day: dt.date) -> Self:
        """Unsolved just before the first instant of `day`."""
        return self.undone().filter(Q(end_day__isnull=True) | Q(end_day__gte=day), start_day__lt=day)

    def undone(self) -> Self:
        return self.filter(ticket__spam=False).exclude(category=Category.DONE)


class MessageQuerySet(QuerySet):
    def public(self) -> Self:
        """What may leave the house. Mail, status page, export, API and notifications read messages through this alone."""
        return self.filter(visibility=Visibility.PUBLIC)

    def readable_by(self, user: Any) -> Self:
        """Public messages, and the notes of tickets that the user's role works on. Says nothing about which tickets are visible."""
        return self.filter(readable(user))


class AttachmentQuerySet(QuerySet):
    def public(self) -> Self:
        """Files of public messages: the only ones that may leave the house."""
        return self.filter(message__visibility=Visibility.PUBLIC)

    def visible_to(self, user: Any) -> Self:
        """Files that the user may fetch: of tickets they may see, and of notes only for those who may read notes."""
        from .models import Ticket

        return self.filter(readable(user, "message__"), message__ticket__in=Ticket.objects.visible_to(user))


class SlaTargetQuerySet(QuerySet):
    def decided(self) -> Self:
        """Met or breached, of tickets that are no spam: the denominator of attainment."""
        return self.filter(outcome__in=DECIDED, ticket__spam=False)

    def met(self) -> Self:
        return self.decided().filter(outcome=Outcome.MET)


class SavedReplyQuerySet(QuerySet):
    def visible_to(self, user: Any) -> Self:
        """The user's own, those of their teams, and everybody's."""
        everybody = Q(owner__isnull=True, team__isnull=True)
        return self.filter(Q(owner=user.pk) | Q(owner__isnull=True, team__in=team_ids(user)) | everybody)
