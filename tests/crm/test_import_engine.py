"""Runs: every row is created, updated, unchanged or refused; a run that is cut off goes on where it stopped."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from contacts.models import Activity, Company, Lead, Person, PersonEmail
from crm import jobs
from crm.import_kinds import run_in_background
from crm.imports import engine
from crm.imports.errors import FileRefused
from crm.imports.mapping import Options
from crm.imports.registry import kinds
from crm.models import Event, ExchangeRate, ImportChunk, ImportRun, Team, User, UserSpan
from deals.models import Deal, DealState
from tests.factories import CompanyFactory, DealFactory
from tests.imports import counts, reasons, run_import, write
from tests.people import People

pytestmark = pytest.mark.django_db


def companies(path: Path, count: int, bad: tuple[int, ...] = ()) -> Path:
    rows: list[list[Any]] = [["name", "employees"]]
    rows += [[f"Company {n}", "many" if n in bad else n] for n in range(1, count + 1)]
    return write(path / "companies.csv", rows)


# --- one bad row -----------------------------------------------------------------------------------------------------


def test_one_bad_row_never_stops_the_rest(tmp_path: Path) -> None:
    run = run_import("companies", companies(tmp_path, 2500, bad=(1734,)))
    assert counts(run) == (2499, 0, 0, 1)
    assert reasons(run) == [(1735, "employees", "many", "is not a number")]
    assert run.rows == run.created + run.updated + run.unchanged + run.refused
    assert run.issues.get().row == ["Company 1734", "many"]


def test_a_row_that_only_the_database_refuses_is_found_and_the_rest_goes_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from django.db import IntegrityError

    save = kinds["companies"].save

    def picky(rows: Any, step: Any) -> None:
        save(rows, step)
        if any(row.text("name") == "Company 7" for row in rows):
            raise IntegrityError("no sevens")

    monkeypatch.setattr(kinds["companies"], "save", picky)
    run = run_import("companies", companies(tmp_path, 20))
    assert counts(run) == (19, 0, 0, 1)
    assert reasons(run)[0][::3] == (8, "contradicts another record: no sevens")
    assert Company.objects.count() == 19


def test_a_cell_with_nul_refuses_its_row_only(tmp_path: Path) -> None:
    path = tmp_path / "nul.csv"
    path.write_bytes(b"name,city\nAcme,Par\x00is\nBeta,Lyon\n")
    run = run_import("companies", path)
    assert counts(run) == (1, 0, 0, 1)
    assert reasons(run) == [(2, "city", "Par\ufffdis", "holds characters that cannot be stored")]


def test_reasons_are_in_the_language_of_who_imports(tmp_path: Path) -> None:
    run = engine.stage("companies", companies(tmp_path, 1, bad=(1,)))
    run.options["language"] = "fr"
    run.save()
    engine.plan(run)
    engine.start(run)
    engine.step(run.pk)
    assert run.options["language"] == "fr"
    assert ImportRun.objects.get(pk=run.pk).refused == 1


# --- steps -----------------------------------------------------------------------------------------------------------


def test_each_step_is_a_thousand_rows_and_says_where_to_go_on(tmp_path: Path) -> None:
    run = engine.stage("companies", companies(tmp_path, 2500))
    engine.plan(run)
    engine.start(run)
    assert engine.step(run.pk) is True
    run.refresh_from_db()
    assert (run.next_row, Company.objects.count(), run.state) == (1000, 1000, "running")
    assert engine.step(run.pk) is True
    assert engine.step(run.pk) is False
    run.refresh_from_db()
    assert (run.next_row, Company.objects.count(), run.state) == (2500, 2500, "done")
    assert not run.chunks.exists()


def test_a_step_that_was_rolled_back_is_done_again_without_doubles(tmp_path: Path) -> None:
    from django.db import transaction

    run = engine.stage("companies", companies(tmp_path, 1500))
    engine.plan(run)
    engine.start(run)
    point = transaction.savepoint()
    engine.step(run.pk)
    transaction.savepoint_rollback(point)
    assert Company.objects.count() == 0
    while engine.step(run.pk):
        pass
    assert Company.objects.count() == 1500
    assert counts(ImportRun.objects.get(pk=run.pk)) == (1500, 0, 0, 0)


def test_jobs_do_the_steps_one_after_the_other(tmp_path: Path) -> None:
    run = engine.stage("companies", companies(tmp_path, 1500))
    engine.plan(run)
    run_in_background(run)
    jobs.run_all()
    run.refresh_from_db()
    assert (run.state, counts(run)) == ("done", (1500, 0, 0, 0))


def test_a_stopped_run_does_no_more(tmp_path: Path) -> None:
    run = engine.stage("companies", companies(tmp_path, 1500))
    engine.plan(run)
    engine.start(run)
    engine.step(run.pk)
    assert engine.stop(run)
    assert engine.step(run.pk) is False
    assert (Company.objects.count(), ImportChunk.objects.count()) == (1000, 0)


def test_rows_of_the_same_record_are_written_one_after_the_other(tmp_path: Path) -> None:
    path = write(tmp_path / "f.csv", [["name", "city"], ["Acme", "Paris"], ["Acme", "Lyon"], [" Acme ", "Lyon"]])
    assert counts(run_import("companies", path)) == (1, 1, 1, 0)
    assert list(Company.objects.values_list("name", "city")) == [("Acme", "Lyon")]


def test_a_dry_run_over_several_steps_counts_what_the_import_would(tmp_path: Path) -> None:
    rows: list[list[Any]] = [["name", "parent"], *([f"Company {n}", "Holding"] for n in range(1100)), ["Company 3", "Holding"]]
    path = write(tmp_path / "f.csv", rows)
    dry = run_import("companies", path, dry_run=True)
    assert Company.objects.count() == 0
    wet = run_import("companies", path)
    assert (counts(dry), dry.made) == (counts(wet), wet.made)
    assert counts(wet) == (1100, 0, 1, 0)


def test_a_finished_trial_can_be_done_in_earnest(tmp_path: Path) -> None:
    run = run_import("companies", companies(tmp_path, 3, bad=(2,)), dry_run=True)
    engine.in_earnest(run)
    while engine.step(run.pk):
        pass
    run.refresh_from_db()
    assert (counts(run), run.dry_run, Company.objects.count(), run.issues.count()) == ((2, 0, 0, 1), False, 2, 1)


def test_everything_imported_tells_its_origin(tmp_path: Path) -> None:
    run_import("companies", companies(tmp_path, 1))
    assert Company.objects.get().origin == "import"
    assert list(Event.objects.values_list("kind", "origin")) == [("company.created", "import")]


# --- columns ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"map": {"nam": "name"}}, "have no field “nam”"),
        ({"map": {"name": "firm"}}, "no column “firm”"),
        ({"map": {"name": ""}}, "No column for name or domain"),
        ({"zone": "Mars/Olympus"}, "not a time zone"),
        ({"decimal": "x"}, "decimal sign"),
        ({"date_format": "xx"}, "not a date format"),
        ({"encoding": "klingon"}, "not an encoding"),
        ({"default": {"employees": "many"}}, "is not a number"),
    ],
)
def test_options_that_cannot_be_meant_are_refused_before_the_first_row(tmp_path: Path, options: dict, reason: str) -> None:
    with pytest.raises(FileRefused, match=reason):
        run_import("companies", companies(tmp_path, 1), **options)


def test_ambiguous_dates_are_refused_until_the_format_is_said(tmp_path: Path) -> None:
    path = write(tmp_path / "f.csv", [["name", "created_at"], ["Acme", "03/04/2024"]])
    with pytest.raises(FileRefused, match="day or with the month first"):
        run_import("companies", path)
    run_import("companies", path, date_format="m/d/Y")
    assert Company.objects.get().created_at == dt.datetime(2024, 3, 4, tzinfo=dt.UTC)


def test_another_column_of_the_file_decides_an_ambiguous_one(tmp_path: Path) -> None:
    rows = [["name", "created_at", "converted_at"], ["Ann", "03/04/2024", "13/04/2024"]]
    run_import("leads", write(tmp_path / "f.csv", rows))
    assert Lead.objects.get().created_at == dt.datetime(2024, 4, 3, tzinfo=dt.UTC)


def test_dates_are_local_to_the_organisation_or_the_given_zone(tmp_path: Path, organisation: Any) -> None:
    organisation.time_zone = "Europe/Paris"
    organisation.save()
    path = write(tmp_path / "f.csv", [["name", "created_at"], ["Acme", "2024-07-01"]])
    run_import("companies", path)
    assert Company.objects.get().created_at == dt.datetime(2024, 6, 30, 22, tzinfo=dt.UTC)
    assert Company.objects.get().created_day == dt.date(2024, 7, 1)
    run_import("companies", path, zone="UTC")
    assert Company.objects.get().created_at == dt.datetime(2024, 7, 1, tzinfo=dt.UTC)


def test_the_decimal_sign_is_found_over_the_whole_column(tmp_path: Path) -> None:
    path = write(tmp_path / "f.csv", [["name", "annual_revenue"], ["A", "1.500"], ["B", "12,5"]], delimiter=";")
    run_import("companies", path)
    assert dict(Company.objects.values_list("name", "annual_revenue")) == {"A": 150_000, "B": 1_250}


def test_defaults_fill_blanks_and_aliases_replace_values(tmp_path: Path) -> None:
    path = write(tmp_path / "f.csv", [["name", "industry"], ["Acme", "Technolgy"], ["Beta", ""]])
    run_import(
        "companies", path, default={"industry": "other", "source": "fair"}, alias={"industry": {"technolgy": "technology"}}
    )
    assert sorted(Company.objects.values_list("name", "industry", "source")) == [
        ("Acme", "technology", "fair"),
        ("Beta", "other", "fair"),
    ]


# --- kinds -----------------------------------------------------------------------------------------------------------


def test_blank_cells_change_nothing_and_filled_ones_do(tmp_path: Path) -> None:
    CompanyFactory(name="Acme", city="Paris", industry="retail")
    path = write(tmp_path / "f.csv", [["name", "city", "industry"], ["acme", "", "Software"]])
    assert counts(run_import("companies", path)) == (0, 1, 0, 0)
    company = Company.objects.get()
    assert (company.city, company.industry) == ("Paris", "Software")


def test_a_company_is_found_by_domain_before_name(tmp_path: Path) -> None:
    company = CompanyFactory(name="Acme", domain="acme.com")
    path = write(tmp_path / "f.csv", [["name", "domain"], ["Acme Corporation", "https://www.acme.com/"], ["Acme", "acme.org"]])
    assert counts(run_import("companies", path)) == (1, 1, 0, 0)
    company.refresh_from_db()
    assert company.name == "Acme Corporation"


def test_companies_without_a_date_are_marked_and_dated_by_the_import(tmp_path: Path) -> None:
    run_import("companies", companies(tmp_path, 1))
    assert Company.objects.get().undated


def test_people_are_found_by_any_address_and_their_company_is_made(tmp_path: Path) -> None:
    rows = [
        ["first_name", "last_name", "email", "phone", "company"],
        ["Ann", "Archer", "ann@acme.com; ann@home.example", "+33 1 23 45 67 89", "Acme"],
        ["Ben", "Baker", "", "", "Acme"],
        ["", "", "not an address", "", ""],
        ["Cleo", "Cruz", "c@x.example", "call me", ""],
    ]
    path = write(tmp_path / "f.csv", rows)
    run = run_import("people", path)
    assert counts(run) == (2, 0, 0, 2)
    assert [reason[1:] for reason in reasons(run)] == [
        ("email", "not an address", "is not an e-mail address"),
        ("phone", "call me", "is not a phone number"),
    ]
    assert run.made == {"company": {"count": 1, "names": ["Acme"]}}
    ann = Person.objects.get(name="Ann Archer")
    assert [row.email for row in ann.emails.all()] == ["ann@acme.com", "ann@home.example"]
    assert ann.phones.get().e164 == "+33123456789"
    assert counts(run_import("people", path)) == (0, 0, 2, 2)
    more = write(tmp_path / "g.csv", [["name", "email"], ["Ann Archer", "ANN@home.example"], ["Ann Archer", "other@acme.com"]])
    assert counts(run_import("people", more)) == (1, 0, 1, 0)
    assert PersonEmail.objects.count() == 3


def test_leads_follow_their_dates_and_come_in_once(tmp_path: Path) -> None:
    rows = [
        ["number", "name", "email", "source", "status", "created_at", "first_response_at", "converted_at"],
        ["A1", "Ann", "ann@x.example", "organic", "", "2024-01-02", "2024-01-03 10:00", "2024-02-01"],
        ["A2", "Ben", "ben@x.example", "paid", "Working", "2024-01-05", "", ""],
        ["", "Cleo", "cleo@x.example", "", "converted", "2024-01-06", "", ""],
        ["A4", "Dan", "", "", "", "2024-02-01", "", "2024-01-01"],
    ]
    path = write(tmp_path / "f.csv", rows)
    run = run_import("leads", path)
    assert counts(run) == (3, 0, 0, 1)
    assert [lead.status for lead in Lead.objects.order_by("created_at")] == ["converted", "working", "qualified"]
    assert Lead.objects.get(number="A1").facts.converted_day == dt.date(2024, 2, 1)
    assert [note["key"] for note in run.notes] == ["lead:converted"]
    assert reasons(run)[0][1:] == ("converted_at", "2024-01-01", "lies before the creation")
    assert counts(run_import("leads", path)) == (0, 0, 3, 1)


def test_activities_come_in_once_and_belong_to_their_deal(tmp_path: Path, people: People) -> None:
    deal = DealFactory(owner=people.ann, number="D-77")
    rows = [
        ["kind", "at", "owner", "deal", "direction", "minutes"],
        ["Phone call", "2024-01-02 10:00", "Ann Archer", "d-77", "outbound", 12],
        ["lunch", "2024-01-02", "", "", "", ""],
    ]
    path = write(tmp_path / "f.csv", rows)
    run = run_import("activities", path)
    assert counts(run) == (1, 0, 0, 1)
    activity = Activity.objects.get()
    assert (activity.kind, activity.direction, activity.minutes, activity.deals.get()) == ("call", "out", 12, deal)
    assert counts(run_import("activities", path)) == (0, 0, 1, 1)


def test_rates_are_set_once(tmp_path: Path) -> None:
    path = write(
        tmp_path / "f.csv",
        [["currency", "date", "rate"], ["EUR", "2024-01-01", "1.1"], ["usd", "2024-01-01", "1"], ["XXY", "2024-01-01", "1"]],
    )
    run = run_import("rates", path)
    assert counts(run) == (1, 0, 0, 2)
    assert counts(run_import("rates", path)) == (0, 0, 1, 2)
    assert str(ExchangeRate.objects.get().rate.normalize()) == "1.1"


def test_users_get_names_roles_and_a_tree_of_teams(tmp_path: Path) -> None:
    rows = [
        ["name", "email", "role", "team", "parent_team", "manager"],
        ["José Núñez", "jose@x.example", "Sales rep", "South", "Sales", "Max Moreau"],
        ["Ben Baker", "", "", "South", "Sales", "Max Moreau"],
    ]
    path = write(tmp_path / "f.csv", rows)
    run = run_import("users", path)
    assert counts(run) == (2, 0, 0, 0)
    assert User.objects.get(name="José Núñez").username == "jose.nunez"
    assert Team.objects.get(name="South").parent.name == "Sales"
    assert Team.objects.get(name="South").manager.name == "Max Moreau"
    assert UserSpan.objects.filter(team__name="South").count() == 3
    assert counts(run_import("users", path)) == (0, 0, 2, 0)


def test_a_deal_moves_on_when_a_later_file_says_so_and_keeps_its_history(tmp_path: Path) -> None:
    head = ["number", "title", "stage", "status", "amount", "created_at", "closed_at"]
    run_import("deals", write(tmp_path / "1.csv", [head, ["7", "Big one", "Proposal", "open", "100", "2024-01-01", ""]]))
    later = write(tmp_path / "2.csv", [head, ["7", "Big one", "Proposal", "won", "120", "2024-01-01", "2024-03-01"]])
    assert counts(run_import("deals", later)) == (0, 1, 0, 0)
    assert counts(run_import("deals", later)) == (0, 0, 1, 0)
    deal = Deal.objects.get()
    assert (deal.status, deal.amount, deal.won_at) == ("won", 12000, dt.datetime(2024, 3, 1, tzinfo=dt.UTC))
    assert DealState.objects.filter(deal=deal, end=None).get().status == "won"


def test_deals_that_contradict_themselves_are_refused_with_the_reason(tmp_path: Path) -> None:
    rows = [
        ["number", "title", "status", "amount", "currency", "created_at", "won_at", "lost_at"],
        ["1", "A", "won", "1", "", "2024-01-01", "", ""],
        ["2", "B", "won", "1", "", "2024-02-01", "2024-01-01", ""],
        ["3", "C", "", "1", "", "2024-01-01", "2024-02-01", "2024-02-02"],
        ["4", "D", "perhaps", "1", "", "2024-01-01", "", ""],
        ["5", "E", "open", "-1", "", "2024-01-01", "", ""],
        ["6", "F", "open", "€ 5", "USD", "2024-01-01", "", ""],
        ["7", "G", "open", "99999999999999999", "", "2024-01-01", "", ""],
        ["8", "H", "open", "5", "", "2024-01-01", "", ""],
    ]
    path = write(tmp_path / "f.csv", [[*rows[0], "stage"], *([*row, "Proposal"] for row in rows[1:])])
    run = run_import("deals", path)
    assert counts(run) == (1, 0, 0, 7)
    assert [(column, reason) for _line, column, _value, reason in reasons(run)] == [
        ("status", "the date is missing: map won_at, lost_at or closed_at"),
        ("won_at", "lies before the creation"),
        ("lost_at", "the deal is both won and lost: map the status"),
        ("status", "is neither open nor won nor lost"),
        ("amount", "is negative"),
        ("amount", "is in EUR, the row is in USD"),
        ("amount", "is too large"),
    ]


def test_a_closing_date_alone_is_refused_as_a_whole(tmp_path: Path) -> None:
    path = write(tmp_path / "f.csv", [["number", "closed_at"], ["1", "2024-01-01"]])
    with pytest.raises(FileRefused, match="won or lost"):
        run_import("deals", path)


def test_quantities_make_a_line_where_they_divide_the_value(tmp_path: Path) -> None:
    rows = [["number", "title", "product", "quantity", "amount"], ["1", "A", "Lamp", "3", "30"], ["2", "B", "Lamp", "3", "10"]]
    path = write(tmp_path / "f.csv", rows)
    run = run_import("deals", path)
    line = Deal.objects.get(number="1").lines.get()
    assert (line.quantity, line.unit_price, line.amount) == (3, 1000, 3000)
    assert (Deal.objects.get(number="2").amount, Deal.objects.get(number="2").lines.count()) == (1000, 0)
    assert "quantity" in [note["key"] for note in run.notes]
    assert counts(run_import("deals", path)) == (0, 0, 2, 0)


# --- whoever imports -------------------------------------------------------------------------------------------------


def test_a_manager_imports_for_the_own_team_only(tmp_path: Path, people: People) -> None:
    CompanyFactory(name="Southern", owner=people.cleo)
    CompanyFactory(name="Northern", owner=people.ben)
    rows = [
        ["name", "city", "owner"],
        ["Southern", "Rome", ""],
        ["Northern", "Oslo", ""],
        ["New", "", "Ann Archer"],
        ["Other", "", "Cleo Cruz"],
        ["Mine", "", ""],
        ["Unknown", "", "Zoe"],
    ]
    run = run_import("companies", write(tmp_path / "f.csv", rows), actor=people.max)
    assert counts(run) == (2, 1, 0, 3)
    assert [(line, reason) for line, _column, _value, reason in reasons(run)] == [
        (2, "exists already and belongs to another team"),
        (5, "belongs to another team"),
        (7, "there is no such user"),
    ]
    assert Company.objects.get(name="Mine").owner == people.max


def test_a_manager_cannot_hang_a_deal_on_another_teams_company_nor_make_stages(tmp_path: Path, people: People) -> None:
    CompanyFactory(name="Southern", owner=people.cleo)
    DealFactory(owner=people.ann, title="There")
    rows = [["title", "company", "stage"], ["A", "Southern", ""], ["B", "", "Invented"], ["C", "", ""]]
    run = run_import("deals", write(tmp_path / "f.csv", rows), actor=people.max)
    assert counts(run) == (1, 0, 0, 2)
    assert Deal.objects.get(title="C").owner == people.max


@pytest.mark.parametrize(
    ("who", "may"),
    [
        (
            "ada",
            {
                "users",
                "companies",
                "people",
                "leads",
                "products",
                "deals",
                "orders",
                "subscriptions",
                "costs",
                "messages",
                "targets",
                "visits",
                "activities",
                "rates",
                "tickets",
                "responses",
            },
        ),
        (
            "max",
            {
                "companies",
                "people",
                "leads",
                "deals",
                "orders",
                "subscriptions",
                "costs",
                "messages",
                "targets",
                "visits",
                "activities",
                "tickets",
                "responses",
            },
        ),
        ("ann", set()),
    ],
)
def test_what_a_role_may_import(people: People, who: str, may: set[str]) -> None:
    assert {kind.key for kind in kinds if engine.may_import(getattr(people, who), kind)} == may


# --- the command -----------------------------------------------------------------------------------------------------


def test_the_command_reports_as_text_and_as_one_json_object(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    import json

    path = companies(tmp_path, 3, bad=(2,))
    errors = tmp_path / "errors.csv"
    call_command("import", "companies", str(path), "--json", "--errors", str(errors))
    found = json.loads(capsys.readouterr().out)
    assert (found["rows"], found["created"], found["refused"], found["state"]) == (3, 2, 1, "done")
    assert found["refusals"] == [{"line": 3, "column": "employees", "value": "many", "reason": "is not a number"}]
    assert errors.read_text("utf-8-sig").splitlines() == [
        "Line,Column,Value,Reason,name,employees",
        "3,employees,many,is not a number,Company 2,many",
    ]
    call_command("import", "companies", str(path))
    text = capsys.readouterr().out
    assert "unchanged" in text and "line 3, employees “many”: is not a number" in text


def test_the_command_ends_with_one_sentence_and_exit_1_when_the_file_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    for arguments, sentence in (
        (["companies", str(tmp_path / "nothing.csv")], "cannot be read"),
        (["planets", str(companies(tmp_path, 1))], "Kinds: users, rates"),
        (["companies", str(companies(tmp_path, 1)), "--map", "name"], "--map takes FIELD="),
    ):
        with pytest.raises(SystemExit) as ended:
            call_command("import", *arguments)
        assert ended.value.code == 1
        assert sentence in capsys.readouterr().err
    assert not ImportRun.objects.exists()


def test_the_command_goes_on_with_a_run_whose_process_is_gone(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    path = companies(tmp_path, 2500)
    module = __import__("crm.management.commands.import", fromlist=["Command"])
    command = module.Command()
    given = {
        "kind": "companies",
        "file": path,
        "map": [],
        "default": [],
        "alias": [],
        "date_format": "",
        "zone": "",
        "decimal": "",
        "encoding": "",
        "dry_run": False,
    }
    run = command.prepare(given)
    engine.step(run.pk)
    run.refresh_from_db()
    run.options["process"][1] = 2**22 + 1  # above the largest process id
    run.save()
    call_command("import", "companies", str(path))
    output = capsys.readouterr()
    assert "Going on at row 1001" in output.err
    run.refresh_from_db()
    assert (counts(run), Company.objects.count(), ImportRun.objects.count()) == ((2500, 0, 0, 0), 2500, 1)


def test_options_are_kept_with_the_run(tmp_path: Path) -> None:
    run = engine.stage("companies", companies(tmp_path, 1), options=Options(zone="Asia/Tokyo"))
    assert engine.options_of(ImportRun.objects.get(pk=run.pk)).zone == "Asia/Tokyo"
