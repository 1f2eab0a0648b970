"""A deal's history stays one chain, whatever order things are entered in."""

from __future__ import annotations

import datetime as dt

import pytest

from deals import services
from deals.choices import Status
from deals.models import Deal
from tests.factories import DealFactory, utc

NOW = utc("2026-05-18 10:00")
pytestmark = pytest.mark.django_db


@pytest.fixture
def deal(people, clock) -> Deal:
    clock(NOW)
    return DealFactory(owner=people.ann, created_at=utc("2026-01-05"), won_at=utc("2026-02-01"))


def chain(deal: Deal) -> list[tuple[str, dt.datetime, dt.datetime | None]]:
    states = list(deal.states.order_by("start", "pk"))
    for before, after in zip(states, states[1:], strict=False):
        assert before.end == after.start
    return [(state.status, state.start, state.end) for state in states]


def test_winning_again_at_the_moment_of_reopening_dates_the_closing_there(deal):
    services.win_deal(services.reopen_deal(deal))

    assert chain(deal)[-1] == (Status.WON, NOW, None)
    assert chain(deal)[-2] == (Status.OPEN, NOW, NOW)


def test_a_win_dated_back_into_an_earlier_win_replaces_it(deal):
    services.win_deal(services.reopen_deal(deal), at=utc("2026-03-01"))

    assert chain(deal) == [
        (Status.OPEN, utc("2026-01-05"), utc("2026-03-01")),
        (Status.WON, utc("2026-03-01"), None),
    ]


def test_a_corrected_win_between_two_wins_leaves_one(deal, clock):
    services.reopen_deal(deal, at=utc("2026-03-01"))
    services.win_deal(deal, at=utc("2026-04-01"))

    services.change_deal(deal, won_at=utc("2026-02-10"))

    assert chain(deal) == [
        (Status.OPEN, utc("2026-01-05"), utc("2026-02-10")),
        (Status.WON, utc("2026-02-10"), None),
    ]


def test_a_loss_after_a_win_keeps_both_and_the_time_between(deal):
    services.reopen_deal(deal, at=utc("2026-03-01"))
    services.lose_deal(deal, at=utc("2026-04-01"))

    assert [status for status, _start, _end in chain(deal)] == [Status.OPEN, Status.WON, Status.OPEN, Status.LOST]


def test_a_new_owner_of_a_won_deal_does_not_take_the_win(deal, people):
    services.change_deal(deal, owner=people.ben)

    deal.refresh_from_db()
    assert deal.facts.closed_owner == people.ann
    assert chain(deal)[-1][0] == Status.WON


def test_creation_and_win_are_both_corrected_to_days_after_the_old_win(deal):
    services.change_deal(deal, created_at=utc("2026-03-01"), won_at=utc("2026-04-01"))

    assert chain(deal) == [
        (Status.OPEN, utc("2026-03-01"), utc("2026-04-01")),
        (Status.WON, utc("2026-04-01"), None),
    ]


def test_a_deal_created_at_its_win_is_still_open_until_a_later_one(deal):
    services.change_deal(deal, created_at=utc("2026-02-01"))
    assert chain(deal) == [
        (Status.OPEN, utc("2026-02-01"), utc("2026-02-01")),
        (Status.WON, utc("2026-02-01"), None),
    ]

    services.change_deal(deal, won_at=utc("2026-03-01"))
    assert chain(deal) == [
        (Status.OPEN, utc("2026-02-01"), utc("2026-03-01")),
        (Status.WON, utc("2026-03-01"), None),
    ]


def test_a_creation_within_an_earlier_win_leaves_that_win_out(deal):
    services.reopen_deal(deal, at=utc("2026-03-01"))

    services.change_deal(deal, created_at=utc("2026-02-10"))

    assert chain(deal) == [(Status.OPEN, utc("2026-02-10"), None)]
