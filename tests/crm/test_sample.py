"""The sample data: complete, believable, the same each time, and never half there."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterator
from itertools import groupby, pairwise
from operator import attrgetter
from typing import Any

import pytest
import time_machine
from django.apps import apps
from django.contrib.auth import authenticate
from django.core.management import call_command
from django.db import transaction
from django.db.models import Count, Max, Q

from analytics import refreshing
from analytics.checking import run
from analytics.engine import evaluate
from analytics.registry import kpis
from analytics.scopes import Scope
from contacts.choices import LeadStatus
from contacts.models import Activity, Company, Lead, Person, PersonEmail
from crm import sample, site
from crm.models import ActiveDay, Event, Organisation, Team, User, UserSpan
from crm.models.users import Role
from crm.periods import containing
from crm.registry import Registry
from deals import history
from deals.choices import Status
from deals.models import Deal, DealFacts, DealState, StageVisit
from support.choices import Category, Outcome
from support.models import Message, SlaTarget, Ticket, TicketState
from surveys import scores
from surveys.models import Invitation, Response, ResponseEdit

NOW = dt.datetime(2026, 5, 19, 8, 30, tzinfo=dt.UTC)  # a Tuesday morning

pytestmark = [pytest.mark.once, pytest.mark.django_db]


@pytest.fixture(scope="module")
def filled(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """The sample, filled once for this file and taken back at its end."""
    with django_db_blocker.unblock(), transaction.atomic():
        with time_machine.travel(NOW, tick=False):
            sample.fill(now=NOW)
            refreshing.rebuild()
        yield
        transaction.set_rollback(True)


def digest() -> str:
    """What a person would compare: names, amounts and dates, whatever the keys."""
    rows = [
        *Deal.objects.order_by("number").values_list(
            "number", "title", "amount", "status", "created_at", "won_at", "owner__username"
        ),
        *Lead.objects.order_by("number").values_list("number", "name", "source", "status", "first_response_at"),
        *Activity.objects.order_by("at", "pk").values_list("kind", "at", "note"),
    ]
    return hashlib.sha256(repr(rows).encode()).hexdigest()


def test_it_has_the_promised_number_of_everything(filled: None) -> None:
    models = (Team, User, Company, Person, Lead, Deal)
    assert [model._default_manager.count() for model in models] == [4, 15, 409, 1200, 2015, 1500]


def test_each_role_is_taken_by_somebody(filled: None) -> None:
    assert set(User.objects.filter(is_active=True).values_list("role", flat=True)) == set(Role.values)


@pytest.mark.parametrize("role", Role.values)
def test_the_printed_login_of_each_role_works(filled: None, rf: Any, role: str) -> None:
    (username,) = [username for login_role, username in sample.LOGINS if login_role == role]
    user = authenticate(rf.post("/"), username=username, password=sample.PASSWORD)
    assert user is not None and user.role == role


def test_it_spans_thirty_six_months_up_to_today(filled: None) -> None:
    days = Deal.objects.order_by("created_day").values_list("created_day", flat=True)
    assert days[0] < dt.date(2023, 6, 1)
    assert days.last() >= dt.date(2026, 5, 11)


def test_nothing_happened_in_the_future(filled: None) -> None:
    latest = [
        Event.objects.aggregate(last=Max("at"))["last"],
        Activity.objects.aggregate(last=Max("at"))["last"],
        DealState.objects.aggregate(last=Max("start"))["last"],
        Lead.objects.aggregate(last=Max("closed_at"))["last"],
    ]
    assert max(latest) <= NOW


def test_every_deal_history_is_a_chain_that_ends_where_the_deal_stands(filled: None) -> None:
    states = DealState.objects.select_related("deal").order_by("deal_id", "start", "pk")
    for _deal, rows in groupby(states, key=attrgetter("deal_id")):
        chain = list(rows)
        assert all(before.end == after.start for before, after in pairwise(chain))
        last, deal = chain[-1], chain[-1].deal
        assert last.end is None
        assert [getattr(last, name) for name in history.TRACKED if name != "probability"] == [
            getattr(deal, name) for name in history.TRACKED if name != "probability"
        ]


def test_histories_hold_moves_back_new_owners_new_values_and_slipped_dates(filled: None) -> None:
    found = set()
    for _deal, rows in groupby(
        DealState.objects.select_related("stage").order_by("deal_id", "start", "pk"), key=attrgetter("deal_id")
    ):
        for before, after in pairwise(list(rows)):
            found |= {"back"} if after.stage.position < before.stage.position else set()
            found |= {name for name in ("owner_id", "amount", "expected_close") if getattr(before, name) != getattr(after, name)}
            found |= {"reopened"} if (before.status, after.status) == (Status.LOST, Status.OPEN) else set()
    assert found == {"back", "owner_id", "amount", "expected_close", "reopened"}


def test_deriving_again_changes_nothing(filled: None) -> None:
    def stored() -> list[Any]:
        visits = StageVisit.objects.order_by("deal_id", "entered_at", "stage_id").values_list(
            "deal_id", "stage_id", "seconds", "left_at"
        )
        return [*DealFacts.objects.order_by("pk").values(), *visits]

    before = stored()
    history.rebuild(Deal.objects.order_by("pk")[:700])
    assert stored() == before


def test_four_deals_in_ten_are_won(filled: None) -> None:
    closed = Deal.objects.closed().count()
    assert 0.35 <= Deal.objects.won().count() / closed <= 0.45


def test_more_is_signed_in_the_last_month_of_a_quarter_than_in_august(filled: None) -> None:
    def wins(*months: int) -> float:
        return Deal.objects.filter(won_at__month__in=months).count() / len(months)

    assert wins(3, 6, 9, 12) > wins(1, 2, 4, 5, 7, 10, 11) > wins(8)


def test_adoption_rises_after_go_live_and_is_nothing_before(filled: None) -> None:
    start = Organisation.current().go_live_on
    assert start == dt.date(2024, 11, 1)
    early = ActiveDay.objects.filter(day__gte=start, day__lt=dt.date(2025, 2, 1)).count()
    late = ActiveDay.objects.filter(day__gte=dt.date(2026, 2, 1), day__lt=dt.date(2026, 5, 1)).count()
    assert late > 1.3 * early > 0
    assert not ActiveDay.objects.filter(day__lt=start).exists()


def test_somebody_left_and_the_successor_has_the_open_deals(filled: None) -> None:
    gone = User.objects.get(username="hugo", is_active=False)
    assert UserSpan.objects.get(user=gone).end is not None
    assert not Deal.objects.open().filter(owner=gone).exists()
    assert DealState.objects.filter(owner=gone, deal__owner__username="ines").exists()


def test_converted_leads_keep_their_company_person_and_deal(filled: None) -> None:
    converted = Lead.objects.filter(status=LeadStatus.CONVERTED)
    assert not converted.filter(Q(company=None) | Q(person=None)).exists()
    assert converted.filter(deal__isnull=False).count() > 200


def test_nobody_real_can_be_written_to(filled: None) -> None:
    addresses = [*PersonEmail.objects.values_list("email", flat=True), *User.objects.values_list("email", flat=True)]
    addresses += Lead.objects.exclude(email="").values_list("email", flat=True)
    assert [address for address in addresses if not address.endswith(".example")] == []


def test_each_company_has_people_but_those_that_were_entered_twice(filled: None) -> None:
    alone = Company.objects.annotate(n=Count("people")).filter(n=0)
    assert {company.domain for company in alone} == {""}
    assert alone.count() == 9


def test_the_same_day_gives_the_same_data(filled: None, monkeypatch: pytest.MonkeyPatch) -> None:
    first = digest()
    compared: Registry[Any] = Registry("Sample data")  # what comes after these takes longer and is not in the digest
    for key in site.samples.keys()[: site.samples.keys().index("deals") + 1]:
        compared.register(key, site.samples[key])
    monkeypatch.setattr(site, "samples", compared)
    with transaction.atomic():
        for model in apps.get_models():
            model._base_manager.all()._raw_delete("default")
        sample.fill(now=NOW)
        second = digest()
        transaction.set_rollback(True)
    assert second == first


def test_a_database_that_is_not_empty_is_left_alone(filled: None) -> None:
    before = Event.objects.count()
    assert sample.fill(now=NOW) is None
    assert Event.objects.count() == before


def test_the_command_says_that_it_added_nothing(filled: None, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("sample")
    assert "nothing was added" in capsys.readouterr().out


def test_customers_were_asked_and_answered_believably(filled: None) -> None:
    assert 2_300 <= Invitation.objects.count() <= 2_600
    asked = Invitation.objects.delivered()
    assert 0.2 < asked.answered().count() / asked.count() < 0.4
    for kind, low, high in (("nps", 5, 60), ("csat", 60, 92)):
        rows = Response.objects.confirmed().of_kind(kind)
        assert low < (scores.nps if kind == "nps" else scores.csat)(rows.counts()) < high
    states = set(Response.objects.values_list("state", flat=True))
    assert states == {"confirmed", "quarantined", "rejected"}
    assert ResponseEdit.objects.exists()
    assert set(Invitation.objects.skipped().values_list("reason", flat=True)) >= {"throttled", "unsubscribed", "no_address"}
    low = Response.objects.confirmed().low().filter(origin="form", owner__isnull=False)
    assert not low.filter(task__isnull=True).exists()
    assert not Response.objects.filter(responded_at__gt=NOW).exists()


# --- tickets, and the numbers of all of it


def test_three_thousand_tickets_with_three_messages_each(filled: None) -> None:
    assert Ticket.objects.count() == 2900
    assert 2.5 < Message.objects.count() / 2900 < 4.5
    assert not Message.objects.filter(at__gt=NOW).exists() and not TicketState.objects.filter(start__gt=NOW).exists()


def test_every_desk_has_something_to_do_today(filled: None) -> None:
    for category in Category.values:
        assert Ticket.objects.filter(category=category).exists(), category
    assert Ticket.objects.overdue(NOW).exists()
    assert Ticket.objects.filter(next_due_at__gt=NOW).exists()
    assert Ticket.objects.filter(reopen_count__gt=0).exists()
    assert set(SlaTarget.objects.values_list("outcome", flat=True)) >= {Outcome.MET, Outcome.BREACHED, Outcome.RUNNING}


def test_every_number_of_service_has_a_value_last_month(filled: None) -> None:
    month = containing(NOW.date(), "month").previous()
    keys = [kpi.key for kpi in kpis if kpi.area == "service"]
    for row in evaluate(keys, [month], scope=Scope.everything()):
        assert row.value, row.kpi.key
        assert row.n >= (5 if row.kpi.kind == "stock" else 30), row.kpi.key


def test_the_check_finds_no_difference(filled: None, clock: Any) -> None:
    clock(NOW)
    Organisation.remember()
    report = run()
    assert report.compared > 100_000 and not report.found
