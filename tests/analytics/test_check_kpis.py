"""The check finds what was tampered with, says what waits, and is silent when all is well."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from io import StringIO
from typing import Any

import pytest
import time_machine
from django.core.management import call_command
from django.db import transaction
from django.db.models import F
from django.urls import reverse

from analytics import checking, dirty, refreshing, snapshots
from analytics.checking_published import formulas, ratio
from analytics.engine import Row, evaluate
from analytics.models import DailyMeasure, Difference, KpiSnapshot
from analytics.registry import About, kpis, total
from analytics.scopes import Scope
from crm import jobs, periods
from crm import services as kernel
from crm.models import ActiveDay, Job, Organisation
from crm.periods import Period, today
from deals import services
from deals.checks_kpis import flow, window
from deals.models import Deal, DealFacts, DealState
from tests.people import hire

from .world import NOW, World, build

CLOSED = ("deals_won", "deals_lost")
pytestmark = [pytest.mark.publishes, pytest.mark.django_db]


@pytest.fixture(scope="module")
def world(django_db_setup: Any, django_db_blocker: Any) -> Iterator[World]:
    """A world with all numbers computed and published, made once; each test's edits are undone after it."""
    with django_db_blocker.unblock(), time_machine.travel(NOW, tick=False), transaction.atomic():
        Organisation.forget()
        made = build(hire(), size=8)
        dirty.mark([("users.active", day) for day in ActiveDay.objects.values_list("day", flat=True)])
        jobs.run_all(strict=True, even_early=True)
        while snapshots.publish_step():
            pass
        jobs.run_all(strict=True, even_early=True)
        yield made
        transaction.set_rollback(True)


@pytest.fixture
def settled(world: World) -> World:
    return world


def check(*options: str) -> tuple[int, str]:
    """Exit code and output."""
    out = StringIO()
    try:
        call_command("check_kpis", *options, stdout=out)
    except SystemExit as error:
        return int(error.code or 0), out.getvalue()
    return 0, out.getvalue()


def found() -> list[str]:
    return [one.what for one in checking.run().found]


def test_settled_numbers_have_no_difference(settled):
    code, out = check("--json")
    report = json.loads(out)
    assert (code, report["differences"], report["waiting"], report["waiting_jobs"]) == (0, [], {}, [])
    assert report["compared"] > 1000
    assert not Difference.objects.exists()


def test_a_stored_sum_that_is_wrong_is_named_and_kept(settled):
    row = DailyMeasure.objects.filter(source="deals.created", dimension="owner").exclude(member="").first()
    DailyMeasure.objects.filter(pk=row.pk).update(v0=row.v0 + 5)
    code, out = check()
    what = f"deals.created {row.day} deals_created owner={row.member}"
    assert code == 1
    assert f"{what}: stored {row.v0 + 5}, recomputed {row.v0}" in out
    assert list(Difference.objects.values_list("what", "stored")) == [(what, str(row.v0 + 5))]


def test_a_missing_day_is_found(settled):
    DailyMeasure.objects.filter(source="deals.opened", dimension="").first().delete()
    assert found()


def test_a_day_that_should_not_be_there_is_found(settled):
    DailyMeasure.objects.create(source="deals.closed", day=today().replace(day=3), dimension="team", member="999", v0=1)
    assert any("team=999" in what for what in found())


def test_an_edit_past_the_services_is_found(settled):
    deal = Deal.objects.filter(status="won", amount__isnull=False, currency="USD").first()
    Deal.objects.filter(pk=deal.pk).update(amount=deal.amount + 1)
    assert any("won_amount" in what for what in found())
    assert any(what == f"deal {deal.number} stands at amount" for what in found())


def test_facts_that_are_wrong_are_found_although_stored_and_live_agree(settled):
    facts = DealFacts.objects.filter(status="won", deal_seconds__isnull=False).first()
    DealFacts.objects.filter(pk=facts.pk).update(deal_seconds=facts.deal_seconds + 60)
    refreshing.rebuild()
    assert any("deal_cycle" in what for what in found())


def test_a_history_with_a_gap_is_found(settled):
    state = DealState.objects.filter(end__gt=F("start")).first()
    DealState.objects.filter(pk=state.pk).update(end=state.start)
    after = DealState.objects.filter(deal=state.deal, start__gt=state.start).order_by("start").first()
    assert after is not None
    assert any("history has a gap" in what for what in found())


def test_a_local_day_that_was_not_kept_up_is_found(settled):
    deal = Deal.objects.filter(undated=False).first()
    Deal.objects.filter(pk=deal.pk).update(created_day="2020-02-02")
    refreshing.rebuild()
    assert any("deals.made 2020-02-02" in what for what in found())


