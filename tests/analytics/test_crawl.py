"""Every number on every page opens records with the same count and total: each page of numbers, as each role, in several periods.

A run opens every page as every role and every page in every period, and clicks on a part of the numbers that it finds there, another
part as each role. CRAWL=all clicks on all of them, which takes half an hour.
"""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import time_machine
from django.db import transaction
from django.test import Client

from analytics import formats, refreshing
from analytics.boards import boards
from analytics.engine import bound
from analytics.registry import About, Kpi, kpis, percent, plain, quotient
from crm.models import Organisation
from crm.services import save_organisation
from tests.deals import recurring
from tests.people import hire

from .crawling import Opened, Shown, figures, read
from .world import NOW, World, build

pytestmark = [pytest.mark.once, pytest.mark.django_db]

ROLES = ("ann", "max", "ada", "mia", "gus")  # rep, manager, admin, marketer, agent
PERIODS = ("period=this_month", "period=last_quarter", "period=this_year", "from=2025-11-20&to=2026-02-28")
PAGES = ["/", "/numbers/", *(f"/boards/{key}/" for key in boards.keys())]
KPI_PAGES = [f"/numbers/{key}/" for key in kpis.keys()]
EVERYTHING = os.environ.get("CRAWL") == "all"
#: One of so many of a page's numbers is clicked on, and one of so many KPIs has its own page opened as a role.
NUMBERS, OWN_PAGES = (1, 1) if EVERYTHING else (24, 60)


@pytest.fixture(scope="module")
def rows(django_db_setup: None, django_db_blocker: Any) -> Iterator[World]:
    """One world for all roles, which only read it; the CRM came into use in the middle of it."""
    with django_db_blocker.unblock(), time_machine.travel(NOW, tick=False), transaction.atomic():
        Organisation.forget()
        world = build(hire(), size=10)
        recurring.build(world.people)
        save_organisation(Organisation.current(), go_live_on=dt.date(2025, 9, 1), go_live_ramp=0)
        refreshing.rebuild()
        yield world
        transaction.set_rollback(True)


class Reader:
    """Somebody who clicks on numbers. `wrong` is what opened something else: (page, number, what opened)."""

    def __init__(self, user: Any) -> None:
        self.client, self.wrong, self.clicked = Client(), [], set()  # type: ignore[var-annotated]
        self.client.force_login(user)

    def open(self, address: str) -> Opened:
        response = self.client.get(address)
        assert response.status_code == 200, address
        return read(response.content.decode(), address)

    def click(self, page: str, shown: Shown) -> None:
        if shown in self.clicked:
            return
        self.clicked.add(shown)
        opened = self.behind(shown)
        if shown.words not in opened:
            self.wrong.append((page, shown, opened))

    def behind(self, shown: Shown) -> set[str]:
        """How the number may be written, going by what a click on it opens: the count and total of a part's records; the value that the
        records of numerator and denominator give, or that the number's own page tells."""
        kpi = bound([shown.key], shown.asked("metric"))[0]
        if part := shown.asked("part"):
            count, total, _amount = self.records(shown, part)
            return {count, total, f"from {count} record{'' if count == '1' else 's'}"}
        if not is_simple(kpi):
            return {self.open(shown.address).value}
        amounts = {name: self.records(shown, name)[2] for name in kpi.terms if name in ("numerator", "denominator")}
        if None in amounts.values():
            return {formats.DASH}  # what cannot be cut down to these eyes has neither value nor records
        formula = percent if kpi.unit == "percent" else quotient if "denominator" in kpi.terms else plain
        value, currency = formula(amounts).value, Organisation.current().base_currency
        moved = {f"{sign}{formats.exact(value, kpi.written, currency).lstrip('−')}" for sign in "+−"}
        return {figures(one) for one in (formats.exact(value, kpi.written, currency), *moved)}

    def records(self, shown: Shown, part: str) -> tuple[str, str, float | None]:
        """The count and total that the list of records tells, and the exact amount."""
        asked = {name: value for name, value in shown.query.items() if name != "part"}
        response = self.client.get(f"/numbers/{shown.key}/records/", {**asked, "part": part}, headers={"HX-Request": "true"})
        assert response.status_code == 200, shown
        found = response.context["drill"]
        if found is None:
            return "", "", None
        count, total = read(f"<main>{response.content.decode()}</main>", shown.address).records
        return count, total, found.total if found.is_sum else found.count


def is_simple(kpi: Kpi) -> bool:
    """Whether its value is its numerator, or that divided by its denominator."""
    return not (isinstance(kpi, About) or kpi.derives or kpi.kind == "percentile")


@pytest.mark.parametrize("who", ROLES)
def test_numbers_open_their_records(rows: World, clock: Callable, who: str) -> None:
    clock(NOW)
    Organisation.remember()
    reader, at = Reader(getattr(rows.people, who)), ROLES.index(who)
    reader.open("/")  # whoever reads is active today, which some numbers count
    refreshing.refresh_all_marked()
    for number, page in enumerate([*PAGES, *KPI_PAGES[at * 7 % OWN_PAGES :: OWN_PAGES]]):
        for period in PERIODS if EVERYTHING and page in PAGES else [PERIODS[(at + number) % len(PERIODS)]]:
            address = f"{page}?{period}"
            found = reader.open(address).numbers
            assert found or page not in PAGES, address
            for shown in found[(at * 2 + number) % NUMBERS :: NUMBERS]:
                reader.click(address, shown)
    assert reader.clicked
    assert reader.wrong == []
