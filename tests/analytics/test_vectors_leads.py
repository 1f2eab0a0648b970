"""The vectors of the catalogue for leads (kpis.md 3.9), over records."""

from __future__ import annotations

import datetime as dt

import pytest

from contacts import services
from contacts.models import Company, Lead
from crm.periods import Period
from deals import services as deal_services
from tests.factories import ActivityFactory, CompanyFactory, DealFactory, LeadFactory, utc

from .vectors import LATER, MAY, leads, number


@pytest.fixture(autouse=True)
def later(organisation, clock):
    clock(LATER)


def test_ten_leads_a_day_for_thirty_days_are_300():
    for day in range(1, 31):
        leads(10, f"2026-05-{day:02} 12:00")
    assert number("leads_created").value == 300


def test_the_conversion_rate_is_of_leads_whose_window_has_passed(clock):
    leads(176)
    leads(24, status="converted", converted_at=utc("2026-07-01"), closed_at=utc("2026-07-01"))
    assert number("lead_conversion_rate").value == 12
    clock("2026-08-10 10:00")
    leads(50, "2026-05-31 12:00")
    row = number("lead_conversion_rate")
    assert (row.value, row.pending, row.status) == (12, 50, "provisional")


def test_before_any_window_has_passed_there_is_no_conversion_rate(clock):
    leads(5)
    clock("2026-05-20 10:00")
    row = number("lead_conversion_rate")
    assert (row.value, row.reason, row.pending) == (None, "immature", 5)


def test_the_window_is_half_open():
    leads(1, "2026-05-04 09:00", status="converted", converted_at=utc("2026-08-02 08:59"), closed_at=utc("2026-08-02"))
    leads(1, "2026-05-04 09:00", status="converted", converted_at=utc("2026-08-02 09:00"), closed_at=utc("2026-08-02"))
    assert number("lead_conversion_rate").numerator == 1


def test_an_account_that_bought_credits_its_first_open_lead_only(people):
    company = CompanyFactory(name="Firm")
    for day in (4, 5):
        LeadFactory(company=company, created_at=utc(f"2026-05-0{day}"))
    DealFactory(company=company, created_at=utc("2026-05-06"), won_at=utc("2026-05-20"))
    LeadFactory(company=company, created_at=utc("2026-05-25"))  # a customer by then
    row = number("lead_conversion_rate")
    assert (row.numerator, row.denominator) == (1, 2)
    assert [count for _text, count, _measure in row.left_out] == [1]


def test_the_period_view_may_exceed_the_whole():
    leads(25)
    leads(30, "2026-02-02", status="converted", converted_at=utc("2026-05-10"), closed_at=utc("2026-05-10"))
    assert number("lead_conversion_rate_period").value == 120


def test_untouched_and_dropped_leads_are_abandoned():
    leads(18)  # nobody ever answered
    touched = {"first_response_at": utc("2026-05-05 09:00")}
    leads(12, **touched)  # answered once, then dropped
    leads(170, **touched, status="disqualified", closed_at=utc("2026-05-10"))
    assert number("lead_abandonment_rate").value == 15


def test_a_revival_does_not_undo_abandonment(people):
    lead = LeadFactory(owner=people.ann, created_at=utc("2026-05-04"))
    ActivityFactory(lead=lead, at=utc("2026-05-25"), owner=people.ann)
    assert number("lead_abandonment_rate").value == 100


def test_a_lead_closed_without_response_is_abandoned_one_disqualified_is_not():
    leads(1, first_response_at=utc("2026-05-05"), status="unresponsive", closed_at=utc("2026-05-10"))
    leads(1, first_response_at=utc("2026-05-05"), status="disqualified", closed_at=utc("2026-05-10"))
    assert number("lead_abandonment_rate").numerator == 1


def test_untouched_leads_are_those_created_less_those_touched():
    leads(9)
    leads(31, first_response_at=utc("2026-05-06"))
    assert number("untouched_leads").value == 9
    assert number("untouched_leads", Period(dt.date(2026, 5, 5), dt.date(2026, 5, 6))).value == 40


def test_the_response_time_is_the_median():
    created = utc("2026-05-04 09:00")
    for minutes in (5, 12, 30, 240, 2880):
        leads(1, first_response_at=created + dt.timedelta(minutes=minutes))
    assert number("lead_response_time").value == 30 * 60


def test_machines_do_not_answer_a_lead(people):
    lead = LeadFactory(owner=people.ann, created_at=utc("2026-05-04"))
    ActivityFactory(lead=lead, at=utc("2026-05-04 10:00"), owner=people.ann, by_machine=True)
    ActivityFactory(lead=lead, at=utc("2026-05-04 11:00"), owner=people.ann, direction="in")
    assert (number("untouched_leads").value, number("lead_response_time").value) == (1, None)


