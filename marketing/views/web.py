"""The website: visits, landing pages, and how to count them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.db.models import QuerySet, Sum
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from contacts.models import Lead
from crm.access import require, visible_to
from crm.http import render_page
from crm.periodbar import PeriodBar
from crm.views.generic import ActionView, DetailView, ListView, SignedIn

from .. import visits
from ..columns import VISITS
from ..filters import VisitFilter
from ..models import Submission, Visit

SUMS = ("sessions", "clicks", "clicking", "submitted")
MOST_PAGES = 200


class VisitList(ListView):
    model = Visit
    filterset_class = VisitFilter
    columns = VISITS
    template = "marketing/visits.html"
    rows_template = "marketing/_visit_rows.html"
    icon = "mouse-pointer-click"
    empty_title = gettext_lazy("No visits yet")
    empty_text = gettext_lazy("Put the script on your website, or import visits from another program.")


class VisitPage(DetailView):
    model = Visit
    template = "marketing/visit.html"

    def base(self) -> Any:
        return Visit.objects.for_list()

    def extra(self, visit: Any) -> dict:
        same = Visit.objects.filter(visitor=visit.visitor).exclude(pk=visit.pk) if visit.visitor else Visit.objects.none()
        return {
            "lead_visible": visit.lead_id is not None and Lead.objects.visible_to(self.user).filter(pk=visit.lead_id).exists(),
            "submissions": list(visit.submissions.order_by("at", "pk")[:20]),
            "others": list(same.order_by("-started_at", "-pk")[:10]),
        }


class SubmissionSpam(ActionView):
    """Takes a sent form out of the numbers, or lets it count again."""

    model = Submission

    def act(self, submission: Any) -> str:
        spam = self.request.POST.get("spam", "1") == "1"
        visits.mark_spam(submission, spam)
        return _("Marked as spam: it does not count any more") if spam else _("It counts again")

    def back(self, submission: Any) -> str:
        return submission.get_absolute_url()


class SetUp(SignedIn):
    """The lines that go into the website."""

    def get(self, request: HttpRequest) -> HttpResponse:
        require(self.user, "visit", "view")
        url = request.build_absolute_uri(reverse("marketing:script"))
        return render(request, "marketing/web_setup.html", {"script_url": url})


@dataclass(frozen=True)
class Traffic:
    """What happened in some sessions; rates are None where nothing is to be divided."""

    name: str
    sessions: int
    clicks: int
    clicking: int
    submitted: int
    url: str = ""

    @property
    def rate(self) -> float | None:
        return 100 * self.submitted / self.sessions if self.sessions else None

    @property
    def through(self) -> float | None:
        return 100 * self.clicking / self.sessions if self.sessions else None


def traffic(rows: QuerySet[Visit], by: str, limit: int = MOST_PAGES) -> list[Traffic]:
    """The sums of the visits by a column, the busiest first: one query."""
    sums = {f"n_{name}": Sum(name) for name in SUMS}
    found = rows.order_by().values_list(by).annotate(**sums).order_by("-n_sessions", by)[:limit]
    return [Traffic(name, *numbers) for name, *numbers in found]


def whole(rows: QuerySet[Visit]) -> Traffic:
    sums = rows.order_by().aggregate(**{name: Sum(name) for name in SUMS})
    return Traffic("", *(sums[name] or 0 for name in SUMS))


class PeriodPage(SignedIn):
    """A page about the visits of a period."""

    def visits(self) -> QuerySet[Visit]:
        require(self.user, "visit", "view")
        self.bar = PeriodBar.read(self.request)
        self.bar.plain = True
        self.period = self.bar.whole
        rows = visible_to(Visit.objects.all(), self.user)
        return rows.filter(started_day__gte=self.period.start, started_day__lt=self.period.end)

    def keep(self, **more: str) -> str:
        """The period in an address."""
        kept = {name: value for name in ("period", "from", "to") if (value := self.request.GET.get(name))}
        return urlencode({**kept, **more})


class LandingPages(PeriodPage):
    """The pages on which sessions began, the busiest first."""

    def get(self, request: HttpRequest) -> HttpResponse:
        rows = self.visits().exclude(landing_page="")
        pages = traffic(rows, "landing_page", MOST_PAGES + 1)
        url = reverse("marketing:landing_page")
        shown = [(page, f"{url}?{self.keep(page=page.name)}") for page in pages[:MOST_PAGES]]
        context = {
            "bar": self.bar,
            "pages": shown,
            "more": len(pages) > MOST_PAGES,
            "total": whole(rows),
            "ever": bool(shown) or Visit.objects.exists(),
        }
        return render_page(request, "marketing/landing_pages.html", "marketing/_landing_pages.html", context)


class LandingPage(PeriodPage):
    """One page in a period: what happened there, where the sessions came from, the leads that name it."""

    def get(self, request: HttpRequest) -> HttpResponse:
        name = request.GET.get("page", "")
        every = visible_to(Visit.objects.of_page(name), request.user)
        rows = self.visits().of_page(name)  # type: ignore[attr-defined]
        if not name or not every.exists():
            raise Http404
        leads = Lead.objects.visible_to(request.user).filter(landing_page=name, undated=False)
        leads = leads.filter(created_day__gte=self.period.start, created_day__lt=self.period.end).select_related("owner")
        context = {
            "bar": self.bar,
            "name": name,
            "total": whole(rows),
            "splits": [(label, traffic(rows, by, 12)) for by, label in BY],
            "leads": list(leads.order_by("-created_at", "-pk")[:10]),
            "lead_count": leads.count(),
            "kpi_query": self.keep(landing_page=name),
            "pages_url": f"{reverse('marketing:landing_pages')}?{self.keep()}",
            "visits_url": f"{reverse('marketing:visits')}?{urlencode({'landing_page': name})}",
        }
        return render(request, "marketing/landing_page.html", context)


BY = (
    ("source", gettext_lazy("Source")),
    ("medium", gettext_lazy("Channel")),
    ("campaign", gettext_lazy("Campaign")),
    ("device", gettext_lazy("Device")),
)