@pytest.mark.parametrize("key", ["close_rate", "won_amount", "stale_deals", "sales_cycle_length", "mau", "untouched_leads"])
def test_a_published_value_that_is_wrong_is_found(settled, key):
    row = KpiSnapshot.objects.filter(kpi=key, current=True, stale=False, dimension="").order_by("-end").first()
    KpiSnapshot.objects.filter(pk=row.pk).update(value=(row.value or 0) + 1)
    assert any(what == f"published {key} {row.start}..{row.end}" for what in found())


def test_days_that_wait_are_named_and_are_no_differences(settled):
    services.change_deal(Deal.objects.filter(undated=False).first(), created_at=NOW)
    code, out = check()
    assert code == 0
    assert "Waiting for the refresh, not compared:" in out
    assert "deals.created" in out


def test_another_rate_publishes_the_stocks_since_then_again(settled):
    """Also where no deal was created or closed in that currency since."""
    day = today() - dt.timedelta(days=1)
    kernel.set_rate("EUR", day, Decimal("3"))
    jobs.run_all(strict=True, even_early=True)
    while snapshots.publish_step():
        pass
    assert found() == []


def test_an_edit_publishes_again_what_it_touches_and_leaves_the_rest_as_it_was(settled):
    def held(key):
        return list(KpiSnapshot.objects.filter(kpi=key, current=True).order_by("pk").values_list("pk", "computed_at"))

    deal = Deal.objects.open().first()
    before = {key: held(key) for key in ("leads_created", "lead_response_time", "open_pipeline", "stale_deals")}
    services.change_deal(deal, amount=(deal.amount or 0) + 12_300)
    jobs.run_all(strict=True, even_early=True)
    while snapshots.publish_step():
        pass
    assert [key for key in before if held(key) != before[key]] == ["open_pipeline", "stale_deals"]
    assert found() == []


@pytest.fixture
def upgraded(settled, monkeypatch):
    """The release after: in the close rate what was lost counts too, and its version says that it has changed."""

    def second(recount, asked):
        return ratio(sum(flow(recount, asked, key) for key in CLOSED), window(recount, asked, "progress"), 100)

    old = kpis["close_rate"]
    new = replace(old, version=old.version + 1, terms={**old.terms, "numerator": total(*CLOSED)})
    monkeypatch.setitem(kpis._items, old.key, new)
    monkeypatch.setitem(formulas._items, old.key, second)
    return new


def test_what_was_published_of_another_version_is_neither_served_nor_compared(upgraded):
    old = KpiSnapshot.objects.filter(kpi=upgraded.key, current=True, dimension="", numerator__gt=0).latest("end")
    period = Period(old.start, old.end, old.grain)
    served, live = (evaluate([upgraded.key], [period], scope=Scope.everything(), live=live)[0] for live in (False, True))
    assert served.numerator == live.numerator > old.numerator
    assert found() == []


def test_a_new_version_is_published_beside_the_old_one_and_compared(upgraded):
    before = {row.pk: row for row in KpiSnapshot.objects.filter(kpi=upgraded.key, status="final", current=True)}
    others = set(KpiSnapshot.objects.exclude(kpi=upgraded.key).values_list("pk", "computed_at"))
    refreshing.follow_declarations()
    jobs.run_all(strict=True, even_early=True)
    rows = list(KpiSnapshot.objects.filter(kpi=upgraded.key, current=True))
    assert {row.version for row in rows} == {upgraded.version}
    assert {row.adjusts_id for row in rows if row.status == "final"} == set(before)
    for row in KpiSnapshot.objects.filter(pk__in=before):
        kept = before[row.pk]
        assert (row.current, row.version, row.value, row.numerator) == (False, kept.version, kept.value, kept.numerator)
    assert set(KpiSnapshot.objects.exclude(kpi=upgraded.key).values_list("pk", "computed_at")) == others
    assert found() == []
    wrong = next(row for row in rows if row.value and not row.dimension)
    KpiSnapshot.objects.filter(pk=wrong.pk).update(value=wrong.value / 2)
    assert found() == [f"published {upgraded.key} {wrong.start}..{wrong.end}"]


