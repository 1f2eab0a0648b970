"""What holds for every KPI in the registry, on records with rows exactly on the boundaries of periods."""

from __future__ import annotations

import copy
import datetime as dt

import pytest
import time_machine
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from analytics import refreshing
from analytics.drill import drill, parts_of
from analytics.engine import NOT_CUT, Row, evaluate
from analytics.registry import kpis
from analytics.scopes import Scope
from crm.models import Organisation
from crm.periods import Period, containing
from tests.deals import recurring
from tests.factories import TicketFactory
from tests.people import hire
from tests.support import desk as desks

from .world import END, NOW, START, build, make_deal, make_lead

KEYS = kpis.keys()
ALL = Scope.everything()
WHOLE = Period(START, END)
SPANS = [WHOLE, *WHOLE.split("month"), Period(dt.date(2025, 11, 20), dt.date(2026, 3, 1))]


@pytest.fixture(scope="module")
def rows(django_db_setup, django_db_blocker):
    """One world for all tests of this file; each sees it anew, in a transaction of its own inside this one."""
    with django_db_blocker.unblock(), time_machine.travel(NOW, tick=False), transaction.atomic():
        world = build(hire())
        recurring.build(world.people)
        yield world
        transaction.set_rollback(True)


@pytest.fixture
def world(rows, db, clock):
    clock(NOW)
    Organisation.remember()
    return copy.copy(rows)


def numbers(rows: list[Row]) -> dict:
    """What must be equal, by KPI, period and member."""
    return {
        (row.kpi.key, row.period, row.member): (row.value, row.numerator, row.denominator, row.n, row.pending, row.reason)
        for row in rows
        if row.n or row.value or row.numerator or row.pending or not row.dimension
    }


def test_every_kpi_answers_on_an_empty_database(organisation, clock):
    clock(NOW)
    for row in evaluate(KEYS, SPANS, scope=ALL):
        assert row.value in (None, 0), row.kpi.key
        assert (row.value is None) == bool(row.reason), row.kpi.key
        assert not row.kpi.adds_up or row.value == 0, row.kpi.key


def test_every_dimension_of_every_kpi_can_be_asked(organisation, clock):
    clock(NOW)
    for kpi in kpis:
        for dimension in kpi.dimensions:
            for live in (True, False):
                rows = evaluate([kpi.key], [WHOLE], scope=ALL, by=dimension, live=live)
                assert all(row.reason != "not_cut" for row in rows), (kpi.key, dimension)


def test_a_number_and_the_list_behind_it_are_the_same(world):
    refreshing.rebuild()
    for row in evaluate(KEYS, SPANS, scope=ALL):
        for part in parts_of(row.kpi):
            listed = drill(row.kpi.key, row.period, scope=ALL, part=part)
            found = listed.total if listed.is_sum else listed.count
            if part == "pending":
                assert found == row.pending, (row.kpi.key, row.period)
            elif part.startswith("left_out:"):
                assert found == {f"left_out:{m}": count for _text, count, m in row.left_out}.get(part, 0), (row.kpi.key, part)
            else:
                assert found == row.parts[part], (row.kpi.key, part, row.period)


def test_the_pages_of_a_list_hold_each_row_once(world):
    for key in ("win_rate", "pipeline_activities", "data_completeness", "open_pipeline", "sla_attainment", "response_time"):
        listed = drill(key, WHOLE, scope=ALL, part="numerator")
        pages = [item for offset in range(0, listed.count, 7) for item in listed.page(world.people.ada, offset, 7)]
        assert len(pages) == listed.count
        assert [item.label for item in pages] == [item.label for item in listed.page(world.people.ada, 0, 10_000)]


def test_a_member_of_a_split_opens_its_own_records(world):
    for key, dimension in (
        ("won_amount", "owner"),
        ("deals_lost", "reason"),
        ("open_pipeline", "stage"),
        ("records_created", "entity_type"),
        ("tickets_created", "tag"),
        ("ticket_backlog", "queue"),
        ("first_response_time", "company"),
        ("sla_attainment", "sla_metric"),
    ):
        for row in evaluate([key], [WHOLE], scope=ALL, by=dimension):
            listed = drill(key, WHOLE, scope=ALL, filters={dimension: row.member})
            assert (listed.total if listed.is_sum else listed.count) == row.parts["numerator"], (key, row.member)


