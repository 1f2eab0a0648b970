"""Periods: local days where clocks change, weeks, fiscal calendars, what a period is compared with (kpis.md G1, G2)."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import pytest

from crm import periods
from crm.models import Organisation
from crm.periods import Period, containing, first_instant
from tests.factories import utc


def day(text: str) -> dt.date:
    return dt.date.fromisoformat(text)


def span(start: str, end: str) -> Period:
    return Period(day(start), day(end))


def settings(**changes: object) -> None:
    organisation = Organisation.current()
    for name, value in changes.items():
        setattr(organisation, name, value)
    organisation.save()


@pytest.mark.parametrize(
    ("zone", "date", "start", "end", "hours"),
    [
        ("Europe/Paris", "2026-03-29", "2026-03-28 23:00", "2026-03-29 22:00", 23),
        ("Europe/Paris", "2026-10-25", "2026-10-24 22:00", "2026-10-25 23:00", 25),
        ("America/Santiago", "2026-09-06", "2026-09-06 04:00", "2026-09-07 03:00", 23),
        ("America/Sao_Paulo", "2018-11-04", "2018-11-04 03:00", "2018-11-05 02:00", 23),
        ("UTC", "2026-05-18", "2026-05-18 00:00", "2026-05-19 00:00", 24),
        ("Asia/Kathmandu", "2026-05-18", "2026-05-17 18:15", "2026-05-18 18:15", 24),
    ],
)
def test_a_local_day_runs_from_its_first_instant_to_that_of_the_next(zone, date, start, end, hours):
    tz = ZoneInfo(zone)
    first, after = first_instant(day(date), tz), first_instant(day(date) + dt.timedelta(days=1), tz)
    assert (first, after) == (utc(start), utc(end))
    assert (after - first).total_seconds() == hours * 3600


def test_a_midnight_that_happens_twice_starts_the_day_at_the_first():
    tz = ZoneInfo("America/Havana")  # 2026-11-01: 01:00 goes back to 00:00
    assert first_instant(day("2026-11-01"), tz) == utc("2026-11-01 04:00")


def test_every_instant_lies_in_the_day_whose_bounds_hold_it():
    for name in ("Europe/Paris", "America/Santiago", "America/Sao_Paulo", "America/Havana", "Pacific/Apia", "Asia/Beirut"):
        tz = ZoneInfo(name)
        at = utc("2018-10-30")
        for hour in range(24 * 30):
            instant = at + dt.timedelta(hours=hour)
            local = instant.astimezone(tz).date()
            assert first_instant(local, tz) <= instant < first_instant(local + dt.timedelta(days=1), tz), (name, instant)


def test_march_in_paris_has_743_hours(organisation):
    settings(time_zone="Europe/Paris")
    first, after = containing(day("2026-03-15"), "month").instants()
    assert (after - first).total_seconds() == 743 * 3600


def test_an_instant_on_the_start_is_inside_and_one_on_the_end_is_not():
    may = span("2026-05-01", "2026-06-01")
    assert day("2026-05-01") in may
    assert day("2026-06-01") not in may


def test_a_period_has_at_least_a_day():
    with pytest.raises(ValueError, match="ends after it starts"):
        span("2026-05-01", "2026-05-01")


@pytest.mark.parametrize(("start", "expected"), [(0, "2026-05-18"), (6, "2026-05-17"), (5, "2026-05-16")])
def test_weeks_begin_on_the_day_that_is_set(organisation, start, expected):
    settings(week_start=start)
    found = containing(day("2026-05-20"), "week")
    assert (found.start, found.days) == (day(expected), 7)


@pytest.mark.parametrize(
    ("first", "date", "year", "quarter"),
    [
        (1, "2026-05-18", ("2026-01-01", "2027-01-01"), ("2026-04-01", "2026-07-01")),
        (4, "2026-03-31", ("2025-04-01", "2026-04-01"), ("2026-01-01", "2026-04-01")),
        (4, "2026-04-01", ("2026-04-01", "2027-04-01"), ("2026-04-01", "2026-07-01")),
        (7, "2026-01-31", ("2025-07-01", "2026-07-01"), ("2026-01-01", "2026-04-01")),
        (11, "2026-12-15", ("2026-11-01", "2027-11-01"), ("2026-11-01", "2027-02-01")),
        (12, "2026-11-30", ("2025-12-01", "2026-12-01"), ("2026-09-01", "2026-12-01")),
    ],
)
def test_fiscal_years_and_quarters_begin_in_the_month_that_is_set(organisation, first, date, year, quarter):
    settings(fiscal_year_start=first)
    for grain, (start, end) in (("year", year), ("quarter", quarter)):
        assert containing(day(date), grain) == Period(day(start), day(end), grain)


@pytest.mark.parametrize("grain", periods.GRAINS)
@pytest.mark.parametrize("first", [1, 2, 10])
def test_units_follow_each_other_without_gap(organisation, grain, first):
    settings(fiscal_year_start=first)
    found = list(periods.units(day("2023-11-05"), day("2026-03-01"), grain))
    assert all(before.end == after.start for before, after in zip(found, found[1:], strict=False))
    assert found[0].start <= day("2023-11-05") and found[-1].end >= day("2026-03-01")


def test_the_period_before_a_month_is_the_whole_month_before(organisation):
    assert containing(day("2026-03-10"), "month").previous() == containing(day("2026-02-01"), "month")


def test_the_period_before_other_days_has_as_many(organisation):
    assert span("2026-05-10", "2026-05-20").previous() == span("2026-04-30", "2026-05-10")


def test_a_running_month_is_compared_with_as_many_days(organisation):
    may = containing(day("2026-05-18"), "month")
    so_far = may.clipped(day("2026-05-18"))
    assert so_far == span("2026-05-01", "2026-05-19")
    assert so_far.like_for_like(may.previous()) == span("2026-04-01", "2026-04-19")


def test_the_31st_is_compared_with_the_whole_shorter_month(organisation):
    so_far = span("2026-03-01", "2026-03-31")
    assert so_far.like_for_like(containing(day("2026-02-01"), "month")) == span("2026-02-01", "2026-03-01")


def test_the_year_before_of_a_leap_day(organisation):
    assert span("2028-02-29", "2028-03-01").year_before() == span("2027-02-28", "2027-03-01")
    assert containing(day("2028-02-10"), "month").year_before() == containing(day("2027-02-10"), "month")


def test_a_split_cuts_the_first_and_last_unit(organisation):
    found = span("2026-01-20", "2026-03-05").split("month")
    assert [(part.start, part.end) for part in found] == [
        (day("2026-01-20"), day("2026-02-01")),
        (day("2026-02-01"), day("2026-03-01")),
        (day("2026-03-01"), day("2026-03-05")),
    ]
