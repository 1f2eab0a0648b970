"""The vocabulary of surveys, once: pages, API, numbers and jobs use these words."""

from __future__ import annotations

from typing import Any, Self

from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Sum

from crm.periods import Period
from crm.querysets import ScopedQuerySet

from .choices import LOW_BANDS, PENDING, Band, InvitationState, ResponseState
from .scores import Counts


class SurveyQuerySet(ScopedQuerySet):
    def active(self) -> Self:
        return self.filter(active=True)

    def for_list(self) -> Self:
        return self.select_related("owner", "team")


class InvitationQuerySet(ScopedQuerySet):
    def pending(self) -> Self:
        """Planned or being sent."""
        return self.filter(state__in=PENDING)

    def skipped(self) -> Self:
        return self.filter(state=InvitationState.SKIPPED)

    def sent(self) -> Self:
        """Handed to the mail server at some time, whatever came of it."""
        return self.filter(sent_at__isnull=False)

    def delivered(self) -> Self:
        """Accepted by the mail server and not bounced since: the denominator of the response rate."""
        return self.filter(delivered_at__isnull=False).exclude(state=InvitationState.BOUNCED)

    def awaiting(self) -> Self:
        """Sent, not answered, and the link still works."""
        return self.filter(state=InvitationState.SENT)

    def answered(self) -> Self:
        """With a confirmed response; one in quarantine is no answer."""
        return self.filter(response__state=ResponseState.CONFIRMED)

    def clicked_only(self) -> Self:
        """Opened by somebody or something, and nothing was sent. A number of its own, in no score: machines open links too."""
        from .models import ClickLog

        opened = ClickLog.objects.filter(invitation=OuterRef("pk"), what=ClickLog.PAGE)
        return self.filter(Exists(opened), response__isnull=True)

    def of_person(self, person: Any, email: str = "") -> Self:
        """Those of a person under any address, and those that went to the address before the person was known."""
        unknown = Q(person__isnull=True, email__iexact=email) if email else Q(pk__in=[])
        return self.filter(unknown | Q(person=person)) if person is not None else self.filter(unknown)

    def about(self, subject_type: str, subject_id: int) -> Self:
        """Those about one ticket or deal."""
        return self.filter(subject_type=subject_type, subject_id=subject_id)

    def for_list(self) -> Self:
        return self.select_related("survey", "version", "person", "company", "owner", "team")


class ResponseQuerySet(ScopedQuerySet):
    def confirmed(self) -> Self:
        """The answers that count. Everything that shows a score asks this."""
        return self.filter(state=ResponseState.CONFIRMED)

    def quarantined(self) -> Self:
        return self.filter(state=ResponseState.QUARANTINED)

    def of_kind(self, kind: str) -> Self:
        return self.filter(kind=kind)

    def during(self, period: Period) -> Self:
        """By the local day of the first confirmation, the end not included."""
        return self.filter(responded_day__gte=period.start, responded_day__lt=period.end)

    def low(self) -> Self:
        """Detractors, not satisfied, hard."""
        return self.filter(band__in=LOW_BANDS)

    def about(self, subject_type: str, subject_id: int) -> Self:
        """The answers about one ticket or deal."""
        return self.filter(subject_type=subject_type, subject_id=subject_id)

    def latest_per_person(self) -> Self:
        """Of each person the latest of these answers; answers without a person all stay. Narrow down first."""
        return self._one_per_person(Q(responded_at__gt=OuterRef("responded_at")), "pk__gt")

    def first_per_person(self) -> Self:
        """Of each person the first of these answers; answers without a person all stay. Narrow down first."""
        return self._one_per_person(Q(responded_at__lt=OuterRef("responded_at")), "pk__lt")

    def _one_per_person(self, beats: Q, tie: str) -> Self:
        rivals: QuerySet = self.order_by().filter(person=OuterRef("person"))
        beaten = rivals.filter(beats | Q(responded_at=OuterRef("responded_at"), **{tie: OuterRef("pk")}))
        return self.filter(Q(person__isnull=True) | ~Exists(beaten.values("pk")))

    def counts(self) -> Counts:
        """What every score is made of, in one query over exactly these rows."""
        found = self.order_by().aggregate(
            n=Count("pk"),
            **{f"band_{band.value}": Count("pk", filter=Q(band=band)) for band in Band},
            positive_n=Count("pk", filter=Q(positive=True)),
            score_sum=Sum("score"),
            ease_sum=Sum("ease_micro"),
        )
        bands = {band.value: found[f"band_{band.value}"] for band in Band if found[f"band_{band.value}"]}
        return Counts(found["n"], bands, found["positive_n"], found["score_sum"] or 0, found["ease_sum"] or 0)

    def distribution(self) -> dict[int, int]:
        """How often each score was given; scores that nobody gave are missing."""
        rows = self.order_by().values("score").annotate(n=Count("pk")).order_by("score")
        return {row["score"]: row["n"] for row in rows}

    def for_list(self) -> Self:
        return self.select_related("survey", "version", "person", "company", "owner", "team", "task", "invitation")


class UnsubscribeQuerySet(QuerySet):
    def standing(self) -> Self:
        """Not taken back."""
        return self.filter(undone_at__isnull=True)

    def of(self, person: Any, email: str) -> Self:
        """Of the person or of the address."""
        who = Q(email__iexact=email) if email else Q(pk__in=[])
        return self.filter(who | Q(person=person)) if person is not None else self.filter(who)
