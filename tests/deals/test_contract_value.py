"""What accounts with contracts are expected to be worth (kpis.md 3.5 and 5.1): the published fits, by themselves and over records."""

from __future__ import annotations

import datetime as dt
import math
from collections import Counter
from typing import Any

import pytest

from analytics.drill import drill
from analytics.engine import evaluate
from analytics.scopes import Scope
from contacts import services as contacts
from contacts.models import Company
from crm import jobs
from crm.models import Organisation
from crm.periods import Period
from deals.contracts import fitting, sbg
from deals.contracts.models import ContractRun, ContractValue, Refusal
from deals.models import Subscription
from deals.subscriptions.models import SubscriptionStep, TermEnd
from tests.analytics.vectors import number

from .ordering import companies, line, order
from .subscribing import subscription

HIGH_END = (1000, 869, 743, 653, 593, 551, 517, 491)
REGULAR = (1000, 631, 468, 382, 326, 289, 262, 241)
SMALL = (100, 63, 47, 38, 33)  # a tenth of it, in whole accounts
DAY = dt.date(2026, 5, 17)
MAY = Period(dt.date(2026, 5, 1), dt.date(2026, 6, 1), "month")
ALL = Scope.everything()


def seen(*cohorts: tuple[int, ...]) -> tuple[Counter[int], Counter[int]]:
    """How many left at the end of which term, and how many had renewed how often, of survivors at the end of each term."""
    lost: Counter[int] = Counter()
    kept: Counter[int] = Counter()
    for sizes in cohorts:
        lost.update({n: before - after for n, (before, after) in enumerate(zip(sizes, sizes[1:], strict=False), 1)})
        kept[len(sizes) - 1] += sizes[-1]
    return lost, kept


# --- the published fits ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cohort", "alpha", "beta", "likelihood"),
    [
        (HIGH_END, 0.668, 3.806, -1611.16),
        (REGULAR, 0.704, 1.182, -1680.27),
        (REGULAR[:5], 0.764, 1.296, -1401.56),
    ],
    ids=["high end", "regular", "regular, four renewals"],
)
def test_the_fits_of_the_published_cohorts(cohort: tuple, alpha: float, beta: float, likelihood: float) -> None:
    found = sbg.fit(*seen(cohort))
    assert (found.alpha, found.beta) == (pytest.approx(alpha, abs=6e-4), pytest.approx(beta, abs=6e-4))
    assert found.log_likelihood == pytest.approx(likelihood, abs=6e-3)
    assert found.is_inside and found.stable


def test_the_survival_that_they_foretell() -> None:
    high, regular = sbg.fit(*seen(HIGH_END)), sbg.fit(*seen(REGULAR[:5]))
    assert [high.stays(t) for t in range(8, 13)] == pytest.approx([0.460, 0.436, 0.414, 0.395, 0.378], abs=6e-4)
    assert high.residual(8, 0.1) == pytest.approx(7.530, abs=6e-4)
    assert [1000 * regular.stays(t) for t in range(1, 5)] == pytest.approx([629.2, 472.1, 383.3, 325.5], abs=0.06)


def test_four_cohorts_are_worth_more_than_their_plain_rate_says() -> None:
    whole = (10_000, 8_000, 6_480, 5_307, 4_391)
    found = sbg.fit(*seen(*(whole[: 1 + n] for n in range(1, 5))))
    assert (found.alpha, found.beta) == (pytest.approx(3.80, abs=6e-3), pytest.approx(15.19, abs=6e-3))
    assert [found.residual(n, 0.1) for n in range(1, 6)] == pytest.approx([3.310, 3.451, 3.587, 3.717, 3.843], abs=1e-3)


def test_closed_forms() -> None:
    assert sbg.Fit(1, 1).lifetime(0.1) == pytest.approx(1.1 * math.log(11)) == pytest.approx(2.637685, abs=1e-6)
    assert [sbg.Fit(1, 2).stays(t) for t in (1, 2, 3)] == pytest.approx([2 / 3, 1 / 2, 2 / 5])
    with pytest.raises(ValueError, match="discount"):
        sbg.Fit(1, 1).residual(1, 0)
    with pytest.raises(ValueError, match="nothing"):
        sbg.fit({}, {1: 0})


def test_renewals_that_are_all_alike_run_off() -> None:
    assert not sbg.fit({}, {3: 50}).is_inside


# --- over records ----------------------------------------------------------------------------------------------------


@pytest.fixture
def books(organisation: Any, clock: Any) -> None:
    clock("2026-05-18 10:00")
    Organisation.remember()  # not asked anew for each of thousands of rows


def begun(year: int) -> dt.date:
    return dt.date(year, 3, 1)


def cohort(sizes: tuple[int, ...], first: int, price: int = 100_00) -> list[Company]:
    """Accounts with yearly contracts of which so many renewed each time; written as rows, because services would say no more."""
    found = companies(sizes[0], f"Account {first}")
    before: list[Subscription] = []
    for term, size in enumerate(sizes):
        rows = [
            Subscription(
                number=f"{first}-{term}-{at}", company=found[at], plan="Care", currency="USD", interval="year", amount=price, rate=1,
                start=begun(first + term), term_end=begun(first + term + 1), renewed_from=before[at] if before else None,
            )
            for at in range(size)
        ]  # fmt: skip
        Subscription.objects.bulk_create(rows)
        SubscriptionStep.objects.bulk_create(
            SubscriptionStep(subscription=row, day=row.start, interval="year", amount=price, quantity=1, plan="Care")
            for row in rows
        )
        TermEnd.objects.bulk_create(
            TermEnd(
                subscription=row, company=row.company, day=row.term_end, matured=True, renewed=at < size, plan="Care", currency="USD",
                base=price, renewed_base=0, kept_base=0,
            )
            for at, row in enumerate(before)
        )  # fmt: skip
        before = rows
    return found


