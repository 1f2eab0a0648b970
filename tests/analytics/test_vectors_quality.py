"""The vectors of the catalogue for duplicates, validity and freshness of data (kpis.md 3.15), over records."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from analytics.checking import run
from analytics.drill import drill
from analytics.scopes import Scope
from contacts import services as contacts
from contacts.models import Activity, Company, FreshSpan, Lead, Person
from crm.events import Origin, acting
from crm.periods import Period
from tests.factories import CompanyFactory, LeadFactory, PersonFactory, utc

from .vectors import LATER, MAY, number

ALL = Scope.everything()
EARLY = "2026-05-05 09:00"


@pytest.fixture(autouse=True)
def later(organisation, clock):
    clock(LATER)


def companies(count: int, name: str = "", **fields: Any) -> list[Company]:
    return [CompanyFactory(name=name or f"Firm {place}", created_at=utc(EARLY), **fields) for place in range(count)]


def agrees() -> bool:
    """The recomputation finds nothing."""
    return not run().found


def test_duplicates_are_what_merging_would_take_away():
    companies(95)
    companies(2, "Société Générale"), companies(1, "SOCIETE  GENERALE."), companies(2, "Acme & Co")
    row = number("duplicate_rate")
    assert (row.value, row.numerator, row.denominator) == (3, 3, 100)
    assert drill("duplicate_rate", MAY, scope=ALL).count == 3


def test_people_match_by_name_at_one_company_and_leads_by_their_address():
    one, other = companies(2)
    for company in (one, one, other, None, None):
        PersonFactory(name="Zoë Roy", company=company, created_at=utc(EARLY))
    for email, status in (
        ("a@x.example", "new"),
        ("A@x.example", "working"),
        ("a@x.example", "disqualified"),
        ("", "new"),
        ("", "new"),
    ):
        LeadFactory(email=email, status=status, created_at=utc(EARLY))
    assert number("duplicate_rate", by="entity_type", member="person").numerator == 1
    assert number("duplicate_rate", by="entity_type", member="lead").numerator == 1
    assert agrees()


def test_a_duplicate_counts_from_the_day_the_second_came():
    CompanyFactory(name="Acme", created_at=utc("2026-04-01"))
    CompanyFactory(name="Acme", created_at=utc("2026-06-01 00:00"))  # the end of May is outside
    assert number("duplicate_rate").numerator == 0
    assert number("duplicate_rate", Period(dt.date(2026, 6, 1), dt.date(2026, 6, 2))).numerator == 1


@pytest.mark.parametrize("ending", ["renamed", "deleted", "merged"])
def test_a_pair_that_was_cleared_up_is_none(ending):
    first, second = companies(2, "Acme")
    assert number("duplicate_rate").numerator == 1
    if ending == "renamed":
        contacts.save_company(first, name="Apex")
    elif ending == "deleted":
        contacts.delete_company(first)
    else:
        contacts.merge_companies(second, first)
    assert number("duplicate_rate").numerator == 0
    assert agrees()


def test_people_who_come_together_by_a_merge_of_their_companies_match():
    one, other = companies(2)
    for company in (one, other):
        PersonFactory(name="Zoë Roy", company=company, created_at=utc(EARLY))
    assert number("duplicate_rate").numerator == 0
    contacts.merge_companies(one, other)
    assert number("duplicate_rate").numerator == 1
    contacts.delete_company(one)
    assert number("duplicate_rate").numerator == 0
    assert agrees()


def test_validity_is_of_what_is_filled_in():
    companies(95, country="FR")
    companies(5, country="UK")
    companies(7, country="")
    row = number("data_accuracy_rate")
    assert (row.value, row.numerator, row.denominator) == (95, 95, 100)


def test_each_of_a_persons_numbers_must_be_one_that_can_be_dialled():
    company = companies(1, country="FR")[0]
    PersonFactory(company=company, phones=["01 40 20 71 11", "12"], emails=["a@b.example"], created_at=utc(EARLY))
    PersonFactory(company=company, phones=["01 40 20 71 12"], created_at=utc(EARLY))
    LeadFactory(email="who@where.example", created_at=utc(EARLY))
    lead = LeadFactory(email="", created_at=utc(EARLY))
    Lead.objects.filter(pk=lead.pk).update(email="nobody@nowhere")  # as an older system let it through
    for field, top, bottom in (("person.phone", 1, 2), ("person.email", 1, 1), ("lead.email", 1, 2), ("company.country", 1, 1)):
        row = number("data_accuracy_rate", by="field", member=field)
        assert (row.numerator, row.denominator) == (top, bottom), field
    assert agrees()


def touch(rows: list[Company]) -> None:
    with acting(None, Origin.API):
        for row in rows:
            contacts.save_company(row, city=f"{row.city}x")


def test_fresh_is_what_was_touched_within_half_a_year(clock):
    clock("2025-10-01 10:00")
    rows = [CompanyFactory(created_at=utc("2025-01-01")) for _place in range(200)]
    for at, some in (
        ("2025-12-02 23:59", rows[:1]),  # a hundred and eighty-one days before the end of May
        ("2025-12-03 00:00", rows[1:2]),
        ("2026-05-31 23:59", rows[2:141]),
        ("2026-06-01 00:00", rows[141:]),
    ):
        clock(at)
        touch(some)
    clock(LATER)
    row = number("data_freshness")
    assert (row.value, row.numerator, row.denominator) == (70, 140, 200)


def test_freshness_ends_after_a_hundred_and_eighty_days(clock):
    clock("2026-05-10 10:00")
    CompanyFactory()
    clock(LATER)
    last = dt.date(2026, 5, 10) + dt.timedelta(days=179)
    assert number("data_freshness", Period(last, last + dt.timedelta(days=1))).numerator == 1
    assert number("data_freshness", Period(last, last + dt.timedelta(days=2))).numerator == 0
    assert agrees()


def test_freshness_of_a_running_period_is_that_of_today(clock):
    clock("2026-06-15 10:00")
    CompanyFactory()
    clock("2026-12-01 10:00")  # the last day but one: it goes stale on the twelfth
    year = Period(dt.date(2026, 1, 1), dt.date(2027, 1, 1))
    assert number("data_freshness", year).numerator == 1
    assert drill("data_freshness", year, scope=ALL).count == 1


def test_what_sextant_changes_by_itself_and_what_is_done_with_a_customer_confirm_nothing(clock, people):
    clock("2026-01-10 10:00")
    company = CompanyFactory(owner=people.ann)
    clock("2026-11-20 10:00")
    contacts.save_company(company, city="Paris")  # nobody acts
    contacts.log_activity(Activity(kind="call", company=company), owner=people.ann)
    clock(LATER)
    assert number("data_freshness", Period(dt.date(2026, 11, 1), dt.date(2026, 12, 1))).numerator == 0


def test_freshness_follows_the_owner_and_leaves_with_the_record(clock, people):
    company = CompanyFactory(owner=people.ann, created_at=utc("2026-05-05"), origin=Origin.PAGE)
    contacts.save_company(company, owner=people.cleo)
    day = Period(dt.date(2026, 12, 1), dt.date(2026, 12, 2))
    assert number("data_freshness", day, by="owner", member=str(people.cleo.pk)).value == 100
    keep = CompanyFactory(owner=people.ann)
    contacts.merge_companies(keep, company)
    contacts.delete_person(PersonFactory(owner=people.ann))
    row = number("data_freshness", day)
    assert (row.numerator, row.denominator) == (1, 1)
    assert FreshSpan.objects.filter(entity="person").count() == Person.objects.count() == 0
    assert agrees()