def test_the_qualification_rate_is_of_leads_whose_window_has_passed(clock):
    leads(140)
    leads(60, status="qualified", qualified_at=utc("2026-06-01"))
    row = number("lead_qualification_rate")
    assert (row.value, row.numerator, row.denominator) == (30, 60, 200)
    clock("2026-08-10 10:00")
    leads(7, "2026-05-31 12:00", status="qualified", qualified_at=utc("2026-06-01"))
    assert (number("lead_qualification_rate").value, number("lead_qualification_rate").pending) == (30, 7)


def test_a_lead_disqualified_later_stays_qualified():
    lead = leads(1, status="new")[0]
    services.save_lead(lead, status="qualified", qualified_at=utc("2026-05-06"))
    services.save_lead(lead, status="disqualified", closed_at=utc("2026-05-09"))
    assert number("lead_qualification_rate").value == 100
    services.save_lead(lead, status="new")
    assert number("lead_qualification_rate").value == 100


def test_qualification_counts_inside_its_window_only():
    created = "2026-05-04 09:00"
    leads(1, created, status="qualified", qualified_at=utc("2026-08-02 08:59"))
    leads(1, created, status="qualified", qualified_at=utc("2026-08-02 09:00"))
    leads(1, created, status="qualified", qualified_at=utc("2026-05-03"))  # wrong, whatever it means
    row = number("lead_qualification_rate")
    assert (row.numerator, row.denominator) == (1, 2)
    assert [count for _text, count, _measure in row.left_out] == [1]


def test_a_lead_that_was_converted_at_once_was_qualified_by_that():
    leads(1, status="converted", converted_at=utc("2026-05-20"), closed_at=utc("2026-05-20"))
    leads(1, status="converted", converted_at=utc("2026-09-20"), closed_at=utc("2026-09-20"))
    assert number("lead_qualification_rate").value == 50


def test_speed_to_lead_is_of_all_leads_those_nobody_touched_included():
    leads(36, "2026-05-04 09:00", first_response_at=utc("2026-05-04 09:30"))
    leads(1, "2026-05-04 09:00", first_response_at=utc("2026-05-04 09:59:59"))
    leads(13, "2026-05-04 09:00", first_response_at=utc("2026-05-04 10:00"))
    leads(50)
    leads(2, "2026-05-04 09:00", first_response_at=utc("2026-05-04 08:59"))  # called before they were written down
    row = number("speed_to_lead_rate")
    assert (row.value, row.numerator, row.denominator) == (37, 37, 100)
    assert [count for _text, count, _measure in row.left_out] == [2]


def test_a_lead_that_has_not_had_its_hour_is_pending(clock):
    clock("2026-05-05 00:20")
    leads(1, "2026-05-04 23:50")
    leads(1, "2026-05-03 12:00", first_response_at=utc("2026-05-03 12:10"))
    row = number("speed_to_lead_rate")
    assert (row.value, row.denominator, row.pending) == (100, 1, 1)
    clock("2026-05-06 00:20")
    assert number("speed_to_lead_rate").value == 50


# --- what random edits found -----------------------------------------------------------------------------------------


def test_a_lead_read_before_its_touch_was_logged_does_not_forget_it(people):
    stale = LeadFactory(owner=people.ann, created_at=utc("2026-05-04"))
    ActivityFactory(lead=Lead.objects.get(pk=stale.pk), at=utc("2026-05-05"), owner=people.ann)
    services.save_lead(stale, source="fair")
    assert Lead.objects.get(pk=stale.pk).first_response_at == utc("2026-05-05")
    assert number("lead_response_time").value == 86_400


def test_a_touch_corrected_to_a_later_day_takes_the_response_with_it(people):
    lead = LeadFactory(owner=people.ann, created_at=utc("2026-05-04"))
    activity = ActivityFactory(lead=lead, at=utc("2026-05-05"), owner=people.ann)
    services.log_activity(activity, at=utc("2026-05-07"))
    assert Lead.objects.get(pk=lead.pk).first_response_at == utc("2026-05-07")


def test_converting_with_a_deal_keeps_company_and_deal(people):
    lead = LeadFactory(owner=people.ann, created_at=utc("2026-05-04"), company_name="New firm")
    company, _person, deal = deal_services.convert_lead(lead, at=utc("2026-05-09"), amount=5_00)
    assert (deal.company, Company.objects.get(), deal.lead) == (company, company, lead)
    assert number("lead_conversion_rate_period", MAY).value == 100


def test_leads_follow_their_companys_industry(people):
    company, other = CompanyFactory(name="Firm"), CompanyFactory(name="Other", industry="Retail")
    LeadFactory(company=company, created_at=utc("2026-05-04"))
    assert number("leads_created", by="segment", member="").value == 1
    services.save_company(company, industry="Health")
    assert number("leads_created", by="segment", member="Health").value == 1
    services.save_company(company, industry="")
    services.merge_companies(company, other)
    assert number("leads_created", by="segment", member="Retail").value == 1
