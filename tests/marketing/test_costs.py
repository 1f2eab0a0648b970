"""Costs: converted on the day they are posted, spread over days that add up, counted again when anything changes."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from hypothesis import given
from hypothesis import strategies as st

from analytics.models import DirtyDay
from crm import jobs
from crm import services as kernel
from crm.models import Event
from marketing import services
from marketing.models import Cost, CostDay
from marketing.spread import evenly
from tests.factories import CampaignFactory, CostFactory
from tests.people import People

DAY = dt.date(2026, 5, 18)


@given(amount=st.integers(0, 10**15), days=st.integers(1, 4000))
def test_the_parts_add_up_exactly_and_differ_by_one_cent_at_most(amount: int, days: int) -> None:
    parts = evenly(amount, days)
    assert (len(parts), sum(parts)) == (days, amount)
    assert max(parts) - min(parts) <= 1


@pytest.fixture
def _db(organisation: object, db: None) -> None:
    """An organisation in dollars."""


pytestmark = pytest.mark.usefixtures("_db")


def parts(cost: Cost) -> list[tuple[int, int | None]]:
    return list(cost.parts.order_by("day").values_list("amount", "base"))


def marked() -> set[dt.date]:
    found = set(DirtyDay.objects.filter(source="marketing.costs").values_list("day", flat=True))
    DirtyDay.objects.all().delete()
    return found


def test_a_cost_of_one_day_counts_on_it() -> None:
    cost = CostFactory(amount=100_00)
    assert (parts(cost), marked(), cost.days) == ([(100_00, 100_00)], {DAY}, 1)


def test_a_spread_cost_counts_on_each_of_its_days_both_ends_included() -> None:
    cost = CostFactory(amount=100, until=DAY + dt.timedelta(days=2))
    assert [amount for amount, _base in parts(cost)] == [33, 33, 34]
    assert marked() == {DAY + dt.timedelta(days=n) for n in range(3)}


def test_both_currencies_are_spread_so_that_each_adds_up() -> None:
    kernel.set_rate("EUR", dt.date(2026, 1, 1), Decimal("1.1"))
    cost = CostFactory(amount=1000, currency="EUR", until=DAY + dt.timedelta(days=6))
    own, base = zip(*parts(cost), strict=True)
    assert (sum(own), sum(base), cost.base_amount) == (1000, 1100, 1100)


def test_the_rate_is_that_of_the_day_it_was_posted_also_for_later_days() -> None:
    kernel.set_rate("EUR", dt.date(2026, 1, 1), Decimal("1.1"))
    kernel.set_rate("EUR", DAY + dt.timedelta(days=1), Decimal("2"))
    assert CostFactory(amount=1000, currency="EUR", until=DAY + dt.timedelta(days=1)).base_amount == 1100


def test_without_a_rate_there_is_no_base_amount_and_never_the_same_number() -> None:
    cost = CostFactory(amount=1000, currency="GBP")
    assert (cost.base_amount, parts(cost)) == (None, [(1000, None)])
    assert list(Cost.objects.unconverted()) == [cost]


def test_a_rate_that_comes_later_converts_what_waited_for_it() -> None:
    cost, before = CostFactory(amount=1000, currency="GBP"), CostFactory(currency="GBP", posted_on=DAY - dt.timedelta(days=9))
    marked()
    kernel.set_rate("GBP", DAY, Decimal("1.5"))
    jobs.run_all(strict=True, even_early=True)
    cost.refresh_from_db()
    before.refresh_from_db()
    assert (cost.base_amount, parts(cost), before.base_amount) == (1500, [(1000, 1500)], None)


def test_another_base_currency_converts_everything() -> None:
    cost = CostFactory(amount=1000)
    kernel.set_rate("USD", dt.date(2026, 1, 1), Decimal("0.5"))
    kernel.save_organisation(kernel.Organisation.current(), base_currency="EUR")
    jobs.run_all(strict=True, even_early=True)
    cost.refresh_from_db()
    assert (cost.base_amount, parts(cost)) == (500, [(1000, 500)])


def test_a_change_marks_the_days_before_and_after() -> None:
    cost = CostFactory()
    marked()
    services.save_cost(cost, posted_on=dt.date(2026, 6, 1), until=dt.date(2026, 6, 2))
    assert marked() == {DAY, dt.date(2026, 6, 1), dt.date(2026, 6, 2)}
    assert CostDay.objects.count() == 2


def test_saving_what_is_so_already_says_and_marks_nothing() -> None:
    cost = CostFactory()
    marked()
    services.save_cost(cost, amount=cost.amount)
    assert marked() == set()
    assert not Event.objects.filter(kind="cost.changed").exists()


def test_a_deleted_cost_leaves_no_days_and_marks_them() -> None:
    cost = CostFactory(until=DAY + dt.timedelta(days=1))
    marked()
    services.delete_cost(cost)
    assert not CostDay.objects.exists()
    assert len(marked()) == 2
    assert Event.objects.filter(kind="cost.deleted").count() == 1


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"until": DAY - dt.timedelta(days=1)}, "until"),
        ({"until": DAY + dt.timedelta(days=4000)}, "until"),
        ({"amount": -1}, "amount"),
        ({"currency": "XXY"}, "currency"),
        ({"category": "bribes"}, "category"),
    ],
)
def test_a_cost_that_cannot_be_is_refused(values: dict, field: str) -> None:
    with pytest.raises(ValidationError) as error:
        CostFactory(**values)
    assert field in error.value.message_dict
    assert not Cost.objects.exists()


def test_a_cost_takes_the_channel_of_its_campaign() -> None:
    campaign = CampaignFactory(channel="cpc")
    assert CostFactory(campaign=campaign).channel == "cpc"
    assert CostFactory(campaign=campaign, channel="email").channel == "email"


# --- campaigns -------------------------------------------------------------------------------------------------------


def test_a_campaign_gets_its_name_as_code_and_keeps_it_when_renamed() -> None:
    campaign = CampaignFactory(name="Spring fair")
    services.save_campaign(campaign, name="Spring fair 2026")
    assert (campaign.code, campaign.name) == ("Spring fair", "Spring fair 2026")


def test_another_code_counts_the_days_of_its_costs_again() -> None:
    campaign = CampaignFactory()
    CostFactory(campaign=campaign)
    marked()
    services.save_campaign(campaign, name="Other name")
    assert marked() == set()
    services.save_campaign(campaign, code="other")
    assert marked() == {DAY}


def test_a_campaign_with_costs_is_not_deleted() -> None:
    campaign = CampaignFactory()
    cost = CostFactory(campaign=campaign)
    with pytest.raises(ValidationError, match="has costs"):
        services.delete_campaign(campaign)
    services.delete_cost(cost)
    services.delete_campaign(campaign)


def test_names_and_codes_are_taken_once() -> None:
    CampaignFactory(name="Spring", code="s")
    for values in ({"name": "SPRING"}, {"name": "Other", "code": "s"}):
        with pytest.raises(ValidationError):
            CampaignFactory(**values)


def test_a_member_is_added_once_and_keeps_the_first_response(people: People) -> None:
    from tests.factories import LeadFactory, PersonFactory

    campaign, lead, person = CampaignFactory(), LeadFactory(), PersonFactory()
    members = services.add_members(campaign, leads=[lead], people=[person])
    assert services.add_members(campaign, leads=[lead]) == []
    first = services.set_member(members[0], "responded").responded_at
    assert services.set_member(members[0], "responded").responded_at == first
    assert services.set_member(members[0], "reached").responded_at is None
    assert Event.objects.filter(kind="campaign.member_added").count() == 2


def test_merging_people_leaves_one_membership() -> None:
    from contacts.services import merge_people
    from tests.factories import PersonFactory

    campaign, other, keep, lose = CampaignFactory(), CampaignFactory(), PersonFactory(), PersonFactory()
    services.add_members(campaign, people=[keep, lose])
    services.add_members(other, people=[lose])
    merge_people(keep, lose)
    assert set(keep.campaign_members.values_list("campaign", flat=True)) == {campaign.pk, other.pk}
