"""The vectors of the catalogue for sales (kpis.md 3.10, 29, 30, 127, 128, and the intervals of 6.1), over records."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from analytics.engine import wilson
from crm import services as kernel
from crm.models import User, UserSpan
from crm.periods import Period, containing
from deals import services
from tests.factories import ActivityFactory, DealFactory, PersonFactory, UserFactory, utc

from .vectors import LATER, deals, number

DAY = 86_400


@pytest.fixture(autouse=True)
def later(organisation, clock):
    clock(LATER)


def month(number: int) -> Period:
    return containing(dt.date(2026, number, 1), "month")


def test_a_deal_won_reopened_and_won_again_counts_once_on_the_new_day():
    deal = DealFactory(created_at=utc("2026-01-02"), won_at=utc("2026-01-20"))
    services.reopen_deal(deal, at=utc("2026-02-10"))
    services.win_deal(deal, at=utc("2026-03-05"))
    assert [number("deals_won", month(one)).value for one in (1, 2, 3)] == [0, 0, 1]


def test_won_amounts_add_up_and_their_mean_is_the_deal_size():
    for amount in (5_000_00, 7_000_00, 12_000_00):
        deals(1, won="2026-05-20", amount=amount)
    assert number("won_amount").value == 24_000_00
    assert number("average_deal_size").value == 8_000_00


def test_deals_without_a_value_are_in_neither_part_of_the_mean_and_worthless_ones_in_both():
    deals(1, won="2026-05-20", amount=None)
    deals(1, won="2026-05-20", amount=0)
    deals(1, won="2026-05-20", amount=100)
    row = number("average_deal_size")
    assert (row.value, row.denominator) == (50, 2)
    assert [count for _text, count, _measure in row.left_out] == [1]


def test_the_rate_of_the_day_of_the_win_converts_and_a_missing_rate_never_counts_as_one():
    kernel.set_rate("EUR", dt.date(2026, 5, 1), Decimal("1.10"))
    kernel.set_rate("EUR", dt.date(2026, 5, 20), Decimal("1.20"))
    for day in ("19", "20"):
        DealFactory(created_at=utc("2026-05-02"), won_at=utc(f"2026-05-{day} 10:00"), amount=100_00, currency="EUR")
    DealFactory(created_at=utc("2026-05-02"), won_at=utc("2026-05-20"), amount=100_00, currency="GBP")
    row = number("average_deal_size")
    assert (row.numerator, row.denominator) == (110_00 + 120_00, 2)
    assert [(count, measure) for _text, count, measure in row.left_out] == [(1, "closed_unconverted")]


def test_the_open_mean_leaves_out_what_has_no_rate():
    deals(1, amount=100_00)
    DealFactory(created_at=utc("2026-05-02"), amount=900_00, currency="GBP")
    row = number("average_open_deal_size")
    assert (row.value, row.denominator, row.unconverted) == (100_00, 1, 1)


def test_the_close_rate_divides_by_all_deals_in_progress():
    deals(10, "2026-04-10", won="2026-05-12")
    deals(20, "2026-04-10")
    deals(20)
    row = number("close_rate")
    assert (row.value, row.numerator, row.denominator) == (20, 10, 50)
    assert (round(row.low, 2), round(row.high, 2)) == (11.24, 33.04)


def test_without_a_deal_in_progress_there_is_no_close_rate():
    row = number("close_rate")
    assert (row.value, row.reason) == (None, "empty")


def test_the_win_rate_divides_by_closed_deals():
    deals(10, won="2026-05-12")
    deals(15, lost="2026-05-12")
    assert number("win_rate").value == 40
    assert number("win_rate", month(6)).value is None


def test_the_win_rate_by_value():
    deals(1, won="2026-05-12", amount=24_000_00)
    deals(1, lost="2026-05-12", amount=76_000_00)
    assert number("win_rate_value").value == 24


def test_the_cohort_win_rate_counts_open_deals_as_not_won():
    deals(3, won="2026-06-12")
    deals(7, lost="2026-06-12")
    deals(90)
    assert number("cohort_win_rate").value == 3


def test_the_cohorts_window_is_half_open(organisation):
    deals(1, "2026-05-04 09:00", won="2026-08-02 08:59:59")
    deals(1, "2026-05-04 09:00", won="2026-08-02 09:00")
    assert number("cohort_win_rate").numerator == 1


def test_the_sales_cycle_is_median_and_mean():
    for day in (21, 11):
        deals(1, f"2026-05-{day:02}", won="2026-05-31")
    deals(1, "2026-03-02", won="2026-05-31")
    row = number("sales_cycle_length")
    assert (row.value, row.mean) == (20 * DAY, 40 * DAY)


def test_the_sales_cycle_starts_with_the_first_contact_when_that_came_first():
    deals(1, "2026-05-11", won="2026-05-31", first_contact_at=utc("2026-05-01"))
    assert (number("sales_cycle_length").value, number("deal_cycle_length").value) == (30 * DAY, 20 * DAY)


def test_the_deal_cycle_is_the_median_from_creation_to_the_win():
    for created in ("2026-05-26", "2026-05-16", "2026-04-21"):
        deals(1, created, won="2026-05-31")
    assert number("deal_cycle_length").value == 15 * DAY


def test_touches_to_close_is_the_median(people):
    for touches in (3, 8, 20):
        deal = DealFactory(owner=people.ann, created_at=utc("2026-05-04"), people=[(PersonFactory(), "contact")])
        for hour in range(touches):
            ActivityFactory(deal=deal, at=utc("2026-05-05") + dt.timedelta(hours=hour), owner=people.ann)
        services.win_deal(deal, at=utc("2026-05-20"))
    ActivityFactory(deal=deal, at=utc("2026-05-20"), owner=people.ann)  # at the win, no more before it
    ActivityFactory(deal=deal, at=utc("2026-05-06"), owner=people.ann, kind="note")
    assert number("touches_to_close").value == 8


def test_the_mean_open_deal():
    for amount in (10_000_00, 20_000_00, 30_000_00):
        deals(1, amount=amount)
    assert number("average_open_deal_size").value == 20_000_00


def test_a_deal_stays_with_who_won_it(people):
    deal = DealFactory(owner=people.ann, created_at=utc("2026-05-04"), won_at=utc("2026-05-20"))
    services.change_deal(deal, owner=people.cleo)
    assert number("deals_won", by="owner", member=str(people.ann.pk)).value == 1
    assert number("deals_won", by="team", member=str(people.north.pk)).value == 1


def test_an_event_on_the_start_counts_and_one_on_the_end_does_not():
    deals(1, "2026-04-02", won="2026-05-01 00:00")
    deals(1, "2026-04-02", won="2026-06-01 00:00")
    assert number("deals_won").value == 1


def test_amounts_per_rep_divide_by_mean_full_time_equivalents():
    UserSpan.objects.all().delete()
    for _number in range(3):
        UserFactory()
    half = [UserFactory(fte_percent=50) for _number in range(2)]
    UserFactory(carries_quota=False)
    assert UserSpan.objects.filter(user__in=half).count() == 2
    deals(30, won="2026-05-12", amount=8_000_00)
    assert number("revenue_per_rep").value == 60_000_00
    assert number("deals_won_per_rep").value == 7.5


def test_joiners_weigh_by_days():
    UserSpan.objects.all().delete()
    UserFactory(since=dt.date(2026, 5, 17))  # 15 of May's 31 days
    User.objects.exclude(spans__isnull=False).delete()
    deals(15, won="2026-05-20", amount=None)
    assert number("deals_won_per_rep").value == pytest.approx(31)


@pytest.mark.parametrize(
    ("top", "bottom", "low", "high"),
    [
        (10, 50, 11.24, 33.04),
        (5, 50, 4.35, 21.36),
        (4, 99, 1.58, 9.93),
        (10, 99, 5.58, 17.60),
        (7, 20, 18.12, 56.71),
        (0, 5, 0, 43.45),
        (0, 50, 0, 7.13),
        (89, 99, 82.40, 94.42),
    ],
)
def test_the_interval_of_a_proportion(top, bottom, low, high):
    found = wilson(top, bottom)
    assert (round(found[0], 2), round(found[1], 2)) == (low, high)
