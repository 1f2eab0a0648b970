"""A long import whose workers are killed with -9: nothing lost, nothing double, and it finishes by itself (T02, V21)."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from django.db import connection
from django.db.models import Count

from contacts.models import Company
from crm.import_kinds import run_in_background
from crm.imports import engine
from crm.models import Event, ImportChunk, ImportRun
from tests.imports import counts, write

from .harness import ROOT, Faults, wait_until

pytestmark = [pytest.mark.faults, pytest.mark.django_db(transaction=True)]
#: 100,000 where it is said to go on at that size; on SQLite enough for every crash.
ROWS = 100_000 if connection.vendor == "postgresql" else 20_000
LEASE = 8  # longer than a step takes on a busy machine
BAD = ROWS * 3 // 4
PATIENCE = 900.0  # a busy machine of two cores; the import itself takes about one minute


def companies(folder: Path, rows: int) -> Path:
    return write(
        folder / "companies.csv",
        [["name", "employees"], *([f"Company {n}", "x" if n == BAD else n % 1000] for n in range(1, rows + 1))],
    )


def check(run: ImportRun, rows: int) -> None:
    """Every row once, each with its one event; the counts add up."""
    bad = 1 if rows >= BAD else 0
    assert counts(run) == (rows - bad, 0, 0, bad)
    assert run.rows == rows
    assert Company.objects.count() == rows - bad
    assert not Company.objects.values("name").annotate(n=Count("pk")).filter(n__gt=1).exists()
    assert Event.objects.filter(kind="company.created").count() == rows - bad
    assert list(run.issues.values_list("line", "value")) == ([(BAD + 1, "x")] if bad else [])
    assert not ImportChunk.objects.exists()


def test_a_long_import_survives_its_workers(faults: Faults, tmp_path: Path) -> None:
    run = engine.stage("companies", companies(tmp_path, ROWS))
    engine.plan(run)
    run_in_background(run)

    for point in ("import.step:1", "import.step:2", "job.finishing:5", "import.step:8"):
        faults.worker(crash=point, lease=LEASE).wait_until_killed()
        run.refresh_from_db()
        assert Company.objects.count() == run.created  # a step is there with its counts, or not at all
    faults.worker(lease=LEASE)

    def done() -> bool:
        run.refresh_from_db()
        return run.state == ImportRun.State.DONE

    wait_until(done, "the import to finish", PATIENCE)
    check(run, ROWS)


def test_the_command_killed_in_the_middle_goes_on_when_it_is_called_again(faults: Faults, tmp_path: Path) -> None:
    path = companies(tmp_path, 5000)
    command = [sys.executable, "manage.py", "import", "companies", str(path)]
    killed = subprocess.run(
        command, cwd=ROOT, env=faults.environment(crash="import.step:3"), capture_output=True, timeout=PATIENCE
    )
    assert killed.returncode == -9
    assert Company.objects.count() == ImportRun.objects.get().next_row == 2000
    again = subprocess.run(command, cwd=ROOT, env=faults.environment(), capture_output=True, text=True, timeout=PATIENCE)
    assert (again.returncode, "Going on at row 2001" in again.stderr) == (0, True), again.stderr
    check(ImportRun.objects.get(), 5000)
