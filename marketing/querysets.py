"""The vocabulary of marketing, once: pages, API, numbers and jobs use these words."""

from __future__ import annotations

from typing import Self

from django.db.models import Count, OuterRef, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce

from crm.querysets import ScopedQuerySet


class CampaignQuerySet(ScopedQuerySet):
    """Campaigns."""

    def for_list(self) -> Self:
        """With owner and what was spent (`spent`, minor units of base currency; costs without a rate are counted in `unconverted`).
        Sums are made beside the campaigns, so no join can count a cost twice."""
        from .models import Cost

        costs = Cost.objects.filter(campaign=OuterRef("pk")).order_by().values("campaign")
        return self.select_related("owner", "team").annotate(
            spent=Coalesce(Subquery(costs.annotate(n=Sum("base_amount")).values("n")), 0),
            unconverted=Coalesce(Subquery(costs.filter(base_amount=None).annotate(n=Count("pk")).values("n")), 0),
        )


class CostQuerySet(ScopedQuerySet):
    """Costs."""

    def for_list(self) -> Self:
        return self.select_related("campaign", "owner", "team")

    def unconverted(self) -> Self:
        """Without an exchange rate on the day they were posted: in no sum of money."""
        return self.filter(base_amount__isnull=True)


class MemberQuerySet(QuerySet):
    """Members of campaigns."""

    def for_list(self) -> Self:
        return self.select_related("campaign", "lead", "person", "person__company")


class MessageQuerySet(ScopedQuerySet):
    """Messages of campaigns."""

    def for_list(self) -> Self:
        return self.select_related("campaign", "person", "lead", "owner", "team")


class VisitQuerySet(ScopedQuerySet):
    """Visits to the website."""

    def for_list(self) -> Self:
        return self.select_related("lead")

    def of_page(self, page: str) -> Self:
        """Those that began on this page."""
        return self.filter(landing_page=page)


class SubmissionQuerySet(ScopedQuerySet):
    """Forms that were sent."""

    def for_list(self) -> Self:
        return self.select_related("visit", "lead")


class WebFormQuerySet(ScopedQuerySet):
    """Web forms."""

    def for_list(self) -> Self:
        """With how often each was opened and sent; sums are made beside the forms."""
        from .models import WebFormDay, WebFormEntry

        days = WebFormDay.objects.filter(form=OuterRef("pk")).order_by().values("form")
        entries = WebFormEntry.objects.filter(form=OuterRef("pk"), submission__spam=False).order_by().values("form")
        return self.select_related("owner", "team", "campaign").annotate(
            views=Coalesce(Subquery(days.annotate(n=Sum("views")).values("n")), 0),
            sent=Coalesce(Subquery(entries.annotate(n=Count("pk")).values("n")), 0),
        )
