"""Measures of the messages of campaigns, by the day they were sent. A message that bounced was not delivered and counts no further."""

from __future__ import annotations

import datetime as dt

from django.db.models import DateTimeField, Exists, ExpressionWrapper, F, OuterRef, Q, QuerySet

from analytics.sources import DailySource, Measure, add_source, windows
from contacts.models import Lead

from .models import CampaignMessage
from .services import MESSAGES

OPEN_WITHIN = dt.timedelta(days=30)  # of the sending, for opens and for the clicks that conversions follow
CONVERTS_WITHIN = dt.timedelta(days=7)  # of the click
SCANNED_WITHIN = dt.timedelta(seconds=2)  # of the sending: no reader is so quick

windows.register("mail_conversion_days", lambda: (OPEN_WITHIN + CONVERTS_WITHIN).days)

DELIVERED = Q(bounced_at__isnull=True)
IN_TIME = Q(opened_at__lt=F("sent_at") + OPEN_WITHIN)
CLICKED = DELIVERED & Q(clicked_at__gte=F("sent_at") + SCANNED_WITHIN)


def _messages() -> QuerySet:
    """`converted`: the lead it went to, or a lead of the person, was converted within a week of the click."""
    until = ExpressionWrapper(F("clicked_at") + CONVERTS_WITHIN, output_field=DateTimeField())
    whose = Q(pk=OuterRef("lead_id")) | Q(person_id=OuterRef("person_id"))
    bought = Lead.objects.filter(whose, converted_at__gte=OuterRef("clicked_at"), converted_at__lt=OuterRef("convertible_until"))
    return CampaignMessage.objects.annotate(convertible_until=until).annotate(converted=Exists(bought))


add_source(
    DailySource(
        MESSAGES,
        (
            Measure("mail_sent"),
            Measure("mail_delivered", DELIVERED),
            Measure("mail_opened", DELIVERED & IN_TIME & Q(open_by_machine=False)),
            Measure("mail_opened_by_machine", DELIVERED & IN_TIME & Q(open_by_machine=True)),
            Measure("mail_clicked", CLICKED),
            Measure("mail_scanned", DELIVERED & Q(clicked_at__lt=F("sent_at") + SCANNED_WITHIN)),
            Measure("mail_converted", CLICKED & Q(clicked_at__lt=F("sent_at") + OPEN_WITHIN, converted=True)),
            Measure("mail_opted_out", DELIVERED & Q(opted_out_at__isnull=False)),
        ),
        {"campaign": "campaign__code", "channel": "campaign__channel", "owner": "owner_id", "team": "team_id"},
        ("marketing.campaignmessage", "pk"),
        rows=_messages,
        day="sent_day",
    )
)