def margin_of_half() -> None:
    order(companies(1, "Buyer")[0], "2026-03-01", lines=[line(100_00, cost=50_00)])


@pytest.mark.django_db
def test_the_published_cohort_as_contracts_gives_its_fit_and_a_value_to_each_account(books: None) -> None:
    cohort(REGULAR[:5], 2022)
    margin_of_half()
    run = fitting.make(DAY)
    assert (run.refused, run.due, run.longest) == ("", 1000 + 631 + 468 + 382, 4)
    assert (run.parameters["alpha"], run.parameters["beta"]) == (pytest.approx(0.764, abs=6e-4), pytest.approx(1.296, abs=6e-4))
    each = round(50_00 * sbg.fit(*seen(REGULAR[:5])).residual(5, 0.1))
    found = number("clv_contractual", MAY)
    assert (found.value, found.denominator, found.n) == (pytest.approx(each), 326, 326)
    assert float(run.error) < 1


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("sizes", "why"),
    [
        ((60, 40), Refusal.FEW_TERMS),
        ((99, 60), Refusal.FEW_TERMS),
        ((100, 60), Refusal.FEW_RENEWALS),
        ((80, 60), Refusal.FEW_TERMS),
    ],
)
def test_too_few_terms_say_nothing_and_why(books: None, sizes: tuple[int, ...], why: str) -> None:
    cohort(sizes, 2025)
    assert fitting.make(DAY).refused == why
    assert (number("clv_contractual", MAY).value, number("clv_contractual", MAY).reason) == (None, "no_model")


@pytest.mark.django_db
def test_what_is_missed_by_more_than_a_quarter_says_nothing(books: None) -> None:
    """Who had renewed three times would have again, seven of eight; nearly half did not."""
    cohort((100, 60, 45, 38, 20), 2022)
    run = fitting.make(DAY)
    assert run.refused == Refusal.HOLD_OUT
    assert run.error > 25


@pytest.mark.django_db
def test_a_cancelled_contract_is_worth_nothing_and_one_without_an_end_is_not_in_it(books: None) -> None:
    cohort(SMALL, 2022)
    margin_of_half()
    subscription(companies(1, "Monthly")[0], "2026-01-01")
    Subscription.objects.filter(number="2022-4-0").update(ended_on=begun(2027))
    fitting.make(DAY)
    assert number("clv_contractual", MAY).denominator == 32


@pytest.mark.django_db
def test_without_a_known_margin_accounts_have_no_value(books: None) -> None:
    cohort(SMALL, 2022)
    run = fitting.make(DAY)
    assert (run.refused, run.margin, ContractValue.objects.count()) == ("", None, 33)
    assert number("clv_contractual", MAY).reason == "no_model"


@pytest.mark.django_db
def test_a_run_stands_from_its_day_until_the_next_and_may_be_made_again(books: None) -> None:
    cohort(SMALL, 2022)
    margin_of_half()
    fitting.make(dt.date(2026, 4, 19))
    with pytest.raises(ValueError, match="already"):
        fitting.make(dt.date(2026, 4, 12))
    april, may = (Period(dt.date(2026, 4, 1), dt.date(2026, 5, 1), "month"), MAY)
    one = number("clv_contractual", april).value
    Subscription.objects.filter(number="2022-4-0").update(ended_on=begun(2027))
    for _time in range(2):
        fitting.make(DAY)
        assert number("clv_contractual", april).value == one
        assert number("clv_contractual", may).denominator == 32
    assert ContractRun.objects.count() == 2
    jobs.enqueue("deals.contracts_fit", {"day": "2026-05-24"})
    jobs.run_all(strict=True)
    assert ContractRun.objects.count() == 3


@pytest.mark.django_db
def test_merged_accounts_are_one_with_what_both_are_worth(books: None) -> None:
    found = cohort(SMALL, 2022)
    margin_of_half()
    fitting.make(DAY)
    before = number("clv_contractual", MAY)
    contacts.merge_companies(found[0], found[1])
    contacts.merge_companies(found[2], found[99])  # who left long ago
    after = number("clv_contractual", MAY)
    assert (after.numerator, after.denominator) == (before.numerator, before.denominator - 1)
    listed = drill("clv_contractual", MAY, scope=ALL)
    assert (listed.count, listed.total) == (32, evaluate(["clv_contractual"], [MAY], scope=ALL, live=True)[0].parts["numerator"])


@pytest.mark.django_db
def test_a_renewal_after_the_grace_begins_a_chain_of_its_own(books: None) -> None:
    (acme,) = companies(1)
    first = subscription(acme, "2022-03-01", 100_00, interval="year", term_end="2023-03-01")
    again = subscription(acme, "2023-03-01", 100_00, interval="year", term_end="2024-03-01", renewed_from=first)
    late = subscription(acme, "2024-06-01", 100_00, interval="year", term_end="2025-06-01", renewed_from=again)
    chains = fitting.Chains()
    assert [chains.place(row.pk) for row in (first, again, late)] == [(first.pk, 1), (first.pk, 2), (late.pk, 1)]
    assert fitting.counted(fitting.ends(DAY, chains)) == (Counter({2: 1, 1: 1}), Counter())
