"""kpis.md 130: the vector over deals, quotas and working lives in the database."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal

import pytest

from analytics import checking, refreshing, snapshots
from analytics.drill import drill
from analytics.engine import Row, evaluate
from analytics.models import KpiSnapshot, Target
from analytics.ramp import kaplan_meier
from analytics.registry import EMPTY
from analytics.scopes import Scope
from crm.models import User, UserSpan
from crm.periods import containing
from deals.bulk import create_many
from tests.people import People

from .vectors import LATER, MAY, new_deals, number

pytestmark = pytest.mark.django_db
ALL = Scope.everything()
DAY = 86_400
QUOTA = 100


@pytest.fixture(autouse=True)
def _later(clock: Callable, organisation: object) -> None:
    clock(LATER)


def begins(user: User, days: int, *, reaches: bool = True, quota_from: int = 0) -> None:
    """Starts so many days before the end of May with a quota for each month, and reaches it in May."""
    start = dt.date(2026, 6, 1) - dt.timedelta(days=days)
    UserSpan.objects.filter(user=user).delete()
    UserSpan.objects.create(user=user, start=start, role="rep", team=user.team, carries_quota=True, fte_percent=100)
    month, number_ = containing(start, "month"), 0
    rows, made = [], []
    while month.start < dt.date(2026, 12, 1):
        if number_ >= quota_from:
            rows.append(
                Target(kpi="won_amount", start=month.start, value=Decimal(QUOTA), currency="USD", owner=user, team=user.team)
            )
        amount = QUOTA if reaches and month.start >= MAY.start else QUOTA - 1
        made += new_deals(1, "2025-01-04 09:00", won=f"{month.last_day} 12:00", amount=amount, owner=user, team=user.team)
        month, number_ = containing(month.end, "month"), number_ + 1
    Target.objects.bulk_create(rows)
    create_many(made)


def asked(by: str | None = None, scope: Scope = ALL) -> list[Row]:
    number("won_amount")
    return evaluate(["rep_ramp_time"], [MAY], scope=scope, by=by)


def test_of_60_90_and_200_days_90_is_the_median(people: People) -> None:
    for user, days in ((people.ann, 60), (people.ben, 90), (people.cleo, 200)):
        begins(user, days)
    [row] = asked()
    assert (row.value, row.n, row.notes) == (90 * DAY, 3, [])
    teams = {row.member: row.value for row in asked("team")}
    assert teams == {str(people.north.pk): 75 * DAY, str(people.south.pk): 200 * DAY}
    people_there = drill("rep_ramp_time", MAY, scope=ALL)
    assert (people_there.count, people_there.total) == (3, 350 * DAY)
    assert asked(scope=Scope.of(people.ann))[0].value == 60 * DAY


def test_who_is_not_there_yet_is_told_and_in_the_median_of_all(people: People) -> None:
    begins(people.ann, 60)
    begins(people.ben, 90)
    begins(people.cleo, 200, reaches=False)
    [row] = asked()
    assert row.value == 75 * DAY
    assert row.notes == ["Not there yet: 1. The median of all (Kaplan-Meier): 90\N{NO-BREAK SPACE}d."]
    assert kaplan_meier([(60, True), (90, True), (200, False)]) == 90
    assert kaplan_meier([(60, True), (90, False), (200, False)]) is None


def test_whose_first_quota_came_after_three_months_is_left_out(people: People) -> None:
    begins(people.ann, 200, quota_from=3)
    assert asked()[0].reason == EMPTY
    assert drill("rep_ramp_time", MAY, scope=ALL).count == 0


def test_the_check_confirms_what_was_published_of_each_team(people: People) -> None:
    for user, days in ((people.ann, 60), (people.ben, 90), (people.cleo, 200)):
        begins(user, days)
    refreshing.rebuild()
    while snapshots.publish_step():
        pass
    teams = KpiSnapshot.objects.filter(kpi="rep_ramp_time", start=MAY.start, end=MAY.end, dimension="team", value__isnull=False)
    assert dict(teams.values_list("member", "value")) == {str(people.north.pk): 75 * DAY, str(people.south.pk): 200 * DAY}
    assert [line for line in map(str, checking.run().found) if "rep_ramp_time" in line] == []
