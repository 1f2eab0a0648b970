"""Messages of campaigns: the vectors of the catalogue (kpis.md 3.8) over records, and how the records come in."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest

from analytics.checking import run
from analytics.drill import drill
from analytics.scopes import Scope
from contacts import services as contacts
from contacts.models import Lead, Person
from marketing import mailing, services
from marketing.models import Campaign, CampaignMessage
from tests.analytics.vectors import LATER, MAY, leads, number
from tests.api import Api
from tests.factories import CampaignFactory, CampaignMessageFactory, LeadFactory, PersonFactory, utc
from tests.imports import counts, reasons, run_import, write

SENT = utc("2026-05-04 09:00")
HEAD = ["campaign", "number", "email", "sent_at", "bounced_at", "opened_at", "clicked_at", "opted_out_at"]


@pytest.fixture(autouse=True)
def later(organisation, clock):
    clock(LATER)


def after(**span: float) -> dt.datetime:
    return SENT + dt.timedelta(**span)


def many(count: int, **values: Any) -> list[CampaignMessage]:
    campaign = Campaign.objects.first() or CampaignFactory(name="Spring", channel="email")
    return [CampaignMessage(campaign=campaign, email="x@mail.example", **{"sent_at": SENT, **values}) for _number in range(count)]


def test_the_rates_are_of_what_was_sent_and_of_what_was_delivered():
    """2,000 sent, 40 bounced; of 1,960 delivered 490 opened, 98 clicked, 14 converted, 4 opted out."""
    won = leads(1, "2026-05-01", status="converted", converted_at=after(days=3), closed_at=after(days=3))[0]
    mailing.write_messages(
        [
            *many(
                40, bounced_at=after(minutes=1), opened_at=after(hours=1), clicked_at=after(hours=1), opted_out_at=after(hours=1)
            ),
            *many(14, opened_at=after(hours=1), clicked_at=after(hours=1), lead=won),
            *many(84, opened_at=after(hours=1), clicked_at=after(hours=1)),
            *many(392, opened_at=after(hours=1)),
            *many(4, opted_out_at=after(hours=1)),
            *many(1_466),
            *many(5, sent_at=utc("2026-06-01 00:00"), bounced_at=utc("2026-06-02")),  # the end is outside
        ]
    )
    for key, value, top, bottom in (
        ("email_delivery_rate", 98, 1_960, 2_000),
        ("email_open_rate", 25, 490, 1_960),
        ("email_click_rate", 5, 98, 1_960),
        ("email_conversion_rate", pytest.approx(0.714286, abs=1e-6), 14, 1_960),
        ("unsubscribe_rate", pytest.approx(0.204082, abs=1e-6), 4, 1_960),
    ):
        row = number(key)
        assert (row.value, row.numerator, row.denominator) == (value, top, bottom), key
        assert drill(key, MAY, scope=Scope.everything()).count == top
    assert number("email_click_rate", by="channel", member="email").numerator == 98
    assert number("email_open_rate", by="campaign", member="Spring").value == 25
    assert not run().found


def test_opens_count_within_thirty_days_and_not_those_of_machines():
    mailing.write_messages(
        [
            *many(1, opened_at=after(days=30) - dt.timedelta(seconds=1)),
            *many(1, opened_at=after(days=30)),
            *many(1, opened_at=after(seconds=1), open_by_machine=True),
        ]
    )
    row = number("email_open_rate")
    assert (row.numerator, row.denominator) == (1, 3)
    assert [count for _text, count, _measure in row.left_out] == [1]


def test_clicks_of_scanners_are_left_out():
    mailing.write_messages([*many(1, clicked_at=after(seconds=1.9)), *many(1, clicked_at=after(seconds=2))])
    row = number("email_click_rate")
    assert (row.numerator, row.left_out[0][1]) == (1, 1)


def test_a_conversion_lies_within_a_week_of_the_click_and_is_waited_for(clock):
    person = PersonFactory()
    lead = LeadFactory(created_at=utc("2026-05-01"))
    message = CampaignMessageFactory(person=person, clicked_at=after(days=1))
    assert number("email_conversion_rate").numerator == 0
    contacts.save_lead(lead, person=person, status="converted", converted_at=after(days=8) - dt.timedelta(seconds=1))
    assert number("email_conversion_rate").numerator == 1
    contacts.save_lead(Lead.objects.get(pk=lead.pk), converted_at=after(days=8))
    assert number("email_conversion_rate").numerator == 0
    contacts.save_lead(Lead.objects.get(pk=lead.pk), converted_at=after(days=1))
    other = PersonFactory()
    contacts.merge_people(other, person)
    message.refresh_from_db()
    assert message.person == other and number("email_conversion_rate").numerator == 1
    contacts.delete_lead(Lead.objects.get(pk=lead.pk))
    assert number("email_conversion_rate").numerator == 0
    assert not run().found
    clock("2026-06-09 10:00")
    assert number("email_conversion_rate").value is None
    assert number("email_conversion_rate").pending == 1


def test_a_message_belongs_to_the_campaigns_owner_of_then_and_follows_its_code(people):
    campaign = CampaignFactory(name="Spring", owner=people.ann)
    CampaignMessageFactory(campaign=campaign)
    services.save_campaign(campaign, owner=people.cleo, code="spring-26")
    assert number("email_delivery_rate", by="owner", member=str(people.ann.pk)).value == 100
    assert number("email_delivery_rate", by="campaign", member="spring-26").value == 100
    services.delete_campaign(campaign)
    assert number("email_delivery_rate").value is None
    assert not run().found


def test_the_recipient_is_found_by_address_and_an_opt_out_ends_the_consent():
    person = PersonFactory(emails=["Zoe@Firm.example"], consent="granted")
    lead = LeadFactory(email="leo@firm.example")
    first, second = CampaignMessageFactory(email="zoe@firm.example"), CampaignMessageFactory(email="Leo@firm.example")
    assert (first.person, first.lead, second.person, second.lead) == (person, None, None, lead)
    mailing.save_message(first, opted_out_at=after(hours=2))
    assert Person.objects.get(pk=person.pk).consent == "denied"


def test_another_address_is_another_recipient_and_another_campaign_another_owner(people: Any) -> None:
    ann = PersonFactory(emails=["ann@firm.example"], consent="granted")
    bob = PersonFactory(emails=["bob@firm.example"], consent="granted")
    message = CampaignMessageFactory(email="ann@firm.example", campaign=CampaignFactory(owner=people.mia))
    mailing.save_message(message, email="bob@firm.example", opted_out_at=after(hours=2))
    assert message.person == bob
    assert [Person.objects.get(pk=one.pk).consent for one in (ann, bob)] == ["granted", "denied"]
    mailing.save_message(message, campaign=CampaignFactory(owner=people.ann))
    assert (message.owner, message.team) == (people.ann, people.north)


def test_an_export_names_nobody_whom_one_may_not_see(people: Any, client_of: Any) -> None:
    PersonFactory(name="Secret Person", owner=people.cleo, emails=["zoe@firm.example"])
    CampaignMessageFactory(campaign=CampaignFactory(owner=people.ann), email="zoe@firm.example")
    csv = client_of(people.max).get("/campaigns/messages/?export=csv")
    text = b"".join(csv).decode()
    assert "zoe@firm.example" in text
    assert "Secret" not in text


def test_an_export_of_the_mailing_tool_is_imported_and_a_later_one_tells_more(tmp_path: Path, people: Any) -> None:
    PersonFactory(emails=["zoe@firm.example"])
    rows = [
        HEAD,
        ["Spring", "m1", "zoe@firm.example", "2026-05-04 09:00", "", "", "", ""],
        ["Spring", "", "leo@firm.example", "2026-05-04 09:00", "2026-05-04 09:01", "", "", ""],
        ["Spring", "m3", "ada@firm.example", "2026-05-04 09:00", "", "2026-05-03 09:00", "", ""],
        ["Spring", "m4", "no address", "2026-05-04 09:00", "", "", "", ""],
        ["Spring", "m5", "eve@firm.example", "", "", "", "", ""],
    ]
    first = run_import("messages", write(tmp_path / "m.csv", rows), actor=people.mia)
    assert counts(first) == (2, 0, 0, 3), reasons(first)
    assert CampaignMessage.objects.get(number="m1").person is not None
    rows[1][6] = "2026-05-05 10:00"
    again = run_import("messages", write(tmp_path / "m2.csv", rows[:3]), actor=people.mia)
    assert counts(again) == (0, 1, 1, 0), reasons(again)
    assert number("email_click_rate").numerator == 1
    assert not run().found


def test_a_number_is_that_of_one_address(tmp_path: Path, people: Any) -> None:
    rows = [
        HEAD,
        ["Spring", "m1", "zoe@firm.example", "2026-05-04 09:00", "", "", "", ""],
        ["Spring", "m1", "leo@firm.example", "2026-05-04 09:00", "", "", "", ""],
        ["Summer", "m1", "leo@firm.example", "2026-05-04 09:00", "", "", "", ""],
    ]
    found = run_import("messages", write(tmp_path / "m.csv", rows), actor=people.mia)
    assert counts(found) == (2, 0, 0, 1)
    assert reasons(found) == [(3, "number", "m1", "is that of a message to another address")]
    assert list(CampaignMessage.objects.order_by("pk").values_list("email", flat=True)) == [
        "zoe@firm.example",
        "leo@firm.example",
    ]


def test_the_mailing_tool_writes_and_corrects_by_the_api(people: Any) -> None:
    campaign, api = CampaignFactory(owner=people.mia), Api(people.mia)
    told = {"campaign": campaign.pk, "email": "zoe@firm.example", "number": "m1", "sent_at": "2026-05-04T09:00:00Z"}
    made = api.post("/campaign-messages/", **told)
    assert made.status_code == 201, made.content
    url = f"/campaign-messages/{made.json()['id']}/"
    assert api.patch(url, clicked_at="2026-05-04T10:00:00Z").status_code == 200
    assert number("email_click_rate").value == 100
    assert api.patch(url, clicked_at="2026-05-03T10:00:00Z").status_code == 400
    assert api.patch(url, opened_at="2027-05-03T10:00:00Z").status_code == 400
    assert api.post("/campaign-messages/", **told).status_code == 400
    assert Api(people.ann).get(url).status_code in (403, 404)
    assert api.delete(url).status_code == 204
    assert number("email_delivery_rate").value is None


def test_the_list_shows_messages_and_names_only_whom_one_may_see(people: Any, client_of: Any) -> None:
    person = PersonFactory(owner=people.cleo, emails=["zoe@firm.example"])
    campaign = CampaignFactory(owner=people.mia)
    CampaignMessageFactory(campaign=campaign, email="zoe@firm.example", opened_at=after(hours=1), open_by_machine=True)
    CampaignMessageFactory(campaign=campaign, email="leo@firm.example")
    browser = client_of(people.mia)
    page = browser.get(f"/campaigns/messages/?campaign={campaign.pk}&state=opened").content.decode()
    assert "zoe@firm.example" in page and "leo@firm.example" not in page and "by a machine" in page
    assert (person.get_absolute_url() in page) == Person.objects.visible_to(people.mia).filter(pk=person.pk).exists()
    assert "2" in browser.get(campaign.get_absolute_url()).content.decode()
    assert client_of(people.ann).get("/campaigns/messages/").status_code == 403


def test_another_time_zone_moves_messages_to_other_days():
    from crm import jobs
    from crm import services as kernel
    from crm.models import Organisation

    CampaignMessageFactory(sent_at=utc("2026-05-31 23:30"))
    assert number("email_delivery_rate").denominator == 1
    kernel.save_organisation(Organisation.current(), time_zone="Europe/Paris")
    jobs.run_all()
    assert number("email_delivery_rate").denominator == 0
