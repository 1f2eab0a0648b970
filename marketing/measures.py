"""Measures of costs and of the website. Costs are registered as a source, so that other numbers can divide them by key.

A cost that is spread counts on each of its days with the part of that day. Costs without an exchange rate are in no sum of money and
counted by `…_unconverted`. What names no campaign, channel or team stays unallocated: it is never spread silently.
"""

from __future__ import annotations

from django.db.models import F, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from analytics.sources import DailySource, Measure, WindowSource, add_dimension, add_source, name_members
from contacts.touches import PAID as PAID_CHANNELS
from crm.periods import Period, first_instant

from .choices import Category, Device, Outcome, Purpose
from .models import Campaign, CostDay, Submission, Visit
from .services import COSTS
from .visits import SESSIONS, SUBMISSIONS

#: How the measures of sent forms are called, and what they count.
OUTCOMES = {"signups": Outcome.SIGNUP, "known": Outcome.KNOWN, "unnamed": Outcome.UNNAMED, "spam": Outcome.SPAM}

add_dimension(
    "cost_category",
    _("Category of cost"),
    lambda members: {member: str(Category(member).label) for member in members if member in Category.values},
)
add_dimension(
    "cost_purpose",
    _("Purpose of cost"),
    lambda members: {member: str(Purpose(member).label) for member in members if member in Purpose.values},
)


def campaign_names(members: object) -> dict[str, str]:
    """Codes to the campaigns' names."""
    return dict(Campaign.objects.filter(code__in=[m for m in members if m]).values_list("code", "name"))  # type: ignore[attr-defined]


name_members("campaign", campaign_names)

#: Marketing that is to win customers; what keeps customers is spent on others than leads.
MARKETING = Q(cost__category=Category.MARKETING, cost__purpose=Purpose.ACQUISITION)
OTHER_MARKETING = Q(cost__category=Category.MARKETING) & ~Q(cost__purpose=Purpose.ACQUISITION)
NO_RATE = Q(base__isnull=True)
PAID = Q(cost__channel__iregex=PAID_CHANNELS)
PURPOSES = {
    "acquisition": Q(cost__purpose=Purpose.ACQUISITION),
    "retention": Q(cost__purpose=Purpose.RETENTION),
    "crm": Q(cost__purpose=Purpose.CRM),
}

#: Of these costs it is counted whether there are any: without one, what something cost is not known.
BOOKED = {
    "acquisition": PURPOSES["acquisition"],
    "retention": PURPOSES["retention"],
    "marketing": MARKETING,
    "paid": MARKETING & PAID,
}

add_source(
    DailySource(
        COSTS,
        (
            Measure("cost_marketing", MARKETING, "base"),
            *(Measure(f"cost_{name}", where, "base") for name, where in PURPOSES.items()),
            Measure("cost_marketing_unconverted", MARKETING & NO_RATE),
            *(Measure(f"cost_{name}_unconverted", where & NO_RATE) for name, where in PURPOSES.items()),
            Measure("cost_marketing_elsewhere", OTHER_MARKETING, "base"),
            *(Measure(f"cost_{name}_days", where & ~NO_RATE) for name, where in BOOKED.items()),
            Measure("cost_paid", MARKETING & PAID, "base"),
            Measure("cost_paid_unconverted", MARKETING & PAID & NO_RATE),
            Measure("cost_crm_days", PURPOSES["crm"] & ~NO_RATE),
        ),
        {
            "campaign": "cost__campaign__code",
            "channel": "cost__channel",
            "source": "cost__campaign__source",
            "team": "cost__team_id",
            "cost_category": "cost__category",
            "cost_purpose": "cost__purpose",
        },
        ("marketing.cost", "cost_id"),
        rows=CostDay.objects.all,
        day="day",
    )
)

# --- the website -----------------------------------------------------------------------------------------------------

add_dimension(
    "device", _("Device"), lambda members: {member: str(Device(member).label) for member in members if member in Device.values}
)

OF_VISIT = {"source": "source", "campaign": "campaign", "channel": "medium", "landing_page": "landing_page"}
LANDED = ~Q(landing_page="")

add_source(
    DailySource(
        SESSIONS,
        (
            Measure("web_sessions", value="sessions"),
            Measure("web_landed", LANDED, "sessions"),
            Measure("web_landed_submitted", LANDED & Q(submitted__gt=0), "submitted"),
            Measure("web_clicks", LANDED & Q(clicks__gt=0), "clicks"),
            Measure(
                "web_clicked_in_vain", LANDED & Q(clicking__gt=F("clicked_submitted")), F("clicking") - F("clicked_submitted")
            ),
            Measure("web_forms_started", Q(form_started__gt=0), "form_started"),
            Measure("web_forms_left", Q(form_left__gt=0), "form_left"),
            Measure("web_sessions_unknown", Q(visitor=""), "sessions"),
        ),
        {**OF_VISIT, "device": "device"},
        ("marketing.visit", "pk"),
        rows=Visit.objects.all,
        day="started_day",
    )
)


def _visitors(period: Period) -> QuerySet:
    """One row per visitor of the period: their first visit in it, by whose source and page they are counted."""
    before = Q(earlier_at__isnull=True) | Q(earlier_at__lt=first_instant(period.start))
    return Visit.objects.exclude(visitor="").filter(before, started_day__gte=period.start, started_day__lt=period.end)


add_source(
    WindowSource(
        "web.visitors",
        (Measure("web_visitors"),),
        {**OF_VISIT, "device": "device"},
        ("marketing.visit", "pk"),
        rows=_visitors,
        day="started_day",
        depends=(SESSIONS,),
    )
)

add_source(
    DailySource(
        SUBMISSIONS,
        tuple(Measure(f"web_{name}", Q(outcome=outcome)) for name, outcome in OUTCOMES.items()),
        OF_VISIT,
        ("marketing.submission", "pk"),
        rows=Submission.objects.all,
        day="day",
    )
)
