"""Numbers that people make of the others: the grammar, its units, and what the formulas come to."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext

from analytics import refreshing
from analytics.drill import drill
from analytics.engine import evaluate
from analytics.models import OwnNumber
from analytics.own import services
from analytics.own.grammar import FormulaError, Number, Ref, parse, refs_of
from analytics.own.numbers import checked, key_of, unit_of, valued
from analytics.registry import find
from analytics.scopes import Scope
from crm.events import Origin, acting
from crm.models import Event
from crm.periods import Period
from tests.factories import LeadFactory, utc
from tests.people import People

from .vectors import LATER, MAY, deals

pytestmark = pytest.mark.django_db
ALL = Scope.everything()


@pytest.fixture(autouse=True)
def later(organisation: Any, clock: Any) -> None:
    clock(LATER)


def made(formula: str, unit: str = "ratio", **values: Any) -> OwnNumber:
    values.setdefault("name", f"Own {OwnNumber.objects.count()}")
    return services.save_own_number(OwnNumber(), formula=formula, unit=unit, **values)


def row(own: OwnNumber, period: Period = MAY, **asked: Any) -> Any:
    refreshing.refresh_all_marked()
    rows = evaluate([key_of(own)], [period], scope=asked.pop("scope", ALL), **asked)
    return rows[0] if not asked.get("by") else {one.member: one for one in rows}


# --- the grammar -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1 + 2 * 3", 7),
        ("(1 + 2) * 3", 9),
        ("10 - 4 - 3", 3),
        ("24 / 4 / 2", 3),
        ("-2 * -3", 6),
        ("--2", 2),
        ("min(3, 1, 2) + max(4, 5) - abs(-1)", 5),
        ("1.5 + 0.25", 1.75),
    ],
)
def test_formulas_are_read_as_in_arithmetic(text: str, value: float) -> None:
    assert valued(parse(text), lambda ref: (None, "")) == (value, "")


def test_a_number_is_named_with_its_cut_and_its_time() -> None:
    node = parse('won_amount{source="trade fair", owner=7}@trailing(90)')
    assert node == Ref(0, "won_amount", (("owner", "7"), ("source", "trade fair")), "trailing", 90)
    assert [ref.moment for ref in refs_of(parse("a@prev + a@last_year + a@start + a"))] == ["prev", "last_year", "start", ""]
    assert parse("12") == Number(0, 12)


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("", 0),
        ("won_amount /", 12),
        ("won_amount deals_won", 11),
        ("(won_amount", 11),
        ("won_amount ; drop", 11),
        ("__import__('os')", 11),
        ("won_amount{source=}", 18),
        ("won_amount{source}", 17),
        ("won_amount@tomorrow", 11),
        ("won_amount@trailing(0)", 11),
        ("won_amount@trailing(1.5)", 11),
        ("exec(1)", 0),
        ("abs(1, 2)", 0),
        ("1 2", 2),
        ("(" * 50 + "1" + ")" * 50, 20),
        ("1" + "+1" * 200, 99),
        ("won_amount" * 200, 1000),
        ("\u0661", 0),
        ("1\x00", 1),
    ],
)
def test_what_cannot_be_read_says_where(text: str, at: int) -> None:
    with pytest.raises(FormulaError) as caught:
        checked(text)
    assert caught.value.at == at


@pytest.mark.parametrize(
    ("text", "unit", "kind"),
    [
        ("won_amount / deals_won", "money", "ratio"),
        ("won_amount + lost_value_of_nothing", None, None),
        ("deals_won + deals_lost", "count", "additive"),
        ("2 * won_amount", "money", "additive"),
        ("open_pipeline / 3", "money", "stock"),
        ("100 * deals_won / leads_created", "ratio", "ratio"),
        ("deals_won * average_deal_size", "money", "ratio"),
        ("won_amount - won_amount@prev", "money", "ratio"),
        ("open_pipeline - open_pipeline@start", "money", "ratio"),
        ("won_amount + deals_won", None, None),
        ("won_amount + 5", None, None),
        ("won_amount * won_amount", None, None),
        ("won_amount * win_rate", None, None),
        ("deals_won / won_amount", None, None),
        ("won_amount + open_pipeline", None, None),
        ("won_amount@start", None, None),
        ("win_rate - close_rate", "percent", "ratio"),
        ("win_rate - 20", "percent", "ratio"),
        ("sales_cycle_length / deals_won", "days", "ratio"),
        ("max(won_amount, open_pipeline)", "money", "ratio"),
        ("coalesce0(won_amount)", "money", "additive"),
        ("coalesce0(win_rate)", None, None),
        ("goal_attainment + 1", None, None),
        ("won_amount{nothing=1}", None, None),
        ("own_999", None, None),
        ("7", None, None),
    ],
)
def test_units_and_kind_come_out_of_the_formula_or_it_is_refused(text: str, unit: str | None, kind: str | None) -> None:
    if unit is None:
        with pytest.raises(FormulaError):
            checked(text)
    else:
        assert (unit_of(text), checked(text)[1]) == (unit, kind)


# --- what it comes to ------------------------------------------------------------------------------------------------


def test_a_formula_has_value_parts_and_the_records_behind_each() -> None:
    deals(4, won="2026-05-11", amount=1_000_00)
    deals(1, lost="2026-05-12", amount=1_000_00)
    LeadFactory.create_batch(20, created_at=utc("2026-05-03"))
    own = made("100 * deals_won / leads_created", "percent")
    found = row(own)
    assert (found.value, found.numerator, found.denominator, found.n) == (20, 4, 20, 20)
    for part, count in (("numerator", 4), ("denominator", 20)):
        assert drill(key_of(own), MAY, scope=ALL, part=part).count == count


def test_nothing_is_divided_by_zero_and_what_is_not_known_stays_so_unless_taken_for_zero() -> None:
    deals(2, won="2026-05-11", amount=100)
    LeadFactory(created_at=utc("2026-04-03"))
    assert (row(made("deals_won / leads_created")).value, row(made("deals_won / leads_created")).reason) == (None, "empty")
    june = Period(dt.date(2026, 6, 1), dt.date(2026, 7, 1), "month")
    assert row(made("win_rate - 10", "percent"), june).value is None
    assert row(made("coalesce0(deals_won) + leads_created", "count")).value == 2


@pytest.mark.parametrize("formula", ["deals_won" + " * 999999999999999" * 40, "deals_won" + " * 999999999999999" * 40 + " * 0"])
def test_a_value_beyond_all_measure_is_none(formula: str) -> None:
    deals(1, won="2026-05-11", amount=100)
    assert (row(made(formula, "count")).value, row(made(formula, "count")).reason) == (None, "unknown")


def test_other_times_are_other_days_of_the_same_number() -> None:
    deals(3, "2026-03-01", won="2026-04-11", amount=100)
    deals(5, "2026-03-01", won="2026-05-11", amount=100)
    deals(1, "2025-03-01", won="2025-05-11", amount=100)
    deals(7, "2026-03-01", amount=10)
    deals(2, "2026-05-02", amount=10)
    for formula, value in (
        ("deals_won - deals_won@prev", 2),
        ("deals_won - deals_won@last_year", 4),
        ("deals_won@trailing(21)", 5),
        ("deals_won@trailing(20)", 0),
        ("deals_won@trailing(60)", 8),
    ):
        assert row(made(formula, "count")).value == value, formula
    assert row(made("open_pipeline - open_pipeline@start", "money")).value == 90 - 570


def test_a_cut_in_the_formula_and_the_readers_cut_hold_both() -> None:
    deals(3, won="2026-05-11", amount=100, source="fair")
    deals(1, won="2026-05-11", amount=100, source="web")
    own = made("100 * deals_won{source=fair} / deals_won", "percent")
    assert row(own).value == 75
    assert row(own, filters={"source": "fair"}).value == 100
    assert (row(own, filters={"source": "web"}).value, row(own, filters={"source": "none"}).reason) == (0, "empty")
    assert drill(key_of(own), MAY, scope=ALL, filters={"source": "web"}, part="numerator").count == 0


def test_a_split_asks_each_number_for_each_member(people: People) -> None:
    deals(3, won="2026-05-11", amount=100, owner=people.ann)
    deals(1, won="2026-05-11", amount=100, owner=people.ben)
    LeadFactory.create_batch(6, created_at=utc("2026-05-03"), owner=people.ann)
    found = row(made("deals_won / leads_created"), by="owner")
    assert found[str(people.ann.pk)].value == 0.5
    assert found[str(people.ben.pk)].reason == "empty"


def test_each_reader_gets_the_formula_of_what_they_may_see(people: People) -> None:
    deals(3, won="2026-05-11", amount=100, owner=people.ann)
    deals(1, won="2026-05-11", amount=100, owner=people.cleo)
    own = made("2 * deals_won", "count")
    assert [row(own, scope=Scope.of(user)).value for user in (people.ann, people.cleo, people.ada)] == [6, 2, 8]


def test_a_number_that_adds_up_adds_up() -> None:
    deals(3, won="2026-05-11", amount=100)
    deals(4, won="2026-04-11", amount=100)
    own = made("deals_won + deals_lost", "count")
    two = Period(dt.date(2026, 4, 1), dt.date(2026, 6, 1))
    assert row(own, two).value == row(own).value + row(own, MAY.previous()).value == 7


# --- keeping it ------------------------------------------------------------------------------------------------------


def test_formulas_may_name_formulas_and_never_lead_back() -> None:
    deals(3, won="2026-05-11", amount=100)
    first = made("deals_won + 0 * deals_lost", "count")
    chain = [first]
    for _number in range(4):
        chain.append(made(f"{key_of(chain[-1])} + deals_won", "count"))
    assert row(chain[-1]).value == 15
    for formula in (f"{key_of(chain[-1])} + deals_won", key_of(chain[-1])):
        with pytest.raises(ValidationError, match="leads back here"):
            made(formula, "count")
    for formula in (key_of(first), f"{key_of(chain[2])} + 0"):
        with pytest.raises(ValidationError, match="leads back here"):
            services.save_own_number(first, formula=formula)
    first.refresh_from_db()
    with pytest.raises(ValidationError, match="Other formulas name it"):
        services.delete_own_number(first)
    services.delete_own_number(chain[-1])
    assert OwnNumber.objects.count() == 4


def test_a_formula_that_names_another_many_times_reads_it_once() -> None:
    keys = ["deals_won"]
    for _level in range(5):
        keys.append(key_of(made(" + ".join(keys[-1:] * 15), "count")))
    with CaptureQueriesContext(connection) as queries:
        find(keys[-1])
    assert len(queries) == 5


def test_a_formula_is_not_changed_under_those_that_rest_on_it() -> None:
    first = made("won_amount", "money")
    second = made(f"{key_of(first)} * 2", "money")
    top = made(f"{key_of(second)} + won_amount", "money")
    with pytest.raises(ValidationError, match="rests on it"):
        services.save_own_number(first, formula="deals_won", unit="count")
    with pytest.raises(ValidationError, match="rests on it"):
        services.save_own_number(second, formula=f"{key_of(first)} / won_amount", unit="ratio")
    assert row(top).value == 0
    services.save_own_number(first, formula="won_amount + revenue")
    assert row(top).kpi.unit == "money"


def test_a_member_beyond_all_ids_is_nobody() -> None:
    deals(1, won="2026-05-11", amount=100)
    assert row(made(f'deals_won{{owner="{"9" * 30}"}}', "count")).value == 0


def test_a_formula_asks_for_a_bounded_number_of_numbers() -> None:
    many = made(" + ".join(f"deals_won@trailing({days})" for days in range(1, 31)), "count")
    with pytest.raises(ValidationError, match="30 numbers at most"):
        made(f"{key_of(many)} + deals_won", "count")


def test_a_changed_formula_is_a_new_version_and_a_new_name_is_none(people: People) -> None:
    with acting(people.max, Origin.PAGE):
        own = made("deals_won / deals_lost")
    assert (own.owner, own.team, own.version) == (people.max, people.max.team, 1)
    services.save_own_number(own, name="Won for each lost")
    assert own.version == 1
    services.save_own_number(own, formula="deals_won / deals_created")
    assert own.version == 2
    kinds = Event.objects.filter(subject_type="analytics.ownnumber").order_by("pk").values_list("kind", flat=True)
    assert list(kinds) == ["ownnumber.created", "ownnumber.changed", "ownnumber.changed"]


def test_a_unit_that_does_not_come_out_is_refused() -> None:
    with pytest.raises(ValidationError) as caught:
        made("won_amount / deals_won", "percent")
    assert list(caught.value.message_dict) == ["unit"]
    assert not OwnNumber.objects.exists()


# --- pages and API ---------------------------------------------------------------------------------------------------


def test_a_manager_makes_a_number_on_a_page_and_reads_it_like_any_other(people: People, client_of: Any) -> None:
    deals(6, won="2026-05-11", amount=1_000_00, owner=people.ann, team=people.north)
    LeadFactory.create_batch(12, created_at=utc("2026-05-03"), owner=people.ann)
    refreshing.refresh_all_marked()
    client = client_of(people.max)
    typed = {"name": "Deals for each lead", "unit": "percent", "direction": "higher", "minimum_sample": "5"}
    wrong = client.post("/own-numbers/new/", {**typed, "formula": "100 * deals_won / leads"})
    assert wrong.status_code == 422
    assert "At character 19" in wrong.content.decode()
    assert "100 * deals_won / leads" in wrong.content.decode()
    made_ = client.post("/own-numbers/new/", {**typed, "formula": "100 * deals_won / leads_created"})
    own = OwnNumber.objects.get()
    assert made_["Location"] == own.get_absolute_url()
    page = client.get(f"/numbers/{key_of(own)}/", {"from": "2026-05-01", "to": "2026-05-31"}).content.decode()
    assert "50.0%" in page
    assert "Deals for each lead" in page
    assert "Deals for each lead" in client.get("/own-numbers/").content.decode()
    csv = client.get(f"/numbers/{key_of(own)}/series.csv", {"from": "2026-05-01", "to": "2026-05-31"})
    assert csv.status_code == 200


def test_only_the_maker_and_administrators_change_it_and_reps_read_it(people: People, client_of: Any) -> None:
    with acting(people.ada, Origin.PAGE):
        own = made("deals_won / deals_lost")
    url = own.get_absolute_url()
    assert client_of(people.ann).get(url).status_code == 200
    assert client_of(people.ann).get(f"/numbers/{key_of(own)}/").status_code == 200
    for user in (people.ann, people.max):
        assert client_of(user).post(f"{url}delete/").status_code in (403, 404)
    assert OwnNumber.objects.exists()
    assert client_of(people.ada).post(f"{url}delete/").status_code == 302
    assert client_of(people.ada).get(f"/numbers/{key_of(own)}/").status_code == 404


@pytest.mark.parametrize("key", ["own_0", "own_x", "own_99999999999999999999", "own_", "own_1"])
def test_a_key_of_no_number_is_not_found(people: People, client_of: Any, key: str) -> None:
    assert client_of(people.ada).get(f"/numbers/{key}/").status_code == 404
    assert client_of(people.ada).get(f"/api/v1/kpis/{key}/").status_code == 404


def test_the_number_of_queries_does_not_grow_with_its_periods() -> None:
    deals(1, won="2026-05-11", amount=100)
    own = made("won_amount / deals_won + won_amount@prev / deals_won@prev", "money")
    row(own)
    months = [Period(dt.date(2026, month, 1), dt.date(2026, month + 1, 1), "month") for month in range(1, 6)]
    counts = []
    for spans in (months[:2], months):
        with CaptureQueriesContext(connection) as queries:
            evaluate([key_of(own)], spans, scope=ALL)
        counts.append(len(queries))
    assert counts[0] == counts[1]
