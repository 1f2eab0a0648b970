"""The script behind make: what it decides, without installing anything."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

import dev
from crm.health import weak_secret

ROOT = Path(__file__).resolve().parents[2]
PIN = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[^\]]*\])?==([^ ;\\]+)", re.MULTILINE)


@pytest.fixture
def house(tmp_path, monkeypatch):
    """An empty project folder."""
    monkeypatch.setattr(dev, "ROOT", tmp_path)
    monkeypatch.setattr(dev, "VENV", tmp_path / ".venv")
    monkeypatch.setattr(dev, "STAMP", tmp_path / ".venv" / "installed.json")
    (tmp_path / "requirements").mkdir()
    (tmp_path / ".venv").mkdir()
    for lock in ("runtime", "dev"):
        (tmp_path / "requirements" / f"{lock}.txt").write_text(f"{lock}==1\n")
    return tmp_path


@pytest.fixture
def ran(monkeypatch):
    """The commands that would have run, each ending well."""
    commands: list[list[str]] = []
    monkeypatch.setattr(dev, "run", lambda *words, **options: commands.append([str(word) for word in words]) or 0)
    monkeypatch.setattr(dev, "installer", lambda: ["install"])
    return commands


def test_env_is_written_once_with_a_strong_secret_that_only_the_owner_reads(house):
    dev.write_env()
    first = (house / ".env").read_text()
    dev.write_env()
    assert (house / ".env").read_text() == first
    assert not weak_secret(re.search("SECRET_KEY=(.*)", first)[1])
    assert (house / ".env").stat().st_mode & 0o077 == 0


def test_packages_are_installed_by_hash_and_only_once(house, ran):
    dev.install_packages("runtime")
    dev.install_packages("runtime")
    assert len(ran) == 1
    assert {"--require-hashes", "--no-deps"} <= set(ran[0])


def test_a_changed_lock_is_installed_anew(house, ran):
    dev.install_packages("runtime")
    (house / "requirements" / "runtime.txt").write_text("runtime==2\n")
    dev.install_packages("runtime")
    assert len(ran) == 2


def test_the_test_set_holds_the_runtime_set(house, ran):
    dev.install_packages("dev")
    dev.install_packages("runtime")
    assert len(ran) == 1


def test_a_failed_installation_is_tried_again(house, monkeypatch, ran):
    monkeypatch.setattr(dev, "run", lambda *words, **options: 1)
    with pytest.raises(SystemExit):
        dev.install_packages("runtime")
    assert dev.installed() == {}


def test_a_broken_stamp_counts_as_nothing_installed(house):
    (house / ".venv" / "installed.json").write_text("{")
    assert dev.installed() == {}


def test_the_stamp_names_the_locks(house, ran):
    dev.install_packages("dev")
    assert json.loads(dev.STAMP.read_text()) == {"dev": dev.digest("dev"), "runtime": dev.digest("runtime")}


@pytest.mark.parametrize("words", [["-n0"], ["-n", "3"], ["--pdb"], ["tests/crm/test_dev.py"]])
def test_who_says_how_many_processes_or_names_files_is_heard(words):
    assert dev.parallel(words) == []


def test_tests_never_read_the_installation_s_settings(monkeypatch):
    monkeypatch.setenv("SEXTANT_TESTING", "0")
    assert dev.testing()["SEXTANT_TESTING"] == "1"


def test_an_unknown_command_says_what_there_is():
    answer = subprocess.run([sys.executable, ROOT / "dev.py", "dance"], capture_output=True, text=True, check=False)
    assert answer.returncode == 1
    assert "dev.py demo" in answer.stderr


def test_the_script_needs_nothing_but_python():
    answer = subprocess.run([sys.executable, "-I", "-S", ROOT / "dev.py"], capture_output=True, text=True, check=False)
    assert "ModuleNotFoundError" not in answer.stderr


def test_both_locks_pin_the_same_versions():
    runtime, everything = (dict(PIN.findall((ROOT / "requirements" / f"{name}.txt").read_text())) for name in ("runtime", "dev"))
    assert runtime
    assert runtime.items() <= everything.items()


@pytest.mark.parametrize("name", ["runtime", "dev"])
def test_every_locked_package_has_hashes_and_comes_from_the_index(name):
    text = (ROOT / "requirements" / f"{name}.txt").read_text()
    blocks = re.split(r"\n(?=[A-Za-z0-9])", text.strip())
    assert all("--hash=sha256:" in block for block in blocks)
    assert not re.search(r"https?://|file:|--extra-index|--find-links|^-e", text, re.MULTILINE)
