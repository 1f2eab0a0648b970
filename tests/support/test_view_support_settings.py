"""Settings of support: calendars, service levels, queues, statuses, saved replies."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.test import Client

from support.models import Calendar, Queue, SavedReply, SlaPolicy, TicketStatus
from support.views.settings_forms import read_intervals, read_minutes, write_minutes
from tests.factories import CalendarFactory, QueueFactory, SavedReplyFactory, SlaPolicyFactory, TagFactory, TicketFactory
from tests.people import People
from tests.suites import posted

pytestmark = pytest.mark.django_db
ClientOf = Callable[[Any], Client]


# --- how hours and promises are written


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("", []),
        ("9-17", [["09:00", "17:00"]]),
        ("09:00-12:30, 13:30–17:00", [["09:00", "12:30"], ["13:30", "17:00"]]),
        ("22:00-6", [["22:00", "06:00"]]),
        ("9h30 à 12h00", [["09:30", "12:00"]]),
        ("0-24", [["00:00", "24:00"]]),
    ],
)
def test_opening_times_are_read_as_people_write_them(text: str, read: list) -> None:
    assert read_intervals(text) == read


@pytest.mark.parametrize("text", ["9", "9-", "25-26", "9:99-10", "24:30-25", "x", "9-17-18"])
def test_what_is_no_opening_time_is_refused(text: str) -> None:
    with pytest.raises(ValidationError):
        read_intervals(text)


@pytest.mark.parametrize(
    ("text", "minutes"), [("8", 480), ("8 h", 480), ("1:30", 90), ("0,5", 30), ("45 min", 45), ("1h 30m", 90), ("100", 6000)]
)
def test_a_promise_is_typed_in_hours_and_kept_in_minutes(text: str, minutes: int) -> None:
    assert read_minutes(text) == minutes


@pytest.mark.parametrize("text", ["", "x", "-1", "0", "1:99", "9999999", "1e3", "8 d"])
def test_what_is_no_promise_is_refused(text: str) -> None:
    with pytest.raises(ValidationError):
        read_minutes(text)


@pytest.mark.parametrize(("minutes", "text"), [(480, "8"), (90, "1:30"), (5, "0:05")])
def test_a_promise_is_shown_as_it_can_be_typed_again(minutes: int, text: str) -> None:
    assert write_minutes(minutes) == text
    assert read_minutes(text) == minutes


# --- calendars


def opened(client: Client, url: str) -> dict[str, Any]:
    return posted(client.get(url).context["form"])


def test_a_calendar_is_made_with_lunch_night_and_holidays(people: People, client_of: ClientOf) -> None:
    client = client_of(people.ada)
    data = opened(client, "/settings/calendars/new/") | {
        "name": "Plant",
        "zone": "Europe/Berlin",
        "day_0": "09:00-12:00, 13:00-17:00",
        "day_4": "22:00-06:00",
        "holidays-0-date": "2026-12-25",
        "holidays-0-name": "Christmas",
    }
    response = client.post("/settings/calendars/new/", data)
    assert response.status_code == 302, response.context["form"].errors
    version = Calendar.objects.get().versions.get()
    assert version.week["0"] == [["09:00", "12:00"], ["13:00", "17:00"]]
    assert version.week["4"] == [["22:00", "06:00"]]
    assert version.holidays == [{"date": "2026-12-25", "name": "Christmas"}]


def test_overlapping_hours_are_refused_and_stay_as_typed(people: People, client_of: ClientOf) -> None:
    client = client_of(people.ada)
    data = opened(client, "/settings/calendars/new/") | {"name": "Plant", "day_0": "9-12, 11-15"}
    response = client.post("/settings/calendars/new/", data)
    assert response.status_code == 422
    assert "overlap" in response.content.decode()
    assert "9-12, 11-15" in response.content.decode()
    assert not Calendar.objects.exists()


def test_other_hours_are_another_version_and_the_old_ones_stay(people: People, client_of: ClientOf) -> None:
    calendar = CalendarFactory(name="Office")
    client, url = client_of(people.ada), f"/settings/calendars/{calendar.pk}/"
    assert client.post(url, opened(client, url) | {"day_5": "10-14"}).status_code == 302
    first, second = calendar.versions.all()
    assert "5" not in first.week
    assert second.week["5"] == [["10:00", "14:00"]]
    assert "Versions" in client.get(url).content.decode()


def test_a_calendar_shows_when_it_is_open_next(people: People, client_of: ClientOf, clock: Any) -> None:
    clock("2026-05-15 16:00")  # a Friday, six in the evening in Berlin
    calendar = CalendarFactory(name="Office")
    openings = client_of(people.ada).get(f"/settings/calendars/{calendar.pk}/").context["openings"]
    assert f"{openings[0][0]:%a %H:%M}" == "Mon 09:00"


# --- service levels


def test_a_policy_keeps_its_goals_by_promise_and_priority(people: People, client_of: ClientOf) -> None:
    client = client_of(people.ada)
    data = opened(client, "/settings/service-levels/new/") | {
        "name": "Gold",
        "goal_first_response_urgent": "0:30",
        "goal_resolution_normal": "16",
        "time_resolution": "wall",
    }
    response = client.post("/settings/service-levels/new/", data)
    assert response.status_code == 302, response.context["form"].errors
    goals = SlaPolicy.objects.get().goals.values_list("metric", "priority", "minutes", "business")
    assert set(goals) == {("first_response", "urgent", 30, True), ("resolution", "normal", 960, False)}


def test_a_policys_form_shows_what_was_promised(people: People, client_of: ClientOf) -> None:
    policy = SlaPolicyFactory(goals={("resolution", "urgent"): 90})
    client, url = client_of(people.ada), f"/settings/service-levels/{policy.pk}/"
    data = opened(client, url)
    assert data["goal_resolution_urgent"] == "1:30"
    assert client.post(url, data).status_code == 302
    assert [(goal.metric, goal.minutes) for goal in policy.goals.all()] == [("resolution", 90)]


def test_a_promise_that_cannot_be_read_is_said_at_its_place(people: People, client_of: ClientOf) -> None:
    client = client_of(people.ada)
    data = opened(client, "/settings/service-levels/new/") | {"name": "Gold", "goal_resolution_low": "soon"}
    response = client.post("/settings/service-levels/new/", data)
    assert response.status_code == 422
    assert "goal_resolution_low" in response.context["form"].errors


# --- rows


def test_a_new_default_queue_takes_the_mark(people: People, client_of: ClientOf) -> None:
    old = QueueFactory(is_default=True)
    client = client_of(people.ada)
    data = opened(client, "/settings/queues/new/") | {"name": "Billing", "is_default": "on", "public": "on", "active": "on"}
    assert client.post("/settings/queues/new/", data).status_code == 302
    old.refresh_from_db()
    assert (old.is_default, Queue.objects.get(name="Billing").is_default) == (False, True)


def test_the_category_of_a_status_in_use_stays(people: People, client_of: ClientOf) -> None:
    status = TicketFactory().status
    client, url = client_of(people.ada), f"/settings/ticket-statuses/{status.pk}/"
    response = client.post(url, opened(client, url) | {"category": "waiting_other"})
    assert response.status_code == 422
    assert "Tickets have this status already" in response.content.decode()


def test_what_is_in_use_is_not_deleted_and_the_reason_is_said(people: People, client_of: ClientOf) -> None:
    status = TicketFactory().status
    client = client_of(people.ada)
    text = client.post(f"/settings/ticket-statuses/{status.pk}/delete/", follow=True).content.decode()
    assert "in use" in text
    assert TicketStatus.objects.filter(pk=status.pk).exists()


def test_a_tag_is_renamed_but_not_to_one_that_is_there(people: People, client_of: ClientOf) -> None:
    TagFactory(name="vip")
    tag = TagFactory(name="pump")
    client = client_of(people.ada)
    assert client.post(f"/settings/tags/{tag.pk}/", {"name": "VIP"}).status_code == 422
    assert client.post(f"/settings/tags/{tag.pk}/", {"name": "pumps"}).status_code == 302


@pytest.mark.parametrize(
    "path", ["queues", "ticket-statuses", "tags", "calendars", "service-levels", "desk", "queues/new", "calendars/new"]
)
def test_settings_are_for_administrators(people: People, client_of: ClientOf, path: str) -> None:
    assert client_of(people.ada).get(f"/settings/{path}/").status_code == 200
    assert client_of(people.gus).get(f"/settings/{path}/").status_code == 403


# --- saved replies


def test_an_agent_writes_replies_of_his_own_and_none_for_everybody(people: People, client_of: ClientOf) -> None:
    client = client_of(people.gus)
    data = {"title": "Hello", "body": "Hello {name}", "position": "0"}
    assert client.post("/settings/replies/new/", {**data, "scope": "all"}).status_code == 422
    assert client.post("/settings/replies/new/", {**data, "scope": "own"}).status_code == 302
    assert SavedReply.objects.get().owner == people.gus


def test_everybodys_reply_is_read_by_agents_and_changed_by_administrators(people: People, client_of: ClientOf) -> None:
    reply = SavedReplyFactory(title="Greeting")
    gus, ada = client_of(people.gus), client_of(people.ada)
    assert "Greeting" in gus.get("/settings/replies/").content.decode()
    assert gus.get(f"/settings/replies/{reply.pk}/").status_code == 403
    assert gus.post(f"/settings/replies/{reply.pk}/delete/").status_code == 403
    data = opened(ada, f"/settings/replies/{reply.pk}/") | {"title": "Welcome"}
    assert ada.post(f"/settings/replies/{reply.pk}/", data).status_code == 302
    reply.refresh_from_db()
    assert (reply.title, reply.owner, reply.team) == ("Welcome", None, None)


def test_nobody_reads_a_colleagues_own_reply(people: People, client_of: ClientOf) -> None:
    reply = SavedReplyFactory(owner=people.gus)
    for user in (people.ada, people.max):
        assert client_of(user).get(f"/settings/replies/{reply.pk}/").status_code == 404
        assert client_of(user).post(f"/settings/replies/{reply.pk}/delete/").status_code == 404
    assert SavedReply.objects.filter(pk=reply.pk).exists()
