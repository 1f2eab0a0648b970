"""Working hours: E26-E38 of the published examples, days on which clocks change, holidays, versions."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from django.core.exceptions import ValidationError

from support import hours
from support.catalogue import save_calendar
from support.hours import schedule_of
from support.models import Calendar
from tests.factories import OFFICE, CalendarFactory

pytestmark = pytest.mark.django_db

BERLIN = ZoneInfo("Europe/Berlin")
EASTER = ["2026-04-03", "2026-04-06", "2026-05-01"]
ALWAYS = {str(day): [["00:00", "24:00"]] for day in range(7)}
NIGHTS = {str(day): [["22:00", "06:00"]] for day in range(7)}
SPLIT = {str(day): [["09:00", "12:00"], ["13:30", "17:00"]] for day in range(5)}


def at(text: str, fold: int = 0) -> dt.datetime:
    """An instant by the clocks of Berlin in 2026."""
    return dt.datetime.fromisoformat(f"2026-{text}").replace(tzinfo=BERLIN, fold=fold).astimezone(dt.UTC)


def h(hours: float) -> dt.timedelta:
    return dt.timedelta(hours=hours)


@pytest.fixture
def schedule(organisation):
    """schedule(week=..., ...): a stored calendar, read back."""

    def make(**values):
        return schedule_of(CalendarFactory(**values).versions.all())

    return make


@pytest.fixture
def office(schedule):
    return schedule(holidays=EASTER)


def test_e26_an_hour_from_friday_evening_is_due_on_monday_across_the_change_of_clocks(office):
    assert office.due(at("03-27 16:30"), h(1)) == dt.datetime(2026, 3, 30, 7, 30, tzinfo=dt.UTC)


def test_e27_easter_is_no_working_time(office):
    assert office.due(at("04-02 16:00"), h(4)) == at("04-07 12:00")


@pytest.mark.parametrize(
    ("start", "end", "calendar"),
    [("03-27 16:00", "03-30 10:00", 65), ("10-23 16:00", "10-26 10:00", 67)],
    ids=["e28 spring", "e29 autumn"],
)
def test_e28_e29_a_weekend_with_a_change_of_clocks_has_two_working_hours(office, start, end, calendar):
    assert at(end) - at(start) == h(calendar)
    assert office.elapsed(at(start), at(end)) == h(2)


@pytest.mark.parametrize(("start", "due"), [("03-28 12:00", "03-29 13:00"), ("10-24 12:00", "10-25 11:00")])
def test_e30_round_the_clock_a_day_is_24_hours_whatever_the_clocks_do(schedule, start, due):
    assert schedule(week=ALWAYS).due(at(start), h(24)) == at(due)


@pytest.mark.parametrize(("day", "length"), [("03-28", 7), ("10-24", 9)])
def test_e31_the_night_shift_is_as_long_as_the_night(schedule, day, length):
    start = at(f"{day} 22:00")
    assert schedule(week=NIGHTS).elapsed(start, start + h(12)) == h(length)


def test_e32_an_interval_that_starts_in_the_gap_of_spring_starts_at_its_end(schedule):
    sundays = schedule(week={"6": [["02:30", "10:00"]]})
    assert next(sundays.at(at("03-29 00:00"))[0].windows(at("03-29 00:00"), at("03-30 00:00"))) == (
        at("03-29 03:00"),
        at("03-29 10:00"),
    )
    assert sundays.elapsed(at("03-29 00:00"), at("03-30 00:00")) == h(7)


def test_e32_the_hour_that_happens_twice_in_autumn_counts_once_between_touching_intervals(schedule):
    sundays = schedule(week={"6": [["00:00", "02:30"], ["02:30", "10:00"]]})
    assert sundays.elapsed(at("10-25 00:00"), at("10-26 00:00")) == h(11)


def test_e33_lunch_is_no_working_time(schedule):
    assert schedule(week=SPLIT).due(at("05-04 11:45"), h(1)) == at("05-04 14:15")


def test_e34_time_before_opening_counts_nothing(office):
    assert office.due(at("05-09 10:00"), h(2)) == at("05-11 11:00")
    assert office.elapsed(at("05-09 10:00"), at("05-09 11:00")) == h(0)


def test_e36_e37_what_is_left_after_a_pause_is_counted_from_the_end_of_the_pause(office):
    used = office.elapsed(at("05-04 10:00"), at("05-04 12:00"))
    assert used == h(2)
    assert office.elapsed(at("05-04 12:00"), at("05-06 11:00")) == h(15)
    assert office.due(at("05-06 11:00"), h(8) - used) == at("05-06 17:00")
    used = office.elapsed(at("05-04 16:00"), at("05-05 10:00"))
    assert office.due(at("05-06 12:00"), h(8) - used) == at("05-07 10:00")


def test_e38_a_pause_is_as_long_as_its_working_time(office):
    gross, pause = office.elapsed(at("05-08 15:00"), at("05-11 12:00")), office.elapsed(at("05-08 16:00"), at("05-11 10:00"))
    assert (gross, pause, gross - pause) == (h(5), h(2), h(3))


def test_a_holiday_cancels_what_starts_on_it_and_leaves_the_shift_of_the_day_before(schedule):
    nights = schedule(week=NIGHTS, holidays=["2026-05-06"])
    assert nights.elapsed(at("05-05 20:00"), at("05-07 12:00")) == h(8)
    assert nights.elapsed(at("05-06 00:00"), at("05-06 12:00")) == h(6)


def test_half_a_holiday_closes_its_half(schedule):
    half = {"date": "2026-12-24", "name": "Christmas Eve", "start": "12:00", "end": "24:00"}
    assert schedule(holidays=[half]).elapsed(at("12-24 00:00"), at("12-25 00:00")) == h(3)


def test_a_zone_that_skipped_a_whole_day_has_no_working_time_on_it(organisation):
    apia = hours.Hours("Pacific/Apia", [[(540, 1020)]] * 7)
    zone = ZoneInfo("Pacific/Apia")
    start, end = dt.datetime(2011, 12, 29, tzinfo=zone), dt.datetime(2012, 1, 1, tzinfo=zone)
    assert apia.elapsed(start.astimezone(dt.UTC), end.astimezone(dt.UTC)) == h(16)


def test_nothing_is_counted_twice_over_new_year(schedule):
    nights = schedule(week=NIGHTS)
    assert nights.elapsed(at("12-31 12:00"), at("12-31 12:00") + h(24)) == h(8)
    assert nights.elapsed(at("12-30 12:00"), at("12-30 12:00") + h(72)) == h(24)


def test_the_answer_does_not_depend_on_the_zone_of_the_question(office):
    tokyo = ZoneInfo("Asia/Tokyo")
    assert office.due(at("03-27 16:30").astimezone(tokyo), h(1)) == at("03-30 09:30")


# --- versions --------------------------------------------------------------------------------------------------------


def test_each_stretch_is_measured_by_the_hours_valid_then(organisation, clock):
    clock(at("05-04 08:00"))
    calendar = CalendarFactory()
    save_calendar(calendar, zone="Europe/Berlin", week={"1": [["12:00", "14:00"]]}, valid_from=at("05-05 00:00"))
    both = schedule_of(calendar.versions.all())
    assert both.elapsed(at("05-04 00:00"), at("05-07 00:00")) == h(8 + 2)
    assert both.due(at("05-04 16:00"), h(2)) == at("05-05 13:00")


def test_a_version_in_another_zone_counts_from_its_day(organisation, clock):
    clock(at("05-04 08:00"))
    calendar = CalendarFactory(zone="America/New_York")
    save_calendar(calendar, zone="Europe/Berlin", week=OFFICE, valid_from=at("05-05 00:00"))
    both = schedule_of(calendar.versions.all())
    # Monday's office in New York closes at 23:00 in Berlin; Tuesday's in Berlin opens at nine.
    assert both.elapsed(at("05-04 20:00"), at("05-05 10:00")) == h(3 + 1)


def test_the_past_of_a_calendar_cannot_be_changed(organisation, clock):
    clock(at("05-04 08:00"))
    calendar = CalendarFactory()
    with pytest.raises(ValidationError) as error:
        save_calendar(calendar, zone="UTC", week=OFFICE, valid_from=at("05-03 00:00"))
    assert "valid_from" in error.value.message_dict
    assert calendar.versions.count() == 1


def test_saving_the_same_hours_again_adds_no_version(organisation):
    calendar = CalendarFactory(holidays=EASTER)
    days = [{"date": day, "name": "Holiday"} for day in EASTER]
    save_calendar(calendar, zone="Europe/Berlin", week=OFFICE, holidays=days)
    assert calendar.versions.count() == 1


# --- what is refused -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("zone", {"zone": "Europe/Berlim"}),
        ("week", {"week": {}}),
        ("week", {"week": {"0": [["09:00", "12:00"], ["11:59", "17:00"]]}}),
        ("week", {"week": {"0": [["22:00", "06:00"]], "1": [["05:00", "09:00"]]}}),
        ("week", {"week": {"6": [["22:00", "06:00"]], "0": [["05:59", "09:00"]]}}),
        ("week", {"week": {"0": [["09:00", "25:00"]]}}),
        ("week", {"week": {"7": [["09:00", "17:00"]]}}),
        ("holidays", {"holidays": [{"date": "2026-02-30"}]}),
        ("holidays", {"holidays": [{"date": "2026-05-01", "start": "12:00"}]}),
        ("holidays", {"holidays": [{"date": "2026-05-01", "start": "12:00", "end": "11:00"}]}),
    ],
)
def test_a_calendar_that_cannot_be_meant_is_refused_at_its_field(organisation, field, values):
    with pytest.raises(ValidationError) as error:
        save_calendar(Calendar(), name="Odd", **{"zone": "UTC", "week": OFFICE, **values})
    assert list(error.value.message_dict) == [field]
    assert not Calendar.objects.exists()


def test_a_calendar_that_is_never_open_within_a_year_is_refused(organisation, clock):
    clock("2026-05-04 08:00")
    mondays = [{"date": str(dt.date(2026, 5, 4) + dt.timedelta(weeks=n))} for n in range(54)]
    with pytest.raises(ValidationError) as error:
        save_calendar(Calendar(), name="Shut", zone="UTC", week={"0": [["09:00", "17:00"]]}, holidays=mondays)
    assert "week" in error.value.message_dict


def test_intervals_that_touch_are_fine(organisation):
    assert CalendarFactory(week={"0": [["08:00", "12:00"], ["12:00", "18:00"]], "6": [["20:00", "00:00"]]}).pk
