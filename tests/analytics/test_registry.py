"""The registry refuses what cannot explain itself, and whatever comes late."""

from __future__ import annotations

from dataclasses import replace

import pytest

from analytics import registry
from analytics.registry import add_kpi, kpis
from analytics.sources import DailySource, Measure, add_source, source_of
from contacts.models import Company
from crm.registry import Registry, RegistryError


def test_a_kpi_that_comes_after_the_start_is_refused():
    with pytest.raises(RegistryError, match="too late"):
        add_kpi(replace(kpis["win_rate"], key="late"))


def test_a_key_can_be_taken_once():
    books: Registry[int] = Registry("Book")
    books.register("one", 1)

    with pytest.raises(RegistryError, match="twice"):
        books.register("one", 2)


@pytest.mark.parametrize(
    "lacking", [{"definition": ""}, {"formula": ""}, {"dated": ""}, {"names": {"en": "Only English"}}, {"terms": {}}]
)
def test_a_kpi_that_cannot_explain_itself_is_refused(lacking):
    with pytest.raises(RegistryError, match="lacks"):
        add_kpi(replace(kpis["win_rate"], key="mute", **lacking))


def test_a_measure_that_nobody_declares_is_refused():
    with pytest.raises(KeyError):
        add_kpi(replace(kpis["win_rate"], key="lost", terms={"numerator": registry.total("nothing")}))


def test_a_measure_key_belongs_to_one_source():
    again = DailySource(
        "again", (Measure("deals_won"),), {}, ("contacts.company", "pk"), rows=Company.objects.all, day="created_day"
    )

    with pytest.raises(RegistryError, match="twice"):
        add_source(again)
    assert source_of("deals_won").key == "deals.closed"


def test_every_dimension_of_a_kpi_is_known_to_all_its_sources():
    for kpi in kpis:
        for term in kpi.terms.values():
            for ref in term.refs:
                for dimension in set(kpi.dimensions) - set(term.ignores) - set(ref.tags):
                    assert dimension in ref.source.dimensions, (kpi.key, ref.measure, dimension)
