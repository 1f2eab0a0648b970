"""Every indicator of the catalogue is there, and is called, counted and read as the catalogue says."""

from __future__ import annotations

import pytest

from analytics.registry import Kpi, kpis

from .catalogue import CATALOGUE, Entry

#: Ours: second readings of indicators of the catalogue.
BESIDE = {
    "clv_historic_revenue",
    "crm_cost",
    "first_resolution_time",
    "forecast_amount",
    "pipeline_due",
    "first_resolution_time_business",
    "first_response_time_business",
    "handling_time",
    "handling_time_business",
    "resolution_time_business",
    "response_time_business",
    "unattributed_revenue_share",
}


def entry_of(kpi: Kpi) -> Entry:
    return Entry(kpi.names["en"], kpi.names["fr"], kpi.names["es"], kpi.unit, kpi.direction, kpi.kind)


@pytest.mark.parametrize("key", [key for key in kpis.keys() if key in CATALOGUE])
def test_a_kpi_has_the_names_unit_direction_and_kind_of_the_catalogue(key):
    assert entry_of(kpis[key]) == CATALOGUE[key]


def test_what_the_catalogue_does_not_know_is_known_to_be_ours():
    assert set(kpis.keys()) - set(CATALOGUE) == BESIDE


def test_every_number_of_the_catalogue_is_there():
    assert set(CATALOGUE) - set(kpis.keys()) == set()


def test_no_two_kpis_bear_the_same_name_in_a_language():
    for language in ("en", "fr", "es"):
        names = [kpi.names[language] for kpi in kpis]
        assert len(names) == len(set(names)), language


def test_the_catalogue_has_its_160_keys():
    assert len(CATALOGUE) == 160
