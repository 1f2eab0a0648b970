"""Measures of answers and invitations: what is counted, by which date, over which rows. The KPIs made of them are in `surveys.kpis`.

Only confirmed answers count; those in quarantine and those a person rejected are counted apart. Dimensions are as they were when
the survey was planned: they are copied into invitation and answer (`models.Attribution`), so handing a company on moves nothing.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db.models import BigIntegerField, Case, F, Q, QuerySet, Value, When
from django.db.models.functions import Cast
from django.utils.translation import gettext_lazy as _

from analytics.sources import DailySource, Measure, add_dimension, add_source, names_from
from crm.models import Organisation

from . import marks
from .choices import Band, InvitationState, Kind, ResponseState
from .models import Invitation, Response, Survey

add_dimension("survey", _("Survey"), names_from(Survey))

SPLITS = {
    "survey": "survey_id",
    "channel": "channel",
    "owner": "owner_id",
    "team": "team_id",
    "segment": "segment",
    "product": "product",
    "campaign": "campaign",
    "priority": "priority",
}
#: Companies are too many to keep sums of.
CUT: dict[str, Any] = {"dimensions": {**SPLITS, "company": "company_id"}, "unstored": ("company",)}
CONFIRMED = Q(state=ResponseState.CONFIRMED)
LEFT_OUT = {"quarantined": Q(state=ResponseState.QUARANTINED), "rejected": Q(state=ResponseState.REJECTED)}


def counted(prefix: str) -> tuple[Measure, ...]:
    """The answers that count, and those that do not, of one kind of survey."""
    apart = (Measure(f"{prefix}_{name}", where) for name, where in LEFT_OUT.items())
    return (Measure(f"{prefix}_answers", CONFIRMED), *apart)


def of_kind(kind: str) -> QuerySet:
    return Response.objects.filter(kind=kind)


#: +1 for a promoter, -1 for a detractor, nothing for a passive: its sum is what NPS divides.
BALANCE = Case(When(CONFIRMED & Q(band=Band.PROMOTER), then=Value(1)), When(CONFIRMED & Q(band=Band.DETRACTOR), then=Value(-1)))

add_source(
    DailySource(
        marks.NPS,
        (
            *counted("nps"),
            Measure("nps_balance", value=BALANCE),
            Measure("nps_promoters", CONFIRMED & Q(band=Band.PROMOTER)),
            Measure("nps_detractors", CONFIRMED & Q(band=Band.DETRACTOR)),
        ),
        subject=("surveys.response", "pk"),
        **CUT,
        rows=lambda: of_kind(Kind.NPS),
        day="responded_day",
    )
)
add_source(
    DailySource(
        marks.CES,
        (*counted("ces"), Measure("ces_ease", CONFIRMED, "ease_micro"), Measure("ces_easy", CONFIRMED & Q(band=Band.EASY))),
        subject=("surveys.response", "pk"),
        **CUT,
        rows=lambda: of_kind(Kind.CES),
        day="responded_day",
    )
)


def _on_scale() -> QuerySet:
    """Answers to CSAT with the ends of the scale they were given on, and their squares (see `kpis.one_scale`)."""
    rows = of_kind(Kind.CSAT)
    ends = {name: Cast(f"version__{name}", BigIntegerField()) for name in ("scale_min", "scale_max")}
    rows = rows.annotate(**{f"{name}_": end for name, end in ends.items()})
    return rows.annotate(**{f"{name}_squared": F(f"{name}_") * F(f"{name}_") for name in ends})


add_source(
    DailySource(
        marks.CSAT,
        (
            *counted("csat"),
            Measure("csat_positive", CONFIRMED & Q(positive=True)),
            Measure("csat_score", CONFIRMED, "score"),
            Measure("csat_lowest", CONFIRMED, "scale_min_"),
            Measure("csat_lowest_squared", CONFIRMED, "scale_min_squared"),
            Measure("csat_highest", CONFIRMED, "scale_max_"),
            Measure("csat_highest_squared", CONFIRMED, "scale_max_squared"),
        ),
        subject=("surveys.response", "pk"),
        **CUT,
        rows=_on_scale,
        day="responded_day",
    )
)


def _answered_in_time() -> Q:
    """Confirmed within w days of the delivery, half-open: an answer at delivery + w comes too late."""
    window = dt.timedelta(days=Organisation.current().survey_response_window)
    return ~BOUNCED & Q(response__state=ResponseState.CONFIRMED, response__responded_at__lt=F("delivered_at") + window)


BOUNCED = Q(state=InvitationState.BOUNCED)

add_source(
    DailySource(
        marks.INVITATIONS,
        (
            Measure("invitations_delivered", ~BOUNCED),
            Measure("invitations_answered", _answered_in_time),
            Measure("invitations_bounced", BOUNCED),
        ),
        subject=("surveys.invitation", "pk"),
        **CUT,
        rows=lambda: Invitation.objects.filter(delivered_day__isnull=False),
        day="delivered_day",
    )
)
