"""The index of the Django admin shows what was published."""

import datetime as dt

import pytest

from analytics.models import KpiSnapshot
from analytics.registry import kpis
from analytics.snapshot_panel import FIRST

from . import scene
from .test_view_overview import text_of


@pytest.fixture
def published(people, clock):
    clock(scene.NOW)
    for start, value in ((dt.date(2026, 3, 1), 40.0), (dt.date(2026, 4, 1), 50.0)):
        end = dt.date(2026, start.month + 1, 1)
        KpiSnapshot.objects.create(
            kpi="win_rate",
            start=start,
            end=end,
            grain="month",
            value=value,
            numerator=2,
            denominator=4,
            n=4,
            as_of=end,
            status="final",
        )
    return people


def test_the_newest_published_month_of_each_kpi_stands_there(published, client_of):
    text = text_of(client_of(published.ada).get("/admin/"))
    assert "Win rate (closed deals) 50.0% n = 4 · April 2026 · Final" in text
    assert "40.0%" not in text


def test_a_snapshot_leads_to_its_number(published, client_of):
    html = client_of(published.ada).get("/admin/").content.decode()
    assert "/numbers/win_rate/?from=2026-04-01&amp;to=2026-04-30" in html


def test_areas_show_their_first_numbers_and_open_the_others(published, client_of):
    keys = [kpi.key for kpi in kpis if kpi.area == kpis["win_rate"].area]
    snapshot = KpiSnapshot.objects.get(start=dt.date(2026, 4, 1))
    for key in keys:
        if key != snapshot.kpi:
            KpiSnapshot.objects.create(
                kpi=key, start=snapshot.start, end=snapshot.end, grain="month", value=1, n=1, as_of=snapshot.end, status="final"
            )
    html = client_of(published.ada).get("/admin/").content.decode()
    first, _summary, others = html[html.index('id="kpi-snapshots"') :].partition("<details>")
    assert first.count("/numbers/") == FIRST
    assert others.count("?from=2026-04-01&amp;to=2026-04-30") == len(keys) - FIRST


def test_a_number_about_another_is_written_in_its_unit(published, client_of):
    snapshot = KpiSnapshot.objects.get(start=dt.date(2026, 4, 1))
    snapshot.pk, snapshot.kpi, snapshot.value = None, "goal_gap", -1234_00
    snapshot.save()
    assert "Gap to goal: Won amount (bookings) −$1,234" in text_of(client_of(published.ada).get("/admin/"))


def test_before_anything_is_published_it_says_so(people, client_of):
    assert "Nothing has been published yet." in text_of(client_of(people.ada).get("/admin/"))


def test_the_models_are_still_listed(published, client_of):
    assert 'class="app-contacts' in client_of(published.ada).get("/admin/").content.decode()


@pytest.mark.parametrize("name", ["ann", "max", "mia", "gus"])
def test_only_administrators_enter(published, client_of, name):
    assert client_of(getattr(published, name)).get("/admin/").status_code == 302
