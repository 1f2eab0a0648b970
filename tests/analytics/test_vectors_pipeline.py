"""The vectors of the catalogue for the pipeline (kpis.md 3.11), over records."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from analytics.checking import run
from analytics.drill import drill
from analytics.scopes import Scope
from crm import services as kernel
from crm.events import Origin, acting
from crm.periods import Period, containing
from deals import services
from deals.models import Deal, DealLine, LossReason
from tests.factories import (
    ActivityFactory,
    DealFactory,
    LossReasonFactory,
    PipelineFactory,
    ProductFactory,
    TaskFactory,
    utc,
)

from .vectors import LATER, MAY, deals, number, stages

DAY = 86_400
KINDS = ("moved", "revalued", "call", "task")


@pytest.fixture(autouse=True)
def later(organisation, clock):
    clock(LATER)


def month(number: int) -> Period:
    return containing(dt.date(2026, number, 1), "month")


def test_velocity_is_wins_by_mean_days_in_the_pipeline():
    deals(5, "2026-04-21", won="2026-05-11", amount=8_000_00)
    deals(5, "2026-03-12", won="2026-05-11", amount=8_000_00)
    deals(40)
    assert number("pipeline_velocity").value == 0.25
    assert number("pipeline_velocity", month(6)).value is None
    velocity = number("sales_velocity").value
    assert velocity == 2_000_00
    close, size, opportunities = number("close_rate"), number("average_deal_size").value, 50
    assert velocity == pytest.approx(opportunities * close.value / 100 * size / 40)


def test_the_open_pipeline_is_the_sum_at_the_end():
    for amount in (10_000_00, 20_000_00, 30_000_00):
        deals(1, amount=amount)
    assert number("open_pipeline").value == 60_000_00
    assert number("open_pipeline", month(4)).value == 0


def test_a_stock_has_what_left_on_the_end_and_not_what_came_on_it():
    deals(1, "2026-05-04", won="2026-06-01 00:00", amount=1_00)
    deals(1, "2026-06-01 00:00", amount=10_00)
    assert number("open_pipeline").value == 1_00


def test_the_weighted_pipeline_weighs_by_probability():
    for amount, chance in ((50_000_00, 10), (40_000_00, 50), (20_000_00, 75)):
        deals(1, amount=amount, probability=chance)
    assert number("weighted_pipeline").value == 40_000_00


def test_pipeline_created_takes_the_value_a_week_after():
    rows = deals(4, amount=5_000_00)
    services.change_deal(rows[0], amount=9_000_00, at=utc("2026-05-11 09:00"))  # seven days after, to the second
    assert number("pipeline_created").value == 20_000_00
    services.change_deal(rows[1], amount=6_000_00, at=utc("2026-05-11 08:59:59"))
    assert number("pipeline_created").value == 21_000_00


def test_activities_are_moves_and_changes_and_what_was_done_on_open_deals(people):
    path = stages()
    with acting(people.ann, Origin.PAGE):
        for _number in range(4):
            deal = DealFactory(owner=people.ann, created_at=utc("2026-05-04"), by=people.ann)
            for day, stage in (("05", path[1]), ("06", path[2]), ("07", path[3])):
                services.move_deal(deal, stage, at=utc(f"2026-05-{day}"))
        for day in ("10", "11", "12"):
            services.change_deal(deal, amount=int(day), at=utc(f"2026-05-{day}"))
        for hour in range(36):
            ActivityFactory(deal=deal, at=utc("2026-05-13") + dt.timedelta(hours=hour), owner=people.ann)
        for _number in range(4):
            TaskFactory(deal=deal, owner=people.ann, done_at=utc("2026-05-14"))
        services.win_deal(deal, at=utc("2026-05-16"))
        ActivityFactory(deal=deal, at=utc("2026-05-17"), owner=people.ann)  # after the win
    assert number("pipeline_activities").value == 12 + 3 + 40
    by_type = {member: number("pipeline_activities", by="activity_type", member=member).value for member in KINDS}
    assert by_type == {"moved": 12, "revalued": 3, "call": 36, "task": 4}


def test_an_activity_counts_in_the_stage_and_pipeline_the_deal_was_in_then(people):
    first, second, *_rest = stages()
    deal = DealFactory(owner=people.ann, stage=first, created_at=utc("2026-05-04"))
    elsewhere = PipelineFactory().stages.order_by("position").first()
    for at, stage in (("2026-05-06 10:00", second), ("2026-05-08 10:00", elsewhere)):
        with acting(None, Origin.IMPORT):  # moves by import are nobody's work
            services.move_deal(deal, stage, at=utc(at))
    ActivityFactory(deal=deal, at=utc("2026-05-06 09:59:59"), owner=people.ann)
    ActivityFactory(deal=deal, at=utc("2026-05-06 10:00"), owner=people.ann)
    TaskFactory(deal=deal, owner=people.ann, done_at=utc("2026-05-07"))
    TaskFactory(deal=deal, owner=people.ann, done_at=utc("2026-05-09"))
    for stage, count in ((first, 1), (second, 2), (elsewhere, 1)):
        assert number("pipeline_activities", by="stage", member=str(stage.pk)).value == count
    assert number("pipeline_activities", by="pipeline", member=str(elsewhere.pipeline_id)).value == 1


def test_stage_conversion_is_of_first_entries():
    first, second, third, _last = stages()
    deals(18, steps=[("2026-05-05", second), ("2026-05-06", third)])
    deals(27, steps=[("2026-05-05", second)])
    deals(55)
    row = number("stage_conversion_rate", by="stage", member=str(first.pk))
    assert (row.value, row.denominator) == (45, 100)
    overall = number("stage_conversion_rate", by="stage", member=str(second.pk))
    assert (overall.numerator, overall.denominator) == (18, 45)  # 18 of 100 all the way


def test_a_skipped_stage_counts_as_reached_and_moving_back_does_not_undo_it():
    first, second, third, _last = stages()
    deals(1, steps=[("2026-05-05", third), ("2026-05-06", second), ("2026-05-07", first)])
    row = number("stage_conversion_rate", by="stage", member=str(first.pk))
    assert (row.numerator, row.denominator) == (1, 1)


def test_coming_back_to_a_later_stage_advances_the_one_entered_in_between():
    _first, second, third, _last = stages()
    deals(1, steps=[("2026-05-05", third), ("2026-05-06", second), ("2026-05-07", third)])
    row = number("stage_conversion_rate", by="stage", member=str(second.pk))
    assert (row.numerator, row.denominator) == (1, 1)


def test_time_in_stage_is_the_median_of_the_whole_time():
    first, second, *_rest = stages()
    deals(1, "2026-05-04", steps=[("2026-05-06", second)])
    deals(1, "2026-05-04", steps=[("2026-05-09", second)])
    deals(1, "2026-04-01", steps=[("2026-05-01", second)])
    assert number("time_in_stage", by="stage", member=str(first.pk)).value == 5 * DAY
    deals(1, "2026-05-04", steps=[("2026-05-05", second), ("2026-05-06", first), ("2026-05-20", second)])  # 1 + 14 days
    assert number("time_in_stage", by="stage", member=str(first.pk)).value == 10 * DAY


def test_a_deal_of_another_pipeline_now_was_in_its_stages_pipeline_then():
    deal = DealFactory(created_at=utc("2026-05-04"), amount=5_00)
    before, other = deal.pipeline, PipelineFactory(name="Renewals")
    services.change_deal(deal, pipeline=other, at=utc("2026-06-10"))
    assert number("open_pipeline", by="pipeline", member=str(before.pk)).value == 5_00
    assert number("open_pipeline", month(6), by="pipeline", member=str(other.pk)).value == 5_00


def test_stale_deals_are_those_without_activity(people):
    deals(12, "2026-04-10")
    deals(48, "2026-05-20")
    row = number("stale_deal_rate")
    assert (row.value, row.numerator, row.denominator) == (20, 12, 60)
    ActivityFactory(deal=Deal.objects.filter(created_at=utc("2026-04-10")).first(), at=utc("2026-05-20"), owner=people.ann)
    assert number("stale_deals").value == 11


def test_slipped_deals_were_due_and_are_still_open():
    due = {"expected_close": dt.date(2026, 5, 20)}
    deals(8, "2026-04-10", **due)
    deals(9, "2026-04-10", won="2026-05-19", **due)
    deals(3, "2026-04-10", lost="2026-05-19", **due)
    deals(5, "2026-05-02", **due)  # not there at the start
    assert (number("slipped_deal_rate").value, number("slipped_deal_rate").denominator) == (40, 20)


def test_slipping_reads_the_date_as_it_stood_at_the_start():
    deal = deals(1, "2026-04-10", expected_close=dt.date(2026, 5, 20))[0]
    services.change_deal(deal, expected_close=dt.date(2026, 7, 1), at=utc("2026-05-10"))
    assert number("slipped_deal_rate").numerator == 1


def test_reasons_share_the_losses():
    price, other = LossReasonFactory(name="Price"), LossReasonFactory(name="Other")
    deals(6, lost="2026-05-12", lost_reason=price)
    deals(5, lost="2026-05-12", lost_reason=other)
    deals(4, lost="2026-05-12")
    assert number("loss_reason_share", by="reason", member=str(price.pk)).value == 40
    assert number("loss_reason_share", by="reason", member="").numerator == 4
    assert LossReason.objects.count() == 2


def test_large_deals_reach_what_four_of_five_stayed_below_the_year_before():
    for amount in (1, 2, 3, 4, 5):
        deals(1, "2025-03-03", won="2025-05-05", amount=amount * 100_00)
    deals(3, won="2026-05-12", amount=420_00)  # the bound is 4.2
    deals(7, won="2026-05-12", amount=419_99)
    row = number("large_deal_share")
    assert (row.value, row.denominator) == (30, 10)


def test_a_year_after_one_with_few_wins_has_no_bound():
    deals(3, won="2026-05-12")
    assert (number("large_deal_share").value, number("large_deal_share").reason) == (None, "empty")


def test_what_was_opened_less_what_left_is_the_change_of_the_stock():
    deals(3, "2026-04-20", amount=100)
    deals(2, "2026-05-20", amount=100)
    deals(1, "2026-04-20", won="2026-05-20", amount=100)
    assert number("open_pipeline", month(4)).value == 400
    assert number("open_pipeline", MAY).value == 400 + 200 - 100


def line(price: int, discount: float = 0, quantity: int = 1, **more) -> DealLine:
    return DealLine(product=more.pop("product", None) or ProductFactory(), quantity=quantity, unit_price=price, discount=discount)


def test_the_average_discount_is_weighed_by_value(people):
    pump = ProductFactory()
    may = {"created_at": utc("2026-04-02"), "owner": people.ann}
    DealFactory(won_at=utc("2026-05-01 00:00"), lines=[line(40_000_00, 10, 2, product=pump), line(10_000_00)], **may)
    DealFactory(won_at=utc("2026-05-31 23:59"), lines=[line(10_000_00, 40)], **may)
    DealFactory(won_at=utc("2026-06-01 00:00"), lines=[line(90_000_00, 50)], **may)  # the end is outside
    DealFactory(lost_at=utc("2026-05-10"), lines=[line(90_000_00, 50)], **may)
    DealFactory(won_at=utc("2026-05-10"), amount=7_000_00, **may)  # no lines
    row = number("average_discount_rate")
    assert (row.value, row.numerator, row.denominator, row.n) == (12, 12_000_00, 100_000_00, 3)
    assert number("average_discount_rate", by="product", member=str(pump.pk)).value == 10
    assert number("average_discount_rate", month(4)).value is None
    listed = drill("average_discount_rate", MAY, scope=Scope.everything(), part="denominator")
    assert (listed.count, listed.total) == (3, 100_000_00)


def test_a_discount_is_converted_on_the_day_of_the_win_and_follows_corrections(people):
    kernel.set_rate("EUR", dt.date(2026, 5, 1), Decimal("1.25"))
    euros = DealFactory(currency="EUR", created_at=utc("2026-04-02"), won_at=utc("2026-05-10"), lines=[line(80_000_00, 10)])
    DealFactory(currency="GBP", created_at=utc("2026-04-02"), won_at=utc("2026-05-10"), lines=[line(80_000_00, 10)])
    row = number("average_discount_rate")
    assert (row.numerator, row.denominator, row.left_out[0][1]) == (10_000_00, 100_000_00, 1)
    services.change_deal(Deal.objects.get(pk=euros.pk), lines=[line(80_000_00, 20)])
    assert number("average_discount_rate").value == 20
    services.reopen_deal(Deal.objects.get(pk=euros.pk))
    assert number("average_discount_rate").value is None
    assert not run().found