def test_a_new_version_outdates_the_numbers_about_it(settled, monkeypatch):
    def held(key):
        return KpiSnapshot.objects.filter(kpi=key, current=True, stale=False)

    metric = kpis["won_amount"]
    about = {kpi.key for kpi in kpis if getattr(kpi, "metric", "") == metric.key and held(kpi.key).exists()}
    assert about
    monkeypatch.setitem(kpis._items, metric.key, replace(metric, version=metric.version + 1))
    refreshing.follow_declarations()
    assert [key for key in (metric.key, *about) if held(key).exists()] == []
    assert held("close_rate").exists()


def test_nothing_is_compared_while_rows_are_derived_anew(settled):
    with transaction.atomic():
        jobs.enqueue("deals.derive", {"after": 0}, key="all")
    code, out = check()
    assert (code, out.startswith("Nothing compared")) == (0, True)


def test_every_kpi_has_a_second_formula():
    assert set(kpis.keys()) == set(formulas.keys())


def test_every_stored_stream_is_checked(settled):
    recount = checking.Recount()
    for one in checking.checks:
        one(recount)
    waiting = {"leads.untouched_in", "leads.untouched_out"}  # compared as one stock
    from analytics.sources import streams

    assert set(streams.keys()) - waiting == set(recount.sums) - {"leads.waiting"}


def test_every_measure_is_checked(settled):
    from analytics.sources import streams

    recount = checking.Recount()
    for one in checking.checks:
        one(recount)
    for stream in streams:
        if stream.key in recount.measures:
            assert {measure.key for measure in stream.source.measures} == set(recount.measures[stream.key])


# --- what members have -------------------------------------------------------------------------------------------------


SLOW = {by: [kpi.key for kpi in kpis if snapshots.splits(kpi, by) and not isinstance(kpi, About)] for by in snapshots.SPLITS}
LAST_MONTH = periods.last(2, "month", NOW.date())[0]


def told(rows: list[Row]) -> list[tuple]:
    return [
        (row.kpi.key, row.member, row.label, row.value, row.numerator, row.denominator, row.n, row.pending, row.reason)
        for row in rows
    ]


def test_a_person_without_a_published_row_has_nothing_to_count(settled, django_assert_max_num_queries):
    rows = KpiSnapshot.objects.filter(dimension="owner", current=True, start=LAST_MONTH.start, end=LAST_MONTH.end)
    agent = settled.people.cleo
    assert 0 < rows.filter(member=agent.pk).count() < len(SLOW["owner"])
    own = Scope("own", (str(agent.pk),))
    records = told(evaluate(SLOW["owner"], [LAST_MONTH], scope=own, use_published=False))
    with django_assert_max_num_queries(5):
        assert told(evaluate(SLOW["owner"], [LAST_MONTH], scope=own)) == records


@pytest.mark.parametrize("by", snapshots.SPLITS)
def test_a_split_is_read_from_what_was_published(settled, django_assert_max_num_queries, by):
    asked: dict[str, Any] = {"scope": Scope.everything(), "by": by}
    records = told(evaluate(SLOW[by], [LAST_MONTH], use_published=False, **asked))
    with django_assert_max_num_queries(10):
        assert told(evaluate(SLOW[by], [LAST_MONTH], **asked)) == records
    assert len({member for _key, member, *_rest in records}) > 2


def test_a_published_row_that_is_gone_is_found(settled):
    rows = KpiSnapshot.objects.filter(dimension="owner", current=True, numerator__gt=0, start=LAST_MONTH.start)
    row = rows.exclude(member="").earliest("pk")
    row.delete()
    assert f"not published {row.kpi} {row.start}..{row.end} owner={row.member}" in found()


# --- the page --------------------------------------------------------------------------------------------------------


def test_the_page_says_when_it_was_checked_and_what_differs(settled, client_of):
    url = reverse("analytics:check")
    browser = client_of(settled.people.ada)
    assert "Not checked yet" in browser.get(url).content.decode()
    check()
    assert "All stored numbers are those of the records." in browser.get(url).content.decode()
    DailyMeasure.objects.filter(source="deals.opened", dimension="").first().delete()
    check()
    page = browser.get(url).content.decode()
    assert "differ from their records" in page
    assert "deals.opened" in page


def test_the_page_has_the_check_run_by_a_job(settled, client_of):
    client_of(settled.people.ada).post(reverse("analytics:check"))
    assert Job.objects.filter(kind="analytics.check").count() == 1
    assert "A check is under way." in client_of(settled.people.ada).get(reverse("analytics:check")).content.decode()


@pytest.mark.parametrize("name", ["ann", "max", "mia", "gus"])
def test_only_administrators_see_it(settled, client_of, name):
    assert client_of(getattr(settled.people, name)).get(reverse("analytics:check")).status_code in (403, 404)