def test_stored_numbers_equal_those_computed_from_records(world):
    refreshing.rebuild()
    assert numbers(evaluate(KEYS, SPANS, scope=ALL)) == numbers(evaluate(KEYS, SPANS, scope=ALL, live=True))
    for dimension in {name for kpi in kpis for name in kpi.dimensions}:
        keys = [kpi.key for kpi in kpis if dimension in kpi.dimensions]
        stored = numbers(evaluate(keys, SPANS, scope=ALL, by=dimension))
        assert stored == numbers(evaluate(keys, SPANS, scope=ALL, by=dimension, live=True)), dimension


@pytest.mark.parametrize("key", [kpi.key for kpi in kpis if kpi.adds_up])
def test_additive_numbers_add_over_time_and_over_members(world, key):
    whole = evaluate([key], [WHOLE], scope=ALL, live=True)[0]
    if kpis[key].is_daily:  # what the period decides (who is new in it) adds over members only
        months = evaluate([key], WHOLE.split("month"), scope=ALL, live=True)
        assert whole.value == sum(row.value for row in months)
    for dimension in kpis[key].dimensions:
        members = evaluate([key], [WHOLE], scope=ALL, by=dimension, live=True)
        added = sum(row.value for row in members)
        assert added >= whole.value if dimension in kpis[key].overlapping else added == whole.value, dimension


@pytest.mark.parametrize("key", ["open_pipeline", "weighted_pipeline", "untouched_leads", "stale_deals", "ticket_backlog"])
def test_stocks_add_over_members(world, key):
    whole = evaluate([key], [WHOLE], scope=ALL, live=True)[0]
    for dimension in kpis[key].dimensions:
        members = evaluate([key], [WHOLE], scope=ALL, by=dimension, live=True)
        added = sum(row.value for row in members)
        assert added >= whole.value if dimension in kpis[key].overlapping else added == pytest.approx(whole.value), dimension


def test_a_rate_of_a_part_stays_within_the_whole(world):
    for row in evaluate([kpi.key for kpi in kpis if kpi.subset], SPANS, scope=ALL, live=True):
        assert row.numerator <= row.denominator, (row.kpi.key, row.period)
        if row.value is not None:
            assert row.low <= row.value <= row.high


def test_rows_of_others_do_not_move_a_reps_or_a_teams_number(world):
    scopes = [Scope.of(user) for user in (world.people.ann, world.people.max, world.desk.agents[0])]
    before = [numbers(evaluate(KEYS, SPANS, scope=scope, live=True)) for scope in scopes]
    world.owner = lambda: world.people.cleo  # type: ignore[method-assign]
    world.companies = []
    for _number in range(5):
        make_deal(world)
        make_lead(world)
        TicketFactory(owner=world.desk.agents[2], created_at=world.instant())
    untouched = {"large_deal_share", "stale_deals", "stale_deal_rate"}  # their bounds are the whole organisation's
    after = [numbers(evaluate(KEYS, SPANS, scope=scope, live=True)) for scope in scopes]
    for one, two in zip(before, after, strict=True):
        assert {k: v for k, v in one.items() if k[0] not in untouched} == {k: v for k, v in two.items() if k[0] not in untouched}


def test_a_rep_sees_less_than_the_team_and_the_team_less_than_everyone(world):
    for one in (world.people.ann, world.desk.agents[0]):
        scopes = [Scope.of(one), Scope.of(world.people.max), ALL]
        for kpi in kpis:
            if kpi.adds_up and kpi.key != "net_new_mrr":  # gains less losses: more of them may be less
                rows = [evaluate([kpi.key], [WHOLE], scope=scope, live=True)[0] for scope in scopes]
                found = [row.value for row in rows if row.reason != NOT_CUT]  # what nobody owns is shown to those who see all
                assert found == sorted(found), (kpi.key, one)


def test_the_number_of_queries_does_not_grow_with_the_rows(world):
    refreshing.rebuild()

    def count() -> int:
        with CaptureQueriesContext(
            connection,
        ) as queries:
            evaluate(KEYS, [WHOLE, containing(NOW.date(), "month")], scope=ALL)
        return len(queries)

    few = count()
    for _number in range(20):
        make_deal(world)
        make_lead(world)
        desks.make_ticket(world.desk)
    refreshing.refresh_all_marked()
    assert count() == few


def test_refreshing_twice_gives_the_same_rows(world):
    from analytics.models import DailyMeasure

    def stored() -> list:
        return sorted(
            DailyMeasure.objects.values_list("source", "day", "dimension", "member", "currency", "v0", "v1", "v2", "v3")
        )

    refreshing.rebuild()
    first = stored()
    refreshing.rebuild()
    assert stored() == first
