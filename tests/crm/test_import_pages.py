"""The import pages: upload, columns, trial, the import itself, its report; for whom, and what hostile uploads get."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from contacts.models import Company
from crm import jobs
from crm.imports import uploads
from crm.models import ImportRun
from tests.people import People

pytestmark = pytest.mark.django_db
SignIn = Callable[[Any], Client]
TEXT = "Account;Sector;Nothing\nAcme;retail;1\nBeta;;2\n;;3\n"


def upload(client: Client, text: str | bytes = TEXT, kind: str = "companies", name: str = "accounts.csv") -> Any:
    data = text.encode() if isinstance(text, str) else text
    return client.post(reverse("import_new"), {"kind": kind, "file": SimpleUploadedFile(name, data)})


def choose(client: Client, run: ImportRun, do: str, **columns: str) -> Any:
    headers = run.options["headers"]
    data = {f"column-{headers.index(name)}": field for name, field in columns.items()}
    return client.post(reverse("import_map", args=[run.pk]), {**data, "date_format": "", "decimal": "", "do": do})


def test_a_file_goes_from_upload_through_a_trial_into_the_database(people: People, client_of: SignIn) -> None:
    ada = client_of(people.ada)
    response = upload(ada)
    run = ImportRun.objects.get()
    assert response.headers["Location"] == reverse("import_map", args=[run.pk])
    page = ada.get(response.headers["Location"]).content.decode()
    assert 'value="name" selected' in page and 'value="industry" selected' in page and "Acme" in page
    assert choose(ada, run, "try", Account="name", Sector="industry").status_code == 302
    jobs.run_all()
    assert not Company.objects.exists()
    report = ada.get(reverse("import_run", args=[run.pk])).content.decode()
    assert "Import for real" in report and "is missing" not in report
    ada.post(reverse("import_go", args=[run.pk]))
    jobs.run_all()
    assert sorted(Company.objects.values_list("name", "industry", "created_by__name")) == [
        ("Acme", "retail", "Ada Admin"),
        ("Beta", "", "Ada Admin"),
    ]
    assert "Import for real" not in ada.get(reverse("import_run", args=[run.pk])).content.decode()
    assert "accounts.csv" in ada.get(reverse("imports")).content.decode()


def test_the_progress_asks_for_itself_until_the_run_is_done(people: People, client_of: SignIn) -> None:
    ada = client_of(people.ada)
    upload(ada)
    run = ImportRun.objects.get()
    choose(ada, run, "import", Account="name")
    url = reverse("import_run", args=[run.pk])
    fragment = ada.get(url, headers={"HX-Request": "true"}).content.decode()
    assert 'hx-trigger="every 1s"' in fragment and "<html" not in fragment
    jobs.run_all()
    assert "every 1s" not in ada.get(url, headers={"HX-Request": "true"}).content.decode()


def test_refused_rows_are_listed_and_downloaded_harmless(people: People, client_of: SignIn) -> None:
    ada = client_of(people.ada)
    upload(ada, "name,employees\n=cmd(),many\n<b>Beta</b>,x\n")
    run = ImportRun.objects.get()
    choose(ada, run, "import", name="name", employees="employees")
    jobs.run_all()
    page = ada.get(reverse("import_run", args=[run.pk])).content.decode()
    assert "is not a number" in page and "<b>Beta" not in page
    rows = b"".join(ada.get(reverse("import_errors", args=[run.pk])).streaming_content).decode("utf-8-sig").splitlines()
    assert rows[1] == "2,employees,many,is not a number,'=cmd(),many"


def test_a_mapping_that_lacks_what_is_needed_or_says_a_field_twice_comes_back(people: People, client_of: SignIn) -> None:
    ada = client_of(people.ada)
    upload(ada)
    run = ImportRun.objects.get()
    response = choose(ada, run, "import", Sector="industry")
    assert response.status_code == 422 and "No column for name or domain" in response.content.decode()
    response = choose(ada, run, "import", Account="name", Sector="name")
    assert response.status_code == 422 and "cannot be the same field" in response.content.decode()
    assert not Company.objects.exists()


@pytest.mark.parametrize(
    ("data", "reason"), [(b"", "empty"), (b"%PDF-1.7", "PDF"), (b"PK\x03\x04x", "damaged"), (b"\n\n", "empty")]
)
def test_what_is_no_table_is_refused_on_the_page(people: People, client_of: SignIn, data: bytes, reason: str) -> None:
    response = upload(client_of(people.ada), data)
    assert response.status_code == 422 and reason in response.content.decode()
    assert not ImportRun.objects.exists()


def test_a_file_that_is_too_large_is_drained_and_said_so(
    people: People, client_of: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploads, "LARGEST", 10_000)
    monkeypatch.setattr("crm.views.imports.LARGEST", 10_000)
    response = upload(client_of(people.ada), "name\n" + "Acme\n" * 10_000)
    assert response.status_code == 413 and "larger than" in response.content.decode()
    assert not ImportRun.objects.exists()


def test_a_manager_sees_and_imports_only_the_own(people: People, client_of: SignIn) -> None:
    upload(client_of(people.ada))
    theirs = ImportRun.objects.get()
    max_ = client_of(people.max)
    for name in ("import_run", "import_map", "import_errors"):
        assert max_.get(reverse(name, args=[theirs.pk])).status_code == 404, name
    for name in ("import_stop", "import_go", "import_map"):
        assert max_.post(reverse(name, args=[theirs.pk])).status_code == 404, name
    assert "accounts.csv" not in max_.get(reverse("imports")).content.decode()
    assert upload(max_, kind="users").status_code == 422
    assert upload(max_, kind="companies").status_code == 302


def test_a_rep_may_not_import(people: People, client_of: SignIn) -> None:
    ann = client_of(people.ann)
    assert ann.get(reverse("imports")).status_code == 403
    assert ann.get(reverse("import_new")).status_code == 403
    assert upload(ann).status_code == 403
    assert not ImportRun.objects.exists()


def test_a_run_can_be_stopped(people: People, client_of: SignIn) -> None:
    ada = client_of(people.ada)
    upload(ada)
    run = ImportRun.objects.get()
    choose(ada, run, "import", Account="name")
    ada.post(reverse("import_stop", args=[run.pk]))
    jobs.run_all()
    run.refresh_from_db()
    assert (run.state, Company.objects.count()) == ("stopped", 0)
    assert ada.get(reverse("import_run", args=[run.pk])).status_code == 200
