"""`manage.py demo` as a person meets it: started, read in a browser, stopped, started again."""

from __future__ import annotations

import io
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.core.management import call_command

from crm import sample
from crm.management.commands.demo import UntilStopped
from crm.models import User

ROOT = Path(__file__).resolve().parents[2]
SECRET = "".join(chr(48 + n) for n in range(60))
LONG = 480  # seconds after which a start or a stop counts as failed, however slow the machine

pytestmark = [pytest.mark.faults, pytest.mark.once, pytest.mark.xdist_group("demo")]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def environment(folder: Path, **extra: str) -> dict[str, str]:
    """A fresh installation's variables: its own folder, SQLite, no Redis, nothing of the test run."""
    kept = {k: v for k, v in os.environ.items() if k not in ("SEXTANT_TESTING", "DJANGO_SETTINGS_MODULE", "DEBUG", "CI")}
    own = {
        "SECRET_KEY": SECRET,
        "SEXTANT_VAR": str(folder),
        "DATABASE_URL": f"sqlite:///{folder}/sextant.sqlite3",
        "REDIS_URL": "",
    }
    return {**kept, **own, **extra}


class Demo:
    """A running `manage.py demo`."""

    def __init__(self, folder: Path, port: int) -> None:
        self.folder, self.port = folder, port
        self.log = folder / f"demo-{time.monotonic_ns()}.log"
        with self.log.open("w") as out:
            self.process = subprocess.Popen(
                [sys.executable, "manage.py", "demo"],
                cwd=ROOT,
                env=environment(folder, PORT=str(port)),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    @property
    def words(self) -> str:
        return self.log.read_text()

    def wait_for(self, what: str) -> None:
        end = time.monotonic() + LONG
        while what not in self.words:
            if self.process.poll() is not None or time.monotonic() > end:
                pytest.fail(f"The demo did not say “{what}”:\n{self.words}")
            time.sleep(0.1)

    def get(self, path: str) -> str:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=20) as response:
            return response.read().decode()

    def children(self) -> list[int]:
        """All processes that were started by it and are still there, the demo itself left out."""
        mark = f"SEXTANT_VAR={self.folder}".encode()
        found = []
        for entry in Path("/proc").glob("[0-9]*"):
            try:
                if mark in (entry / "environ").read_bytes().split(b"\0") and int(entry.name) != self.process.pid:
                    found.append(int(entry.name))
            except OSError:
                continue
        return found

    def stop(self, how: int = signal.SIGINT) -> int:
        self.process.send_signal(how)
        return self.process.wait(LONG)


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """The data folder of one installation; the first start fills it."""
    return tmp_path_factory.mktemp("demo")


@pytest.fixture
def start(folder) -> Iterator[Callable[..., Demo]]:
    """start(): a demo that said it is ready. Whatever still runs at the end is killed."""
    started: list[Demo] = []

    def begin(port: int | None = None) -> Demo:
        demo = Demo(folder, port or free_port())
        started.append(demo)
        demo.wait_for("Stop with Ctrl-C")
        return demo

    yield begin
    for demo in started:
        if demo.process.poll() is None:
            demo.process.kill()
            demo.process.wait()
        for pid in demo.children():
            os.kill(pid, signal.SIGKILL)


def count(folder: Path, table: str) -> int:
    with sqlite3.connect(folder / "sextant.sqlite3") as database:
        return database.execute(f"SELECT count(*) FROM {table}").fetchone()[0]


def test_a_first_start_fills_serves_prints_the_logins_and_stops_without_a_trace(start, folder):
    demo = start()
    assert demo.get("/livez") == "ok"
    assert "csrfmiddlewaretoken" in demo.get("/accounts/login/")
    assert f"http://localhost:{demo.port}/" in demo.words
    assert sample.PASSWORD in demo.words
    assert all(username in demo.words for _role, username in sample.LOGINS)
    assert count(folder, "deals_deal") > 1000
    assert demo.children()
    assert demo.stop(signal.SIGINT) == 0
    assert demo.children() == []
    with pytest.raises(urllib.error.URLError):
        demo.get("/livez")


def test_a_second_start_keeps_everything_whatever_a_crash_left_and_passes_over_a_taken_port(start, folder):
    for place in ("broker/queue", "broker/control"):
        (folder / place).mkdir(parents=True, exist_ok=True)
        (folder / place / "123_stale.celery.msg").write_bytes(b"\x00 not a message")
    (folder / "celerybeat").write_bytes(b"not a schedule")
    before = count(folder, "deals_deal"), count(folder, "crm_user")
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        taken = other.getsockname()[1]
        demo = start(taken)
    assert f"Port {taken} is taken" in demo.words
    assert (count(folder, "deals_deal"), count(folder, "crm_user")) == before
    assert sample.PASSWORD in demo.words
    assert demo.stop(signal.SIGTERM) == 0
    assert demo.children() == []


def test_when_the_worker_dies_the_web_server_is_stopped_and_it_says_so(start):
    demo = start()
    worker = next(pid for pid in demo.children() if b"celery" in Path(f"/proc/{pid}/cmdline").read_bytes())
    os.kill(worker, signal.SIGKILL)
    assert demo.process.wait(LONG) == 1
    assert "The worker ended by itself" in demo.words
    assert demo.children() == []


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child that its parent is gone")
def test_when_the_demo_itself_is_killed_nothing_stays_behind(start):
    demo = start()
    demo.process.kill()
    demo.process.wait()
    end = time.monotonic() + LONG
    while demo.children() and time.monotonic() < end:
        time.sleep(0.2)
    assert demo.children() == []


def test_a_start_that_is_interrupted_while_filling_begins_again(tmp_path):
    demo = Demo(tmp_path, free_port())
    demo.wait_for("Filling in sample data")
    assert demo.stop() == 130
    assert "Stopped" in demo.words
    assert count(tmp_path, "crm_user") == 0


@pytest.mark.django_db
def test_an_interrupt_that_python_swallowed_stops_the_filling_at_its_next_step():
    stopping = threading.Event()
    stopping.set()
    with pytest.raises(KeyboardInterrupt):
        call_command("sample", stdout=UntilStopped(io.StringIO(), stopping))
    assert not User.objects.exists()


@pytest.mark.parametrize("port", ["many", "0", "70000"])
def test_a_port_that_is_none_is_refused_in_one_sentence(tmp_path, port):
    words = [sys.executable, "manage.py", "demo"]
    answer = subprocess.run(words, cwd=ROOT, env=environment(tmp_path, PORT=port), capture_output=True, text=True, check=False)
    assert answer.returncode == 1
    assert "PORT is a number" in answer.stderr
    assert "Traceback" not in answer.stderr


def test_a_database_that_does_not_answer_is_named_without_its_password(tmp_path):
    env = environment(tmp_path, DATABASE_URL="postgres://ann:hunter2@127.0.0.1:1/nowhere", PORT=str(free_port()))
    answer = subprocess.run([sys.executable, "manage.py", "demo"], cwd=ROOT, env=env, capture_output=True, text=True, check=False)
    assert answer.returncode == 1
    assert "nowhere" in answer.stderr
    assert "hunter2" not in answer.stderr
    assert "Traceback" not in answer.stderr
