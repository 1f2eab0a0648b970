"""The vectors of the catalogue for adoption and data quality (kpis.md 3.14, 3.15), over records."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import transaction

from analytics import dirty
from contacts import services as contacts
from contacts.models import Person, PersonEmail, PersonPhone
from crm.events import Origin, acting, record
from crm.models import ActiveDay, User, UserSpan
from crm.periods import Period, containing
from tests.factories import CompanyFactory, PersonFactory, UserFactory, utc

from .vectors import LATER, number, stages

MONDAY = dt.date(2026, 5, 4)
FOUR_WEEKS = Period(MONDAY, MONDAY + dt.timedelta(days=28))


@pytest.fixture(autouse=True)
def later(organisation, clock):
    clock(LATER)


def users(count: int) -> list[User]:
    found = User.objects.bulk_create(
        [User(username=f"v{number}", name="V", email=f"v{number}@x.example") for number in range(count)]
    )
    UserSpan.objects.bulk_create(
        [UserSpan(user=user, start=dt.date(2020, 1, 1), role="rep", carries_quota=True, fte_percent=100) for user in found]
    )
    return found


def seen(people: list[User], *offsets: int) -> None:
    """Active on Monday + offset."""
    days = [MONDAY + dt.timedelta(days=offset) for offset in offsets]
    ActiveDay.objects.bulk_create([ActiveDay(user=user, day=day, role=user.role) for user in people for day in days])
    dirty.mark([("users.active", day) for day in days])


def test_login_frequency_is_active_days_per_user_and_week():
    seen(users(50), *range(12))
    row = number("login_frequency", FOUR_WEEKS)
    assert (row.value, row.numerator, row.denominator) == (3, 600, 200)


def test_service_accounts_are_left_out():
    people = users(2)
    User.objects.filter(pk=people[0].pk).update(is_service=True)
    seen(people, 0)
    assert (number("login_frequency", FOUR_WEEKS).numerator, number("mau", FOUR_WEEKS).value) == (1, 1)


def test_daily_active_users_are_the_mean_of_working_days():
    people = users(40)
    seen(people[:20], 2)
    seen(people[:30], 3)
    seen(people, 4, 5)  # Friday, and a Saturday that does not count
    assert number("dau", Period(MONDAY + dt.timedelta(days=2), MONDAY + dt.timedelta(days=7))).value == 30


def test_weekly_active_users_are_different_users():
    a, b, c = users(3)
    seen([a, b], 0)
    seen([b, c], 1)
    seen([c], 2)
    assert number("wau", Period(MONDAY, MONDAY + dt.timedelta(days=7))).value == 3
    assert number("wau", Period(MONDAY, MONDAY + dt.timedelta(days=9))).value == 1  # the seven days before its end


def test_monthly_active_users_are_those_of_thirty_days():
    a, b = users(2)
    seen([a], 0)
    seen([b], 1)
    assert number("mau", Period(MONDAY, MONDAY + dt.timedelta(days=30))).value == 2
    assert number("mau", Period(MONDAY, MONDAY + dt.timedelta(days=31))).value == 1


def test_stickiness_is_daily_over_monthly_users():
    seen(users(60), *range(0, 30, 2))  # each every other day: 30 a day on average
    row = number("stickiness", Period(MONDAY, MONDAY + dt.timedelta(days=30)))
    assert (row.value, row.numerator, row.denominator) == (50, 30, 60)


def test_nobody_active_has_no_stickiness():
    assert number("stickiness", FOUR_WEEKS).value is None


def test_records_created_are_those_of_people(people):
    from tests.factories import DealFactory

    stages()
    for _number in range(30):
        PersonFactory(owner=people.ann, created_at=utc("2026-05-05"))
    for _number in range(12):
        DealFactory(owner=people.ann, created_at=utc("2026-05-05"))
    PersonFactory(owner=people.ann, created_at=utc("2026-05-05"), origin=Origin.IMPORT)
    row = number("records_created", FOUR_WEEKS)
    assert row.value == 42
    assert [count for _text, count, _measure in row.left_out] == [1]


def test_completeness_is_filled_fields_over_required_ones(people):
    company = CompanyFactory(owner=people.ann, created_at=utc("2026-07-01"))  # later than the period
    rows = [
        Person(name="P", company=company, title=title, owner=people.ann, created_at=utc("2026-05-05"))
        for title in ["Head"] * 50 + [" n/a "] * 150
    ]
    Person.objects.bulk_create(rows)
    PersonEmail.objects.bulk_create([PersonEmail(person=row, email=f"p{row.pk}@x.example") for row in rows])
    PersonPhone.objects.bulk_create([PersonPhone(person=row, phone="1", digits="1") for row in rows])
    dirty.mark([("people.held", dt.date(2026, 5, 5))])
    row = number("data_completeness", FOUR_WEEKS)
    assert (row.value, row.numerator, row.denominator) == (85, 850, 1000)


def test_a_complete_record_has_all_its_fields(people):
    """A person without an owner lacks just that; of the others, those whose title says nothing."""
    company = CompanyFactory(owner=people.ann, created_at=utc("2026-07-01"))  # later than the period
    titles = ["Head"] * 120 + [" n/a "] * 70 + ["Head"] * 10
    rows = [Person(name="P", company=company, title=title, created_at=utc("2026-05-05")) for title in titles]
    for row in rows[:190]:
        row.owner = people.ann
    Person.objects.bulk_create(rows)
    PersonEmail.objects.bulk_create([PersonEmail(person=row, email=f"p{row.pk}@x.example") for row in rows])
    PersonPhone.objects.bulk_create([PersonPhone(person=row, phone="1", digits="1") for row in rows])
    dirty.mark([("people.held", dt.date(2026, 5, 5))])
    row = number("complete_record_rate", FOUR_WEEKS)
    assert (row.value, row.numerator, row.denominator) == (60, 120, 200)
    assert number("complete_record_rate", FOUR_WEEKS, by="entity_type", member="person").value == 60
    assert number("complete_record_rate", FOUR_WEEKS, by="owner", member="").value == 0


def test_filling_in_the_last_field_completes_a_record(people):
    company = CompanyFactory(owner=people.ann, created_at=utc("2026-05-05"), domain="firm.example", country="FR", employees=3)
    contacts.save_company(company, industry="")
    assert number("complete_record_rate", FOUR_WEEKS).value == 0
    contacts.save_company(company, industry="Retail")
    assert number("complete_record_rate", FOUR_WEEKS).value == 100


def worked(people: list[User], day: dt.date) -> None:
    """They entered something on the day."""
    ActiveDay.objects.bulk_create([ActiveDay(user=user, day=day, role=user.role, acted=True) for user in people])
    dirty.mark([("users.active", day)])


def test_adoption_is_the_share_of_licensed_users_who_work():
    found = users(60)
    worked(found[:40], MONDAY)
    worked(found[40:42], MONDAY + dt.timedelta(days=27))
    worked(found[42:44], MONDAY + dt.timedelta(days=28))  # the end is outside
    seen(found[44:], 0)  # signed in and looked
    row = number("user_adoption_rate", FOUR_WEEKS)
    assert (row.value, row.numerator, row.denominator) == (70, 42, 60)


def test_adoption_counts_those_licensed_at_the_end():
    gone, stayed, joined = users(3)
    UserSpan.objects.filter(user=gone).update(end=FOUR_WEEKS.end - dt.timedelta(days=1))
    UserSpan.objects.filter(user=joined).update(start=FOUR_WEEKS.end - dt.timedelta(days=1))
    worked([gone, stayed], MONDAY)
    row = number("user_adoption_rate", FOUR_WEEKS)
    assert (row.numerator, row.denominator) == (1, 2)
    assert number("user_adoption_rate", Period(dt.date(2027, 1, 1), dt.date(2027, 2, 1))).value is None


def test_working_on_a_record_counts_and_looking_or_changing_settings_does_not(people, client_of):
    def acting_users() -> float | int | None:
        return number("user_adoption_rate", containing(dt.date(2026, 12, 1), "month")).numerator

    assert client_of(people.ann).get("/companies/").status_code == 200
    with transaction.atomic(), acting(people.ann, Origin.PAGE):
        record("user.changed", people.ann)
    CompanyFactory(owner=people.cleo, origin=Origin.IMPORT)
    assert (number("dau", containing(dt.date(2026, 12, 1), "day")).value, acting_users()) == (1, 0)
    CompanyFactory(owner=people.cleo, origin=Origin.PAGE)
    PersonFactory(owner=people.cleo, origin=Origin.PAGE)
    assert acting_users() == 1


def test_a_new_user_is_licensed_from_the_first_day():
    UserFactory(since=MONDAY + dt.timedelta(days=14))
    assert number("login_frequency", FOUR_WEEKS).denominator == 2
