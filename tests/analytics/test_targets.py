"""Targets: who may have which, what makes up the one of a period, and what a change marks."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from analytics import targets
from analytics.engine import Question
from analytics.models import DirtyDay, Target
from analytics.registry import kpis
from analytics.scopes import Scope
from crm import services as kernel
from crm.models import Event, Organisation
from crm.periods import Period, containing
from tests.factories import TargetFactory
from tests.people import People

pytestmark = pytest.mark.django_db

WON = "won_amount"


def month(number: int, year: int = 2026) -> Period:
    return containing(dt.date(year, number, 1), "month")


def held(period: Period, kpi: str = WON, *, scope: Scope | None = None, by: str = "", member: str = "", **filters: str) -> Any:
    question = Question(scope or Scope.everything(), filters, by, False)
    return targets.value_of(targets.held(kpis[kpi], question).of(member, period))


# --- setting ---------------------------------------------------------------------------------------------------------


def test_a_target_is_set_once_for_the_same_number_period_and_person(people: People) -> None:
    for whom in ({}, {"team": people.north}, {"owner": people.ann}):
        TargetFactory(**whom)
        with pytest.raises(ValidationError):
            TargetFactory(**whom)
        with pytest.raises(IntegrityError), transaction.atomic():
            Target.objects.create(kpi=WON, start=dt.date(2026, 5, 1), value=1, **whom)
    assert Target.objects.count() == 3


def test_a_persons_target_keeps_the_team_the_person_was_in(people: People) -> None:
    target = TargetFactory(owner=people.ann)
    kernel.save_user(people.ann, team=people.south)
    assert targets.save_target(target, value=Decimal(5)).team == people.north


@pytest.mark.parametrize(
    ("values", "name"),
    [
        ({"kpi": "nonsense"}, "kpi"),
        ({"kpi": "loss_reason_mix"}, "kpi"),
        ({"start": dt.date(2026, 5, 2)}, "start"),
        ({"grain": "quarter"}, "start"),
        ({"grain": "week"}, "grain"),
    ],
)
def test_what_cannot_have_a_target_is_refused_at_its_field(people: People, values: dict, name: str) -> None:
    with pytest.raises(ValidationError) as error:
        TargetFactory(**values)
    assert set(error.value.message_dict) == {name}
    assert not Event.objects.filter(kind="target.created").exists()


def test_a_number_that_is_nobodys_own_has_no_target_of_a_person(people: People) -> None:
    kpi = next(kpi for kpi in kpis if kpi.may_be_aimed_at and not {"owner", "user"} & set(kpi.dimensions))
    with pytest.raises(ValidationError) as error:
        TargetFactory(kpi=kpi.key, owner=people.ann)
    assert set(error.value.message_dict) == {"owner"}


def test_setting_changing_and_taking_back_are_told_and_marked(people: People) -> None:
    target = TargetFactory(owner=people.ann, by=people.max)
    targets.save_target(target, value=Decimal(7))
    targets.save_target(target, value=Decimal(7))
    targets.delete_target(target)
    kinds = list(Event.objects.filter(kind__startswith="target.").order_by("pk").values_list("kind", flat=True))
    assert kinds == ["target.created", "target.changed", "target.deleted"]
    assert set(DirtyDay.objects.filter(source=targets.STREAM).values_list("day", flat=True)) == {dt.date(2026, 5, 1)}


@pytest.mark.parametrize(
    ("kpi", "written", "kept"),
    [
        (WON, "1234.50", "123450"),
        ("win_rate", "32.5", "32.5"),
        ("first_response_time", "0.5", "43200"),
        ("deals_won", "12", "12"),
    ],
)
def test_values_are_written_as_people_write_them_and_kept_in_the_stored_unit(
    organisation: object, kpi: str, written: str, kept: str
) -> None:
    found = targets.inside(kpis[kpi], Decimal(written), "USD")
    assert found == Decimal(kept)
    assert targets.outside(kpis[kpi], found, "USD") == Decimal(written)


@pytest.mark.parametrize(("kpi", "written"), [(WON, "1.234"), (WON, "-1"), (WON, "1e15"), ("win_rate", "0.00001")])
def test_values_that_the_unit_cannot_be_are_refused(organisation: object, kpi: str, written: str) -> None:
    with pytest.raises(ValidationError):
        targets.inside(kpis[kpi], Decimal(written), "USD")


def test_a_score_may_aim_below_zero(organisation: object) -> None:
    assert targets.inside(kpis["nps"], Decimal(-10), "USD") == -10


# --- which one holds -------------------------------------------------------------------------------------------------


def test_months_add_up_to_their_quarter_and_year_when_each_has_one(organisation: object) -> None:
    for number in range(1, 13):
        assert held(containing(dt.date(2026, 1, 1), "year")) is None
        TargetFactory(start=dt.date(2026, number, 1), value=Decimal(number))
    assert held(containing(dt.date(2026, 1, 1), "quarter")) == 1 + 2 + 3
    assert held(containing(dt.date(2026, 1, 1), "year")) == 78
    assert held(Period(dt.date(2026, 2, 1), dt.date(2026, 4, 1))) == 2 + 3


def test_a_target_of_the_longer_period_goes_before_the_sum(organisation: object) -> None:
    for number in (1, 2, 3):
        TargetFactory(start=dt.date(2026, number, 1), value=Decimal(10))
    TargetFactory(grain="quarter", start=dt.date(2026, 1, 1), value=Decimal(50))
    for number in (4, 7, 10):
        TargetFactory(grain="quarter", start=dt.date(2026, number, 1), value=Decimal(100))
    assert held(containing(dt.date(2026, 1, 1), "quarter")) == 50
    assert held(containing(dt.date(2026, 1, 1), "year")) == 350
    assert held(month(1)) == 10


def test_a_span_that_is_not_whole_months_has_no_target(organisation: object) -> None:
    TargetFactory()
    assert held(Period(dt.date(2026, 5, 1), dt.date(2026, 5, 19))) is None
    assert held(Period(dt.date(2026, 4, 15), dt.date(2026, 6, 1))) is None


def test_targets_of_rates_do_not_add_up(organisation: object) -> None:
    for number in (1, 2, 3):
        TargetFactory(kpi="win_rate", start=dt.date(2026, number, 1), value=Decimal(30))
    assert held(containing(dt.date(2026, 1, 1), "quarter"), "win_rate") is None


def test_everyone_a_team_and_a_person_each_have_their_own(people: People) -> None:
    TargetFactory(value=Decimal(9))
    TargetFactory(value=Decimal(5), team=people.north)
    TargetFactory(value=Decimal(2), owner=people.ann)
    TargetFactory(value=Decimal(3), owner=people.cleo)
    may = month(5)
    assert held(may) == 9
    assert held(may, team=str(people.north.pk)) == 5
    assert held(may, owner=str(people.cleo.pk)) == 3
    assert held(may, by="owner", member=str(people.ann.pk)) == 2
    assert held(may, by="team", member=str(people.north.pk)) == 5
    assert held(may, source="web") is None


def test_readers_have_the_targets_of_what_they_see(people: People) -> None:
    TargetFactory(value=Decimal(9))
    TargetFactory(value=Decimal(5), team=people.north)
    TargetFactory(value=Decimal(2), owner=people.ann)
    TargetFactory(value=Decimal(3), owner=people.cleo)
    may = month(5)
    assert held(may, scope=Scope.of(people.ann)) == 2
    assert held(may, scope=Scope.of(people.max)) == 5
    assert held(may, scope=Scope.of(people.max), owner=str(people.cleo.pk)) is None
    assert held(may, scope=Scope.of(people.ann), by="owner", member=str(people.cleo.pk)) is None


def test_money_in_another_currency_and_quarters_of_another_calendar_do_not_count(organisation: Organisation) -> None:
    TargetFactory()
    TargetFactory(kpi="deals_won", grain="quarter", start=dt.date(2026, 4, 1), value=Decimal(3))
    assert (held(month(5)), held(containing(dt.date(2026, 4, 1), "quarter"), "deals_won")) == (1_000_00, 3)
    kernel.save_organisation(Organisation.current(), base_currency="EUR", fiscal_year_start=2)
    assert held(month(5)) is None
    assert not any(targets.is_current(target) for target in Target.objects.all())
