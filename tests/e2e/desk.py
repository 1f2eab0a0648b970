"""A service desk that is just open: its people, a queue with hours, a survey that goes out when a ticket is solved."""

from __future__ import annotations

from dataclasses import dataclass

from surveys.models import Survey
from tests.factories import CalendarFactory, QueueFactory, SavedReplyFactory, SlaPolicyFactory, SurveyFactory
from tests.people import People, hire


@dataclass
class Desk:
    people: People
    survey: Survey


def open_desk() -> Desk:
    """Customers are asked at once, and a low score is followed up at once."""
    people = hire()
    calendar = CalendarFactory(name="Office", zone="UTC", is_default=True)
    QueueFactory(name="Support", is_default=True, calendar=calendar)
    SlaPolicyFactory(name="Everybody", calendar=calendar, goals={"first_response": 240, "resolution": 2400})
    SavedReplyFactory(title="Greeting", body="Hello {first_name},\n\nplease hold the button for ten seconds.\n\n{agent}")
    survey = SurveyFactory(name="After help", kind="csat", trigger="ticket_solved", delay_hours=0, settle_minutes=0)
    return Desk(people, survey)
