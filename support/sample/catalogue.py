"""The sample's calendar with the holidays of its years, queues, tags, service levels and saved replies."""

from __future__ import annotations

import datetime as dt

from crm.sample.context import Sample

from ..catalogue import statuses
from ..choices import Metric, Priority
from ..models import Calendar, CalendarVersion, Desk, Queue, SavedReply, SlaGoal, SlaPolicy, Tag

OFFICE = {str(day): [["09:00", "17:00"]] for day in range(5)}
HOLIDAYS = (
    (1, 1, "New Year’s Day"),
    (5, 1, "Labour Day"),
    (7, 14, "National Day"),
    (11, 11, "Armistice Day"),
    (12, 25, "Christmas"),
)
QUEUES = ("Technical support", "Repairs and calibration", "Orders and invoices")
TAGS = ("calibration", "firmware", "invoice", "key account", "return", "spare parts", "warranty")

#: minutes of business time by metric: low, normal, high, urgent
STANDARD = {
    Metric.FIRST_RESPONSE: (960, 480, 240, 60),
    Metric.NEXT_REPLY: (1440, 960, 480, 120),
    Metric.RESOLUTION: (7200, 3360, 1440, 480),
}
KEY_ACCOUNT = {Metric.FIRST_RESPONSE: (240, 120, 60, 30), Metric.RESOLUTION: (2880, 1440, 960, 240)}
REPLIES = (
    ("Serial number", "Could you send us the serial number of the instrument? It is on the plate at the back."),
    ("Calibration certificate", "The certificate is attached to the delivery note. I am sending you a copy as a PDF."),
    ("Firmware update", "Please install the latest firmware from the service menu and restart the instrument."),
    ("Return", "Please put the return number on the parcel. We will look at the instrument as soon as it is here."),
)


def fill(sample: Sample) -> None:
    """Set up by hand when Sextant came into use."""
    Desk(name="Meridian Instruments Service", email="service@meridian-instruments.example").save()
    calendar = Calendar.objects.create(name="Service hours", is_default=True)
    years = range(sample.start.year, sample.today.year + 2)
    holidays = [{"date": dt.date(year, *when).isoformat(), "name": name} for year in years for *when, name in HOLIDAYS]
    CalendarVersion.objects.create(calendar=calendar, zone=str(sample.zone), week=OFFICE, holidays=holidays)
    team = sample.teams["Service"]
    sample.notes["queues"] = {
        name: Queue.objects.create(name=name, position=place, team=team, is_default=place == 0)
        for place, name in enumerate(QUEUES)
    }
    sample.notes["tags"] = {name: Tag.objects.create(name=name) for name in TAGS}
    sample.notes["statuses"] = statuses()
    key = SlaPolicy.objects.create(name="Key accounts", position=1, tag=sample.notes["tags"]["key account"], warn_minutes=30)
    key.escalate_to = sample.users["paula"]
    key.save()
    standard = SlaPolicy.objects.create(name="Standard", position=2, warn_minutes=60)
    for policy, goals in ((key, KEY_ACCOUNT), (standard, STANDARD)):
        SlaGoal.objects.bulk_create(
            SlaGoal(policy=policy, priority=priority, metric=metric, minutes=minutes)
            for metric, row in goals.items()
            for priority, minutes in zip(Priority, row, strict=True)
        )
    SavedReply.objects.bulk_create(SavedReply(title=title, body=body, position=n) for n, (title, body) in enumerate(REPLIES))
